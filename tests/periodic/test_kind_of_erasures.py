"""Erasing several customers as a job: who may ask, what is refused; no job holds a phone."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from money.models import Business, Role, User
from mpesa.models import ErasureItem, ErasureRequest, ItemState, PaymentRequest, RequestState, Till
from periodic import tasks
from periodic.forms.erasures import MOST_PHONES, ErasuresForm
from periodic.models import Job, JobState
from periodic.workshop import wire
from periodic.workshop.child import Tick, work_on
from tests import make
from tests.mpesa.test_erasure import rows_of_everything

pytestmark = pytest.mark.django_db
PASTED = "0700 000 101\n\n+254 799 999 999"


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.RESULTS_DIR = tmp_path / "results"
    monkeypatch.setattr("periodic.workshop.child.connections.close_all", lambda: None)


@pytest.fixture
def owner(till: Till) -> User:
    row = make.a_request(till, checkout_request_id="")
    PaymentRequest.objects.filter(pk=row.pk).update(state=RequestState.FAILED)
    return make.amina()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def start(user: User, phones: str = PASTED, **fields: str) -> Any:
    data = {"kind": "erasures", "phones": phones, **fields}
    return signed_in(user).post("/jobs/start", data)


def told_by_a_child(*, is_stopped: bool = False) -> list[list[Any]]:
    """Run the only job as its process does, and return the words that its watcher hears."""
    Job.objects.update(state=JobState.RUNNING, attempts=1)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            tick = Tick(theirs)
            tick.is_stopped = is_stopped
            work_on(Job.objects.get().pk, 1, tick)
        ear = wire.Ear(ours)
        said: list[list[Any]] = []
        while not ear.is_over:
            said += ear.hear(1)
    return said


def tables_with(digits: str) -> set[str]:
    return {table for table, text in rows_of_everything() if digits in text}


def test_an_owner_pastes_phones_and_a_job_erases_them(owner: User) -> None:
    answer = start(owner)

    job = Job.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/jobs/{job.pk}/")
    assert job.parameters == {"request": ErasureRequest.objects.get().pk}
    assert (job.title, job.business) == ("Erase 2 customers", None)
    assert tables_with("700000101") == {"mpesa_paymentrequest", "mpesa_erasureitem"}

    *_, last = told_by_a_child()

    assert last == ["done", "1 of 2 erased, 1 unknown.", ""]
    assert tables_with("700000101") == tables_with("799999999") == set()


def test_a_job_that_is_told_to_stop_goes_on_when_it_is_tried_again(owner: User) -> None:
    start(owner)

    assert told_by_a_child(is_stopped=True) == [["cancelled"]]
    assert set(ErasureItem.objects.values_list("state", flat=True)) == {ItemState.WAITING}

    assert told_by_a_child()[-1][0] == "done"


def test_what_stands_in_the_way_needs_attention_and_names_no_phone(owner: User) -> None:
    PaymentRequest.objects.update(state=RequestState.ASKED)
    start(owner)

    verb, sentence, trace = told_by_a_child()[-1]

    assert verb == "failed"
    assert sentence.startswith("0 of 2 erased, 1 unknown. 1 not yet: try again once")
    assert "Line 1: Payment request" in sentence
    assert "700000101" not in sentence + trace


def test_a_double_press_is_one_job(owner: User) -> None:
    first, second = (start(owner)["Location"] for _ in range(2))

    assert first == second
    assert (Job.objects.count(), ErasureRequest.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("phones", "sentence"),
    [
        ("\n0700000101\n07123", "Line 3 is no phone."),
        ("", "This field is required."),
        ("\n \n", "Write at least one phone."),
        (
            "\n".join(f"0700{number:06}" for number in range(MOST_PHONES + 1)),
            "These are 201 phones. Erase at most 200 at once.",
        ),
    ],
    ids=["no phone", "nothing", "blank lines", "too many"],
)
def test_start_says_what_is_wrong(owner: User, phones: str, sentence: str) -> None:
    answer = start(owner, phones)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Job.objects.exists()
    assert not ErasureRequest.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_who_manages_nothing_is_refused(owner: User, role: str) -> None:
    client = signed_in(make.a_user("somebody", duka=role))

    assert client.post("/jobs/start", {"kind": "erasures", "phones": PASTED}).status_code == 403
    assert client.get("/jobs/new/erasures/").status_code == 403
    assert "Erase customers" not in client.get("/jobs/new/").content.decode()
    assert not ErasureRequest.objects.exists()


def test_who_manages_one_of_two_businesses_is_refused(owner: User, duka: Business) -> None:
    make.a_business(slug="maji")
    both = make.a_user("both", duka=Role.OWNER, maji=Role.OWNER)

    assert start(owner).status_code == 403
    assert not ErasureRequest.objects.exists()
    assert start(both).status_code == 302
    assert signed_in(owner).get(f"/jobs/{Job.objects.get().pk}/").status_code == 404


def test_an_owner_finds_the_form_among_the_jobs(owner: User) -> None:
    client = signed_in(owner)

    assert "Erase customers" in client.get("/jobs/new/").content.decode()
    page = client.get("/jobs/new/erasures/?phones=0700000101").content.decode()
    assert '<textarea name="phones"' in page
    assert "0700000101" not in page


def test_the_job_of_one_says_so(owner: User) -> None:
    form = ErasuresForm({"phones": "0700000101"}, user=owner)

    assert form.is_valid()
    assert form.title() == "Erase 1 customer"


def test_phones_of_a_cancelled_job_go_by_themselves(owner: User) -> None:
    start(owner)
    signed_in(owner).post(f"/jobs/{Job.objects.get().pk}/cancel")
    ErasureRequest.objects.update(asked_at=timezone.now() - timedelta(days=8))

    tasks.forget_old_jobs.call_local()

    assert set(ErasureItem.objects.values_list("state", "phone")) == {(ItemState.DROPPED, "")}
