"""Reminders: what of M-Pesa somebody has to look at, by mail to the owners."""

from datetime import date, datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from money.cents import format_shillings
from money.models import Business
from mpesa.models import InboundMessage, InboundState
from mpesa.queries import inbox_of, unmatched_payments
from mpesa.reconciliation import days_not_tied
from periodic.actions.mails import owners_of, write_mail

# A statement of a month is the longest that people bring in by habit.
LOOKS_BACK = timedelta(days=31)
MOST_DAYS_NAMED = 10


def remind_of_reconciliation(*, business: Business, day: date, now: datetime) -> list[str]:
    """Mail the owners of a business what is open; return its lines, none where nothing is.

    At most one mail a day per business, whatever `now` is.
    """
    lines = open_points(business, day)
    to = owners_of(business)
    if lines and to:
        write_mail(
            key=f"reconciliation:{business.slug}:{day}",
            business=business,
            to=to,
            subject=f"{business.name}: M-Pesa to reconcile",
            body="\n".join(
                [
                    f"{business.name}, {day:%A, %-d %B %Y}",
                    "",
                    *(f"* {line}" for line in lines),
                    "",
                    "The inbox is where payments are matched; statements are brought in beside it.",
                ]
            )
            + "\n",
            now=now,
        )
    return lines


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
