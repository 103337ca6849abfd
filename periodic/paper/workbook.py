"""A Report as an Excel workbook, written row by row: its memory does not grow with its rows."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Alignment, Border, Font, Side  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from money.report import Cell, Column, Figure, Report, Row, Style
from periodic.paper.cells import clean

AMOUNT, DAY = "#,##0.00;[Red]-#,##0.00;-", "d mmm yyyy"
MOST_LETTERS_OF_A_NAME = 31
A4 = 9  # as Excel numbers its papers
WIDE, FIGURES, NARROW = 44, 16, 14
STEP = 1_000
_BOLD, _TITLE, _SOFT = Font(bold=True), Font(bold=True, size=14), Font(color="5C6A62")
_LINE = Border(top=Side("thin"))
_DOUBLE = Border(top=Side("thin"), bottom=Side("double"))
# Above the table: title, of whom and when, warnings (none, as a rule), an empty row, the heading.
_ABOVE = 4


def write(
    report: Report, path: Path, tick: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Write a report as a workbook of one sheet: figures are numbers, days are days.

    `tick` gets the rows written and their number, every thousand rows.
    """
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(name_of(report.title))
    _lay_out(sheet, report)
    sheet.append([_text(sheet, report.title, _TITLE)])
    of = " · ".join(filter(None, (report.of, report.period)))
    sheet.append([_text(sheet, of, _SOFT)])
    for warning in report.warnings:
        sheet.append([_text(sheet, warning, _BOLD)])
    sheet.append([])
    sheet.append([_heading(sheet, column) for column in report.columns])
    for number, row in enumerate(report.rows, start=1):
        sheet.append(list(_cells(sheet, row)))
        if number % STEP == 0:
            tick(number, len(report.rows))
    sheet.append([])
    for note in report.notes:
        sheet.append([_text(sheet, note, _SOFT)])
    book.save(path)


def name_of(title: str) -> str:
    """Return a title as a sheet may be called: without some signs, and short."""
    return re.sub(r"[\\*?:/\[\]]", "", clean(title)).strip("' ")[:MOST_LETTERS_OF_A_NAME] or "Sheet"


def _lay_out(sheet: Any, report: Report) -> None:
    first = _ABOVE + 1 + len(report.warnings)
    sheet.freeze_panes = f"B{first}"
    sheet.sheet_view.showGridLines = False
    sheet.print_title_rows = f"{first - 1}:{first - 1}"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, column in enumerate(report.columns, start=1):
        width = FIGURES if column.is_figures else NARROW
        if not column.is_figures and column.title not in {"Day", "Entry"}:
            width = WIDE
        sheet.column_dimensions[get_column_letter(number)].width = width


def _text(sheet: Any, text: str, font: Font | None = None) -> Any:
    cell = WriteOnlyCell(sheet, value=clean(text))
    cell.data_type = "s"  # whatever it begins with, it is no formula
    if font:
        cell.font = font
    return cell


def _heading(sheet: Any, column: Column) -> Any:
    cell = _text(sheet, column.title, _BOLD)
    cell.alignment = Alignment(horizontal="right" if column.is_figures else None, wrap_text=True)
    cell.border = Border(bottom=Side("thin"))
    return cell


def _cells(sheet: Any, row: Row) -> Iterator[Any]:
    for number, value in enumerate(row.cells):
        cell = _cell(sheet, value)
        if number == 0 and row.level:
            cell.alignment = Alignment(indent=row.level)
        if row.style != Style.PLAIN:
            cell.font = _BOLD
        if row.style in {Style.TOTAL, Style.GRAND}:
            cell.border = _DOUBLE if row.style == Style.GRAND else _LINE
        yield cell


def _cell(sheet: Any, value: Cell) -> Any:
    if isinstance(value, Figure):
        # Exact: a spreadsheet's cell is a decimal text, and nothing is reckoned here.
        cell = WriteOnlyCell(sheet, value=Decimal(value.cents).scaleb(-2))
        cell.number_format = AMOUNT
        return cell
    if isinstance(value, date):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = DAY
        return cell
    return _text(sheet, value or "") if value else WriteOnlyCell(sheet)
