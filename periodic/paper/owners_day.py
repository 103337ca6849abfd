"""The owner's daily report as a PDF: a row for each business, and the head of each book in full."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from django.utils import timezone

from money.report import Column, Figure, Report, Row, Style
from periodic.daily_report import DayOfBusiness, groups_of, names_of
from periodic.paper.grid import grid
from periodic.paper.imprint import Head, Imprint
from periodic.paper.landing import landing
from periodic.paper.letters import drawable
from periodic.paper.pages import room_of, write_pages

# What a line of the foot has room for, beside the title of the page.
LONGEST_NAMES, LONGEST_FOOT = 60, 105


def write_owners_day(
    rows: Sequence[DayOfBusiness], day: date, path: Path, printed_at: datetime
) -> None:
    """Write the day of all businesses of an owner as a PDF: whole or not at all."""
    begun = [row for row in rows if row.last_number]
    imprint = Imprint(printed_at, [Head(one.slug, one.last_number, one.head_hash) for one in begun])
    names = drawable(names_of(rows))
    context = {
        "title": f"Daily report, {day:%A, %-d %B %Y}",
        "of": names,
        "short_of": _short(names, LONGEST_NAMES),
        "as_of": f"{timezone.localtime(printed_at):%-d %B %Y, %H:%M}",
        "pairs": _pairs(begun),
        "printed_at": printed_at,
        "head_line": _short(imprint.head_line, LONGEST_FOOT),
    }
    tables = [grid(_report(rows), room_of(is_landscape=False), lambda done, total: None)]
    with landing(path) as part:
        write_pages("periodic/paper/owners_day.html", context, part, tables)


def _pairs(rows: Sequence[DayOfBusiness]) -> list[list[tuple[str, int, list[str]]]]:
    """Return name, number and head of each book, two of them in a row; the last may be empty."""
    heads = [(drawable(one.name), one.last_number, groups_of(one.head_hash)) for one in rows]
    if len(heads) % 2:
        heads.append(("", 0, []))
    return [heads[at : at + 2] for at in range(0, len(heads), 2)]


def _report(rows: Sequence[DayOfBusiness]) -> Report:
    titles = (
        "Cash taken",
        "M-Pesa taken",
        "Taken together",
        "Cash in the drawer",
        "M-Pesa unmatched",
        "Payments unmatched",
    )
    lines = [Row((row.name, *_cells([row]))) for row in rows]
    if len(rows) > 1:
        lines.append(Row(("All", *_cells(rows)), Style.GRAND))
    return Report(
        name="owners-day",
        title="",
        of="",
        period="",
        columns=[Column("KES"), *(Column(title, is_figures=True) for title in titles)],
        rows=lines,
    )


def _cells(rows: Sequence[DayOfBusiness]) -> tuple[Figure | str, ...]:
    """Return the figures of some businesses together, the number of payments as a text."""
    unmatched = sum(row.unmatched for row in rows)
    return (
        Figure(sum(row.cash_cents for row in rows)),
        Figure(sum(row.mpesa_cents for row in rows)),
        Figure(sum(row.takings_cents for row in rows)),
        Figure(sum(row.drawer_cents for row in rows)),
        Figure(sum(row.unmatched_cents for row in rows)),
        f"{unmatched:,}" if unmatched else "-",
    )


def _short(text: str, most: int) -> str:
    """Return a list of names or heads, cut between two of them where it is too long."""
    if len(text) <= most:
        return text
    whole, comma, _ = text[: most - 1].rpartition(", ")
    return f"{whole}{comma}…" if whole else f"{text[: most - 1]}…"
