"""One attempt of a job, watched from outside: heartbeat, progress, cancel, timeout, its end."""

import contextlib
import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections
from django.utils import timezone

from periodic import results
from periodic.actions import running
from periodic.backoff import wait_seconds
from periodic.kinds import Kind
from periodic.models import Job
from periodic.workshop import wire
from periodic.workshop.nursery import Nursery

log = logging.getLogger(__name__)

LISTEN_SECONDS = 0.25
LOOK_SECONDS = 1.0
# The outcome of a job is worth some patience while the database is away.
PATIENCE_SECONDS = 60.0
DIED = "Its process ended without a word: killed, or out of memory."
chance = random.SystemRandom()


class Attempt:
    """Watches one attempt until its process is gone, then writes what came of it."""

    def __init__(self, job: Job, kind: Kind, is_closing: threading.Event) -> None:
        self.job, self.kind, self.is_closing = job, kind, is_closing
        self.lease = running.Lease(job.pk, job.attempts)
        self.pid = 0
        self.ending: wire.Message = []  # its last word
        self.progress: tuple[int, int, str] | None = None
        # Why it is being stopped: "cancelled", "late", "closing", "lost"; "" where it is not.
        self.why = ""
        began = time.monotonic()
        self._deadline = began + kind.seconds
        self._kill_at = self._next_look = 0.0
        self._next_beat = began + settings.JOB_HEARTBEAT_SECONDS

    def run(self, nursery: Nursery) -> None:
        """Begin it, watch it, and write how it ended."""
        try:
            line = nursery.begin(*self.lease)
        except OSError:
            log.exception("no process for job %s", self.job.pk)
            self._patiently(self._stumbled, "No process could be started for it.", "")
            return
        with line:
            ear = wire.Ear(line)
            while not ear.is_over:
                for message in ear.hear(LISTEN_SECONDS):
                    self._take(message)
                self._watch()
        self._patiently(self._conclude)

    def _take(self, message: wire.Message) -> None:
        match message:
            case ["pid", int(pid)]:
                self.pid = pid
            case ["tick", int(done), int(total), str(sentence)]:
                self.progress = done, total, sentence
            case ["done" | "failed" | "stumbled" | "cancelled", *_]:
                self.ending = message

    def _watch(self) -> None:
        """Look at the clock and the row; stop the process where there is a reason."""
        now = time.monotonic()
        if not self.why:
            if now > self._deadline:
                self._stop("late")
            elif self.is_closing.is_set():
                self._stop("closing")
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            try:
                close_old_connections()
                self._look(now)
            except DatabaseTrouble:
                log.warning("job %s goes on while the database is away", self.job.pk)
        if self._kill_at and now >= self._kill_at:
            self._signal(signal.SIGKILL)

    def _look(self, now: float) -> None:
        found = self.lease.rows().values_list("cancel_asked_at", flat=True)[:1]
        asked = list(found)
        if not asked:
            self._stop("lost")
            return
        if asked[0] and not self.why:
            self._stop("cancelled")
        if self.progress:
            (done, total, sentence), self.progress = self.progress, None
            wall = timezone.now()
            running.note_progress(
                lease=self.lease, done=done, total=total, sentence=sentence, now=wall
            )
        elif now >= self._next_beat:
            running.beat(lease=self.lease, now=timezone.now())
        else:
            return
        self._next_beat = now + settings.JOB_HEARTBEAT_SECONDS

    def _stop(self, why: str) -> None:
        """Ask the process to stop, and kill it a little later; at once where it is not ours."""
        if why == "lost":
            self.why, self._kill_at = why, time.monotonic()
        elif not self.why:
            self.why = why
            self._kill_at = time.monotonic() + settings.JOB_GRACE_SECONDS
            self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        # While its socket is open the nursery has not reaped it: the group is still its own.
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    # How it ended.

    def _patiently(self, act: Callable[..., object], *values: Any) -> None:
        """Write the end although the database may be away for a while; else the sweep does."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                close_old_connections()
                act(*values)
            except DatabaseTrouble:
                if time.monotonic() > until:
                    log.exception("job %s: nobody could note how it ended", self.job.pk)
                    return
                time.sleep(LOOK_SECONDS)
            else:
                return

    def _conclude(self) -> None:
        now = timezone.now()
        match [self.why, *self.ending]:
            case ["lost", *_]:
                results.drop_folder(*self.lease)
                return
            case [_, "done", summary, file]:
                self._done(str(summary), str(file))
                return
            case ["cancelled", *_]:
                running.end_cancelled(lease=self.lease, now=now)
            case ["late", *_]:
                self._failed(f"It took longer than {self.kind.seconds} seconds and was stopped.")
            case ["closing", *_]:
                running.hand_back(lease=self.lease, now=now)
            case ["", "failed", error, trace]:
                self._failed(str(error), str(trace))
            case ["", "stumbled", error, trace]:
                self._stumbled(str(error), str(trace))
            case _:
                self._stumbled(DIED, "")
        results.drop_folder(*self.lease)

    def _done(self, summary: str, file: str) -> None:
        try:
            name = results.name_within(file, *self.lease) if file else ""
        except results.NotOurs as wrong:
            self._failed(str(wrong))
            return
        if not name:
            results.drop_folder(*self.lease)
        running.end_done(lease=self.lease, summary=summary, file=name, now=timezone.now())

    def _failed(self, error: str, trace: str = "") -> None:
        log.warning("job %s (%s) failed: %s", self.job.pk, self.job.kind, error)
        running.end_failed(lease=self.lease, error=error, traceback=trace, now=timezone.now())

    def _stumbled(self, error: str, trace: str) -> None:
        """Let it be tried again where it may, later each time."""
        used = self.job.attempts_used
        if used >= self.kind.attempts:
            self._failed(error, trace)
            return
        seconds = wait_seconds(
            used,
            first=settings.JOB_RETRY_SECONDS,
            most=settings.JOB_RETRY_MOST_SECONDS,
            chance=chance,
        )
        wait = timedelta(seconds=seconds)
        running.wait_again(
            lease=self.lease, error=error, traceback=trace, wait=wait, now=timezone.now()
        )
