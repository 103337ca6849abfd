"""The simulator as a shop meets it: over HTTP, with callbacks that arrive somewhere."""

import base64
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command

from mpesa.simulator import access, ids, knobs
from mpesa.simulator import world as worlds
from mpesa.simulator.access import PASSKEY
from mpesa.simulator.agenda import Agenda
from mpesa.simulator.prompts import Push
from mpesa.simulator.refusals import Refused
from mpesa.simulator.server import listening_socket, running
from mpesa.simulator.world import World
from tests.mpesa.patience import until

HOUSE = Path(__file__).resolve().parents[2]
PHONE = "254712345678"
SECOND_PHONE = "254110000102"
TIMESTAMP = "20261122101530"
PUSH = Push(
    shortcode="9900100",
    transaction_type="CustomerBuyGoodsOnline",
    amount=450,
    phone=PHONE,
    party_b="9900102",
    callback_url="http://127.0.0.1/cb",
    reference="WATER-12",
    description="Counter sale",
)


class Receiver:
    """A shop's side: takes callbacks, keeps them, answers with `status`."""

    def __init__(self):
        self.bodies: list[bytes] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/json"
                receiver.bodies.append(body)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cb/stk/9f2c1b7e"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def inner(self):
        return [json.loads(body)["Body"]["stkCallback"] for body in self.bodies]


class Shop:
    """A merchant with a token, and hands to hold the phones."""

    def __init__(self, address, receiver):
        self.http = httpx.Client(base_url=address, trust_env=False, timeout=10)
        self.receiver = receiver
        self.token = self.fetch_token()

    def fetch_token(self, key="simulator-key", secret="simulator-secret"):
        answer = self.http.get(
            "/oauth/v1/generate?grant_type=client_credentials", auth=(key, secret)
        )
        return answer.json()["access_token"] if answer.content else ""

    def signed(self, shortcode="9900100", passkey=PASSKEY):
        password = base64.b64encode(f"{shortcode}{passkey}{TIMESTAMP}".encode()).decode()
        return {"BusinessShortCode": shortcode, "Password": password, "Timestamp": TIMESTAMP}

    def fields(self, **changes):
        return {
            **self.signed(),
            "TransactionType": "CustomerBuyGoodsOnline",
            "Amount": 450,
            "PartyA": PHONE,
            "PartyB": "9900102",
            "PhoneNumber": PHONE,
            "CallBackURL": self.receiver.url,
            "AccountReference": "WATER-12",
            "TransactionDesc": "Counter sale",
        } | changes

    def send(self, path, fields):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self.http.post(path, content=json.dumps(fields), headers=headers)

    def push(self, **changes):
        return self.send("/mpesa/stkpush/v1/processrequest", self.fields(**changes))

    def pushed(self, **changes):
        answer = self.push(**changes)
        assert answer.status_code == 200, answer.text
        return answer.json()["CheckoutRequestID"]

    def query(self, name, **signed):
        fields = self.signed(**signed) | {"CheckoutRequestID": name}
        return self.send("/mpesa/stkpushquery/v1/query", fields)

    def knobs(self, **changes):
        answer = self.http.post("/sim/knobs", json=changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answer(self, name, action):
        return self.http.post(f"/sim/prompts/{name}/answer", json={"action": action})

    def prompt(self, name):
        return self.http.get(f"/sim/prompts/{name}").json()

    def delivered(self, name, times=1):
        def enough():
            found = self.prompt(name)
            return found if len(found["deliveries"]) >= times else None

        return until(enough)


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def world(settings):
    settings.ROOT_URLCONF = "mpesa.simulator.urls"
    settings.MIDDLEWARE = []
    return World()


@pytest.fixture
def unserved():
    """Hold a world that no server shows."""
    world = World()
    world.knobs.change({"callback": "never"})
    yield world
    world.close()


@pytest.fixture
def shop(world, receiver):
    with running(world, listening_socket("127.0.0.1", 0)) as address:
        shop = Shop(address, receiver)
        yield shop
        shop.http.close()


# Identifiers


@pytest.mark.parametrize(
    ("moment", "prefix"),
    [
        (datetime(2026, 11, 22, 9, tzinfo=UTC), "UKM"),
        (datetime(2025, 1, 9, 9, tzinfo=UTC), "TA9"),
        (datetime(2017, 12, 31, 9, tzinfo=UTC), "LLV"),
        (datetime(2026, 11, 30, 21, 30, tzinfo=UTC), "UL1"),
    ],
)
def test_a_receipt_begins_with_the_date_in_nairobi(moment, prefix):
    assert re.fullmatch(prefix + "[1-9A-Z][0-9A-Z]{6}", ids.receipt(moment))


def test_a_checkout_request_id_has_its_milliseconds_without_zeros():
    moment = datetime(2026, 8, 17, 11, 4, 3, 2_900, tzinfo=UTC)
    assert ids.checkout_request_id(moment, "254708374149") == "ws_CO_170820261404032708374149"


def test_a_merchant_request_id_looks_like_safaricoms():
    wanted = r"[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\d{5,8}"
    assert re.fullmatch(wanted, ids.merchant_request_id())


# Tokens


def test_without_a_token_nothing_happens(shop):
    shop.token = "wrong"
    for answer in (shop.push(), shop.query("ws_CO_1")):
        assert answer.status_code == 404
        assert answer.json()["errorCode"] == "404.001.03"
        assert answer.json()["errorMessage"] == "Invalid Access Token"


def test_older_tokens_stay_good_unless_the_knob_says_otherwise(shop):
    shop.fetch_token()
    assert shop.push().status_code == 200
    shop.knobs(invalidate_previous_token=True)
    shop.fetch_token()
    assert shop.push(PhoneNumber=SECOND_PHONE).status_code == 404


def test_credentials_can_be_added(shop):
    assert shop.fetch_token("second", "secret") == ""
    added = {"consumer_key": "second", "consumer_secret": "secret"}
    assert shop.http.post("/sim/credentials", json=added).json()["consumer_keys"] == [
        "simulator-key",
        "second",
    ]
    assert shop.fetch_token("second", "secret")
    shop.http.post("/sim/credentials", json={"shortcode": "9900100", "passkey": "own"})
    assert shop.push().json()["errorMessage"] == "Wrong credentials"
    assert shop.push(**shop.signed(passkey="own")).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"consumer_key": 7, "consumer_secret": "b"},
        {"consumer_key": "a"},
        {"shortcode": "x", "passkey": "y"},
    ],
)
def test_wrong_credentials_to_add_get_a_sentence(shop, fields):
    answer = shop.http.post("/sim/credentials", json=fields)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


# Pushes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"BusinessShortCode": "12"}, "BusinessShortCode"),
        ({"Timestamp": "20261322101530"}, "Timestamp"),
        ({"Timestamp": None}, "Timestamp"),
        ({"Amount": 0}, "Amount"),
        ({"Amount": 250_001}, "Amount"),
        ({"Amount": 1.5}, "Amount"),
        ({"Amount": "1.00"}, "Amount"),
        ({"Amount": True}, "Amount"),
        ({"PartyA": 254812345678}, "PartyA"),
        ({"PartyB": "till"}, "PartyB"),
        ({"PhoneNumber": "+254712345678"}, "PhoneNumber"),
        ({"TransactionType": "CustomerBuyGoods"}, "TransactionType"),
        ({"AccountReference": ""}, "AccountReference"),
        ({"AccountReference": "\ud800"}, "AccountReference"),
        ({"TransactionDesc": None}, "Remarks"),
        ({"CallBackURL": "http:///nowhere"}, "CallBackURL"),
        ({"CallBackURL": "http://[broken/"}, "CallBackURL"),
        ({"CallBackURL": "http://127.0.0.1/cb/MPesa/1"}, "CallBackURL"),
        ({"CallBackURL": "http://127.0.0.1/cb/1exec2"}, "CallBackURL"),
    ],
)
def test_a_wrong_field_is_named(shop, changes, field):
    answer = shop.push(**changes)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"] == f"Bad Request - Invalid {field}"


@pytest.mark.parametrize(
    ("content", "kind"),
    [("{", "application/json"), ("[]", "application/json"), ("{}", "text/plain")],
)
def test_what_is_no_json_object_is_refused(shop, content, kind):
    headers = {"Authorization": f"Bearer {shop.token}", "Content-Type": kind}
    answer = shop.http.post("/mpesa/stkpush/v1/processrequest", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "400.002.02"


def test_forbidden_words_count_in_the_path_only(shop):
    host = shop.receiver.url.replace("127.0.0.1", "localhost")
    assert shop.push(CallBackURL=host + "?q=query").status_code == 200


def test_numbers_and_strings_are_both_fine(shop):
    name = shop.pushed(Amount="450", PhoneNumber=int(PHONE), BusinessShortCode=9900100)
    found = shop.prompt(name)
    assert (found["amount"], found["phone"], found["shortcode"]) == (450, PHONE, "9900100")


def test_a_phone_is_asked_once_at_a_time(shop):
    first = shop.pushed()
    answer = shop.push()
    assert answer.status_code == 500
    assert answer.json()["errorCode"] == "500.001.1001"
    assert answer.json()["errorMessage"].startswith("Unable to lock subscriber, a transaction")
    assert shop.push(PhoneNumber=SECOND_PHONE).status_code == 200
    shop.answer(first, "cancel")
    assert shop.push().status_code == 200


# Ends


@pytest.mark.parametrize(
    ("action", "code"),
    [("cancel", 1032), ("wrong_pin", 2001), ("insufficient", 1), ({"code": "E3008"}, "E3008")],
)
def test_a_failure_is_called_back(shop, action, code):
    name = shop.pushed()
    answered = shop.answer(name, action).json()
    assert (answered["state"], answered["result_code"], answered["receipt"]) == (
        "ended",
        code,
        None,
    )
    shop.delivered(name)
    (inner,) = shop.receiver.inner
    assert (inner["CheckoutRequestID"], inner["ResultCode"]) == (name, code)
    assert shop.query(name).json()["ResultCode"] == str(code)


def test_a_payment_is_called_back(shop):
    name = shop.pushed()
    assert shop.query(name).json()["ResultCode"] == "4999"
    receipt = shop.answer(name, "approve").json()["receipt"]
    assert shop.delivered(name)["deliveries"][0]["status"] == 200
    (inner,) = shop.receiver.inner
    found = {item["Name"]: item["Value"] for item in inner["CallbackMetadata"]["Item"]}
    assert (found["Amount"], found["MpesaReceiptNumber"], found["PhoneNumber"]) == (
        450,
        receipt,
        int(PHONE),
    )
    assert shop.query(name).json()["ResultCode"] == "0"


def test_a_prompt_ends_once(shop):
    name = shop.pushed()
    assert shop.answer(name, "approve").status_code == 200
    assert shop.answer(name, "cancel").status_code == 409
    assert shop.prompt(name)["result_code"] == 0


@pytest.mark.parametrize("ignore", [True, False])
def test_a_prompt_nobody_answers_times_out(shop, ignore):
    shop.knobs(prompt_seconds=1)
    name = shop.pushed()
    if ignore:
        ignored = shop.answer(name, "ignore").json()
        assert (ignored["state"], ignored["on_screen"]) == ("open", False)
        assert shop.push().status_code == 500
    shop.delivered(name)
    (inner,) = shop.receiver.inner
    assert (inner["ResultCode"], inner["ResultDesc"]) == (
        1037,
        "DS timeout user cannot be reached.",
    )


@pytest.mark.parametrize(
    "changes", [{"AccountReference": "WATER-0000123"}, {"TransactionDesc": "fourteen chars"}]
)
def test_too_long_a_text_is_accepted_and_fails_later(shop, changes):
    name = shop.pushed(**changes)
    assert shop.prompt(name)["on_screen"] is False
    assert shop.delivered(name)["result_code"] == 1025


def test_a_paybill_push_to_another_party_fails_later(shop):
    name = shop.pushed(TransactionType="CustomerPayBillOnline")
    assert shop.delivered(name)["result_code"] == 2028


# Autopilot, order and number of callbacks


@pytest.mark.parametrize(("pilot", "code"), [("approve", 0), ("cancel", 1032), ({"code": 17}, 17)])
def test_the_autopilot_answers(shop, pilot, code):
    shop.knobs(autopilot=pilot, answer_after_ms=20)
    assert shop.delivered(shop.pushed())["result_code"] == code


def test_the_autopilot_may_ignore(shop):
    shop.knobs(autopilot="ignore", answer_after_ms=0, prompt_seconds=1)
    assert shop.delivered(shop.pushed())["result_code"] == 1037


def test_a_callback_may_come_before_the_ack(shop):
    shop.knobs(autopilot="approve", callback_before_ack=True)
    name = shop.pushed()
    (inner,) = shop.receiver.inner
    assert inner["CheckoutRequestID"] == name


def test_hostile_order_calls_back_twice_before_the_ack(shop):
    shop.http.post("/sim/preset/hostile-order")
    shop.pushed()
    first, second = shop.receiver.bodies
    assert first == second


def test_a_callback_may_come_three_times(shop):
    shop.knobs(callback_times=3)
    name = shop.pushed()
    shop.answer(name, "approve")
    shop.delivered(name, times=3)
    assert len(set(shop.receiver.bodies)) == 1
    assert len(shop.receiver.bodies) == 3


def test_a_callback_may_come_late(shop):
    shop.knobs(callback_delay_ms=300)
    name = shop.pushed()
    decided_at = datetime.fromisoformat(shop.answer(name, "approve").json()["decided_at"])
    arrived = datetime.fromisoformat(shop.delivered(name)["deliveries"][0]["at"])
    assert (arrived - decided_at).total_seconds() >= 0.3


def test_silent_never_calls_back_until_told_to(shop):
    shop.http.post("/sim/preset/silent")
    name = shop.pushed()
    assert shop.http.post(f"/sim/prompts/{name}/redeliver").status_code == 409
    shop.answer(name, "approve")
    other = shop.pushed(PhoneNumber=SECOND_PHONE)
    shop.knobs(callback="normal")
    shop.answer(other, "cancel")
    shop.delivered(other)
    assert shop.prompt(name)["deliveries"] == []
    shop.http.post(f"/sim/prompts/{name}/redeliver")
    shop.delivered(name)
    assert shop.receiver.inner[-1]["CheckoutRequestID"] == name


def test_a_callback_that_is_refused_is_tried_once(shop):
    shop.receiver.status = 503
    name = shop.pushed()
    shop.answer(name, "approve")
    (delivery,) = shop.delivered(name)["deliveries"]
    assert (delivery["status"], delivery["error"]) == (503, None)


def test_a_callback_that_finds_nobody_is_noted(shop):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    name = shop.pushed(CallBackURL=f"http://127.0.0.1:{port}/cb")
    shop.answer(name, "approve")
    (delivery,) = shop.delivered(name)["deliveries"]
    assert delivery["status"] is None
    assert "ConnectError" in delivery["error"]


# Acks and queries that lie


def test_a_lost_ack_leaves_a_prompt(shop):
    shop.knobs(ack="lost")
    answer = shop.push()
    assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.003.1001")
    (found,) = shop.http.get("/sim/prompts").json()["prompts"]
    assert found["state"] == "open"


def test_a_hanging_ack_comes_late(shop):
    shop.knobs(ack="hang", hang_ms=300)
    before = time.monotonic()
    assert shop.push().status_code == 200
    assert time.monotonic() - before >= 0.3


def test_the_query_modes(shop):
    name = shop.pushed()
    shop.knobs(query_mode="500")
    assert shop.query(name).json()["errorMessage"] == "The transaction is being processed"
    shop.answer(name, "approve")
    assert shop.query(name).json()["ResultCode"] == "0"
    shop.knobs(query_mode="failed")
    assert shop.query(name).json()["ResultCode"] == "1032"
    shop.knobs(query_mode="spike")
    assert shop.query(name).json()["errorCode"] == "500.003.02"


def test_a_query_knows_only_its_own_shortcode(shop):
    answer = shop.query(shop.pushed(), shortcode="600991")
    assert answer.json()["errorMessage"] == "Bad Request - Invalid CheckoutRequestID"
    answer = shop.query(shop.pushed(PhoneNumber=SECOND_PHONE), passkey="wrong")
    assert answer.json()["errorMessage"] == "Wrong credentials"


# Knobs and the API of the simulator


@pytest.mark.parametrize(
    "changes",
    [
        {"nothing": 1},
        {"autopilot": "maybe"},
        {"autopilot": {"code": 4999}},
        {"autopilot": {"code": True}},
        {"autopilot": ["approve"]},
        {"callback": "sometimes"},
        {"callback": ["normal"]},
        {"callback_times": 0},
        {"callback_times": True},
        {"callback_before_ack": 1},
        {"prompt_seconds": "60"},
        {"ack": "perhaps"},
        {"shortcode": "water", "ack": "ok"},
        {"shortcode": "600991", "expires_in": "number"},
    ],
)
def test_a_wrong_knob_gets_a_sentence_and_changes_nothing(shop, changes):
    before = shop.http.get("/sim/knobs").json()
    answer = shop.http.post("/sim/knobs", json={"callback_delay_ms": 7} | changes)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert shop.http.get("/sim/knobs").json() == before


def test_knobs_may_differ_by_shortcode(shop):
    shown = shop.knobs(shortcode="9900100", autopilot="cancel", answer_after_ms=0)
    assert shown["shortcodes"] == {"9900100": {"autopilot": "cancel", "answer_after_ms": 0}}
    assert shop.delivered(shop.pushed())["result_code"] == 1032
    other = shop.pushed(**shop.signed(shortcode="9900101"))
    assert shop.prompt(other)["state"] == "open"
    assert shop.knobs(shortcode="9900100", clear=True)["shortcodes"] == {}


def test_a_preset_starts_from_the_honest_setting(shop):
    shop.knobs(callback_times=3)
    shop.knobs(shortcode="600991", ack="lost")
    shown = shop.http.post("/sim/preset/silent", json={"autopilot": "approve"}).json()
    assert (shown["global"]["callback"], shown["global"]["autopilot"]) == ("never", "approve")
    assert (shown["global"]["callback_times"], shown["shortcodes"]) == (1, {})
    assert shop.http.post("/sim/preset/kind").status_code == 400


@pytest.mark.parametrize("content", ["{", "[]", "7"])
def test_the_api_wants_json_objects(shop, content):
    answer = shop.http.post("/sim/knobs", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_wrong_answers_get_a_sentence(shop):
    name = shop.pushed()
    assert shop.answer(name, "perhaps").status_code == 400
    assert shop.answer(name, {"code": 999}).status_code == 400
    assert shop.http.post(f"/sim/prompts/{name}/answer", json={}).status_code == 400
    assert shop.answer("ws_CO_0", "approve").status_code == 404
    assert shop.http.get(f"/sim/prompts/{name}/answer").status_code == 405


def test_prompts_are_listed_newest_first_and_filtered(shop):
    first = shop.pushed()
    second = shop.pushed(PhoneNumber=SECOND_PHONE, AccountReference="GAS-7")
    shop.answer(first, "cancel")

    def listed(tail=""):
        return [p["id"] for p in shop.http.get(f"/sim/prompts{tail}").json()["prompts"]]

    assert listed() == [second, first]
    assert listed("?state=open") == [second]
    assert listed(f"?phone={PHONE}&shortcode=9900100") == [first]
    assert listed("?reference=GAS-7") == [second]
    assert shop.http.get("/sim/prompts?color=red").status_code == 400
    # The answer of the first may still be on its way.
    end = time.monotonic() + 10
    while shop.http.get("/sim/alive").json()["waiting"] and time.monotonic() < end:
        time.sleep(0.05)
    assert shop.http.get("/sim/alive").json() == {
        "alive": True,
        "prompts": 2,
        "open": 1,
        "waiting": 0,
    }


def test_a_reset_forgets_everything(shop):
    shop.knobs(callback_times=2)
    name = shop.pushed()
    shop.http.post("/sim/reset")
    assert shop.http.get("/sim/alive").json() == {
        "alive": True,
        "prompts": 0,
        "open": 0,
        "waiting": 0,
    }
    assert shop.http.get("/sim/knobs").json()["global"]["callback_times"] == 1
    assert shop.query(name).json()["errorCode"] == "404.001.03"
    shop.token = shop.fetch_token()
    assert shop.push().status_code == 200


def test_only_the_newest_prompts_are_kept(shop, monkeypatch):
    monkeypatch.setattr(worlds, "PROMPTS_KEPT", 2)
    phones = [f"25471234567{digit}" for digit in range(3)]
    names = [shop.pushed(PhoneNumber=phone) for phone in phones]
    kept = [p["id"] for p in shop.http.get("/sim/prompts").json()["prompts"]]
    assert kept == [names[2], names[1]]
    assert shop.push(PhoneNumber=phones[0]).status_code == 200


def test_two_worlds_know_nothing_of_each_other(shop, receiver):
    with running(World(), listening_socket("127.0.0.1", 0)) as address:
        other = Shop(address, receiver)
        name = shop.pushed()
        assert other.http.get("/sim/prompts").json() == {"prompts": []}
        assert other.pushed() != name
        other.http.close()


# Pages


def press(shop, name, action, phone=PHONE):
    return shop.http.post(
        f"/phone/{phone}/answer", data={"prompt": name, "action": action}, follow_redirects=True
    )


def words(answer):
    return " ".join(re.sub(r"<[^>]+>", "", answer.text).split())


def test_the_phone_asks_and_confirms(shop):
    empty = shop.http.get(f"/phone/{PHONE}")
    assert "No request is open." in empty.text
    assert '<meta http-equiv="refresh" content="2">' in empty.text
    name = shop.pushed(Amount=1450)
    asked = shop.http.get(f"/phone/{PHONE}")
    assert "Do you want to pay KES 1,450 to 9900102 WATER-12?" in words(asked)
    confirmed = press(shop, name, "approve")
    receipt = shop.prompt(name)["receipt"]
    assert f"{receipt} Confirmed. Ksh1,450.00 paid to 9900102 for WATER-12" in words(confirmed)
    assert "Do you want to pay" not in confirmed.text


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("cancel", "You cancelled the payment of Ksh450.00 to 9900102."),
        ("wrong_pin", "You have entered the wrong M-PESA PIN."),
        ("insufficient", "You do not have enough money in your M-PESA account"),
        ("ignore", "You ignored a request."),
    ],
)
def test_each_button_says_what_happened(shop, action, sentence):
    assert sentence in press(shop, shop.pushed(), action).text


def test_a_late_or_foreign_press_changes_nothing(shop):
    name = shop.pushed()
    assert press(shop, name, "approve", phone=SECOND_PHONE).status_code == 200
    assert shop.prompt(name)["state"] == "open"
    assert press(shop, name, "dance").status_code == 400
    press(shop, name, "cancel")
    assert press(shop, name, "approve").status_code == 200
    assert shop.prompt(name)["result_code"] == 1032
    assert shop.http.get(f"/phone/{PHONE}/answer").status_code == 405


def test_the_phones_are_listed_and_opened(shop):
    assert "No phone was asked for money yet." in shop.http.get("/").text
    shop.pushed()
    assert "0712 345 678 is asked now" in words(shop.http.get("/"))
    opened = shop.http.get("/phone/?number=0712 345 678")
    assert (opened.status_code, opened.headers["Location"]) == (302, f"/phone/{PHONE}")
    sent_on = shop.http.get("/phone/0712345678", follow_redirects=True)
    assert sent_on.url.path == f"/phone/{PHONE}"


def test_what_people_type_is_escaped(shop):
    wrong = shop.http.get("/phone/<script>alert(1)", follow_redirects=True)
    assert wrong.status_code == 400
    assert "&lt;script&gt;alert(1) is no Kenyan mobile number." in wrong.text
    shop.pushed(AccountReference="<b>&'\"")
    asked = shop.http.get(f"/phone/{PHONE}").text
    assert "&lt;b&gt;&amp;&#x27;&quot;" in asked
    assert "<b>&" not in asked


def test_the_knobs_page_shows_and_takes_knobs(shop):
    form = {
        "autopilot": "code SFC_IC0003",
        "callback": "normal",
        "ack": "ok",
        "query_mode": "500",
        "metadata": "plain",
        "expires_in": "string",
        "answer_after_ms": "20",
        "callback_delay_ms": "0",
        "callback_times": "2",
        "hang_ms": "1000",
        "prompt_seconds": "30",
        "callback_before_ack": "on",
    }
    assert shop.http.post("/knobs", data=form).headers["Location"] == "/knobs"
    shown = shop.http.get("/sim/knobs").json()["global"]
    assert (shown["autopilot"], shown["callback_before_ack"]) == ({"code": "SFC_IC0003"}, True)
    assert (shown["invalidate_previous_token"], shown["callback_times"]) == (False, 2)
    assert '<option value="code SFC_IC0003" selected>' in shop.http.get("/knobs").text
    shop.http.post("/knobs", data=form | {"autopilot": ""})
    assert '<option value="" selected>' in shop.http.get("/knobs").text
    wrong = shop.http.post("/knobs", data=form | {"prompt_seconds": "<i>"})
    assert wrong.status_code == 400
    assert "prompt_seconds is &#x27;&lt;i&gt;&#x27;" in wrong.text
    shop.http.post("/knobs", data={"preset": "honest"})
    assert shop.http.get("/sim/knobs").json()["global"]["autopilot"] is None


# The command


def test_production_refuses_the_simulator(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match=r"does not run in production\.$"):
        call_command("simulate_daraja", "--listen", "127.0.0.1:0", stdout=io.StringIO())


def test_a_taken_port_gets_a_sentence(settings):
    settings.PRODUCTION = False
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"^Cannot listen on 127\.0\.0\.1:{port}: Address"):
            call_command("simulate_daraja", "--listen", f"127.0.0.1:{port}")


@pytest.mark.parametrize("listen", ["8001", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"])
def test_a_wrong_address_gets_a_sentence(settings, listen):
    settings.PRODUCTION = False
    with pytest.raises(CommandError, match=r"write HOST:PORT"):
        call_command("simulate_daraja", "--listen", listen)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_ends_without_a_trace(ending):
    with subprocess.Popen(
        [sys.executable, "manage.py", "simulate_daraja", "--listen", "127.0.0.1:0"],
        cwd=HOUSE,
        env=os.environ | {"PRODUCTION": "no"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            address = process.stdout.readline().split()[-1]
            assert httpx.get(f"{address}/sim/alive", trust_env=False).json()["alive"] is True
            process.send_signal(ending)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "")


# Limits, and what happens between two steps


def test_a_token_is_asked_for_by_get_only(shop):
    answer = shop.http.post("/oauth/v1/generate?grant_type=client_credentials")
    assert (answer.status_code, answer.json()["errorMessage"]) == (405, "POST Method Not Allowed")


def test_the_autopilot_can_be_switched_off(shop):
    shop.knobs(autopilot="approve")
    assert shop.knobs(autopilot=None)["global"]["autopilot"] is None
    assert shop.prompt(shop.pushed())["state"] == "open"


def test_a_prompt_that_has_ended_does_not_time_out_as_well(shop):
    shop.knobs(prompt_seconds=1)
    name = shop.pushed()
    shop.answer(name, "approve")
    shop.pushed(PhoneNumber=SECOND_PHONE)
    until(lambda: shop.http.get("/sim/alive").json()["open"] == 0)
    assert shop.prompt(name)["result_code"] == 0
    assert len(shop.delivered(name)["deliveries"]) == 1


def test_a_callback_is_dropped_when_its_prompt_was_forgotten(shop):
    shop.knobs(callback_delay_ms=200)
    shop.answer(shop.pushed(), "approve")
    shop.http.post("/sim/reset")
    shop.token = shop.fetch_token()
    shop.knobs(callback_delay_ms=400)
    name = shop.pushed()
    shop.answer(name, "cancel")
    shop.delivered(name)
    assert [inner["CheckoutRequestID"] for inner in shop.receiver.inner] == [name]


def test_two_pushes_in_one_millisecond_have_two_ids(unserved):
    moment = datetime(2026, 11, 22, 9, tzinfo=UTC)
    first = unserved.push(PUSH, moment)
    unserved.answer(first.checkout_request_id, "cancel", moment)
    second = unserved.push(PUSH, moment)
    assert first.checkout_request_id == "ws_CO_221120261200000712345678"
    assert second.checkout_request_id == "ws_CO_221120261200001712345678"


def test_a_forgotten_prompt_leaves_the_lock_of_its_successor(unserved, monkeypatch):
    moment = datetime(2026, 11, 22, 9, tzinfo=UTC)
    monkeypatch.setattr(worlds, "PROMPTS_KEPT", 1)
    first = unserved.push(PUSH, moment)
    unserved.answer(first.checkout_request_id, "cancel", moment)
    unserved.push(PUSH, moment)
    with pytest.raises(Refused, match="Unable to lock subscriber"):
        unserved.push(PUSH, moment)


def test_only_the_newest_tokens_are_kept(unserved, monkeypatch):
    moment = datetime(2026, 11, 22, 9, tzinfo=UTC)
    monkeypatch.setattr(access, "TOKENS_KEPT", 2)
    tokens = [
        unserved.access.grant("simulator-key", "simulator-secret", moment, end_others=False)
        for _ in range(3)
    ]
    assert [unserved.access.is_good(token, moment) for token in tokens] == [False, True, True]


def test_a_token_lives_for_an_hour(unserved):
    moment = datetime(2026, 11, 22, 9, tzinfo=UTC)
    token = unserved.access.grant("simulator-key", "simulator-secret", moment, end_others=False)
    assert unserved.access.is_good(token, moment + timedelta(seconds=3598))
    assert not unserved.access.is_good(token, moment + timedelta(seconds=3599))


def test_credentials_and_knobs_do_not_grow_without_limit(shop, monkeypatch):
    monkeypatch.setattr(access, "CREDENTIALS_MOST", 1)
    monkeypatch.setattr(knobs, "SHORTCODES_MOST", 1)
    added = {"consumer_key": "second", "consumer_secret": "secret"}
    assert shop.http.post("/sim/credentials", json=added).status_code == 400
    assert shop.http.get("/sim/credentials").json()["consumer_keys"] == ["simulator-key"]
    shop.knobs(shortcode="600991", ack="lost")
    wrong = shop.http.post("/sim/knobs", json={"shortcode": "600992", "ack": "lost"})
    assert (wrong.status_code, len(shop.knobs()["shortcodes"])) == (400, 1)


def test_a_job_that_fails_does_not_end_the_agenda(caplog):
    done = threading.Event()
    agenda = Agenda("test", threads=1)

    def fail(now):
        raise LookupError

    agenda.after_ms(0, fail)
    agenda.after_ms(1, lambda now: done.set())
    assert done.wait(8)
    agenda.close()
    assert [record.message for record in caplog.records] == ["A job of the simulator failed."]
