"""The demo's drawers: open at the first look, and left alone ever after."""

import pytest

from erp.demo import load_demo
from erp.demo_drawers import open_drawers
from money.models import Business, Entry
from money.queries import balances_of
from shops.actions.drawers import close_forgotten
from shops.cash_verification import verify_cash
from shops.models import CashSession
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[object, ...]]:
    return [*CashSession.objects.order_by("pk").values_list(), *Entry.objects.values_list()]


def test_the_demo_finds_its_drawers_open_however_often_it_is_loaded() -> None:
    load_demo()
    make.an_entry(Business.objects.get(slug="duka"), cents=1_234_550)
    open_drawers(now=NOW)
    first = rows()

    open_drawers(now=NOW)

    assert rows() == first
    floats = CashSession.objects.values_list("business__slug", "opened_by__username", "float_cents")
    assert sorted(floats) == [
        ("dobi", "wanjiru", 0),
        ("duka", "baraka", 1_234_500),
        ("maji", "halima", 0),
    ]
    duka = CashSession.objects.get(business__slug="duka")
    assert balances_of([duka.business], "1000") == {duka.business_id: 1_234_500}
    assert verify_cash() == []


def test_the_demo_opens_no_drawer_that_was_closed_since() -> None:
    load_demo()
    open_drawers(now=NOW)
    close_forgotten(now=NOW, after_hours=0)

    open_drawers(now=NOW)

    assert not CashSession.objects.filter(closed_at=None).exists()
