"""All long runs against faults: `python -m tests.faults.everything [SCALE]`, or `make faults`.

Lives in any order and odd bodies, half of them from a fixed seed and half from a fresh one; then
payments through a hostile Safaricom while our processes die; jobs while their workers do; and a
day of schedules likewise. Exit
code 1 where one of them fails.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from tests.bench.scratch import ROOT
from tests.faults.servers import postgres

LIVES, LIVES_ON_POSTGRESQL, BODIES = 10_000, 2_000, 20_000
FIXED_SEED = 20261122
AT_ONCE = 2
MOST_LINES = 80
ANY_ORDER, FUZZ = "tests/mpesa/test_any_order.py", "tests/mpesa/test_fuzz.py"


class Part(NamedTuple):
    """One pytest of its own, with a seed and a count."""

    name: str
    path: str
    variable: str
    times: int
    seed: int
    url: str = ""

    def is_ok(self) -> bool:
        """Run it, and print what it counted; all that it said where it failed."""
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        env[self.variable] = str(self.times)
        if self.url:
            # Two seeds at once: each has a test database of its own.
            env["DATABASE_URL"] = f"{self.url}_lives_{self.seed}"
        python = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", self.path]
        began = time.monotonic()
        done = subprocess.run(
            [*python, f"--hypothesis-seed={self.seed}"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"{self.name}: {self.times:,}, seed {self.seed}, {seconds:.0f} s: {verdict}")
        for line in done.stdout.splitlines()[-MOST_LINES:]:
            if done.returncode or " lives of " in line:
                print(f"  {line}")
        sys.stdout.flush()
        return done.returncode == 0


def parts(scale: float, fresh: int, url: str) -> list[Part]:
    """Return what is to be run, the longest first."""
    wanted = [("any order, SQLite", ANY_ORDER, "FAULT_SEQUENCES", LIVES, "")]
    if url:
        found = ("any order, PostgreSQL", ANY_ORDER, "FAULT_SEQUENCES", LIVES_ON_POSTGRESQL, url)
        wanted.append(found)
    wanted.append(("odd bodies", FUZZ, "FUZZ_BODIES", BODIES, ""))
    return [
        Part(name, path, variable, max(20, int(count * scale) // 2), seed, place)
        for name, path, variable, count, place in wanted
        for seed in (FIXED_SEED, fresh)
    ]


def main(scale: float) -> int:
    """Run everything; return 1 where something failed."""
    # Whoever stops us wants our servers gone, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    fresh = random.SystemRandom().randrange(1, 10**6)
    print(f"Seeds: {FIXED_SEED} and, of this run, {fresh}")
    with postgres() as server:
        if server is None:
            print("PostgreSQL: not run, it is not on this machine")
        lives = [part.is_ok for part in parts(scale, fresh, server.url if server else "")]
        scripts = [partial(_goes_well, scale, name) for name in ("run", "jobs", "schedules")]
        if scale < 1:
            # Short ones wait most of their time, for the minute's sweeps and for jobs.
            are_ok = _all_go_well([*scripts, *lives], AT_ONCE + 1)
        else:
            are_ok = all([_all_go_well(lives, AT_ONCE), _all_go_well(scripts, 1)])
    return 0 if are_ok else 1


def _all_go_well(what: Iterable[Callable[[], bool]], at_once: int) -> bool:
    with ThreadPoolExecutor(at_once) as pool:
        return all(list(pool.map(lambda one: one(), what)))


def _goes_well(scale: float, name: str) -> bool:
    """Run one of the scripts beside this one, and print all that it said once it has ended."""
    script = [sys.executable, "-m", f"tests.faults.{name}", str(scale)]
    done = subprocess.run(
        script, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'}\n{done.stdout}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
