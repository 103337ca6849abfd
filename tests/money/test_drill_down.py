"""Every figure of every statement leads to rows that add up to it."""

import re
from datetime import UTC, date, datetime
from functools import cache
from html import unescape

import pytest
import time_machine
from django.test import Client

from money.actions.books import open_account
from money.actions.journals import opening_balances
from money.actions.periods import close_year
from money.chart import Code
from money.models import Business, Role
from tests.make import NOW, a_business, a_user, an_entry
from tests.money.pages import a_sale_entry, as_role, cents_of, columns_of, rows_of

ASKED = (
    "from=2026-11-01&to=2026-11-22",
    "from=2026-11-03&to=2026-11-09&b=maji",
    "from=2026-01-01&to=2026-12-31",
)
STATEMENTS = ("trial-balance", "profit-and-loss", "balance-sheet", "cash-flow")


@pytest.fixture
def books(db: None) -> list[Business]:
    """Two businesses with a year behind them, sub accounts, tax letters and a lively drawer."""
    both = [a_business(slug="duka", vat_registered_from=date(2024, 1, 1)), a_business(slug="maji")]
    accountant = a_user("njeri", duka=Role.ACCOUNTANT, maji=Role.ACCOUNTANT)
    for business in both:
        open_account(business=business, code="1100.1", name="Second till")
        business.approval_above_cents = 10**9
        business.save()
        opening_balances(
            business=business,
            day=date(2025, 11, 30),
            lines=[("1000", 500_000), ("1200", 9_000_050), ("2600", -4_000_000)],
            proposed_by=accountant,
            at=NOW,
            key=f"opening-{business.slug}",
        )
        # One has more than a page of an account holds; each link to it renders them all.
        for number in range(60 if business.slug == "duka" else 14):
            day = date(2026, 11, 1 + number % 22)
            a_sale_entry(business, key=f"{business.slug}:{number}", occurred_on=day)
        for month in (date(2025, 12, 5), date(2026, 3, 7), date(2026, 10, 30)):
            a_sale_entry(business, key=f"{business.slug}:{month}", occurred_on=month, cents=23_200)
            an_entry(business, debit="6020", credit="1100.1", cents=35_000, occurred_on=month)
            an_entry(business, debit="6700", credit="1710", cents=1_001, occurred_on=month)
        an_entry(business, debit="1700", credit="1200", cents=80_000)
        an_entry(business, debit="4110", credit="1100", cents=700)
        an_entry(business, debit=Code.CASH_DRAWER, credit="1100", cents=45)
    return both


def followed(client: Client, address: str) -> tuple[list[tuple[int, int]], list[int], int]:
    """Follow a figure's link to the end: its lines' debits and credits, the sums, the closing."""
    lines: list[tuple[int, int]] = []
    while True:
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)
        page = response.content.decode()
        rows = list(rows_of(page))
        lines += [
            (cents_of(row.cells[-3].text), cents_of(row.cells[-2].text))
            for row in rows
            if "/books/entry/" in row.cells[0].href
        ]
        later = re.search(r'rel="next" href="([^"]*)"', page)
        if not later:
            *_, moved, closing = rows
            sums = [cents_of(cell.text) for cell in moved.cells[-3:]]
            return lines, sums, cents_of(closing.cells[-1].text)
        address = "/books/account/" + unescape(later[1])


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", STATEMENTS)
def test_every_figure_is_the_sum_of_the_lines_it_leads_to(
    books: list[Business], name: str, asked: str
) -> None:
    client = as_role(Role.AUDITOR, "duka", "maji")
    # Debits and credits of an account lead to one address.
    follow = cache(lambda href: followed(client, href))
    address = f"/books/{name}/?{asked}&beside=1"
    with time_machine.travel(NOW, tick=False):
        page = client.get(address).content.decode()
        titles, count = columns_of(page), 0

        for row in rows_of(page):
            for title, cell in zip(titles, row.cells, strict=False):
                if not cell.href:
                    assert not cell.is_figure or cents_of(cell.text) == 0, (title, row)
                    continue
                lines, sums, closing = follow(cell.href)
                debit = sum(cents for cents, _ in lines)
                credit = sum(cents for _, cents in lines)
                assert (debit, credit) == (sums[0], sums[1]), (title, row.cells[0].text)
                figure = cents_of(cell.text)
                if "from=" not in cell.href:
                    assert abs(figure) == abs(closing), (title, row.cells[0].text)
                elif title.startswith(("Debit", "Credit")):
                    assert figure == sums[title.startswith("Credit")], row.cells[0].text
                else:
                    assert abs(figure) == abs(debit - credit), (title, row.cells[0].text)
                count += 1

    assert count >= 6


def test_every_figure_of_the_vat_return_leads_to_its_lines(books: list[Business]) -> None:
    client = as_role(Role.AUDITOR, "duka", "maji")
    person = books[0].tax_person_id
    page = client.get(f"/books/vat/{person}/2026-11/").content.decode()
    count, titles = 0, set()

    for row in rows_of(page):
        for cell in row.cells:
            if cell.href:
                lines, _, _ = followed(client, cell.href)
                net = sum(debit - credit for debit, credit in lines)
                assert abs(cents_of(cell.text)) == abs(net), (row.cells[0].text, cell.href)
                count += 1
            else:
                assert not cell.is_figure or cents_of(cell.text) == 0, row
        titles.add(row.cells[0].text)

    assert titles >= {"Total output", "Total input", "VAT payable"}
    assert count >= 25


def test_a_closed_year_still_leads_to_what_it_earned(books: list[Business]) -> None:
    owner = a_user("amina", duka=Role.OWNER)
    at = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    close_year(business=books[0], year_end=date(2025, 12, 31), actor=owner, at=at)
    client = as_role(Role.AUDITOR, "duka", "maji")
    address = "/books/profit-and-loss/?b=duka&from=2025-12-01&to=2025-12-31"
    page = client.get(address).content.decode()

    links = [(cell.text, cell.href) for row in rows_of(page) for cell in row.cells if cell.href]
    for text, href in links:
        statement = client.get(href).content.decode()
        closed = [row for row in rows_of(statement) if "closed into" in row.cells[-5].text]
        off = sum(cents_of(row.cells[-3].text) - cents_of(row.cells[-2].text) for row in closed)
        lines, _, _ = followed(client, href)
        net = sum(debit - credit for debit, credit in lines)
        assert abs(net - off) == abs(cents_of(text)), href
        assert "closed into retained earnings in this period" in statement
    assert len(links) >= 6
