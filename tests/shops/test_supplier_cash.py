"""Suppliers paid out of the drawer: cash and what is owed both tie."""

from collections.abc import Iterator
from typing import Any

import pytest

from money.models import Business, Role
from shops.actions.cash_moves import Wish, move_cash
from shops.actions.drawers import DrawerRefused, close_session
from shops.actions.items import UsedBefore
from shops.actions.purchases import TooMuch, add_supplier
from shops.actions.supplier_cash import buy_for_cash, pay_from_drawer, pay_named
from shops.actions.supplier_returns import GoesBack, send_back
from shops.cash_reasons import PAY_OUT, TO_SUPPLIER, WAS_OVER, WAS_SHORT
from shops.cash_verification import verify_cash
from shops.models import CashMove, CashSession, Purchase, StockItem, Supplier, SupplierPayment
from shops.queries.cash import expected_cents
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, bought, lines_of


@pytest.fixture(autouse=True)
def _ties(db: None) -> Iterator[None]:
    yield
    assert verify_stock() == []
    assert verify_cash() == []


@pytest.fixture
def session(duka: Business) -> CashSession:
    """The drawer is open; KES 2,000 of sales are in it."""
    flour = make.a_product(duka, name="Service", shillings=2_000)
    make.sold(duka, flour)
    return CashSession.objects.get()


@pytest.fixture
def item(duka: Business) -> StockItem:
    return make.counted(make.a_product(duka, tax_class="C"))


@pytest.fixture
def kapa(duka: Business, item: StockItem) -> Supplier:
    """Kapa is owed KES 1,000."""
    kapa = make.a_supplier(duka)
    make.a_purchase(kapa, bought(item, 10_000, 100_000, tax_class="C"))
    return kapa


def paid(supplier: Supplier, session: CashSession, cents: int, **but: Any) -> SupplierPayment:
    facts: dict[str, Any] = {
        "note": "",
        "key": "payment-key",
        "by": make.amina_of(supplier.business),
        "now": NOW,
    }
    return pay_from_drawer(
        supplier=supplier, session_id=session.pk, amount_cents=cents, **(facts | but)
    )


def bought_cash(item: StockItem, session: CashSession, cents: int, **but: Any) -> Purchase:
    facts: dict[str, Any] = {
        "supplier": but.get("supplier") or make.a_supplier(session.business, name="Bread man"),
        "number": "",
        "cu_invoice_number": "",
        "bought_on": TODAY,
        "key": "purchase-of-bread",
        "by": make.amina_of(session.business),
        "now": NOW,
    }
    lines = [bought(item, 10_000, cents, tax_class="C")]
    return buy_for_cash(session_id=session.pk, lines=lines, **(facts | but))


def owed(supplier: Supplier) -> int:
    supplier.refresh_from_db()
    return supplier.owed_cents


def test_the_drawer_pays_a_part(kapa: Supplier, session: CashSession) -> None:
    payment = paid(kapa, session, 40_000)

    assert paid(kapa, session, 40_000) == payment
    assert lines_of(payment.reference) == [("1000", -40_000), ("2000", 40_000)]
    assert (owed(kapa), payment.paid_from, payment.paid_on) == (60_000, "1000", session.day)
    move = CashMove.objects.get()
    assert (move.reason, move.amount_cents, move.note) == ("supplier", 40_000, kapa.name)


def test_never_more_than_is_owed_or_there(kapa: Supplier, session: CashSession) -> None:
    with pytest.raises(TooMuch, match="owed KES 1,000"):
        paid(kapa, session, 100_001)
    item = StockItem.objects.get()
    make.a_purchase(kapa, bought(item, 10_000, 1_000_000, tax_class="C"))
    with pytest.raises(DrawerRefused, match="does not hold that much"):
        paid(kapa, session, 500_000)
    assert owed(kapa) == 1_100_000


def test_a_cashier_pays_within_the_limit(kapa: Supplier, session: CashSession) -> None:
    baraka = make.baraka()
    paid(kapa, session, 50_000, by=baraka)
    item = StockItem.objects.get()
    make.a_purchase(kapa, bought(item, 10_000, 10_000_000, tax_class="C"))

    with pytest.raises(DrawerRefused, match="You may pay out KES"):
        paid(kapa, session, 5_000_000, by=baraka, key="large-payment")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ACCOUNTANT])
def test_who_handles_no_cash_pays_none(kapa: Supplier, session: CashSession, role: str) -> None:
    person = make.a_user("reader", duka=role)
    with pytest.raises(DrawerRefused, match="role"):
        paid(kapa, session, 1_000, by=person)


def test_a_closed_drawer_pays_nothing(duka: Business, kapa: Supplier, session: CashSession) -> None:
    close_session(
        session_id=session.pk,
        business=duka,
        counts={"1000": 2},
        left_cents=None,
        by=make.amina_of(duka),
        now=NOW,
    )
    with pytest.raises(DrawerRefused, match="closed"):
        paid(kapa, session, 1_000)
    assert owed(kapa) == 100_000


def test_a_page_of_another_payment(kapa: Supplier, session: CashSession) -> None:
    paid(kapa, session, 40_000)
    with pytest.raises(UsedBefore):
        paid(kapa, session, 30_000)


def test_by_the_name_on_the_cash_page(duka: Business, kapa: Supplier, session: CashSession) -> None:
    wish = Wish(key="wish-key", kind="out", reason="supplier", cents=10_000, note="For Monday")

    def named(name: str) -> SupplierPayment:
        amina = make.amina_of(duka)
        return pay_named(
            session_id=session.pk, business=duka, name=name, wish=wish, by=amina, now=NOW
        )

    for nobody in ("", "Nobody"):
        with pytest.raises(DrawerRefused, match="Write the name of the supplier"):
            named(nobody)
    assert named(" kapa  wholesalers ").note == "For Monday"


def test_a_pay_out_to_a_supplier_names_one(duka: Business, session: CashSession) -> None:
    wish = Wish(key="wish-key", kind="out", reason="supplier", cents=10_000, note="Bread")
    with pytest.raises(DrawerRefused, match="Write which supplier is paid"):
        move_cash(session_id=session.pk, business=duka, wish=wish, by=make.amina_of(duka), now=NOW)


def test_no_variance_is_explained_by_a_supplier() -> None:
    assert TO_SUPPLIER not in (*PAY_OUT, *WAS_SHORT, *WAS_OVER)


def test_bought_for_cash(duka: Business, item: StockItem, session: CashSession) -> None:
    purchase = bought_cash(item, session, 50_000)

    assert bought_cash(item, session, 50_000) == purchase
    payment = SupplierPayment.objects.get()
    assert lines_of(purchase.reference) == [("1400", 50_000), ("2000", -50_000)]
    assert lines_of(payment.reference) == [("1000", -50_000), ("2000", 50_000)]
    assert (payment.purchase, owed(purchase.supplier)) == (purchase, 0)


def test_one_who_owes_is_paid_for_what_is_bought_now(
    kapa: Supplier, item: StockItem, session: CashSession
) -> None:
    amina = make.amina_of(session.business)
    paid(kapa, session, 100_000)
    first = kapa.purchases.get()
    wish = GoesBack(key="went-back", lines={first.lines.get().pk: 6_000}, reason="Wet")
    send_back(purchase=first, wish=wish, returned_on=TODAY, by=amina, now=NOW)
    assert owed(kapa) == -60_000

    purchase = bought_cash(item, session, 50_000, supplier=kapa)

    assert bought_cash(item, session, 50_000, supplier=kapa) == purchase
    payment = SupplierPayment.objects.get(purchase=purchase)
    assert lines_of(payment.reference) == [("1000", -50_000), ("2000", 50_000)]
    assert (owed(kapa), expected_cents(session)) == (-60_000, 50_000)


def test_without_cash_nothing_is_bought(item: StockItem, session: CashSession) -> None:
    with pytest.raises(DrawerRefused, match="does not hold that much"):
        bought_cash(item, session, 500_000)
    assert (Purchase.objects.count(), SupplierPayment.objects.count()) == (0, 0)


def test_what_was_bought_on_credit_is_not_paid_by_a_reload(
    duka: Business, item: StockItem, session: CashSession
) -> None:
    man = make.a_supplier(duka, name="Bread man")
    line = bought(item, 10_000, 50_000, tax_class="C")
    make.a_purchase(man, line, key="purchase-of-bread")

    with pytest.raises(DrawerRefused, match="used before"):
        bought_cash(item, session, 50_000, now=NOW.replace(minute=1))
    assert owed(man) == 50_000


def test_of_two_names_the_one_as_it_is_written(
    duka: Business, item: StockItem, kapa: Supplier, session: CashSession
) -> None:
    by = make.amina_of(duka)
    shouted = Supplier.objects.create(business=duka, name=kapa.name.upper())
    make.a_purchase(shouted, bought(item, 1_000, 50_000))
    before = owed(kapa)
    wish = Wish(key="wish-key", kind="out", reason="supplier", cents=20_000, note="x")

    pay_named(session_id=session.pk, business=duka, name=shouted.name, wish=wish, by=by, now=NOW)

    assert (owed(kapa), owed(shouted)) == (before, 30_000)
    for name in (kapa.name.lower(), f" {kapa.name} "):
        found = add_supplier(business=duka, name=name, kra_pin="", phone="", by=by)
        assert found == kapa
