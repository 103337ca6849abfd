"""What `verify` says where somebody with the database in hand made parts or refunds differ."""

from typing import Any

import pytest
from django.db import connection

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import Business, User
from mpesa.models import Till
from shops.actions.credit import (
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import mark_for_refund, undo_match
from shops.actions.refunds import Return, record_payout, refund_sale
from shops.actions.settle import match_payment, take_cash
from shops.cash_verification import verify_cash
from shops.models import CustomerPayment, Refund, RefundTender, Sale, Tender
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_verification import Count, alter


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


@pytest.fixture
def day(duka: Business, till: Till, amina: User) -> Business:
    """Make one of each: a refund in cash and by M-Pesa, a debt paid, a part given back."""
    facts: dict[str, Any] = {"by": amina, "now": NOW}
    wanjiku = add_customer(business=duka, name="Wanjiku", phone="", **facts)
    set_credit_limit(customer_id=wanjiku.pk, business=duka, cents=50_000)
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="credit", **facts)
    receive_from_customer(customer_id=wanjiku.pk, business=duka, key="debt", cents=10_000, **facts)
    given_up = make.a_sale(duka)
    take_cash(sale_id=given_up.pk, given_cents=5_000, part_cents=5_000, **facts)
    cancel_sale(sale_id=given_up.pk, **facts)
    in_cash, by_mpesa = make.a_sale(duka), make.a_sale(duka)
    take_cash(sale_id=in_cash.pk, given_cents=18_000, **facts)
    request = make.a_request(till, reference=by_mpesa.reference)
    match_payment(payment_id=make.a_payment(till, request=request).pk, now=NOW)
    for paid in (in_cash, by_mpesa):
        lines = {paid.lines.get().pk: 1_000}
        wish = Return(key="back-key-1", lines=lines, reason="Torn", is_restocked=False)
        refund_sale(sale_id=paid.pk, wish=wish, **facts)
    assert said() == []
    return duka


def said() -> list[str]:
    return [one.what for one in [*verify_sales(), *verify_cash()]]


def test_a_refund_that_was_altered_is_named(day: Business) -> None:
    refund = Refund.objects.get(number=1)
    alter(refund, total_cents=17_000)

    assert said() == [
        f"refund {refund.pk}: its entry is another one",
        f"refund {refund.pk}: its parts are not its total",
    ]


def test_a_line_that_came_back_and_was_altered_is_named(day: Business) -> None:
    part = Refund.objects.get(number=1).lines.get()
    alter(part, amount_cents=17_000)

    assert said() == [f"refund {part.refund_id}: its parts are not its total"]


def test_cash_that_went_back_and_was_altered_is_named(day: Business) -> None:
    way = RefundTender.objects.get(method="cash")
    alter(way, amount_cents=17_000)

    assert said() == [
        f"refund {way.refund_id}: its parts are not its total",
        "cash sessions moved KES 110 on account 1000, the books say KES 100",
    ]


def test_a_debt_payment_that_was_altered_is_named(day: Business) -> None:
    paid = CustomerPayment.objects.get()
    alter(paid, amount_cents=9_000)

    assert said() == [
        f"debt paid {paid.pk}: its entry is another one",
        "sales owe KES 90, account 1300 says KES 80",
        "cash sessions moved KES 90 on account 1000, the books say KES 100",
    ]


def test_a_part_given_back_that_was_altered_is_named(day: Business) -> None:
    part = Tender.objects.get(back_session__isnull=False)
    alter(part, amount_cents=4_000)

    assert said() == [
        f"cash {part.pk}: its entry is missing or another one",
        f"cash back {part.pk}: its entry is another one",
    ]


def test_money_to_send_that_was_altered_is_named(day: Business) -> None:
    way = RefundTender.objects.get(method="mpesa")
    alter(way, reversed_cents=8_000)

    assert said() == [
        f"sale {way.refund.sale_id}: called paid, or owed, and is not",
        "sales owe KES 0, account 1300 says KES 80",
        "refunds have KES 100 to send, account 2140 says KES 180",
    ]


def test_a_payout_that_was_taken_off_is_named(day: Business, amina: User) -> None:
    way = RefundTender.objects.get(method="mpesa")
    record_payout(tender_id=way.pk, business=day, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)
    assert said() == []
    alter(way, mpesa_receipt="", sent_by=None, sent_at=None)  # type: ignore[arg-type]

    assert said() == [
        f"entry payout:{way.pk}: nothing here made it",
        "refunds have KES 180 to send, account 2140 says KES 0",
    ]


def test_a_sale_called_owed_that_owes_nothing_is_named(day: Business) -> None:
    sale = Sale.objects.get(number=2)
    alter(sale, state="owed")  # type: ignore[arg-type]

    assert said() == [f"sale {sale.pk}: called paid, or owed, and is not"]


@pytest.mark.parametrize("prefix", ["cashback", "custpay", "refund", "payout"])
def test_an_entry_that_nothing_made_is_named(day: Business, amina: User, prefix: str) -> None:
    draft = Draft(
        business=day,
        key=f"{prefix}:9999",
        occurred_on=TODAY,
        description="Made by nothing",
        source="",
        actor=amina,
        lines=[(Code.BANK, 500), (Code.SALES_RETAIL, -500)],
    )
    post(draft, posted_at=NOW)

    assert said() == [f"entry {prefix}:9999: nothing here made it"]


def test_the_number_of_statements_does_not_grow(
    day: Business, amina: User, django_assert_num_queries
) -> None:
    with connection.execute_wrapper(counter := Count()):
        said()
    for _ in range(4):
        sale = make.a_sale(day)
        take_cash(sale_id=sale.pk, given_cents=18_000, by=amina, now=NOW)
        lines = {sale.lines.get().pk: 1_000}
        wish = Return(key="back-key-1", lines=lines, reason="Torn", is_restocked=False)
        refund_sale(sale_id=sale.pk, wish=wish, by=amina, now=NOW)

    with django_assert_num_queries(counter.statements):
        said()


def test_a_payment_that_is_to_be_given_back_is_no_credit_note(
    duka: Business, till: Till, amina: User
) -> None:
    """Its entry's key begins as that of a credit note does."""
    payment = make.a_payment(till, receipt="UKMSTRANGE")
    facts: dict[str, Any] = {"payment_id": payment.pk, "note": "", "by": amina, "now": NOW}

    kept = mark_for_refund(amount_cents=10_000, key="aside-key-1", **facts)
    mark_for_refund(amount_cents=None, key="aside-key-2", **facts)
    undo_match(allocation_id=kept.pk, reason="Not theirs", by=amina, now=NOW)

    assert said() == []
