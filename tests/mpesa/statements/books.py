"""Brings statement files into the books of a paybill 600991, and looks at what came of it."""

from datetime import timedelta

from money.chart import Code
from money.queries import balances
from money.verification import verify_books
from mpesa.actions.statements import bring_in, confirm, upload
from mpesa.queries import inbox_of
from mpesa.reconciliation import days_of
from tests.make import NOW, TODAY, a_business, a_till
from tests.mpesa.statements.makers import as_csv, new

MORNING = NOW + timedelta(hours=20)  # of the 23rd, when the 22nd is over
PAY = "Pay Bill from 2547****101 - ACHIENG DEMO Acc. INV-1"
REVERSE = "Pay Bill Reversal from 2547****101 - ACHIENG DEMO"


def a_paybill():
    return a_till(a_business(), number="600991", shortcode="600991")


def named(first="2026-11-22", last="2026-11-22", ending="csv", shortcode="600991"):
    return f"Statements for {shortcode} from {first} to {last}.{ending}"


def load(till, content, name=None, *, now=MORNING, by=None):
    """Upload, confirm and bring in, as an owner who is sure."""
    found = upload(till=till, name=name or named(), content=content, by=by, now=now)
    confirm(upload_id=found.pk, by=by)
    return bring_in(upload_id=found.pk, tick=lambda done, total: None, now=now)


def load_rows(till, *rows, name=None, now=MORNING):
    return load(till, as_csv(new(*rows)), name, now=now)


def books(till):
    """Return what is in the accounts that a statement touches, in cents."""
    found = balances(till.business)
    codes = (Code.MPESA_TILL, Code.BANK, Code.UNIDENTIFIED, Code.MPESA_CHARGES)
    return tuple(found.get(code, 0) for code in codes)


def check(till):
    """The inbox equals its account, and the books verify."""
    inbox = inbox_of([till.business]).get(till.business_id, 0)
    assert inbox == -balances(till.business).get(Code.UNIDENTIFIED, 0)
    assert verify_books().is_ok


def the_day(till, day=TODAY):
    (match,) = days_of(till=till, first=day, last=day)
    return match
