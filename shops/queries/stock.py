"""Reads of the stock: what lies there, what it is worth, what is low, what suppliers are owed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import (
    BigIntegerField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from money.chart import COST_CODES, STOCK_CODES
from money.models import Account, Business
from shops.models import (
    Location,
    Loss,
    Product,
    Purchase,
    Recipe,
    SaleLine,
    StockItem,
    StockLevel,
    StockMove,
    StockTransfer,
    Supplier,
    SupplierPayment,
)

PER_PAGE = 50
MOST_WORDS = 5
# As many names as a field suggests; whatever else there is can be typed.
MOST_NAMES = 400


@dataclass(frozen=True, slots=True)
class Stock:
    """One page of what a business counts; `value_cents` and `low` are of all that it counts."""

    page: "Page[StockItem]"
    value_cents: int
    low: int


def stock_of(business: Business, *, words: str, only_low: bool, page: str) -> Stock:
    """Return what is counted and its name holds every word, by name, with its sums."""
    rows = _with_sums(StockItem.objects.filter(product__business=business))
    low = low_stock([business]).get(business.pk, 0)
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(product__name__icontains=word)
    if only_low:
        rows = _low(rows)
    rows = rows.select_related("product").order_by("product__name")
    levels = StockLevel.objects.filter(location__business=business)
    value = levels.aggregate(total=Sum("value_cents"))["total"] or 0
    return Stock(Paginator(rows, PER_PAGE).get_page(page), value, low)


def _with_sums(rows: "QuerySet[StockItem]") -> "QuerySet[StockItem]":
    """Add `on_hand`, `reserved` and `value` of all places."""
    return rows.annotate(
        on_hand=_sum_of_levels("on_hand_milli"),
        reserved=_sum_of_levels("reserved_milli"),
        value=_sum_of_levels("value_cents"),
    )


def _sum_of_levels(column: str) -> Coalesce:
    levels = StockLevel.objects.filter(item=OuterRef("pk")).order_by()
    total = levels.values("item").annotate(total=Sum(column)).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def _low(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Keep what is at its reorder level or below it by `on_hand`, and sold still."""
    return rows.filter(
        reorder_milli__gt=0, on_hand__lte=F("reorder_milli"), product__is_active=True
    )


def low_stock(businesses: Iterable[Business]) -> dict[int, int]:
    """Return business id -> how many products are at their reorder level or below it."""
    rows = StockItem.objects.filter(product__business__in=businesses)
    rows = _low(rows.annotate(on_hand=_sum_of_levels("on_hand_milli"))).order_by()
    return dict(rows.values_list("product__business_id").annotate(count=Count("pk")))


def item_of(business: Business, product_id: int) -> StockItem | None:
    """Return a counted product of a business with its sums."""
    rows = _with_sums(StockItem.objects.filter(product__business=business, pk=product_id))
    return rows.select_related("product__business").first()


def moves_of(item: StockItem, limit: int = 30) -> "QuerySet[StockMove]":
    """Return the last moves of a product, newest first."""
    rows = item.moves.select_related("location", "by", "item__product")
    return rows.order_by("-pk")[:limit]


def names_of(business: Business) -> "QuerySet[StockItem]":
    """Return counted products whose names a field suggests."""
    rows = StockItem.objects.filter(product__business=business, product__is_active=True)
    return rows.select_related("product").order_by("product__name")[:MOST_NAMES]


def items_called(business: Business, text: str) -> list[StockItem]:
    """Return the counted product of this name, or two at most whose name holds every word."""
    rows = StockItem.objects.filter(product__business=business).select_related("product__business")
    if exact := rows.filter(product__name__iexact=text.strip()).first():
        return [exact]
    for word in text.split()[:MOST_WORDS]:
        rows = rows.filter(product__name__icontains=word)
    return list(rows.order_by("product__name")[:2])


def uncounted(business: Business, *, words: str, page: str) -> "Page[Product]":
    """Return products that are sold, not counted and not made of what is counted, by name."""
    rows = Product.objects.filter(business=business, is_active=True, stock_item=None, recipe=None)
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(name__icontains=word)
    return Paginator(rows.order_by("name"), PER_PAGE).get_page(page)


def accounts_under(business: Business, codes: Iterable[str]) -> "QuerySet[Account]":
    """Return the accounts with these codes and those under them, by code."""
    wanted = Q()
    for code in codes:
        wanted |= Q(code=code) | Q(code__startswith=f"{code}.")
    return Account.objects.filter(wanted, business=business).order_by("code")


def stock_accounts(business: Business) -> "QuerySet[Account]":
    """Return the accounts on which the value of stock may stand."""
    return accounts_under(business, STOCK_CODES)


def cost_accounts(business: Business) -> "QuerySet[Account]":
    """Return the accounts to which the cost of what is sold may go."""
    return accounts_under(business, COST_CODES)


def losses_of(business: Business, limit: int = 30) -> "QuerySet[Loss]":
    """Return the last losses of a business, newest first."""
    rows = Loss.objects.filter(location__business=business).select_related("item__product", "by")
    return rows.order_by("-pk")[:limit]


def suppliers_of(business: Business, *, words: str, page: str) -> "Page[Supplier]":
    """Return suppliers whose name holds every word: who is owed most first, then by name."""
    rows = Supplier.objects.filter(business=business)
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(name__icontains=word)
    return Paginator(rows.order_by("-owed_cents", "name"), PER_PAGE).get_page(page)


def supplier_names(business: Business) -> "QuerySet[Supplier]":
    """Return suppliers whose names a field suggests."""
    return Supplier.objects.filter(business=business).order_by("name")[:MOST_NAMES]


def owed_to_suppliers(business: Business) -> int:
    """Return the cents that all suppliers of a business are owed."""
    rows = Supplier.objects.filter(business=business)
    return rows.aggregate(total=Sum("owed_cents"))["total"] or 0


def purchases_of(supplier: Supplier, limit: int = 30) -> "QuerySet[Purchase]":
    """Return the last purchases of a supplier with their lines, newest first."""
    rows = supplier.purchases.prefetch_related("lines__item__product")
    rows = rows.select_related("by", "cash_payment")
    return rows.order_by("-pk")[:limit]


def payments_of(supplier: Supplier, limit: int = 30) -> "QuerySet[SupplierPayment]":
    """Return the last payments of a supplier, newest first."""
    return supplier.payments.select_related("by").order_by("-pk")[:limit]


def places_of(business: Business) -> "QuerySet[Location]":
    """Return the places of a business with the `value` that lies there, the counter first."""
    levels = StockLevel.objects.filter(location=OuterRef("pk")).order_by()
    value = levels.values("location").annotate(total=Sum("value_cents")).values("total")
    rows = Location.objects.filter(business=business).annotate(
        value=Coalesce(Subquery(value, output_field=BigIntegerField()), 0)
    )
    return rows.order_by("-is_counter", "name")


def places_in(businesses: "QuerySet[Business]", *, first: Business) -> list[Location]:
    """Return the places of businesses, those of `first` before the others."""
    rows = Location.objects.filter(business__in=businesses).select_related("business")
    rows = rows.order_by("business__name", "-is_counter", "name")
    return sorted(rows, key=lambda place: place.business_id != first.pk)


def named_place(place: Location, seen_from: Business) -> str:
    """Return what a place is called in a business: another one's with its name."""
    if place.business_id == seen_from.pk:
        return place.name
    return f"{place.business.name}, {place.name}"


def levels_of(item: StockItem) -> "QuerySet[StockLevel]":
    """Return what lies of an item at each place, the counter first."""
    rows = item.levels.select_related("location", "item__product")
    return rows.order_by("-location__is_counter", "location__name")


def transfers_of(business: Business, limit: int = 30) -> "QuerySet[StockTransfer]":
    """Return what was carried out of or into places of a business lately, newest first."""
    rows = StockTransfer.objects.filter(
        Q(from_location__business=business) | Q(to_location__business=business)
    )
    rows = rows.select_related("from_location__business", "to_location__business", "by")
    return rows.prefetch_related("lines__item__product").order_by("-pk")[:limit]


def has_unit_in_use(product: Product) -> bool:
    """Tell whether something is written in a product's unit: what lies there, a line, a recipe."""
    return (
        StockItem.objects.filter(product=product).exists()
        or SaleLine.objects.filter(product=product).exists()
        or Recipe.objects.filter(product=product).exists()
    )
