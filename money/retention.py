"""How long the books are kept, and what stops anything from being given up. Pure.

Two laws ask for it (KENYA.md 6.3): the Tax Procedures Act, section 23, for 5 years, longer while a
dispute runs; the Companies Act for 7. A sole proprietor falls under the first alone, but 7 years
are the default for everybody: who incorporates later has lost nothing.
"""

from calendar import monthrange
from datetime import date

from money.models import TaxPerson
from money.models.people import DEFAULT_KEEP_YEARS


def financial_year_of(day: date, year_ends_month: int) -> tuple[date, date]:
    """Return the first and the last day of the financial year that holds `day`.

    `year_ends_month` is 1 to 12. A year that ends with February ends on the 28th or the 29th.
    """
    ends_in = day.year if day.month <= year_ends_month else day.year + 1
    first = (
        date(ends_in, 1, 1)
        if year_ends_month == 12  # noqa: PLR2004 December
        else date(ends_in - 1, year_ends_month + 1, 1)
    )
    return first, _last_of(ends_in, year_ends_month)


def kept_until(day: date, year_ends_month: int = 12, keep_years: int = DEFAULT_KEEP_YEARS) -> date:
    """Return the last day on which what happened on `day` still has to be kept.

    The years count from the end of the financial year that holds `day`.
    """
    _, year_end = financial_year_of(day, year_ends_month)
    return _last_of(year_end.year + keep_years, year_ends_month)


def is_held(tax_person: TaxPerson) -> bool:
    """Tell whether a dispute or an audit holds everything of `tax_person`, whatever its age."""
    return tax_person.held_from is not None


def _last_of(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
