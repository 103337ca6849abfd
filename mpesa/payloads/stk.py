"""The callback of an STK push. Shape and variants: REFERENCE 2.4 and 2.5."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mpesa.payloads.scalars import (
    NotUnderstood,
    listed,
    parse_amount,
    parse_object,
    parse_receipt,
    parse_time,
    scalar,
)


@dataclass(frozen=True, slots=True)
class StkResult:
    """An STK callback. `code` is text ("0", "SFC_IC0003"); on failure the rest is None or ""."""

    checkout_request_id: str
    merchant_request_id: str
    code: str
    text: str
    amount_cents: int | None = None
    receipt: str = ""
    paid_at: datetime | None = None


def parse_stk_callback(body: bytes) -> StkResult:
    """Return what an STK callback says. Raises NotUnderstood.

    Items are looked up by name, since their number and order vary and `Balance` may lack a value.
    """
    envelope = parse_object(body).get("Body")
    callback = envelope.get("stkCallback") if isinstance(envelope, dict) else None
    if not isinstance(callback, dict):
        raise NotUnderstood("There is no Body.stkCallback.")
    code = scalar(callback, "ResultCode")
    checkout_request_id = scalar(callback, "CheckoutRequestID")
    if not code or not checkout_request_id:
        raise NotUnderstood("ResultCode or CheckoutRequestID is missing.")
    items = _items(callback.get("CallbackMetadata"))
    return StkResult(
        checkout_request_id=checkout_request_id[:100],
        merchant_request_id=scalar(callback, "MerchantRequestID")[:100],
        code=code[:20],
        text=scalar(callback, "ResultDesc")[:200],
        amount_cents=parse_amount(items.get("Amount", "")),
        receipt=parse_receipt(items.get("MpesaReceiptNumber", "")),
        paid_at=parse_time(items.get("TransactionDate", "")),
    )


def _items(metadata: Any) -> dict[str, str]:
    """Return Name -> Value of `CallbackMetadata.Item`, whether it is an array or a lone object."""
    items = listed(metadata.get("Item") if isinstance(metadata, dict) else None)
    return {scalar(item, "Name"): scalar(item, "Value") for item in items if isinstance(item, dict)}
