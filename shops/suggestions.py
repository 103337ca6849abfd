"""What a payment that nobody has identified was probably for: facts to a score, in words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=5)
# A reference that the customer typed says more than a payer we know, and that more than an amount.
REFERENCE, PAYER, AMOUNT, TIME = 60, 50, 40, 20
LEAST_SCORE = AMOUNT
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Alone:
    """A payment: the cents that are left, when it was paid, what the customer typed (normalised).

    `phones` are those (254...) known to be its payer's, among those that were asked lately.
    """

    left_cents: int
    paid_at: datetime
    typed: str = ""
    phones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owing:
    """A sale that owes cents: what a customer may have typed for it, which phones were asked."""

    sale_id: int
    owed_cents: int
    rung_up_at: datetime
    references: frozenset[str]
    phones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Suggestion:
    """A sale that a payment may have been for; the higher the score, the more speaks for it."""

    score: int
    sale_id: int
    reason: str = field(compare=False)


def suggest(payment: Alone, sales: Iterable[Owing]) -> list[Suggestion]:
    """Return the sales that a payment can settle and may have been for, the likeliest first."""
    found = [_judge(payment, sale) for sale in sales if sale.owed_cents <= payment.left_cents]
    likely = [one for one in found if one.score >= LEAST_SCORE]
    return sorted(likely, reverse=True)[:MOST_SHOWN]


def _judge(payment: Alone, sale: Owing) -> Suggestion:
    score, reasons = 0, []
    if payment.typed and payment.typed in sale.references:
        score += REFERENCE
        reasons.append("the customer typed its number")
    if payment.phones & sale.phones:
        score += PAYER
        reasons.append("the phone that was asked")
    if sale.owed_cents == payment.left_cents:
        score += AMOUNT
        reasons.append("same amount")
    apart = payment.paid_at - sale.rung_up_at
    if -AFTER <= apart <= BEFORE:
        # A minute counts for less than a point: nearer wins among equals.
        score += TIME - abs(apart) // timedelta(minutes=2)
        reasons.append(_words(apart))
    return Suggestion(score, sale.sale_id, ", ".join(reasons))


def _words(apart: timedelta) -> str:
    minutes = abs(apart) // timedelta(minutes=1)
    if not minutes:
        return "at the time it was rung up"
    unit = "minute" if minutes == 1 else "minutes"
    return f"{minutes} {unit} {'after' if apart > timedelta(0) else 'before'} it was rung up"
