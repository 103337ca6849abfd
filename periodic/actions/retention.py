"""What jobs leave goes after a while: their files first, their rows later."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from periodic import results
from periodic.models import LIVE_JOBS, Job, JobState

MOST_AT_ONCE = 1_000


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
