"""The calls beside the push and its query; those are in test_daraja.py."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mpesa.credentials import SIMULATED, Credentials, Initiator
from mpesa.daraja import (
    Accepted,
    Ambiguous,
    Daraja,
    PullPage,
    Push,
    QueryAnswer,
    Refused,
    Registered,
    ResultUrls,
    Tokens,
)
from tests.make import NOW
from tests.mpesa.gateway import (
    PUSH_PATH,
    QUERY_PATH,
    SAMPLES,
    TOKEN_PATH,
    Answer,
    Gateway,
    a_port_nobody_listens_on,
    answer,
    sample,
)

PNG = base64.b64decode(json.loads((SAMPLES / "dynamic-qr-response.json").read_text())["QRCode"])
INITIATOR = Initiator("apiuser1", "Qm9ndXM=")
URLS = ResultUrls(
    result_url="https://pay.example/cb/res/51b0", timeout_url="https://pay.example/cb/tmo/51b0"
)
CHECKOUT = "ws_CO_22112026101531418700000101"
PUSH = Push(
    shortcode="9900300",
    party_b="9900302",
    is_till=True,
    phone="254700000101",
    amount_shillings=180,
    callback_url="https://pay.example/cb/secret/stk/token",
    account_reference="SALE-1",
    description="Counter sale",
)


class Client(Daraja):
    """A client that notes its pauses and waits for nothing."""

    def __init__(self, url: str, *, seconds: float = 5.0) -> None:
        self.pauses: list[int] = []
        super().__init__(
            url=url,
            credentials=Credentials(*SIMULATED.values()),
            timeout_seconds=seconds,
            tokens=Tokens(),
            pause=self.pauses.append,
        )


@pytest.fixture
def client(gateway: Gateway) -> Client:
    return Client(gateway.url)


def register(client: Daraja) -> Registered:
    return client.register_urls(
        shortcode="600991",
        response_type="Completed",
        confirmation_url="https://pay.example.co.ke/cb/c2b/7d3e91aa/confirm",
        validation_url="https://pay.example.co.ke/cb/c2b/7d3e91aa/validate",
        version="v2",
        now=NOW,
    )


def status(client: Daraja) -> Accepted:
    return client.transaction_status(
        initiator=INITIATOR, shortcode="600991", receipt="UKM5A1B2C3", urls=URLS, now=NOW
    )


def balance(client: Daraja) -> Accepted:
    return client.account_balance(initiator=INITIATOR, shortcode="600991", urls=URLS, now=NOW)


def reverse(client: Daraja, amount_cents: int = 150_000, remarks: str = "Paid twice") -> Accepted:
    return client.reverse(
        initiator=INITIATOR,
        receipt="UKM5A1B2C3",
        amount_cents=amount_cents,
        shortcode="600991",
        remarks=remarks,
        urls=URLS,
        now=NOW,
    )


def pull_register(client: Daraja) -> Registered:
    return client.pull_register(
        shortcode="600991",
        nominated_number="254700000199",
        callback_url="https://pay.example.co.ke/cb/pull/2ab9",
        now=NOW,
    )


def pull(client: Daraja) -> PullPage:
    return client.pull_page(
        shortcode="600991",
        start=datetime(2026, 11, 21, 7, tzinfo=UTC),
        end=datetime(2026, 11, 22, 7, 30, tzinfo=UTC),
        offset=0,
        now=NOW,
    )


def qr(client: Daraja) -> bytes:
    return client.dynamic_qr(
        merchant_name="DEMO TRADERS",
        reference="INV-000123",
        amount_shillings=1500,
        is_till=False,
        number="600991",
        size_pixels=300,
        now=NOW,
    )


def query(client: Daraja) -> QueryAnswer:
    return client.query(shortcode="9900300", checkout_request_id=CHECKOUT, now=NOW)


def push(client: Daraja) -> object:
    return client.push(PUSH, now=NOW)


ASKED_AT: dict[Callable[..., object], str] = {
    push: PUSH_PATH,
    register: "/mpesa/c2b/v2/registerurl",
    reverse: "/mpesa/reversal/v1/request",
    pull_register: "/pulltransactions/v1/register",
    query: QUERY_PATH,
    status: "/mpesa/transactionstatus/v1/query",
    balance: "/mpesa/accountbalance/v1/query",
    pull: "/pulltransactions/v1/query",
    qr: "/mpesa/qrcode/v1/generate",
}
CALLS = list(ASKED_AT)
ONCE_ONLY, QUESTIONS = CALLS[:4], CALLS[4:]
INITIATED = [status, balance, reverse]


def sent(gateway: Gateway, call: Callable[..., object]) -> dict[str, object]:
    return gateway.at(ASKED_AT[call])[-1].body


def failure_of(act: Callable[[], object]) -> tuple[type, str, str]:
    with pytest.raises((Refused, Ambiguous)) as failure:
        act()
    return type(failure.value), getattr(failure.value, "code", ""), str(failure.value)


# What is sent


@pytest.mark.parametrize(
    ("call", "given", "request_sample"),
    [
        (register, "c2b-register-response", "c2b-register-request"),
        (status, "transaction-status-response", "transaction-status-request"),
        (balance, "account-balance-response", "account-balance-request"),
        (reverse, "reversal-response", "reversal-request"),
        (pull_register, "pull-register-response", "pull-register-request"),
        (pull, "pull-query-response", "pull-query-request"),
        (qr, "dynamic-qr-response", "dynamic-qr-request"),
    ],
)
def test_calls_send_what_the_sample_sends(gateway, client, call, given, request_sample):
    gateway.will_answer(sample(200, given))
    wanted = json.loads((SAMPLES / f"{request_sample}.json").read_text())
    ours = {"SecurityCredential", "ResultURL", "QueueTimeOutURL", "Remarks", "Occasion"}

    call(client)

    found = sent(gateway, call)
    assert {k: type(v) for k, v in found.items()} == {k: type(v) for k, v in wanted.items()}
    assert {k: v for k, v in found.items() if k not in ours} == {
        k: v for k, v in wanted.items() if k not in ours
    }


@pytest.mark.parametrize("call", INITIATED)
def test_initiator_calls_send_their_operator_and_addresses(gateway, client, call):
    gateway.will_answer(sample(200, "reversal-response"))

    call(client)

    body = sent(gateway, call)
    names = ("Initiator", "SecurityCredential", "ResultURL", "QueueTimeOutURL")
    assert [body[name] for name in names] == [
        "apiuser1",
        "Qm9ndXM=",
        URLS.result_url,
        URLS.timeout_url,
    ]


def test_a_status_is_asked_by_the_id_of_the_call_that_began_it(gateway, client):
    gateway.will_answer(sample(200, "transaction-status-response"))

    client.transaction_status(
        initiator=INITIATOR,
        shortcode="9900302",
        originator_conversation_id="7071-4170",
        is_till=True,
        urls=URLS,
        now=NOW,
    )

    body = sent(gateway, status)
    assert (body["OriginalConversationID"], body["IdentifierType"]) == ("7071-4170", "2")
    assert "TransactionID" not in body


@pytest.mark.parametrize(
    "named", [{}, {"receipt": "UKM5A1B2C3", "originator_conversation_id": "7071-4170"}]
)
def test_a_status_is_asked_of_exactly_one_thing(gateway, client, named):
    with pytest.raises(ValueError):
        client.transaction_status(
            initiator=INITIATOR, shortcode="600991", urls=URLS, now=NOW, **named
        )

    assert gateway.asked == []


@pytest.mark.parametrize(
    ("cents", "text"), [(150_000, "1500"), (100, "1"), (150_050, "1500.50"), (5, "0.05")]
)
def test_a_reversal_names_its_amount_exactly(gateway, client, cents, text):
    gateway.will_answer(sample(200, "reversal-response"))

    reverse(client, cents)

    assert sent(gateway, reverse)["Amount"] == text


@pytest.mark.parametrize("cents", [0, -100])
def test_a_reversal_of_nothing_is_not_sent(gateway, client, cents):
    with pytest.raises(ValueError):
        reverse(client, cents)

    assert gateway.asked == []


@pytest.mark.parametrize(
    ("remarks", "text"), [("r" * 300, "r" * 100), ("", "TransactionReversal"), ("ok", "ok")]
)
def test_remarks_have_the_length_that_is_taken(gateway, client, remarks, text):
    gateway.will_answer(sample(200, "reversal-response"))

    reverse(client, remarks=remarks)

    assert sent(gateway, reverse)["Remarks"] == text


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_registration_is_of_the_version_that_is_set(gateway, client, version):
    gateway.will_answer(sample(200, "c2b-register-response"))

    client.register_urls(
        shortcode="600991",
        response_type="Cancelled",
        confirmation_url="c",
        validation_url="v",
        version=version,
        now=NOW,
    )

    assert gateway.at(f"/mpesa/c2b/{version}/registerurl")[0].body["ResponseType"] == "Cancelled"


# Answers


@pytest.mark.parametrize(
    ("call", "name", "ids"),
    [
        (
            status,
            "transaction-status-response",
            ("9a4e-4b1c-8f52-2d7c6e0b1a935518820", "AG_20261122_20103f7c9e51a2b4d680"),
        ),
        (
            balance,
            "account-balance-response",
            ("515-5258779-3", "AG_20261122_20107a6b5c4d3e2f1a09"),
        ),
        (
            reverse,
            "reversal-response",
            ("f1e2-4b95-a71d-b30d3cdbb7a7735297", "AG_20261122_20106e9209f64bebd05b"),
        ),
    ],
)
def test_initiator_calls_return_their_ids(gateway, client, call, name, ids):
    gateway.will_answer(sample(200, name))

    assert call(client) == Accepted(*ids)


@pytest.mark.parametrize(
    ("given", "is_new"),
    [
        (sample(200, "c2b-register-response"), True),
        (sample(200, "c2b-register-response-legacy-no-responsecode"), True),
        (answer(200, {"ResponseCode": "00000000", "ResponseDescription": "Success"}), True),
        (answer(200, {"ResponseDescription": "SUCCESS"}), True),
        (sample(500, "c2b-register-error-already-registered"), False),
        (sample(500, "c2b-register-error-duplicate-notification-info"), False),
    ],
)
def test_registration_is_done_or_was_before(gateway, client, given, is_new):
    gateway.will_answer(given)

    assert register(client).is_new is is_new


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (answer(200, {"ResponseCode": "1", "ResponseDescription": "Success"}), Refused, "refused"),
        (answer(200, {"ResponseCode": "0", "ResponseDescription": "No"}), Refused, "refused"),
        (answer(200, b"<html></html>"), Ambiguous, ""),
        (answer(400, {"errorMessage": "Bad Request - Invalid URL"}), Refused, "refused"),
        (answer(500, {"errorMessage": "Internal Server Error"}), Ambiguous, ""),
    ],
)
def test_registration_fails_by_name(gateway, client, given, kind, code):
    gateway.will_answer(given)

    assert failure_of(lambda: register(client))[:2] == (kind, code)


@pytest.mark.parametrize(
    ("given", "is_new"),
    [
        (sample(200, "pull-register-response"), True),
        (sample(200, "pull-register-response-already-registered"), False),
        (answer(200, {"Response Status": 1000}), True),
        (answer(200, {"Response Status": "1001"}), False),
    ],
)
def test_pull_registration_is_done_or_was_before(gateway, client, given, is_new):
    gateway.will_answer(given)

    assert pull_register(client).is_new is is_new


def test_pull_registration_of_another_status_is_refused(gateway, client):
    gateway.will_answer(answer(200, {"ResponseStatus": "1002", "ResponseDescription": "No."}))

    assert failure_of(lambda: pull_register(client)) == (Refused, "refused", "1002 No.")


ROW = {"transactionId": "UKM5A1B2C3", "amount": "1500.00"}


@pytest.mark.parametrize(
    ("response", "count"),
    [
        ([[ROW, ROW]], 2),
        ([ROW, ROW], 2),
        ([[ROW], [ROW], []], 2),
        (ROW, 1),
        ([[[[ROW]]]], 1),
        ([[]], 0),
        ([], 0),
        (None, 0),
        ("none", 0),
        ([[1, None, "x", ROW]], 1),
    ],
)
def test_a_pulled_page_is_flat(gateway, client, response, count):
    gateway.will_answer(answer(200, {"ResponseCode": "1000", "Response": response}))

    assert pull(client) == PullPage((ROW,) * count, "1000", is_none=False)


def test_a_pulled_page_keeps_its_order_and_its_numbers_as_text(gateway, client):
    gateway.will_answer(sample(200, "pull-query-response"))

    rows = pull(client).rows

    assert [row["transactionId"] for row in rows] == ["UKM5A1B2C3", "UKM5A1B2D1"]
    assert rows[0]["msisdn"] == "254700000101"


@pytest.mark.parametrize(
    "given", [sample(200, "pull-query-response-1001-none"), answer(200, {"ResponseCode": 1001})]
)
def test_a_pull_of_nothing_is_no_error(gateway, client, given):
    gateway.will_answer(given)

    assert pull(client) == PullPage((), "1001", is_none=True)


def test_rows_count_whatever_the_code_beside_them(gateway, client):
    gateway.will_answer(answer(200, {"ResponseCode": "1001", "Response": [[ROW]]}))

    assert pull(client) == PullPage((ROW,), "1001", is_none=False)


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (answer(200, {}), Ambiguous, ""),
        (answer(200, {"ResponseCode": "1002", "ResponseMessage": "No."}), Refused, "refused"),
        (answer(400, {"errorCode": "400.001", "errorMessage": "Bad"}), Refused, "refused"),
        (answer(500), Ambiguous, ""),
    ],
)
def test_a_pull_fails_by_name(gateway, client, given, kind, code):
    gateway.will_answer(given)

    assert failure_of(lambda: pull(client))[:2] == (kind, code)


def test_a_qr_is_a_png(gateway, client):
    gateway.will_answer(sample(200, "dynamic-qr-response"))

    assert qr(client) == PNG


def test_a_qr_of_a_till_says_so(gateway, client):
    gateway.will_answer(sample(200, "dynamic-qr-response"))

    client.dynamic_qr(
        merchant_name="X",
        reference="1",
        amount_shillings=5,
        is_till=True,
        number="9900302",
        size_pixels=300,
        now=NOW,
    )

    assert (sent(gateway, qr)["TrxCode"], sent(gateway, qr)["CPI"]) == ("BG", "9900302")


@pytest.mark.parametrize("picture", [None, "", "not base64!", "AAAA", "\u00e9", 5])
def test_a_qr_without_a_picture_is_a_silence(gateway, client, picture):
    gateway.will_answer(answer(200, {"ResponseCode": "00", "QRCode": picture}))

    assert failure_of(lambda: qr(client))[0] is Ambiguous


@pytest.mark.parametrize("call", INITIATED)
@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (sample(400, "reversal-error-400-002-02-invalid-transactionid"), Refused, "refused"),
        (
            answer(200, {"ResponseCode": "21", "ResponseDescription": "No role."}),
            Refused,
            "refused",
        ),
        (answer(200, {"ResponseCode": "0"}), Ambiguous, ""),
        (answer(200), Ambiguous, ""),
        (answer(500, {"errorMessage": "Internal Server Error"}), Ambiguous, ""),
        (sample(500, "stk-error-500-003-02-spike-arrest"), Refused, "busy"),
        (answer(429), Refused, "busy"),
        (answer(403, b"<html></html>"), Refused, "refused"),
        (Answer(200, b"", hangs_up=True), Ambiguous, ""),
    ],
)
def test_initiator_calls_fail_by_name(gateway, client, call, given, kind, code):
    gateway.will_answer(given)

    assert failure_of(lambda: call(client))[:2] == (kind, code)


@pytest.mark.parametrize("call", CALLS)
def test_calls_that_take_too_long_are_ambiguous_and_not_repeated(gateway, call):
    client = Client(gateway.url, seconds=0.2)
    gateway.will_answer(answer(200, hang_seconds=5))

    assert failure_of(lambda: call(client)) == (Ambiguous, "", "ReadTimeout")
    assert (len(gateway.at(ASKED_AT[call])), client.pauses) == (1, [])


# Tokens

PRODUCT_MISSING = [
    answer(401, {"errorMessage": "Invalid API call as no apiproduct match found"}),
    answer(
        401,
        {
            "fault": {
                "faultstring": "Invalid API call as no apiproduct match found",
                "detail": {"errorcode": "keymanagement.service.InvalidAPICallAs..."},
            }
        },
    ),
]
TOKEN_REFUSED = [
    answer(404, {"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}),
    sample(401, "error-401-002-01-invalid-access-token"),
    sample(400, "error-400-003-01-invalid-access-token"),
    answer(401, {"errorCode": "401.001", "errorMessage": "Invalid Access Token"}),
    answer(401, {"errorCode": "999", "errorMessage": "invalid access token"}),
    answer(401, {"fault": {"faultstring": "Invalid Access Token"}}),
    answer(401, {"fault": {"faultstring": "Access Token expired"}}),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("given", PRODUCT_MISSING)
def test_a_missing_product_is_named_after_one_new_token(gateway, client, call, given):
    gateway.will_answer(given)

    found = failure_of(lambda: call(client))

    assert found[:2] == (Refused, "product")
    assert (len(gateway.at(ASKED_AT[call])), gateway.tokens_given) == (2, 2)


@pytest.mark.parametrize("given", PRODUCT_MISSING)
def test_a_product_that_the_old_token_did_not_know_is_found(gateway, client, given):
    gateway.will_answer(given, sample(200, "reversal-response"))

    assert reverse(client).conversation_id == "AG_20261122_20106e9209f64bebd05b"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("given", TOKEN_REFUSED)
def test_a_refused_token_is_replaced_once(gateway, client, call, given):
    gateway.will_answer(given)

    assert failure_of(lambda: call(client))[:2] == (Refused, "credentials")
    assert [asked.headers["Authorization"] for asked in gateway.at(ASKED_AT[call])] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


# Repetition

PASSING = [
    sample(500, "stk-error-500-003-02-spike-arrest"),
    sample(500, "stk-error-500-003-02-system-busy"),
    sample(500, "error-500-service-unreachable"),
    answer(503, b"<html></html>"),
    Answer(200, b"", hangs_up=True),
]


@pytest.mark.parametrize("call", QUESTIONS)
@pytest.mark.parametrize("given", PASSING)
def test_a_question_is_asked_three_times_at_most(gateway, client, call, given):
    gateway.will_answer(given)

    failure_of(lambda: call(client))

    assert (len(gateway.at(ASKED_AT[call])), client.pauses) == (3, [1, 2])


@pytest.mark.parametrize("given", PASSING)
def test_a_question_is_answered_the_third_time(gateway, client, given):
    gateway.will_answer(given, given, sample(200, "transaction-status-response"))

    assert status(client).conversation_id == "AG_20261122_20103f7c9e51a2b4d680"


@pytest.mark.parametrize("call", ONCE_ONLY)
@pytest.mark.parametrize("given", PASSING)
def test_what_moves_something_is_sent_once(gateway, client, call, given):
    gateway.will_answer(given)

    failure_of(lambda: call(client))

    assert (len(gateway.at(ASKED_AT[call])), client.pauses) == (1, [])


@pytest.mark.parametrize(
    "given", [answer(400), answer(403), answer(429), answer(500, {"errorMessage": "Internal"})]
)
def test_a_question_with_another_failure_is_not_repeated(gateway, client, given):
    gateway.will_answer(given)

    failure_of(lambda: status(client))

    assert client.pauses == []


def test_a_question_that_is_still_open_is_not_repeated(gateway, client):
    gateway.will_answer(sample(500, "stk-query-error-500-001-1001-being-processed"))

    assert (query(client).code, client.pauses) == ("4999", [])


@pytest.mark.parametrize("call", CALLS)
def test_a_gateway_that_cannot_be_reached_is_asked_again_by_questions_only(call):
    client = Client(f"http://127.0.0.1:{a_port_nobody_listens_on()}")

    found = failure_of(lambda: call(client))

    assert found == (Refused, "unreachable", "ConnectError")
    assert client.pauses == ([1, 2] if call in QUESTIONS else [])


def test_a_question_waits_for_a_token_too(gateway, client):
    gateway.token_answers.append(answer(503))
    gateway.will_answer(sample(200, "account-balance-response"))

    balance(client)

    assert (gateway.tokens_given, client.pauses) == (2, [1])


def test_wrong_credentials_are_not_repeated(gateway, client):
    gateway.token_answers.append(answer(400))

    assert failure_of(lambda: balance(client))[1] == "credentials"
    assert [asked.path for asked in gateway.asked] == [TOKEN_PATH]


# What errors show


@pytest.mark.parametrize("call", [call for call in CALLS if call is not query])
def test_errors_show_no_token_and_no_secret(gateway, client, call):
    token = "Xk2mTq7dPz4LwA9bV3nR8sYc"
    gateway.token_answers.extend(
        [answer(200, {"access_token": token, "expires_in": "3599"})] * 2,
    )
    text = f"Token {token} of 254700000101, {CHECKOUT}, SecurityCredential=Qm9ndXM= is wrong"
    gateway.will_answer(answer(400, {"errorCode": "400.002.02", "errorMessage": text}))

    _, _, said = failure_of(lambda: call(client))

    assert [leak for leak in (token, "254700000101", CHECKOUT, "Qm9ndXM") if leak in said] == []
    assert "is wrong" in said


@pytest.mark.parametrize("echo", ["is %s", "'%s'", "-%s", "access_token=%s"])
def test_a_token_is_hidden_wherever_it_is_repeated(gateway, client, echo):
    token = "Xk2mTq7dPz4LwA9bV3nR8sYc"
    gateway.token_answers.append(answer(200, {"access_token": token, "expires_in": "3599"}))
    gateway.will_answer(answer(400, {"errorMessage": "Bad " + echo % token}))

    assert token not in failure_of(lambda: push(client))[2]


def test_an_answer_of_a_query_shows_no_token(gateway, client):
    token = "Xk2mTq7dPz4LwA9bV3nR8sYc"
    gateway.token_answers.append(answer(200, {"access_token": token, "expires_in": "3599"}))
    gateway.will_answer(
        answer(200, {"ResultCode": "1032", "ResultDesc": f"By 0712345678, {token}"})
    )

    assert query(client).text == "By 2547…678, …"
