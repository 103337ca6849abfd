"""The VAT return, worked out by hand in cents."""

from datetime import date

import pytest

from money.models import Business, TaxPerson
from money.report import NO_LETTER, Figure, Style, Where
from money.statements import account_statement, vat_return
from tests.make import a_business
from tests.money.statements.reading import cents_of
from tests.money.statements.year import Book

ANY_DAY = date(2026, 11, 17)
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture
def duka(db: None) -> Business:
    return a_business(vat_registered_from=date(2026, 1, 1))


def november(book: Book, laundry: Business) -> None:
    book("2026-10-31", ("1000", 116), ("4040", -100, "B"), ("2200", -16, "B"))
    book("2026-11-02", ("1000", 11_600), ("4040", -10_000, "B"), ("2200", -1_600, "B"))
    book("2026-11-02", ("1000", 5_000), ("4040", -5_000, "C"))
    book("2026-11-02", ("1000", 4_000), ("4040", -4_000, "A"))
    # A return: it lessens sales and VAT.
    book("2026-11-05", ("4110", 1_000, "B"), ("2200", 160, "B"), ("1000", -1_160))
    book(
        "2026-11-30",
        ("1000", 10_800),
        ("4050", -10_000, "E"),
        ("2200", -800, "E"),
        business=laundry,
    )
    book("2026-11-10", ("1400", 3_000, "B"), ("1800", 480, "B"), ("2000", -3_480))
    book("2026-11-11", ("6030", 500, "B"), ("1800", 80, "B"), ("1000", -580), business=laundry)
    book("2026-11-20", ("2200", 16), ("2220", -16))
    book("2026-12-01", ("1000", 116), ("4040", -100, "B"), ("2200", -16, "B"))


def test_a_return_over_two_businesses(duka: Business, laundry: Business, book: Book) -> None:
    november(book, laundry)

    report = vat_return(tax_person=duka.tax_person, month=ANY_DAY)

    rows = [
        tuple(cell.cents if isinstance(cell, Figure) else cell for cell in row.cells)
        for row in report.rows
    ]
    assert rows == [
        ("Output: sales", None, None),
        ("B (16 %)", 9_000, 1_440),
        ("E (8 %)", 10_000, 800),
        ("C (zero-rated)", 5_000, 0),
        ("A (exempt)", 4_000, 0),
        ("D (non-VAT)", 0, 0),
        ("Total output", 28_000, 2_240),
        ("Input: purchases", None, None),
        ("B (16 %)", 3_500, 560),
        ("E (8 %)", 0, 0),
        ("C (zero-rated)", 0, 0),
        ("A (exempt)", 0, 0),
        ("D (non-VAT)", 0, 0),
        ("Total input", 3_500, 560),
        ("VAT payable", None, 1_680),
        ("Ties to the accounts", None, None),
        ("Output VAT without a letter (settlements, adjustments)", None, -16),
        ("Movement of 2200 Output VAT", None, 2_224),
        ("Input VAT without a letter (settlements, adjustments)", None, 0),
        ("Movement of 1800 Input VAT", None, 560),
    ]
    assert report.of == "Amina Hassan, A001234567Z"
    assert report.period == "November 2026"
    assert report.notes == ["Return and payment are due by 20 December 2026."]
    assert report.warnings == []


def test_each_figure_leads_to_lines_that_sum_to_it(
    duka: Business, laundry: Business, book: Book
) -> None:
    november(book, laundry)
    report = vat_return(tax_person=duka.tax_person, month=ANY_DAY)
    figures = [
        cell
        for row in report.rows
        for cell in row.cells
        if isinstance(cell, Figure) and cell.where and row.style is not Style.GRAND
    ]

    for figure in figures:
        assert figure.where
        page = account_statement(
            businesses=[duka, laundry],
            codes=figure.where.codes,
            period=figure.where.period,
            letters=figure.where.letters,
        )
        moved = page.report.rows[-2].cells[-1]
        assert isinstance(moved, Figure)
        assert moved.cents == figure.cents
    assert figures[1].where == Where(("2200",), FIRST, LAST, "B")
    assert {figure.where.letters for figure in figures if figure.where} >= {"B", NO_LETTER, ""}


def test_more_input_than_output_is_a_credit(duka: Business, book: Book) -> None:
    book("2026-11-10", ("1400", 3_000, "B"), ("1800", 480, "B"), ("2000", -3_480))

    found = cents_of(vat_return(tax_person=duka.tax_person, month=ANY_DAY))

    assert found["VAT credit carried forward"] == [None, -480]


def test_december_is_due_in_january(duka: Business) -> None:
    report = vat_return(tax_person=duka.tax_person, month=date(2026, 12, 31))

    assert report.notes == ["Return and payment are due by 20 January 2027."]


def test_a_year_closed_in_the_month_changes_nothing(duka: Business, book: Book) -> None:
    book("2026-11-02", ("1000", 116), ("4040", -100, "B"), ("2200", -16, "B"))
    before = vat_return(tax_person=duka.tax_person, month=ANY_DAY)

    book("2026-11-30", ("4040", 100, "B"), ("3200", -100), kind="closing")

    assert vat_return(tax_person=duka.tax_person, month=ANY_DAY) == before


def test_one_who_is_not_registered_is_told(duka: Business, book: Book) -> None:
    person = TaxPerson.objects.get()
    person.vat_registered_from = date(2026, 12, 1)

    report = vat_return(tax_person=person, month=ANY_DAY)
    assert report.notes == [
        "Not registered for VAT in this month: no VAT is charged and none is reclaimed."
    ]
    assert report.warnings == []

    book("2026-11-02", ("1000", 116), ("4040", -100, "B"), ("2200", -16, "B"))
    assert vat_return(tax_person=person, month=ANY_DAY).warnings == [
        "Not registered, and yet VAT is booked: KES 0.16 output, KES 0 input."
    ]
    person.vat_registered_from = None
    assert vat_return(tax_person=person, month=ANY_DAY).warnings != []


def test_one_who_registers_within_the_month(duka: Business) -> None:
    duka.tax_person.vat_registered_from = date(2026, 11, 15)

    report = vat_return(tax_person=duka.tax_person, month=ANY_DAY)

    assert report.notes[1] == "Registered for VAT from 15 November 2026."


def test_excise_of_the_month(duka: Business, book: Book) -> None:
    book("2026-11-02", ("5070", 620), ("2210", -620))
    book("2026-11-03", ("2210", 20), ("5070", -20))
    # What October owed.
    book("2026-11-18", ("2210", 5_000), ("1200", -5_000))
    person = duka.tax_person
    assert "Excise duty of the month" not in cents_of(vat_return(tax_person=person, month=ANY_DAY))
    person.excise_licensed_from = date(2026, 11, 30)

    report = vat_return(tax_person=person, month=ANY_DAY)

    found = cents_of(report)
    assert found["Excise duty of the month"] == [None, 600]
    assert found["Charged"] == [None, 620]
    assert found["Paid or taken back"] == [None, -5_020]
    assert found["Movement of 2210 Excise duty payable"] == [None, -4_400]
    (duty,) = (row for row in report.rows if row.cells[0] == "Excise duty of the month")
    assert duty.cells[2] == Figure(600, Where(("5070",), FIRST, LAST))


def test_equipment_is_bought_on_one_side_and_sold_on_the_other(duka: Business, book: Book) -> None:
    book("2026-11-02", ("1700", 10_000, "B"), ("1800", 1_600, "B"), ("1200", -11_600))
    book("2026-11-03", ("1200", 4_640), ("1700", -4_000, "B"), ("2200", -640, "B"))
    book("2026-11-04", ("6030", 500, "B"), ("1800", 80, "B"), ("1000", -580))

    report = vat_return(tax_person=duka.tax_person, month=ANY_DAY)

    rows = [
        tuple(cell.cents if isinstance(cell, Figure) else cell for cell in row.cells)
        for row in report.rows
    ]
    sold = rows.index(("B (16 %), equipment sold", 4_000, None))
    bought = rows.index(("B (16 %), equipment bought", 10_000, None))
    assert rows[sold - 1] == ("B (16 %)", 0, 640)
    assert rows[bought - 1] == ("B (16 %)", 500, 1_680)
    assert ("Total output", 4_000, 640) in rows
    assert ("Total input", 10_500, 1_680) in rows
    assert ("VAT credit carried forward", None, -1_040) in rows
    assert report.rows[sold].cells[1] == Figure(
        4_000, Where(("1700.credits", "1710.credits"), FIRST, LAST, "B")
    )
    assert report.warnings == []


def test_a_letter_on_an_account_of_no_return_is_shown_and_warned_of(
    duka: Business, book: Book
) -> None:
    book("2026-11-02", ("1000", 500), ("2100", -500, "B"))
    book("2026-11-03", ("3100", 70, "B"), ("1000", -70))

    report = vat_return(tax_person=duka.tax_person, month=ANY_DAY)

    at = [row.cells[0] for row in report.rows].index("With a letter on other accounts")
    row = report.rows[at + 1]
    assert row.cells[0] == "B (16 %)"
    assert row.cells[1] == Figure(430, Where(("2100", "3100"), FIRST, LAST, "B"))
    assert report.warnings == [
        "Tax letters on 2100, 3100 are not in this return: correct the entries of those lines."
    ]
