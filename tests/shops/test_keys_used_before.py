"""A form's one-time key with another content: refused, and never taken for what was done before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from money.models import Business, User
from mpesa.models import PaymentRequest, RequestState, Till
from shops.actions.credit import (
    CreditRefused,
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.drawers import DrawerRefused, close_session, open_session
from shops.actions.items import UsedBefore
from shops.actions.levels import counter_of
from shops.actions.opening import add_place, open_stock
from shops.actions.prints import NoReceipt, record_print
from shops.actions.purchases import pay_supplier
from shops.actions.refunds import Return, refund_sale
from shops.actions.settle import BadPart, ask_mpesa, take_cash
from shops.actions.supplier_returns import GoesBack, send_back
from shops.actions.transfers import Carried, transfer_goods
from shops.models import CashSession, Customer, FloatSource, Sale, StockItem
from shops.queries.customers import debt_cents
from shops.queries.sales import owed_cents
from shops.refunding import BadRefund
from tests import make
from tests.make import NOW, TODAY

PHONE = "254712345678"
KEY = "the-key-of-a-form"
USED = "This page was used before"


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina_of(duka)


@pytest.fixture
def wanjiku(duka: Business, baraka: User) -> Customer:
    made = add_customer(business=duka, name="Wanjiku", phone="", by=baraka, now=NOW)
    return set_credit_limit(customer_id=made.pk, business=duka, cents=1_000_000)


@pytest.fixture
def flour(duka: Business) -> StockItem:
    return make.stocked(make.a_product(duka), 9_000, 90_000)


def twice_and_otherwise(
    act: Callable[[int], object], one: int, other: int, refusal: type[Exception]
) -> None:
    assert act(one) == act(one)
    with pytest.raises(refusal, match=USED):
        act(other)


def test_cash_of_a_debt(duka: Business, baraka: User, wanjiku: Customer) -> None:
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="credit-1", by=baraka, now=NOW)

    def pay(cents: int) -> object:
        return receive_from_customer(
            customer_id=wanjiku.pk, business=duka, key=KEY, cents=cents, by=baraka, now=NOW
        )

    twice_and_otherwise(pay, 5_000, 7_000, CreditRefused)

    assert debt_cents(wanjiku) == 13_000


def test_a_part_in_cash(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)

    def part(cents: int) -> object:
        return take_cash(
            sale_id=sale.pk, given_cents=cents, part_cents=cents, key=KEY, by=baraka, now=NOW
        )

    twice_and_otherwise(part, 5_000, 7_000, BadPart)
    with pytest.raises(BadPart, match=USED):
        take_cash(sale_id=sale.pk, given_cents=13_000, key=KEY, by=baraka, now=NOW)

    assert owed_cents(sale) == 13_000


def test_all_of_it_in_cash_twice_is_once(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)

    for part in (None, None, 18_000):
        done = take_cash(
            sale_id=sale.pk, given_cents=18_000, part_cents=part, key=KEY, by=baraka, now=NOW
        )

    assert (done.number, sale.tenders.count()) == (1, 1)


def test_a_part_by_mpesa(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)

    def ask(part: int | None, phone: str = PHONE) -> object:
        return ask_mpesa(sale_id=sale.pk, key=KEY, phone=phone, part_cents=part, by=baraka, now=NOW)

    twice_and_otherwise(ask, 5_000, 7_000, BadPart)
    for part, phone in ((None, PHONE), (5_000, "254712345679")):
        with pytest.raises(BadPart, match=USED):
            ask(part, phone)

    assert PaymentRequest.objects.count() == 1


def test_all_of_it_by_mpesa_twice_asks_once_though_it_was_paid_meanwhile(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)

    def ask() -> PaymentRequest:
        return ask_mpesa(sale_id=sale.pk, key=KEY, phone=PHONE, by=baraka, now=NOW)

    first, again = ask(), ask()
    PaymentRequest.objects.update(state=RequestState.FAILED, ended_at=NOW)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    assert (again, ask()) == (first, first)


def test_a_counter_that_comes_again_with_another_phone_is_shown_its_sale(
    at_counter: Client, duka: Business, till: Till
) -> None:
    flour = make.a_product(duka)
    form = {f"line-{flour.pk}": "1", "key": KEY, "pay": "mpesa", "shown": "18000"}

    for phone in ("0712345678", "0712345679"):
        answer = at_counter.post(f"/s/{duka.slug}/sell", form | {"phone": phone}, follow=True)

    assert USED in answer.content.decode()
    assert (Sale.objects.count(), PaymentRequest.objects.get().phone) == (1, PHONE)


def test_a_part_on_credit(duka: Business, baraka: User, wanjiku: Customer) -> None:
    sale = make.a_sale(duka)
    other = add_customer(business=duka, name="Otieno", phone="", by=baraka, now=NOW)

    def part(cents: int, customer: Customer = wanjiku) -> object:
        return sell_on_credit(
            sale_id=sale.pk,
            customer_id=customer.pk,
            key=KEY,
            part_cents=cents,
            by=baraka,
            now=NOW,
        )

    twice_and_otherwise(part, 5_000, 7_000, CreditRefused)
    with pytest.raises(CreditRefused, match=USED):
        part(5_000, other)


def test_a_refund(duka: Business, amina: User) -> None:
    sale = make.a_sale(duka, milli=3_000)
    take_cash(sale_id=sale.pk, given_cents=54_000, by=amina, now=NOW)
    line = sale.lines.get()

    def back(milli: int) -> object:
        wanted = {line.pk: milli} if milli else {}
        wish = Return(key=KEY, lines=wanted, reason="Torn", is_restocked=False)
        return refund_sale(sale_id=sale.pk, wish=wish, by=amina, now=NOW)

    twice_and_otherwise(back, 1_000, 2_000, BadRefund)
    # "All of it", pressed twice: the second press finds nothing left.
    assert back(0) == sale.refunds.get()


def test_a_purchase(duka: Business, flour: StockItem) -> None:
    supplier = make.a_supplier(duka)

    def receive(milli: int) -> object:
        return make.a_purchase(supplier, make.bought(flour, milli, 10_000), key=KEY)

    twice_and_otherwise(receive, 1_000, 2_000, UsedBefore)


def test_goods_that_go_back_to_their_supplier(
    duka: Business, amina: User, flour: StockItem
) -> None:
    purchase = make.a_purchase(make.a_supplier(duka), make.bought(flour, 3_000, 30_000))
    line = purchase.lines.get()

    def back(milli: int) -> object:
        wish = GoesBack(key=KEY, lines={line.pk: milli}, reason="Torn")
        return send_back(purchase=purchase, wish=wish, returned_on=TODAY, by=amina, now=NOW)

    twice_and_otherwise(back, 1_000, 2_000, UsedBefore)


def test_goods_that_are_carried(duka: Business, amina: User, flour: StockItem) -> None:
    store = add_place(business=duka, name="Store", by=amina)

    def carry(milli: int) -> object:
        return transfer_goods(
            from_location=counter_of(duka),
            to_location=store,
            lines=[Carried(flour, flour, milli)],
            moved_on=TODAY,
            note="",
            key=KEY,
            by=amina,
            now=NOW,
        )

    twice_and_otherwise(carry, 1_000, 2_000, UsedBefore)


def test_what_lay_there_at_the_beginning(duka: Business, amina: User) -> None:
    item = make.counted(make.a_product(duka, name="Sugar"))

    def begin(cents: int) -> object:
        return open_stock(
            item=item,
            quantity_milli=1_000,
            value_cents=cents,
            counted_on=TODAY,
            key=KEY,
            by=amina,
            now=NOW,
        )

    twice_and_otherwise(begin, 10_000, 20_000, UsedBefore)


def test_a_print_of_another_receipt(duka: Business, baraka: User) -> None:
    product = make.a_product(duka)
    one, other = (make.sold(duka, product).pk for _ in range(2))

    def paper(sale_id: int) -> object:
        return record_print(sale_id=sale_id, key=KEY, by=baraka, at=NOW)

    twice_and_otherwise(paper, one, other, NoReceipt)


def test_a_supplier_paid_from_another_account_or_on_another_day(
    duka: Business, flour: StockItem
) -> None:
    supplier = make.a_supplier(duka, name="Kapa")
    make.a_purchase(supplier, make.bought(flour, 1_000, 50_000))
    facts: dict[str, Any] = {
        "supplier": supplier,
        "amount_cents": 10_000,
        "paid_from": "1200",
        "paid_on": TODAY,
        "note": "",
        "key": KEY,
        "by": make.amina_of(duka),
        "now": NOW,
    }

    first = pay_supplier(**facts)

    assert pay_supplier(**facts) == first
    for other in ({"paid_from": "1010"}, {"paid_on": TODAY - timedelta(days=1)}):
        with pytest.raises(UsedBefore, match=USED):
            pay_supplier(**facts | other)


def test_a_refund_onto_the_shelf_or_not(duka: Business, amina: User, flour: StockItem) -> None:
    sale = make.sold(duka, flour.product)
    lines = {sale.lines.get().pk: 1_000}

    def back(is_restocked: int) -> object:
        wish = Return(key=KEY, lines=lines, reason="Torn", is_restocked=bool(is_restocked))
        return refund_sale(sale_id=sale.pk, wish=wish, by=amina, now=NOW)

    twice_and_otherwise(back, 0, 1, BadRefund)


def test_a_float_from_elsewhere(duka: Business, baraka: User) -> None:
    session = CashSession.objects.get(business=duka)
    close_session(session_id=session.pk, business=duka, counts={}, left_cents=0, by=baraka, now=NOW)

    def opened(number: int) -> object:
        return open_session(
            drawer_id=session.drawer_id,
            business=duka,
            key=KEY,
            counts={"1000": 1},
            source=(FloatSource.OWNER, FloatSource.SAFE)[number],
            by=baraka,
            now=NOW,
        )

    twice_and_otherwise(opened, 0, 1, DrawerRefused)
