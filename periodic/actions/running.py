"""What workers write about jobs. Everything holds only while the attempt is the row's own.

A worker that was believed dead and comes back finds its attempt over: it changes no row.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import F, Q, QuerySet

from periodic.actions.endings import end
from periodic.limits import A_SKEW
from periodic.models import Job, JobState

LONGEST_ERROR, LONGEST_SENTENCE = 500, 200
LONGEST_TRACEBACK = 20_000
MOST_AT_ONCE = 100


class Lease(NamedTuple):
    """One attempt of one job: whoever holds it may write, as long as it is the row's."""

    job_id: int
    attempt: int

    def rows(self) -> QuerySet[Job]:
        """Return the job while this attempt of it runs, else nothing."""
        return Job.objects.filter(pk=self.job_id, attempts=self.attempt, state=JobState.RUNNING)


def due(now: datetime) -> QuerySet[Job]:
    """Return the jobs that wait and may begin, who waits for it first, then the oldest.

    What is further away than any wait was asked for by a clock that had run ahead.
    """
    longest = timedelta(seconds=settings.JOB_RETRY_MOST_SECONDS)
    may_begin = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + longest + A_SKEW)
    return Job.objects.filter(may_begin, state=JobState.WAITING).order_by("-urgency", "pk")


def claim(*, worker: str, now: datetime) -> Job | None:
    """Take the first job that is due, or None. Two workers never take the same."""
    while True:
        job = due(now).select_related("asked_by", "business").first()
        if job is None:
            return None
        mine = Job.objects.filter(pk=job.pk, state=JobState.WAITING, attempts=job.attempts)
        if mine.update(
            state=JobState.RUNNING,
            attempts=F("attempts") + 1,
            worker=worker[:100],
            started_at=now,
            heartbeat_at=now,
            cancel_asked_at=None,
            done=0,
            total=0,
            sentence="",
        ):
            job.attempts += 1
            job.started_at = job.heartbeat_at = now
            job.state = JobState.RUNNING
            return job


def beat(*, lease: Lease, now: datetime) -> bool:
    """Say that the attempt lives; False where it is no longer the row's."""
    return bool(lease.rows().update(heartbeat_at=now))


def note_progress(*, lease: Lease, done: int, total: int, sentence: str, now: datetime) -> bool:
    """Write how far the attempt is; False where it is no longer the row's."""
    return bool(
        lease.rows().update(
            done=max(0, min(done, total)),
            total=max(0, total),
            sentence=sentence[:LONGEST_SENTENCE],
            heartbeat_at=now,
        )
    )


def end_done(*, lease: Lease, summary: str, file: str, now: datetime) -> bool:
    """End a job well; `file` is below VAR/results, or empty."""
    columns = {"summary": summary, "file": file, "error": "", "traceback": ""}
    total = F("total")
    return end(lease.rows(), now=now, state=JobState.DONE, sentence="", done=total, **columns)


def end_cancelled(*, lease: Lease, now: datetime) -> bool:
    """End a job that was stopped because somebody asked for that."""
    sentence = "Cancelled while it ran."
    return end(lease.rows(), now=now, state=JobState.CANCELLED, sentence=sentence)


def end_failed(*, lease: Lease, error: str, traceback: str, now: datetime) -> bool:
    """End a job that failed for good: it needs attention."""
    texts = {"error": error[:LONGEST_ERROR], "traceback": traceback[-LONGEST_TRACEBACK:]}
    return end(lease.rows(), now=now, state=JobState.FAILED, **texts)


def wait_again(*, lease: Lease, error: str, traceback: str, wait: timedelta, now: datetime) -> bool:
    """Let a job that failed this once wait and be begun again."""
    return _go_on(
        lease,
        now,
        next_try_at=now + wait,
        error=error[:LONGEST_ERROR],
        traceback=traceback[-LONGEST_TRACEBACK:],
    )


def hand_back(*, lease: Lease, now: datetime) -> bool:
    """Give a job back that was stopped because its worker goes; it was no failure of the job's."""
    return _go_on(lease, now, next_try_at=now, attempts_before=F("attempts_before") + 1)


def _go_on(lease: Lease, now: datetime, **columns: Any) -> bool:
    """Let a job wait for its next attempt; one that somebody cancelled meanwhile has none."""
    going = lease.rows().filter(cancel_asked_at=None)
    if going.update(state=JobState.WAITING, worker="", **columns):
        return True
    return end_cancelled(lease=lease, now=now)


def silent_since(*, since: datetime, dead_workers: list[str]) -> list[Job]:
    """Return the running jobs that nobody told of since then, or whose worker is known dead."""
    rows = Job.objects.filter(state=JobState.RUNNING)
    rows = rows.filter(Q(heartbeat_at__lt=since) | Q(worker__in=dead_workers))
    return list(rows.order_by("pk")[:MOST_AT_ONCE])


def running_workers() -> list[str]:
    """Return the names of the workers that hold running jobs."""
    rows = Job.objects.filter(state=JobState.RUNNING).order_by("worker")
    return list(rows.values_list("worker", flat=True).distinct())


def take_back(*, job: Job, most_attempts: int, now: datetime) -> bool:
    """Let a job go on elsewhere whose worker fell silent, at most its number of times."""
    lease = Lease(job.pk, job.attempts)
    if job.cancel_asked_at:
        return end_cancelled(lease=lease, now=now)
    if job.attempts_used >= most_attempts:
        error = f"Its worker died {job.attempts_used} times while it ran."
        return end_failed(lease=lease, error=error, traceback="", now=now)
    error = "Its worker died; it is begun again."
    return wait_again(lease=lease, error=error, traceback="", wait=timedelta(0), now=now)
