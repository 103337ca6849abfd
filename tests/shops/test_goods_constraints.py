"""Each named constraint of recipes, families and batches is broken once, without triggers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models

from money import triggers
from money.models import Business
from shops.models import (
    Batch,
    BatchLevel,
    BatchMove,
    LineBatch,
    LineStock,
    Product,
    ProductFamily,
    Recipe,
    RecipePart,
    StockItem,
    StockLevel,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_constraints import refused_by, unique_of
from tests.shops.test_stock_constraints import a_level, a_line_stock, an_item, item_of, place_of

Maker = Callable[..., models.Model]


@pytest.fixture
def shop(db: None) -> Business:
    """Make a business without triggers; the test's rollback brings them back."""
    triggers.drop()
    return make.a_business()


def a_recipe(shop: Business, **but: Any) -> Recipe:
    product, _ = Product.objects.get_or_create(
        business=shop, name="Hamper", defaults={"tax_class": "B", "sales_account": "4040"}
    )
    facts: dict[str, Any] = {"cost_account": "5040", "set_by": make.a_user("baraka"), "set_at": NOW}
    return Recipe(product=product, **(facts | but))


def a_part(shop: Business, **but: Any) -> RecipePart:
    recipe = Recipe.objects.first()
    if recipe is None:
        recipe = a_recipe(shop)
        recipe.save(force_insert=True)
    return RecipePart(recipe=recipe, item=item_of(shop), **({"quantity_milli": 1} | but))


def a_family(shop: Business, **but: Any) -> ProductFamily:
    return ProductFamily(business=shop, **({"name": "Gas"} | but))


def a_variant(shop: Business, **but: Any) -> Product:
    family, _ = ProductFamily.objects.get_or_create(business=shop, name="Soap")
    facts: dict[str, Any] = {"name": "Soap rose", "family": family, "variant": "rose"}
    return Product(business=shop, tax_class="B", sales_account="4040", **(facts | but))


def a_batch(shop: Business, **but: Any) -> Batch:
    return Batch(item=item_of(shop), **({"code": "A", "best_before": TODAY} | but))


def batch_of(shop: Business) -> Batch:
    return Batch.objects.get_or_create(item=item_of(shop), code="B", best_before=TODAY)[0]


def a_batch_level(shop: Business, **but: Any) -> BatchLevel:
    facts: dict[str, Any] = {"on_hand_milli": 2_000}
    return BatchLevel(batch=batch_of(shop), location=place_of(shop), **(facts | but))


def a_batch_move(shop: Business, **but: Any) -> BatchMove:
    facts: dict[str, Any] = {
        "quantity_milli": 1,
        "key": "k",
        "by": make.a_user("baraka"),
        "at": NOW,
    }
    return BatchMove(batch=batch_of(shop), location=place_of(shop), **(facts | but))


def a_line_batch(shop: Business, **but: Any) -> LineBatch:
    held = LineStock.objects.first()
    if held is None:
        held = a_line_stock(shop)
        held.save()
    return LineBatch(held=held, batch=batch_of(shop), **({"quantity_milli": 1} | but))


@pytest.mark.parametrize(
    ("make_row", "name", "but"),
    [
        (
            an_item,
            "stockitem_batches_are_never_short",
            {"keeps_batches": True, "allows_negative": True},
        ),
        (an_item, "stockitem_warns_within_a_year", {"warn_days": 367}),
        (
            a_level,
            "stocklevel_batches_are_never_short",
            {"keeps_batches": True, "allows_negative": True},
        ),
        (a_line_stock, "linestock_cost_account_is_of_cost", {"cost_account": "4040"}),
        (a_recipe, "recipe_cost_account_is_of_cost", {"cost_account": "4040"}),
        (a_part, "recipepart_quantity_is_positive", {"quantity_milli": 0}),
        (a_part, "recipepart_quantity_is_positive", {"quantity_milli": 10_000_001}),
        (a_family, "productfamily_has_a_name", {"name": ""}),
        (a_variant, "product_of_a_family_has_a_variant", {"variant": ""}),
        (a_variant, "product_of_a_family_has_a_variant", {"family": None}),
        (a_batch, "batch_is_released_wholly", {"released_at": NOW}),
        (a_batch, "batch_is_released_wholly", {"release_reason": "Good"}),
        (a_batch_level, "batchlevel_reserves_what_is_there", {"reserved_milli": 2_001}),
        (a_batch_level, "batchlevel_reserves_what_is_there", {"reserved_milli": -1}),
        (a_batch_level, "batchlevel_reserves_what_is_there", {"on_hand_milli": -1}),
        (a_batch_move, "batchmove_is_of_something", {"quantity_milli": 0}),
        (a_line_batch, "linebatch_quantity_is_positive", {"quantity_milli": 0}),
    ],
)
def test_row_is_refused(shop: Business, make_row: Maker, name: str, but: dict[str, Any]) -> None:
    assert refused_by(make_row(shop, **but)) == name


def test_a_release_names_who(shop: Business) -> None:
    row = a_batch(shop, released_by=make.a_user("baraka"), released_at=NOW)

    assert refused_by(row) == "batch_is_released_wholly"


@pytest.mark.parametrize(
    ("first", "second", "name", "columns"),
    [
        (a_part, {}, "recipepart_once_per_recipe_and_item", ("recipe_id", "item_id")),
        (a_family, {}, "productfamily_name_once_per_business", ("business_id", "name")),
        (
            a_variant,
            {"name": "Other"},
            "product_variant_once_per_family",
            ("family_id", "variant"),
        ),
        (
            a_batch,
            {},
            "batch_once_per_item_code_and_day",
            ("item_id", "code", "best_before"),
        ),
        (
            lambda shop: a_batch(shop, best_before=None),
            {},
            "batch_once_per_item_and_code_without_a_day",
            ("item_id", "code"),
        ),
        (
            a_batch_level,
            {},
            "batchlevel_once_per_batch_and_location",
            ("batch_id", "location_id"),
        ),
        (a_line_batch, {}, "linebatch_once_per_line_and_batch", ("held_id", "batch_id")),
        (a_batch_move, {}, "shops_batchmove_key", ("key",)),
    ],
)
def test_row_is_there_once(
    shop: Business, first: Maker, second: dict[str, Any], name: str, columns: tuple[str, ...]
) -> None:
    row = first(shop)
    row.save()
    table = row._meta.db_table
    row.pk = None
    for column, value in second.items():
        setattr(row, column, value)

    said = refused_by(row)
    assert said.startswith(unique_of(name, *(f"{table}.{column}" for column in columns)))


def test_a_product_has_one_recipe(shop: Business) -> None:
    a_recipe(shop).save(force_insert=True)

    assert "recipe" in refused_by(a_recipe(shop))


def test_rows_name_themselves(shop: Business) -> None:
    rows = (a_recipe(shop), a_part(shop), a_family(shop), a_batch(shop), a_batch_level(shop))
    more = (a_batch_move(shop), a_line_batch(shop), a_batch(shop, code="", best_before=None))

    assert [str(row) for row in (*rows, *more)] == [
        "Recipe of Hamper",
        "0.001 Bag",
        "Gas",
        "A, best before 22 Nov 2026",
        "B, best before 22 Nov 2026: 2",
        "0.001 of B, best before 22 Nov 2026",
        "0.001 of B, best before 22 Nov 2026",
        "without a batch",
    ]


def test_items_and_levels_begin_without_batches(shop: Business) -> None:
    item_of(shop)
    a_level(shop).save()

    assert not StockItem.objects.get().keeps_batches
    assert not StockLevel.objects.get().keeps_batches
