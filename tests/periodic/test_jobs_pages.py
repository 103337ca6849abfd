"""The pages of jobs: who may ask, see, steer and download what, across businesses and roles."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from money.models import Business, Role, User
from periodic import bells, results
from periodic.actions.jobs import ask_for
from periodic.models import Job, JobState, Mail
from periodic.views import jobs as views
from tests import make

pytestmark = pytest.mark.django_db

STATEMENT = {"kind": "statement", "statement": "trial-balance", "format": "csv", "b": "duka"}
READERS = (Role.OWNER, Role.ACCOUNTANT, Role.AUDITOR)
OTHERS = (Role.MANAGER, Role.CASHIER, Role.RIDER, Role.LAUNDRY_ATTENDANT)


@pytest.fixture
def maji(duka: Business) -> Business:
    return make.a_business(slug="maji")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def a_statement(business: Business, by: User | None = None, **columns: object) -> Job:
    """Ask for a statement of a business and set what a worker would."""
    now = timezone.now()
    job = ask_for(
        kind="statement",
        parameters={"businesses": business.slug, "n": Job.objects.count()},
        business=business,
        by=by,
        now=now,
    )
    Job.objects.filter(pk=job.pk).update(**columns)
    job.refresh_from_db()
    return job


@pytest.fixture
def done(duka: Business, settings, tmp_path: Path) -> Job:
    settings.RESULTS_DIR = tmp_path
    job = a_statement(duka, state=JobState.DONE, ended_at=timezone.now(), attempts=1)
    (results.make_folder(job.pk, 1) / "trial-balance.csv").write_text("Account\n")
    Job.objects.filter(pk=job.pk).update(file=f"{job.pk}-1/trial-balance.csv")
    return job


def failed(business: Business, by: User | None = None) -> Job:
    return a_statement(
        business, by, state=JobState.FAILED, ended_at=timezone.now(), error="It broke.", attempts=4
    )


@pytest.mark.parametrize("role", READERS)
def test_who_sees_the_books_asks_sees_and_downloads(done: Job, role: str) -> None:
    client = signed_in(make.a_user("somebody", duka=role))

    asked = client.post("/jobs/start", STATEMENT)
    file = client.get(f"/jobs/{done.pk}/file")

    job = Job.objects.latest("pk")
    assert (asked.status_code, asked["Location"]) == (302, f"/jobs/{job.pk}/")
    assert (job.business, job.parameters["businesses"]) == (done.business, "duka")
    assert client.get(f"/jobs/{job.pk}/").status_code == 200
    assert b"".join(file.streaming_content) == b"Account\n"
    assert file["Content-Disposition"] == 'attachment; filename="trial-balance.csv"'


@pytest.mark.parametrize("role", OTHERS)
def test_who_sees_no_books_finds_nothing(done: Job, role: str) -> None:
    client = signed_in(make.a_user("somebody", duka=role))

    assert client.post("/jobs/start", STATEMENT).status_code == 403
    assert client.get("/jobs/new/statement/").status_code == 403
    for address in ("", "progress", "file"):
        assert client.get(f"/jobs/{done.pk}/{address}").status_code == 404
    for deed in ("cancel", "retry", "give-up"):
        assert client.post(f"/jobs/{done.pk}/{deed}").status_code == 404
    assert "trial-balance" not in client.get("/jobs/?all=1").content.decode()


def test_an_owner_of_another_business_finds_nothing(done: Job, maji: Business) -> None:
    broken = failed(Business.objects.get(slug="duka"))
    client = signed_in(make.a_user("somebody", maji=Role.OWNER))

    asked = client.post("/jobs/start", STATEMENT)

    assert asked.status_code == 422
    assert [client.get(f"/jobs/{done.pk}/{path}").status_code for path in ("", "file")] == [404] * 2
    assert f"/jobs/{broken.pk}/" not in client.get("/jobs/?all=1").content.decode()
    client.post("/jobs/many", {"deed": "retry", "job": [broken.pk]})
    broken.refresh_from_db()
    assert broken.state == JobState.FAILED


def test_a_job_over_two_businesses_needs_the_right_in_both(duka: Business, maji: Business) -> None:
    job = ask_for(kind="statement", parameters={"businesses": "duka,maji"}, now=timezone.now())
    one, both = make.a_user("one", duka=Role.OWNER), make.a_user("both", duka="owner", maji="owner")

    assert signed_in(one).get(f"/jobs/{job.pk}/").status_code == 404
    assert signed_in(both).get(f"/jobs/{job.pk}/").status_code == 200


def test_what_concerns_all_businesses_is_for_who_manages_all(
    duka: Business, maji: Business
) -> None:
    one, both = make.a_user("one", duka=Role.OWNER), make.a_user("both", duka="owner", maji="owner")

    assert signed_in(one).post("/jobs/start", {"kind": "verify_books"}).status_code == 403
    assert signed_in(both).post("/jobs/start", {"kind": "verify_books"}).status_code == 302
    assert signed_in(one).get(f"/jobs/{Job.objects.get().pk}/").status_code == 404


def test_visitors_sign_in_and_strangers_are_refused(done: Job) -> None:
    for address in ("/jobs/", f"/jobs/{done.pk}/", f"/jobs/{done.pk}/file"):
        assert Client().get(address).status_code == 302
        assert signed_in(make.chebet()).get(address).status_code == 403


def test_who_lost_the_role_lost_their_own_job(duka: Business) -> None:
    user = make.a_user("somebody", duka=Role.AUDITOR)
    job = a_statement(duka, user)
    user.memberships.all().delete()
    make.a_user("somebody", duka=Role.CASHIER)

    assert signed_in(user).get(f"/jobs/{job.pk}/").status_code == 404


def test_a_double_press_is_one_job(duka: Business) -> None:
    client = signed_in(make.amina())

    first, second = (client.post("/jobs/start", STATEMENT)["Location"] for _ in range(2))

    assert first == second
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"from": "2026-13-01"}, "as a date such as"),
        ({"statement": "novel"}, "Select a valid choice"),
        ({"b": "maji"}, "Select a valid choice"),
        ({"statement": "account-statement"}, "Name the account"),
        ({"from": "2026-11-30", "to": "2026-11-01"}, "ends before it begins"),
    ],
    ids=["no day", "no statement", "no business of mine", "no account", "crossed days"],
)
def test_start_says_what_is_wrong(duka: Business, changes: dict[str, str], sentence: str) -> None:
    answer = signed_in(make.amina()).post("/jobs/start", STATEMENT | changes)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("kind", ["novel", "", "a\x00b"])
def test_start_knows_no_such_kind(duka: Business, kind: str) -> None:
    assert signed_in(make.amina()).post("/jobs/start", {"kind": kind}).status_code == 404


def test_start_rings_the_bell(duka: Business, django_capture_on_commit_callbacks) -> None:
    bells.jobs.wait(0)
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(make.amina()).post("/jobs/start", STATEMENT)

    assert bells.jobs.wait(0)


def test_the_page_is_live_and_works_without_javascript(duka: Business) -> None:
    user, now = make.amina(), timezone.now()
    job = a_statement(
        duka,
        user,
        state=JobState.RUNNING,
        started_at=now - timedelta(seconds=30),
        done=25,
        total=100,
        sentence="Reading",
    )
    client = signed_in(user)

    page = client.get(f"/jobs/{job.pk}/").content.decode()
    part = client.get(f"/jobs/{job.pk}/progress")

    assert '<noscript><meta http-equiv="refresh"' in page
    assert "about 1 min 3" in part.content.decode()
    assert 'value="25"' in part.content.decode()
    assert "HX-Refresh" not in part
    Job.objects.update(state=JobState.DONE, ended_at=now)
    assert client.get(f"/jobs/{job.pk}/progress")["HX-Refresh"] == "true"


def test_cancel_retry_and_give_up_by_their_buttons(duka: Business) -> None:
    user = make.amina()
    waiting, broken, other = a_statement(duka, user), failed(duka, user), failed(duka, user)
    client = signed_in(user)

    for job, deed in ((waiting, "cancel"), (broken, "retry"), (other, "give-up")):
        client.post(f"/jobs/{job.pk}/{deed}")
        job.refresh_from_db()

    assert [job.state for job in (waiting, broken, other)] == ["cancelled", "waiting", "failed"]
    assert (broken.attempts, broken.attempts_used) == (4, 0)
    assert other.given_up_at is not None
    assert client.post(f"/jobs/{other.pk}/burn").status_code == 404


def test_what_needs_attention_is_steered_in_bulk(duka: Business) -> None:
    user = make.amina()
    first, second, third = (failed(duka) for _ in range(3))
    client = signed_in(user)
    assert "3 need attention" in client.get("/jobs/").content.decode()

    client.post(
        "/jobs/many", {"deed": "retry", "job": [first.pk, second.pk, "x", "9" * 30, "9" * 5_000]}
    )
    client.post("/jobs/many", {"deed": "give-up", "job": [first.pk, third.pk]})

    states = [job.state for job in Job.objects.order_by("pk")]
    assert states == [JobState.WAITING, JobState.WAITING, JobState.FAILED]
    assert "attention" not in client.get("/jobs/").content.decode()


def test_what_the_clock_asks_for_hides_nothing_from_who_may_not_see_it(
    duka: Business, maji: Business
) -> None:
    a_statement(duka, make.amina(), title="Asked by Amina")
    failed(duka)
    for n in range(2 * views.JOBS_READ):
        job = ask_for(kind="mpesa_balances", parameters={"n": n}, now=timezone.now())
        if n % 2:
            Job.objects.filter(pk=job.pk).update(state=JobState.FAILED, ended_at=timezone.now())
    reader = signed_in(make.a_user("baraka", duka=Role.ACCOUNTANT))

    text = reader.get("/jobs/?all=1").content.decode()

    assert "Asked by Amina" in text
    assert "1 needs attention" in text
    assert "Jumps in M-Pesa balances" not in text


def test_an_expired_or_strange_file_is_not_given(done: Job) -> None:
    client = signed_in(make.amina())
    for name in ("", "../../etc/passwd", f"{done.pk}-1/gone.csv"):
        Job.objects.update(file=name)
        assert client.get(f"/jobs/{done.pk}/file").status_code == 410


def test_a_notice_stands_in_the_header_until_one_looks(duka: Business) -> None:
    user, other = make.amina(), make.a_user("other", duka=Role.OWNER)
    job = failed(duka, user)

    header = "1 job ended"
    assert header in signed_in(user).get("/books/").content.decode()
    assert header not in signed_in(other).get("/books/").content.decode()
    signed_in(user).get(f"/jobs/{job.pk}/")
    assert header not in signed_in(user).get("/books/").content.decode()


def test_the_admin_shows_and_steers_jobs_of_ones_own_businesses(
    duka: Business, maji: Business
) -> None:
    mine, others, of_all = failed(duka), failed(maji), failed(duka)
    Job.objects.filter(pk=of_all.pk).update(business=None)
    client = signed_in(make.amina())

    page = client.get("/admin/periodic/job/").content.decode()
    for action in ("retry_jobs", "cancel_jobs"):
        chosen = [mine.pk, others.pk, of_all.pk]
        client.post("/admin/periodic/job/", {"action": action, "_selected_action": chosen})

    assert f"/job/{mine.pk}/change/" in page
    assert f"/job/{others.pk}/change/" not in page
    assert f"/job/{of_all.pk}/change/" not in page
    states = dict(Job.objects.values_list("pk", "state"))
    assert states == {mine.pk: "cancelled", others.pk: "failed", of_all.pk: "failed"}
    assert client.get(f"/admin/periodic/job/{mine.pk}/change/").status_code == 200
    assert not Mail.objects.exists()


def cancel_in_admin(client: Client, job: Job) -> int:
    return client.post(f"/admin/periodic/job/{job.pk}/cancel/").status_code


def test_a_job_is_cancelled_on_its_page_in_the_admin(duka: Business) -> None:
    waiting = a_statement(duka)
    under_way = a_statement(
        duka, state=JobState.RUNNING, started_at=timezone.now(), done=25, total=100
    )
    client = signed_in(make.amina())
    address = f"/admin/periodic/job/{under_way.pk}/change/"

    page = client.get(address).content.decode()
    answers = [cancel_in_admin(client, job) for job in (waiting, under_way)]

    assert f'action="/admin/periodic/job/{under_way.pk}/cancel/"' in page
    assert "csrfmiddlewaretoken" in page.split("Cancel this job")[0].split("/cancel/")[1]
    assert "25 %" in page
    assert answers == [302, 302]
    waiting.refresh_from_db()
    under_way.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    assert under_way.cancel_asked_at is not None
    after = client.get(address).content.decode()
    assert "It is being stopped." in after
    assert "Cancel this job" not in after
    cancel_in_admin(client, waiting)
    assert "It has ended already." in client.get(address).content.decode()


def test_the_admin_cancels_for_nobody_who_may_not(duka: Business, maji: Business) -> None:
    job = a_statement(duka)
    both = ask_for(
        kind="statement",
        parameters={"businesses": "duka,maji"},
        business=duka,
        now=timezone.now(),
    )
    amina = make.amina()
    owner, strict = signed_in(amina), Client(enforce_csrf_checks=True)
    strict.force_login(amina)
    neighbour, cashier = (
        make.a_user("neighbour", maji=Role.OWNER),
        make.a_user("cashier", duka=Role.CASHIER),
    )
    User.objects.update(is_staff=True)

    assert cancel_in_admin(signed_in(neighbour), job) == 404
    assert cancel_in_admin(signed_in(cashier), job) in {403, 404}
    assert cancel_in_admin(owner, both) == 403
    assert "Cancel this job" not in owner.get(f"/admin/periodic/job/{both.pk}/change/").text
    assert cancel_in_admin(strict, job) == 403
    assert owner.get(f"/admin/periodic/job/{job.pk}/cancel/").status_code == 405
    chosen = {"action": "cancel_jobs", "_selected_action": [both.pk]}
    assert "your role forbids it" in owner.post("/admin/periodic/job/", chosen, follow=True).text
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.WAITING}
