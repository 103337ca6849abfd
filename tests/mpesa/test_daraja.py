import base64
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mpesa.credentials import SIMULATED, Credentials
from mpesa.daraja import Ambiguous, Daraja, Push, QueryAnswer, Refused, Tokens
from mpesa.simulator.refusals import ACK_ERRORS, SUBSCRIBER_LOCKED
from mpesa.simulator.world import World
from tests.make import NOW
from tests.mpesa.gateway import (
    ACCEPTED,
    PUSH_PATH,
    QUERY_PATH,
    Answer,
    Gateway,
    a_port_nobody_listens_on,
    answer,
    sample,
)

CHECKOUT = "ws_CO_22112026101531418700000101"
PASSKEY = SIMULATED["PASSKEY"]
PUSH = Push(
    shortcode="9900300",
    party_b="9900302",
    is_till=True,
    phone="254700000101",
    amount_shillings=180,
    callback_url="http://127.0.0.1:9/cb/secret/stk/token",
    account_reference="SALE-1",
    description="Counter sale",
)
PAYBILL_PUSH = replace(PUSH, shortcode="9900400", party_b="9900400", is_till=False)


def client(url, *, seconds=5.0, tokens=None, **changes):
    return Daraja(
        url=url,
        credentials=replace(Credentials(*SIMULATED.values()), **changes),
        timeout_seconds=seconds,
        tokens=tokens or Tokens(),
        pause=lambda tries: None,
    )


def ask(daraja, checkout_request_id=CHECKOUT, now=NOW):
    return daraja.query(shortcode="9900300", checkout_request_id=checkout_request_id, now=now)


def refusal_of(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        act()
    assert str(refusal.value) == refusal.value.text
    return refusal.value.code, refusal.value.text


def silence_of(act: Callable[[], object]) -> str:
    with pytest.raises(Ambiguous) as silence:
        act()
    return str(silence.value)


# What is sent


def test_push_to_a_till_sends_what_daraja_documents(gateway):
    client(gateway.url).push(PUSH, now=NOW)

    password = base64.b64encode(f"9900300{PASSKEY}20261122120000".encode()).decode()
    assert gateway.at(PUSH_PATH)[0].body == {
        "BusinessShortCode": 9900300,
        "Password": password,
        "Timestamp": "20261122120000",
        "TransactionType": "CustomerBuyGoodsOnline",
        "Amount": 180,
        "PartyA": 254700000101,
        "PartyB": 9900302,
        "PhoneNumber": 254700000101,
        "CallBackURL": "http://127.0.0.1:9/cb/secret/stk/token",
        "AccountReference": "SALE-1",
        "TransactionDesc": "Counter sale",
    }


def test_push_to_a_paybill_sends_its_type_and_number_twice(gateway):
    client(gateway.url).push(PAYBILL_PUSH, now=NOW)

    body = gateway.at(PUSH_PATH)[0].body
    assert (body["TransactionType"], body["BusinessShortCode"], body["PartyB"]) == (
        "CustomerPayBillOnline",
        9900400,
        9900400,
    )


def test_push_cuts_reference_and_description(gateway):
    long = replace(PUSH, account_reference="R" * 30, description="D" * 30)

    client(gateway.url).push(long, now=NOW)

    body = gateway.at(PUSH_PATH)[0].body
    assert (body["AccountReference"], body["TransactionDesc"]) == ("R" * 12, "D" * 13)


@pytest.mark.parametrize(
    ("now", "timestamp"),
    [
        (datetime(2026, 11, 30, 21, 30, tzinfo=UTC), "20261201003000"),
        (datetime(2026, 11, 30, 20, 59, 59, tzinfo=UTC), "20261130235959"),
    ],
)
def test_query_signs_with_nairobi_time(gateway, now, timestamp):
    gateway.will_answer(sample(200, "stk-query-response-success"))

    ask(client(gateway.url), now=now)

    password = base64.b64encode(f"9900300{PASSKEY}{timestamp}".encode()).decode()
    assert gateway.at(QUERY_PATH)[0].body == {
        "BusinessShortCode": 9900300,
        "Password": password,
        "Timestamp": timestamp,
        "CheckoutRequestID": CHECKOUT,
    }


def test_calls_bear_the_token_and_the_token_call_the_keys(gateway):
    client(gateway.url).push(PUSH, now=NOW)

    basic = base64.b64encode(b"simulator-key:simulator-secret").decode()
    assert [asked.headers["Authorization"] for asked in gateway.asked] == [
        f"Basic {basic}",
        "Bearer token-1",
    ]


# The real simulator


def test_push_is_accepted_by_the_simulator(simulator):
    now = timezone.now()

    ack = client(simulator.url).push(PUSH, now=now)

    prompt = simulator.world.prompt(ack.checkout_request_id)
    assert ack.merchant_request_id == prompt.merchant_request_id
    assert prompt.push.amount == 180
    assert prompt.push.callback_url == PUSH.callback_url


def test_a_proxy_of_the_environment_does_not_hide_the_simulator(simulator, monkeypatch):
    nobody = f"http://127.0.0.1:{a_port_nobody_listens_on()}"
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nobody)

    ack = client(simulator.url).push(PUSH, now=NOW)

    assert simulator.world.prompt(ack.checkout_request_id).rings is True


def test_push_to_a_paybill_is_accepted_by_the_simulator(simulator):
    ack = client(simulator.url).push(PAYBILL_PUSH, now=NOW)

    assert simulator.world.prompt(ack.checkout_request_id).rings is True


def test_push_is_refused_while_the_phone_is_busy(simulator):
    daraja = client(simulator.url)
    daraja.push(PUSH, now=NOW)

    code, _ = refusal_of(lambda: daraja.push(PUSH, now=NOW))

    assert (code, len(simulator.world.prompts())) == ("phone-busy", 1)


REFUSALS = {
    "bad_request": ("refused", "400.002.02 Bad Request - Invalid PhoneNumber"),
    "invalid_token": ("credentials", "404.001.03 Invalid Access Token"),
    "not_found": ("refused", "404.001.01 Resource not found"),
    "method_not_allowed": ("refused", "405.001 POST Method Not Allowed"),
    "merchant_does_not_exist": ("credentials", "500.001.1001 Merchant does not exist"),
    "wrong_credentials": ("credentials", "500.001.1001 Wrong credentials"),
    "subscriber_locked": (
        "phone-busy",
        f"500.001.1001 {SUBSCRIBER_LOCKED.message}",
    ),
    "spike_arrest": ("busy", "500.003.02 Error Occurred: Spike Arrest Violation"),
    "quota_violation": ("busy", "500.003.03 Error Occurred: Quota Violation"),
    "firewall": ("refused", "HTTP 403"),
}
SILENCES = {
    "system_busy": "500.003.02 System is busy. Please try again in few minutes.",
    "internal_error": "500.003.1001 Internal Server Error",
    "unreachable": "500.003.1001 Service is currently unreachable. Please try again later.",
    "lost": "500.003.1001 Internal Server Error",
}


def test_refusals_and_silences_are_all_that_the_simulator_knows():
    assert {*REFUSALS, *SILENCES} == {*ACK_ERRORS, "lost"}


@pytest.mark.parametrize("ack", REFUSALS)
def test_push_is_refused_for_a_definite_error(simulator, ack):
    simulator.world.knobs.change({"ack": ack})

    found = refusal_of(lambda: client(simulator.url).push(PUSH, now=NOW))

    assert (found, simulator.world.prompts()) == (REFUSALS[ack], [])


@pytest.mark.parametrize("ack", SILENCES)
def test_push_is_ambiguous_where_the_prompt_may_be_on_the_phone(simulator, ack):
    simulator.world.knobs.change({"ack": ack})

    assert silence_of(lambda: client(simulator.url).push(PUSH, now=NOW)) == SILENCES[ack]


def test_push_is_ambiguous_after_a_timeout_and_not_repeated(simulator):
    simulator.world.knobs.change({"ack": "hang", "hang_ms": 5_000})

    silence = silence_of(lambda: client(simulator.url, seconds=0.3).push(PUSH, now=NOW))

    assert (silence, len(simulator.world.prompts())) == ("ReadTimeout", 1)


@pytest.mark.parametrize("query_mode", ["4999", "500"])
def test_query_of_an_open_prompt_is_pending(simulator, query_mode):
    simulator.world.knobs.change({"query_mode": query_mode})
    daraja = client(simulator.url)
    ack = daraja.push(PUSH, now=NOW)

    assert ask(daraja, ack.checkout_request_id).code == "4999"


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        ("approve", "0"),
        ("cancel", "1032"),
        ("wrong_pin", "2001"),
        ({"code": "SFC_IC0003"}, "SFC_IC0003"),
        ({"code": "E3008"}, "E3008"),
    ],
)
def test_query_of_an_ended_prompt_is_its_code_as_text(simulator, decision, code):
    daraja = client(simulator.url)
    ack = daraja.push(PUSH, now=NOW)
    simulator.world.answer(ack.checkout_request_id, decision, timezone.now())

    assert ask(daraja, ack.checkout_request_id).code == code


def test_query_of_an_unknown_id_is_refused(simulator):
    found = refusal_of(lambda: ask(client(simulator.url)))

    assert found == ("refused", "Bad Request - Invalid CheckoutRequestID")


def test_query_during_a_spike_arrest_is_ambiguous(simulator):
    simulator.world.knobs.change({"query_mode": "spike"})

    assert silence_of(lambda: ask(client(simulator.url))) == "HTTP 500 500.003.02"


@pytest.mark.parametrize("changes", [{"consumer_key": "x"}, {"consumer_secret": "x"}])
def test_wrong_keys_are_refused_with_an_empty_answer(simulator, changes):
    found = refusal_of(lambda: client(simulator.url, **changes).push(PUSH, now=NOW))

    assert found == ("credentials", "No token: HTTP 400.")


def test_a_wrong_passkey_is_refused(simulator):
    code, _ = refusal_of(lambda: client(simulator.url, passkey="x").push(PUSH, now=NOW))

    assert code == "credentials"


@pytest.mark.parametrize("expires_in", ["string", "number"])
def test_token_of_the_simulator_is_kept(simulator, expires_in):
    simulator.world.knobs.change({"expires_in": expires_in})
    daraja = client(simulator.url)

    daraja.push(PUSH, now=NOW)
    refusal_of(lambda: daraja.push(PUSH, now=NOW))
    ask(daraja, simulator.world.prompts()[0].checkout_request_id)

    assert tokens_of(simulator.world) == 1


def test_token_that_another_system_has_ended_is_replaced_once(simulator):
    simulator.world.knobs.change({"invalidate_previous_token": True})
    ours, theirs = client(simulator.url), client(simulator.url)
    ack = ours.push(PUSH, now=NOW)
    refusal_of(lambda: theirs.push(PUSH, now=NOW))

    found = ask(ours, ack.checkout_request_id)

    assert (found.code, tokens_of(simulator.world)) == ("4999", 1)


def tokens_of(world: World) -> int:
    return len(world.access._tokens)


# Tokens


def test_token_is_fetched_once_for_many_calls(gateway):
    daraja = client(gateway.url)

    for minutes in range(0, 50, 10):
        daraja.push(PUSH, now=NOW + timedelta(minutes=minutes))

    assert gateway.tokens_given == 1


def test_token_is_fetched_once_for_many_clients_of_the_same_keys(gateway):
    tokens = Tokens()

    for _ in range(3):
        client(gateway.url, tokens=tokens).push(PUSH, now=NOW)
    client(gateway.url, tokens=tokens, consumer_key="another").push(PUSH, now=NOW)

    assert gateway.tokens_given == 2


def test_token_is_fetched_once_for_many_threads(gateway):
    together, tokens = threading.Barrier(8), Tokens()
    failures: list[Exception] = []

    def push() -> None:
        together.wait(5)
        try:
            client(gateway.url, tokens=tokens).push(PUSH, now=NOW)
        except (Refused, Ambiguous) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=push) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert (gateway.tokens_given, len(gateway.at(PUSH_PATH)), failures) == (1, 8, [])


def test_token_that_all_threads_find_refused_is_replaced_once(gateway):
    tokens, together = Tokens(), threading.Barrier(6)
    client(gateway.url, tokens=tokens).push(PUSH, now=NOW)
    found: list[str] = []

    def replaced() -> None:
        together.wait(5)
        found.append(tokens.get(client(gateway.url), NOW, instead_of="token-1"))

    threads = [threading.Thread(target=replaced) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert (found, gateway.tokens_given) == (["token-2"] * 6, 2)


@pytest.mark.parametrize(
    "expires_in", ["3599", 3599, "3599 ", None, "soon", "\u0663\u0665", 10**30, -1]
)
def test_token_lives_until_five_minutes_before_its_end(gateway, expires_in):
    gateway.token_answers.extend(
        [
            answer(200, {"access_token": "first", "expires_in": expires_in}),
            answer(200, {"access_token": "second", "expires_in": expires_in}),
        ]
    )
    daraja = client(gateway.url)

    for seconds in (0, 3298, 3299):
        daraja.push(PUSH, now=NOW + timedelta(seconds=seconds))

    assert [asked.headers["Authorization"] for asked in gateway.at(PUSH_PATH)] == [
        "Bearer first",
        "Bearer first",
        "Bearer second",
    ]


def test_token_that_lives_for_minutes_only_is_fetched_again(gateway):
    gateway.token_answers.extend(
        [
            answer(200, {"access_token": "first", "expires_in": 300}),
            answer(200, {"access_token": "second", "expires_in": 3599}),
        ]
    )
    daraja = client(gateway.url)

    daraja.push(PUSH, now=NOW)
    daraja.push(PUSH, now=NOW)

    assert gateway.tokens_given == 2


INVALID_TOKENS = [
    answer(404, {"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}),
    sample(401, "error-401-002-01-invalid-access-token"),
    sample(400, "error-400-003-01-invalid-access-token"),
    answer(401, {"errorCode": "401.001", "errorMessage": "Invalid Access Token"}),
]


@pytest.mark.parametrize("invalid", INVALID_TOKENS)
def test_push_replaces_a_refused_token_once(gateway, invalid):
    gateway.will_answer(invalid, ACCEPTED)

    ack = client(gateway.url).push(PUSH, now=NOW)

    assert ack.checkout_request_id == CHECKOUT
    assert [asked.headers["Authorization"] for asked in gateway.at(PUSH_PATH)] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


@pytest.mark.parametrize("invalid", INVALID_TOKENS)
def test_push_gives_up_on_a_second_refused_token(gateway, invalid):
    gateway.will_answer(invalid)

    code, text = refusal_of(lambda: client(gateway.url).push(PUSH, now=NOW))

    assert (code, len(gateway.at(PUSH_PATH)), gateway.tokens_given) == ("credentials", 2, 2)
    assert "Xk2mTq7d" not in text


def test_query_replaces_a_refused_token_once(gateway):
    gateway.will_answer(INVALID_TOKENS[0], sample(200, "stk-query-response-1032-cancelled"))

    found = ask(client(gateway.url))

    assert found == QueryAnswer("1032", "Request cancelled by user")


def test_push_is_refused_where_the_second_token_is_refused(gateway):
    gateway.will_answer(INVALID_TOKENS[0])
    gateway.token_answers.extend(
        [answer(200, {"access_token": "first", "expires_in": 3599}), answer(400)]
    )

    found = refusal_of(lambda: client(gateway.url).push(PUSH, now=NOW))

    assert (found[0], len(gateway.at(PUSH_PATH))) == ("credentials", 1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (answer(400), "credentials"),
        (sample(400, "oauth-error-400-008-01-invalid-auth-type"), "credentials"),
        (sample(400, "oauth-error-400-008-02-invalid-grant-type"), "credentials"),
        (answer(401, {"errorMessage": "x"}), "credentials"),
        (answer(403, b"<html>403 Forbidden</html>"), "refused"),
        (answer(404), "refused"),
        (answer(302), "refused"),
        (answer(200, b"<html>Sign in to the Wi-Fi</html>"), "refused"),
        (answer(200, {"expires_in": "3599"}), "refused"),
        (answer(200, {"access_token": None}), "refused"),
        (answer(200, {"access_token": {"a": 1}}), "refused"),
        (answer(429), "busy"),
        (sample(500, "stk-error-500-003-02-spike-arrest"), "busy"),
        (sample(500, "error-500-service-unreachable"), "busy"),
        (answer(503, b"<html></html>"), "busy"),
        (answer(200, hangs_up=True), "unreachable"),
    ],
)
def test_token_that_is_not_given_means_that_nothing_was_sent(gateway, given, code):
    gateway.token_answers.append(given)

    found, _ = refusal_of(lambda: client(gateway.url).push(PUSH, now=NOW))

    assert (found, gateway.at(PUSH_PATH)) == (code, [])


def test_token_call_that_takes_too_long_is_refused(gateway):
    gateway.token_answers.append(answer(200, hang_seconds=5))

    found = refusal_of(lambda: client(gateway.url, seconds=0.2).push(PUSH, now=NOW))

    assert found == ("unreachable", "ReadTimeout")


# Answers


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        (
            sample(400, "stk-error-400-002-02-invalid-callbackurl"),
            "refused",
            "400.002.02 Bad Request - Invalid CallBackURL",
        ),
        (
            sample(400, "stk-error-400-002-02-invalid-remarks"),
            "refused",
            "400.002.02 Bad Request - Invalid Remarks",
        ),
        (
            sample(400, "stk-error-400-002-02-invalid-transactiontype"),
            "refused",
            "400.002.02 Bad Request - Invalid TransactionType",
        ),
        (
            sample(500, "stk-error-500-001-1001-merchant-does-not-exist"),
            "credentials",
            "500.001.1001 Merchant does not exist",
        ),
        (
            sample(500, "stk-error-500-001-1001-wrong-credentials"),
            "credentials",
            "500.001.1001 Wrong credentials",
        ),
        (
            answer(
                500,
                {
                    "errorCode": "500.001.1001",
                    "errorMessage": "[MerchantValidate] - Wrong credentials",
                },
            ),
            "credentials",
            "500.001.1001 [MerchantValidate] - Wrong credentials",
        ),
        (sample(404, "error-404-001-01-resource-not-found"), "refused", ""),
        (sample(405, "error-405-001-method-not-allowed"), "refused", ""),
        (sample(500, "stk-error-500-003-02-spike-arrest"), "busy", ""),
        (answer(429, b"slow down"), "busy", "HTTP 429"),
        (answer(401, {"errorMessage": "no apiproduct match found"}), "product", ""),
        (answer(400), "refused", "HTTP 400"),
        (answer(403, b"<html>403 Forbidden</html>"), "refused", "HTTP 403"),
        (answer(301), "refused", "HTTP 301"),
        (
            answer(200, {"ResponseCode": "1", "ResponseDescription": "Rejected."}),
            "refused",
            "1 Rejected.",
        ),
        (
            answer(200, {"ResponseCode": 1, "CheckoutRequestID": CHECKOUT}),
            "refused",
            "1",
        ),
    ],
)
def test_push_is_refused_by(gateway, given, code, text):
    gateway.will_answer(given)

    found = refusal_of(lambda: client(gateway.url).push(PUSH, now=NOW))

    assert (found[0], found[1] if text else "") == (code, text)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            sample(500, "stk-error-500-003-02-system-busy"),
            "500.003.02 System is busy. Please try again in few minutes.",
        ),
        (answer(500), "HTTP 500"),
        (answer(408), "HTTP 408"),
        (answer(502, b"<html>Bad Gateway</html>"), "HTTP 502"),
        (answer(504, b"[]"), "HTTP 504"),
        (answer(200, b"<html></html>"), "The gateway accepted the push without an id."),
        (answer(200), "The gateway accepted the push without an id."),
        (answer(200, {"ResponseCode": "0"}), "The gateway accepted the push without an id."),
        (
            answer(200, {"ResponseCode": "0", "CheckoutRequestID": None}),
            "The gateway accepted the push without an id.",
        ),
        (answer(200, hangs_up=True), "RemoteProtocolError"),
    ],
)
def test_push_is_ambiguous_after(gateway, given, text):
    gateway.will_answer(given)

    found = silence_of(lambda: client(gateway.url).push(PUSH, now=NOW))

    assert (found, len(gateway.at(PUSH_PATH))) == (text, 1)


@pytest.mark.parametrize("code", ["0", 0, "00"])
def test_push_is_accepted_with_any_spelling_of_zero(gateway, code):
    gateway.will_answer(
        answer(
            200,
            {
                "ResponseCode": code,
                "CheckoutRequestID": "c" * 150,
                "MerchantRequestID": "m" * 150,
            },
        )
    )

    ack = client(gateway.url).push(PUSH, now=NOW)

    assert ack.checkout_request_id == "c" * 100
    assert ack.merchant_request_id == "m" * 100


def test_push_to_nobody_is_refused():
    url = f"http://127.0.0.1:{a_port_nobody_listens_on()}"

    assert refusal_of(lambda: client(url).push(PUSH, now=NOW)) == ("unreachable", "ConnectError")


def test_push_with_a_token_to_nobody_is_refused(gateway):
    tokens = Tokens()
    tokens.get(client(gateway.url), NOW)
    gone = f"http://127.0.0.1:{a_port_nobody_listens_on()}"
    tokens._held[gone, "simulator-key"] = tokens._held[gateway.url, "simulator-key"]

    found = refusal_of(lambda: client(gone, tokens=tokens).push(PUSH, now=NOW))

    assert found == ("unreachable", "ConnectError")


def test_push_without_an_address_is_refused():
    found = refusal_of(lambda: client("").push(PUSH, now=NOW))

    assert found == ("unreachable", "UnsupportedProtocol")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (
            sample(200, "stk-query-response-success"),
            QueryAnswer("0", "The service request is processed successfully."),
        ),
        (
            sample(200, "stk-query-response-1032-cancelled"),
            QueryAnswer("1032", "Request cancelled by user"),
        ),
        (
            sample(200, "stk-query-response-4999-still-processing"),
            QueryAnswer("4999", "The transaction is still under processing"),
        ),
        (
            sample(500, "stk-query-error-500-001-1001-being-processed"),
            QueryAnswer("4999", "The transaction is being processed"),
        ),
        (answer(200, {"ResultCode": 0}), QueryAnswer("0", "")),
        (answer(200, {"ResultCode": "9" * 50}), QueryAnswer("9" * 20, "")),
    ],
)
def test_query_answers(gateway, given, found):
    gateway.will_answer(given)

    assert ask(client(gateway.url)) == found


def test_query_of_an_invalid_id_is_refused(gateway):
    gateway.will_answer(sample(400, "stk-query-error-400-invalid-checkoutrequestid"))

    found = refusal_of(lambda: ask(client(gateway.url)))

    assert found == ("refused", "Bad Request - Invalid CheckoutRequestID")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (sample(500, "stk-error-500-003-02-spike-arrest"), "HTTP 500 500.003.02"),
        (answer(500, {"ResultCode": "0"}), "HTTP 500 "),
        (answer(200, {"ResponseCode": "0"}), "HTTP 200 "),
        (answer(200, b"[" * 100_000), "HTTP 200 "),
        (answer(403, b"<html></html>"), "HTTP 403 "),
        (answer(429), "HTTP 429 "),
        (Answer(200, b"", hangs_up=True), "RemoteProtocolError"),
    ],
)
def test_query_is_ambiguous_after(gateway, given, text):
    gateway.will_answer(given)

    assert silence_of(lambda: ask(client(gateway.url))) == text


def test_credentials_do_not_appear_in_what_a_client_shows(gateway: Gateway):
    daraja = client(gateway.url)

    shown = f"{daraja!r} {daraja.credentials!r} {vars(daraja)!r}"

    assert [value for value in SIMULATED.values() if value in shown] == []
