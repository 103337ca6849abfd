"""Callbacks through waitress against a bare view that inserts one row in the same server.

The payments worker runs and posts what arrives. `python -m tests.bench.callbacks [SCALE]`.

What is asked is what our view costs beyond one durable row, while a worker works. So both
addresses are measured beside the same work: posting a payment costs several times what storing
its callback does, and a bare view that has the two cores for itself would be compared with the
worker, not with our view. Messages that were taken before keep the worker posting without a pause
in the windows of both; it is looked after each that some still wait. The windows are short and
take turns, in changing order, and the figure is the median of the pairs: whatever else the machine
does meets both. The bare view passes the same middleware and answers the same.
"""

import contextlib
import http.client
import math
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.bench.bars import Bars
from tests.bench.callbacks_load import body_of, post
from tests.bench.scratch import ROOT, Scratch, scratch, servers
from tests.journeys.house import free_port, wait_until

LOAD = "tests.bench.callbacks_load"
SETTINGS = "tests.bench.callbacks_settings"
BARE = "/bare"
REQUESTS, ROUNDS, SINGLES, WARM = 300, 15, 60, 200
LEAST_OF_BARE, LEAST_IN_A_SHORT_RUN = 0.7, 0.6
MOST_MS = {"Redis": 300, "SqliteHuey": 1_000}
REDIS_URL = "redis://127.0.0.1:6379/6"
DRAIN_SECONDS = 300
COUNT = "SELECT count(*) FROM mpesa_payment"
PRIMARY = {"SQLite": "integer PRIMARY KEY", "PostgreSQL": "bigserial PRIMARY KEY"}
BYTES = {"SQLite": "blob", "PostgreSQL": "bytea"}


@dataclass
class Site:
    """A web server and a payments worker on a scratch database."""

    place: Scratch
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    sent: int = 0
    paid: int = 0
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def worker(self) -> "subprocess.Popen[bytes]":
        return self.processes[1]

    def load(self, path: str, count: int) -> dict[str, Any]:
        """Post `count` messages from another process."""
        self.sent += count
        self.paid += count if path != BARE else 0
        found: dict[str, Any] = self.place.run(LOAD, self.port, path, self.sent - count, count)
        return found

    def unposted(self) -> int:
        """Return how many messages the worker has still to post, those in the spool too."""
        return self.paid - int(self.value(COUNT))

    def value(self, query: str) -> Any:
        if self.place.vendor == "PostgreSQL":
            with psycopg.connect(self.place.url) as connection:
                return connection.execute(query.encode()).fetchall()[0][0]
        with contextlib.closing(sqlite3.connect(f"{self.env['VAR']}/duka.sqlite3")) as file:
            return file.execute(query).fetchone()[0]

    def execute(self, statement: str) -> None:
        code = f"from django.db import connection as c; c.cursor().execute({statement!r})"
        self.manage("shell", "-v0", "-c", code)

    def manage(self, *command: str) -> None:
        python = [sys.executable, "manage.py", *command]
        subprocess.run(python, cwd=ROOT, env=self.env, check=True, capture_output=True, timeout=120)


def main(scale: float) -> int:
    """Print the figures as a table; return 1 where one misses its bar."""
    rounds, singles = max(5, int(ROUNDS * scale)), max(20, int(SINGLES * scale))
    bars = Bars(f"{rounds} rounds of {REQUESTS} callbacks on 32 connections", scale)
    for server in servers():
        with scratch(server) as place, running(place) as site:
            measure(site, bars, rounds, singles)
    return bars.exit_code


@contextlib.contextmanager
def running(place: Scratch, settings: str = SETTINGS) -> Iterator[Site]:
    """Start a web server and a payments worker; on PostgreSQL with Redis where it answers."""
    env = place.env | {
        "DJANGO_SETTINGS_MODULE": settings,
        "QUEUE_PREFIX": f"{os.environ.get('QUEUE_PREFIX', 'duka')}-bench-{os.getpid()}",
    }
    has_redis = place.vendor == "PostgreSQL" and redis_answers()
    if has_redis:
        env["REDIS_URL"] = os.environ.get("REDIS_URL", REDIS_URL)
    else:
        env.pop("REDIS_URL", None)
    site = Site(place, env)
    site.env["PORT"] = str(site.port)
    site.manage("demo", "--days", "1")
    site.execute(
        f"CREATE TABLE bench_bare (id {PRIMARY[place.vendor]}, body {BYTES[place.vendor]})"
    )
    commands = (["serve", "--listen", f"127.0.0.1:{site.port}"], ["consume", "payments"])
    log = Path(env["VAR"], "log").open("wb")  # noqa: SIM115 for as long as they write
    site.processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=site.env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        for command in commands
    ]
    try:
        wait_until("the web server", lambda: answers(site.port))
        yield site
    finally:
        for child in site.processes:
            child.terminate()
        for child in site.processes:
            child.wait(30)
        log.close()
        if has_redis:
            forget_keys(site.env)


def redis_answers() -> bool:
    try:
        with contextlib.closing(redis.Redis.from_url(os.environ.get("REDIS_URL", REDIS_URL))) as it:
            return bool(it.ping())
    except redis.RedisError:
        return False


def forget_keys(env: dict[str, str]) -> None:
    with contextlib.closing(redis.Redis.from_url(env["REDIS_URL"])) as server:
        # Huey takes the hyphens out of a queue's name.
        for key in server.scan_iter(f"*{env['QUEUE_PREFIX'].replace('-', '')}*"):
            server.delete(key)


def answers(port: int) -> bool:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.suppress(OSError), contextlib.closing(wire):
        wire.request("GET", "/healthz")
        return wire.getresponse().status == 200
    return False


def measure(site: Site, bars: Bars, rounds: int, singles: int) -> None:
    """Load both addresses in turns beside a busy worker, then alone, then send one at a time."""
    secret = site.value("SELECT callback_secret FROM mpesa_till WHERE number = '9900302'")
    confirm = f"/cb/{secret}/confirm"
    for path in (BARE, confirm):
        site.load(path, WARM)
    drain(site)
    until_posted(site, confirm)  # behind the bells that rang for what was posted with others
    with still(site):
        alone = {path: site.load(path, REQUESTS) for path in (BARE, confirm)}
    pairs, pauses = beside_the_worker(site, confirm, rounds)
    drain(site)
    until_posted(site, confirm)  # behind the bells that rang for what was posted with others
    waits = sorted(until_posted(site, confirm) for _ in range(singles))
    found = [*pairs, alone]
    queue = "Redis" if "REDIS_URL" in site.env else "SqliteHuey"
    name = f"{site.place.vendor}, {queue}"
    failed = sum(one["failed"] for pair in found for one in pair.values())
    bars.most(f"{name}: not answered by 200", failed, 0)
    bars.most(f"{name}: windows in which the worker paused", pauses, 0)
    for what, path in (("bare inserts", BARE), ("callbacks", confirm)):
        rate = statistics.median(pair[path]["rate"] for pair in pairs)
        slow = statistics.median(pair[path]["p99"] for pair in pairs) * 1000
        bars.told(f"{name}: {what}", rate, "requests/s")
        bars.told(f"{name}: {what}, p99", slow, "ms")
    bars.least(
        f"{name}: callbacks of bare inserts",
        statistics.median(of_bare(pair, confirm) for pair in pairs),
        LEAST_OF_BARE,
        "of the rate",
        slack=LEAST_OF_BARE / LEAST_IN_A_SHORT_RUN,
    )
    bars.told(f"{name}: the same, while the worker stands still", of_bare(alone, confirm))
    p95 = waits[math.ceil(len(waits) * 0.95) - 1] * 1000
    bars.most(f"{name}: from callback to posted, p95", p95, MOST_MS[queue], "ms")


def beside_the_worker(
    site: Site, confirm: str, rounds: int
) -> tuple[list[dict[str, dict[str, Any]]], int]:
    """Return what each pair of windows found, and in how many windows the worker ran dry."""
    pairs, pauses = [], 0
    for number in range(rounds):
        pair = {}
        for path in (BARE, confirm) if number % 2 else (confirm, BARE):
            if site.unposted() < REQUESTS:
                site.load(confirm, REQUESTS)
            pair[path] = site.load(path, REQUESTS)
            pauses += not site.unposted()
        pairs.append(pair)
    return pairs, pauses


def of_bare(pair: dict[str, dict[str, Any]], confirm: str) -> float:
    return float(pair[confirm]["rate"] / pair[BARE]["rate"])


@contextlib.contextmanager
def still(site: Site) -> Iterator[None]:
    """Stop the worker for a while, when it is idle: it must not hold a lock meanwhile."""
    drain(site)
    wait_until("a worker without a lock", lambda: stopped_without_a_lock(site), 30)
    try:
        yield
    finally:
        site.worker.send_signal(signal.SIGCONT)


def stopped_without_a_lock(site: Site) -> bool:
    """Stop the worker; let it go on where it was just writing to a file, that of a queue too."""
    site.worker.send_signal(signal.SIGSTOP)
    if all(is_free(path) for path in Path(site.env["VAR"]).glob("*.sqlite3")):
        return True
    site.worker.send_signal(signal.SIGCONT)
    return False


def is_free(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as file:
        try:
            file.execute("BEGIN IMMEDIATE")
            file.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


def drain(site: Site) -> None:
    """Wait until everything that was taken is in the books.

    What is in the spool has rung no bell, and would wait for the sweep of the next minute.
    """
    if site.unposted() > 0:
        site.manage("shell", "-v0", "-c", "from periodic.tasks import take_in; take_in()")
    wait_until("an idle worker", lambda: site.unposted() <= 0, DRAIN_SECONDS)


def until_posted(site: Site, path: str) -> float:
    """Send one confirmation to an idle system; return the seconds until its entry is there."""
    site.sent, site.paid = site.sent + 1, site.paid + 1
    time.sleep(0.3)
    key = f"mpesa:BENCH{site.sent:08d}"
    wire = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    began = time.perf_counter()
    with contextlib.closing(wire):
        assert post(wire, path, site.sent)
    query = f"SELECT count(*) FROM money_entry WHERE \"key\" = '{key}'"
    while not site.value(query):
        assert time.perf_counter() - began < 90, body_of(site.sent)
        time.sleep(0.004)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
