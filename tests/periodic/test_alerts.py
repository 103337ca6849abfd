"""Trouble is told once when it begins and once when it is over; at night only what is urgent."""

from datetime import UTC, datetime, time, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail as outbox
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from pytest_django import Settings

from erp import env
from money.models import Role, User
from periodic import tasks
from periodic.actions import alerts
from periodic.actions.alerts import CALM, heal_alert, look_around, raise_alert
from periodic.actions.mails import IN_HAND, send_mails
from periodic.models import Alert, Mail
from periodic.quiet import NotHours, QuietHours, held_until, parse_hours
from periodic.tiles import Colour, Tile
from tests.make import NOW, a_business, a_user, amina

MINUTE = timedelta(minutes=1)
NAIROBI = ZoneInfo("Africa/Nairobi")
QUIET = QuietHours(time(21, 30), time(6))


@pytest.fixture
def owner(db: None) -> User:
    a_business()
    user = amina()
    user.email = "amina@duka.test"
    user.save()
    return user


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> dict[str, Colour]:
    """What the tiles are; a test paints them."""
    painted: dict[str, Colour] = {}

    def tiles(*_: object) -> list[Tile]:
        return [Tile(c, c.title(), "7", f"Look at {c}.", k) for c, k in painted.items()]

    monkeypatch.setattr(alerts, "tiles_of", tiles)
    monkeypatch.setattr(alerts, "gather", lambda now: None)
    return painted


def subjects() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("subject", flat=True))


def test_a_red_tile_is_mailed_once_and_again_when_it_is_well(
    owner: User, colours: dict[str, Colour]
) -> None:
    colours["memory"] = Colour.RED
    looked = [look_around(now=NOW + n * MINUTE) for n in range(100)]
    colours["memory"] = Colour.GREEN
    later = NOW + 99 * MINUTE
    soon = look_around(now=later + CALM - MINUTE)
    over = [look_around(now=later + CALM), look_around(now=later + CALM + MINUTE)]
    send_mails(now=later + CALM + MINUTE)

    assert [one.opened for one in looked] == [1] + [0] * 99
    assert (soon.healed, [one.healed for one in over]) == (0, [1, 0])
    assert subjects() == ["Duka: Memory", "Duka: Memory, well again"]
    assert [(m.to, m.subject) for m in outbox.outbox] == [
        (["amina@duka.test"], subject) for subject in subjects()
    ]
    assert "Look at memory." in outbox.outbox[0].body
    assert "From 22 November 2026, 12:00 to 22 November 2026, 13:49" in outbox.outbox[1].body


def test_what_flickers_is_one_trouble(owner: User, colours: dict[str, Colour]) -> None:
    for number in range(60):
        colours["disk"] = Colour.RED if number % 5 == 0 else Colour.AMBER
        look_around(now=NOW + number * MINUTE)

    assert subjects() == ["Duka: Disk"]


def test_what_comes_again_later_is_told_again(owner: User, colours: dict[str, Colour]) -> None:
    for number, colour in enumerate([Colour.RED, Colour.GREEN] * 2):
        colours["disk"] = colour
        look_around(now=NOW + number * CALM)

    assert subjects() == ["Duka: Disk", "Duka: Disk, well again"] * 2


def test_grey_opens_nothing_and_heals_nothing(owner: User, colours: dict[str, Colour]) -> None:
    raise_alert(cause="tampering", title="Books", sentence="Entry 7 was altered.", now=NOW)
    colours |= {"tampering": Colour.GREY, "drill": Colour.GREY}

    look_around(now=NOW + timedelta(days=1))

    assert list(Alert.objects.values_list("cause", "healed_at")) == [("tampering", None)]


def test_what_a_clock_that_ran_ahead_raised_heals_and_is_told_again(
    owner: User, colours: dict[str, Colour]
) -> None:
    colours["workers"] = Colour.RED
    look_around(now=NOW + timedelta(days=365))
    colours["workers"] = Colour.GREEN
    calm = [look_around(now=NOW).healed, look_around(now=NOW + CALM).healed]
    colours["workers"] = Colour.RED
    look_around(now=NOW + 2 * CALM)

    assert calm == [0, 1]
    assert subjects() == ["Duka: Workers", "Duka: Workers, well again", "Duka: Workers"]


def test_an_alert_goes_to_whole_addresses(owner: User, colours: dict[str, Colour]) -> None:
    for letter in "abc":
        person = a_user(letter, duka=Role.OWNER)
        User.objects.filter(pk=person.pk).update(email=f"{letter * 200}@{letter * 20}.test")
    colours["disk"] = Colour.RED
    look_around(now=NOW)

    assert all(one.endswith(".test") for one in Mail.objects.get().to.split(","))


def test_an_alert_raised_by_name_is_healed_by_name(owner: User) -> None:
    raised = [raise_alert(cause="tampering", sentence=f"Entry {n}.", now=NOW) for n in (7, 8)]
    healed = [heal_alert(cause="tampering", now=NOW + MINUTE) for _ in range(2)]

    alert = Alert.objects.get()
    assert (raised, healed) == ([True, False], [True, False])
    assert (str(alert), alert.sentence) == ("Tampering since 2026-11-22 09:00", "Entry 8.")


def test_without_an_address_the_mail_waits_for_one(owner: User, colours: dict[str, Colour]) -> None:
    User.objects.update(email="")
    a_user("baraka", duka=Role.CASHIER)
    User.objects.filter(username="baraka").update(email="baraka@duka.test")
    colours["disk"] = Colour.RED
    written = [look_around(now=NOW).written]
    User.objects.filter(pk=owner.pk).update(email="amina@duka.test")
    written += [look_around(now=NOW + MINUTE).written]

    assert written == [0, 1]
    assert Mail.objects.get().to == "amina@duka.test"


def test_without_a_mail_server_nothing_is_written(
    owner: User, colours: dict[str, Colour], settings: Settings
) -> None:
    settings.MAIL_IS_CONFIGURED = False
    colours["disk"] = Colour.RED

    assert look_around(now=NOW) == (1, 0, 0)


def test_quiet_hours_hold_what_is_not_urgent(
    owner: User, colours: dict[str, Colour], settings: Settings
) -> None:
    settings.QUIET_HOURS = QUIET
    night = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # 23:00 in Nairobi
    colours |= {"disk": Colour.RED, "forged": Colour.RED, "tampering": Colour.RED}
    look_around(now=night)

    sent = [send_mails(now=night), send_mails(now=datetime(2026, 11, 23, 3, 0, tzinfo=UTC))]

    assert sent == [2, 1]
    assert outbox.outbox[2].subject == "Duka: Disk"


@pytest.mark.django_db
def test_alert_open_once_per_cause_and_alert_heals_after_it_opened() -> None:
    facts = {"cause": "disk", "title": "Disk", "sentence": "x", "last_red_at": NOW}
    Alert.objects.create(opened_at=NOW, **facts)
    for name, wrong in {
        "alert_open_once_per_cause|UNIQUE": {"opened_at": NOW},
        "alert_heals_after_it_opened": {"opened_at": NOW, "healed_at": NOW - MINUTE},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Alert.objects.create(**{**facts, **wrong})


@pytest.mark.django_db
def test_two_who_see_it_at_once_open_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Alert.objects.create(cause="disk", title="Disk", sentence="x", opened_at=NOW, last_red_at=NOW)
    filtered = Alert.objects.filter

    def blind(**conditions: Any) -> Any:
        return filtered(**conditions).none()

    monkeypatch.setattr(Alert.objects, "filter", blind)

    assert raise_alert(cause="disk", sentence="x", now=NOW) is False


@pytest.mark.parametrize(
    ("error", "is_shown"),
    [
        (SMTPServerDisconnected("gone"), True),
        (TimeoutError(), True),
        (ConnectionRefusedError(), False),
        (SMTPRecipientsRefused({}), False),
    ],
    ids=["cut", "late", "refused", "address"],
)
def test_where_the_servers_answer_was_lost_the_mail_says_so(
    owner: User, monkeypatch: pytest.MonkeyPatch, error: Exception, *, is_shown: bool
) -> None:
    raise_alert(cause="disk", sentence="Full.", now=NOW)
    alerts.write_alert_mails(now=NOW)

    def fail(*_: object) -> int:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", fail)
        assert send_mails(now=NOW) == 0
    later = NOW + timedelta(hours=1)

    assert (send_mails(now=later), send_mails(now=later)) == (1, 0)
    assert Mail.objects.get().perhaps_twice is is_shown


def test_where_a_worker_died_with_a_mail_in_hand_the_mail_says_so(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_alert(cause="disk", sentence="Full.", now=NOW)
    alerts.write_alert_mails(now=NOW)

    def die(*_: object) -> int:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", die)
        with pytest.raises(SystemExit):
            send_mails(now=NOW)
    assert (send_mails(now=NOW), send_mails(now=NOW + IN_HAND)) == (0, 1)
    assert Mail.objects.get().perhaps_twice


def local(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=NAIROBI)


@pytest.mark.parametrize(
    ("moment", "quiet", "expected"),
    [
        (local(23), None, local(23)),
        (local(21, 29), QUIET, local(21, 29)),
        (local(21, 30), QUIET, local(6) + timedelta(days=1)),
        (local(5, 59), QUIET, local(6)),
        (local(6), QUIET, local(6)),
        (local(13), QuietHours(time(12), time(14)), local(14)),
        (local(14), QuietHours(time(12), time(14)), local(14)),
        (local(12), QuietHours(time(12), time(12)), local(12)),
    ],
)
def test_held_until(moment: datetime, quiet: QuietHours | None, expected: datetime) -> None:
    assert held_until(moment, quiet) == expected


@pytest.mark.parametrize(
    "text", ["22", "22:00", "24:00-06:00", "22:00-06:61", "x-y", "٢٢:00-06:00"]
)
def test_what_is_no_hours_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIET_HOURS", text)

    with pytest.raises(NotHours):
        parse_hours(text)
    with pytest.raises(ImproperlyConfigured, match="QUIET_HOURS: "):
        env.quiet_hours("QUIET_HOURS")


def test_hours_are_read() -> None:
    assert (parse_hours("21:30-06:00"), parse_hours(" ")) == (QUIET, None)


def test_the_clock_looks_around_on_both_queues(owner: User) -> None:
    with time_machine.travel(NOW, tick=False):
        tasks.look_around()
        tasks.look_around_for_work()

    assert Alert.objects.filter(cause="workers").count() == 1
    # Nobody works on `work`: what is written goes out all the same.
    assert [one.subject for one in outbox.outbox] == ["Duka: Workers"]
