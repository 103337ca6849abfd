"""A payment whose prompt never answered is joined to it, where nothing else could be meant."""

from datetime import timedelta
from typing import Any

import pytest

from money.models import Business
from mpesa.actions.guesses import join_request
from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.models import Payment, PaymentRequest, RequestState, Source, Till, TillKind
from mpesa.queries import payments_to_join
from shops.actions.settle import match_payment
from shops.models import Sale, SaleState
from tests import make
from tests.make import NOW

MASKED = "2547 ***** 101"
SOON = NOW + timedelta(minutes=1)


def confirmed(till: Till, receipt: str = "UKMALONE01", **but: Any) -> Payment:
    """Record what a confirmation says of a payment, whose prompt's answer is lost."""
    payer = PayerFacts(
        phone=but.pop("phone", MASKED), name="ALICE", account_reference=but.pop("typed", "")
    )
    facts: dict[str, Any] = {"amount_cents": 18_000, "paid_at": SOON, "payer": payer}
    seen = Seen(source=Source.CONFIRMATION, till=till, receipt=receipt, **(facts | but))
    record_payment(seen, recorded_at=SOON)
    return Payment.objects.get(receipt=receipt)


def asked(till: Till, sale: Sale, **but: Any) -> PaymentRequest:
    number = PaymentRequest.objects.count()
    facts: dict[str, Any] = {
        "reference": sale.reference,
        "token": f"t{number}",
        "checkout_request_id": f"w{number}",
    }
    return make.a_request(till, **(facts | but))


@pytest.mark.parametrize("state", [RequestState.ASKED, RequestState.UNKNOWN, RequestState.PAID])
def test_the_one_prompt_that_fits_is_joined_and_its_sale_settled(
    duka: Business, till: Till, state: str
) -> None:
    sale = make.a_sale(duka)
    request = asked(till, sale, state=state)
    payment = confirmed(till)

    found = list(payments_to_join(SOON))
    done = match_payment(payment_id=payment.pk, now=SOON)

    payment.refresh_from_db()
    request.refresh_from_db()
    assert (found, done, payment.request) == ([payment], True, request)
    assert request.state == RequestState.PAID
    assert Sale.objects.get().state == SaleState.PAID
    assert list(payments_to_join(SOON)) == []


@pytest.mark.parametrize(
    ("state", "but"),
    [
        (RequestState.FAILED, {}),
        (RequestState.ASKED, {"phone": "2547 ***** 102"}),
        (RequestState.ASKED, {"phone": ""}),
        (RequestState.ASKED, {"amount_cents": 18_100}),
        (RequestState.ASKED, {"paid_at": NOW + timedelta(minutes=11)}),
        (RequestState.ASKED, {"paid_at": NOW - timedelta(minutes=2)}),
    ],
)
def test_what_does_not_fit_stays_in_the_inbox(
    duka: Business, till: Till, state: str, but: dict[str, Any]
) -> None:
    asked(till, make.a_sale(duka), state=state)
    payment = confirmed(till, **but)

    assert match_payment(payment_id=payment.pk, now=SOON) is False
    assert Payment.objects.get().request is None


def test_two_prompts_that_fit_are_left_to_people(duka: Business, till: Till) -> None:
    for _ in range(2):
        asked(till, make.a_sale(duka))
    payment = confirmed(till)

    assert match_payment(payment_id=payment.pk, now=SOON) is False
    assert Payment.objects.get().request is None


def test_two_payments_that_fit_are_left_to_people(duka: Business, till: Till) -> None:
    asked(till, make.a_sale(duka))
    payments = [confirmed(till, receipt) for receipt in ("UKMALONE01", "UKMALONE02")]

    assert [match_payment(payment_id=p.pk, now=SOON) for p in payments] == [False, False]


@pytest.mark.parametrize(("typed", "joined"), [("sale 1", True), ("SALE2", False), ("", False)])
def test_at_a_paybill_the_account_reference_says_it(
    duka: Business,
    typed: str,
    joined: bool,  # noqa: FBT001
) -> None:
    paybill = Till.objects.create(
        business=duka,
        kind=TillKind.PAYBILL,
        number="400200",
        shortcode="400200",
        callback_secret="secret-of-400200",
    )
    asked(paybill, make.a_sale(duka))
    payment = confirmed(paybill, typed=typed, phone="2547 ***** 999")

    assert match_payment(payment_id=payment.pk, now=SOON) is joined


def test_a_prompt_is_joined_once(duka: Business, till: Till) -> None:
    request = asked(till, make.a_sale(duka))
    first, second = (confirmed(till, receipt) for receipt in ("UKMALONE01", "UKMALONE02"))

    assert [join_request(p, request, SOON) for p in (first, first, second)] == [True, False, False]


def test_a_prompt_that_failed_is_not_joined(duka: Business, till: Till) -> None:
    request = asked(till, make.a_sale(duka), state=RequestState.FAILED)

    assert join_request(confirmed(till), request, SOON) is False
