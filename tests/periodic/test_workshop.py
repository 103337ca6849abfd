"""The workshop without processes: places, rings, memory, what the watch sees to."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError
from django.utils import timezone

from periodic import bells, ringer
from periodic.actions import running
from periodic.actions.jobs import ask_for
from periodic.kinds import Call, Outcome, WillNotHeal, lookup
from periodic.models import Job, JobState
from periodic.workshop import child, watch, wire
from periodic.workshop import shop as shops
from periodic.workshop.shop import Shop

pytestmark = pytest.mark.django_db


def a_job(n: int = 0, kind: str = "verify_books") -> Job:
    return ask_for(kind=kind, parameters={"n": n}, now=timezone.now())


class Done:
    """Stands for an attempt: the job is done at once."""

    def __init__(self, job: Job, kind: object, is_closing: threading.Event) -> None:
        self.job = job

    def run(self, nursery: object) -> None:
        Job.objects.filter(pk=self.job.pk).update(state=JobState.DONE, ended_at=timezone.now())


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(shops, "Attempt", Done)
    return Shop()


def nothing() -> None:
    pass


def test_due_jobs_run_until_none_is_left_and_other_threads_are_called(shop: Shop) -> None:
    for n in range(3):
        a_job(n)
    rung: list[int] = []

    assert shop.run_due(lambda: rung.append(1)) == 3
    assert len(rung) == 2  # beside the first and the second more was due
    assert shop.run_due(nothing) == 0


def test_a_queue_that_cannot_be_rung_stops_no_job(shop: Shop) -> None:
    def broken() -> None:
        raise ConnectionError

    a_job(1)
    a_job(2)

    assert shop.run_due(broken) == 2


def test_no_more_run_at_once_than_there_are_places(shop: Shop, settings) -> None:
    a_job()
    for _ in range(settings.JOBS_AT_ONCE):
        shop._places.acquire()

    assert shop.run_due(nothing) == 0
    shop._places.release()
    assert shop.run_due(nothing) == 1


@pytest.mark.parametrize("flag", ["is_closing", "is_full"])
def test_a_shop_that_closes_begins_nothing(shop: Shop, flag: str) -> None:
    a_job()
    getattr(shop, flag).set()

    assert shop.run_due(nothing) == 0


def test_a_job_of_an_unknown_kind_needs_attention(shop: Shop) -> None:
    job = a_job(kind="novel")

    assert shop.run_due(nothing) == 1
    job.refresh_from_db()
    assert job.needs_attention
    assert job.error == "This version of Duka knows no work called 'novel'."


@pytest.fixture(autouse=True)
def _connection_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "close_old_connections", nothing)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give back what a child's tick takes."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize("error", [WillNotHeal, IntegrityError])
def test_an_error_is_kept_without_the_phone_that_it_names(
    monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path, error: type[Exception]
) -> None:
    settings.RESULTS_DIR = tmp_path
    told = "Failing row contains (7, 254712345678, ws_CO_22112026)."

    def work(call: Call) -> Outcome:
        raise error(told)

    kind = replace(lookup("verify_books"), work=work)
    monkeypatch.setattr(child, "lookup", lambda name: kind)
    job = ask_for(kind="verify_books", parameters={}, now=timezone.now())
    running.claim(worker="w", now=timezone.now())
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(child, "connections", SimpleNamespace(close_all=lambda: None))
    with ours, theirs:
        child.work_on(job.pk, 1, child.Tick(theirs))
        ((_, said, trace),) = wire.Ear(ours).hear(1)

    assert "Failing row contains (7, 2547…678, ws_CO_…)." in said
    assert "254712345678" not in said + trace
    assert "ws_CO_22112026" not in said + trace


def test_a_worker_that_is_too_large_stops_once_its_jobs_are_done(shop: Shop, settings) -> None:
    settings.WORKER_MEGABYTES = 1
    stopped: list[int] = []
    one = watch.Watch(shop, nothing, lambda: stopped.append(1))

    shop._busy = 1
    one.turn()
    assert (stopped, one.is_too_large, shop.is_full.is_set()) == ([], False, True)
    shop._busy = 0
    one.turn()
    one.turn()
    assert stopped == [1]
    assert one.is_too_large


def test_a_worker_within_its_memory_goes_on(settings) -> None:
    settings.WORKER_MEGABYTES = 10_000
    one = watch.Watch(None, nothing, nothing)
    one.turn()

    assert not one.is_too_large
    assert 20 < watch.megabytes() < 2_000


def test_the_watch_rings_where_something_is_due(shop: Shop, settings) -> None:
    settings.WORKER_MEGABYTES = 10_000
    rung: list[int] = []
    one = watch.Watch(shop, lambda: rung.append(1), nothing)

    one.turn()
    assert rung == []
    a_job()
    one.turn()
    assert rung == [1]


@pytest.mark.parametrize("error", [DatabaseError, ConnectionError])
def test_a_trouble_does_not_end_the_watch(
    shop: Shop, settings, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    settings.WORKER_MEGABYTES = 10_000

    def broken() -> None:
        raise error

    a_job()
    watch.Watch(shop, broken, nothing).turn()

    assert "the jobs cannot be looked at" in caplog.text


def test_memory_is_unknown_where_the_system_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)

    assert watch.megabytes() == 0


def test_a_press_rings_the_work_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(ringer.tasks, "run_jobs", lambda: rung.append(1))
    bells.jobs.wait(0)

    assert ringer.ring_jobs(0) is False
    bells.jobs.press()
    assert ringer.ring_jobs(0) is True
    assert rung == [1]


def test_a_press_survives_a_queue_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ConnectionError

    monkeypatch.setattr(ringer.tasks, "run_jobs", broken)
    bells.jobs.press()

    assert ringer.ring_jobs(0) is True
    assert "cannot be rung" in caplog.text


def test_the_nursery_is_not_for_people(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # The test's own standard input may be anything; a pipe is no socket.
    read, write = os.pipe()
    fstat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: fstat(read if fd == 0 else fd))
    with pytest.raises(CommandError, match="by itself"):
        call_command("fork_jobs")
    os.close(read)
    os.close(write)
