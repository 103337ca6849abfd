"""Small tasks per second with the task monitor against without it, interleaved in one run.

The bar: with it at least half of the rate without. `python -m tests.bench.monitor_rate [SCALE]`.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TASKS = 1500
ROUNDS = 5
BAR = 0.5


def child(tasks: int, *, is_monitored: bool) -> None:
    """Enqueue `tasks` tasks that do nothing, run them with two worker threads, print the rate."""
    import django  # noqa: PLC0415 in the child only

    django.setup()
    from periodic import monitor  # noqa: PLC0415 after setup
    from periodic.queues import work  # noqa: PLC0415 after setup

    done: list[int] = []

    nothing = work.task(name="nothing")(lambda: done.append(1))

    if not is_monitored:
        work._signal.disconnect(monitor.recorder.hear)
    for _ in range(tasks):
        nothing()
    consumer = work.create_consumer(workers=2, initial_delay=0.01, max_delay=0.05, periodic=False)
    started = time.perf_counter()
    consumer.start()
    while len(done) < tasks:
        time.sleep(0.005)
    monitor.recorder.flush()
    seconds = time.perf_counter() - started
    consumer.stop(graceful=True)
    print(f"rate {tasks / seconds:.0f}", flush=True)
    os._exit(0)


def rate(tasks: int, *, is_monitored: bool) -> float:
    """Run one child on a database and a queue of its own and return its tasks per second."""
    with tempfile.TemporaryDirectory(prefix="duka-bench-") as folder:
        env = os.environ | {
            "VAR": folder,
            "DJANGO_SETTINGS_MODULE": "erp.settings",
            "PYTHONPATH": f"{ROOT / 'site'}:{ROOT}",
            "LOG_LEVEL": "ERROR",
        }
        python = [sys.executable]
        subprocess.run(
            [*python, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True, timeout=120
        )
        kind = "with" if is_monitored else "without"
        out = subprocess.run(
            [*python, "-m", "tests.bench.monitor_rate", "--child", kind, str(tasks)],
            cwd=ROOT,
            env=env,
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
    return float(out.stdout.split()[-1])


def main(scale: float) -> int:
    """Print a row per round and the ratio; return 1 where it is below the bar."""
    tasks, rounds = max(200, int(TASKS * scale)), max(2, int(ROUNDS * scale))
    print(f"{'round':>5} {'without':>9} {'with':>9} {'ratio':>6}   small tasks per second")
    ratios = []
    for number in range(rounds):
        without, with_it = (rate(tasks, is_monitored=which) for which in (False, True))
        ratios.append(with_it / without)
        print(f"{number:>5} {without:>9.0f} {with_it:>9.0f} {ratios[-1]:>6.2f}")
    median = statistics.median(ratios)
    print(f"the monitor leaves {median:.2f} of the rate; the bar is {BAR}")
    return 0 if median >= BAR else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(int(sys.argv[3]), is_monitored=sys.argv[2] == "with")
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
