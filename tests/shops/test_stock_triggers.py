"""What the database itself refuses about stock and purchases, by whatever way one comes."""

import pytest
from django.apps import apps
from django.db import connection

from money.models import Business
from shops.actions.items import write_off
from shops.actions.purchases import pay_supplier
from shops.actions.settle import take_cash
from shops.models import LineStock, Product, Sale, StockItem
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_triggers import kept, needs_postgresql, needs_sqlite, refusal_of

FROZEN = {
    "stockmove": "a move of stock is frozen",
    "loss": "a loss is frozen",
    "purchase": "a purchase is frozen",
    "purchaseline": "a purchase is frozen",
    "supplierpayment": "a payment of a supplier is frozen",
}
TAKEN = "what a sale took from the stock is frozen"
KEPT = {
    "stockitem": "what is counted stays counted",
    "stocklevel": "a level is kept",
    "linestock": TAKEN,
}


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka, tax_class="C")


@pytest.fixture
def item(duka: Business, flour: Product) -> StockItem:
    """Three bags on credit, one lost, a part of them paid, one sold and one rung up."""
    item = make.stocked(flour, 3_000, 10_000)
    amina = make.amina_of(duka)
    write_off(
        item=item,
        quantity_milli=1_000,
        reason="theft",
        note="",
        lost_on=TODAY,
        key="loss-key",
        by=amina,
        now=NOW,
    )
    pay_supplier(
        supplier=make.a_supplier(duka),
        amount_cents=5_000,
        paid_from="1200",
        paid_on=TODAY,
        note="",
        key="payment-key",
        by=amina,
        now=NOW,
    )
    sale = make.a_sale(duka, product=flour)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=amina, now=NOW)
    make.a_sale(duka, product=flour)
    return item


@pytest.mark.parametrize("table", FROZEN)
def test_what_happened_is_frozen(item: StockItem, table: str) -> None:
    said = kept(FROZEN[table], f"shops_{table}")

    assert refusal_of(f"UPDATE shops_{table} SET id = id") == said
    assert refusal_of(f"DELETE FROM shops_{table}") == said


@pytest.mark.parametrize("table", KEPT)
def test_what_is_counted_is_kept(item: StockItem, table: str) -> None:
    assert refusal_of(f"DELETE FROM shops_{table}") == kept(KEPT[table], f"shops_{table}")


@needs_postgresql
@pytest.mark.parametrize("table", [*FROZEN, *KEPT])
def test_nothing_is_truncated(item: StockItem, table: str) -> None:
    connection.check_constraints()
    said = refusal_of(f"TRUNCATE shops_{table} CASCADE")

    assert said.startswith("shops: rows of shops_")


@needs_sqlite
@pytest.mark.parametrize("table", [*FROZEN, *KEPT])
def test_nothing_is_replaced(item: StockItem, table: str) -> None:
    said = refusal_of(f"INSERT OR REPLACE INTO shops_{table} SELECT * FROM shops_{table} LIMIT 1")

    assert said.endswith(("exists already", "is counted already", "has its stock already"))


@needs_sqlite
@pytest.mark.parametrize("table", ["stockmove", "loss", "purchase", "supplierpayment"])
def test_nothing_is_replaced_by_its_key(item: StockItem, table: str) -> None:
    model = apps.get_model("shops", table)
    columns = ", ".join(f'"{f.column}"' for f in model._meta.local_fields if f.name != "id")

    assert refusal_of(
        f"INSERT OR REPLACE INTO shops_{table} (id, {columns})"
        f" SELECT id + 1000, {columns} FROM shops_{table} LIMIT 1"
    ).endswith("exists already")


def test_a_level_stays_with_its_item_and_place(item: StockItem, duka: Business) -> None:
    other = make.counted(make.a_product(duka, name="Bread"))
    sentence = "shops: a level stays with its item and its place"

    assert refusal_of("UPDATE shops_stocklevel SET id = id + 1000") == sentence
    moved = f"UPDATE shops_stocklevel SET item_id = %s WHERE item_id = {item.pk}"
    assert refusal_of(moved, other.pk) == sentence


def test_value_stays_on_its_account(item: StockItem) -> None:
    sentence = "shops: the value of what moved stays on its account"

    assert refusal_of("UPDATE shops_stockitem SET stock_account = '1410'") == sentence


@pytest.mark.parametrize(
    "change",
    ["quantity_milli = 1", "item_id = item_id + 1", "line_id = line_id + 1", "id = id + 1000"],
)
def test_what_was_reserved_is_frozen(item: StockItem, change: str) -> None:
    held = f"UPDATE shops_linestock SET {change} WHERE state = 'reserved'"

    assert refusal_of(held) == f"shops: {TAKEN}"


def test_what_was_taken_is_not_taken_again(item: StockItem) -> None:
    again = "UPDATE shops_linestock SET cost_cents = 1 WHERE state = 'taken'"

    assert refusal_of(again) == f"shops: {TAKEN}"


def test_nothing_is_reserved_for_a_sale_that_ended(item: StockItem, duka: Business) -> None:
    other = make.counted(make.a_product(duka, name="Bread"))
    taken = LineStock.objects.get(state="taken")
    insert = (
        "INSERT INTO shops_linestock (line_id, item_id, location_id, quantity_milli, state)"
        " VALUES (%s, %s, %s, 1000, %s)"
    )
    line = Sale.objects.get(state="open").lines.get()

    place = taken.location_id
    sentence = "shops: stock is reserved for an open sale"
    assert refusal_of(insert, taken.line_id, other.pk, place, "reserved") == sentence
    assert refusal_of(insert, line.pk, other.pk, place, "released") == sentence


def test_a_posted_purchase_takes_no_line(item: StockItem) -> None:
    late = (
        "INSERT INTO shops_purchaseline"
        " (purchase_id, item_id, quantity_milli, net_cents, vat_cents, tax_class)"
        " SELECT purchase_id, item_id, 1, 1, 0, tax_class FROM shops_purchaseline"
    )

    assert refusal_of(late) == "shops: a purchase that is posted takes no line"
