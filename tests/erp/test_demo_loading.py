"""Loading the demo's year and month: interrupted, into books in use, on any day of the week."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import transaction

from erp import demo_month, demo_year
from erp.demo import BOOKKEEPER, load_demo
from erp.demo_days import Year
from erp.demo_year import load_year
from money.models import Business, Entry, EntryKind, User
from money.verification import verify_books
from periodic.verification import verify_everything
from shops.models import CashSession, PurchaseLine, Sale, SaleLine, SaleState, Tender
from tests.erp.test_demo_year import FIRST, load
from tests.make import NOW, TODAY, an_entry

pytestmark = pytest.mark.django_db


@pytest.mark.long
def test_year_that_was_interrupted_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(Exception):
        pass

    calls = 0

    def dying(*args: Any, **kwargs: Any) -> object:
        nonlocal calls
        calls += 1
        if calls == 60:
            raise Killed
        return real(*args, **kwargs)

    real = demo_year.post_many
    monkeypatch.setattr(demo_year, "post_many", dying)
    with pytest.raises(Killed):
        load()
    monkeypatch.setattr(demo_year, "post_many", real)

    load(NOW + timedelta(days=1))

    assert verify_books().is_ok
    assert Entry.objects.filter(kind=EntryKind.OPENING).count() == 3
    assert not Entry.objects.filter(occurred_on__gte=TODAY).exists()


@pytest.mark.long
def test_month_that_was_interrupted_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(Exception):
        pass

    real, calls = demo_month.match_to_sale, 0

    def dying(**facts: Any) -> object:
        nonlocal calls
        calls += 1
        if calls == 100:
            raise Killed
        return real(**facts)

    monkeypatch.setattr(demo_month, "match_to_sale", dying)
    with pytest.raises(Killed):
        load()
    monkeypatch.setattr(demo_month, "match_to_sale", real)

    load()

    assert [outcome for outcome in verify_everything() if outcome.findings] == []
    assert CashSession.objects.filter(closed_at__isnull=False).count() == demo_month.DAYS
    assert not Sale.objects.exclude(state=SaleState.PAID).exists()


@pytest.mark.long
def test_a_month_that_was_begun_short_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many days were asked for counts when they are begun, not when they go on."""
    load_demo()
    bookkeeper = User.objects.get(username=BOOKKEEPER)
    sold = CashSession.objects.filter(key__startswith="demo-duka-", closed_at__isnull=False)
    close = demo_year.close_day
    monkeypatch.setattr(demo_year, "close_day", Mock(side_effect=RuntimeError("killed")))
    with pytest.raises(RuntimeError, match="killed"):
        load_year(now=NOW, bookkeeper=bookkeeper, days=2)
    monkeypatch.setattr(demo_year, "close_day", close)

    load_year(now=NOW, bookkeeper=bookkeeper, days=5)

    assert [session.day for session in sold.order_by("day")] == [
        TODAY - timedelta(days=2),
        TODAY - timedelta(days=1),
    ]
    assert [outcome for outcome in verify_everything() if outcome.findings] == []


def first_days() -> list[tuple[object, ...]]:
    """Return what is bought and sold in the month's first three days, and undo them."""
    with transaction.atomic():
        amina, baraka = (User.objects.get(username=name) for name in ("amina", "baraka"))
        duka = Business.objects.get(slug="duka")
        first = TODAY - timedelta(days=demo_month.DAYS)
        shop = demo_month.shop_of(duka, amina, baraka, TODAY - timedelta(days=1))
        demo_month.begin(shop, first)
        for later in range(3):
            demo_month.live_through(shop, first + timedelta(days=later))
        bought = PurchaseLine.objects.order_by("pk")
        sold = SaleLine.objects.order_by("pk")
        seen: list[tuple[object, ...]] = [
            *bought.values_list("purchase__key", "item__product__name", "batch__best_before"),
            *sold.values_list("sale__key", "name", "quantity_milli", "amount_cents"),
            *Tender.objects.order_by("pk").values_list("sale__key", "method", "given_cents"),
        ]
        transaction.set_rollback(True)
    return seen


@pytest.mark.long
def test_month_is_the_same_whenever_it_is_made() -> None:
    load_demo()

    once, again = first_days(), first_days()

    assert len(once) > 80
    assert once == again


def test_year_keeps_out_of_books_that_are_in_use() -> None:
    load_demo()
    an_entry(Business.objects.get(slug="duka"))

    load_year(now=NOW, bookkeeper=User.objects.get(username=BOOKKEEPER))

    assert Entry.objects.count() == 1


def test_every_day_of_the_week_can_be_the_first() -> None:
    load_demo()
    bookkeeper = User.objects.get(username=BOOKKEEPER)

    for first in (FIRST + timedelta(days=later) for later in range(7)):
        for business in Business.objects.order_by("pk"):
            for draft in Year(business, bookkeeper).entries(first, first + timedelta(days=40)):
                draft.refuse_unpostable()
