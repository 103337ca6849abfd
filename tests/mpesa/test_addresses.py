"""Callback addresses: what is registered, what they answer, how their secret is changed."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from money.models import Role
from mpesa.actions.inbound import understand
from mpesa.actions.intake import bring_in
from mpesa.actions.tills import NotAllowed, NotNow, finish_rotation, rotate_secret
from mpesa.addresses import KINDS, callback_url, new_secret, refused_words
from mpesa.masking import mask
from mpesa.models import InboundMessage, InboundState, Payment, Stray
from mpesa.spool import append
from tests.make import (
    NOW,
    a_business,
    a_callback,
    a_request,
    a_till,
    a_user,
    amina,
    an_arrival,
    baraka,
)

JSON = "application/json"
FINISH_LATER = (
    "Old and new addresses are valid. Register the new ones (callback_urls), then run this"
    " with --finish.\n"
)


def path_of(url):
    return url.removeprefix("http://127.0.0.1:8000")


def send(url, body=b"{}"):
    return Client(enforce_csrf_checks=True).generic("POST", path_of(url), body, content_type=JSON)


def run(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_callback_urls_lists_every_till_and_kind(shop):
    a_till(a_business(slug="maji"), number="9900102")

    rows = json.loads(run("callback_urls", "--json")[0])

    assert [(row["business"], row["till"]) for row in rows] == [("maji", "9900102")] * 5 + [
        ("duka", "9900302")
    ] * 5
    assert {row["kind"]: row["url"] for row in rows[5:]} == {
        "stk": "http://127.0.0.1:8000/cb/secret-of-9900302/stk",
        "c2b-validation": "http://127.0.0.1:8000/cb/secret-of-9900302/check",
        "c2b-confirmation": "http://127.0.0.1:8000/cb/secret-of-9900302/confirm",
        "result": "http://127.0.0.1:8000/cb/secret-of-9900302/result",
        "timeout": "http://127.0.0.1:8000/cb/secret-of-9900302/timeout",
    }


def test_callback_urls_for_people_has_the_same_urls(shop):
    rows = json.loads(run("callback_urls", "--json")[0])

    lines = run("callback_urls")[0].splitlines()

    assert [line.split()[-1] for line in lines] == [row["url"] for row in rows]


def test_callback_urls_warns_of_a_host_that_safaricom_refuses(shop, settings):
    settings.PUBLIC_URL = "https://Mpesa.example.com"

    assert run("callback_urls")[1].count("Safaricom refuses an address with 'mpesa' in it") == 5


def test_no_address_holds_a_word_that_safaricom_refuses(shop):
    for _ in range(50):
        shop.till.callback_secret = new_secret()
        urls = [callback_url(shop.till, kind) for kind in KINDS]
        assert [url for url in urls if refused_words(url)] == []
    assert re.fullmatch("[0-9a-f]{40}", new_secret())


def test_every_url_is_masked_in_logs(shop):
    shop.till.callback_secret = new_secret()

    shown = [mask(callback_url(shop.till, kind)) for kind in KINDS]

    assert [text for text in shown if shop.till.callback_secret in text] == []


ANSWERS = {
    "stk": {"ResultCode": 0, "ResultDesc": "Accepted"},
    "c2b-validation": {"ResultCode": "0", "ResultDesc": "Accepted"},
    "c2b-confirmation": {"ResultCode": 0, "ResultDesc": "Success"},
    "result": {"ResultCode": 0, "ResultDesc": "Accepted"},
    "timeout": {"ResultCode": 0, "ResultDesc": "Accepted"},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_stored_raw_under_its_channel_and_answered(shop, kind):
    body = b"\xff not even JSON"

    answer = send(callback_url(shop.till, kind), body)

    message = InboundMessage.objects.get()
    assert (answer.status_code, answer.json()) == (200, ANSWERS[kind.name])
    assert (message.channel, bytes(message.body or b""), message.till) == (
        kind.channel,
        body,
        shop.till,
    )


@pytest.mark.parametrize("kind", KINDS[2:], ids=lambda kind: kind.name)
def test_what_is_no_message_of_its_kind_is_quarantined_with_its_reason(shop, kind):
    send(callback_url(shop.till, kind), a_callback())
    a_request(shop.till)

    understand(message_id=InboundMessage.objects.get().pk, now=NOW)

    message = InboundMessage.objects.get()
    assert (message.state, Payment.objects.count()) == (InboundState.QUARANTINED, 0)
    assert message.note


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_comes_back_from_the_spool_under_its_channel(shop, kind):
    append(an_arrival(channel=kind.channel), is_known=True)

    bring_in()

    assert InboundMessage.objects.get().channel == kind.channel


@pytest.mark.parametrize("word", [*(kind.word for kind in KINDS), "stk/token"])
def test_a_stranger_gets_404_at_each(shop, word):
    assert (send(f"/cb/{'0' * 40}/{word}").status_code, Stray.objects.count()) == (404, 1)
    assert Stray.objects.get().path == f"/cb/…/{word.partition('/')[0]}"


@pytest.mark.parametrize("word", ["", "paid", "c2b-confirmation", "check/token", "stk/a/b"])
def test_other_words_are_no_address(shop, word):
    assert send(f"/cb/{shop.till.callback_secret}/{word}").status_code == 404
    assert InboundMessage.objects.count() == 0


# Rotation


def test_old_and_new_secret_are_valid_until_the_rotation_is_finished(shop):
    old = callback_url(shop.till, KINDS[0])
    owner = amina()
    till = rotate_secret(till_id=shop.till.pk, by=owner, now=NOW)
    new = callback_url(till, KINDS[0])

    during = [send(url).status_code for url in (old, new)]
    finish_rotation(till_id=till.pk, by=owner)
    after = [send(url).status_code for url in (old, new)]

    assert old != new
    assert (during, after) == ([200, 200], [404, 200])
    assert {message.till for message in InboundMessage.objects.all()} == {till}
    till.refresh_from_db()
    assert (till.previous_secret, till.rotated_at) == ("", NOW)


def test_a_prompt_that_was_sent_before_is_answered_to_the_old_address(shop):
    request = a_request(shop.till)
    old = f"/cb/{shop.till.callback_secret}/stk/a-token-nobody-guesses"
    rotate_secret(till_id=shop.till.pk, by=amina(), now=NOW)

    send(old, a_callback())
    understand(message_id=InboundMessage.objects.get().pk, now=NOW + timedelta(seconds=9))

    request.refresh_from_db()
    assert request.state == "paid"


def test_a_rotation_is_not_finished_over_messages_that_wait_under_the_old_secret(shop):
    request = a_request(shop.till)
    owner, old = amina(), shop.till.callback_secret
    append(an_arrival(secret=old, body=a_callback()), is_known=True)
    rotate_secret(till_id=shop.till.pk, by=owner, now=NOW)

    with pytest.raises(NotNow, match="Messages wait in VAR/spool"):
        finish_rotation(till_id=shop.till.pk, by=owner)
    bring_in()
    finish_rotation(till_id=shop.till.pk, by=owner)

    understand(message_id=InboundMessage.objects.get().pk, now=NOW + timedelta(seconds=9))
    request.refresh_from_db()
    assert (request.state, Payment.objects.count(), Stray.objects.count()) == ("paid", 1, 0)


def test_a_second_rotation_waits_for_the_end_of_the_first(shop):
    owner = amina()
    rotate_secret(till_id=shop.till.pk, by=owner, now=NOW)

    with pytest.raises(NotNow, match="not finished"):
        rotate_secret(till_id=shop.till.pk, by=owner, now=NOW)
    finish_rotation(till_id=shop.till.pk, by=owner)
    with pytest.raises(NotNow, match="no rotation"):
        finish_rotation(till_id=shop.till.pk, by=owner)


def test_only_who_manages_the_business_rotates(shop):
    a_business(slug="maji")

    for user in (baraka(), a_user("otieno", maji=Role.OWNER)):
        with pytest.raises(NotAllowed):
            rotate_secret(till_id=shop.till.pk, by=user, now=NOW)
        with pytest.raises(NotAllowed):
            finish_rotation(till_id=shop.till.pk, by=user)
    shop.till.refresh_from_db()
    assert shop.till.callback_secret == "secret-of-9900302"


def test_the_command_rotates_and_finishes(shop):
    amina()

    said = [
        run("rotate_callback_secret", "--till", "9900302", "--by", "amina", *more)[0]
        for more in ([], ["--finish"])
    ]

    assert said == [
        FINISH_LATER,
        "The old addresses are strangers' now.\n",
    ]
    shop.till.refresh_from_db()
    assert shop.till.callback_secret not in {"secret-of-9900302", "".join(said)}


@pytest.mark.parametrize(
    ("till", "by", "sentence"),
    [
        ("1", "amina", "There is no till 1."),
        ("9900302", "nobody", "Nobody signs in as nobody."),
        ("9900302", "baraka", "does not manage"),
    ],
)
def test_the_command_refuses_by_a_sentence(shop, till, by, sentence):
    amina()
    baraka()

    with pytest.raises(CommandError, match=sentence):
        run("rotate_callback_secret", "--till", till, "--by", by)


def test_an_empty_secret_is_nobodys(shop):
    append(an_arrival(secret=""), is_known=True)

    bring_in()

    assert (InboundMessage.objects.count(), Stray.objects.count()) == (0, 1)
