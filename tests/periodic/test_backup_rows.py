"""The rows of backups and drills: what the tables refuse, who sees them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from money.models import Business, Role
from periodic.models import Backup, Drill, DrillPlace
from tests import make

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
NAME = "duka-20261122T010000Z.dukabackup"


def a_backup(**but: Any) -> Backup:
    facts = {"name": NAME, "taken_at": NOW, "bytes": 10, "sha256": "a" * 64}
    return Backup(**(facts | but))


def a_drill(**but: Any) -> Drill:
    facts = {"at": NOW, "backup": NAME, "place": "here", "is_ok": True, "sentence": "Restored."}
    return Drill(**(facts | but))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        ("backup_one_of_a_name", a_backup()),
        ("backup_is_not_empty", a_backup(name="other", bytes=0)),
        (
            "backup_copied_is_no_trouble",
            a_backup(name="other", copied_at=NOW, copy_trouble="The disk is full."),
        ),
        ("drill_says_something", a_drill(sentence="")),
        ("drill_proves_a_backup", a_drill(backup="")),
        ("drill_place_known", a_drill(place="moon")),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_tables_refuse(constraint: str, row: Backup | Drill) -> None:
    a_backup().save()

    with pytest.raises(IntegrityError, match=f"{constraint}|backup.name"), transaction.atomic():
        row.save()


@pytest.fixture
def rows(duka: Business) -> None:
    a_backup(copy_trouble="The second place has no copy: no answer.").save()
    a_drill().save()
    a_drill(is_ok=False, place=DrillPlace.SECOND, sentence="The passphrase does not open.").save()


@pytest.mark.parametrize("page", ["backup", "drill"])
def test_the_owner_of_all_reads_them_and_changes_nothing(
    rows: None, client: Client, page: str
) -> None:
    client.force_login(make.amina())

    shown = client.get(f"/admin/periodic/{page}/")
    row = {"backup": Backup, "drill": Drill}[page].objects.get_queryset()[0]

    assert shown.status_code == 200
    assert NAME in shown.content.decode()
    assert client.get(f"/admin/periodic/{page}/{row.pk}/change/").status_code == 200
    assert client.post(f"/admin/periodic/{page}/{row.pk}/change/", {}).status_code == 403
    assert client.get(f"/admin/periodic/{page}/add/").status_code == 403
    assert client.post(f"/admin/periodic/{page}/{row.pk}/delete/").status_code == 403


@pytest.mark.parametrize("page", ["backup", "drill"])
def test_who_does_not_manage_everything_sees_none(rows: None, client: Client, page: str) -> None:
    make.a_business(slug="maji")
    client.force_login(make.amina(duka=Role.OWNER))

    assert NAME not in client.get(f"/admin/periodic/{page}/").content.decode()
