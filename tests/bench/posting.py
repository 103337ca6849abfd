"""`post` against the bare driver doing the same writes under the same triggers, as durably.

Both write into one database, each into a book of its own, in rounds that take turns. CPU is the
client's and the database's process together. `python -m tests.bench.posting [SCALE]`.
"""

import statistics
import sys

from tests.bench.bars import Bars
from tests.bench.scratch import scratch, servers

POSTINGS = 1000
ROUNDS = 7
MOST_CPU = {"SQLite": 2.0, "PostgreSQL": 1.7}


def main(scale: float) -> int:
    """Print the ratios as a table; return 1 where one is over its bar."""
    postings = max(200, int(POSTINGS * scale))
    bars = Bars(f"post() against the driver, {ROUNDS} rounds of {postings} postings each", scale)
    for server in servers():
        with scratch(server) as place:
            figures = place.run("tests.bench.posting_worker", "ratio", postings, ROUNDS)
        ours, bare = figures["post"], figures["driver"]
        ratios = [mine[0] / plain[0] for mine, plain in zip(ours, bare, strict=True)]
        vendor = place.vendor
        bars.most(
            f"{vendor}: CPU per posting", statistics.median(ratios), MOST_CPU[vendor], "times"
        )
        for name, rows in (("post", ours), ("driver", bare)):
            cpu, rate = (statistics.median(column) for column in zip(*rows, strict=True))
            bars.told(f"{vendor}: {name}", cpu * 1e6, "us CPU")
            bars.told(f"{vendor}: {name}", rate, "postings/s")
    return bars.exit_code


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
