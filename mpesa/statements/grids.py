"""A file of any of the three kinds as a grid of texts. Its name's ending is never believed."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from itertools import chain, islice, repeat
from typing import Any

import xlrd  # type: ignore[import-untyped]

from mpesa.statements.archives import MOST_ROWS, check_archive
from mpesa.statements.cells import EPOCH_1900, EPOCH_1904, clean
from mpesa.statements.rows import NotAStatement

MOST_BYTES = 20_000_000
MOST_COLUMNS = 50
MOST_SHEETS = 10

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_BROKEN = "The workbook cannot be read: it is broken, or a password protects it. Download it again."
_TOO_MANY = f"The file has more than {MOST_ROWS:,} rows. Download a shorter period."

Cell = str | int | float | bool | datetime | date | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet: (line of the file, texts of its cells); `epoch` is where its dates begin."""

    lines: list[tuple[int, list[str]]]
    epoch: date = EPOCH_1900


def read_grids(content: bytes) -> Iterator[Grid]:
    """Return the sheets of a file, a CSV having one. Raises NotAStatement, also while read."""
    if not content.strip():
        raise NotAStatement("The file is empty. Download the statement again.")
    if len(content) > MOST_BYTES:
        raise NotAStatement("The file is larger than 20 MB. Download a shorter period.")
    if content.startswith(_OLE2):
        return _tried(_xls(content))
    if content.startswith(_ZIP):
        check_archive(content)
        return _tried(_xlsx(content))
    if content.startswith(b"%PDF"):
        raise NotAStatement("This is a PDF. Download the statement as CSV or as Excel.")
    return _tried(_csv(content))


def _tried(grids: Iterator[Grid]) -> Iterator[Grid]:
    """Return the same grids; whatever a reader raises over a broken file becomes a sentence."""
    try:
        yield from grids
    except NotAStatement:
        raise
    except Exception as error:  # the readers fail in every way over damaged bytes
        raise NotAStatement(_BROKEN) from error


def _numbered(rows: Iterable[tuple[int, Iterable[Cell]]]) -> list[tuple[int, list[str]]]:
    """Return the rows that say anything. Raises NotAStatement where there are too many."""
    lines = []
    for count, (line, cells) in enumerate(rows):
        if count > MOST_ROWS:
            raise NotAStatement(_TOO_MANY)
        texts = [_text(cell) for cell in islice(cells, MOST_COLUMNS)]
        if any(texts):
            lines.append((line, texts))
    return lines


def _text(cell: Cell) -> str:
    """Return a cell as text; a number as Excel shows it, with 15 digits, never as binary."""
    if isinstance(cell, str):
        return clean(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() else f"{cell:.15g}"
    if isinstance(cell, datetime):
        # A serial's fraction is binary: 10:15:47 may arrive as 10:15:46.999.
        return (cell + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=None).isoformat()
    return str(cell)


def _csv(content: bytes) -> Iterator[Grid]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    head = text[:10_000].casefold()
    # Excel writes what the machine's region asks for.
    after = head.partition("receipt no")[2].lstrip('."')[:1]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=after if after in (";", "\t") else ","
    )
    try:
        yield Grid(_numbered((reader.line_num, row) for row in reader))
    except csv.Error as error:
        raise NotAStatement(
            f"Line {reader.line_num} of the file cannot be read as CSV. Download it again."
        ) from error


def _xlsx(content: bytes) -> Iterator[Grid]:
    # Here, and not above: it costs each process 14 MB, and few ever read a workbook.
    load = import_module("openpyxl").load_workbook
    book = load(io.BytesIO(content), read_only=True, data_only=True)
    epoch = EPOCH_1904 if book.epoch.year == EPOCH_1904.year else EPOCH_1900
    for sheet in book.worksheets[:MOST_SHEETS]:
        # Some writers leave the size of an empty sheet in the file, and rows would be cut off.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
        yield Grid(_numbered(enumerate(rows, 1)), epoch)


def _xls(content: bytes) -> Iterator[Grid]:
    with xlrd.open_workbook(
        file_contents=content, logfile=io.StringIO(), on_demand=True, ragged_rows=True
    ) as book:
        epoch = EPOCH_1904 if book.datemode else EPOCH_1900
        for number in range(min(book.nsheets, MOST_SHEETS)):
            sheet = book.sheet_by_index(number)
            yield Grid(
                _numbered(
                    (at + 1, chain(map(_xls_value, sheet.row(at)), repeat("")))
                    for at in range(sheet.nrows)
                ),
                epoch,
            )
            book.unload_sheet(number)


def _xls_value(cell: Any) -> Cell:
    """Return what a cell of xlrd holds; a date stays the serial that it is."""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return "#ERROR"
    value: Cell = cell.value
    return value
