"""Drawers that nobody closed, and Z reports on their way to the owners."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as outbox
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from money.models import Business, Role
from periodic import tasks
from periodic.actions.mails import send_mails, write_z_mails
from periodic.kinds_of_schedules import KINDS
from periodic.models import Mail
from shops.actions.drawers import close_session
from shops.models import CashSession, FloatSource
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
NEXT_DAY = NOW + timedelta(hours=18)


@pytest.fixture(autouse=True)
def _the_next_day() -> Iterator[None]:
    with time_machine.travel(NEXT_DAY, tick=False):
        yield


@pytest.fixture
def duka() -> Business:
    business = make.a_business()
    owner = make.amina()
    owner.email = "amina@duka.test"
    owner.save()
    return business


def run(now: object = NEXT_DAY) -> str:
    """Run it at `now`; return what it told of drawers, before what it told of parked sales."""
    told = KINDS["close_expired_sessions"].work({}, lambda done, total: None, now)  # type: ignore[arg-type]
    return told.partition(" Parked sales")[0]


def counted(session: CashSession, shillings: int = 0, now: object = NEXT_DAY) -> CashSession:
    return close_session(
        session_id=session.pk,
        business=session.business,
        counts={"1": shillings},
        left_cents=None,
        by=make.a_user("baraka"),
        now=now,  # type: ignore[arg-type]
    )


def test_what_was_forgotten_is_closed_once_and_named(duka: Business) -> None:
    make.a_session(duka)

    assert [run(NEXT_DAY - timedelta(minutes=1)), run(), run()] == [
        "No cash session was forgotten.",
        "Closed uncounted: Z 1 of Amina duka.",
        "No cash session was forgotten.",
    ]
    assert CashSession.objects.get().is_uncounted


def test_many_that_were_forgotten_are_counted(duka: Business) -> None:
    make.a_session(duka)
    for number in range(6):
        make.a_session(make.a_business(slug=f"b{number}"))

    assert run().endswith(" and 2 more.")
    assert not CashSession.objects.filter(closed_at=None).exists()


def test_the_owner_says_how_long_a_session_may_be(duka: Business, settings: Settings) -> None:
    settings.CASH_SESSION_HOURS = 24
    make.a_session(duka)

    assert run() == "No cash session was forgotten."
    assert run(NOW + timedelta(hours=24)) == "Closed uncounted: Z 1 of Amina duka."


def test_it_is_a_command(duka: Business, capsys: pytest.CaptureFixture[str]) -> None:
    make.a_session(duka)

    call_command("close_expired_sessions")
    call_command("close_expired_sessions")

    told = capsys.readouterr().out.splitlines()
    assert [line.partition(" Parked sales")[0] for line in told] == [
        "Closed uncounted: Z 1 of Amina duka.",
        "No cash session was forgotten.",
    ]


def test_each_z_report_is_mailed_to_the_owners_once(duka: Business) -> None:
    counted(make.a_session(duka, shillings=500, source=FloatSource.OWNER), 300)
    make.a_session(duka, shillings=300)

    written = [write_z_mails(now=NEXT_DAY), write_z_mails(now=NEXT_DAY + timedelta(hours=1))]
    sent = [send_mails(now=NEXT_DAY), send_mails(now=NEXT_DAY + timedelta(hours=1))]

    assert (written, sent) == ([1, 0], [1, 0])
    (mail,) = outbox.outbox
    assert (mail.to, mail.subject) == (["amina@duka.test"], "Amina duka: Z 1, KES 200 short")
    assert "Z REPORT 1" in mail.body
    assert "OVER/SHORT                                -200" in mail.body


def test_what_nobody_counted_is_mailed_as_well(duka: Business) -> None:
    make.a_session(duka)
    run()

    write_z_mails(now=NEXT_DAY)

    assert Mail.objects.get().subject == "Amina duka: Z 1, nobody counted"


def test_the_bell_of_mails_writes_and_sends_it(duka: Business, settings: Settings) -> None:
    settings.MAIL_IS_CONFIGURED = True
    counted(make.a_session(duka))

    tasks.mail.call_local()
    tasks.mail.call_local()

    assert [mail.subject for mail in outbox.outbox] == ["Amina duka: Z 1, it ties"]


def test_old_reports_and_businesses_without_an_address_get_no_mail(duka: Business) -> None:
    counted(make.a_session(duka), now=NEXT_DAY - timedelta(days=3))
    maji = make.a_business(slug="maji")
    make.a_user("owner-of-maji", maji=Role.OWNER)
    counted(make.a_session(maji))

    assert write_z_mails(now=NEXT_DAY) == 0


def test_looking_for_mails_costs_as_much_with_many_reports(duka: Business) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert write_z_mails(now=NEXT_DAY) == 0
        return len(queries)

    costs = []
    for _ in range(3):
        counted(make.a_session(duka))
        write_z_mails(now=NEXT_DAY)
        costs.append(cost())

    assert len(set(costs)) == 1
