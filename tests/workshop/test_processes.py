"""Jobs in real processes: killed, cancelled, late, failing, taken over, and gone afterwards."""

import contextlib
import os
import signal
import time

import psutil
import pytest

from tests.journeys.house import House, wait_until
from tests.workshop.rows import execute, insert

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.xdist_group("workshop")]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A house without web or demo: a database and two workers of jobs."""
    house = House(
        tmp_path_factory.mktemp("house"),
        DJANGO_SETTINGS_MODULE="tests.workshop.settings",
        JOB_HEARTBEAT_SECONDS="1",
        JOB_SILENT_SECONDS="5",
        JOB_LOOK_SECONDS="1",
        JOB_GRACE_SECONDS="1",
        JOB_RETRY_SECONDS="1",
    )
    try:
        house.make_database()
        house.start("work")
        yield house
    finally:
        print(house.log("work")[-3000:])
        house.close()


@pytest.fixture(autouse=True)
def _worker_runs(house):
    if "work" not in house.running:
        house.start("work")


def ask(house: House, kind: str, **parameters: object) -> int:
    return insert(house, kind, **parameters)


def job(house: House, pk: int, column: str) -> object:
    return house.value(f"SELECT {column} FROM periodic_job WHERE id = {pk}")


def notes(house: House, pk: int) -> list[list[str]]:
    with contextlib.suppress(FileNotFoundError):
        text = (house.var / "notes" / f"job-{pk}").read_text()
        return [line.split() for line in text.splitlines()]
    return []


def until(house: House, pk: int, state: str, seconds: float = 30) -> None:
    wait_until(f"{state} of job {pk}", lambda: job(house, pk, "state") == state, seconds)


def begun(house: House, pk: int, times: int = 1) -> int:
    """Wait until an attempt has begun and return its process."""
    found = wait_until("a beginning", lambda: len(notes(house, pk)) >= times and notes(house, pk))
    return int(found[times - 1][0])


def is_gone(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def cancel(house: House, pk: int) -> None:
    state = job(house, pk, "state")
    ended = "state = 'cancelled', ended_at" if state == "waiting" else "cancel_asked_at"
    execute(house, f"UPDATE periodic_job SET {ended} = CURRENT_TIMESTAMP WHERE id = {pk}")


def test_a_job_is_done_with_its_progress_and_leaves_no_process(house: House) -> None:
    pk = ask(house, "sleep", tenths=25)

    wait_until("progress", lambda: 0 < int(str(job(house, pk, "done"))) < 25)
    until(house, pk, "done")

    assert job(house, pk, "summary") == "Slept well."
    assert (job(house, pk, "done"), job(house, pk, "attempts")) == (25, 1)
    assert is_gone(begun(house, pk))


def test_cancel_stops_what_hears_and_kills_what_does_not_with_all_it_started(house: House) -> None:
    sleeper, stubborn = ask(house, "sleep", tenths=600), ask(house, "stubborn")
    pids = [begun(house, sleeper), begun(house, stubborn), int(notes(house, stubborn)[0][1])]

    cancel(house, sleeper)
    cancel(house, stubborn)
    until(house, sleeper, "cancelled")
    until(house, stubborn, "cancelled")

    assert [is_gone(pid) for pid in pids] == [True] * 3
    assert not list((house.var / "results").glob(f"{stubborn}-*"))


def test_what_takes_too_long_is_stopped_and_needs_attention(house: House) -> None:
    pk = ask(house, "hurried")
    pid = begun(house, pk)

    until(house, pk, "failed")

    assert job(house, pk, "error") == "It took longer than 1 seconds and was stopped."
    assert job(house, pk, "attempts") == 1
    assert is_gone(pid)


def test_a_killed_child_is_begun_again(house: House) -> None:
    pk = ask(house, "sleep", tenths=15)
    os.kill(begun(house, pk), signal.SIGKILL)

    until(house, pk, "done")

    assert job(house, pk, "attempts") == 2


def test_a_killed_worker_takes_its_children_along_and_its_jobs_go_on(house: House) -> None:
    pk = ask(house, "sleep", tenths=30)
    pid = begun(house, pk)

    house.kill("work")
    wait_until("the end of the child", lambda: is_gone(pid), 5)
    house.start("work")
    until(house, pk, "done", 60)

    assert job(house, pk, "attempts") == 2
    assert [words[1] for words in notes(house, pk)] == ["began", "began", "effect"]


def test_a_nursery_is_there_before_any_job_and_is_followed_where_it_died(house: House) -> None:
    house.stop("work")
    house.start("work")
    worker = psutil.Process(house.running["work"].pid)
    (first,) = wait_until("a nursery", worker.children)
    # Forked from its worker: under the same command, not a Python of its own.
    assert "fork_jobs" not in first.cmdline()
    until(house, ask(house, "leave-file"), "done")
    assert worker.children() == [first]

    first.kill()
    until(house, ask(house, "leave-file"), "done")

    (second,) = worker.children()
    assert "fork_jobs" in second.cmdline()


def test_a_worker_that_falls_silent_loses_its_job_and_cannot_speak_for_its_successor(
    house: House,
) -> None:
    pk = ask(house, "sleep", tenths=40)
    begun(house, pk)
    first = house.running.pop("work")

    first.send_signal(signal.SIGSTOP)
    try:
        house.start("work")
        until(house, pk, "done", 60)
        second = job(house, pk, "worker")
        end = job(house, pk, "ended_at")
    finally:
        first.send_signal(signal.SIGCONT)
        first.send_signal(signal.SIGTERM)
        first.wait(40)

    assert job(house, pk, "attempts") == 2
    assert (job(house, pk, "worker"), job(house, pk, "ended_at")) == (second, end)
    assert [words[1] for words in notes(house, pk)].count("effect") == 1


def test_an_error_that_heals_is_tried_again_and_one_that_does_not_is_not(house: House) -> None:
    heals, worsens = ask(house, "fail", times=2), ask(house, "fail", times=9)
    never = ask(house, "fail", for_good=True)

    until(house, heals, "done")
    until(house, worsens, "failed")
    until(house, never, "failed")

    assert [job(house, pk, "attempts") for pk in (heals, worsens, never)] == [3, 3, 1]
    away = "It could not be finished (ConnectionError: The other side is away.)."
    assert job(house, worsens, "error") == away
    assert job(house, never, "error") == "This will not heal."
    assert "in fail" in str(job(house, never, "traceback"))


def test_a_worker_told_to_end_gives_its_job_back_and_it_costs_no_attempt(house: House) -> None:
    pk = ask(house, "sleep", tenths=600)
    pid = begun(house, pk)

    worker = house.running.pop("work")
    worker.send_signal(signal.SIGTERM)
    time.sleep(1)  # it would wait half a minute for the job; a second signal is impatient
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(45) == 0

    assert is_gone(pid)
    assert (job(house, pk, "state"), job(house, pk, "attempts")) == ("waiting", 1)
    assert job(house, pk, "attempts_before") == 1
    cancel(house, pk)
    assert job(house, pk, "state") == "cancelled"


def test_a_worker_above_its_memory_begins_anew_in_the_same_process(house: House) -> None:
    house.stop("work")
    house.env["WORKER_MEGABYTES"] = "1"
    house.start("work")
    try:
        pid = house.running["work"].pid
        wait_until("a second beginning", lambda: house.log("work").count(f"pid {pid}") > 1, 60)
        assert house.log("work").count("MB and begins anew") >= 1
        assert house.running["work"].poll() is None
    finally:
        del house.env["WORKER_MEGABYTES"]
    # It may be about to begin anew at this very moment: a signal ends it nevertheless.
    assert house.stop("work") in {0, -signal.SIGTERM}
