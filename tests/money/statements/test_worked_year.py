"""One year, worked out by hand in shillings, and the same figures in every statement."""

from datetime import date

import pytest

from money.models import Book as KeptBook
from money.models import Business, EntryKind
from money.report import Figure, Period, Style, Where
from money.statements import (
    STATEMENTS,
    balance_sheet,
    cash_flow,
    profit_and_loss,
    trial_balance,
)
from tests.money.statements.reading import shillings_of
from tests.money.statements.year import Book, Told, a_year

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
SECOND_QUARTER = Period(date(2026, 4, 1), date(2026, 6, 30))


@pytest.fixture
def year(book: Book) -> None:
    a_year(book)


@pytest.mark.usefixtures("year")
def test_profit_and_loss_of_the_year(duka: Business) -> None:
    report = profit_and_loss(businesses=[duka], period=YEAR)

    assert shillings_of(report) == {
        "4040 Sales: retail goods": [39_000],
        "4050 Sales: LPG gas": [12_000],
        "Income before discounts and returns": [51_000],
        "4110 Sales returns": [-1_000],
        "Total income": [50_000],
        "5040 Cost of sales: retail goods": [20_000],
        "Total cost of sales": [20_000],
        "Gross profit": [30_000],
        "6020 Rent": [8_000],
        "6700 Depreciation": [5_000],
        "Total expenses": [13_000],
        "Result of the period": [17_000],
    }
    assert report.of == "Amina duka"
    assert report.period == "1 January 2026 to 31 December 2026"
    assert report.warnings == []


@pytest.mark.usefixtures("year")
def test_profit_and_loss_beside_the_quarter_before(duka: Business) -> None:
    report = profit_and_loss(businesses=[duka], period=SECOND_QUARTER, beside=True)
    found = shillings_of(report)

    assert [column.title for column in report.columns] == [
        "Account",
        "1 Apr 2026 to 30 Jun 2026",
        "1 Jan 2026 to 31 Mar 2026",
    ]
    assert found["Total income"] == [9_000, 41_000]
    assert found["Gross profit"] == [9_000, 21_000]
    assert found["6020 Rent"] == [8_000, 0]
    assert found["Result of the period"] == [1_000, 16_000]


@pytest.mark.usefixtures("year")
def test_balance_sheet_at_the_end(duka: Business) -> None:
    report = balance_sheet(businesses=[duka], period=YEAR)

    assert shillings_of(report) == {
        "1000 Cash drawer": [16_000],
        "1100 M-Pesa till": [12_000],
        "1200 Bank": [127_000],
        "1300 Customers (receivable)": [9_000],
        "1400 Stock: retail goods": [30_000],
        "1700 Equipment": [60_000],
        "1710 Accumulated depreciation": [-5_000],
        "Total assets": [249_000],
        "2000 Suppliers (payable)": [10_000],
        "2600 Loans": [25_000],
        "Total liabilities": [35_000],
        "3000 Owner capital": [200_000],
        "3100 Owner drawings": [-3_000],
        "Result of this financial year": [17_000],
        "Total equity": [214_000],
        "Total liabilities and equity": [249_000],
    }
    assert report.warnings == []
    assert report.notes == []


@pytest.mark.usefixtures("year")
def test_cash_flow_of_the_year(duka: Business) -> None:
    report = cash_flow(businesses=[duka], period=YEAR)

    assert shillings_of(report) == {
        "Result of the period": [17_000],
        "Depreciation added back": [5_000],
        "1300 Customers (receivable)": [-9_000],
        "1400 Stock: retail goods": [-30_000],
        "2000 Suppliers (payable)": [10_000],
        "Cash from operating": [-7_000],
        "1700 Equipment": [-60_000],
        "Cash from investing": [-60_000],
        "2600 Loans": [25_000],
        "3000 Owner capital": [200_000],
        "3100 Owner drawings": [-3_000],
        "Cash from financing": [222_000],
        "Change in cash": [155_000],
        "Cash at the beginning": [0],
        "Cash at the end": [155_000],
    }
    assert report.warnings == []


@pytest.mark.usefixtures("year")
def test_trial_balance_of_the_second_quarter(duka: Business) -> None:
    report = trial_balance(businesses=[duka], period=SECOND_QUARTER)
    found = shillings_of(report)

    assert [column.title for column in report.columns] == [
        "Account",
        "Opening",
        "Debit",
        "Credit",
        "Closing",
    ]
    assert found["1000 Cash drawer"] == [29_000, 0, 13_000, 16_000]
    assert found["1200 Bank"] == [140_000, 35_000, 48_000, 127_000]
    assert found["1400 Stock: retail goods"] == [30_000, 0, 0, 30_000]
    assert found["4040 Sales: retail goods"] == [-30_000, 0, 9_000, -39_000]
    assert found["Total"] == [0, 95_000, 95_000, 0]
    assert "6030 Power" not in found
    assert report.warnings == []


@pytest.mark.usefixtures("year")
def test_trial_balance_beside_the_quarter_before(duka: Business) -> None:
    report = trial_balance(businesses=[duka], period=SECOND_QUARTER, beside=True)
    found = shillings_of(report)

    assert [column.title for column in report.columns][5:] == [
        "Debit, 1 Jan 2026 to 31 Mar 2026",
        "Credit, 1 Jan 2026 to 31 Mar 2026",
        "Closing, 1 Jan 2026 to 31 Mar 2026",
    ]
    assert found["1000 Cash drawer"] == [29_000, 0, 13_000, 16_000, 30_000, 1_000, 29_000]
    assert found["Total"] == [0, 95_000, 95_000, 0, 378_000, 378_000, 0]


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize(
    ("from_on", "to_on"),
    [
        ("2026-01-01", "2026-12-31"),
        ("2026-02-15", "2026-03-11"),
        ("2026-03-12", "2026-06-15"),
        ("2026-01-03", "2026-04-29"),
        ("2026-07-01", "2026-07-31"),
    ],
)
def test_statements_tie_to_each_other(duka: Business, from_on: str, to_on: str) -> None:
    period = Period(date.fromisoformat(from_on), date.fromisoformat(to_on))
    told: Told = {"businesses": [duka], "period": period}
    result = shillings_of(profit_and_loss(**told))["Result of the period"]
    sheet = shillings_of(balance_sheet(**told))
    before = shillings_of(
        balance_sheet(businesses=[duka], period=Period(date(2026, 1, 1), period.from_on))
    )
    cash = shillings_of(cash_flow(**told))

    assert sheet["Total assets"] == sheet["Total liabilities and equity"]
    assert cash["Result of the period"] == result
    held = sum(row[0] or 0 for title, row in sheet.items() if title[:2] in {"10", "11", "12"})
    assert cash["Cash at the end"] == [held]
    assert cash["Change in cash"] == [held - (cash["Cash at the beginning"][0] or 0)]
    assert [build(**told).warnings for _, build in STATEMENTS.values()] == [[]] * 4
    assert before["Total assets"] == before["Total liabilities and equity"]


@pytest.mark.usefixtures("year")
def test_result_is_what_equity_gained_beside_capital_and_drawings(duka: Business) -> None:
    result = shillings_of(profit_and_loss(businesses=[duka], period=SECOND_QUARTER))
    both = balance_sheet(businesses=[duka], period=SECOND_QUARTER, beside=True)
    found = shillings_of(both)

    assert found["Result of this financial year"] == [17_000, 16_000]
    assert result["Result of the period"] == [1_000]
    assert found["Total equity"] == [214_000, 216_000]
    assert found["3100 Owner drawings"] == [-3_000, 0]


@pytest.mark.usefixtures("year")
def test_a_closed_year_still_shows_what_it_earned(duka: Business, book: Book) -> None:
    before = {
        name: build(businesses=[duka], period=YEAR) for name, (_, build) in STATEMENTS.items()
    }
    result = [("4040", 39_000), ("4050", 12_000), ("4110", -1_000), ("5040", -20_000)]
    result += [("6020", -8_000), ("6700", -5_000), ("3200", -17_000)]

    book("2026-12-31", *((c, s * 100) for c, s in result), kind=EntryKind.CLOSING)
    KeptBook.objects.update(locked_through=date(2026, 12, 31))

    after = {name: build(businesses=[duka], period=YEAR) for name, (_, build) in STATEMENTS.items()}
    assert after["profit-and-loss"].rows == before["profit-and-loss"].rows
    assert after["cash-flow"].rows == before["cash-flow"].rows
    sheet = shillings_of(after["balance-sheet"])
    assert sheet["3200 Retained earnings"] == [17_000]
    assert sheet["Result of this financial year"] == [0]
    assert sheet["Total equity"] == [214_000]
    assert "The financial year is closed" in after["balance-sheet"].notes[0]
    assert shillings_of(after["trial-balance"])["4040 Sales: retail goods"] == [
        0,
        39_000,
        39_000,
        0,
    ]


@pytest.mark.usefixtures("year")
def test_a_year_unlocked_again_is_not_called_closed(duka: Business, book: Book) -> None:
    book("2026-12-31", ("4040", 100), ("3200", -100), kind=EntryKind.CLOSING)
    KeptBook.objects.update(locked_through=date(2026, 12, 30))

    (note,) = STATEMENTS["balance-sheet"].build(businesses=[duka], period=YEAR).notes

    assert "The financial year is closed" not in note
    assert "unlocked again: close it once more" in note


@pytest.mark.usefixtures("year")
def test_a_year_not_closed_stands_apart_in_the_next(duka: Business, book: Book) -> None:
    book("2027-01-05", ("1000", 50_000), ("4040", -50_000))

    report = balance_sheet(
        businesses=[duka], period=Period(date(2027, 1, 1), date(2027, 1, 15)), beside=True
    )
    found = shillings_of(report)

    assert found["Results of earlier years, not closed yet"] == [17_000, 0]
    assert found["Result of this financial year"] == [500, 17_000]
    earlier = next(row for row in report.rows if "earlier" in str(row.cells[0])).cells[1]
    assert isinstance(earlier, Figure)
    assert earlier.where == Where(
        ("4040", "4050", "4110", "5040", "6020", "6700"), None, date(2026, 12, 31)
    )


@pytest.mark.usefixtures("year")
def test_a_figure_knows_what_it_is_made_of(duka: Business) -> None:
    report = profit_and_loss(businesses=[duka], period=YEAR, beside=True)
    rent = next(row for row in report.rows if row.cells[0] == "6020 Rent")
    result = report.rows[-1]

    assert rent.cells[1:] == (
        Figure(800_000, Where(("6020",), date(2026, 1, 1), date(2026, 12, 31))),
        Figure(0, Where(("6020",), date(2025, 1, 1), date(2025, 12, 31))),
    )
    assert (rent.level, rent.style) == (1, Style.PLAIN)
    assert result.style is Style.GRAND
    assert isinstance(result.cells[1], Figure)
    assert result.cells[1].where == Where(
        ("4040", "4050", "4110", "5040", "6020", "6700"), date(2026, 1, 1), date(2026, 12, 31)
    )


def test_empty_books_make_empty_statements(duka: Business) -> None:
    for title, build in STATEMENTS.values():
        report = build(businesses=[duka], period=YEAR, beside=True)

        assert report.title == title
        assert {cents for row in shillings_of(report).values() for cents in row} <= {0}
        assert report.warnings == []
    assert profit_and_loss(businesses=[], period=YEAR).rows[-1].cells[1] == Figure(0)
