"""What stands in one cell, as text: amounts, moments and references."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from mpesa.payloads import NAIROBI

EPOCH_1900 = date(1899, 12, 30)
EPOCH_1904 = date(1904, 1, 1)

# PostgreSQL stores neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_QUOTES = "\"'\u2018\u2019\u201c\u201d"
_AMOUNT = re.compile(r"([+-]?)(\d{1,11}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2})0*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_YEAR_FIRST = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d{1,15})?")
_DAMAGED = re.compile(r"(\d+)\.0+")
# M-Pesa began in 2007; a year far away is a fault, and breaks calendars.
_YEARS = range(2007, 2100)
_SECONDS_OF_A_DAY = 86_400


def clean(text: str) -> str:
    """Return `text` as a database can keep it, with single spaces, at most 1,000 characters."""
    return " ".join(_UNSTORABLE.sub("", text).split())[:1000]


def clean_reference(text: str) -> str:
    """Return an account number without the ".0" that Excel gives it; leading zeros stay."""
    damaged = _DAMAGED.fullmatch(text)
    return damaged[1] if damaged else text


def parse_cents(text: str) -> int | None:
    """Return the signed cents of `1,500.00`, `-20.00`, `'1500.5`; 0 for an empty cell.

    Returns None for everything else, also for a third decimal and for a comma out of its place.
    """
    bare = "".join(text.split()).strip(_QUOTES).replace("\u2212", "-")
    if bare in {"", "-"}:
        return 0
    match = _AMOUNT.fullmatch(bare) if bare.isascii() else None
    if not match:
        return None
    cents = int(match[2].replace(",", "")) * 100 + int((match[3] or "").ljust(2, "0"))
    return -cents if match[1] == "-" else cents


def parse_moment(text: str, epoch: date = EPOCH_1900) -> datetime | None:
    """Return the Nairobi instant of a cell, or None.

    Takes `22-11-2026 10:15:47`, `22/11/2026 ...`, `2026-11-22 ...` and an Excel serial, which
    counts days since `epoch`.
    """
    bare = text.strip().strip(_QUOTES)
    if not bare.isascii():
        return None
    try:
        if day_first := _DAY_FIRST.fullmatch(bare):
            day, _, month, year, *clock = day_first.groups("0")
        elif year_first := _YEAR_FIRST.fullmatch(bare):
            year, _, month, day, *clock = year_first.groups("0")
        elif _SERIAL.fullmatch(bare):
            return _within(_of_serial(bare, epoch))
        else:
            return None
        hour, minute, second = map(int, clock)
        moment = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=NAIROBI)
    except (ValueError, OverflowError):
        return None
    return _within(moment)


def _of_serial(text: str, epoch: date) -> datetime:
    """Return the instant of an Excel serial, to the nearest second: its fraction is a float."""
    seconds = int(Decimal(text) * _SECONDS_OF_A_DAY + Decimal("0.5"))
    midnight = datetime(epoch.year, epoch.month, epoch.day, tzinfo=NAIROBI)
    return (midnight.replace(tzinfo=None) + timedelta(seconds=seconds)).replace(tzinfo=NAIROBI)


def _within(moment: datetime) -> datetime | None:
    return moment if moment.year in _YEARS else None
