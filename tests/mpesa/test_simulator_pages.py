"""The pages of the simulator beside the prompts: the menu of a phone, the tills, the knobs."""

import html
import re

import pytest
from django.test import Client
from django.utils import timezone

from mpesa.simulator.c2b import Registration
from mpesa.simulator.knob_list import CHOICES, SPECS
from mpesa.simulator.knobs import PRESETS, Knobs
from mpesa.simulator.menu import Order
from mpesa.simulator.outlets import Outlet
from mpesa.simulator.world import World

STORE, TILL, PAYBILL = "9900101", "9900102", "600991"
PHONE = "254712345678"


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


def words(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def typed(**changes):
    return {"kind": "till", "number": TILL, "amount": "250", "reference": ""} | changes


# The phone's menu


def test_a_till_is_paid_from_the_phone(world, client):
    answer = client.post(f"/phone/{PHONE}/pay", typed(), follow=True)
    (payment,) = world.menu.attempts()
    assert f"{payment.receipt} Confirmed. Ksh250.00 paid to {TILL} on" in words(answer)
    assert world.ledger.balances(STORE)["main"] == 25_000
    assert "0712 345 678 1 payment" in words(client.get("/"))


def test_a_paybill_is_paid_with_an_account_number(world, client):
    form = typed(kind="paybill", number=PAYBILL, reference=" inv 7 ")
    assert f"paid to {PAYBILL} for inv 7 on" in words(
        client.post(f"/phone/{PHONE}/pay", form, follow=True)
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"number": "12"}, "A till or paybill number has 5 to 7 digits."),
        ({"amount": "0"}, "Write whole shillings from 1 to 250,000."),
        ({"amount": "2.50"}, "Write whole shillings from 1 to 250,000."),
        ({"kind": "paybill"}, "A paybill wants an account number of 1 to 20 characters."),
        ({"kind": "paybill", "reference": "\ud7ff\x07"}, "This cannot be typed on a phone."),
    ],
)
def test_what_is_typed_wrong_is_said_and_kept(world, client, changes, sentence):
    answer = client.post(f"/phone/{PHONE}/pay", typed(**changes))
    assert answer.status_code == 400
    assert sentence in words(answer)
    assert '<details class="menu" open>' in answer.content.decode()
    assert world.menu.attempts() == []


def test_the_menu_takes_posts_only(client):
    assert client.get(f"/phone/{PHONE}/pay").status_code == 405
    assert client.post("/phone/7/pay", typed()).status_code == 400


def test_a_refused_payment_says_why(world, client):
    world.menu.register(
        Registration(PAYBILL, "Cancelled", "http://127.0.0.1:9/c", "http://127.0.0.1:9/v", "v2")
    )
    world.knobs.change({"validation": True, "outage": True})
    client.post(f"/phone/{PHONE}/pay", typed(kind="paybill", number=PAYBILL, reference="A1"))
    for _ in range(400):
        if world.menu.attempts()[0].state != "asking":
            break
        world.stopping.wait(0.01)
    page = words(client.get(f"/phone/{PHONE}"))
    assert (
        f"Failed. Ksh250.00 was not paid to {PAYBILL} for A1: The business could not be reached."
        in page
    )


# Knobs


def test_every_knob_is_explained(client):
    page = words(client.get("/knobs"))
    for name, spec in SPECS.items():
        assert f"{name} {spec.says}" in page
        for value, meaning in spec.values.items():
            assert f"{value}: {meaning}" in page
    for name in PRESETS:
        assert name in page


def test_a_knob_that_is_changed_says_so(world, client):
    page = client.get("/knobs").content.decode()
    assert page.count('class="changed"') + page.count("switch changed") == 0
    world.knobs.change({"outage": True, "copies": 3})
    page = client.get("/knobs").content.decode()
    assert page.count('class="changed"') + page.count("switch changed") == 2


def test_a_switch_can_be_turned_off_by_the_form(world, client):
    world.knobs.change({"outage": True})
    client.post("/knobs", {"outage": ["off"]})
    assert world.knobs.current().outage is False
    client.post("/knobs", {"outage": ["off", "on"]})
    assert world.knobs.current().outage is True


def test_every_value_has_an_effect_or_a_default():
    for name, values in CHOICES.items():
        assert getattr(Knobs(), name) in values


# A till


def test_a_till_is_opened_by_any_of_its_numbers(client):
    for number in (TILL, STORE, "9900100"):
        assert f"Till {TILL} KES 0.00 Store number {STORE}" in words(client.get(f"/knobs/{number}"))
    opened = client.get(f"/knobs?shortcode={TILL}")
    assert opened["Location"] == f"/knobs/{TILL}"
    assert client.get("/knobs?shortcode=../x")["Location"] == "/knobs"
    missing = client.get("/knobs/12")
    assert (missing.status_code, "is no shortcode" in words(missing)) == (404, True)


def test_a_tills_form_changes_the_till_only(world, client):
    client.post(f"/knobs/{TILL}", {"copies": "3", "delay_ms": "0"})
    assert world.knobs.own(STORE) == {"copies": 3}
    assert world.knobs.current().copies == 1
    assert world.knobs_of(TILL).copies == 3
    wrong = client.post(f"/knobs/{TILL}", {"copies": "99"})
    assert (wrong.status_code, "copies is 99" in words(wrong)) == (400, True)
    client.post(f"/knobs/{TILL}/act", {"clear": ""})
    assert world.knobs_of(TILL).copies == 1


def test_a_preset_on_a_tills_page(world, client):
    client.post(f"/knobs/{STORE}", {"preset": "outage"})
    assert (world.knobs_of(TILL).outage, world.knobs.current().outage) == (True, False)


def test_knobs_of_a_number_stay_when_it_turns_out_to_be_a_till(world, client):
    client.post("/sim/knobs", {"shortcode": "9900502", "copies": 4}, "application/json")
    world.outlets.set(Outlet("9900500", "till", ("9900502",)))
    assert world.knobs_of("9900500").copies == 4
    client.post("/sim/knobs", {"shortcode": "9900502", "outage": True}, "application/json")
    assert world.knobs.own("9900500") == {"copies": 4, "outage": True}
    assert world.knobs.own("9900502") == {}
    client.post("/sim/knobs", {"shortcode": "9900502", "clear": True}, "application/json")
    assert world.knobs_of("9900500").copies == 1


def test_money_is_swept_and_given_back_on_the_page(world, client):
    now = timezone.now()
    receipts = [world.menu.pay(Order(PHONE, TILL, "till", 5, ""), now).receipt for _ in range(2)]
    page = client.get(f"/knobs/{STORE}").content.decode()
    assert page.count(">Reverse</button>") == 2
    client.post(f"/knobs/{STORE}/act", {"reverse": receipts[0]})
    assert world.ledger.balances(STORE)["main"] == 500
    again = client.post(f"/knobs/{STORE}/act", {"reverse": receipts[0]})
    assert (again.status_code, "has already been reversed." in words(again)) == (400, True)
    client.post(f"/knobs/{STORE}/act", {"sweep": ""})
    assert world.ledger.balances(STORE)["main"] == 0
    empty = client.post(f"/knobs/{STORE}/act", {"sweep": ""})
    assert empty.status_code == 400
    assert client.get(f"/knobs/{STORE}/act").status_code == 405


def test_the_links_lead_to_statements(world, client):
    page = client.get(f"/knobs/{STORE}").content.decode()
    links = [html.unescape(link) for link in re.findall(r'href="(/sim/statement[^"]+)"', page)]
    assert len(links) == 3
    for link in links:
        assert client.get(link).status_code == 200
