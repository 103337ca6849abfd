"""What a result says of the thing that was asked: a transaction's status, a reversal."""

import re
from dataclasses import dataclass
from datetime import datetime

from mpesa.payloads.balances import parse_charges
from mpesa.payloads.results import Result
from mpesa.payloads.scalars import parse_amount, parse_time, parse_transaction_id

MOST_TEXT = 100
_PARTY_NUMBER = re.compile(r"\s*([0-9]{5,10})\s*(?:-|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """A transaction as Safaricom knows it. Only `status` "Completed" means that money moved.

    `credit_shortcode` is the receiving paybill or store, "" where the party names none.
    `debit_party` is as sent and holds a phone and a name. `charges_cents` is 0 without charges,
    None where they are not understood. `reason_type` tells STK from the customer's own menu.
    """

    receipt: str
    amount_cents: int | None
    status: str
    credit_shortcode: str
    debit_party: str
    reason_type: str
    completed_at: datetime | None
    charges_cents: int | None

    @property
    def is_completed(self) -> bool:
        """Say whether the money has moved."""
        return self.status.lower() == "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalAnswer:
    """A reversal that was done: its own receipt, and that of the payment which it undid.

    Old results carry no parameters: `original_receipt` is then "", the others None (REFERENCE 4.4).
    """

    receipt: str
    original_receipt: str
    amount_cents: int | None
    completed_at: datetime | None


def status_of(result: Result) -> StatusAnswer | None:
    """Return the status that a result tells, None where it confirms no receipt (REFERENCE 4.2)."""
    told = result.parameters
    receipt = parse_transaction_id(told.get("ReceiptNo", ""))
    if not result.is_success or not receipt:
        return None
    party = _PARTY_NUMBER.match(told.get("CreditPartyName", ""))
    finalised_at = parse_time(told.get("FinalisedTime", ""))
    return StatusAnswer(
        receipt=receipt,
        amount_cents=parse_amount(told.get("Amount", "")),
        status=told.get("TransactionStatus", "")[:MOST_TEXT],
        credit_shortcode=party[1] if party else "",
        debit_party=told.get("DebitPartyName", "")[:MOST_TEXT],
        reason_type=told.get("ReasonType", "")[:MOST_TEXT],
        completed_at=finalised_at or parse_time(told.get("InitiatedTime", "")),
        charges_cents=parse_charges(told.get("CreditPartyCharges", "")),
    )


def reversal_of(result: Result) -> ReversalAnswer | None:
    """Return what a reversal did, None where it failed: its id may then look real all the same."""
    if not result.is_success:
        return None
    told = result.parameters
    return ReversalAnswer(
        receipt=result.transaction_id,
        original_receipt=parse_transaction_id(told.get("OriginalTransactionID", "")),
        amount_cents=parse_amount(told.get("Amount", "")),
        completed_at=parse_time(told.get("TransCompletedTime", "")),
    )
