"""A Report as comma-separated values: days as 2026-11-22, amounts as 1250.00, for programs."""

import csv
from datetime import date
from pathlib import Path

from money.cents import CENTS_PER_SHILLING
from money.report import Cell, Figure, Report
from periodic.paper.cells import never_a_formula


def write(report: Report, path: Path) -> None:
    """Write a report as CSV with a heading row, in UTF-8 with a mark that Excel understands."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([never_a_formula(column.title) for column in report.columns])
        writer.writerows([_text(cell) for cell in row.cells] for row in report.rows)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Figure):
        return plain_amount(cell.cents)
    if isinstance(cell, date):
        return cell.isoformat()
    return never_a_formula(cell)


def plain_amount(cents: int) -> str:
    """Return 125000 as "1250.00", without separators."""
    shillings, rest = divmod(abs(cents), CENTS_PER_SHILLING)
    return f"{'-' if cents < 0 else ''}{shillings}.{rest:02d}"
