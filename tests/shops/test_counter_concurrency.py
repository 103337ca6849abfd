"""Several tablets at once: a held cart is taken out once, prints are numbered without a gap."""

import pytest

from tests.money.conftest import Scratch, scratch  # noqa: F401 a fixture

WORKER = """
import sys
from datetime import UTC, date, datetime
from money.actions.books import load_tax_rates, open_business
from money.models import TaxPerson, User
from shops.actions.drawers import first_drawer, open_session
from shops.actions.held import NotHeld, hold_cart, take_cart
from shops.actions.movers import learn_fast_movers
from shops.actions.prints import record_print
from shops.actions.sales import ring_up
from shops.actions.settle import take_cash
from shops.models import FastMover, HeldCart, Price, Product, Sale

verb, slug, *words = sys.argv[1:]
NOW, TODAY = datetime(2026, 11, 22, 9, tzinfo=UTC), date(2026, 11, 22)
load_tax_rates()
person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z")
shop = open_business(tax_person=person, slug=slug, name=slug, trade="retail")
by, _ = User.objects.get_or_create(username="baraka")


def held(key):
    return hold_cart(business=shop, key=f"{slug}-{key}", name="Njeri", cart={1: 1000}, beside={},
                     total_cents=0, by=by, now=NOW)


if verb == "begin":
    open_session(drawer_id=first_drawer(shop).pk, business=shop, key=f"session-of-{slug}",
                 counts={}, source="left", by=by, now=NOW)
    bread = Product.objects.create(business=shop, name="Bread", tax_class="C", sales_account="4040")
    Price.objects.create(product=bread, price_cents=10_000, from_day=TODAY, set_at=NOW)
    sale = ring_up(business=shop, key=f"sale-of-{slug}", cart={bread.pk: 1000}, shown_cents=10_000,
                   cashier=by, sold_on=TODAY, now=NOW)
    take_cash(sale_id=sale.pk, given_cents=10_000, by=by, now=NOW)
    for n in range(int(words[0])):
        held(f"first-{n}")
elif verb == "take":
    for cart in HeldCart.objects.filter(business=shop).order_by("pk"):
        try:
            take_cart(business=shop, cart_id=cart.pk, key=f"{words[0]}-{cart.pk}", by=by, now=NOW)
            print(cart.pk)
        except NotHeld:
            pass
elif verb == "hold":
    for n in range(int(words[1])):
        try:
            held(f"{words[0]}-{n}")
            print("held")
        except NotHeld:
            print("full")
elif verb == "print":
    sale = Sale.objects.get(business=shop)
    for n in range(int(words[1])):
        print(record_print(sale_id=sale.pk, key=f"{slug}-{words[0]}-{n}", by=by, at=NOW).number)
elif verb == "learn":
    for _ in range(int(words[0])):
        learn_fast_movers(business=shop, day=TODAY)
    print(*FastMover.objects.filter(business=shop).values_list("times", flat=True))
"""


@pytest.fixture
def shop(scratch: Scratch) -> Scratch:  # noqa: F811 the fixture that was imported
    return scratch


def at_once(shop: Scratch, *jobs: tuple[object, ...]) -> list[list[str]]:
    return shop.run_together(*(("code", WORKER, *job) for job in jobs))


def test_a_held_cart_is_taken_out_by_one_tablet_of_four(shop: Scratch) -> None:
    at_once(shop, ("begin", "taken", 20))

    taken = at_once(shop, *(("take", "taken", f"tablet{n}") for n in range(4)))

    carts = [cart for tablet in taken for cart in tablet]
    assert len(carts) == len(set(carts)) == 20


def test_fifty_are_the_most_whoever_holds_at_once(shop: Scratch) -> None:
    at_once(shop, ("begin", "full", 40))

    outcomes = at_once(shop, *(("hold", "full", f"tablet{n}", 5) for n in range(4)))

    assert sorted(word for tablet in outcomes for word in tablet) == ["full"] * 10 + ["held"] * 10


@pytest.mark.long
def test_prints_at_once_are_numbered_without_a_gap(shop: Scratch) -> None:
    at_once(shop, ("begin", "prints", 0))

    numbers = at_once(shop, *(("print", "prints", f"tablet{n}", 5) for n in range(4)))

    assert sorted(int(word) for tablet in numbers for word in tablet) == list(range(1, 21))


def test_what_sells_fast_is_learned_by_several_at_once(shop: Scratch) -> None:
    at_once(shop, ("begin", "movers", 0))

    assert at_once(shop, *[("learn", "movers", 5)] * 4) == [["1"]] * 4
