"""How far a role may go by itself, as data: what is delivered; the owner's changes are rows.

A limit is cents or basis points of the price; None is no limit, 0 is not at all.
"""

from collections.abc import Iterable
from enum import StrEnum

from money.cents import format_shillings


class Limit(StrEnum):
    # Basis points of what the sale would cost without it.
    DISCOUNT = "discount"
    # Cents given back on one receipt; above, somebody with a wider limit agrees by PIN.
    REFUND = "refund"
    # Basis points below the price of the list.
    PRICE_OVERRIDE = "price_override"
    # Cents that a count may differ by, either way; above, a manager's note is needed.
    CASH_DIFFERENCE = "cash_difference"
    # Cents taken out of the drawer in one go.
    PAY_OUT = "pay_out"


IN_BASIS_POINTS = frozenset({Limit.DISCOUNT, Limit.PRICE_OVERRIDE})
MOST_BASIS_POINTS = 10_000

LABELS: dict[Limit, str] = {
    Limit.DISCOUNT: "Discount on a sale",
    Limit.REFUND: "Refund of a receipt",
    Limit.PRICE_OVERRIDE: "Sell below the price",
    Limit.CASH_DIFFERENCE: "Cash difference at a count",
    Limit.PAY_OUT: "Pay out of the drawer",
}

# What a shop begins with, by the value of the role. A refund above KES 10,000 is the owner's, as a
# journal is (Business.approval_above_cents); a full LPG set stays below. A rider's KES 500 is fuel.
DELIVERED: dict[str, dict[Limit, int | None]] = {
    "owner": dict.fromkeys(Limit),
    "manager": {
        Limit.DISCOUNT: 2_000,
        Limit.REFUND: 1_000_000,
        Limit.PRICE_OVERRIDE: 1_000,
        Limit.CASH_DIFFERENCE: 200_000,
        Limit.PAY_OUT: 2_000_000,
    },
    "cashier": {
        Limit.DISCOUNT: 500,
        Limit.REFUND: 0,
        Limit.PRICE_OVERRIDE: 0,
        Limit.CASH_DIFFERENCE: 20_000,
        Limit.PAY_OUT: 200_000,
    },
    "laundry_attendant": {
        Limit.DISCOUNT: 500,
        Limit.REFUND: 0,
        Limit.PRICE_OVERRIDE: 0,
        Limit.CASH_DIFFERENCE: 20_000,
        Limit.PAY_OUT: 100_000,
    },
    "rider": {
        Limit.DISCOUNT: 500,
        Limit.REFUND: 0,
        Limit.PRICE_OVERRIDE: 0,
        Limit.CASH_DIFFERENCE: 20_000,
        Limit.PAY_OUT: 50_000,
    },
    "accountant": dict.fromkeys(Limit, 0),
    "auditor": dict.fromkeys(Limit, 0),
}


def widest(limits: Iterable[int | None]) -> int | None:
    """Return the widest of `limits`: None where one of them is none, 0 where there are none."""
    most = 0
    for limit in limits:
        if limit is None:
            return None
        most = max(most, limit)
    return most


def said(limit: Limit, most: int | None) -> str:
    """Return `most`, in the unit of `limit`, in words: "5 %", "KES 2,000", "no limit"."""
    if most is None:
        return "no limit"
    if limit in IN_BASIS_POINTS:
        return f"{format_shillings(most)} %"
    return f"KES {format_shillings(most)}"
