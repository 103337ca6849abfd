"""What a restore refuses although the file opens: of another kind, newer, not what it says."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from periodic.actions import copies, keys
from periodic.safekeeping import archive, sqlite
from periodic.safekeeping.figures import Figures, read_figures
from periodic.safekeeping.targets import FileTarget
from tests import migrated

PASSPHRASE = "simba-na-nyati-msituni-usiku"
Packed = Callable[..., Path]


@pytest.fixture
def packed(tmp_path: Path, settings: Settings) -> Packed:
    """Return a maker of sealed files with a given manifest; no work is spared on their seal."""
    settings.BACKUP_PASSPHRASE = PASSPHRASE

    def make(content: Path, figures: Figures, vendor: str = "sqlite") -> Path:
        parts = {archive.DATABASES[vendor]: content}
        manifest = archive.Manifest(
            taken_at=datetime(2026, 11, 1, 1, tzinfo=UTC),
            version="9.9",
            vendor=vendor,
            server=vendor,
            key_mark="of another shop",
            figures=figures,
            files=archive.facts_of(parts),
        )
        archive.pack(tmp_path / "sealed", manifest, parts, PASSPHRASE, work=4)
        return tmp_path / "sealed"

    return make


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "content").write_bytes(b"SQLite format 3\0")
    return tmp_path / "content"


NO_FIGURES = Figures({}, [], {}, {})


def refusal_of(file: Path, folder: Path, **options: bool) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command("restore", str(file), into=str(folder), **options)
    assert not (folder / "duka.sqlite3").exists()
    assert not (folder / ".restoring").exists()
    return str(refusal.value)


def test_a_backup_of_another_kind_of_database(packed: Packed, copy: Path, tmp_path: Path) -> None:
    file = packed(copy, NO_FIGURES, vendor="postgresql")

    assert "same kind of database" in refusal_of(file, tmp_path / "var")


def test_a_backup_of_a_newer_duka(packed: Packed, copy: Path, tmp_path: Path) -> None:
    file = packed(copy, Figures({}, ["money.0001_first", "money.0999_later"], {}, {}))

    said = refusal_of(file, tmp_path / "var")

    assert "Duka 9.9, which knows money.0999_later" in said


def test_a_file_that_is_no_database(packed: Packed, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(b"something else")

    said = refusal_of(packed(tmp_path / "content", NO_FIGURES), tmp_path / "var")

    assert said == "The database in the backup is no SQLite file."


def test_a_copy_that_is_not_what_the_backup_says(
    packed: Packed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = tmp_path / "content"
    migrated.fill_file(content)
    with sqlite.asking(content) as ask:
        true = read_figures(ask, "sqlite")
    told = Figures(true.rows | {"money_user": 7}, true.migrations, {"duka": [1, "ab" * 32]}, {})

    said = refusal_of(packed(content, told), tmp_path / "var")

    assert "not sound" in said
    shown = capsys.readouterr().out
    assert "Found: money_user has 0 rows, not 7." in shown
    assert "Found: The head of duka is None, not [1, " in shown


def test_an_old_one_is_taken_when_told_so_and_says_what_is_missing(
    packed: Packed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = tmp_path / "content"
    migrated.fill_file(content)
    with sqlite.asking(content) as ask:
        true = read_figures(ask, "sqlite")
    told = Figures(true.rows | {"money_user": 7}, true.migrations, {}, {})

    call_command("restore", str(packed(content, told)), into=str(tmp_path), despite_findings=True)

    shown = capsys.readouterr().out
    assert sqlite.state_of(tmp_path / "duka.sqlite3") == "empty"
    for what in ("SECRET_KEY is not the one", "reaches back 48 hours and the backup is older"):
        assert what in shown


def test_a_file_that_no_database_program_reads_is_in_the_way(
    packed: Packed, copy: Path, tmp_path: Path
) -> None:
    """Nobody knows whose work it is."""
    (tmp_path / "duka.sqlite3").write_bytes(b"a disk that went bad" * 100)

    with pytest.raises(CommandError, match="There is a shop in"):
        call_command("restore", str(packed(copy, NO_FIGURES)), into=str(tmp_path))


def test_looking_at_a_copy_is_not_for_people() -> None:
    with pytest.raises(CommandError, match="Use those"):
        call_command("look_at_copy")


def test_a_child_that_fails_is_told(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.write_bytes(b"SQLite format 3\0" + bytes(5000))
    scratch = sqlite.FileScratch(tmp_path / "scratch", tmp_path / "duka.sqlite3")
    scratch.fill(content)
    manifest = archive.Manifest(
        datetime(2026, 11, 1, tzinfo=UTC), "1", "sqlite", "s", "k", NO_FIGURES, {}
    )

    with pytest.raises(copies.Impossible, match="The copy cannot be used"):
        copies.look_at(scratch, manifest, tick=lambda: None)


def test_what_is_no_folder_is_a_sentence(packed: Packed, copy: Path, tmp_path: Path) -> None:
    file = packed(copy, NO_FIGURES)

    assert "is no folder to restore into" in refusal_of(file, tmp_path / "content")
    assert "is no folder to restore into" in refusal_of(file, tmp_path / "content" / "below")


def test_a_trial_beside_a_living_shop_takes_nothing_of_its_folder(
    packed: Packed,
    copy: Path,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    shop = FileTarget(tmp_path / "shop.sqlite3", settings.VAR)
    with closing(sqlite3.connect(shop.path)) as database:
        database.execute("CREATE TABLE money_entry AS SELECT 1")
        database.commit()
    monkeypatch.setattr(keys, "living", lambda: shop)
    file = packed(copy, NO_FIGURES, vendor="postgresql")

    with pytest.raises(CommandError, match="Set VAR to another folder"):
        call_command("restore", str(file), into="postgres://root@127.0.0.1/a_trial")
    assert not list(settings.VAR.iterdir())
    shop.path.unlink()
    # Where nobody lives, that is no reason any more.
    assert "belongs to" not in refusal_of(file, settings.VAR)
