"""How a call travels: time-outs, the token, what may be repeated. REFERENCE 0.4 and 1."""

import secrets
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import httpx

from mpesa.credentials import Credentials
from mpesa.daraja.errors import Ambiguous, Refused, is_token_refused, may_pass
from mpesa.daraja.tokens import TOKENS, TokenSource
from mpesa.payloads import NotUnderstood, parse_object, scalar

TOKEN_SECONDS = 3599
MOST_TRIES = 3
# A firewall's 403 is no word about our credentials: anything else is "refused", 5xx is "busy".
_TOKEN_REFUSALS = {400: "credentials", 401: "credentials", 429: "busy"}
# The gateway never saw the call.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)
# Who kept us waiting once is not asked again at once: a worker would hang three times as long.
_TOO_SLOW = (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout)
# Shorter ones are no token, and would be found in words.
_LEAST_TOKEN = 16


def short_pause(tries: int) -> None:
    """Wait 0.2 to 0.4 s after the first try, 0.4 to 0.6 s after the second."""
    time.sleep((tries * 200 + secrets.randbelow(200)) / 1000)


class Wire:
    """The connection of one consumer key. `timeout_seconds` holds for every call.

    `tokens` is in-process unless a shared source is given; `pause` is called with the number of
    tries so far before a question is repeated.
    """

    def __init__(
        self,
        *,
        url: str,
        credentials: Credentials,
        timeout_seconds: float,
        tokens: TokenSource = TOKENS,
        pause: Callable[[int], None] = short_pause,
    ) -> None:
        self.url, self.credentials = url, credentials
        self._tokens, self._pause = tokens, pause
        # A proxy of the environment leads to Safaricom, not back to the simulator on this machine.
        self._is_here = httpx.URL(url).host in {"127.0.0.1", "localhost", "::1"}
        self._timeout = httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds))

    def fetch_token(self) -> tuple[str, int]:
        """Return (token, seconds it lives). Raises Refused; nothing was asked for at this point."""
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
        answer = _parsed(response.content)
        token, seconds = scalar(answer, "access_token"), scalar(answer, "expires_in")
        if response.status_code == httpx.codes.OK and token:
            is_number = seconds.isascii() and seconds.isdigit() and len(seconds) <= len("3599")
            return token, int(seconds) if is_number else TOKEN_SECONDS
        code = _TOKEN_REFUSALS.get(response.status_code, "refused")
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            code = "busy"
        raise Refused(code, f"No token: HTTP {response.status_code}.")

    def inquire(self, path: str, body: dict[str, Any], now: datetime) -> tuple[int, dict[str, Any]]:
        """Do as `post` for a pure question, which is asked up to three times.

        It is repeated where the gateway was out of reach or too busy, not where it was slow.
        """
        for tries in range(1, MOST_TRIES):
            try:
                status, answer = self.post(path, body, now)
            except (Refused, Ambiguous) as failure:
                if not _is_worth_repeating(failure):
                    raise
            else:
                if not may_pass(status, answer):
                    return status, answer
            self._pause(tries)
        return self.post(path, body, now)

    def post(self, path: str, body: dict[str, Any], now: datetime) -> tuple[int, dict[str, Any]]:
        """Return (HTTP status, JSON object or {}); a refused token is replaced once.

        Raises Refused where nothing was sent, Ambiguous where no answer came.
        """
        token = self._tokens.get(self, now)
        status, answer = self._post_once(path, body, token)
        if is_token_refused(status, answer):
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
        except _NOT_SENT as error:
            raise Refused("unreachable", type(error).__name__) from error
        except httpx.HTTPError as error:
            raise Ambiguous(type(error).__name__) from error
        return response.status_code, _parsed(_without(token, response.content))


@cache
def _tls() -> ssl.SSLContext:
    """Return the trusted certificates, which httpx would otherwise load anew for each call."""
    return httpx.create_ssl_context()


def _is_worth_repeating(failure: Refused | Ambiguous) -> bool:
    if isinstance(failure.__cause__, _TOO_SLOW):
        return False
    return isinstance(failure, Ambiguous) or failure.code in {"unreachable", "busy"}


def _without(token: str, content: bytes) -> bytes:
    """Return an answer without the token: Safaricom repeats it in what it refuses."""
    if len(token) < _LEAST_TOKEN:
        return content
    return content.replace(token.encode(), "…".encode())


def _parsed(content: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer, or {}: some failures are HTML or empty."""
    try:
        return parse_object(content)
    except NotUnderstood:
        return {}
