"""Jobs to do after a while, on daemon threads. It reads the clock for them, and they do not."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

logger = logging.getLogger(__name__)
Job = Callable[[datetime], None]


class Agenda:
    """A heap of jobs by the moment they are due; each is called once with the time of day."""

    def __init__(self, name: str, *, threads: int) -> None:
        self._wake = threading.Condition()
        self._jobs: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._closed = False
        self._busy = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def after_ms(self, delay_ms: int, job: Job) -> None:
        """Do `job` in `delay_ms` milliseconds."""
        with self._wake:
            due = time.monotonic() + delay_ms / 1000
            heapq.heappush(self._jobs, (due, next(self._order), job))
            self._wake.notify()

    def close(self, *, wait_seconds: float = 1.0) -> None:
        """Drop what is left and end the threads; one that is still busy is left to die."""
        with self._wake:
            self._closed = True
            self._jobs.clear()
            self._wake.notify_all()
        until = time.monotonic() + wait_seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    @property
    def waiting(self) -> int:
        """Return how many jobs are not done yet, those that run now included."""
        with self._wake:
            return len(self._jobs) + self._busy

    def _work(self) -> None:
        while job := self._next():
            try:
                job(timezone.now())
            except Exception:
                logger.exception("A job of the simulator failed.")
            finally:
                with self._wake:
                    self._busy -= 1

    def _next(self) -> Job | None:
        with self._wake:
            while not self._closed:
                wait = self._jobs[0][0] - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._jobs)[2]
                self._wake.wait(wait)
        return None
