"""The account statement and the general ledger, page by page."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from money.models import Account, Business, Entry, Line
from money.report import EVER, NO_LETTER, Figure, Period, Report, Row, Style, Where
from money.statements import BadCursor, Page, account_statement, general_ledger
from money.statements.ledger import FIRST
from tests.make import an_entry
from tests.money.statements.year import Book, Told

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def plain(row: Row) -> tuple[Any, ...]:
    return tuple(cell.cents if isinstance(cell, Figure) else cell for cell in row.cells)


def moves(report: Report) -> list[Row]:
    return [row for row in report.rows if row.entry_id]


def all_pages(read, **told) -> list[Page]:
    pages = [read(**told)]
    while cursor := pages[-1].next_cursor:
        pages.append(read(**told, after=cursor))
    return pages


def test_an_account_statement(duka: Business, book: Book) -> None:
    book("2026-10-31", ("1000", 5_000), ("4040", -5_000))
    sold = book("2026-11-02", ("1000", 1_000), ("4040", -1_000), description="Sale 7")
    book("2026-11-03", ("1200", 400), ("1000", -400), description="Banked")

    page = account_statement(businesses=[duka], codes=["1000"], period=NOVEMBER)

    report = page.report
    assert (report.title, report.of) == ("1000 Cash drawer", "Amina duka")
    assert [column.title for column in report.columns] == [
        "Day",
        "Entry",
        "Description",
        "Source",
        "Debit",
        "Credit",
        "Balance",
    ]
    assert [plain(row) for row in report.rows] == [
        (None, None, "Opening balance", None, None, None, 5_000),
        (date(2026, 11, 2), "2", "Sale 7", "sale", 1_000, None, 6_000),
        (date(2026, 11, 3), "3", "Banked", "sale", None, 400, 5_600),
        (None, None, "Moved in the period", None, 1_000, 400, 600),
        (None, None, "Closing balance", None, None, None, 5_600),
    ]
    assert report.rows[1].entry_id == sold.entry_id
    assert report.rows[-1].style is Style.GRAND
    assert (page.next_cursor, page.previous_cursor) == (None, None)


def test_a_sale_account_is_credit_positive(duka: Business, book: Book) -> None:
    book("2026-11-02", ("1000", 1_000), ("4040", -1_000))

    report = account_statement(businesses=[duka], codes=["4040"], period=NOVEMBER).report

    assert report.columns[-1].title == "Balance (credit)"
    assert plain(report.rows[1])[-3:] == (None, 1_000, 1_000)
    assert plain(report.rows[-1])[-1] == 1_000


def test_a_late_fact_says_its_day(duka: Business, book: Book) -> None:
    duka.book.closed_through = date(2026, 11, 21)
    duka.book.save()
    book("2026-11-20", ("1000", 1_000), ("4040", -1_000), description="Sale 9")

    (row,) = moves(account_statement(businesses=[duka], codes=["1000"], period=NOVEMBER).report)

    assert row.cells[0] == date(2026, 11, 22)
    assert row.cells[2] == "Sale 9 (late, of 20 Nov 2026)"


def test_a_day_with_more_lines_than_a_page(duka: Business, book: Book) -> None:
    book("2026-11-10", ("1000", 500), ("4040", -500))
    for cents in range(1, 12):
        # Three lines of one entry in one account: a page may end between them.
        book(
            "2026-11-17",
            ("1000", cents),
            ("1000", 100),
            ("1000", -30),
            ("4040", -70 - cents),
        )
    book("2026-11-18", ("1000", 7), ("4040", -7))

    told: Told = {"businesses": [duka], "codes": ["1000"], "period": NOVEMBER, "limit": 4}
    pages = all_pages(account_statement, **told)

    assert len(pages) == 9
    rows = [row for page in pages for row in moves(page.report)]
    assert len(rows) == len({id(row) for row in rows}) == 35
    balance = 0
    for row in rows:
        *_, debit, credit, after = plain(row)
        balance += (debit or 0) - (credit or 0)
        assert after == balance
    for page, following in pairwise(pages):
        carried, brought = page.report.rows[-1], following.report.rows[0]
        assert (carried.cells[2], brought.cells[2]) == ("Carried forward", "Brought forward")
        assert carried.cells[-1] == brought.cells[-1]
    assert plain(pages[-1].report.rows[-1])[-1] == balance == 500 + 66 + 770 + 7
    assert plain(pages[-1].report.rows[-2])[-3:] == (500 + 66 + 1_100 + 7, 330, balance)


def test_pages_lead_back_as_they_led_on(duka: Business) -> None:
    for number in range(10):
        an_entry(duka, cents=number + 1, occurred_on=date(2026, 11, 1 + number // 4))

    told: Told = {"businesses": [duka], "codes": ["1000"], "period": NOVEMBER, "limit": 3}
    pages = all_pages(account_statement, **told)

    assert [len(moves(page.report)) for page in pages] == [3, 3, 3, 1]
    assert [page.previous_cursor for page in pages] == [
        None,
        FIRST,
        pages[0].next_cursor,
        pages[1].next_cursor,
    ]
    again = account_statement(**told, after=FIRST)
    assert again.report.rows == pages[0].report.rows


def test_several_accounts_of_several_businesses_as_one(
    duka: Business, laundry: Business, book: Book
) -> None:
    Account.objects.create(business=duka, code="1000.1", name="Front", kind="asset")
    book("2026-11-03", ("1000.1", 30), ("4040", -30))
    book("2026-11-02", ("1200", 20), ("4040", -20), business=laundry)
    book("2026-11-02", ("1000", 10), ("4040", -10))
    book("2026-11-02", ("1100", 99), ("4040", -99))

    report = account_statement(
        businesses=[duka, laundry], codes=("1000", "1200"), period=NOVEMBER
    ).report

    assert report.title == "2 accounts"
    assert [plain(row)[2:5] for row in moves(report)] == [
        ("Amina duka", "1000 Cash drawer", "Told"),
        ("Amina laundry", "1200 Bank", "Told"),
        ("Amina duka", "1000.1 Front", "Told"),
    ]
    assert [plain(row)[-1] for row in moves(report)] == [10, 30, 60]


def test_a_figure_leads_to_its_lines_under_a_tax_letter(duka: Business, book: Book) -> None:
    book("2026-10-31", ("1000", 50), ("4040", -50, "B"))
    book("2026-11-01", ("1000", 116), ("4040", -100, "B"), ("2200", -16, "B"))
    book("2026-11-02", ("1000", 70), ("4040", -70, "C"))
    book("2026-11-30", ("1000", 8), ("4040", -8))
    standard = Where(("4040",), NOVEMBER.from_on, NOVEMBER.to_on, "B")
    bare = Where(("4040",), None, NOVEMBER.to_on, NO_LETTER)

    for where, opening, cents in ((standard, 50, 100), (bare, 0, 8)):
        report = account_statement(
            businesses=[duka], codes=where.codes, period=where.period, letters=where.letters
        ).report

        assert plain(report.rows[0])[-1] == opening
        assert [plain(row)[-2] for row in moves(report)] == [cents]
        assert report.rows[-2].cells[-1] == Figure(
            cents, Where(("4040",), where.period.from_on, NOVEMBER.to_on, where.letters)
        )
    assert bare.period == Period(EVER, NOVEMBER.to_on)
    assert report.period == "up to 30 November 2026"


def test_a_statement_says_where_a_year_was_closed(duka: Business, book: Book) -> None:
    book("2026-11-02", ("1000", 10), ("4040", -10))
    told: Told = {"businesses": [duka], "codes": ["4040"], "period": NOVEMBER}

    assert account_statement(**told).report.notes == []
    book("2026-11-30", ("4040", 10), ("3200", -10), kind="closing")

    (note,) = account_statement(**told).report.notes
    assert note == (
        "A year was closed into retained earnings in this period. Without that it moved KES 0.10:"
        " the figure of the profit and loss statement and of the cash flow."
    )


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "20261117-1",
        "20261317-1-1",
        "20261017-1-1",
        "20261201-1-1",
        "20261117-1-1 ",
        "20261117--1-1",
        "20261117-1-1234567890123456789",
        "\uff120261117-1-1",
        "1000~20261117-1-1",
    ],
)
def test_a_cursor_that_was_never_given_out_is_refused(duka: Business, cursor: str) -> None:
    told: Told = {"businesses": [duka], "period": NOVEMBER, "after": cursor}

    with pytest.raises(BadCursor) as refused:
        account_statement(codes=["1000"], **told)
    assert str(refused.value) == (
        "This page's address is not one of ours. Begin at the first page."
    )
    with pytest.raises(BadCursor):
        general_ledger(**told)


def test_no_account_and_no_business_make_an_empty_page(duka: Business) -> None:
    for businesses, codes in (([duka], ["7777"]), ([], ["1000"]), ([duka], [])):
        page = account_statement(businesses=businesses, codes=codes, period=NOVEMBER)
        later = account_statement(
            businesses=businesses, codes=codes, period=NOVEMBER, after="20261117-1-1"
        )

        assert moves(page.report) == moves(later.report) == []
        assert (page.next_cursor, later.next_cursor) == (None, None)
    assert general_ledger(businesses=[], period=NOVEMBER).report.rows == []


def test_the_general_ledger(duka: Business, laundry: Business, book: Book) -> None:
    book("2026-10-31", ("1200", 1), ("3000", -1))
    book("2026-10-31", ("1000", 5), ("4040", -5))
    book("2026-11-02", ("1000", 10), ("4040", -10))
    book("2026-11-02", ("1000", 20), ("4030", -20), business=laundry)

    page = general_ledger(businesses=[duka, laundry], period=NOVEMBER)

    assert [
        plain(row)[0] if row.style is Style.HEADING else plain(row) for row in page.report.rows
    ] == [
        "1000 Cash drawer",
        (None, None, None, "Opening balance", None, None, None, 5),
        (date(2026, 11, 2), "3", "Amina duka", "Told", "sale", 10, None, 15),
        (date(2026, 11, 2), "1", "Amina laundry", "Told", "sale", 20, None, 35),
        (None, None, None, "Moved in the period", None, 30, 0, 30),
        (None, None, None, "Closing balance", None, None, None, 35),
        "4030 Sales: laundry",
        (None, None, None, "Opening balance", None, None, None, 0),
        (date(2026, 11, 2), "1", "Amina laundry", "Told", "sale", None, 20, -20),
        (None, None, None, "Moved in the period", None, 0, 20, -20),
        (None, None, None, "Closing balance", None, None, None, -20),
        "4040 Sales: retail goods",
        (None, None, None, "Opening balance", None, None, None, -5),
        (date(2026, 11, 2), "3", "Amina duka", "Told", "sale", None, 10, -15),
        (None, None, None, "Moved in the period", None, 0, 10, -10),
        (None, None, None, "Closing balance", None, None, None, -15),
    ]
    assert (page.next_cursor, page.previous_cursor) == (None, None)
    some = general_ledger(businesses=[duka, laundry], period=NOVEMBER, codes=["4030"])
    assert some.report.rows == page.report.rows[6:11]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
@pytest.mark.parametrize("looked_at", [1, 7, 5_000])
def test_the_general_ledger_page_by_page_is_the_whole(
    duka: Business,
    laundry: Business,
    limit: int,
    looked_at: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("money.statements.lines._MOST_LOOKED_AT", looked_at)
    for number in range(5):
        an_entry(duka, cents=number + 1, occurred_on=date(2026, 11, 1 + number % 2))
        an_entry(laundry, cents=number + 1, debit="1100", occurred_on=date(2026, 11, 3))
        an_entry(duka, cents=100, debit="1100", credit="1000", occurred_on=date(2026, 11, 3))

    told: Told = {"businesses": [duka, laundry], "period": NOVEMBER}
    whole = general_ledger(**told).report
    pages = all_pages(general_ledger, **told, limit=limit)

    assert [row for page in pages for row in moves(page.report)] == moves(whole)
    assert len(moves(whole)) == Line.objects.count() == 30
    ends = [r for page in pages for r in page.report.rows if r.style is Style.GRAND]
    assert ends == [row for row in whole.rows if row.style is Style.GRAND]
    assert all(len(moves(page.report)) == limit for page in pages[:-1])
    assert [page.previous_cursor for page in pages] == [None, *[FIRST] * (len(pages) - 1)]


@pytest.mark.parametrize("codes", [["1000"], ["1000", "4040", "1100", "1200"]])
def test_a_page_asks_the_same_wherever_it_is(
    duka: Business, codes: list[str], django_assert_num_queries
) -> None:
    for number in range(30):
        an_entry(duka, occurred_on=date(2026, 11, 1 + number % 30))
    told: Told = {"businesses": [duka], "codes": codes, "period": NOVEMBER, "limit": 5}
    page = account_statement(**told)

    asked = 3 if codes == ["1000"] else 4
    with django_assert_num_queries(asked + 1):
        account_statement(**told)
    for _ in range(4):
        assert page.next_cursor
        # Beside those of the first page: the month begun, the day itself, the lines before.
        most = 3 + (codes != ["1000"])
        with django_assert_num_queries(asked + most + 1, exact=False):
            page = account_statement(**told, after=page.next_cursor)


@settings(max_examples=20, deadline=None)
@given(
    told=st.lists(
        st.tuples(
            st.integers(1, 30),
            st.sampled_from(["1000", "1100"]),
            st.sampled_from(["1000", "4040"]),
            st.integers(1, 99),
        ),
        max_size=12,
    ),
    limit=st.integers(1, 6),
)
def test_pages_of_any_books_are_all_lines_in_order(
    duka: Business, told: list[tuple[int, str, str, int]], limit: int
) -> None:
    for day, debit, credit, cents in told:
        key = f"any:{Entry.objects.count()}"
        an_entry(
            duka, key=key, debit=debit, credit=credit, cents=cents, occurred_on=date(2026, 11, day)
        )

    pages = all_pages(
        account_statement, businesses=[duka], codes=["1000", "1100"], period=NOVEMBER, limit=limit
    )

    lines = Line.objects.filter(account__code__in=["1000", "1100"])
    lines = lines.order_by("occurred_on", "entry_id", "pk")
    found = [plain(row) for page in pages for row in moves(page.report)]
    assert [(row[-3] or 0) - (row[-2] or 0) for row in found] == list(
        lines.values_list("amount_cents", flat=True)
    )
    if found:
        assert found[-1][-1] == sum(line.amount_cents for line in lines)
