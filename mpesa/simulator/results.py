"""The bodies that arrive at ResultURL and QueueTimeOutURL, in all their variants. Pure."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mpesa.simulator import ids
from mpesa.simulator.knobs import Knobs
from mpesa.simulator.moves import MAIN, SETTLEMENT, Move
from mpesa.simulator.outcomes import OUTCOMES
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.people import Payer

ACCEPTED = "Accept the service request successfully."
DONE = OUTCOMES["0"].text
# No JSON writer yields 1500.00 from an exact number; this mark is nothing that anybody sends.
MARK = secrets.token_hex(8)
MARKED = re.compile(f'"{MARK}([0-9.-]+)"')
INTERNAL = "https://internalapi.safaricom.co.ke/mpesa/{}results/v1/submit"
Item = tuple[str, Any]
# Items without which a result still says what it must.
SPARE = ("CreditPartyCharges", "TransactionReason", "DebitAccountType", "ConversationID", "Charge")
REASONS = {
    ("stk", False): "Pay Bill Online",
    ("c2b", False): "Pay Utility",
    ("stk", True): "Pay Merchant Online",
    ("c2b", True): "Pay Merchant",
    ("bank", False): "Pay Utility",
    ("bank", True): "Pay Merchant",
}


@dataclass(frozen=True)
class Ack:
    """The two ids of an accepted request."""

    originator: str
    conversation: str

    def as_json(self) -> dict[str, str]:
        """Return the answer to the request."""
        return {
            "OriginatorConversationID": self.originator,
            "ConversationID": self.conversation,
            "ResponseCode": "0",
            "ResponseDescription": ACCEPTED,
        }


@dataclass(frozen=True)
class Finding:
    """What came of a request."""

    code: int | str
    text: str
    items: tuple[Item, ...] = ()
    receipt: str = ""
    # The one item that says enough where a lone object is wanted.
    lone: str = ""
    may_lack_items: bool = False


def figure(cents: int) -> str:
    """Return cents as a number with two decimals, which `body` writes without quotes."""
    return MARK + ids.shillings(cents)


def body(ack: Ack, finding: Finding, reference: Item, knobs: Knobs, at: datetime) -> bytes:
    """Return the bytes of a result."""
    as_text = knobs.result_codes == "string"
    inner: dict[str, Any] = {
        "ResultType": "0" if as_text else 0,
        "ResultCode": str(finding.code) if as_text else finding.code,
        "ResultDesc": finding.text,
        "OriginatorConversationID": ack.originator,
        "ConversationID": ack.conversation,
        "TransactionID": _transaction_id(finding, knobs, at),
    }
    parameters = _parameters(finding, knobs, at)
    if parameters is not None:
        inner["ResultParameters"] = {"ResultParameter": parameters}
    item = _item(reference, knobs)
    many = knobs.result_reference == "array"
    inner["ReferenceData"] = {"ReferenceItem": [item] if many else item}
    text = json.dumps({"Result": inner})
    written = r'"\1"' if knobs.result_values == "string" else r"\1"
    return MARKED.sub(written, text).encode()


def timeout_body(ack: Ack, asked: dict[str, Any], knobs: Knobs, at: datetime) -> bytes:
    """Return the bytes for QueueTimeOutURL. Nobody has published them: both forms are guesses."""
    if knobs.timeout_body == "echo":
        own = {key: value for key, value in asked.items() if key != "Initiator"}
        return json.dumps(
            {"InitiatorName": asked["Initiator"]}
            | own
            | {"OriginatorConversationID": ack.originator}
        ).encode()
    finding = Finding(1, "The request timed out in the queue.")
    return body(ack, finding, ("Occasion", ""), knobs, at)


def status_items(move: Move, outlet: Outlet, ack: Ack, now: datetime) -> tuple[Item, ...]:
    """Return what a transaction status tells of a move. Here the payer's phone is not masked."""
    at = int(ids.fourteen(move.at))
    debit, credit = _parties(move, outlet)
    push = move.payment.merchant_request_id if move.payment and move.kind == "stk" else ""
    return (
        ("DebitPartyName", debit),
        ("CreditPartyName", credit),
        ("OriginatorConversationID", push or ids.merchant_request_id()),
        ("InitiatedTime", at),
        ("CreditPartyCharges", None),
        ("DebitAccountType", _debit_account(move, outlet)),
        ("TransactionReason", None),
        ("ReasonType", reason(move, outlet)),
        ("TransactionStatus", "Completed"),
        ("FinalisedTime", at),
        ("Amount", figure(abs(move.cents))),
        ("ConversationID", ids.conversation_id(move.at)),
        ("ReceiptNo", move.receipt),
    )


def balance_items(outlet: Outlet, balances: dict[str, int], now: datetime) -> tuple[Item, ...]:
    """Return what an account balance tells."""
    main, other = balances[MAIN], 0
    utility, merchant = (other, main) if outlet.is_till else (main, other)
    accounts = (
        ("Working Account", 0),
        ("Utility Account", utility),
        ("Charges Paid Account", 0),
        ("Merchant Account", merchant),
        ("Organization Settlement Account", balances[SETTLEMENT]),
    )
    return (
        ("ActionType", "AccountBalance"),
        ("AccountBalance", "&".join(account_line(name, cents) for name, cents in accounts)),
        ("BOCompletedTime", int(ids.fourteen(now))),
    )


def reversal_items(move: Move, outlet: Outlet) -> tuple[Item, ...]:
    """Return what the success of a reversal tells."""
    assert move.payment
    return (
        ("DebitAccountBalance", account_line(outlet.main_account, move.balance_cents)),
        ("Amount", figure(-move.cents)),
        ("TransCompletedTime", int(ids.fourteen(move.at))),
        ("OriginalTransactionID", move.linked),
        ("Charge", figure(0)),
        ("CreditPartyPublicName", f"{move.payment.payer.phone} - {move.payment.payer.all_names}"),
        ("DebitPartyPublicName", f"{outlet.shortcode} - {outlet.name}"),
    )


def account_line(name: str, cents: int) -> str:
    """Return one account: name, currency, current, available, reserved, uncleared."""
    held = ids.shillings(cents)
    return f"{name}|KES|{held}|{held}|0.00|0.00"


def reason(move: Move, outlet: Outlet) -> str:
    """Return the ReasonType of a move."""
    if move.kind == "reversal":
        return "Transaction Reversal"
    return REASONS.get((move.kind, outlet.is_till), "Organization Settlement")


def internal_url(kind: str) -> Item:
    """Return the reference that points into Safaricom, not to the merchant."""
    return ("QueueTimeoutURL", INTERNAL.format(kind))


def _parties(move: Move, outlet: Outlet) -> tuple[str, str]:
    business = f"{outlet.shortcode} -  {outlet.name}"
    if not move.payment:
        return business, business
    person = _spoken(move.payment.payer)
    return (business, person) if move.cents < 0 else (person, business)


def _spoken(payer: Payer) -> str:
    others = f"{payer.middle} {payer.last}".lower().strip()
    return f"0{payer.phone[3:]} - {payer.first.title()}  {others}"


def _debit_account(move: Move, outlet: Outlet) -> str:
    return "MMF Account For Customer" if move.cents > 0 and move.payment else outlet.main_account


def _transaction_id(finding: Finding, knobs: Knobs, at: datetime) -> str:
    if knobs.result_transaction_id == "placeholder":
        return ids.placeholder(at)
    if finding.receipt:
        return finding.receipt
    return ids.receipt(at) if knobs.result_transaction_id == "invented" else ids.placeholder(at)


def _parameters(finding: Finding, knobs: Knobs, at: datetime) -> Any:
    lone = knobs.result_parameters == "object"
    if not finding.items:
        # Of failures only this one item is known, and only as a lone object.
        done = ("BOCompletedTime", int(ids.fourteen(at)))
        return _item(done, knobs) if lone and finding.code != 0 else None
    if finding.may_lack_items and knobs.result_parameters == "none":
        return None
    if finding.lone and lone:
        return _item(next(item for item in finding.items if item[0] == finding.lone), knobs)
    found = [_item(item, knobs) for item in finding.items]
    first = finding.items[0]
    if knobs.result_repeated_keys and first[0] == "DebitPartyName":
        found.insert(2, _item(first, knobs))
    return found


def _item(item: Item, knobs: Knobs) -> dict[str, Any]:
    key, value = item
    if value is None or (knobs.result_missing and key in SPARE):
        return {"Key": key}
    if isinstance(value, int) and knobs.result_values == "string":
        value = str(value)
    return {"Key": key, "Value": value}
