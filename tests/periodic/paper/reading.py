"""What a printed PDF says, as a reader finds it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pypdf import PdfReader

from money.report import Column, Figure, Report, Row, Style
from periodic.paper.imprint import Head, Imprint

PRINTED_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noon in Nairobi
HEAD = Head("duka", 42, "0f1e2d3c" * 8)
IMPRINT = Imprint(PRINTED_AT, [HEAD])


def pages_of(path: Path) -> list[str]:
    """Return the text of each page."""
    return [page.extract_text() for page in PdfReader(path).pages]


def lines_of(path: Path) -> list[str]:
    return [line.strip() for page in pages_of(path) for line in page.splitlines()]


def a_ledger(rows: int, *, title: str = "General ledger", of: str = "Amina duka") -> Report:
    """Make a ledger as wide as ours, of `rows` lines."""
    texts = [Column(title) for title in ("Day", "Entry", "Description", "Source")]
    figures = [Column(title, is_figures=True) for title in ("Debit", "Credit", "Balance")]
    lines = [
        Row(
            (
                PRINTED_AT.date(),
                str(number),
                f"Sale {number} to Wanjikũ",
                f"sale:{number}",
                Figure(number * 100 + 5),
                None,
                Figure(number * 10_000),
            ),
            entry_id=number,
        )
        for number in range(1, rows + 1)
    ]
    heading = Row(("1000 Cash drawer", *[None] * 6), Style.HEADING)
    closing = Row((None, None, "Closing balance", None, None, None, Figure(7)), Style.GRAND)
    return Report(
        "general-ledger", title, of, "November 2026", texts + figures, [heading, *lines, closing]
    )


def a_statement(rows: Sequence[Row], *, columns: int = 1, of: str = "Amina duka") -> Report:
    figures = [Column(f"Column {number}", is_figures=True) for number in range(columns)]
    return Report("any", "Any statement", of, "2026", [Column("Account"), *figures], list(rows))
