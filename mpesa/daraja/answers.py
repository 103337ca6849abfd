"""What is asked of the gateway, and what it answers when it does not fail."""

from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultUrls:
    """Where an initiator call is answered: with its result, or where Safaricom's queue gave up."""

    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway queued an initiator call; its result comes to the ResultURL with these ids."""

    originator_conversation_id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Registered:
    """Addresses or a shortcode are registered; `is_new` is False where they were before.

    Addresses that were registered before stay as they were: to change them they are first deleted
    on Safaricom's portal (REFERENCE 3.1).
    """

    is_new: bool
    text: str


@dataclass(frozen=True, slots=True)
class PullPage:
    """Rows for `mpesa.payloads.parse_pull_row`, and the code as text.

    `is_none` is code 1001 without rows: nothing was paid, or pull is not provisioned for this
    shortcode. The answer is the same; only what the till usually trades tells which (4.8).
    """

    rows: tuple[dict[str, Any], ...]
    code: str
    is_none: bool
