"""No figure of a balance sheet is without the lines that it is made of, its totals included."""

from money.chart import Code
from money.models import Business
from money.report import Figure, Period
from money.statements.balance_sheet import balance_sheet
from tests.make import TODAY, an_entry


def test_every_figure_of_a_balance_sheet_has_its_source(duka: Business) -> None:
    an_entry(duka, cents=70_000, debit=Code.BANK, credit=Code.OWNER_CAPITAL)
    an_entry(duka, cents=9_000, debit="1400", credit=Code.SUPPLIERS)
    an_entry(duka, cents=5_000)

    report = balance_sheet(businesses=[duka], period=Period(TODAY, TODAY))

    figures = [cell for row in report.rows for cell in row.cells if isinstance(cell, Figure)]
    assert [figure for figure in figures if figure.where is None] == []
    assert len(figures) >= 9
