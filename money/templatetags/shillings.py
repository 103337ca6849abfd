"""The one way an amount of cents becomes text on a page."""

from django import template

from money.cents import CENTS_PER_SHILLING, format_quantity, format_shillings

register = template.Library()


@register.filter
def kes(cents: int | None) -> str:
    """Return "KES 1,250.50" for 125050 cents, and "-" where there is no amount."""
    return "-" if cents is None else f"KES {format_shillings(cents)}"


@register.filter
def shillings(cents: int | None) -> str:
    """Return "1,250.50" for 125050 cents, and "-" where there is no amount."""
    return "-" if cents is None else format_shillings(cents)


@register.filter
def quantity(milli: int) -> str:
    """Return "2.5" for 2500 thousandths of a unit."""
    return format_quantity(milli)


@register.filter
def both_digits(cents: int) -> str:
    """Return "1,250.00", so that a column of amounts stays in line, and "-" for nothing."""
    if not cents:
        return "-"
    whole, fraction = divmod(abs(cents), CENTS_PER_SHILLING)
    return f"{'-' if cents < 0 else ''}{whole:,}.{fraction:02d}"


@register.filter
def opposite(cents: int) -> int:
    """Return the amount with the other sign: a credit as its reader expects it."""
    return -cents
