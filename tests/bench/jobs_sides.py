"""The worker sides that are compared: Duka's, and each contender's in a venv of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import redis

from tests.bench.jobs_memory import share_of, shares
from tests.bench.jobs_work import Stamps
from tests.bench.posting_contenders import python_of
from tests.bench.scratch import ROOT, Scratch
from tests.journeys.house import wait_until

START_SECONDS = 120
# Where the workers load whatever they load on their first job.
WARM_UP = 2
BOTH = ("payments", "work")
NAMES = ("celery", "rq", "dramatiq")

Process = subprocess.Popen[bytes]


class Side:
    """Worker processes, and one that asks for jobs as an application would."""

    def __init__(self, name: str, folder: Path, env: dict[str, str]) -> None:
        self.name, self.folder, self.env = name, folder, env
        self.workers: list[Process] = []
        # Schedulers beside the workers, whom no kill meets.
        self.others: list[Process] = []
        self._asker: Process | None = None
        self._runs = 0

    # What differs.

    asking: list[str]
    working: list[list[str]]
    scheduling: list[list[str]]

    # What does not.

    def start(self) -> None:
        """Start everything and have the first jobs done."""
        self.others = [self._popen(command) for command in self.scheduling]
        self.start_workers()
        self._asker = self._popen(self.asking, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._hear()

    def warm_up(self) -> None:
        self.finish(self.ask("tiny", WARM_UP), WARM_UP, START_SECONDS)

    def start_workers(self) -> None:
        self.workers = [self._popen(command) for command in self.working]

    def kill_workers(self) -> None:
        """Kill every worker with its children, as a cut of power or a lack of memory does."""
        for one in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
        for one in self.workers:
            one.wait()

    def stop(self) -> None:
        if self._asker and self._asker.stdin:
            self._asker.stdin.close()
            self._asker.wait(30)
        self._asker = None
        for one in (*self.workers, *self.others):
            one.terminate()
        for one in (*self.workers, *self.others):
            try:
                one.wait(30)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
        self.workers, self.others = [], []

    def ask(self, what: str, count: int, pause: float = 0.0) -> Path:
        """Ask for jobs; returns the file of their stamps."""
        self._runs += 1
        path = self.folder / f"{self.name}-{self._runs}-{what}"
        assert self._asker
        assert self._asker.stdin
        self._asker.stdin.write(f"{what} 1 {count} {pause} {path}\n".encode())
        self._asker.stdin.flush()
        self._hear()
        return path

    def _hear(self) -> None:
        assert self._asker
        assert self._asker.stdout
        out: IO[bytes] = self._asker.stdout
        heard = out.readline()
        assert heard == b"ok\n", f"{self.name}: {heard!r}, see {self.log}"

    @staticmethod
    def finish(path: Path, count: int, seconds: float = 300) -> Stamps:
        """Wait until so many jobs have ended and return their stamps."""
        wait_until(path.name, lambda: len(Stamps.of(path).ended) >= count, seconds)
        return Stamps.of(path)

    @property
    def roots(self) -> list[int]:
        return [one.pid for one in (*self.workers, *self.others)]

    def memory(self) -> float:
        """Return the share of everything that runs, in MB."""
        return sum(shares(self.roots).values())

    def largest(self) -> float:
        """Return the share of the largest worker, in MB; its children have their own."""
        return max(map(share_of, self.roots))

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def _popen(
        self, command: list[str], stdin: int = subprocess.DEVNULL, stdout: int | None = None
    ) -> Process:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.env,
                stdin=stdin,
                stdout=log if stdout is None else stdout,
                stderr=log,
                start_new_session=True,
            )


class Ours(Side):
    """Both consumers, as the Procfile starts them."""

    scheduling: list[list[str]] = []

    def __init__(self, place: Scratch, redis_url: str, **more: str) -> None:
        env = place.env | {
            "DJANGO_SETTINGS_MODULE": "tests.bench.jobs_settings",
            "QUEUE_PREFIX": f"duka-bench-{os.getpid()}",
            **more,
        }
        env.pop("REDIS_URL", None)
        if redis_url:
            env["REDIS_URL"] = redis_url
        super().__init__("duka", Path(place.env["VAR"]), env)
        self.place = place
        self.asking = [sys.executable, "-m", "tests.bench.jobs_ask"]
        self.working = [
            [sys.executable, "manage.py", "consume", queue, "--workers", "4"] for queue in BOTH
        ]


class Theirs(Side):
    """A contender's workers, two jobs at once, and its scheduler where it has one."""

    def __init__(self, name: str, place: Scratch, redis_url: str, *, has_project: bool) -> None:
        env = place.env | {"BROKER": redis_url, "PYTHONPATH": f"{ROOT}:{ROOT / 'site'}"}
        if has_project:
            env["HOUSE_PACKAGES"] = sysconfig.get_path("purelib")
        else:
            del env["DJANGO_SETTINGS_MODULE"]
        label = name if has_project else f"{name}-bare"
        super().__init__(label, Path(place.env["VAR"]), env)
        python = python_of(name)
        at = python.parent
        self.asking = [str(python), "-m", "tests.bench.contenders.jobs_ask", name]
        app = f"tests.bench.contenders.jobs_{name}"
        self.scheduling = []
        if name == "celery":
            celery = [str(at / "celery"), "-A", app]
            self.working = [[*celery, "worker", "-c", "2", "-l", "ERROR"]]
            schedule = str(self.folder / "beat")
            self.scheduling = [[*celery, "beat", "-l", "ERROR", "-s", schedule]]
        elif name == "rq":
            pool = ["worker-pool", "default", "-n", "2", "-u", redis_url, "-l", "WARNING"]
            self.working = [
                [str(python), "-c", _AFTER_PROJECT.format(app=app, module="rq.cli"), *pool]
            ]
            scheduler = _AFTER_PROJECT.format(app=app, module="rq_scheduler.scripts.rqscheduler")
            self.scheduling = [[str(python), "-c", scheduler, "-u", redis_url]]
        else:
            self.working = [[str(at / "dramatiq"), app, "-p", "2", "-t", "1"]]


# RQ's own commands know no application; a product starts them after its own imports.
_AFTER_PROJECT = "import {app}; from {module} import main; main()"


@contextlib.contextmanager
def running(side: Side) -> Iterator[Side]:
    """Start a side and stop it again, whatever happens."""
    try:
        side.start()
        yield side
    except BaseException:
        if side.log.exists():
            sys.stderr.write(side.log.read_text(errors="replace")[-4000:])
        raise
    finally:
        side.stop()


def flush(url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(url)) as server:
        server.flushdb()


def quiet(probe: Callable[[], int], most: int, seconds: float) -> int:
    """Wait until `probe` reaches `most`, or has not grown for so long; return what it says."""
    last, since = probe(), time.monotonic()
    while last < most and time.monotonic() - since < seconds:
        time.sleep(0.1)
        if (now := probe()) > last:
            last, since = now, time.monotonic()
    return last
