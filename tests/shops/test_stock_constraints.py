"""Each named constraint of stock and purchases is broken once, with the triggers out of the way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models

from money import triggers
from money.models import Business
from shops.models import (
    LineStock,
    Location,
    Loss,
    Product,
    Purchase,
    PurchaseLine,
    StockItem,
    StockLevel,
    StockMove,
    Supplier,
    SupplierPayment,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_constraints import a_line as a_sale_line
from tests.shops.test_constraints import refused_by, unique_of


@pytest.fixture
def shop(db: None) -> Business:
    """Make a business without triggers; the test's rollback brings them back."""
    triggers.drop()
    return make.a_business()


def an_item(shop: Business, **but: Any) -> StockItem:
    facts: dict[str, Any] = {"stock_account": "1400", "cost_account": "5040"}
    product, _ = Product.objects.get_or_create(
        business=shop,
        name="Bag",
        defaults={"tax_class": "B", "sales_account": "4040"},
    )
    return StockItem(product=product, **(facts | but))


def item_of(shop: Business) -> StockItem:
    if not (item := StockItem.objects.filter(product__business=shop).first()):
        item = an_item(shop)
        item.save(force_insert=True)
    return item


def a_location(shop: Business, **but: Any) -> Location:
    return Location(business=shop, **({"name": "Store"} | but))


def place_of(shop: Business) -> Location:
    return Location.objects.get_or_create(business=shop, name="Counter")[0]


def a_level(shop: Business, **but: Any) -> StockLevel:
    facts: dict[str, Any] = {"on_hand_milli": 2_000, "value_cents": 100}
    return StockLevel(item=item_of(shop), location=place_of(shop), **(facts | but))


def a_move(shop: Business, **but: Any) -> StockMove:
    facts: dict[str, Any] = {
        "kind": "receipt",
        "quantity_milli": 1_000,
        "value_cents": 100,
        "reference": "purchase:1",
        "key": "purchase:1:1",
        "at": NOW,
        "by": make.a_user("baraka"),
    }
    return StockMove(item=item_of(shop), location=place_of(shop), **(facts | but))


def a_line_stock(shop: Business, **but: Any) -> LineStock:
    item = item_of(shop)
    line = LineStock.objects.order_by("pk").values_list("line", flat=True).first()
    if line is None:
        row = a_sale_line(shop)
        row.save()
        line = row.pk
    facts: dict[str, Any] = {"quantity_milli": 1_000, "state": "reserved"}
    return LineStock(line_id=line, item=item, location=place_of(shop), **(facts | but))


def a_loss(shop: Business, **but: Any) -> Loss:
    facts: dict[str, Any] = {
        "quantity_milli": 1_000,
        "cost_cents": 0,
        "reason": "theft",
        "key": "loss-key",
        "lost_on": TODAY,
        "at": NOW,
        "by": make.a_user("baraka"),
    }
    return Loss(item=item_of(shop), location=place_of(shop), **(facts | but))


def a_supplier(shop: Business, **but: Any) -> Supplier:
    return Supplier(business=shop, **({"name": "Kapa"} | but))


def supplier_of(shop: Business) -> Supplier:
    return Supplier.objects.get_or_create(business=shop, name="Wholesaler")[0]


def a_purchase(shop: Business, **but: Any) -> Purchase:
    facts: dict[str, Any] = {
        "number": "7",
        "bought_on": TODAY,
        "total_cents": 116,
        "vat_cents": 16,
        "is_vat_registered": True,
        "key": "purchase-key",
        "at": NOW,
        "by": make.a_user("baraka"),
    }
    return Purchase(
        business=shop, supplier=supplier_of(shop), location=place_of(shop), **(facts | but)
    )


def a_purchase_line(shop: Business, **but: Any) -> PurchaseLine:
    purchase = a_purchase(shop)
    purchase.save()
    facts: dict[str, Any] = {
        "quantity_milli": 1_000,
        "net_cents": 100,
        "vat_cents": 16,
        "tax_class": "B",
    }
    return PurchaseLine(purchase=purchase, item=item_of(shop), **(facts | but))


def a_payment(shop: Business, **but: Any) -> SupplierPayment:
    facts: dict[str, Any] = {
        "amount_cents": 100,
        "paid_from": "1200",
        "paid_on": TODAY,
        "key": "payment-key",
        "at": NOW,
        "by": make.a_user("baraka"),
    }
    return SupplierPayment(supplier=supplier_of(shop), **(facts | but))


Maker = Callable[..., models.Model]


@pytest.mark.parametrize(
    ("make_row", "name", "but"),
    [
        (an_item, "stockitem_accounts_are_of_stock_and_of_cost", {"stock_account": "1300"}),
        (an_item, "stockitem_accounts_are_of_stock_and_of_cost", {"cost_account": "6000"}),
        (an_item, "stockitem_reorder_is_a_quantity", {"reorder_milli": 10_000_001}),
        (
            a_level,
            "stocklevel_is_not_negative_unless_allowed",
            {"on_hand_milli": -1, "value_cents": 0, "reserved_milli": -1},
        ),
        (a_level, "stocklevel_reserves_what_is_there_unless_allowed", {"reserved_milli": 2_001}),
        (
            a_level,
            "stocklevel_reserves_what_is_there_unless_allowed",
            {"reserved_milli": -1, "allows_negative": True},
        ),
        (a_level, "stocklevel_value_follows_the_pieces", {"on_hand_milli": 0}),
        (a_level, "stocklevel_value_follows_the_pieces", {"value_cents": -1}),
        (
            a_level,
            "stocklevel_value_follows_the_pieces",
            {"on_hand_milli": -1, "value_cents": 1, "allows_negative": True},
        ),
        (a_level, "stocklevel_unit_cost_is_not_negative", {"unit_cost_cents": -1}),
        (a_move, "stockmove_goes_the_way_of_its_kind", {"quantity_milli": -1, "value_cents": 0}),
        (a_move, "stockmove_goes_the_way_of_its_kind", {"value_cents": -1}),
        (a_move, "stockmove_goes_the_way_of_its_kind", {"kind": "sale"}),
        (a_move, "stockmove_goes_the_way_of_its_kind", {"kind": "count", "value_cents": -1}),
        (a_move, "stockmove_goes_the_way_of_its_kind", {"kind": "revaluation"}),
        (a_line_stock, "linestock_quantity_is_positive", {"quantity_milli": 0}),
        (a_line_stock, "linestock_costs_exactly_when_taken", {"cost_cents": 1}),
        (a_line_stock, "linestock_costs_exactly_when_taken", {"state": "taken"}),
        (
            a_line_stock,
            "linestock_costs_exactly_when_taken",
            {"state": "taken", "cost_cents": -1},
        ),
        (a_line_stock, "linestock_state_is_known", {"state": "lost"}),
        (a_loss, "loss_quantity_is_positive", {"quantity_milli": 0}),
        (a_loss, "loss_cost_is_not_negative", {"cost_cents": -1}),
        (a_loss, "loss_reason_is_known", {"reason": "magic"}),
        (a_supplier, "supplier_is_not_paid_more_than_owed", {"owed_cents": -1}),
        (a_supplier, "supplier_pin_has_eleven_characters_or_none", {"kra_pin": "A1"}),
        (a_purchase, "purchase_total_is_positive", {"total_cents": 0, "vat_cents": -1}),
        (a_purchase, "purchase_vat_within_total", {"vat_cents": 116}),
        (a_purchase, "purchase_vat_within_total", {"vat_cents": -1}),
        (a_purchase, "purchase_is_not_paid_from_the_drawer", {"paid_from": "1000.2"}),
        (a_purchase_line, "purchaseline_quantity_is_positive", {"quantity_milli": 0}),
        (a_purchase_line, "purchaseline_amounts_are_not_negative", {"net_cents": -1}),
        (a_purchase_line, "purchaseline_amounts_are_not_negative", {"vat_cents": -1}),
        (a_purchase_line, "purchaseline_tax_class_is_known", {"tax_class": "X"}),
        (a_supplier, "supplier_is_not_paid_more_than_owed", {"returned_cents": -1}),
        (
            a_supplier,
            "supplier_is_not_paid_more_than_owed",
            {"owed_cents": -101, "returned_cents": 100},
        ),
        (a_payment, "supplierpayment_is_of_something", {"amount_cents": 0}),
        (a_payment, "supplierpayment_from_the_drawer_is_a_cash_move", {"paid_from": "1000"}),
        (a_payment, "supplierpayment_from_the_drawer_is_a_cash_move", {"paid_from": ""}),
    ],
)
def test_row_is_refused(shop: Business, make_row: Maker, name: str, but: dict[str, Any]) -> None:
    assert refused_by(make_row(shop, **but)) in broken_with(name, but)


def broken_with(name: str, but: dict[str, Any]) -> set[str]:
    """Return the constraints of which a database names one: here and there two are broken."""
    if "reserved_milli" in but and "on_hand_milli" in but:
        return {name, "stocklevel_reserves_what_is_there_unless_allowed"}
    return {name}


def test_move_kind_is_known(shop: Business) -> None:
    move = a_move(shop, kind="magic")
    drop_on_postgresql("shops_stockmove", "stockmove_goes_the_way_of_its_kind")

    assert refused_by(move) == "stockmove_kind_is_known"


def drop_on_postgresql(table: str, constraint: str) -> None:
    """Get a constraint out of the way that PostgreSQL would name first."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


@pytest.mark.parametrize(
    ("first", "second", "name", "columns"),
    [
        (a_location, {}, "location_name_once_per_business", ("business_id", "name")),
        (
            lambda shop: a_location(shop, is_counter=True),
            {"name": "Other", "is_counter": True},
            "location_one_counter_per_business",
            ("business_id",),
        ),
        (a_level, {}, "stocklevel_once_per_item_and_location", ("item_id", "location_id")),
        (a_line_stock, {}, "linestock_once_per_line_and_item", ("line_id", "item_id")),
        (a_supplier, {}, "supplier_name_once_per_business", ("business_id", "name")),
        (
            a_purchase,
            {"key": "other"},
            "purchase_number_once_per_supplier",
            ("supplier_id", "number"),
        ),
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

    assert refused_by(row) == unique_of(name, *(f"{table}.{column}" for column in columns))


@pytest.mark.parametrize("make_row", [a_move, a_loss, a_purchase, a_payment])
def test_key_is_used_once(shop: Business, make_row: Maker) -> None:
    row = make_row(shop, **({"number": ""} if make_row is a_purchase else {}))
    row.save()
    row.pk = None

    assert "key" in refused_by(row)


def test_purchases_without_a_number_are_many(shop: Business) -> None:
    a_purchase(shop, number="").save()
    a_purchase(shop, number="", key="second").save()

    assert Purchase.objects.count() == 2


def test_rows_name_themselves(shop: Business) -> None:
    rows = (a_location(shop), item_of(shop), a_level(shop), a_move(shop), a_loss(shop))
    bought = (a_supplier(shop), a_purchase(shop), a_purchase_line(shop), a_payment(shop))

    assert [str(row) for row in (*rows, *bought, a_line_stock(shop))] == [
        "Store",
        "Bag",
        "Bag at Counter: 2",
        "Received: 1 Bag",
        "Theft: 1 Bag",
        "Kapa",
        "Wholesaler 7",
        "Bag of Wholesaler 7",
        "Wholesaler: paid on 2026-11-22",
        "Bag, 1 (reserved)",
    ]
