"""Reads a statement file of any kind and layout."""

import re
from datetime import date

from mpesa.statements.grids import Grid, read_grids
from mpesa.statements.layouts import Header, Preamble, days, find_header, read_preamble, read_rows
from mpesa.statements.rows import NotAStatement, Row, StatementFile

# "Statements for 600991 from 2026-11-22 to 2026-11-22 (1).csv"; some browsers change the spaces.
_NEW_NAME = re.compile(
    r"statements?[\s_+]+for[\s_+]+(\d{4,10})"
    r"[\s_+]+from[\s_+]+(\d{4}-\d\d-\d\d)[\s_+]+to[\s_+]+(\d{4}-\d\d-\d\d)",
    re.IGNORECASE | re.ASCII,
)
_OLD_NAME = re.compile(r"ORG_(\d{4,10})_", re.IGNORECASE | re.ASCII)


def read_statement(content: bytes, name: str) -> StatementFile:
    """Return what a statement file says: CSV, XLSX or old XLS, told apart by its bytes.

    `name` is what Safaricom's portal called the file: the new layout has its shortcode and days
    nowhere else. Raises NotAStatement, and nothing else.
    """
    for grid in read_grids(content):
        if header := find_header(grid):
            return _file(grid, header, name)
    raise NotAStatement(
        "This is not an M-Pesa statement: no row begins with Receipt No. Take the file that"
        " Safaricom's portal downloads, as CSV or as Excel."
    )


def _file(grid: Grid, header: Header, name: str) -> StatementFile:
    preamble = read_preamble(grid, header)
    named = _from_name(name)
    own = preamble.shortcode or named.shortcode
    return StatementFile(
        layout=header.layout,
        shortcode=own,
        account=preamble.account,
        first_day=preamble.first_day or named.first_day,
        last_day=preamble.last_day or named.last_day,
        total_paid_in_cents=preamble.total_paid_in_cents,
        total_withdrawn_cents=preamble.total_withdrawn_cents,
        rows=_oldest_first(list(read_rows(grid, header, own))),
    )


def _from_name(name: str) -> Preamble:
    """Return shortcode and days as the file's name says them."""
    if old := _OLD_NAME.search(name):
        return Preamble(old[1])
    if not (new := _NEW_NAME.search(name)):
        return Preamble()
    try:
        first, last = days(date.fromisoformat(new[2]), date.fromisoformat(new[3]))
    except ValueError:
        first = last = None
    return Preamble(new[1], first_day=first, last_day=last)


def _oldest_first(rows: list[Row]) -> tuple[Row, ...]:
    """Return the rows in time; within a second, in the file's order, which is newest first."""
    if rows and rows[0].completed_at >= rows[-1].completed_at:
        rows.reverse()
    return tuple(sorted(rows, key=lambda row: row.completed_at))
