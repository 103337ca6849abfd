"""Feeds django-huey-monitor from both queues, in batches and outside of requests.

Its own receiver runs eight SQL statements per signal, in whatever thread the signal comes up: a
web request that enqueues, a worker between two tasks. Here a signal is only remembered; a thread
writes what came together within a moment, in a handful of statements whatever the number.
"""

import atexit
import logging
import os
import socket
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from huey import signals
from huey_monitor.models import SignalInfoModel, TaskModel
from huey_monitor.tasks import startup_handler, store_signals

from mpesa.masking import mask
from periodic.models import Worker
from periodic.queues import QUEUES

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
MOST_HELD = 20_000
MOST_FAILURES_HELD = 1_000
# How long a failed task's worker waits for whoever writes at this moment.
WRITES_SECONDS = 2.0
FAILED = {signals.SIGNAL_ERROR, signals.SIGNAL_TIMEOUT, signals.SIGNAL_INTERRUPTED}
KEPT = timedelta(days=2)
MOST_FORGOTTEN_AT_ONCE = 50_000
FORGOTTEN_PER_STEP = 200
MOST_ORPHANS = 500
A_BEAT = timedelta(minutes=2)
GONE = "Its worker is gone; the sweep does again what it left."
NEVER = datetime.min.replace(tzinfo=UTC)
ENDED = {
    signals.SIGNAL_CANCELED,
    signals.SIGNAL_COMPLETE,
    signals.SIGNAL_ERROR,
    signals.SIGNAL_EXPIRED,
    signals.SIGNAL_REVOKED,
    signals.SIGNAL_INTERRUPTED,
    signals.SIGNAL_TIMEOUT,
    signals.SIGNAL_LOCKED,
    signals.SIGNAL_RATE_LIMITED,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One signal of one task, as it was when it came up."""

    task_id: uuid.UUID
    task_name: str
    signal: str
    at: datetime
    thread: str
    error: str = ""
    traceback: str = ""
    id: uuid.UUID = field(default_factory=uuid.uuid4)


class Recorder:
    """Holds happenings until its thread writes them; the oldest go first when too many are held.

    Failures are held apart: a flood of others pushes none of them out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[Happening] = []
        self._failed: list[Happening] = []
        self._thread: threading.Thread | None = None
        self._writing = threading.Lock()

    def hear(self, signal: str, task: Any, exc: BaseException | None = None) -> None:
        """Receive a huey signal: remember it and return at once, unless a task failed.

        That is written before the worker goes on: killed the next moment, it would take the record
        of the failure away.
        """
        try:
            task_id = uuid.UUID(str(task.id))
        except ValueError:
            task_id = uuid.uuid5(uuid.NAMESPACE_OID, str(task.id))
        happening = Happening(
            task_id=task_id,
            task_name=task.name[:128],
            signal=signal,
            at=timezone.now(),
            thread=threading.current_thread().name[:128],
            error=_storable(str(exc))[:128] if exc else "",
            traceback=_storable("".join(traceback.format_exception(exc))) if exc else "",
        )
        with self._lock:
            if signal in FAILED:
                self._failed.append(happening)
                del self._failed[:-MOST_FAILURES_HELD]
            else:
                self._held.append(happening)
                del self._held[:-MOST_HELD]
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
                self._thread.start()
        if signal in FAILED and self._writing.acquire(timeout=WRITES_SECONDS):
            try:
                self._flush()
            finally:
                self._writing.release()

    def flush(self) -> int:
        """Write what is held, once; returns how many. What cannot be written is held on."""
        with self._writing:
            return self._flush()

    def _flush(self) -> int:
        with self._lock:
            held, self._held = self._held, []
            failed, self._failed = self._failed, []
        batch = sorted([*held, *failed], key=lambda one: one.at)
        if not batch:
            return 0
        try:
            _write(batch)
        except Exception:
            log.exception("the task monitor cannot be written; %s signals wait", len(batch))
            with self._lock:
                self._held = (held + self._held)[-MOST_HELD:]
                self._failed = (failed + self._failed)[-MOST_FAILURES_HELD:]
            return 0
        return len(batch)

    def _run(self) -> None:
        """Write every moment until nothing has come for a while, then let the thread end."""
        idle = 0
        while True:
            time.sleep(FLUSH_SECONDS)
            close_old_connections()
            idle = 0 if self.flush() else idle + 1
            with self._lock:
                if idle >= 20 and not self._held and not self._failed:  # noqa: PLR2004 ten seconds
                    self._thread = None
                    close_old_connections()
                    return


recorder = Recorder()


def take_over() -> None:
    """Connect the recorder to both queues in place of the monitor's own receivers."""
    for queue in QUEUES.values():
        queue._signal.disconnect(store_signals)  # noqa: SLF001 disconnect_signal raises on unknown ones
        queue.unregister_on_startup(startup_handler)  # it marks other workers' tasks unknown
        queue.signal()(recorder.hear)
    atexit.register(recorder.flush)


def _storable(text: str) -> str:
    """Return `text` as any database takes it: one bad character would hold up every batch.

    Phones and secrets are masked, as in the log.
    """
    return mask(text).replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


@cache
def _hostname() -> str:
    return socket.gethostname()[:128]


_SIGNALS = (
    "INSERT INTO huey_monitor_signalinfomodel (id, hostname, pid, thread, task_id, signal_name,"
    " exception_line, exception, create_dt) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    # A batch comes again where its commit was lost on the way back.
    " ON CONFLICT (id) DO NOTHING"
)
# The web's "enqueued" may be written after the worker's end of the task: the newest signal wins.
_TASKS = (
    "INSERT INTO huey_monitor_taskmodel (task_id, name, state_id, finished, create_dt, update_dt,"
    ' cumulate_progress, unit, unit_divisor, "desc")'
    " VALUES (%s, %s, %s, %s, %s, %s, %s, 'it', 1000, '')"
    " ON CONFLICT (task_id) DO UPDATE SET state_id = excluded.state_id,"
    " finished = excluded.finished, update_dt = excluded.update_dt"
    " WHERE huey_monitor_taskmodel.update_dt <= excluded.update_dt"
)


def _write(batch: Sequence[Happening]) -> None:
    """Write a batch in one transaction and two statements, past the far slower ORM.

    The foreign keys between a task and its state are deferred, so the order does not matter.
    """
    uuid_of = _uuid_as_stored()
    at_of = connection.ops.adapt_datetimefield_value
    host, pid = _hostname(), os.getpid()
    latest = {one.task_id: one for one in batch}
    first_at = {one.task_id: one.at for one in reversed(batch)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            _SIGNALS,
            [
                (
                    uuid_of(one.id),
                    host,
                    pid,
                    one.thread,
                    uuid_of(one.task_id),
                    one.signal,
                    one.error,
                    one.traceback or None,
                    at_of(one.at),
                )
                for one in batch
            ],
        )
        cursor.executemany(
            _TASKS,
            [
                (
                    uuid_of(task_id),
                    one.task_name,
                    uuid_of(one.id),
                    one.signal in ENDED,
                    at_of(first_at[task_id]),
                    at_of(one.at),
                    True,
                )
                for task_id, one in sorted(latest.items())  # so that two writers never cross
            ],
        )


def _uuid_as_stored() -> Callable[[uuid.UUID], Any]:
    """Return how this database keeps a UUID: as itself, or as 32 hex digits."""
    if connection.features.has_native_uuid_field:
        return lambda value: value
    return lambda value: value.hex


def end_orphans(*, now: datetime) -> int:
    """End the records of tasks whose worker is gone; returns how many, a bounded number at once.

    The monitor's own way, at each start, was to call every unfinished task unknown, those of living
    workers too. Here a task is ended only where its process has said goodbye or fallen silent.
    """
    horizon = now - timedelta(seconds=settings.LIMITS.worker_silent_seconds)
    last_beats: dict[tuple[str, int], datetime] = {}
    for worker in Worker.objects.order_by("started_at"):
        is_gone = worker.ended_at is not None or worker.beat_at < horizon
        last_beats[worker.host, worker.pid] = worker.beat_at if is_gone else NEVER
    running = TaskModel.objects.filter(finished=False, state__signal_name=signals.SIGNAL_EXECUTING)
    orphans = [
        Happening(task.task_id, task.name, signals.SIGNAL_INTERRUPTED, now, "monitor", GONE)
        for task in running.select_related("state").order_by("update_dt")[:MOST_ORPHANS]
        # A beat comes every few seconds: the task may have begun just after the last one.
        if last_beats.get((task.state.hostname, task.state.pid), NEVER) >= task.update_dt - A_BEAT
    ]
    if orphans:
        _write(orphans)
    return len(orphans)


def forget_old(*, now: datetime) -> int:
    """Delete task records older than KEPT in short transactions; returns how many tasks.

    A bounded number at once; the next hour goes on.
    """
    old = TaskModel.objects.filter(update_dt__lt=now - KEPT).order_by("update_dt")
    ids = list(old.values_list("pk", flat=True)[:MOST_FORGOTTEN_AT_ONCE])
    for start in range(0, len(ids), FORGOTTEN_PER_STEP):
        step = ids[start : start + FORGOTTEN_PER_STEP]
        with transaction.atomic():
            TaskModel.objects.filter(pk__in=step).update(state=None)
            SignalInfoModel.objects.filter(task_id__in=step).delete()
            TaskModel.objects.filter(pk__in=step).delete()
    return len(ids)
