"""The workshop of one worker process: so many places, each for one job at a time."""

import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from periodic.actions import running
from periodic.kinds import UnknownKind, lookup
from periodic.models import Job
from periodic.workshop.attempts import Attempt
from periodic.workshop.nursery import Nursery

log = logging.getLogger(__name__)


class Shop:
    """Runs due jobs in the threads that call it, as many at once as there are places.

    The rest of the worker's threads stay free for mails, sweeps and statements.
    """

    def __init__(self) -> None:
        self.is_closing = threading.Event()
        # Set where the process is to end once its jobs are done.
        self.is_full = threading.Event()
        self.nursery = Nursery()
        self._places = threading.BoundedSemaphore(settings.JOBS_AT_ONCE)
        self._busy = 0
        self._lock = threading.Lock()

    @property
    def busy(self) -> int:
        """How many jobs run here now."""
        return self._busy

    def run_due(self, ring: Callable[[], object]) -> int:
        """Run due jobs one after the other until none is left; returns how many were begun.

        Returns at once where every place is taken: who holds one looks again before they leave.
        `ring` is called where more is due and a place is free: another thread is to come too.
        """
        begun = 0
        while not self._is_shut and running.due(timezone.now()).exists():
            if not self._places.acquire(blocking=False):
                break
            try:
                begun += self._run_one(ring)
            finally:
                self._places.release()
        return begun

    @property
    def _is_shut(self) -> bool:
        return self.is_closing.is_set() or self.is_full.is_set()

    def _run_one(self, ring: Callable[[], object]) -> int:
        job = running.claim(worker=worker_name(), now=timezone.now())
        if job is None:
            return 0
        with self._lock:
            self._busy += 1
        try:
            self._call_others(ring)
            self._attempt(job)
        finally:
            with self._lock:
                self._busy -= 1
        return 1

    def _call_others(self, ring: Callable[[], object]) -> None:
        if self._busy >= settings.JOBS_AT_ONCE or not running.due(timezone.now()).exists():
            return
        try:
            ring()
        except Exception:
            log.exception("the work queue cannot be rung; the next look finds what is due")

    def _attempt(self, job: Job) -> None:
        try:
            kind = lookup(job.kind)
        except UnknownKind as unknown:
            lease = running.Lease(job.pk, job.attempts)
            error = str(unknown)
            running.end_failed(lease=lease, error=error, traceback="", now=timezone.now())
            return
        Attempt(job, kind, self.is_closing).run(self.nursery)

    def close(self) -> None:
        """Begin nothing more, stop what runs and give it back, and leave no process behind."""
        self.is_closing.set()
        for _ in range(settings.JOBS_AT_ONCE):
            self._places.acquire(timeout=settings.JOB_GRACE_SECONDS + 5)
        self.nursery.close()


def worker_name(pid: int = 0) -> str:
    """Return host, process id and the moment that process began: no later one has the same."""
    pid = pid or os.getpid()
    return f"{socket.gethostname()}:{pid}:{_began(pid)}"


def _began(pid: int) -> str:
    """Return when a process of this machine began, in ticks since the start; "" where unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name in brackets may hold spaces; field 22 of the line is the 20th after it.
    return text.rpartition(")")[2].split()[19]


def is_known_dead(worker: str) -> bool:
    """Tell whether a worker was of this machine and is gone; False where nobody can tell."""
    host, _, rest = worker.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit() or not worker_name().split(":")[-1]:
        return False
    return worker != worker_name(int(rest))


shop = Shop()
