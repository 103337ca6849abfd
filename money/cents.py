"""Pure arithmetic of money: every amount is a whole number of cents of the Kenya shilling.

No float and no DecimalField ever holds money here: on SQLite the decimals 0.10 + 0.20 - 0.30 do
not sum to zero. Text becomes cents once, at the edge, and cents become text once, on the page.
"""

import re
from collections.abc import Sequence

CENTS_PER_SHILLING = 100
# Ten thousand million shillings: far above any business here, far below a 64-bit integer.
MOST_CENTS = 10**12
BASIS_POINTS = 10_000
MILLI = 1_000
MILLILITRES_PER_1000_LITRES = 1_000_000

_SHILLINGS = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?")
_QUANTITY = re.compile(r"(\d{1,7})(?:\.(\d{1,3}))?")


class NotAnAmount(ValueError):
    """The text is not an amount of shillings; the message tells its typist what to write."""


class NotAQuantity(ValueError):
    """The text is not a quantity; the message tells its typist what to write."""


def parse_shillings(text: str) -> int:
    """Return the cents that `text` ("1,250", "1250.5", "KES 80") names.

    Raises NotAnAmount for anything else: empty, negative, three decimals, too large.
    """
    cleaned = re.sub(r"^(?:KES|KSh)\.?\s*", "", text.strip(), flags=re.IGNORECASE)
    match = _SHILLINGS.fullmatch(cleaned) if cleaned.isascii() else None
    if not match:
        raise NotAnAmount("Write an amount in shillings, such as 500 or 1,250.50.")
    whole, fraction = match.groups()
    if len(whole) > 16:  # noqa: PLR2004 longer than MOST_CENTS with commas
        raise NotAnAmount("That amount is too large.")
    cents = int(whole.replace(",", "")) * CENTS_PER_SHILLING + int((fraction or "0").ljust(2, "0"))
    if cents > MOST_CENTS:
        raise NotAnAmount("That amount is too large.")
    return cents


def format_shillings(cents: int) -> str:
    """Return "1,250" for whole shillings, "1,250.50" otherwise, "-" in front if negative."""
    sign = "-" if cents < 0 else ""
    whole, fraction = divmod(abs(cents), CENTS_PER_SHILLING)
    return f"{sign}{whole:,}" + (f".{fraction:02d}" if fraction else "")


def parse_quantity(text: str) -> int:
    """Return thousandths of a unit for "2", "0.5" or "12.345" (pieces, kg, litres).

    Raises NotAQuantity for anything else, zero included.
    """
    cleaned = text.strip()
    match = _QUANTITY.fullmatch(cleaned) if cleaned.isascii() else None
    milli = 0
    if match:
        whole, fraction = match.groups()
        milli = int(whole) * MILLI + int((fraction or "0").ljust(3, "0"))
    if not milli:
        raise NotAQuantity("Write a quantity such as 1, 2.5 or 0.750.")
    return milli


def format_quantity(milli: int) -> str:
    """Return "2" for 2000 thousandths, "2.5" for 2500, "-" in front if negative."""
    sign = "-" if milli < 0 else ""
    whole, fraction = divmod(abs(milli), MILLI)
    return f"{sign}{whole}.{fraction:03d}".rstrip("0") if fraction else f"{sign}{whole}"


def divide_half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded to the nearest whole, halves away from zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    return sign * ((2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator)))


def line_total(price_cents: int, quantity_milli: int) -> int:
    """Return the cents of `quantity_milli` thousandths at `price_cents`, rounded half up once."""
    return divide_half_up(price_cents * quantity_milli, MILLI)


def vat_part(gross_cents: int, rate_bp: int) -> int:
    """Return the cents of tax inside a tax-inclusive amount; 1600 basis points are 16 %."""
    return divide_half_up(gross_cents * rate_bp, BASIS_POINTS + rate_bp)


def excise_part(millilitres: int, cents_per_1000_litres: int) -> int:
    """Return the cents of excise duty on `millilitres` of water, rounded half up once."""
    return divide_half_up(millilitres * cents_per_1000_litres, MILLILITRES_PER_1000_LITRES)


def whole_shillings(cents: int) -> int:
    """Return `cents` rounded half up to whole shillings, in cents: what a cash drawer can hold."""
    return divide_half_up(cents, CENTS_PER_SHILLING) * CENTS_PER_SHILLING


def split(cents: int, weights: Sequence[int]) -> list[int]:
    """Return parts of `cents` in proportion to non-negative `weights`; the parts re-add exactly.

    Each part is rounded down; the cents left over go to the largest remainders, in order.
    Raises ValueError where no weight is positive.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("The weights of a split must not be negative and one must be positive.")
    parts, remainders = zip(*(divmod(cents * weight, total) for weight in weights), strict=True)
    shares = list(parts)
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: cents - sum(shares)]:
        shares[index] += 1
    return shares
