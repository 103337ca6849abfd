"""The only package that speaks HTTP to Safaricom's gateway. Knows no database.

Errors are named after what is known: a definite refusal (`Refused`), or a silence after which what
was asked for may happen or not (`Ambiguous`). A push, a reversal and a registration are never sent
twice; a pure question is. REFERENCE 1, 2.1-2.6, 3.1 and 4.
"""

from mpesa.daraja.answers import (
    Accepted,
    Ack,
    PullPage,
    Push,
    QueryAnswer,
    Registered,
    ResultUrls,
)
from mpesa.daraja.client import Daraja
from mpesa.daraja.errors import Ambiguous, Refused
from mpesa.daraja.tokens import (
    TOKENS,
    Held,
    MemoryStore,
    SharedTokens,
    Slot,
    Tokens,
    TokenSource,
    TokenStore,
    place_of,
)

__all__ = [
    "TOKENS",
    "Accepted",
    "Ack",
    "Ambiguous",
    "Daraja",
    "Held",
    "MemoryStore",
    "PullPage",
    "Push",
    "QueryAnswer",
    "Refused",
    "Registered",
    "ResultUrls",
    "SharedTokens",
    "Slot",
    "TokenSource",
    "TokenStore",
    "Tokens",
    "place_of",
]
