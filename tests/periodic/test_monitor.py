"""Signals of tasks: remembered at once, written together, the newest one wins."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from huey import signals
from huey_monitor.models import SignalInfoModel, TaskModel
from huey_monitor.tasks import startup_handler, store_signals

from periodic import monitor, tasks
from periodic.models import Worker
from periodic.monitor import Recorder, forget_old
from periodic.queues import QUEUES
from tests.make import NOW

TASK = uuid.UUID("00000000-0000-4000-8000-000000000001")
LIFE = (signals.SIGNAL_ENQUEUED, signals.SIGNAL_EXECUTING, signals.SIGNAL_COMPLETE)


@pytest.fixture
def recorder() -> Recorder:
    """A recorder whose thread is alive already, so that it starts none of its own."""
    recorder = Recorder()
    recorder._thread = threading.main_thread()
    return recorder


def hear(
    recorder: Recorder,
    *names: str,
    task: object = TASK,
    at: datetime = NOW,
    exc: BaseException | None = None,
) -> None:
    with time_machine.travel(at, tick=False):
        for name in names:
            recorder.hear(name, SimpleNamespace(id=str(task), name="take_in"), exc)


def states() -> dict[str, tuple[str, bool]]:
    rows = TaskModel.objects.order_by("name", "task_id").select_related("state")
    return {str(row.task_id)[-4:]: (row.state.signal_name, row.finished) for row in rows}


def test_the_monitors_own_receivers_are_replaced_on_both_queues() -> None:
    for queue in QUEUES.values():
        assert queue._signal.receivers["any"] == [monitor.recorder.hear]
        assert store_signals not in [r for rs in queue._signal.receivers.values() for r in rs]
        assert startup_handler not in queue._startup.values()


def test_a_task_costs_its_caller_no_query(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        for name in LIFE:
            monitor.recorder.hear(name, tasks.take_in.s())

    assert (len(asked), len(monitor.recorder._held)) == (0, 3)


def test_a_task_of_each_queue_is_remembered_once_per_signal(db: None) -> None:
    tasks.take_in()
    tasks.forget_old_task_records()

    assert [(held.task_name, held.signal) for held in monitor.recorder._held] == [
        ("take_in", "enqueued"),
        ("take_in", "executing"),
        ("take_in", "complete"),
        ("forget_old_task_records", "enqueued"),
        ("forget_old_task_records", "executing"),
        ("forget_old_task_records", "complete"),
    ]


@pytest.mark.django_db
def test_flush_writes_the_task_and_its_signals(recorder: Recorder) -> None:
    hear(recorder, *LIFE)

    assert (recorder.flush(), recorder.flush()) == (3, 0)

    task = TaskModel.objects.get()
    assert (task.task_id, task.name, task.finished, task.update_dt) == (
        TASK,
        "take_in",
        True,
        NOW,
    )
    assert task.state.signal_name == "complete"
    rows = SignalInfoModel.objects.filter(task=task)
    assert sorted(rows.values_list("signal_name", flat=True)) == sorted(LIFE)
    assert set(rows.values_list("thread", "exception_line", "exception")) == {
        ("MainThread", "", None)
    }


@pytest.mark.django_db
def test_a_task_of_one_batch_keeps_how_long_it_took(recorder: Recorder) -> None:
    hear(recorder, "executing")
    hear(recorder, "complete", at=NOW + timedelta(milliseconds=340))

    recorder.flush()

    task = TaskModel.objects.select_related("state").get()
    assert (task.create_dt, task.state.create_dt) == (NOW, NOW + timedelta(milliseconds=340))


@pytest.mark.django_db
def test_flush_costs_as_many_statements_whatever_it_writes(recorder: Recorder) -> None:
    def statements(count: int) -> int:
        for _ in range(count):
            hear(recorder, *LIFE, task=uuid.uuid4())
        with CaptureQueriesContext(connection) as asked:
            recorder.flush()
        return len(asked)

    one, thirty = statements(1), statements(30)

    assert (one, TaskModel.objects.count()) == (thirty, 31)
    assert one <= 6


@pytest.mark.django_db
def test_a_late_enqueued_does_not_set_back_a_finished_task(recorder: Recorder) -> None:
    hear(recorder, "executing", "complete", at=NOW + timedelta(seconds=1))
    recorder.flush()

    hear(recorder, "enqueued", at=NOW)
    recorder.flush()

    assert states() == {"0001": ("complete", True)}
    assert SignalInfoModel.objects.count() == 3


@pytest.mark.django_db
def test_an_enqueued_that_is_written_late_does_not_hide_the_end(recorder: Recorder) -> None:
    web, worker = recorder, Recorder()
    worker._thread = threading.main_thread()
    hear(web, "enqueued", at=NOW)
    hear(worker, "executing", "complete", at=NOW + timedelta(milliseconds=20))

    with time_machine.travel(NOW + timedelta(milliseconds=500), tick=False):
        web.flush()
    with time_machine.travel(NOW + timedelta(milliseconds=510), tick=False):
        worker.flush()

    assert states() == {"0001": ("complete", True)}


@pytest.mark.parametrize(
    ("last", "finished"),
    [
        ("enqueued", False),
        ("executing", False),
        ("retrying", False),
        ("scheduled", False),
        ("complete", True),
        ("error", True),
        ("canceled", True),
        ("expired", True),
        ("revoked", True),
        ("interrupted", True),
        ("locked", True),
        ("timeout", True),
        ("rate-limited", True),
    ],
)
@pytest.mark.django_db
def test_flush_tells_which_tasks_have_ended(
    recorder: Recorder, *, last: str, finished: bool
) -> None:
    hear(recorder, "executing", last)

    recorder.flush()

    assert states() == {"0001": (last, finished)}


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["error", "timeout", "interrupted"])
def test_a_failure_is_written_before_the_worker_goes_on(recorder: Recorder, what: str) -> None:
    hear(recorder, "enqueued", "executing", what, exc=OSError("no paper"))

    assert states() == {"0001": (what, True)}
    assert (recorder._held, recorder._failed) == ([], [])


@pytest.mark.django_db
def test_a_failure_is_kept_without_the_phone_that_it_names(recorder: Recorder) -> None:
    hear(recorder, "error", exc=ValueError("Failing row contains (7, 254712345678)."))

    kept = SignalInfoModel.objects.get()
    assert kept.exception_line == "Failing row contains (7, 2547…678)."
    assert "254712345678" not in str(kept.exception)


@pytest.mark.django_db
def test_no_flood_pushes_a_failure_out(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "MOST_HELD", 3)
    monkeypatch.setattr(monitor, "_write", lambda _: (_ for _ in ()).throw(OSError("away")))
    hear(recorder, "error")
    monkeypatch.undo()
    monkeypatch.setattr(monitor, "MOST_HELD", 3)
    for number in range(5):
        hear(recorder, "complete", task=uuid.UUID(int=number), at=NOW + timedelta(seconds=1))

    assert recorder.flush() == 4
    assert states()["0001"][0] in {"error", "complete"}
    assert SignalInfoModel.objects.filter(signal_name="error").count() == 1


def test_a_writer_that_hangs_holds_a_failed_task_up_for_a_moment_only(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "WRITES_SECONDS", 0.02)
    begun = time.monotonic()

    with recorder._writing:
        hear(recorder, "error")

    assert time.monotonic() - begun < 1
    assert [held.signal for held in recorder._failed] == ["error"]


@pytest.mark.parametrize(
    ("ended", "silent_for", "expected"),
    [
        (False, 5, ("executing", False)),
        (False, 300, ("interrupted", True)),
        (True, 5, ("interrupted", True)),
    ],
    ids=["lives", "killed", "ended"],
)
@pytest.mark.django_db
def test_a_task_is_ended_only_where_its_own_worker_is_gone(
    recorder: Recorder, *, ended: bool, silent_for: int, expected: tuple[str, bool]
) -> None:
    beat_at = NOW - timedelta(seconds=silent_for)
    hear(recorder, "executing", at=beat_at + timedelta(seconds=1))
    recorder.flush()
    told = SignalInfoModel.objects.get()
    Worker.objects.create(
        queue="work",
        host=told.hostname,
        pid=told.pid,
        threads=1,
        started_at=beat_at - timedelta(hours=1),
        beat_at=beat_at,
        ended_at=beat_at if ended else None,
    )

    counts = [monitor.end_orphans(now=NOW), monitor.end_orphans(now=NOW)]

    assert states() == {"0001": expected}
    assert counts == [int(expected[1]), 0]


@pytest.mark.django_db
def test_an_error_is_stored_with_its_traceback(recorder: Recorder) -> None:
    with pytest.raises(ZeroDivisionError) as error:
        _ = 1 // 0
    error.value.args = ("the bell cracked " + "x" * 200,)
    hear(recorder, "error", exc=error.value)

    recorder.flush()

    row = SignalInfoModel.objects.get()
    assert row.exception_line == ("the bell cracked " + "x" * 200)[:128]
    assert row.exception.splitlines()[0] == "Traceback (most recent call last):"
    assert row.exception.count("ZeroDivisionError: the bell cracked") == 1


@pytest.mark.django_db
def test_an_error_that_no_database_can_hold_holds_up_no_other(recorder: Recorder) -> None:
    hear(recorder, "error", exc=ValueError("nul \x00 and half a pair \ud800"))
    hear(recorder, "complete", task=uuid.uuid4())

    assert recorder.flush() == 1  # the error is in already

    assert SignalInfoModel.objects.get(signal_name="error").exception_line == (
        "nul \N{REPLACEMENT CHARACTER} and half a pair ?"
    )


@pytest.mark.parametrize("task_id", ["an-id-of-our-own", "", 7])
@pytest.mark.django_db
def test_an_id_that_is_no_uuid_is_one_task(recorder: Recorder, task_id: object) -> None:
    task = SimpleNamespace(id=task_id, name="n" * 200)
    for name in LIFE:
        recorder.hear(name, task)

    recorder.flush()

    row = TaskModel.objects.get()
    assert (row.name, row.state.signal_name) == ("n" * 128, "complete")


@pytest.mark.django_db
def test_a_database_that_fails_costs_no_signal(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    hear(recorder, "enqueued", "executing")
    with caplog.at_level(logging.ERROR, "periodic.monitor"), connection.execute_wrapper(broken):
        written = recorder.flush()
    hear(recorder, "complete", at=NOW + timedelta(seconds=1))
    held = len(recorder._held)

    assert (written, held, recorder.flush()) == (0, 3, 3)
    assert [record.getMessage() for record in caplog.records] == [
        "the task monitor cannot be written; 2 signals wait"
    ]
    assert states() == {"0001": ("complete", True)}


@pytest.mark.django_db
def test_a_batch_that_was_written_after_all_is_written_again_without_harm(
    recorder: Recorder,
) -> None:
    hear(recorder, *LIFE)
    batch = list(recorder._held)
    recorder.flush()
    recorder._held = batch

    assert recorder.flush() == 3
    assert (SignalInfoModel.objects.count(), states()) == (3, {"0001": ("complete", True)})


def test_a_recorder_holds_the_newest_and_no_more_than_its_limit(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "MOST_HELD", 2)

    hear(recorder, *LIFE)

    assert [held.signal for held in recorder._held] == ["executing", "complete"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(monitor, "FLUSH_SECONDS", 0.005)
    yield
    for thread in threading.enumerate():
        if thread.name == "monitor":
            thread.join(5)


class Told(Recorder):
    """A recorder that writes nowhere and tells which threads flushed it."""

    def __init__(self) -> None:
        super().__init__()
        self.flushes: list[tuple[str, int]] = []

    def flush(self) -> int:
        with self._lock:
            count, self._held = len(self._held), []
        self.flushes.append((threading.current_thread().name, count))
        return count


def test_a_thread_of_its_own_writes_and_ends_when_nothing_comes(quick: None) -> None:
    recorder = Told()
    hear(recorder, "enqueued")
    thread = recorder._thread
    assert thread is not None

    thread.join(5)

    assert (thread.is_alive(), recorder._thread) == (False, None)
    assert recorder.flushes == [("monitor", 1)] + [("monitor", 0)] * 20


def test_a_signal_after_the_threads_end_starts_another(quick: None) -> None:
    recorder = Told()
    for _ in range(2):
        hear(recorder, "enqueued")
        thread = recorder._thread
        assert thread is not None
        thread.join(5)

    assert [count for _, count in recorder.flushes if count] == [1, 1]


def test_a_signal_at_the_last_moment_keeps_the_thread(quick: None) -> None:
    class Late(Told):
        def flush(self) -> int:
            written = super().flush()
            if len(self.flushes) == 21:
                hear(self, "complete")
            return written

    recorder = Late()
    hear(recorder, "enqueued")
    thread = recorder._thread
    assert thread is not None

    thread.join(5)
    end = time.monotonic() + 5
    while recorder._held and time.monotonic() < end:
        time.sleep(0.01)

    assert recorder._held == []
    assert sum(count for _, count in recorder.flushes) == 2


def a_task_record(age: timedelta) -> TaskModel:
    task = TaskModel.objects.create(task_id=uuid.uuid4(), name="take_in")
    signal = SignalInfoModel.objects.create(task=task, pid=1, signal_name="complete")
    TaskModel.objects.filter(pk=task.pk).update(state=signal, update_dt=NOW - age)
    return task


@pytest.mark.django_db
def test_forget_old_deletes_what_is_older_than_two_days() -> None:
    a_task_record(timedelta(days=2, seconds=1))
    kept = a_task_record(timedelta(days=2))

    assert (forget_old(now=NOW), forget_old(now=NOW)) == (1, 0)

    assert list(TaskModel.objects.all()) == [kept]
    assert [signal.task for signal in SignalInfoModel.objects.all()] == [kept]


@pytest.mark.django_db
def test_forget_old_takes_the_oldest_and_no_more_than_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor, "MOST_FORGOTTEN_AT_ONCE", 2)
    rest = a_task_record(timedelta(days=3))
    for age in (9, 5):
        a_task_record(timedelta(days=age))

    assert forget_old(now=NOW) == 2
    assert list(TaskModel.objects.all()) == [rest]


@pytest.mark.django_db
def test_the_hourly_task_forgets_what_is_old() -> None:
    a_task_record(timedelta(days=3))

    with time_machine.travel(NOW, tick=False):
        tasks.forget_old_task_records()

    assert not TaskModel.objects.exists()
