"""The counter in a real browser, at the width of a small phone and of a laptop."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser


def stage(page: Page, name: str) -> None:
    expect(page.locator(f"[data-stage={name}]")).to_be_visible(timeout=20_000)


def phone_of(person: Person, last: str) -> str:
    """Return a phone of this test's own, as people type it."""
    return f"07{person.size:>04}{last}"


def more_products(person: Person, slug: str, names: list[str], code: str = "") -> None:
    """Put products at KES 7 on the shelf, once; the last one with a code."""
    person.house.run_code(
        "from datetime import date; from django.utils import timezone\n"
        "from money.models import Business; from shops.models import Barcode, Price, Product\n"
        f"shop = Business.objects.get(slug={slug!r})\n"
        f"for name in {names!r}:\n"
        "    row, is_new = Product.objects.get_or_create(business=shop, name=name, defaults={"
        "'tax_class': 'B', 'sales_account': '4030'})\n"
        "    if is_new: Price.objects.create(product=row, price_cents=700,"
        " from_day=date(2024, 1, 1), set_at=timezone.now())\n"
        f"    if is_new and name == {names[-1]!r} and {code!r}:\n"
        f"        Barcode.objects.create(business=shop, product=row, code={code!r})\n"
    )


def test_cash_is_sold_by_typing_and_tapping(person: Person) -> None:
    page = person.sign_in("baraka")

    page.keyboard.type("maize*2")
    page.keyboard.press("Enter")
    page.click(".tile:has-text('Sugar')")
    page.fill("input[aria-label='Quantity of Sugar']", "0.5")
    expect(page.locator("#total")).to_have_text("KES 435")
    person.picture("counter")
    counter_fits = person.fits()
    page.click("[data-note='500']")
    expect(page.locator("#change")).to_have_text("Change KES 65")
    page.click("button[value=cash]")
    stage(page, "paid")

    expect(page.locator(".huge")).to_have_text("KES 65")
    sizes = page.evaluate(
        "[...document.querySelectorAll('*')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert page.locator(".huge").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") == max(
        sizes
    )
    person.picture("paid-cash")
    page.click("text=/^Receipt/")
    expect(page.locator(".slip")).to_contain_text("TOTAL KES")
    person.picture("receipt")
    assert counter_fits
    assert person.fits()
    page.click("text=New sale")
    expect(page.locator("#lines tr")).to_have_count(0)


def test_mpesa_rings_survives_a_reload_and_is_paid(person: Person) -> None:
    page = person.sign_in("baraka")
    number = phone_of(person, "0001")
    page.click(".tile:has-text('Maize flour')")
    page.fill("#phone", number)

    page.press("#phone", "Enter")
    stage(page, "ringing")
    first = int(page.locator(".count").inner_text())
    person.picture("ringing")
    page.reload()
    stage(page, "ringing")
    expect(page.locator(".count")).not_to_have_text(str(first), timeout=5_000)
    ringing_fits = person.fits()
    phone = person.phone(f"254{number[1:]}")
    person.picture("phone", phone)
    phone.click("text=Approve")
    stage(page, "paid")

    expect(page.locator(".standing")).to_contain_text(re.compile(r"M-Pesa [A-Z0-9]{10}"))
    person.picture("paid-mpesa")
    assert ringing_fits
    assert person.fits()


@pytest.mark.parametrize(
    ("button", "sentence"), [("Cancel", "cancelled"), ("Wrong PIN", "Wrong PIN")]
)
def test_a_refused_prompt_is_shown_and_cash_is_taken(
    person: Person, button: str, sentence: str
) -> None:
    page = person.sign_in("baraka")
    number = phone_of(person, f"1{len(button):03}")
    page.click(".tile:has-text('Milk')")
    page.fill("#phone", number)
    page.click("button[value=mpesa]")
    stage(page, "ringing")

    person.phone(f"254{number[1:]}").click(f"text={button}")
    stage(page, "failed")
    expect(page.locator(".standing")).to_contain_text(sentence)
    person.picture("not-paid")
    page.click("text=Exact")
    stage(page, "paid")


def test_an_ignored_prompt_runs_out(person: Person) -> None:
    person.house.simulator.post("/sim/knobs", prompt_seconds=3)
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Milk')")
    page.fill("#phone", phone_of(person, "0003"))

    page.click("button[value=mpesa]")
    stage(page, "ringing")
    stage(page, "failed")

    expect(page.locator(".standing")).to_contain_text("did not answer")


def test_no_answer_yet_is_shown_until_safaricom_says(person: Person) -> None:
    person.house.simulator.preset("silent")
    page = person.sign_in("baraka")
    number = phone_of(person, "0004")
    page.click(".tile:has-text('Milk')")
    page.fill("#phone", number)
    page.click("button[value=mpesa]")
    stage(page, "ringing")

    person.house.simulator.press(f"254{number[1:]}", "approve")
    stage(page, "silent")
    person.picture("no-answer-yet")
    page.click("text=Check again")
    stage(page, "confirmed")
    person.picture("confirmed")
    prompt = person.house.simulator.prompts(phone=f"254{number[1:]}")[0]
    person.house.simulator.post(f"/sim/prompts/{prompt['id']}/redeliver")

    stage(page, "paid")


def test_bad_input_gets_a_sentence_in_its_place_and_keeps_the_cart(person: Person) -> None:
    page = person.sign_in("baraka")

    page.click("button[value=cash]")
    expect(page.locator(".refusal")).to_contain_text("The cart is empty")
    page.click(".tile:has-text('Rice')")
    page.fill("input[aria-label='Quantity of Rice']", "1,5")
    page.press("input[aria-label='Quantity of Rice']", "Tab")
    expect(page.locator("#lines tr")).to_have_count(1)
    page.fill("input[aria-label='Quantity of Rice']", "0.333")
    page.fill("#phone", "0712 345")
    page.click("button[value=mpesa]")
    expect(page.locator(".pay .refusal")).to_contain_text("Write the phone as")
    expect(page.locator(".pay .refusal")).to_be_in_viewport()
    page.fill("#phone", phone_of(person, "0005"))
    page.click("button[value=mpesa]")
    expect(page.locator(".pay .refusal")).to_contain_text("whole shillings")
    person.picture("refusal")
    page.fill("#given", "10")
    page.click("button[value=cash]")
    expect(page.locator(".pay .refusal")).to_contain_text("KES 63 are due")

    expect(page.locator("#lines tr")).to_have_count(1)
    assert person.fits()


def test_a_cart_paid_in_one_tab_is_gone_in_the_other(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Bread')")
    other = person.context.new_page()
    other.goto(f"{person.house.url}/s/duka/")
    expect(other.locator("#lines tr")).to_have_count(1)

    page.click("text=Exact")
    stage(page, "paid")

    expect(other.locator("#lines tr")).to_have_count(0)


def test_a_signed_out_cashier_signs_in_and_finds_the_cart(person: Person) -> None:
    page = person.sign_in("baraka")
    page.click(".tile:has-text('Tea')")
    person.context.clear_cookies()

    page.click("text=Exact")
    expect(page.locator("body")).to_contain_text("Nothing was done")
    person.sign_in("baraka")

    expect(page.locator("#lines tr")).to_have_count(1)
    page.click("text=Exact")
    stage(page, "paid")


def test_the_owner_sees_the_day(person: Person) -> None:
    page = person.sign_in("amina")

    expect(page.locator(".today")).to_contain_text("Amina Duka na Gas")
    person.picture("owner")
    assert person.fits()
    for address in ("money/entry", "mpesa/payment", "shops/sale", "huey_monitor/taskmodel"):
        page.goto(f"{person.house.url}/admin/{address}/")
        expect(page.locator("#content")).to_be_visible()
    person.picture("tasks")


def test_the_counter_sells_without_javascript(person: Person) -> None:
    browser = person.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = plain.new_page()
    page.goto(f"{person.house.url}/login")
    page.fill("#id_username", "baraka")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")

    page.click(".tile:has-text('Bar soap')")
    page.click(".tile:has-text('Bar soap')")
    expect(page.locator("#total")).to_have_text("KES 90")
    page.click("text=Exact")
    stage(page, "paid")

    plain.close()


def test_a_product_beyond_the_tiles_is_found_by_typing(person: Person) -> None:
    names = [f"{letter} thing {number}" for letter in "ABCDEFGH" for number in range(10)]
    more_products(person, "dobi", names)
    page = person.sign_in("wanjiru")
    expect(page.locator(".tile:has-text('Wash and iron')")).to_have_count(0)

    page.fill("#find", "wash iron")
    expect(page.locator(".tile:has-text('Wash and iron')")).to_be_visible()
    page.press("#find", "Enter")

    expect(page.locator("#total")).to_have_text("KES 180")
    page.fill("#find", "suit")
    page.press("#find", "Enter")
    expect(page.locator("#total")).to_have_text("KES 630")
