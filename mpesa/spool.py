"""Files for what the database cannot take: a message is answered as taken once it is on the disk.

VAR/spool holds a file per web process, `spool-<pid>-<start>.jsonl`, one line of JSON per message.

* A line is written at the end of the file (O_APPEND) by one write() under the file's own lock, and
  is there when fsync() has returned; so is the name of a new file (fsync of the folder). A line
  carries the SHA-256 of its fields: a torn one is told from a whole one.
* Who takes messages out holds the folder's lock, so there is one such process. It locks a file,
  renames it to `.taking` and lets go. A writer that waited for that lock sees that its file has
  lost its name, and begins a new one: nobody writes into a file that is being read.
* A file is removed after every message of it is committed. A death in between leaves the file, and
  the unique `spool_id` refuses what is in already: exactly once, whenever the process dies.
* Locks are the kernel's (flock): they end with their process. Names are never used twice.

The folder belongs to one machine: a machine with web processes needs a worker with the same VAR.
Lines hold phone numbers and the address's secrets: the files are their owner's alone (0600), and
nothing of them is ever logged.
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
# Of the spool's limit, the part that messages with a secret nobody knows here may fill.
STRANGERS_PART = 4
# Each time a file is taken away from under its writer, which happens once a minute.
TRIES = 10
_STARTED = time.time_ns()


class SpoolFull(Exception):
    """The spool holds as much as it may."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it arrived; `secret` and `token` are those of its address."""

    spool_id: str
    channel: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    body: bytes = field(repr=False)
    address: str
    headers: dict[str, str]
    received_at: datetime


class Place(NamedTuple):
    """Where a whole line stands; places sort as their messages arrived."""

    received_at: str
    spool_id: str
    path: Path
    offset: int


def new_id() -> str:
    """Return a name for a message, 32 hex digits; it begins with the time: its index grows last."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def append(arrival: Arrival, *, is_known: bool) -> None:
    """Put a message on the disk; it is safe when this returns. Raises SpoolFull or OSError.

    `is_known` says that its secret is known to be a till's: strangers may fill only a part.
    """
    folder = _made(settings.SPOOL_DIR)
    line = _encode(arrival)
    most = settings.SPOOL_MEGABYTES * MEGABYTE // (1 if is_known else STRANGERS_PART)
    if sum(stat.st_size for stat in _files(folder).values()) + len(line) > most:
        raise SpoolFull(f"The spool holds {most} bytes at most.")
    path = folder / f"spool-{os.getpid()}-{_STARTED}.jsonl"
    for _ in range(TRIES):
        with _locked(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
            if _has_its_name(file, path):
                _write(file, line, folder)
                return
    raise OSError("The spool's file was taken away each time.")


def is_empty() -> bool:
    """Tell whether no message waits on this machine, whole or torn."""
    return not _files(settings.SPOOL_DIR)


def size_bytes() -> int:
    """Return how much waits on this machine, the torn files left out."""
    files = _files(settings.SPOOL_DIR)
    return sum(stat.st_size for path, stat in files.items() if path.suffix != ".torn")


def torn_files() -> list[Path]:
    """Return the files of lines that could not be read; somebody has to look at them."""
    return sorted(settings.SPOOL_DIR.glob("*.torn"))


def waits_since(moment: datetime) -> bool:
    """Tell whether something waits here that was last written to before `moment`."""
    return any(
        stat.st_mtime < moment.timestamp()
        for path, stat in _files(settings.SPOOL_DIR).items()
        if path.suffix != ".torn"
    )


def copy_to(folder: Path) -> list[Path]:
    """Copy what waits on this machine into `folder`, for a backup; nobody is held up.

    Take the database's copy after this: a message that left the spool meanwhile is in that, and one
    that is in both is brought in once. A line that is being written now is left out.
    """
    copied: dict[str, Path] = {}
    while new := [path for path in _files(settings.SPOOL_DIR) if path.name not in copied]:
        for path in new:
            copied[path.name] = folder / path.name
            # Renamed: it comes again under its new name. Removed: it is in the database.
            with contextlib.suppress(FileNotFoundError):
                data = path.read_bytes()
                whole = data if path.suffix == ".torn" else data[: data.rfind(b"\n") + 1]
                copied[path.name].write_bytes(whole)
    return sorted(path for path in copied.values() if path.exists())


@contextlib.contextmanager
def taking() -> Iterator[list[Path]]:
    """Give the files to take in, which nobody writes to any more; none where another takes them.

    Those that a death left behind come again.
    """
    folder = settings.SPOOL_DIR
    with contextlib.ExitStack() as stack:
        try:
            if not is_empty():
                stack.enter_context(_locked(folder / "lock", os.O_RDWR | os.O_CREAT, wait=False))
        except BlockingIOError:
            yield []
            return
        for path in folder.glob("*.jsonl"):
            with _locked(path, os.O_RDWR):
                path.rename(folder / f"{path.stem}-{time.time_ns()}.taking")
        yield sorted(folder.glob("*.taking"))


def places(paths: Iterable[Path]) -> list[Place]:
    """Return where the messages of these files stand, oldest first; torn lines are kept aside."""
    found: list[Place] = []
    for path in paths:
        torn: list[bytes] = []
        offset = 0
        with path.open("rb") as file:
            for line in file:
                arrival = _decode(line)
                if arrival:
                    at = arrival.received_at.isoformat(timespec="microseconds")
                    found.append(Place(at, arrival.spool_id, path, offset))
                elif line.strip():
                    torn.append(line)
                offset += len(line)
        if torn:
            _keep_torn(path, torn)
    return sorted(found)


def read(place: Place) -> Arrival:
    """Return the message that stands at a place."""
    with place.path.open("rb") as file:
        file.seek(place.offset)
        arrival = _decode(file.readline())
    assert arrival  # it was whole a moment ago, and nobody writes here
    return arrival


def _made(folder: Path) -> Path:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync(folder.parent)
    return folder


def _files(folder: Path) -> dict[Path, os.stat_result]:
    """Return every file with messages, the torn ones too, and what the disk says of it."""
    found = {}
    for path in (p for end in ("jsonl", "taking", "torn") for p in folder.glob(f"*.{end}")):
        # It may have been renamed or removed since.
        with contextlib.suppress(FileNotFoundError):
            found[path] = path.stat()
    return found


@contextlib.contextmanager
def _locked(path: Path, flags: int, *, wait: bool = True) -> Iterator[int]:
    """Open a file and hold its lock. Raises BlockingIOError: not to wait, and another holds it."""
    file = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield file
    finally:
        os.close(file)


def _has_its_name(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _write(file: int, line: bytes, folder: Path) -> None:
    """Write a line and wait until the disk has it; what was written of it in vain is cut off."""
    before = os.fstat(file).st_size
    if before and os.pread(file, 1, before - 1) != b"\n":
        line = b"\n" + line  # a torn line could not be cut off: it must not spoil this one
    is_safe = False
    try:
        if os.write(file, line) == len(line):
            os.fsync(file)
            if not before:
                _sync(folder)
            is_safe = True
    finally:
        if not is_safe:
            with contextlib.suppress(OSError):
                os.ftruncate(file, before)
    if not is_safe:
        raise OSError("The disk took a part of the line only.")


def _sync(folder: Path) -> None:
    """Wait until the disk has the names of a folder."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _keep_torn(path: Path, lines: list[bytes]) -> None:
    """Keep what cannot be read beside its file; the same file again gives the same."""
    kept = path.with_suffix(".torn")
    with _locked(kept, os.O_RDWR | os.O_CREAT | os.O_TRUNC) as file:
        os.write(file, b"".join(lines))
        os.fsync(file)
    _sync(path.parent)
    log.error("the spool had %s torn lines; they are kept in %s", len(lines), kept.name)


def _encode(arrival: Arrival) -> bytes:
    fields = {
        "id": arrival.spool_id,
        "received_at": arrival.received_at.astimezone(UTC).isoformat(),
        "channel": arrival.channel,
        "secret": arrival.secret,
        "token": arrival.token,
        "address": arrival.address,
        "headers": arrival.headers,
        "body": base64.b64encode(arrival.body).decode(),
    }
    return json.dumps(fields | {"sha256": _sum(fields)}).encode() + b"\n"


def _sum(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _decode(line: bytes) -> Arrival | None:
    """Return the message of a line, or None where the line is not whole."""
    try:
        fields = json.loads(line)
        if fields.pop("sha256") != _sum(fields):
            return None
        return Arrival(
            spool_id=fields["id"],
            channel=fields["channel"],
            secret=fields["secret"],
            token=fields["token"],
            body=base64.b64decode(fields["body"]),
            address=fields["address"],
            headers=fields["headers"],
            received_at=datetime.fromisoformat(fields["received_at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
