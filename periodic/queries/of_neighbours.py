"""Three readings of what other parts of the workshop write: schedules, backups, drills.

Each returns `NotYet` where there is nothing to read.
"""

from collections.abc import Sequence
from datetime import datetime

from periodic.models import Job, JobState
from periodic.readings import Due, NotYet, Outcome

# The kind of job that verifies the books.
VERIFICATION = "verify_audit_trail"


def next_schedules(now: datetime) -> Sequence[Due] | NotYet:
    """Return the schedules that are due next, five at most."""
    return NotYet("No schedule is kept yet.")


def last_backup() -> Outcome | NotYet:
    """Return when the last backup was taken, and its trouble where it had one."""
    return NotYet("No backup was taken yet.")


def last_drill() -> Outcome | NotYet:
    """Return when a backup was last restored on trial, and how it went."""
    return NotYet("No backup was restored on trial yet.")


def last_verification() -> Outcome | NotYet:
    """Return when all books were last verified, up to where, and how it went."""
    ended = Job.objects.filter(kind=VERIFICATION, state__in=[JobState.DONE, JobState.FAILED])
    job = ended.order_by("-ended_at").first()
    if job is None or job.ended_at is None:
        return NotYet("Not yet. By hand: manage.py verify_books.")
    is_ok = job.state == JobState.DONE
    return Outcome(job.ended_at, is_ok, (job.summary if is_ok else job.error)[:300] or str(job))
