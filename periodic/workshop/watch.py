"""Every few seconds: take back what dead workers held, ring for what is due, look at our memory."""

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections
from django.utils import timezone

from periodic.actions import running
from periodic.kinds import UnknownKind, lookup
from periodic.models import Job
from periodic.workshop.shop import Shop, is_known_dead

log = logging.getLogger(__name__)


def take_back_silent() -> int:
    """Let the jobs of workers that fell silent, or are known dead, go on; returns how many."""
    now = timezone.now()
    dead = [name for name in running.running_workers() if is_known_dead(name)]
    since = now - timedelta(seconds=settings.JOB_SILENT_SECONDS)
    jobs = running.silent_since(since=since, dead_workers=dead)
    for job in jobs:
        running.take_back(job=job, most_attempts=_most_attempts(job), now=now)
        log.warning("job %s: its worker %s is gone, it goes on elsewhere", job.pk, job.worker)
    return len(jobs)


def _most_attempts(job: Job) -> int:
    try:
        return lookup(job.kind).attempts
    except UnknownKind:
        return 0


def megabytes() -> int:
    """Return the memory of this process as its share (PSS); 0 where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) // 1024
    return 0


class Watch:
    """A thread of a worker; `is_too_large` once it had the worker stop for its memory.

    Such a worker begins no job more, finishes what it does, and begins anew. `ring` is called
    where a job is due, `stop` once to have the worker stop.
    """

    def __init__(
        self, shop: Shop | None, ring: Callable[[], object], stop: Callable[[], object]
    ) -> None:
        self.shop, self.ring, self.stop_worker = shop, ring, stop
        self.is_too_large = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(5)

    def _keep(self) -> None:
        while not self._is_over.wait(settings.JOB_LOOK_SECONDS):
            self.turn()

    def turn(self) -> None:
        """Look once. A trouble is logged; the next turn looks again."""
        try:
            close_old_connections()
            if self.shop:
                take_back_silent()
                if running.due(timezone.now()).exists():
                    self.ring()
        except DatabaseTrouble:
            log.warning("the jobs cannot be looked at: the database is away")
        except Exception:
            log.exception("the jobs cannot be looked at")
        finally:
            close_old_connections()
        self._look_at_memory()

    def _look_at_memory(self) -> None:
        used = megabytes()
        if used <= settings.WORKER_MEGABYTES:
            return
        if self.shop:
            self.shop.is_full.set()
            if self.shop.busy:
                return
        if not self.is_too_large:
            log.warning("this worker has %s MB and begins anew", used)
            self.is_too_large = True
            self.stop_worker()
