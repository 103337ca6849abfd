"""Parts, credit, discounts and refunds in a real browser, on a small phone and on a laptop."""

import re

import pytest
from playwright.sync_api import Page, expect

from money.cents import format_shillings
from tests.browser.conftest import Person
from tests.browser.test_counter import phone_of, stage
from tests.browser.test_switch import PIN, enter_a_pin, make_it_a_counter, set_a_pin
from tests.shops.test_discounts import TYPED

pytestmark = pytest.mark.browser


def a_customer(person: Person, name: str, shillings: str) -> Page:
    """Have the owner write a customer down and give credit."""
    page = person.sign_in_as("amina")
    page.goto(f"{person.house.url}/s/duka/customers/")
    if not page.locator("#name").is_visible():
        page.click("text=Write a customer down")
    page.fill("#name", name)
    page.click("button:has-text('Write down')")
    page.fill("input[name=limit]", shillings)
    page.click("text=Set limit")
    expect(page.locator(".due")).to_contain_text(f"of at most KES {int(shillings):,}")
    return page


def test_cash_mpesa_and_credit_pay_one_sale_and_the_debt_is_paid(  # noqa: PLR0915 one journey
    person: Person,
) -> None:
    name = f"Wanjiku {person.size}"
    a_customer(person, name, "5000")
    page = person.sign_in_as("baraka")
    number = phone_of(person, "2001")
    page.click(".tile:has-text('Maize flour')")
    page.click("text=Split, credit or pay later")
    expect(page.locator("#due")).to_have_text("KES 180")

    page.fill("#part", "50")
    expect(page.locator("#rest")).to_have_text("KES 130 are left then")
    person.picture("split")
    fits = [person.fits()]
    page.fill("#given", "100")
    page.click("text=Take cash")
    expect(page.locator("#due")).to_have_text("KES 130")
    page.fill("#part", "100")
    page.fill("#again", number)
    page.click("text=Ask phone")
    stage(page, "ringing")
    person.phone(f"254{number[1:]}").click("text=Approve")
    stage(page, "open")
    expect(page.locator("#due")).to_have_text("KES 30")
    person.picture("split-rest")
    fits.append(person.fits())
    page.select_option("#customer", label=f"{name}, owes 0 of 5,000")
    page.click("text=Give credit")
    stage(page, "paid")

    expect(page.locator(".standing")).to_contain_text(f"KES 30 on credit: {name}")
    person.picture("split-paid")
    page.click("text=/^Receipt/")
    for words in ("Cash given", "M-Pesa", "On credit", name):
        expect(page.locator(".slip")).to_contain_text(words)
    person.picture("receipt-three-ways")
    fits.append(person.fits())
    page.goto(f"{person.house.url}/s/duka/customers/?q={name}")
    page.click(f"text={name}")
    page.click("text=All 30")
    expect(page.locator(".due .huge")).to_have_text("KES 0")
    expect(page.locator(".moves")).to_contain_text("Paid in cash")
    person.picture("customer")
    assert all([*fits, person.fits()])


def test_a_refund_above_the_limit_is_agreed_by_pin(person: Person) -> None:
    set_a_pin(person, "baraka")
    person.context.clear_cookies()
    set_a_pin(person, "otieno")
    page = make_it_a_counter(person, "otieno")
    page.goto(f"{person.house.url}/people/switch")
    page.click(".names >> text=Baraka")
    enter_a_pin(page, PIN)
    page.wait_for_url("**/s/duka/")
    page.click(".tile:has-text('Maize flour')")
    page.click(".tile:has-text('Sugar')")
    page.click("text=Exact")
    stage(page, "paid")

    page.click("text=Something comes back")
    page.click("[aria-label^='One more Maize']")
    expect(page.locator("#back")).to_have_text("KES 180")
    page.check("input[name=all]")
    expect(page.locator("#back")).to_have_text("KES 330")
    person.picture("refund")
    fits = [person.fits()]
    page.click("text=Wrong thing")
    expect(page.locator(".refusal")).to_contain_text("A manager agrees with a PIN.")
    page.select_option("#approver", label="Peter")
    page.fill("#pin", PIN)
    page.click("text=Wrong thing")

    expect(page.locator(".slip")).to_contain_text(re.compile(r"CREDIT NOTE \d+"))
    expect(page.locator(".slip")).to_contain_text("agreed by Peter")
    person.picture("credit-note")
    assert all([*fits, person.fits()])


def test_a_discount_above_the_limit_is_refused_and_a_smaller_one_given(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Sugar')")
    page.click("summary:has-text('Discount')")
    page.fill("#discount", "50 %")
    page.fill("[name=discount_reason]", "Regular customer")
    expect(page.locator("#total")).to_have_text("KES 75")

    page.click("text=Exact")
    expect(page.locator(".off .refusal")).to_contain_text("You may give KES 7 off here")
    expect(page.locator(".off .refusal")).to_be_in_viewport()
    person.picture("discount-refused")
    page.fill("#discount", "5 %")
    page.click("text=Exact")
    stage(page, "paid")

    page.click("text=/^Receipt/")
    expect(page.locator(".slip")).to_contain_text("Regular customer")
    person.picture("receipt-discount")
    assert person.fits()


def test_the_page_reads_a_discount_as_the_server_does(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Sugar')")
    page.fill("input[aria-label='Quantity of Sugar']", "8.23")
    page.click("summary:has-text('Discount')")
    shown = {}
    for text, _ in TYPED:
        page.fill("#discount", text)
        shown[text] = page.locator("#total").inner_text()

    assert shown == {text: f"KES {format_shillings(123_450 - cents)}" for text, cents in TYPED}


def test_no_answer_to_a_part_is_picked_from_the_inbox(person: Person) -> None:
    person.house.simulator.preset("silent")
    page = person.sign_in("baraka")
    number = phone_of(person, "2004")
    page.click(".tile:has-text('Maize flour')")
    page.click("text=Split, credit or pay later")
    page.fill("#part", "77")
    page.fill("#again", number)
    page.click("text=Ask phone")
    stage(page, "ringing")
    person.house.simulator.press(f"254{number[1:]}", "approve")
    stage(page, "silent")

    page.click("text=Pick the payment from the inbox")

    expect(page.locator("#find")).to_have_value("77")
    person.picture("part-in-inbox")
    assert person.fits()
