"""A manager receives goods, counts them on a phone and finds some missing, and carries the rest."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser


def begin(person: Person, name: str) -> None:
    """Put a product of this run on the shelf, counted, and close counts that others left open."""
    person.house.run_code(
        "from django.utils import timezone\n"
        "from money.models import Business, User\n"
        "from shops.actions.items import keep_count_of\n"
        "from shops.models import Product\n"
        "duka, amina = Business.objects.get(slug='duka'), User.objects.get(username='amina')\n"
        f"row = Product.objects.create(business=duka, name={name!r}, tax_class='C',"
        " sales_account='4040')\n"
        "keep_count_of(product=row, stock_account='1400', cost_account='5040', reorder_milli=0,"
        " allows_negative=False, by=amina)\n"
    )


def goes_to(page: Page, address: str) -> None:
    page.goto(re.sub(r"^(https?://[^/]+).*$", r"\1", page.url) + address)


def receive(person: Person, page: Page, name: str) -> None:
    goes_to(page, "/stock/duka/receive")
    page.fill("#supplier", f"Farmer {person.size}")
    page.fill("#item-0", name)
    page.fill("#qty-0", "10")
    page.fill("#amount-0", "1,000")
    page.click("button:text-is('Receive')")
    expect(page.locator(".note")).to_contain_text("Received for KES 1,000")


def count_eight(person: Person, page: Page, name: str) -> None:
    goes_to(page, "/stock/duka/counts")
    page.select_option("#what", "words")
    page.fill("#words", name)
    person.picture("stock-counts")
    assert person.fits()
    page.click("button:text-is('Begin')")
    field = page.get_by_label(name)
    expect(page.locator("main")).not_to_contain_text("10")
    field.fill("8")
    field.press("Tab")
    expect(page.locator(".said")).to_contain_text("Amina")
    person.picture("stock-count")
    assert person.fits()
    page.reload()
    expect(field).to_have_value("8")


def close_the_count(person: Person, page: Page) -> None:
    page.click("a:text-is('Close')")
    person.picture("stock-count-close")
    page.click("button:text-is('Close and post')")
    expect(page.locator("main")).to_contain_text("8 counted, the books had 10")
    expect(page.locator(".sums")).to_contain_text("KES 200")
    person.picture("stock-count-found")
    assert person.fits()
    page.click("a:text-is('Print')")
    person.picture("stock-count-sheet")


def carry_three(person: Person, page: Page, name: str, store: str) -> None:
    goes_to(page, "/stock/duka/places")
    page.fill("#name", store)
    page.click("button:text-is('Add')")
    page.select_option("#to", label=store)
    person.picture("stock-places")
    assert person.fits()
    page.click("button:text-is('Choose products')")
    page.fill("#item-0", name)
    page.fill("#qty-0", "3")
    person.picture("stock-move")
    assert person.fits()
    page.click("button:text-is('Carry')")
    expect(page.locator("main")).to_contain_text(f"3 {name} (300)")


def test_goods_come_are_counted_and_carried(person: Person) -> None:
    name, store = f"Beans {person.size}", f"Store {person.size}"
    begin(person, name)
    page = person.sign_in("amina")

    receive(person, page, name)
    count_eight(person, page, name)
    close_the_count(person, page)
    carry_three(person, page, name, store)

    goes_to(page, f"/stock/duka/?q={name}")
    page.click(f"a:text-is('{name}')")
    expect(page.locator("main")).to_contain_text(store)
    person.picture("stock-item")
    assert person.fits()


def test_without_javascript_a_page_is_saved_at_once(person: Person) -> None:
    name = f"Peas {person.size}"
    begin(person, name)
    browser = person.context.browser
    assert browser
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{person.house.url}/login?next=/stock/duka/counts")
    page.fill("#id_username", "amina")
    page.fill("#id_password", "karibu-duka")
    page.click("button.main")
    page.select_option("#what", "words")
    page.fill("#words", name)
    page.click("button:text-is('Begin')")
    page.get_by_label(name).fill("4")
    page.click("button:text-is('Save this page')")
    expect(page.locator(".note")).to_have_text("1 written down.")
    expect(page.get_by_label(name)).to_have_value("4")
    page.click("a:text-is('Close')")
    page.click("button:text-is('Close and post')")
    expect(page.locator("main")).to_contain_text("4 counted, the books had 0")
    context.close()
