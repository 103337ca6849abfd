"""Parked sales are given up by the clock, but not what M-Pesa may still pay, or paid in part."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from money.models import Business, User
from mpesa.models import PaymentRequest, RequestState, Till
from shops.actions.credit import add_customer, sell_on_credit, set_credit_limit
from shops.actions.parked import give_up_parked
from shops.actions.settle import ask_mpesa, take_cash
from shops.models import Product, Sale, SaleState, StockItem, StockLevel
from shops.queries.parked import flagged, parked_of
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW

DAYS = 3
LATER = NOW + timedelta(days=DAYS, minutes=1)


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka, shillings=180, tax_class="C")


@pytest.fixture
def item(flour: Product) -> StockItem:
    return make.stocked(flour, 3_000, 30_000)


@pytest.fixture
def sale(flour: Product, item: StockItem) -> Sale:
    return make.a_sale(flour.business, product=flour)


def reserved(item: StockItem) -> int:
    return StockLevel.objects.get(item=item).reserved_milli


def state_of(sale: Sale) -> str:
    sale.refresh_from_db()
    return sale.state


def given_up(now: datetime = LATER) -> tuple[int, int, int]:
    outcome = give_up_parked(now=now, after_days=DAYS)
    return len(outcome.sales), outcome.paid_in_part, outcome.still_asked


def test_what_nobody_paid_for_days_is_given_up_once(sale: Sale, item: StockItem) -> None:
    assert given_up(NOW + timedelta(days=DAYS)) == (0, 0, 0)
    assert given_up() == (1, 0, 0)
    assert given_up() == (0, 0, 0)

    assert (state_of(sale), reserved(item)) == (SaleState.CANCELLED, 0)
    assert (sale.ended_at, sale.number) == (LATER, None)
    assert verify_stock() == []


def test_what_is_paid_stays(sale: Sale, baraka: User) -> None:
    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    assert (given_up(), state_of(sale)) == ((0, 0, 0), SaleState.PAID)


@pytest.mark.parametrize("state", [RequestState.ASKED, RequestState.UNKNOWN, RequestState.PAID])
def test_what_mpesa_may_still_pay_stays(
    sale: Sale, item: StockItem, till: Till, state: str
) -> None:
    make.a_request(till, reference=sale.reference, state=state)
    PaymentRequest.objects.update(next_query_at=LATER)

    assert given_up() == (0, 0, 1)
    assert (state_of(sale), reserved(item)) == (SaleState.OPEN, 1_000)


def test_what_safaricom_is_not_asked_about_any_more_is_given_up(sale: Sale, till: Till) -> None:
    make.a_request(till, reference=sale.reference, state=RequestState.UNKNOWN)

    assert (given_up(), state_of(sale)) == ((1, 0, 0), SaleState.CANCELLED)


def test_what_never_reached_the_phone_is_withdrawn(sale: Sale, till: Till, baraka: User) -> None:
    ask_mpesa(sale_id=sale.pk, key="ask-key", phone="254700000101", by=baraka, now=NOW)

    assert (given_up(), state_of(sale)) == ((1, 0, 0), SaleState.CANCELLED)
    assert PaymentRequest.objects.get().state not in (RequestState.CREATED, RequestState.ASKED)


def test_cash_is_never_given_back_by_the_clock(
    duka: Business, sale: Sale, item: StockItem, baraka: User
) -> None:
    take_cash(
        sale_id=sale.pk, given_cents=10_000, part_cents=10_000, key="part-1", by=baraka, now=NOW
    )

    assert given_up() == (0, 1, 0)
    assert (state_of(sale), reserved(item)) == (SaleState.OPEN, 1_000)
    assert flagged([duka], LATER, DAYS) == {duka.pk: 1}
    assert flagged([duka], NOW, DAYS) == {}


def test_what_is_owed_in_part_by_a_customer_waits_too(
    duka: Business, sale: Sale, baraka: User
) -> None:
    customer = add_customer(business=duka, name="Mama Otis", phone="", by=baraka, now=NOW)
    set_credit_limit(customer_id=customer.pk, business=duka, cents=100_000)
    sell_on_credit(
        sale_id=sale.pk,
        customer_id=customer.pk,
        key="credit-1",
        part_cents=10_000,
        by=baraka,
        now=NOW,
    )

    assert (given_up(), state_of(sale)) == ((0, 1, 0), SaleState.OPEN)


def test_one_that_waits_does_not_hold_up_the_next(
    duka: Business, flour: Product, sale: Sale, till: Till
) -> None:
    make.a_request(till, reference=sale.reference)
    other = make.a_sale(duka, product=flour)

    assert (given_up(), state_of(other)) == ((1, 0, 1), SaleState.CANCELLED)


def test_the_list_says_who_when_and_what_is_paid(
    duka: Business, flour: Product, sale: Sale, baraka: User
) -> None:
    take_cash(
        sale_id=sale.pk, given_cents=10_000, part_cents=10_000, key="part-1", by=baraka, now=NOW
    )
    make.a_sale(duka, product=flour)

    _, rows = parked_of(duka, page="", now=LATER, after_days=DAYS)

    assert [(row.sale.cashier, row.paid_cents, row.is_flagged) for row in rows] == [
        (baraka, 10_000, True),
        (baraka, 0, False),
    ]


def test_the_page_lists_them_for_who_sells(at_counter: Client, sale: Sale) -> None:
    page = at_counter.get("/s/duka/unpaid").content.decode()

    assert f"/s/duka/sales/{sale.pk}/" in page
    assert "After 3 days without any payment" in page


def test_who_is_of_another_business_finds_no_list(client: Client, sale: Sale) -> None:
    client.force_login(make.chebet())

    assert client.get("/s/duka/unpaid").status_code == 404
