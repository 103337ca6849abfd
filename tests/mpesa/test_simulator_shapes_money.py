"""C2B, results, pull and QR have the keys and the JSON types of the sample of their kind."""

import base64
import json
import zlib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from mpesa.simulator import qr, results
from mpesa.simulator.c2b import Registration
from mpesa.simulator.ids import EAT
from mpesa.simulator.menu import Order
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.world import World

SAMPLES = Path(__file__).parent.parent / "samples" / "daraja"
PAYBILL = "600991"
PHONE = "254700000101"
CONFIRM = "http://127.0.0.1:9/cb/c2b/7d3e91aa/confirm"
VALIDATE = "http://127.0.0.1:9/cb/c2b/7d3e91aa/validate"


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


def keyed(result):
    """Return keys and types of the parameters, which `shape` alone would not tell apart."""
    return [(item["Key"], shape(item.get("Value", "no value"))) for item in result]


@pytest.fixture(autouse=True)
def _simulator_urls(settings):
    settings.ROOT_URLCONF = "mpesa.simulator.urls"
    settings.MIDDLEWARE = []


@pytest.fixture
def world():
    world = World()
    world.knobs.change({"hold": True, "result_delay_ms": 0})
    world.menu.register(Registration(PAYBILL, "Completed", CONFIRM, VALIDATE, "v2"))
    world.outlets.set(Outlet("9900101", "till", ("9900102",), "9900100"))
    world.menu.register(Registration("9900101", "Completed", CONFIRM, VALIDATE, "v2"))
    yield world
    world.close()


@pytest.fixture
def client(world):
    return Client(**{"simulator.world": world})


@pytest.fixture
def send(world, client):
    token = world.access.grant(
        "simulator-key", "simulator-secret", timezone.now(), end_others=False
    )

    def post(path, fields, bearer=token):
        headers = {"Authorization": f"Bearer {bearer}"}
        return client.post(
            path, json.dumps(fields), content_type="application/json", headers=headers
        )

    return post


def pay(world, number=PAYBILL, kind="paybill", shillings=1500, phone=PHONE, now=None):
    reference = "INV-000123" if kind == "paybill" else ""
    order = Order(phone, number, kind, shillings, reference)
    return world.menu.pay(order, now or timezone.now())


def letter(world, kind):
    for _ in range(400):
        found = [each for each in world.mail.letters() if each.kind == kind]
        if found:
            return found[0]
        world.stopping.wait(0.01)
    raise AssertionError(f"No {kind} was sent.")


def body(world, kind):
    return json.loads(letter(world, kind).body, parse_float=Decimal)


# C2B


@pytest.mark.parametrize(
    ("knobs", "name"),
    [
        ({}, "c2b-confirmation-masked-msisdn"),
        ({}, "c2b-confirmation-from-stk-push"),
        ({"phone_form": "full", "names": "full"}, "c2b-confirmation-paybill"),
        ({"phone_form": "hashed"}, "c2b-confirmation-hashed-msisdn"),
        ({"phone_form": "full"}, "c2b-confirmation-sandbox-simulate"),
        (
            {"c2b_type": "organization"},
            "c2b-confirmation-bank-organization-to-organization",
        ),
    ],
)
def test_a_confirmation_of_a_paybill(world, knobs, name):
    world.knobs.change({"opening_shillings": 46_750} | knobs)
    pay(world)
    found, wanted = body(world, "c2b-confirmation"), sample(name)
    assert shape(found) == shape(wanted)
    assert found["TransactionType"] == wanted["TransactionType"]
    assert (found["TransAmount"], found["OrgAccountBalance"]) == ("1500.00", "48250.00")
    if name == "c2b-confirmation-hashed-msisdn":
        assert len(found["MSISDN"]) == 64
    if name == "c2b-confirmation-masked-msisdn":
        assert found["MSISDN"] == "2547 ***** 101"


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        ("usual", "c2b-confirmation-till-customer-merchant-payment"),
        ("per_docs", "c2b-confirmation-till-buy-goods-per-docs"),
    ],
)
def test_a_confirmation_of_a_till_names_the_store(world, variant, name):
    world.knobs.change({"c2b_type": variant})
    pay(world, "9900102", "till", 350)
    found, wanted = body(world, "c2b-confirmation"), sample(name)
    assert shape(found) == shape(wanted)
    for key in ("TransactionType", "BusinessShortCode", "BillRefNumber"):
        assert found[key] == wanted[key]


def test_a_hash_may_be_masked_as_well(world):
    world.knobs.change({"phone_form": "hash_masked"})
    pay(world)
    before, stars, after = body(world, "c2b-confirmation")["MSISDN"].split(" ")
    assert (len(before), stars, len(after)) == (34, "*****", 25)


def test_version_one_hashes_the_phone(world):
    world.menu.register(Registration(PAYBILL, "Completed", CONFIRM, VALIDATE, "v1"))
    pay(world)
    wanted = sample("c2b-confirmation-hashed-msisdn")["MSISDN"]
    assert body(world, "c2b-confirmation")["MSISDN"] == wanted


@pytest.mark.parametrize(("names", "left"), [("null", {None}), ("absent", set())])
def test_names_may_be_null_or_absent(world, names, left):
    world.knobs.change({"names": names})
    pay(world)
    found = body(world, "c2b-confirmation")
    assert {found[key] for key in ("MiddleName", "LastName") if key in found} == left


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        ({"c2b_type": "blank"}, "TransactionType", ""),
        ({"c2b_type": "overdraft"}, "TransactionType", "OD Payment Transfer"),
        ({"invoice_number": "zero"}, "InvoiceNumber", "0"),
    ],
)
def test_odd_fields_of_a_confirmation(world, changes, key, value):
    world.knobs.change(changes)
    pay(world)
    assert body(world, "c2b-confirmation")[key] == value


def test_a_validation(world):
    world.knobs.change({"validation": True, "outage": True})
    pay(world)
    found = body(world, "c2b-validation")
    assert shape(found) == shape(sample("c2b-validation-paybill"))
    assert found["OrgAccountBalance"] == ""


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("knob", "name"),
    [("ok", "c2b-register-response"), ("no_response_code", None), ("zeros", None)],
)
def test_a_registration(world, send, version, knob, name):
    world.knobs.change({"register": knob})
    answer = send(f"/mpesa/c2b/{version}/registerurl", sample("c2b-register-request"))
    assert answer.status_code == 200
    if knob == "no_response_code":
        name = "c2b-register-response-legacy-no-responsecode"
    assert shape(answer.json()) == shape(sample(name or "c2b-register-response"))
    assert answer.json().get("ResponseCode") in {"0", "00000000", None}
    kept = world.menu.registration(world.outlets.at(PAYBILL))
    assert (kept.version, kept.validation_url[-8:]) == (version, "validate")


@pytest.mark.parametrize(
    ("knobs", "name"),
    [
        ({"register": "already_registered"}, "already-registered"),
        ({"register_once": True}, "already-registered"),
        ({"register": "duplicate_notification"}, "duplicate-notification-info"),
    ],
)
def test_a_refused_registration(world, send, knobs, name):
    world.knobs.change(knobs)
    answer = send("/mpesa/c2b/v2/registerurl", sample("c2b-register-request"))
    wanted = sample(f"c2b-register-error-{name}")
    assert answer.status_code == 500
    assert shape(answer.json()) == shape(wanted)
    assert answer.json()["errorMessage"] == wanted["errorMessage"]


@pytest.mark.parametrize("kind", ["paybill", "till"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_simulated_payment(world, send, kind, version):
    fields = sample(f"c2b-simulate-request-{kind}")
    answer = send(f"/mpesa/c2b/{version}/simulate", fields)
    assert shape(answer.json()) == shape(sample("c2b-simulate-response"))
    (payment,) = world.menu.attempts()
    assert (payment.state, payment.shortcode) == ("paid", "600984")


# Results


def asked(world, send, kind, path, **changes):
    answer = send(path, sample(f"{kind}-request") | changes)
    assert answer.status_code == 200, answer.content
    assert shape(answer.json()) == shape(sample(f"{kind}-response"))
    return answer.json()


def status(world, send, receipt, **changes):
    path = "/mpesa/transactionstatus/v1/query"
    asked(world, send, "transaction-status", path, TransactionID=receipt, **changes)
    return body(world, "result-status")


def test_the_status_of_a_payment(world, send):
    found = status(world, send, pay(world).receipt)
    wanted = sample("transaction-status-result-c2b-stk")
    assert shape(found) == shape(wanted)
    parameters = found["Result"]["ResultParameters"]["ResultParameter"]
    assert keyed(parameters) == keyed(wanted["Result"]["ResultParameters"]["ResultParameter"])
    values = {item["Key"]: item.get("Value") for item in parameters}
    assert values["DebitPartyName"].startswith("0700000101 - ")
    assert (values["Amount"], values["ReasonType"]) == (1500, "Pay Utility")


def test_the_status_of_what_does_not_exist(world, send):
    found = status(world, send, "UKM5A1B2C3")
    assert shape(found) == shape(sample("transaction-status-result-failed-2001"))
    assert found["Result"]["ResultCode"] == 25


def test_the_status_of_another_till_is_none_of_ours(world, send):
    receipt = pay(world, "9900102", "till").receipt
    assert status(world, send, receipt)["Result"]["ResultCode"] == 25


@pytest.mark.parametrize(
    ("knob", "code"), [("wrong_password", 2001), ("locked", 8006), ("no_role", 21)]
)
def test_an_operator_who_may_not(world, send, knob, code):
    world.knobs.change({"initiator": knob})
    found = status(world, send, pay(world).receipt)
    assert shape(found) == shape(sample("transaction-status-result-failed-2001"))
    assert found["Result"]["ResultCode"] == code


def test_a_balance(world, send):
    world.knobs.change({"opening_shillings": 1_000})
    pay(world)
    asked(world, send, "account-balance", "/mpesa/accountbalance/v1/query")
    found, wanted = body(world, "result-balance"), sample("account-balance-result")
    assert shape(found) == shape(wanted)
    (action, line, time) = found["Result"]["ResultParameters"]["ResultParameter"]
    assert [action["Key"], line["Key"], time["Key"]] == [
        "ActionType",
        "AccountBalance",
        "BOCompletedTime",
    ]
    accounts = [account.split("|") for account in line["Value"].split("&")]
    theirs = wanted["Result"]["ResultParameters"]["ResultParameter"][1]["Value"]
    assert [a[0] for a in accounts] == [a.split("|")[0] for a in theirs.split("&")]
    assert accounts[1] == ["Utility Account", "KES", "2500.00", "2500.00", "0.00", "0.00"]


def reversal(world, send, receipt, **changes):
    fields = {"TransactionID": receipt} | changes
    asked(world, send, "reversal", "/mpesa/reversal/v1/request", **fields)
    return body(world, "result-reversal")


def test_a_reversal(world, send):
    receipt = pay(world).receipt
    found, wanted = reversal(world, send, receipt), sample("reversal-result-success")
    assert shape(found) == shape(wanted)
    parameters = found["Result"]["ResultParameters"]["ResultParameter"]
    assert keyed(parameters) == keyed(wanted["Result"]["ResultParameters"]["ResultParameter"])
    assert found["Result"]["TransactionID"] != receipt
    assert world.ledger.balances(PAYBILL)["main"] == 0


def test_a_reversal_of_nothing(world, send):
    found, wanted = (
        reversal(world, send, "UKM5A1B2C3"),
        sample("reversal-result-R000002-invalid-original-id"),
    )
    assert shape(found) == shape(wanted)
    assert found["Result"]["ResultCode"] == "R000002"
    assert found["Result"]["TransactionID"].endswith("0000000")


def test_a_reversal_of_no_receipt(world, send):
    answer = send("/mpesa/reversal/v1/request", sample("reversal-request") | {"TransactionID": "x"})
    wanted = sample("reversal-error-400-002-02-invalid-transactionid")
    assert (answer.status_code, shape(answer.json())) == (400, shape(wanted))
    assert answer.json()["errorMessage"] == wanted["errorMessage"]


def test_the_timeout_address_gets_the_request(world, send):
    world.knobs.change({"result": "timeout"})
    path = "/mpesa/transactionstatus/v1/query"
    ack = asked(world, send, "transaction-status", path)
    found = letter(world, "timeout-status")
    assert found.url == sample("transaction-status-request")["QueueTimeOutURL"]
    echo = json.loads(found.body)
    wanted = sample("queue-timeout-UNVERIFIED-request-echo")
    common = {"InitiatorName", "SecurityCredential", "CommandID", "PartyA", "Remarks"}
    assert {key: shape(echo[key]) for key in common} == {key: shape(wanted[key]) for key in common}
    assert echo["OriginatorConversationID"] == ack["OriginatorConversationID"]


def test_the_timeout_address_may_get_an_envelope(world, send):
    world.knobs.change({"result": "timeout", "timeout_body": "envelope"})
    asked(world, send, "account-balance", "/mpesa/accountbalance/v1/query")
    assert body(world, "timeout-balance")["Result"]["ResultCode"] == 1


def test_a_result_in_strings_with_repeated_and_missing_values(world, send):
    world.knobs.change(
        {
            "result_codes": "string",
            "result_values": "string",
            "result_repeated_keys": True,
            "result_missing": True,
            "result_reference": "array",
            "result_transaction_id": "invented",
        }
    )
    found = status(world, send, pay(world).receipt)["Result"]
    items = found["ResultParameters"]["ResultParameter"]
    keys = [item["Key"] for item in items]
    assert (found["ResultType"], found["ResultCode"]) == ("0", "0")
    assert keys.count("DebitPartyName") == 2
    assert {item["Key"] for item in items if "Value" not in item} >= {"DebitAccountType"}
    assert {type(item["Value"]) for item in items if "Value" in item} == {str}
    assert [item["Key"] for item in found["ReferenceData"]["ReferenceItem"]] == ["Occasion"]
    assert not found["TransactionID"].endswith("0000000")


@pytest.mark.parametrize(("knob", "kind"), [("object", dict), ("none", type(None))])
def test_a_reversal_with_one_or_no_parameter(world, send, knob, kind):
    world.knobs.change({"result_parameters": knob, "result_transaction_id": "placeholder"})
    result = reversal(world, send, pay(world).receipt)["Result"]
    assert isinstance(result.get("ResultParameters", {}).get("ResultParameter"), kind)
    assert result["TransactionID"].endswith("0000000")


def test_a_failure_with_a_lone_parameter(world, send):
    world.knobs.change({"result_parameters": "object"})
    result = reversal(world, send, "UKM5A1B2C3")["Result"]
    assert result["ResultParameters"]["ResultParameter"]["Key"] == "BOCompletedTime"


def test_a_mark_that_somebody_sends_is_left_alone(world, send):
    found = status(world, send, pay(world).receipt, Occasion='"@amount@"')
    assert found["Result"]["ReferenceData"]["ReferenceItem"]["Value"] == '"@amount@"'
    assert results.MARK not in json.dumps(found, default=str)


# Tokens


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("/mpesa/reversal/v1/request", 404, "404.001.03", "Invalid Access Token"),
        (
            "/mpesa/accountbalance/v1/query",
            401,
            "401.002.01",
            "Error Occurred - Invalid Access Token - old",
        ),
        ("/mpesa/transactionstatus/v1/query", 400, "400.003.01", "Invalid Access Token"),
        ("/mpesa/c2b/v2/registerurl", 400, "400.003.01", "Invalid Access Token"),
        ("/pulltransactions/v1/query", 401, "401.001", "Invalid Access Token"),
        ("/pulltransactions/v1/register", 401, "401.001", "Invalid Access Token"),
    ],
)
def test_a_token_is_refused_in_the_way_of_each_api(send, path, status, code, message):
    answer = send(path, {}, bearer="old")
    found = answer.json()
    assert (answer.status_code, found["errorCode"]) == (status, code)
    assert found["errorMessage"] == message
    assert shape(found) == shape(sample("error-401-002-01-invalid-access-token"))


# Pull


def pulled(send, **changes):
    now = timezone.now().astimezone(EAT)
    window = {
        "ShortCode": PAYBILL,
        "StartDate": f"{now - timedelta(hours=1):%Y-%m-%d %H:%M:%S}",
        "EndDate": f"{now + timedelta(hours=1):%Y-%m-%d %H:%M:%S}",
    }
    answer = send("/pulltransactions/v1/query", sample("pull-query-request") | window | changes)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_pull_is_registered_once(world, send):
    first = send("/pulltransactions/v1/register", sample("pull-register-request")).json()
    second = send("/pulltransactions/v1/register", sample("pull-register-request")).json()
    for found, name in (
        (first, "pull-register-response"),
        (second, "pull-register-response-already-registered"),
    ):
        wanted = sample(name)
        assert shape(found) == shape(wanted)
        assert found | {"ResponseRefID": ""} == wanted | {"ResponseRefID": ""}
    world.knobs.change({"pull_status_key": "spaced"})
    again = send("/pulltransactions/v1/register", sample("pull-register-request")).json()
    assert again["Response Status"] == "1001"


def test_a_pull(world, send):
    send("/pulltransactions/v1/register", sample("pull-register-request"))
    masked = pay(world, phone="254700000107", shillings=800)
    world.knobs.change({"phone_form": "full"})
    found = pulled(send)
    rows = found["Response"][0]
    assert [row["msisdn"] for row in rows] == [254700000107]
    world.knobs.change({"phone_form": "masked"})
    other = pulled(send)
    full, hidden = sample("pull-query-response")["Response"][0]
    assert shape(rows[0]) == shape(full)
    assert shape(other["Response"][0][0]) == shape(hidden)
    assert (rows[0]["transactionId"], rows[0]["amount"]) == (masked.receipt, "800.00")
    assert shape(found) | {"Response": 0} == shape(sample("pull-query-response")) | {"Response": 0}


def test_nothing_to_pull_looks_like_no_right_to_pull(world, send):
    wanted = sample("pull-query-response-1001-none")
    pay(world)
    unregistered = pulled(send)
    send("/pulltransactions/v1/register", sample("pull-register-request"))
    world.knobs.change({"pull": "unprovisioned"})
    unprovisioned = pulled(send)
    world.knobs.change({"pull": "ok"})
    past_the_end = pulled(send, OffSetValue="1")
    for found in (unregistered, unprovisioned, past_the_end):
        assert shape(found) == shape(wanted)
        assert found | {"ResponseRefID": ""} == wanted | {"ResponseRefID": ""}


# QR


def test_a_qr_code(send):
    answer = send("/mpesa/qrcode/v1/generate", sample("dynamic-qr-request"))
    found, wanted = answer.json(), sample("dynamic-qr-response")
    assert shape(found) == shape(wanted)
    assert (found["ResponseCode"], found["ResponseDescription"]) == (
        wanted["ResponseCode"],
        wanted["ResponseDescription"],
    )
    assert base64.b64decode(found["QRCode"]).startswith(b"\x89PNG")


def test_the_qr_code_can_be_read():
    """Read the modules back along the path of the standard, and check the error correction."""
    grid = qr._modules(b"DEMO TRADERS|PB|600991|1500|INV-000123")
    blank = qr._modules(b"")
    assert grid[6][8:12] == blank[6][8:12] == [True, False, True, False]
    function: qr.Grid = [[None] * qr.SIZE for _ in range(qr.SIZE)]
    for row, column in ((0, 0), (0, qr.SIZE - 7), (qr.SIZE - 7, 0)):
        qr._finder(function, row, column)
    for i in range(-2, 3):
        for j in range(-2, 3):
            function[qr.ALIGNMENT + i][qr.ALIGNMENT + j] = True
    for i in range(8, qr.SIZE - 8):
        function[6][i] = function[i][6] = True
    qr._format(function)
    bits = [bool(grid[r][c]) ^ ((r + c) % 2 == 0) for r, c in qr._path() if function[r][c] is None]
    codewords = [
        int("".join("01"[bit] for bit in bits[i : i + 8]), 2) for i in range(0, 134 * 8, 8)
    ]
    # A codeword with its check bytes is a multiple of the generator: all syndromes are zero.
    power = 1
    for _ in range(qr.CHECK_BYTES):
        syndrome = 0
        for byte in codewords:
            syndrome = qr._times(syndrome, power) ^ byte
        assert syndrome == 0
        power = qr._times(power, 2)
    text = "".join(f"{byte:08b}" for byte in codewords[:108])
    length = int(text[4:12], 2)
    read = bytes(int(text[12 + 8 * i : 20 + 8 * i], 2) for i in range(length))
    assert read == b"DEMO TRADERS|PB|600991|1500|INV-000123"


def test_the_picture_is_a_png_of_the_modules():
    picture = qr.png("x")
    side = (qr.SIZE + 2 * qr.QUIET) * qr.SCALE
    start = picture.index(b"IDAT") + 4
    lines = zlib.decompressobj().decompress(picture[start:])
    assert len(lines) == side * (side + 1)
