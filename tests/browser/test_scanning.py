"""Scanners type: what they type is sold once a scan, whatever has the focus and however fast."""

import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Person
from tests.browser.test_counter import more_products, stage

pytestmark = pytest.mark.browser

FLOUR = "6161100000377"
MILK = "6161100001114"
UNKNOWN = "6169999999999"


def scan(page: Page, code: str) -> None:
    """Type as a scanner does: a key every 5 ms whatever else the machine does, ended by Enter."""
    keyboard = page.context.new_cdp_session(page)
    began = time.time()
    for number, key in enumerate([*code, "Enter"]):
        what = {"text": key, "key": key}
        if key == "Enter":
            what = {"text": "\r", "key": key, "code": key, "windowsVirtualKeyCode": 13}
        keyboard.send(
            "Input.dispatchKeyEvent",
            {"type": "keyDown", "timestamp": began + number * 0.005, **what},
        )
    keyboard.detach()


def line(page: Page, name: str) -> Locator:
    """Return the quantity of a product in the cart."""
    return page.locator(f"input[aria-label='Quantity of {name}']")


def test_two_scans_within_a_tenth_of_a_second_both_count(person: Person) -> None:
    page = person.sign_in("baraka")

    for code in (FLOUR, MILK, FLOUR):
        scan(page, code)

    expect(line(page, "Maize flour 2 kg")).to_have_value("2")
    expect(line(page, "Milk 500 ml")).to_have_value("1")
    expect(page.locator("#total")).to_have_text("KES 420")
    expect(page.locator("#find")).to_have_value("")


def test_scans_that_the_server_has_to_find_all_count_in_their_order(person: Person) -> None:
    names = [f"{letter} pack {number}" for letter in "ABCDEFGH" for number in range(10)]
    more_products(person, "dobi", [*names, "Zip bag"], code="2000000000015")
    page = person.sign_in("wanjiru")
    expect(page.locator(".tile:has-text('Zip bag')")).to_have_count(0)
    page.route("**/s/dobi/?q=*", slowly)

    scan(page, "2000000000015")
    scan(page, "2000000000015")
    # Paying waits for what was scanned.
    page.click("text=Exact")
    stage(page, "paid")

    expect(page.locator("aside")).to_contain_text("2 \N{MULTIPLICATION SIGN} Zip bag")
    expect(page.locator("aside")).to_contain_text("KES 14")


def slowly(route: Route) -> None:
    time.sleep(0.3)
    route.continue_()


def test_an_unknown_code_says_so_and_adds_nothing(person: Person) -> None:
    page = person.sign_in("baraka")
    scan(page, MILK)

    scan(page, UNKNOWN)

    expect(page.locator("#said")).to_have_text(
        f"Nothing on sale here has the code “{UNKNOWN}”. Nothing was added."
    )
    expect(page.locator("#said")).to_be_in_viewport()
    expect(page.locator("#lines tr")).to_have_count(1)
    person.picture("unknown-code")
    assert person.fits()
    scan(page, MILK)
    expect(line(page, "Milk 500 ml")).to_have_value("2")
    expect(page.locator("#said")).to_be_hidden()


def test_a_scan_that_the_server_does_not_answer_is_told(person: Person) -> None:
    page = person.sign_in("baraka")
    page.route("**/s/duka/?q=*", lambda route: route.abort())

    scan(page, UNKNOWN)

    expect(page.locator("#said")).to_contain_text("The server did not answer")
    expect(page.locator("#lines tr")).to_have_count(0)


def test_a_code_that_was_given_after_the_page_was_loaded_is_found(person: Person) -> None:
    page = person.sign_in("baraka")
    code = f"20000000{person.size:>04}"
    person.house.run_code(
        "from shops.models import Barcode, Product\n"
        "row = Product.objects.get(name='Sugar')\n"
        f"Barcode.objects.create(business=row.business, product=row, code='0{code}')\n"
    )

    scan(page, code)

    expect(line(page, "Sugar")).to_have_value("1")


@pytest.mark.parametrize("field", ["#given", "#phone", "input[aria-label='Quantity of Rice']"])
def test_a_scan_into_another_field_is_sold_and_leaves_the_field(person: Person, field: str) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Rice')")
    page.fill(field, "12")
    page.focus(field)

    scan(page, MILK)

    expect(line(page, "Milk 500 ml")).to_have_value("1")
    assert page.locator(field).input_value() == "12"
    assert page.url.endswith("/s/duka/")


def test_a_scan_after_a_tap_is_sold(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Rice')")
    page.evaluate("document.activeElement.blur()")

    scan(page, MILK)

    expect(line(page, "Milk 500 ml")).to_have_value("1")
    expect(line(page, "Rice")).to_have_value("1")


@pytest.mark.parametrize(
    ("typed", "name", "quantity"),
    [
        (["3*", FLOUR], "Maize flour 2 kg", "3"),
        ([f"3*{FLOUR}"], "Maize flour 2 kg", "3"),
        (["0.75*sugar"], "Sugar", "0.75"),
        (["sugar*1.5"], "Sugar", "1.5"),
        (["sugar", "*2"], "Sugar", "2"),
        ([FLOUR, "12*", FLOUR, FLOUR], "Maize flour 2 kg", "14"),
    ],
)
def test_a_number_and_a_star_say_how_many(
    person: Person, typed: list[str], name: str, quantity: str
) -> None:
    page = person.sign_in("baraka")

    for text in typed:
        scan(page, text)

    expect(line(page, name)).to_have_value(quantity)
    expect(page.locator("#times")).to_be_hidden()


def test_what_comes_next_is_shown_counts_for_a_tap_and_may_be_dropped(person: Person) -> None:
    page = person.sign_in("baraka")

    scan(page, "4*")
    expect(page.locator("#times")).to_contain_text("4 \N{MULTIPLICATION SIGN} what comes next")
    person.picture("times")
    page.click(".tile:has-text('Bread')")
    scan(page, "9*")
    page.click("#times button")
    page.click(".tile:has-text('Milk')")

    expect(line(page, "Bread 400 g")).to_have_value("4")
    expect(line(page, "Milk 500 ml")).to_have_value("1")


def test_a_piece_is_not_sold_by_halves(person: Person) -> None:
    page = person.sign_in("baraka")

    scan(page, f"0.5*{FLOUR}")

    expect(page.locator("#said")).to_have_text("Maize flour 2 kg is sold whole. Write 1, 2 or 3.")
    expect(page.locator("#lines tr")).to_have_count(0)


# The pad


def keys(page: Page, text: str) -> None:
    for key in text:
        page.click(f"#pad [data-key='{key}']")


def open_pad(page: Page, name: str) -> Any:
    page.click(f"#lines .what:has-text('{name}')")
    expect(page.locator("#pad")).to_be_visible()


def test_the_pad_weighs_and_counts(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Sugar')")
    page.click(".tile:has-text('Bread')")

    open_pad(page, "Sugar")
    keys(page, "0.75")
    expect(page.locator("#pad-sum")).to_have_text("KES 112.50")
    person.picture("pad")
    sizes = page.locator("#pad button").evaluate_all(
        "all => all.map(one => Math.min(one.offsetWidth, one.offsetHeight))"
    )
    page.click("#pad-take")
    open_pad(page, "Bread")
    assert page.locator("#pad [data-key='.']").is_disabled()
    keys(page, "12")
    page.click("#pad-take")

    expect(line(page, "Sugar")).to_have_value("0.75")
    expect(line(page, "Bread 400 g")).to_have_value("12")
    expect(page.locator("#total")).to_have_text("KES 892.50")
    assert min(sizes) >= 48
    assert person.fits()


def test_the_pad_may_be_left_and_takes_a_line_out(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Bread')")

    open_pad(page, "Bread")
    keys(page, "7")
    page.click("#pad >> text=Leave it")
    expect(line(page, "Bread 400 g")).to_have_value("1")
    open_pad(page, "Bread")
    page.keyboard.press("Escape")
    expect(line(page, "Bread 400 g")).to_have_value("1")
    open_pad(page, "Bread")
    keys(page, "⌫")
    page.click("text=Take it out")

    expect(page.locator("#lines tr")).to_have_count(0)


def test_the_pad_takes_the_keyboard_too_and_a_scan_goes_past_it(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Bread')")
    open_pad(page, "Bread")

    scan(page, MILK)
    page.keyboard.type("3", delay=100)
    page.keyboard.press("Enter")

    expect(line(page, "Bread 400 g")).to_have_value("3")
    expect(line(page, "Milk 500 ml")).to_have_value("1")


# Without the script


def test_without_javascript_the_search_keeps_the_cart_and_scans_are_sold(person: Person) -> None:
    browser = person.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = plain.new_page()
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", "baraka")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")
    page.click(".tile:has-text('Rice')")

    page.fill("#find", "soap")
    page.press("#find", "Enter")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator("#total")).to_have_text("KES 190")
    page.click(".tile:has-text('Bar soap')")
    expect(page.locator("#total")).to_have_text("KES 235")
    expect(page.locator("#find")).to_be_focused()
    scan(page, f"2*{MILK}")
    expect(page.locator("#total")).to_have_text("KES 355")
    scan(page, UNKNOWN)
    expect(page.locator(".refusal")).to_contain_text("has the code")
    page.click("text=Exact")
    stage(page, "paid")

    expect(page.locator("aside")).to_contain_text("KES 355")
    plain.close()
