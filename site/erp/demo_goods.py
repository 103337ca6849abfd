"""The goods of the demo shop's last month: what sells how often, what it costs, who delivers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone

from money.cents import MILLI
from money.chart import Code
from money.models import Business, TaxClass, User
from mpesa.models import Till
from shops.actions.counts import ALL, close_count, start_count, write_counted
from shops.actions.levels import counter_of
from shops.actions.purchases import Bought, add_supplier, receive_goods
from shops.models import Product, StockItem, StockLevel
from shops.queries.goods import cents_of, products_in

SUPPLIER = "Kirinyaga Wholesalers"
GAS_DEPOT = "Thika Gas Depot"
DAIRY = "Aberdare Dairy"
BAKERY = "Thika Bakery"
STANDARD_BP = 1_600


@dataclass(frozen=True, slots=True)
class Ware:
    """How a product sells: its weight among the others, what it costs, how much is kept of it.

    `cost_percent` is of its price without VAT; `par` and `reorder` are in its unit.
    """

    weight: int
    cost_percent: int
    par: int
    reorder: int
    most: int = 2


WARES = {
    "Maize flour 2 kg": Ware(16, 88, 120, 30, 3),
    "Bread 400 g": Ware(20, 86, 30, 10, 2),
    "Milk 500 ml": Ware(22, 85, 50, 15, 4),
    "Sugar": Ware(14, 84, 100, 25, 2),
    "Rice": Ware(10, 85, 90, 20, 2),
    "Cooking oil 1 L": Ware(8, 82, 50, 12, 2),
    "Bar soap": Ware(7, 76, 90, 20, 3),
    "Tea leaves 250 g": Ware(5, 78, 40, 10, 1),
    "Gas refill 6 kg": Ware(14, 87, 60, 15, 1),
    "Gas refill 13 kg": Ware(9, 88, 40, 10, 1),
    "Cylinder 6 kg": Ware(1, 78, 8, 2, 1),
    "Burner and grill": Ware(1, 70, 8, 2, 1),
    "Yoghurt Strawberry 250 ml": Ware(3, 75, 6, 2, 1),
    "Yoghurt Vanilla 250 ml": Ware(3, 75, 6, 2, 1),
    "Yoghurt Vanilla 500 ml": Ware(1, 75, 6, 2, 1),
}
STOCK_OF = {
    Code.SALES_RETAIL: ("1400", "5040"),
    Code.SALES_LPG_GAS: ("1410", "5050"),
    Code.SALES_LPG_SHELLS: ("1410", "5060"),
}


@dataclass(frozen=True, slots=True)
class Fresh:
    """How a ware spoils: who brings it, how many days it is good for, and warns before the last.

    `code` begins the names of its batches.
    """

    code: str
    supplier: str
    days: int
    warn: int


FRESH = {
    "Milk 500 ml": Fresh("M", DAIRY, 7, 2),
    "Bread 400 g": Fresh("B", BAKERY, 6, 1),
    "Yoghurt Strawberry 250 ml": Fresh("YS", DAIRY, 28, 5),
    "Yoghurt Vanilla 250 ml": Fresh("YV", DAIRY, 28, 5),
    "Yoghurt Vanilla 500 ml": Fresh("YL", DAIRY, 28, 5),
}
# What is sold as one thing: its weight among the wares, and its parts in thousandths. All of it
# has one tax letter, or the bundle's would not be true.
BUNDLES: dict[str, tuple[int, dict[str, int]]] = {
    "Chai pack": (3, {"Tea leaves 250 g": MILLI, "Sugar": MILLI}),
}
CUSTOMERS = (("Mama Njeri Hotel", 1_000_000), ("Wekesa", 200_000))


@dataclass
class Shop:
    """The shop of the month, with its people and what it sells by name; `last` ends the month."""

    business: Business
    till: Till
    owner: User
    cashier: User
    last: date
    products: dict[str, Product] = field(default_factory=dict)
    _prices: dict[date, dict[int, int]] = field(default_factory=dict)

    @cached_property
    def items(self) -> dict[str, StockItem]:
        """What is counted, by name: asked for once all of it is."""
        rows = StockItem.objects.filter(product__business=self.business)
        return {item.product.name: item for item in rows.select_related("product__business")}

    def prices_on(self, day: date) -> dict[int, int]:
        """Return product id -> cents on `day`, read once a day."""
        if day not in self._prices:
            ids = [product.pk for product in self.products.values()]
            found = products_in(self.business, ids, day)
            self._prices = {day: {pk: cents_of(product) for pk, product in found.items()}}
        return self._prices[day]

    def free_milli(self) -> dict[int, int]:
        """Return product id -> thousandths that lie there and are not rung up."""
        levels = StockLevel.objects.filter(item__product__business=self.business)
        rows = levels.values_list("item_id", "on_hand_milli", "reserved_milli")
        return {pk: on_hand - reserved for pk, on_hand, reserved in rows}

    def parts_of(self, name: str) -> dict[int, int]:
        """Return what one of a product takes of the shelf: product id -> thousandths."""
        parts = BUNDLES[name][1] if name in BUNDLES else {name: MILLI}
        return {self.products[part].pk: milli for part, milli in parts.items()}


def restock(shop: Shop, day: date, key: str, now: datetime) -> None:
    """Buy what fell below its level, up to what is kept of it, and pay what was bought before."""
    held, wanted = shop.free_milli(), dict[str, list[Bought]]()
    for name, ware in WARES.items():
        there = held.get(shop.products[name].pk, 0)
        if there <= ware.reorder * MILLI:
            line = bought(shop, name, ware.par - there // MILLI, day)
            wanted.setdefault(_supplier_of(shop.products[name]), []).append(line)
    for supplier, lines in wanted.items():
        buy(shop, supplier, lines, f"{day:%y%m%d}", key, now)


def _supplier_of(product: Product) -> str:
    if product.name in FRESH:
        return FRESH[product.name].supplier
    return SUPPLIER if product.sales_account == Code.SALES_RETAIL else GAS_DEPOT


def buy(
    shop: Shop, name: str, lines: Iterable[Bought], number: str, key: str, now: datetime
) -> None:
    """Receive goods from a supplier on an invoice that is paid at once."""
    supplier = add_supplier(business=shop.business, name=name, kra_pin="", phone="", by=shop.owner)
    receive_goods(
        supplier=supplier,
        number=number,
        cu_invoice_number="",
        bought_on=timezone.localdate(now),
        paid_from=Code.BANK,
        lines=list(lines),
        key=f"{key}-{name}",
        by=shop.owner,
        now=now,
    )


def unit_cents(shop: Shop, name: str, day: date) -> int:
    """Return what a unit costs the shop, without VAT: a part of its price of the day."""
    product = shop.products[name]
    price = shop.prices_on(day)[product.pk]
    is_taxed = product.tax_class == TaxClass.STANDARD
    net = price * 10_000 // (10_000 + STANDARD_BP) if is_taxed else price
    return net * WARES[name].cost_percent // 100


def bought(
    shop: Shop, name: str, units: int, day: date, *, days: int | None = None, percent: int = 100
) -> Bought:
    """Return a line of an invoice of `day`; what spoils is good for `days` more, or as ever."""
    product, fresh = shop.products[name], FRESH.get(name)
    cents = units * unit_cents(shop, name, day) * percent // 100
    is_taxed = product.tax_class == TaxClass.STANDARD
    good_for = timedelta(days=(fresh.days if days is None else days) if fresh else 0)
    return Bought(
        item_id=product.pk,
        quantity_milli=units * MILLI,
        net_cents=cents,
        vat_cents=cents * STANDARD_BP // 10_000 if is_taxed else 0,
        tax_class=product.tax_class,
        batch_code=f"{fresh.code}{day + good_for:%d%m}" if fresh else "",
        best_before=day + good_for if fresh else None,
    )


def count_the_shelves(shop: Shop, key: str, now: datetime) -> None:
    """Count all goods on Sunday evening; a bar of soap is missing each time."""
    count = start_count(
        location=counter_of(shop.business), what=ALL, words="", key=key, by=shop.owner, now=now
    )
    levels = StockLevel.objects.filter(location=count.location)
    there = dict(levels.values_list("item", "on_hand_milli"))
    there[shop.products["Bar soap"].pk] -= MILLI
    lines = dict(count.lines.values_list("pk", "item"))
    counted = {line: max(there.get(item, 0), 0) for line, item in lines.items()}
    if count.closed_at is None:
        write_counted(
            count_id=count.pk, business=shop.business, counted=counted, by=shop.cashier, now=now
        )
    close_count(
        count_id=count.pk, business=shop.business, leaves_rest=False, by=shop.owner, now=now
    )
