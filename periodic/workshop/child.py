"""What the process of one attempt does: it finds its job, works, and says what came of it.

It writes nothing about the job itself. That is its watcher's, who hears from it by a socket: so a
tick works inside of any transaction, and a process that was killed has said nothing.
"""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from django.db import connections
from django.utils import timezone

from mpesa.masking import mask
from periodic import results
from periodic.kinds import Call, Cancelled, Outcome, UnknownKind, WillNotHeal, lookup
from periodic.models import Job, JobState
from periodic.workshop import wire

PR_SET_PDEATHSIG = 1
TICK_SECONDS = 0.2
# A payment goes before a report; and where memory runs out, a report is the first to go.
NICENESS = 5
OOM_SCORE = b"500"
LONGEST_ERROR = 460


def be_a_child(parent: int, line: socket.socket, job_id: int, attempt: int) -> None:
    """Do an attempt as a process just forked by `parent`, and never return."""
    code = 1
    try:
        _settle(parent)
        wire.send(line, "pid", os.getpid())
        work_on(job_id, attempt, Tick(line))
        code = 0
    except BaseException:  # noqa: BLE001 whatever it was, this process ends here
        with contextlib.suppress(OSError):
            traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _settle(parent: int) -> None:
    """Lead a group of one's own, die with the parent, and stand back behind the workers."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_bytes(OOM_SCORE)
    if os.getppid() != parent:  # it died before we asked to die with it
        os._exit(1)
    os.nice(NICENESS)


class Tick:
    """Says how far the work is, a few times a second; raises Cancelled once it is to stop."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.is_stopped = line, False
        self._next = 0.0
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, *_: object) -> None:
        self.is_stopped = True

    def __call__(self, done: int, total: int, sentence: str = "") -> None:
        if self.is_stopped:
            raise Cancelled("It was told to stop.")
        now = time.monotonic()
        if now < self._next and done != total:
            return
        self._next = now + TICK_SECONDS
        self.say("tick", done, total, sentence)

    def say(self, *message: Any) -> None:
        """Tell the watcher. Raises Cancelled where it is gone: nobody would note the outcome."""
        try:
            wire.send(self.line, *message)
        except OSError as gone:
            raise Cancelled("Nobody listens any more.") from gone


def find(job_id: int, attempt: int) -> Job | None:
    """Return the job while this attempt of it runs, else None."""
    rows = Job.objects.filter(pk=job_id, attempts=attempt, state=JobState.RUNNING)
    return rows.select_related("asked_by").first()


def work_on(job_id: int, attempt: int, tick: Tick) -> None:
    """Do one attempt of a job and say what came of it."""
    job = find(job_id, attempt)
    if job is None:
        return
    try:
        outcome = _work(job, tick)
    except Cancelled:
        tick.say("cancelled")
    except UnknownKind as unknown:
        tick.say("failed", str(unknown), "")
    except Exception as error:  # noqa: BLE001 the watcher decides what becomes of it
        tick.say(*_refusal(job, error))
    else:
        tick.say("done", outcome.summary, str(outcome.file or ""))
    finally:
        connections.close_all()


def _work(job: Job, tick: Tick) -> Outcome:
    kind = lookup(job.kind)
    call = Call(
        key=f"job:{job.pk}",
        parameters=job.parameters,
        tick=tick,
        now=timezone.now(),
        by=job.asked_by,
        folder=results.make_folder(job.pk, job.attempts),
    )
    return kind.work(call)


def _refusal(job: Job, error: Exception) -> tuple[str, str, str]:
    """Return the message about an error: whether it may heal, a sentence, and the trace.

    They are kept, shown and mailed: a database names the whole row that it refused, phone and all.
    """
    trace = mask("".join(traceback.format_exception(error)))
    told = mask(str(error))
    if isinstance(error, (WillNotHeal, *lookup(job.kind).refusals)):
        return "failed", told[:LONGEST_ERROR], trace
    said = f"{type(error).__name__}: {told}" if told else type(error).__name__
    return "stumbled", f"It could not be finished ({said[:LONGEST_ERROR]}).", trace
