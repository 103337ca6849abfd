"""Which Z report a sale stands on: one alone, whoever finished it, where and when."""

from datetime import timedelta
from typing import Any

import pytest

from money.models import Business, User
from mpesa.models import Till
from shops.actions.credit import add_customer, sell_on_credit, set_credit_limit
from shops.actions.drawers import add_drawer, close_session, open_session
from shops.actions.inbox import match_to_sale, undo_match
from shops.actions.sales import ring_up
from shops.actions.settle import match_payment, take_cash
from shops.models import (
    CashSession,
    Customer,
    Drawer,
    FloatSource,
    Method,
    Product,
    Sale,
    Tender,
)
from tests import make
from tests.make import NOW, TODAY

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business()


@pytest.fixture
def flour(shop: Business) -> Product:
    return make.a_product(shop)


@pytest.fixture
def till(shop: Business) -> Till:
    return make.a_till(shop)


def opened(drawer: Drawer, key: str, by: User, hours: int = 0) -> CashSession:
    return open_session(
        drawer_id=drawer.pk,
        business=drawer.business,
        key=key,
        counts={},
        source=FloatSource.LEFT,
        by=by,
        now=NOW + hours * HOUR,
    )


def closed(session: CashSession, by: User, hours: int = 0) -> tuple[int, int, int]:
    """Count an empty drawer; return sales, their cents and what came by M-Pesa, as reported."""
    done = close_session(
        session_id=session.pk,
        business=session.business,
        counts={},
        left_cents=None,
        by=by,
        now=NOW + hours * HOUR,
    )
    assert done.figures
    return done.figures["sales"], done.figures["sales_cents"], done.figures["mpesa_cents"]


def rung_up(session: CashSession, product: Product, by: User, key: str = "rung-up-1") -> Sale:
    return ring_up(
        business=session.business,
        key=key,
        cart={product.pk: 1_000},
        shown_cents=18_000,
        cashier=by,
        sold_on=TODAY,
        session=session,
        now=NOW,
    )


def test_a_sale_of_one_drawer_that_another_finishes_stands_on_one_report(
    shop: Business, flour: Product
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    second = opened(add_drawer(business=shop, name="Second"), "second-1", by)
    sale = rung_up(first, flour, by)
    facts: dict[str, Any] = {"sale_id": sale.pk, "by": by, "now": NOW}
    mine, others = first.drawer_id, second.drawer_id
    take_cash(given_cents=5_000, part_cents=5_000, key="k-1", drawer_id=mine, **facts)

    take_cash(given_cents=13_000, key="k-2", drawer_id=others, **facts)

    assert closed(first, by) == (0, 0, 0)
    assert closed(second, by) == (1, 18_000, 0)


def test_what_mpesa_finishes_after_the_report_stands_on_the_next_one(
    shop: Business, flour: Product, till: Till
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    sale = rung_up(first, flour, by)
    request = make.a_request(till, reference=sale.reference)
    assert closed(first, by, 1) == (0, 0, 0)

    payment = make.a_payment(till, request=request)
    assert match_payment(payment_id=payment.pk, now=NOW + 2 * HOUR)

    assert closed(opened(first.drawer, "second-1", by, 3), by, 4) == (1, 18_000, 18_000)
    assert closed(opened(first.drawer, "third-01", by, 5), by, 6) == (0, 0, 0)


def test_what_mpesa_finishes_in_its_own_session_stands_on_that_report_alone(
    shop: Business, flour: Product, till: Till
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    sale = rung_up(first, flour, by)
    request = make.a_request(till, reference=sale.reference)

    match_payment(payment_id=make.a_payment(till, request=request).pk, now=NOW)

    assert closed(first, by, 1) == (1, 18_000, 18_000)
    assert closed(opened(first.drawer, "second-1", by, 2), by, 3) == (0, 0, 0)


@pytest.fixture
def wanjiku(shop: Business) -> Customer:
    made = add_customer(business=shop, name="Wanjiku", phone="", by=make.a_user("baraka"), now=NOW)
    return set_credit_limit(customer_id=made.pk, business=shop, cents=1_000_000)


def by_mpesa(sale: Sale, till: Till, cents: int, hours: int) -> Tender:
    """Match a payment to a sale at NOW and so many hours, on a receipt of those."""
    at = NOW + hours * HOUR
    receipt = f"UKM5A1B2C{hours}"
    payment = make.a_payment(till, receipt=receipt, amount_cents=cents, paid_at=at)
    by = make.amina_of(sale.business)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key=f"match-{hours}", by=by, now=at)
    return sale.tenders.get(payment=payment)


def on_credit(sale: Sale, customer: Customer, cents: int, hours: int) -> None:
    sell_on_credit(
        sale_id=sale.pk,
        customer_id=customer.pk,
        key=f"credit-{hours}",
        part_cents=cents,
        by=make.a_user("baraka"),
        now=NOW + hours * HOUR,
    )


def in_cash(sale: Sale, cents: int, hours: int, session: CashSession | None = None) -> None:
    take_cash(
        sale_id=sale.pk,
        given_cents=cents,
        by=make.a_user("baraka"),
        now=NOW + hours * HOUR,
        drawer_id=session.drawer_id if session else None,
    )


def reported(method: Method) -> list[int]:
    """Return the cents of M-Pesa, or of credit, on each Z report; together they are all tenders."""
    rows = CashSession.objects.filter(closed_at__isnull=False).order_by("z_number")
    found = [(row.figures or {})[f"{method}_cents"] for row in rows]
    live = Tender.objects.filter(method=method, taken_back_at=None)
    assert sum(found) == sum(live.values_list("amount_cents", flat=True))
    return found


def test_a_part_after_the_report_stands_on_that_of_the_cash_that_finished_it(
    shop: Business, flour: Product, till: Till, wanjiku: Customer
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    sale = rung_up(first, flour, by)
    closed(first, by, 1)
    by_mpesa(sale, till, 10_000, 2)
    on_credit(sale, wanjiku, 3_000, 3)
    second = opened(first.drawer, "second-1", by, 4)
    in_cash(sale, 5_000, 5)

    assert closed(second, by, 6) == (1, 18_000, 10_000)
    assert closed(opened(first.drawer, "third-01", by, 7), by, 8) == (0, 0, 0)
    assert (reported(Method.MPESA), reported(Method.CREDIT)) == ([0, 10_000, 0], [0, 3_000, 0])


@pytest.mark.parametrize("is_cash", [True, False])
def test_parts_between_reports_stand_each_on_the_next_one(
    shop: Business, flour: Product, till: Till, wanjiku: Customer, *, is_cash: bool
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    sale = rung_up(first, flour, by)
    by_mpesa(sale, till, 1_000, 1)
    closed(first, by, 2)
    by_mpesa(sale, till, 2_000, 3)
    second = opened(first.drawer, "second-1", by, 4)
    on_credit(sale, wanjiku, 3_000, 5)
    assert closed(second, by, 6) == (0, 0, 2_000)
    third = opened(first.drawer, "third-01", by, 7)
    if is_cash:
        in_cash(sale, 12_000, 8)
    else:
        by_mpesa(sale, till, 12_000, 8)

    assert closed(third, by, 9) == (1, 18_000, 0 if is_cash else 12_000)
    closed(opened(first.drawer, "fourth-1", by, 10), by, 11)
    assert reported(Method.MPESA) == [1_000, 2_000, 0 if is_cash else 12_000, 0]
    assert reported(Method.CREDIT) == [0, 3_000, 0, 0]


@pytest.mark.parametrize("is_reported", [True, False])
def test_parts_of_a_sale_that_another_drawer_finishes_stand_on_one_report(
    shop: Business, flour: Product, till: Till, wanjiku: Customer, *, is_reported: bool
) -> None:
    """What no report of the first drawer had goes with the sale: the first may stay closed."""
    by = make.baraka()
    first = make.a_session(shop)
    second = opened(add_drawer(business=shop, name="Second"), "second-1", by)
    sale = rung_up(first, flour, by)
    on_credit(sale, wanjiku, 3_000, 1)
    if is_reported:
        closed(first, by, 2)
    by_mpesa(sale, till, 10_000, 3)
    in_cash(sale, 5_000, 4, second)
    if not is_reported:
        closed(first, by, 5)

    assert closed(second, by, 6) == (1, 18_000, 10_000)
    closed(opened(first.drawer, "third-01", by, 7), by, 8)
    closed(opened(second.drawer, "fourth-1", by, 9), by, 10)
    assert reported(Method.MPESA) == [0, 10_000, 0, 0]
    assert reported(Method.CREDIT) == ([3_000, 0, 0, 0] if is_reported else [0, 3_000, 0, 0])


def test_a_part_of_a_sale_without_a_session_stands_where_cash_finished_it(
    shop: Business, flour: Product, till: Till
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    sale = make.a_sale(shop, product=flour)
    by_mpesa(sale, till, 10_000, 1)
    closed(first, by, 2)
    second = opened(first.drawer, "second-1", by, 3)
    in_cash(sale, 8_000, 4)

    assert closed(second, by, 5) == (1, 18_000, 10_000)
    closed(opened(first.drawer, "third-01", by, 6), by, 7)
    assert reported(Method.MPESA) == [0, 10_000, 0]


def test_money_that_comes_anew_for_a_reported_sale_stands_on_the_next_report(
    shop: Business, flour: Product, till: Till
) -> None:
    by = make.baraka()
    first = make.a_session(shop)
    sale = rung_up(first, flour, by)
    lost = by_mpesa(sale, till, 10_000, 1)
    in_cash(sale, 8_000, 2)
    assert lost.payment
    owner = make.amina_of(shop)
    allocation = lost.payment.allocations.get()
    undo_match(allocation_id=allocation.pk, reason="Not theirs", by=owner, now=NOW + 3 * HOUR)
    closed(first, by, 4)
    by_mpesa(sale, till, 10_000, 5)

    assert closed(opened(first.drawer, "second-1", by, 6), by, 7) == (0, 0, 10_000)
    closed(opened(first.drawer, "third-01", by, 8), by, 9)
    assert reported(Method.MPESA) == [0, 10_000, 0]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_clock_that_was_read_before_a_lock_counts_nothing_twice_or_never(
    shop: Business, flour: Product, till: Till, *, is_first: bool
) -> None:
    """What finishes a sale while the drawer is closed may have the earlier time, and come later."""
    by = make.baraka()
    first = make.a_session(shop)
    sale = rung_up(first, flour, by)
    if is_first:
        by_mpesa(sale, till, 18_000, 3)
        closed(first, by, 2)
    else:
        closed(first, by, 2)
        by_mpesa(sale, till, 18_000, 1)

    closed(opened(first.drawer, "second-1", by, 4), by, 5)
    closed(opened(first.drawer, "third-01", by, 6), by, 7)
    assert reported(Method.MPESA) == ([18_000, 0, 0] if is_first else [0, 18_000, 0])
