"""The one way an amount of cents becomes text on a page."""

from django import template

from money.cents import format_quantity, format_shillings

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
