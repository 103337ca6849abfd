import contextlib
import hashlib
import io
import json
import os
import threading
from datetime import UTC, datetime
from unittest import mock

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from mpesa import doorbell, patience, spool
from mpesa.actions.intake import bring_in
from mpesa.digests import digest
from mpesa.models import InboundMessage, InboundState, Stray
from tests.make import NOW, TOKEN, a_callback, a_request

JSON = "application/json"
ACCEPTED = b'{"ResultCode": 0, "ResultDesc": "Accepted"}'
NOT_FOUND = {"ResultCode": 1, "ResultDesc": "Not found."}
KB = 1024


@pytest.fixture
def address(shop):
    return f"/cb/{shop.till.callback_secret}/stk/{TOKEN}"


@pytest.fixture
def http():
    return Client(enforce_csrf_checks=True)


def send(http, address, body, content_type=JSON, **more):
    return http.generic("POST", address, body, content_type=content_type, **more)


def stored():
    return [bytes(m.body or b"") for m in InboundMessage.objects.order_by("pk")]


def test_addresses_are_what_reverse_builds(shop, address):
    secret = shop.till.callback_secret

    assert reverse("mpesa:stk-token", args=[secret, TOKEN]) == address
    assert reverse("mpesa:stk", args=[secret]) == f"/cb/{secret}/stk"


@time_machine.travel(NOW, tick=False)
def test_a_callback_is_stored_and_answered(shop, http, address):
    body = a_callback()

    answer = send(
        http,
        address,
        body,
        REMOTE_ADDR="196.201.214.200",
        HTTP_USER_AGENT="Apache-HttpClient",
        HTTP_X_FORWARDED_FOR="10.0.0.1",
        HTTP_COOKIE="a=b",
    )

    message = InboundMessage.objects.get()
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, ACCEPTED, JSON)
    assert (bytes(message.body or b""), message.sha256) == (body, hashlib.sha256(body).hexdigest())
    assert (message.channel, message.till, message.state) == (
        "mpesa.stk",
        shop.till,
        InboundState.WAITING,
    )
    assert (message.address, message.received_at) == ("196.201.214.200", NOW)
    assert message.headers == {
        "Content-Type": JSON,
        "User-Agent": "Apache-HttpClient",
        "X-Forwarded-For": "10.0.0.1",
    }


def test_a_callback_without_a_token_is_stored(shop, http):
    answer = send(http, f"/cb/{shop.till.callback_secret}/stk", a_callback())

    assert (answer.status_code, InboundMessage.objects.get().token_digest) == (200, "")


def test_a_token_is_kept_as_its_digest_only(shop, http, address):
    send(http, address, a_callback())

    row = InboundMessage.objects.values(
        "token_digest", "headers", "address", "note", "channel"
    ).get()
    shown = json.dumps(row)
    assert row["token_digest"] == digest(TOKEN)
    assert [word for word in (TOKEN, shop.till.callback_secret) if word in shown] == []


BODIES = {
    "bad UTF-8": b"\xff\xfe\xfa\x80",
    "empty": b"",
    "deep": b"[" * (60 * KB),
    "NUL": b"\x00" * 10,
    "no JSON": b"<xml/>",
    "64 kB": b"x" * (64 * KB),
    "form": b"a=1&b=2",
}


@pytest.mark.parametrize("name", BODIES)
def test_any_body_is_stored_raw(shop, http, address, name):
    answer = send(http, address, BODIES[name])

    assert (answer.status_code, answer.content) == (200, ACCEPTED)
    assert stored() == [BODIES[name]]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/xml",
        "nonsense",
        "application/json; charset=klingon",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
    ],
)
def test_any_content_type_is_taken(shop, http, address, content_type):
    answer = send(http, address, b"a=1&b=2", content_type=content_type)

    assert (answer.status_code, stored()) == (200, [b"a=1&b=2"])


def test_headers_are_cut_and_cleaned(shop, http, address):
    answer = send(http, address, b"{}", HTTP_USER_AGENT="a\x00b" + "x" * 5000)

    assert answer.status_code == 200
    assert InboundMessage.objects.get().headers["User-Agent"] == ("ab" + "x" * 198)


def test_a_twin_is_stored_again(shop, http, address):
    for _ in range(2):
        send(http, address, a_callback())

    assert stored() == [a_callback()] * 2


def test_an_unknown_till_is_refused_and_kept_as_a_stray(shop, http):
    secret = "x" * 40

    answer = send(http, f"/cb/{secret}/stk/{TOKEN}", b"y" * (10 * KB), REMOTE_ADDR="10.1.2.3")

    stray = Stray.objects.get()
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert (bytes(stray.body), stray.reason) == (b"y" * (4 * KB), "unknown address")
    assert (stray.path, stray.address) == ("/cb/…/stk", "10.1.2.3")
    assert stored() == []


@pytest.mark.parametrize(
    "secret",
    ["%00", "a%00b", "%ff", "%20", "SECRET-OF-9900302", "secret-of-9900302%20", "x" * 4000],
)
def test_strange_secrets_are_unknown(shop, http, secret):
    answer = send(http, f"/cb/{secret}/stk", b"")

    assert (answer.status_code, Stray.objects.count(), stored()) == (404, 1, [])


@pytest.mark.parametrize("token", ["%00", "%ff", "%F0%9F%92%A9", "t" * 4000])
def test_strange_tokens_are_stored(shop, http, token):
    answer = send(http, f"/cb/{shop.till.callback_secret}/stk/{token}", b"{}")

    assert (answer.status_code, stored()) == (200, [b"{}"])


@pytest.mark.parametrize("size", [64 * KB + 1, KB * KB])
def test_a_huge_body_is_refused_and_its_beginning_kept(shop, http, address, size):
    answer = send(http, address, b"z" * size)

    stray = Stray.objects.get()
    assert (answer.status_code, answer.json()["ResultDesc"]) == (413, "The message is too large.")
    assert (bytes(stray.body), stray.reason) == (b"z" * (4 * KB), "too large")
    assert [w for w in (TOKEN, shop.till.callback_secret) if w in stray.path] == []
    assert stored() == []


def test_a_huge_body_for_nobody_is_a_short_stray(shop, http):
    answer = send(http, "/cb/nobody/stk", b"z" * (KB * KB))

    assert (answer.status_code, len(bytes(Stray.objects.get().body))) == (404, 4 * KB)


@pytest.mark.parametrize(
    ("length", "kept"),
    [
        (None, b""),
        ("", b""),
        ("0", b""),
        ("5", b"hello"),
        ("500", b"hello world"),
        ("many", b""),
        ("-1", b""),
        ("-99999999", b""),
        ("9" * 5000, b""),
        ("5.0", b""),
        ("\u0665", b"hello"),
    ],
)
def test_a_content_length_that_lies_does_no_harm(shop, http, address, length, kept):
    changes = {} if length is None else {"CONTENT_LENGTH": length}

    answer = http.generic(
        "POST", address, b"", **changes, **{"wsgi.input": io.BytesIO(b"hello world")}
    )

    assert (answer.status_code, stored()) == (200, [kept])


def test_a_content_length_that_claims_too_much_is_refused(shop, http, address):
    answer = http.generic(
        "POST",
        address,
        b"",
        CONTENT_LENGTH=str(10**12),
        **{"wsgi.input": io.BytesIO(b"hello")},
    )

    assert (answer.status_code, bytes(Stray.objects.get().body)) == (413, b"hello")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_are_refused(shop, http, address, method):
    answer = http.generic(method, address)

    assert (answer.status_code, stored(), Stray.objects.count()) == (405, [], 0)


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("middle", ["stk", "stk/a-token-nobody-guesses"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_is_redirected(shop, http, settings, middle, end, method):
    settings.DEBUG = False

    answer = http.generic(method, f"/cb/{shop.till.callback_secret}/{middle}{end}", b"{}")

    taken = 405 if method == "GET" else 200
    assert answer.status_code == (404 if end else taken)


def test_answers_need_neither_cookies_nor_a_session(shop, http, address):
    answer = send(http, address, a_callback())

    assert (dict(answer.cookies), answer.has_header("Vary")) == ({}, False)


@pytest.mark.parametrize("path", ["known", "unknown", "huge"])
def test_a_message_costs_few_queries(shop, http, address, django_assert_max_num_queries, path):
    body = b"z" * (KB * KB) if path == "huge" else a_callback()

    with django_assert_max_num_queries(1 if path == "known" else 6):
        send(http, "/cb/nobody/stk" if path == "unknown" else address, body)


def test_a_message_presses_the_bell(shop, http, address):
    doorbell.payments.wait(0)

    send(http, address, a_callback())

    assert doorbell.payments.wait(0) is True


def test_a_refused_message_presses_no_bell(shop, http):
    doorbell.payments.wait(0)

    send(http, "/cb/nobody/stk", a_callback())

    assert doorbell.payments.wait(0) is False


def test_a_message_is_stored_while_no_queue_works(shop, http, address, settings):
    settings.HUEY = None

    answer = send(http, address, a_callback())

    assert (answer.status_code, len(stored())) == (200, 1)


def test_a_message_is_stored_and_not_understood(shop, http, address):
    request = a_request(shop.till)

    send(http, address, a_callback())

    request.refresh_from_db()
    assert (request.state, InboundMessage.objects.get().state) == ("asked", "waiting")


@contextlib.contextmanager
def locked_database():
    """Refuse what is written to the store of messages."""

    def refuse(execute, sql, params, many, context):
        if sql.startswith("INSERT"):
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    # The savepoint is for the transaction around a test; the product has none on SQLite.
    with transaction.atomic(), connection.execute_wrapper(refuse):
        yield


def logged(caplog):
    return [
        record.getMessage() for record in caplog.records if record.name == "mpesa.views.callbacks"
    ]


def spooled():
    with spool.taking() as files:
        return [spool.read(place) for place in spool.places(files)]


@time_machine.travel(NOW, tick=False)
def test_what_the_database_does_not_take_is_spooled(shop, http, address, caplog):
    with locked_database():
        answer = send(http, address, a_callback(), REMOTE_ADDR="196.201.214.200")

    (arrival,) = spooled()
    assert (answer.status_code, answer.content) == (200, ACCEPTED)
    assert (arrival.channel, arrival.secret, arrival.token, arrival.body, arrival.received_at) == (
        "mpesa.stk",
        shop.till.callback_secret,
        TOKEN,
        a_callback(),
        NOW,
    )
    assert (arrival.address, arrival.headers["Content-Type"]) == ("196.201.214.200", JSON)
    (warning,) = logged(caplog)
    assert warning.startswith("the database did not take a callback, it goes to the spool: ")
    assert "Traceback" not in caplog.text
    assert [word for word in (TOKEN, shop.till.callback_secret) if word in caplog.text] == []
    assert stored() == []


def test_a_spooled_message_presses_no_bell(http, address):
    doorbell.payments.wait(0)

    with locked_database():
        send(http, address, b"{}")

    assert doorbell.payments.wait(0) is False


def test_a_database_that_failed_is_left_alone_for_a_while(shop, http, address, caplog):
    with locked_database():
        send(http, address, b"1")
    send(http, address, b"2")
    with mock.patch.object(patience, "PAUSE_SECONDS", 0.0):
        patience.fuse.blow()
    send(http, address, b"3")
    send(http, address, b"4")

    assert [arrival.body for arrival in spooled()] == [b"1", b"2"]
    assert stored() == [b"3", b"4"]
    assert len(logged(caplog)) == 1


def test_without_a_database_nobody_is_a_stranger(http, db):
    with locked_database():
        answer = send(http, "/cb/nobody/stk/token", b"{}")

    assert (answer.status_code, [arrival.secret for arrival in spooled()]) == (200, ["nobody"])


def test_without_a_database_strangers_find_less_room(shop, http, address, monkeypatch):
    monkeypatch.setattr(spool, "MEGABYTE", 40)  # 2.5 kB for tills, a quarter for strangers
    with locked_database():
        send(http, address, b"{}")  # before its till was ever seen here
        before = len(spooled())
    patience.fuse.mend()
    send(http, address, b"{}")

    with locked_database():
        answers = [send(http, address, b"x" * 900).status_code for _ in range(2)]
        stranger = send(http, "/cb/nobody/stk", b"x" * 900)

    assert (before, answers, stranger.status_code) == (1, [200, 503], 503)


def test_without_a_database_a_huge_body_is_refused(http, address):
    with locked_database():
        answer = send(http, address, b"x" * (64 * KB + 1))

    assert (answer.status_code, spooled()) == (413, [])


def test_a_long_address_is_cut_in_the_spool(http, db):
    with locked_database():
        send(http, f"/cb/{'s' * 4000}/stk/{'t' * 4000}", b"{}")

    assert [(len(one.secret), len(one.token)) for one in spooled()] == [(200, 200)]


def test_neither_a_database_nor_a_disk_is_an_honest_503(http, address, caplog, monkeypatch):
    def full(file, line):
        raise OSError(28, "No space left on device")

    with locked_database():
        monkeypatch.setattr(os, "write", full)
        answer = send(http, address, b"{}")
        monkeypatch.undo()

    assert (answer.status_code, answer.json()) == (
        503,
        {"ResultCode": 1, "ResultDesc": "Try again later."},
    )
    assert logged(caplog)[-1] == (
        "a callback could not be stored, neither in the database nor in the spool"
    )
    assert spooled() == []


def test_a_statement_whose_answer_was_lost_is_one_message(transactional_db, http, address):
    def lose_the_answer(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("INSERT"):
            raise OperationalError("server closed the connection unexpectedly")
        return result

    with connection.execute_wrapper(lose_the_answer):
        answer = send(http, address, b"{}")

    bring_in()
    assert (answer.status_code, stored()) == (200, [b"{}"])


def test_a_message_starts_no_thread(shop, http, address):
    before = threading.active_count()

    send(http, address, a_callback())

    assert threading.active_count() == before


def test_a_message_is_dated_in_utc(shop, http, address):
    with time_machine.travel(datetime(2026, 11, 30, 21, 30, tzinfo=UTC), tick=False):
        send(http, address, a_callback())

    assert InboundMessage.objects.get().received_at == datetime(2026, 11, 30, 21, 30, tzinfo=UTC)
