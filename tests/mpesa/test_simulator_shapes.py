"""Every message of the simulator has the keys and the JSON types of the sample of its kind."""

import base64
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from mpesa.simulator import payloads
from mpesa.simulator.intake import read_push
from mpesa.simulator.outcomes import OUTCOMES
from mpesa.simulator.refusals import ACK_ERRORS
from mpesa.simulator.world import World

SAMPLES = Path(__file__).parent.parent / "samples" / "daraja"
CALLBACKS = sorted(SAMPLES.glob("stk-callback-*.json"))
OTHER_WORDING = {"stk-callback-1037-no-response-from-user.json"}


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text(), parse_float=Decimal)


def shape(value):
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    return "string" if isinstance(value, str) else "number"


def names(message):
    return [item["Name"] for item in message["Body"]["stkCallback"]["CallbackMetadata"]["Item"]]


@pytest.fixture(autouse=True)
def _simulator_urls(settings):
    settings.ROOT_URLCONF = "mpesa.simulator.urls"
    settings.MIDDLEWARE = []


@pytest.fixture
def world():
    world = World()
    yield world
    world.close()


@pytest.fixture
def client(world):
    return Client(**{"simulator.world": world})


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def token(client):
    answer = client.get(
        "/oauth/v1/generate?grant_type=client_credentials",
        headers=basic("simulator-key:simulator-secret"),
    )
    return answer.json()["access_token"]


def post(client, path, fields, **headers):
    return client.post(
        path,
        json.dumps(fields),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token(client)}"} | headers,
    )


def known_merchant(world, fields):
    """Tell the simulator the passkey that the sample's password was made with."""
    plain = base64.b64decode(fields["Password"]).decode()
    shortcode = str(fields["BusinessShortCode"])
    passkey = plain.removeprefix(shortcode).removesuffix(fields["Timestamp"])
    world.access.set_passkey(shortcode, passkey)


def pushed(world, client, name="stk-request-till", **changes):
    fields = sample(name)
    known_merchant(world, fields)
    return post(client, "/mpesa/stkpush/v1/processrequest", fields | changes)


def queried(world, client, name, number="9900100"):
    fields = sample("stk-request-till")
    known_merchant(world, fields)
    wanted = {key: fields[key] for key in ("BusinessShortCode", "Password", "Timestamp")}
    return post(client, "/mpesa/stkpushquery/v1/query", wanted | {"CheckoutRequestID": name})


def test_a_token_with_its_lifetime_as_a_number(world, client):
    world.knobs.change({"expires_in": "number"})
    answer = client.get(
        "/oauth/v1/generate?grant_type=client_credentials",
        headers=basic("simulator-key:simulator-secret"),
    )
    assert shape(answer.json()) == shape(sample("oauth-response-expires-number"))
    assert answer.json()["expires_in"] == 3599


def test_a_token_with_its_lifetime_as_a_string(client):
    answer = client.get(
        "/oauth/v1/generate?grant_type=client_credentials",
        headers=basic("simulator-key:simulator-secret"),
    )
    assert shape(answer.json()) == {"access_token": "string", "expires_in": "string"}


def same_error(answer, name):
    wanted = sample(name)
    found = answer.json()
    assert shape(found) == shape(wanted)
    assert (found["errorCode"], found["errorMessage"]) == (
        wanted["errorCode"],
        wanted["errorMessage"],
    )


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
def test_a_token_wants_basic_authentication(client, headers):
    answer = client.get("/oauth/v1/generate?grant_type=client_credentials", headers=headers)
    assert answer.status_code == 400
    same_error(answer, "oauth-error-400-008-01-invalid-auth-type")


@pytest.mark.parametrize("tail", ["", "?grant_type=password"])
def test_a_token_wants_its_grant_type(client, tail):
    answer = client.get(
        f"/oauth/v1/generate{tail}", headers=basic("simulator-key:simulator-secret")
    )
    assert answer.status_code == 400
    same_error(answer, "oauth-error-400-008-02-invalid-grant-type")


@pytest.mark.parametrize("given", ["simulator-key:wrong", "nobody:simulator-secret", "nocolon"])
def test_wrong_credentials_get_an_empty_answer(client, given):
    answer = client.get("/oauth/v1/generate?grant_type=client_credentials", headers=basic(given))
    assert (answer.status_code, answer.content) == (400, b"")


def test_what_is_no_base64_gets_an_empty_answer(client):
    answer = client.get(
        "/oauth/v1/generate?grant_type=client_credentials",
        headers={"Authorization": "Basic %%%"},
    )
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize("name", ["stk-request-paybill", "stk-request-till", "stk-request-sandbox"])
def test_a_push_is_acknowledged(world, client, name):
    answer = pushed(world, client, name)
    assert answer.status_code == 200
    assert shape(answer.json()) == shape(sample("stk-response-accepted"))
    assert answer.json()["ResponseCode"] == "0"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"CallBackURL": "ftp://x/"}, "stk-error-400-002-02-invalid-callbackurl"),
        ({"PhoneNumber": "0712345678"}, "stk-error-400-002-02-invalid-phonenumber"),
        ({"TransactionDesc": ""}, "stk-error-400-002-02-invalid-remarks"),
        ({"TransactionType": "PayBill"}, "stk-error-400-002-02-invalid-transactiontype"),
        ({"Password": "d3Jvbmc="}, "stk-error-500-001-1001-wrong-credentials"),
    ],
)
def test_a_refused_push(world, client, changes, name):
    answer = pushed(world, client, **changes)
    assert answer.status_code == int(name.split("-")[2])
    same_error(answer, name)


@pytest.mark.parametrize(
    ("ack", "name"),
    [
        ("merchant_does_not_exist", "stk-error-500-001-1001-merchant-does-not-exist"),
        ("wrong_credentials", "stk-error-500-001-1001-wrong-credentials"),
        ("spike_arrest", "stk-error-500-003-02-spike-arrest"),
        ("system_busy", "stk-error-500-003-02-system-busy"),
        ("unreachable", "error-500-service-unreachable"),
    ],
)
def test_an_error_by_knob(world, client, ack, name):
    world.knobs.change({"ack": ack})
    answer = pushed(world, client)
    assert answer.status_code == 500
    same_error(answer, name)


@pytest.mark.parametrize("ack", sorted(set(ACK_ERRORS) - {"firewall"}))
def test_every_error_by_knob_leaves_no_prompt(world, client, ack):
    world.knobs.change({"ack": ack})
    answer = pushed(world, client)
    assert answer.status_code == ACK_ERRORS[ack].status
    assert shape(answer.json()) == shape(sample("stk-error-500-003-02-system-busy"))
    assert world.prompts() == []


def test_the_firewall_answers_with_a_page(world, client):
    world.knobs.change({"ack": "firewall"})
    answer = pushed(world, client)
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_wrong_method(client):
    answer = client.get("/mpesa/stkpush/v1/processrequest")
    assert answer.status_code == 405
    same_error(answer, "error-405-001-method-not-allowed")


@pytest.mark.parametrize("path", ["/mpesa/b2c/v3/paymentrequest", "/sim/nothing", "/a/%00"])
def test_any_other_address(client, path):
    answer = client.post(path)
    assert answer.status_code == 404
    same_error(answer, "error-404-001-01-resource-not-found")


@pytest.mark.parametrize("path", CALLBACKS, ids=lambda path: path.stem)
def test_a_callback(world, path):
    wanted = json.loads(path.read_text(), parse_float=Decimal)
    code = wanted["Body"]["stkCallback"]["ResultCode"]
    metadata = "with_empty_balance" if "empty-balance" in path.name else "plain"
    world.knobs.change({"metadata": metadata, "callback": "never"})
    ended = decided(world, {"code": code})
    found = json.loads(ended.body)
    assert shape(found) == shape(wanted)
    assert found["Body"]["stkCallback"]["ResultCode"] == code
    if path.name not in OTHER_WORDING:
        assert (
            found["Body"]["stkCallback"]["ResultDesc"]
            == (wanted["Body"]["stkCallback"]["ResultDesc"])
        )
    if code == 0:
        assert names(found) == names(wanted)


def decided(world, decision):
    now = timezone.now()
    prompt = world.push(read_push(sample("stk-request-till"), "9900100"), now)
    return world.answer(prompt.checkout_request_id, decision, now)


@pytest.mark.parametrize("code", sorted(OUTCOMES))
def test_only_a_payment_carries_metadata(world, code):
    world.knobs.change({"callback": "never"})
    found = json.loads(decided(world, {"code": code}).body)["Body"]["stkCallback"]
    assert ("CallbackMetadata" in found) == (code == "0")
    assert isinstance(found["ResultCode"], str) == (not code.isdigit())


def test_the_metadata_may_be_reordered(world):
    world.knobs.change({"metadata": "reordered", "callback": "never"})
    found = json.loads(decided(world, "approve").body)
    assert names(found) == ["PhoneNumber", "TransactionDate", "MpesaReceiptNumber", "Amount"]


@pytest.mark.parametrize(("metadata", "written"), [("plain", "350"), ("decimal_amount", "350.00")])
def test_the_amount_is_whole_or_has_two_decimals(world, metadata, written):
    world.knobs.change({"metadata": metadata, "callback": "never"})
    assert f'"Amount", "Value": {written}}}' in decided(world, "approve").body.decode()


@pytest.mark.parametrize(
    ("decision", "name"),
    [
        ("approve", "stk-query-response-success"),
        ("cancel", "stk-query-response-1032-cancelled"),
        (None, "stk-query-response-4999-still-processing"),
    ],
)
def test_a_query(world, client, decision, name):
    push_id = pushed(world, client).json()["CheckoutRequestID"]
    if decision:
        world.answer(push_id, decision, timezone.now())
    answer = queried(world, client, push_id)
    assert answer.status_code == 200
    assert shape(answer.json()) == shape(sample(name))
    ours = payloads.STILL_PROCESSING if decision is None else world.prompt(push_id).outcome
    assert (answer.json()["ResultCode"], answer.json()["ResultDesc"]) == (
        str(ours.code),
        sample(name)["ResultDesc"],
    )


def test_an_open_push_may_be_a_server_error(world, client):
    world.knobs.change({"query_mode": "500"})
    push_id = pushed(world, client).json()["CheckoutRequestID"]
    answer = queried(world, client, push_id)
    assert answer.status_code == 500
    same_error(answer, "stk-query-error-500-001-1001-being-processed")
    assert answer.json()["requestId"] == push_id


@pytest.mark.parametrize("name", ["ws_CO_nothing", "", 17, None])
def test_an_unknown_id(world, client, name):
    answer = queried(world, client, name)
    assert answer.status_code == 400
    same_error(answer, "stk-query-error-400-invalid-checkoutrequestid")
