"""Whatever people and Safaricom do in whatever order: inbox and account are equal after each."""

from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import Business, User
from money.queries import balances
from money.verification import verify_books
from mpesa.actions.allocations import TooMuch, locked_payment, undo_allocation
from mpesa.actions.requests import AlreadyAsking
from mpesa.models import Allocation, Payment, PaymentRequest, RequestState, Till
from mpesa.queries import inbox_ties
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import (
    NotEnough,
    UsedBefore,
    hold_as_credit,
    mark_for_refund,
    match_to_sale,
    undo_match,
)
from shops.actions.settle import (
    NotOpen,
    StillAsking,
    ask_mpesa,
    match_payment,
    reopen_sale,
    take_cash,
)
from shops.models import Sale, SaleState
from shops.queries.sales import owed_cents, payments_to_match, sales_to_reopen
from tests import make
from tests.make import NOW, TODAY

REFUSALS = (NotOpen, StillAsking, NotEnough, UsedBefore, TooMuch, AlreadyAsking)
WHICH = st.integers(0, 3)
STEP = st.one_of(
    st.tuples(st.just("sell")),
    st.tuples(st.just("pay"), st.integers(1, 3)),
    st.tuples(st.just("ask"), WHICH),
    st.tuples(st.just("answer"), WHICH),
    st.tuples(st.just("cash"), WHICH),
    st.tuples(st.just("cancel"), WHICH),
    st.tuples(st.just("match"), WHICH, WHICH, st.integers(0, 2)),
    st.tuples(st.just("credit"), WHICH, st.integers(0, 20_000), st.integers(0, 2)),
    st.tuples(st.just("refund"), WHICH, st.integers(0, 20_000), st.integers(0, 2)),
    st.tuples(st.just("undo"), WHICH),
    st.tuples(st.just("reverse"), WHICH),
    st.tuples(st.just("sweep")),
)


class Shop:
    """A shop whose staff and customers take steps; a named refusal is an outcome like others."""

    def __init__(self, duka: Business, till: Till, by: User) -> None:
        self.duka, self.till, self.by = duka, till, by
        self.now, self.numbers = NOW, count(1)
        self.product = make.a_product(duka)

    def take(self, what: str, *facts: int) -> None:
        self.now += timedelta(minutes=1)
        with suppress(*REFUSALS, IndexError), transaction.atomic():
            getattr(self, what)(*facts)

    def facts(self, key: int = 0) -> dict[str, Any]:
        return {"key": f"form-key-{key}", "by": self.by, "now": self.now}

    @staticmethod
    def pick(model: Any, which: int) -> Any:
        return model.objects.order_by("-pk")[which]

    def sell(self) -> None:
        make.a_sale(self.duka, product=self.product)

    def pay(self, times: int) -> None:
        make.a_payment(
            self.till, receipt=f"UKM{next(self.numbers):07}", amount_cents=times * 18_000
        )

    def ask(self, which: int) -> None:
        sale, key = self.pick(Sale, which), f"ask-{next(self.numbers)}"
        request = ask_mpesa(
            sale_id=sale.pk, key=key, phone="254700000101", by=self.by, now=self.now
        )
        PaymentRequest.objects.filter(pk=request.pk).update(
            state=RequestState.ASKED, asked_at=self.now
        )

    def answer(self, which: int) -> None:
        request = self.pick(PaymentRequest, which)
        if not Payment.objects.filter(request=request).exists():
            number = f"UKM{next(self.numbers):07}"
            make.a_payment(self.till, request=request, receipt=number)

    def cash(self, which: int) -> None:
        sale = self.pick(Sale, which)
        take_cash(sale_id=sale.pk, given_cents=20_000, by=self.by, now=self.now)

    def cancel(self, which: int) -> None:
        cancel_sale(sale_id=self.pick(Sale, which).pk, by=self.by, now=self.now)

    def match(self, payment: int, sale: int, key: int) -> None:
        match_to_sale(
            payment_id=self.pick(Payment, payment).pk,
            sale_id=self.pick(Sale, sale).pk,
            **self.facts(key),
        )

    def credit(self, payment: int, cents: int, key: int) -> None:
        hold_as_credit(
            payment_id=self.pick(Payment, payment).pk,
            amount_cents=cents or None,
            note="",
            **self.facts(key),
        )

    def refund(self, payment: int, cents: int, key: int) -> None:
        mark_for_refund(
            payment_id=self.pick(Payment, payment).pk,
            amount_cents=cents or None,
            note="",
            **self.facts(key),
        )

    def undo(self, which: int) -> None:
        match = self.pick(Allocation, which)
        undo_match(allocation_id=match.pk, reason="A mistake", by=self.by, now=self.now)

    def reverse(self, which: int) -> None:
        """Take a whole payment back as the rail does: its matches first, then the money."""
        payment = locked_payment(self.pick(Payment, which).pk)
        if payment.reversed_cents:
            return
        for match in payment.allocations.filter(undone_at=None):
            undo_allocation(
                payment, match, reason="Reversed", occurred_on=TODAY, by=None, now=self.now
            )
        payment.reversed_cents = payment.amount_cents
        payment.save(update_fields=["reversed_cents"])
        draft = Draft(
            business=self.duka,
            key=f"reversed:{payment.receipt}",
            occurred_on=TODAY,
            description="M-Pesa payment reversed",
            lines=[
                (Code.UNIDENTIFIED, payment.amount_cents),
                (Code.MPESA_TILL, -payment.amount_cents),
            ],
        )
        post(draft, posted_at=self.now)

    def sweep(self) -> None:
        for reference in sales_to_reopen():
            reopen_sale(reference=reference, now=self.now)
        for payment in payments_to_match():
            match_payment(payment_id=payment.pk, now=self.now)

    def check(self) -> None:
        [(inbox, account)] = inbox_ties([self.duka]).values()
        assert inbox == account

    def check_the_end(self) -> None:
        """After a sweep what customers owe is what the sales say, and the books verify."""
        self.take("sweep")
        sales = list(Sale.objects.all())
        owed = {sale.pk: owed_cents(sale) for sale in sales}
        assert all((owed[s.pk] == 0) == (s.state == SaleState.PAID) for s in sales)
        lost = sum(owed[s.pk] for s in sales if s.state == SaleState.OWED)
        assert balances(self.duka).get("1300", 0) == lost
        assert sales_to_reopen() == []
        assert verify_books().is_ok


class Undone(Exception):
    """Ends an example, so that the next one begins with an empty shop."""


@pytest.mark.django_db
@settings(max_examples=15, deadline=None)
@given(steps=st.lists(STEP, min_size=5, max_size=30))
def test_inbox_equals_account_after_every_step(steps: list[tuple[Any, ...]]) -> None:
    with suppress(Undone), transaction.atomic():
        duka = make.a_shop()
        shop = Shop(duka, make.a_till(duka), make.amina())
        shop.take("sell")
        shop.take("pay", 2)
        for step in steps:
            shop.take(*step)
            shop.check()
        shop.check_the_end()
        raise Undone
