"""Moving average cost, kept exact by value: whole cents go out, and all of them in the end. Pure.

Pieces that are sold before they came (where that is allowed) cost what a unit cost last; their
receipt brings what they did cost, and the difference is set right then.
"""

from dataclasses import dataclass

from money.cents import MILLI, divide_half_up, line_total


@dataclass(frozen=True, slots=True)
class Holding:
    """What lies at a place: thousandths, the cents they cost, cents per unit at the last receipt.

    Without pieces there is no value; short of pieces (negative) it is minus what they were said to
    have cost.
    """

    on_hand_milli: int
    value_cents: int
    unit_cost_cents: int


def cost_of(held: Holding, milli: int) -> int:
    """Return the cents that `milli` thousandths take along when they go.

    Their part of the value, rounded half up; the last piece takes what is left.
    """
    there = max(held.on_hand_milli, 0)
    from_there = min(milli, there)
    cents = 0
    if from_there:
        cents = divide_half_up(held.value_cents * from_there, there)
    return cents + line_total(held.unit_cost_cents, milli - from_there)


def less(held: Holding, milli: int) -> tuple[Holding, int]:
    """Return what is left once `milli` thousandths went, and the cents that went with them."""
    cents = cost_of(held, milli)
    left = Holding(held.on_hand_milli - milli, held.value_cents - cents, held.unit_cost_cents)
    return left, cents


def more(held: Holding, milli: int, cents: int) -> tuple[Holding, int]:
    """Return what is there once `milli` thousandths came for `cents`, and the cents to set right.

    These are 0 but where pieces were sold before they came: what those were said to have cost less
    what they did cost. They go to the stock from the cost of sales; where negative, the other way.
    """
    on_hand = held.on_hand_milli + milli
    short = max(-held.on_hand_milli, 0)
    value = held.value_cents + cents
    right = value
    if short and on_hand >= 0:
        # All that was short came: of the receipt, their part is gone already.
        right = cents - divide_half_up(cents * short, milli)
    elif short:
        # Some are short still: the same part of what all were said to have cost.
        right = divide_half_up(held.value_cents * -on_hand, short)
    unit = divide_half_up(right * MILLI, on_hand) if on_hand > 0 else line_cost(milli, cents)
    return Holding(on_hand, right, unit), right - value


def line_cost(milli: int, cents: int) -> int:
    """Return the cents per unit of `milli` thousandths that cost `cents`, rounded half up."""
    return divide_half_up(cents * MILLI, milli)
