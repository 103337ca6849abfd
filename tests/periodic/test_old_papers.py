"""Papers of months and daily reports go after their time; what a mail still carries stays."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from periodic.actions.retention import expire_papers
from periodic.kinds_of_schedules import KINDS
from periodic.models import Mail
from tests.make import NOW, a_business

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(settings: Settings, tmp_path: Path) -> Path:
    settings.RESULTS_DIR = tmp_path
    return tmp_path


def aged(path: Path, days: float) -> None:
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


def a_folder(root: Path, name: str, file: str, *, days: float) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / file).write_text("paper")
    aged(folder, days)
    return folder


def test_papers_go_after_their_time_and_those_of_dead_runs_sooner(root: Path) -> None:
    old = a_folder(root, "month-packs/duka-2025-09-a", "duka-2025-09.zip", days=401)
    kept = a_folder(root, "month-packs/duka-2025-11-b", "duka-2025-11.zip", days=399)
    died = a_folder(root, "month-packs/duka-2026-10-c", "cash-flow.pdf", days=8)
    begun = a_folder(root, "month-packs/duka-2026-10-d", "cash-flow.pdf", days=6)
    report = a_folder(root, "daily-reports/20261101T1800Z", "duka-2026-11-01.pdf", days=8)
    young = a_folder(root, "daily-reports/20261121T1800Z", "duka-2026-11-21.pdf", days=1)

    assert expire_papers(now=NOW) == 3

    assert [one.exists() for one in (old, died, report)] == [False] * 3
    assert [one.exists() for one in (kept, begun, young)] == [True] * 3
    assert expire_papers(now=NOW) == 0


def test_half_files_of_dead_runs_go_and_make_a_folder_no_younger(root: Path) -> None:
    folder = a_folder(root, "month-packs/duka-2025-09-a", "duka-2025-09.zip", days=399)
    half, now_written = folder / ".a.pdf.0a1b2c3d.part", folder / ".b.pdf.0a1b2c3d.part"
    for path, days in ((half, 2), (now_written, 0.1)):
        path.write_text("half")
        aged(path, days)
    aged(folder, 399)

    assert expire_papers(now=NOW) == 0
    assert {one.name for one in folder.iterdir()} == {"duka-2025-09.zip", now_written.name}
    assert expire_papers(now=NOW + timedelta(days=2)) == 1


def test_what_a_mail_has_yet_to_carry_stays(root: Path) -> None:
    folder = a_folder(root, "daily-reports/20261101T1800Z", "duka-2026-11-01.pdf", days=30)
    mail = Mail.objects.create(
        key="one",
        business=a_business(),
        to="amina@duka.test",
        subject="One",
        body="One",
        attachment="daily-reports/20261101T1800Z/duka-2026-11-01.pdf",
        written_at=NOW,
        next_try_at=NOW,
    )

    assert expire_papers(now=NOW) == 0
    assert folder.exists()
    Mail.objects.filter(pk=mail.pk).update(sent_at=NOW)
    told = KINDS["clean_up"].work({}, lambda done, total: None, NOW)
    assert "1 folders of old papers" in told
    assert not folder.exists()
