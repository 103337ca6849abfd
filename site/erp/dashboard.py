"""What the owner sees first: what each business took today, and what needs a look."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from money.chart import Code
from money.models import Business
from money.queries import balances_of, takings_on
from mpesa import spool
from mpesa.models import InboundMessage, InboundState
from mpesa.queries import inbox_counts, inbox_of, paid_without_receipt, unsettled_requests
from mpesa.rail import open_gaps, waiting_reversals

STALE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Takings:
    """One business's day in cents: cash and M-Pesa received, and what nobody has identified yet."""

    business: Business
    cash_cents: int
    mpesa_cents: int
    unidentified_cents: int
    unidentified_count: int = 0

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
    cash = takings_on(mine, Code.CASH_DRAWER, day)
    mpesa = takings_on(mine, Code.MPESA_TILL, day)
    unidentified = balances_of(mine, Code.UNIDENTIFIED)
    counts = inbox_counts(mine)
    rows = [
        Takings(
            business=b,
            cash_cents=cash.get(b.pk, 0),
            mpesa_cents=mpesa.get(b.pk, 0),
            unidentified_cents=-unidentified.get(b.pk, 0),
            unidentified_count=counts.get(b.pk, 0),
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
    found = [
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
