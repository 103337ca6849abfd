"""Looking at a restored copy: in a process of its own, which knows no other database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from money.verification import verify_books
from periodic.safekeeping.archive import Manifest
from periodic.safekeeping.figures import (
    Figures,
    book_differences,
    read_figures,
    row_differences,
)
from periodic.safekeeping.refusals import Impossible
from periodic.safekeeping.targets import Scratch

# Says to the child that its database is a copy, which may be migrated.
IS_COPY = "DUKA_IS_A_COPY"
MOST_SECONDS = 4 * 3600
_MOST_FINDINGS = 20
_GONE = ("DJANGO_SETTINGS_MODULE", "REDIS_URL", "HUEY_IMMEDIATE", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Looked:
    """What came out: sentences about what is wrong, figures after migrating, what was read."""

    findings: list[str]
    figures: Figures
    entries: int
    lines: int


def refuse_newer(manifest: Manifest) -> None:
    """Raise Impossible where the backup knows a migration that this Duka does not."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    for name in manifest.figures.migrations:
        if name not in known:
            raise Impossible(
                f"The backup was made by Duka {manifest.version}, which knows {name}; this one does"
                " not. Check out that version or a newer one, then restore."
            )


def look_at(scratch: Scratch, manifest: Manifest, *, tick: Callable[[], None]) -> Looked:
    """Migrate and examine a copy in a child process; `tick` is called each second, may raise.

    Raises Impossible where the child fails.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _GONE}
    environment = kept | {k: v for k, v in scratch.environment().items() if v} | {IS_COPY: "yes"}
    with subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, str(settings.HOUSE / "manage.py"), "look_at_copy"],
        env=environment,
        cwd=settings.HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            out, trouble = _talk(child, json.dumps(asdict(manifest.figures)), tick)
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        last = [line for line in trouble.splitlines() if line.strip()][-1:]
        raise Impossible(f"The copy cannot be used: {last[0][:300] if last else 'no reason given'}")
    said = json.loads(out.splitlines()[-1])
    return Looked(said["findings"], Figures(**said["figures"]), said["entries"], said["lines"])


def _talk(child: "subprocess.Popen[str]", words: str, tick: Callable[[], None]) -> tuple[str, str]:
    unsent: str | None = words
    for _ in range(MOST_SECONDS):
        try:
            return child.communicate(unsent, timeout=1)
        except subprocess.TimeoutExpired:
            unsent = None  # the next call goes on with what this one began
            tick()
    raise Impossible("Looking at the copy took too long.")


def examine(wanted: Figures) -> dict[str, Any]:
    """Migrate this process's database and compare it with what the backup says of it.

    For the child alone: it changes the database that it is pointed at.
    """
    ask, vendor = _ask, connection.vendor
    findings = _unreadable_pages() if vendor == "sqlite" else []
    findings += row_differences(wanted.rows, read_figures(ask, vendor).rows)
    call_command("migrate", verbosity=0, interactive=False)
    report = verify_books()
    findings += [
        f"{finding.business or 'database'} {finding.number or ''}: {finding.what}"
        for finding in report.findings
    ]
    figures = read_figures(ask, vendor)
    findings += book_differences(wanted, figures)
    return {
        "findings": findings[:_MOST_FINDINGS],
        "figures": asdict(figures),
        "entries": report.entries,
        "lines": report.lines,
    }


def _ask(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _unreadable_pages() -> list[str]:
    return [f"SQLite: {what}" for (what,) in _ask("PRAGMA integrity_check") if what != "ok"]
