"""What is bought: goods, input VAT, what is owed to suppliers and paid to them."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from money.actions.posting import UnknownAccount
from money.models import Account, AccountKind, Business, Entry, Role
from money.queries import balances
from shops.actions.items import BadStock, NotAllowed, UsedBefore
from shops.actions.purchases import (
    Bought,
    TooMuch,
    add_supplier,
    pay_supplier,
    receive_goods,
)
from shops.models import Purchase, StockItem, StockLevel, StockMove, Supplier, SupplierPayment
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, bought, lines_of, taxed_lines_of


@pytest.fixture
def sugar(duka: Business) -> StockItem:
    return make.counted(make.a_product(duka, name="Sugar", unit="kg"))


@pytest.fixture
def flour(duka: Business) -> StockItem:
    return make.counted(make.a_product(duka, tax_class="C"))


@pytest.fixture
def kapa(duka: Business) -> Supplier:
    return make.a_supplier(duka)


@pytest.fixture(autouse=True)
def _ties(db: None) -> Iterator[None]:
    yield
    assert verify_stock() == []


def received(supplier: Supplier, *lines: Bought, **but: Any) -> Purchase:
    facts: dict[str, Any] = {
        "number": "INV-7",
        "cu_invoice_number": "0100000007",
        "bought_on": TODAY,
        "paid_from": "",
        "key": "purchase-key",
        "by": make.amina_of(supplier.business),
        "now": NOW,
    }
    return receive_goods(supplier=supplier, lines=lines, **(facts | but))


def paid(supplier: Supplier, cents: int, **but: Any) -> SupplierPayment:
    facts: dict[str, Any] = {
        "paid_from": "1200",
        "paid_on": TODAY,
        "note": "",
        "key": f"payment-of-{cents}",
        "by": make.amina_of(supplier.business),
        "now": NOW,
    }
    return pay_supplier(supplier=supplier, amount_cents=cents, **(facts | but))


def owed_to(supplier: Supplier) -> int:
    supplier.refresh_from_db()
    return supplier.owed_cents


def test_goods_on_credit_with_input_vat(
    duka: Business, kapa: Supplier, sugar: StockItem, flour: StockItem
) -> None:
    purchase = received(
        kapa,
        bought(sugar, 50_000, 500_000, vat=80_000),
        bought(flour, 24_000, 360_000, tax_class="C"),
    )

    assert sorted(taxed_lines_of(purchase.reference)) == [
        ("1400", 360_000, "C"),
        ("1400", 500_000, "B"),
        ("1800", 80_000, "B"),
        ("2000", -940_000, ""),
    ]
    assert owed_to(kapa) == 940_000
    assert StockLevel.objects.get(item=sugar).value_cents == 500_000
    entry = Entry.objects.get(key=purchase.reference)
    assert (entry.source, entry.occurred_on) == ("invoice INV-7", TODAY)
    assert kapa.name not in entry.description


def test_vat_is_a_part_of_the_cost_where_none_may_be_claimed(
    kapa: Supplier, sugar: StockItem
) -> None:
    purchase = received(
        kapa, bought(sugar, 50_000, 500_000, vat=80_000), bought_on=date(2023, 12, 31)
    )

    assert taxed_lines_of(purchase.reference) == [("1400", 580_000, ""), ("2000", -580_000, "")]
    assert StockLevel.objects.get(item=sugar).value_cents == 580_000


@pytest.mark.parametrize("code", ["1200", "1100", "1010", "1020"])
def test_goods_paid_at_once(kapa: Supplier, flour: StockItem, code: str) -> None:
    purchase = received(kapa, bought(flour, 24_000, 360_000, tax_class="C"), paid_from=code)

    assert lines_of(purchase.reference) == [("1400", 360_000), (code, -360_000)]
    assert owed_to(kapa) == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1000", "The drawer pays within its cash session"),
        ("1000.1", "The drawer pays within its cash session"),
        ("1300", "Choose what it was paid from"),
        ("1200.9", "Choose what it was paid from"),
        ("4040", "Choose what it was paid from"),
    ],
)
def test_other_accounts_pay_nothing(kapa: Supplier, flour: StockItem, code: str, said: str) -> None:
    with pytest.raises(BadStock, match=said):
        received(kapa, bought(flour, 1_000, 100), paid_from=code)
    make.a_purchase(kapa, bought(flour, 1_000, 100))
    with pytest.raises(BadStock, match=said):
        paid(kapa, 100, paid_from=code)


def test_an_account_under_the_bank_pays(duka: Business, kapa: Supplier, flour: StockItem) -> None:
    Account.objects.create(business=duka, code="1200.1", name="KCB", kind=AccountKind.ASSET)

    purchase = received(kapa, bought(flour, 1_000, 100, tax_class="C"), paid_from="1200.1")
    assert lines_of(purchase.reference) == [("1400", 100), ("1200.1", -100)]


def test_the_same_page_receives_once(kapa: Supplier, flour: StockItem) -> None:
    assert received(kapa, bought(flour, 1_000, 100)) == received(kapa, bought(flour, 1_000, 100))

    assert StockMove.objects.count() == 1
    with pytest.raises(UsedBefore, match="This page was used before"):
        received(make.a_supplier(kapa.business, name="Other"), bought(flour, 1_000, 100))


def test_an_invoice_is_received_once_per_supplier(kapa: Supplier, flour: StockItem) -> None:
    received(kapa, bought(flour, 1_000, 100))

    with pytest.raises(UsedBefore, match=r"^Invoice INV-7 of Kapa Wholesalers was received"):
        received(kapa, bought(flour, 1_000, 100), key="another-page")
    other = make.a_supplier(kapa.business, name="Other")
    received(other, bought(flour, 1_000, 100), key="third-page")
    for turn in range(2):
        received(kapa, bought(flour, 1_000, 100), number="", key=f"no-number-{turn}")
    assert Purchase.objects.count() == 4


def test_one_product_on_two_lines_of_an_invoice(kapa: Supplier, flour: StockItem) -> None:
    received(kapa, bought(flour, 10_000, 100_000), bought(flour, 1_000, 0))

    level = StockLevel.objects.get(item=flour)
    assert (level.on_hand_milli, level.value_cents, level.unit_cost_cents) == (
        11_000,
        100_000,
        9_091,
    )


@pytest.mark.parametrize(
    ("milli", "net", "vat", "letter", "said"),
    [
        (1_500, 100, 0, "C", "is counted in whole pieces"),
        (0, 100, 0, "C", "write how many"),
        (1_000, 0, 0, "C", "a purchase costs something"),
        (1_000, -1, 0, "C", "write what it cost"),
        (1_000, 100, -1, "C", "write what it cost"),
        (1_000, 100, 0, "X", "write what it cost and its tax letter"),
        (1_000, 86_206_897, 13_793_104, "B", "a unit costs KES 1,000,000 at most"),
        (3_000, 300_000_002, 0, "C", "a unit costs KES 1,000,000 at most"),
    ],
)
def test_a_line_that_cannot_be_is_refused(
    kapa: Supplier, flour: StockItem, milli: int, net: int, vat: int, letter: str, said: str
) -> None:
    with pytest.raises(BadStock, match=said):
        received(kapa, bought(flour, milli, net, vat=vat, tax_class=letter))
    assert not Purchase.objects.exists()


def test_a_purchase_has_lines_of_products_that_are_counted_here(
    duka: Business, kapa: Supplier
) -> None:
    theirs = make.counted(make.a_product(make.a_business(slug="maji"), name="Bottle"))

    with pytest.raises(BadStock, match="1 to 200 lines"):
        received(kapa)
    with pytest.raises(BadStock, match="is not counted here"):
        received(kapa, bought(theirs, 1_000, 100))
    service = make.a_product(duka, name="Delivery")
    line = Bought(item_id=service.pk, quantity_milli=1_000, net_cents=1, vat_cents=0, tax_class="B")
    with pytest.raises(BadStock, match="is not counted here"):
        received(kapa, line)
    assert not StockLevel.objects.filter(location__business=duka).exists()


def test_a_day_to_come_is_refused(kapa: Supplier, flour: StockItem) -> None:
    tomorrow = TODAY + timedelta(days=1)

    with pytest.raises(BadStock, match="is still to come"):
        received(kapa, bought(flour, 1_000, 100), bought_on=tomorrow)
    received(kapa, bought(flour, 1_000, 100))
    with pytest.raises(BadStock, match="is still to come"):
        paid(kapa, 100, paid_on=tomorrow)


def test_a_supplier_is_paid_in_parts_and_never_more_than_owed(
    duka: Business, kapa: Supplier, flour: StockItem
) -> None:
    received(kapa, bought(flour, 24_000, 360_000))
    first = paid(kapa, 100_000)
    assert paid(kapa, 100_000) == first

    assert lines_of(first.reference) == [("2000", 100_000), ("1200", -100_000)]
    assert owed_to(kapa) == 260_000
    with pytest.raises(TooMuch, match=r"^Kapa Wholesalers is owed KES 2,600\."):
        paid(kapa, 260_001)
    with pytest.raises(TooMuch):
        paid(kapa, 0)
    paid(kapa, 260_000)
    assert (owed_to(kapa), balances(duka)["2000"]) == (0, 0)


def test_a_page_that_paid_one_supplier_pays_no_other(kapa: Supplier, flour: StockItem) -> None:
    other = make.a_supplier(kapa.business, name="Other")
    for supplier in (kapa, other):
        make.a_purchase(supplier, bought(flour, 1_000, 100))
    paid(kapa, 50, key="the-page")

    with pytest.raises(UsedBefore):
        paid(other, 50, key="the-page")
    assert owed_to(other) == 100


def test_a_supplier_has_a_name_and_a_pin_or_none(duka: Business) -> None:
    amina = make.amina_of(duka)

    def made(name: str, pin: str = "") -> Supplier:
        return add_supplier(business=duka, name=name, kra_pin=pin, phone="0700000000", by=amina)

    assert made("  Kapa   Ltd ", "p051234567q").kra_pin == "P051234567Q"
    assert made("Kapa Ltd").pk == made("Kapa Ltd").pk
    with pytest.raises(BadStock, match="Write the supplier's name"):
        made("   ")
    with pytest.raises(BadStock, match="A KRA PIN is"):
        made("Other", "123")
    assert Supplier.objects.count() == 1


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.OWNER, Role.MANAGER}])
def test_only_owner_and_manager_buy_and_pay(kapa: Supplier, flour: StockItem, role: str) -> None:
    person = make.a_user("person", duka=role)

    for act in (
        lambda: received(kapa, bought(flour, 1_000, 100), by=person),
        lambda: paid(kapa, 1, by=person),
        lambda: add_supplier(business=kapa.business, name="X", kra_pin="", phone="", by=person),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert not Purchase.objects.exists()


def test_a_refusal_of_the_books_leaves_no_goods(
    duka: Business, kapa: Supplier, flour: StockItem
) -> None:
    Account.objects.filter(business=duka, code="2000").delete()

    with pytest.raises(UnknownAccount):
        received(kapa, bought(flour, 1_000, 100))
    assert (Purchase.objects.count(), StockMove.objects.count(), owed_to(kapa)) == (0, 0, 0)
