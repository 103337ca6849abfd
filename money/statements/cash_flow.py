"""The cash flow statement, by the indirect method: from the result to the change in cash.

All accounts together never change, so cash changed by what all others did, turned round. That ties
by construction, and reads movements only: a statement by counter-account would read every line.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from money.cents import format_shillings
from money.chart import CASH_CODES, Code, parent_of
from money.models import Business
from money.report import Figure, Period, Report, Style, Where
from money.snapshot import snapshot
from money.statements.figures import (
    ONE_DAY,
    accounts_of,
    balances_through,
    by_code,
    changes,
)
from money.statements.sheet import ASK, Belongs, Figures, Sheet, names_of, periods_of, starts_with

_NAME, _TITLE = "cash-flow", "Cash flow"
# Depreciation costs no cash: what it took off the result comes back as operating.
_DEPRECIATION = "1710"
_is_result = starts_with("4", "5", "6")
_is_financing = starts_with("26", "3")


def cash_flow(
    *,
    businesses: Sequence[Business],
    period: Period,
    beside: bool = False,
    is_everything: bool = False,
) -> Report:
    """Return Account | inflow (positive) or outflow of the period [| of the one before], in cents.

    Closing entries are left out, as in the result that it begins with.
    """
    periods = periods_of(period, beside=beside)
    with snapshot():
        accounts = accounts_of(businesses)
        cash = accounts.under(CASH_CODES)
        others = accounts.where(lambda code: not _is_cash(parent_of(code)))
        moves = changes(others, periods)
        days = {day for one in periods for day in (one.from_on - ONE_DAY, one.to_on)}
        held = {day: by_code(by) for day, by in balances_through(cash, days).items()}
    sheet = Sheet(
        accounts.names,
        [
            Figures(one.short if beside else "KES", one.from_on, one.to_on, by_code(totals))
            for one, totals in zip(periods, moves, strict=True)
        ],
    )
    change = _add_rows(sheet)
    warnings = _add_cash(sheet, periods, held, change)
    return Report(
        _NAME,
        _TITLE,
        names_of(businesses, is_everything=is_everything),
        str(period),
        sheet.columns(),
        sheet.rows,
        ["Cash is the drawers, the safe, petty cash, the M-Pesa tills and the banks."],
        warnings,
    )


def _add_cash(
    sheet: Sheet,
    periods: Sequence[Period],
    held: Mapping[date, Mapping[str, int]],
    change: Sequence[int],
) -> list[str]:
    """Add the change, the cash before and the cash after; warn where they do not tie."""
    codes = sheet.where_codes(sorted({code for by in held.values() for code in by}))
    opening = [_cash(one.from_on - ONE_DAY, held, codes) for one in periods]
    closing = [_cash(one.to_on, held, codes) for one in periods]
    changed = [
        Figure(cents, Where(codes, one.from_on, one.to_on) if codes else None)
        for one, cents in zip(periods, change, strict=True)
    ]
    sheet.line("Change in cash", changed, style=Style.TOTAL, level=0)
    sheet.line("Cash at the beginning", opening, level=0)
    sheet.line("Cash at the end", closing, style=Style.GRAND, level=0)
    return [
        f"In {one} cash changed by KES {format_shillings(after.cents - before.cents)}, but"
        f" KES {format_shillings(cents)} is explained. {ASK}"
        for one, before, after, cents in zip(periods, opening, closing, change, strict=True)
        if after.cents - before.cents != cents
    ]


def _cash(day: date, held: Mapping[date, Mapping[str, int]], codes: tuple[str, ...]) -> Figure:
    return Figure(sum(held[day].values()), Where(codes, None, day) if codes else None)


def _is_cash(code: str) -> bool:
    return code in CASH_CODES


def _is_investing(code: str) -> bool:
    return code.startswith("17") and code != _DEPRECIATION


def _is_between(code: str) -> bool:
    return code == Code.BETWEEN_BUSINESSES


def _is_operating(code: str) -> bool:
    return code.startswith(("1", "2")) and not (
        code.startswith("17") or _is_cash(code) or _is_financing(code) or _is_between(code)
    )


def _add_rows(sheet: Sheet) -> list[int]:
    """Add the sections; return the change in cash that they explain, per column."""
    sheet.heading("Operating")
    earned = sheet.codes(_is_result)
    sheet.total("Result of the period", earned, sign=-1, style=Style.PLAIN, level=1)
    depreciation = sheet.codes(lambda code: code == _DEPRECIATION)
    if depreciation:
        sheet.total("Depreciation added back", depreciation, sign=-1, style=Style.PLAIN, level=1)
    operating = earned + depreciation
    operating += sheet.accounts(_is_operating, sign=-1)
    sheet.total("Cash from operating", operating, sign=-1)
    explained = operating + _section(sheet, "Investing", _is_investing)
    explained += _section(sheet, "Financing", _is_financing)
    # Cancels out in a view of several businesses.
    between = sheet.codes(_is_between)
    if any(one.sum_of(between) for one in sheet.figures):
        explained += _section(sheet, "Between businesses", _is_between)
    return [-one.sum_of(explained) for one in sheet.figures]


def _section(sheet: Sheet, title: str, belongs: Belongs) -> list[str]:
    """Add a section, where it has any row; return its codes."""
    if not sheet.codes(belongs):
        return []
    sheet.heading(title)
    codes = sheet.accounts(belongs, sign=-1)
    sheet.total(f"Cash from {title.lower()}", codes, sign=-1)
    return codes
