"""The owner's front page, straight from the books."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from erp.dashboard import Takings, Today, today_of
from money.models import Business
from mpesa.actions.inbound import receive
from mpesa.models import InboundMessage, InboundState, Payment, PaymentRequest, RequestState, Till
from shops.actions.cash_moves import note_session
from shops.actions.drawers import close_forgotten, close_session
from shops.actions.settle import match_payment, take_cash
from tests import make
from tests.make import NOW, TODAY


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_shop(vat_registered_from=date(2024, 1, 1))


@pytest.fixture
def till(duka: Business) -> Till:
    return make.a_till(duka)


def sold_for_cash(business: Business, *, milli: int = 1000) -> None:
    sale = make.a_sale(business, milli=milli)
    take_cash(sale_id=sale.pk, given_cents=100_000, by=sale.cashier, now=NOW)


def sold_by_mpesa(till: Till, receipt: str) -> None:
    sale = make.a_sale(till.business)
    request = make.a_request(
        till, reference=sale.reference, token=receipt, checkout_request_id=receipt
    )
    payment = make.a_payment(till, request=request, receipt=receipt)
    match_payment(payment_id=payment.pk, now=NOW)


def a_message(till: Till, *, age: timedelta = timedelta(0)) -> InboundMessage:
    return receive(
        channel="mpesa.stk",
        till=till,
        token="",
        body=b"",
        address="",
        headers={},
        received_at=NOW - age,
    )


def test_today_of_shows_each_business_its_own(duka: Business, till: Till) -> None:
    maji = make.a_shop(slug="maji")
    sold_for_cash(duka)
    sold_for_cash(duka, milli=500)
    sold_by_mpesa(till, "UKMMATCHED")
    make.a_payment(till, receipt="UKMNOBODYS", amount_cents=5_000)
    sold_for_cash(maji)

    today = today_of([duka, maji], TODAY, NOW)

    assert today == Today(
        TODAY, [Takings(duka, 27_000, 23_000, 5_000, 1), Takings(maji, 18_000, 0, 0)], []
    )
    assert [row.total_cents for row in today.rows] == [50_000, 18_000]
    assert (
        today.cash_cents,
        today.mpesa_cents,
        today.unidentified_cents,
        today.total_cents,
    ) == (45_000, 23_000, 5_000, 68_000)


def test_today_of_another_day_keeps_what_is_unidentified(duka: Business, till: Till) -> None:
    sold_for_cash(duka)
    make.a_payment(till, amount_cents=5_000)

    tomorrow = today_of([duka], TODAY + timedelta(days=1), NOW)

    assert tomorrow.rows == [Takings(duka, 0, 0, 5_000, 1)]


def test_today_of_nobody_is_empty() -> None:
    assert Today(TODAY, [], []).total_cents == 0


def test_today_of_asks_as_often_whatever_the_number_of_businesses(
    duka: Business, django_assert_num_queries: object
) -> None:
    shops = [duka, *(make.a_business(slug=f"shop-{n}") for n in range(4))]

    with django_assert_num_queries(15):  # type: ignore[operator]
        today_of(shops[:1], TODAY, NOW)
    with django_assert_num_queries(15):  # type: ignore[operator]
        today_of(shops, TODAY, NOW)


def test_warnings_say_what_needs_a_look(duka: Business, till: Till) -> None:
    for age in (timedelta(seconds=61), timedelta(seconds=59)):
        a_message(till, age=age)
    for _ in range(2):
        message = a_message(till)
        InboundMessage.objects.filter(pk=message.pk).update(
            state=InboundState.QUARANTINED, handled_at=NOW
        )
    for number, state in enumerate((RequestState.UNKNOWN, RequestState.PAID)):
        make.a_request(
            till, reference=f"sale:{number}", state=state, token=state, checkout_request_id=state
        )

    assert today_of([duka], TODAY, NOW).warnings == [
        "2 messages from M-Pesa do not agree with what we asked (quarantine).",
        "1 messages from M-Pesa wait for longer than a minute: is the worker running?",
        "1 payment requests have no answer from Safaricom yet.",
        "1 payments are confirmed by Safaricom, their receipts have not arrived.",
    ]


def test_warnings_tell_of_drawers_until_there_is_a_note(duka: Business) -> None:
    owner = make.amina()
    close_forgotten(now=NOW, after_hours=0)
    short = close_session(
        session_id=make.a_session(duka, shillings=500, source="owner").pk,
        business=duka,
        counts={},
        left_cents=None,
        by=make.a_user("baraka"),
        now=NOW,
    )

    assert today_of([duka], TODAY, NOW).warnings == [
        "1 cash sessions were closed by the clock, and nobody counted: see Cash.",
        "1 counts of a drawer differ by more than their limit and have no note: see Cash.",
    ]
    note_session(session_id=short.pk, business=duka, text="Robbed", by=owner, now=NOW)

    assert today_of([duka], TODAY, NOW).warnings == [
        "1 cash sessions were closed by the clock, and nobody counted: see Cash."
    ]


def test_warnings_tell_of_a_spool_that_nobody_brings_in(
    duka: Business, settings: Settings, tmp_path: Path
) -> None:
    settings.SPOOL_DIR = tmp_path
    for name, age in (("spool-1-1.jsonl", 61), ("spool-2-1.taking", 59), ("spool-3-1.torn", 9_999)):
        (tmp_path / name).write_bytes(b"x")
        at = NOW.timestamp() - age
        os.utime(tmp_path / name, (at, at))

    found = today_of([duka], TODAY, NOW).warnings
    (tmp_path / "spool-1-1.jsonl").unlink()

    assert found == [
        "Messages from M-Pesa wait in the spool since a minute: is the worker running?",
        "1 files of torn messages are in VAR/spool: have them looked at (operations.md).",
    ]
    assert today_of([duka], TODAY, NOW).warnings == found[1:]


def test_warnings_are_of_ones_own_businesses(duka: Business, till: Till) -> None:
    a_message(till, age=timedelta(minutes=5))
    make.a_request(till, state=RequestState.UNKNOWN)

    assert today_of([make.a_business(slug="maji")], TODAY, NOW).warnings == []


def test_warnings_name_the_business_whose_inbox_and_account_differ(
    duka: Business, till: Till
) -> None:
    Payment.objects.create(
        receipt="UKMUNPOSTED", till=till, amount_cents=100, paid_at=NOW, recorded_at=NOW
    )

    assert today_of([duka, make.a_business(slug="maji")], TODAY, NOW).warnings == [
        "Amina duka: the unmatched payments and their account differ. Run verify_books."
    ]


def test_a_request_that_was_paid_with_its_receipt_needs_no_look(duka: Business, till: Till) -> None:
    sold_by_mpesa(till, "UKMMATCHED")

    assert PaymentRequest.objects.get().state == RequestState.PAID
    assert today_of([duka], TODAY, NOW).warnings == []
