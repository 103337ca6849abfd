"""What Safaricom's result codes mean for a payment request, and what to tell the cashier.

From REFERENCE 2.5. Codes are text: some are not numbers. A code that is not listed here is not
paid and not final: it is asked about again.
"""

from enum import Enum
from typing import NamedTuple


class Outcome(Enum):
    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"


class Meaning(NamedTuple):
    """The outcome of a code and a sentence for the cashier."""

    outcome: Outcome
    sentence: str


_PENDING = Meaning(Outcome.PENDING, "Safaricom has no final answer yet. We keep asking.")
_LIMIT = Meaning(Outcome.FAILED, "The customer's M-Pesa limit does not allow this amount.")
_PUSH = Meaning(Outcome.FAILED, "The prompt did not reach the phone. Ask again in a minute.")
_CANCELLED = Meaning(
    Outcome.FAILED, "Cancelled: the customer cancelled or let the prompt time out."
)
_SILENT = Meaning(Outcome.FAILED, "The phone did not answer: switched off, or nobody pressed.")
_SETUP = Meaning(
    Outcome.FAILED, "This till is set up wrongly with Safaricom. Take cash and tell the owner."
)

MEANINGS: dict[str, Meaning] = {
    "0": Meaning(Outcome.PAID, "Paid."),
    "1": Meaning(Outcome.FAILED, "Not enough money on the customer's M-Pesa."),
    "2": _LIMIT,
    "3": _LIMIT,
    "4": _LIMIT,
    "8": Meaning(Outcome.FAILED, "Our till cannot take more money today. Tell the owner."),
    "17": Meaning(Outcome.FAILED, "The same amount was just asked. Wait two minutes, ask again."),
    "1001": Meaning(Outcome.FAILED, "Another M-Pesa menu is open on that phone. Ask again soon."),
    "1019": Meaning(Outcome.FAILED, "The request expired at Safaricom. Ask again."),
    "1025": _PUSH,
    "9999": _PUSH,
    "1036": _PUSH,
    "1031": _CANCELLED,
    "1032": _CANCELLED,
    "1037": _SILENT,
    "2001": Meaning(Outcome.FAILED, "Wrong PIN. The customer can try once more."),
    "2028": _SETUP,
    "SFC_IC0003": _SETUP,
    "8006": Meaning(Outcome.FAILED, "The customer's M-Pesa PIN is locked."),
    "E3008": Meaning(Outcome.FAILED, "Safaricom refuses this phone number."),
    "4999": _PENDING,
    # Our own words for what the gateway said at once.
    "unreachable": Meaning(Outcome.FAILED, "Safaricom cannot be reached. Nothing was sent."),
    "refused": Meaning(
        Outcome.FAILED, "Safaricom refused the request. Take cash and tell the owner."
    ),
    "credentials": Meaning(
        Outcome.FAILED, "Safaricom refuses our till's credentials. Take cash and tell the owner."
    ),
    "product": Meaning(
        Outcome.FAILED,
        "Safaricom's app of this till lacks the product. Take cash and tell the owner.",
    ),
    "busy": Meaning(Outcome.FAILED, "Safaricom is busy. Ask again in a moment."),
    "phone-busy": Meaning(
        Outcome.FAILED, "Another prompt is open on that phone. Wait a minute, then ask again."
    ),
    "withdrawn": Meaning(Outcome.FAILED, "The phone was not asked."),
    "never-asked": Meaning(Outcome.FAILED, "The request waited too long and was not sent."),
}


def meaning_of(code: str) -> Meaning:
    """Return what `code` means; what is not listed is pending."""
    return MEANINGS.get(code, _PENDING)
