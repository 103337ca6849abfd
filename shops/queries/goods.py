"""Reads of what a business sells: products at the price of a day, found by name or by code."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from money.models import Business
from shops.codes import normal_code
from shops.models import Barcode, Price, Product, ProductFamily
from shops.queries.availability import goes_first, sold_out

TILES = 60


def at_prices_of(rows: QuerySet[Product], day: date) -> QuerySet[Product]:
    """Add `today_cents` to products: the price of `day`, None for what has none yet."""
    return rows.annotate(today_cents=Subquery(_prices_on(day).values("price_cents")[:1]))


def _prices_on(day: date) -> QuerySet[Price]:
    """Return the prices of the outer product up to `day`; the first is the one that holds."""
    rows = Price.objects.filter(product=OuterRef("pk"), from_day__lte=day)
    return rows.order_by("-from_day", "-pk")


def sold_on(business: Business, day: date) -> QuerySet[Product]:
    """Return what the business sells on `day`, with `today_cents`: active, and with a price."""
    rows = Product.objects.filter(Exists(_prices_on(day)), business=business, is_active=True)
    return at_prices_of(rows, day)


def on_tiles(business: Business, day: date) -> QuerySet[Product]:
    """Return what is sold on `day` with what its tile says: codes, sold out, what goes first."""
    rows = sold_on(business, day).prefetch_related("barcodes").select_related("family")
    return rows.annotate(
        is_sold_out=sold_out(day), goes_first=goes_first(day), warn_days=F("stock_item__warn_days")
    )


def products_of(business: Business, day: date, words: str = "") -> QuerySet[Product]:
    """Return at most TILES products sold on `day`, with their codes.

    Those whose name holds every word, and the one that has the words as its code; that one first,
    then what sells fast, then by name.
    """
    rows = sold_on(business, day)
    fast = F("fastmover__times").desc(nulls_last=True)
    order: list[Any] = [fast, "name"]
    if words.strip():
        named = Q()
        for word in words.split()[:5]:
            named &= Q(name__icontains=word)
        coded = Barcode.objects.filter(business=business, code=normal_code(words))
        is_coded = Q(pk__in=coded.values("product"))
        rows = rows.filter(named | is_coded)
        order = [Case(When(is_coded, then=Value(0)), default=Value(1)), *order]
    # Chosen first: what a tile says is then asked of these alone, whatever the shop sells.
    chosen = list(rows.order_by(*order).values_list("pk", flat=True)[:TILES])
    return on_tiles(business, day).filter(pk__in=chosen).order_by(*order)


@dataclass(slots=True)
class Tile:
    """What stands on one tile: a product, or a family with its variants."""

    product: Product | None = None
    family: ProductFamily | None = None
    variants: list[Product] = field(default_factory=list)

    @property
    def is_sold_out(self) -> bool:
        """Whether nothing behind the tile can be sold."""
        behind = [self.product] if self.product else self.variants
        return all(getattr(one, "is_sold_out", False) for one in behind)

    @property
    def lowest_cents(self) -> int:
        """The price that the variants begin at, in cents; the cheapest stands first."""
        return cents_of(self.variants[0])


def tiles_of(
    business: Business, products: Iterable[Product], day: date, *, opens_families: bool
) -> list[Tile]:
    """Return one tile per product, and one per family with all its variants, in that order.

    One statement more where there is a family, however many. Where families are open, each variant
    has a tile of its own: somebody looks for it.
    """
    found = _with_soon(products, day)
    if opens_families:
        return [Tile(product=row) for row in found]
    families: dict[int, Tile] = {}
    for row in found:
        if row.family_id is not None and row.family_id not in families:
            families[row.family_id] = Tile(family=row.family)
    if families:
        members = on_tiles(business, day).filter(family__in=families).order_by("name")
        for row in _with_soon(members, day):
            assert row.family_id is not None  # asked for
            families[row.family_id].variants.append(row)
        for tile in families.values():
            tile.variants.sort(key=cents_of)
    tiles = [
        Tile(product=row) if row.family_id is None else families[row.family_id] for row in found
    ]
    return list({id(tile): tile for tile in tiles}.values())


def _with_soon(products: Iterable[Product], day: date) -> list[Product]:
    """Add `is_soon` to products on tiles: what goes first is near its best-before day."""
    found = list(products)
    for row in found:
        first, days = getattr(row, "goes_first", None), getattr(row, "warn_days", None)
        is_soon = first is not None and first - timedelta(days=days or 0) <= day
        setattr(row, "is_soon", is_soon)  # noqa: B010 an annotation, no attribute
    return found


def has_code(product: Product, words: str) -> bool:
    """Tell whether a product that was read with its codes has the words as one."""
    code = normal_code(words)
    return any(row.code == code for row in product.barcodes.all())


def products_in(business: Business, product_ids: Iterable[int], day: date) -> dict[int, Product]:
    """Return product id -> product that is sold on `day`, for the ids that are."""
    return sold_on(business, day).in_bulk(list(product_ids))


def has_price(product: Product) -> bool:
    """Tell whether the day for which `at_prices_of` read a product had a price."""
    return getattr(product, "today_cents") is not None  # noqa: B009 an annotation, no attribute


def cents_of(product: Product) -> int:
    """Return the price that `at_prices_of` read with a product, in cents; it must have one."""
    return int(getattr(product, "today_cents"))  # noqa: B009 an annotation, no attribute


def price_on(product: Product, day: date) -> Price | None:
    """Return the price of a product that holds on `day`."""
    rows = product.prices.filter(from_day__lte=day)
    return rows.order_by("-from_day", "-pk").first()


def prices_of(product: Product) -> QuerySet[Price]:
    """Return all prices of a product, the latest day and the last word of it first."""
    return product.prices.select_related("set_by").order_by("-from_day", "-pk")


def taken_code(
    business: Business, codes: Collection[str], product_id: int | None
) -> Barcode | None:
    """Return one of these codes that another product of the business has, with the product."""
    rows = Barcode.objects.filter(business=business, code__in=codes).exclude(product=product_id)
    return rows.select_related("product").order_by("code").first()
