"""Months and financial years. Pure."""

from calendar import monthrange
from datetime import date

DECEMBER = 12


def end_of_month(day: date) -> date:
    """Return the last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def financial_year_of(day: date, year_ends_month: int) -> tuple[date, date]:
    """Return the first and the last day of the financial year that holds `day`.

    `year_ends_month` is 1 to 12. A year that ends with February ends on the 28th or the 29th.
    """
    ends_in = day.year if day.month <= year_ends_month else day.year + 1
    first = (
        date(ends_in, 1, 1)
        if year_ends_month == DECEMBER
        else date(ends_in - 1, year_ends_month + 1, 1)
    )
    return first, end_of_month(date(ends_in, year_ends_month, 1))
