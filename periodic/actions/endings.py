"""How a job ends: one conditional UPDATE, and the mail to who wanted one, in one transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from periodic.models import Job, JobState, Mail

TITLES = {
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


def end(rows: QuerySet[Job], *, now: datetime, state: JobState, **columns: Any) -> bool:
    """End the one job of `rows`, if it is still one of them; False where it is not."""
    with transaction.atomic():
        # Locked, so that what is read here is what is ended.
        job = rows.select_for_update(of=("self",)).select_related("asked_by", "business").first()
        if job is None:
            return False
        Job.objects.filter(pk=job.pk).update(state=state, ended_at=now, **columns)
        if job.wants_mail and state != JobState.CANCELLED:
            job.refresh_from_db()
            _write_mail(job, now)
    return True


def _write_mail(job: Job, now: datetime) -> None:
    """Write to who asked, once however often the job is tried again."""
    if job.asked_by is None or not job.asked_by.email:
        return
    title = job.title or job.kind
    Mail.objects.get_or_create(
        key=f"job:{job.pk}",
        defaults={
            "business": job.business,
            "to": job.asked_by.email[:500],
            "subject": " ".join(f"{title}: {TITLES[JobState(job.state)]}".split())[:150],
            "body": f"{job.summary or job.error}\n\nSee it in Duka under Jobs, number {job.pk}.\n",
            "written_at": now,
            "next_try_at": now,
        },
    )
