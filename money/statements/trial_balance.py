"""The trial balance: what each account held, moved and holds, and that it all sums to zero."""

from collections.abc import Mapping, Sequence
from datetime import date

from money.models import Business
from money.report import Period, Report, Style
from money.snapshot import snapshot
from money.statements.figures import (
    NOTHING,
    ONE_DAY,
    Key,
    Turnover,
    accounts_of,
    turnovers_through,
)
from money.statements.sheet import ASK, Figures, Sheet, names_of, periods_of

_NAME, _TITLE = "trial-balance", "Trial balance"


def trial_balance(
    *,
    businesses: Sequence[Business],
    period: Period,
    beside: bool = False,
    is_everything: bool = False,
) -> Report:
    """Return Account | Opening | Debit | Credit | Closing, in cents, debit positive.

    `beside` adds debits, credits and closing of the period before. Closing entries are in it:
    this is what the accounts say. Accounts without any figure are left out.
    """
    periods = periods_of(period, beside=beside)
    days = {day for one in periods for day in (one.from_on - ONE_DAY, one.to_on)}
    with snapshot():
        accounts = accounts_of(businesses)
        through = turnovers_through(accounts, days)
    sums = {day: _by_code(totals) for day, totals in through.items()}
    columns = [_balance("Opening", sums, period.from_on - ONE_DAY), *_moved(period, sums, "")]
    columns.append(_balance("Closing", sums, period.to_on))
    for before in periods[1:]:
        columns += _moved(before, sums, f", {before.short}")
        columns.append(_balance(f"Closing, {before.short}", sums, before.to_on))
    sheet = Sheet(accounts.names, columns)
    codes = sheet.accounts(lambda code: True, level=0)
    totals = sheet.total("Total", codes, style=Style.GRAND)
    warnings = []
    if totals[0] or totals[1] != totals[2] or totals[3]:
        warnings.append(f"The debits and credits are not equal. {ASK}")
    return Report(
        _NAME,
        _TITLE,
        names_of(businesses, is_everything=is_everything),
        str(period),
        sheet.columns(),
        sheet.rows,
        ["A balance is positive where debits exceed credits, negative where credits do."],
        warnings,
    )


def _by_code(totals: Mapping[Key, Turnover]) -> dict[str, Turnover]:
    sums: dict[str, Turnover] = {}
    for (_, code), turnover in totals.items():
        sums[code] = sums.get(code, NOTHING).plus(turnover)
    return sums


def _balance(title: str, sums: Mapping[date, Mapping[str, Turnover]], day: date) -> Figures:
    return Figures(title, None, day, {code: one.net_cents for code, one in sums[day].items()})


def _moved(
    period: Period, sums: Mapping[date, Mapping[str, Turnover]], suffix: str
) -> list[Figures]:
    before = sums[period.from_on - ONE_DAY]
    moves = {
        code: one.plus(before.get(code, NOTHING), -1) for code, one in sums[period.to_on].items()
    }
    return [
        Figures(f"{title}{suffix}", period.from_on, period.to_on, cents)
        for title, cents in (
            ("Debit", {code: one.debit_cents for code, one in moves.items()}),
            ("Credit", {code: one.credit_cents for code, one in moves.items()}),
        )
    ]
