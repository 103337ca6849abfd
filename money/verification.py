"""Recomputes the books from their lines: numbers, balance, chain, movements, heads, triggers.

Everything is read once, in the order of the chain, and only the movements are kept in memory. What
people wrote by hand, and the papers behind it, comes after the books (`money.papers`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

from money import papers, triggers
from money.chain import FIRST_HASH, EntryFacts, canonical_text, link
from money.chart import kind_of
from money.models import ENTRY_IDS_PER_BOOK, Account, Book, Business, Movement
from money.snapshot import snapshot
from money.trail import Trail

CHUNK = 5_000
# What a value that SQLite let in under the wrong type makes of the arithmetic and of the dates.
UNREADABLE = (ArithmeticError, AttributeError, TypeError, ValueError)

Tick = Callable[[int], None]
# entry id, account id, day as text, cents, tax letter: plain tuples, millions of them are read.
LineRow = tuple[int, int, str, int, str]


class Finding(NamedTuple):
    """What is wrong: the book's slug, the entry's number (0: the book itself), a sentence."""

    business: str
    number: int
    what: str


@dataclass(slots=True)
class Report:
    """The outcome: entries and lines read, head hash per slug, and what was found.

    Of each book that is the first finding; of journals and papers it is every one.

    `anchors` says where each hash that was asked for stands: "duka entry 17".
    """

    entries: int = 0
    lines: int = 0
    heads: dict[str, str] = field(default_factory=dict)
    anchors: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return not self.findings


class _EntryRow(NamedTuple):
    id: int
    number: int
    key: str
    occurred_on: date
    posted_at: datetime
    description: str
    source: str
    actor_id: int | None
    reverses_id: int | None
    kind: str
    late_for: date | None
    previous_hash: str
    hash: str


def verify_books(
    tick: Tick = lambda done: None,
    *,
    against: Collection[str] = frozenset(),
    only: str | None = None,
) -> Report:
    """Read every book once, in flat memory, and return what was found; `tick` gets entries read.

    `against` are hashes that left the machine, of an entry or of a closed day: each must still be
    in a chain, or the chain was written anew. `only` is the slug of the one book to read; what is
    wrong with the database as a whole is found all the same.
    """
    report = Report()
    with snapshot():
        report.findings += [Finding("", 0, f"trigger {text}") for text in triggers.differences()]
        books = Business.objects.order_by("pk")
        for business in books.filter(slug=only) if only else books:
            if finding := _Verifier(business, report, tick, frozenset(against)).run():
                report.findings.append(finding)
        report.findings += _orphans()
        found_in_papers = [Finding(*found) for found in papers.check()]
        report.findings += [
            one for one in found_in_papers if not only or one.business in {"", only}
        ]
    report.findings += [
        Finding("", 0, f"no book contains the hash {anchor}: a chain was written anew")
        for anchor in against
        if anchor not in report.anchors
    ]
    return report


def _orphans() -> list[Finding]:
    """Rows without their parent: a plain sqlite3 connection, foreign keys off, can write them."""
    found = []
    for child, parent, column, what in (
        ("money_line", "money_entry", "entry_id", "lines without an entry"),
        ("money_entry", "money_business", "business_id", "entries without a business"),
        ("money_movement", "money_account", "account_id", "movements without an account"),
    ):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT COUNT(*), MIN(c.id) FROM {child} c"  # noqa: S608 our own names
                f" LEFT JOIN {parent} p ON p.id = c.{column} WHERE p.id IS NULL"
            )
            count, first = cursor.fetchone()
        if count:
            found.append(Finding("", 0, f"{count} {what}, the first is {first}"))
    return found


def _stream(sql: str, values: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Return the rows of our own SQL bit by bit. Model fields would take most of the time here."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _in_utc(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the row of an entry with its zone, which SQLite does not keep."""
    at = row[4]
    return (*row[:4], at if at.tzinfo else at.replace(tzinfo=UTC), *row[5:])


class _Verifier:
    """Walks one book along its chain."""

    def __init__(
        self, business: Business, report: Report, tick: Tick, against: frozenset[str]
    ) -> None:
        self.business, self.report, self.tick, self.against = business, report, tick, against
        self.slug, self.first_id = business.slug, business.pk * ENTRY_IDS_PER_BOOK
        rows = Account.objects.filter(business=business)
        self.codes: dict[int, str] = dict(rows.values_list("pk", "code"))
        self.kinds: dict[int, str] = dict(rows.values_list("pk", "kind"))
        self.movements: dict[tuple[int, date, str], list[int]] = defaultdict(lambda: [0, 0])
        self.trail = Trail(business)
        self.number, self.hash = 0, FIRST_HASH

    def run(self) -> Finding | None:
        """Return the first thing that is wrong with this book, or None."""
        try:
            return self._walk()
        except UNREADABLE as trouble:
            what = f"it or one that follows cannot be read: {trouble}"
            return Finding(self.slug, self.number + 1, what)

    def _walk(self) -> Finding | None:
        lines = self._lines()
        for row in self._entries():
            if what := self._check_entry(row, next(lines, (0, []))):
                return Finding(self.slug, row.number, what)
            self.report.entries += 1
            if self.report.entries % CHUNK == 0:
                self.tick(self.report.entries)
        self.report.heads[self.slug] = self.hash
        what = (
            self._check_head()
            or self._check_movements()
            or self._check_kinds()
            or self._check_trail()
        )
        return Finding(self.slug, 0, what) if what else None

    def _entries(self) -> Iterator[_EntryRow]:
        columns = ", ".join(f'"{name}"' for name in _EntryRow._fields)
        rows = _stream(
            f"SELECT {columns} FROM money_entry WHERE business_id = %s ORDER BY number",  # noqa: S608
            [self.business.pk],
        )
        if connection.vendor == "sqlite":
            rows = map(_in_utc, rows)
        return map(_EntryRow._make, rows)

    def _lines(self) -> Iterator[tuple[int, list[LineRow]]]:
        """Return (entry id, its lines) of this book's entries, in order of the entries."""
        rows = _stream(
            "SELECT entry_id, account_id, CAST(occurred_on AS TEXT), amount_cents, tax_class"
            " FROM money_line WHERE entry_id > %s AND entry_id < %s ORDER BY entry_id",
            [self.first_id, self.first_id + ENTRY_IDS_PER_BOOK],
        )
        for entry_id, group in groupby(rows, itemgetter(0)):
            yield entry_id, list(group)

    def _check_entry(self, row: _EntryRow, group: tuple[int, list[LineRow]]) -> str | None:
        """Return what is wrong with an entry, else take it into the chain and the movements."""
        lines_of, lines = group
        number = self.number + 1
        if what := self._check_place(row, number, lines_of):
            return what
        if what := self._check_lines(row, lines):
            return what
        codes = self.codes
        text = canonical_text(
            EntryFacts(self.slug, *row[1:11]),
            [(codes[account_id], cents, tax) for _, account_id, _, cents, tax in lines],
        )
        if link(self.hash, text) != row.hash:
            return "its text does not have its hash: it was altered"
        self.number, self.hash = number, row.hash
        self.report.lines += len(lines)
        if row.hash in self.against:
            self.report.anchors[row.hash] = f"{self.slug} entry {number}"
        return self.trail.check_entry(number, row.hash, row.occurred_on, row.kind)

    def _check_place(self, row: _EntryRow, number: int, lines_of: int) -> str | None:
        if row.number != number:
            return f"the number should be {number}"
        if row.id != self.first_id + number or lines_of != row.id:
            return "its lines are missing or belong to another entry"
        if row.reverses_id and not self.first_id < row.reverses_id < row.id:
            return "it reverses an entry of another book"
        if row.previous_hash != self.hash:
            return "it does not follow its predecessor's hash"
        return None

    def _check_lines(self, row: _EntryRow, lines: list[LineRow]) -> str | None:
        booked_on, month = row.occurred_on.isoformat(), row.occurred_on.replace(day=1)
        codes, movements = self.codes, self.movements
        total = 0
        for _, account_id, day, cents, tax in lines:
            if account_id not in codes or day != booked_on:
                return "a line belongs to another book or to another day"
            total += cents
            movements[account_id, month, tax][0 if cents > 0 else 1] += abs(cents)
        if total or len(lines) < 2:  # noqa: PLR2004 double entry
            return f"its {len(lines)} lines sum to {total} cents, not to zero"
        return None

    def _check_head(self) -> str | None:
        head = Book.objects.filter(business=self.business).first()
        if head is None:
            return "the book's head is missing"
        if (head.last_number, head.head_hash) != (self.number, self.hash):
            return f"the head says entry {head.last_number}, the chain ends at {self.number}"
        return self.trail.check_head(head)

    def _check_movements(self) -> str | None:
        rows = Movement.objects.filter(account__business=self.business).values_list(
            "account_id", "month_on", "tax_class", "debit_cents", "credit_cents"
        )
        stored = {(pk, month, tax): [*sums] for pk, month, tax, *sums in rows}
        for place in sorted(stored.keys() | self.movements.keys()):
            if stored.get(place) != self.movements.get(place):
                account_id, month, tax = place
                letter = f" tax letter {tax}" if tax else ""
                return (
                    f"account {self.codes[account_id]} in {month:%Y-%m}{letter}: movements say"
                    f" {stored.get(place)}, lines say {self.movements.get(place)}"
                )
        return None

    def _check_kinds(self) -> str | None:
        """A code is hashed; the kind must be the one that it begins with."""
        for account_id, code in self.codes.items():
            if self.kinds[account_id] != kind_of(code):
                return f"account {code} is kept as {self.kinds[account_id]}, which it is not"
        return None

    def _check_trail(self) -> str | None:
        for anchor, number in self.trail.hashes.items():
            if anchor in self.against:
                self.report.anchors[anchor] = f"{self.slug} period event {number}"
        return self.trail.check()
