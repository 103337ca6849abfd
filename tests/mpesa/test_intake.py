"""From the spool into the database: in order, exactly once, whatever dies in between."""

import logging
from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from mpesa import spool
from mpesa.actions import intake
from mpesa.actions.intake import bring_in
from mpesa.digests import digest
from mpesa.models import InboundMessage, InboundState, Stray
from tests.make import NOW, TOKEN, a_callback, an_arrival


def put(*arrivals):
    for arrival in arrivals:
        spool.append(arrival, is_known=True)
    return arrivals


def stored():
    return [bytes(m.body or b"") for m in InboundMessage.objects.order_by("pk")]


def test_bring_in_stores_what_the_view_would(shop, spool_folder):
    (arrival,) = put(an_arrival(body=a_callback()))

    assert bring_in() == 1

    message = InboundMessage.objects.get()
    assert (message.channel, message.till, message.state) == (
        "mpesa.stk",
        shop.till,
        InboundState.WAITING,
    )
    assert (bytes(message.body or b""), message.sha256) == (a_callback(), digest(a_callback()))
    assert (message.token_digest, message.received_at) == (digest(TOKEN), NOW)
    assert (message.address, message.headers) == (arrival.address, arrival.headers)
    assert message.spool_id == arrival.spool_id
    assert [path.name for path in spool_folder.iterdir()] == ["lock"]
    assert spool.is_empty()


def test_bring_in_keeps_the_order_of_arrival(shop):
    put(*(an_arrival(body=b"%d" % n, received_at=NOW + timedelta(seconds=n)) for n in (2, 0, 1)))

    bring_in()

    assert stored() == [b"0", b"1", b"2"]


def test_bring_in_of_nothing_asks_nothing(db, django_assert_num_queries, spool_folder):
    with django_assert_num_queries(0):
        assert bring_in() == 0


def test_bring_in_leaves_to_another_what_it_takes(shop):
    put(an_arrival())

    with spool.taking():
        assert bring_in() == 0

    assert (bring_in(), bring_in(), len(stored())) == (1, 0, 1)


@pytest.mark.parametrize("secret", ["nobody", "", "a\0b", "secret-of-9900302 "])
def test_a_stranger_is_kept_in_the_ring(shop, secret):
    put(an_arrival(secret=secret, body=b"x" * 10_000, address="10.1.2.3"))

    assert bring_in() == 0

    stray = Stray.objects.get()
    assert (stray.path, stray.reason, stray.address) == (
        "/cb/…/stk",
        "unknown address",
        "10.1.2.3",
    )
    assert (len(bytes(stray.body)), stray.received_at, stored()) == (4096, NOW, [])
    assert spool.is_empty()


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_dies_half_way_gets_the_rest_later(shop, monkeypatch, kind):
    put(*(an_arrival(body=b"%d" % n, received_at=NOW + timedelta(seconds=n)) for n in range(3)))
    receive = intake.receive

    def dying(**facts):
        if facts["body"] == b"1":
            raise kind("gone")
        return receive(**facts)

    monkeypatch.setattr(intake, "receive", dying)
    with pytest.raises(kind):
        bring_in()
    half = stored()
    monkeypatch.undo()

    assert (half, bring_in(), stored()) == ([b"0"], 2, [b"0", b"1", b"2"])
    assert spool.is_empty()


def test_a_death_between_commit_and_removal_is_no_second_message(shop, monkeypatch):
    put(an_arrival(body=b"1"))

    class Killed(BaseException):
        pass

    def die(self):
        raise Killed

    monkeypatch.setattr("pathlib.Path.unlink", die)
    with pytest.raises(Killed):
        bring_in()
    monkeypatch.undo()
    put(an_arrival(body=b"2"))

    assert (bring_in(), stored()) == (1, [b"1", b"2"])
    assert spool.is_empty()


def test_a_message_that_cannot_be_stored_stays_and_holds_up_no_other(shop, monkeypatch, caplog):
    put(an_arrival(body=b"1"), an_arrival(body=b"2"))
    receive = intake.receive

    def refusing(**facts):
        if facts["body"] == b"1":
            raise DataError("never")
        return receive(**facts)

    monkeypatch.setattr(intake, "receive", refusing)
    with caplog.at_level(logging.ERROR):
        assert (bring_in(), bring_in()) == (1, 0)
    monkeypatch.undo()

    assert caplog.text.count("cannot be stored; it stays there") == 2
    assert (bring_in(), stored()) == (1, [b"2", b"1"])
    assert spool.is_empty()


def test_another_refusal_than_twice_is_no_success(shop, monkeypatch):
    put(an_arrival())

    def refusing(**facts):
        raise IntegrityError("inbound_state_is_known")

    monkeypatch.setattr(intake, "receive", refusing)

    assert bring_in() == 0
    assert not spool.is_empty()


def test_a_torn_line_stays_after_the_intake(shop, spool_folder):
    put(an_arrival(body=b"1"))
    file = next(spool_folder.glob("*.jsonl"))
    file.write_bytes(file.read_bytes() + b'{"id"')

    bring_in()

    assert (stored(), [p.read_bytes() for p in spool.torn_files()]) == ([b"1"], [b'{"id"'])
    assert not spool.is_empty()
