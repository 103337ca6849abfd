"""The Operations page: whoever manages sees it, whatever cannot be read."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client

from money.models import Business, Role
from mpesa import spool
from periodic.actions import drills
from periodic.actions.jobs import ask_for
from periodic.models import Backup, Drill, DrillPlace, Job, JobState, Schedule
from periodic.queries import of_neighbours, operations
from periodic.queries.depths import QueueAway
from periodic.queries.of_neighbours import VERIFICATION, last_backup, last_drill
from periodic.queries.operations import gather
from periodic.queues import QUEUES
from periodic.readings import Due, Kind, NotYet, Outcome, Spool, Unread, Waiting
from periodic.safekeeping import retention
from tests import make
from tests.make import NOW
from tests.periodic.test_workers import a_report

pytestmark = pytest.mark.django_db


def owner(client: Client, duka: Business) -> Client:
    client.force_login(make.amina())
    return client


def causes(page: str) -> dict[str, str]:
    """Return cause -> colour."""
    found = re.findall(r'class="tile (\w+)" data-cause="([\w-]+)"', page)
    return {cause: colour for colour, cause in found}


@pytest.mark.parametrize("path", ["/operations/", "/operations/now"])
def test_the_owner_sees_every_tile(client: Client, duka: Business, path: str) -> None:
    with time_machine.travel(NOW, tick=False):
        a_report()
        page = owner(client, duka).get(path).content.decode()

    assert causes(page)["workers"] == "red"  # payments has none
    assert causes(page)["queue-work"] == "green"
    assert causes(page)["drill"] == "grey"
    assert "work on shop, process 7" in page
    assert page.count("<html") == (1 if path == "/operations/" else 0)


@pytest.mark.parametrize("role", [Role.CASHIER, Role.MANAGER, Role.AUDITOR, Role.ACCOUNTANT])
def test_others_are_refused(client: Client, duka: Business, role: str) -> None:
    client.force_login(make.a_user("somebody", duka=role))

    assert client.get("/operations/").status_code == 403


def test_strangers_sign_in(client: Client, duka: Business) -> None:
    assert client.get("/operations/").headers["Location"] == "/login?next=/operations/"


def test_the_owners_front_page_leads_there(client: Client, duka: Business) -> None:
    assert b'href="/operations/"' in owner(client, duka).get("/admin/").content


def test_the_owner_reads_alerts_and_mails_in_the_admin(client: Client, duka: Business) -> None:
    mine = owner(client, duka)

    assert mine.get("/admin/periodic/alert/").status_code == 200
    assert mine.get("/admin/periodic/mail/").status_code == 200


@pytest.mark.filterwarnings("ignore::django.utils.deprecation.RemovedInDjango60Warning")
def test_the_monitors_list_asks_no_queue(
    client: Client, duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> int:
        raise OSError("no queue")

    for queue in QUEUES.values():
        monkeypatch.setattr(queue.storage, "queue_size", away)

    page = owner(client, duka).get("/admin/huey_monitor/taskmodel/")

    assert page.status_code == 200
    assert b"Operations: queues and workers" in page.content


@pytest.mark.parametrize("error", [QueueAway("Redis does not answer."), KeyError("x")])
def test_what_cannot_be_read_is_a_red_tile_and_no_error(
    client: Client, duka: Business, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away() -> None:
        raise error

    monkeypatch.setattr(operations, "depths", away)

    answer = owner(client, duka).get("/operations/")

    assert answer.status_code == 200
    assert causes(answer.content.decode())["queues"] == "red"


def test_a_statement_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def long() -> int:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_sleep(20)")
            else:
                cursor.execute(
                    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
                    " SELECT count(*) FROM n"
                )
            return 0

    monkeypatch.setattr(operations, "READING_MILLISECONDS", 50)
    begun = time.monotonic()

    found = operations._read("The jobs", long)

    assert found == Unread("The jobs cannot be read: the database takes too long, or refuses.")
    assert time.monotonic() - begun < 5
    assert operations._read("The jobs", operations._failed_jobs) == 0


def a_job(kind: str, state: str, *, ended: timedelta, took: int = 1) -> Job:
    job = ask_for(kind=kind, parameters={"n": Job.objects.count()}, now=NOW)
    end = NOW - ended
    Job.objects.filter(pk=job.pk).update(
        state=state, started_at=end - timedelta(seconds=took), ended_at=end, summary="42 entries."
    )
    return job


def test_jobs_are_counted_by_day_and_month_and_timed_by_kind(duka: Business) -> None:
    for took in range(1, 21):
        a_job("report", JobState.DONE, ended=timedelta(days=2), took=took)
    a_job("pack", JobState.DONE, ended=timedelta(hours=1), took=90)
    a_job("pack", JobState.FAILED, ended=timedelta(hours=2))
    a_job("pack", JobState.CANCELLED, ended=timedelta(hours=2))
    a_job("pack", JobState.DONE, ended=timedelta(days=31))

    readings = gather(NOW)

    jobs = readings.jobs
    assert not isinstance(jobs, Unread)
    assert jobs[:4] == (1, 1, 21, 1)
    assert jobs.kinds == [Kind("pack", 1, 90), Kind("report", 20, 19)]
    assert readings.failed_jobs == 1


def test_what_waits_of_payments_is_counted_with_the_oldest(duka: Business) -> None:
    till = make.a_till(duka)
    make.a_message(till, body=b"{}", received_at=NOW - timedelta(seconds=90))
    make.a_message(till, body=b"{}", received_at=NOW)

    assert gather(NOW).payment_events == Waiting(2, NOW - timedelta(seconds=90))


def test_the_spool_is_weighed(duka: Business) -> None:
    assert gather(NOW).spool == Spool(0, 0)
    assert spool.size_bytes() == 0


@pytest.mark.parametrize(
    ("state", "is_ok", "sentence"),
    [(JobState.DONE, True, "42 entries."), (JobState.FAILED, False, f"{VERIFICATION} ")],
)
def test_the_last_verification_is_its_job(
    duka: Business, state: str, *, is_ok: bool, sentence: str
) -> None:
    a_job(VERIFICATION, state, ended=timedelta(hours=5))

    found = gather(NOW).verification

    assert isinstance(found, Outcome)
    assert found[:2] == (NOW - timedelta(hours=5), is_ok)
    assert found.sentence.startswith(sentence)


def test_schedules_backups_and_drills_are_read(duka: Business) -> None:
    Schedule.objects.all().delete()
    empty = (of_neighbours.next_schedules(NOW), last_backup(NOW), last_drill(NOW))
    for place, is_ok in ((DrillPlace.HERE, True), (DrillPlace.SECOND, False)):
        Drill.objects.create(at=NOW, place=place, backup="a", is_ok=is_ok, sentence="Told.")
    Backup.objects.create(
        name="a", taken_at=NOW, bytes=1_234, sha256="0" * 64, copy_trouble="No room."
    )
    Schedule.objects.create(name="a", title="A", kind="a", words="hourly", next_run_at=NOW)

    assert [type(one) for one in empty] == [NotYet] * 3
    assert of_neighbours.next_schedules(NOW) == [Due("A", NOW)]
    assert last_backup(NOW) == Outcome(NOW, is_ok=False, sentence="No room.")
    # Where one place restores and the other does not, the worse is told.
    assert last_drill(NOW) == Outcome(NOW, is_ok=False, sentence="Second place: Told.")


def test_what_a_clock_left_that_had_run_ahead_hides_nothing(duka: Business) -> None:
    for at, is_ok in ((NOW, False), (NOW + timedelta(days=365), True)):
        Drill.objects.create(at=at, place=DrillPlace.HERE, backup="a", is_ok=is_ok, sentence="x")
        trouble = "" if is_ok else "No room."
        Backup.objects.create(
            name=f"{at}", taken_at=at, bytes=1, sha256="0" * 64, copy_trouble=trouble
        )
        job = ask_for(kind=VERIFICATION, parameters={"due": f"{at}"}, now=at)
        state = JobState.DONE if is_ok else JobState.FAILED
        Job.objects.filter(pk=job.pk).update(state=state, ended_at=at)
    a_report(at=NOW + timedelta(days=365))

    found = gather(NOW)

    outcomes = (found.backup, found.drill, found.verification)
    assert [one.is_ok for one in outcomes if isinstance(one, Outcome)] == [False] * 3
    assert not isinstance(found.workers, Unread)
    assert "work" in found.workers.unserved
    names = [retention.name_of(NOW + timedelta(days=days)) for days in (-1, 0, 365)]
    assert drills._newest(names, NOW) == names[1]
    assert drills._newest(names[2:], NOW) == names[2]


def test_a_database_that_does_not_answer_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = []

    @contextmanager
    def in_time() -> Iterator[None]:
        waits.append(1)
        raise OperationalError("timeout expired")
        yield

    monkeypatch.setattr(operations, "_in_time", in_time)

    found = gather(NOW)

    assert len(waits) == 1
    assert isinstance(found.workers, Unread)
    assert isinstance(found.jobs, Unread)
    assert isinstance(found.disk_free_megabytes, int)
    assert isinstance(found.spool, Spool)
    assert not isinstance(found.queues, Unread)
