import hashlib
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from money.actions.posting import UnknownAccount
from money.chart import Code
from money.models import Account, Entry
from money.queries import balances
from mpesa.actions.inbound import keep_stray, receive, understand
from mpesa.models import (
    InboundMessage,
    InboundState,
    Payment,
    PaymentRequest,
    RequestState,
    Stray,
)
from mpesa.payloads import NAIROBI
from tests.make import (
    NOW,
    TODAY,
    a_business,
    a_callback,
    a_message,
    a_payment,
    a_request,
    a_till,
    lines_of,
)

LATER = NOW + timedelta(seconds=90)
AT = datetime(2026, 11, 22, 8, 55, tzinfo=UTC)
RECEIPT = "UKM5A1B2C3"
PAID_LINES = [(Code.MPESA_TILL, 18_000), (Code.UNIDENTIFIED, -18_000)]
UNANSWERED = [RequestState.ASKED, RequestState.UNKNOWN]


def take(till, body, **more):
    """Store a message and understand it; return (its state, its note)."""
    message = a_message(till, body=body, **more)
    understand(message_id=message.pk, now=LATER)
    message.refresh_from_db()
    return message.state, message.note


def facts(request):
    return PaymentRequest.objects.filter(pk=request.pk).values().get()


def ending(request):
    return facts(request)["state"], facts(request)["result_code"], facts(request)["ended_at"]


def money():
    """Return what must not move where a message is refused."""
    return Payment.objects.count(), Entry.objects.count()


# Successes


def test_understand_success_records_posts_and_ends_the_request(shop):
    request = a_request(shop.till)

    found = take(shop.till, a_callback(text="Processed."))

    payment = Payment.objects.get()
    assert found == (InboundState.UNDERSTOOD, "")
    assert (payment.receipt, payment.amount_cents, payment.paid_at) == (RECEIPT, 18_000, AT)
    assert (payment.request, payment.till, payment.recorded_at) == (request, shop.till, LATER)
    assert payment.message == InboundMessage.objects.get()
    assert ending(request) == (RequestState.PAID, "0", LATER)
    assert facts(request)["result_text"] == "Processed."
    assert facts(request)["next_query_at"] is None
    assert lines_of(f"mpesa:{RECEIPT}") == PAID_LINES
    assert Entry.objects.get().occurred_on == TODAY
    assert balances(shop.business) == {Code.MPESA_TILL: 18_000, Code.UNIDENTIFIED: -18_000}


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (20261130235959, date(2026, 11, 30)),
        (20261201003000, date(2026, 12, 1)),  # 21:30 UTC on 30 November
        (20270101000000, date(2027, 1, 1)),
    ],
)
def test_understand_posts_on_the_nairobi_date_of_the_transaction(shop, at, day):
    arrived = datetime.strptime(str(at), "%Y%m%d%H%M%S").replace(tzinfo=NAIROBI)
    a_request(shop.till)

    take(shop.till, a_callback(at=at), received_at=arrived + timedelta(seconds=3))

    assert Entry.objects.get().occurred_on == day


@pytest.mark.parametrize("at", [20261122150000, 20511122120000, 20261122103000, 20080101000000])
def test_understand_takes_the_arrival_where_the_time_cannot_be(shop, at):
    a_request(shop.till)
    arrived = NOW + timedelta(seconds=30)

    take(shop.till, a_callback(at=at), received_at=arrived)

    assert Payment.objects.get().paid_at == arrived


@pytest.mark.parametrize("at", [None, "", "soon", 20261322000000, 10101000000, "00010101000000"])
def test_understand_takes_the_arrival_where_the_time_is_bad(shop, at):
    a_request(shop.till)
    arrived = datetime(2026, 11, 30, 21, 30, tzinfo=UTC)

    take(shop.till, a_callback(at=at), received_at=arrived)

    assert Payment.objects.get().paid_at == arrived
    assert Entry.objects.get().occurred_on == date(2026, 12, 1)


def test_understand_success_before_the_ack_keeps_its_ids(shop):
    request = a_request(shop.till, checkout_request_id="")

    take(shop.till, a_callback(checkout_request_id="ws_CO_1"))

    assert facts(request)["checkout_request_id"] == "ws_CO_1"
    assert facts(request)["merchant_request_id"] == "3b7a-4e21-9d40-5c8f0e6a1b2d7719402"


def test_understand_a_repeat_changes_nothing(shop):
    request = a_request(shop.till)
    take(shop.till, a_callback())
    before = facts(request), balances(shop.business)

    found = take(shop.till, a_callback())

    assert found == (InboundState.UNDERSTOOD, "A repeat: the receipt was known.")
    assert (facts(request), balances(shop.business)) == before
    assert money() == (1, 1)


def test_understand_a_handled_message_does_nothing(shop):
    a_request(shop.till)
    message = a_message(shop.till, body=a_callback())

    states = [understand(message_id=message.pk, now=LATER) for _ in range(2)]

    assert (states, money()) == ([InboundState.UNDERSTOOD, None], (1, 1))


def test_understand_an_unknown_message_does_nothing(shop):
    assert understand(message_id=0, now=LATER) is None


def test_understand_takes_a_late_success_for_the_same_reference_twice_paid(shop):
    first = a_request(shop.till, state=RequestState.FAILED)
    a_request(shop.till, state=RequestState.ASKED, token="second", checkout_request_id="ws_CO_2")

    take(shop.till, a_callback())
    take(
        shop.till,
        a_callback(receipt="UKM5A1B2C4", checkout_request_id="ws_CO_2"),
        token="second",
    )

    assert ending(first)[0] == RequestState.PAID
    assert money() == (2, 2)


@pytest.mark.parametrize(
    "state",
    [RequestState.CREATED, RequestState.FAILED, RequestState.UNKNOWN, RequestState.EXPIRED],
)
def test_understand_takes_a_late_success(shop, state):
    request = a_request(shop.till, state=state)

    found = take(shop.till, a_callback())

    assert found == (InboundState.UNDERSTOOD, "")
    assert (ending(request)[0], money()) == (RequestState.PAID, (1, 1))


def test_understand_success_fills_in_what_a_query_had_proved(shop):
    request = a_request(shop.till)
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.PAID, ended_at=NOW)

    take(shop.till, a_callback())

    assert ending(request) == (RequestState.PAID, "0", NOW)
    assert (Payment.objects.get().request, money()) == (request, (1, 1))


# What is no success


@pytest.mark.parametrize("code", [1, 1032, "1032", 1037, 2001, 17, "SFC_IC0003", "E3008"])
@pytest.mark.parametrize("state", UNANSWERED)
def test_understand_failure_ends_the_request(shop, state, code):
    request = a_request(shop.till, state=state)

    found = take(shop.till, a_callback(code=code))

    assert found == (InboundState.UNDERSTOOD, "")
    assert ending(request) == (RequestState.FAILED, str(code), LATER)
    assert money() == (0, 0)


def test_understand_failure_after_success_is_ignored(shop):
    request = a_request(shop.till)
    take(shop.till, a_callback())
    before = facts(request)

    found = take(shop.till, a_callback(code=1032))

    assert found == (InboundState.UNDERSTOOD, "Ignored: the request was paid before.")
    assert (facts(request), money()) == (before, (1, 1))


@pytest.mark.parametrize("code", [26, 4999, "777", "XYZ"])
@pytest.mark.parametrize("state", UNANSWERED)
def test_understand_unknown_code_keeps_the_request_open(shop, state, code):
    request = a_request(shop.till, state=state)

    found = take(shop.till, a_callback(code=code))

    assert found == (InboundState.UNDERSTOOD, "An unknown code: asked about again.")
    assert ending(request) == (state, str(code), None)
    assert facts(request)["next_query_at"] == LATER


def test_understand_unknown_code_after_the_end_is_ignored(shop):
    request = a_request(shop.till)
    take(shop.till, a_callback(code=1032))
    before = facts(request)

    found = take(shop.till, a_callback(code=26))

    assert found == (InboundState.UNDERSTOOD, "Ignored: an unknown code after the end.")
    assert facts(request) == before


def test_understand_stores_a_text_that_no_database_likes(shop):
    request = a_request(shop.till)

    found = take(shop.till, a_callback(code=1032, text="Can\x00cel\ud800led"))

    assert found == (InboundState.UNDERSTOOD, "")
    assert facts(request)["result_text"] == "Cancelled"


# Quarantine

BOTH = "A success without a receipt or an amount."
NO_REQUEST = "No request of ours has this address."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (a_callback(amount=179), "The amount is not the one we asked for."),
        (a_callback(amount=180.01), "The amount is not the one we asked for."),
        (a_callback(amount=18_000), "The amount is not the one we asked for."),
        (a_callback(amount=0), "The amount is not the one we asked for."),
        (a_callback(amount=-180), BOTH),
        (a_callback(amount=None), BOTH),
        (a_callback(amount="1e2"), BOTH),
        (a_callback(receipt=None), BOTH),
        (a_callback(receipt=""), BOTH),
        (a_callback(receipt="UKM'; --"), BOTH),
        (a_callback(CallbackMetadata=None), BOTH),
        (
            a_callback(checkout_request_id="ws_CO_other"),
            "The CheckoutRequestID is not the one we were given.",
        ),
        (
            a_callback(code=1032, checkout_request_id="ws_CO_other"),
            "The CheckoutRequestID is not the one we were given.",
        ),
        (a_callback(checkout_request_id=""), "ResultCode or CheckoutRequestID is missing."),
        (b"", "The body is not JSON."),
        (b"\xff\xfe\xfd", "The body is not JSON."),
        (b"[" * 60_000, "The body is not JSON."),
        (b"[]", "The body is not a JSON object."),
        (b"{}", "There is no Body.stkCallback."),
    ],
    ids=range(19),
)
def test_understand_quarantines(shop, body, reason):
    request = a_request(shop.till)
    before = facts(request)

    found = take(shop.till, body)

    assert found == (InboundState.QUARANTINED, reason)
    assert (facts(request), money()) == (before, (0, 0))
    assert InboundMessage.objects.get().handled_at == LATER


@pytest.mark.parametrize("token", ["", "another", "a-token-nobody-guesses "])
@pytest.mark.parametrize("code", [0, 1032, 26])
def test_understand_quarantines_an_unknown_token(shop, token, code):
    request = a_request(shop.till)
    before = facts(request)

    found = take(shop.till, a_callback(code=code), token=token)

    assert (found, facts(request), money()) == (
        (InboundState.QUARANTINED, NO_REQUEST),
        before,
        (0, 0),
    )


def test_understand_does_not_match_no_token_with_a_request_that_has_none(shop):
    request = a_request(shop.till, state=RequestState.CREATED)
    PaymentRequest.objects.filter(pk=request.pk).update(token_digest="")

    found = take(shop.till, a_callback(), token="")

    assert found == (InboundState.QUARANTINED, NO_REQUEST)


def test_understand_quarantines_a_token_of_another_till(shop):
    a_request(shop.till)
    other = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")

    found = take(other, a_callback())

    assert (found, money()) == ((InboundState.QUARANTINED, NO_REQUEST), (0, 0))


def test_understand_quarantines_a_checkout_id_of_another_request(shop):
    a_request(shop.till)
    ours = a_request(shop.till, reference="sale:2", token="second", checkout_request_id="")
    before = facts(ours)

    found = take(shop.till, a_callback(), token="second")

    assert found == (
        InboundState.QUARANTINED,
        "The CheckoutRequestID belongs to another request.",
    )
    assert (facts(ours), money()) == (before, (0, 0))


def test_understand_quarantines_a_receipt_that_is_known_with_another_amount(shop):
    request = a_request(shop.till)
    a_payment(shop.till, receipt=RECEIPT, amount_cents=50_000, paid_at=AT)
    before = facts(request)

    found = take(shop.till, a_callback())

    assert found == (
        InboundState.QUARANTINED,
        "The receipt is known with another amount or till.",
    )
    assert (facts(request), money()) == (before, (1, 1))


def test_understand_quarantines_a_receipt_of_another_request(shop):
    a_request(shop.till)
    second = a_request(shop.till, reference="sale:2", token="second", checkout_request_id="ws_CO_2")
    take(shop.till, a_callback())
    before = facts(second)

    found = take(shop.till, a_callback(checkout_request_id="ws_CO_2"), token="second")

    assert found == (
        InboundState.QUARANTINED,
        "The receipt is known with another request.",
    )
    assert (facts(second), money()) == (before, (1, 1))


def test_understand_quarantines_a_second_receipt_for_one_request(shop):
    request = a_request(shop.till)
    take(shop.till, a_callback())
    before = facts(request)

    found = take(shop.till, a_callback(receipt="UKM5A1B2C4"))

    assert found == (InboundState.QUARANTINED, "The request was paid by another receipt.")
    assert (facts(request), money()) == (before, (1, 1))


def test_understand_quarantines_an_erased_body(shop):
    a_request(shop.till)
    message = a_message(shop.till, body=a_callback())
    InboundMessage.objects.filter(pk=message.pk).update(body=None)

    state = understand(message_id=message.pk, now=LATER)

    message.refresh_from_db()
    assert (state, message.note) == (InboundState.QUARANTINED, "The body is not JSON.")


def test_understand_quarantines_a_message_without_a_till(shop):
    a_request(shop.till)
    message = InboundMessage.objects.create(
        channel="mpesa.stk", body=a_callback(), sha256="0" * 64, address="", received_at=NOW
    )

    assert understand(message_id=message.pk, now=LATER) == InboundState.QUARANTINED


def test_understand_again_after_quarantine_when_the_owner_says_so(shop):
    message = a_message(shop.till, body=a_callback())
    understand(message_id=message.pk, now=NOW)
    a_request(shop.till)
    InboundMessage.objects.filter(pk=message.pk).update(state=InboundState.WAITING, handled_at=None)

    state = understand(message_id=message.pk, now=LATER)

    assert (state, money()) == (InboundState.UNDERSTOOD, (1, 1))


# Deaths


def test_understand_that_fails_half_way_leaves_everything_as_it_was(shop):
    request = a_request(shop.till)
    Account.objects.filter(business=shop.business, code=Code.UNIDENTIFIED).delete()
    message = a_message(shop.till, body=a_callback())
    before = facts(request)

    with pytest.raises(UnknownAccount):
        understand(message_id=message.pk, now=LATER)

    message.refresh_from_db()
    assert (message.state, message.note) == (InboundState.WAITING, "")
    assert (facts(request), money()) == (before, (0, 0))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="Threads share no database in memory.")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("twins", [1, 4])
def test_understand_in_many_threads_pays_once(twins):
    till = a_till(a_business())
    a_request(till)
    messages = [a_message(till, body=a_callback()) for _ in range(twins)]
    together = threading.Barrier(4)
    states: list[InboundState | None] = []

    def work(place: int) -> None:
        together.wait(5)
        try:
            states.append(understand(message_id=messages[place % twins].pk, now=LATER))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert states.count(InboundState.UNDERSTOOD) == twins
    assert states.count(None) == 4 - twins
    assert money() == (1, 1)


# Storing


def test_receive_keeps_what_arrived_and_only_the_tokens_digest(shop):
    message = receive(
        channel="mpesa.stk",
        till=shop.till,
        token="tok",
        body=b"\x00\xff{",
        address="196.201.214.200",
        headers={"User-Agent": "x"},
        received_at=NOW,
    )

    message.refresh_from_db()
    assert bytes(message.body or b"") == b"\x00\xff{"
    assert message.sha256 == hashlib.sha256(b"\x00\xff{").hexdigest()
    assert message.token_digest == hashlib.sha256(b"tok").hexdigest()
    assert (message.state, message.handled_at, message.headers) == (
        InboundState.WAITING,
        None,
        {"User-Agent": "x"},
    )
    assert str(message) == f"mpesa.stk {message.pk} (waiting)"


def test_keep_stray_is_a_ring_of_short_rows(db):
    for number in range(205):
        keep_stray(
            path="/p" * 300,
            body=bytes([number]) * 5_000,
            address="10.0.0.1",
            reason="unknown address",
            received_at=NOW,
        )

    strays = list(Stray.objects.order_by("pk"))
    assert len(strays) == 200
    assert [bytes(strays[0].body), bytes(strays[-1].body)] == [b"\x05" * 4096, b"\xcc" * 4096]
    assert {len(stray.path) for stray in strays} == {200}
    assert str(strays[0]) == "unknown address 2026-11-22 09:00:00"
