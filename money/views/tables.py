"""A Report as its page shows it: texts, classes and links. Pure; the template only loops."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format

from money.cents import CENTS_PER_SHILLING, format_shillings
from money.report import Cell, Column, Figure, Report, Row, Style, Where
from money.templatetags.shillings import both_digits

FEW_COLUMNS, MANY_COLUMNS = 3, 5
# A longer text may be broken into lines.
LETTERS_OF_A_WORD = 12


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell: what stands in it, where it leads, and how it is set."""

    text: str
    href: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row: the cell that names it, and the others."""

    css: str
    head: ShownCell
    cells: list[ShownCell]
    # How many columns the head takes: all of them for a heading.
    span: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A report ready for `money/_report.html`."""

    title: str
    of: str
    period: str
    columns: Sequence[Column]
    rows: list[ShownRow]
    notes: list[str]
    warnings: list[str]

    @property
    def css(self) -> str:
        """How wide it is: a few columns stand close together, many may be turned on paper."""
        if len(self.columns) <= FEW_COLUMNS:
            return "few" if len(self.columns) == FEW_COLUMNS else "two"
        if self.columns[1].title == "Entry":
            return "wide lines"  # of a ledger: a phone leaves out what the entry's page says
        return "wide" if len(self.columns) > MANY_COLUMNS else ""


def shown(report: Report, slugs: Sequence[str]) -> Table:
    """Return a report of the businesses `slugs` as its page shows it.

    Cents are shown for all figures where one has them, so that a column stays in line.
    """
    figures = [cell for row in report.rows for cell in row.cells if isinstance(cell, Figure)]
    with_cents = any(figure.cents % CENTS_PER_SHILLING for figure in figures)
    rows = [_row(row, slugs, with_cents=with_cents) for row in report.rows]
    return Table(
        *(report.title, report.of, report.period, report.columns, rows),
        *(report.notes, report.warnings),
    )


def _row(row: Row, slugs: Sequence[str], *, with_cents: bool) -> ShownRow:
    cells = [_cell(cell, slugs, with_cents=with_cents) for cell in row.cells]
    if row.entry_id:
        entry = reverse("money:entry", args=[row.entry_id])
        # The day and the words lead to the entry, the amounts beside them are its own.
        cells = [ShownCell(c.text, c.href or (entry if c.text else ""), c.css) for c in cells]
    head, *others = cells or [ShownCell("")]
    css = f"{row.style} level-{row.level}"
    if row.style == Style.HEADING and not any(cell.text for cell in others):
        return ShownRow(css, head, [], span=len(cells))
    return ShownRow(css, head, others)


def _cell(cell: Cell, slugs: Sequence[str], *, with_cents: bool) -> ShownCell:
    if cell is None:
        return ShownCell("")
    if isinstance(cell, Figure):
        href = account_address(cell.where, slugs) if cell.where else ""
        return ShownCell(amount(cell.cents, with_cents=with_cents), href, _css(cell.cents))
    if isinstance(cell, date):
        return ShownCell(date_format(cell, "j M Y"), css="day")
    return ShownCell(cell, css="text" if len(cell) > LETTERS_OF_A_WORD else "")


def _css(cents: int) -> str:
    if cents == 0:
        return "num zero"
    return "num negative" if cents < 0 else "num"


def amount(cents: int, *, with_cents: bool) -> str:
    """Return "1,250.00" or "1,250", a dash for nothing."""
    return both_digits(cents) if with_cents or not cents else format_shillings(cents)


def account_address(where: Where, slugs: Sequence[str]) -> str:
    """Return the address of the account statement that a figure is made of."""
    query: list[tuple[str, str]] = [("b", slug) for slug in ([where.slug] if where.slug else slugs)]
    query += [("code", code) for code in where.codes]
    if where.from_on:
        query.append(("from", where.from_on.isoformat()))
    query.append(("to", where.to_on.isoformat()))
    if where.letters:
        query.append(("tax", where.letters))
    return f"{reverse('money:account')}?{urlencode(query)}"
