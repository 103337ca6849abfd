"""What the bells and the clock set going, on real rows."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from money.models import Business, Entry
from mpesa import spool
from mpesa.actions.allocations import undo_allocation
from mpesa.actions.inbound import receive, understand
from mpesa.models import InboundMessage, InboundState, Payment, PaymentRequest, RequestState, Till
from periodic import tasks
from periodic.queues import leaving
from shops.actions.settle import ask_mpesa
from shops.models import Sale, SaleState
from tests import make
from tests.make import NOW

CHECKOUT = "ws_CO_22112026120000000700000101"
PHONE = "254700000101"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def a_callback(
    till: Till, *, token: str = make.TOKEN, receipt: str = "UKM5A1B2C3", checkout: str = CHECKOUT
) -> InboundMessage:
    """Store the callback of a payment of 180 shillings, as the view would."""
    items = {"Amount": 180.0, "MpesaReceiptNumber": receipt, "TransactionDate": 20261122120000}
    callback = {
        "MerchantRequestID": "29115-34620561-1",
        "CheckoutRequestID": checkout,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "CallbackMetadata": {"Item": [{"Name": n, "Value": v} for n, v in items.items()]},
    }
    return receive(
        channel="mpesa.stk",
        till=till,
        token=token,
        body=json.dumps({"Body": {"stkCallback": callback}}).encode(),
        address="127.0.0.1",
        headers={},
        received_at=NOW,
    )


def an_asked_sale(till: Till, number: int = 1) -> Sale:
    sale = make.a_sale(till.business)
    make.a_request(
        till,
        reference=sale.reference,
        token=f"token-{number}",
        checkout_request_id=f"ws_CO_{number}",
    )
    return sale


def states_of(model: Any) -> list[str]:
    return list(model.objects.order_by("pk").values_list("state", flat=True))


# Taking in


def test_take_in_turns_callbacks_into_paid_sales(till: Till) -> None:
    for number in (1, 2):
        an_asked_sale(till, number)
        a_callback(
            till, token=f"token-{number}", receipt=f"UKM5A{number}", checkout=f"ws_CO_{number}"
        )

    tasks.take_in()

    assert states_of(InboundMessage) == [InboundState.UNDERSTOOD] * 2
    assert [(s.state, s.number) for s in Sale.objects.order_by("pk")] == [("paid", 1), ("paid", 2)]
    assert Entry.objects.count() == 6


def test_take_in_twice_changes_nothing(till: Till) -> None:
    an_asked_sale(till)
    a_callback(till, token="token-1", checkout="ws_CO_1")

    tasks.take_in()
    tasks.take_in()

    assert (Payment.objects.count(), Entry.objects.count()) == (1, 3)


def test_take_in_leaves_the_rest_to_others_once_the_process_is_to_end(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        an_asked_sale(till, number)
        a_callback(
            till, token=f"token-{number}", receipt=f"UKM5A{number}", checkout=f"ws_CO_{number}"
        )

    def understand_and_hear_the_signal(**facts: Any) -> None:
        understand(**facts)
        leaving.set()

    monkeypatch.setattr(tasks, "understand", understand_and_hear_the_signal)
    try:
        tasks.take_in()
    finally:
        leaving.clear()

    assert states_of(InboundMessage) == [InboundState.UNDERSTOOD, InboundState.WAITING]


def test_take_in_brings_in_the_spool_first(till: Till, settings: Settings, tmp_path: Path) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    an_asked_sale(till)
    spool.append(make.an_arrival(body=b"no callback"), is_known=True)

    tasks.sweep()

    message = InboundMessage.objects.get()
    assert (message.state, spool.is_empty()) == (InboundState.QUARANTINED, True)


def test_take_in_goes_on_where_the_spool_cannot_be_brought_in(
    till: Till, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise OSError("Input/output error")

    an_asked_sale(till)
    a_callback(till, token="token-1", checkout="ws_CO_1")
    monkeypatch.setattr(tasks, "bring_in", broken)

    tasks.take_in()

    assert Payment.objects.count() == 1
    assert "the spool cannot be brought in; the sweep will try it again" in caplog.text


def test_take_in_settles_what_an_earlier_death_left_unmatched(till: Till) -> None:
    sale = an_asked_sale(till)
    make.a_payment(till, request=PaymentRequest.objects.get())

    tasks.take_in()

    sale.refresh_from_db()
    assert sale.state == SaleState.PAID


def test_take_in_joins_a_confirmation_whose_callback_is_lost(till: Till) -> None:
    sale = an_asked_sale(till)
    body = {
        "TransID": "UKMALONE01",
        "TransAmount": "180.00",
        "TransTime": "20261122120100",
        "BusinessShortCode": till.shortcode,
        "MSISDN": "2547 ***** 101",
        "FirstName": "ALICE",
    }
    receive(
        channel="mpesa.confirmation",
        till=till,
        token="",
        body=json.dumps(body).encode(),
        address="127.0.0.1",
        headers={},
        received_at=NOW,
    )

    tasks.take_in()

    sale.refresh_from_db()
    assert (sale.state, sale.tenders.get().payment) == (SaleState.PAID, Payment.objects.get())
    assert PaymentRequest.objects.get().state == RequestState.PAID


def test_take_in_opens_a_sale_again_whose_match_the_rail_undid(till: Till) -> None:
    sale = an_asked_sale(till)
    make.a_payment(till, request=PaymentRequest.objects.get())
    tasks.take_in()
    payment = Payment.objects.get()
    undo_allocation(
        payment,
        payment.allocations.get(),
        reason="Reversed by Safaricom",
        occurred_on=make.TODAY,
        by=None,
        now=NOW,
    )

    tasks.take_in()

    sale.refresh_from_db()
    assert sale.state == SaleState.OWED


def test_take_in_lets_no_message_hold_up_another(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2, 3):
        an_asked_sale(till, number)
        a_callback(
            till, token=f"token-{number}", receipt=f"UKM5A{number}", checkout=f"ws_CO_{number}"
        )
    # The next cannot be posted: its business has lost its till account.
    other = make.a_business(slug="maji")
    broken = make.a_till(other, number="9900102", shortcode="9900100")
    other.accounts.filter(code="1100").delete()
    make.a_request(broken, reference="sale:0", token="b", checkout_request_id="ws_CO_b")
    unposted = a_callback(broken, token="b", receipt="UKMBROKEN", checkout="ws_CO_b")
    an_asked_sale(till, 4)
    a_callback(till, token="token-4", receipt="UKM5A4", checkout="ws_CO_4")

    with caplog.at_level(logging.ERROR, logger="periodic.tasks"):
        tasks.take_in()

    assert [record.getMessage() for record in caplog.records] == [
        f"message {unposted.pk} failed; the sweep will try it again"
    ]
    assert states_of(InboundMessage) == ["understood"] * 3 + ["waiting", "understood"]
    assert states_of(Sale) == [SaleState.PAID] * 4


def test_take_in_lets_no_payment_hold_up_another(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    product = make.a_product(till.business)
    type(product).objects.filter(pk=product.pk).update(sales_account="4999")
    broken = make.a_sale(till.business, product=type(product).objects.get(pk=product.pk))
    make.a_request(till, reference=broken.reference, token="b", checkout_request_id="ws_CO_b")
    make.a_payment(till, request=PaymentRequest.objects.get(), receipt="UKMBROKEN")
    sale = an_asked_sale(till, 1)
    a_callback(till, token="token-1", checkout="ws_CO_1")

    with caplog.at_level(logging.ERROR, logger="periodic.tasks"):
        tasks.take_in()

    sale.refresh_from_db()
    broken.refresh_from_db()
    unmatched = Payment.objects.get(receipt="UKMBROKEN").pk
    assert [record.getMessage() for record in caplog.records] == [
        f"payment {unmatched} failed; the sweep will try it again"
    ]
    assert (sale.state, broken.state) == (SaleState.PAID, SaleState.OPEN)


def test_take_in_reads_on_past_a_full_batch(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpesa.queries.BATCH", 2)
    for number in range(5):
        a_callback(till, token=f"of-nobody-{number}")

    tasks.take_in()

    assert states_of(InboundMessage) == [InboundState.QUARANTINED] * 5


# Asking


class Gateway:
    """A gateway that accepts every push and says "still processing" to every query."""

    def __init__(self) -> None:
        self.pushes: list[str] = []
        self.queries = 0
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer({"access_token": "t", "expires_in": "3599"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if "query" in self.path:
                    gateway.queries += 1
                    self.answer({"ResultCode": "4999", "ResultDesc": "Still under processing"})
                    return
                gateway.pushes.append(body["AccountReference"])
                number = len(gateway.pushes)
                self.answer(
                    {
                        "ResponseCode": "0",
                        "MerchantRequestID": f"m-{number}",
                        "CheckoutRequestID": f"ws_CO_{number}",
                    }
                )

            def answer(self, data: dict[str, str]) -> None:
                body = json.dumps(data).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    gateway = Gateway()
    settings.DARAJA_URL = gateway.url
    thread = threading.Thread(target=gateway.server.serve_forever, args=(0.01,))
    thread.start()
    yield gateway
    gateway.server.shutdown()
    thread.join()
    gateway.server.server_close()


@pytest.fixture
def nobody_answers(settings: Settings) -> None:
    settings.DARAJA_URL = "http://127.0.0.1:9"


def a_waiting_request(business: Business, key: str) -> PaymentRequest:
    sale = make.a_sale(business)
    return ask_mpesa(sale_id=sale.pk, key=key, phone=PHONE, by=sale.cashier, now=timezone.now())


def test_ask_phones_asks_every_phone_once(till: Till, gateway: Gateway) -> None:
    requests = [a_waiting_request(till.business, f"key-{n}") for n in range(3)]

    tasks.ask_phones()
    tasks.ask_phones()

    assert gateway.pushes == [r.account_reference for r in requests]
    assert states_of(PaymentRequest) == [RequestState.ASKED] * 3


def test_messages_without_end_leave_a_thread_to_the_prompts_and_no_bell_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, may_end = threading.Semaphore(0), threading.Semaphore(0)

    def take_in_once() -> None:
        begun.release()
        assert may_end.acquire(timeout=30)

    monkeypatch.setattr(tasks, "_take_in_once", take_in_once)
    threads = [threading.Thread(target=tasks.take_in.call_local) for _ in range(4)]
    for thread in threads[:3]:
        thread.start()
        assert begun.acquire(timeout=30)

    # The fourth finds no place and is free at once; what it was rung for is looked at afterwards.
    threads[3].start()
    threads[3].join(30)

    assert not threads[3].is_alive()
    assert not begun.acquire(blocking=False)
    may_end.release()
    assert begun.acquire(timeout=30)
    may_end.release(3)
    for thread in threads:
        thread.join(30)
    assert not begun.acquire(blocking=False)


def test_ask_phones_asks_about_what_is_due(till: Till, gateway: Gateway) -> None:
    request = make.a_request(till)
    PaymentRequest.objects.update(next_query_at=NOW)

    tasks.ask_phones()
    tasks.ask_phones()

    request.refresh_from_db()
    assert (gateway.queries, request.queries, request.state) == (1, 1, RequestState.ASKED)
    assert request.next_query_at == NOW + timedelta(seconds=30)


def test_ask_phones_says_that_safaricom_cannot_be_reached(till: Till, nobody_answers: None) -> None:
    a_waiting_request(till.business, "key-1")

    tasks.ask_phones()

    request = PaymentRequest.objects.get()
    assert (request.state, request.result_code) == (RequestState.FAILED, "unreachable")


def test_ask_phones_lets_no_request_hold_up_another(
    till: Till, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    broken, good = (a_waiting_request(till.business, f"key-{n}") for n in range(2))
    PaymentRequest.objects.filter(pk=broken.pk).update(phone="not a number")

    with caplog.at_level(logging.ERROR, logger="periodic.tasks"):
        tasks.ask_phones()

    assert [record.getMessage() for record in caplog.records] == [
        f"request {broken.pk} failed; the sweep will try it again"
    ]
    assert gateway.pushes == [good.account_reference]


def test_ask_phones_leaves_a_request_that_waited_too_long(till: Till, gateway: Gateway) -> None:
    a_waiting_request(till.business, "key-1")

    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        tasks.ask_phones()

    assert (gateway.pushes, states_of(PaymentRequest)) == ([], [RequestState.CREATED])


def test_ask_phones_keeps_threads_free_for_callbacks(till: Till, gateway: Gateway) -> None:
    a_waiting_request(till.business, "key-1")
    for _ in range(tasks.MOST_ASKING):
        tasks._asking.acquire()

    tasks.ask_phones()
    while_full = list(gateway.pushes)
    for _ in range(tasks.MOST_ASKING):
        tasks._asking.release()
    tasks.ask_phones()

    assert (while_full, len(gateway.pushes)) == ([], 1)


def test_ask_phones_gives_its_place_back(till: Till, gateway: Gateway) -> None:
    for number in range(tasks.MOST_ASKING + 1):
        a_waiting_request(till.business, f"key-{number}")
        tasks.ask_phones()

    assert len(gateway.pushes) == tasks.MOST_ASKING + 1


# Sweeping


def test_sweep_finishes_what_no_bell_announced(till: Till, gateway: Gateway) -> None:
    paid = an_asked_sale(till, 9)
    a_callback(till, token="token-9", checkout="ws_CO_9")
    a_waiting_request(till.business, "key-1")

    tasks.sweep()

    paid.refresh_from_db()
    assert (paid.state, len(gateway.pushes)) == (SaleState.PAID, 1)


def test_sweep_ends_requests_that_waited_too_long(till: Till, gateway: Gateway) -> None:
    a_waiting_request(till.business, "key-1")

    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        tasks.sweep()

    assert (gateway.pushes, states_of(PaymentRequest)) == ([], [RequestState.EXPIRED])


def test_sweep_of_nothing_does_nothing(till: Till) -> None:
    tasks.sweep()

    assert (InboundMessage.objects.count(), Entry.objects.count()) == (0, 0)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's writers stand in a line.")
def test_on_sqlite_a_worker_rests_as_long_as_a_message_took_so_that_callbacks_get_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, rests = [0.0], list[float]()
    monkeypatch.setattr(tasks.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(tasks.time, "sleep", rests.append)

    def take(seconds: int) -> None:
        now[0] += seconds / 1000
        if seconds == 20:
            raise ValueError

    act = tasks._with_a_breath(take)
    act(10)
    with pytest.raises(ValueError):
        act(20)
    act(900)

    assert rests == pytest.approx([0.01, 0.02, tasks.MOST_REST_SECONDS])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's writers look now and then.")
def test_on_postgresql_no_worker_rests() -> None:
    def take(message_id: int) -> None: ...

    assert tasks._with_a_breath(take) is take
