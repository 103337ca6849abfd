"""How long the database is waited for, and what becomes of the connection."""

import threading
import time

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, connections
from django.test import Client

from mpesa import patience, spool
from mpesa.actions.intake import bring_in
from mpesa.models import InboundMessage
from mpesa.patience import LeftAlone, fuse, with_the_database
from tests.make import a_business, a_callback, a_till

SQLITE = connection.vendor == "sqlite"
only_sqlite = pytest.mark.skipif(not SQLITE, reason="SQLite's way of waiting.")
only_postgresql = pytest.mark.skipif(SQLITE, reason="PostgreSQL's way of waiting.")


def psycopg_place():
    """Return how psycopg finds the database of the tests."""
    info = connection.connection.info
    return {"host": info.host, "port": info.port, "dbname": info.dbname, "user": info.user}


def busy_timeout():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        return cursor.fetchone()[0]


@only_sqlite
def test_sqlite_waits_for_a_second_and_afterwards_as_ever(db):
    before = busy_timeout()

    with with_the_database():
        inside = busy_timeout()
    with pytest.raises(DataError), with_the_database():
        raise DataError

    assert (before, inside, busy_timeout()) == (30_000, 1_000, 30_000)


def test_after_a_failure_one_may_try_and_then_all(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: clock[0])

    fresh = fuse.may_try()
    fuse.blow()
    clock[0] += 1.9
    early = fuse.may_try()
    clock[0] += 0.2
    probes = [fuse.may_try() for _ in range(3)]
    fuse.mend()

    assert (fresh, early, probes, fuse.may_try()) == (True, False, [True, False, False], True)


def test_a_refusal_that_is_no_failure_blows_no_fuse(db):
    with pytest.raises(DataError), with_the_database():
        raise DataError

    assert fuse.may_try()


def test_what_failed_is_left_alone(db, django_assert_num_queries):
    with pytest.raises(OperationalError), with_the_database():
        raise OperationalError

    with django_assert_num_queries(0), pytest.raises(LeftAlone), with_the_database():
        pytest.fail("it was asked")


@only_postgresql
def test_a_statement_on_postgresql_ends_after_a_second(transactional_db):
    began = time.monotonic()

    with (
        pytest.raises(OperationalError, match="does not answer"),
        with_the_database(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(30)")

    assert 0.9 < time.monotonic() - began < 1.8
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'active' AND query = 'SELECT pg_sleep(30)'"
        )
        assert cursor.fetchone()[0] == 0, "the server goes on after we have gone"


@only_postgresql
def test_a_connection_that_the_server_ended_is_replaced_before_a_message(transactional_db):
    till = a_till(a_business())
    connection.ensure_connection()
    with psycopg.connect(**psycopg_place()) as other:
        pid = connection.connection.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    connection.health_check_enabled, connection.health_check_done = True, False

    answer = Client().generic("POST", f"/cb/{till.callback_secret}/stk", b"{}")

    assert (answer.status_code, spool.is_empty()) == (200, True)
    assert InboundMessage.objects.count() == 1


@only_postgresql
def test_a_message_costs_one_statement(transactional_db, django_assert_num_queries):
    address = f"/cb/{a_till(a_business()).callback_secret}/stk"

    with django_assert_num_queries(1):
        Client().generic("POST", address, b"{}")


@only_postgresql
def test_a_callback_does_not_wait_for_a_locked_table(transactional_db):
    till = a_till(a_business())
    address = f"/cb/{till.callback_secret}/stk"
    held, done = threading.Event(), threading.Event()

    def hold():
        with connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE mpesa_inboundmessage IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(20)
            cursor.execute("ROLLBACK")
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    began = time.monotonic()
    answers = [
        Client().generic("POST", address, a_callback(), content_type="application/json")
        for _ in range(3)
    ]
    took = time.monotonic() - began
    done.set()
    holder.join()

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert took < 1.8
    assert not spool.is_empty()
    assert (bring_in(), InboundMessage.objects.count()) == (3, 3)


@only_postgresql
def test_a_silent_server_is_left_after_a_second(transactional_db):
    silent = threading.Event()

    usual = psycopg.Connection.wait

    def wait(self, gen, interval=0.1, timeout=None):
        if not silent.is_set():
            return usual(self, gen, interval, timeout)
        time.sleep(timeout)
        raise psycopg.errors._WaitTimeout

    def fall_silent_in_the_middle():
        with with_the_database():
            silent.set()
            InboundMessage.objects.count()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "wait", wait)
        patch.setattr(psycopg.Connection, "cancel_safe", lambda ours, timeout: time.sleep(timeout))
        connection.ensure_connection()
        began = time.monotonic()
        with pytest.raises(OperationalError, match="does not answer"):
            fall_silent_in_the_middle()
        took = time.monotonic() - began

    assert (1.4 < took < 2.2, connection.connection) == (True, None)
    assert InboundMessage.objects.count() == 0
