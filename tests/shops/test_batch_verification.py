"""Batches must say what their levels say; what is said where somebody made them differ."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.models import Business
from shops.actions.settle import take_cash
from shops.models import (
    BatchLevel,
    BatchMove,
    LineBatch,
    Recipe,
    StockItem,
    StockLevel,
)
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_stock_verification import alter, said, tampered


@pytest.fixture
def item(duka: Business) -> StockItem:
    """Five of a batch; one sold, one rung up, and a recipe that uses it."""
    milk = make.a_product(duka, name="Milk", shillings=60, tax_class="C")
    item = make.in_batches(make.counted(milk))
    make.a_delivery(item, 5_000, 5_000, code="A", before=TODAY + timedelta(days=7))
    make.a_recipe(make.a_product(duka, name="Tea"), (item, 1_000))
    sale = make.a_sale(duka, product=milk)
    take_cash(sale_id=sale.pk, given_cents=6_000, by=make.amina_of(duka), now=NOW)
    make.a_sale(duka, product=milk)
    return item


def test_what_the_shop_does_ties(item: StockItem) -> None:
    assert said() == []


def test_more_pieces_of_a_batch_are_named(item: StockItem) -> None:
    alter(BatchLevel, {"batch__item": item}, on_hand_milli=5_000)

    assert said() == [
        "duka: stock of Milk: its batches are not what lies there",
        "duka: a batch of Milk: it is not the sum of its moves",
    ]


def test_a_move_of_a_batch_that_was_changed_is_named(item: StockItem) -> None:
    alter(BatchMove, {"quantity_milli": 5_000}, quantity_milli=6_000)

    assert said() == ["duka: a batch of Milk: it is not the sum of its moves"]


def test_other_reserved_pieces_are_named(item: StockItem) -> None:
    alter(BatchLevel, {"batch__item": item}, reserved_milli=0)

    assert said() == [
        "duka: stock of Milk: its batches are not what lies there",
        "duka: a batch of Milk: other pieces are rung up than reserved",
    ]


def test_a_line_with_other_batches_is_named(item: StockItem) -> None:
    alter(LineBatch, {"held__state": "taken"}, quantity_milli=2_000)
    sale = LineBatch.objects.get(held__state="taken").held.line.sale_id

    assert said() == [f"duka: sale {sale}: its batches are not what it took"]


def test_an_item_that_lost_its_batches_is_named(item: StockItem) -> None:
    alter(StockItem, {"pk": item.pk}, keeps_batches=False)

    assert said() == ["duka: stock of Milk: it and its level keep batches otherwise"]


def test_a_level_without_batches_is_named(item: StockItem) -> None:
    alter(StockLevel, {"item": item}, keeps_batches=False)

    assert said() == ["duka: stock of Milk: it and its level keep batches otherwise"]


def test_a_product_with_a_recipe_that_is_counted_is_named(item: StockItem) -> None:
    tea = Recipe.objects.get().product
    tampered(
        lambda: StockItem.objects.create(product=tea, stock_account="1400", cost_account="5040")
    )

    assert said() == ["duka: recipe of Tea: the product is counted itself"]


def test_statements_do_not_grow(item: StockItem, duka: Business) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert verify_stock() == []
        return len(seen)

    few = statements()
    for number in range(5):
        more = make.in_batches(make.counted(make.a_product(duka, name=f"Thing {number}")))
        make.a_delivery(more, 5_000, 7_000, code="A", before=TODAY)
        make.a_sale(duka, product=more.product)

    assert statements() == few
