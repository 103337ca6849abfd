"""What the owner sees first: what each business took today, and what needs a look."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from money.chart import Code
from money.models import Business
from money.queries import balances_of, takings_on
from mpesa import spool
from mpesa.models import InboundMessage, InboundState
from mpesa.queries import inbox_counts, inbox_of, paid_without_receipt, unsettled_requests
from mpesa.rail import open_gaps, waiting_reversals
from shops.cash_keys import OF_SESSIONS
from shops.queries.batches import near_of
from shops.queries.cash import unexplained
from shops.queries.parked import flagged
from shops.queries.stock import low_stock

STALE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Takings:
    """One business's day in cents: cash and M-Pesa received, and what nobody has identified yet."""

    business: Business
    cash_cents: int
    mpesa_cents: int
    unidentified_cents: int
    unidentified_count: int = 0
    # Products at their reorder level or below it.
    low_stock: int = 0
    # Batches near their best-before day or past it; parked sales that were paid in part.
    expiring: int = 0
    half_paid: int = 0

    @property
    def total_cents(self) -> int:
        """Cash and M-Pesa together."""
        return self.cash_cents + self.mpesa_cents


@dataclass(frozen=True, slots=True)
class Today:
    """The owner's front page: takings per business, their sums, and sentences that need a look."""

    day: date
    rows: list[Takings]
    warnings: list[str]

    @property
    def cash_cents(self) -> int:
        return sum(row.cash_cents for row in self.rows)

    @property
    def mpesa_cents(self) -> int:
        return sum(row.mpesa_cents for row in self.rows)

    @property
    def unidentified_cents(self) -> int:
        return sum(row.unidentified_cents for row in self.rows)

    @property
    def total_cents(self) -> int:
        return self.cash_cents + self.mpesa_cents


def today_of(businesses: Iterable[Business], day: date, now: datetime) -> Today:
    """Return the front page for these businesses, straight from the books."""
    mine = list(businesses)
    cash = takings_on(mine, Code.CASH_DRAWER, day, but=OF_SESSIONS)
    mpesa = takings_on(mine, Code.MPESA_TILL, day)
    unidentified = balances_of(mine, Code.UNIDENTIFIED)
    counts = inbox_counts(mine)
    low, near = low_stock(mine), near_of(mine, day)
    halves = flagged(mine, now, settings.PARKED_SALE_DAYS)
    rows = [
        Takings(
            business=b,
            cash_cents=cash.get(b.pk, 0),
            mpesa_cents=mpesa.get(b.pk, 0),
            unidentified_cents=-unidentified.get(b.pk, 0),
            unidentified_count=counts.get(b.pk, 0),
            low_stock=low.get(b.pk, 0),
            expiring=len(near.get(b.pk, [])),
            half_paid=halves.get(b.pk, 0),
        )
        for b in mine
    ]
    return Today(day, rows, _warnings(mine, unidentified, now))


def _warnings(mine: list[Business], unidentified: dict[int, int], now: datetime) -> list[str]:
    quarantined = InboundMessage.objects.filter(
        till__business__in=mine, state=InboundState.QUARANTINED
    ).count()
    waiting = InboundMessage.objects.filter(
        till__business__in=mine, state=InboundState.WAITING, received_at__lt=now - STALE
    ).count()
    silent = unsettled_requests(mine).count()
    confirmed = paid_without_receipt(mine).count()
    inbox = inbox_of(mine)
    untied = [b.name for b in mine if inbox.get(b.pk, 0) != -unidentified.get(b.pk, 0)]
    sessions = list(unexplained(mine))
    uncounted = sum(session.is_uncounted for session in sessions)
    found = [
        (uncounted, "{} cash sessions were closed by the clock, and nobody counted: see Cash."),
        (
            len(sessions) - uncounted,
            "{} counts of a drawer differ by more than their limit and have no note: see Cash.",
        ),
        (quarantined, "{} messages from M-Pesa do not agree with what we asked (quarantine)."),
        (waiting, "{} messages from M-Pesa wait for longer than a minute: is the worker running?"),
        (silent, "{} payment requests have no answer from Safaricom yet."),
        (confirmed, "{} payments are confirmed by Safaricom, their receipts have not arrived."),
        (
            open_gaps(mine).count(),
            "{} times a till's balance rose by more than M-Pesa told us: see M-Pesa.",
        ),
        (waiting_reversals(mine).count(), "{} reversals wait for somebody: see M-Pesa."),
        (
            spool.waits_since(now - STALE),
            "Messages from M-Pesa wait in the spool since a minute: is the worker running?",
        ),
        (
            len(spool.torn_files()),
            "{} files of torn messages are in VAR/spool: have them looked at (operations.md).",
        ),
    ]
    return [sentence.format(count) for count, sentence in found if count] + [
        f"{name}: the unmatched payments and their account differ. Run verify_books."
        for name in untied
    ]
