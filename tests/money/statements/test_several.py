"""Several businesses as one, sub accounts, financial years of their own, what does not tie."""

from datetime import date

from money.models import Account, Business, TaxPerson
from money.report import Figure, Period, Where
from money.statements import (
    STATEMENTS,
    balance_sheet,
    cash_flow,
    profit_and_loss,
    trial_balance,
)
from tests.money.statements.reading import cents_of
from tests.money.statements.year import Book, Told

MONTH = Period(date(2026, 11, 1), date(2026, 11, 30))


def lend(book: Book, laundry: Business) -> None:
    """Duka lends 700 cents to the laundry, and both sell."""
    book("2026-11-02", ("1000", 1_000), ("4040", -1_000))
    book("2026-11-03", ("2900", 700), ("1000", -700))
    book("2026-11-03", ("1000", 700), ("2900", -700), business=laundry)
    book("2026-11-04", ("1000", 500), ("4030", -500), business=laundry)


def test_what_businesses_owe_each_other_cancels_out(
    duka: Business, laundry: Business, book: Book
) -> None:
    lend(book, laundry)
    both: Told = {"businesses": [duka, laundry], "period": MONTH, "is_everything": True}

    sheet, cash = balance_sheet(**both), cash_flow(**both)

    assert cents_of(sheet)["Total assets"] == [1_500]
    assert cents_of(cash)["Cash at the end"] == [1_500]
    assert not [row for row in (*sheet.rows, *cash.rows) if "2900" in str(row.cells[0])]
    assert "Between businesses" not in {row.cells[0] for row in cash.rows}
    assert sheet.warnings == cash.warnings == []
    assert sheet.of == "All businesses"


def test_one_business_shows_what_it_lent(duka: Business, laundry: Business, book: Book) -> None:
    lend(book, laundry)

    sheet = balance_sheet(businesses=[duka], period=MONTH)
    cash = cents_of(cash_flow(businesses=[duka], period=MONTH))

    title = "2900 Due to and from other businesses of the owner"
    assert cents_of(sheet)[title] == [-700]
    assert cash["Cash from between businesses"] == [-700]
    assert cash["Change in cash"] == [300]
    assert sheet.warnings == []


def test_what_does_not_cancel_out_is_a_warning_for_everything_alone(
    duka: Business, laundry: Business, book: Book
) -> None:
    book("2026-11-03", ("2900", 700), ("1000", -700))
    both: Told = {"businesses": [duka, laundry], "period": MONTH}

    assert balance_sheet(**both).warnings == []
    assert balance_sheet(**both, is_everything=True).warnings == [
        "What the businesses owe each other does not cancel out: account 2900 sums to KES 7."
    ]


def test_sub_accounts_stand_under_theirs(duka: Business, laundry: Business, book: Book) -> None:
    for business, name in ((duka, "Till 990"), (laundry, "Till 991")):
        Account.objects.create(business=business, code="1100.1", name=name, kind="asset")
    Account.objects.create(business=duka, code="1000.1", name="Front drawer", kind="asset")
    book("2026-11-02", ("1100.1", 1_000), ("1100", 200), ("1000.1", 50), ("4040", -1_250))
    book("2026-11-02", ("1100.1", 30), ("4030", -30), business=laundry)

    report = balance_sheet(businesses=[duka, laundry], period=MONTH)

    rows = [(row.level, *row.cells) for row in report.rows[1:6]]
    assert rows == [
        (1, "1000 Cash drawer", Figure(50, Where(("1000",), None, MONTH.to_on))),
        (2, "1000.1 Front drawer", Figure(50, Where(("1000.1",), None, MONTH.to_on))),
        (1, "1100 M-Pesa till", Figure(1_230, Where(("1100",), None, MONTH.to_on))),
        (2, "1100 M-Pesa till (itself)", Figure(200, Where(("1100.itself",), None, MONTH.to_on))),
        (2, "1100.1 Till 990", Figure(1_030, Where(("1100.1",), None, MONTH.to_on))),
    ]
    assert cents_of(report)["Total assets"] == [1_280]
    assert cents_of(cash_flow(businesses=[duka], period=MONTH))["Cash at the end"] == [1_250]
    assert cents_of(trial_balance(businesses=[duka], period=MONTH))["Total"] == [
        0,
        1_250,
        1_250,
        0,
    ]


def test_the_account_above_need_not_exist(duka: Business, book: Book) -> None:
    Account.objects.create(business=duka, code="6999.1", name="Own", kind="expense")
    book("2026-11-02", ("6999.1", 10), ("1000", -10))

    found = cents_of(profit_and_loss(businesses=[duka], period=MONTH))

    assert found["6999"] == found["6999.1 Own"] == found["Total expenses"] == [10]


def test_each_business_has_the_year_of_its_tax_person(
    duka: Business, laundry: Business, book: Book
) -> None:
    other = TaxPerson.objects.create(name="B", kra_pin="B001234567Z", year_ends_month=6)
    Business.objects.filter(pk=laundry.pk).update(tax_person=other)
    for business in (duka, laundry):
        book("2026-06-30", ("1000", 100), ("4040", -100), business=business)
        book("2026-07-01", ("1000", 10), ("4040", -10), business=business)

    report = balance_sheet(businesses=[duka, laundry], period=MONTH)
    found = cents_of(report)

    assert found["Result of this financial year"] == [120]
    assert found["Results of earlier years, not closed yet"] == [100]
    assert found["Total equity"] == [220]
    (why,) = report.notes
    assert why.endswith("choose one business to see their entries.")
    book("2026-06-30", ("4040", 100), ("3200", -100), business=laundry, kind="closing")
    report = balance_sheet(businesses=[duka, laundry], period=MONTH)
    assert cents_of(report)["Result of this financial year"] == [120]
    assert report.notes == [why]


def test_statements_of_all_ask_no_more_than_of_one(
    duka: Business, laundry: Business, book: Book, django_assert_num_queries
) -> None:
    lend(book, laundry)
    period = Period(date(2026, 10, 5), date(2026, 11, 25))
    most = {"trial-balance": 4, "profit-and-loss": 5, "balance-sheet": 5, "cash-flow": 8}
    for name, (_, build) in STATEMENTS.items():
        for businesses in ([duka], [duka, laundry]):
            with django_assert_num_queries(most[name]):
                build(businesses=businesses, period=period)


def test_books_that_were_tampered_with_do_not_tie(duka: Business, book: Book, tamper) -> None:
    book("2026-11-02", ("1000", 1_000), ("4040", -1_000))

    tamper(
        "UPDATE money_movement SET debit_cents = debit_cents + 100 WHERE account_id ="
        " (SELECT id FROM money_account WHERE code = '1000')"
    )

    told: Told = {"businesses": [duka], "period": MONTH}
    assert trial_balance(**told).warnings == [
        "The debits and credits are not equal. Ask whoever runs the server to check the books."
    ]
    (warning,) = balance_sheet(**told).warnings
    assert warning == (
        "At 30 November 2026 assets and the other side differ by KES 1. Ask whoever runs the server"
        " to check the books."
    )
    (warning,) = cash_flow(**told).warnings
    assert "cash changed by KES 11, but KES 10 is explained" in warning


def test_a_figure_leads_to_accounts_that_exist(duka: Business, book: Book) -> None:
    Account.objects.create(business=duka, code="6999.1", name="Own", kind="expense")
    Account.objects.create(business=duka, code="6020.1", name="Rent of the yard", kind="expense")
    book("2026-11-02", ("6999.1", 10), ("6020.1", 5), ("1000", -15))

    report = profit_and_loss(businesses=[duka], period=MONTH)

    wheres = {
        str(row.cells[0]): cell.where.codes
        for row in report.rows
        for cell in row.cells[1:]
        if isinstance(cell, Figure) and cell.where
    }
    assert wheres["6999"] == ("6999.1",)
    assert wheres["6020 Rent"] == ("6020",)
    assert wheres["Total expenses"] == ("6020", "6999.1")
