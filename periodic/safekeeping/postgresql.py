"""PostgreSQL's side: a dump of one moment, scratch databases, and one renamed into place.

Passwords reach the tools by their environment, never by their arguments.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from periodic.safekeeping.figures import Ask, Figures, is_living, read_figures, rows_per_table
from periodic.safekeeping.files import empty_folder
from periodic.safekeeping.refusals import Impossible

if TYPE_CHECKING:
    import psycopg

# The longest dump or restore of a shop; what takes longer hangs.
TOOL_SECONDS = 6 * 3600
CONNECT_SECONDS = 10
# PostgreSQL cuts names after 63 bytes; what is put behind a name has to fit.
_MOST_NAME = 36
# How a connection is secured: the same for the tools as for the product.
_SECURED = ("sslmode", "sslrootcert", "sslcert", "sslkey", "passfile")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database is and as whom one connects."""

    host: str
    port: str
    user: str
    password: str = field(repr=False)
    database: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Server":
        """Return the server that an entry of Django's DATABASES names."""
        options = settings.get("OPTIONS") or {}
        return cls(
            host=settings.get("HOST") or "",
            port=str(settings.get("PORT") or ""),
            user=settings.get("USER") or "",
            password=settings.get("PASSWORD") or "",
            database=settings["NAME"],
            options={name: str(options[name]) for name in _SECURED if options.get(name)},
        )

    def keywords(self, database: str) -> dict[str, str]:
        """Return libpq's keywords for a connection to `database` on this server."""
        wanted = {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "dbname": database,
            "connect_timeout": str(CONNECT_SECONDS),
            **self.options,
        }
        return {name: value for name, value in wanted.items() if value}

    def environment(self, database: str) -> dict[str, str]:
        """Return the environment of a tool that works on `database`."""
        names = {"dbname": "PGDATABASE"}
        return dict(os.environ) | {
            names.get(name, f"PG{name.upper()}"): value
            for name, value in self.keywords(database).items()
        }

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of `database`; it holds the password."""
        who = quote(self.user, safe="") + (
            f":{quote(self.password, safe='')}" * bool(self.password)
        )
        port = f":{self.port}" if self.port else ""
        query = f"?{urlencode(self.options)}" if self.options else ""
        where = f"{quote(self.host, safe='')}{port}/{quote(database, safe='')}"
        return f"postgres://{who}{'@' if who else ''}{where}{query}"

    @contextlib.contextmanager
    def connection(self, database: str) -> Iterator["psycopg.Connection"]:
        """Connect outside Django. Raises Impossible where the server does not let us in."""
        import psycopg  # noqa: PLC0415 a laptop on SQLite has no psycopg

        try:
            connection = psycopg.connect(**self.keywords(database), autocommit=True)  # type: ignore[arg-type]
        except psycopg.OperationalError as error:
            raise Impossible(f"PostgreSQL did not answer: {_first_line(str(error))}") from error
        with contextlib.closing(connection):
            yield connection


def _asking(connection: "psycopg.Connection") -> Ask:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql.encode()).fetchall()

    return ask


def dump(server: Server, target: Path) -> tuple[Figures, str]:
    """Write a dump into a new file; return figures of the very same moment, and the version.

    Raises Impossible: no tool, an older tool than the server, or what pg_dump says.
    """
    with server.connection(server.database) as connection:
        version = connection.info.server_version // 10_000
        _refuse_old_tool("pg_dump", version)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row
        figures = read_figures(_asking(connection), "postgresql")
        target.touch(mode=0o600)
        _run_tool(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            f"--snapshot={row[0]}",
            f"--file={target}",
            environment=server.environment(server.database),
        )
        connection.execute("ROLLBACK")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return figures, f"PostgreSQL {version}"


def stem_of(database: str) -> str:
    """Return what the names beside a database begin with: its own name, or a short one for it.

    Two long names that begin alike have not the same: what a restore drops has to be its own.
    """
    if len(database) <= _MOST_NAME:
        return database
    digest = hashlib.sha256(database.encode()).hexdigest()[:8]
    return f"{database[: _MOST_NAME - 9]}_{digest}"


class ServerScratch:
    """A database made beside the shop's, which may take its place."""

    vendor = "postgresql"

    def __init__(self, folder: Path, server: Server, purpose: str) -> None:
        """Make it; what a death left of the same purpose is dropped. Raises Impossible."""
        self.folder, self.server = folder, server
        prefix = f"{stem_of(server.database)}_{purpose}_"
        self.name = f"{prefix}{os.getpid()}"
        with _administrator(server) as admin:
            for name in _names_of(admin, prefix):
                _execute(admin, "DROP DATABASE {} WITH (FORCE)", name)
            _execute(admin, "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0", self.name)
        empty_folder(folder)

    def fill(self, database: Path) -> None:
        """Restore a dump into it. Raises Impossible with what pg_restore says."""
        _run_tool(
            "pg_restore",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            f"--dbname={self.name}",
            str(database),
            environment=self.server.environment(self.name),
        )
        database.unlink()

    def environment(self) -> dict[str, str]:
        """Return what tells a process of ours to work here and nowhere else."""
        return {"VAR": str(self.folder), "DATABASE_URL": self.server.url(self.name)}

    def swap_in(self, stamp: str) -> str:
        """Rename the scratch database to the shop's name; return the old one's new name, or "".

        An old one without anybody's work is dropped. Both renamings are one transaction. Raises
        Impossible while a process is connected.
        """
        import psycopg  # noqa: PLC0415 a laptop on SQLite has no psycopg

        name = self.server.database
        aside = f"{stem_of(name)}_before_{stamp.lower()}"
        is_empty = state_of(self.server) == "empty"
        with _administrator(self.server) as admin:
            is_there = bool(_names_of(admin, name, is_prefix=False))
            try:
                with admin.transaction():
                    if is_there:
                        _execute(admin, "ALTER DATABASE {} RENAME TO {}", name, aside)
                    _execute(admin, "ALTER DATABASE {} RENAME TO {}", self.name, name)
            except psycopg.errors.ObjectInUse as error:
                raise Impossible(
                    "A process is still connected to the database. Stop web and workers, then"
                    " restore again."
                ) from error
            except psycopg.errors.InsufficientPrivilege as error:
                raise Impossible(
                    f"{self.server.user or 'This role'} does not own the database {name}, so it"
                    " cannot rename it: ALTER DATABASE ... OWNER TO, see docs/operations.md."
                ) from error
            if is_there and is_empty:
                _execute(admin, "DROP DATABASE {}", aside)
        return aside if is_there and not is_empty else ""

    def drop(self) -> None:
        """Drop it where it still has its own name, and remove the folder."""
        with _administrator(self.server) as admin:
            _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
        shutil.rmtree(self.folder, ignore_errors=True)


def state_of(server: Server) -> str:
    """Return "empty" where the database is missing or nobody's, else "living"."""
    with _administrator(server) as admin:
        if not _names_of(admin, server.database, is_prefix=False):
            return "empty"
    with server.connection(server.database) as connection:
        rows = rows_per_table(_asking(connection), "postgresql")
    return "living" if is_living(rows) else "empty"


@contextlib.contextmanager
def _administrator(server: Server) -> Iterator["psycopg.Connection"]:
    """Connect to the server's own database, from which others are made and renamed."""
    with server.connection("postgres") as connection:
        yield connection


def _execute(admin: "psycopg.Connection", statement: str, *names: str) -> None:
    """Run a statement about databases. Raises Impossible where the role may not."""
    import psycopg  # noqa: PLC0415 a laptop on SQLite has no psycopg
    from psycopg import sql  # noqa: PLC0415

    try:
        admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
    except psycopg.errors.InsufficientPrivilege as error:
        if not statement.startswith("CREATE"):
            raise
        role = admin.info.user
        raise Impossible(
            f"The role {role} may not make databases, which a restore needs. As postgres:"
            f' ALTER ROLE "{role}" CREATEDB'
        ) from error


def _names_of(admin: "psycopg.Connection", name: str, *, is_prefix: bool = True) -> list[str]:
    condition = "starts_with(datname, %s)" if is_prefix else "datname = %s"
    rows = admin.execute(
        f"SELECT datname FROM pg_database WHERE {condition}".encode(),  # noqa: S608 our own words
        [name],
    ).fetchall()
    return [row[0] for row in rows]


def _refuse_old_tool(tool: str, server_version: int) -> None:
    """Raise Impossible where a tool is older than the server: it would refuse in its own words."""
    said = _run_tool(tool, "--version", environment=dict(os.environ))
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", said)
    if not found or int(found[1]) < server_version:
        raise Impossible(
            f"{tool} here is version {found[1] if found else 'unknown'}, the server is"
            f" {server_version}. Install postgresql-client-{server_version}."
        )


def _run_tool(tool: str, *words: str, environment: dict[str, str]) -> str:
    """Run a tool of PostgreSQL to its end and return what it printed. Raises Impossible."""
    program = shutil.which(tool)
    if program is None:
        raise Impossible(f"{tool} is not on this machine. Install postgresql-client.")
    try:
        done = subprocess.run(  # noqa: S603 our own words, no shell
            [program, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TOOL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Impossible(f"{tool} did not end within {TOOL_SECONDS // 3600} hours.") from error
    if done.returncode:
        raise Impossible(f"{tool} failed: {_first_line(done.stderr)}")
    return done.stdout


def _first_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0][:300] if lines else "it did not say why"
