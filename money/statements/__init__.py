"""The statements: queries that return a Report, each read in one moment of the database.

What they cost does not grow with history (`figures`). Amounts are cents.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from money.models import Business
from money.report import Period, Report
from money.statements.balance_sheet import balance_sheet
from money.statements.cash_flow import cash_flow
from money.statements.ledger import BadCursor, Page, account_statement, general_ledger
from money.statements.profit_and_loss import profit_and_loss
from money.statements.trial_balance import trial_balance
from money.statements.vat import vat_return


class Build(Protocol):
    """What builds a statement of a period over one or several businesses."""

    def __call__(
        self,
        *,
        businesses: Sequence[Business],
        period: Period,
        beside: bool = False,
        is_everything: bool = False,
    ) -> Report: ...


class Statement(NamedTuple):
    """A statement's title and what builds it."""

    title: str
    build: Build


STATEMENTS: dict[str, Statement] = {
    "trial-balance": Statement("Trial balance", trial_balance),
    "profit-and-loss": Statement("Profit and loss", profit_and_loss),
    "balance-sheet": Statement("Balance sheet", balance_sheet),
    "cash-flow": Statement("Cash flow", cash_flow),
}

__all__ = [
    "STATEMENTS",
    "BadCursor",
    "Page",
    "Statement",
    "account_statement",
    "balance_sheet",
    "cash_flow",
    "general_ledger",
    "profit_and_loss",
    "trial_balance",
    "vat_return",
]
