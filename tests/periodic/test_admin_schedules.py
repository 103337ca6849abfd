"""Schedules in the admin: the owner's words, the next five times, run now, on and off."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from money.models import Business, Role
from periodic.actions.schedules import ship_schedules
from periodic.models import Job, Missed, Schedule
from tests.make import NOW, a_business, a_user, amina

pytestmark = pytest.mark.django_db
LIST = "/admin/periodic/schedule/"


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        Schedule.objects.all().delete()
        ship_schedules(now=NOW)
        yield


@pytest.fixture
def owner(client: Client) -> Client:
    a_business()
    client.force_login(amina())
    return client


@pytest.fixture
def of_one_only(client: Client) -> Client:
    """Who manages one business of two."""
    a_business()
    a_business(slug="maji")
    client.force_login(amina(duka=Role.OWNER, maji=Role.AUDITOR))
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def page_of(name: str) -> str:
    schedule = Schedule.objects.get(name=name)
    return reverse("admin:periodic_schedule_change", args=[schedule.pk])


def send(client: Client, name: str, **changes: str) -> str:
    row = Schedule.objects.get(name=name)
    fields = {"words": row.words, "is_on": "on", "missed": row.missed, "parameters": "{}"}
    sent = {**fields, "business": "", "_continue": "1", **changes}
    return text_of(client.post(page_of(name), sent, follow=True))


def test_the_owner_sees_every_shipped_schedule_and_when_it_runs(owner: Client) -> None:
    text = text_of(owner.get(LIST))

    for title in ("End of day", "Owner's daily report", "Audit verification", "daily 21:00"):
        assert title.replace("'", "&#x27;") in text
    page = text_of(owner.get(page_of("daily_report")))
    assert "Next: Sun 22 Nov 2026, 21:00; Mon 23 Nov 2026, 21:00; Tue 24 Nov" in page
    assert "As it was shipped." in page


def test_new_words_are_kept_with_their_trace_and_the_next_times(owner: Client) -> None:
    text = send(owner, "daily_report", words="weekdays 19:30", missed=Missed.SKIP)

    assert "Next: Mon 23 Nov 2026, 19:30; Tue 24 Nov 2026, 19:30" in text
    row = Schedule.objects.get(name="daily_report")
    assert (row.words, row.missed) == ("weekdays 19:30", Missed.SKIP)
    assert row.changed_by
    assert row.changed_by.username == "amina"
    told = LogEntry.objects.get().get_change_message()
    assert told.startswith("When: weekdays 19:30. It was: daily 21:00.")


def test_words_that_mean_nothing_are_refused_with_what_is_understood(owner: Client) -> None:
    text = send(owner, "daily_report", words="every 7 minutes")

    assert "Every 7 minutes does not come out even" in text
    assert "weekdays 17:30" in text
    assert Schedule.objects.get(name="daily_report").words == "daily 21:00"
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("[1]", "Write names and values"),
        ('{"a": [1]}', "Write names and values"),
        ('{"due": "now"}', "“due” is set by each run itself."),
        ("{", "Enter a valid JSON."),
        ('{"a": "\\u0000"}', "Write names and values"),
        ('{"\\ud800": 1}', "Write names and values"),
        (f'{{"a": 1{"0" * 30}}}', "Write names and values"),
        ('{"a": ' + "[" * 490, "Enter a valid JSON."),
        ('{"a": ' + "[" * 490 + "]" * 490 + "}", "At most 500 letters."),
        (f'{{"a": {"9" * 5_000}}}', "At most 500 letters."),
        ("[" * 100_000, "At most 500 letters."),
    ],
    ids=lambda value: value[:30],
)
def test_parameters_are_names_and_plain_values(owner: Client, sent: str, sentence: str) -> None:
    assert sentence in send(owner, "daily_report", parameters=sent)
    assert Schedule.objects.get(name="daily_report").parameters == {}


def test_the_times_of_words_are_shown_while_they_are_typed(owner: Client) -> None:
    def shown(words: str) -> str:
        return text_of(owner.get(f"{LIST}times/", {"words": words}))

    assert shown("daily 08:00").startswith("Next: Mon 23 Nov 2026, 08:00; Tue 24 Nov")
    assert "&lt;b&gt;” is not understood" in shown("<b>")


def test_run_now_asks_for_a_job_of_each_business_and_shows_it(owner: Client) -> None:
    a_business(slug="maji")
    a_user("amina", maji=Role.OWNER)
    row = Schedule.objects.get(name="close_days")

    text = text_of(
        owner.post(LIST, {"action": "ask_now", "_selected_action": [row.pk]}, follow=True)
    )

    assert "End of day: Asked to run now: 2 jobs." in text
    assert {job.business and job.business.slug for job in Job.objects.all()} == {"duka", "maji"}
    assert LogEntry.objects.get().get_change_message() == "Asked to run now: 2 jobs."
    page = text_of(owner.get(page_of("close_days")))
    assert "Sun 22 Nov 2026, 12:00 Amina maji Waiting" in page


def test_a_schedule_is_switched_off_and_on(owner: Client) -> None:
    row = Schedule.objects.get(name="clean_up")

    for action in ("switch_off", "switch_on"):
        owner.post(LIST, {"action": action, "_selected_action": [row.pk]})
        row.refresh_from_db()
        assert row.is_on == (action == "switch_on")

    assert row.next_run_at == NOW + timedelta(hours=16, minutes=15)
    assert [entry.get_change_message()[:12] for entry in LogEntry.objects.order_by("pk")] == [
        "Switched off",
        "Switched on.",
    ]


def test_an_owner_adds_a_schedule_for_one_business(owner: Client) -> None:
    duka = Business.objects.get()
    fields = {
        "kind": "close_days",
        "title": "Close early",
        "name": "close_early",
        "words": "Saturday 01:00",
        "is_on": "on",
        "missed": "skip",
        "business": str(duka.pk),
        "parameters": "{}",
    }

    owner.post(f"{LIST}add/", fields)

    made = Schedule.objects.get(name="close_early")
    assert (made.business, made.is_per_business, made.kind) == (duka, True, "close_days")
    refused = owner.post(f"{LIST}add/", {**fields, "name": "other", "kind": "daily_report"})
    assert "This runs for all businesses together." in text_of(refused)
    assert not Schedule.objects.filter(name="other").exists()


def test_who_manages_one_business_changes_that_ones_schedules_only(of_one_only: Client) -> None:
    row = Schedule.objects.get(name="close_days")

    assert "End of day" in text_of(of_one_only.get(LIST))
    assert of_one_only.post(page_of("close_days"), {"words": "hourly"}).status_code == 403
    text = text_of(
        of_one_only.post(LIST, {"action": "ask_now", "_selected_action": [row.pk]}, follow=True)
    )
    assert "only who manages every business may do that." in text
    assert Job.objects.count() == 0
    for business, code in (("", 200), (str(Business.objects.get(slug="duka").pk), 302)):
        answer = of_one_only.post(
            f"{LIST}add/",
            {
                "kind": "close_days",
                "title": "Mine",
                "name": "mine",
                "words": "daily 04:00",
                "is_on": "on",
                "missed": "once",
                "business": business,
                "parameters": "{}",
            },
        )
        assert answer.status_code == code
    Schedule.objects.filter(name="mine").update(business=Business.objects.get(slug="maji"))
    of_one_only.get(LIST)  # takes the messages
    assert "Mine" not in text_of(of_one_only.get(LIST))


@pytest.mark.parametrize("role", [Role.CASHIER, Role.MANAGER, Role.ACCOUNTANT, Role.AUDITOR])
def test_others_do_not_find_the_schedules(client: Client, role: str) -> None:
    a_business()
    person = a_user("somebody", duka=role)
    person.is_staff = True
    person.save()
    client.force_login(person)

    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}times/", {"words": "hourly"}).status_code in {403, 302}


def test_no_schedule_is_deleted(owner: Client) -> None:
    row = Schedule.objects.get(name="clean_up")

    assert owner.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
