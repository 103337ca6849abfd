"""Loads books of any size, quickly: the same months and accounts, more or fewer lines.

Lines, entries, chain, movements and heads are what `post` would have left: `verify_books` agrees.
It needs Django to be set up.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from money import triggers
from money.actions.books import open_business
from money.chain import FIRST_HASH, EntryFacts, canonical_text, link
from money.chart import CHART
from money.models import ENTRY_IDS_PER_BOOK, Account, Business, TaxPerson

# Eighty-four months.
FIRST_DAY, LAST_DAY = date(2019, 12, 1), date(2026, 11, 22)
SLUGS = ("duka", "laundry", "water")
# One side of each entry; the first of them is the busiest account of its business.
MONEY_CODES = ("1000", "1000", "1000", "1100", "1100", "1200")
BUSIEST = "1000"
OTHER_CODES = 42
BATCH = 20_000

LINE = ("entry_id", "account_id", "occurred_on", "amount_cents", "tax_class")
ENTRY = (
    *("id", "business_id", "number", "key", "occurred_on", "posted_at", "description", "source"),
    *("kind", "previous_hash", "hash"),
)
MOVEMENT = ("account_id", "month_on", "tax_class", "debit_cents", "credit_cents")


def load(lines: int) -> None:
    """Fill an empty, migrated database with entries of 2, 4 and 6 lines, `lines` lines in all.

    Four in the mean: KENYA counts 4 to 6 lines to an entry (money, VAT, cost of sales, stock).
    """
    person = TaxPerson.objects.create(kra_pin="A001234567Z", name="Amina")
    businesses = [
        open_business(tax_person=person, slug=slug, name=slug, trade="retail") for slug in SLUGS
    ]
    books = [_Book(business) for business in businesses]
    triggers.drop()
    if connection.vendor == "sqlite":
        _into_sqlite(books, lines)
    else:
        _into_postgresql(books, lines)
    triggers.install()


@dataclass
class _Book:
    """A book that grows in memory, as far as its head and its movements."""

    business: Business
    number: int = 0
    hash: str = FIRST_HASH
    movements: dict[tuple[int, date, str], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accounts = dict(Account.objects.filter(business=self.business).values_list("code", "pk"))
        others = [row.code for row in CHART if row.code not in MONEY_CODES][::2]
        others += [row.code for row in CHART if row.code not in {*MONEY_CODES, *others}]
        self._sides = itertools.cycle(
            [
                ((code, accounts[code], ""), (other, accounts[other], "B" if other > "4" else ""))
                for code, other in itertools.product(MONEY_CODES, others[:OTHER_CODES])
            ]
        )
        self.movements = defaultdict(lambda: [0, 0])

    def add(self, day: date, at: datetime) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
        """Return the row of the next entry, and those of its lines."""
        self.number += 1
        sides = [side for _ in range(1 + self.number % 3) for side in next(self._sides)]
        amount = 1_000 + self.number * 37 % 90_000
        slug, key = self.business.slug, f"{self.business.slug}:{self.number}"
        what, source = f"Sale {self.number % 500} over the counter", f"sale:{self.number}"
        said = [
            (code, -amount if side % 2 else amount, tax)
            for side, (code, _, tax) in enumerate(sides)
        ]
        facts = EntryFacts(slug, self.number, key, day, at, what, source, None, None)
        previous, self.hash = self.hash, link(self.hash, canonical_text(facts, said))
        pk = self.business.pk * ENTRY_IDS_PER_BOOK + self.number
        lines = []
        for side, (_, account_id, tax) in enumerate(sides):
            self.movements[account_id, day.replace(day=1), tax][side % 2] += amount
            lines.append((pk, account_id, day, -amount if side % 2 else amount, tax))
        entry = (pk, self.business.pk, self.number, key, day, at, what, source, "fact")
        return (*entry, previous, self.hash), lines

    def movement_rows(self) -> list[tuple[Any, ...]]:
        return [(*place, *cents) for place, cents in self.movements.items()]


def _batches(books: Sequence[_Book], lines: int) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield entries and their lines, the books in turn, the days in order."""
    entries_per_book, days = lines // 4 // len(books), (LAST_DAY - FIRST_DAY).days + 1
    entries: list[Any] = []
    rows: list[Any] = []
    for index in range(entries_per_book):
        day = FIRST_DAY + timedelta(days=index * days // entries_per_book)
        at = datetime.combine(day, time(9), UTC)
        for book in books:
            entry, its_lines = book.add(day, at)
            entries.append(entry)
            rows += its_lines
        if len(entries) >= BATCH:
            yield entries, rows
            entries, rows = [], []
    yield entries, rows


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _into_sqlite(books: Sequence[_Book], lines: int) -> None:
    connection.ensure_connection()
    raw = connection.connection
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA foreign_keys = OFF")
    found = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('money_line', 'money_entry')"
    ).fetchall()
    raw.execute("BEGIN")
    for name, _ in found:
        raw.execute(f'DROP INDEX "{name}"')

    def insert(table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(names))
        raw.executemany(f"INSERT INTO {table} ({_columns(names)}) VALUES ({marks})", rows)

    for entries, rows in _batches(books, lines):
        insert("money_entry", ENTRY, list(map(_in_text, entries)))
        insert("money_line", LINE, list(map(_in_text, rows)))
    for book in books:
        insert("money_movement", MOVEMENT, list(map(_in_text, book.movement_rows())))
        raw.execute(
            "UPDATE money_book SET last_number = ?, head_hash = ? WHERE business_id = ?",
            (book.number, book.hash, book.business.pk),
        )
    for _, sql in found:
        raw.execute(sql)
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _in_text(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with its day and its instant as Django stores them on SQLite."""
    return tuple(
        str(value.replace(tzinfo=None))
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, date)
        else value
        for value in row
    )


def _into_postgresql(books: Sequence[_Book], lines: int) -> None:
    connection.ensure_connection()
    raw = connection.connection
    found = raw.execute(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),"
        " format('ALTER TABLE %s ADD CONSTRAINT %I ', conrelid::regclass, conname)"
        " || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        " AND conrelid IN ('money_line'::regclass, 'money_entry'::regclass)"
        " UNION ALL SELECT 'DROP INDEX ' || quote_ident(indexname), indexdef FROM pg_indexes"
        " WHERE tablename IN ('money_line', 'money_entry') AND indexdef NOT LIKE '%UNIQUE%'"
    ).fetchall()
    for drop, _ in found:
        raw.execute(drop)

    def copy(table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        with raw.cursor().copy(f"COPY {table} ({_columns(names)}) FROM STDIN") as target:
            for row in rows:
                target.write_row(row)

    for entries, rows in _batches(books, lines):
        copy("money_entry", ENTRY, entries)
        copy("money_line", LINE, rows)
    for book in books:
        copy("money_movement", MOVEMENT, book.movement_rows())
        raw.execute(
            "UPDATE money_book SET last_number = %s, head_hash = %s WHERE business_id = %s",
            (book.number, book.hash, book.business.pk),
        )
    for _, make in found:
        raw.execute(make)
    raw.execute("VACUUM ANALYZE")
