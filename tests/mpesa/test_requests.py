from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from money.models import User
from mpesa.actions.inbound import understand
from mpesa.actions.requests import (
    ASK_WITHIN,
    MOST_QUERIES,
    AlreadyAsking,
    NotAskable,
    ask,
    check_askable,
    check_soon,
    expire_requests,
    query,
    request_payment,
    withdraw,
)
from mpesa.daraja import TOKENS
from mpesa.digests import digest
from mpesa.models import Payment, PaymentRequest, RequestState, TillKind
from mpesa.queries import requests_to_query
from tests.make import NOW, a_callback, a_message, a_request
from tests.mpesa.gateway import (
    PUSH_PATH,
    QUERY_PATH,
    a_port_nobody_listens_on,
    answer,
    sample,
)

SECOND = timedelta(seconds=1)
CHECKOUT = "ws_CO_22112026101531418700000101"
LOST = answer(500, {"errorCode": "500.003.1001", "errorMessage": "Internal Server Error"})
ENDED = [RequestState.PAID, RequestState.FAILED, RequestState.UNKNOWN, RequestState.EXPIRED]


@pytest.fixture(autouse=True)
def _no_token_of_another_test():
    yield
    TOKENS._held.clear()


@pytest.fixture(autouse=True)
def _the_gateway_may_look_into_the_database(db):
    connections["default"].inc_thread_sharing()
    yield
    connections["default"].dec_thread_sharing()


def the_cashier():
    return User.objects.get_or_create(username="baraka")[0]


def a_wish(shop, *, key="k1", reference="sale:1", amount_cents=18_000, now=NOW):
    return request_payment(
        till=shop.till,
        key=key,
        reference=reference,
        account_reference="SALE1",
        phone="254700000101",
        amount_cents=amount_cents,
        by=the_cashier(),
        now=now,
    )


def facts(request):
    return PaymentRequest.objects.filter(pk=request.pk).values().get()


def some(request, *names):
    found = facts(request)
    return tuple(found[name] for name in names)


# Wishing


def test_request_payment_writes_down_and_sends_nothing(shop):
    request = a_wish(shop)

    assert some(request, "state", "amount_cents", "phone", "token_digest", "created_at") == (
        RequestState.CREATED,
        18_000,
        "254700000101",
        "",
        NOW,
    )
    assert some(request, "asked_at", "next_query_at", "ended_at") == (None, None, None)
    assert request.created_by == User.objects.get(username="baraka")
    assert str(request) == f"Request {request.pk} (created)"


NOTHING = "There is nothing to pay."
CENTS = "M-Pesa takes whole shillings only. Take cash, or change the quantity."
LARGE = "M-Pesa takes at most KES 250,000 at once."


@pytest.mark.parametrize(
    ("cents", "sentence"),
    [
        (0, NOTHING),
        (-100, NOTHING),
        (1, CENTS),
        (99, CENTS),
        (18_050, CENTS),
        (25_000_001, CENTS),
        (25_000_100, LARGE),
        (10**15, LARGE),
    ],
)
def test_request_payment_refuses_what_mpesa_does_not_take(shop, cents, sentence):
    with pytest.raises(NotAskable) as refusal:
        a_wish(shop, amount_cents=cents)

    assert (str(refusal.value), PaymentRequest.objects.count()) == (sentence, 0)


@pytest.mark.parametrize("cents", [100, 25_000_000])
def test_check_askable_takes_the_limits_themselves(cents):
    check_askable(cents)


def test_request_payment_with_the_same_key_is_the_first_request(shop):
    first = a_wish(shop)

    again = a_wish(shop, amount_cents=99_900)

    assert (again, again.amount_cents, PaymentRequest.objects.count()) == (first, 18_000, 1)


def test_request_payment_refuses_the_key_of_another_reference(shop):
    a_wish(shop)

    with pytest.raises(AlreadyAsking) as refusal:
        a_wish(shop, reference="sale:2")

    assert "used for another sale" in str(refusal.value)
    assert PaymentRequest.objects.count() == 1


@pytest.mark.parametrize("state", [RequestState.CREATED, RequestState.ASKED])
def test_request_payment_refuses_a_second_live_one_for_the_reference(shop, state):
    a_request(shop.till, state=state)

    with pytest.raises(AlreadyAsking) as refusal:
        a_wish(shop)

    assert str(refusal.value) == "The phone is being asked already."


@pytest.mark.parametrize("state", ENDED)
def test_request_payment_may_follow_one_that_has_ended(shop, state):
    a_request(shop.till, state=state)

    assert a_wish(shop).state == RequestState.CREATED


def test_request_payment_of_another_reference_is_free(shop):
    a_wish(shop)

    assert a_wish(shop, key="k2", reference="sale:2").state == RequestState.CREATED


class Intruder:
    """Another session, which writes its request just before ours reaches the table."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act, self.savepoints = act, 0

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith("SAVEPOINT"):
            self.savepoints += 1
            if self.savepoints == 2:
                self.act()
        return execute(sql, params, many, context)


def test_request_payment_returns_the_first_where_another_session_wins_with_the_key(shop):
    winner: list[PaymentRequest] = []
    by = the_cashier()

    def write() -> None:
        winner.append(
            PaymentRequest.objects.create(
                till=shop.till,
                key="k1",
                reference="sale:1",
                account_reference="SALE1",
                phone="254700000101",
                amount_cents=18_000,
                created_by=by,
                created_at=NOW,
            )
        )

    with connections["default"].execute_wrapper(Intruder(write)):
        found = a_wish(shop)

    assert [found] == winner


def test_request_payment_refuses_where_another_session_wins_with_the_reference(shop):
    the_cashier()

    def write() -> None:
        a_request(shop.till, state=RequestState.CREATED, checkout_request_id="")

    intruder = connections["default"].execute_wrapper(Intruder(write))
    with intruder, pytest.raises(AlreadyAsking) as refusal:
        a_wish(shop)

    assert isinstance(refusal.value.__cause__, IntegrityError)


# Asking


def test_ask_puts_the_prompt_on_the_phone(shop, simulator, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    request = a_wish(shop)

    state = ask(request_id=request.pk, now=NOW + SECOND)

    prompt = simulator.world.prompts()[0]
    address, _, token = prompt.push.callback_url.rpartition("/")
    assert state == RequestState.ASKED
    assert some(request, "state", "checkout_request_id", "merchant_request_id", "asked_at") == (
        RequestState.ASKED,
        prompt.checkout_request_id,
        prompt.merchant_request_id,
        NOW + SECOND,
    )
    assert some(request, "next_query_at") == (NOW + 71 * SECOND,)
    assert address == f"http://127.0.0.1:8000/cb/{shop.till.callback_secret}/stk"
    assert (len(token), some(request, "token_digest")) == (40, (digest(token),))
    assert (prompt.push.amount, prompt.push.phone, prompt.push.party_b) == (
        180,
        "254700000101",
        "9900302",
    )


def test_ask_for_a_paybill_says_so(shop, gateway):
    shop.till.kind, shop.till.number = TillKind.PAYBILL, shop.till.shortcode
    shop.till.save()

    ask(request_id=a_wish(shop).pk, now=NOW)

    assert gateway.at(PUSH_PATH)[0].body["TransactionType"] == "CustomerPayBillOnline"


def test_ask_claims_a_request_once(shop, gateway):
    request = a_wish(shop)

    states = [ask(request_id=request.pk, now=NOW) for _ in range(3)]

    assert (states, len(gateway.at(PUSH_PATH))) == ([RequestState.ASKED, None, None], 1)


@pytest.mark.parametrize("state", [RequestState.ASKED, *ENDED])
def test_ask_leaves_others_alone(shop, gateway, state):
    request = a_request(shop.till, state=state)
    before = facts(request)

    assert ask(request_id=request.pk, now=NOW) is None
    assert (facts(request), gateway.asked) == (before, [])


def test_ask_has_noted_and_committed_before_it_calls(shop, gateway):
    ours = connections["default"]
    seen: list[object] = []
    depth = len(ours.savepoint_ids)

    def look() -> None:
        with ours.cursor() as cursor:
            cursor.execute("SELECT state, asked_at IS NULL, token_digest FROM mpesa_paymentrequest")
            seen.extend(cursor.fetchone())
        seen.append(len(ours.savepoint_ids) - depth)

    request = a_wish(shop)
    gateway.meanwhile = look
    ask(request_id=request.pk, now=NOW)

    assert seen == ["asked", False, facts(request)["token_digest"], 0]


def while_asking(gateway, act: Callable[[], object]) -> None:
    """Have the gateway do `act` on this test's connection before it answers a push."""
    ours = connections["default"]

    def on_our_connection() -> None:
        connections["default"] = ours
        try:
            act()
        finally:
            del connections["default"]

    gateway.meanwhile = on_our_connection


def called_back(shop, gateway, **changes):
    def act() -> None:
        token = gateway.at(PUSH_PATH)[0].body["CallBackURL"].rpartition("/")[2]
        body = a_callback(checkout_request_id=CHECKOUT, **changes)
        message = a_message(shop.till, body=body, token=token)
        understand(message_id=message.pk, now=NOW + SECOND)

    return act


@pytest.mark.parametrize(
    ("given", "merchant"),
    [
        (sample(200, "stk-response-accepted"), "3b7a-4e21-9d40-5c8f0e6a1b2d7719402"),
        (LOST, "3b7a-4e21-9d40-5c8f0e6a1b2d7719402"),
        (answer(400), "3b7a-4e21-9d40-5c8f0e6a1b2d7719402"),
        (answer(200, {"ResponseCode": "0", "CheckoutRequestID": CHECKOUT}), None),
        (answer(200, {"ResponseCode": "0", "CheckoutRequestID": "ws_CO_another"}), None),
    ],
)
def test_ask_does_not_undo_a_callback_that_came_first(shop, gateway, given, merchant):
    request = a_wish(shop)
    gateway.will_answer(given)
    while_asking(gateway, called_back(shop, gateway))

    state = ask(request_id=request.pk, now=NOW)

    assert state == RequestState.PAID
    assert some(request, "state", "checkout_request_id", "merchant_request_id", "result_code") == (
        RequestState.PAID,
        CHECKOUT,
        merchant or "3b7a-4e21-9d40-5c8f0e6a1b2d7719402",
        "0",
    )
    assert Payment.objects.get().request == request


def test_ask_does_not_undo_a_failure_that_came_first(shop, gateway):
    request = a_wish(shop)
    while_asking(gateway, called_back(shop, gateway, code=1032))

    state = ask(request_id=request.pk, now=NOW)

    assert (state, some(request, "state", "result_code")) == (
        RequestState.FAILED,
        (RequestState.FAILED, "1032"),
    )


def test_ask_that_hears_nothing_never_asks_again(shop, gateway):
    request = a_wish(shop)
    gateway.will_answer(LOST)

    states = [ask(request_id=request.pk, now=NOW + n * SECOND) for n in range(3)]

    assert (states, len(gateway.at(PUSH_PATH))) == ([RequestState.ASKED, None, None], 1)
    assert some(request, "state", "checkout_request_id", "result_text", "ended_at") == (
        RequestState.ASKED,
        "",
        "500.003.1001 Internal Server Error",
        None,
    )
    assert requests_to_query(NOW + 70 * SECOND) == [request.pk]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (sample(500, "stk-error-500-003-02-spike-arrest"), "busy"),
        (sample(500, "stk-error-500-001-1001-wrong-credentials"), "credentials"),
        (sample(400, "stk-error-400-002-02-invalid-callbackurl"), "refused"),
    ],
)
def test_ask_that_is_refused_ends_the_request(shop, gateway, given, code):
    request = a_wish(shop)
    gateway.will_answer(given)

    state = ask(request_id=request.pk, now=NOW)

    assert state == RequestState.FAILED
    assert some(request, "state", "result_code", "ended_at", "next_query_at") == (
        RequestState.FAILED,
        code,
        NOW,
        None,
    )
    assert a_wish(shop, key="k2").state == RequestState.CREATED


def test_ask_where_nobody_listens_ends_the_request(shop, settings):
    settings.DARAJA_URL = f"http://127.0.0.1:{a_port_nobody_listens_on()}"
    request = a_wish(shop)

    ask(request_id=request.pk, now=NOW)

    assert some(request, "state", "result_code") == (RequestState.FAILED, "unreachable")


def test_ask_without_credentials_ends_the_request(shop, gateway, settings, monkeypatch):
    settings.PRODUCTION = True
    monkeypatch.delenv("DARAJA_CONSUMER_KEY", raising=False)
    request = a_wish(shop)

    ask(request_id=request.pk, now=NOW)

    assert some(request, "state", "result_code", "result_text") == (
        RequestState.FAILED,
        "credentials",
        "Set TILL_9900302_CONSUMER_KEY (or DARAJA_CONSUMER_KEY) in the environment.",
    )
    assert gateway.asked == []


def test_ask_keeps_no_refused_token(shop, gateway):
    gateway.will_answer(sample(401, "error-401-002-01-invalid-access-token"))
    request = a_wish(shop)

    ask(request_id=request.pk, now=NOW)

    assert some(request, "result_text") == ("401.002.01 Error Occurred - Invalid Access Token - …",)


def test_ask_within_its_time_only(shop, gateway):
    on_time = a_wish(shop)
    late = a_wish(shop, key="k2", reference="sale:2", now=NOW - SECOND)
    now = NOW + ASK_WITHIN - SECOND

    states = [ask(request_id=request.pk, now=now) for request in (on_time, late)]

    assert (states, len(gateway.at(PUSH_PATH))) == ([RequestState.ASKED, None], 1)


def test_expire_requests_ends_what_was_too_late_and_nothing_else(shop):
    late = a_wish(shop, now=NOW - ASK_WITHIN)
    fresh = a_wish(shop, key="k2", reference="sale:2", now=NOW - ASK_WITHIN + SECOND)
    asked = a_request(shop.till, reference="sale:3")

    ended = [expire_requests(now=NOW), expire_requests(now=NOW)]

    assert ended == [1, 0]
    assert some(late, "state", "result_code", "ended_at") == (
        RequestState.EXPIRED,
        "never-asked",
        NOW,
    )
    assert [some(r, "state") for r in (fresh, asked)] == [("created",), ("asked",)]


# Querying


def answered(gateway, code):
    gateway.will_answer(answer(200, {"ResultCode": code, "ResultDesc": "Said so."}))


@pytest.mark.parametrize("state", [RequestState.ASKED, RequestState.UNKNOWN])
@pytest.mark.parametrize(
    ("code", "end"),
    [("0", RequestState.PAID), ("1032", RequestState.FAILED), ("SFC_IC0003", RequestState.FAILED)],
)
def test_query_with_a_final_code_ends_the_request(shop, gateway, state, code, end):
    request = a_request(shop.till, state=state)
    answered(gateway, code)

    found = query(request_id=request.pk, now=NOW + SECOND)

    assert found == end
    assert some(request, "state", "result_code", "result_text", "ended_at", "queries") == (
        end,
        code,
        "Said so.",
        NOW + SECOND,
        1,
    )
    assert (facts(request)["next_query_at"], Payment.objects.count()) == (None, 0)


PENDING = {
    "4999": answer(200, {"ResultCode": "4999"}),
    "being processed": sample(500, "stk-query-error-500-001-1001-being-processed"),
    "unknown code": answer(200, {"ResultCode": "777"}),
    "unknown id": sample(400, "stk-query-error-400-invalid-checkoutrequestid"),
    "spike": sample(500, "stk-error-500-003-02-spike-arrest"),
    "html": answer(403, b"<html></html>"),
    "hung up": answer(200, hangs_up=True),
}


@pytest.mark.parametrize("name", PENDING)
def test_query_without_a_final_answer_asks_again_later(shop, gateway, name):
    request = a_request(shop.till)
    gateway.will_answer(PENDING[name])

    found = query(request_id=request.pk, now=NOW + SECOND)

    assert found == RequestState.ASKED
    assert some(request, "state", "queries", "next_query_at", "ended_at", "result_code") == (
        RequestState.ASKED,
        1,
        NOW + 31 * SECOND,
        None,
        "",
    )


def test_query_without_an_id_calls_nobody(shop, gateway):
    request = a_request(shop.till, checkout_request_id="")

    found = query(request_id=request.pk, now=NOW)

    assert (found, gateway.asked, facts(request)["queries"]) == (RequestState.ASKED, [], 1)


def test_query_without_credentials_waits(shop, gateway, settings, monkeypatch):
    settings.PRODUCTION = True
    monkeypatch.delenv("DARAJA_CONSUMER_KEY", raising=False)
    request = a_request(shop.till)

    found = query(request_id=request.pk, now=NOW)

    assert (found, gateway.asked) == (RequestState.ASKED, [])


@pytest.mark.parametrize(
    ("seconds", "state"), [(90, RequestState.ASKED), (91, RequestState.UNKNOWN)]
)
def test_query_after_a_long_silence_makes_the_request_unknown(shop, gateway, seconds, state):
    request = a_request(shop.till)
    gateway.will_answer(PENDING["4999"])

    assert query(request_id=request.pk, now=NOW + seconds * SECOND) == state


def test_query_of_an_unknown_request_that_was_never_dated_keeps_its_state(shop, gateway):
    request = a_request(shop.till, state=RequestState.UNKNOWN)
    PaymentRequest.objects.filter(pk=request.pk).update(asked_at=None)
    gateway.will_answer(PENDING["4999"])

    assert query(request_id=request.pk, now=NOW) == RequestState.UNKNOWN


def test_query_asks_less_and_less_often_and_stops(shop, gateway):
    request = a_request(shop.till)
    gateway.will_answer(PENDING["4999"])
    now, pauses = NOW, []

    while True:
        query(request_id=request.pk, now=now)
        due = facts(request)["next_query_at"]
        if due is None:
            break
        pauses.append((due - now).total_seconds())
        now = due

    # At 91 s it is unknown; from there on less and less often.
    assert pauses == [30, 60, 1, 240, 480, 960, *[1800] * 13]
    assert some(request, "queries", "state") == (MOST_QUERIES, RequestState.UNKNOWN)
    assert requests_to_query(now + timedelta(days=365)) == []


@pytest.mark.parametrize(
    "state", [RequestState.CREATED, RequestState.PAID, RequestState.FAILED, RequestState.EXPIRED]
)
def test_query_of_a_request_that_is_not_open_asks_nobody(shop, gateway, state):
    request = a_request(shop.till, state=state)
    before = facts(request)

    assert query(request_id=request.pk, now=NOW) == state
    assert (facts(request), gateway.asked) == (before, [])


def test_query_never_downgrades_what_a_callback_has_paid_meanwhile(shop, gateway):
    request = a_request(shop.till, checkout_request_id=CHECKOUT)
    answered(gateway, "1032")

    def pay() -> None:
        message = a_message(shop.till, body=a_callback(checkout_request_id=CHECKOUT))
        understand(message_id=message.pk, now=NOW)

    while_asking(gateway, pay)

    assert query(request_id=request.pk, now=NOW + SECOND) == RequestState.PAID
    assert some(request, "result_code", "ended_at", "queries") == ("0", NOW, 0)


def test_query_of_the_simulator_proves_a_payment_whose_callback_is_lost(shop, simulator):
    request = a_wish(shop)
    ask(request_id=request.pk, now=NOW)
    name = facts(request)["checkout_request_id"]
    simulator.world.answer(name, "approve", NOW)

    assert query(request_id=request.pk, now=NOW + SECOND) == RequestState.PAID


@pytest.mark.parametrize("state", [RequestState.ASKED, RequestState.UNKNOWN])
def test_check_soon_has_an_open_request_queried(shop, state):
    request = a_request(shop.till, state=state)

    closed = NOW + timedelta(seconds=60)

    check_soon(request_id=request.pk, now=closed)

    assert requests_to_query(closed) == [request.pk]


def test_check_soon_waits_until_the_prompt_has_closed(shop):
    request = a_request(shop.till)

    check_soon(request_id=request.pk, now=NOW + timedelta(seconds=5))

    assert requests_to_query(NOW + timedelta(seconds=59)) == []
    assert requests_to_query(NOW + timedelta(seconds=60)) == [request.pk]


def test_an_asked_request_is_asked_about_however_often_it_was_checked(shop, gateway):
    request = a_request(shop.till)
    gateway.will_answer(PENDING["4999"])
    now = NOW + timedelta(seconds=61)

    for _ in range(MOST_QUERIES + 5):
        query(request_id=request.pk, now=now)
    still = facts(request)
    query(request_id=request.pk, now=still["next_query_at"])

    assert still["state"] == RequestState.ASKED
    assert facts(request)["state"] == RequestState.UNKNOWN


def test_a_clock_set_back_makes_an_asked_request_unknown(shop, gateway):
    request = a_request(shop.till)
    gateway.will_answer(PENDING["4999"])

    query(request_id=request.pk, now=NOW - timedelta(hours=3))

    assert facts(request)["state"] == RequestState.UNKNOWN


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (RequestState.CREATED, RequestState.EXPIRED),
        (RequestState.ASKED, RequestState.ASKED),
        (RequestState.UNKNOWN, RequestState.UNKNOWN),
        (RequestState.PAID, RequestState.PAID),
    ],
)
def test_withdraw_ends_what_was_not_sent_and_nothing_else(shop, state, after):
    request = a_request(shop.till, state=state)
    other = a_request(
        shop.till, state=state, reference="sale:2", token="2", checkout_request_id="ws_CO_2"
    )

    withdraw(reference="sale:1", now=NOW)

    assert (facts(request)["state"], facts(other)["state"]) == (after, state)


def test_ask_leaves_a_withdrawn_request(shop, gateway):
    request = a_request(shop.till, state=RequestState.CREATED)
    withdraw(reference="sale:1", now=NOW)

    assert ask(request_id=request.pk, now=NOW) is None
    assert gateway.asked == []


@pytest.mark.parametrize("state", [RequestState.PAID, RequestState.FAILED, RequestState.CREATED])
def test_check_soon_leaves_others_alone(shop, state):
    request = a_request(shop.till, state=state)

    check_soon(request_id=request.pk, now=NOW)

    assert facts(request)["next_query_at"] is None


def test_query_calls_the_address_for_queries(shop, gateway):
    request = a_request(shop.till)
    answered(gateway, "0")

    query(request_id=request.pk, now=NOW)

    assert [asked.body["CheckoutRequestID"] for asked in gateway.at(QUERY_PATH)] == [
        request.checkout_request_id
    ]


def test_a_second_live_request_is_refused_by_the_database_too(shop):
    a_request(shop.till)

    with pytest.raises(IntegrityError), transaction.atomic():
        a_request(shop.till, token="second", checkout_request_id="")
