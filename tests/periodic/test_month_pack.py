"""The papers of a month: parts in any order, each once; one file, one mail, after all are done."""

import zipfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox
from django.utils import timezone
from pytest_django import Settings

from money.actions.periods import lock_month, unlock
from money.models import Business, PeriodEvent, User
from periodic.actions import month_pack
from periodic.actions.mails import send_mails
from periodic.actions.month_pack import NotLocked, PartsMissing, finish, parts_of, write_part
from periodic.forms.month_pack import MonthForm
from periodic.kinds import Call, Outcome, WillNotHeal, lookup
from periodic.models import Job, Mail
from periodic.paper import pdf
from tests.make import NOW, a_business, amina, an_entry
from tests.periodic.paper.reading import lines_of

pytestmark = pytest.mark.django_db
MONTH = date(2026, 10, 1)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def owner() -> User:
    a_business()
    user = amina()
    user.email = "amina@duka.test"
    user.save()
    return user


@pytest.fixture
def duka(
    owner: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Business:
    settings.RESULTS_DIR = tmp_path / "results"
    business = Business.objects.get(slug="duka")
    an_entry(business, occurred_on=date(2026, 10, 9), cents=123_400)
    lock_month(business=business, month=MONTH, actor=owner, at=NOW)
    return business


def written(duka: Business) -> list[Path]:
    names = parts_of(business=duka, month=MONTH)
    return [write_part(business=duka, month=MONTH, name=name, now=NOW) for name in names]


def test_a_pack_has_every_statement_and_goes_to_the_owner_once(duka: Business) -> None:
    paths = written(duka)
    packs = [
        finish(business=duka, month=MONTH, now=NOW, is_mailed=True),
        finish(business=duka, month=MONTH, now=LATER, is_mailed=True),
    ]

    assert send_mails(now=NOW) == 1
    (sent,) = outbox.outbox
    ((name, content, _),) = sent.attachments
    anchor = PeriodEvent.objects.get().hash
    assert packs[0] == packs[1]
    assert (sent.to, name) == (["amina@duka.test"], "duka-2026-10.zip")
    assert sent.subject == "Amina duka: papers of October 2026"
    assert content == packs[0].read_bytes()
    assert f"verify_books --against {anchor}" in sent.body
    with zipfile.ZipFile(packs[0]) as pack:
        assert sorted(pack.namelist()) == sorted([*(one.name for one in paths), "anchor.txt"])
        assert anchor in pack.read("anchor.txt").decode()
    assert "Total income 1,234" in lines_of(paths[1])


def test_a_run_that_died_goes_on_from_what_is_finished(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = parts_of(business=duka, month=MONTH)
    first = write_part(business=duka, month=MONTH, name=names[0], now=NOW)
    before = first.stat().st_mtime_ns
    # What a killed worker leaves: never a part under its own name.
    first.with_name(".cash-flow.pdf.0a1b2c3d.part").write_text("half")
    with pytest.raises(PartsMissing, match=r"profit-and-loss.pdf, .*general-ledger.xlsx"):
        finish(business=duka, month=MONTH, now=NOW, is_mailed=True)
    assert not Mail.objects.exists()

    written(duka)

    assert first.stat().st_mtime_ns == before
    assert finish(business=duka, month=MONTH, now=NOW, is_mailed=False).exists()
    assert not Mail.objects.exists()


def test_a_month_that_can_still_change_has_no_papers(duka: Business) -> None:
    november = date(2026, 11, 1)

    with pytest.raises(NotLocked, match="November 2026 of Amina duka is not locked"):
        parts_of(business=duka, month=november)
    with pytest.raises(NotLocked):
        write_part(business=duka, month=november, name="cash-flow.pdf", now=NOW)
    with pytest.raises(NotLocked):
        finish(business=duka, month=november, now=NOW, is_mailed=True)


def test_a_month_locked_anew_is_written_anew(duka: Business, owner: User) -> None:
    before = written(duka)
    unlock(business=duka, from_day=MONTH, actor=owner, reason="A forgotten receipt", at=NOW)
    lock_month(business=duka, month=MONTH, actor=owner, at=LATER)

    assert not {path.parent for path in before} & {path.parent for path in written(duka)}


def test_a_part_that_there_is_not_is_refused(duka: Business) -> None:
    with pytest.raises(month_pack.NoSuchPart):
        write_part(business=duka, month=MONTH, name="../../secret_key", now=NOW)


def test_a_ledger_too_long_for_paper_says_where_it_is(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_ROWS", 3)

    path = write_part(business=duka, month=MONTH, name="general-ledger.pdf", now=NOW)

    assert "they are in the workbook of the same name." in lines_of(path)[-1]


def test_without_an_address_the_pack_waits_for_its_mail(duka: Business) -> None:
    User.objects.update(email="")
    written(duka)

    assert finish(business=duka, month=MONTH, now=NOW, is_mailed=True).exists()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("attachment", "sentence"),
    [
        ("gone.zip", "no longer there"),
        ("../secret_key", "no longer there"),
        ("large.zip", "large.zip is too large for a mail"),
    ],
)
def test_a_file_that_cannot_go_is_told_in_the_mail(
    duka: Business, settings: Settings, attachment: str, sentence: str
) -> None:
    settings.MAIL_MEGABYTES = 1
    root = Path(settings.RESULTS_DIR)
    root.mkdir(parents=True)
    (root / "large.zip").write_bytes(b"0" * 1_000_001)
    (root.parent / "secret_key").write_text("secret")
    Mail.objects.create(
        key="one",
        business=duka,
        to="amina@duka.test",
        subject="One",
        body="One",
        attachment=attachment,
        written_at=NOW,
        next_try_at=NOW,
    )

    send_mails(now=NOW)

    (sent,) = outbox.outbox
    assert sentence in sent.body
    assert not sent.attachments


def test_a_job_per_paper_and_the_last_puts_them_together(
    duka: Business, owner: User, tmp_path: Path
) -> None:
    form = MonthForm({"month": "2026-10", "business": "duka"}, user=owner)
    assert form.is_valid(), form.errors
    folder = tmp_path / "job"
    folder.mkdir()

    def work(kind: str, parameters: Mapping[str, Any]) -> Outcome:
        call = Call("job:1", parameters, lambda *told: None, NOW, owner, folder)
        return lookup(kind).work(call)

    for _ in range(2):  # asked for twice is once
        asked = work("month_papers", form.parameters())
    jobs = list(Job.objects.filter(kind="month_paper").order_by("-pk"))
    told = [work(job.kind, job.parameters) for job in jobs]

    assert (
        asked.summary == f"{len(parts_of(business=duka, month=MONTH))} papers of October 2026"
        " are asked for."
    )
    assert len(jobs) == len(parts_of(business=duka, month=MONTH))
    assert [one.file for one in told[:-1]] == [None] * (len(jobs) - 1)
    assert told[-1].file == folder / "duka-2026-10.zip"
    assert Mail.objects.get().attachment.endswith("duka-2026-10.zip")


def test_a_month_that_is_not_over_is_neither_locked_nor_written(
    duka: Business, owner: User
) -> None:
    ahead = f"{timezone.localdate():%Y-%m}"
    assert not MonthForm({"month": ahead, "business": "duka"}, user=owner).is_valid()
    call = Call(
        "job:1",
        {"business": "duka", "month": "2026-11-01", "lock": True},
        lambda *told: None,
        NOW,
        owner,
        Path(),
    )

    with pytest.raises(WillNotHeal):
        lookup("month_papers").work(call)
