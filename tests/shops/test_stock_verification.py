"""Stock and suppliers must equal the books; what is said where somebody made them differ."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F, Model
from django.test.utils import CaptureQueriesContext

from money import triggers
from money.actions.posting import post
from money.drafts import Draft
from money.models import Business
from shops.actions.items import write_off
from shops.actions.purchases import pay_supplier
from shops.actions.settle import take_cash
from shops.models import (
    LineStock,
    Location,
    Product,
    Purchase,
    StockItem,
    StockLevel,
    StockMove,
    Supplier,
    SupplierPayment,
)
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka, tax_class="C")


@pytest.fixture
def item(duka: Business, flour: Product) -> StockItem:
    """Ten bags of KES 100.00 on credit; one lost, one sold, one rung up, a part of them paid."""
    item, amina = make.stocked(flour, 10_000, 100_000), make.amina_of(duka)
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
        amount_cents=40_000,
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


def tampered(act: Callable[[], object]) -> None:
    """Do what somebody with the database in hand can."""
    connection.check_constraints()
    triggers.drop()
    act()
    connection.check_constraints()
    triggers.install()


def alter(model: type[Model], where: dict[str, object], **columns: object) -> None:
    def act() -> None:
        assert model._base_manager.filter(**where).update(**columns)

    tampered(act)


def said() -> list[str]:
    return [f"{one.business}: {one.what}" for one in verify_stock()]


def stock_of(item: StockItem) -> str:
    return f"duka: stock of Maize flour 2 kg (product {item.pk})"


def an_entry(duka: Business, key: str, lines: list[tuple[str, int]]) -> None:
    draft = Draft(
        business=duka, key=key, occurred_on=TODAY, description="By hand", lines=list(lines)
    )
    post(draft, posted_at=NOW)


def test_what_the_shop_does_ties(item: StockItem) -> None:
    assert said() == []


def test_journals_on_the_stock_stand_beside(item: StockItem, duka: Business) -> None:
    an_entry(duka, "journal:1", [("1400", 5_000), ("3300", -5_000)])
    an_entry(duka, "journal:2", [("6020", 5_000), ("2000", -5_000)])

    assert said() == []


def test_a_level_with_more_pieces_is_named(item: StockItem) -> None:
    alter(StockLevel, {"item": item}, on_hand_milli=9_000)

    assert said() == [f"{stock_of(item)}: 9 for KES 800, its moves say 8 for KES 800"]


def test_a_level_with_more_value_unties_its_account_too(item: StockItem) -> None:
    alter(StockLevel, {"item": item}, value_cents=80_001)

    assert said() == [
        f"{stock_of(item)}: 8 for KES 800.01, its moves say 8 for KES 800",
        "duka: stock is worth KES 800.01, account 1400 says KES 800",
    ]


def test_moves_and_level_changed_together_untie_the_entry_and_the_account(
    item: StockItem,
) -> None:
    alter(StockLevel, {"item": item}, value_cents=80_001)
    alter(StockMove, {"kind": "receipt"}, value_cents=100_001)

    purchase = Purchase.objects.get()
    assert said() == [
        f"duka: {purchase.reference}: its stock moves are not what it posted",
        "duka: stock is worth KES 800.01, account 1400 says KES 800",
    ]


def test_value_moved_between_two_entries_is_found(item: StockItem) -> None:
    alter(StockMove, {"kind": "sale"}, value_cents=F("value_cents") - 1)
    alter(StockMove, {"kind": "loss"}, value_cents=F("value_cents") + 1)

    *entries, paper = said()
    assert [one.split(":")[1].strip() for one in entries] == ["cost", "loss"]
    assert re.fullmatch(r"duka: loss \d+ is not what its move took", paper)


def test_moves_without_a_level_are_named(item: StockItem, duka: Business) -> None:
    tampered(lambda: StockLevel._base_manager.filter(item=item).delete())

    assert said() == [
        "duka: stock of Maize flour 2 kg: it moved and has no level",
        "duka: stock is worth KES 0, account 1400 says KES 800",
    ]


def test_another_account_of_an_item_is_found(item: StockItem) -> None:
    alter(StockItem, {"pk": item.pk}, stock_account="1410")

    assert said() == [
        "duka: stock is worth KES 0, account 1400 says KES 800",
        "duka: stock is worth KES 800, account 1410 says KES 0",
    ]


def test_reserved_otherwise_is_named(item: StockItem) -> None:
    alter(StockLevel, {"item": item}, reserved_milli=0)

    assert said() == ["duka: stock of Maize flour 2 kg: other pieces are rung up than reserved"]


def test_pieces_of_an_ended_sale_are_named(item: StockItem) -> None:
    alter(LineStock, {"state": "taken"}, state="reserved", cost_cents=None)
    sale = LineStock.objects.order_by("pk").first()
    assert sale is not None

    assert said() == [
        "duka: stock of Maize flour 2 kg: other pieces are rung up than reserved",
        f"duka: sale {sale.line.sale_id}: it has ended and holds pieces still",
    ]


def test_an_entry_without_moves_is_named(item: StockItem, duka: Business) -> None:
    an_entry(duka, "loss:4711", [("5100", 100), ("1400", -100)])

    assert said() == [
        "duka: entry loss:4711: there are no such stock moves",
        "duka: stock is worth KES 800, account 1400 says KES 799",
    ]


def test_a_supplier_that_is_owed_otherwise_is_named(item: StockItem) -> None:
    alter(Supplier, {"name": "Kapa Wholesalers"}, owed_cents=59_999)

    assert said() == [
        "duka: supplier Kapa Wholesalers: owed is not bought less paid and returned",
        "duka: suppliers are owed KES 599.99, account 2000 says KES 600",
    ]


def test_a_payment_and_a_supplier_changed_together_untie_the_account(item: StockItem) -> None:
    alter(Supplier, {"name": "Kapa Wholesalers"}, owed_cents=59_999)
    alter(SupplierPayment, {"key": "payment-key"}, amount_cents=40_001)

    assert said() == ["duka: suppliers are owed KES 599.99, account 2000 says KES 600"]


def test_other_businesses_are_compared_apart(item: StockItem) -> None:
    maji = make.a_business(slug="maji")
    make.stocked(make.a_product(maji, name="Bottle"), 1_000, 5_000)
    alter(StockLevel, {"location__business": maji}, value_cents=5_001)

    assert [one.split(":")[0] for one in said()] == ["maji", "maji"]


def test_statements_do_not_grow(item: StockItem, duka: Business) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert verify_stock() == []
        return len(seen)

    few = statements()
    for number in range(5):
        product = make.a_product(duka, name=f"Thing {number}")
        make.stocked(product, 5_000, 7_000)
        make.a_sale(duka, product=product)
    Location.objects.create(business=duka, name="Store")

    assert statements() == few
