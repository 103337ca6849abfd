"""One file with everything: a tar, compressed by gzip, sealed by age.

The first member is the manifest, which says what is inside and what the database holds. Each
file's SHA-256 is in it; the seal guards the whole. `age -d FILE | tar xz` opens one by hand.
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from periodic.safekeeping.figures import Figures
from periodic.safekeeping.refusals import Damaged, NotABackup
from periodic.safekeeping.sealing import WORK, Opened, Seal

FORMAT = 1
BLOCK = 1024 * 1024
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
SECRET_KEY = "secret_key"  # noqa: S105 the name of a file
# A manifest of a thousand tables is some 100 kB.
_MOST_MANIFEST = 16 * BLOCK
_SAFE_NAME = re.compile(r"(?:database\.(?:sqlite3|pgdump)|secret_key|spool/[\w.-]{1,200})")

# Gets bytes done and bytes in all.
Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; `vendor` is sqlite or postgresql."""

    taken_at: datetime
    version: str
    vendor: str
    server: str
    # Tells whether a SECRET_KEY is the one that the shop had, and nothing of the key itself.
    key_mark: str
    figures: Figures
    files: dict[str, dict[str, int | str]]


@dataclass(frozen=True, slots=True)
class Packed:
    """A sealed file that was written: its size and its SHA-256."""

    bytes: int
    sha256: str


class _Counting:
    """Writes to a file, counting and hashing what passes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.bytes, self._sha256 = file, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.bytes += len(data)
        self._sha256.update(data)
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


def facts_of(files: dict[str, Path]) -> dict[str, dict[str, int | str]]:
    """Return name -> bytes and SHA-256 of the files that go into an archive."""
    return {
        name: {"bytes": path.stat().st_size, "sha256": digest_of(path)}
        for name, path in files.items()
    }


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, read bit by bit."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(
    target: Path,
    manifest: Manifest,
    files: dict[str, Path],
    passphrase: str,
    *,
    tick: Tick = lambda done, total: None,
    work: int = WORK,
) -> Packed:
    """Write manifest and files into one sealed file and wait until the disk has it."""
    total = sum(path.stat().st_size for path in files.values())
    with _new(target) as file:
        counting = _Counting(file)
        seal = Seal(cast("BinaryIO", counting), passphrase, work=work)
        # The time is left out: the same content gives the same bytes under the seal.
        with (
            gzip.GzipFile(
                filename="", mode="wb", compresslevel=6, fileobj=cast("IO[bytes]", seal), mtime=0
            ) as zipped,
            tarfile.open(mode="w|", fileobj=zipped, format=tarfile.PAX_FORMAT) as tar,
        ):
            text = json.dumps(_as_json(manifest), indent=1).encode()
            _add(tar, MANIFEST, io.BytesIO(text), len(text))
            done = 0
            for name, path in files.items():
                with path.open("rb") as source:
                    size = path.stat().st_size
                    _add(tar, name, cast("BinaryIO", _Ticking(source, done, total, tick)), size)
                    done += size
        seal.close()
        file.flush()
        os.fsync(file.fileno())
    return Packed(counting.bytes, counting.sha256)


class _Ticking:
    """Reads a file and says how far it is."""

    def __init__(self, file: BinaryIO, before: int, total: int, tick: Tick) -> None:
        self._file, self._done, self._total, self._tick = file, before, total, tick

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._done += len(data)
        self._tick(self._done, self._total)
        return data


def _new(target: Path) -> BinaryIO:
    """Open a new file that its owner alone may read."""
    return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _add(tar: tarfile.TarFile, name: str, source: BinaryIO, size: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    tar.addfile(info, source)


def unpack(
    source: Path, passphrase: str, folder: Path, *, tick: Tick = lambda done, total: None
) -> Manifest:
    """Write everything of a sealed file into `folder` and return its manifest.

    Raises NotABackup, WrongKey or Damaged. Only when this returns is the file known to be whole:
    nothing of the folder may be used before.
    """
    total = source.stat().st_size
    with source.open("rb") as file:
        opened = Opened(file, passphrase)
        with gzip.GzipFile(fileobj=cast("IO[bytes]", opened), mode="rb") as zipped:
            try:
                with tarfile.open(mode="r|", fileobj=zipped) as tar:
                    manifest = _read_manifest(tar)
                    found = {
                        info.name: _extract(tar, info, folder, lambda: tick(file.tell(), total))
                        for info in iter(tar.next, None)
                    }
            except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
                raise NotABackup("What the seal holds is no backup of Duka.") from error
        # The end is part of what the seal guards.
        while opened.read(BLOCK):
            pass
    if found != manifest.files:
        raise Damaged("The files in the backup are not those that its manifest names.")
    return manifest


def read_manifest(source: Path, passphrase: str) -> Manifest:
    """Return the manifest alone, from the beginning of the file; the rest may still be damaged."""
    with source.open("rb") as file:
        opened = Opened(file, passphrase)
        with (
            gzip.GzipFile(fileobj=cast("IO[bytes]", opened), mode="rb") as zipped,
            tarfile.open(mode="r|", fileobj=zipped) as tar,
        ):
            return _read_manifest(tar)


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    info = tar.next()
    if info is None or info.name != MANIFEST or info.size > _MOST_MANIFEST:
        raise NotABackup("What the seal holds is no backup of Duka.")
    content = tar.extractfile(info)
    assert content  # it is a file
    facts = json.loads(content.read())
    if facts["format"] != FORMAT:
        raise NotABackup(
            f"This backup has format {facts['format']}; this Duka reads {FORMAT}. Use a newer one."
        )
    return _from_json(facts)


def _extract(
    tar: tarfile.TarFile, info: tarfile.TarInfo, folder: Path, tick: Callable[[], None]
) -> dict[str, int | str]:
    """Write one member and return its facts; names that lead elsewhere are refused."""
    content = tar.extractfile(info) if info.isreg() else None
    if content is None or not _SAFE_NAME.fullmatch(info.name) or "/.." in info.name:
        raise NotABackup("What the seal holds is no backup of Duka.")
    path = folder / info.name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with _new(path) as file:
        while block := content.read(BLOCK):
            digest.update(block)
            size += file.write(block)
            tick()
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": size, "sha256": digest.hexdigest()}


def _as_json(manifest: Manifest) -> dict[str, Any]:
    figures = manifest.figures
    totals = {
        slug: {"debit_cents": figures.debit_cents(slug), "credit_cents": figures.credit_cents(slug)}
        for slug in figures.heads
    }
    facts = asdict(manifest) | {"taken_at": manifest.taken_at.isoformat()}
    return {"format": FORMAT, **facts, "trial_balance": totals}


def _from_json(facts: dict[str, Any]) -> Manifest:
    names = ("version", "vendor", "server", "key_mark", "files")
    return Manifest(
        taken_at=datetime.fromisoformat(facts["taken_at"]),
        figures=Figures(**facts["figures"]),
        **{name: facts[name] for name in names},
    )
