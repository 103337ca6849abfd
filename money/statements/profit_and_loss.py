"""Profit and loss: what was earned, what it cost, and what is left."""

from collections.abc import Sequence

from money.models import Business
from money.report import Period, Report, Style
from money.snapshot import snapshot
from money.statements.figures import accounts_of, by_code, changes
from money.statements.sheet import Figures, Sheet, names_of, periods_of, starts_with

_NAME, _TITLE = "profit-and-loss", "Profit and loss"

# Discounts given and sales returns: debits that lessen income.
CONTRA_CODES = ("4100", "4110")


def profit_and_loss(
    *,
    businesses: Sequence[Business],
    period: Period,
    beside: bool = False,
    is_everything: bool = False,
) -> Report:
    """Return Account | figures of the period [| of the one before], in cents.

    Income and expenses are positive, discounts and returns negative. Closing entries are left out,
    so that a closed year still shows what it earned.
    """
    periods = periods_of(period, beside=beside)
    with snapshot():
        accounts = accounts_of(businesses).where(starts_with("4", "5", "6"))
        moves = changes(accounts, periods)
    sheet = Sheet(
        accounts.names,
        [
            Figures(one.short if beside else "KES", one.from_on, one.to_on, by_code(totals))
            for one, totals in zip(periods, moves, strict=True)
        ],
    )
    _add_rows(sheet)
    return Report(
        _NAME,
        _TITLE,
        names_of(businesses, is_everything=is_everything),
        str(period),
        sheet.columns(),
        sheet.rows,
    )


def _add_rows(sheet: Sheet) -> None:
    sheet.heading("Income")
    income = sheet.accounts(lambda c: c.startswith("4") and c not in CONTRA_CODES, sign=-1)
    contra = sheet.codes(lambda code: code in CONTRA_CODES)
    if contra:
        sheet.total("Income before discounts and returns", income, sign=-1)
        sheet.accounts(lambda code: code in CONTRA_CODES, sign=-1)
    income += contra
    sheet.total("Total income", income, sign=-1)
    sheet.heading("Cost of sales")
    cost = sheet.accounts(starts_with("5"))
    sheet.total("Total cost of sales", cost)
    sheet.total("Gross profit", income + cost, sign=-1)
    sheet.heading("Expenses")
    expenses = sheet.accounts(starts_with("6"))
    sheet.total("Total expenses", expenses)
    sheet.total("Result of the period", income + cost + expenses, sign=-1, style=Style.GRAND)
