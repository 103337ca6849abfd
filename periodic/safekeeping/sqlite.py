"""SQLite's side: a copy of one moment while others write, and a file put in another's place."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from periodic.safekeeping.figures import Ask, is_living, rows_per_table
from periodic.safekeeping.files import empty_folder, sync_folder
from periodic.safekeeping.refusals import Damaged, Impossible

_PAGES_PER_STEP = 2_000
_BUSY_SECONDS = 30
_STILL_USED_SECONDS = 2
NAME = "duka.sqlite3"
_MAGIC = b"SQLite format 3\0"


def dump(source: Path, target: Path, *, tick: Callable[[int, int], None]) -> str:
    """Copy a living database into a new file by the backup API; return SQLite's version.

    The open read transaction is the moment: writers go on, and the copy never starts over because
    of them, as it would without.
    """
    if not source.is_file():
        raise Impossible("There is no database. Is VAR the shop's folder?")
    with (
        contextlib.closing(_connect(source, _BUSY_SECONDS)) as living,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        living.execute("BEGIN")
        living.execute("SELECT COUNT(*) FROM sqlite_master").fetchall()
        living.backup(
            copy,
            pages=_PAGES_PER_STEP,
            progress=lambda status, left, total: tick(total - left, total),
        )
        living.rollback()
        # One file, without a journal beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
    _sync(target)
    return sqlite3.sqlite_version


def _connect(path: Path, seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=seconds, isolation_level=None)


@contextlib.contextmanager
def asking(path: Path) -> Iterator[Ask]:
    """Give a way to read a database file that nobody else uses."""
    with contextlib.closing(_connect(path, _BUSY_SECONDS)) as connection:

        def ask(sql: str) -> list[tuple[Any, ...]]:
            return connection.execute(sql).fetchall()

        yield ask


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


class FileScratch:
    """A database file in a folder of its own, which may take the place of the shop's file."""

    vendor = "sqlite"

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder, self.target = empty_folder(folder), target

    def fill(self, database: Path) -> None:
        """Take the file that came out of a backup. Raises Damaged."""
        with database.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise Damaged("The database in the backup is no SQLite file.")
        database.replace(self.folder / NAME)

    def environment(self) -> dict[str, str]:
        """Return what tells a process of ours to work here and nowhere else."""
        return {"VAR": str(self.folder), "DATABASE_URL": ""}

    def swap_in(self, stamp: str) -> str:
        """Put the scratch file in the shop's place; return where the shop's own went, or "".

        Raises Impossible while a process uses it.
        """
        fresh = self.folder / NAME
        with contextlib.closing(_connect(fresh, _BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
        _sync(fresh)
        aside = ""
        self.target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.ExitStack() as stack:
            if self.target.exists():
                stack.enter_context(_only_user_of(self.target))
                kept = self.target.with_name(f"{self.target.name}.before-{stamp}")
                # The new one replaces the old in one step: there is always a whole database.
                kept.unlink(missing_ok=True)
                kept.hardlink_to(self.target)
                aside = kept.name
            for rest in ("-wal", "-shm", "-journal"):
                self.target.with_name(self.target.name + rest).unlink(missing_ok=True)
            fresh.replace(self.target)
            sync_folder(self.target.parent)
        return aside

    def drop(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def state_of(target: Path) -> str:
    """Return "empty", or "living" where the file holds somebody's work or cannot be read."""
    if not target.exists() or target.stat().st_size == 0:
        return "empty"
    try:
        with asking(target) as ask:
            return "living" if is_living(rows_per_table(ask, "sqlite")) else "empty"
    except sqlite3.DatabaseError:
        return "living"


@contextlib.contextmanager
def _only_user_of(path: Path) -> Iterator[None]:
    """Hold a database that no other process has open, its journal merged into the file."""
    with contextlib.closing(_connect(path, _STILL_USED_SECONDS)) as connection:
        try:
            # Refused while anybody else has the file open, idle or not.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Impossible(
                "A process still uses the database. Stop web and workers, then restore again."
            ) from error
        except sqlite3.DatabaseError:
            pass  # what is no database any more has no users to protect
        yield
