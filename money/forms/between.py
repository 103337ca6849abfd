"""The form that moves money between two businesses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from money.cents import NotAnAmount, parse_shillings
from money.forms.days import read_day
from money.forms.fields import is_form_key

MOST_DESCRIPTION = 200


class BadMove(ValueError):
    """The form names no transfer yet; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer: from an account of one business to one of another, each "slug code"."""

    key: str
    giver: str
    giver_code: str
    taker: str
    taker_code: str
    cents: int
    day: date
    description: str


def read_move(fields: Mapping[str, str]) -> Move:
    """Return the transfer. Raises BadMove and BadDay."""
    key = fields.get("key", "")
    if not is_form_key(key):
        raise BadMove("This page is incomplete. Reload it and fill it in again.")
    giver, giver_code = _side(fields.get("from", ""), "the money comes from")
    taker, taker_code = _side(fields.get("to", ""), "the money goes to")
    try:
        cents = parse_shillings(fields.get("amount", ""))
    except NotAnAmount as error:
        raise BadMove(str(error)) from error
    description = fields.get("description", "").strip()
    if not description:
        raise BadMove("Say what the money is moved for.")
    if len(description) > MOST_DESCRIPTION:
        raise BadMove(f"The description has more than {MOST_DESCRIPTION} letters.")
    day = read_day(fields.get("day", ""))
    return Move(key, giver, giver_code, taker, taker_code, cents, day, description)


def _side(text: str, what: str) -> tuple[str, str]:
    slug, _, code = text.partition(" ")
    if not slug or not code:
        raise BadMove(f"Choose the account that {what}.")
    return slug, code
