"""What workers write about jobs: order, fences, ends, what is taken back and what is forgotten."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from money.models import Business, Role
from periodic import backoff, results
from periodic.actions import running
from periodic.actions.jobs import NotNow, ask_for, cancel, give_up, mark_seen, retry
from periodic.actions.retention import expire_results, forget_ended
from periodic.models import Job, JobState, Mail, Urgency
from periodic.workshop.shop import is_known_dead, worker_name
from periodic.workshop.watch import take_back_silent
from tests import make

pytestmark = pytest.mark.django_db


def a_job(n: int = 0, **columns: object) -> Job:
    now = timezone.now()
    job = ask_for(kind="verify_books", parameters={"n": n}, now=now)
    Job.objects.filter(pk=job.pk).update(**columns)
    job.refresh_from_db()
    return job


def claimed(worker: str = "another:1:1") -> tuple[Job, running.Lease]:
    job = running.claim(worker=worker, now=timezone.now())
    assert job is not None
    return job, running.Lease(job.pk, job.attempts)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


@pytest.mark.parametrize("failures", [1, 2, 3, 8, 40, 10_000])
def test_backoff_doubles_up_to_its_most_with_half_left_to_chance(failures: int) -> None:
    chance = random.Random(failures)

    found = [backoff.wait_seconds(failures, first=15, most=3600, chance=chance) for _ in range(300)]

    whole = min(15 * 2 ** (failures - 1), 3600)
    assert whole - whole // 2 <= min(found)
    assert max(found) <= whole
    assert len(set(found)) > 3


def test_backoff_is_never_nothing() -> None:
    assert backoff.wait_seconds(0, first=0, most=0, chance=random.Random(1)) == 1


@pytest.mark.parametrize(
    ("elapsed", "done", "total", "left"),
    [
        (10, 1, 4, 30),
        (10, 3, 4, 4),
        (10, 4, 4, 0),
        (10, 0, 4, None),
        (0, 1, 4, None),
        (9, 5, 4, None),
    ],
    ids=["quarter", "nearly", "all", "nothing yet", "no time yet", "nonsense"],
)
def test_remaining_time(elapsed: int, done: int, total: int, left: int | None) -> None:
    found = backoff.remaining_seconds(elapsed_seconds=elapsed, done=done, total=total)

    assert found == left


def test_who_is_waited_for_goes_first_then_the_oldest() -> None:
    urgencies = [Urgency.NIGHTLY, Urgency.PERSON, Urgency.ORDINARY, Urgency.PERSON]
    jobs = [a_job(n, urgency=urgency) for n, urgency in enumerate(urgencies)]
    later = a_job(9, next_try_at=timezone.now() + timedelta(hours=1), urgency=Urgency.PERSON)

    order = [claimed()[0] for _ in jobs]

    assert order == [jobs[1], jobs[3], jobs[2], jobs[0]]
    assert running.claim(worker="w", now=timezone.now()) is None
    assert state_of(later) == JobState.WAITING


def test_five_hundred_waiting_are_taken_in_order() -> None:
    chance, now = random.Random(5), timezone.now()
    Job.objects.bulk_create(
        Job(
            kind="k",
            digest=str(n),
            asked_at=now,
            next_try_at=now,
            urgency=chance.choice([0, 10, 20]),
        )
        for n in range(500)
    )

    order = [(job.urgency, -job.pk) for job, _ in (claimed() for _ in range(500))]

    assert order == sorted(order, reverse=True)


def test_an_attempt_that_is_over_changes_nothing() -> None:
    job = a_job()
    _, old = claimed()
    Job.objects.update(state=JobState.WAITING)
    _, new = claimed()
    now, texts = timezone.now(), {"error": "x", "traceback": "y"}

    assert not running.beat(lease=old, now=now)
    assert not running.note_progress(lease=old, done=1, total=2, sentence="x", now=now)
    assert not running.end_done(lease=old, summary="x", file="", now=now)
    assert not running.end_failed(lease=old, now=now, **texts)
    assert not running.end_cancelled(lease=old, now=now)
    assert not running.hand_back(lease=old, now=now)
    assert not running.wait_again(lease=old, wait=timedelta(0), now=now, **texts)
    assert (state_of(job), job.attempts, job.error) == (JobState.RUNNING, 2, "")
    assert running.end_done(lease=new, summary="ok", file="", now=now)
    assert not running.end_done(lease=new, summary="again", file="", now=now)
    assert (state_of(job), job.summary) == (JobState.DONE, "ok")


def test_a_silent_job_is_taken_back_until_its_attempts_are_used_up() -> None:
    job = a_job()
    for attempt in range(1, 6):
        claimed()
        Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=31))
        assert take_back_silent() == 1
        assert state_of(job) == (JobState.FAILED if attempt == 5 else JobState.WAITING)

    assert job.error == "Its worker died 5 times while it ran."
    assert take_back_silent() == 0


def test_a_job_that_was_told_of_lately_stays_with_its_worker() -> None:
    job = a_job()
    claimed()
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=20))

    assert take_back_silent() == 0
    assert state_of(job) == JobState.RUNNING


def test_a_worker_of_this_machine_that_is_gone_is_known_at_once() -> None:
    host, pid, began = worker_name().split(":")
    job = a_job()
    claimed(f"{host}:{pid}:{int(began) - 1}")

    assert is_known_dead(f"{host}:4194305:1")
    assert not is_known_dead(worker_name())
    assert not is_known_dead(f"elsewhere:{pid}:1")
    assert not is_known_dead("")
    assert take_back_silent() == 1
    assert state_of(job) == JobState.WAITING


def test_a_silent_job_that_was_to_be_cancelled_is() -> None:
    job = a_job()
    claimed()
    assert cancel(job_id=job.pk, now=timezone.now()) is False
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))

    take_back_silent()

    assert state_of(job) == JobState.CANCELLED


def test_what_was_asked_for_by_a_clock_that_ran_ahead_is_done_once_it_is_right() -> None:
    now = timezone.now()
    ahead = ask_for(kind="verify_books", parameters={}, now=now + timedelta(days=365))
    a_job(1, next_try_at=now + timedelta(minutes=50))  # after a failure

    assert [one.pk for one in running.due(now)] == [ahead.pk]


@pytest.mark.parametrize("ending", ["stumbled", "handed back"])
def test_a_cancel_holds_though_the_attempt_ended_before_anybody_saw_it(ending: str) -> None:
    job, now = a_job(), timezone.now()
    _, lease = claimed()
    assert cancel(job_id=job.pk, now=now) is False

    if ending == "stumbled":
        wait = timedelta(seconds=15)
        assert running.wait_again(lease=lease, error="x", traceback="", wait=wait, now=now)
    else:
        assert running.hand_back(lease=lease, now=now)

    assert state_of(job) == JobState.CANCELLED
    assert running.claim(worker="another:1:1", now=now + timedelta(hours=1)) is None


def test_cancel_retry_and_give_up_say_when_they_cannot() -> None:
    job, now = a_job(), timezone.now()

    with pytest.raises(NotNow):
        retry(job_id=job.pk, now=now)
    with pytest.raises(NotNow):
        give_up(job_id=job.pk, now=now)
    assert cancel(job_id=job.pk, now=now) is True
    with pytest.raises(NotNow):
        cancel(job_id=job.pk, now=now)
    a_job()  # the same, asked for anew
    with pytest.raises(NotNow, match="asked for anew"):
        retry(job_id=job.pk, now=now)


def test_a_retry_gets_all_attempts_again() -> None:
    job = a_job(attempts=5, state=JobState.FAILED, ended_at=timezone.now(), error="x")

    retry(job_id=job.pk, now=timezone.now())
    taken, _ = claimed()

    assert (taken.attempts, taken.attempts_used) == (6, 1)


@pytest.mark.parametrize("ending", ["done", "failed"])
def test_a_mail_is_written_once_to_who_wanted_one(duka: Business, ending: str) -> None:
    user = make.a_user("amina", duka=Role.OWNER)
    user.email = "amina@example.com"
    user.save()
    job = a_job(asked_by=user, wants_mail=True, title="A\nreport", business=duka)
    now = timezone.now()

    for _ in range(2):
        _, lease = claimed()
        if ending == "done":
            running.end_done(lease=lease, summary="Here.", file="", now=now)
        else:
            running.end_failed(lease=lease, error="Broken.", traceback="", now=now)
        Job.objects.update(state=JobState.WAITING, ended_at=None)

    mail = Mail.objects.get()
    assert (mail.key, mail.to, mail.business) == (f"job:{job.pk}", "amina@example.com", duka)
    assert mail.subject == f"A report: {ending}"
    assert mail.body.startswith("Here." if ending == "done" else "Broken.")


def test_no_mail_for_who_wanted_none_or_has_no_address(duka: Business) -> None:
    user = make.a_user("amina", duka=Role.OWNER)
    for n in range(2):
        a_job(n, asked_by=user, wants_mail=n == 0)
        _, lease = claimed()
        assert running.end_done(lease=lease, summary="", file="", now=timezone.now())

    assert not Mail.objects.exists()


def test_seen_is_noted_for_the_asker_alone(duka: Business) -> None:
    user = make.a_user("amina", duka=Role.OWNER)
    now = timezone.now()
    ended = a_job(1, asked_by=user, state=JobState.DONE, ended_at=now)
    a_job(2, asked_by=user)
    a_job(3, state=JobState.DONE, ended_at=now)

    assert mark_seen(by=user, now=now) == 1
    ended.refresh_from_db()
    assert ended.seen_at == now


def test_files_expire_strays_go_and_what_is_needed_stays(settings, tmp_path: Path) -> None:
    settings.RESULTS_DIR = tmp_path
    now = timezone.now()
    old, new = now - timedelta(days=8), now - timedelta(days=6)
    expired, kept = (
        a_job(n, state=JobState.DONE, ended_at=at, attempts=1) for n, at in enumerate((old, new))
    )
    running_now = a_job(2, state=JobState.RUNNING, attempts=2)
    for job in (expired, kept):
        (results.make_folder(job.pk, 1) / "a.csv").write_text("a")
        Job.objects.filter(pk=job.pk).update(file=f"{job.pk}-1/a.csv")
    for attempt in (1, 2):
        results.make_folder(running_now.pk, attempt)
    (tmp_path / "not ours").mkdir()

    assert expire_results(now=now) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"{kept.pk}-1", f"{running_now.pk}-2", "not ours"}
    expired.refresh_from_db()
    assert expired.file == ""
    assert expire_results(now=now) == 0


def test_old_jobs_are_forgotten_but_not_what_needs_attention() -> None:
    long_ago = timezone.now() - timedelta(days=91)
    a_job(1, state=JobState.DONE, ended_at=long_ago)
    attention = a_job(2, state=JobState.FAILED, ended_at=long_ago)
    a_job(3, state=JobState.FAILED, ended_at=long_ago, given_up_at=long_ago)
    young = a_job(4, state=JobState.DONE, ended_at=timezone.now())

    assert forget_ended(now=timezone.now()) == 2
    assert set(Job.objects.all()) == {attention, young}


@pytest.mark.parametrize("file", ["/etc/passwd", "../1-1.csv", "", "deeper/a.csv"])
def test_a_result_outside_of_its_folder_is_refused(settings, tmp_path: Path, file: str) -> None:
    settings.RESULTS_DIR = tmp_path / "results"
    folder = results.make_folder(1, 1)
    (folder / "deeper").mkdir()
    (folder / "deeper" / "a.csv").write_text("a")

    with pytest.raises(results.NotOurs):
        results.name_within(str(folder / file), 1, 1)
