"""The calls themselves. What each sends and how it is answered: REFERENCE 2, 3.1 and 4."""

import base64
import binascii
from datetime import datetime
from typing import Any, Literal

import httpx

from mpesa.credentials import Initiator
from mpesa.daraja.answers import (
    Accepted,
    Ack,
    PullPage,
    Push,
    QueryAnswer,
    Registered,
    ResultUrls,
)
from mpesa.daraja.errors import Ambiguous, Refused, failure_of, said
from mpesa.daraja.wire import Wire
from mpesa.masking import mask
from mpesa.payloads import NAIROBI, scalar

MOST_TRANSACTION_DESC = 13
MOST_ACCOUNT_REFERENCE = 12
MOST_REMARKS = 100
LEAST_REMARKS = 2
MOST_ID = 100
# Where a till's own number is given, not the store's (4.2).
_TILL_NUMBER, _SHORTCODE, _REVERSAL_RECEIVER = "2", "4", "11"
_PULLED, _NONE_PULLED = "1000", "1001"
_REGISTERED_BEFORE = ("already registered", "duplicate notification info")
_PNG = b"\x89PNG\r\n\x1a\n"


class Daraja(Wire):
    """A client for one till's credentials; how calls travel, fail and repeat is `Wire`'s."""

    def push(self, push: Push, *, now: datetime) -> Ack:
        """Ask for a prompt on a phone; never sent twice. Raises Refused or Ambiguous."""
        body = {
            **self._signed(push.shortcode, now),
            "TransactionType": "CustomerBuyGoodsOnline"
            if push.is_till
            else "CustomerPayBillOnline",
            "Amount": push.amount_shillings,
            "PartyA": int(push.phone),
            "PartyB": int(push.party_b),
            "PhoneNumber": int(push.phone),
            "CallBackURL": push.callback_url,
            "AccountReference": push.account_reference[:MOST_ACCOUNT_REFERENCE],
            "TransactionDesc": push.description[:MOST_TRANSACTION_DESC],
        }
        status, answer = self.post("/mpesa/stkpush/v1/processrequest", body, now)
        checkout_request_id = scalar(answer, "CheckoutRequestID")
        if not _is_accepted(status, answer):
            raise failure_of(status, answer)
        if not checkout_request_id:
            raise Ambiguous("The gateway accepted the push without an id.")
        return Ack(scalar(answer, "MerchantRequestID")[:MOST_ID], checkout_request_id[:MOST_ID])

    def query(self, *, shortcode: str, checkout_request_id: str, now: datetime) -> QueryAnswer:
        """Ask how a push ended; it proves a payment, and knows no receipt.

        Raises Refused ("refused": unknown id; "product" and "credentials": nobody may ask; else
        out of reach) or Ambiguous (ask again later).
        """
        body = {**self._signed(shortcode, now), "CheckoutRequestID": checkout_request_id}
        status, answer = self.inquire("/mpesa/stkpushquery/v1/query", body, now)
        error_text = mask(scalar(answer, "errorMessage"))[:200]
        if status == httpx.codes.OK and scalar(answer, "ResultCode"):
            return QueryAnswer(
                scalar(answer, "ResultCode")[:20], mask(scalar(answer, "ResultDesc"))[:200]
            )
        if "being processed" in error_text:
            return QueryAnswer("4999", error_text)
        if "CheckoutRequestID" in error_text:
            raise Refused("refused", error_text)
        failure = failure_of(status, answer)
        if isinstance(failure, Refused) and failure.code in {"product", "credentials"}:
            raise failure
        raise Ambiguous(f"HTTP {status} {scalar(answer, 'errorCode')}")

    def register_urls(
        self,
        *,
        shortcode: str,
        response_type: Literal["Completed", "Cancelled"],
        confirmation_url: str,
        validation_url: str,
        version: Literal["v1", "v2"],
        now: datetime,
    ) -> Registered:
        """Tell Safaricom where payments from the customer's own menu are announced (3.1).

        `shortcode` is a till's store number. `response_type` says what happens to a payment while
        our validation is silent. v1 sends hashed phones, v2 masked ones. Raises Refused, or
        Ambiguous; then it may be called again.
        """
        body = {
            "ShortCode": shortcode,
            "ResponseType": response_type,
            "ConfirmationURL": confirmation_url,
            "ValidationURL": validation_url,
        }
        status, answer = self.post(f"/mpesa/c2b/{version}/registerurl", body, now)
        text = said(status, answer)
        if any(one in text.lower() for one in _REGISTERED_BEFORE):
            return Registered(is_new=False, text=text)
        is_success = scalar(answer, "ResponseDescription").lower() == "success"
        if _is_accepted(status, answer) and is_success:
            return Registered(is_new=True, text=text)
        raise failure_of(status, answer)

    def transaction_status(
        self,
        *,
        initiator: Initiator,
        shortcode: str,
        receipt: str = "",
        originator_conversation_id: str = "",
        is_till: bool = False,
        urls: ResultUrls,
        now: datetime,
    ) -> Accepted:
        """Ask about one transaction, by its receipt or by the id of the call that began it (4.2).

        `is_till` says that `shortcode` is a till's number and not its store's. The answer comes
        to the ResultURL: `mpesa.payloads.status_of`. Raises ValueError unless exactly one of
        receipt and id is given; Refused; Ambiguous (ask again later).
        """
        if bool(receipt) == bool(originator_conversation_id):
            raise ValueError("Give a receipt or a conversation id.")
        one = (
            {"TransactionID": receipt}
            if receipt
            else {"OriginalConversationID": originator_conversation_id}
        )
        body = {
            **_initiated(initiator, "TransactionStatusQuery", urls, "status"),
            **one,
            "PartyA": shortcode,
            "IdentifierType": _TILL_NUMBER if is_till else _SHORTCODE,
            "Occasion": "status",
        }
        return _accepted(*self.inquire("/mpesa/transactionstatus/v1/query", body, now))

    def account_balance(
        self, *, initiator: Initiator, shortcode: str, urls: ResultUrls, now: datetime
    ) -> Accepted:
        """Ask what the accounts of a shortcode hold (4.3).

        The answer comes to the ResultURL: `mpesa.payloads.parse_balances` of its parameter
        AccountBalance. Raises Refused, or Ambiguous (ask again later).
        """
        body = {
            **_initiated(initiator, "AccountBalance", urls, "balance"),
            "PartyA": shortcode,
            "IdentifierType": _SHORTCODE,
        }
        return _accepted(*self.inquire("/mpesa/accountbalance/v1/query", body, now))

    def reverse(
        self,
        *,
        initiator: Initiator,
        receipt: str,
        amount_cents: int,
        shortcode: str,
        remarks: str,
        urls: ResultUrls,
        now: datetime,
    ) -> Accepted:
        """Give a customer's payment back; never sent twice (4.4). `remarks` go to Safaricom.

        Whether it was done comes to the ResultURL: `mpesa.payloads.reversal_of`. Raises
        ValueError for no amount above zero; Refused (nothing was reversed); Ambiguous: it may be
        done, and only the result, the transaction's status or a statement tells.
        """
        if amount_cents <= 0:
            raise ValueError("There is nothing to reverse.")
        shillings, cents = divmod(amount_cents, 100)
        body = {
            **_initiated(initiator, "TransactionReversal", urls, remarks),
            "TransactionID": receipt,
            "Amount": f"{shillings}.{cents:02d}" if cents else str(shillings),
            "ReceiverParty": shortcode,
            "RecieverIdentifierType": _REVERSAL_RECEIVER,
        }
        return _accepted(*self.post("/mpesa/reversal/v1/request", body, now))

    def pull_register(
        self, *, shortcode: str, nominated_number: str, callback_url: str, now: datetime
    ) -> Registered:
        """Have a shortcode provisioned for `pull_page`, once (4.8). Raises Refused or Ambiguous.

        `nominated_number` is the organisation's own Safaricom number, 254 and nine digits.
        """
        body = {
            "ShortCode": shortcode,
            "RequestType": "Pull",
            "NominatedNumber": nominated_number,
            "CallBackURL": callback_url,
        }
        status, answer = self.post("/pulltransactions/v1/register", body, now)
        code = scalar(answer, "ResponseStatus") or scalar(answer, "Response Status")
        if status == httpx.codes.OK and code in {_PULLED, _NONE_PULLED}:
            return Registered(is_new=code == _PULLED, text=said(status, answer))
        raise failure_of(status, answer)

    def pull_page(
        self, *, shortcode: str, start: datetime, end: datetime, offset: int, now: datetime
    ) -> PullPage:
        """Return transactions of a shortcode between two instants, at most 48 h ago (4.8).

        `offset` counts rows; ask on from the rows received until a page is empty, and expect a
        row twice. Raises Refused, or Ambiguous (ask again later).
        """
        body = {
            "ShortCode": shortcode,
            "StartDate": _wall(start),
            "EndDate": _wall(end),
            "OffSetValue": str(offset),
        }
        status, answer = self.inquire("/pulltransactions/v1/query", body, now)
        code = scalar(answer, "ResponseCode")
        if status != httpx.codes.OK or code not in {_PULLED, _NONE_PULLED}:
            raise failure_of(status, answer)
        rows = _rows(answer.get("Response"))
        return PullPage(rows, code, is_none=code == _NONE_PULLED and not rows)

    def dynamic_qr(
        self,
        *,
        merchant_name: str,
        reference: str,
        amount_shillings: int,
        is_till: bool,
        number: str,
        size_pixels: int,
        now: datetime,
    ) -> bytes:
        """Return a PNG that a customer scans to pay a till or paybill `number` (4.9).

        The payment arrives like any other from the customer's menu. Raises Refused, or Ambiguous
        where no picture came (ask again).
        """
        body = {
            "MerchantName": merchant_name,
            "RefNo": reference,
            "Amount": amount_shillings,
            "TrxCode": "BG" if is_till else "PB",
            "CPI": number,
            "Size": str(size_pixels),
        }
        status, answer = self.inquire("/mpesa/qrcode/v1/generate", body, now)
        # ResponseCode is "00", or "AG_...": only the picture tells.
        if status != httpx.codes.OK:
            raise failure_of(status, answer)
        if picture := _png(scalar(answer, "QRCode")):
            return picture
        raise Ambiguous("The gateway sent no picture.")

    def _signed(self, shortcode: str, now: datetime) -> dict[str, Any]:
        timestamp = now.astimezone(NAIROBI).strftime("%Y%m%d%H%M%S")
        password = f"{shortcode}{self.credentials.passkey}{timestamp}"
        return {
            "BusinessShortCode": int(shortcode),
            "Password": base64.b64encode(password.encode()).decode(),
            "Timestamp": timestamp,
        }


def _initiated(
    initiator: Initiator, command: str, urls: ResultUrls, remarks: str
) -> dict[str, Any]:
    return {
        "Initiator": initiator.name,
        "SecurityCredential": initiator.security_credential,
        "CommandID": command,
        "ResultURL": urls.result_url,
        "QueueTimeOutURL": urls.timeout_url,
        "Remarks": remarks[:MOST_REMARKS] if len(remarks) >= LEAST_REMARKS else command,
    }


def _is_accepted(status: int, answer: dict[str, Any]) -> bool:
    """Say whether the code is zero in any spelling, or absent."""
    return status == httpx.codes.OK and not scalar(answer, "ResponseCode").strip("0")


def _accepted(status: int, answer: dict[str, Any]) -> Accepted:
    """Return the ids by which the result will be known. Raises Refused or Ambiguous."""
    if not _is_accepted(status, answer):
        raise failure_of(status, answer)
    originator = scalar(answer, "OriginatorConversationID")[:MOST_ID]
    conversation = scalar(answer, "ConversationID")[:MOST_ID]
    if not originator and not conversation:
        raise Ambiguous("The gateway accepted the request without an id.")
    return Accepted(originator, conversation)


def _wall(instant: datetime) -> str:
    return instant.astimezone(NAIROBI).strftime("%Y-%m-%d %H:%M:%S")


def _rows(response: object) -> tuple[dict[str, Any], ...]:
    """Return the objects in `[[{...}]]`, in `[]` and in what else has been seen, in their order."""
    found: list[dict[str, Any]] = []
    waiting = [response]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, list):
            waiting.extend(reversed(value))
    return tuple(found)


def _png(text: str) -> bytes:
    """Return the picture in base64, b"" where it is none."""
    try:
        picture = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return picture if picture.startswith(_PNG) else b""
