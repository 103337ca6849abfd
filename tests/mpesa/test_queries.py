from datetime import timedelta

import pytest

from mpesa.actions.inbound import understand
from mpesa.models import PaymentRequest, RequestState
from mpesa.queries import (
    BATCH,
    inbox_of,
    is_being_asked,
    latest_request,
    paid_without_receipt,
    requests_to_ask,
    requests_to_query,
    unmatched_payments,
    unsettled_requests,
    waiting_messages,
)
from tests.make import NOW, a_business, a_message, a_payment, a_request, a_till

SECOND = timedelta(seconds=1)


def requests_in(till, *states):
    return {
        state: a_request(
            till, state=state, reference=f"ref:{state}", token=state, checkout_request_id=""
        )
        for state in states
    }


def test_waiting_messages_are_the_unhandled_ones_oldest_first(shop):
    first, second, third = (a_message(shop.till, body=b"") for _ in range(3))
    understand(message_id=second.pk, now=NOW)

    assert waiting_messages() == [first.pk, third.pk]
    assert waiting_messages(after=first.pk) == [third.pk]


def test_waiting_messages_come_in_batches(shop):
    pks = [a_message(shop.till, body=b"").pk for _ in range(BATCH + 1)]

    assert [waiting_messages(), waiting_messages(after=pks[BATCH - 1])] == [
        pks[:BATCH],
        pks[BATCH:],
    ]


def test_requests_to_ask_are_those_that_nobody_has_sent(shop):
    found = requests_in(shop.till, *RequestState.values)

    assert requests_to_ask() == [found["created"].pk]


def test_requests_to_query_are_those_that_are_due(shop):
    found = requests_in(shop.till, *RequestState.values)
    PaymentRequest.objects.update(next_query_at=NOW)
    PaymentRequest.objects.filter(state="unknown").update(next_query_at=NOW - SECOND)

    assert requests_to_query(NOW) == [found["unknown"].pk, found["asked"].pk]
    assert requests_to_query(NOW - SECOND) == [found["unknown"].pk]


def test_latest_request_is_the_newest_of_a_reference(shop):
    a_request(shop.till, state=RequestState.FAILED, token="1", checkout_request_id="")
    newest = a_request(shop.till, token="2", checkout_request_id="")
    a_request(shop.till, reference="sale:2", token="3", checkout_request_id="")

    assert [latest_request("sale:1"), latest_request("sale:3")] == [newest, None]


@pytest.mark.parametrize("state", RequestState.values)
def test_is_being_asked_is_true_for_a_live_request(shop, state):
    a_request(shop.till, state=state)

    assert is_being_asked("sale:1") is (state in {"created", "asked"})
    assert is_being_asked("sale:2") is False


def test_paid_without_receipt_and_unsettled_requests_are_of_the_businesses_asked_for(shop):
    other = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    ours = requests_in(shop.till, "paid", "unknown", "asked")
    a_request(other, state="paid", reference="o1", token="o1", checkout_request_id="")
    a_request(other, state="unknown", reference="o2", token="o2", checkout_request_id="")
    settled = a_request(shop.till, reference="r", token="r", checkout_request_id="")
    a_payment(shop.till, request=settled)

    assert list(paid_without_receipt([shop.business])) == [ours["paid"]]
    assert list(unsettled_requests([shop.business])) == [ours["unknown"]]


def test_unmatched_payments_and_inbox_are_what_is_left(shop):
    whole = a_payment(shop.till)
    part = a_payment(shop.till, receipt="UKM5A1B2C4", amount_cents=500)
    done = a_payment(shop.till, receipt="UKM5A1B2C5", amount_cents=500)
    for payment, cents in ((part, 499), (done, 500)):
        payment.allocated_cents = cents
        payment.save()

    assert list(unmatched_payments()) == [whole, part]
    assert inbox_of([shop.business]) == {shop.business.pk: 18_001}
    assert inbox_of([]) == {}


def test_inbox_of_does_not_mix_businesses(shop):
    other = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    a_payment(shop.till)
    a_payment(other, receipt="UKM5A1B2C4", amount_cents=500)

    assert inbox_of([shop.business, other.business]) == {
        shop.business.pk: 18_000,
        other.business.pk: 500,
    }


def test_a_till_says_what_it_is(shop):
    assert str(shop.till) == "Till (Buy Goods) 9900302"
