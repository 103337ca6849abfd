"""What jobs leave goes after a while: their files first, their rows later."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from periodic import results
from periodic.models import LIVE_JOBS, Job, JobState, Mail

MOST_AT_ONCE = 1_000
PACKS, REPORTS = "month-packs", "daily-reports"
# What a killed run left half: nothing takes so long to be written.
HALF_FOR = timedelta(days=1)


def expire_results(*, now: datetime) -> int:
    """Delete the files of jobs that ended RESULT_DAYS ago, and folders that are nobody's.

    Returns how many folders went. A bounded number at once; the next hour goes on.
    """
    # Looked at before the rows: what appears meanwhile is too new to be a stray.
    stray = results.strays(set())
    old = Job.objects.filter(ended_at__lt=now - timedelta(days=settings.RESULT_DAYS))
    ids = list(old.exclude(file="").order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    Job.objects.filter(pk__in=ids).update(file="")
    rows = Job.objects.filter(~Q(file="") | Q(state__in=LIVE_JOBS))
    kept = set(rows.values_list("pk", "attempts"))
    gone = [pair for pair in stray if pair not in kept][:MOST_AT_ONCE]
    for job_id, attempt in gone:
        results.drop_folder(job_id, attempt)
    return len(gone)


def forget_ended(*, now: datetime) -> int:
    """Delete jobs that ended JOB_DAYS ago, but those that need attention; returns how many."""
    old = Job.objects.filter(ended_at__lt=now - timedelta(days=settings.JOB_DAYS))
    old = old.exclude(state=JobState.FAILED, given_up_at=None)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    # The rows first: a file whose row is gone is a stray, and the next hour's.
    return Job.objects.filter(pk__in=ids).delete()[0]


def expire_papers(*, now: datetime) -> int:
    """Delete the papers of months after PAPER_DAYS, daily reports after RESULT_DAYS.

    So long after somebody last wrote or asked for them, that is: papers of a locked month can be
    made again. A month whose papers a dead run never brought together goes after RESULT_DAYS, too.
    What a mail has yet to carry stays. Returns how many folders went; half files go beside.
    """
    short = now - timedelta(days=settings.RESULT_DAYS)
    long = now - timedelta(days=settings.PAPER_DAYS)
    waiting = Mail.objects.filter(sent_at=None).exclude(attachment="")
    kept = {Path(name).parent for name in waiting.values_list("attachment", flat=True)}
    gone = 0
    for folder in _folders(PACKS, REPORTS):
        _drop_halves(folder, now)
        is_pack = folder.parent.name == PACKS and any(folder.glob("*.zip"))
        is_old = folder.stat().st_mtime < (long if is_pack else short).timestamp()
        if is_old and folder.relative_to(results.root()) not in kept:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _folders(*names: str) -> Iterator[Path]:
    for name in names:
        above = results.root() / name
        if above.is_dir():
            yield from sorted(one for one in above.iterdir() if one.is_dir())


def _drop_halves(folder: Path, now: datetime) -> None:
    """Delete the half files of dead runs; the folder is no younger for it."""
    before = folder.stat()
    old = (now - HALF_FOR).timestamp()
    halves = [one for one in folder.glob(".*.part") if one.stat().st_mtime < old]
    for half in halves:
        half.unlink(missing_ok=True)
    if halves:
        os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
