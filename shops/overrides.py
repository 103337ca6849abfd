"""A line sold below its price of the day: what is typed, and how far who sells may go. Pure.

Two limits hold, each of its own: a line goes at most the one below its price of the list, and a
discount on the sale takes at most the other off the sum of what the lines are sold at. Neither
widens the other. A lower price makes the sum smaller that a discount is a part of, and a discount,
which falls on all lines alike, counts for no line's price. With 10 % and 20 % nothing is sold for
less than 72 % of the list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from money.cents import NotAnAmount, format_shillings, parse_shillings
from money.limits import MOST_BASIS_POINTS
from money.models import User

# "price-12" is what a unit of product 12 is sold at, in shillings; one reason goes with them all.
FIELD = "price-"
REASON = "price_reason"
MOST_REASON = 100


class BadOverride(ValueError):
    """What was typed is no price below that of the list, or has no reason."""


class TooFarBelow(Exception):
    """The price is below what who sells may go to; the message says what that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Product id -> cents a unit that `by` wants to sell at, and why.

    `limit_bp` is how far below the list `by` may go, None for as far as he likes.
    """

    prices_cents: Mapping[int, int]
    reason: str
    by: User
    limit_bp: int | None

    def price_of(self, product_id: int, name: str, listed_cents: int) -> int:
        """Return the cents a unit is sold at: those of the list, `listed_cents`, or fewer.

        Raises BadOverride, TooFarBelow.
        """
        cents = self.prices_cents.get(product_id, listed_cents)
        if cents > listed_cents:
            listed = format_shillings(listed_cents)
            raise BadOverride(f"{name} costs KES {listed}. Write less, or leave its price empty.")
        if cents < listed_cents:
            lowest = lowest_cents(listed_cents, self.limit_bp)
            if cents < lowest:
                raise TooFarBelow(_may_not(name, lowest, listed_cents))
            if not self.reason:
                raise BadOverride(f"Say why {name} is sold below its price.")
        return cents


def lowest_cents(listed_cents: int, limit_bp: int | None) -> int:
    """Return the cents that a unit may be sold at, never a part of a cent below the limit."""
    if limit_bp is None:
        return 1
    # Rounded up: what is left is at least (100 % - limit) of the list.
    return -(-listed_cents * (MOST_BASIS_POINTS - limit_bp) // MOST_BASIS_POINTS)


def _may_not(name: str, lowest: int, listed_cents: int) -> str:
    if lowest >= listed_cents:
        return "You may sell nothing below its price. Call a manager."
    return f"You may sell {name} at KES {format_shillings(lowest)} or more. Call a manager."


def read_overrides(
    fields: Mapping[str, str], cart: Iterable[int], *, by: User, limit_bp: int | None
) -> Overrides | None:
    """Return what "price-<id>" says of the products in the cart; None where it says nothing.

    Raises BadOverride, and TooFarBelow for who may sell nothing below its price.
    """
    typed = {pk: text for pk in cart if (text := fields.get(f"{FIELD}{pk}", "").strip())}
    if not typed:
        return None
    if limit_bp == 0:
        raise TooFarBelow(_may_not("", 0, 0))
    reason = " ".join(fields.get(REASON, "").split())
    if len(reason) > MOST_REASON:
        raise BadOverride(f"The reason has more than {MOST_REASON} letters.")
    prices = {pk: _price(text) for pk, text in typed.items()}
    return Overrides(prices_cents=prices, reason=reason, by=by, limit_bp=limit_bp)


def _price(text: str) -> int:
    try:
        cents = parse_shillings(text)
    except NotAnAmount as error:
        raise BadOverride("Write a price as 80 or 80.50, or leave it empty.") from error
    if not cents:
        raise BadOverride("A price is more than nothing. Write it as 80 or 80.50.")
    return cents


def shown_cents(text: str, listed_cents: int) -> int:
    """Return the cents a unit costs as the page shows it: those of the list for no lower price."""
    try:
        cents = parse_shillings(text)
    except NotAnAmount:
        return listed_cents
    return cents if 0 < cents < listed_cents else listed_cents


def kept_fields(fields: Mapping[str, str], cart: Iterable[int]) -> dict[str, str]:
    """Return the fields of a cart's prices, as they are held with it."""
    names = [f"{FIELD}{pk}" for pk in cart]
    kept = {name: fields[name][:20] for name in names if fields.get(name, "").strip()}
    return kept | {REASON: fields.get(REASON, "")[:MOST_REASON]} if kept else {}


def without_prices(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a form without those of prices."""
    return {n: text for n, text in fields.items() if n != REASON and not n.startswith(FIELD)}
