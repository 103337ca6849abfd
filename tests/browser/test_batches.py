"""Variants on a family's tile, and batches from the delivery to the shelf, the till or the bin."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser

BEGIN = """
from django.utils import timezone
from money.models import Business, User
from shops.actions.batches import keep_batches
from shops.actions.families import put_in_family
from shops.actions.goods import set_price
from shops.actions.items import keep_count_of
from shops.actions.opening import open_stock
from shops.models import Product
now, today = timezone.now(), timezone.localdate()
duka, amina = Business.objects.get(slug="duka"), User.objects.get(username="amina")
def counted(name, shillings):
    row = Product.objects.create(business=duka, name=name, tax_class="B", sales_account="4040")
    set_price(product=row, price_cents=shillings * 100, from_day=today, by=amina, now=now)
    return keep_count_of(product=row, stock_account="1400", cost_account="5040", reorder_milli=0,
                         allows_negative=False, by=amina)
"""


def goes_to(page: Page, address: str) -> None:
    page.goto(re.sub(r"^(https?://[^/]+).*$", r"\1", page.url) + address)


def pays_in_cash(page: Page, shillings: int) -> None:
    expect(page.locator("#total")).to_have_text(f"KES {shillings}")
    page.click("[data-note='500']")
    page.click("button[value=cash]")
    expect(page.locator("[data-stage=paid]")).to_be_visible(timeout=20_000)


def test_a_variant_is_opened_from_its_familys_tile_and_sold(person: Person) -> None:
    family = f"Juice {person.size}"
    person.house.run_code(
        f"{BEGIN}\n"
        "for variant, shillings in (('Mango 1 L', 180), ('Passion 250 ml', 60)):\n"
        f"    item = counted({family!r} + ' ' + variant, shillings)\n"
        f"    put_in_family(product=item.product, family={family!r}, variant=variant, by=amina)\n"
        "    open_stock(item=item, quantity_milli=9_000, value_cents=9_000, counted_on=today,\n"
        "               key=f'juice-{item.pk}', by=amina, now=now)\n"
    )
    page = person.sign_in("baraka")
    tile = page.locator("details.family", has=page.get_by_text(family, exact=True))
    variants = tile.locator(".variants .tile .name")

    expect(tile.locator("summary")).to_contain_text("from KES 60")
    expect(variants.first).to_be_hidden()
    tile.locator("summary").click()
    expect(variants).to_have_text(["Passion 250 ml", "Mango 1 L"])
    person.picture("family-open")
    assert person.fits()
    tile.locator(".tile", has_text="Mango").click()
    expect(page.locator(f"input[aria-label='Quantity of {family} Mango 1 L']")).to_have_value("1")
    person.picture("family-in-cart")
    pays_in_cash(page, 180)
    page.click("text=/^Receipt/")
    expect(page.locator(".slip")).to_contain_text(f"{family} Mango 1 L")


def receive(person: Person, page: Page, name: str, batches: dict[str, date]) -> None:
    """Receive five of each batch, at KES 40 a piece, each on a line of its own."""
    goes_to(page, "/stock/duka/receive")
    page.fill("#supplier", f"Dairy {person.size}")
    for number, (code, day) in enumerate(batches.items()):
        page.fill(f"#item-{number}", name)
        page.fill(f"#qty-{number}", "5")
        page.fill(f"#amount-{number}", "200")
        page.locator("details.batch summary").nth(number).click()
        page.fill(f"#batch-{number}", code)
        page.fill(f"#before-{number}", f"{day:%Y-%m-%d}")
    person.picture("receive-batches")
    assert person.fits()
    page.click("button:text-is('Receive')")
    expect(page.locator(".note")).to_contain_text(f"Received for KES {200 * len(batches)}")


def rows_of(page: Page, name: str) -> Locator:
    goes_to(page, f"/stock/duka/batches?q={name}")
    return page.locator("ul.rows > li")


def test_what_expires_first_is_sold_first_and_what_is_past_its_day_is_written_off(
    person: Person,
) -> None:
    name, day = f"Lala {person.size}", timezone.localdate()
    begun = f"{BEGIN}\nitem = counted({name!r}, 70)\n"
    person.house.run_code(begun + "keep_batches(item=item, warn_days=3, by=amina, now=now)\n")
    page = person.sign_in("amina")
    days = {"C": day + timedelta(days=20), "A": day - timedelta(days=1), "B": day}
    receive(person, page, name, {f"{code}-{person.size}": until for code, until in days.items()})

    rows = rows_of(page, name)
    expect(rows).to_have_count(3)
    for place, code, words in ((0, "A", "past its day, not sold"), (1, "B", "soon"), (2, "C", "")):
        expect(rows.nth(place)).to_contain_text(f"{code}-{person.size}, best before")
        expect(rows.nth(place)).to_contain_text(words)
    person.picture("batches")
    assert person.fits()

    goes_to(page, "/s/duka/")
    page.keyboard.type(f"{name}*2")
    page.keyboard.press("Enter")
    expect(page.locator(f"input[aria-label='Quantity of {name}']")).to_have_value("2")
    pays_in_cash(page, 140)
    there = rows_of(page, name).locator(".num b")
    expect(there).to_have_text(["5", "3", "5"])

    page.click("button:text-is('Write off')")
    expect(rows_of(page, name).locator(".num b")).to_have_text(["3", "5"])
    goes_to(page, "/stock/duka/losses")
    lost = page.locator("ul.rows > li", has_text=name)
    expect(lost).to_contain_text("Expired")
    expect(lost).to_contain_text(f"A-{person.size}, best before")
    person.picture("losses")
    assert person.fits()
