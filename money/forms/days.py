"""Days and periods as an address or a form names them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from money.calendar import financial_year_of
from money.report import EVER, BadPeriod, Period

# Far from the ends of the calendar: a period before the first and a day after the last exist.
FIRST_YEAR, LAST_YEAR = 2000, 2099
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


class BadDay(ValueError):
    """The text names no day, month or period that books can have; the message says what does."""


@dataclass(frozen=True, slots=True)
class QuickPeriod:
    """A period that is asked for often, by its name."""

    name: str
    period: Period


def read_day(text: str, what: str = "day") -> date:
    """Return the day that `text` names, as 2026-11-22. Raises BadDay."""
    day = None
    if _DAY.fullmatch(text.strip()):
        try:
            day = date.fromisoformat(text.strip())
        except ValueError:
            day = None
    if day is None:
        raise BadDay(f"Write the {what} as a date such as 2026-11-22.")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadDay(f"The {what} is a date from {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def read_month(text: str) -> date:
    """Return the first day of the month that `text` names, as 2026-11. Raises BadDay."""
    match = _MONTH.fullmatch(text.strip())
    if not match:
        raise BadDay("Write the month as 2026-11.")
    return read_day(f"{text.strip()}-01", "month")


def read_period(fields: Mapping[str, str], today: date) -> Period:
    """Return the period from "from" to "to"; this month so far where none is named.

    Raises BadDay.
    """
    to_on, from_on = _days_of(fields, today)
    return _period(from_on or to_on.replace(day=1), to_on)


def read_period_since_ever(fields: Mapping[str, str], today: date) -> Period:
    """Return the period from "from" to "to"; everything up to "to" where no first day is named.

    Raises BadDay.
    """
    to_on, from_on = _days_of(fields, today)
    return _period(from_on or EVER, to_on)


def _days_of(fields: Mapping[str, str], today: date) -> tuple[date, date | None]:
    to_text, from_text = fields.get("to", "").strip(), fields.get("from", "").strip()
    to_on = read_day(to_text, "last day") if to_text else today
    return to_on, read_day(from_text, "first day") if from_text else None


def _period(from_on: date, to_on: date) -> Period:
    try:
        return Period(from_on, to_on)
    except BadPeriod as crossed:
        raise BadDay(str(crossed)) from crossed


def year_of(day: date, year_ends_month: int) -> Period:
    """Return the financial year that `day` is in."""
    return Period(*financial_year_of(day, year_ends_month))


def quick_periods(today: date, year_ends_month: int) -> list[QuickPeriod]:
    """Return the periods that are asked for often, the current ones up to today.

    A year is a financial year.
    """
    month = Period(today.replace(day=1), today)
    last_on = month.from_on - timedelta(days=1)
    year = year_of(today, year_ends_month)
    return [
        QuickPeriod("This month", month),
        QuickPeriod("Last month", Period(last_on.replace(day=1), last_on)),
        QuickPeriod("This year", Period(year.from_on, today)),
        QuickPeriod("Last year", year_of(year.from_on - timedelta(days=1), year_ends_month)),
    ]
