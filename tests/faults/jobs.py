"""Jobs while their workers are killed and the queue is emptied: all end done, each effect once.

`python -m tests.faults.jobs [SCALE]`. Two workers run jobs of 1 to 5 s; one of them is killed by
SIGKILL now and then and started again. The effect of a job is a row under its key.
"""

import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.faults.run import variables
from tests.faults.servers import own_redis, postgres
from tests.journeys.house import House, wait_until
from tests.workshop.rows import execute, row

JOBS, KILLS, EMPTIED = 300, 20, 3
# In how many places at once: two workers of so many.
PLACES = 8
WORKERS = ("work", "work2")
LEFT = "SELECT count(*) FROM periodic_job WHERE state IN ('waiting', 'running')"


class TwoWorkers(House):
    """A house whose only processes are two workers of jobs."""

    @property
    def commands(self) -> dict[str, list[str]]:
        return {name: ["consume", "work", "--workers", str(PLACES + 2)] for name in WORKERS}


class Killer(threading.Thread):
    """Kills a worker now and then, and starts it again; empties the queue now and then."""

    def __init__(self, house: House, seed: int, kills: int, emptied: int, pause: float) -> None:
        super().__init__()
        self.house, self.chance = house, random.Random(seed)
        deeds = [self._kill] * kills
        for number in range(emptied):
            deeds.insert((number + 1) * len(deeds) // (emptied + 1), house.empty_queues)
        self.deeds, self.pause = deeds, pause

    def _kill(self) -> None:
        name = self.chance.choice(WORKERS)
        self.house.kill(name)
        self.house.start(name)

    def run(self) -> None:
        for deed in self.deeds:
            time.sleep(self.pause * self.chance.uniform(0.5, 1.5))
            deed()


def under_fire(house: House, scale: float, seed: int) -> list[str]:
    """Ask for the jobs, kill and empty meanwhile; returns what is wrong at the end."""
    jobs, kills = max(20, int(JOBS * scale)), max(4, int(KILLS * scale))
    chance = random.Random(seed)
    house.make_database()
    for name in WORKERS:
        house.start(name)
    keys = [f"fault:{number}" for number in range(jobs)]
    execute(
        house,
        *[
            row(house, key, "sleep", {"tenths": chance.randint(10, 50)}, chance.choice([0, 10, 20]))
            for key in keys
        ],
    )
    began = time.monotonic()
    # As long as the jobs take, or a little longer: three seconds each, in all places.
    pause = max(1.5, jobs * 3 / (2 * PLACES) / kills)
    killer = Killer(house, seed, kills, max(1, int(EMPTIED * max(scale, 0.34))), pause)
    killer.start()
    killer.join()
    wait_until("the end of all jobs", lambda: not house.value(LEFT), 120 + jobs)
    return judge(house, jobs, kills, int(time.monotonic() - began))


def judge(house: House, jobs: int, kills: int, seconds: int) -> list[str]:
    """Print what came of it; return what is wrong."""
    rows = house.rows("SELECT id, state, attempts FROM periodic_job ORDER BY id")
    states = Counter(state for _, state, _ in rows)
    again = Counter(attempts for *_, attempts in rows)
    effects = dict(house.rows('SELECT "key", count(*) FROM periodic_mail GROUP BY "key"'))
    lines = {
        path.name: [line.split()[1] for line in path.read_text().splitlines()]
        for path in (house.var / "notes").iterdir()
    }
    once = {name: words.count("effect") for name, words in lines.items()}
    print(f"  {jobs} jobs in {seconds} s, workers killed {kills} times: {dict(states)}")
    print(f"  attempts: {dict(sorted(again.items()))}")
    checks = {
        "a job did not end done": states == {"done": jobs},
        "a job has no effect, or two": effects == {f"effect:job:{pk}": 1 for pk, *_ in rows},
        # The line may be lost between effect and note; twice it never comes.
        "an effect was done twice": max(once.values()) <= 1 and len(once) == jobs,
        "a job was begun more often than it was taken": all(
            lines[f"job-{pk}"].count("began") <= attempts for pk, _, attempts in rows
        ),
        "no job was hit": max(again) > 1,
    }
    return [what for what, is_right in checks.items() if not is_right]


def on(name: str, scale: float, seed: int) -> list[str]:
    """Run once in a house of its own, on the servers that the environment names."""
    print(f"jobs, {name}, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        house = TwoWorkers(
            Path(folder),
            DJANGO_SETTINGS_MODULE="tests.workshop.settings",
            JOBS_AT_ONCE=str(PLACES),
            JOB_HEARTBEAT_SECONDS="1",
            JOB_SILENT_SECONDS="5",
            JOB_LOOK_SECONDS="1",
            JOB_RETRY_SECONDS="1",
        )
        try:
            return under_fire(house, scale, seed)
        except BaseException:
            for worker in WORKERS:
                sys.stderr.write(f"--- {worker}\n{house.log(worker)[-3000:]}\n")
            raise
        finally:
            house.close()


def main(scale: float) -> int:
    """Run on both; return 1 where something is wrong."""
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    with variables(DATABASE_URL="", JOURNEY_REDIS_URL=""):
        for name in ("DATABASE_URL", "JOURNEY_REDIS_URL"):
            os.environ.pop(name, None)
        wrong = on("SQLite and queues in files", scale, seed)
    with postgres() as database, own_redis() as queue:
        if database is None or queue is None:
            print("PostgreSQL and Redis: not run, one of them is not on this machine")
        else:
            with variables(DATABASE_URL=database.url, JOURNEY_REDIS_URL=queue.url):
                wrong += on("PostgreSQL and Redis", scale, seed)
    for what in wrong:
        print(f"WRONG: {what}")
    print("jobs: ok" if not wrong else f"jobs: {len(wrong)} wrong, FAULT_SEED={seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
