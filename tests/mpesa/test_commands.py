"""Commands that ask Safaricom something."""

import httpx
import pytest
from django.core.management import CommandError, call_command

from mpesa.models import Payment
from tests.mpesa.gateway import answer, sample
from tests.mpesa.test_nets import NONE, a_page, a_row


def run(capsys, *words):
    call_command(*words)
    return capsys.readouterr().out


def test_addresses_are_registered_under_the_shortcode(shop, gateway, capsys):
    gateway.will_answer(sample(200, "c2b-register-response"))

    assert run(capsys, "register_urls", "--till", "9900302") == "registered\n"

    body = gateway.asked[-1].body
    assert body["ShortCode"] == "9900300"
    assert body["ConfirmationURL"].endswith("/cb/secret-of-9900302/confirm")
    assert body["ValidationURL"].endswith("/cb/secret-of-9900302/check")


def test_addresses_that_were_registered_before_are_no_error(shop, gateway, capsys):
    gateway.will_answer(sample(500, "c2b-register-error-already-registered"))

    assert "registered before" in run(capsys, "register_urls", "--till", "9900302")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--till", "1"], "There is no till 1."),
        (["--till", "9900302", "--pull-phone", "12"], "phone"),
    ],
)
def test_what_cannot_be_registered_says_why(shop, gateway, words, sentence):
    gateway.will_answer(sample(200, "c2b-register-response"))

    with pytest.raises(CommandError, match=sentence):
        call_command("register_urls", *words)


def test_an_address_that_safaricom_refuses_is_not_sent(shop, gateway, settings):
    settings.PUBLIC_URL = "https://mpesa.example"

    with pytest.raises(CommandError, match="PUBLIC_URL"):
        call_command("register_urls", "--till", "9900302")

    assert gateway.asked == []


def test_the_pull_is_switched_on(shop, gateway, capsys):
    gateway.will_answer(sample(200, "c2b-register-response"), sample(200, "pull-register-response"))

    said = run(capsys, "register_urls", "--till", "9900302", "--pull-phone", "0700000101")

    assert said == "registered\npull: on\n"
    assert gateway.asked[-1].body["NominatedNumber"] == "254700000101"


def test_the_pull_by_hand_says_what_it_found(shop, gateway, capsys):
    gateway.will_answer(a_page(a_row(trxDate="")), NONE)

    said = run(capsys, "pull_transactions", "--till", "9900302")

    assert said == "9900302: Answered, 1 rows, 1 new\n"
    assert Payment.objects.count() == 1


def test_a_till_is_introduced_to_the_simulator_and_paid_from_the_menu(shop, simulator):
    call_command("introduce_tills")

    paid = {"phone": "254700000101", "number": "9900302", "amount": 250, "kind": "till"}
    answer = httpx.post(f"{simulator.url}/sim/pay", json=paid, trust_env=False)

    assert answer.json()["state"] == "paid"


def test_a_simulator_that_is_not_there_is_said(shop, settings):
    settings.DARAJA_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match="does not answer"):
        call_command("introduce_tills", "--wait", "0")


def test_nobody_is_introduced_in_production(shop, settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="register_urls"):
        call_command("introduce_tills")


@pytest.mark.parametrize("words", [["--hours", "49"], ["--hours", "0"], ["--till", "1"]])
def test_a_pull_that_cannot_be_asked_for_is_refused(shop, words):
    with pytest.raises(CommandError):
        call_command("pull_transactions", *words)


def test_a_pull_without_an_answer_fails(shop, gateway):
    gateway.will_answer(answer(400, {"errorCode": "400.001", "errorMessage": "Bad Request"}))

    with pytest.raises(CommandError, match="did not answer"):
        call_command("pull_transactions")
