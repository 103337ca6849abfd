"""Whatever counter, customers and Safaricom do in whatever order: all that must tie, ties."""

from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from money.models import Business, User
from money.queries import balances
from money.verification import verify_books
from mpesa.actions.requests import AlreadyAsking, NotAskable
from mpesa.actions.reversals import NotReversible, take_outside_reversal
from mpesa.models import Allocation, Payment, PaymentRequest, RequestState, Till
from mpesa.verification import verify_inbox
from shops.actions.credit import (
    CreditRefused,
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.drawers import DrawerRefused, NoSession, close_session
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import (
    NoSuchCustomer,
    NotEnough,
    UsedBefore,
    match_to_customer,
    match_to_sale,
    undo_match,
)
from shops.actions.refunds import NeedsApproval, Return, record_payout, refund_sale
from shops.actions.sales import ring_up
from shops.actions.settle import (
    BadPart,
    NotOpen,
    StillAsking,
    TooLittle,
    ask_mpesa,
    match_payment,
    reopen_sale,
    take_cash,
)
from shops.cart import BadCart
from shops.cash_verification import verify_cash
from shops.discounts import Discount, discount_off
from shops.models import CashSession, Customer, RefundTender, Sale, SaleState, Unit
from shops.queries.customers import debt_cents
from shops.queries.refunds import sold_lines
from shops.queries.sales import owed_cents, payments_to_match, sales_to_reopen
from shops.refunding import BadRefund
from shops.stock_verification import verify_stock
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY

REFUSALS = (
    AlreadyAsking,
    BadCart,
    BadPart,
    BadRefund,
    CreditRefused,
    DrawerRefused,
    NeedsApproval,
    NoSession,
    NoSuchCustomer,
    NotAskable,
    NotEnough,
    NotOpen,
    NotReversible,
    StillAsking,
    TooLittle,
    UsedBefore,
)
WHICH = st.integers(0, 2)
PART = st.one_of(st.none(), st.integers(1, 250).map(lambda shillings: shillings * 100))
STEP = st.one_of(
    st.tuples(st.just("sell"), st.integers(1, 5_000), st.sampled_from(["", "5 %", "1.35"])),
    st.tuples(st.just("cash"), WHICH, PART),
    st.tuples(st.just("ask"), WHICH, PART),
    st.tuples(st.just("answer"), WHICH),
    st.tuples(st.just("fall_silent"), WHICH),
    st.tuples(st.just("credit"), WHICH, WHICH, PART),
    st.tuples(st.just("cancel"), WHICH),
    st.tuples(
        st.just("give_back"), WHICH, st.integers(0, 3), st.sampled_from(["", "mpesa", "cash"])
    ),
    st.tuples(st.just("send"), WHICH, st.booleans()),
    st.tuples(st.just("pay_debt"), WHICH, st.integers(1, 200)),
    st.tuples(st.just("debt_by_mpesa"), WHICH, WHICH),
    st.tuples(st.just("match"), WHICH, WHICH),
    st.tuples(st.just("undo"), WHICH),
    st.tuples(st.just("reverse"), WHICH),
    st.tuples(st.just("close"), st.integers(-2, 2)),
    st.tuples(st.just("open"), st.integers(0, 9)),
    st.tuples(st.just("sweep")),
)


class Shop:
    """A shop whose people take steps; a named refusal is an outcome like others."""

    def __init__(self, duka: Business, till: Till, by: User) -> None:
        self.duka, self.till, self.by = duka, till, by
        self.now, self.numbers = NOW, count(1)
        self.sugar = make.a_product(duka, name="Sugar", shillings=151, unit=Unit.KG)
        make.stocked(self.sugar, 100_000, 1_000_000)
        for name in ("Wanjiku", "Njeri"):
            customer = add_customer(business=duka, name=name, phone="", by=by, now=NOW)
            set_credit_limit(customer_id=customer.pk, business=duka, cents=30_000)

    def begin(self) -> None:
        """Sell one of each way, so that every step has something to begin with."""
        steps: list[tuple[Any, ...]] = [
            *(("sell", 1_333, ""), ("cash", 0, None)),
            *(("sell", 1_000, ""), ("ask", 0, 5_000), ("answer", 0), ("sweep",)),
            *(("ask", 0, None), ("answer", 0), ("sweep",)),
            *(("sell", 2_000, "5 %"), ("credit", 0, 0, 10_000), ("cash", 0, None)),
            *(("sell", 1_000, ""), ("ask", 0, None), ("answer", 0), ("sweep",)),
            *(("give_back", 0, 3, ""), ("give_back", 2, 1, "mpesa"), ("sell", 777, "")),
        ]
        for step in steps:
            self.take(*step)
        self.check()
        assert Sale.objects.filter(state=SaleState.PAID).count() == 4
        assert RefundTender.objects.filter(method="mpesa").exists()

    def take(self, what: str, *facts: Any) -> None:
        self.now += timedelta(minutes=1)
        with suppress(*REFUSALS, IndexError), transaction.atomic():
            getattr(self, what)(*facts)

    def key(self) -> str:
        return f"key-number-{next(self.numbers)}"

    def receipt(self) -> str:
        return f"UKM{next(self.numbers):07}"

    @staticmethod
    def pick(model: Any, which: int) -> Any:
        rows = model.objects.order_by("-pk")
        return rows[which % max(rows.count(), 1)]

    def who(self) -> dict[str, Any]:
        return {"by": self.by, "now": self.now}

    def sell(self, milli: int, off: str) -> None:
        listed = (make.cents(self.sugar) * milli * 2 + 1000) // 2000
        wish = Discount(
            reason="Regular", by=self.by, limit_bp=None, cents=discount_off(off, listed)
        )
        if wish.cents >= listed:
            return
        ring_up(
            business=self.duka,
            key=self.key(),
            cart={self.sugar.pk: milli},
            shown_cents=listed - wish.cents,
            cashier=self.by,
            sold_on=TODAY,
            discount=wish if wish.cents else None,
            session=CashSession.objects.filter(closed_at=None).first(),
            now=self.now,
        )

    def cash(self, which: int, part: int | None) -> None:
        sale = self.pick(Sale, which)
        take_cash(
            sale_id=sale.pk, given_cents=100_000, part_cents=part, key=self.key(), **self.who()
        )

    def ask(self, which: int, part: int | None) -> None:
        sale = self.pick(Sale, which)
        owed = owed_cents(sale)
        # A phone is asked for whole shillings; cash takes the cents.
        part = part or (owed // 100 * 100 if owed % 100 else None)
        facts: dict[str, Any] = {"phone": "254700000101", "part_cents": part}
        request = ask_mpesa(sale_id=sale.pk, key=self.key(), **facts, **self.who())
        asked = PaymentRequest.objects.filter(pk=request.pk)
        asked.update(state=RequestState.ASKED, asked_at=self.now)

    def answer(self, which: int) -> None:
        request = self.pick(PaymentRequest, which)
        if not Payment.objects.filter(request=request).exists():
            cents = request.amount_cents
            make.a_payment(self.till, request=request, receipt=self.receipt(), amount_cents=cents)

    def fall_silent(self, which: int) -> None:
        request = self.pick(PaymentRequest, which)
        if request.state == RequestState.ASKED:
            PaymentRequest.objects.filter(pk=request.pk).update(
                state=RequestState.UNKNOWN, ended_at=self.now
            )

    def credit(self, which: int, customer: int, part: int | None) -> None:
        sell_on_credit(
            sale_id=self.pick(Sale, which).pk,
            customer_id=self.pick(Customer, customer).pk,
            key=self.key(),
            part_cents=part,
            **self.who(),
        )

    def cancel(self, which: int) -> None:
        cancel_sale(sale_id=self.pick(Sale, which).pk, **self.who())

    def give_back(self, which: int, quarters: int, first: str) -> None:
        """Take a quarter, a half, three quarters or all back of what is left."""
        sale = self.pick(Sale, which)
        lines = {pk: line.left_milli for pk, line in sold_lines(sale).items()}
        wanted = {pk: left * (quarters + 1) // 4 for pk, left in lines.items()}
        wish = Return(
            key=self.key(),
            lines={pk: milli for pk, milli in wanted.items() if milli},
            reason="Torn",
            is_restocked=quarters % 2 == 0,
            first=first,
        )
        refund_sale(sale_id=sale.pk, wish=wish, **self.who())

    def send(self, which: int, is_that_of_a_reversal: bool) -> None:  # noqa: FBT001 a drawn fact
        due = self.pick(RefundTender, which)
        receipt = "UKM7R7R7R7" if is_that_of_a_reversal else self.receipt()
        record_payout(tender_id=due.pk, business=self.duka, receipt=receipt, **self.who())

    def pay_debt(self, which: int, shillings: int) -> None:
        receive_from_customer(
            customer_id=self.pick(Customer, which).pk,
            business=self.duka,
            key=self.key(),
            cents=shillings * 100,
            **self.who(),
        )

    def debt_by_mpesa(self, which: int, customer: int) -> None:
        match_to_customer(
            payment_id=self.pick(Payment, which).pk,
            customer_id=self.pick(Customer, customer).pk,
            key=self.key(),
            **self.who(),
        )

    def match(self, payment: int, sale: int) -> None:
        match_to_sale(
            payment_id=self.pick(Payment, payment).pk,
            sale_id=self.pick(Sale, sale).pk,
            key=self.key(),
            **self.who(),
        )

    def undo(self, which: int) -> None:
        match = self.pick(Allocation, which)
        undo_match(allocation_id=match.pk, reason="A mistake", **self.who())

    def reverse(self, which: int) -> None:
        payment = self.pick(Payment, which)
        receipt = f"RKM{next(self.numbers):07}"
        if RefundTender.objects.filter(mpesa_receipt="UKM7R7R7R7").exists():
            receipt = "UKM7R7R7R7"
        take_outside_reversal(
            payment_id=payment.pk,
            receipt=receipt,
            amount_cents=payment.amount_cents,
            reason="The customer called",
            now=self.now,
        )

    def close(self, difference: int) -> None:
        session = CashSession.objects.filter(closed_at=None).first()
        if session is None:
            return
        shillings = max(balances(self.duka).get("1000", 0) // 100 + difference, 0)
        close_session(
            session_id=session.pk,
            business=self.duka,
            counts={"1": shillings} if shillings else {},
            left_cents=None,
            **self.who(),
        )

    def open(self, shillings: int) -> None:
        make.a_session(self.duka, shillings=shillings, now=self.now)

    def sweep(self) -> None:
        for reference in sales_to_reopen():
            reopen_sale(reference=reference, now=self.now)
        for payment in payments_to_match():
            match_payment(payment_id=payment.pk, now=self.now)

    def check(self) -> None:
        found = [*verify_sales(), *verify_cash(), *verify_inbox(), *verify_stock()]
        assert found == []
        for line in (line for sale in Sale.objects.all() for line in sold_lines(sale).values()):
            assert line.left_milli >= 0
            assert 0 <= line.back_cents <= line.amount_cents
            assert 0 <= line.back_vat_cents <= line.vat_cents

    def check_the_end(self) -> None:
        """After a sweep the receivable is what sales owe and customers owe, to the cent."""
        self.take("sweep")
        self.check()
        sales = Sale.objects.all()
        owed = sum(owed_cents(one) for one in sales if one.state == SaleState.OWED)
        ahead = sum(
            one.total_cents - owed_cents(one) for one in sales if one.state == SaleState.OPEN
        )
        debts = sum(debt_cents(one) for one in Customer.objects.all())
        on_open = sum(
            tender.amount_cents
            for one in sales
            if one.state == SaleState.OPEN
            for tender in one.tenders.filter(taken_back_at=None, method="credit")
        )
        # A part of an open sale is on the receivable before the sale is, but for credit.
        assert balances(self.duka).get("1300", 0) == owed + debts - ahead
        assert on_open <= debts
        assert verify_books().is_ok


class Undone(Exception):
    """Ends an example, so that the next one begins with an empty shop."""


@pytest.mark.long
@pytest.mark.no_cover
@pytest.mark.django_db
@settings(max_examples=15, deadline=None)
@given(steps=st.lists(STEP, min_size=5, max_size=30))
def test_all_ties_after_every_step(steps: list[tuple[Any, ...]]) -> None:
    with suppress(Undone), transaction.atomic():
        duka = make.a_shop()
        shop = Shop(duka, make.a_till(duka), make.amina())
        shop.begin()
        for step in steps:
            shop.take(*step)
            shop.check()
        shop.check_the_end()
        raise Undone
