"""What people and schedules do to jobs: ask, cancel, retry, give up. Workers have `running`."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from money.models import Business, User
from periodic.actions.endings import end
from periodic.models import LIVE_JOBS, Job, JobState, Urgency


class NotNow(Exception):
    """The job is in a state in which this cannot be done; the message is a sentence."""


# What a parameter may be: what JSON gives back as it was.
Parameter = str | int | bool | None


def ask_for(  # noqa: PLR0913 a job has that many facts
    *,
    kind: str,
    parameters: Mapping[str, Parameter],
    now: datetime,
    by: User | None = None,
    business: Business | None = None,
    urgency: Urgency = Urgency.ORDINARY,
    key: str | None = None,
    wants_mail: bool = False,
    title: str = "",
) -> Job:
    """Ask for a job and return it. The same kind and parameters while one lives: that one.

    `key` names what asked for it by itself ("schedule:4:2026-11-22T01:00"): the same key is asked
    for once, whatever came of it. `title` is what people read. Raises nothing: who may
    ask, the edge sees to.
    """
    digest = digest_of(kind, parameters)
    same = Job.objects.filter(
        (Q(digest=digest) & Q(state__in=LIVE_JOBS)) | Q(key=key, key__isnull=False)
    ).order_by("-pk")
    if found := same.first():
        return found
    try:
        with transaction.atomic():
            return Job.objects.create(
                kind=kind,
                parameters=dict(parameters),
                digest=digest,
                key=key,
                business=business,
                asked_by=by,
                asked_at=now,
                next_try_at=now,
                urgency=urgency,
                wants_mail=wants_mail,
                title=title[:150],
            )
    except IntegrityError:  # the same asked at the same moment
        # Between our look and now the other may even have ended.
        return same.first() or Job.objects.filter(digest=digest).order_by("-pk")[0]


def digest_of(kind: str, parameters: Mapping[str, Parameter]) -> str:
    """Return what is the same for the same work: a SHA-256 of kind and parameters."""
    text = json.dumps([kind, dict(parameters)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def cancel(*, job_id: int, now: datetime) -> bool:
    """Cancel a job; True where it has ended by that, False where its process is to be stopped.

    Raises NotNow where it has ended already.
    """
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job_id, state=JobState.WAITING)
        if end(waiting, now=now, state=JobState.CANCELLED, sentence="Cancelled before it began."):
            return True
        running = Job.objects.filter(pk=job_id, state=JobState.RUNNING)
        if running.filter(cancel_asked_at=None).update(cancel_asked_at=now) or running.exists():
            return False
    raise NotNow("It has ended already.")


def retry(*, job_id: int, now: datetime) -> None:
    """Let a job that failed or was cancelled wait for a worker again, with all its attempts.

    Raises NotNow where it did not fail, or where the same was asked for anew and still lives.
    """
    rows = Job.objects.filter(pk=job_id, state__in=(JobState.FAILED, JobState.CANCELLED))
    try:
        with transaction.atomic():
            found = rows.update(
                state=JobState.WAITING,
                next_try_at=now,
                attempts_before=F("attempts"),
                cancel_asked_at=None,
                ended_at=None,
                given_up_at=None,
                seen_at=None,
                done=0,
                total=0,
                sentence="",
                error="",
                traceback="",
            )
    except IntegrityError as same:
        raise NotNow("The same was asked for anew and is under way.") from same
    if not found:
        raise NotNow("Only what failed or was cancelled can be tried again.")


def give_up(*, job_id: int, now: datetime) -> None:
    """Say that a failed job needs no attention any more. Raises NotNow."""
    rows = Job.objects.filter(pk=job_id, state=JobState.FAILED, given_up_at=None)
    if not rows.update(given_up_at=now, seen_at=Coalesce("seen_at", now)):
        raise NotNow("Only what failed can be given up.")


def mark_seen(*, by: User, now: datetime, job_id: int | None = None) -> int:
    """Note that `by` has seen how the jobs that they asked for ended, or one of them."""
    rows = Job.objects.filter(asked_by=by, ended_at__isnull=False, seen_at=None)
    return rows.filter(**({"pk": job_id} if job_id else {})).update(seen_at=now)
