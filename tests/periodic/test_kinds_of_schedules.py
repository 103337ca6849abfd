"""What the shipped schedules do: close, verify, remind, report, clean up; twice is once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail as outbox
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from money import triggers
from money.actions.periods import close_day, lock_month
from money.models import Book, Business, PeriodEvent, Role, User
from mpesa.models import InboundMessage, InboundState, Payment, TiedDay, Till
from periodic import kinds_of_schedules
from periodic.actions.audit import Altered
from periodic.actions.backups import Outcome
from periodic.actions.copies import MOST_SECONDS
from periodic.actions.mails import send_mails
from periodic.actions.schedules import ship_schedules
from periodic.kinds import lookup
from periodic.kinds_of_schedules import KINDS
from periodic.models import Backup, Drill, DrillPlace, Job, Mail, Schedule
from periodic.safekeeping.postgresql import TOOL_SECONDS
from periodic.shipped import SHIPPED
from periodic.verification import Untied
from tests.make import NOW, TODAY, a_business, a_message, a_payment, a_till, a_user, amina, an_entry
from tests.periodic.paper.reading import lines_of

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)
DUE = "2026-11-22T18:00Z"


@pytest.fixture
def duka() -> Business:
    business = a_business()
    owner = amina()
    owner.email = "amina@duka.test"
    owner.save()
    return business


@pytest.fixture
def till(duka: Business) -> Till:
    return a_till(duka)


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def results(settings: Settings, tmp_path: Path) -> Path:
    settings.RESULTS_DIR = tmp_path / "results"
    return tmp_path / "results"


def run(kind: str, **parameters: Any) -> str:
    return KINDS[kind].work(parameters, lambda done, total: None, NOW)


def called(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    call_command(*words)
    return capsys.readouterr().out


def alter(business: Business) -> None:
    """Change an entry behind the triggers, as somebody with the database's password may."""
    connection.check_constraints()
    triggers.drop()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE money_entry SET description = 'another' WHERE business_id = %s", [business.pk]
        )
    connection.check_constraints()
    triggers.install()


def test_every_shipped_schedule_has_a_kind_that_is_of_the_same_reach() -> None:
    assert {one.name: one.is_per_business for one in SHIPPED} == {
        name: kind.is_per_business for name, kind in KINDS.items()
    }


# The end of the day


def test_the_day_before_the_due_time_is_closed_once(duka: Business) -> None:
    told = [run("close_days", business="duka", due="2026-11-22T00:30Z") for _ in range(2)]

    assert told == [
        "21 November 2026 is closed.",
        "21 November 2026 was closed before, by event 1.",
    ]
    event = PeriodEvent.objects.get()
    assert (event.through_on, event.actor) == (TODAY - A_DAY, None)


def test_a_run_that_comes_late_closes_the_day_it_was_for(duka: Business) -> None:
    assert run("close_days", business="duka", due="2026-11-18T00:30Z").startswith("17 November")


def test_a_business_without_a_book_has_nothing_to_close(duka: Business) -> None:
    Book.objects.all().delete()

    assert "no book" in run("close_days", business="duka", due=DUE)


# Verification


def test_whole_books_are_told_so(duka: Business) -> None:
    an_entry(duka)

    assert run("verify_audit_trail") == "1 entries and 2 lines are as they were written."
    assert Mail.objects.count() == 0


def test_an_altered_entry_fails_the_run_and_is_mailed_once_a_day(duka: Business) -> None:
    an_entry(duka)
    alter(duka)

    for _ in range(2):
        with pytest.raises(Altered, match="duka entry 1: its text does not have its hash"):
            run("verify_audit_trail")

    mail = Mail.objects.get()
    assert (mail.subject, mail.to) == ("Amina duka: the books were altered", "amina@duka.test")
    assert "duka entry 1: its text does not have its hash" in mail.body


def test_nobody_hears_of_the_books_of_others(duka: Business) -> None:
    maji = a_business(slug="maji")
    other = a_user("chebet", maji=Role.OWNER)
    User.objects.filter(pk=other.pk).update(email="chebet@maji.test")
    an_entry(duka)
    an_entry(maji)
    alter(maji)

    with pytest.raises(CommandError, match="1 found"):
        call_command("verify_audit_trail", "--alert-on-tampering")

    assert Mail.objects.get().to == "chebet@maji.test"
    call_command("verify_audit_trail", "--business", "duka")
    with pytest.raises(CommandError, match="1 found"):
        call_command("verify_audit_trail", "--business", "maji")
    with pytest.raises(CommandError, match="no business shamba"):
        call_command("verify_audit_trail", "--business", "shamba")


# The reminder


def test_what_is_open_is_mailed_once_a_day(till: Till) -> None:
    a_payment(till, paid_at=NOW - A_DAY)
    message = a_message(till, body=b"{}")
    InboundMessage.objects.filter(pk=message.pk).update(
        state=InboundState.QUARANTINED, handled_at=NOW
    )

    told = [run("reconciliation_reminder", business="duka", due=DUE) for _ in range(2)]

    assert told[0] == told[1]
    mail = Mail.objects.get()
    assert mail.subject == "Amina duka: M-Pesa to reconcile"
    assert "* 1 payment of KES" in mail.body
    assert "unmatched, the oldest of 21 November 2026." in mail.body
    assert "* 1 message in quarantine." in mail.body
    assert "* Till 9900302: 1 day not tied to a statement (21 Nov)." in mail.body


def test_a_day_that_is_tied_and_today_are_not_open(till: Till) -> None:
    for number, at in enumerate((NOW, NOW - A_DAY)):
        a_payment(till, paid_at=at, receipt=f"UKM5A1B2C{number}")
    TiedDay.objects.create(till=till, day=TODAY - A_DAY, tied_at=NOW)

    assert "not tied" not in run("reconciliation_reminder", business="duka", due=DUE)


def test_nothing_open_is_no_mail(till: Till) -> None:
    told = run("reconciliation_reminder", business="duka", due=DUE)

    assert (told, Mail.objects.count()) == ("Everything is matched and tied.", 0)


# The report


def test_the_report_has_takings_cash_unmatched_and_heads(till: Till, duka: Business) -> None:
    an_entry(duka, cents=123_400)
    a_payment(till, paid_at=NOW)

    told = [run("daily_report", due=DUE) for _ in range(2)]

    assert told == ["1 mail to owners.", "0 mails to owners."]
    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == ("amina@duka.test", "22 November 2026: Amina duka")
    lines = {" ".join(line.split()) for line in mail.body.splitlines()}
    assert "Cash taken 1,234" in lines
    assert any(line.startswith("M-Pesa unmatched (1)") for line in lines)
    book = Book.objects.get()
    assert f"Amina duka, entry {book.last_number}" in lines
    assert f"python manage.py verify_books --against {book.head_hash}" in lines


def test_the_report_is_a_pdf_with_the_head_of_each_book(till: Till, results: Path) -> None:
    duka, maji = till.business, a_business(slug="maji")
    a_user("amina", maji=Role.OWNER)
    for business, cents in ((duka, 123_400), (maji, 56_600)):
        an_entry(business, cents=cents)
    a_payment(till, paid_at=NOW)
    run("daily_report", due=DUE)

    assert send_mails(now=NOW) == 1

    ((name, content, kind),) = outbox.outbox[0].attachments
    assert (name, kind) == ("duka-2026-11-22.pdf", "application/pdf")
    path = results / Mail.objects.get().attachment
    assert path.read_bytes() == content
    lines = lines_of(path)
    assert "Daily report, Sunday, 22 November 2026" in lines
    assert "Amina duka, Amina maji" in lines
    assert any(line.startswith("Amina duka 1,234") and line.endswith(" 1") for line in lines)
    assert any(line.startswith("Amina maji 566") and line.endswith("- -") for line in lines)
    assert any(line.startswith("All 1,800") for line in lines)
    for book in Book.objects.select_related("business"):
        assert f"{book.business.name}, entry {book.last_number}" in lines
        assert " ".join(book.head_hash[at : at + 8] for at in range(0, 32, 8)) in lines


def test_a_report_that_is_written_is_not_printed_again(duka: Business, results: Path) -> None:
    run("daily_report", due=DUE)
    path = results / Mail.objects.get().attachment
    path.unlink()

    assert run("daily_report", due=DUE) == "0 mails to owners."
    assert not path.exists()


def test_the_heads_leave_though_the_disk_is_full(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*told: object) -> None:
        raise OSError(28, "No space left on device")

    an_entry(duka)
    monkeypatch.setattr("periodic.paper.owners_day.write_owners_day", full)

    assert run("daily_report", due=DUE) == "1 mail to owners."
    mail = Mail.objects.get()
    assert mail.attachment == ""
    assert "no room for the PDF" in mail.body
    assert f"--against {Book.objects.get().head_hash}" in mail.body


def test_businesses_of_the_same_owners_stand_together_others_apart(duka: Business) -> None:
    for slug in ("maji", "dobi"):
        a_business(slug=slug)
    a_user("amina", maji=Role.OWNER, dobi=Role.OWNER)
    partner = a_user("chebet", dobi=Role.OWNER)
    User.objects.filter(pk=partner.pk).update(email="chebet@maji.test")

    assert run("daily_report", due=DUE) == "2 mails to owners."

    by_to = dict(Mail.objects.values_list("to", "body"))
    assert "AMINA DOBI" not in by_to["amina@duka.test"]
    assert {"AMINA DUKA", "AMINA MAJI", "ALL"} <= set(by_to["amina@duka.test"].splitlines())
    assert "AMINA DUKA" not in by_to["amina@duka.test,chebet@maji.test"]


@pytest.mark.parametrize("kind", ["daily_report", "reconciliation_reminder"])
def test_nothing_is_written_where_mail_is_not_set_up(
    till: Till, settings: Settings, kind: str
) -> None:
    a_payment(till, paid_at=NOW - A_DAY)
    settings.MAIL_IS_CONFIGURED = False

    assert run(kind, business="duka", due=DUE).startswith("Mail is not set up")
    assert Mail.objects.count() == 0
    command = {"daily_report": "send_daily_report"}.get(kind, kind)
    with pytest.raises(CommandError, match="Mail is not set up"):
        call_command(command)


# Clean-up, and commands


def test_sign_ins_that_ran_out_are_deleted() -> None:
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=NOW + days * A_DAY)

    assert run("clean_up").startswith("1 sign-ins")
    assert Session.objects.get().session_key == "new"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["close_days"], "duka: 21 November 2026 is closed.\n"),
        (["close_days", "--business", "duka"], "duka: 21 November 2026 is closed.\n"),
        (["reconciliation_reminder"], "duka: Everything is matched and tied.\n"),
        (["send_daily_report"], "1 mail to owners.\n"),
        (["verify_audit_trail"], "ok: 0 entries, 0 lines\n"),
        (
            ["clean_up"],
            (
                "0 sign-ins that had run out, 0 task records,"
                " 0 folders of old papers and 0 held carts are deleted.\n"
            ),
        ),
        (["fast_movers"], "duka: 0 products were sold in the 30 days up to 22 November 2026.\n"),
        (["run_schedule", "close_days"], "duka: 21 November 2026 is closed.\n"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_each_schedule_is_a_command(
    till: Till, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    ship_schedules(now=NOW)

    assert called(capsys, *words) == said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run_schedule", "shave"], "There is no schedule shave."),
        (["run_schedule", "odd"], "Nothing here does shave"),
        (["close_days", "--business", "shamba"], "There is no business shamba."),
    ],
    ids=["no schedule", "no kind", "no business"],
)
def test_a_command_that_cannot_run_says_why(
    duka: Business, words: list[str], sentence: str
) -> None:
    Schedule.objects.create(name="odd", kind="shave", words="hourly", next_run_at=NOW)

    with pytest.raises(CommandError, match=sentence):
        call_command(*words)


def test_a_business_that_fails_holds_up_no_other_and_fails_the_command(
    duka: Business, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_business(slug="maji")
    monkeypatch.setattr("periodic.kinds_of_schedules.A_DAY", -A_DAY)
    close_day(business=duka, day=TODAY, actor=None, at=NOW)

    with pytest.raises(CommandError, match="maji: 23 November 2026 is not here yet"):
        call_command("close_days")


def test_the_list_of_schedules_names_each_and_when(
    duka: Business, capsys: pytest.CaptureFixture[str]
) -> None:
    ship_schedules(now=NOW)
    Schedule.objects.filter(name="clean_up").update(is_on=False, next_run_at=None)
    Schedule.objects.filter(name="close_days").update(business=duka)

    said = called(capsys, "run_schedule").splitlines()

    assert {"clean_up: off", "close_days: daily 03:30, duka"} <= set(said)
    assert len(said) == len(SHIPPED)


def test_papers_of_last_month_are_asked_for_where_it_is_locked(
    duka: Business, capsys: pytest.CaptureFixture[str]
) -> None:
    an_entry(duka, occurred_on=TODAY.replace(month=10, day=9))
    before = called(capsys, "papers_of_last_month", "--business", "duka")
    lock_month(business=duka, month=TODAY.replace(month=10, day=1), actor=None, at=NOW)

    after = called(capsys, "papers_of_last_month")
    called(capsys, "papers_of_last_month")

    assert "October 2026 of Amina duka is not locked" in before
    assert "7 papers of October 2026 are asked for." in after
    assert Job.objects.filter(kind="month_paper", business=duka).count() == 7


def test_a_backup_tells_its_size_and_fails_where_nothing_is_copied(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = Backup(name="duka-20261122T010000Z.dukabackup", bytes=1_234)
    outcomes = iter([Outcome(backup), Outcome(backup, trouble="The bucket does not answer.")])
    monkeypatch.setattr(kinds_of_schedules, "back_up", lambda **told: next(outcomes))

    assert run("backup") == "duka-20261122T010000Z.dukabackup: 1,234 bytes."
    with pytest.raises(kinds_of_schedules.Incomplete, match="The bucket does not answer"):
        run("backup")


def test_a_drill_fails_where_one_place_does_not_restore(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Drill(place=DrillPlace.HERE, backup="a", is_ok=True, sentence="Restored.")
    bad = Drill(place=DrillPlace.SECOND, is_ok=False, sentence="It is altered.")
    results = iter([[good], [good, bad]])
    monkeypatch.setattr(kinds_of_schedules, "drill", lambda **told: next(results))

    assert run("restore_drill") == "This machine: Restored."
    with pytest.raises(kinds_of_schedules.Incomplete, match="Second place: It is altered"):
        run("restore_drill")


def test_a_control_account_that_does_not_tie_fails_the_night(duka: Business) -> None:
    payment = a_payment(a_till(duka))
    connection.check_constraints()
    triggers.drop()
    Payment.objects.filter(pk=payment.pk).update(allocated_cents=1_000)
    connection.check_constraints()
    triggers.install()

    with pytest.raises(Untied, match="the inbox holds KES 170, account 2130 KES 180"):
        run("verify_audit_trail")


@pytest.mark.parametrize("name", ["backup", "restore_drill", "verify_audit_trail"])
def test_what_grows_with_the_shop_is_not_stopped_after_half_an_hour(name: str) -> None:
    """By hand it has hours, by its own limits; the night has as many."""
    assert lookup(name).seconds >= max(TOOL_SECONDS, MOST_SECONDS, lookup("verify_books").seconds)
