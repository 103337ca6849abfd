"""Lines sold below the price of the list, in a real browser: with the script and without."""

import pytest
from playwright.sync_api import Page, expect

from money.cents import format_shillings
from tests.browser.conftest import SIZES, Person
from tests.browser.test_counter import stage
from tests.shops.test_overrides import TYPED

pytestmark = pytest.mark.browser


def at_the_counter(person: Person, username: str) -> Page:
    """Sign somebody in who begins at another page than the counter."""
    page = person.sign_in_as(username)
    page.goto(f"{person.house.url}/s/duka/")
    return page


def price_of(page: Page, name: str, shillings: str) -> None:
    page.fill(f"input[aria-label='Price of {name}']", shillings)


def test_a_manager_sells_a_line_below_its_price(person: Person) -> None:  # noqa: PLR0915 one journey
    page = at_the_counter(person, "otieno")
    expect(page.locator("#below")).to_be_hidden()
    page.click(".tile:has-text('Rice')")
    page.click(".tile:has-text('Sugar')")
    page.click(".tile:has-text('Sugar')")
    person.picture("below-closed")

    page.click("summary:has-text('Below the price, up to 10 %')")
    price_of(page, "Sugar", "100")
    expect(page.locator("#total")).to_have_text("KES 390")
    page.fill("[name=price_reason]", "Price promised")
    fits = [person.fits()]
    page.click("button[name=exact]")
    expect(page.locator("#below .refusal")).to_have_text(
        "You may sell Sugar at KES 135 or more. Call a manager."
    )
    expect(page.locator("#below .refusal")).to_be_in_viewport()
    person.picture("below-refused")

    price_of(page, "Sugar", "140")
    expect(page.locator("#lines")).to_contain_text("140, list 150")
    expect(page.locator("#total")).to_have_text("KES 470")
    # A tap, and the pad, leave what was typed.
    page.click(".tile:has-text('Sugar')")
    expect(page.locator("#total")).to_have_text("KES 610")
    page.click("button.what:has-text('Sugar')")
    expect(page.locator("#pad-name")).to_have_text("Sugar, KES 140")
    page.click("text=Leave it")
    page.click("[aria-label='One Sugar less']")
    # It is looked at again: price and reason are still there.
    page.goto(f"{person.house.url}/s/duka/")
    expect(page.locator("#total")).to_have_text("KES 470")
    expect(page.locator("[name=price_reason]")).to_have_value("Price promised")
    person.picture("below")
    fits.append(person.fits())
    page.press("input[aria-label='Price of Sugar']", "Enter")
    expect(page).to_have_url(f"{person.house.url}/s/duka/")
    page.click("button[name=exact]")
    stage(page, "paid")

    expect(page.locator(".lines")).to_contain_text("140, list 150: Price promised (Peter)")
    person.picture("below-sold")
    fits.append(person.fits())
    page.click("text=/^Receipt/")
    expect(page.locator(".slip")).to_contain_text("2 kg \u00d7 140, list 150")
    for paper in ("80", "58"):
        page.click(f"text={paper} mm")
        expect(page.locator(".slip")).to_contain_text("TOTAL KES")
        person.picture(f"below-receipt-{paper}")
    page.click("text=New sale")
    expect(page.locator("#below")).to_be_hidden()
    page.click(".tile:has-text('Sugar')")
    expect(page.locator("[name=price_reason]")).to_have_value("")
    expect(page.locator("#total")).to_have_text("KES 150")
    assert all([*fits, person.fits()])


def test_who_may_not_sees_no_price_to_write_and_none_that_another_wrote(person: Person) -> None:
    page = at_the_counter(person, "otieno")
    page.click(".tile:has-text('Sugar')")
    page.click("summary:has-text('Below the price')")
    price_of(page, "Sugar", "140")
    expect(page.locator("#total")).to_have_text("KES 140")

    person.sign_in_as("baraka")

    expect(page.locator("#total")).to_have_text("KES 150")
    expect(page.locator("#lines")).not_to_contain_text("list")
    expect(page.locator("#below")).to_have_count(0)
    expect(page.locator("#said")).to_have_text(
        "Prices below the list were left out. Call a manager."
    )
    person.picture("below-not-mine")
    page.click("button[name=exact]")
    stage(page, "paid")


def test_the_page_reads_a_price_as_the_server_does(person: Person) -> None:
    page = at_the_counter(person, "amina")
    page.click(".tile:has-text('Sugar')")
    page.click("summary:has-text('Below the price')")
    shown = {}
    for typed, _ in TYPED:
        price_of(page, "Sugar", typed)
        shown[typed] = page.locator("#total").inner_text()

    assert shown == {typed: f"KES {format_shillings(cents)}" for typed, cents in TYPED}


def test_a_held_cart_brings_its_prices_back(person: Person) -> None:
    page = at_the_counter(person, "otieno")
    page.click(".tile:has-text('Sugar')")
    page.click("summary:has-text('Below the price')")
    price_of(page, "Sugar", "140")
    page.fill("[name=price_reason]", "Price promised")
    page.click("#held summary")
    page.fill("#hold-name", f"Wambui {person.size}")
    page.click("button[name=hold]")
    expect(page.locator("#lines tr")).to_have_count(0)
    expect(page.locator("#below")).to_be_hidden()

    page.click("#held summary")
    page.click("#held-list button:has-text('Wambui')")

    expect(page.locator("#total")).to_have_text("KES 140")
    page.click("button[name=exact]")
    stage(page, "paid")
    expect(page.locator(".lines")).to_contain_text("140, list 150: Price promised (Peter)")


def test_without_javascript_a_line_is_sold_below_its_price(person: Person) -> None:
    browser = person.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, viewport=SIZES[person.size])
    page = plain.new_page()
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", "otieno")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")
    page.goto(f"{person.house.url}/s/duka/")
    page.click(".tile:has-text('Sugar')")
    page.click(".tile:has-text('Bar soap')")

    page.click("summary:has-text('Below the price')")
    price_of(page, "Sugar", "140")
    page.fill("[name=price_reason]", "Price promised")
    page.click("button[name=exact]")
    expect(page.locator(".refusal")).to_contain_text("The total is KES 185 now")
    expect(page.locator("#total")).to_have_text("KES 185")
    person.picture("below-plain", page)
    page.click("button[name=exact]")

    expect(page.locator(".lines")).to_contain_text("140, list 150: Price promised (Peter)")
    plain.close()
