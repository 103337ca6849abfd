"""A cart as it comes from the counter's form, and what its lines cost. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from money.cents import NotAQuantity, line_total, parse_quantity, split, vat_part
from shops.discounts import BadDiscount

FIELD = "line-"
MOST_LINES = 100
MOST_QUANTITY_MILLI = 10_000_000
MOST_LINE_CENTS = 100_000_000


class BadCart(ValueError):
    """The cart cannot be sold as it is; the message is a sentence for the cashier."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Cents and tax of one line: `vat_cents` is the part of `amount_cents` that is tax.

    `amount_cents` is what is left after `discount_cents`.
    """

    amount_cents: int
    rate_bp: int
    vat_cents: int
    discount_cents: int = 0


def read_cart(fields: Mapping[str, str]) -> dict[int, int]:
    """Return product id -> thousandths of its unit from fields named "line-<id>".

    A field left empty or at 0 is no line. Raises BadCart for anything that is not a quantity.
    """
    cart: dict[int, int] = {}
    for name, text in fields.items():
        product_id = name.removeprefix(FIELD)
        if not name.startswith(FIELD) or not text.strip(" 0."):
            continue
        if not product_id.isascii() or not product_id.isdigit() or len(product_id) > 18:  # noqa: PLR2004
            raise BadCart("The cart holds something that is not a product. Empty it, start again.")
        cart[int(product_id)] = _quantity(text)
    if len(cart) > MOST_LINES:
        raise BadCart(f"A sale has at most {MOST_LINES} lines. Split it in two.")
    return cart


def _quantity(text: str) -> int:
    try:
        milli = parse_quantity(text)
    except NotAQuantity as error:
        raise BadCart(str(error)) from error
    if milli > MOST_QUANTITY_MILLI:
        raise BadCart("A quantity is at most 10,000.")
    return milli


def price_line(*, price_cents: int, quantity_milli: int, rate_bp: int) -> PricedLine:
    """Return what a line costs; `rate_bp` is 0 where no VAT is charged. Raises BadCart."""
    amount = line_total(price_cents, quantity_milli)
    if not 0 < amount <= MOST_LINE_CENTS:
        raise BadCart("A line must cost more than nothing and at most KES 1,000,000.")
    return PricedLine(amount, rate_bp, vat_part(amount, rate_bp))


def discounted(lines: Sequence[PricedLine], discount_cents: int) -> list[PricedLine]:
    """Return the lines with a discount spread over them by what they cost. Raises BadDiscount."""
    if not discount_cents:
        return list(lines)
    amounts = [line.amount_cents for line in lines]
    if not 0 < discount_cents < sum(amounts):
        raise BadDiscount("A discount is more than nothing and less than the total.")
    left = [
        amount - part for amount, part in zip(amounts, split(discount_cents, amounts), strict=True)
    ]
    if min(left) <= 0:
        raise BadDiscount("The discount leaves nothing of a line. Make it smaller.")
    return [
        PricedLine(rest, line.rate_bp, vat_part(rest, line.rate_bp), line.amount_cents - rest)
        for line, rest in zip(lines, left, strict=True)
    ]


def totals(lines: Iterable[PricedLine]) -> tuple[int, int]:
    """Return (total, VAT within it) in cents; both are sums of the lines, so they re-add."""
    listed = list(lines)
    return sum(line.amount_cents for line in listed), sum(line.vat_cents for line in listed)
