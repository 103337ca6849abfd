"""A Report as a PDF for people and auditors: A4, upright or across, the heading on every page."""

from pathlib import Path

from money.report import Report
from periodic.paper.formats import Tick, TooLong
from periodic.paper.grid import grid
from periodic.paper.imprint import Imprint
from periodic.paper.letters import drawable
from periodic.paper.pages import room_of, write_pages

# More columns than this lie across.
MOST_UPRIGHT = 5
MOST_ROWS = 25_000
_LONGEST = 90


def write(
    report: Report,
    path: Path,
    imprint: Imprint,
    tick: Tick = lambda done, total: None,
) -> None:
    """Write a report as a PDF; `tick` gets the rows set and their number.

    Raises TooLong.
    """
    if len(report.rows) > MOST_ROWS:
        raise TooLong(
            f"{len(report.rows):,} rows are too many for paper: {MOST_ROWS:,} fit."
            " Choose a shorter period, or a workbook."
        )
    is_landscape = len(report.columns) > MOST_UPRIGHT
    tables = [grid(report, room_of(is_landscape=is_landscape), tick)] if report.rows else []
    context = {
        "title": drawable(report.title),
        "of": drawable(report.of),
        "period": drawable(report.period),
        "short_of": _short(drawable(report.of)),
        "is_landscape": is_landscape,
        "is_empty": not report.rows,
        "warnings": [drawable(one) for one in report.warnings],
        "notes": [drawable(one) for one in [*report.notes, *imprint.head_notes]],
        "printed_at": imprint.printed_at,
        "head_line": _short(imprint.head_line, 150),
    }
    write_pages("periodic/paper/report.html", context, path, tables)


def _short(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
