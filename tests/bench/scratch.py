"""Scratch databases for the benches, and children of the bench that work on them."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests import migrated

ROOT = Path(__file__).resolve().parent.parent.parent
CHILD_SECONDS = 1500
SERVER_VARIABLE = "BENCH_DATABASE_URL"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scratch:
    """An empty, migrated database of its own, and what a process needs to find it."""

    vendor: str
    env: dict[str, str]

    @property
    def url(self) -> str:
        return self.env.get("DATABASE_URL", "")

    def start(self, module: str, *arguments: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, module: str, *arguments: object) -> Any:
        """Run a child to its end and return what its last line says in JSON."""
        return answer(self.start(module, *arguments))


def answer(child: "subprocess.Popen[str]") -> Any:
    """Wait for a child and return what its last line says in JSON; raise where it failed."""
    out, _ = child.communicate(timeout=CHILD_SECONDS)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, child.args, out)
    return json.loads(out.splitlines()[-1])


def servers() -> list[str]:
    """Return what to measure on: "" for SQLite, and PostgreSQL's address where it is given."""
    url = os.environ.get(SERVER_VARIABLE) or os.environ.get("DATABASE_URL", "")
    if url.startswith("postgres"):
        return ["", url]
    print(f"PostgreSQL: not measured, set {SERVER_VARIABLE}\n")
    return [""]


@contextlib.contextmanager
def scratch(server: str, *, is_migrated: bool = True) -> Iterator[Scratch]:
    """Make a database on `server` ("": SQLite) and drop it at the end."""
    with tempfile.TemporaryDirectory(prefix="duka-bench-") as folder:
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "VAR": folder,
            "DJANGO_SETTINGS_MODULE": "erp.settings",
            "PYTHONPATH": f"{ROOT / 'site'}:{ROOT}",
            "LOG_LEVEL": "ERROR",
            # The CPU of a parallel worker would escape the count.
            "PGOPTIONS": "-c max_parallel_workers_per_gather=0",
        }
        with _database(server, is_migrated=is_migrated) as url:
            if url:
                env["DATABASE_URL"] = url
            place = Scratch("PostgreSQL" if url else "SQLite", env)
            if is_migrated and not url:
                migrated.fill_file(Path(folder, "duka.sqlite3"))
            yield place


@contextlib.contextmanager
def _database(server: str, *, is_migrated: bool) -> Iterator[str]:
    """Make a PostgreSQL database named after the server's own, so that whoever gave it finds it."""
    if not server:
        yield ""
        return
    parts = urlsplit(server)
    name = f"{parts.path.strip('/')[:40] or 'duka'}_bench_{os.getpid()}_{next(_numbers)}"
    like = migrated.template_on(server) if is_migrated else "template0"
    migrated.execute_on(server, f'CREATE DATABASE "{name}" ENCODING \'UTF8\' TEMPLATE "{like}"')
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        migrated.execute_on(server, f'DROP DATABASE "{name}" WITH (FORCE)')
