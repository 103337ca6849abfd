"""The archive: everything comes out as it went in, and no name leads out of the folder."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyrage  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from periodic.safekeeping import archive, files
from periodic.safekeeping.archive import Manifest
from periodic.safekeeping.figures import Figures, book_differences, is_living, row_differences
from periodic.safekeeping.refusals import Damaged, Impossible, NotABackup, Refused, WrongKey
from periodic.safekeeping.sealing import Seal

HOUSE = Path(__file__).resolve().parents[2]
PASSPHRASE = "simba-na-nyati-msituni-usiku"
WORK = 4
FIGURES = Figures(
    rows={"money_entry": 3},
    migrations=["money.0001_first"],
    heads={"duka": [3, "ab" * 32]},
    balances={"duka": {"1000": 500, "4010": -300, "2130": -200}},
)


def a_manifest(parts: dict[str, Path], **but: object) -> Manifest:
    facts = {
        "taken_at": datetime(2026, 11, 22, 1, tzinfo=UTC),
        "version": "0.1.0",
        "vendor": "sqlite",
        "server": "SQLite 3",
        "key_mark": "0" * 16,
        "figures": FIGURES,
        "files": archive.facts_of(parts),
    }
    return Manifest(**(facts | but))  # type: ignore[arg-type]


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    database, spool = tmp_path / "a", tmp_path / "b"
    database.write_bytes(os.urandom(3_000) + b"SQLite" * 100_000)
    spool.write_bytes(b'{"id": 1}\n')
    return {"database.sqlite3": database, "spool/spool-1-2.jsonl": spool}


@pytest.fixture
def sealed(parts: dict[str, Path], tmp_path: Path) -> Path:
    target = tmp_path / "sealed"
    archive.pack(target, a_manifest(parts), parts, PASSPHRASE, work=WORK)
    return target


def test_everything_comes_out_as_it_went_in(
    sealed: Path, parts: dict[str, Path], tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []

    manifest = archive.unpack(
        sealed, PASSPHRASE, tmp_path / "out", tick=lambda *step: steps.append(step)
    )

    assert manifest == a_manifest(parts)
    assert archive.read_manifest(sealed, PASSPHRASE) == manifest
    for name, path in parts.items():
        assert (tmp_path / "out" / name).read_bytes() == path.read_bytes()
        assert (tmp_path / "out" / name).stat().st_mode & 0o777 == 0o600
    assert steps[-1][0] <= steps[-1][1] == sealed.stat().st_size


def test_size_and_digest_are_those_of_the_file(parts: dict[str, Path], tmp_path: Path) -> None:
    target = tmp_path / "sealed"

    packed = archive.pack(target, a_manifest(parts), parts, PASSPHRASE, work=WORK)

    assert (packed.bytes, packed.sha256) == (target.stat().st_size, archive.digest_of(target))
    assert target.stat().st_mode & 0o777 == 0o600


def test_it_opens_without_duka(parts: dict[str, Path], tmp_path: Path) -> None:
    """By any age and any tar: a shop's data does not depend on this program."""
    archive.pack(tmp_path / "s", a_manifest(parts), parts, PASSPHRASE, work=12)

    plain = pyrage.passphrase.decrypt((tmp_path / "s").read_bytes(), PASSPHRASE)

    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:gz") as tar:
        assert tar.getnames() == ["manifest.json", *parts]
        manifest = tar.extractfile("manifest.json")
        assert manifest
        assert json.load(manifest)["trial_balance"] == {
            "duka": {"debit_cents": 500, "credit_cents": 500}
        }


def test_the_wrong_passphrase_and_a_cut_are_told_apart(sealed: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongKey):
        archive.unpack(sealed, "another", tmp_path / "out")
    os.truncate(sealed, sealed.stat().st_size - 1)
    with pytest.raises(Damaged):
        archive.unpack(sealed, PASSPHRASE, tmp_path / "out")


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_an_altered_or_cut_archive_is_refused(
    data: st.DataObject, sealed: Path, tmp_path: Path
) -> None:
    content = sealed.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    is_cut = data.draw(st.booleans())
    damaged = bytearray(content[:position] if is_cut else content)
    if not is_cut:
        damaged[position] ^= data.draw(st.integers(1, 255))
    bad = tmp_path / "bad"
    bad.write_bytes(bytes(damaged))

    with pytest.raises(Refused):
        archive.unpack(bad, PASSPHRASE, files.empty_folder(tmp_path / "out"))


def packed_by_hand(target: Path, fill: Callable[[tarfile.TarFile], None]) -> Path:
    """Seal a tar that our own code would not write."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:gz") as tar:
        fill(tar)
    with target.open("wb") as out:
        seal = Seal(out, PASSPHRASE, work=WORK)
        seal.write(plain.getvalue())
        seal.close()
    return target


def add(tar: tarfile.TarFile, name: str, content: bytes = b"x", **facts: object) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for fact, value in facts.items():
        setattr(info, fact, value)
    tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("../outside", {}),
        ("spool/../../outside", {}),
        ("/tmp/outside", {}),
        ("spool/..", {}),
        ("manage.py", {}),
        ("secret_key", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0}),
    ],
)
def test_no_name_leads_out_of_the_folder(
    tmp_path: Path, parts: dict[str, Path], name: str, facts: dict[str, object]
) -> None:
    def fill(tar: tarfile.TarFile) -> None:
        text = json.dumps(archive._as_json(a_manifest(parts))).encode()
        add(tar, "manifest.json", text)
        add(tar, name, b"" if facts else b"x", **facts)

    bad = packed_by_hand(tmp_path / "bad", fill)

    with pytest.raises(NotABackup):
        archive.unpack(bad, PASSPHRASE, tmp_path / "deep" / "out")
    assert not (tmp_path / "outside").exists()


def test_files_that_the_manifest_does_not_name_are_refused(
    tmp_path: Path, parts: dict[str, Path]
) -> None:
    for changed in (dict(list(parts.items())[:1]), {}):
        target = tmp_path / f"bad-{len(changed)}"
        archive.pack(target, a_manifest(changed), parts, PASSPHRASE, work=WORK)
        with pytest.raises(Damaged, match="manifest"):
            archive.unpack(target, PASSPHRASE, tmp_path / f"out-{len(changed)}")


def test_what_the_seal_holds_must_be_a_backup(tmp_path: Path) -> None:
    for number, fill in enumerate(
        (
            lambda tar: None,
            lambda tar: add(tar, "other.json"),
            lambda tar: add(tar, "manifest.json", b'{"format": 99}'),
        )
    ):
        bad = packed_by_hand(tmp_path / f"bad-{number}", fill)
        with pytest.raises(NotABackup):
            archive.unpack(bad, PASSPHRASE, tmp_path / "out")


def test_differences_are_named() -> None:
    other = Figures(
        rows={"money_entry": 4, "money_line": 1},
        migrations=[],
        heads={"duka": [4, "cd" * 32]},
        balances={"duka": {"1000": 100, "4010": -100}},
    )

    assert row_differences(FIGURES.rows, FIGURES.rows) == book_differences(FIGURES, FIGURES) == []
    assert row_differences(FIGURES.rows, other.rows) == [
        "money_entry has 4 rows, not 3.",
        "money_line has 1 rows, not any.",
    ]
    said = book_differences(FIGURES, other)
    assert said[0].startswith("The head of duka is [4, ")
    assert said[1].startswith(
        "The trial balance of duka is 100 cents debit and 100 credit, not 500"
    )


def test_what_migrate_writes_is_nobodys_shop() -> None:
    assert not is_living({"django_migrations": 50, "auth_permission": 9, "money_entry": 0})
    assert is_living({"django_migrations": 50, "money_user": 1})


def test_one_at_a_time(tmp_path: Path) -> None:
    with (
        files.alone(tmp_path / "lock", "Busy."),
        pytest.raises(Impossible, match="Busy"),
        files.alone(tmp_path / "lock", "Busy."),
    ):
        pass
    with files.alone(tmp_path / "lock", "Busy."):
        pass


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    secret, is_new = files.secret_made_once(tmp_path / "new" / "backup.key")

    assert (len(secret) > 40, is_new) == (True, True)
    assert files.secret_made_once(tmp_path / "new" / "backup.key") == (secret, False)
    assert (tmp_path / "new" / "backup.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["backup.key"]


MEASURE = """
import resource, sys
from pathlib import Path
from datetime import datetime, UTC
from periodic.safekeeping import archive
from periodic.safekeeping.figures import Figures
folder, megabytes = Path(sys.argv[1]), int(sys.argv[2])
block = bytes(range(256)) * 4096
with (folder / "data").open("wb") as file:
    for number in range(megabytes):
        file.write(number.to_bytes(8, "big") + block[8:])
parts = {"database.sqlite3": folder / "data"}
manifest = archive.Manifest(datetime.now(UTC), "1", "sqlite", "s", "k", Figures({}, [], {}, {}),
                            archive.facts_of(parts))
archive.pack(folder / "sealed", manifest, parts, "words", work=4)
archive.unpack(folder / "sealed", "words", folder / "out")
assert (folder / "out" / "database.sqlite3").stat().st_size == megabytes * 1024 * 1024
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_megabytes(folder: Path, megabytes: int) -> int:
    """Return the height of a process's memory that seals and opens so many megabytes."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder), str(megabytes)],
        cwd=HOUSE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return int(done.stdout)


def test_memory_does_not_grow_with_the_shop(tmp_path: Path) -> None:
    small, large = peak_megabytes(tmp_path / "small", 1), peak_megabytes(tmp_path / "large", 16)

    assert large - small < 6
