"""Balances and charges as texts within a result. REFERENCE 4.2, 4.3 and 4.6."""

import re
from typing import NamedTuple

from mpesa.payloads.scalars import parse_balance

MOST_NAME = 100
# "{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}": a Java map, printed.
_BASIC_AMOUNT = re.compile(r"BasicAmount\s*=\s*(-?[0-9.]{1,20})")


class Balance(NamedTuple):
    """What an account holds, in cents; `available_cents` leaves out what is reserved."""

    current_cents: int
    available_cents: int | None


def parse_balances(text: str) -> dict[str, Balance]:
    """Return account name -> Balance; what is not understood is left out.

    Accounts are joined by "&", their fields by "|": name, currency, current, available, reserved,
    uncleared. A printed Java map names no account: its key is "".
    """
    if match := _BASIC_AMOUNT.search(text):
        cents = parse_balance(match[1])
        return {} if cents is None else {"": Balance(cents, cents)}
    found: dict[str, Balance] = {}
    for part in text.split("&"):
        name, _currency, current, available, *_ = [*map(str.strip, part.split("|")), "", "", ""]
        cents = parse_balance(current)
        if name and cents is not None:
            found.setdefault(name[:MOST_NAME], Balance(cents, parse_balance(available)))
    return found


def parse_charges(text: str) -> int | None:
    """Return the sum in cents of "Pay Utility Charge|KES|55.00", several joined by "&".

    Nothing is 0; what is not understood is None, since a charge that is guessed is wrong.
    """
    total_cents = 0
    for part in filter(str.strip, text.split("&")):
        cents = parse_balance(part.rpartition("|")[2].strip())
        if cents is None:
            return None
        total_cents += cents
    return total_cents
