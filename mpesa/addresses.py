"""Where Safaricom calls us: an address per till and kind of message, which nobody can guess.

`/cb/<secret of the till>/<word>`. Safaricom refuses addresses with certain words in them, so a word
says what is asked of us, and secrets are hex digits, which spell none of those words.
"""

import secrets
from typing import NamedTuple

from django.conf import settings

from mpesa.models import Till

# REFERENCE 3.1, in any case of letters.
REFUSED_WORDS = ("mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query")
SECRET_BYTES = 20


class Kind(NamedTuple):
    """A kind of message: its name for people, the word of its address, its channel, our answer."""

    name: str
    word: str
    channel: str
    answer: dict[str, object]


_ACCEPTED: dict[str, object] = {"ResultCode": 0, "ResultDesc": "Accepted"}
STK = Kind("stk", "stk", "mpesa.stk", _ACCEPTED)
# What M-Pesa asks before a payment: text, where the others answer with a number (REFERENCE 3.2).
VALIDATION = Kind(
    "c2b-validation",
    "check",
    "mpesa.validation",
    {"ResultCode": "0", "ResultDesc": "Accepted"},
)
CONFIRMATION = Kind(
    "c2b-confirmation",
    "confirm",
    "mpesa.confirmation",
    {"ResultCode": 0, "ResultDesc": "Success"},
)
RESULT = Kind("result", "result", "mpesa.result", _ACCEPTED)
TIMEOUT = Kind("timeout", "timeout", "mpesa.timeout", _ACCEPTED)
KINDS = (STK, VALIDATION, CONFIRMATION, RESULT, TIMEOUT)
# Answers to what we asked: the address of each has a token of its own.
WITH_TOKEN = (STK, RESULT, TIMEOUT)


def new_secret() -> str:
    """Return a secret for a till's addresses: hex digits, so that it spells no refused word."""
    return secrets.token_hex(SECRET_BYTES)


def callback_url(till: Till, kind: Kind, token: str = "") -> str:
    """Return the address that Safaricom is given; `token` belongs to one request."""
    end = f"/{token}" if token else ""
    return f"{settings.PUBLIC_URL}/cb/{till.callback_secret}/{kind.word}{end}"


def refused_words(url: str) -> list[str]:
    """Return the words in an address for which Safaricom refuses it."""
    return [word for word in REFUSED_WORDS if word in url.lower()]
