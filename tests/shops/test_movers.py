"""Tiles in the order of what sells: learned from 30 days, by business, without asking sales."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.models import Business, User
from shops.actions.giving_up import cancel_sale
from shops.actions.movers import learn_fast_movers
from shops.actions.sales import ring_up
from shops.actions.settle import take_cash
from shops.models import FastMover, Product
from shops.queries import goods
from tests import make
from tests.make import NOW, TODAY

A_DAY = timedelta(days=1)


@pytest.fixture
def shelf(duka: Business) -> dict[str, Product]:
    return {name: make.a_product(duka, name=name, unit="kg") for name in ("Ajab", "Bread", "Chai")}


def sold(
    product: Product, by: User, *, times: int = 1, milli: int = 1000, day: date = TODAY
) -> None:
    for _ in range(times):
        sale = ring_up(
            business=product.business,
            key=uuid.uuid4().hex,
            cart={product.pk: milli},
            shown_cents=make.cents(product, day) * milli // 1000,
            cashier=by,
            sold_on=day,
            now=NOW,
        )
        take_cash(sale_id=sale.pk, given_cents=sale.total_cents, by=by, now=NOW)


def names(shop: Business, words: str = "") -> list[str]:
    return [product.name for product in goods.products_of(shop, TODAY, words)]


def test_what_sold_most_comes_first_what_never_sold_follows_by_name(
    duka: Business, baraka: User, shelf: dict[str, Product]
) -> None:
    sold(shelf["Chai"], baraka, times=2)
    # A taxi full of flour is one tap.
    sold(shelf["Ajab"], baraka, milli=50_000)
    make.a_product(duka, name="Aaa never sold")
    assert names(duka) == ["Aaa never sold", "Ajab", "Bread", "Chai"]

    assert learn_fast_movers(business=duka, day=TODAY) == 2

    assert names(duka) == ["Chai", "Ajab", "Aaa never sold", "Bread"]
    assert names(duka, "a") == ["Chai", "Ajab", "Aaa never sold", "Bread"]


def test_it_is_learned_from_thirty_days_and_forgotten_after(
    duka: Business, baraka: User, shelf: dict[str, Product]
) -> None:
    sold(shelf["Bread"], baraka)
    sold(shelf["Chai"], baraka, day=TODAY + A_DAY)

    learn_fast_movers(business=duka, day=TODAY + 29 * A_DAY)
    assert names(duka) == ["Bread", "Chai", "Ajab"]
    learn_fast_movers(business=duka, day=TODAY + 30 * A_DAY)
    assert names(duka) == ["Chai", "Ajab", "Bread"]
    learn_fast_movers(business=duka, day=TODAY)
    assert names(duka) == ["Bread", "Ajab", "Chai"]
    learn_fast_movers(business=duka, day=TODAY + 31 * A_DAY)

    assert FastMover.objects.count() == 0


def test_what_is_open_or_was_cancelled_did_not_sell(
    duka: Business, baraka: User, shelf: dict[str, Product]
) -> None:
    make.a_sale(duka, product=shelf["Bread"])
    cancelled = make.a_sale(duka, product=shelf["Chai"])
    cancel_sale(sale_id=cancelled.pk, by=baraka, now=NOW)

    assert learn_fast_movers(business=duka, day=TODAY) == 0


def test_each_business_learns_from_its_own_sales(
    duka: Business, baraka: User, shelf: dict[str, Product]
) -> None:
    maji = make.a_shop(slug="maji")
    sold(make.a_product(maji, name="Refill"), baraka, times=3)
    sold(shelf["Bread"], baraka)
    learn_fast_movers(business=duka, day=TODAY)

    learn_fast_movers(business=maji, day=TODAY)
    learn_fast_movers(business=maji, day=TODAY)

    assert dict(FastMover.objects.values_list("product__name", "times")) == {
        "Bread": 1,
        "Refill": 3,
    }
    assert names(duka)[0] == "Bread"


def test_the_page_reads_no_sale_to_order_its_tiles(
    duka: Business, baraka: User, shelf: dict[str, Product]
) -> None:
    sold(shelf["Bread"], baraka)
    learn_fast_movers(business=duka, day=TODAY)

    with CaptureQueriesContext(connection) as queries:
        list(goods.products_of(duka, TODAY))

    assert len(queries) == 3
    assert not any("shops_sale" in query["sql"] for query in queries)
    assert "shops_sale" not in " ".join(query["sql"] for query in queries.captured_queries)
