"""The disk's side: folders for their owner alone, locks that die with their process, syncs."""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from periodic.safekeeping.refusals import Impossible

_COPY_BLOCK = 1024 * 1024


def private_folder(folder: Path) -> Path:
    """Return the folder, made where it is missing, for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def empty_folder(folder: Path) -> Path:
    """Return the folder, empty: what a death left in it is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    return private_folder(folder)


@contextlib.contextmanager
def alone(lock: Path, sentence: str) -> Iterator[None]:
    """Hold a lock that the kernel frees when the process dies. Raises Impossible(sentence)."""
    private_folder(lock.parent)
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise Impossible(sentence) from None
    try:
        yield
    finally:
        os.close(file)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of a folder."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def move_in(path: Path, target: Path) -> None:
    """Give a whole, synced file its final name, on the disk when this returns."""
    path.replace(target)
    sync_folder(target.parent)


def copy_in(source: Path, target: Path) -> None:
    """Copy a file to another disk: under a passing name first, synced, then renamed."""
    passing = target.with_name(f".{target.name}.part")
    try:
        with source.open("rb") as read, passing.open("wb") as write:
            shutil.copyfileobj(read, write, _COPY_BLOCK)
            write.flush()
            os.fsync(write.fileno())
        move_in(passing, target)
    finally:
        passing.unlink(missing_ok=True)


def secret_made_once(path: Path) -> tuple[str, bool]:
    """Return the secret kept in a file, made where it is missing, and whether it is new.

    Of several processes that start at once one secret wins, whole.
    """
    is_new = False
    if not path.exists():
        private_folder(path.parent)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
            is_new = True
        fresh.unlink()
        sync_folder(path.parent)
    return path.read_text().strip(), is_new


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; one that is gone already is no trouble."""
    shutil.rmtree(folder, ignore_errors=True)
