"""How long the books are kept, and what stops anything from being given up. Pure.

Two laws ask for it (KENYA.md 6.3): the Tax Procedures Act, section 23, for 5 years, longer while a
dispute runs; the Companies Act for 7. A sole proprietor falls under the first alone, but 7 years
are the default for everybody: who incorporates later has lost nothing.
"""

from datetime import date

from money.calendar import end_of_month, financial_year_of
from money.models import TaxPerson
from money.models.people import DEFAULT_KEEP_YEARS


def kept_until(day: date, year_ends_month: int = 12, keep_years: int = DEFAULT_KEEP_YEARS) -> date:
    """Return the last day on which what happened on `day` still has to be kept.

    The years count from the end of the financial year that holds `day`.
    """
    _, year_end = financial_year_of(day, year_ends_month)
    return end_of_month(date(year_end.year + keep_years, year_ends_month, 1))


def is_held(tax_person: TaxPerson) -> bool:
    """Tell whether a dispute or an audit holds everything of `tax_person`, whatever its age."""
    return tax_person.held_from is not None
