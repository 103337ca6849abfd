"""The two queues: what a task drops, what it keeps, when the clock rings it."""

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from huey import MemoryHuey, crontab

import huey_config
from periodic import tasks
from periodic.queues import QUEUES, bell, every


def test_queues_are_those_of_the_configuration() -> None:
    assert {"payments": huey_config.payments, "work": huey_config.work} == QUEUES
    assert settings.HUEY is huey_config.payments


def test_queues_carry_ids_only_and_keep_no_results() -> None:
    kept = {name: (queue.results, queue.utc) for name, queue in QUEUES.items()}

    assert kept == {"payments": (False, False), "work": (False, False)}


def test_every_task_stands_on_its_queue() -> None:
    names = {
        name: sorted(key.rpartition(".")[2] for key in queue._registry._registry)
        for name, queue in QUEUES.items()
    }

    assert names == {
        "payments": [
            "ask_for_what_is_due",
            "ask_phones",
            "look_around_for_work",
            "sweep",
            "take_in",
        ],
        "work": [
            "bring_in_statements",
            "forget_old_jobs",
            "forget_old_task_records",
            "look_around",
            "mail",
            "run_jobs",
            "sweep_jobs",
            "sweep_statements",
        ],
    }


def test_what_waits_for_money_goes_first() -> None:
    assert (tasks.take_in.s().priority, tasks.ask_phones.s().priority) == (10, None)


@pytest.mark.parametrize(
    ("name", "rings"),
    [("sweep", [True] * 3), ("forget_old_task_records", [False, True, False])],
)
def test_the_clock_rings(name: str, rings: list[bool]) -> None:
    task = getattr(tasks, name)

    times = [datetime(2026, 11, 22, 1, minute) for minute in (0, 7, 59)]  # noqa: DTZ001 as huey asks

    assert [task.s().validate_datetime(at) for at in times] == rings


@pytest.fixture
def a_queue() -> Any:
    queue = huey_config.Huey("a-test", immediate=True, results=False)
    yield queue
    queue.storage.close()


@pytest.mark.django_db
def test_bell_runs_its_function_with_its_options(a_queue: Any) -> None:
    heard: list[str] = []

    def ding() -> None:
        heard.append("ding")

    task = bell(a_queue, priority=7)(ding)
    task()

    assert (heard, task.s().priority, task.s().name) == (["ding"], 7, "ding")


@pytest.mark.django_db
def test_bell_lets_a_failure_through_and_counts_it_as_one(a_queue: Any) -> None:
    seen: list[str] = []
    a_queue.signal()(lambda signal, task, exc=None: seen.append(f"{signal} {exc or ''}".strip()))

    def crack() -> None:
        raise ZeroDivisionError("the bell cracked")

    bell(a_queue)(crack)()

    assert seen == ["enqueued", "executing", "error the bell cracked"]


def worker(queue: Any) -> None:
    """Run one task as a worker does."""
    queue.execute(queue.dequeue())


@pytest.mark.django_db(transaction=True)
def test_bell_drops_connections_that_went_stale_before_and_after() -> None:
    queue = MemoryHuey("a-test", results=False)
    alive: list[bool] = []
    connection.ensure_connection()
    stale = connection.connection

    def look() -> None:
        connection.ensure_connection()
        alive.append(connection.connection is stale)
        connection.close_at = 0

    connection.close_at = 0
    bell(queue)(look)()
    worker(queue)

    # A database in memory lives in its connection, which Django therefore never closes.
    in_memory = connection.vendor == "sqlite"
    assert (alive, connection.connection is None) == ([in_memory], not in_memory)


@pytest.mark.django_db(transaction=True)
def test_an_immediate_bell_leaves_its_callers_connection(a_queue: Any) -> None:
    connection.ensure_connection()
    ours = connection.connection
    connection.close_at = 0

    bell(a_queue)(lambda: None)()

    assert connection.connection is ours


@pytest.mark.django_db
def test_every_runs_its_function_when_the_clock_says(a_queue: Any) -> None:
    heard: list[str] = []
    task = every(a_queue, crontab(minute="5"))(lambda: heard.append("ding"))

    task()

    assert heard == ["ding"]
    assert [task.s().validate_datetime(datetime(2026, 1, 1, 0, m)) for m in (4, 5)] == [  # noqa: DTZ001
        False,
        True,
    ]
