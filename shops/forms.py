"""What the counter's forms send, read once; every refusal is a sentence for the cashier."""

from collections.abc import Mapping
from dataclasses import dataclass

from money.cents import NotAnAmount, parse_shillings
from money.forms.fields import is_form_key
from shops.cart import BadCart, read_cart


@dataclass(frozen=True, slots=True)
class CounterForm:
    """The counter as it was sent: its one-time key, the cart, and the total on the screen."""

    key: str
    cart: dict[int, int]
    shown_cents: int


def read_counter(fields: Mapping[str, str]) -> CounterForm:
    """Return the counter form. Raises BadCart."""
    key = fields.get("key", "")
    if not is_form_key(key):
        raise BadCart("This page is incomplete. Reload it, then sell again.")
    shown = fields.get("shown", "")
    is_number = shown.isascii() and shown.isdigit() and len(shown) < 16  # noqa: PLR2004
    return CounterForm(key, read_cart(fields), int(shown) if is_number else -1)


def read_part(fields: Mapping[str, str]) -> int | None:
    """Return the cents of a part of what is due, None for all of it. Raises NotAnAmount."""
    text = fields.get("part", "")
    return parse_shillings(text) if text.strip() else None


def read_given(fields: Mapping[str, str], due_cents: int) -> int:
    """Return the cents that the customer gave; "exact" stands for the amount due.

    Raises NotAnAmount.
    """
    if fields.get("exact"):
        return due_cents
    text = fields.get("given", "")
    if not text.strip():
        raise NotAnAmount("Write how much the customer gave, or press Exact.")
    return parse_shillings(text)
