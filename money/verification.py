"""Recomputes the books from their lines: numbers, balance, chain, movements, heads, triggers."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db import connection

from money import triggers
from money.chain import FIRST_HASH, EntryFacts, canonical_text, link
from money.models import ENTRY_IDS_PER_BOOK, Account, Book, Business, Entry, Line, Movement
from money.snapshot import snapshot

CHUNK = 5_000
# What a value that SQLite let in under the wrong type makes of the arithmetic and of the dates.
UNREADABLE = (ArithmeticError, AttributeError, TypeError, ValueError)

Tick = Callable[[int], None]


class Finding(NamedTuple):
    """What is wrong: the book's slug, the entry's number (0: the book itself), a sentence."""

    business: str
    number: int
    what: str


@dataclass(slots=True)
class Report:
    """The outcome: entries and lines read, head hash per slug, and the first finding per book."""

    entries: int = 0
    lines: int = 0
    heads: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return not self.findings


class _LineRow(NamedTuple):
    entry_id: int
    account_id: int
    occurred_on: date
    amount_cents: int


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
    previous_hash: str
    hash: str


def verify_books(tick: Tick = lambda done: None) -> Report:
    """Read every book once, in flat memory, and return what was found; `tick` gets entries read."""
    report = Report()
    with snapshot():
        report.findings += [Finding("", 0, f"trigger {text}") for text in triggers.differences()]
        for business in Business.objects.order_by("pk"):
            if finding := _Verifier(business, report, tick).run():
                report.findings.append(finding)
        report.findings += _orphans()
    return report


def _orphans() -> list[Finding]:
    """Lines without an entry: a plain sqlite3 connection, foreign keys off, can write them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*), MIN(l.id) FROM money_line l"
            " LEFT JOIN money_entry e ON e.id = l.entry_id WHERE e.id IS NULL"
        )
        count, first = cursor.fetchone()
    return (
        [Finding("", 0, f"{count} lines without an entry, the first is {first}")] if count else []
    )


class _Verifier:
    """Walks one book along its chain."""

    def __init__(self, business: Business, report: Report, tick: Tick) -> None:
        self.business, self.report, self.tick = business, report, tick
        rows = Account.objects.filter(business=business).values_list("pk", "code")
        self.codes: dict[int, str] = dict(rows)
        self.movements: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0])
        self.number, self.hash = 0, FIRST_HASH

    def run(self) -> Finding | None:
        """Return the first thing that is wrong with this book, or None."""
        try:
            return self._walk()
        except UNREADABLE as trouble:
            what = f"it or one that follows cannot be read: {trouble}"
            return Finding(self.business.slug, self.number + 1, what)

    def _walk(self) -> Finding | None:
        lines = self._lines()
        for row in self._entries():
            if what := self._check_entry(row, next(lines, (0, []))):
                return Finding(self.business.slug, row.number, what)
            self.report.entries += 1
            if self.report.entries % CHUNK == 0:
                self.tick(self.report.entries)
        self.report.heads[self.business.slug] = self.hash
        what = self._check_head() or self._check_movements()
        return Finding(self.business.slug, 0, what) if what else None

    def _entries(self) -> Iterator[_EntryRow]:
        rows = Entry.objects.filter(business=self.business).order_by("number")
        fields = rows.values_list(*_EntryRow._fields)
        return map(_EntryRow._make, fields.iterator(chunk_size=CHUNK))

    def _lines(self) -> Iterator[tuple[int, list[_LineRow]]]:
        """Return (entry id, its lines) of this book's entries, in order of the entries."""
        first = self.business.pk * ENTRY_IDS_PER_BOOK
        rows = Line.objects.filter(
            entry__business=self.business,
            entry_id__gt=first,
            entry_id__lt=first + ENTRY_IDS_PER_BOOK,
        ).order_by("entry_id")
        fields = rows.values_list(*_LineRow._fields).iterator(chunk_size=CHUNK)
        for entry_id, group in groupby(map(_LineRow._make, fields), itemgetter(0)):
            yield entry_id, list(group)

    def _check_entry(self, row: _EntryRow, group: tuple[int, list[_LineRow]]) -> str | None:
        """Return what is wrong with an entry, else take it into the chain and the movements."""
        lines_of, lines = group
        if row.number != self.number + 1:
            return f"the number should be {self.number + 1}"
        if row.id != self.business.pk * ENTRY_IDS_PER_BOOK + row.number or lines_of != row.id:
            return "its lines are missing or belong to another entry"
        if row.previous_hash != self.hash:
            return "it does not follow its predecessor's hash"
        if what := self._check_lines(row, lines):
            return what
        facts = EntryFacts(self.business.slug, *row[1:9])
        text = canonical_text(facts, [(self.codes[line[1]], line[3]) for line in lines])
        if link(self.hash, text) != row.hash:
            return "its text does not have its hash: it was altered"
        self.number, self.hash = row.number, row.hash
        self.report.lines += len(lines)
        return None

    def _check_lines(self, row: _EntryRow, lines: list[_LineRow]) -> str | None:
        month = row.occurred_on.replace(day=1)
        total = 0
        for _, account_id, day, cents in lines:
            if account_id not in self.codes or day != row.occurred_on:
                return "a line belongs to another book or to another day"
            total += cents
            self.movements[account_id, month][0 if cents > 0 else 1] += abs(cents)
        if total or len(lines) < 2:  # noqa: PLR2004 double entry
            return f"its {len(lines)} lines sum to {total} cents, not to zero"
        return None

    def _check_head(self) -> str | None:
        head = Book.objects.filter(business=self.business).first()
        if head is None:
            return "the book's head is missing"
        if (head.last_number, head.head_hash) != (self.number, self.hash):
            return f"the head says entry {head.last_number}, the chain ends at {self.number}"
        return None

    def _check_movements(self) -> str | None:
        stored = {
            (account_id, month): [debit, credit]
            for account_id, month, debit, credit in Movement.objects.filter(
                account__business=self.business
            ).values_list("account_id", "month_on", "debit_cents", "credit_cents")
        }
        for place in sorted(stored.keys() | self.movements.keys()):
            if stored.get(place) != self.movements.get(place):
                account_id, month = place
                return (
                    f"account {self.codes[account_id]} in {month:%Y-%m}: movements say"
                    f" {stored.get(place)}, lines say {self.movements.get(place)}"
                )
        return None
