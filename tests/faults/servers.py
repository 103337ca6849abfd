"""A PostgreSQL and a Redis of the run's own, which it may kill."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from tests.journeys.house import free_port, wait_until


def programs() -> Path | None:
    """Return the folder of PostgreSQL's own programs, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))  # noqa: PTH207 of no folder of ours
    other = shutil.which("initdb")
    return Path(found[-1]).parent if found else Path(other).parent if other else None


class OwnPostgres:
    """A server in a folder of its own; PostgreSQL does not run as root."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.data, self.port = folder / "data", free_port()
        self.log = folder / "log"
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._bin = bin_folder
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def _run(self, program: str, *options: str) -> None:
        subprocess.run(
            [*self._as, str(self._bin / program), "-D", str(self.data), *options],
            cwd="/",
            check=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        if not self.data.exists():
            self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-h 127.0.0.1 -p {self.port} -k ''"
        self._run("pg_ctl", "-l", str(self.log), "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop as a power cut does: nobody is asked, and the log is replayed at the start."""
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def restart(self) -> str:
        self.stop()
        self.start()
        return "stopped at once and started"


class GivenPostgres:
    """A server that somebody else runs: only the connections are ours to end."""

    def __init__(self, url: str) -> None:
        self.url = url

    def restart(self) -> str:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname LIKE '%_journey_%' AND pid <> pg_backend_pid()"
            )
        return "not ours to restart: every connection of the run was terminated"


@contextlib.contextmanager
def postgres() -> Iterator[OwnPostgres | GivenPostgres | None]:
    """Start a server of our own; else take the one that is named; else None."""
    bin_folder = programs()
    given = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if bin_folder is None:
        yield GivenPostgres(given) if given.startswith("postgres") else None
        return
    folder = Path(tempfile.mkdtemp(prefix="duka-faults-pg-", dir="/tmp"))  # the other user's too
    own = OwnPostgres(folder, bin_folder)
    own.start()
    try:
        yield own
    finally:
        own.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class OwnRedis:
    """A server that keeps nothing; killed and started again, it is empty."""

    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""],
            cwd="/tmp",
            stdout=subprocess.DEVNULL,
        )
        wait_until("Redis", self._answers)

    def _answers(self) -> bool:
        with (
            contextlib.suppress(redis.RedisError),
            contextlib.closing(redis.Redis.from_url(self.url)) as server,
        ):
            return bool(server.ping())
        return False

    def flush(self) -> None:
        with contextlib.closing(redis.Redis.from_url(self.url)) as server:
            server.flushall()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None


@contextlib.contextmanager
def own_redis() -> Iterator[OwnRedis | None]:
    """Start a Redis of our own; None where there is no program for it."""
    if shutil.which("redis-server") is None:
        yield None
        return
    server = OwnRedis(free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
