"""The pure Report: title, period, columns and rows, to be shown, printed or exported. No SQL here.

A cell is a text, a day, a `Figure` or nothing. A figure knows what it is made of, so that a page
can lead from it to its entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

# The days that books can have: before and after them nothing is kept and nothing is reckoned.
EVER = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)


class BadPeriod(ValueError):
    """The period ends before it begins, or has days that no book can have."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `from_on` to `to_on`, both included. Raises BadPeriod where they are crossed.

    A period from EVER on is everything up to its end.
    """

    from_on: date
    to_on: date

    def __post_init__(self) -> None:
        if self.to_on < self.from_on:
            raise BadPeriod("The period ends before it begins. Swap the two days.")
        if not EVER <= self.from_on <= self.to_on <= LAST_DAY:
            raise BadPeriod(f"Give days from {EVER.year} to {LAST_DAY.year}.")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.to_on - self.from_on).days + 1

    def previous(self) -> "Period":
        """Return the period just before: whole months for whole months, else as many days.

        Raises BadPeriod where that would lie before all books.
        """
        if self.from_on - EVER < timedelta(days=self.days + 3):
            raise BadPeriod("There is no period before this one.")
        day_before = self.from_on - timedelta(days=1)
        if self._is_whole_months:
            months = (self.to_on.year - self.from_on.year) * 12
            months += self.to_on.month - self.from_on.month + 1
            first = self.from_on.year * 12 + self.from_on.month - 1 - months
            return Period(date(first // 12, first % 12 + 1, 1), day_before)
        return Period(day_before - timedelta(days=self.days - 1), day_before)

    @property
    def _is_whole_months(self) -> bool:
        return self.from_on.day == 1 and (self.to_on + timedelta(days=1)).day == 1

    @property
    def short(self) -> str:
        """What stands over a column: "Nov 2026", "2026", or the two days."""
        if self._is_whole_months and self.from_on.year == self.to_on.year:
            months = self.to_on.month - self.from_on.month + 1
            if months == 1:
                return f"{self.to_on:%b %Y}"
            if months == 12:  # noqa: PLR2004 a year
                return f"{self.to_on.year}"
        last = f"{self.to_on:%-d %b %Y}"
        if self.from_on == EVER:
            return f"up to {last}"
        return last if self.days == 1 else f"{self.from_on:%-d %b %Y} to {last}"

    def __str__(self) -> str:
        if self.from_on == EVER:
            return f"up to {self.to_on:%-d %B %Y}"
        if self.from_on == self.to_on:
            return f"{self.to_on:%-d %B %Y}"
        return f"{self.from_on:%-d %B %Y} to {self.to_on:%-d %B %Y}"


# Among the letters of a Where: lines without any tax letter.
NO_LETTER = "-"


class Part(StrEnum):
    """What is meant of an account, where a Where does not mean it and all accounts under it."""

    ITSELF = "itself"
    DEBITS = "debits"
    CREDITS = "credits"

    def of(self, code: str) -> str:
        """Return the code that means this part of an account: "1700.credits"."""
        return f"{code}.{self}"


def account_and_part(code: str) -> tuple[str, Part | None]:
    """Return the account that a code of a Where names, and the part of it: None is all of it."""
    account, _, last = code.rpartition(".")
    return (account, Part(last)) if last in set(Part) else (code, None)


@dataclass(frozen=True, slots=True)
class Where:
    """What a figure is made of: lines of these accounts, in these days, under these tax letters.

    `codes` include the accounts under them ("1000" those of "1000.1"), unless they name a Part of
    an account. `from_on` is None where the figure is a balance: everything up to `to_on`. An empty
    `slug` means all businesses of the report. `letters` are one after the other ("BE"), NO_LETTER
    among them where lines without any count too; empty means any letter or none.
    """

    codes: tuple[str, ...]
    from_on: date | None
    to_on: date
    letters: str = ""
    slug: str = ""

    @property
    def period(self) -> Period:
        """Its days; those of a balance are from EVER on."""
        return Period(self.from_on or EVER, self.to_on)


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount in cents as its reader expects the sign, and what it is made of."""

    cents: int
    where: Where | None = None


Cell = str | date | Figure | None


class Style(StrEnum):
    """How a row is shown: a heading without figures, a plain row, a sum, the last sum."""

    HEADING = "heading"
    PLAIN = "plain"
    TOTAL = "total"
    GRAND = "grand"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell per column. `level` indents; `entry_id` leads to an entry's own page."""

    cells: tuple[Cell, ...]
    style: Style = Style.PLAIN
    level: int = 0
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and whether it holds figures (set right) or texts."""

    title: str
    is_figures: bool = False


@dataclass(slots=True)
class Report:
    """A statement ready to be shown.

    `name` is its address ("trial-balance"), `of` says whose it is, `notes` are sentences below the
    table, `warnings` are sentences about what does not tie (none, as a rule).
    """

    name: str
    title: str
    of: str
    period: str
    columns: Sequence[Column]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
