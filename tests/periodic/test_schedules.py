"""Schedules become jobs: each due time once, whoever looks, and whatever the clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from money.models import Business
from periodic import apps, tasks
from periodic.actions.schedules import change_schedule, run_now, ship_schedules, turn
from periodic.models import Job, JobState, Missed, Schedule, Urgency
from periodic.shipped import SHIPPED
from periodic.timetable import NotUnderstood, next_time
from tests.make import NOW, a_business, amina

pytestmark = pytest.mark.django_db

A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _none_shipped(db: None) -> None:
    Schedule.objects.all().delete()


def a_schedule(words: str = "hourly", **fields: object) -> Schedule:
    given: dict[str, object] = {
        "name": "count",
        "title": "Count",
        "kind": "count",
        "words": words,
        "next_run_at": next_time(words, NOW),
    }
    return Schedule.objects.create(**{**given, **fields})


def look(schedule: Schedule, at: datetime) -> int:
    return turn(schedule=Schedule.objects.get(pk=schedule.pk), now=at)


def dues() -> list[str]:
    """Return hour and minute (UTC) of every due time that has a job, in the order of asking."""
    jobs = Job.objects.order_by("pk").values_list("parameters__due", flat=True)
    return [due.partition("T")[2] for due in jobs]


def test_a_due_time_is_one_job_however_often_one_looks() -> None:
    schedule = a_schedule(parameters={"whole": True})

    found = [look(schedule, NOW + at * A_MINUTE) for at in (0, 59, 60, 60, 61, 119, 120)]

    assert found == [0, 0, 1, 0, 0, 0, 1]
    job = Job.objects.order_by("pk")[0]
    assert job.parameters == {"whole": True, "due": "2026-11-22T10:00Z"}
    assert (job.kind, job.urgency) == ("count", Urgency.NIGHTLY)
    assert job.key == f"schedule:{schedule.pk}:2026-11-22T10:00Z"
    schedule.refresh_from_db()
    assert schedule.next_run_at == NOW + 3 * AN_HOUR
    assert schedule.last_run_at == NOW + 2 * AN_HOUR


def test_two_that_read_the_same_row_ask_once() -> None:
    a_schedule()
    first, second = Schedule.objects.get(), Schedule.objects.get()

    assert (turn(schedule=first, now=NOW + AN_HOUR), turn(schedule=second, now=NOW + AN_HOUR)) == (
        1,
        0,
    )
    assert dues() == ["10:00Z"]


@pytest.mark.parametrize("field", ["is_on", "words"])
def test_what_an_owner_changed_meanwhile_holds(field: str) -> None:
    schedule = a_schedule()
    as_read = Schedule.objects.get()
    if field == "is_on":
        Schedule.objects.update(is_on=False, next_run_at=None)
    else:
        Schedule.objects.update(words="daily 13:00")

    assert turn(schedule=as_read, now=NOW + AN_HOUR) == 0
    assert Job.objects.count() == 0
    assert Schedule.objects.get(pk=schedule.pk).next_run_at in {None, NOW + AN_HOUR}


def test_a_restart_of_minutes_leaves_no_due_time_out() -> None:
    schedule = a_schedule("every minute")

    look(schedule, NOW + 8 * A_MINUTE)

    assert dues() == [f"09:{minute:02}Z" for minute in range(1, 9)]


@pytest.mark.parametrize(
    ("missed", "expected"), [(Missed.ONCE, ["18:00Z"]), (Missed.SKIP, [])], ids=["once", "skip"]
)
def test_a_clock_that_jumps_forward_follows_the_policy(missed: str, expected: list[str]) -> None:
    schedule = a_schedule(missed=missed)

    look(schedule, NOW + 9 * AN_HOUR + 30 * A_MINUTE)

    assert dues() == expected
    schedule.refresh_from_db()
    assert schedule.next_run_at == NOW + 10 * AN_HOUR
    assert (schedule.last_run_at is not None) == bool(expected)


def test_what_is_due_just_now_stands_for_what_was_missed() -> None:
    schedule = a_schedule(missed=Missed.ONCE)

    look(schedule, NOW + 9 * AN_HOUR + 5 * A_MINUTE)

    assert dues() == ["18:00Z"]


def test_a_clock_that_jumps_back_brings_nothing_twice_and_stops_nothing() -> None:
    schedule = a_schedule()
    for hour in (1, 2, 3):
        look(schedule, NOW + hour * AN_HOUR)

    for at in range(60, 5 * 60):
        look(schedule, NOW + at * A_MINUTE)

    assert dues() == ["10:00Z", "11:00Z", "12:00Z", "13:00Z"]


def test_what_was_left_out_by_a_clock_ahead_is_run_when_it_comes() -> None:
    schedule = a_schedule(missed=Missed.SKIP)

    look(schedule, NOW + 5 * AN_HOUR + 30 * A_MINUTE)
    for at in (62, 63):
        look(schedule, NOW + at * A_MINUTE)

    assert dues() == ["10:00Z"]


def test_a_clock_that_was_years_ahead_for_a_moment_stops_nothing() -> None:
    schedule = a_schedule("daily 15:00")
    look(schedule, NOW + timedelta(days=2_000))
    Job.objects.all().delete()

    found = [look(schedule, NOW + at * AN_HOUR) for at in range(30)]

    assert sum(found) == 2
    assert dues() == ["12:00Z", "12:00Z"]


def test_a_run_for_all_businesses_is_a_job_of_each() -> None:
    for slug in ("maji", "duka"):
        a_business(slug=slug)
    schedule = a_schedule(is_per_business=True)

    assert look(schedule, NOW + AN_HOUR) == 2
    assert [job.business and job.business.slug for job in Job.objects.order_by("pk")] == [
        "duka",
        "maji",
    ]
    assert set(Job.objects.values_list("parameters__business", flat=True)) == {"duka", "maji"}
    Schedule.objects.update(business=Business.objects.get(slug="maji"))
    assert look(schedule, NOW + 2 * AN_HOUR) == 1


def test_the_tick_goes_on_past_a_schedule_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    long_ago = timezone.now() - A_MINUTE
    a_schedule("every minute", name="broken", kind="a", next_run_at=long_ago)
    a_schedule("every minute", name="whole", kind="b", next_run_at=long_ago)
    Schedule.objects.filter(name="broken").update(words="sometimes")

    tasks.ask_for_what_is_due()

    assert set(Job.objects.values_list("kind", flat=True)) == {"b"}
    assert "schedule" in caplog.text


def test_run_now_twice_in_a_minute_is_one_job_and_moves_no_due_time() -> None:
    a_business()
    by = amina()
    schedule = a_schedule()

    first, again = (run_now(schedule=schedule, by=by, now=NOW) for _ in range(2))

    assert first == again
    assert (first[0].asked_by, first[0].urgency) == (by, Urgency.PERSON)
    schedule.refresh_from_db()
    assert (schedule.last_run_at, schedule.next_run_at) == (NOW, NOW + AN_HOUR)
    Job.objects.update(state=JobState.DONE, ended_at=NOW)
    assert run_now(schedule=schedule, by=by, now=NOW + A_MINUTE) != first
    assert look(schedule, NOW + AN_HOUR) == 1


def test_run_now_stays_within_the_businesses_of_who_asks() -> None:
    duka, _ = a_business(), a_business(slug="maji")
    schedule = a_schedule(is_per_business=True)

    (job,) = run_now(schedule=schedule, by=amina(), now=NOW, only=[duka])

    assert job.business == duka


def test_a_change_counts_the_next_run_anew_only_where_the_time_changed() -> None:
    a_business()
    by = amina()
    due = a_schedule(next_run_at=NOW - A_MINUTE)

    due.missed = Missed.SKIP
    assert change_schedule(schedule=due, by=by, now=NOW).next_run_at == NOW - A_MINUTE
    due.words = "daily 08:00"
    assert change_schedule(schedule=due, by=by, now=NOW).next_run_at == NOW + 20 * AN_HOUR
    due.is_on = False
    assert change_schedule(schedule=due, by=by, now=NOW).next_run_at is None
    due.is_on = True
    assert change_schedule(schedule=due, by=by, now=NOW).next_run_at == NOW + 20 * AN_HOUR
    due.refresh_from_db()
    assert (due.changed_by, due.changed_at) == (by, NOW)


def test_words_that_mean_nothing_change_nothing() -> None:
    a_business()
    schedule = a_schedule()
    schedule.words = "sometimes"

    with pytest.raises(NotUnderstood):
        change_schedule(schedule=schedule, by=amina(), now=NOW)

    assert Schedule.objects.get().words == "hourly"


# What is shipped


def test_every_shipped_schedule_is_made_once() -> None:
    assert (ship_schedules(now=NOW), ship_schedules(now=NOW)) == (len(SHIPPED), 0)

    report = Schedule.objects.get(name="daily_report")
    assert (report.words, report.is_on) == ("daily 21:00", True)
    assert report.next_run_at == datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def test_migrate_ships_them() -> None:
    apps._ship()

    assert Schedule.objects.count() == len(SHIPPED)


def test_what_the_owner_changed_stays_and_the_rest_follows_the_page() -> None:
    a_business()
    ship_schedules(now=NOW)
    mine = Schedule.objects.get(name="daily_report")
    mine.words = "daily 19:30"
    change_schedule(schedule=mine, by=amina(), now=NOW)
    Schedule.objects.update(title="Old", missed=Missed.SKIP)
    Schedule.objects.filter(name="close_days").update(words="daily 01:00")

    assert ship_schedules(now=NOW) == len(SHIPPED)

    mine.refresh_from_db()
    assert (mine.words, mine.missed, mine.title) == (
        "daily 19:30",
        Missed.SKIP,
        "Owner's daily report",
    )
    other = Schedule.objects.get(name="close_days")
    assert (other.words, other.missed) == ("daily 03:30", Missed.ONCE)
    assert other.next_run_at == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


# What the table refuses


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("schedule_on_has_a_next_run", {"next_run_at": None}),
        ("schedule_on_has_a_next_run", {"is_on": False}),
        ("schedule_missed_is_known", {"missed": "anew"}),
        ("schedule_changed_says_by_whom", {"changed_at": NOW}),
        ("schedule_of_a_business_is_per_business", {"is_per_business": False}),
    ],
    ids=["on without", "off with", "policy", "by nobody", "of one business"],
)
def test_the_table_refuses(constraint: str, changes: dict[str, object]) -> None:
    schedule = a_schedule(is_per_business=True, business=a_business())

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(**changes)
