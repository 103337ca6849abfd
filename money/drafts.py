"""An entry before it is posted: what it says, and what of it is refused before SQL is asked. Pure.

A line is (account code, cents) or (account code, cents, tax letter); debit is positive.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from money.chain import ChainLine
from money.models import Business, EntryKind, TaxClass, User
from money.report import EVER, LAST_DAY

LEAST_LINES = 2
MOST_LINES = 500
# Ten million million shillings: sums stay within 64 bits, which SQLite does not check.
MOST_LINE_CENTS = 10**15
# SQLite does not check the length of a text; PostgreSQL would refuse the book when it moves there.
MOST_LETTERS = (("key", 100), ("description", 200), ("source", 60))
_TAX_LETTERS = frozenset({"", *TaxClass.values})

DraftLine = ChainLine


class Unbalanced(Exception):
    """The lines of an entry are too few, too many, not of whole cents, zero, or sum to non-zero."""


class TooLong(Exception):
    """The key, the description or the source has more letters than its column."""


class OutOfTime(Exception):
    """The day is before or after all that a statement can show: a typing error, surely."""


class UnknownTax(Exception):
    """A line has a tax letter that is none of eTIMS's."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted entry: its id, its number in the book, its hash, and whether this call wrote it.

    `occurred_on` is the day in the books, which is later than the draft's where that was closed.
    """

    entry_id: int
    number: int
    hash: str
    is_new: bool
    occurred_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry to be posted. `lines` are (account code, cents[, tax letter]), debit positive.

    `key` makes the posting happen once; `occurred_on` is the business day in Nairobi. A fact of a
    closed day goes to the day it became known; an adjustment stays, unless its month is locked.
    """

    business: Business
    key: str
    occurred_on: date
    description: str
    lines: Sequence[DraftLine]
    source: str = ""
    actor: User | None = None
    reverses_id: int | None = None
    kind: str = EntryKind.FACT

    @property
    def actor_id(self) -> int | None:
        return self.actor.pk if self.actor else None

    def refuse_unpostable(self) -> None:
        """Raise Unbalanced, TooLong, UnknownTax or OutOfTime where no book could take this."""
        self._refuse_lines()
        for name, most in MOST_LETTERS:
            if len(getattr(self, name)) > most:
                raise TooLong(f"{self.key[:100]}: the {name} has more than {most} letters.")
        assert not isinstance(self.occurred_on, datetime)
        if not EVER <= self.occurred_on <= LAST_DAY:
            raise OutOfTime(f"{self.key}: {self.occurred_on} is no day for a book.")

    def _refuse_lines(self) -> None:
        if not LEAST_LINES <= len(self.lines) <= MOST_LINES:
            raise Unbalanced(f"{self.key}: an entry has {LEAST_LINES} to {MOST_LINES} lines.")
        total = 0
        for line in self.lines:
            cents = line[1]
            if type(cents) is not int:
                raise Unbalanced(f"{self.key}: an amount is a whole number of cents, an int.")
            if not 0 < abs(cents) <= MOST_LINE_CENTS:
                raise Unbalanced(
                    f"{self.key}: a line is not zero and at most {MOST_LINE_CENTS} cents."
                )
            if (tax := tax_of(line)) not in _TAX_LETTERS:
                raise UnknownTax(f"{self.key}: {tax!r} is no tax letter.")
            total += cents
        if total:
            raise Unbalanced(f"{self.key}: the lines sum to {total} cents, not to zero.")


def tax_of(line: DraftLine) -> str:
    """Return the tax letter of a line, or an empty text."""
    return line[2] if len(line) > 2 else ""  # noqa: PLR2004


def is_same_content(lines: Sequence[DraftLine], others: Sequence[DraftLine]) -> bool:
    """Tell whether two sets of lines say the same, in whatever order and form."""

    def norm(listed: Sequence[DraftLine]) -> list[tuple[str, int, str]]:
        return sorted((line[0], line[1], tax_of(line)) for line in listed)

    return norm(lines) == norm(others)


def sums(drafts: Sequence[Draft], days: Sequence[date]) -> dict[tuple[str, date, str], list[int]]:
    """Return (code, month, tax letter) -> [debits, credits] of drafts booked on `days`, sorted.

    Sorted, so that two postings lock the movements of a book in one order.
    """
    totals: dict[tuple[str, date, str], list[int]] = defaultdict(lambda: [0, 0])
    for draft, day in zip(drafts, days, strict=True):
        month = day.replace(day=1)
        for line in draft.lines:
            cents = line[1]
            totals[line[0], month, tax_of(line)][0 if cents > 0 else 1] += abs(cents)
    return dict(sorted(totals.items()))
