"""Mails about closed days: rows first, once per fact, sent until the server takes them."""

import re
from datetime import date, timedelta
from itertools import pairwise
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail as outbox
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from pytest_django import Settings

from erp import env
from money.actions.periods import close_day, close_year, lock_month, unlock
from money.models import Business, PeriodEvent, Role, User
from money.verification import verify_books
from periodic import tasks
from periodic.actions import mails
from periodic.actions.mails import send_mails, write_day_mails, write_mail
from periodic.models import Mail
from tests.make import NOW, TODAY, a_business, a_user, amina, an_entry
from tests.money.pages import an_adjustment

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - timedelta(days=1)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def owner() -> User:
    a_business()
    user = amina()
    user.email = "amina@duka.test"
    user.save()
    return user


@pytest.fixture
def duka(owner: User) -> Business:
    business = Business.objects.get(slug="duka")
    an_entry(business, occurred_on=YESTERDAY, cents=123_400)
    close_day(business=business, day=YESTERDAY, actor=owner, at=NOW)
    return business


def test_a_closed_day_leaves_the_machine_with_its_anchor(duka: Business) -> None:
    write_day_mails(now=NOW)
    send_mails(now=NOW)

    (sent,) = outbox.outbox
    anchor = PeriodEvent.objects.get().hash
    assert (sent.to, sent.subject) == (
        ["amina@duka.test"],
        "Amina duka: 21 November 2026 closed",
    )
    assert "1,234" in sent.body
    assert f"verify_books --against {anchor}" in sent.body
    found = re.search(r"[0-9a-f]{64}", str(sent.body))
    assert found
    assert verify_books(against=[found[0]]).is_ok


def test_a_day_is_written_and_sent_once(duka: Business) -> None:
    counts = [write_day_mails(now=NOW), write_day_mails(now=NOW)]
    sent = [send_mails(now=NOW), send_mails(now=NOW + timedelta(hours=1))]

    assert (counts, sent, len(outbox.outbox)) == ([1, 0], [1, 0], 1)


def test_an_unlocking_is_told_to_the_owner(duka: Business, owner: User) -> None:
    unlock(business=duka, from_day=YESTERDAY, actor=owner, reason="A forgotten receipt", at=NOW)

    assert write_day_mails(now=NOW) == 2
    body = Mail.objects.order_by("-pk")[0].body
    assert "Reason: A forgotten receipt" in body
    assert "amina unlocked" in body.lower()


def test_a_locked_month_leaves_the_machine_with_its_anchor(duka: Business, owner: User) -> None:
    write_day_mails(now=NOW)
    event = lock_month(business=duka, month=date(2026, 10, 1), actor=owner, at=LATER)

    assert write_day_mails(now=LATER) == 1
    mail = Mail.objects.order_by("-pk")[0]
    assert mail.subject == "Amina duka: October 2026 locked"
    assert "Amina locked the books of Amina duka through 31 October 2026" in mail.body
    assert f"verify_books --against {event.hash}" in mail.body


def test_a_closed_year_leaves_the_machine_with_its_anchor(duka: Business, owner: User) -> None:
    write_day_mails(now=NOW)
    event = close_year(business=duka, year_end=date(2025, 12, 31), actor=owner, at=LATER)

    assert write_day_mails(now=LATER) == 1
    mail = Mail.objects.order_by("-pk")[0]
    assert mail.subject == "Amina duka: year through 31 December 2025 closed"
    assert "Amina closed the year through 31 December 2025 of Amina duka" in mail.body
    assert "opened" not in mail.body
    assert f"verify_books --against {event.hash}" in mail.body


def test_closing_a_locked_year_is_one_mail_and_no_alarm(duka: Business, owner: User) -> None:
    an_adjustment(duka, lines=[("1000", 100), ("4040", -100)], occurred_on=date(2025, 12, 30))
    lock_month(business=duka, month=date(2026, 10, 1), actor=owner, at=NOW)
    assert write_day_mails(now=NOW) == 2
    close_year(business=duka, year_end=date(2025, 12, 31), actor=owner, at=LATER)
    changes = list(PeriodEvent.objects.order_by("number").values_list("change", flat=True))[2:]
    assert changes == ["unlocked", "year_closed", "month_locked", "day_closed"]

    counts = [write_day_mails(now=LATER), write_day_mails(now=LATER)]

    assert counts == [1, 0]
    mail = Mail.objects.order_by("-pk")[0]
    assert mail.subject == "Amina duka: year through 31 December 2025 closed"
    assert "closed again as far as before" in mail.body
    assert "ask at once" not in mail.body
    anchors = PeriodEvent.objects.filter(number__gte=4).values_list("hash", flat=True)
    assert len(anchors) == 3
    assert all(f"--against {anchor}" in mail.body for anchor in anchors)


def test_an_unlocking_before_a_year_is_closed_is_still_an_alarm(
    duka: Business, owner: User
) -> None:
    lock_month(business=duka, month=date(2026, 10, 1), actor=owner, at=NOW)
    unlock(business=duka, from_day=date(2025, 12, 1), actor=owner, reason="Old receipts", at=LATER)
    close_year(
        business=duka,
        year_end=date(2025, 12, 31),
        actor=owner,
        at=LATER + timedelta(minutes=1),
    )

    write_day_mails(now=LATER + timedelta(minutes=1))

    subjects = Mail.objects.order_by("pk").values_list("subject", flat=True)
    assert list(subjects)[-2:] == [
        "Amina duka: books unlocked",
        "Amina duka: year through 31 December 2025 closed",
    ]


def test_an_old_day_is_no_news(duka: Business) -> None:
    assert write_day_mails(now=NOW + timedelta(days=2)) == 0


def test_owners_alone_get_mail_and_only_of_their_business(duka: Business) -> None:
    a_business(slug="maji")
    for name, role, slug in (("njeri", Role.ACCOUNTANT, "duka"), ("zawadi", Role.OWNER, "maji")):
        user = a_user(name, **{slug: role})
        user.email = f"{name}@duka.test"
        user.save()
    gone = a_user("gone", duka=Role.OWNER)
    gone.email, gone.is_active = "gone@duka.test", False
    gone.save()

    write_day_mails(now=NOW)

    assert Mail.objects.get().to == "amina@duka.test"


def test_without_an_address_nothing_is_written_until_there_is_one(
    duka: Business, owner: User
) -> None:
    User.objects.update(email="")
    before = write_day_mails(now=NOW)
    User.objects.filter(pk=owner.pk).update(email="amina@duka.test")

    assert (before, write_day_mails(now=NOW)) == (0, 1)


def test_a_name_with_a_line_break_forges_no_header(duka: Business) -> None:
    Business.objects.update(name="Duka\r\nBcc: thief@duka.test")

    write_day_mails(now=NOW)

    assert send_mails(now=NOW) == 1
    assert outbox.outbox[0].recipients() == ["amina@duka.test"]
    assert "\n" not in outbox.outbox[0].subject


@pytest.fixture
def dead_server(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuse every mail to an address in the list, as a server that hangs up does."""
    refused = ["amina@duka.test"]
    real = EmailBackend.send_messages

    def send(self: EmailBackend, messages: list[outbox.EmailMessage]) -> int:
        if any(address in refused for message in messages for address in message.to):
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    return refused


def test_a_dead_server_loses_no_mail_and_is_asked_less_and_less(
    duka: Business, dead_server: list[str]
) -> None:
    write_day_mails(now=NOW)
    moments, now = [], NOW
    for _ in range(12):
        assert send_mails(now=now) == 0
        now = Mail.objects.get().next_try_at
        moments.append(now)
    waits = [(b - a).total_seconds() / 60 for a, b in pairwise(moments)]
    trouble = Mail.objects.get().trouble
    dead_server.clear()

    assert send_mails(now=now - timedelta(seconds=1)) == 0
    assert send_mails(now=now) == 1
    assert waits == [4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]
    assert trouble == "SMTPServerDisconnected: Connection unexpectedly closed"
    assert (Mail.objects.get().trouble, Mail.objects.get().sent_at) == ("", now)


def test_one_bad_address_holds_up_no_other(duka: Business, dead_server: list[str]) -> None:
    write_day_mails(now=NOW)
    Mail.objects.create(
        key="other",
        business=duka,
        to="zawadi@duka.test",
        subject="Other",
        body="Other",
        written_at=NOW,
        next_try_at=NOW,
    )

    assert send_mails(now=NOW) == 1
    assert [message.to for message in outbox.outbox] == [["zawadi@duka.test"]]


def test_a_mail_in_the_hands_of_a_worker_is_left_to_it_until_it_seems_dead(duka: Business) -> None:
    write_day_mails(now=NOW)
    Mail.objects.update(next_try_at=NOW + timedelta(minutes=5))  # as the other claimed it

    assert send_mails(now=NOW + timedelta(minutes=4)) == 0
    assert send_mails(now=NOW + timedelta(minutes=5)) == 1


def test_a_slow_server_has_no_mail_sent_by_two_at_once(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes two minutes; beside the third the next worker comes along."""
    for n in range(4):
        write_mail(key=f"{n}", business=duka, to=["a@b.ke"], subject=f"{n}", body="", now=NOW)
    seconds = iter([0, 0, 150, 301, *[301] * 99])
    monkeypatch.setattr(mails.time, "monotonic", lambda: next(seconds))
    real, sent = EmailBackend.send_messages, []

    def send(self: EmailBackend, messages: list[outbox.EmailMessage]) -> int:
        sent.append(messages[0].subject)
        if sent == ["0", "1", "2"]:
            send_mails(now=NOW + timedelta(seconds=310))
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    send_mails(now=NOW)

    assert sent == ["0", "1", "2", "3"]
    assert not Mail.objects.filter(perhaps_twice=True).exists()


def test_what_a_clock_that_ran_ahead_wrote_goes_once_it_is_right(duka: Business) -> None:
    write_mail(
        key="1", business=duka, to=["a@b.ke"], subject="1", body="", now=NOW + timedelta(days=365)
    )

    assert [send_mails(now=NOW), send_mails(now=NOW)] == [1, 0]


def test_no_mail_goes_to_half_an_address(duka: Business) -> None:
    to = [f"{letter * 120}@{letter * 50}.duka.test" for letter in "abc"]
    write_mail(key="1", business=duka, to=to, subject="1", body="", now=NOW)

    assert Mail.objects.get(key="1").to == ",".join(to[:2])


@pytest.mark.parametrize(("is_configured", "sent"), [(True, 1), (False, 0)])
def test_task_sends_where_mail_is_configured(
    duka: Business, settings: Settings, *, is_configured: bool, sent: int
) -> None:
    settings.MAIL_IS_CONFIGURED = is_configured

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.timezone, "now", lambda: NOW)
        tasks.mail.call_local()

    assert len(outbox.outbox) == sent


def test_mail_has_an_address(duka: Business) -> None:
    with pytest.raises(IntegrityError, match="mail_has_an_address"), transaction.atomic():
        Mail.objects.create(
            key="x", business=duka, subject="x", body="x", written_at=NOW, next_try_at=NOW
        )


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "tls", "ssl"),
    [
        ("smtp://u:p%40ss@mail.test", "mail.test", 587, "u", "p@ss", True, False),
        ("smtps://u:p@mail.test", "mail.test", 465, "u", "p", False, True),
        ("smtp://mail.test:2525", "mail.test", 2525, "", "", True, False),
    ],
)
def test_mail_url_is_read(
    monkeypatch: pytest.MonkeyPatch,
    *,
    url: str,
    host: str,
    port: int,
    user: str,
    password: str,
    tls: bool,
    ssl: bool,
) -> None:
    monkeypatch.setenv("MAIL_URL", url)

    assert env.mail_server("MAIL_URL") == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": tls,
        "EMAIL_USE_SSL": ssl,
    }


@pytest.mark.parametrize(
    "url", ["mail.test", "http://u:secret@mail.test", "smtp://u:secret@", "smtp://u:secret@h:port"]
)
def test_a_wrong_mail_url_stops_the_start_without_telling_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("MAIL_URL", url)

    with pytest.raises(ImproperlyConfigured) as refusal:
        env.mail_server("MAIL_URL")

    assert "secret" not in str(refusal.value)
    assert "smtp://user:password@host:587" in str(refusal.value)


def test_without_a_mail_url_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIL_URL", raising=False)

    assert env.mail_server("MAIL_URL") == {}
