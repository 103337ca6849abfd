"""Every check that the floors have, by name: `verify` runs them, and so does the night.

A floor that keeps a record beside the books adds its check here.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from money.verification import Finding, verify_books
from mpesa.verification import verify_inbox
from shops.cash_verification import verify_cash
from shops.stock_verification import verify_stock
from shops.verification import verify_sales


class Untied(Exception):
    """A control account is not what its records add up to; the message names the first one."""


class Outcome(NamedTuple):
    """What a check found, and what it is called."""

    check: str
    findings: list[Finding]


# What stands beside the books and must equal them, to the cent.
SUB_LEDGERS: Mapping[str, Callable[[], list[Finding]]] = {
    "inbox": verify_inbox,
    "sales": verify_sales,
    "cash": verify_cash,
    "stock": verify_stock,
}


def verify_sub_ledgers() -> list[Outcome]:
    """Run every check of a record beside the books, each in a snapshot of its own."""
    return [Outcome(name, check()) for name, check in SUB_LEDGERS.items()]


def verify_everything() -> list[Outcome]:
    """Run every check of every floor: the books first, then what must equal them."""
    return [Outcome("books", verify_books().findings), *verify_sub_ledgers()]
