"""Reminders by mail to the owners: what of M-Pesa somebody has to look at, and what is unpaid."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from money.cents import format_shillings
from money.models import Business
from mpesa.models import InboundMessage, InboundState
from mpesa.queries import inbox_of, unmatched_payments
from mpesa.reconciliation import days_not_tied
from periodic.actions.mails import owners_of, write_mail
from shops.queries.unpaid import Unpaid, owed_by_customers, owed_to_suppliers

# A statement of a month is the longest that people bring in by habit.
LOOKS_BACK = timedelta(days=31)
MOST_DAYS_NAMED = 10
# Who pays on Saturday for the week is not late; who was not asked for a month pays nobody.
UNPAID_AFTER = timedelta(days=7)
LONG_UNPAID = timedelta(days=31)
MOST_UNPAID_NAMED = 40


def remind_of_reconciliation(*, business: Business, day: date, now: datetime) -> list[str]:
    """Mail the owners of a business what is open; return its lines, none where nothing is.

    At most one mail a day per business, whatever `now` is.
    """
    lines = open_points(business, day)
    to = owners_of(business)
    if lines and to:
        end = "The inbox is where payments are matched; statements are brought in beside it."
        write_mail(
            key=f"reconciliation:{business.slug}:{day}",
            business=business,
            to=to,
            subject=f"{business.name}: M-Pesa to reconcile",
            body=_body(business, day, lines, end),
            now=now,
        )
    return lines


def remind_of_unpaid(*, business: Business, day: date, now: datetime) -> list[str]:
    """Mail the owners what has been unpaid for a week, either way; return the lines.

    At most one mail a day per business, whatever `now` is; none where nothing is that old.
    Customers are counted, not named: a mail is kept where nobody could erase them.
    """
    lines = [
        *_customers(_late(owed_by_customers(business), day, UNPAID_AFTER), day),
        *_suppliers(_late(owed_to_suppliers(business), day, UNPAID_AFTER), day),
    ]
    to = owners_of(business)
    if lines and to:
        end = "Each customer and supplier has a page with what makes the sum."
        write_mail(
            key=f"unpaid:{business.slug}:{day}",
            business=business,
            to=to,
            subject=f"{business.name}: what is unpaid",
            body=_body(business, day, lines, end),
            now=now,
        )
    return lines


def _late(unpaid: Iterable[Unpaid], day: date, after: timedelta) -> list[Unpaid]:
    return [one for one in unpaid if day - one.since >= after]


def _customers(late: list[Unpaid], day: date) -> list[str]:
    """Return what customers owe, and apart what of it is owed for over a month."""
    if not late:
        return []
    verb = "owes" if len(late) == 1 else "owe"
    days = (day - late[0].since).days
    lines = [
        f"{_many(len(late), 'customer')} {verb} {_sum(late)}, the oldest part for {days} days."
    ]
    if old := _late(late, day, LONG_UNPAID):
        lines.append(f"Of it {_sum(old)} of {_many(len(old), 'customer')} for over a month.")
    return lines


def _suppliers(late: list[Unpaid], day: date) -> list[str]:
    """Return a line for each supplier, and one for those beyond MOST_UNPAID_NAMED."""
    lines = [
        f"{one.name} is owed {_sum([one])}, the oldest part for {(day - one.since).days} days."
        for one in late[:MOST_UNPAID_NAMED]
    ]
    if rest := late[MOST_UNPAID_NAMED:]:
        lines.append(f"{_many(len(rest), 'more supplier')}: {_sum(rest)}.")
    return lines


def _sum(unpaid: Iterable[Unpaid]) -> str:
    return f"KES {format_shillings(sum(one.cents for one in unpaid))}"


def _body(business: Business, day: date, lines: Iterable[str], end: str) -> str:
    head = f"{business.name}, {day:%A, %-d %B %Y}"
    return "\n".join([head, "", *(f"* {line}" for line in lines), "", end, ""])


def open_points(business: Business, day: date) -> list[str]:
    """Return a sentence for each thing that is open: unmatched, in quarantine, days not tied.

    Days are those before `day`: a statement knows nothing of a day that is not over.
    """
    return [*_unmatched(business), *_held(business), *_untied(business, day)]


def _unmatched(business: Business) -> list[str]:
    rows = unmatched_payments().filter(till__business=business).order_by()
    count, oldest = rows.count(), rows.aggregate(at=Min("paid_at"))["at"]
    if not count:
        return []
    cents = inbox_of([business]).get(business.pk, 0)
    since = f"the oldest of {timezone.localtime(oldest):%-d %B %Y}"
    return [f"{_many(count, 'payment')} of KES {format_shillings(cents)} unmatched, {since}."]


def _held(business: Business) -> list[str]:
    count = InboundMessage.objects.filter(
        till__business=business, state=InboundState.QUARANTINED
    ).count()
    return [f"{_many(count, 'message')} in quarantine."] if count else []


def _untied(business: Business, day: date) -> list[str]:
    found = days_not_tied(business=business, first=day - LOOKS_BACK, last=day - timedelta(days=1))
    by_till: dict[str, list[date]] = {}
    for till, one in found:
        by_till.setdefault(till.number, []).append(one)
    return [
        f"Till {number}: {_many(len(days), 'day')} not tied to a statement ({_named(days)})."
        for number, days in sorted(by_till.items())
    ]


def _named(days: list[date]) -> str:
    names = [f"{day:%-d %b}" for day in days[:MOST_DAYS_NAMED]]
    more = len(days) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
