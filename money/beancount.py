"""A book as a beancount 3 file: a second program that shares no line with ours adds it up.

The transactions come from entries and lines, the balances that they are held to from the movements:
`bean-check` compares two sources that `post` wrote apart.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db.models import F, Max, Min, Sum

from money.cents import CENTS_PER_SHILLING
from money.chart import Kind
from money.models import (
    ENTRY_IDS_PER_BOOK,
    Account,
    Book,
    Business,
    Entry,
    EntryKind,
    Line,
    Movement,
)
from money.snapshot import snapshot

CHUNK = 5_000
# Where an account without lines is opened in a book without entries.
NO_DAY = date(2000, 1, 1)
# What beancount calls our kinds.
ROOTS = {
    Kind.ASSET: "Assets",
    Kind.LIABILITY: "Liabilities",
    Kind.EQUITY: "Equity",
    Kind.INCOME: "Income",
    Kind.EXPENSE: "Expenses",
}
# Never opened: a line of an account that is not this book's is an error to bean-check.
STRANGER = "Equity:An-account-of-another-book"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile(r'[\\"\n\r\t]')
# beancount's scanner knows no other way to write these, and ends at a NUL.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _EntryRow(NamedTuple):
    id: int
    number: int
    key: str
    occurred_on: date
    description: str
    source: str
    kind: str
    late_for: date | None
    reverses_number: int | None
    hash: str


def quoted(text: str) -> str:
    """Return `text` as beancount's string on one line; control characters become spaces."""
    escaped = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], _UNWRITABLE.sub(" ", text))
    return f'"{escaped}"'


def amount(cents: int) -> str:
    """Return "-1250.05 KES" for -125005 cents."""
    whole, fraction = divmod(abs(cents), CENTS_PER_SHILLING)
    return f"{'-' if cents < 0 else ''}{whole}.{fraction:02d} KES"


def account_name(slug: str, kind: str, code: str, name: str) -> str:
    """Return "Assets:Duka:1000-Cash-drawer"; "1100.1" becomes "1100x1", since no dot is allowed.

    Two codes of digits and a dot never get one name: what follows them begins with a hyphen.
    """
    book = re.sub(r"[^0-9A-Za-z]+", "-", slug).strip("-")
    words = re.sub(r"[^0-9A-Za-z]+", "-", f" {name}").rstrip("-")
    leaf = re.sub(r"[^0-9A-Za-z]", "x", code) + words
    return f"{ROOTS[Kind(kind)]}:{book[:1].upper()}{book[1:] or 'Book'}:{leaf}"


def write_book(business: Business) -> Iterator[str]:
    """Yield the lines of a beancount file of one book, each with its line end, in flat memory.

    All of it is one moment of the database. The caller reads to the end: a snapshot is open until.
    """
    with snapshot():
        accounts = list(Account.objects.filter(business=business).order_by("code"))
        names = {
            one.pk: account_name(business.slug, one.kind, one.code, one.name) for one in accounts
        }
        first, last = _days_of(business)
        yield from _head(business)
        yield from _opened(business, accounts, names, first)
        lines = _lines(business)
        held = next(lines, None)
        for entry in _entries(business):
            of_it: Iterable[tuple[int, int, str]] = ()
            if held and held[0] == entry.id:
                of_it, held = held[1], next(lines, None)
            yield from _transaction(entry, of_it, names)
        yield "\n; What the monthly movements say, on the first day after.\n"
        yield from _balances(business, names, last + timedelta(days=1))


def _head(business: Business) -> Iterator[str]:
    yield f'option "title" {quoted(business.name)}\n'
    yield 'option "operating_currency" "KES"\n'
    if head := Book.objects.filter(business=business).first():
        yield f"; {business.slug}: {head.last_number} entries, head {head.head_hash}\n"


def _days_of(business: Business) -> tuple[date, date]:
    """Return the first and the last day of the book's lines and entries."""
    days = Entry.objects.filter(business=business).aggregate(
        first=Min("occurred_on"), last=Max("occurred_on")
    )
    return days["first"] or NO_DAY, days["last"] or NO_DAY


def _opened(
    business: Business, accounts: list[Account], names: dict[int, str], first: date
) -> Iterator[str]:
    rows = Line.objects.filter(account__business=business).values_list("account_id")
    since = dict(rows.annotate(first=Min("occurred_on")).order_by())
    yield "\n"
    for account in accounts:
        yield f"{since.get(account.pk, first)} open {names[account.pk]} KES\n"
        yield f"  code: {quoted(account.code)}\n  name: {quoted(account.name)}\n"


def _entries(business: Business) -> Iterator[_EntryRow]:
    fields = ("id", "number", "key", "occurred_on", "description", "source", "kind", "late_for")
    rows = Entry.objects.filter(business=business).order_by("pk")
    listed = rows.values_list(*fields, "reverses__number", "hash")
    return map(_EntryRow._make, listed.iterator(chunk_size=CHUNK))


def _lines(business: Business) -> Iterator[tuple[int, list[tuple[int, int, str]]]]:
    """Return (entry id, its lines as (account id, cents, tax letter)) in order of the entries."""
    first_id = business.pk * ENTRY_IDS_PER_BOOK
    rows = Line.objects.filter(
        entry__business=business,
        entry_id__gt=first_id,
        entry_id__lt=first_id + ENTRY_IDS_PER_BOOK,
    ).order_by("entry_id", "pk")
    fields = rows.values_list("entry_id", "account_id", "amount_cents", "tax_class")
    for entry_id, group in groupby(fields.iterator(chunk_size=CHUNK), itemgetter(0)):
        yield entry_id, [(row[1], row[2], row[3]) for row in group]


def _transaction(
    entry: _EntryRow, lines: Iterable[tuple[int, int, str]], names: dict[int, str]
) -> Iterator[str]:
    yield f"\n{entry.occurred_on} * {quoted(entry.description)}\n"
    yield f"  number: {entry.number}\n  key: {quoted(entry.key)}\n  hash: {quoted(entry.hash)}\n"
    if entry.source:
        yield f"  source: {quoted(entry.source)}\n"
    if entry.kind != EntryKind.FACT:
        yield f"  kind: {quoted(entry.kind)}\n"
    if entry.late_for:
        yield f"  late-for: {entry.late_for}\n"
    if entry.reverses_number:
        yield f"  reverses: {entry.reverses_number}\n"
    for account_id, cents, tax in lines:
        yield f"  {names.get(account_id, STRANGER)}  {amount(cents)}\n"
        if tax:
            yield f"    tax: {quoted(tax)}\n"


def _balances(business: Business, names: dict[int, str], after: date) -> Iterator[str]:
    """Yield what each account must come to after each of its months, and at the end.

    "~ 0.00", because beancount lets a balance differ by a cent where it is not told otherwise.
    """
    rows = (
        Movement.objects.filter(account__business=business)
        .values_list("account_id", "month_on")
        .annotate(cents=Sum(F("debit_cents") - F("credit_cents")))
        .order_by("account_id", "month_on")
    )
    totals = dict.fromkeys(names, 0)
    for account_id, month_on, cents in rows.iterator(chunk_size=CHUNK):
        totals[account_id] += cents
        yield _balance(_next_month(month_on), names[account_id], totals[account_id])
    for account_id, cents in totals.items():
        yield _balance(after, names[account_id], cents)


def _balance(day: date, name: str, cents: int) -> str:
    return f"{day} balance {name}  {amount(cents).replace(' ', ' ~ 0.00 ')}\n"


def _next_month(first_of_month: date) -> date:
    return (first_of_month + timedelta(days=31)).replace(day=1)
