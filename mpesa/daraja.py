"""The only module that speaks HTTP to Safaricom's gateway. Knows no database.

Errors are named after what is known: a definite refusal (`Refused`), or a silence after which the
prompt may be on the phone or not (`Ambiguous`). A push is never sent twice. REFERENCE 1, 2.1-2.6.
"""

import base64
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx

from mpesa.credentials import Credentials
from mpesa.masking import mask
from mpesa.payloads import NAIROBI, NotUnderstood, parse_object, scalar

TOKEN_MARGIN = timedelta(minutes=5)
TOKEN_SECONDS = 3599
# A firewall's 403 is no word about our credentials: anything else is "refused", 5xx is "busy".
_TOKEN_REFUSALS = {400: "credentials", 401: "credentials", 429: "busy"}
_TIMEOUTS = {408, 499}
INVALID_TOKEN_CODES = {"404.001.03", "401.002.01", "400.003.01", "401.001"}
MOST_TRANSACTION_DESC = 13
MOST_ACCOUNT_REFERENCE = 12


class Refused(Exception):
    """The gateway said no: nothing rang. `code` is a key of `mpesa.results.MEANINGS`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Ambiguous(Exception):
    """No usable answer: the prompt may be on the phone or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One prompt to ask for. `amount_shillings` is whole; `phone` is 254 and nine digits."""

    shortcode: str
    party_b: str
    is_till: bool
    phone: str
    amount_shillings: int
    callback_url: str
    account_reference: str
    description: str


@dataclass(frozen=True, slots=True)
class Ack:
    """The gateway accepted a push; it says nothing about payment."""

    merchant_request_id: str
    checkout_request_id: str


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """What the gateway says of a push: a result code as text, "4999" while it is still open."""

    code: str
    text: str


class Tokens:
    """One token per consumer key for the whole process, fetched by one thread at a time.

    A new token may invalidate the one before (REFERENCE 1), so nobody fetches on its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[str, datetime]] = {}

    def get(self, client: "Daraja", now: datetime, *, instead_of: str = "") -> str:
        """Return a valid token; `instead_of` names one that the gateway has just refused."""
        place = (client.url, client.credentials.consumer_key)
        with self._lock:
            token, expires_at = self._held.get(place, ("", now))
            if not token or token == instead_of or expires_at <= now:
                token, seconds = client.fetch_token()
                self._held[place] = (token, now + timedelta(seconds=seconds) - TOKEN_MARGIN)
            return token


TOKENS = Tokens()


class Daraja:
    """A client for one till's credentials. `timeout_seconds` holds for every call."""

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        timeout_seconds: float,
        tokens: Tokens = TOKENS,
    ) -> None:
        self.url, self.credentials, self._tokens = url, credentials, tokens
        # A proxy of the environment leads to Safaricom, not back to the simulator on this machine.
        self._is_here = httpx.URL(url).host in {"127.0.0.1", "localhost", "::1"}
        self._timeout = httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds))

    def push(self, push: Push, *, now: datetime) -> Ack:
        """Ask for a prompt on a phone. Raises Refused or Ambiguous."""
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
        status, answer = self._post("/mpesa/stkpush/v1/processrequest", body, now)
        checkout_request_id = scalar(answer, "CheckoutRequestID")
        if status == httpx.codes.OK and scalar(answer, "ResponseCode").strip("0") == "":
            if not checkout_request_id:
                raise Ambiguous("The gateway accepted the push without an id.")
            return Ack(scalar(answer, "MerchantRequestID")[:100], checkout_request_id[:100])
        raise _push_failure(status, answer)

    def query(self, *, shortcode: str, checkout_request_id: str, now: datetime) -> QueryAnswer:
        """Ask how a push ended. Raises Refused (unknown id) or Ambiguous (ask again later)."""
        body = {**self._signed(shortcode, now), "CheckoutRequestID": checkout_request_id}
        status, answer = self._post("/mpesa/stkpushquery/v1/query", body, now)
        error_text = scalar(answer, "errorMessage")
        if status == httpx.codes.OK and scalar(answer, "ResultCode"):
            return QueryAnswer(
                scalar(answer, "ResultCode")[:20], scalar(answer, "ResultDesc")[:200]
            )
        if "being processed" in error_text:
            return QueryAnswer("4999", error_text[:200])
        if "CheckoutRequestID" in error_text:
            raise Refused("refused", error_text[:200])
        raise Ambiguous(f"HTTP {status} {scalar(answer, 'errorCode')}")

    def fetch_token(self) -> tuple[str, int]:
        """Return (token, seconds it lives). Raises Refused; nothing was pushed at this point."""
        try:
            response = httpx.get(
                f"{self.url}/oauth/v1/generate",
                params={"grant_type": "client_credentials"},
                auth=(self.credentials.consumer_key, self.credentials.consumer_secret),
                verify=_tls(),
                trust_env=not self._is_here,
                timeout=self._timeout,
            )
        except httpx.HTTPError as error:
            raise Refused("unreachable", type(error).__name__) from error
        answer = _parsed(response)
        token, seconds = scalar(answer, "access_token"), scalar(answer, "expires_in")
        if response.status_code == httpx.codes.OK and token:
            is_number = seconds.isascii() and seconds.isdigit() and len(seconds) <= len("3599")
            return token, int(seconds) if is_number else TOKEN_SECONDS
        code = _TOKEN_REFUSALS.get(response.status_code, "refused")
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            code = "busy"
        raise Refused(code, f"No token: HTTP {response.status_code}.")

    def _signed(self, shortcode: str, now: datetime) -> dict[str, Any]:
        timestamp = now.astimezone(NAIROBI).strftime("%Y%m%d%H%M%S")
        password = f"{shortcode}{self.credentials.passkey}{timestamp}"
        return {
            "BusinessShortCode": int(shortcode),
            "Password": base64.b64encode(password.encode()).decode(),
            "Timestamp": timestamp,
        }

    def _post(self, path: str, body: dict[str, Any], now: datetime) -> tuple[int, dict[str, Any]]:
        """Return (HTTP status, JSON object or {}); a refused token is replaced once."""
        token = self._tokens.get(self, now)
        status, answer = self._post_once(path, body, token)
        if scalar(answer, "errorCode") in INVALID_TOKEN_CODES:
            token = self._tokens.get(self, now, instead_of=token)
            status, answer = self._post_once(path, body, token)
        return status, answer

    def _post_once(self, path: str, body: dict[str, Any], token: str) -> tuple[int, dict[str, Any]]:
        try:
            response = httpx.post(
                f"{self.url}{path}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                verify=_tls(),
                trust_env=not self._is_here,
                timeout=self._timeout,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Refused("unreachable", type(error).__name__) from error
        except httpx.HTTPError as error:
            raise Ambiguous(type(error).__name__) from error
        return response.status_code, _parsed(response)


@cache
def _tls() -> ssl.SSLContext:
    """Return the trusted certificates, which httpx would otherwise load anew for each call."""
    return httpx.create_ssl_context()


def _parsed(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer, or {}: some failures are HTML or empty."""
    try:
        return parse_object(response.content)
    except NotUnderstood:
        return {}


def _push_failure(status: int, answer: dict[str, Any]) -> Refused | Ambiguous:
    """Return the named failure of a push. One code has several meanings: the text decides (2.3)."""
    code = scalar(answer, "errorCode") or scalar(answer, "ResponseCode")
    text = scalar(answer, "errorMessage") or scalar(answer, "ResponseDescription")
    said = mask(f"{code} {text}").strip()[:200] or f"HTTP {status}"
    lowered = text.lower()
    if "unable to lock" in lowered:
        return Refused("phone-busy", said)
    if "wrong credentials" in lowered or "merchant does not exist" in lowered:
        return Refused("credentials", said)
    if "spike arrest" in lowered or "quota" in lowered or status == httpx.codes.TOO_MANY_REQUESTS:
        return Refused("busy", said)
    if code in INVALID_TOKEN_CODES or status == httpx.codes.UNAUTHORIZED:
        return Refused("credentials", said)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _TIMEOUTS:
        # "Internal Server Error" and "System is busy" have been seen with the prompt on the phone.
        return Ambiguous(said)
    return Refused("refused", said)
