"""A worker's pulse: a light thread that writes every few seconds how the process is.

It has a database connection of its own, which it closes after each beat. A database that is away
costs a beat and nothing else: neither the tasks nor the end of the process wait for it.
"""

import logging
import os
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone
from huey import Huey, signals

from periodic.actions.workers import Doing, Process, report, say_goodbye
from periodic.models.workers import MOST_PERCENT
from periodic.monitor import ENDED
from periodic.proc import memory_of_this_process

if TYPE_CHECKING:
    from datetime import datetime

log = logging.getLogger(__name__)

# How far back `busy` looks, and how long the end of a process waits for its last word.
WINDOW_SECONDS = 600.0
GOODBYE_SECONDS = 3.0
OVER = ENDED | {signals.SIGNAL_RETRYING}


class Pulse:
    """Counts what the threads of this process do, by huey's own signals."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._current: dict[str, tuple[str, datetime, float]] = {}
        self._busy_seconds = 0.0
        self._marks = deque([(time.monotonic(), 0.0)])
        self.tasks_done = 0

    def hear(self, signal: str, task: Any, exc: BaseException | None = None) -> None:
        """Receive a huey signal."""
        with self._lock:
            if signal == signals.SIGNAL_EXECUTING:
                self._current[task.id] = (task.name, timezone.now(), time.monotonic())
            elif signal in OVER and (begun := self._current.pop(task.id, None)):
                self._busy_seconds += time.monotonic() - begun[2]
                self.tasks_done += 1

    def current(self) -> list[Doing]:
        """Return what is being done, the oldest first."""
        with self._lock:
            tasks = sorted(self._current.values(), key=lambda task: task[2])
        return [Doing(name=name, since=since.isoformat()) for name, since, _ in tasks]

    def busy_percent(self) -> int:
        """Return how much of the threads' time was work, over the last minutes."""
        with self._lock:
            at = time.monotonic()
            busy = self._busy_seconds + sum(at - begun for *_, begun in self._current.values())
            self._marks.append((at, busy))
            while len(self._marks) > 2 and at - self._marks[0][0] > WINDOW_SECONDS:  # noqa: PLR2004 a stretch has two ends
                self._marks.popleft()
            since, busy_then = self._marks[0]
        whole = (at - since) * self._threads
        return min(MOST_PERCENT, int(MOST_PERCENT * (busy - busy_then) / whole)) if whole else 0


class Heartbeat:
    """The thread that reports a process of `consume`, from `start` to `stop`."""

    def __init__(self, queue: Huey, name: str, *, threads: int, every_seconds: float) -> None:
        self._queue = queue
        self._every_seconds = every_seconds
        self._pulse = Pulse(threads)
        self._process = Process(
            queue=name,
            host=socket.gethostname(),
            pid=os.getpid(),
            threads=threads,
            started_at=timezone.now(),
        )
        self._stop = threading.Event()
        self._is_heard = True
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._queue.signal()(self._pulse.hear)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye, and wait a moment for it to be written; the process ends regardless."""
        self._stop.set()
        self._thread.join(GOODBYE_SECONDS)
        self._queue.disconnect_signal(self._pulse.hear)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._try("beat", self._beat)
            self._stop.wait(self._every_seconds)
        self._try("goodbye", lambda: say_goodbye(process=self._process, now=timezone.now()))

    def _beat(self) -> None:
        report(
            process=self._process,
            memory=memory_of_this_process(),
            current=self._pulse.current(),
            tasks_done=self._pulse.tasks_done,
            busy_percent=self._pulse.busy_percent(),
            now=timezone.now(),
        )

    def _try(self, what: str, write: Any) -> None:
        try:
            write()
        except Exception:
            if self._is_heard:  # once, not every few seconds of a long night
                log.exception("the %s of this worker cannot be written; it works on", what)
            self._is_heard = False
        else:
            self._is_heard = True
        finally:
            connection.close()
