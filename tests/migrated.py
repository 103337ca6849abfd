"""One database with every migration applied, made once a run and copied by who needs one.

`python -m tests.migrated` makes it: a SQLite file in the folder, or, where `DATABASE_URL`
says so, a database on that PostgreSQL server. The migrations take seconds of a processor; a copy
holds exactly what `manage.py migrate` wrote, triggers and all.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
# Names the folder of this run to every process of it.
FOLDER = "DUKA_TESTS_MIGRATED"
# PostgreSQL's numbers go on from test to test: far from any figure that a test looks for.
FIRST_NUMBER = 7_040_000
MOST_OF_A_NAME = 36  # PostgreSQL cuts a name at 63 bytes, and the folder's is a part of it


def folder_of_run() -> Path:
    """Return the folder that all processes of a run share; who asks first makes it.

    It goes, and what was made on servers, when that process ends.
    """
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="duka-migrated-")
        atexit.register(_forget, Path(os.environ[FOLDER]))
    return Path(os.environ[FOLDER])


def _forget(folder: Path) -> None:
    for made in folder.glob("server-*"):
        with contextlib.suppress(psycopg.OperationalError):
            server, name = made.read_text().splitlines()
            execute_on(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(folder, ignore_errors=True)


def migrated_file() -> Path:
    """Return the migrated file of this run; who asks first makes it, the others wait."""
    folder = folder_of_run()
    done = folder / "migrated.sqlite3"

    def make() -> None:
        _migrate(folder, None)
        (folder / "duka.sqlite3").rename(done)

    _once(folder, done, make)
    return done


def fill(database: sqlite3.Connection) -> None:
    """Copy the migrated file of this run over an empty database."""
    with contextlib.closing(sqlite3.connect(migrated_file())) as source:
        source.backup(database)


def fill_file(path: Path) -> None:
    """Make a database file that is migrated already."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        fill(database)


def template_on(server: str) -> str:
    """Return the name of the migrated database on a PostgreSQL server; who asks first makes it."""
    folder = folder_of_run()
    digest = hashlib.sha256(urlsplit(server).netloc.encode()).hexdigest()[:8]
    # It begins as the server's own database does, so that whoever gave that finds it.
    near = urlsplit(server).path.strip("/") or "duka"
    name = f"{near[:MOST_OF_A_NAME]}_{folder.name.replace('-', '_')}"
    name_file, done = folder / f"server-{digest}", folder / f"done-{digest}"

    def make() -> None:
        name_file.write_text(f"{server}\n{name}")
        execute_on(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
        made = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        _migrate(folder, made)
        _number_from(made, FIRST_NUMBER)
        done.touch()

    _once(folder, done, make)
    return name_file.read_text().splitlines()[1]


def execute_on(server: str, statement: str) -> None:
    """Execute a statement that wants to stand outside a transaction, as CREATE DATABASE does."""
    anywhere = urlunsplit(urlsplit(server)._replace(path="/postgres"))
    with psycopg.connect(anywhere, autocommit=True) as connection:
        connection.execute(statement.encode())


def _number_from(url: str, first: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename), %s)"
            " FROM pg_sequences WHERE last_value IS NULL",
            [first],
        )


def _once(folder: Path, done: Path, make: Callable[[], None]) -> None:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make()


def _migrate(folder: Path, url: str | None) -> None:
    env = dict(os.environ) | {"VAR": str(folder), "DJANGO_SETTINGS_MODULE": "erp.settings"}
    env.pop("DATABASE_URL", None)
    if url:
        env["DATABASE_URL"] = url
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, timeout=300)


if __name__ == "__main__":
    if found := os.environ.get("DATABASE_URL", ""):
        template_on(found)
    else:
        migrated_file()
