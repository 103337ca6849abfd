"""One SQLite file with every migration applied, made once a run and copied by who needs one.

`python -m tests.migrated FOLDER` makes it. The migrations take seconds of a processor; a copy holds
exactly what `manage.py migrate` wrote, triggers and all.
"""

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Names the folder of this run to every process of it; unset outside pytest.
FOLDER = "DUKA_TESTS_MIGRATED"


def migrated_file(folder: Path) -> Path:
    """Return the migrated file of a run; who asks first makes it, the others wait."""
    done = folder / "migrated.sqlite3"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _migrate(folder)
            (folder / "duka.sqlite3").rename(done)
    return done


def _migrate(folder: Path) -> None:
    env = dict(os.environ) | {"VAR": str(folder), "DJANGO_SETTINGS_MODULE": "erp.settings"}
    env.pop("DATABASE_URL", None)
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, timeout=300)


def fill(database: sqlite3.Connection) -> None:
    """Copy the migrated file of this run over an empty database."""
    file = migrated_file(Path(os.environ[FOLDER]))
    with contextlib.closing(sqlite3.connect(file)) as source:
        source.backup(database)


def fill_file(path: Path) -> None:
    """Make a database file that is migrated already."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        fill(database)


if __name__ == "__main__":
    migrated_file(Path(sys.argv[1]))
