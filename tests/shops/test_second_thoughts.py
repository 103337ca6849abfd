"""A sale whose payment turns out to be another than was thought: the last word is the right one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from money.chart import Code
from money.models import Business
from money.queries import balances
from money.verification import verify_books
from mpesa.actions.inbound import understand
from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.actions.reversals import take_back_forged
from mpesa.models import (
    Allocation,
    InboundState,
    Payment,
    PaymentRequest,
    RequestState,
    Source,
    StatementUpload,
    Till,
    UploadState,
)
from mpesa.queries import inbox_ties, payments_to_join
from shops.actions.inbox import match_to_sale, undo_match
from shops.actions.settle import match_payment, reopen_sale
from shops.models import Sale, SaleState
from shops.queries.sales import payments_to_match, sales_to_reopen
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY
from tests.mpesa.lives import dying

LATER = NOW + timedelta(days=1)


def sweep(now: datetime = NOW) -> None:
    """Do what the worker does every minute."""
    for reference in sales_to_reopen():
        reopen_sale(reference=reference, now=now)
    for payment in list(payments_to_match()):
        match_payment(payment_id=payment.pk, now=now)


def ties(business: Business) -> bool:
    ((inbox, account),) = inbox_ties([business]).values()
    return inbox == account and verify_books().is_ok and verify_sales() == []


@pytest.fixture
def statement(till: Till) -> None:
    StatementUpload.objects.create(
        till=till, sha256="a" * 64, first_day=TODAY, last_day=TODAY, state=UploadState.DONE, at=NOW
    )


@pytest.mark.usefixtures("statement")
def test_money_that_came_after_all_waits_in_the_inbox_while_its_sale_is_owed(
    duka: Business, till: Till
) -> None:
    owner = make.amina()
    sale, payment = make.a_sale(duka), make.a_payment(till)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="form-key-1", by=owner, now=NOW)
    take_back_forged(payment_id=payment.pk, reason="Not on the statement", by=owner, now=NOW)
    sweep()

    seen = Seen(
        source=Source.PULL, till=till, receipt=payment.receipt, amount_cents=18_000, paid_at=NOW
    )
    record_payment(seen, recorded_at=LATER)
    sweep(LATER)

    assert Sale.objects.get().state == SaleState.OWED
    assert Payment.objects.get().left_cents == 18_000
    assert balances(duka)[Code.RECEIVABLE] == 18_000
    assert ties(duka)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="form-key-2", by=owner, now=LATER)
    assert Sale.objects.get().state == SaleState.PAID
    assert ties(duka)


# A wrong guess

CLOCK = NOW + timedelta(minutes=5)


def a_prompt(till: Till, sale: Sale, letter: str = "a") -> PaymentRequest:
    return make.a_request(
        till,
        reference=sale.reference,
        token=letter,
        checkout_request_id=f"ws_{letter}",
        amount_cents=18_000,
    )


def answered(till: Till, letter: str, receipt: str, code: int = 0) -> None:
    """Let the prompt's own callback come, which its token proves."""
    body = make.a_callback(receipt=receipt, checkout_request_id=f"ws_{letter}", code=code)
    message = make.a_message(till, body=body, token=letter)
    understand(message_id=message.pk, now=CLOCK)
    message.refresh_from_db()
    assert message.state == InboundState.UNDERSTOOD, message.note


def confirmed(till: Till, receipt: str) -> Payment:
    """Let a lone confirmation come that looks like the prompt's, and be joined to it."""
    payer = PayerFacts(phone="2547 ***** 101", name="ALICE")
    record_payment(
        Seen(
            source=Source.CONFIRMATION,
            till=till,
            receipt=receipt,
            amount_cents=18_000,
            paid_at=NOW,
            payer=payer,
        ),
        recorded_at=CLOCK,
    )
    return Payment.objects.get(receipt=receipt)


def settle(now: datetime = CLOCK) -> None:
    """Do what the worker does behind each callback."""
    for reference in sales_to_reopen():
        reopen_sale(reference=reference, now=now)
    for payment in [*payments_to_join(now), *payments_to_match()]:
        match_payment(payment_id=payment.pk, now=now)


def paid_by(sale: Sale) -> list[str]:
    live = Allocation.objects.filter(reference=sale.reference, undone_at=None)
    return list(live.values_list("payment__receipt", flat=True))


@pytest.fixture
def guessed(duka: Business, till: Till) -> tuple[Sale, PaymentRequest, Payment]:
    """A sale whose prompt's answer is lost, settled by a stranger's payment that looks like it."""
    sale = make.a_sale(duka)
    request = a_prompt(till, sale)
    payment = confirmed(till, "UKMSTRANGE")
    settle()
    payment.refresh_from_db()
    assert (payment.request, payment.request_is_guess, paid_by(sale)) == (
        request,
        True,
        ["UKMSTRANGE"],
    )
    return sale, request, payment


def test_a_guess_gives_way_to_the_answer_of_the_prompt(
    duka: Business, till: Till, guessed: tuple[Sale, PaymentRequest, Payment]
) -> None:
    sale, request, stranger = guessed
    for _ in range(2):
        answered(till, "a", "UKMGENUINE")
        settle()

    sale.refresh_from_db()
    stranger.refresh_from_db()
    request.refresh_from_db()
    assert (sale.state, paid_by(sale)) == (SaleState.PAID, ["UKMGENUINE"])
    assert (stranger.request, stranger.left_cents) == (None, 18_000)
    assert (request.payment.receipt, request.payment.request_is_guess) == ("UKMGENUINE", False)
    undone = stranger.allocations.get()
    assert undone.undone_reason == (
        "A wrong guess: Safaricom's answer to a prompt names UKMGENUINE."
    )
    assert balances(duka)[Code.UNIDENTIFIED] == -18_000
    assert balances(duka).get(Code.RECEIVABLE, 0) == 0
    assert ties(duka)


def test_a_guess_that_was_right_is_one_no_more(
    duka: Business, till: Till, guessed: tuple[Sale, PaymentRequest, Payment]
) -> None:
    sale, request, payment = guessed
    answered(till, "a", "UKMSTRANGE")
    settle()

    payment.refresh_from_db()
    assert (payment.request, payment.request_is_guess) == (request, False)
    assert (paid_by(sale), balances(duka)[Code.UNIDENTIFIED]) == (["UKMSTRANGE"], 0)


def test_what_a_person_matched_stays_when_the_guess_gives_way(
    duka: Business, till: Till, guessed: tuple[Sale, PaymentRequest, Payment]
) -> None:
    sale, _, stranger = guessed
    owner = make.amina()
    undo_match(allocation_id=stranger.allocations.get().pk, reason="Looking", by=owner, now=CLOCK)
    match_to_sale(payment_id=stranger.pk, sale_id=sale.pk, key="form-key-1", by=owner, now=CLOCK)

    answered(till, "a", "UKMGENUINE")
    settle()

    assert paid_by(sale) == ["UKMSTRANGE"]
    assert Payment.objects.get(receipt="UKMGENUINE").left_cents == 18_000
    assert ties(duka)


def test_what_a_callback_proved_does_not_give_way(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    request = a_prompt(till, sale)
    answered(till, "a", "UKMGENUINE")
    settle()
    body = make.a_callback(receipt="UKMANOTHER", checkout_request_id="ws_a")
    message = make.a_message(till, body=body, token="a")

    assert understand(message_id=message.pk, now=CLOCK) == InboundState.QUARANTINED
    message.refresh_from_db()
    assert message.note == "The request was paid by another receipt."
    assert Payment.objects.get().request == request


def test_a_payment_that_was_another_prompts_goes_to_its_own_sale(
    duka: Business, till: Till, guessed: tuple[Sale, PaymentRequest, Payment]
) -> None:
    """The lone confirmation was the answer to a prompt of a second sale, which says so later."""
    first, request, _ = guessed
    second = make.a_sale(duka, product=first.lines.get().product)
    a_prompt(till, second, "b")

    answered(till, "b", "UKMSTRANGE")
    settle()

    request.refresh_from_db()
    assert (request.state, request.next_query_at) == (RequestState.UNKNOWN, CLOCK)
    assert (paid_by(first), paid_by(second)) == ([], ["UKMSTRANGE"])
    assert {one.pk: one.state for one in Sale.objects.all()} == {
        first.pk: SaleState.OWED,
        second.pk: SaleState.PAID,
    }
    answered(till, "a", "UKMGENUINE")
    settle()
    assert (paid_by(first), balances(duka)[Code.UNIDENTIFIED]) == (["UKMGENUINE"], 0)
    assert ties(duka)


STEPS = ("confirm stranger", "confirm genuine", "answer", "settle")


@pytest.mark.long
def test_in_any_order_with_repeats_and_deaths_the_prompts_answer_settles_the_sale(
    duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    a_prompt(till, sale)
    steps: dict[str, Any] = {
        "confirm stranger": lambda: confirmed(till, "UKMSTRANGE"),
        "confirm genuine": lambda: confirmed(till, "UKMGENUINE"),
        "answer": lambda: answered(till, "a", "UKMGENUINE"),
        "settle": settle,
    }

    @settings(
        max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 40)), max_size=9))
    def live(events: list[tuple[str, int]]) -> None:
        with transaction.atomic():
            for step, death in events:
                with dying(death):
                    steps[step]()
                ((inbox, account),) = inbox_ties([duka]).values()
                assert inbox == account
            for step in ("confirm stranger", "answer", "settle", "settle"):
                steps[step]()
            assert paid_by(sale) == ["UKMGENUINE"]
            assert Payment.objects.get(receipt="UKMSTRANGE").left_cents == 18_000
            assert balances(duka).get(Code.RECEIVABLE, 0) == 0
            assert verify_books().findings == []
            transaction.set_rollback(True)

    live()
