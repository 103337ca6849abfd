"""Jobs on Duka's workers beside Celery + Beat, RQ + rq-scheduler and Dramatiq, in one run.

Each contender lives in a venv of its own, kept in VAR, and runs two jobs at once, as Duka does.
`python -m tests.bench.jobs [SCALE]`; a short run compares with Celery alone, since it alone has
bars. What is measured stands in docs/operations.md.
"""

import contextlib
import math
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench.bars import Bars
from tests.bench.callbacks import running as site_running
from tests.bench.callbacks import until_posted
from tests.bench.jobs_memory import Peak
from tests.bench.jobs_sides import NAMES, Ours, Side, Theirs, flush, quiet, running
from tests.bench.jobs_work import Stamps, urgency_of
from tests.bench.posting_contenders import python_of
from tests.bench.scratch import Scratch, scratch, servers
from tests.faults.servers import own_redis
from tests.journeys.house import TooLong, wait_until

REPORTS, WAITING, JOBS, KILLS, KILLED_JOBS = 50, 500, 2_000, 10, 100
PICKUPS, PAYMENTS, QUEUED_REPORTS = 60, 40, 20
MOST_MB, MOST_PEAK_MB, MOST_WORKER_MB = 250, 400, 100
# Beyond this a worker grows: what a heap of threads wavers by is less.
MOST_GROWN_MB = 5
PICKUP_MS = {"Redis": 100, "SqliteHuey": 700}
PAYMENT_MS = 1_000
# Pauses between two that are asked for one by one: on SqliteHuey all threads are slow by then.
PAUSE = {"Redis": 0.3, "SqliteHuey": 2.5}
PLACES = 2
# How long nothing happens until what is not done counts as lost.
LOST_SECONDS = 20
SETTLE_SECONDS = 3
# Latencies on a machine that does more than this bench; nothing else is forgiven.
SLACK = 2.0
chance = random.Random(5)


class Size:
    """How much of everything at this scale."""

    def __init__(self, scale: float) -> None:
        self.is_short = scale < 1
        self.names = NAMES[:1] if self.is_short else NAMES
        self.reports = max(6, int(REPORTS * scale))
        self.waiting = max(50, int(WAITING * scale))
        self.jobs = max(100, int(JOBS * scale))
        self.kills = max(3, int(KILLS * scale))
        self.killed_jobs = max(20, int(KILLED_JOBS * scale))
        self.pickups = max(20, int(PICKUPS * scale))
        self.slow_pickups = max(8, int(30 * scale))
        self.payments = max(20, int(PAYMENTS * scale))
        self.idle_seconds = 10 if self.is_short else 60


def main(scale: float) -> int:
    """Print the figures as a table; return 1 where one misses its bar."""
    size = Size(scale)
    found = servers()
    with ThreadPoolExecutor() as pool, own_redis() as broker:
        venvs = [pool.submit(python_of, name) for name in size.names] if broker else []
        for one in venvs:
            one.result()
        bars = Bars(f"Jobs, {size.reports} reports, {size.jobs} jobs", scale, SLACK)
        if broker:
            beside_others(bars, size, found[-1], broker.url)
        else:
            print("There is no redis-server here: nothing is compared.")
        with scratch("") as place:
            waited(bars, place, size)
        for server in found:
            with scratch(server) as place:
                paid_meanwhile(bars, place, size)
    return bars.exit_code


def beside_others(bars: Bars, size: Size, server: str, redis_url: str) -> None:
    """Measure Duka, then each contender, all on one Redis that is emptied in between."""
    with scratch(server) as place:
        ours = Ours(place, redis_url)
        with running(ours):
            mine = memory(ours, bars, size)
            pickup(ours, bars, size, "Redis")
            throughput(ours, bars, size)
        killed(Ours(place, redis_url, JOB_LOOK_SECONDS="2"), bars, size)
        flush(redis_url)
        for name in size.names:
            side = Theirs(name, place, redis_url, has_project=True)
            with running(side):
                found = memory(side, bars, size)
                pickup(side, bars, size, "")
                rate(side, bars, size)
            flush(redis_url)
            if not size.is_short:  # has no bar, and waits long for what is lost
                killed(side, bars, size)
                flush(redis_url)
            if name == "celery":
                celery = found
        if not size.is_short:
            bare = Theirs("celery", place, redis_url, has_project=False)
            with running(bare):
                memory(bare, bars, size)
    bars.most("duka: once the reports are done", mine[1], MOST_MB, "MB", is_exact=True)
    bars.most("duka: at its peak", mine[2], MOST_PEAK_MB, "MB", is_exact=True)
    for what, its, other in zip(("idle", "after reports", "peak"), mine, celery, strict=True):
        bars.most(f"duka: {what}, of celery and Beat", its / other, 1.0, "of theirs", is_exact=True)


def memory(side: Side, bars: Bars, size: Size) -> tuple[float, float, float]:
    """Tell and return MB idle, after the reports, and at most."""
    side.warm_up()
    time.sleep(SETTLE_SECONDS)
    idle = side.memory()
    with Peak(lambda: side.roots) as peak:
        side.finish(side.ask("report", size.reports), size.reports)
    time.sleep(SETTLE_SECONDS)
    after = side.memory()
    bars.told(f"{side.name}: workers and scheduler, idle", idle, "MB")
    bars.told(f"{side.name}: after {size.reports} reports", after, "MB")
    bars.told(f"{side.name}: peak", peak.figure, "MB")
    return idle, after, peak.figure


def pickup(side: Side, bars: Bars, size: Size, queue: str) -> None:
    """Ask for one job at a time of idle workers."""
    count = size.slow_pickups if queue == "SqliteHuey" else size.pickups
    path = side.ask("tiny", count, PAUSE.get(queue, PAUSE["Redis"]))
    waits = side.finish(path, count).waits
    p95 = waits[math.ceil(len(waits) * 0.95) - 1] * 1000
    label = f"{side.name}{f', {queue}' if queue else ''}: asked to begun"
    bars.told(f"{label}, p50", waits[len(waits) // 2] * 1000, "ms")
    if queue:
        bars.most(f"{label}, p95", p95, PICKUP_MS[queue], "ms")
    else:
        bars.told(f"{label}, p95", p95, "ms")


def rate(side: Side, bars: Bars, size: Size) -> Stamps:
    """Ask for many tiny jobs at once."""
    stamps = side.finish(side.ask("tiny", size.waiting), size.waiting)
    bars.told(f"{side.name}: tiny jobs that wait together", stamps.rate, "jobs/s")
    return stamps


def throughput(side: Ours, bars: Bars, size: Size) -> None:
    """Have many jobs wait, see their order, and whether the workers grow by them."""
    side.kill_workers()
    path = side.ask("tiny", size.waiting)
    side.start_workers()
    stamps = side.finish(path, size.waiting)
    bars.told("duka: tiny jobs that wait together", stamps.rate, "jobs/s")
    bars.most("duka: overtaken by the less urgent", overtaken(stamps), 0, is_exact=True)
    half = (size.jobs - size.waiting) // 2
    side.finish(side.ask("tiny", half), half)
    time.sleep(SETTLE_SECONDS)
    before = side.memory()
    side.finish(side.ask("tiny", half), half)
    time.sleep(SETTLE_SECONDS)
    bars.most("duka: the largest worker", side.largest(), MOST_WORKER_MB, "MB", is_exact=True)
    grown = side.memory() - before
    bars.most(f"duka: grown over the last {half} jobs", grown, MOST_GROWN_MB, "MB", is_exact=True)


def overtaken(stamps: Stamps) -> int:
    """Count the jobs that ended before more urgent ones, of those that all waited at once.

    A job that runs beside a more urgent one may end first: as many as there are other places.
    """
    order = [urgency_of(number) for number in sorted(stamps.ended, key=stamps.ended.__getitem__)]
    return sum(
        sum(other > one for other in order[at + 1 :]) >= PLACES for at, one in enumerate(order)
    )


def killed(side: Side, bars: Bars, size: Size) -> None:
    """Kill the workers again and again while jobs wait and run; count what is never done."""
    count = size.killed_jobs
    with running(side):
        side.warm_up()
        path = side.ask("short", count)

        def done() -> int:
            return len(Stamps.of(path).ended)

        for _ in range(size.kills):
            before = len(Stamps.of(path).begun)
            with contextlib.suppress(TooLong):
                wait_until("a job", lambda: len(Stamps.of(path).begun) > before, LOST_SECONDS)  # noqa: B023 within the turn
            time.sleep(chance.uniform(0.1, 0.5))
            side.kill_workers()
            side.start_workers()
        lost = count - quiet(done, count, LOST_SECONDS)
    name = f"{side.name}: of {count} jobs not done after {size.kills} SIGKILLs"
    if isinstance(side, Ours):
        bars.most(name, lost, 0, is_exact=True)
    else:
        bars.told(name, lost)


def waited(bars: Bars, place: Scratch, size: Size) -> None:
    """Measure the pickup on queues in files, after they were idle for a while."""
    side = Ours(place, "")
    with running(side):
        side.warm_up()
        time.sleep(size.idle_seconds)
        pickup(side, bars, size, "SqliteHuey")


def paid_meanwhile(bars: Bars, place: Scratch, size: Size) -> None:
    """Send confirmations one at a time while long reports wait and run."""
    with site_running(place, "tests.bench.jobs_settings") as site:
        side = Ours(place, "")
        side.env, side.working = site.env, side.working[1:]
        with running(side):
            side.warm_up()
            side.ask("long", QUEUED_REPORTS)
            secret = site.value("SELECT callback_secret FROM mpesa_till WHERE number = '9900302'")
            until_posted(site, f"/cb/{secret}/confirm")
            waits = sorted(
                until_posted(site, f"/cb/{secret}/confirm") for _ in range(size.payments)
            )
            side.kill_workers()
    queue = "Redis" if "REDIS_URL" in site.env else "SqliteHuey"
    label = f"{place.vendor}, {queue}: paid under {QUEUED_REPORTS} reports, p95"
    bars.most(label, waits[math.ceil(len(waits) * 0.95) - 1] * 1000, PAYMENT_MS, "ms")


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
