"""Two schedulers on one database, killed at random while a clock of the test's own goes on.

`python -m tests.faults.schedules [SCALE]`: 24 hours, minute by minute, on SQLite and PostgreSQL.
Every due time, found by a scan of all minutes, must have exactly one run; then the clock jumps
50 minutes forward and 30 back, which may bring nothing twice. Exit code 1 where it is not so.
"""

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.run import variables
from tests.faults.servers import postgres
from tests.journeys.house import ROOT, House

HOURS, KILLS = 24, 40
A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
# 06:30 in Nairobi, on a Sunday.
START = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
NAIROBI_IS_AHEAD = 3 * AN_HOUR
# Shorter than the grace of a due time, so that none may be left out.
MOST_MINUTES_DOWN = 8
PATIENCE_SECONDS = 60.0
SLUGS = ("dobi", "duka", "maji")

IsDue = Callable[[datetime], bool]
# kind of job -> its words, and the same as a question about a minute of Nairobi.
WORDS: dict[str, tuple[str, IsDue]] = {
    "minutely": ("every minute", lambda at: True),
    "fives": ("every 5 minutes", lambda at: at.minute % 5 == 0),
    "sevens": ("*/7 3-20 * * *", lambda at: at.minute % 7 == 0 and 3 <= at.hour <= 20),
    "hourly": ("hourly", lambda at: at.minute == 0),
    "sixes": ("every 6 hours", lambda at: at.minute == 0 and at.hour % 6 == 0),
    "morning": ("daily 08:00", lambda at: (at.hour, at.minute) == (8, 0)),
    "evening": (
        "weekdays 17:30",
        lambda at: (at.hour, at.minute) == (17, 30) and at.weekday() < 5,
    ),
    "weekly": ("Sunday 07:15", lambda at: (at.hour, at.minute, at.weekday()) == (7, 15, 6)),
    "monthly": ("22nd of the month 07:45", lambda at: (at.hour, at.minute, at.day) == (7, 45, 22)),
}
OF_EACH_BUSINESS = {"sevens", "morning"}
SEED = """
from datetime import datetime
from periodic.models import Job, Schedule
from periodic.timetable import next_time
from tests.make import a_business
for slug in {slugs!r}:
    a_business(slug=slug)
Schedule.objects.all().delete()
for name, words, missed in {rows!r}:
    Schedule.objects.create(
        name=name, title=name, kind=name, words=words, missed=missed,
        is_per_business=name in {of_each!r},
        next_run_at=next_time(words, datetime.fromisoformat({before!r})),
    )
"""


class Scheduler:
    """One process that ticks when it is told the time."""

    def __init__(self, house: House) -> None:
        env = house.env | {"PYTHONPATH": f"site{os.pathsep}."}
        with (house.var / "ticking.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.ticking"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def tell(self, at: datetime) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{at.isoformat()}\n".encode())
        self.process.stdin.flush()

    def hear(self, word: str) -> None:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        said = self.process.stdout.readline().decode().strip() if ready else "nothing"
        assert said == word, f"a scheduler said {said!r}, not {word!r}"

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait(30)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


class Clockwork:
    """A house, its two schedulers, and what was done to them."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.alive: dict[int, Scheduler] = {}
        self.back_at: dict[int, datetime] = {}
        self.kills = self.both_down = 0

    def seed(self, missed_at: datetime) -> None:
        """Write the schedules; two more are due while nobody is there."""
        local = missed_at + NAIROBI_IS_AHEAD
        rows = [(name, words, "once") for name, (words, _) in WORDS.items()]
        words = f"{local:%-M %-H %-d %-m} *"
        rows += [(f"missed-{kind}", words, kind) for kind in ("once", "skip")]
        before = (START - timedelta(seconds=1)).isoformat()
        self.house.run_code(
            SEED.format(slugs=SLUGS, rows=rows, of_each=OF_EACH_BUSINESS, before=before)
        )

    def play(self, first: datetime, last: datetime, kills: int) -> None:
        """Tell both every minute from `first` to `last`, and kill one so many times meanwhile."""
        minutes = round((last - first) / A_MINUTE) + 1
        deadly = Counter(self.chance.randrange(minutes - MOST_MINUTES_DOWN) for _ in range(kills))
        for number in range(minutes):
            at = first + number * A_MINUTE
            self.start_those_due(at)
            told = dict(self.alive)
            self.both_down += not told
            second = timedelta(seconds=self.chance.randrange(50))
            for scheduler in told.values():
                scheduler.tell(at + second)
            for name in self.chance.sample(sorted(told), min(deadly[number], len(told))):
                time.sleep(self.chance.choice([0, self.chance.uniform(0, 0.03)]))
                told.pop(name).end()
                del self.alive[name]
                self.kills += 1
                self.back_at[name] = at + self.chance.randint(1, MOST_MINUTES_DOWN) * A_MINUTE
            for scheduler in told.values():
                scheduler.hear("done")

    def start_those_due(self, at: datetime) -> None:
        new = [name for name in (1, 2) if name not in self.alive]
        new = [name for name in new if self.back_at.get(name, at) <= at]
        self.alive |= {name: Scheduler(self.house) for name in new}
        for name in new:
            self.alive[name].hear("ready")

    def end(self) -> None:
        for scheduler in self.alive.values():
            scheduler.end()

    def runs(self) -> Counter[tuple[str, datetime, str]]:
        """Return how often each (kind, due time, business) has a job."""
        found: Counter[tuple[str, datetime, str]] = Counter()
        for kind, key in self.house.rows('SELECT kind, "key" FROM periodic_job'):
            _, _, day_and_hour, minute, *slug = key.split(":")
            due = datetime.fromisoformat(f"{day_and_hour}:{minute}")
            found[kind, due, "".join(slug)] += 1
        return found


def scanned(first: datetime, last: datetime) -> set[tuple[str, datetime, str]]:
    """Return what is due from `first` to `last`, by asking about every minute."""
    minutes = [first + n * A_MINUTE for n in range(round((last - first) / A_MINUTE) + 1)]
    return {
        (kind, at, slug)
        for kind, (_, is_due) in WORDS.items()
        for at in minutes
        if is_due((at + NAIROBI_IS_AHEAD).replace(tzinfo=None))
        for slug in (SLUGS if kind in OF_EACH_BUSINESS else ("",))
    }


def day(house: House, minutes: int, kills: int, seed: int) -> list[str]:
    """Play so many minutes, then the jumps of the clock; return what is wrong."""
    last = START + (minutes - 1) * A_MINUTE
    clock = Clockwork(house, seed)
    clock.seed(missed_at=last + 15 * A_MINUTE)
    began = time.monotonic()
    try:
        clock.play(START, last, kills)
        # Both are there again, or the time that they are away would grow by that of the jump.
        clock.back_at = dict.fromkeys((1, 2), last)
        once = clock.runs()
        ahead, back, end = (last + n * A_MINUTE for n in (50, 25, 60))
        clock.play(ahead, ahead + 5 * A_MINUTE, 0)
        clock.play(back, end, max(1, kills // 10))
        clock.start_those_due(end + MOST_MINUTES_DOWN * A_MINUTE)
    finally:
        clock.end()
    runs = clock.runs()
    due, later = scanned(START, last), scanned(back, end)
    of_missed = {key: n for key, n in runs.items() if key[0].startswith("missed-")}
    others = Counter({key: n for key, n in runs.items() if key not in of_missed})
    between = set(others) - due - later
    print(
        f"  {minutes:,} minutes, {clock.kills} kills, both down {clock.both_down} times, due"
        f" {len(due):,}, runs {once.total():,}; after the jumps {runs.total():,} runs in"
        f" {time.monotonic() - began:.0f} s"
    )
    log = (house.var / "ticking.log").read_text(errors="replace")
    checks = {
        "a due time has no run": due <= set(once),
        "a run has no due time": set(once) <= due,
        "a due time has two runs": set(runs.values()) == {1},
        "after the clock went back a due time has no run": later <= set(others),
        "the jumps brought a run that was not due": between <= scanned(last, back),
        "a missed time of `once` has not its one run": sum(
            kind == "missed-once" for kind, _, _ in of_missed
        )
        == 1,
        "a missed time of `skip` has a run": not any(
            kind == "missed-skip" for kind, _, _ in of_missed
        ),
        f"a tick failed:\n{log[-2000:]}": "Traceback" not in log,
    }
    return [what for what, is_right in checks.items() if not is_right]


def on(database_url: str, scale: float, seed: int) -> list[str]:
    """Play the day in a house of its own on that server, or on SQLite."""
    with (
        variables(DATABASE_URL=database_url, JOURNEY_REDIS_URL=""),
        tempfile.TemporaryDirectory() as folder,
    ):
        if not database_url:
            os.environ.pop("DATABASE_URL", None)
        house = House(Path(folder))
        try:
            house.make_database()
            minutes, kills = int(HOURS * 60 * scale), int(KILLS * scale)
            return day(house, max(100, minutes), max(4, kills), seed)
        finally:
            house.close()


def main(scale: float) -> int:
    """Play it on both databases; return 1 where something is wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"Schedules on SQLite, seed {seed}")
    wrong = on("", scale, seed)
    with postgres() as server:
        if server is None:
            print("Schedules on PostgreSQL: not run, it is not on this machine")
        else:
            print(f"Schedules on PostgreSQL, seed {seed}")
            wrong += on(server.url, scale, seed)
    for what in wrong:
        print(f"WRONG: {what}")
    print("ok" if not wrong else f"{len(wrong)} wrong, FAULT_SEED={seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
