"""What a product is made of when it is sold, set by who keeps the stock."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from money.access import Ability
from money.chart import COST_CODES
from money.models import User
from shops.actions.items import BadStock, insist, refuse_account, refuse_part
from shops.models import Product, Recipe, RecipePart, StockItem, Unit
from shops.models.stock import MOST_REORDER_MILLI

MOST_PARTS = 20


def set_recipe(
    *,
    product: Product,
    parts: Mapping[int, int],
    cost_account: str,
    comes_back: bool,
    by: User,
    now: datetime,
) -> Recipe | None:
    """Let a product use counted items from its next sale on: item id -> thousandths in one unit.

    Without parts the recipe is taken off. What was rung up keeps the recipe it was made with.
    Parts are counted items, so no recipe is made of another one. Raises NotAllowed or BadStock.
    """
    insist(Ability.KEEP_STOCK, product.business, by)
    if parts:
        words = "of cost of sales, such as 5040"
        refuse_account(product.business, cost_account, COST_CODES, words)
    with transaction.atomic():
        # Who begins to count the product waits, or is waited for.
        product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
        _refuse_counted(product)
        _refuse_parts(product, parts)
        RecipePart.objects.filter(recipe=product.pk).delete()
        if not parts:
            Recipe.objects.filter(product=product).delete()
            return None
        facts = {
            "cost_account": cost_account,
            "comes_back": comes_back,
            "set_by": by,
            "set_at": now,
        }
        recipe, _ = Recipe.objects.update_or_create(product=product, defaults=facts)
        RecipePart.objects.bulk_create(
            RecipePart(recipe=recipe, item_id=item_id, quantity_milli=milli)
            for item_id, milli in parts.items()
        )
    return recipe


def _refuse_counted(product: Product) -> None:
    if StockItem.objects.filter(product=product).exists():
        raise BadStock(
            f"{product} is counted itself, so it is made of nothing. Sell what it is made of"
            " under another name."
        )


def _refuse_parts(product: Product, parts: Mapping[int, int]) -> None:
    if len(parts) > MOST_PARTS:
        raise BadStock(f"A recipe has at most {MOST_PARTS} parts.")
    rows = StockItem.objects.filter(product__business=product.business_id, pk__in=list(parts))
    items = {item.pk: item for item in rows.select_related("product")}
    if missing := parts.keys() - items.keys():
        raise BadStock(f"Part {min(missing)} is not counted here. Count it first.")
    for item_id, milli in parts.items():
        part = items[item_id].product
        refuse_part(part, milli)
        if milli > MOST_REORDER_MILLI:
            raise BadStock(f"{part}: that is more than a recipe takes.")
        if part.unit == Unit.PIECE and product.unit != Unit.PIECE:
            raise BadStock(
                f"{product} is sold by the {product.unit}, so {part} cannot be a part of it:"
                " half a unit would take half a piece."
            )
