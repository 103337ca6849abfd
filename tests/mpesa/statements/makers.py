"""Writes the same rows as every kind of file that Safaricom's portal has made."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "statements"
NEW_NAME = "Statements for 600991 from 2026-11-22 to 2026-11-22"
OLD_NAME = "ORG_600991_Utility Account_2026-11-23.xls"
NEW_SAMPLE = SAMPLES / f"{NEW_NAME}.csv"
OLD_SAMPLE = SAMPLES / "old-layout-grid.csv"

Cell = str | int | float | datetime | None
Cells = Sequence[Sequence[Cell]]


def grid_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


# The headers as the portal's own files have them: neither our parser's words nor the simulator's.
NEW_HEADER = tuple(grid_of(NEW_SAMPLE)[0])
OLD_HEADER = next(tuple(row) for row in grid_of(OLD_SAMPLE) if row[0] == "Receipt No.")


def new_row(
    details: str = "Pay Bill from 2547****101 - ACHIENG DEMO Acc. INV-1",
    paid_in: str = "0.00",
    withdrawn: str = "0.00",
    balance: str = "0.00",
    *,
    receipt: str = "UKM5A1B2C3",
    time: str = "22/11/2026 10:15:47",
    status: str = "Completed",
) -> list[str]:
    return [receipt, time, details, status, paid_in, withdrawn, balance]


def old_row(
    details: str = "Pay Bill from 25470****101 - ACHIENG **** DEMO Acc. INV-1",
    paid_in: Cell = "",
    withdrawn: Cell = "",
    balance: Cell = "",
    *,
    receipt: str = "UKM5A1B2C3",
    time: Cell = "22-11-2026 10:15:47",
    status: str = "Completed",
    reason: str = "Pay Utility",
    party: str = "25470****101 - ACHIENG **** DEMO",
    linked: str = "",
    account: Cell = "INV-1",
) -> list[Cell]:
    amounts = [paid_in, withdrawn, balance]
    about = ["true", reason, party, linked, account, "KES"]
    return [receipt, time, time, details, status, *amounts, *about]


def new(*rows: Sequence[Cell]) -> list[Sequence[Cell]]:
    """Return a grid of the new layout from rows, newest first."""
    return [NEW_HEADER, *rows]


def old(*rows: Sequence[Cell], preamble: Cells = ()) -> list[Sequence[Cell]]:
    """Return a grid of the old layout from rows, newest first."""
    return [*preamble, OLD_HEADER, *rows]


def as_csv(grid: Cells, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(grid)
    return text.getvalue().encode(encoding)


def as_xlsx(grid: Cells, before: Cells | None = None, *, since_1904: bool = False) -> bytes:
    """Return a workbook; `before` is a sheet that stands in front."""
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    if before is not None:
        for row in before:
            book.active.append(row)
        book.create_sheet("Statement")
    for row in grid:
        book.worksheets[-1].append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_xls(grid: Cells, *, since_1904: bool = False) -> bytes:
    """Return an OLE2 workbook with a sheet `transaction`; empty cells are left out."""
    book = xlwt.Workbook()
    book.dates_1904 = since_1904
    sheet = book.add_sheet("transaction")
    moment = xlwt.easyxf(num_format_str="DD-MM-YYYY HH:MM:SS")
    for at, row in enumerate(grid):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write(at, column, value, moment)
            elif value not in {"", None}:
                sheet.write(at, column, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


KINDS: dict[str, Callable[[Cells], bytes]] = {"csv": as_csv, "xlsx": as_xlsx, "xls": as_xls}
