"""Several people at one sale, one receipt, one customer: on PostgreSQL, with real connections."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from money.models import Business, User
from mpesa.actions.requests import AlreadyAsking
from mpesa.models import PaymentRequest
from shops.actions.credit import (
    CreditRefused,
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.giving_up import cancel_sale
from shops.actions.refunds import Return, refund_sale
from shops.actions.settle import BadPart, NotOpen, StillAsking, ask_mpesa, take_cash
from shops.cash_verification import verify_cash
from shops.models import Customer, Sale, SaleState
from shops.queries.customers import debt_cents
from shops.queries.refunds import returned_cents
from shops.queries.sales import owed_cents
from shops.refunding import BadRefund
from shops.verification import verify_sales
from tests import make
from tests.make import NOW

pytestmark = [
    pytest.mark.skipif(
        "connection.vendor == 'sqlite'", reason="Threads share no database in memory."
    ),
    pytest.mark.django_db(transaction=True),
]
REFUSALS = (AlreadyAsking, BadPart, BadRefund, CreditRefused, NotOpen, StillAsking)


@pytest.fixture
def shop() -> Business:
    return make.a_shop()


def together(*acts: Callable[[], object]) -> Counter[str]:
    """Do all at once; return how many were done, and each refusal by its name."""
    barrier, said = threading.Barrier(len(acts)), Counter[str]()

    def work(act: Callable[[], object]) -> None:
        barrier.wait(10)
        try:
            act()
            said["done"] += 1
        except REFUSALS as refusal:
            said[type(refusal).__name__] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert said.total() == len(acts)
    assert [*verify_sales(), *verify_cash()] == []
    return said


def a_customer(shop: Business, by: User, cents: int) -> Customer:
    customer = add_customer(business=shop, name="Wanjiku", phone="", by=by, now=NOW)
    return set_credit_limit(customer_id=customer.pk, business=shop, cents=cents)


def cash(sale: Sale, by: User, part: int, key: str) -> Callable[[], object]:
    facts: dict[str, Any] = {"given_cents": part, "part_cents": part, "key": key}
    return lambda: take_cash(sale_id=sale.pk, by=by, now=NOW, **facts)


def test_parts_at_once_pay_a_sale_and_no_more(shop: Business) -> None:
    by, sale = make.baraka(), make.a_sale(shop)

    said = together(*[cash(sale, by, 6_000, f"key-{turn}") for turn in range(5)])

    sale.refresh_from_db()
    assert (said["done"], said["NotOpen"]) == (3, 2)
    assert (sale.state, owed_cents(sale), sale.tenders.count()) == (SaleState.PAID, 0, 3)


def test_a_double_click_takes_a_part_once(shop: Business) -> None:
    by, sale = make.baraka(), make.a_sale(shop)

    said = together(*[cash(sale, by, 5_000, "one-key") for _ in range(4)])

    assert (said["done"], owed_cents(sale)) == (4, 13_000)


def test_cash_and_a_prompt_at_once_are_not_both(shop: Business) -> None:
    by, till = make.baraka(), make.a_till(shop)
    sale = make.a_sale(shop)
    facts: dict[str, Any] = {"sale_id": sale.pk, "phone": "254700000101", "by": by, "now": NOW}
    make.a_request(till, reference=sale.reference)

    said = together(
        cash(sale, by, 5_000, "cash-key"),
        lambda: ask_mpesa(key="ask-key-1", **facts),
        lambda: cancel_sale(sale_id=sale.pk, by=by, now=NOW),
    )

    assert said["done"] == 0
    assert (owed_cents(sale), PaymentRequest.objects.count()) == (18_000, 1)


def test_no_more_comes_back_than_was_sold_whoever_presses(shop: Business) -> None:
    owner, sale = make.amina(), make.a_sale(shop, milli=3_000)
    take_cash(sale_id=sale.pk, given_cents=54_000, by=owner, now=NOW)
    line = sale.lines.get().pk

    def back(key: str) -> Callable[[], object]:
        wish = Return(key=key, lines={line: 2_000}, reason="Torn", is_restocked=False)
        return lambda: refund_sale(sale_id=sale.pk, wish=wish, by=owner, now=NOW)

    said = together(*[back(key) for key in ("one-key", "one-key", "other-key", "third-key")])

    assert said["done"] in {1, 2}
    assert (sale.refunds.count(), returned_cents(sale)) == (1, 36_000)


def test_two_counters_give_no_more_credit_than_the_limit(shop: Business) -> None:
    by = make.baraka()
    customer = a_customer(shop, by, 20_000)
    sales = [make.a_sale(shop) for _ in range(3)]

    def credit(sale: Sale) -> Callable[[], object]:
        facts: dict[str, Any] = {
            "customer_id": customer.pk,
            "key": "credit-key",
            "by": by,
            "now": NOW,
        }
        return lambda: sell_on_credit(sale_id=sale.pk, **facts)

    said = together(*map(credit, sales))

    assert (said["done"], said["CreditRefused"]) == (1, 2)
    assert debt_cents(customer) == 18_000


def test_a_debt_is_paid_once_and_its_goods_come_back_beside(shop: Business) -> None:
    owner = make.amina()
    customer, sale = a_customer(shop, owner, 20_000), make.a_sale(shop)
    facts: dict[str, Any] = {"by": owner, "now": NOW}
    sell_on_credit(sale_id=sale.pk, customer_id=customer.pk, key="credit-key", **facts)
    wish = Return(key="back", lines={sale.lines.get().pk: 1_000}, reason="Torn", is_restocked=False)

    def pay(key: str) -> Callable[[], object]:
        return lambda: receive_from_customer(
            customer_id=customer.pk, business=shop, key=key, cents=18_000, **facts
        )

    together(
        pay("one-key"), pay("one-key"), lambda: refund_sale(sale_id=sale.pk, wish=wish, **facts)
    )

    # Paid first, and the cash came back; or taken off first, and there was nothing to pay.
    assert debt_cents(customer) == 0
    assert sale.refunds.count() == 1
