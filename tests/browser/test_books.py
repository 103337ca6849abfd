"""The books in a real browser: an accountant follows a figure to its entry and takes it back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser

FIGURE = re.compile(r"^[\d,.]+$")


def line(page: Page, number: int, account: str, *, debit: str = "", credit: str = "") -> None:
    page.select_option(f"[name=account-{number}]", account)
    page.fill(f"[name=debit-{number}]", debit)
    page.fill(f"[name=credit-{number}]", credit)


def write(person: Person, page: Page, what: str, shillings: str) -> None:
    """Write a journal of two lines in the books of the laundry."""
    page.goto(f"{person.house.url}/books/journals/new/?b=dobi")
    page.fill("#description", what)
    line(page, 1, "6050", debit=shillings)
    line(page, 2, "1200", credit=shillings)
    expect(page.locator("#sums")).to_contain_text("even")
    page.click("button[value=propose]")


def test_an_accountant_follows_a_figure_to_its_entry_and_reverses_it(person: Person) -> None:
    page = person.sign_in("njeri")
    what = f"Detergent at {person.size}"
    write(person, page, what, "1,234.50")
    expect(page.locator("h1")).to_contain_text("Posted")

    page.goto(f"{person.house.url}/books/")
    person.picture("books")
    front_fits = person.fits()
    page.click("li:has-text('Profit and loss') >> text=This month")
    person.picture("books-profit-and-loss")
    report_fits = person.fits()
    page.locator("tr:has-text('6050') td a").first.click()
    expect(page.locator("h1")).to_contain_text("6050")
    person.picture("books-account")
    page.locator(f"td a:text-is('{what}')").click()
    expect(page.locator(".words")).to_have_text(what)
    page.fill("#reason", "The invoice was not ours")
    person.picture("books-entry")
    entry_fits = person.fits()
    page.click("text=/^Reverse entry/")

    expect(page.locator(".mark")).to_contain_text("Reverses entry")
    page.click(".mark a")
    expect(page.locator(".mark.bad")).to_contain_text("Reversed by entry")
    assert front_fits
    assert report_fits
    assert entry_fits


def test_a_large_journal_is_approved_by_the_owner(person: Person) -> None:
    page = person.sign_in("njeri")
    write(person, page, f"Machine at {person.size}", "95,000")
    expect(page.locator("h1")).to_contain_text("Waits")
    address = page.url
    person.picture("books-journal-waits")
    person.context.clear_cookies()

    page = person.sign_in("amina")
    page.goto(address)
    person.picture("books-journal-to-approve")
    page.click("text=Approve and post")

    expect(page.locator("h1")).to_contain_text("Posted")
    assert person.fits()


def test_lines_are_added_and_summed_while_one_types(person: Person) -> None:
    page = person.sign_in("njeri")
    page.goto(f"{person.house.url}/books/journals/new/?b=dobi")

    page.click("#more")
    expect(page.locator("[name^=account-]")).to_have_count(5)
    line(page, 5, "6050", debit="1,000.10")
    line(page, 1, "1200", credit="900")

    expect(page.locator("#sums")).to_contain_text("credit 100.10 missing")
    person.picture("books-journal-form")
    page.fill("#description", "Uneven")
    page.click("button[value=propose]")
    expect(page.locator(".refusal")).to_contain_text("100.10 are missing on one side")
    expect(page.locator("[name=debit-5]")).to_have_value("1,000.10")
    assert person.fits()


def test_a_journal_is_written_without_javascript(person: Person) -> None:
    browser = person.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = plain.new_page()
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", "njeri")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")
    page.goto(f"{person.house.url}/books/journals/new/?b=dobi")

    page.fill("#description", f"Without a script at {person.size}")
    line(page, 1, "6050", debit="10")
    page.click("#more")
    expect(page.locator("[name^=account-]")).to_have_count(8)
    line(page, 8, "1200", credit="10")
    page.click("button[value=propose]")

    expect(page.locator("h1")).to_contain_text("Posted")
    plain.close()


def test_a_manager_closes_the_day_and_keeps_its_anchor(person: Person) -> None:
    page = person.sign_in("otieno")
    page.goto(f"{person.house.url}/books/periods/maji/")
    page.click("text=/^Close$/")

    expect(page.locator(".anchor")).to_contain_text("verify_books --against")
    anchor = "".join(page.locator(".groups span").all_inner_texts())
    person.picture("books-day")

    assert re.fullmatch(r"[0-9a-f]{64}", anchor)
    told = person.house.manage("verify_books", "--against", anchor)
    assert told.startswith(f"{anchor} is maji period event")
    assert "\nok: " in told
    assert person.fits()


@pytest.mark.parametrize("name", ["trial-balance", "balance-sheet", "cash-flow", "ledger"])
def test_every_report_fits_the_screen(person: Person, name: str) -> None:
    page = person.sign_in("mutua")

    page.goto(f"{person.house.url}/books/{name}/?from=2026-01-01&beside=1")

    expect(page.locator("table.report")).to_be_visible()
    person.picture(f"books-{name}")
    assert person.fits()
