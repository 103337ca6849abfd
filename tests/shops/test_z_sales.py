"""Which Z report a sale stands on: one alone, whoever finished it, where and when."""

from datetime import timedelta
from typing import Any

import pytest

from money.models import Business, User
from mpesa.models import Till
from shops.actions.drawers import add_drawer, close_session, open_session
from shops.actions.sales import ring_up
from shops.actions.settle import match_payment, take_cash
from shops.models import CashSession, Drawer, FloatSource, Product, Sale
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
