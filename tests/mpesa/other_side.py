"""Safaricom in memory, for thousands of short lives: what it knows, sends and answers.

It shares no code with ours, and stands where the client's HTTP would leave the process.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTCODE = "9900300"
ACCEPTED = {"ResponseCode": "0", "ResponseDescription": "Accept the service request successfully."}
BUSY = {"requestId": "1", "errorCode": "500.003.02", "errorMessage": "System is busy"}
PENDING = {"errorCode": "500.001.1001", "errorMessage": "The transaction is being processed"}
PUSH_MOODS = ("ok", "first", "lost", "busy", "unreachable")
QUERY_MOODS = ("true", "pending", "wrong", "silent")
RESULT_MOODS = ("done", "silent", "timeout", "refused")
FAILURES = ("1032", "2001", "1")


@dataclass
class Fact:
    """Money that a customer really sent; `back` is receipt -> cents of what was given back."""

    receipt: str
    cents: int
    at: datetime
    number: int | None = None  # of the prompt that it answered
    back: dict[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        return self.cents - sum(self.back.values())


@dataclass
class Prompt:
    """A push that reached the phone; `code` is how it ended."""

    number: int
    token: str
    checkout_id: str
    cents: int
    code: str = ""
    fact: Fact | None = None


class Letter(NamedTuple):
    """A message to one of our addresses; `proves` is the prompt that it tells the payment of."""

    word: str
    token: str
    body: bytes
    proves: int | None = None


class Safaricom:
    """Answers the client, and keeps the letters that it would send for whoever delivers them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.facts: dict[str, Fact] = {}
        self.prompts: list[Prompt] = []
        self.letters: list[Letter] = []
        self.mood = 0
        self.deliver: Callable[[Letter], object] = lambda letter: None
        self._numbers = count(1)

    # What happens in the world.

    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def pay(self, cents: int, prompt: Prompt | None = None) -> Fact:
        fact = Fact(self._receipt(), cents, self.now, prompt.number if prompt else None)
        self.facts[fact.receipt] = fact
        if prompt:
            prompt.fact = fact
        self.letters.append(self._confirmation(fact))
        return fact

    def decide(self, prompt: Prompt, choice: int) -> None:
        """Have the customer pay, refuse, or pay after Safaricom has said that nobody answered."""
        if prompt.code:
            return
        if choice % 4 == 3:
            prompt.code = FAILURES[choice % len(FAILURES)]
            self.letters.append(self._callback(prompt, prompt.code))
            return
        if choice % 4 == 2:
            self.letters.append(self._callback(prompt, "1037"))
        prompt.code = "0"
        self.pay(prompt.cents, prompt)
        self.letters.append(self._callback(prompt, "0"))

    def give_back(self, fact: Fact, cents: int) -> str:
        """Reverse, and return the reversal's receipt; "" where not as much is left."""
        if not 0 < cents <= fact.left:
            return ""
        receipt = self._receipt()
        fact.back[receipt] = cents
        return receipt

    def _receipt(self) -> str:
        return f"UKM{next(self._numbers):07d}"

    # What it sends.

    def _callback(self, prompt: Prompt, code: str) -> Letter:
        fact = prompt.fact
        is_paid = code == "0" and fact is not None
        body = stk_body(
            prompt.checkout_id,
            code,
            fact.receipt if is_paid and fact else "",
            prompt.cents,
            fact.at if is_paid and fact else self.now,
        )
        return Letter("stk", prompt.token, body, prompt.number if is_paid else None)

    def _confirmation(self, fact: Fact) -> Letter:
        return Letter("confirm", "", c2b_body(fact.receipt, fact.cents, fact.at))

    # What it answers.

    def get(self, url: str, **more: Any) -> httpx.Response:
        return httpx.Response(
            200, json={"access_token": "token-of-this-side", "expires_in": "3599"}
        )

    def post(self, url: str, *, json: dict[str, Any], **more: Any) -> httpx.Response:
        path = httpx.URL(url).path
        if path.endswith("processrequest"):
            return self._push(json)
        if path == "/mpesa/stkpushquery/v1/query":
            return self._query(json)
        if path == "/pulltransactions/v1/query":
            return self._pull(json)
        if path == "/mpesa/transactionstatus/v1/query":
            return self._status(json)
        assert path == "/mpesa/reversal/v1/request", path
        return self._reverse(json)

    def _push(self, asked: dict[str, Any]) -> httpx.Response:
        mood = PUSH_MOODS[self.mood % len(PUSH_MOODS)]
        if mood == "unreachable":
            raise httpx.ConnectError("no route")
        if mood == "busy":
            return httpx.Response(500, json=BUSY)
        number = len(self.prompts)
        token = asked["CallBackURL"].rsplit("/", 1)[-1]
        prompt = Prompt(number, token, f"ws_CO_{number}", asked["Amount"] * 100)
        self.prompts.append(prompt)
        if mood == "first":
            self.decide(prompt, self.mood)
            self.deliver(self.letters[-1])
        if mood == "lost":
            raise httpx.ReadTimeout("no answer")
        ids = {"MerchantRequestID": f"m-{number}", "CheckoutRequestID": prompt.checkout_id}
        return httpx.Response(200, json=ACCEPTED | ids)

    def _query(self, asked: dict[str, Any]) -> httpx.Response:
        mood = QUERY_MOODS[self.mood % len(QUERY_MOODS)]
        if mood == "silent":
            raise httpx.ReadTimeout("no answer")
        prompt = next(p for p in self.prompts if p.checkout_id == asked["CheckoutRequestID"])
        code = "1032" if mood == "wrong" else prompt.code
        if mood == "pending" or not code:
            return httpx.Response(500, json=PENDING)
        return httpx.Response(200, json=ACCEPTED | {"ResultCode": code, "ResultDesc": "As it is."})

    def _pull(self, asked: dict[str, Any]) -> httpx.Response:
        """Answer with some of the rows in some order, some of them twice; mood 0 is everything."""
        if asked["OffSetValue"] != "0":
            return httpx.Response(200, json={"ResponseCode": "1001", "Response": []})
        rows = []
        for place, fact in enumerate(self.facts.values()):
            row = _row(fact.receipt, fact.cents, fact.at, "c2b-pay-bill-debit", "")
            rows += [row] * self._copies(place)
            for receipt, cents in fact.back.items():
                row = _row(receipt, cents, self.now, "c2b-reversal", fact.receipt)
                rows += [row] * self._copies(place + len(receipt))
        if self.mood % 2:
            rows.reverse()
        code = "1000" if rows else "1001"
        return httpx.Response(200, json={"ResponseCode": code, "Response": [rows]})

    def _copies(self, place: int) -> int:
        return (1, 0, 2)[(self.mood * (place + 1)) % 3] if self.mood else 1

    def _status(self, asked: dict[str, Any]) -> httpx.Response:
        fact = self.facts.get(asked["TransactionID"])
        ids = self._ids()
        token = asked["ResultURL"].rsplit("/", 1)[-1]
        if fact is None:
            body = result_body(ids, code=2032, parameters={})
        else:
            told = {
                "DebitPartyName": "0700000101 - Achieng",
                "CreditPartyName": f"{SHORTCODE} - AMINA",
                "FinalisedTime": _digits(fact.at),
                "TransactionStatus": "Completed",
                "Amount": fact.cents / 100,
                "ReceiptNo": fact.receipt,
            }
            body = result_body(ids, code=0, parameters=told)
        self.letters.append(Letter("result", token, body))
        return httpx.Response(200, json=ACCEPTED | ids)

    def _reverse(self, asked: dict[str, Any]) -> httpx.Response:
        mood = RESULT_MOODS[self.mood % len(RESULT_MOODS)]
        token, ids = asked["ResultURL"].rsplit("/", 1)[-1], self._ids()
        if mood == "timeout":
            self.letters.append(Letter("timeout", token, b'{"Result": {"ResultCode": 1}}'))
            return httpx.Response(200, json=ACCEPTED | ids)
        fact = self.facts[asked["TransactionID"]]
        cents = round(float(asked["Amount"]) * 100)
        receipt = "" if mood == "refused" else self.give_back(fact, cents)
        if receipt:
            told = {"OriginalTransactionID": fact.receipt, "Amount": cents / 100}
            body = result_body(ids, code=0, parameters=told, transaction=receipt)
        else:
            body = result_body(ids, code="R000001", parameters={})
        self.letters.append(Letter("result", token, body))
        if mood == "silent":
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(200, json=ACCEPTED | ids)

    def _ids(self) -> dict[str, str]:
        number = next(self._numbers)
        return {"OriginatorConversationID": f"o-{number}", "ConversationID": f"AG_{number}"}


def _digits(at: datetime) -> int:
    return int(f"{at + timedelta(hours=3):%Y%m%d%H%M%S}")


def _row(receipt: str, cents: int, at: datetime, kind: str, reference: str) -> dict[str, Any]:
    return {
        "transactionId": receipt,
        "trxDate": f"{at + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}",
        "msisdn": 254700000101,
        "sender": "MPESA",
        "transactiontype": kind,
        "billreference": reference,
        "amount": f"{cents // 100}.{cents % 100:02d}",
        "organizationname": "AMINA",
    }


def stk_body(checkout_id: str, code: str, receipt: str, cents: int, at: datetime) -> bytes:
    """Write a callback; only a success has metadata."""
    inner: dict[str, Any] = {
        "MerchantRequestID": "m-1",
        "CheckoutRequestID": checkout_id,
        "ResultCode": int(code),
        "ResultDesc": "As Safaricom puts it.",
    }
    if code == "0":
        items = {
            "Amount": cents / 100,
            "MpesaReceiptNumber": receipt,
            "TransactionDate": _digits(at),
            "PhoneNumber": 254700000101,
        }
        inner["CallbackMetadata"] = {"Item": [{"Name": k, "Value": v} for k, v in items.items()]}
    return json.dumps({"Body": {"stkCallback": inner}}).encode()


def c2b_body(receipt: str, cents: int, at: datetime, shortcode: str = SHORTCODE) -> bytes:
    """Write a confirmation as a till's look."""
    told = {
        "TransactionType": "Customer Merchant Payment",
        "TransID": receipt,
        "TransTime": str(_digits(at)),
        "TransAmount": f"{cents // 100}.{cents % 100:02d}",
        "BusinessShortCode": shortcode,
        "BillRefNumber": "",
        "InvoiceNumber": "",
        "OrgAccountBalance": "12840.00",
        "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 101",
        "FirstName": "ACHIENG",
    }
    return json.dumps(told).encode()


def result_body(
    ids: dict[str, str],
    *,
    code: object,
    parameters: dict[str, Any],
    transaction: str = "UKM0000000",
) -> bytes:
    """Write a result of an initiator call."""
    told: dict[str, Any] = ids | {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": "As Safaricom puts it.",
        "TransactionID": transaction,
    }
    if parameters:
        pairs = [{"Key": key, "Value": value} for key, value in parameters.items()]
        told["ResultParameters"] = {"ResultParameter": pairs}
    return json.dumps({"Result": told}).encode()
