"""Statements, a page of a ledger and `verify_books`, over books of 100 k, 1 M and 5 M lines.

The same months and accounts at each size. CPU is the client's and the database's process together.
`python -m tests.bench.statements [SCALE]`.
"""

import statistics
import sys
import time
from collections import defaultdict
from contextlib import ExitStack

from tests.bench.bars import Bars
from tests.bench.scratch import Scratch, scratch, servers

WORKER = "tests.bench.statements_worker"
SIZES = (100_000, 1_000_000, 5_000_000)
# With fewer an account would rest in some months, and a statement would have less to read.
LEAST_LINES = 26_000
ROUNDS = 3
MOST_GROWTH = 3.0
MOST_MS = 100.0
MOST_PAGE_MS = 10.0
LEAST_LINES_PER_CPU_SECOND = 120_000
MOST_MORE_MB = 30.0


def main(scale: float) -> int:
    """Print the figures as a table; return 1 where one misses its bar."""
    sizes = [max(LEAST_LINES, int(size * scale)) for size in SIZES]
    bars = Bars(
        "statements of three businesses at " + ", ".join(f"{n:,}" for n in sizes) + " lines",
        scale,
    )
    for server in servers():
        with ExitStack() as stack:
            places = [stack.enter_context(scratch(server)) for _ in sizes]
            for place, size in zip(places, sizes, strict=True):
                began = time.monotonic()
                place.run(WORKER, "load", size)
                bars.told(f"{place.vendor}: loading {size:,} lines", time.monotonic() - began, "s")
            read(places, bars)
            verify(places[1:], bars)
    return bars.exit_code


def read(places: list[Scratch], bars: Bars) -> None:
    """Measure the statements, the sizes in turn."""
    figures: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _ in places])
    for _ in range(ROUNDS):
        for index, place in enumerate(places):
            for name, cost in place.run(WORKER, "read").items():
                figures[name][index].append(cost)
    for name, columns in figures.items():
        small, middle, large = (statistics.median(column) for column in columns)
        vendor = places[0].vendor
        if name == "page":
            bars.most(f"{vendor}: page of 50 rows", large, MOST_PAGE_MS, "ms CPU")
            continue
        bars.most(f"{vendor}: {name}", large, MOST_MS, "ms CPU")
        told = f"of {small:.1f} ms ({middle:.1f} at the middle size)"
        bars.most(f"{vendor}: {told:>44}", large / small, MOST_GROWTH, "times")


def verify(places: list[Scratch], bars: Bars) -> None:
    """Verify the middle size and the largest, for speed and for how memory grows."""
    middle, large = (place.run(WORKER, "verify") for place in places)
    vendor = places[0].vendor
    rate = large["lines"] / large["own"]
    bars.least(f"{vendor}: verify_books", rate, LEAST_LINES_PER_CPU_SECOND, "lines/s CPU")
    bars.told(
        f"{vendor}: with the database's own CPU", large["lines"] / large["cpu"], "lines/s CPU"
    )
    more = large["peak_mb"] - middle["peak_mb"]
    bars.most(f"{vendor}: memory above the middle size's", more, MOST_MORE_MB, "MB")


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
