"""Who owns what, and the books.

`people` are users, tax persons and businesses; `devices` are PINs and where they are typed; `staff`
is how far roles go and what was done to people; `tax` are dated rates; `ledger` are accounts,
entries and lines; `periods` is the trail of what was closed; `journals` is what an accountant
writes by hand before it is posted. Amounts are cents, debit positive, credit negative.
"""

from money.chain import ENTRY_IDS_PER_BOOK
from money.models.devices import MOST_WRONG_TRIES, Device, Pin, WrongTry
from money.models.journals import Attachment, Journal, JournalLine, JournalState
from money.models.ledger import (
    Account,
    AccountKind,
    Book,
    Entry,
    EntryKind,
    Line,
    Movement,
)
from money.models.people import Business, Membership, Role, TaxPerson, Trade, User
from money.models.periods import PeriodChange, PeriodEvent
from money.models.staff import RoleLimit, SignInTry, StaffChange, StaffEvent
from money.models.tax import ExciseRate, TaxClass, TaxRate

__all__ = [
    "ENTRY_IDS_PER_BOOK",
    "MOST_WRONG_TRIES",
    "Account",
    "AccountKind",
    "Attachment",
    "Book",
    "Business",
    "Device",
    "Entry",
    "EntryKind",
    "ExciseRate",
    "Journal",
    "JournalLine",
    "JournalState",
    "Line",
    "Membership",
    "Movement",
    "PeriodChange",
    "PeriodEvent",
    "Pin",
    "Role",
    "RoleLimit",
    "SignInTry",
    "StaffChange",
    "StaffEvent",
    "TaxClass",
    "TaxPerson",
    "TaxRate",
    "Trade",
    "User",
    "WrongTry",
]
