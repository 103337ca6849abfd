"""What a forger sends: bodies in Safaricom's shapes about money that nobody paid. Pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from mpesa.simulator import c2b, ids
from mpesa.simulator.c2b import Paid
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.outcomes import OUTCOMES
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.people import payer_of

KINDS = ("c2b", "stk", "body")
PHONE = "254700000666"


class Forgery(NamedTuple):
    """The bytes, and the receipt that they claim."""

    body: bytes
    receipt: str


def confirmation(fields: Mapping[str, Any], outlet: Outlet, now: datetime) -> Forgery:
    """Return an invented C2B confirmation; `balance_cents` may be made to fit."""
    receipt = fields.get("receipt") or ids.receipt(now)
    paid = Paid(
        outlet,
        payer_of(fields.get("phone") or PHONE),
        receipt,
        fields["amount"] * 100,
        now,
        fields.get("reference") or "",
        fields.get("balance_cents") or fields["amount"] * 100,
    )
    return Forgery(c2b.message(paid, Knobs()), receipt)


def stk_success(fields: Mapping[str, Any], now: datetime) -> Forgery:
    """Return an invented success of a push, for whichever CheckoutRequestID is given."""
    receipt = fields.get("receipt") or ids.receipt(now)
    phone = fields.get("phone") or PHONE
    items = {
        "Amount": fields["amount"],
        "MpesaReceiptNumber": receipt,
        "TransactionDate": int(ids.fourteen(now)),
        "PhoneNumber": int(phone),
    }
    inner = {
        "MerchantRequestID": fields.get("merchant_request_id") or ids.merchant_request_id(),
        "CheckoutRequestID": fields.get("checkout_request_id")
        or ids.checkout_request_id(now, phone),
        "ResultCode": 0,
        "ResultDesc": OUTCOMES["0"].text,
        "CallbackMetadata": {"Item": [{"Name": k, "Value": v} for k, v in items.items()]},
    }
    return Forgery(json.dumps({"Body": {"stkCallback": inner}}).encode(), receipt)
