"""Reads of recipes and families: what is made of what, how much of it can be sold."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from money.cents import divide_half_up, line_total
from money.models import Business
from shops.models import Product, ProductFamily, Recipe, RecipePart, StockLevel

PER_PAGE = 50
MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Made:
    """A recipe with its parts; units that the counter's stock is enough for, cents of one unit.

    `enough` is None where every part may be sold before it came.
    """

    recipe: Recipe
    parts: list[RecipePart]
    enough: int | None
    cost_cents: int


def recipes_of(business: Business, *, words: str, page: str) -> "tuple[Page[Recipe], list[Made]]":
    """Return a page of recipes by name, and each with what it is made of."""
    rows = Recipe.objects.filter(product__business=business).select_related("product")
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(product__name__icontains=word)
    found = Paginator(rows.order_by("product__name"), PER_PAGE).get_page(page)
    return found, made_of(list(found))


def made_of(recipes: list[Recipe]) -> list[Made]:
    """Return what recipes are made of, in two statements."""
    parts: dict[int, list[RecipePart]] = {recipe.pk: [] for recipe in recipes}
    rows = RecipePart.objects.filter(recipe__in=list(parts)).select_related("item__product")
    for part in rows.order_by("pk"):
        parts[part.recipe_id].append(part)
    items = {part.item_id for rows in parts.values() for part in rows}
    here = StockLevel.objects.filter(item__in=items, location__is_counter=True)
    levels = {level.item_id: level for level in here}
    return [
        Made(
            recipe,
            parts[recipe.pk],
            _enough(parts[recipe.pk], levels),
            sum(_cost(part, levels.get(part.item_id)) for part in parts[recipe.pk]),
        )
        for recipe in recipes
    ]


def _enough(parts: list[RecipePart], levels: dict[int, StockLevel]) -> int | None:
    units = [
        max(level.free_milli, 0) // part.quantity_milli
        if (level := levels.get(part.item_id))
        else 0
        for part in parts
        if not part.item.allows_negative
    ]
    return min(units, default=None)


def _cost(part: RecipePart, level: StockLevel | None) -> int:
    """Return the cents that a part costs now: of the average, or of what a unit cost last."""
    if level is None:
        return 0
    if level.on_hand_milli > 0:
        return divide_half_up(level.value_cents * part.quantity_milli, level.on_hand_milli)
    return line_total(level.unit_cost_cents, part.quantity_milli)


def recipe_of(product: Product) -> Recipe | None:
    """Return the recipe of a product, if it has one."""
    return Recipe.objects.filter(product=product).select_related("product", "set_by").first()


def families_of(business: Business) -> QuerySet[ProductFamily]:
    """Return the families of a business with their variants, by name."""
    rows = ProductFamily.objects.filter(business=business, variants__isnull=False).distinct()
    return rows.prefetch_related("variants").order_by("name")


def products_called(business: Business, text: str) -> list[Product]:
    """Return the product of this name, or two at most whose name holds every word."""
    rows = Product.objects.filter(business=business, is_active=True)
    if exact := rows.filter(name__iexact=text.strip()).first():
        return [exact]
    for word in text.split()[:MOST_WORDS]:
        rows = rows.filter(name__icontains=word)
    return list(rows.order_by("name")[:2])


def product_names(business: Business, most: int = 400) -> QuerySet[Product]:
    """Return products whose names a field suggests."""
    return Product.objects.filter(business=business, is_active=True).order_by("name")[:most]
