"""Understands Daraja's JSON. Pure and tolerant: every scalar is kept as exact text, never a float.

Shapes and their variants: REFERENCE sections 2.2 to 2.6.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

NAIROBI = ZoneInfo("Africa/Nairobi")

_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2})0*)?")
_RECEIPT = re.compile(r"[A-Z0-9]{6,20}")
# JSON may spell them; PostgreSQL stores neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# M-Pesa began in 2007; a year far away is a fault, and breaks calendars.
_YEARS = range(2007, 2100)


class NotUnderstood(Exception):
    """The message is not what its address promises; the text says in a few words why."""


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


def parse_object(body: bytes | str) -> dict[str, Any]:
    """Return the JSON object in `body`, numbers as their own text. Raises NotUnderstood."""
    try:
        data = json.loads(body, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("The body is not JSON.") from error
    if not isinstance(data, dict):
        raise NotUnderstood("The body is not a JSON object.")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def scalar(data: dict[str, Any], name: str) -> str:
    """Return the text of a scalar member, "" where it is missing, null, an object or a list."""
    value = data.get(name)
    return _UNSTORABLE.sub("", value).strip() if isinstance(value, str) else ""


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
    items = metadata.get("Item") if isinstance(metadata, dict) else None
    listed = [items] if isinstance(items, dict) else items if isinstance(items, list) else []
    return {
        scalar(item, "Name"): scalar(item, "Value") for item in listed if isinstance(item, dict)
    }


def parse_amount(text: str) -> int | None:
    """Return the cents of "1500", "1500.0" or "1500.00", or None for anything else."""
    match = _AMOUNT.fullmatch(text) if text.isascii() else None
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else None


def parse_receipt(text: str) -> str:
    """Return the receipt in capitals, or "" where the text is none."""
    upper = text.upper()
    return upper if text.isascii() and _RECEIPT.fullmatch(upper) else ""


def parse_time(text: str) -> datetime | None:
    """Return the instant of a 14-digit Nairobi time, or None: a bad time never loses a payment."""
    if len(text) != 14 or not text.isascii() or not text.isdigit():  # noqa: PLR2004
        return None
    try:
        instant = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=NAIROBI)
    except ValueError:
        return None
    return instant if instant.year in _YEARS else None
