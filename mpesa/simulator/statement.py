"""The statement that an owner downloads from Safaricom's portal, in its two layouts."""

import csv
import io
from datetime import date, datetime
from importlib import import_module
from typing import NamedTuple

from mpesa.simulator import ids, people
from mpesa.simulator.moves import MAIN, Move, Payment
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.results import REASONS, reason

Row = tuple[str, ...]
NEW_HEADER = (
    "Receipt No",
    "Completion Time",
    "Details",
    "Transaction Status",
    "Paid In (KSHs)",
    "Withdrawn (KSHs)",
    "Balance (KSHs)",
)
OLD_HEADER = (
    "Receipt No.",
    "Completion Time",
    "Initiation Time",
    "Details",
    "Transaction Status",
    "Paid In",
    "Withdrawn",
    "Balance",
    "Balance Confirmed",
    "Reason Type",
    "Other Party Info",
    "Linked Transaction ID",
    "A/C No.",
    "Currency",
)
COMPLETED = "Completed"
SETTLEMENT_ACCOUNT = "Organization Settlement Account"
BANK_USER = r"demobank\apiuser"


class Period(NamedTuple):
    """The days of a statement in Nairobi, both included."""

    first: date
    last: date

    def holds(self, at: datetime) -> bool:
        return self.first <= at.astimezone(ids.EAT).date() <= self.last


def new_rows(moves: list[Move], outlet: Outlet, period: Period) -> list[Row]:
    """Return header and rows of the new layout, newest first, all accounts in one."""
    return [
        NEW_HEADER,
        *(_new_row(move, outlet) for move in reversed(moves) if period.holds(move.at)),
    ]


def old_rows(moves: list[Move], outlet: Outlet, period: Period, now: datetime) -> list[Row]:
    """Return the grid of the old layout: a preamble, then the main account, newest first."""
    own = [move for move in moves if move.pocket == MAIN]
    inside = [move for move in own if period.holds(move.at)]
    grid = [*_preamble(own, inside, outlet, period, now), OLD_HEADER]
    grid += [_old_row(move, outlet) for move in reversed(inside)]
    return [(*row, *[""] * (len(OLD_HEADER) - len(row))) for row in grid]


def as_csv(rows: list[Row], *, line_end: str) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


def as_xlsx(rows: list[Row]) -> bytes:
    """Return rows as a workbook; all cells are text, as in the portal's own."""
    # Loading it takes 31 MB, which a process that never exports need not pay.
    book = import_module("openpyxl").Workbook(write_only=True)
    sheet = book.create_sheet("transaction")
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def file_name(outlet: Outlet, period: Period, *, new: bool, ending: str) -> str:
    """Return the name that the portal gives the file: only there the new one names its till."""
    if new:
        return f"Statements for {outlet.shortcode} from {period.first} to {period.last}.{ending}"
    account = outlet.main_account.partition(" ")[0]
    return f"ORG_{outlet.shortcode}_{account}_{period.first}_{period.last}.{ending}"


def _new_row(move: Move, outlet: Outlet) -> Row:
    at = move.at.astimezone(ids.EAT)
    paid_in, withdrawn = max(move.cents, 0), min(move.cents, 0)
    return (
        move.receipt,
        f"{at:%d/%m/%Y %H:%M:%S}",
        _details(move, outlet, new=True),
        COMPLETED,
        with_commas(paid_in),
        with_commas(withdrawn),
        with_commas(move.balance_cents),
    )


def _old_row(move: Move, outlet: Outlet) -> Row:
    at = f"{move.at.astimezone(ids.EAT):%d-%m-%Y %H:%M:%S}"
    payment = move.payment
    return (
        move.receipt,
        at,
        at,
        _details(move, outlet, new=False),
        COMPLETED,
        ids.shillings(move.cents) if move.cents > 0 else "",
        ids.shillings(move.cents) if move.cents < 0 else "",
        ids.shillings(move.balance_cents),
        "true",
        _reason(move, outlet),
        _other_party(move, outlet),
        move.linked,
        payment.reference if payment else "",
        "KES",
    )


def _reason(move: Move, outlet: Outlet) -> str:
    if move.kind == "charge" and move.payment:
        return REASONS[(move.payment.kind, outlet.is_till)]
    return reason(move, outlet)


def _other_party(move: Move, outlet: Outlet) -> str:
    if move.kind == "charge":
        return "SP"
    if move.payment:
        return _person(move.payment, new=False)
    return f"{outlet.shortcode} - {outlet.name}"


def _details(move: Move, outlet: Outlet, *, new: bool) -> str:
    if move.kind == "charge":
        return "Pay Merchant Charge" if outlet.is_till else "Pay Bill Charge"
    if move.kind == "withdrawal":
        return "Agency Withdrawal of funds to Bank"
    if move.kind == "sweep":
        return f"{outlet.main_account} to {SETTLEMENT_ACCOUNT}"
    assert move.payment
    payment = move.payment
    account = f"Acc. {payment.reference}"
    if move.kind == "reversal":
        # How the portal words it is not known; the original's receipt is what matters.
        return f"Transaction Reversal of {move.linked} to {_person(payment, new=new)} {account}"
    if move.kind == "bank":
        kind = "FSI to Merchant" if outlet.is_till else "FSI to Pay Bill"
        return f"{kind} by {_person(payment, new=new)} {account} via WEB by {BANK_USER}"
    return f"{_kind(payment, outlet)} from {_person(payment, new=new)} {account}"


def _kind(payment: Payment, outlet: Outlet) -> str:
    kind = "Customer Merchant Payment" if outlet.is_till else "Pay Bill"
    return f"{kind} Online" if payment.kind == "stk" else kind


def _person(payment: Payment, *, new: bool) -> str:
    if payment.kind == "bank":
        return f"{people.BANK_NUMBER} - DEMO BANK"
    payer = payment.payer
    if new:
        return f"{people.on_statement(payer.phone)} - {payer.names}"
    phone = people.on_old_statement(payer.phone, pushed=payment.kind == "stk")
    return f"{phone} - {' **** '.join(filter(None, [payer.first, payer.last]))}"


def with_commas(cents: int) -> str:
    """Return cents as shillings with commas: 1,500.00."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


def _preamble(
    own: list[Move], inside: list[Move], outlet: Outlet, period: Period, now: datetime
) -> list[Row]:
    before = [move for move in own if move.at.astimezone(ids.EAT).date() < period.first]
    opening = 0
    if inside:
        opening = inside[0].balance_cents - inside[0].cents
    elif before:
        opening = before[-1].balance_cents
    closing = inside[-1].balance_cents if inside else opening
    paid_in = sum(move.cents for move in inside if move.cents > 0)
    withdrawn = sum(move.cents for move in inside if move.cents < 0)
    return [
        ("Account Holder:", outlet.name),
        ("Short Code:", outlet.shortcode),
        ("Account:", outlet.main_account),
        (
            "Time Period:",
            "From",
            f"{period.first:%d-%m-%Y} 00:00:00",
            "To",
            f"{period.last:%d-%m-%Y} 23:59:59",
        ),
        (
            "Operator:",
            "demo.manager",
            "Organization:",
            outlet.name,
            "Date of Report:",
            f"{now.astimezone(ids.EAT):%d-%m-%Y %H:%M:%S}",
        ),
        (
            "Opening Balance:",
            ids.shillings(opening),
            "Closing Balance:",
            ids.shillings(closing),
            "Available Balance:",
            ids.shillings(closing),
            "Total Paid In:",
            ids.shillings(paid_in),
            "Total Withdrawn:",
            ids.shillings(withdrawn),
        ),
    ]
