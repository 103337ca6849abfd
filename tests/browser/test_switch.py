"""A tablet that several people share: made a counter, switched by PIN, locked."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser

PIN = "2580"


def set_a_pin(person: Person, username: str) -> None:
    page = person.sign_in(username)
    page.goto(f"{person.house.url}/people/duka/")
    page.fill("input[name=password]", "karibu-duka")
    page.fill("input[name=pin]", PIN)
    page.fill("input[name=again]", PIN)
    page.click("text=Set PIN")
    expect(page.locator("body")).to_contain_text("Your PIN is set.")


def make_it_a_counter(person: Person, username: str) -> Page:
    page = person.sign_in_as(username)
    page.goto(f"{person.house.url}/people/duka/")
    page.fill("input[name=name]", f"Counter {person.size}")
    page.click("text=Make this a counter")
    expect(page.locator("body")).to_contain_text("press Switch before you hand it over")
    return page


def enter_a_pin(page: Page, pin: str) -> None:
    page.fill("#pin", pin)
    page.press("#pin", "Enter")


def test_baraka_takes_over_by_pin_and_the_admin_stays_closed(person: Person) -> None:
    set_a_pin(person, "baraka")
    page = make_it_a_counter(person, "amina")
    fits = [person.fits()]
    person.picture("people")

    page.click("header >> text=Switch")
    page.click(".names >> text=Baraka")
    enter_a_pin(page, "9753")
    expect(page.locator("[role=alert]")).to_have_text(
        "That name and PIN do not belong together. Try again."
    )
    fits.append(person.fits())
    person.picture("switch")
    for digit in PIN:
        page.click(f"[data-key='{digit}']")
    page.click("text=Open the counter")
    page.wait_for_url("**/s/duka/")
    page.goto(f"{person.house.url}/admin/")

    expect(page.locator("body")).to_contain_text("A PIN does not open this")
    assert all(fits)


def test_a_cart_is_found_again_after_a_lock(person: Person) -> None:
    set_a_pin(person, "baraka")
    page = make_it_a_counter(person, "amina")
    page.goto(f"{person.house.url}/people/switch")
    page.click(".names >> text=Baraka")
    enter_a_pin(page, PIN)
    page.wait_for_url("**/s/duka/")
    page.click(".tile:has-text('Sugar')")
    expect(page.locator("#total")).to_have_text("KES 150")

    page.click("text=Lock")
    page.wait_for_url("**/people/switch*")
    page.goto(f"{person.house.url}/s/duka/")
    assert page.url.split("?")[0].endswith("/login")
    page.goto(f"{person.house.url}/people/switch")
    page.click(".names >> text=Baraka")
    enter_a_pin(page, PIN)

    page.wait_for_url("**/s/duka/")
    expect(page.locator("#total")).to_have_text("KES 150")


def test_without_javascript_a_pin_opens_the_counter(person: Person) -> None:
    set_a_pin(person, "baraka")
    make_it_a_counter(person, "otieno")
    browser = person.context.browser
    assert browser
    plain = browser.new_context(
        java_script_enabled=False, storage_state=person.context.storage_state()
    )
    try:
        page = plain.new_page()
        page.goto(f"{person.house.url}/people/switch")
        page.click(".names >> text=Baraka")
        expect(page.locator("#pad")).to_be_hidden()
        page.fill("#pin", PIN)
        page.click("text=Open the counter")
        page.wait_for_url("**/s/duka/")
    finally:
        plain.close()


def at_the_counter_by_pin(person: Person) -> Page:
    """Baraka by PIN at a counter, whose browser's clock goes as the test says."""
    set_a_pin(person, "baraka")
    page = make_it_a_counter(person, "amina")
    person.context.clock.install()
    page.goto(f"{person.house.url}/people/switch")
    page.click(".names >> text=Baraka")
    enter_a_pin(page, PIN)
    page.wait_for_url("**/s/duka/")
    return page


def test_the_counter_locks_by_itself_when_nobody_touches_it(person: Person) -> None:
    page = at_the_counter_by_pin(person)
    page.click(".tile:has-text('Sugar')")

    person.context.clock.fast_forward("04:50")
    expect(page.locator("#total")).to_have_text("KES 150")
    person.context.clock.fast_forward("00:15")

    page.wait_for_url("**/people/switch*")
    expect(page.locator("h1")).to_have_text("Who are you?")
    person.picture("locked")
    page.click(".names >> text=Baraka")
    enter_a_pin(page, PIN)
    page.wait_for_url("**/s/duka/")
    expect(page.locator("#total")).to_have_text("KES 150")


def test_a_touch_keeps_the_counter_open_and_tells_the_server(person: Person) -> None:
    page = at_the_counter_by_pin(person)
    for _ in range(3):
        person.context.clock.fast_forward("04:00")
        with page.expect_response("**/people/alive") as told:
            page.click("#total")
        assert told.value.status == 204

    assert page.url.endswith("/s/duka/")
    person.context.clock.fast_forward("05:02")
    page.wait_for_url("**/people/switch*")


def test_who_works_in_one_tab_is_not_locked_in_the_other(person: Person) -> None:
    page = at_the_counter_by_pin(person)
    other = person.context.new_page()
    other.goto(f"{person.house.url}/s/duka/")

    person.context.clock.fast_forward("04:00")
    other.click("#total")
    person.context.clock.fast_forward("04:00")

    expect(page.locator("#total")).to_be_visible()
    assert page.url.endswith("/s/duka/")
    person.context.clock.fast_forward("01:05")
    page.wait_for_url("**/people/switch*")
    other.wait_for_url("**/people/switch*")
