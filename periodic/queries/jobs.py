"""Lists of jobs, before rights are looked at."""

from django.db.models import Q, QuerySet

from money.models import User
from periodic.models import Job, JobState


def with_names(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Return the rows with what a list shows of them, newest first, and no large columns."""
    return rows.select_related("business", "asked_by").defer("traceback").order_by("-pk")


def to_show(user: User, businesses: list[int], *, only_mine: bool) -> QuerySet[Job]:
    """Return jobs that `user` asked for; or also those of these businesses, or of all of them."""
    mine = Q(asked_by=user)
    of_others = Q(business__in=businesses) | Q(business=None)
    return with_names(Job.objects.filter(mine if only_mine else mine | of_others))


def needing_attention() -> QuerySet[Job]:
    """Return the jobs that failed for good and that nobody gave up, newest first."""
    return with_names(Job.objects.filter(state=JobState.FAILED, given_up_at=None))
