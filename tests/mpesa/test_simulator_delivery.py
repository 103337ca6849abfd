"""What the simulator sends by itself, as it arrives: order, copies, losses, forgeries."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client
from django.utils import timezone

from mpesa.simulator import mailroom
from mpesa.simulator.c2b import Registration
from mpesa.simulator.menu import Order
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.prompts import Push
from mpesa.simulator.world import World
from tests.mpesa.patience import until

STORE, TILL, PAYBILL = "9900101", "9900102", "600991"
PHONE = "254700000101"


class Shop:
    """Takes everything that arrives, and answers validations with `reply`."""

    def __init__(self):
        self.got: list[tuple[str, str, bytes]] = []
        self.reply = {"ResultCode": "0", "ResultDesc": "Accepted"}
        self.status = 200
        self.wait = 0
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                shop.got.append((self.path, self.headers["Content-Type"], body))
                time.sleep(shop.wait)
                self.send_response(shop.status)
                self.end_headers()
                self.wfile.write(json.dumps(shop.reply).encode())

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def paths(self):
        return [path for path, _, _ in self.got]

    def bodies(self, path):
        return [json.loads(body) for at, _, body in self.got if at == path]


@pytest.fixture
def shop():
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def world(settings, shop):
    settings.ROOT_URLCONF = "mpesa.simulator.urls"
    settings.MIDDLEWARE = []
    world = World()
    world.outlets.set(Outlet(STORE, "till", (TILL,), "9900100"))
    for code in (STORE, PAYBILL):
        world.menu.register(
            Registration(code, "Completed", f"{shop.url}/confirm", f"{shop.url}/validate", "v2")
        )
    yield world
    world.close()


@pytest.fixture
def client(world):
    return Client(**{"simulator.world": world})


def pay(world, number=TILL, kind="till", shillings=350, reference=""):
    return world.menu.pay(Order(PHONE, number, kind, shillings, reference), timezone.now())


def settled(world, receipt):
    def decided():
        found = [each for each in world.menu.attempts() if each.receipt == receipt]
        return found[0] if found[0].state != "asking" else None

    return until(decided)


def push(world, shop, amount=450, phone=PHONE):
    wanted = Push(
        shortcode="9900100",
        transaction_type="CustomerBuyGoodsOnline",
        amount=amount,
        phone=phone,
        party_b=TILL,
        callback_url=f"{shop.url}/stk",
        reference="WATER-12",
        description="Counter sale",
    )
    return world.push(wanted, timezone.now()).checkout_request_id


def approve(world, name):
    return world.answer(name, "approve", timezone.now()).receipt


# C2B and its validation


def test_a_payment_by_the_menu_is_confirmed_under_the_store(world, shop):
    receipt = pay(world).receipt
    until(shop.paths)
    (found,) = shop.bodies("/confirm")
    assert (found["TransID"], found["BusinessShortCode"]) == (receipt, STORE)
    assert found["OrgAccountBalance"] == "350.00"


def test_the_balance_runs_on_whatever_way_money_comes(world, shop):
    world.knobs.change({"charges": "percent", "stk_twin": "none", "hold": True})
    pay(world)
    approve(world, push(world, shop))
    pay(world, shillings=1)
    world.ledger.sweep(STORE, timezone.now(), cents=10_000)
    pay(world, shillings=2)
    found = [json.loads(each.body) for each in reversed(world.mail.letters())]
    balances = [each["OrgAccountBalance"] for each in found if "TransID" in each]
    # 350, less 1.92 of charge, 450 by push, less 2.47, 1 more, 100 swept, 2 more.
    assert balances == ["350.00", "796.61", "698.61"]


@pytest.mark.parametrize(
    ("reply", "state", "reason"),
    [
        ({"ResultCode": "0", "ResultDesc": "Accepted"}, "paid", ""),
        ({"ResultCode": 0}, "paid", ""),
        ({"ResultCode": "C2B00012"}, "refused", "Invalid account number"),
        ({"ResultCode": 1}, "refused", "1"),
        ("nonsense", "paid", ""),
    ],
)
def test_validation_decides(world, shop, reply, state, reason):
    world.knobs.change({"validation": True})
    shop.reply = reply
    asked = pay(world, PAYBILL, "paybill", 200, "inv 7")
    found = settled(world, asked.receipt)
    assert (found.state, found.reason) == (state, reason)
    (validated,) = shop.bodies("/validate")
    assert (validated["TransID"], validated["OrgAccountBalance"]) == (asked.receipt, "")
    assert validated["BillRefNumber"] == "inv 7"
    assert world.ledger.balances(PAYBILL)["main"] == (20_000 if state == "paid" else 0)


@pytest.mark.parametrize(("kind", "state"), [("Completed", "paid"), ("Cancelled", "refused")])
@pytest.mark.parametrize("how", ["late", "broken", "outage"])
def test_without_an_answer_the_response_type_counts(world, shop, kind, state, how):
    world.menu.register(
        Registration(PAYBILL, kind, f"{shop.url}/confirm", f"{shop.url}/validate", "v2")
    )
    world.knobs.change({"validation": True, "validation_wait_ms": 100, "outage": how == "outage"})
    shop.wait = 0.3 if how == "late" else 0
    shop.status = 500 if how == "broken" else 200
    asked = pay(world, PAYBILL, "paybill", 200, "inv 7")
    assert settled(world, asked.receipt).state == state


def test_the_third_party_id_comes_back(world, shop):
    world.knobs.change({"validation": True})
    shop.reply = {"ResultCode": "0", "ResultDesc": "Accepted", "ThirdPartyTransID": "ord-7"}
    pay(world, PAYBILL, "paybill", 200, "A1")
    until(lambda: "/confirm" in shop.paths())
    assert shop.bodies("/confirm")[0]["ThirdPartyTransID"] == "ord-7"


# Twins and order


@pytest.mark.parametrize(
    ("twin", "paths"),
    [("none", ["/stk"]), ("after", ["/stk", "/confirm"]), ("before", ["/confirm", "/stk"])],
)
def test_a_push_has_a_twin_with_the_same_receipt(world, shop, twin, paths):
    world.knobs.change({"stk_twin": twin})
    receipt = approve(world, push(world, shop))
    until(lambda: len(shop.got) == len(paths))
    time.sleep(0.05)
    assert shop.paths() == paths
    for body in shop.bodies("/confirm"):
        assert (body["TransID"], body["BusinessShortCode"]) == (receipt, STORE)


def test_a_twin_may_even_come_before_the_ack(world, shop):
    world.knobs.preset("twin-first", {"autopilot": "approve", "callback_before_ack": True})
    push(world, shop)
    assert shop.paths() == ["/confirm", "/stk"]


def test_a_failed_push_has_no_twin(world, shop):
    world.answer(push(world, shop), "cancel", timezone.now())
    until(shop.paths)
    time.sleep(0.05)
    assert shop.paths() == ["/stk"]


@pytest.mark.parametrize(("order", "sums"), [("sent", [1, 2, 3]), ("reversed", [3, 2, 1])])
def test_what_is_held_goes_out_in_the_order_asked_for(world, client, shop, order, sums):
    world.knobs.change({"hold": True})
    for shillings in (1, 2, 3):
        pay(world, shillings=shillings)
    assert client.get("/sim/messages").json()["held"] == 3
    assert shop.got == []
    answer = client.post("/sim/release", {"order": order}, content_type="application/json")
    assert answer.json() == {"released": 3}
    until(lambda: len(shop.got) == 3)
    assert [int(float(b["TransAmount"])) for b in shop.bodies("/confirm")] == sums


# Bad luck


def test_copies_are_equal_byte_for_byte(world, shop):
    world.knobs.change({"copies": 3, "extra_copies": 2})
    pay(world)
    until(lambda: len(shop.got) >= 3)
    time.sleep(0.1)
    assert len(shop.got) in range(3, 6)
    assert len({body for _, _, body in shop.got}) == 1


@pytest.mark.parametrize("knobs", [{"outage": True}, {"loss_percent": 100}])
def test_what_is_lost_is_lost_for_good(world, client, shop, knobs):
    world.knobs.change(knobs)
    receipt = pay(world).receipt
    lost = until(
        lambda: [
            m
            for m in client.get("/sim/messages?kind=c2b-confirmation").json()["messages"]
            if m["deliveries"]
        ]
    )
    assert lost[0]["deliveries"][0]["error"].startswith("Dropped: ")
    world.knobs.change({"outage": False, "loss_percent": 0})
    other = pay(world, shillings=2).receipt
    until(shop.paths)
    assert [b["TransID"] for b in shop.bodies("/confirm")] == [other]
    client.post(f"/sim/messages/{lost[0]['id']}/redeliver")
    until(lambda: len(shop.got) == 2)
    assert shop.bodies("/confirm")[1]["TransID"] == receipt


@pytest.mark.parametrize(("retry", "times"), [(True, 4), (False, 1)])
def test_a_message_that_is_refused_is_sent_again_only_with_retry(
    world, shop, monkeypatch, retry, times
):
    monkeypatch.setattr(mailroom, "RETRY_MS", (10, 10, 10))
    world.knobs.change({"retry": retry})
    shop.status = 503
    pay(world)
    until(lambda: len(shop.got) == times)
    time.sleep(0.1)
    assert len(shop.got) == times


@pytest.mark.parametrize(
    ("knob", "header"), [("json", "application/json"), ("xml", "text/xml"), ("none", None)]
)
def test_the_content_type_may_be_wrong(world, shop, knob, header):
    world.knobs.change({"content_type": knob})
    pay(world)
    until(shop.paths)
    assert shop.got[0][1] == header


def test_a_message_may_be_late(world, client, shop):
    world.knobs.change({"delay_ms": 150, "jitter_ms": 50})
    before = time.monotonic()
    pay(world)
    assert client.get("/sim/alive").json()["waiting"] == 1
    until(shop.paths)
    assert time.monotonic() - before >= 0.15
    until(lambda: client.get("/sim/alive").json()["waiting"] == 0)


def test_silence_is_silence(world, client, shop):
    world.knobs.preset("silent")
    pay(world)
    approve(world, push(world, shop))
    time.sleep(0.1)
    assert (shop.got, len(world.ledger.truth()["shortcodes"][STORE]["receipts"])) == ([], 2)


def test_hostile_loses_and_repeats_but_never_changes_the_money(world, shop):
    world.knobs.preset("hostile", {"jitter_ms": 50})
    receipts = {pay(world, shillings=n).receipt for n in range(1, 41)}
    until(lambda: len(shop.got) > 40)
    time.sleep(0.3)
    arrived = [body["TransID"] for body in shop.bodies("/confirm")]
    assert set(arrived) <= receipts
    assert len(arrived) > len(set(arrived))
    assert len({kind for _, kind, _ in shop.got}) > 1
    assert world.ledger.balances(STORE)["main"] == sum(range(1, 41)) * 100


def test_a_preset_for_one_till_leaves_the_others(world, client, shop):
    answer = client.post(
        f"/sim/preset/outage?shortcode={STORE}", {}, content_type="application/json"
    )
    assert answer.status_code == 200
    pay(world)
    other = pay(world, PAYBILL, "paybill", 5, "A1").receipt
    until(shop.paths)
    assert [b["TransID"] for b in shop.bodies("/confirm")] == [other]
    assert world.knobs_of(TILL).outage is True
    assert world.knobs_of(PAYBILL).outage is False


# Forgeries


def forged(client, shop, **fields):
    answer = client.post(
        "/sim/forge", {"url": f"{shop.url}/x"} | fields, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_forged_confirmation_is_in_no_ledger(world, client, shop):
    answer = forged(client, shop, amount=9_999, shortcode=STORE, till=TILL)
    (found,) = shop.bodies("/x")
    assert (found["TransAmount"], found["BusinessShortCode"]) == ("9999.00", STORE)
    assert answer["status"] == 200
    truth = client.get("/sim/truth").json()
    assert truth == {"shortcodes": {}, "forged": [found["TransID"]]}


def test_a_forged_success_of_a_push(world, client, shop):
    name = push(world, shop)
    forged(client, shop, kind="stk", amount=1, checkout_request_id=name, phone="0712345678")
    inner = shop.bodies("/x")[0]["Body"]["stkCallback"]
    assert (inner["CheckoutRequestID"], inner["ResultCode"]) == (name, 0)
    assert inner["CallbackMetadata"]["Item"][0] == {"Name": "Amount", "Value": 1}
    assert world.prompt(name).open


@pytest.mark.parametrize("body", ['{"broken', {"Result": {}}])
def test_any_body_can_be_sent(client, shop, body):
    forged(client, shop, kind="body", body=body, content_type="text/plain")
    _, kind, sent = shop.got[0]
    assert (kind, sent.decode()) == (
        "text/plain",
        body if isinstance(body, str) else json.dumps(body),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://x"},
        {"amount": 0, "shortcode": STORE},
        {"amount": 5, "shortcode": "12"},
        {"amount": 5, "shortcode": STORE, "phone": "12"},
        {"amount": 5, "shortcode": STORE, "balance_cents": -1},
        {"kind": "sms"},
        {"colour": "red"},
    ],
)
def test_a_wrong_forgery_gets_a_sentence(client, shop, fields):
    answer = client.post(
        "/sim/forge", {"url": f"{shop.url}/x"} | fields, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["error"][-1]) == (400, ".")
    assert shop.got == []
