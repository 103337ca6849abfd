"""Lists of jobs, before rights are looked at."""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from money.models import User
from periodic.models import Job, JobState


def with_names(rows: QuerySet[Job]) -> QuerySet[Job]:
    """Return the rows with what a list shows of them, newest first, and no large columns."""
    return rows.select_related("business", "asked_by").defer("traceback").order_by("-pk")


def to_show(
    user: User, businesses: list[int], *, only_mine: bool, not_of_all: Collection[str] = ()
) -> QuerySet[Job]:
    """Return jobs that `user` asked for; or also those of these businesses, or of all of them.

    `not_of_all` are kinds left out where such a job names no business. The clock asks for hundreds
    a day: who may not see them would find nothing else among the newest.
    """
    mine = Q(asked_by=user)
    of_others = Q(business__in=businesses) | Q(business=None)
    rows = Job.objects.filter(mine if only_mine else mine | of_others)
    return with_names(rows.exclude(_of_all(not_of_all)))


def needing_attention(*, not_of_all: Collection[str] = ()) -> QuerySet[Job]:
    """Return the jobs that failed for good and that nobody gave up, newest first."""
    rows = Job.objects.filter(state=JobState.FAILED, given_up_at=None)
    return with_names(rows.exclude(_of_all(not_of_all)))


def _of_all(kinds: Collection[str]) -> Q:
    return Q(kind__in=kinds, business=None) & ~Q(parameters__has_key="businesses")
