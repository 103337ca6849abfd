"""What a customer paid from their own menu: validation and confirmation. REFERENCE 3.3 and 3.4."""

from dataclasses import dataclass
from datetime import datetime

from mpesa.payloads.scalars import (
    NotUnderstood,
    parse_amount,
    parse_balance,
    parse_object,
    parse_time,
    parse_transaction_id,
    scalar,
    without_spaces,
)

MOST_TEXT = 100
MOST_SHORTCODE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A payment as Safaricom tells it; every text is as it was sent, cut to its limit.

    `shortcode` is the store number for a till. `account_reference` is what the customer typed,
    without spaces at its ends. `msisdn` may be a full, masked or hashed phone. `balance_cents` is
    the account's after this payment, None in a validation. `paid_at` is None where it is no time.
    """

    receipt: str
    shortcode: str
    amount_cents: int
    paid_at: datetime | None
    transaction_type: str
    account_reference: str
    msisdn: str
    name: str
    balance_cents: int | None
    invoice: str


def parse_confirmation(body: bytes | str) -> Confirmation:
    """Return what a C2B confirmation, or a validation of the same shape, says.

    Raises NotUnderstood where there is no receipt, no shortcode or no amount above zero. A
    validation is not a payment yet, and may repeat.
    """
    data = without_spaces(parse_object(body))
    receipt = parse_transaction_id(scalar(data, "TransID"))
    amount_cents = parse_amount(scalar(data, "TransAmount"))
    shortcode = scalar(data, "BusinessShortCode")[:MOST_SHORTCODE]
    if not receipt:
        raise NotUnderstood("TransID is no receipt.")
    if not amount_cents:
        raise NotUnderstood("TransAmount is no amount above zero.")
    if not shortcode:
        raise NotUnderstood("BusinessShortCode is missing.")
    names = (scalar(data, name) for name in ("FirstName", "MiddleName", "LastName"))
    return Confirmation(
        receipt=receipt,
        shortcode=shortcode,
        amount_cents=amount_cents,
        paid_at=parse_time(scalar(data, "TransTime")),
        transaction_type=scalar(data, "TransactionType")[:MOST_TEXT],
        account_reference=scalar(data, "BillRefNumber")[:MOST_TEXT],
        msisdn=scalar(data, "MSISDN")[:MOST_TEXT],
        name=" ".join(name for name in names if name)[:MOST_TEXT],
        balance_cents=parse_balance(scalar(data, "OrgAccountBalance")),
        invoice=scalar(data, "InvoiceNumber")[:MOST_TEXT],
    )
