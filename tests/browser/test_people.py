"""The owner's pages of people at a real screen: hire, first password, limits, has left."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, Person

pytestmark = pytest.mark.browser


@contextmanager
def another_screen(person: Person) -> Iterator[Page]:
    browser = person.context.browser
    assert browser
    context = browser.new_context(viewport=SIZES[person.size])
    try:
        yield context.new_page()
    finally:
        context.close()


def sign_in(page: Page, person: Person, username: str, password: str) -> None:
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click("button.main")


def hire(person: Person, username: str) -> str:
    """Hire Zawadi as a cashier and rider; return the first password as it is read off."""
    page = person.page
    page.goto(f"{person.house.url}/people/duka/")
    person.picture("people-list")
    assert person.fits()
    page.click("a:text-is('Hire')")
    page.fill("#first_name", "Zawadi")
    page.fill("#last_name", f"Njoroge {person.size}")
    page.fill("#phone", "0712 345 678")
    page.fill("#username", username)
    page.locator("form").filter(has_text="Somebody new").get_by_label("Cashier").check()
    page.locator("form").filter(has_text="Somebody new").get_by_label("Rider").check()
    person.picture("people-hire")
    assert person.fits()
    page.click("button:text-is('Hire')")
    expect(page.locator("h1")).to_have_text("Zawadi signs in with")
    person.picture("people-first-password")
    assert person.fits()
    return page.locator("#first").inner_text()


def choose_a_password(page: Page, first: str) -> None:
    page.wait_for_url("**/password")
    page.fill("#old", first)
    page.fill("#new", "soko-la-mji")
    page.fill("#again", "soko-la-mji")
    page.click("text=Change the password")
    page.wait_for_url("**/s/duka/")


def test_a_person_is_hired_works_and_leaves(person: Person) -> None:
    username = f"zawadi{person.size}"
    person.sign_in("amina")
    first = hire(person, username)
    with another_screen(person) as screen:
        sign_in(screen, person, username, first)
        screen.wait_for_url("**/password")
        person.picture("people-choose-password", screen)
        choose_a_password(screen, first)
        expect(screen.locator("#sell")).to_be_visible()

        page = person.page
        page.click("text=Done")
        page.get_by_label("Rider").uncheck()
        page.click("text=Save the roles")
        expect(page.locator("main")).to_contain_text("Cashier, Rider → Cashier")
        person.picture("people-person")
        assert person.fits()
        page.click("summary:text-is('Has left …')")
        page.click("text=Zawadi has left")
        expect(page.locator("main")).to_contain_text("Come back")
        person.picture("people-left")

        screen.reload()
        screen.wait_for_url("**/login?*")
        sign_in(screen, person, username, "soko-la-mji")
        expect(screen.locator("[role=alert]")).to_contain_text("do not belong together")


def test_limits_are_set_and_set_back(person: Person) -> None:
    page = person.sign_in("amina")
    page.goto(f"{person.house.url}/people/duka/limits")
    card = page.locator("#cashier")
    card.locator("[name=discount]").fill("7.5")
    card.locator("[name=none-pay_out]").check()
    card.locator("text=Save").click()
    expect(page.locator("[role=status]")).to_have_text("The limits of cashier are set.")
    expect(card.locator("[name=discount]")).to_have_value("7.50")
    expect(card.locator("[name=none-pay_out]")).to_be_checked()
    person.picture("people-limits")
    assert person.fits()

    card.locator("[name=discount]").fill("lots")
    card.locator("text=Save").click()
    expect(card.locator("[role=alert]")).to_contain_text("write percent")
    card.locator("text=As delivered").click()

    expect(card.locator("[name=discount]")).to_have_value("5")
    page.goto(f"{person.house.url}/people/duka/")
    expect(page.locator("main")).to_contain_text("Cashier, Discount on a sale: 7.50 % → 5 %")


def test_a_manager_looks_and_changes_nothing(person: Person) -> None:
    page = person.sign_in("otieno")
    page.goto(f"{person.house.url}/people/duka/")

    expect(page.locator("main")).to_contain_text("Who works here")
    person.picture("people-manager")
    assert person.fits()
    assert page.locator("a:text-is('Open'), a:text-is('Hire')").count() == 0
    page.goto(f"{person.house.url}/people/duka/new")
    expect(page.locator("h1")).to_have_text("Nothing here")
