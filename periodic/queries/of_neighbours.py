"""Three readings of what other parts of the workshop write: schedules, backups, drills.

Each returns `NotYet` where there is nothing to read. What a clock left that had run ahead is not
read: it would stand for the newest until that time comes, whatever happens meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime

from periodic.limits import A_SKEW
from periodic.models import Backup, Drill, Job, JobState, Schedule
from periodic.readings import Due, NotYet, Outcome

# The kind of job that verifies the books.
VERIFICATION = "verify_audit_trail"
MOST_SCHEDULES = 5


def next_schedules(now: datetime) -> Sequence[Due] | NotYet:
    """Return the schedules that are due next, five at most."""
    rows = Schedule.objects.filter(is_on=True).order_by("next_run_at", "title")[:MOST_SCHEDULES]
    dues = [Due(row.title, row.next_run_at) for row in rows if row.next_run_at]
    return dues or NotYet("No schedule is on.")


def last_backup(now: datetime) -> Outcome | NotYet:
    """Return when the last backup was taken, and its trouble where it had one."""
    backup = Backup.objects.filter(taken_at__lte=now + A_SKEW).order_by("-taken_at").first()
    if backup is None:
        return NotYet("No backup was taken yet.")
    sentence = backup.copy_trouble or f"{backup.name}, {backup.bytes:,} bytes"
    return Outcome(backup.taken_at, not backup.copy_trouble, sentence)


def last_drill(now: datetime) -> Outcome | NotYet:
    """Return when backups were last restored on trial, and how the worst place went."""
    newest = Drill.objects.filter(at__lte=now + A_SKEW).order_by("-at", "-pk").first()
    if newest is None:
        return NotYet("No backup was restored on trial yet.")
    same = Drill.objects.filter(at=newest.at).order_by("is_ok", "-pk")
    worst = same.first() or newest
    return Outcome(worst.at, worst.is_ok, f"{worst.get_place_display()}: {worst.sentence}")


def last_verification(now: datetime) -> Outcome | NotYet:
    """Return when all books were last verified, up to where, and how it went."""
    ended = Job.objects.filter(kind=VERIFICATION, state__in=[JobState.DONE, JobState.FAILED])
    job = ended.filter(ended_at__lte=now + A_SKEW).order_by("-ended_at").first()
    if job is None or job.ended_at is None:
        return NotYet("Not yet. By hand: manage.py verify_books.")
    is_ok = job.state == JobState.DONE
    return Outcome(job.ended_at, is_ok, (job.summary if is_ok else job.error)[:300] or str(job))
