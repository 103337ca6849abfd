"""Several processes sell and receive the same goods, on a database of their own."""

import pytest

from tests.money.conftest import Scratch, scratch  # noqa: F401 a fixture

WORKER = """
import sys
from datetime import UTC, date, datetime
from django.db import transaction
from money.actions.books import load_tax_rates, open_business
from money.models import Membership, Role, TaxPerson, User
from shops.actions.batches import keep_batches, name_pieces
from shops.actions.drawers import first_drawer, open_session
from shops.actions.goods import set_price
from shops.actions.items import keep_count_of
from shops.actions.purchases import Bought, add_supplier, receive_goods
from shops.actions.recipes import set_recipe
from shops.actions.sales import ring_up
from shops.actions.giving_up import cancel_sale
from shops.actions.settle import take_cash
from shops.actions.stock import SoldOut
from shops.models import BatchLevel, Product, StockLevel
from shops.stock_verification import verify_stock
from shops.verification import verify_sales

verb, slug, *words = sys.argv[1:]
NOW, TODAY = datetime(2026, 11, 22, 9, tzinfo=UTC), date(2026, 11, 22)
load_tax_rates()
person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z")
shop = open_business(tax_person=person, slug=slug, name=slug, trade="retail")
amina, _ = User.objects.get_or_create(username="amina")
Membership.objects.get_or_create(user=amina, business=shop, role=Role.OWNER)


def product(name):
    row, _ = Product.objects.get_or_create(
        business=shop,
        name=name,
        defaults={"tax_class": "C", "sales_account": "4040"},
    )
    set_price(product=row, price_cents=10_000, from_day=TODAY, by=amina, now=NOW)
    return row


def received(key, *lines):
    supplier = add_supplier(business=shop, name="Kapa", kra_pin="", phone="", by=amina)
    bought = [
        Bought(item_id=p.pk, quantity_milli=1_000 * n, net_cents=cents, vat_cents=0, tax_class="C")
        for p, n, cents in lines
    ]
    receive_goods(supplier=supplier, number="", cu_invoice_number="", bought_on=TODAY,
                  paid_from="", lines=bought, key=key, by=amina, now=NOW)


def rung_up(key, *products):
    cart = {p.pk: 1_000 for p in products}
    return ring_up(business=shop, key=key, cart=cart, shown_cents=10_000 * len(cart),
                   cashier=amina, sold_on=TODAY, now=NOW)


def paid(sale):
    take_cash(sale_id=sale.pk, given_cents=sale.total_cents, by=amina, now=NOW)


if verb == "begin":
    open_session(drawer_id=first_drawer(shop).pk, business=shop, key=f"session-of-{slug}",
                 counts={}, source="left", by=amina, now=NOW)
    for name in ("bread", "milk"):
        keep_count_of(product=product(name), stock_account="1400", cost_account="5040",
                      reorder_milli=0, allows_negative=False, by=amina)
    received(f"first-of-{slug}", *((product(n), int(words[0]), 1_000 * int(words[0]) + 7)
                                   for n in ("bread", "milk")))
elif verb == "make":
    # Bread keeps batches, two of them, and toast is made of one bread and one milk.
    bread, milk = product("bread").stock_item, product("milk").stock_item
    keep_batches(item=bread, warn_days=3, by=amina, now=NOW)
    level = BatchLevel.objects.get(batch__item=bread)
    name_pieces(batch_level_id=level.pk, business=shop,
                quantity_milli=level.on_hand_milli // 2_000 * 1_000, code="B",
                best_before=TODAY, key=f"name-of-{slug}", by=amina, now=NOW)
    set_recipe(product=product("toast"), parts={bread.pk: 1_000, milk.pk: 1_000},
               cost_account="5040", comes_back=True, by=amina, now=NOW)
elif verb == "sell":
    prefix, times, *names = words
    for turn in range(int(times)):
        try:
            # Found before: setting a price locks its product, and no sale does that.
            found = [product(name) for name in names]
            if turn % 2:
                # By M-Pesa the money comes later, in a transaction of its own.
                paid(rung_up(f"{slug}-{prefix}-{turn}", *found))
            else:
                with transaction.atomic():
                    paid(rung_up(f"{slug}-{prefix}-{turn}", *found))
            print("sold")
        except SoldOut:
            print("SoldOut")
elif verb == "give-up":
    prefix, times, *names = words
    for turn in range(int(times)):
        try:
            sale = rung_up(f"{slug}-{prefix}-{turn}", *map(product, names))
            cancel_sale(sale_id=sale.pk, by=amina, now=NOW)
        except SoldOut:
            pass
elif verb == "receive":
    prefix, times = words
    for turn in range(int(times)):
        received(f"{slug}-{prefix}-{turn}", (product("milk"), 1, 1_111), (product("bread"), 1, 999))
else:
    rows = StockLevel.objects.filter(location__business=shop).order_by("item__product__name")
    for level in rows:
        print(level.on_hand_milli, level.reserved_milli, level.value_cents)
    print(len(verify_stock()), len(verify_sales()))
"""


@pytest.fixture
def shop(scratch: Scratch) -> Scratch:  # noqa: F811 the fixture that was imported
    return scratch


def at_once(shop: Scratch, *jobs: tuple[object, ...]) -> list[list[str]]:
    return shop.run_together(*(("code", WORKER, *job) for job in jobs))


def stands(shop: Scratch, slug: str) -> list[int]:
    ((*words,),) = at_once(shop, ("look", slug))
    return [int(word) for word in words]


def test_the_last_piece_is_sold_once(shop: Scratch) -> None:
    at_once(shop, ("begin", "last", 1))

    outcomes = at_once(shop, *(("sell", "last", f"counter{n}", 1, "bread") for n in range(4)))

    assert sorted(word for (word,) in outcomes) == ["SoldOut", "SoldOut", "SoldOut", "sold"]
    assert stands(shop, "last") == [0, 0, 0, 1_000, 0, 1_007, 0, 0]


@pytest.mark.long
def test_many_sell_the_same_goods_and_none_is_sold_that_is_not_there(shop: Scratch) -> None:
    """Carts are tapped in one order and the other; some give up, and goods come meanwhile."""
    at_once(shop, ("begin", "many", 16))

    *sold, _, _ = at_once(
        shop,
        ("sell", "many", "a", 10, "bread", "milk"),
        ("sell", "many", "b", 10, "milk", "bread"),
        ("sell", "many", "c", 10, "bread", "milk"),
        ("receive", "many", "d", 4),
        ("give-up", "many", "e", 4, "milk", "bread"),
    )
    words = [word for job in sold for word in job]

    assert len(words) == 30
    # 16 were there and 4 came; who was told that all is sold out was told so before they came.
    assert 16 <= words.count("sold") <= 20
    left = 20_000 - 1_000 * words.count("sold")
    bread_left, bread_held, _, milk_left, milk_held, _, *untied = stands(shop, "many")
    assert (bread_left, milk_left, bread_held, milk_held) == (left, left, 0, 0)
    assert untied == [0, 0]


@pytest.mark.long
def test_what_is_made_of_parts_and_its_parts_are_sold_at_once(shop: Scratch) -> None:
    """Recipes, batches and plain goods take the same levels, in one order of locks."""
    at_once(shop, ("begin", "made", 12))
    at_once(shop, ("make", "made"))

    sold = at_once(
        shop,
        ("sell", "made", "a", 6, "toast"),
        ("sell", "made", "b", 6, "milk", "toast"),
        ("sell", "made", "c", 6, "toast", "bread"),
    )
    words = [word for job in sold for word in job]

    assert len(words) == 18
    assert set(words) == {"sold", "SoldOut"}
    bread_left, bread_held, _, milk_left, milk_held, _, *untied = stands(shop, "made")
    # Nothing more could be made: one of the two is gone, or what b and c still wanted is.
    assert min(bread_left, milk_left) <= 1_000
    assert (bread_held, milk_held, *untied) == (0, 0, 0, 0)
