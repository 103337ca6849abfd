"""The two layouts: where the header is, what stands above it, and the rows below."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from mpesa.payloads import parse_receipt
from mpesa.statements.cells import clean_reference, parse_cents, parse_moment
from mpesa.statements.details import RECEIPT, kind_of, named_receipt, parse_details
from mpesa.statements.grids import Grid
from mpesa.statements.rows import NEW, OLD, NotAStatement, Row, RowKind

_HEADER_WITHIN = 200
_UNIT = re.compile(r"\([^)]*\)")
_COLUMNS = {
    "receiptno": "receipt",
    "receiptnumber": "receipt",
    "completiontime": "time",
    "details": "details",
    "transactionstatus": "status",
    "paidin": "paid_in",
    "withdrawn": "withdrawn",
    "balance": "balance",
    "reasontype": "reason",
    "transactiontype": "reason",
    "otherpartyinfo": "party",
    "otherparty": "party",
    "linkedtransactionid": "linked",
    "acno": "account",
}
_NEEDED = {
    "time": "Completion Time",
    "details": "Details",
    "status": "Transaction Status",
    "paid_in": "Paid In",
    "withdrawn": "Withdrawn",
}
_ONLY_OLD = {"reason", "party", "linked", "account"}
_SHORTCODE = re.compile(r"\d{4,10}")


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are: name -> index; `at` is the header's place among the grid's lines."""

    at: int
    columns: dict[str, int]

    @property
    def layout(self) -> str:
        return OLD if _ONLY_OLD & self.columns.keys() else NEW


@dataclass(frozen=True, slots=True)
class Preamble:
    """What stands above the old layout's header; amounts in cents, the withdrawn one positive."""

    shortcode: str = ""
    account: str = ""
    first_day: date | None = None
    last_day: date | None = None
    total_paid_in_cents: int | None = None
    total_withdrawn_cents: int | None = None


def find_header(grid: Grid) -> Header | None:
    """Return the row that begins with Receipt No., or None. Raises NotAStatement for half a one."""
    for at, (line, cells) in enumerate(grid.lines[:_HEADER_WITHIN]):
        names = [_label(cell) for cell in cells]
        if _COLUMNS.get(next(filter(None, names), "")) != "receipt":
            continue
        columns: dict[str, int] = {}
        for index, name in enumerate(names):
            if name in _COLUMNS:
                columns.setdefault(_COLUMNS[name], index)
        for column, title in _NEEDED.items():
            if column not in columns:
                raise NotAStatement(
                    f"Line {line} begins with Receipt No., but the column {title} is missing."
                    " Download the statement again, with all columns."
                )
        return Header(at, columns)
    return None


def _label(cell: str) -> str:
    return re.sub(r"[^a-z]", "", _UNIT.sub("", cell.casefold()))


def read_preamble(grid: Grid, header: Header) -> Preamble:
    """Return what the label cells above the header say, wherever they stand."""
    labels: dict[str, list[str]] = {}
    for _, cells in grid.lines[: header.at]:
        for index, cell in enumerate(cells):
            if cell.endswith(":"):
                labels.setdefault(_label(cell), cells[index + 1 :])
    shortcode = clean_reference(_first(labels.get("shortcode")))
    paid_in, withdrawn = (_first(labels.get(f"total{n}")) for n in ("paidin", "withdrawn"))
    out = parse_cents(withdrawn) if withdrawn else None
    return Preamble(
        shortcode if _SHORTCODE.fullmatch(shortcode) and shortcode.isascii() else "",
        _first(labels.get("account"))[:100],
        *_period(labels.get("timeperiod", []), grid.epoch),
        parse_cents(paid_in) if paid_in else None,
        None if out is None else abs(out),
    )


def _first(cells: list[str] | None) -> str:
    """Return the value of a label: the first full cell, unless that is the next label."""
    value = next(filter(None, cells or []), "")
    return "" if value.endswith(":") else value


def _period(cells: list[str], epoch: date) -> tuple[date | None, date | None]:
    moments = [moment for cell in cells if (moment := parse_moment(cell, epoch))]
    return days(moments[0].date(), moments[1].date()) if len(moments) > 1 else (None, None)


def days(first: date, last: date) -> tuple[date | None, date | None]:
    """Return both days, or neither where they stand the wrong way round."""
    return (first, last) if first <= last else (None, None)


def read_rows(grid: Grid, header: Header, own: str) -> Iterator[Row]:
    """Return the rows below the header as the file orders them; `own` is the shortcode or "".

    Raises NotAStatement for the first row that is damaged: half a row is worse than none.
    """
    for line, cells in grid.lines[header.at + 1 :]:
        reader = _RowReader(line, cells, header, grid.epoch)
        if reader.is_row():
            yield reader.row(own)


class _RowReader:
    """One line below the header."""

    def __init__(self, line: int, cells: list[str], header: Header, epoch: date) -> None:
        self.line, self.cells, self.columns, self.epoch = line, cells, header.columns, epoch

    def text(self, column: str) -> str:
        index = self.columns.get(column, -1)
        return self.cells[index] if 0 <= index < len(self.cells) else ""

    def is_row(self) -> bool:
        """Tell a row from a repeated header and from a footer, which have no receipt."""
        if _COLUMNS.get(_label(self.text("receipt"))) == "receipt":
            return False
        receipt = self.text("receipt")
        full = parse_receipt(receipt) and (self.text("time") or self.text("status"))
        return bool(full or RECEIPT.fullmatch(receipt) or self._moment())

    def row(self, own: str) -> Row:
        """Return the row. Raises NotAStatement with what is damaged."""
        receipt = parse_receipt(self.text("receipt"))
        moment = self._moment()
        if not receipt:
            raise self._damaged("has no receipt number")
        if len(self.cells) <= self.columns["withdrawn"]:
            raise self._damaged("is cut off")
        if moment is None:
            raise self._damaged("has no completion time such as 22/11/2026 10:15:47")
        paid_in, withdrawn = self._amounts()
        details, reason = self.text("details"), self.text("reason")
        kind = kind_of(details, reason, paid_in=paid_in, withdrawn=withdrawn, own=own)
        parts = parse_details(details)
        linked = parse_receipt(self.text("linked"))
        if kind is RowKind.REVERSAL and not linked:
            linked = named_receipt(details, receipt)
        return Row(
            line=self.line,
            receipt=receipt,
            completed_at=moment,
            status=self.text("status")[:50],
            paid_in_cents=paid_in,
            withdrawn_cents=withdrawn,
            balance_cents=self._balance(),
            kind=kind,
            reason_type=reason[:200],
            linked_receipt=linked,
            details=details,
            other_party=(self.text("party") or parts.party)[:200],
            account_reference=(clean_reference(self.text("account")) or parts.account)[:200],
        )

    def _moment(self) -> datetime | None:
        return parse_moment(self.text("time"), self.epoch)

    def _amounts(self) -> tuple[int, int]:
        """Return what came in and what went out; an amount "in" below zero went out."""
        paid_in, out = self._cents("paid_in", "Paid In"), self._cents("withdrawn", "Withdrawn")
        if paid_in and out:
            raise self._damaged("has an amount both in Paid In and in Withdrawn")
        return max(paid_in, 0), abs(out) + max(-paid_in, 0)

    def _balance(self) -> int | None:
        return self._cents("balance", "Balance") if self.text("balance") else None

    def _cents(self, column: str, title: str) -> int:
        cents = parse_cents(self.text(column))
        if cents is None:
            raise self._damaged(f"has no amount in shillings in the column {title}")
        return cents

    def _damaged(self, what: str) -> NotAStatement:
        return NotAStatement(
            f"Line {self.line} of the file {what}. Download the statement again, unchanged."
        )
