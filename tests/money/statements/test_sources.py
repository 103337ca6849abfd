"""No figure of any statement is without the lines that it is made of, and they add up to it.

Totals too. What is pure arithmetic of a page stands in `CARRIED`, and the page says so.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache

import pytest

from money.models import Account, Business, EntryKind, Line, TaxPerson
from money.report import Figure, Period, Report, Row, Where
from money.statements import STATEMENTS, Page, account_statement, general_ledger, vat_return
from money.statements.ledger import MOST_ROWS
from tests.make import a_business
from tests.money.statements.year import Book

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
PERIODS = (
    NOVEMBER,
    Period(date(2026, 11, 3), date(2026, 11, 9)),
    Period(date(2026, 1, 1), date(2026, 12, 31)),
    Period(date(2025, 12, 10), date(2026, 11, 5)),
)
# The balance at the edge of a page: the lines of the pages before it.
CARRIED = {"Brought forward", "Carried forward"}


@pytest.fixture
def both(db: None, book: Book) -> list[Business]:
    """Two businesses with all that statements tell apart, in the year and before it."""
    duka, maji = a_business(slug="duka"), a_business(slug="maji")
    TaxPerson.objects.update(
        vat_registered_from=date(2024, 1, 1), excise_licensed_from=date(2026, 1, 1)
    )
    for business in (duka, maji):
        for code in ("1000.1", "4040.1", "1700.1"):
            kind = "income" if code[0] == "4" else "asset"
            Account.objects.create(business=business, code=code, name=f"Own {code}", kind=kind)
        before_the_year(book, business)
        a_month(book, business)
    book("2026-11-03", ("2900", 700), ("1000", -700), business=duka)
    book("2026-11-03", ("1000", 700), ("2900", -700), business=maji)
    book("2026-11-04", ("2900", 60), ("1000", -60), business=duka)
    return [duka, maji]


def before_the_year(book: Book, business: Business) -> None:
    book("2025-12-05", ("1200", 90_000), ("3000", -60_000), ("2600", -30_000), business=business)
    book("2025-12-06", ("1000.1", 5_000), ("4040.1", -5_000, "A"), business=business)
    book("2025-12-20", ("6020", 1_100), ("1200", -1_100), business=business)
    book(
        *("2025-12-31", ("4040.1", 5_000), ("6020", -1_100), ("3200", -3_900)),
        business=business,
        kind=EntryKind.CLOSING,
    )
    book("2026-02-01", ("1400", 8_000), ("2000", -8_000), business=business)
    book("2026-02-02", ("3200", 300), ("1200", -300), business=business)


def a_month(book: Book, business: Business) -> None:
    for lines in (
        # Sold under every letter, on an account and on one under it; one of it came back.
        [("1000", 11_600), ("4040", -10_000, "B"), ("2200", -1_600, "B")],
        [("1000.1", 5_805), ("4040.1", -5_004, "B"), ("2200", -801, "B")],
        [("1100", 1_080), ("4050", -1_000, "E"), ("2200", -80, "E")],
        [("1000", 900), ("4040", -400, "C"), ("4000", -300, "A"), ("4040", -200, "D")],
        [("4110", 100, "B"), ("2200", 16, "B"), ("1000", -116)],
        # Sold without a letter, settled, adjusted.
        [("1300", 333), ("4040", -333)],
        [("2200", 500), ("2220", -500)],
        # Bought: goods, power, equipment, which was sold too, and on two accounts.
        [("1400", 3_000, "B"), ("1800", 480, "B"), ("2000", -3_480)],
        [("6030", 500, "B"), ("1800", 80, "B"), ("1000", -580)],
        [("1700", 9_000, "B"), ("1700.1", 1_000, "B"), ("1800", 1_600, "B"), ("1200", -11_600)],
        [("1200", 4_640), ("1700", -4_000, "B"), ("2200", -640, "B")],
        [("6700", 250), ("1710", -250)],
        [("5040", 2_000), ("1400", -2_000)],
        # Excise: owed, taken back, paid.
        [("5070", 620), ("2210", -620)],
        [("2210", 20), ("5070", -20)],
        [("2210", 400), ("1200", -400)],
        # A letter where no return looks.
        [("1000", 500), ("2100", -430, "B"), ("3100", -70, "B")],
    ):
        for on in ("2026-10-30", "2026-11-05", "2026-11-30"):
            book(on, *lines, business=business)


def lines_at(businesses: Sequence[Business], where: Where) -> tuple[int, int, int]:
    """Return the debits, the credits and the net cents of the lines that a figure leads to.

    Without what closed years moved, where the page says that the figure is without it.
    """
    wanted = [b for b in businesses if where.slug in {"", b.slug}]
    page = account_statement(
        businesses=wanted,
        codes=where.codes,
        period=where.period,
        letters=where.letters,
        limit=MOST_ROWS,
    )
    assert page.next_cursor is None
    rows = [row for row in page.report.rows if row.entry_id]
    debit, credit = (sum(cents_of(row, index) for row in rows) for index in (-3, -2))
    return debit, credit, debit - credit


def closed_at(businesses: Sequence[Business], where: Where) -> int:
    """Return what closing entries moved of it, where its page names the figure without them."""
    page = account_statement(
        businesses=businesses, codes=where.codes, period=where.period, letters=where.letters
    )
    if not page.report.notes:
        return 0
    assert "Without that it moved" in page.report.notes[-1]
    rows = Line.objects.filter(
        entry__kind=EntryKind.CLOSING,
        entry__business__in=businesses,
        occurred_on__range=(where.period.from_on, where.period.to_on),
    )
    codes = {code.partition(".")[0] for code in where.codes}
    pairs = rows.values_list("account__code", "amount_cents")
    return sum(cents for code, cents in pairs if code.partition(".")[0] in codes)


def cents_of(row: Row, index: int) -> int:
    cell = row.cells[index]
    return cell.cents if isinstance(cell, Figure) else 0


def assert_sources(report: Report, businesses: Sequence[Business]) -> int:
    """Follow each figure of a report; return how many there are."""
    count, at = 0, cache(lambda where: lines_at(businesses, where))
    for row in report.rows:
        name = next((cell for cell in row.cells if isinstance(cell, str)), "")
        for column, cell in zip(report.columns, row.cells, strict=True):
            if not isinstance(cell, Figure) or row.entry_id or name in CARRIED:
                continue
            place = (report.name, name, column.title, cell)
            if cell.where is None:
                assert cell.cents == 0, place
                continue
            debit, credit, net = at(cell.where)
            if column.title.startswith("Debit"):
                assert cell.cents == debit, place
            elif column.title.startswith("Credit"):
                assert cell.cents == credit, place
            elif abs(cell.cents) != abs(net):
                closed = closed_at(businesses, cell.where)
                assert closed, (*place, net)
                assert abs(cell.cents) == abs(net - closed), (*place, net, closed)
            count += 1
    return count


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_figure_of_a_statement_has_its_lines(both: list[Business], name: str) -> None:
    counts = [
        assert_sources(
            STATEMENTS[name].build(
                businesses=some, period=period, beside=True, is_everything=some == both
            ),
            some,
        )
        for some in (both, both[:1])
        for period in PERIODS
    ]

    assert min(counts) >= 20


def test_every_figure_of_the_vat_return_has_its_lines(both: list[Business]) -> None:
    person = TaxPerson.objects.get()
    for month in (date(2026, 11, 1), date(2026, 10, 1), date(2025, 12, 1)):
        report = vat_return(tax_person=person, month=month)
        assert assert_sources(report, both) >= 28

    titles = {str(row.cells[0]) for row in report.rows}
    assert titles >= {"Total output", "Total input", "VAT payable"}


def test_a_total_of_the_vat_return_leads_to_all_letters_and_no_other_lines(
    both: list[Business],
) -> None:
    report = vat_return(tax_person=TaxPerson.objects.get(), month=NOVEMBER.to_on)

    (payable,) = (row.cells[2] for row in report.rows if row.cells[0] == "VAT payable")

    assert isinstance(payable, Figure)
    assert payable.where == Where(("2200", "1800"), NOVEMBER.from_on, NOVEMBER.to_on, "BECAD")
    # The settlements on 2200 have no letter.
    assert lines_at(both, payable.where)[2] == -payable.cents


@pytest.mark.parametrize("limit", [MOST_ROWS, 7])
def test_every_figure_of_the_general_ledger_has_its_lines(both: list[Business], limit: int) -> None:
    count, after = 0, None
    for period in (NOVEMBER, PERIODS[3]):
        while True:
            page = general_ledger(businesses=both, period=period, after=after, limit=limit)
            assert_lines_are_of_their_entries(page.report)
            count += assert_sources(page.report, both)
            assert bool(page.next_cursor or after) == bool(page.report.notes) or limit > 7
            after = page.next_cursor
            if after is None:
                break

    assert count >= 2 * 20 * 4


@pytest.mark.parametrize(
    "codes",
    [("1000",), ("1000.itself",), ("1700.credits", "4040"), ("1700.debits",), ("2200", "1800")],
)
@pytest.mark.parametrize("letters", ["", "B", "-", "BE", "BECAD"])
def test_every_figure_of_an_account_statement_has_its_lines(
    both: list[Business], codes: tuple[str, ...], letters: str
) -> None:
    pages: list[Page] = []
    after = None
    while not pages or after:
        page = account_statement(
            businesses=both, codes=codes, period=NOVEMBER, letters=letters, after=after, limit=5
        )
        pages.append(page)
        after = page.next_cursor
        assert_lines_are_of_their_entries(page.report)

    assert assert_sources(pages[0].report, both) >= 1
    assert assert_sources(pages[-1].report, both) >= 4
    rows = [row for page in pages for row in page.report.rows if row.entry_id]
    moved = lines_at(both, Where(codes, NOVEMBER.from_on, NOVEMBER.to_on, letters))
    assert sum(cents_of(row, -3) - cents_of(row, -2) for row in rows) == moved[2]
    assert moved[:2] == by_hand(both, codes, letters)


def by_hand(both: list[Business], codes: tuple[str, ...], letters: str) -> tuple[int, int]:
    """Return the debits and credits of November, line by line and without our queries."""
    debit = credit = 0
    rows = Line.objects.filter(entry__business__in=both, occurred_on__month=11)
    for code, cents, letter in rows.values_list("account__code", "amount_cents", "tax_class"):
        above = code.partition(".")[0]
        wanted = {above, f"{above}.{'debits' if cents > 0 else 'credits'}", f"{code}.itself"}
        if wanted & set(codes) and (not letters or (letter or "-") in letters):
            debit, credit = debit + max(cents, 0), credit + max(-cents, 0)
    return debit, credit


def assert_lines_are_of_their_entries(report: Report) -> None:
    """A line's own figures lead to its entry, which has a line of just that amount."""
    for row in report.rows:
        if row.entry_id:
            cents = cents_of(row, -3) - cents_of(row, -2)
            assert Line.objects.filter(entry_id=row.entry_id, amount_cents=cents).exists()


def test_results_of_different_years_have_no_link_and_the_page_says_why(
    both: list[Business],
) -> None:
    other = TaxPerson.objects.create(name="B", kra_pin="B001234567Z", year_ends_month=6)
    Business.objects.filter(pk=both[1].pk).update(tax_person=other)

    report = STATEMENTS["balance-sheet"].build(businesses=both, period=NOVEMBER)

    without = {
        str(row.cells[0])
        for row in report.rows
        for cell in row.cells
        if isinstance(cell, Figure) and cell.cents and not cell.where
    }
    assert without <= {
        "Result of this financial year",
        "Results of earlier years, not closed yet",
    }
    assert without
    assert "are sums without a link: choose one business" in report.notes[0]
