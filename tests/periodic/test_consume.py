"""The command that runs workers: what it refuses, what it starts with, how it ends."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections

from money import triggers
from periodic import monitor, tasks
from periodic.management.commands import consume
from periodic.queues import QUEUES, leaving

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def test_consume_refuses_an_unknown_queue() -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("consume", "gold")

    assert str(refusal.value) == (
        "Error: argument queue: invalid choice: 'gold' (choose from 'payments', 'work')"
    )


def test_consume_needs_a_queue() -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("consume")

    assert str(refusal.value) == "Error: the following arguments are required: queue"


@pytest.mark.django_db
def test_consume_refuses_a_database_that_does_not_guard_the_books() -> None:
    triggers.drop()
    missing = triggers.differences()[0]

    with pytest.raises(CommandError) as refusal:
        call_command("consume", "payments")

    assert str(refusal.value) == (
        f"The database does not guard the books (trigger {missing}). Run: python manage.py migrate"
    )


def test_a_worker_waits_for_a_queue_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consume, "WAIT_SECONDS", 0.0)
    answers = iter([OSError("away"), OSError("away"), None])

    def ring() -> None:
        if error := next(answers):
            raise error

    consume.Command()._ring(ring)

    assert next(answers, "all rung") == "all rung"
    assert caplog.text.count("the queue takes nothing (OSError); waiting for it") == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_starts_while_the_database_is_away_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consume, "WAIT_SECONDS", 0.0)
    ensure, refusals = connection.ensure_connection, iter([OperationalError("recovering")] * 2)

    def ensure_later() -> None:
        if error := next(refusals, None):
            raise error
        ensure()

    monkeypatch.setattr(connection, "ensure_connection", ensure_later)

    consume._require_triggers()

    assert next(refusals, "all refused") == "all refused"
    assert caplog.text.count("the database does not answer (OperationalError); waiting") == 2


@pytest.fixture
def real_queues() -> Iterator[None]:
    """Let the queues use their files, as in production; then put back what a consumer changed."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    database = connections.databases["default"]
    age, database["CONN_MAX_AGE"] = database["CONN_MAX_AGE"], 0
    for queue in QUEUES.values():
        queue.immediate = False
    yield
    leaving.clear()
    for queue in QUEUES.values():
        queue.storage.flush_queue()
        queue.storage.close()
        queue.immediate = True
    database["CONN_MAX_AGE"] = age
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("name", "first"), [("payments", "sweep"), ("work", "forget_old_task_records")]
)
@pytest.mark.django_db(transaction=True)
def test_consume_starts_with_what_was_left_and_ends_when_told(
    real_queues: None, name: str, first: str
) -> None:
    heard: list[tuple[str, str]] = []
    done = threading.Event()

    def hear(what: str, task: object, exc: BaseException | None = None) -> None:
        heard.append((getattr(task, "name", ""), what))
        if heard[-1] == (first, "complete"):
            done.set()
        elif heard[-1] == (first, "error"):
            # In memory a table that another thread writes is locked at once; a file would wait.
            # Rung again, as the clock does.
            getattr(tasks, first)()

    def tell() -> None:
        done.wait(30)
        os.kill(os.getpid(), signal.SIGTERM)

    QUEUES[name].signal()(hear)
    teller = threading.Thread(target=tell)
    teller.start()
    try:
        call_command("consume", name, "--workers", "1")
    finally:
        QUEUES[name].disconnect_signal(hear)
        teller.join(40)

    # The clock may ring the same task beside it, at the full minute.
    assert heard[0] == (first, "enqueued")
    assert heard.count((first, "complete")) >= 1
    assert monitor.recorder._held == []
    assert [t.name for t in threading.enumerate() if t.name.startswith("Worker")] == []
