"""Papers of the stock must say what its moves did; what is said where somebody made them differ."""

from typing import Any

import pytest
from django.db.models import F

from money.models import Business
from shops.actions.counts import close_count
from shops.actions.levels import counter_of
from shops.actions.opening import add_place, open_stock
from shops.actions.supplier_cash import pay_from_drawer
from shops.actions.supplier_returns import GoesBack, send_back
from shops.actions.transfers import Carried, transfer_goods
from shops.cash_verification import verify_cash
from shops.models import (
    CashMove,
    CashSession,
    OpeningStock,
    Purchase,
    StockCountLine,
    StockItem,
    StockTransfer,
    StockTransferLine,
    Supplier,
    SupplierPayment,
    SupplierReturn,
    SupplierReturnLine,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_stock_verification import alter, said, tampered


@pytest.fixture
def item(duka: Business) -> StockItem:
    """Opened, bought, counted short, carried to the store and to Maji, sent back, paid in cash."""
    amina, maji = make.amina_of(duka), make.a_business(slug="maji")
    facts: dict[str, Any] = {"by": amina, "now": NOW}
    item = make.counted(make.a_product(duka, tax_class="C"))
    there = make.counted(make.a_product(maji, name="Flour"))
    open_stock(
        item=item,
        quantity_milli=5_000,
        value_cents=50_000,
        counted_on=TODAY,
        key="opening-key",
        **facts,
    )
    kapa = make.a_supplier(duka)
    purchase = make.a_purchase(kapa, make.bought(item, 5_000, 50_000, tax_class="C"))
    count = make.a_count(duka)
    make.counting(count, Maize_flour_2_kg=9_000)
    close_count(count_id=count.pk, business=duka, leaves_rest=False, **facts)
    store = add_place(business=duka, name="Store", by=amina)
    for place, to_item in ((store, item), (counter_of(maji), there)):
        transfer_goods(
            from_location=counter_of(duka),
            to_location=place,
            lines=[Carried(item, to_item, 1_000)],
            moved_on=TODAY,
            note="",
            key=f"transfer-to-{place.pk}",
            **facts,
        )
    wish = GoesBack(key="return-key", lines={purchase.lines.get().pk: 1_000}, reason="Wet")
    send_back(purchase=purchase, wish=wish, returned_on=TODAY, **facts)
    make.sold(duka, make.a_product(duka, name="Service", shillings=2_000))
    session = CashSession.objects.get()
    pay_from_drawer(
        supplier=kapa,
        session_id=session.pk,
        amount_cents=10_000,
        note="",
        key="payment-key",
        **facts,
    )
    return item


def pk_of(model: Any, **where: object) -> int:
    return int(model.objects.get(**where).pk)


def test_what_the_shop_does_ties(item: StockItem) -> None:
    assert said() == []
    assert verify_cash() == []


def test_an_opening_that_was_changed_is_named(item: StockItem) -> None:
    pk = pk_of(OpeningStock)
    alter(OpeningStock, {"pk": pk}, value_cents=1)
    assert said() == [f"duka: opening stock {pk} is not what its move brought"]


@pytest.mark.parametrize(
    "columns",
    [
        {"value_cents": -1},
        {"counted_milli": 8_000, "difference_milli": -2_000},
        {"difference_milli": None, "value_cents": None},
    ],
)
def test_a_count_that_was_changed_is_named(item: StockItem, columns: dict[str, Any]) -> None:
    pk = pk_of(StockCountLine)
    alter(StockCountLine, {"pk": pk}, **columns)
    assert said() == [f"duka: line of a stock count {pk} is not what its moves set right"]


@pytest.mark.parametrize("column", ["value_cents", "quantity_milli"])
def test_a_transfer_within_that_was_changed_is_named(item: StockItem, column: str) -> None:
    pk = pk_of(StockTransfer, to_location__name="Store")
    alter(StockTransferLine, {"transfer": pk}, **{column: 1})
    assert said() == [f"duka: transfer {pk} is not what its moves brought"]


@pytest.mark.parametrize("column", ["value_cents", "quantity_milli"])
def test_a_transfer_between_that_was_changed_is_named_on_both_sides(
    item: StockItem, column: str
) -> None:
    pk = pk_of(StockTransfer, to_location__business__slug="maji")
    alter(StockTransferLine, {"transfer": pk}, **{column: 1})
    assert said() == [
        f"duka: transfer {pk} is not what its moves took out",
        f"maji: transfer {pk} is not what its moves brought",
    ]


@pytest.mark.parametrize("column", ["cost_cents", "quantity_milli", "net_cents", "vat_cents"])
def test_a_line_that_went_back_otherwise_is_named(item: StockItem, column: str) -> None:
    pk = pk_of(SupplierReturn)
    alter(SupplierReturnLine, {"supplier_return": pk}, **{column: F(column) + 1})
    assert said() == [f"duka: debit note {pk} is not what its moves took"]


def test_a_debit_note_of_another_total_is_named(item: StockItem) -> None:
    pk = pk_of(SupplierReturn)
    alter(SupplierReturn, {"pk": pk}, total_cents=1)
    assert said() == [
        "duka: supplier Kapa Wholesalers: owed is not bought less paid and returned",
        f"duka: debit note {pk} is not what its moves took",
    ]


def test_more_back_than_was_bought_is_named(item: StockItem) -> None:
    line = Purchase.objects.get().lines.get()
    alter(type(line), {"pk": line.pk}, quantity_milli=999)
    assert said() == [f"duka: purchase line {line.pk} went back more than was bought"]


def test_what_was_ever_returned_is_compared(item: StockItem) -> None:
    alter(Supplier, {"name": "Kapa Wholesalers"}, returned_cents=0)
    assert said() == ["duka: supplier Kapa Wholesalers: owed is not bought less paid and returned"]


def test_a_payment_of_another_amount_than_the_drawer_s_is_named(item: StockItem) -> None:
    pk = pk_of(SupplierPayment)
    alter(SupplierPayment, {"pk": pk}, amount_cents=9_999)
    alter(Supplier, {"name": "Kapa Wholesalers"}, owed_cents=F("owed_cents") + 1)
    assert said() == [
        f"duka: payment of a supplier {pk} is not what the drawer paid",
        "duka: suppliers are owed KES 300.01, account 2000 says KES 300",
    ]


def test_cash_for_nobody_is_named(item: StockItem) -> None:
    pk = pk_of(CashMove)
    tampered(lambda: SupplierPayment._base_manager.all().delete())
    assert said() == [
        "duka: supplier Kapa Wholesalers: owed is not bought less paid and returned",
        f"duka: cash move {pk} paid a supplier and names none",
    ]


def test_a_move_for_another_reason_is_named(item: StockItem) -> None:
    pk = pk_of(SupplierPayment)
    alter(CashMove, {"reason": "supplier"}, reason="fuel")
    assert said() == [f"duka: payment of a supplier {pk} is not what the drawer paid"]
