"""The messages of C2B, and what merchants register and reply. Pure."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mpesa.simulator import ids, people
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.people import Payer

REFUSED_TEXT = {
    "C2B00011": "Invalid MSISDN",
    "C2B00012": "Invalid account number",
    "C2B00013": "Invalid amount",
    "C2B00014": "Invalid KYC details",
    "C2B00015": "Invalid shortcode",
    "C2B00016": "Other error",
}
THIRD_PARTY_MOST = 100


@dataclass(frozen=True)
class Registration:
    """Where the messages of a shortcode go, and what happens when validation is silent."""

    shortcode: str
    response_type: str
    confirmation_url: str
    validation_url: str
    version: str

    def as_json(self) -> dict[str, str]:
        """Return it as `GET /sim/outlets` shows it."""
        return {
            "response_type": self.response_type,
            "confirmation_url": self.confirmation_url,
            "validation_url": self.validation_url,
            "version": self.version,
        }


@dataclass(frozen=True)
class Paid:
    """What a C2B message tells. `balance_cents` is None where M-Pesa asks before it pays."""

    outlet: Outlet
    payer: Payer
    receipt: str
    cents: int
    at: datetime
    reference: str = ""
    balance_cents: int | None = None
    third_party_id: str = ""
    version: str = "v2"


@dataclass(frozen=True)
class Reply:
    """What a merchant answered to a validation; None is no answer that can be read."""

    accepted: bool | None
    code: str = ""
    third_party_id: str = ""


def message(paid: Paid, knobs: Knobs) -> bytes:
    """Return the bytes of a validation or confirmation. All values are strings."""
    bank = knobs.c2b_type == "organization"
    fields: dict[str, Any] = {
        "TransactionType": transaction_type(paid.outlet, knobs.c2b_type),
        "TransID": paid.receipt,
        "TransTime": ids.fourteen(paid.at),
        "TransAmount": ids.shillings(paid.cents),
        "BusinessShortCode": paid.outlet.shortcode,
        "BillRefNumber": "" if paid.outlet.is_till else paid.reference,
        "InvoiceNumber": _invoice_number(paid.payer, knobs),
        "OrgAccountBalance": (
            "" if paid.balance_cents is None else ids.shillings(paid.balance_cents)
        ),
        "ThirdPartyTransID": paid.third_party_id,
        "MSISDN": people.shown(paid.payer.phone, knobs.phone_form, paid.version),
        "FirstName": people.BANK if bank else paid.payer.first,
        "MiddleName": "",
        "LastName": "",
    }
    if knobs.names == "full" and not bank:
        fields |= {"MiddleName": paid.payer.middle, "LastName": paid.payer.last}
    elif knobs.names == "null":
        fields |= {"MiddleName": None, "LastName": None}
    elif knobs.names == "absent":
        del fields["MiddleName"], fields["LastName"]
    return json.dumps(fields).encode()


def transaction_type(outlet: Outlet, variant: str) -> str:
    """Return the TransactionType. What the documents call Buy Goods, production calls otherwise."""
    if variant == "organization":
        return "Organization To Organization Transfer"
    if variant == "overdraft":
        return "OD Payment Transfer"
    if variant == "blank":
        return ""
    if not outlet.is_till:
        return "Pay Bill"
    return "Buy Goods" if variant == "per_docs" else "Customer Merchant Payment"


def reply_of(body: bytes, status: int | None) -> Reply:
    """Return what a merchant's answer to a validation means."""
    try:
        found = json.loads(body) if status in range(200, 300) else None
    except (ValueError, RecursionError):
        found = None
    code = found.get("ResultCode") if isinstance(found, dict) else None
    if isinstance(code, bool) or not isinstance(code, (int, str)):
        return Reply(accepted=None)
    if str(code) != "0":
        return Reply(accepted=False, code=str(code)[:THIRD_PARTY_MOST])
    own = found.get("ThirdPartyTransID") if isinstance(found, dict) else ""
    return Reply(
        accepted=True, third_party_id=str(own)[:THIRD_PARTY_MOST] if isinstance(own, str) else ""
    )


def registered(register: str, shortcode: str) -> dict[str, str]:
    """Return the answer to a registration, in one of its forms."""
    if register == "no_response_code":
        return {
            "ConversationID": "",
            "OriginatorCoversationID": "",
            "ResponseDescription": "success",
        }
    return {
        "OriginatorCoversationID": ids.request_id(),
        "ResponseCode": "00000000" if register == "zeros" else "0",
        "ResponseDescription": "Success",
    }


def simulated() -> dict[str, str]:
    """Return the answer to a simulated payment."""
    return {
        "OriginatorCoversationID": ids.request_id(),
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def twin_first(knob: str) -> bool:
    """Return whether the confirmation goes before the callback of its push."""
    return knob == "before" or (knob == "either" and secrets.randbelow(2) == 0)


def _invoice_number(payer: Payer, knobs: Knobs) -> str:
    if knobs.c2b_type == "organization" or knobs.invoice_number == "payer":
        return payer.names.title()
    return "0" if knobs.invoice_number == "zero" else ""
