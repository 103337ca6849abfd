"""The ground floor in the admin: the books are read only, rows are of one's own businesses.

`scope` is who sees which rows; `people`, `tax`, `books` and `journals` are the pages.
"""

from money.admin.books import AccountAdmin, EntryAdmin, LineInline, PeriodEventAdmin
from money.admin.journals import JournalAdmin
from money.admin.people import BusinessAdmin, MembershipInline, PersonAdmin
from money.admin.scope import OfMine, OnlyShownLookups, ReadOnly, Scoped, manages_all
from money.admin.tax import ExciseRateAdmin, TaxPersonAdmin, TaxRateAdmin, TaxRateForm

__all__ = [
    "AccountAdmin",
    "BusinessAdmin",
    "EntryAdmin",
    "ExciseRateAdmin",
    "JournalAdmin",
    "LineInline",
    "MembershipInline",
    "OfMine",
    "OnlyShownLookups",
    "PeriodEventAdmin",
    "PersonAdmin",
    "ReadOnly",
    "Scoped",
    "TaxPersonAdmin",
    "TaxRateAdmin",
    "TaxRateForm",
    "manages_all",
]
