"""What was taken back as forged counts again when Safaricom speaks for it, once, in any order."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from money.chart import Code
from money.models import Entry
from money.queries import balances
from money.verification import verify_books
from mpesa.actions.inbound import understand
from mpesa.actions.nets import ask_about_held
from mpesa.actions.payments import OtherFacts, Seen, record_payment
from mpesa.actions.reversals import NotReversible, take_back_forged
from mpesa.models import (
    TRUSTED,
    InboundMessage,
    InboundState,
    InitiatorOrder,
    Payment,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    StatementUpload,
    UploadState,
)
from mpesa.queries import inbox_of, inbox_ties
from tests.make import NOW, TODAY, a_payment, amina, lines_of
from tests.mpesa.lives import dying
from tests.mpesa.test_c2b import a_confirmation, take

LATER = NOW + timedelta(days=1)
CENTS = 18_000


def told(till, source, cents=CENTS, *, now=LATER):
    seen = Seen(source=source, till=till, receipt="UKM5A1B2C3", amount_cents=cents, paid_at=NOW)
    return record_payment(seen, recorded_at=now)


def a_statement(till):
    StatementUpload.objects.create(
        till=till, sha256="a" * 64, first_day=TODAY, last_day=TODAY, state=UploadState.DONE, at=NOW
    )


def take_back(payment, by, *, now=NOW):
    return take_back_forged(payment_id=payment.pk, reason="Not on the statement", by=by, now=now)


@pytest.fixture
def forged(shop):
    """A payment that its owner took back, and the reversal that did it."""
    a_statement(shop.till)
    payment = a_payment(shop.till, receipt="UKM5A1B2C3", amount_cents=CENTS)
    return take_back(payment, amina())


@pytest.mark.parametrize("source", TRUSTED)
def test_a_trusted_source_makes_it_count_again_on_the_day_it_became_known(shop, forged, source):
    assert told(shop.till, source) is True

    forged.refresh_from_db()
    payment = Payment.objects.get()
    assert (forged.state, forged.undone_source) == (ReversalState.UNDONE, source)
    assert (payment.reversed_cents, payment.left_cents) == (0, CENTS)
    first, back, again = Entry.objects.order_by("number")
    assert (back.key, again.key) == (f"reversal:{forged.pk}", f"restored:{forged.pk}")
    assert (again.reverses, again.occurred_on) == (back, TODAY + timedelta(days=1))
    assert lines_of(again.key) == lines_of(first.key)
    assert balances(shop.business)[Code.MPESA_TILL] == CENTS
    assert inbox_of([shop.business]) == {shop.business.pk: CENTS}
    assert verify_books().is_ok


@pytest.mark.parametrize("source", [Source.CONFIRMATION, Source.STK])
def test_a_message_alone_does_not(shop, forged, source):
    with pytest.raises(OtherFacts, match="took this payment back"):
        told(shop.till, source)

    assert Payment.objects.get().left_cents == 0


@pytest.mark.parametrize("source", TRUSTED)
def test_nor_does_another_amount(shop, forged, source):
    with pytest.raises(OtherFacts, match="another amount"):
        told(shop.till, source, CENTS + 100)

    assert (Payment.objects.get().left_cents, Sighting.objects.count()) == (0, 1)


def test_it_counts_once_and_is_not_taken_back_again(shop, forged):
    assert [told(shop.till, source) for source in TRUSTED * 2] == [True, *[False] * 5]

    with pytest.raises(NotReversible, match="genuine"):
        take_back(Payment.objects.get(), forged.proposed_by)
    assert Entry.objects.count() == 3


def test_a_confirmation_that_waited_is_understood_once_safaricom_spoke(shop, forged):
    before, _ = take(shop.till, a_confirmation())
    told(shop.till, Source.PULL)

    message = InboundMessage.objects.get()
    assert (before, message.state) == (InboundState.QUARANTINED, InboundState.WAITING)
    assert understand(message_id=message.pk, now=LATER) == InboundState.UNDERSTOOD


def test_safaricom_is_asked_about_what_came_again_after_it_was_taken_back(
    shop, forged, monkeypatch
):
    monkeypatch.setattr("mpesa.actions.nets._has_initiator", lambda till: True)
    take(shop.till, a_confirmation())

    assert ask_about_held(now=NOW) == 1
    assert InitiatorOrder.objects.get().receipt == "UKM5A1B2C3"


EVENTS = ("confirm", "stk", "pull", "status", "file", "take back", "message")


@pytest.mark.long
def test_any_order_repetition_and_death_end_in_the_same_books(shop):
    owner, till = amina(), shop.till
    a_statement(till)

    def happen(event):
        if event == "take back":
            with suppress(NotReversible, Payment.DoesNotExist):
                take_back(Payment.objects.get(), owner)
        elif event == "message":
            take(till, a_confirmation())
        else:
            with suppress(OtherFacts):
                told(till, Source(event))

    @settings(
        max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 30)), max_size=10))
    def live(events):
        with transaction.atomic():
            for event, death in events:
                with dying(death):
                    happen(event)
                ((inbox, account),) = inbox_ties([shop.business]).values()
                assert inbox == account
                assert balances(shop.business).get(Code.MPESA_TILL, 0) == account
            happen("pull")
            (payment,) = Payment.objects.all()
            assert (payment.left_cents, payment.reversed_cents) == (CENTS, 0)
            assert Entry.objects.count() == 1 + 2 * Reversal.objects.count() <= 3
            assert verify_books().findings == []
            for message in InboundMessage.objects.exclude(state=InboundState.UNDERSTOOD):
                assert understand(message_id=message.pk, now=LATER) == InboundState.UNDERSTOOD
            transaction.set_rollback(True)

    live()
