"""What an owner may write about a payment: checked here, decided by the actions."""

from dataclasses import dataclass

from money.cents import CENTS_PER_SHILLING
from mpesa.payloads import parse_amount, parse_receipt

MOST_SHILLINGS = 1_000_000


class Unreadable(Exception):
    """A field holds no such thing; the message is a sentence for who filled it in."""


@dataclass(frozen=True, slots=True)
class GoingBack:
    """What goes back of a payment: cents, why, and the reversal's own receipt where it has one."""

    amount_cents: int
    reason: str
    receipt: str


def read_going_back(fields: dict[str, str], *, with_receipt: bool) -> GoingBack:
    """Return what the form says. Raises Unreadable."""
    cents = parse_amount(fields.get("amount", "").replace(",", "").strip())
    if not cents or cents > MOST_SHILLINGS * CENTS_PER_SHILLING:
        raise Unreadable("Write the amount in shillings, like 1500 or 1500.50.")
    receipt = parse_receipt(fields.get("receipt", "").strip())
    if with_receipt and not receipt:
        raise Unreadable("Write the reversal's own receipt, like UKM5A1B2R1.")
    return GoingBack(cents, fields.get("reason", "").strip()[:200], receipt)


def read_receipt(text: str) -> str:
    """Return a receipt as people type it, in capitals. Raises Unreadable."""
    receipt = parse_receipt("".join(text.split()))
    if not receipt:
        raise Unreadable("A receipt has ten letters and digits, like UKM5A1B2C3.")
    return receipt


def read_static_amount(text: str) -> int:
    """Return whole shillings of a code that is printed, 0 where nothing is written.

    Raises Unreadable.
    """
    typed = text.replace(",", "").strip()
    if not typed:
        return 0
    cents = parse_amount(typed)
    if not cents or cents % CENTS_PER_SHILLING or cents > MOST_SHILLINGS * CENTS_PER_SHILLING:
        raise Unreadable("Write whole shillings, like 150, or leave the amount empty.")
    return cents // CENTS_PER_SHILLING
