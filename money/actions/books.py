"""Open a business with its book and its chart of accounts, add accounts, load the shipped rates."""

import re
from datetime import date

from django.db import transaction

from money.chart import CHART, kind_of, parent_of
from money.models import (
    Account,
    Book,
    Business,
    ExciseRate,
    TaxClass,
    TaxPerson,
    TaxRate,
)

# VAT Act 2013 (second schedule, section 5) and its later rates; the owner adds rows, never edits.
SHIPPED_TAX_RATES: tuple[tuple[TaxClass, date, int], ...] = (
    (TaxClass.EXEMPT, date(2013, 9, 2), 0),
    (TaxClass.STANDARD, date(2013, 9, 2), 1600),
    (TaxClass.STANDARD, date(2020, 4, 1), 1400),
    (TaxClass.STANDARD, date(2021, 1, 1), 1600),
    (TaxClass.ZERO, date(2013, 9, 2), 0),
    (TaxClass.NON_VAT, date(2013, 9, 2), 0),
    (TaxClass.REDUCED, date(2018, 9, 21), 800),
)
# Legal Notice 217/2021 and its adjustment by 6.3 % in Legal Notice 176/2022: KES 6.03, then 6.41.
SHIPPED_EXCISE_RATES: tuple[tuple[date, int], ...] = (
    (date(2021, 11, 2), 603_000),
    (date(2022, 10, 1), 641_000),
)
_CODE = re.compile(r"[1-6]\d{3}(\.\d{1,3})?")


class BadAccount(Exception):
    """The account cannot be opened; the message is a sentence for who asked."""


def open_business(
    *, tax_person: TaxPerson, slug: str, name: str, trade: str, address: str = "", phone: str = ""
) -> Business:
    """Open a business with its book and its chart of accounts, or return the one with this slug."""
    with transaction.atomic():
        business, _ = Business.objects.get_or_create(
            slug=slug,
            defaults={
                "tax_person": tax_person,
                "name": name,
                "trade": trade,
                "address": address,
                "phone": phone,
            },
        )
        Book.objects.get_or_create(business=business)
        Account.objects.bulk_create(
            [
                Account(business=business, code=row.code, name=row.name, kind=row.kind)
                for row in CHART
            ],
            ignore_conflicts=True,
        )
    return business


def open_account(*, business: Business, code: str, name: str) -> Account:
    """Open an account: "6140" beside the chart's, or "1100.1" under the 1100 that exists.

    The kind follows from the first digit. The same code and name returns the account that is
    there. Raises BadAccount for a code of another shape, without its parent, or taken.
    """
    if not _CODE.fullmatch(code):
        raise BadAccount("A code is four digits such as 6140, or an account and a number: 1100.1.")
    if not name.strip():
        raise BadAccount("Give the account a name.")
    with transaction.atomic():
        there = Account.objects.filter(business=business)
        if parent_of(code) != code and not there.filter(code=parent_of(code)).exists():
            raise BadAccount(f"There is no account {parent_of(code)} to put {code} under.")
        account, _ = there.get_or_create(
            business=business,
            code=code,
            defaults={"name": name.strip(), "kind": kind_of(code)},
        )
    if account.name != name.strip():
        raise BadAccount(f"{code} is taken already: {account.name}.")
    return account


def load_tax_rates() -> None:
    """Make sure that the tax rates we ship are there; rows that exist stay as they are."""
    TaxRate.objects.bulk_create(
        [TaxRate(tax_class=c, from_on=day, rate_bp=bp) for c, day, bp in SHIPPED_TAX_RATES],
        ignore_conflicts=True,
    )
    ExciseRate.objects.bulk_create(
        [ExciseRate(from_on=day, cents_per_1000_litres=c) for day, c in SHIPPED_EXCISE_RATES],
        ignore_conflicts=True,
    )
