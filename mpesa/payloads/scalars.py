"""Reads JSON and its scalars. Each scalar is kept as exact text, never a float."""

import json
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

NAIROBI = ZoneInfo("Africa/Nairobi")

_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2})0*)?")
# A balance adds up over years and may be owed: charges stand below zero until they are settled.
_BALANCE = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2})0*)?")
_RECEIPT = re.compile(r"[A-Z0-9]{6,20}")
# The date's three characters and zeros stand where there is no transaction (REFERENCE 0.2).
_PLACEHOLDER = re.compile(r"[A-Z0-9]{3}0{7}")
# JSON may spell them; PostgreSQL stores neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# M-Pesa began in 2007; a year far away is a fault, and breaks calendars.
_YEARS = range(2007, 2100)


class NotUnderstood(Exception):
    """The message is not what its address promises; the text says in a few words why."""


def parse_json(body: bytes | str) -> Any:
    """Return what `body` spells, numbers as their own text. Raises NotUnderstood."""
    try:
        return json.loads(body, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("The body is not JSON.") from error


def parse_object(body: bytes | str) -> dict[str, Any]:
    """Return the JSON object in `body`, numbers as their own text. Raises NotUnderstood."""
    data = parse_json(body)
    if not isinstance(data, dict):
        raise NotUnderstood("The body is not a JSON object.")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def scalar(data: dict[str, Any], name: str) -> str:
    """Return the text of a scalar member, "" where it is missing, null, an object or a list."""
    return as_text(data.get(name))


def as_text(value: object) -> str:
    """Return what can be stored of a parsed scalar, without spaces at its ends; else ""."""
    return _UNSTORABLE.sub("", value).strip() if isinstance(value, str) else ""


def without_spaces(data: object) -> dict[str, Any]:
    """Return an object's members under names without spaces, {} for what is no object.

    In 2017 the names had spaces within, and some still have one at the end (REFERENCE 4.0, 4.2).
    A member whose own name has none goes before another that is like it only without them.
    """
    if not isinstance(data, dict):
        return {}
    return {"".join(name.split()): value for name, value in data.items()} | data


def listed(value: object) -> list[Any]:
    """Return the elements of an array; a lone object is an array of one (REFERENCE 4.0)."""
    return [value] if isinstance(value, dict) else value if isinstance(value, list) else []


def parse_amount(text: str) -> int | None:
    """Return the cents of "1500", "1500.0" or "1500.00", or None for anything else."""
    match = _AMOUNT.fullmatch(text) if text.isascii() else None
    return _cents(match[1], match[2]) if match else None


def parse_balance(text: str) -> int | None:
    """Return the cents of an amount that may be negative or very large, None for anything else."""
    match = _BALANCE.fullmatch(text) if text.isascii() else None
    if not match:
        return None
    cents = _cents(match[2], match[3])
    return -cents if match[1] else cents


def _cents(shillings: str, part: str | None) -> int:
    return int(shillings) * 100 + int((part or "0").ljust(2, "0"))


def parse_receipt(text: str) -> str:
    """Return the receipt in capitals, or "" where the text is none."""
    upper = text.upper()
    return upper if text.isascii() and _RECEIPT.fullmatch(upper) else ""


def parse_transaction_id(text: str) -> str:
    """Return the receipt in capitals, or "" where the text is none or the placeholder for none."""
    receipt = parse_receipt(text)
    return "" if _PLACEHOLDER.fullmatch(receipt) else receipt


def parse_time(text: str) -> datetime | None:
    """Return the instant of a 14-digit Nairobi time, or None: a bad time never loses a payment."""
    if len(text) != 14 or not text.isascii() or not text.isdigit():  # noqa: PLR2004
        return None
    try:
        instant = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=NAIROBI)
    except ValueError:
        return None
    return instant if instant.year in _YEARS else None
