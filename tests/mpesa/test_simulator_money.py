"""The ledger of the simulated world, and what can be read from it: pull, statement, truth."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from mpesa.simulator import moves as ledgers
from mpesa.simulator import people
from mpesa.simulator.burst import Burst
from mpesa.simulator.charges import charge_cents
from mpesa.simulator.menu import Order
from mpesa.simulator.moves import NothingToSweep, NotReversed, Payment
from mpesa.simulator.outlets import Outlet, Outlets
from mpesa.simulator.prompts import Push
from mpesa.simulator.world import World

SAMPLES = Path(__file__).parent.parent / "samples" / "daraja"
STORE, TILL, PAYBILL = "9900101", "9900102", "600991"
PHONE = "254700000101"
NOON = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = "from=2026-11-22&to=2026-11-22"


@pytest.fixture
def world(settings):
    settings.ROOT_URLCONF = "mpesa.simulator.urls"
    settings.MIDDLEWARE = []
    world = World()
    world.outlets.set(Outlet(STORE, "till", (TILL,), "9900100"))
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
    headers = {"Authorization": f"Bearer {token}"}

    def post(path, fields):
        return client.post(
            path, json.dumps(fields), content_type="application/json", headers=headers
        )

    return post


def pay(world, shillings=1500, number=PAYBILL, kind="paybill", now=NOON, reference="INV-000123"):
    reference = reference if kind == "paybill" else ""
    return world.menu.pay(Order(PHONE, number, kind, shillings, reference), now).receipt


def pushed(world, shillings=1500, now=NOON):
    push = Push(
        shortcode=PAYBILL,
        transaction_type="CustomerPayBillOnline",
        amount=shillings,
        phone=PHONE,
        party_b=PAYBILL,
        callback_url="http://127.0.0.1:9/cb",
        reference="INV-000123",
        description="Sale",
    )
    world.knobs.change({"callback": "never"})
    name = world.push(push, now).checkout_request_id
    return world.answer(name, "approve", now).receipt


def json_of(client, path, fields=None):
    if fields is None:
        return client.get(path).json()
    return client.post(path, fields, content_type="application/json").json()


# Charges and people


@pytest.mark.parametrize(
    ("tariff", "shillings", "cents"),
    [
        ("none", 5_000, 0),
        ("bands", 100, 0),
        ("bands", 101, 500),
        ("bands", 1_500, 1_500),
        ("bands", 200_000, 25_000),
        ("percent", 200, 0),
        ("percent", 350, 192),
    ],
)
def test_a_charge(tariff, shillings, cents):
    assert charge_cents(tariff, shillings * 100) == cents


def test_the_hash_is_the_samples():
    sample = json.loads((SAMPLES / "c2b-confirmation-hashed-msisdn.json").read_text())
    assert people.shown(PHONE, "hashed") == sample["MSISDN"]


def test_a_name_may_be_given():
    assert people.payer_of(PHONE, "grace mwangi demo").all_names == "GRACE MWANGI DEMO"
    assert people.payer_of(PHONE, "Grace").names == "GRACE"


# Which numbers belong together


def test_a_push_teaches_which_till_a_store_has():
    outlets = Outlets()
    push = Push("9900100", "CustomerBuyGoodsOnline", 5, PHONE, TILL, "http://x/", "A", "B")
    assert outlets.of_push(push).shortcode == "9900100"
    assert outlets.at(TILL).numbers == ("9900100", TILL)
    outlets.set(Outlet(STORE, "till", (TILL,), "9900100"))
    assert outlets.of_push(push).shortcode == STORE


def test_the_oldest_of_very_many_outlets_is_forgotten(monkeypatch):
    monkeypatch.setattr("mpesa.simulator.outlets.OUTLETS_MOST", 1)
    outlets = Outlets()
    outlets.set(Outlet(STORE, "till", (TILL,)))
    outlets.known(PAYBILL, "paybill")
    assert [outlet.shortcode for outlet in outlets.all()] == [PAYBILL]
    assert outlets.at(TILL).shortcode == TILL


# The ledger


def test_a_payment_can_be_given_back_once(world):
    receipt = pay(world)
    move = world.ledger.reverse(receipt, NOON, cents=None, shortcode=PAYBILL, partial=False)
    assert (move.cents, move.linked, move.balance_cents) == (-150_000, receipt, 0)
    with pytest.raises(NotReversed) as refused:
        world.ledger.reverse(receipt, NOON, cents=None, shortcode=PAYBILL, partial=False)
    assert refused.value.code == "R000001"


def test_what_was_swept_cannot_be_given_back(world):
    receipt = pay(world)
    world.ledger.sweep(PAYBILL, NOON)
    with pytest.raises(NotReversed) as refused:
        world.ledger.reverse(receipt, NOON, cents=None, shortcode=PAYBILL, partial=False)
    assert refused.value.code == 1
    assert world.ledger.balances(PAYBILL) == {"main": 0, "settlement": 0}
    with pytest.raises(NothingToSweep):
        world.ledger.sweep(PAYBILL, NOON)


def test_a_part_is_given_back_only_where_that_is_allowed(world):
    receipt = pay(world)
    for cents in (50_000, 150_100):
        with pytest.raises(NotReversed) as refused:
            world.ledger.reverse(receipt, NOON, cents=cents, shortcode=PAYBILL, partial=False)
        assert refused.value.code == 25
    for _ in range(3):
        world.ledger.reverse(receipt, NOON, cents=50_000, shortcode=PAYBILL, partial=True)
    with pytest.raises(NotReversed) as refused:
        world.ledger.reverse(receipt, NOON, cents=50_000, shortcode=PAYBILL, partial=True)
    assert refused.value.code == "R000001"


def test_another_tills_receipt_is_unknown(world):
    receipt = pay(world)
    with pytest.raises(NotReversed) as refused:
        world.ledger.reverse(receipt, NOON, cents=None, shortcode=STORE, partial=False)
    assert refused.value.code == "R000002"


def test_only_the_newest_moves_are_kept_and_the_balance_stays(world, monkeypatch):
    monkeypatch.setattr(ledgers, "MOVES_KEPT", 2)
    receipts = [pay(world, shillings=n) for n in (1, 2, 3)]
    assert [move.receipt for move in world.ledger.moves()] == receipts[1:]
    assert world.ledger.find(receipts[0]) is None
    assert world.ledger.balances(PAYBILL)["main"] == 600


def test_a_reset_forgets_the_money(world, client):
    pay(world)
    client.post("/sim/reset")
    assert json_of(client, "/sim/truth") == {"shortcodes": {}, "forged": []}
    assert json_of(client, "/sim/pay") == {"payments": []}
    assert json_of(client, "/sim/outlets") == {"outlets": []}


# The JSON API


def test_the_truth_knows_every_receipt_and_what_became_of_it(world, client):
    world.knobs.change({"charges": "bands"})
    first, second = pay(world), pushed(world)
    till = pay(world, 350, TILL, "till")
    reversal = json_of(client, "/sim/reverse", {"receipt": first})
    truth = json_of(client, "/sim/truth")["shortcodes"]
    told = {row["receipt"]: row for row in truth[PAYBILL]["receipts"]}
    assert set(told) == {first, second}
    assert {row["receipt"] for row in truth[STORE]["receipts"]} == {till}
    assert (told[first]["kind"], told[first]["amount"]) == ("c2b", "1500.00")
    assert (told[first]["reversed"], told[first]["reversed_by"]) == (True, [reversal["receipt"]])
    assert (told[second]["kind"], told[second]["reversed"]) == ("stk", False)
    assert told[second]["checkout_request_id"] == world.prompts()[0].checkout_request_id
    assert truth[PAYBILL]["balance_cents"] == 150_000 - 2 * 1_500
    only = json_of(client, f"/sim/truth?shortcode={TILL}")["shortcodes"]
    assert set(only) == {STORE}


def test_a_payment_by_the_api(world, client):
    fields = {"phone": "0712 345 678", "number": TILL, "kind": "till", "amount": 20, "name": "Ann"}
    found = json_of(client, "/sim/pay", fields)
    assert (found["state"], found["shortcode"], found["phone"]) == ("paid", STORE, "254712345678")
    (move,) = json_of(client, f"/sim/moves?shortcode={TILL}")["moves"]
    assert (move["receipt"], move["amount_cents"]) == (found["receipt"], 2_000)
    assert json_of(client, "/sim/pay")["payments"] == [found]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/sim/pay", {}),
        ("/sim/pay", {"phone": PHONE, "number": "x", "amount": 5}),
        ("/sim/pay", {"phone": PHONE, "number": TILL, "amount": 0}),
        ("/sim/pay", {"phone": PHONE, "number": TILL, "amount": 5, "kind": "shop"}),
        ("/sim/pay", {"phone": PHONE, "number": TILL, "amount": 5, "reference": "r" * 21}),
        ("/sim/outlets", {"shortcode": "1"}),
        ("/sim/outlets", {"shortcode": STORE, "tills": "9900102"}),
        ("/sim/sweep", {}),
        ("/sim/sweep", {"shortcode": STORE, "to_bank": "no"}),
        ("/sim/sweep", {"shortcode": STORE, "cents": 0}),
        ("/sim/reverse", {}),
        ("/sim/release", {"order": "upwards"}),
    ],
)
def test_a_wrong_request_gets_a_sentence(client, path, fields):
    answer = client.post(path, fields, content_type="application/json")
    assert (answer.status_code, answer.json()["error"][-1]) == (400, ".")


def test_what_cannot_be_done_gets_a_sentence(world, client):
    for path, fields in (
        ("/sim/sweep", {"shortcode": STORE}),
        ("/sim/reverse", {"receipt": "UKM5A1B2C3"}),
    ):
        answer = client.post(path, fields, content_type="application/json")
        assert (answer.status_code, answer.json()["error"][-1]) == (409, ".")
    assert client.post("/sim/messages/m0/redeliver").status_code == 404
    assert client.get("/sim/statement?shortcode=1&" + DAY).status_code == 400
    assert client.get(f"/sim/statement?shortcode={STORE}&from=x&to=y").status_code == 400
    assert client.get(f"/sim/statement?shortcode={STORE}&{DAY}&format=pdf").status_code == 400


def test_a_sweep_by_the_api(world, client):
    pay(world)
    found = json_of(client, "/sim/sweep", {"shortcode": PAYBILL, "cents": 100_000})
    assert found["balances"] == {"main": 50_000, "settlement": 0}
    json_of(client, "/sim/sweep", {"shortcode": PAYBILL, "to_bank": False})
    assert world.ledger.balances(PAYBILL) == {"main": 0, "settlement": 50_000}


# Commands and their knobs


def operator(**fields):
    request = json.loads((SAMPLES / "reversal-request.json").read_text())
    urls = dict.fromkeys(("ResultURL", "QueueTimeOutURL"), "http://127.0.0.1:9/cb/res")
    return request | urls | fields


def results_of(world, kind, count):
    for _ in range(400):
        found = [each for each in world.mail.letters() if each.kind == kind]
        if len(found) >= count:
            return [json.loads(each.body)["Result"] for each in reversed(found)]
        world.stopping.wait(0.01)
    raise AssertionError("No result.")


def test_the_second_reversal_is_refused(world, send):
    world.knobs.change({"result_delay_ms": 0, "hold": True})
    fields = operator(TransactionID=pay(world))
    for count in (1, 2):
        assert send("/mpesa/reversal/v1/request", fields).status_code == 200
        results = results_of(world, "result-reversal", count)
    assert [each["ResultCode"] for each in results] == [0, "R000001"]


def test_a_reversal_can_be_found_by_its_conversation(world, send):
    world.knobs.change({"result_delay_ms": 0, "hold": True})
    fields = operator(TransactionID=pay(world))
    ack = send("/mpesa/reversal/v1/request", fields).json()
    (reversal,) = results_of(world, "result-reversal", 1)
    by_push = world.prompt(
        world.ledger.find(pushed(world)).payment.checkout_request_id
    ).merchant_request_id
    for name, id_ in (
        ("OriginalConversationID", ack["ConversationID"]),
        ("OriginatorConversationID", ack["OriginatorConversationID"]),
        ("OriginalConversationID", by_push),
        ("OriginalConversationID", "nothing"),
    ):
        asked = operator(CommandID="TransactionStatusQuery", PartyA=PAYBILL, IdentifierType="4") | {
            "TransactionID": "",
            name: id_,
        }
        assert send("/mpesa/transactionstatus/v1/query", asked).status_code == 200
    results = results_of(world, "result-status", 4)
    found = {
        item["Value"]
        for each in results
        for item in each.get("ResultParameters", {}).get("ResultParameter", [])
        if item["Key"] == "ReceiptNo"
    }
    assert found == {reversal["TransactionID"], world.prompts()[0].receipt}
    assert sorted(each["ResultCode"] for each in results) == [0, 0, 0, 25]


@pytest.mark.parametrize(("knob", "done"), [("never", True), ("timeout", False)])
def test_a_reversal_without_a_result(world, send, knob, done):
    world.knobs.change({"result_delay_ms": 0, "hold": True, "result": knob})
    receipt = pay(world)
    send("/mpesa/reversal/v1/request", operator(TransactionID=receipt))
    for _ in range(50):
        world.stopping.wait(0.01)
        if world.ledger.is_reversed(world.ledger.find(receipt)):
            break
    assert world.ledger.is_reversed(world.ledger.find(receipt)) is done
    assert [each.kind for each in world.mail.letters()] == ([] if done else ["timeout-reversal"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"SecurityCredential": ""}, "SecurityCredential"),
        ({"Initiator": None}, "Initiator"),
        ({"CommandID": "Reverse"}, "CommandID"),
        ({"Remarks": "x"}, "Remarks"),
        ({"RecieverIdentifierType": "7"}, "RecieverIdentifierType"),
        ({"ReceiverParty": " 600991"}, "ReceiverParty"),
        ({"Amount": "1.5"}, "Amount"),
        ({"ResultURL": "http://x/mpesa"}, "ResultURL"),
        ({"QueueTimeOutURL": "x"}, "QueueTimeOutURL"),
    ],
)
def test_a_wrong_field_of_a_command_is_named(send, changes, field):
    answer = send("/mpesa/reversal/v1/request", operator(TransactionID="UKM5A1B2C3") | changes)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"] == f"Bad Request - Invalid {field}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ShortCode": "0600991"}, "ShortCode"),
        ({"ResponseType": "completed"}, "ResponseType"),
        ({"ConfirmationURL": "https://pay.example.co.ke/SQL/x"}, "ConfirmationURL"),
        ({"ValidationURL": "http://pay.example.co.ke/x"}, "ValidationURL"),
        ({"ValidationURL": "https://x.ngrok.io/x"}, "ValidationURL"),
    ],
)
def test_a_wrong_registration_is_named(world, send, changes, field):
    world.knobs.change({"production_urls": True})
    request = json.loads((SAMPLES / "c2b-register-request.json").read_text()) | changes
    answer = send("/mpesa/c2b/v2/registerurl", request)
    assert answer.status_code == 400
    assert answer.json()["errorMessage"] == f"Bad Request - Invalid {field}"


# Pull


def pull(send, start, end, offset=0, shortcode=PAYBILL):
    fields = {"ShortCode": shortcode, "StartDate": start, "EndDate": end, "OffSetValue": offset}
    return send("/pulltransactions/v1/query", fields)


def rows(send, offset=0):
    now = timezone.localtime()
    start, end = (f"{now + timedelta(hours=h):%Y-%m-%d %H:%M:%S}" for h in (-47, 1))
    return pull(send, start, end, offset).json()["Response"][0]


def test_pages_overlap_nowhere_and_leave_nothing_out(world, send):
    now = timezone.now()
    world.pulls.add(PAYBILL, PHONE)
    receipts = [pay(world, n, now=now) for n in range(1, 6)]
    world.knobs.change({"pull_page_size": 2})
    by_row = [row["transactionId"] for at in (0, 2, 4, 6) for row in rows(send, at)]
    assert by_row == receipts[::-1]
    world.knobs.change({"pull_offset": "page"})
    by_page = [row["transactionId"] for at in (0, 1, 2, 3) for row in rows(send, at)]
    assert by_page == receipts[::-1]


def test_pull_shows_sweeps_and_reversals_and_no_charges(world, send):
    now = timezone.now()
    world.pulls.add(PAYBILL, PHONE)
    world.knobs.change({"charges": "bands"})
    first, second = pay(world, now=now), pay(world, now=now)
    world.ledger.reverse(first, now, cents=None, shortcode=PAYBILL, partial=False)
    world.ledger.sweep(PAYBILL, now)
    found = rows(send)
    assert [row["transactiontype"] for row in found] == [
        "merchant-to-organization-settlement",
        "c2b-pay-bill-reversal",
        "c2b-pay-bill-debit",
        "c2b-pay-bill-debit",
    ]
    assert (found[1]["billreference"], found[2]["transactionId"]) == (first, second)
    world.knobs.change({"pull_settlements": False})
    assert len(rows(send)) == 3


def test_the_zone_of_trx_date_cannot_be_trusted(world, send):
    now = timezone.now().replace(microsecond=0)
    world.pulls.add(PAYBILL, PHONE)
    pay(world, now=now)
    assert rows(send)[0]["trxDate"] == f"{now + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}Z"
    world.knobs.change({"pull_zone": "utc"})
    assert rows(send)[0]["trxDate"] == f"{now:%Y-%m-%dT%H:%M:%S}Z"


def test_pull_forgets_after_48_hours_and_lags(world, send):
    now = timezone.now()
    world.pulls.add(PAYBILL, PHONE)
    pay(world, 1, now=now - timedelta(hours=49))
    pay(world, 2, now=now - timedelta(hours=1))
    pay(world, 3, now=now)
    day = [f"{now + timedelta(days=d):%Y-%m-%d} 00:00:00" for d in (-5, 2)]
    assert [r["amount"] for r in pull(send, *day).json()["Response"][0]] == ["3.00", "2.00"]
    world.knobs.change({"pull_lag_seconds": 600})
    assert [r["amount"] for r in pull(send, *day).json()["Response"][0]] == ["2.00"]


@pytest.mark.parametrize(("knob", "response"), [("flat", []), ("missing", None)])
def test_an_empty_pull_has_other_forms(world, send, knob, response):
    world.knobs.change({"pull_empty": knob})
    found = pull(send, "2026-11-21 10:00:00", "2026-11-22 10:00:00").json()
    assert (found["ResponseCode"], found.get("Response")) == ("1001", response)


def test_a_wrong_window_is_named(send):
    answer = pull(send, "22/11/2026", "2026-11-22 10:00:00")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.001")
    assert answer.json()["errorMessage"] == "Bad Request - Invalid StartDate"


# Statement


def busy_day(world):
    world.knobs.change({"opening_shillings": 100, "charges": "bands"})
    manual = pay(world, 800, reference="")
    stk = pushed(world, now=NOON + timedelta(minutes=1))
    world.knobs.change({"c2b_type": "organization", "charges": "none"})
    bank = pay(world, 25_000, now=NOON + timedelta(minutes=2), reference="INV-000131")
    at = NOON + timedelta(minutes=3)
    back = world.ledger.reverse(stk, at, cents=None, shortcode=PAYBILL, partial=False).receipt
    swept = world.ledger.sweep(PAYBILL, NOON + timedelta(minutes=4))
    return manual, stk, bank, back, swept


def test_the_new_statement(world, client):
    manual, stk, bank, back, swept = busy_day(world)
    answer = client.get(f"/sim/statement?shortcode={PAYBILL}&{DAY}&layout=new&format=csv")
    name = f"Statements for {PAYBILL} from 2026-11-22 to 2026-11-22.csv"
    assert name in answer["Content-Disposition"]
    assert answer.content.count(b"\r\n") == 10
    header, *found = csv.reader(io.StringIO(answer.content.decode()))
    assert header == [
        "Receipt No",
        "Completion Time",
        "Details",
        "Transaction Status",
        "Paid In (KSHs)",
        "Withdrawn (KSHs)",
        "Balance (KSHs)",
    ]
    told = [(row[0], row[2], *row[4:]) for row in found]
    settlement = "Utility Account to Organization Settlement Account"
    assert told[1:] == [
        (swept, settlement, "25,875.00", "0.00", "25,875.00"),
        (swept, settlement, "0.00", "-25,875.00", "0.00"),
        (
            back,
            f"Transaction Reversal of {stk} to 2547****101 - JUMA DEMO Acc. INV-000123",
            "0.00",
            "-1,500.00",
            "25,875.00",
        ),
        (
            bank,
            r"FSI to Pay Bill by 600755 - DEMO BANK Acc. INV-000131 via WEB by demobank\apiuser",
            "25,000.00",
            "0.00",
            "27,375.00",
        ),
        (stk, "Pay Bill Charge", "0.00", "-15.00", "2,375.00"),
        (
            stk,
            "Pay Bill Online from 2547****101 - JUMA DEMO Acc. INV-000123",
            "1,500.00",
            "0.00",
            "2,390.00",
        ),
        (manual, "Pay Bill Charge", "0.00", "-10.00", "890.00"),
        (
            manual,
            "Pay Bill from 2547****101 - JUMA DEMO Acc. ",
            "800.00",
            "0.00",
            "900.00",
        ),
    ]
    assert told[0][1:] == ("Agency Withdrawal of funds to Bank", "0.00", "-25,875.00", "0.00")
    assert {row[3] for row in found} == {"Completed"}
    assert found[-1][1] == "22/11/2026 12:00:00"


def test_the_workbook_has_the_same_rows_as_text(world, client):
    busy_day(world)
    path = f"/sim/statement?shortcode={PAYBILL}&{DAY}&format="
    as_csv = list(csv.reader(io.StringIO(client.get(path + "csv").content.decode())))
    book = import_module("openpyxl").load_workbook(io.BytesIO(client.get(path + "xlsx").content))
    assert [list(row) for row in book.active.iter_rows(values_only=True)] == as_csv


def test_the_old_statement(world, client):
    manual, stk, _, back, swept = busy_day(world)
    answer = client.get(f"/sim/statement?shortcode={PAYBILL}&{DAY}&layout=old")
    grid = list(csv.reader(io.StringIO(answer.content.decode())))
    assert {len(row) for row in grid} == {14}
    assert [row[0] for row in grid[:7]] == [
        "Account Holder:",
        "Short Code:",
        "Account:",
        "Time Period:",
        "Operator:",
        "Opening Balance:",
        "Receipt No.",
    ]
    assert grid[5][:10] == [
        "Opening Balance:",
        "100.00",
        "Closing Balance:",
        "0.00",
        "Available Balance:",
        "0.00",
        "Total Paid In:",
        "27300.00",
        "Total Withdrawn:",
        "-27400.00",
    ]
    told = {(row[0], row[5], row[6]): row for row in grid[7:]}
    assert len(told) == len(grid) - 7 == 7
    assert told[(swept, "", "-25875.00")][9:11] == [
        "Organization Settlement",
        f"{PAYBILL} - DEMO TRADERS",
    ]
    assert told[(back, "", "-1500.00")][11] == stk
    assert told[(stk, "", "-15.00")][9:11] == ["Pay Bill Online", "SP"]
    assert told[(stk, "1500.00", "")][10] == "25470****101 - JUMA **** DEMO"
    assert told[(manual, "800.00", "")][10] == "070****101 - JUMA **** DEMO"
    assert told[(manual, "800.00", "")][1] == "22-11-2026 12:00:00"
    refused = client.get(f"/sim/statement?shortcode={PAYBILL}&{DAY}&layout=old&format=xlsx")
    assert refused.status_code == 400


def test_headers_are_those_of_the_portal(world, client):
    empty = client.get(f"/sim/statement?shortcode={TILL}&{DAY}&layout=old").content.decode()
    assert empty.splitlines()[-1] == (
        "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,"
        "Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.,"
        "Currency"
    )
    assert "Merchant Account" in empty


def test_a_tills_statement_names_the_merchant_account(world, client):
    world.knobs.change({"charges": "percent"})
    pay(world, 1000, TILL, "till")
    world.ledger.sweep(STORE, NOON)
    text = client.get(f"/sim/statement?shortcode={TILL}&{DAY}").content.decode()
    details = [row[2] for row in csv.reader(io.StringIO(text))][1:]
    assert details[1:] == [
        "Merchant Account to Organization Settlement Account",
        "Merchant Account to Organization Settlement Account",
        "Pay Merchant Charge",
        "Customer Merchant Payment from 2547****101 - JUMA DEMO Acc. ",
    ]


# Edges


def token_of(client):
    return client.get(
        "/oauth/v1/generate?grant_type=client_credentials",
        headers={"Authorization": "Basic c2ltdWxhdG9yLWtleTpzaW11bGF0b3Itc2VjcmV0"},
    )


@pytest.mark.parametrize(
    ("knobs", "status"),
    [
        ({"edge": "firewall"}, 403),
        ({"edge": "unreachable"}, 500),
        ({"unreachable_percent": 100}, 500),
        ({"oauth": "empty_400"}, 400),
    ],
)
def test_the_edge_of_the_gateway(world, client, knobs, status):
    assert token_of(client).status_code == 200
    world.knobs.change(knobs)
    answer = token_of(client)
    assert answer.status_code == status
    if status == 403:
        assert answer["Content-Type"].startswith("text/html")
    if status == 400:
        assert answer.content == b""
    assert client.get("/sim/alive").status_code == 200


def test_a_burst_blocks_its_caller_for_a_while():
    burst = Burst()
    assert [burst.is_too_much("a", 2, NOON) for _ in range(3)] == [False, False, True]
    assert not burst.is_too_much("b", 2, NOON)
    assert burst.is_too_much("a", 2, NOON + timedelta(seconds=4))
    assert not burst.is_too_much("a", 2, NOON + timedelta(seconds=6))


def test_a_burst_meets_the_firewall(world, client):
    world.knobs.change({"burst_per_second": 1})
    assert [token_of(client).status_code for _ in range(3)][1:] == [403, 403]


@pytest.mark.parametrize(("products", "status"), [("stk_only", 400), ("none", 401)])
def test_a_missing_product(world, send, products, status):
    world.knobs.change({"products": products})
    answer = send("/mpesa/c2b/v2/registerurl", {})
    assert answer.status_code == 401
    assert answer.json()["errorMessage"].endswith("Invalid API call as no apiproduct match found")
    assert send("/mpesa/stkpush/v1/processrequest", {}).status_code == status


# Knobs of pushes


def test_the_same_amount_within_two_minutes_fails_by_knob(world):
    world.knobs.change({"same_amount_17": True})
    now = timezone.now()
    pushed(world, now=now)
    other = Push(
        PAYBILL, "CustomerPayBillOnline", 1500, PHONE, PAYBILL, "http://127.0.0.1:9/", "A", "B"
    )
    name = world.push(other, now).checkout_request_id
    for _ in range(400):
        if not world.prompt(name).open:
            break
        world.stopping.wait(0.01)
    assert world.prompt(name).outcome.code == 17


def test_without_locking_a_phone_may_be_asked_twice(world):
    world.knobs.change({"locking": False})
    push = Push(
        PAYBILL, "CustomerPayBillOnline", 5, PHONE, PAYBILL, "http://127.0.0.1:9/", "A", "B"
    )
    world.push(push, NOON)
    world.push(push, NOON)
    assert len(world.prompts()) == 2


def test_a_payment_needs_a_registration_to_be_told(world):
    pay(world)
    assert world.mail.letters() == []


def test_a_payment_is_booked_with_its_receipt(world):
    move = world.ledger.receive(
        Payment("c2b", PAYBILL, 100, people.payer_of(PHONE), "UKM5A1B2C3", PAYBILL), NOON
    )
    assert world.ledger.find("UKM5A1B2C3") == move
