"""The rows of a statement: accounts under headings, sub accounts indented under theirs, sums. Pure.

An account is shown by the account of the chart it is under ("1100" for "1100.1"), which totals
what is under it. Amounts go in debit positive, in cents; `sign` turns them as the reader expects.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from money.chart import CHART, parent_of
from money.models import Business
from money.report import Cell, Column, Figure, Part, Period, Row, Style, Where

# What a reader does about figures that do not tie; nobody reading a statement has a shell.
ASK = "Ask whoever runs the server to check the books."
_CHART_NAMES = {account.code: account.name for account in CHART}

Belongs = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Figures:
    """A column of a statement: its title, the days its figures are of, and code -> cents."""

    title: str
    from_on: date | None
    to_on: date
    cents: Mapping[str, int]

    def sum_of(self, codes: Iterable[str]) -> int:
        return sum(self.cents.get(code, 0) for code in codes)


@dataclass(slots=True)
class Sheet:
    """A statement as it grows, section by section."""

    names: Mapping[str, str]
    figures: Sequence[Figures]
    rows: list[Row] = field(default_factory=list)

    def columns(self) -> list[Column]:
        return [Column("Account"), *(Column(one.title, is_figures=True) for one in self.figures)]

    def codes(self, belongs: Belongs) -> list[str]:
        """Return the codes with a figure whose account of the chart `belongs`, sorted."""
        moved = {code for one in self.figures for code, cents in one.cents.items() if cents}
        return sorted(code for code in moved if belongs(parent_of(code)))

    def heading(self, title: str) -> None:
        self.rows.append(Row((title, *(None for _ in self.figures)), Style.HEADING))

    def accounts(self, belongs: Belongs, *, sign: int = 1, level: int = 1) -> list[str]:
        """Add a row per account that `belongs` and is not zero throughout; return their codes."""
        codes = self.codes(belongs)
        for parent in dict.fromkeys(parent_of(code) for code in codes):
            group = [code for code in codes if parent_of(code) == parent]
            self._row(self.title(parent), group, self.where_codes(group), sign, level)
            if group == [parent]:
                continue
            for code in group:
                if code == parent:
                    alone = (Part.ITSELF.of(code),)
                    self._row(f"{self.title(code)} (itself)", [code], alone, sign, level + 1)
                else:
                    self._row(self.title(code), [code], (code,), sign, level + 1)
        return codes

    def total(
        self,
        title: str,
        codes: Sequence[str],
        *,
        sign: int = 1,
        style: Style = Style.TOTAL,
        level: int = 0,
    ) -> list[int]:
        """Add the sum of `codes`; return it per column, as shown."""
        self._row(title, codes, self.where_codes(codes), sign, level, style)
        return [sign * one.sum_of(codes) for one in self.figures]

    def line(
        self,
        title: str,
        cells: Sequence[Cell],
        *,
        style: Style = Style.PLAIN,
        level: int = 1,
    ) -> None:
        """Add a row of cells that are made elsewhere."""
        self.rows.append(Row((title, *cells), style, level))

    def title(self, code: str) -> str:
        name = self.names.get(code) or _CHART_NAMES.get(code, "")
        return f"{code} {name}".rstrip()

    def where_codes(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return the accounts above `codes`, or a code itself where nobody opened that above it."""
        above = ((parent_of(code), code) for code in codes)
        return tuple(dict.fromkeys(top if top in self.names else code for top, code in above))

    def _row(
        self,
        title: str,
        codes: Sequence[str],
        where_codes: tuple[str, ...],
        sign: int,
        level: int,
        style: Style = Style.PLAIN,
    ) -> None:
        cells = [
            Figure(
                sign * one.sum_of(codes),
                Where(where_codes, one.from_on, one.to_on) if where_codes else None,
            )
            for one in self.figures
        ]
        self.rows.append(Row((title, *cells), style, level))


def starts_with(*prefixes: str) -> Belongs:
    """Return a test for codes that begin with one of `prefixes`."""
    return lambda code: code.startswith(prefixes)


def names_of(businesses: Sequence[Business], *, is_everything: bool = False) -> str:
    """Return whose a statement is."""
    if is_everything and len(businesses) > 1:
        return "All businesses"
    return ", ".join(business.name for business in businesses)


def periods_of(period: Period, *, beside: bool) -> list[Period]:
    """Return the period, and the one before it where it is wanted beside."""
    return [period, period.previous()] if beside else [period]
