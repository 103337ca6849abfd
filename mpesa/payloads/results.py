"""The envelope in which every initiator call is answered, and its time-out. REFERENCE 4.0."""

from dataclasses import dataclass
from typing import Any

from mpesa.payloads.scalars import (
    NotUnderstood,
    as_text,
    listed,
    parse_json,
    parse_object,
    parse_transaction_id,
    scalar,
    without_spaces,
)

MOST_ID = 100
MOST_CODE = 20
MOST_SENTENCE = 200
MOST_KEY = 100
MOST_VALUE = 2000
MOST_IDS = 50

Pairs = tuple[tuple[str, str], ...]

# In small letters: requests, acknowledgements and results spell them differently (0.3, 4.2).
_CONVERSATION_KEYS = {
    "originatorconversationid",
    "originatorcoversationid",
    "originalconversationid",
    "conversationid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A result as sent; all codes and values are text.

    `transaction_id` is a receipt, "" for the placeholder of a failure or a question. `parameters`
    and `references` hold the first value that is not empty of each key; `all_parameters` and
    `all_references` everything in the order of its arrival. Keys have no spaces.
    """

    type: str
    code: str
    text: str
    originator_conversation_id: str
    conversation_id: str
    transaction_id: str
    parameters: dict[str, str]
    references: dict[str, str]
    all_parameters: Pairs
    all_references: Pairs

    @property
    def is_success(self) -> bool:
        """Say whether the code is zero in any spelling."""
        return bool(self.code) and not self.code.strip("0")


def parse_result(body: bytes | str) -> Result:
    """Return what a ResultURL was told. Raises NotUnderstood without a code or conversation id."""
    envelope = without_spaces(parse_object(body)).get("Result")
    if not isinstance(envelope, dict):
        raise NotUnderstood("There is no Result.")
    data = without_spaces(envelope)
    code = scalar(data, "ResultCode")[:MOST_CODE]
    originator = scalar(data, "OriginatorConversationID")[:MOST_ID]
    conversation = scalar(data, "ConversationID")[:MOST_ID]
    if not code:
        raise NotUnderstood("ResultCode is missing.")
    if not originator and not conversation:
        raise NotUnderstood("Both conversation ids are missing.")
    parameters = _pairs(data.get("ResultParameters"), "ResultParameter")
    references = _pairs(data.get("ReferenceData"), "ReferenceItem")
    return Result(
        type=scalar(data, "ResultType")[:MOST_CODE],
        code=code,
        text=scalar(data, "ResultDesc")[:MOST_SENTENCE],
        originator_conversation_id=originator,
        conversation_id=conversation,
        transaction_id=parse_transaction_id(scalar(data, "TransactionID")),
        parameters=_first_of_each(parameters),
        references=_first_of_each(references),
        all_parameters=parameters,
        all_references=references,
    )


def _pairs(holder: object, name: str) -> Pairs:
    """Return (key, value) of each item under `name`: an array, a lone object, or nothing."""
    inner = without_spaces(holder).get(name) if isinstance(holder, dict) else holder
    items = (without_spaces(item) for item in listed(inner))
    pairs = ((scalar(item, "Key"), scalar(item, "Value")[:MOST_VALUE]) for item in items)
    return tuple(("".join(key.split())[:MOST_KEY], value) for key, value in pairs if key)


def _first_of_each(pairs: Pairs) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in pairs:
        found[key] = found.get(key) or value
    return found


def parse_timeout(body: bytes | str) -> set[str]:
    """Return every conversation id in a message to QueueTimeOutURL, {} where there is none.

    Its shape is not documented: an echo of our request, a Result or flat fields (REFERENCE 4.0).
    The ids of a transaction that was asked about are among them. Raises NotUnderstood for what is
    neither a JSON object nor an array.
    """
    data = parse_json(body)
    if not isinstance(data, dict | list):
        raise NotUnderstood("The body is neither a JSON object nor an array.")
    found: set[str] = set()
    waiting: list[Any] = [data]
    # No recursion: what the JSON parser could nest, our own stack might not.
    while waiting and len(found) < MOST_IDS:
        value = waiting.pop()
        if isinstance(value, dict):
            found |= _ids_of(without_spaces(value))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def _ids_of(members: dict[str, Any]) -> set[str]:
    """Return the ids among an object's members, and of a Key with its Value."""
    pairs = [*members.items(), ("".join(scalar(members, "Key").split()), members.get("Value"))]
    ids = (as_text(value) for key, value in pairs if key.lower() in _CONVERSATION_KEYS)
    return {one[:MOST_ID] for one in ids if one}
