"""Daraja's checks of what a merchant sends. Pure: a good value or the error row Daraja answers."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mpesa.simulator.outcomes import TEXT_TOO_LONG, WRONG_PAIRING, Outcome
from mpesa.simulator.prompts import Push
from mpesa.simulator.refusals import Refused, invalid

AMOUNT_MOST = 250_000
REFERENCE_MOST = 12
DESCRIPTION_MOST = 13
TEXT_MOST = 500
PAY_BILL = "CustomerPayBillOnline"
TRANSACTION_TYPES = (PAY_BILL, "CustomerBuyGoodsOnline")
# Safaricom refuses addresses that contain one of these, in any letter case.
FORBIDDEN_WORDS = ("mpesa", "safaricom", "exe", "exec", "cmd", "sql", "query")
TUNNEL = re.compile(r"ngrok|mockbin|requestbin|localhost|//127\.", re.IGNORECASE)
SHORTCODE = re.compile(r"[0-9]{5,7}")
PHONE = re.compile(r"254[17][0-9]{8}")
AMOUNT = re.compile(r"[0-9]{1,9}")
TIMESTAMP = re.compile(r"[0-9]{14}")


class Signature(NamedTuple):
    """The three fields by which a shortcode shows that it holds its passkey."""

    shortcode: str
    timestamp: str
    password: str


def read_object(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the JSON object of a request."""
    if content_type != "application/json":
        raise Refused(invalid("Content-Type"))
    try:
        found = json.loads(body, parse_float=str)
    except (ValueError, RecursionError) as problem:
        raise Refused(invalid("Payload")) from problem
    if not isinstance(found, dict):
        raise Refused(invalid("Payload"))
    return found


def read_signature(fields: Mapping[str, Any]) -> Signature:
    """Return shortcode, timestamp and password, each well formed."""
    shortcode = matching(fields, "BusinessShortCode", SHORTCODE)
    password = text(fields, "Password")
    timestamp = matching(fields, "Timestamp", TIMESTAMP)
    try:
        datetime.strptime(timestamp, "%Y%m%d%H%M%S")  # noqa: DTZ007 only its form counts
    except ValueError as problem:
        raise Refused(invalid("Timestamp")) from problem
    return Signature(shortcode, timestamp, password)


def read_push(fields: Mapping[str, Any], shortcode: str) -> Push:
    """Return the push that `fields` ask for; the first wrong field is refused."""
    transaction_type = text(fields, "TransactionType")
    if transaction_type not in TRANSACTION_TYPES:
        raise Refused(invalid("TransactionType"))
    amount = int(matching(fields, "Amount", AMOUNT))
    if not 1 <= amount <= AMOUNT_MOST:
        raise Refused(invalid("Amount"))
    matching(fields, "PartyA", PHONE)
    return Push(
        shortcode=shortcode,
        transaction_type=transaction_type,
        amount=amount,
        party_b=matching(fields, "PartyB", SHORTCODE),
        phone=matching(fields, "PhoneNumber", PHONE),
        callback_url=read_callback_url(text(fields, "CallBackURL")),
        reference=text(fields, "AccountReference"),
        # Daraja calls this field Remarks when it misses it.
        description=text(fields, "TransactionDesc", called="Remarks"),
    )


def read_callback_url(url: str, field: str = "CallBackURL", *, production: bool = False) -> str:
    """Return an address that Daraja accepts. Plain HTTP is fine, except in production."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if production and not (url.startswith("https://") and not TUNNEL.search(url)):
        good = False
    if not good or any(word in parts.path.lower() for word in FORBIDDEN_WORDS):
        raise Refused(invalid(field))
    return url


def late_failure(push: Push) -> Outcome | None:
    """Return how a push fails that Daraja accepts although its prompt can never be shown."""
    if len(push.reference) > REFERENCE_MOST or len(push.description) > DESCRIPTION_MOST:
        return TEXT_TOO_LONG
    if push.transaction_type == PAY_BILL and push.party_b != push.shortcode:
        return WRONG_PAIRING
    return None


def text(fields: Mapping[str, Any], name: str, called: str = "", most: int = TEXT_MOST) -> str:
    """Return a field as text, or refuse it under its name or what Daraja calls it."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise Refused(invalid(called or name))
    # Control characters and halves of surrogate pairs, which could not even be encoded.
    if not value.isprintable():
        raise Refused(invalid(called or name))
    return value


def matching(fields: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Return a field that has this form throughout."""
    value = text(fields, name)
    if not pattern.fullmatch(value):
        raise Refused(invalid(name))
    return value
