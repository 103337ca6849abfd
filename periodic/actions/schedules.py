"""Due schedules become jobs, each due time once; and schedules are changed, shipped, run now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from money.models import Business, User
from periodic.actions.jobs import ask_for
from periodic.models import Job, Missed, Schedule, Urgency
from periodic.shipped import SHIPPED, Shipped
from periodic.timetable import last_time, next_time, next_times

# Later than this a due time is missed: a restart or a busy worker is no reason to leave one out.
GRACE = timedelta(minutes=10)
MOST_IN_GRACE = 11
A_SECOND = timedelta(seconds=1)


def turn(*, schedule: Schedule, now: datetime) -> int:
    """Ask for the jobs of every due time through `now`, once each; return how many are new.

    `schedule` is a row as it was read: where another worker was here since, nothing happens. Due
    times of the last ten minutes have a job each. Of those before, where there is none of the last
    ten minutes, the newest has one if the schedule says so. A clock that was set back brings
    nothing twice: a due time is the key of its jobs. Raises NotUnderstood.
    """
    as_read, later = schedule.next_run_at, next_time(schedule.words, now)
    if as_read is None or later >= as_read > now:
        return 0
    # What is further away than the next due time was left by a clock that had run ahead.
    since = as_read if as_read <= now else next_time(schedule.words, now - GRACE)
    dues = _due_times(schedule, since, now)
    unchanged = Schedule.objects.filter(
        pk=schedule.pk, is_on=True, words=schedule.words, next_run_at=as_read
    )
    with transaction.atomic():
        if not unchanged.update(next_run_at=later):
            return 0
        new = sum(_ask_at(schedule, due, now) for due in dues)
        if new:
            Schedule.objects.filter(pk=schedule.pk).update(last_run_at=now)
    return new


def schedules_on() -> list[int]:
    """Return ids of the schedules that are on."""
    return list(Schedule.objects.filter(is_on=True).order_by("pk").values_list("pk", flat=True))


def _due_times(schedule: Schedule, since: datetime, now: datetime) -> list[datetime]:
    """Return what is to be asked for of the due times from `since` through `now`."""
    recent = max(since, now - GRACE)
    coming = next_times(schedule.words, recent - A_SECOND, MOST_IN_GRACE)
    if due := [at for at in coming if recent <= at <= now]:
        return due
    newest = last_time(schedule.words, now)
    return [newest] if schedule.missed == Missed.ONCE and newest >= since else []


def _ask_at(schedule: Schedule, due: datetime, now: datetime) -> int:
    new = 0
    for business in businesses_of(schedule):
        key = f"schedule:{schedule.pk}:{_minute(due)}{f':{business.slug}' if business else ''}"
        if not Job.objects.filter(key=key).exists():
            _ask(schedule, business, due, now=now, key=key)
            new += 1
    return new


def businesses_of(schedule: Schedule) -> Iterable[Business | None]:
    """Return the businesses that a run makes a job for; one None where it is of all together."""
    if not schedule.is_per_business:
        return [None]
    return [schedule.business] if schedule.business else Business.objects.order_by("slug")


def parameters_of(
    schedule: Schedule, business: Business | None, due: datetime
) -> dict[str, str | int | bool | None]:
    """Return what a job is told: the schedule's own parameters, the due time, the business."""
    told = {**schedule.parameters, "due": _minute(due)}
    return {**told, "business": business.slug} if business else told


def _minute(at: datetime) -> str:
    assert at.utcoffset() == timedelta(0)
    return f"{at:%Y-%m-%dT%H:%M}Z"


def _ask(
    schedule: Schedule,
    business: Business | None,
    due: datetime,
    *,
    now: datetime,
    key: str,
    by: User | None = None,
) -> Job:
    return ask_for(
        kind=schedule.kind,
        parameters=parameters_of(schedule, business, due),
        now=now,
        by=by,
        business=business,
        urgency=Urgency.PERSON if by else Urgency.NIGHTLY,
        key=key,
    )


def run_now(
    *, schedule: Schedule, by: User, now: datetime, only: Iterable[Business] | None = None
) -> list[Job]:
    """Ask for the schedule's jobs at once, on or off; twice in a minute is once.

    `only` leaves out other businesses. The next due time stays as it is.
    """
    allowed = None if only is None else {one.pk for one in only}
    key = f"schedule:{schedule.pk}:now:{_minute(now)}"
    with transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(last_run_at=now)
        return [
            _ask(
                schedule,
                business,
                now,
                now=now,
                key=f"{key}:{business.slug}" if business else key,
                by=by,
            )
            for business in businesses_of(schedule)
            if business is None or allowed is None or business.pk in allowed
        ]


def change_schedule(*, schedule: Schedule, by: User, now: datetime) -> Schedule:
    """Keep what a person set on `schedule`, a row as it was read with new values, or a new one.

    The next run is counted from `now` where words or on changed; else it stays, or a due time of
    this very minute would be lost. Raises NotUnderstood, and nothing has changed.
    """
    with transaction.atomic():
        was = Schedule.objects.select_for_update().filter(pk=schedule.pk).first()
        if not schedule.is_on:
            schedule.next_run_at = None
        elif was and was.is_on and was.words == schedule.words:
            schedule.next_run_at = was.next_run_at
        else:
            schedule.next_run_at = next_time(schedule.words, now)
        schedule.changed_by, schedule.changed_at = by, now
        if was:
            # The kind and its texts are the program's; the tick alone writes the last run.
            schedule.save(
                update_fields=[
                    "words",
                    "is_on",
                    "missed",
                    "business",
                    "parameters",
                    "next_run_at",
                    "changed_by",
                    "changed_at",
                ]
            )
        else:
            schedule.save(force_insert=True)
    return schedule


def ship_schedules(*, now: datetime) -> int:
    """Bring the table in step with `periodic.shipped`; return how many rows were made or changed.

    What a person changed stays; twice is once.
    """
    there = Schedule.objects.in_bulk([one.name for one in SHIPPED], field_name="name")
    return sum(_ship(one, there.get(one.name), now) for one in SHIPPED)


def _ship(one: Shipped, row: Schedule | None, now: datetime) -> bool:
    ours: dict[str, object] = {
        "title": one.title,
        "about": one.about,
        "kind": one.name,
        "is_per_business": one.is_per_business,
    }
    theirs: dict[str, object] = {"words": one.words, "missed": one.missed}
    if row is None:
        first = {**ours, **theirs, "next_run_at": next_time(one.words, now)}
        _, is_new = Schedule.objects.get_or_create(name=one.name, defaults=first)
        return is_new
    wanted = ours if row.changed_at else {**ours, **theirs}
    if all(getattr(row, name) == value for name, value in wanted.items()):
        return False
    if not row.changed_at and row.words != one.words and row.is_on:
        wanted["next_run_at"] = next_time(one.words, now)
    Schedule.objects.filter(pk=row.pk, changed_at=row.changed_at).update(**wanted)
    return True
