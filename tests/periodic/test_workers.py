"""A worker tells how it is; who is silent is missed; a database that is away stops nobody."""

import logging
import os
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from periodic import heartbeat
from periodic.actions.workers import KEPT, Process, forget_workers, report, say_goodbye
from periodic.heartbeat import Heartbeat, Pulse
from periodic.models import Worker
from periodic.proc import memory_of_the_machine, memory_of_this_process
from periodic.queries.workers import MOST_WORKERS, roll_call
from periodic.queues import QUEUES
from periodic.roll_call import call
from tests.make import NOW

PROCESS = Process(queue="work", host="shop", pid=7, threads=2, started_at=NOW)


def a_report(process: Process = PROCESS, at: datetime = NOW) -> Worker:
    return report(process=process, memory=None, current=[], tasks_done=0, busy_percent=0, now=at)


@pytest.mark.django_db
def test_a_process_has_one_row_and_ends_with_a_goodbye() -> None:
    a_report()
    later = NOW + timedelta(seconds=10)
    report(
        process=PROCESS,
        memory=memory_of_this_process(),
        current=[{"name": "mail", "since": NOW.isoformat()}],
        tasks_done=3,
        busy_percent=40,
        now=later,
    )

    row = Worker.objects.get()
    assert (str(row), row.beat_at, row.tasks_done, row.busy_percent) == (
        "work on shop, process 7",
        later,
        3,
        40,
    )
    assert (row.ended_at, row.current) == (None, [{"name": "mail", "since": NOW.isoformat()}])
    assert row.pss_kb is not None
    assert 1_000 < row.pss_kb <= (row.rss_kb or 0)

    say_goodbye(process=PROCESS, now=later)
    row.refresh_from_db()
    assert (row.ended_at, row.current) == (later, [])


@pytest.mark.django_db
def test_the_next_process_with_the_same_number_is_another() -> None:
    a_report()
    a_report(replace(PROCESS, started_at=NOW + timedelta(hours=1)))

    assert Worker.objects.count() == 2


@pytest.mark.django_db
def test_worker_starts_once_and_is_busy_for_a_part_of_its_time() -> None:
    row = a_report()
    row.pk = None
    with pytest.raises(IntegrityError, match=r"worker_starts_once|UNIQUE"), transaction.atomic():
        row.save()
    with pytest.raises(IntegrityError, match="worker_busy_is_a_part"), transaction.atomic():
        Worker.objects.update(busy_percent=101)


@pytest.mark.django_db
def test_workers_long_gone_are_forgotten() -> None:
    a_report(at=NOW - KEPT - timedelta(seconds=1))
    kept = a_report(replace(PROCESS, pid=8), at=NOW - KEPT)

    assert (forget_workers(now=NOW), list(Worker.objects.all())) == (1, [kept])


def row(
    *, started: int, beat: int, ended: int | None = None, queue: str = "work", host: str = "shop"
) -> SimpleNamespace:
    """A worker's row, its times in seconds before now."""

    def ago(seconds: int) -> datetime:
        return NOW - timedelta(seconds=seconds)

    return SimpleNamespace(
        queue=queue,
        host=host,
        started_at=ago(started),
        beat_at=ago(beat),
        ended_at=None if ended is None else ago(ended),
    )


@pytest.mark.parametrize(
    ("rows", "present", "silent", "restarts"),
    [
        ([], 0, 0, 0),
        ([row(started=9999, beat=5)], 1, 0, 0),
        ([row(started=9999, beat=120)], 1, 0, 0),
        ([row(started=9999, beat=121)], 0, 1, 0),
        ([row(started=9999, beat=121, ended=121)], 0, 0, 0),
        ([row(started=9999, beat=121), row(started=100, beat=5)], 1, 0, 1),
        ([row(started=9999, beat=121), row(started=100, beat=5, host="b")], 1, 1, 0),
        ([row(started=9999, beat=121), row(started=100, beat=5, queue="payments")], 1, 1, 0),
        ([row(started=9999, beat=121), row(started=300, beat=5)], 1, 1, 1),
        ([row(started=99_999, beat=86_401)], 0, 0, 0),
        ([row(started=60 * n, beat=0, ended=0) for n in range(1, 6)], 0, 0, 4),
        ([row(started=3600, beat=3600), row(started=3599, beat=3599, ended=1)], 0, 0, 1),
    ],
    ids=[
        "nobody",
        "well",
        "just-well",
        "silent",
        "ended",
        "replaced",
        "another-host",
        "another-queue",
        "beside-it",
        "moved-away",
        "restarts",
        "an-hour",
    ],
)
def test_the_roll_is_called(
    rows: list[SimpleNamespace], present: int, silent: int, restarts: int
) -> None:
    found = call(rows, queues=["work"], now=NOW, silent_seconds=120)

    assert (len(found.present), len(found.silent), found.restarts) == (present, silent, restarts)


def test_a_queue_whose_worker_just_ended_is_not_missed_yet() -> None:
    rows = [row(started=500, beat=60, ended=60), row(started=500, beat=130, ended=130, queue="b")]

    assert call(rows, queues=["work", "b"], now=NOW, silent_seconds=120).unserved == ["b"]


@given(
    st.lists(
        st.builds(
            row,
            started=st.integers(0, 90_000),
            beat=st.integers(0, 90_000),
            ended=st.none() | st.integers(0, 90_000),
            queue=st.sampled_from(["work", "payments"]),
            host=st.sampled_from(["a", "b"]),
        ),
        max_size=8,
    )
)
def test_nobody_is_both_present_and_missed(rows: list[SimpleNamespace]) -> None:
    found = call(rows, queues=["work", "payments"], now=NOW, silent_seconds=120)

    assert not {id(one) for one in found.present} & {id(one) for one in found.silent}
    assert not {one.queue for one in found.present} & set(found.unserved)
    assert 0 <= found.restarts <= max(0, len(rows) - 1)


@pytest.mark.django_db
def test_the_roll_is_called_from_the_rows() -> None:
    a_report()

    found = roll_call(NOW + timedelta(seconds=100))

    assert (len(found.present), found.unserved) == (1, ["payments"])


@pytest.mark.django_db
def test_a_worker_that_dies_at_every_start_hides_no_living_one() -> None:
    a_report(replace(PROCESS, queue="payments", pid=1), at=NOW)
    for n in range(MOST_WORKERS + 10):
        at = NOW - timedelta(seconds=5 * n + 5)
        a_report(replace(PROCESS, pid=100 + n, started_at=at), at=at)

    found = roll_call(NOW + timedelta(seconds=1))

    assert "payments" in [one.queue for one in found.present]
    assert found.unserved == []


def test_the_pulse_knows_what_is_done_and_for_how_long() -> None:
    pulse = Pulse(threads=1)
    first, second = (SimpleNamespace(id=str(n), name=f"task_{n}") for n in (1, 2))

    pulse.hear("executing", first)
    pulse.hear("executing", second)
    time.sleep(0.05)
    during = [doing["name"] for doing in pulse.current()], pulse.busy_percent()
    for name in ("error", "retrying", "complete"):
        pulse.hear(name, first)
    pulse.hear("timeout", second)

    assert during == (["task_1", "task_2"], 100)
    assert (pulse.current(), pulse.tasks_done) == ([], 2)


def test_the_pulse_of_an_idle_worker_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "WINDOW_SECONDS", 0.02)
    pulse = Pulse(threads=4)
    task = SimpleNamespace(id="1", name="mail")
    pulse.hear("executing", task)
    time.sleep(0.02)
    pulse.hear("complete", task)
    busy = pulse.busy_percent()
    for _ in range(3):
        time.sleep(0.03)
        idle = pulse.busy_percent()

    assert 10 <= busy <= 25
    assert idle == 0


def test_a_database_that_is_away_neither_stops_nor_holds_up_a_worker(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Semaphore(0)

    def away(**_: object) -> None:
        tried.release()
        raise OSError("no database")

    monkeypatch.setattr(heartbeat, "report", away)
    monkeypatch.setattr(heartbeat, "say_goodbye", away)
    beat = Heartbeat(QUEUES["work"], "work", threads=1, every_seconds=0.01)

    with caplog.at_level(logging.ERROR, "periodic.heartbeat"):
        beat.start()
        assert all(tried.acquire(timeout=5) for _ in range(3))
        beat.stop()

    assert not beat._thread.is_alive()
    assert len(caplog.records) == 1


def test_a_database_that_hangs_holds_up_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    freed = threading.Event()
    monkeypatch.setattr(heartbeat, "report", lambda **_: freed.wait(10))
    monkeypatch.setattr(heartbeat, "say_goodbye", lambda **_: None)
    monkeypatch.setattr(heartbeat, "GOODBYE_SECONDS", 0.05)
    beat = Heartbeat(QUEUES["work"], "work", threads=1, every_seconds=1)
    beat.start()

    begun = time.monotonic()
    beat.stop()

    assert time.monotonic() - begun < 1
    freed.set()
    beat._thread.join(5)


@pytest.mark.django_db(transaction=True)
def test_a_heart_beats_and_says_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    written = threading.Event()

    def tell(**facts: Any) -> None:
        report(**facts)
        written.set()

    monkeypatch.setattr(heartbeat, "report", tell)
    beat = Heartbeat(QUEUES["work"], "work", threads=3, every_seconds=30)
    beat.start()
    assert written.wait(5)
    beat.stop()

    found = Worker.objects.get()
    assert (found.queue, found.pid, found.threads) == ("work", os.getpid(), 3)
    assert found.ended_at is not None


def test_memory_is_read_from_proc(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "smaps_rollup").write_text(
        "5581-7ffd ---p 00000000 00:00 0   [rollup]\nRss:   9000 kB\nPss:   4000 kB\nOdd: x kB\n"
    )
    (tmp_path / "meminfo").write_text("MemTotal: 8000 kB\nMemAvailable:  2000 kB\nHugePages: 0\n")

    machine = memory_of_the_machine(tmp_path)
    assert memory_of_this_process(tmp_path) == (4000, 9000)
    assert machine == (8000, 2000)
    assert machine is not None
    assert machine.used_percent == 75


def test_where_there_is_no_proc_memory_is_not_known(tmp_path: Path) -> None:
    assert (memory_of_this_process(tmp_path), memory_of_the_machine(tmp_path)) == (None, None)
