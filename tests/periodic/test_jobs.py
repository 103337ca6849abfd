"""Jobs: asked for once, and what the table refuses."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from periodic.actions.jobs import ask_for
from periodic.models import Job, JobState

pytestmark = pytest.mark.django_db


def test_the_same_asked_twice_is_one_job_while_it_lives() -> None:
    now = timezone.now()
    first = ask_for(kind="backup", parameters={"day": "2026-11-22", "whole": True}, now=now)

    assert ask_for(kind="backup", parameters={"whole": True, "day": "2026-11-22"}, now=now) == first
    assert ask_for(kind="backup", parameters={"day": "2026-11-23", "whole": True}, now=now) != first
    Job.objects.filter(pk=first.pk).update(state=JobState.DONE, ended_at=now)
    assert ask_for(kind="backup", parameters={"day": "2026-11-22", "whole": True}, now=now) != first


def test_a_key_is_asked_for_once_whatever_came_of_it() -> None:
    now = timezone.now()
    first = ask_for(kind="backup", parameters={}, key="schedule:1:2026-11-22", now=now)
    Job.objects.update(state=JobState.FAILED, ended_at=now)

    assert ask_for(kind="backup", parameters={}, key="schedule:1:2026-11-22", now=now) == first
    assert ask_for(kind="backup", parameters={}, key="schedule:1:2026-11-23", now=now) != first


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("job_same_is_one_while_live", {"digest": "same"}),
        ("job_ended_says_when", {"state": JobState.DONE}),
        ("job_ended_says_when", {"ended_at": timezone.now()}),
    ],
    ids=["two alike", "done without a time", "ended while it waits"],
)
def test_the_table_refuses(constraint: str, changes: dict[str, object]) -> None:
    now = timezone.now()
    Job.objects.create(kind="a", digest="same", asked_at=now, next_try_at=now)
    second = Job(kind="b", digest="other", asked_at=now, next_try_at=now)
    for name, value in changes.items():
        setattr(second, name, value)

    with pytest.raises(IntegrityError, match=f"{constraint}|job.digest"), transaction.atomic():
        second.save()
