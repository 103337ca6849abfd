"""What the database itself refuses about recipes, families and batches."""

from datetime import timedelta

import pytest
from django.db import connection

from money.models import Business
from shops.models import Batch, Product, ProductFamily, StockItem
from tests import make
from tests.make import TODAY
from tests.shops.test_triggers import kept, needs_postgresql, needs_sqlite, refusal_of

FROZEN = {
    "batchmove": "a move of a batch is frozen",
    "linebatch": "the batch that a sale took is frozen",
}
KEPT = FROZEN | {"batch": "a batch is kept", "batchlevel": "a level of a batch is kept"}


@pytest.fixture
def milk(duka: Business) -> Product:
    return make.a_product(duka, name="Milk", tax_class="C")


@pytest.fixture
def item(milk: Product) -> StockItem:
    """Three of a batch, one of them rung up; a recipe uses it."""
    item = make.in_batches(make.counted(milk))
    make.a_delivery(item, 3_000, 3_000, code="A", before=TODAY + timedelta(days=7))
    make.a_sale(milk.business, product=milk)
    make.a_recipe(make.a_product(milk.business, name="Tea"), (item, 1_000))
    return item


@pytest.fixture
def theirs(item: StockItem) -> StockItem:
    """What another business counts."""
    return make.counted(make.a_product(make.a_business(slug="maji"), name="Cap"))


@pytest.mark.parametrize("table", FROZEN)
def test_what_happened_is_frozen(item: StockItem, table: str) -> None:
    said = kept(FROZEN[table], f"shops_{table}")

    assert refusal_of(f"UPDATE shops_{table} SET id = id") == said


@pytest.mark.parametrize("table", KEPT)
def test_nothing_is_deleted(item: StockItem, table: str) -> None:
    assert refusal_of(f"DELETE FROM shops_{table}") == kept(KEPT[table], f"shops_{table}")


@needs_postgresql
@pytest.mark.parametrize("table", KEPT)
def test_nothing_is_truncated(item: StockItem, table: str) -> None:
    connection.check_constraints()
    said = refusal_of(f"TRUNCATE shops_{table} CASCADE")

    assert said.startswith("shops: rows of shops_")


@needs_sqlite
@pytest.mark.parametrize("table", KEPT)
def test_nothing_is_replaced(item: StockItem, table: str) -> None:
    said = refusal_of(f"INSERT OR REPLACE INTO shops_{table} SELECT * FROM shops_{table} LIMIT 1")

    assert said.endswith(("exists already", "has this batch already"))


@needs_sqlite
@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("batch", "item_id, code, best_before, release_reason"),
        ("batchlevel", "batch_id, location_id, on_hand_milli, reserved_milli"),
        ("batchmove", 'batch_id, location_id, quantity_milli, "key", by_id, at'),
        ("linebatch", "held_id, batch_id, quantity_milli"),
    ],
)
def test_nothing_is_replaced_by_what_it_is_of(item: StockItem, table: str, columns: str) -> None:
    said = refusal_of(
        f"INSERT OR REPLACE INTO shops_{table} (id, {columns})"
        f" SELECT id + 1000, {columns} FROM shops_{table} WHERE id IN"
        f" (SELECT max(id) FROM shops_{table})"
    )

    assert said.endswith(("exists already", "has this batch already"))


@needs_sqlite
def test_a_nameless_batch_is_not_replaced(milk: Product) -> None:
    item = make.in_batches(make.counted(milk))
    insert = (
        "INSERT INTO shops_batch (item_id, code, best_before, release_reason)"
        " VALUES (%s, '', NULL, '')"
    )

    assert refusal_of(insert, item.pk) == "shops: this batch exists already"


@pytest.mark.parametrize("change", ["code = 'B'", "best_before = NULL", "id = id + 1000"])
def test_a_batch_keeps_its_code_and_its_day(item: StockItem, change: str) -> None:
    said = refusal_of(f"UPDATE shops_batch SET {change} WHERE code = 'A'")

    assert said == "shops: a batch keeps its code and its day"


def test_a_level_stays_with_its_batch(item: StockItem) -> None:
    said = refusal_of("UPDATE shops_batchlevel SET id = id + 1000")

    assert said == "shops: a level stays with its batch and its place"


def test_a_level_is_of_what_keeps_batches(item: StockItem, milk: Product) -> None:
    other = make.counted(make.a_product(milk.business, name="Bread"))
    batch = Batch.objects.create(item=other, code="X")
    insert = (
        "INSERT INTO shops_batchlevel (batch_id, location_id, on_hand_milli, reserved_milli)"
        " SELECT %s, location_id, 0, 0 FROM shops_batchlevel LIMIT 1"
    )

    assert refusal_of(insert, batch.pk) == "shops: a batch is of what keeps batches"


def test_what_keeps_batches_goes_on(item: StockItem) -> None:
    said = refusal_of("UPDATE shops_stockitem SET keeps_batches = NOT keeps_batches")

    assert said == "shops: what keeps batches goes on keeping them"


def test_a_batch_moves_with_its_own_item(item: StockItem, milk: Product) -> None:
    other = make.in_batches(make.counted(make.a_product(milk.business, name="Bread")))
    batch = Batch.objects.get(item=other)
    insert = (
        "INSERT INTO shops_batchmove (batch_id, location_id, move_id, quantity_milli, key, by_id,"
        " at) SELECT %s, location_id, id, 1, 'other', by_id, at FROM shops_stockmove LIMIT 1"
    )

    said = "shops: a batch moves with its own item, at one place"
    assert refusal_of(insert, batch.pk) == said


def test_a_batch_is_reserved_with_its_own_item(item: StockItem, milk: Product) -> None:
    other = make.in_batches(make.counted(make.a_product(milk.business, name="Bread")))
    batch = Batch.objects.get(item=other)
    insert = (
        "INSERT INTO shops_linebatch (held_id, batch_id, quantity_milli)"
        " SELECT id, %s, 1 FROM shops_linestock LIMIT 1"
    )

    assert refusal_of(insert, batch.pk) == "shops: a batch is reserved with its own item"


def test_what_is_counted_has_no_recipe(item: StockItem) -> None:
    insert = (
        "INSERT INTO shops_recipe (product_id, cost_account, comes_back, set_by_id, set_at)"
        " SELECT %s, cost_account, comes_back, set_by_id, set_at FROM shops_recipe"
    )

    assert refusal_of(insert, item.pk) == "shops: what is counted itself has no recipe"


def test_what_has_a_recipe_is_not_counted(item: StockItem) -> None:
    tea = Product.objects.get(name="Tea")
    insert = (
        "INSERT INTO shops_stockitem (product_id, stock_account, cost_account, reorder_milli,"
        " allows_negative, keeps_batches, warn_days) SELECT %s, '1400', '5040', 0,"
        " allows_negative, allows_negative, 1 FROM shops_stockitem"
    )

    said = "shops: a product with a recipe is not counted itself"
    assert refusal_of(insert, tea.pk) == said


def test_a_recipe_stays_with_its_product_and_business(
    item: StockItem, theirs: StockItem, milk: Product
) -> None:
    other = make.a_product(milk.business, name="Coffee")
    moved = refusal_of("UPDATE shops_recipe SET product_id = %s", other.pk)
    assert moved == "shops: a recipe stays with its product"
    insert = (
        "INSERT INTO shops_recipepart (recipe_id, item_id, quantity_milli)"
        " SELECT product_id, %s, 1 FROM shops_recipe"
    )
    said = "shops: a recipe uses what its own business counts"
    assert refusal_of(insert, theirs.pk) == said
    update = "UPDATE shops_recipepart SET item_id = %s"
    assert refusal_of(update, theirs.pk) == "shops: a part of a recipe is written anew"


def test_a_family_is_of_one_business(item: StockItem, theirs: StockItem) -> None:
    family = ProductFamily.objects.create(business=theirs.product.business, name="Caps")
    change = f"UPDATE shops_product SET family_id = %s, variant = 'x' WHERE id = {item.pk}"
    assert refusal_of(change, family.pk) == "shops: a family is of one business"
    insert = (
        "INSERT INTO shops_product (business_id, name, unit, tax_class, sales_account,"
        " excise_millilitres, is_active, family_id, variant) SELECT business_id, 'New', unit,"
        f" tax_class, sales_account, 0, is_active, %s, 'x' FROM shops_product WHERE id = {item.pk}"
    )
    assert refusal_of(insert, family.pk) == "shops: a family is of one business"
    moved = "UPDATE shops_productfamily SET business_id = %s"
    said = refusal_of(moved, item.product.business_id)
    assert said == "shops: a family stays with its business"


@pytest.mark.parametrize("change", ["cost_account = '5010'", "comes_back = NOT comes_back"])
def test_a_sale_keeps_the_recipe_it_was_made_with(item: StockItem, change: str) -> None:
    said = refusal_of(f"UPDATE shops_linestock SET {change}")

    assert said == "shops: a sale keeps the recipe it was made with"
