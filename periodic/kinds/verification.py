"""The whole of the books, recomputed from their lines: `verify_books` as a job."""

from django.db.models import Sum

from money.access import Ability
from money.models import Book
from money.verification import verify_books
from periodic.forms import KindForm
from periodic.kinds import Call, Kind, Outcome, WillNotHeal, register

FINDINGS_SHOWN = 5


class VerificationForm(KindForm):
    """Nothing is to be chosen: the books are proved as a whole."""

    ability = Ability.MANAGE


def verify(call: Call) -> Outcome:
    """Verify every book. Raises WillNotHeal with the first findings where something is wrong."""
    total = Book.objects.aggregate(total=Sum("last_number"))["total"] or 0
    call.tick(0, total, "Recomputing the books")
    report = verify_books(lambda done: call.tick(min(done, total), total))
    if report.is_ok:
        return Outcome(f"ok: {report.entries:,} entries, {report.lines:,} lines.")
    found = [
        f"{one.business or 'database'}{f' entry {one.number}' if one.number else ''}: {one.what}"
        for one in report.findings[:FINDINGS_SHOWN]
    ]
    more = len(report.findings) - len(found)
    raise WillNotHeal(". ".join(found) + (f". And {more} more." if more else "."))


register(
    Kind(
        name="verify_books",
        title="Verify the books",
        work=verify,
        form=VerificationForm,
        ask=Ability.MANAGE,
        see=Ability.MANAGE,
        download=Ability.MANAGE,
        seconds=3 * 3600,
    )
)
