"""Whatever is done at two drawers in whatever order: rows and books agree after each step."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from money.models import Business, User
from money.queries import balances_of
from money.verification import verify_books
from shops.actions.cash_moves import Wish, bank_safe, correct_session, move_cash
from shops.actions.drawers import (
    DrawerRefused,
    NoSession,
    add_drawer,
    close_forgotten,
    close_session,
    first_drawer,
    open_session,
)
from shops.actions.settle import take_cash
from shops.cash_reasons import BY_KIND, WAS_OVER, WAS_SHORT
from shops.cash_verification import verify_cash
from shops.models import CashSession, FloatSource, MoveKind
from shops.queries.cash import left_to_explain
from shops.verification import verify_sales
from tests import make
from tests.make import NOW

DRAWER = st.integers(0, 1)
SHILLINGS = st.integers(0, 600)
KINDS = [(kind, reason.code) for kind, reasons in BY_KIND.items() for reason in reasons]
STEP = st.one_of(
    st.tuples(st.just("open"), DRAWER, SHILLINGS, st.sampled_from(FloatSource.values)),
    st.tuples(st.just("sell"), DRAWER, st.integers(1, 4)),
    st.tuples(st.just("move"), DRAWER, st.sampled_from(KINDS), SHILLINGS),
    st.tuples(st.just("close"), DRAWER, SHILLINGS, SHILLINGS),
    st.tuples(st.just("correct"), st.integers(0, 3), st.integers(-600, 600), st.integers(0, 20)),
    st.tuples(st.just("bank"), SHILLINGS),
    st.tuples(st.just("forget"), st.integers(1, 30)),
    st.tuples(st.just("journal"), DRAWER, st.integers(1, 300)),
    st.tuples(st.just("again"), DRAWER),
)


class Till:
    """A shop with two drawers, and beside each what really lies in it, in shillings."""

    def __init__(self, duka: Business, by: User) -> None:
        self.duka, self.by, self.now, self.numbers = duka, by, NOW, count(1)
        self.drawers = [first_drawer(duka), add_drawer(business=duka, name="Back")]
        self.product = make.a_product(duka, shillings=45)
        self.held = [0, 0]

    def key(self) -> str:
        return f"key-{next(self.numbers)}"

    def session(self, which: int) -> CashSession:
        return CashSession.objects.get(drawer=self.drawers[which], closed_at=None)

    def take(self, what: str, *facts: object) -> None:
        self.now += timedelta(minutes=7)
        before = list(self.held)
        try:
            with transaction.atomic():
                getattr(self, what)(*facts)
        except (DrawerRefused, NoSession, CashSession.DoesNotExist, IndexError):
            self.held = before

    def open(self, which: int, shillings: int, source: str) -> None:
        self.held[which] = shillings
        open_session(
            drawer_id=self.drawers[which].pk,
            business=self.duka,
            key=self.key(),
            counts={"1": shillings},
            source=source,
            by=self.by,
            now=self.now,
        )

    def sell(self, which: int, pieces: int) -> None:
        sale = make.a_sale(self.duka, product=self.product, milli=pieces * 1000)
        self.held[which] += 45 * pieces
        take_cash(
            sale_id=sale.pk,
            given_cents=sale.total_cents,
            by=self.by,
            now=self.now,
            drawer_id=self.drawers[which].pk,
        )

    def move(self, which: int, what: tuple[str, str], shillings: int) -> None:
        kind, reason = what
        self.held[which] += shillings if kind == MoveKind.PAY_IN else -shillings
        wish = Wish(
            key=self.key(),
            kind=kind,
            reason=reason,
            cents=shillings * 100,
            note="A move",
            corrects_z=1,
        )
        move_cash(
            session_id=self.session(which).pk,
            business=self.duka,
            wish=wish,
            by=self.by,
            now=self.now,
        )

    def close(self, which: int, counted: int, left: int) -> None:
        self.held[which] = left
        close_session(
            session_id=self.session(which).pk,
            business=self.duka,
            counts={"1": counted},
            left_cents=left * 100,
            by=self.by,
            now=self.now,
        )

    def correct(self, which: int, shillings: int, reason: int) -> None:
        reasons = WAS_SHORT if shillings > 0 else WAS_OVER
        correct_session(
            session_id=CashSession.objects.order_by("-pk")[which].pk,
            business=self.duka,
            key=self.key(),
            reason=reasons[reason % len(reasons)].code,
            cents=shillings * 100,
            note="Known now",
            by=self.by,
            now=self.now,
        )

    def bank(self, shillings: int) -> None:
        bank_safe(
            business=self.duka,
            key=self.key(),
            cents=shillings * 100,
            slip="7",
            by=self.by,
            now=self.now,
        )

    def forget(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        close_forgotten(now=self.now, after_hours=18)

    def journal(self, which: int, shillings: int) -> None:
        self.held[which] += shillings
        make.an_entry(self.duka, cents=shillings * 100, debit=self.drawers[which].account_code)

    def again(self, which: int) -> None:
        """Send a form again that was sent before: nothing happens."""
        move = self.session(which).moves.order_by("-pk")[0]
        wish = Wish(
            key=move.key,
            kind=move.kind,
            reason=move.reason,
            cents=move.amount_cents,
            note=move.note,
            corrects_z=1,
        )
        move_cash(
            session_id=move.session_id, business=self.duka, wish=wish, by=self.by, now=self.now
        )

    def check(self) -> None:
        assert verify_cash() == []
        assert verify_sales() == []
        for drawer, held in zip(self.drawers, self.held, strict=True):
            if CashSession.objects.filter(drawer=drawer, closed_at=None).exists():
                books = balances_of([self.duka], drawer.account_code).get(self.duka.pk, 0)
                assert books == held * 100
        for session in CashSession.objects.filter(closed_at__isnull=False):
            assert session.is_uncounted or min(left_to_explain(session)) >= 0


@contextmanager
def a_till() -> Iterator[Till]:
    with transaction.atomic():
        yield Till(make.a_business(), make.amina())
        transaction.set_rollback(True)


@pytest.mark.long
@pytest.mark.no_cover
@pytest.mark.django_db
@given(st.lists(STEP, max_size=14))
@settings(max_examples=40, deadline=None)
def test_rows_and_books_agree_after_each_step(steps: list[tuple[str, object]]) -> None:
    with a_till() as till:
        till.take("open", 0, 200, FloatSource.OWNER)
        for step in steps:
            till.take(*step)
            till.check()
        for which in (0, 1):
            with suppress(DrawerRefused):
                till.take("close", which, 100, 50)
        till.check()
        assert verify_books().is_ok
