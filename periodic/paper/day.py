"""The document of a day as a PDF: money in and out, sales, the anchor, the heads of the books."""

from collections.abc import Sequence
from pathlib import Path

from money.day_close import DayDocument, Taken
from money.report import Column, Figure, Report, Row, Style
from periodic.paper.grid import grid
from periodic.paper.imprint import Imprint
from periodic.paper.landing import landing
from periodic.paper.letters import drawable
from periodic.paper.pages import room_of, write_pages

GROUPS_IN_A_LINE = 4


def write_day(document: DayDocument, path: Path, imprint: Imprint) -> None:
    """Write the document of a day, closed or not, as a PDF: whole or not at all."""
    groups = document.anchor_groups
    report = _report(document)
    context = {
        "title": f"Day {document.day:%A, %-d %B %Y}",
        "short_of": drawable(document.business)[:90],
        "of": drawable(document.business),
        "kra_pin": drawable(document.kra_pin),
        "document": document,
        "closed_by": drawable(document.closed_by),
        "anchor_lines": [
            " ".join(groups[at : at + GROUPS_IN_A_LINE])
            for at in range(0, len(groups), GROUPS_IN_A_LINE)
        ],
        "printed_at": imprint.printed_at,
        "head_line": imprint.head_line,
        "notes": imprint.head_notes,
    }
    tables = [grid(report, room_of(is_landscape=False), lambda done, total: None)]
    with landing(path) as part:
        write_pages("periodic/paper/day.html", context, part, tables)


def _report(document: DayDocument) -> Report:
    """Return both tables of the day as one, so that their figures stand below each other."""
    titles = ("In", "Out", "Net")
    return Report(
        name="day",
        title="",
        of="",
        period="",
        columns=[Column("KES"), *(Column(title, is_figures=True) for title in titles)],
        rows=[
            Row(("Money in and out", None, None, None), Style.HEADING),
            *_rows(document.takings, 1),
            _total("Net together", document.takings_cents),
            Row(("Sales", None, None, None), Style.HEADING),
            *_rows(document.sales, -1),
            _total("Together", document.sales_cents),
        ],
    )


def _rows(takings: Sequence[Taken], sign: int) -> list[Row]:
    """Return a row for each account; what sales were is their net alone, credit positive."""
    return [
        Row(
            (
                f"{one.code} {one.name}",
                Figure(one.in_cents) if sign > 0 else None,
                Figure(one.out_cents) if sign > 0 else None,
                Figure(sign * one.net_cents),
            ),
            level=1,
        )
        for one in takings
    ]


def _total(title: str, cents: int) -> Row:
    return Row((title, None, None, Figure(cents)), Style.GRAND)
