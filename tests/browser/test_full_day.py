"""A whole day of the shop in a real browser: from the purchase and the float to the Z report."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.test_cash import (
    a_drawer_of,
    card_of,
    count_and_close,
    count_the_float,
    sell,
)
from tests.browser.test_counter import phone_of, stage
from tests.browser.test_inbox import pay
from tests.browser.test_stock import begin, close_the_count, count_eight, receive

pytestmark = pytest.mark.browser


def split_with_mpesa(person: Person, page: Page) -> None:
    """Take KES 50 in cash and the rest on the customer's phone."""
    number = phone_of(person, "7001")
    page.goto(f"{person.house.url}/s/duka/")
    page.click(".tile:has-text('Maize flour')")
    page.click("text=Split, credit or pay later")
    page.fill("#part", "50")
    page.fill("#given", "50")
    page.click("text=Take cash")
    expect(page.locator("#due")).to_have_text("KES 130")
    page.fill("#again", number)
    page.click("text=Ask phone")
    stage(page, "ringing")
    person.phone(f"254{number[1:]}").click("text=Approve")
    stage(page, "paid")


def refused_then_cash(person: Person, page: Page) -> None:
    number = phone_of(person, "7002")
    page.goto(f"{person.house.url}/s/duka/")
    page.click(".tile:has-text('Milk')")
    page.fill("#phone", number)
    page.click("button[value=mpesa]")
    stage(page, "ringing")
    person.phone(f"254{number[1:]}").click("text=Cancel")
    stage(page, "failed")
    page.click("text=Exact")
    stage(page, "paid")


def paid_late(person: Person, page: Page) -> None:
    """Park a sale; the customer pays to the till later, and the cashier finds it in the inbox."""
    page.goto(f"{person.house.url}/s/duka/")
    page.click(".tile:has-text('Maize flour')")
    page.click("text=Split, credit or pay later")
    stage(page, "open")
    sale = page.url.rstrip("/").split("/")[-1]
    [receipt] = pay(person, ("DAY", 18_000, "2547 ***** 126", "ALICE", ""))
    page.goto(f"{person.house.url}/inbox/duka/?q={receipt}")
    page.fill("input[name=named]", f"SALE{sale}")
    page.click(".other button >> nth=0")
    expect(page.locator(".note")).to_contain_text(f"{receipt} is matched to receipt")


def give_back(person: Person, drawer: str, address: str) -> None:
    """Have the owner take the flour back that was paid in cash, out of this drawer."""
    page = person.sign_in_as("amina")
    page.goto(f"{person.house.url}/cash/duka/")
    card_of(page, drawer).get_by_text("Take this device's cash here").click()
    page.goto(address)
    page.click("text=Something comes back")
    page.check("input[name=all]")
    page.click("text=Wrong thing")
    expect(page.locator(".slip")).to_contain_text("CREDIT NOTE")
    assert person.fits()


def test_a_full_day_ties(person: Person, tmp_path: Path) -> None:
    goods = f"Green grams {person.size}"
    drawer = a_drawer_of(person, "Day")
    begin(person, goods)
    receive(person, person.page, goods)

    page = person.sign_in_as("baraka")
    count_the_float(person, drawer)
    sell(page)
    sold = page.url
    split_with_mpesa(person, page)
    refused_then_cash(person, page)
    paid_late(person, page)
    give_back(person, drawer, sold)
    count_eight(person, page, goods)
    close_the_count(person, page)
    page = person.sign_in_as("baraka")
    page.goto(f"{person.house.url}/cash/duka/")
    z_report = count_and_close(person, drawer, tmp_path / "z.pdf")

    page = person.sign_in_as("amina")
    page.goto(z_report)
    expect(page.locator(".slip")).to_contain_text("Given back")
    expect(page.locator(".slip")).to_contain_text("M-Pesa (2)")
    person.picture("full-day-z")
    assert person.fits()
