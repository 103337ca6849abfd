"""The two ways in which a call to the gateway fails, and how an answer is read as one."""

from typing import Any

import httpx

from mpesa.masking import mask
from mpesa.payloads import scalar

# Which of them comes depends on the API (REFERENCE 1).
INVALID_TOKEN_CODES = {"404.001.03", "401.002.01", "400.003.01", "401.001"}
_INVALID_TOKEN_TEXTS = ("invalid access token", "access token expired")
_NO_PRODUCT = "no apiproduct match found"
_TIMEOUTS = {408, 499}
_NAMED_BY_TEXT = {
    _NO_PRODUCT: "product",
    "unable to lock": "phone-busy",
    "wrong credentials": "credentials",
    "merchant does not exist": "credentials",
    "spike arrest": "busy",
    "quota": "busy",
}
# 5xx that say the question was not looked at: asking again is worth it.
_PASSING = ("busy", "spike arrest", "quota", "unreachable")
_PASSING_STATUSES = {502, 503, 504}
_CODES = ("errorCode", "ResponseCode", "ResponseStatus")
_TEXTS = ("errorMessage", "ResponseDescription", "ResponseMessage")


class Refused(Exception):
    """The gateway said no: nothing happened. `code` is a key of `mpesa.results.MEANINGS`.

    `text` is Safaricom's, masked.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Ambiguous(Exception):
    """No usable answer: what was asked for may happen or not. A question may be asked again."""


def words_of(answer: dict[str, Any]) -> tuple[str, str]:
    """Return (code, text) of what an answer says, each "" where it says none."""
    fault = answer.get("fault")
    if isinstance(fault, dict):
        return "", scalar(fault, "faultstring")
    code = next((found for name in _CODES if (found := scalar(answer, name))), "")
    text = next((found for name in _TEXTS if (found := scalar(answer, name))), "")
    return code, text


def said(status: int, answer: dict[str, Any]) -> str:
    """Return what an answer says, masked and short, or its HTTP status."""
    code, text = words_of(answer)
    return mask(f"{code} {text}").strip()[:200] or f"HTTP {status}"


def is_token_refused(status: int, answer: dict[str, Any]) -> bool:
    """Say whether a fresh token may help.

    It may also where the app lacks the product: a token knows the products of its birth.
    """
    code, text = words_of(answer)
    lowered = text.lower()
    return code in INVALID_TOKEN_CODES or (
        status >= httpx.codes.BAD_REQUEST
        and any(one in lowered for one in (*_INVALID_TOKEN_TEXTS, _NO_PRODUCT))
    )


def may_pass(status: int, answer: dict[str, Any]) -> bool:
    """Say whether a pure question is worth asking again at once."""
    if status < httpx.codes.INTERNAL_SERVER_ERROR:
        return False
    lowered = words_of(answer)[1].lower()
    return any(one in lowered for one in _PASSING) or (status in _PASSING_STATUSES and not answer)


def failure_of(status: int, answer: dict[str, Any]) -> Refused | Ambiguous:
    """Return the named failure of a call. One code has several meanings: the text decides (2.3)."""
    code, words = words_of(answer)
    text, lowered = said(status, answer), words.lower()
    for words_in_it, name in _NAMED_BY_TEXT.items():
        if words_in_it in lowered:
            return Refused(name, text)
    if is_token_refused(status, answer) or status == httpx.codes.UNAUTHORIZED:
        return Refused("credentials", text)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Refused("busy", text)
    is_empty = status == httpx.codes.OK and not code and not words
    if is_empty or status >= httpx.codes.INTERNAL_SERVER_ERROR or status in _TIMEOUTS:
        # "Internal Server Error" and "System is busy" have been seen with the prompt on the phone.
        return Ambiguous(text)
    return Refused("refused", text)
