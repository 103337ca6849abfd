"""A discount on a sale: percent or shillings, a reason, and who gives it or agrees to it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from money.cents import NotAnAmount, divide_half_up, format_shillings, parse_shillings
from money.limits import MOST_BASIS_POINTS
from money.models import User

# What the page offers; another one is written.
REASONS = (
    "Regular customer",
    "Bought many",
    "Damaged or near its date",
    "Price promised",
    "Staff",
)
MOST_REASON = 100
_PERCENT = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,2}))? ?%")


class BadDiscount(ValueError):
    """What was typed is no discount, leaves nothing to pay, or has no reason."""


class TooMuchDiscount(Exception):
    """The discount is above the limit of who gives it; the message says what he may give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A wish for less: `percent_bp` of the total, or `cents`.

    `limit_bp` is how far `by` may go, None for as far as he likes.
    """

    reason: str
    by: User
    limit_bp: int | None
    percent_bp: int = 0
    cents: int = 0

    def cents_of(self, listed_cents: int) -> int:
        """Return the cents that come off `listed_cents`."""
        return off(listed_cents, self.percent_bp, self.cents)

    def refuse_above(self, cents: int, listed_cents: int) -> None:
        """Raise TooMuchDiscount where `cents` off `listed_cents` are above the limit."""
        if self.limit_bp is None or cents * MOST_BASIS_POINTS <= self.limit_bp * listed_cents:
            return
        most = listed_cents * self.limit_bp // MOST_BASIS_POINTS // 100 * 100
        raise TooMuchDiscount(
            f"You may give KES {format_shillings(most)} off here. Call a manager."
            if most
            else "You may give no discount. Call a manager."
        )


def read_discount(fields: Mapping[str, str], *, by: User, limit_bp: int | None) -> Discount | None:
    """Return the discount from "discount" ("5 %" or "50") and "discount_reason"; None for none.

    Raises BadDiscount.
    """
    text = fields.get("discount", "").strip()
    if not text.strip(" 0.%"):
        return None
    bp, cents = _amount(text)
    reason = " ".join(fields.get("discount_reason", "").split())
    if not reason:
        raise BadDiscount("Say why the customer pays less.")
    if len(reason) > MOST_REASON:
        raise BadDiscount(f"The reason has more than {MOST_REASON} letters.")
    return Discount(reason=reason, by=by, limit_bp=limit_bp, percent_bp=bp, cents=cents)


def discount_off(text: str, listed_cents: int) -> int:
    """Return the cents that "5 %" or "50" takes off, as the page shows it; 0 for what is none."""
    try:
        bp, cents = _amount(text.strip())
    except BadDiscount:
        return 0
    return off(listed_cents, bp, cents)


def off(listed_cents: int, percent_bp: int, cents: int) -> int:
    """Return the cents that come off `listed_cents`; a percentage is cut to whole shillings."""
    if not percent_bp:
        return cents
    part = divide_half_up(listed_cents * percent_bp, MOST_BASIS_POINTS)
    # A total that was in whole shillings stays so; below a shilling the part counts as it is.
    return part // 100 * 100 or part


def _amount(text: str) -> tuple[int, int]:
    """Return (basis points, cents), one of them 0. Raises BadDiscount."""
    if match := _PERCENT.fullmatch(text):
        return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")), 0
    try:
        return 0, parse_shillings(text)
    except NotAnAmount as error:
        raise BadDiscount("Write a discount as 50 shillings, or as 5 %.") from error
