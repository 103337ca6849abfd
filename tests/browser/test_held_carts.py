"""Held carts, keys and papers of receipts, in a real browser."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.test_counter import stage

pytestmark = pytest.mark.browser

# Chromium prints where nobody looks: what it was asked to print is counted.
COUNTED = "window.print = () => { window.prints = (window.prints || 0) + 1; }"


def typed(page: Page, text: str) -> None:
    """Type as fingers do: faster would be a scanner."""
    page.keyboard.type(text, delay=90)


def test_a_cart_is_held_survives_reload_and_device_and_comes_back(person: Person) -> None:
    page = person.sign_in("baraka")
    name = f"Mama Njeri {person.size}"
    page.click(".tile:has-text('Milk')")
    page.click(".tile:has-text('Bread')")

    page.keyboard.press("F8")
    expect(page.locator("#hold-name")).to_be_focused()
    typed(page, name)
    person.picture("hold")
    page.keyboard.press("Enter")
    expect(page.locator(".note")).to_contain_text(f"Held for {name}")
    expect(page.locator("#lines tr")).to_have_count(0)
    page.reload()
    expect(page.locator("#lines tr")).to_have_count(0)
    expect(page.locator(".how-many")).to_have_text("1")

    browser = person.context.browser
    assert browser
    other = Person(
        browser.new_context(viewport=page.viewport_size), person.house, person.size
    ).sign_in("baraka")
    other.click("#held summary")
    other.click(f"#held-list button:has-text('{name}')")
    expect(other.locator("#total")).to_have_text("KES 125")
    other.reload()
    expect(other.locator("#total")).to_have_text("KES 125")
    other.click("button[name=exact]")
    stage(other, "paid")
    other.context.close()

    # The first tablet's list is of before: it is asked for anew when it is opened.
    page.keyboard.press("F8")
    expect(page.locator("#held-list")).to_contain_text("No cart is held")
    assert person.fits()


def test_a_cart_on_the_counter_is_kept_when_another_is_taken_out(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Milk')")
    page.keyboard.press("F8")
    typed(page, "Otieno")
    page.keyboard.press("Enter")
    expect(page.locator("#lines tr")).to_have_count(0)
    page.click(".tile:has-text('Rice')")

    page.click("#held summary")
    page.click("#held-list button:has-text('Otieno')")

    expect(page.locator("#held .refusal")).to_contain_text("There is a cart on the counter")
    expect(page.locator("#total")).to_have_text("KES 190")
    page.keyboard.press("Escape")
    page.click("#empty-cart")
    page.click("text=Empty it")
    expect(page.locator("#lines tr")).to_have_count(0)
    page.keyboard.press("F8")
    expect(page.locator("#held-list button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_have_text("KES 60")
    page.click("button[name=exact]")
    stage(page, "paid")


def test_escape_asks_before_a_cart_is_lost(person: Person) -> None:
    page = person.sign_in("baraka")
    page.keyboard.press("Escape")
    expect(page.locator("#ask-empty")).to_be_hidden()
    page.click(".tile:has-text('Milk')")

    page.fill("#find", "ri")
    page.press("#find", "Escape")
    expect(page.locator("#find")).to_have_value("")
    expect(page.locator("#ask-empty")).to_be_hidden()
    page.press("#find", "Escape")
    expect(page.locator("#ask-empty")).to_be_visible()
    person.picture("ask-empty")
    page.keyboard.press("Escape")
    expect(page.locator("#ask-empty")).to_be_hidden()
    expect(page.locator("#lines tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.click("text=Empty it")

    expect(page.locator("#lines tr")).to_have_count(0)


def test_f2_finds_and_f9_pays(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Milk')")

    page.keyboard.press("F9")
    expect(page.locator("#given")).to_be_focused()
    page.keyboard.press("F2")
    expect(page.locator("#find")).to_be_focused()
    # The key stands on what it does where there are keys; a small screen has none.
    expect(page.locator("#find-button kbd")).to_be_visible(visible=person.size == "1280")
    page.keyboard.press("F9")
    typed(page, "100")
    expect(page.locator("#change")).to_have_text("Change KES 40")
    large, total = (
        page.locator(one).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        for one in ("#change b", "#total")
    )
    assert large > total
    person.picture("change")
    assert person.fits()
    page.keyboard.press("Enter")
    stage(page, "paid")


def test_paid_and_printed_in_one_press_then_a_copy(person: Person) -> None:
    person.context.add_init_script(COUNTED)
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Milk')")
    page.fill("#given", "100")

    page.click("text=Cash + print")
    expect(page.locator(".slip")).to_contain_text("TOTAL KES")
    page.wait_for_function("window.prints === 1")
    expect(page.locator(".change")).to_have_text("Change KES 40")
    person.picture("printed")
    # Coming back to it, or looking again, prints nothing.
    page.reload()
    expect(page.locator("text=Print a copy")).to_be_visible()
    assert page.evaluate("window.prints") is None
    page.emulate_media(media="print")
    expect(page.locator(".slip")).to_be_hidden()
    expect(page.locator(".not-this")).to_be_visible()
    page.emulate_media(media="screen")
    page.click("text=Print a copy")
    page.wait_for_function("window.prints === 1")
    expect(page.locator(".copy")).to_have_text("COPY 2")
    page.emulate_media(media="print")
    expect(page.locator(".slip")).to_be_visible()
    page.emulate_media(media="screen")
    page.click("text=New sale")
    page.wait_for_url("**/s/duka/")
    expect(page.locator("#lines tr")).to_have_count(0)
    assert person.fits()


@pytest.mark.parametrize("paper", ["80", "58"])
def test_a_receipt_fits_its_paper(person: Person, tmp_path: Path, paper: str) -> None:
    person.house.run_code(LONG_NAME)
    # A page that is being printed is not printed again.
    person.context.add_init_script(COUNTED)
    page = person.sign_in("baraka")
    page.fill("#find", "Sunlight")
    page.press("#find", "Enter")
    page.click(".tile:has-text('Sugar')")
    page.fill("input[aria-label='Quantity of Sugar']", "1.275")
    page.click("button[name=exact]")
    stage(page, "paid")
    page.click("text=/^Receipt/")
    page.click(f"text={paper} mm")
    page.click("form button.main")
    expect(page.locator("[data-print]")).to_be_visible()

    file = tmp_path / "receipt.pdf"
    page.pdf(path=file, width=f"{paper}mm", height="297mm")
    words = subprocess.run(
        ["pdftotext", "-bbox", file, "-"], capture_output=True, text=True, check=True
    ).stdout

    # In points; a printer leaves 4 mm at each side of 80, 5 of 58.
    edge = {"80": 11.3, "58": 14.2}[paper]
    wide = float(words.partition('<page width="')[2].partition('"')[0])
    places = [line.split('"') for line in words.splitlines() if "<word" in line]
    assert len(places) > 20
    assert min(float(one[1]) for one in places) >= edge - 1
    assert max(float(one[5]) for one in places) <= wide - edge + 1
    assert words.count("<page") == 1


LONG_NAME = """
from datetime import date
from django.utils import timezone
from money.models import Business
from shops.models import Price, Product
name = "Sunlight hand washing powder with lemon and rose, family size 2.5 kg, carton 4"
row, is_new = Product.objects.get_or_create(
    business=Business.objects.get(slug="duka"), name=name,
    defaults={"tax_class": "B", "sales_account": "4030"})
if is_new:
    Price.objects.create(product=row, price_cents=248950, from_day=date(2024, 1, 1),
                         set_at=timezone.now())
"""


def test_without_javascript_a_cart_is_held_and_a_receipt_is_printed(person: Person) -> None:
    browser = person.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = plain.new_page()
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", "baraka")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")
    page.click(".tile:has-text('Bar soap')")

    page.click("#held summary")
    page.fill("#hold-name", "Achieng")
    page.click("button[name=hold]")
    expect(page.locator("#lines tr")).to_have_count(0)
    page.click("#held summary")
    page.click("#held-list button:has-text('Achieng')")
    expect(page.locator("#total")).to_have_text("KES 45")
    page.click("text=Exact + print")

    expect(page.locator(".slip")).to_contain_text("Bar soap")
    assert "Now print this page" in page.content()
    page.emulate_media(media="print")
    expect(page.locator(".slip")).to_be_visible()
    expect(page.locator(".tools")).to_be_hidden()
    plain.close()
