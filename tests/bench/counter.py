"""The counter with 5,000 products and a million past sales, beside one with few of both.

Bytes of the page with its assets, CPU of page and searches (the client's and the database's process
together), the number of queries, and the night's learning of what sells fast.
`python -m tests.bench.counter [SCALE]`.
"""

import sys
import time
from contextlib import ExitStack
from typing import Any

from tests.bench.bars import Bars
from tests.bench.scratch import scratch, servers

WORKER = "tests.bench.counter_worker"
FEW = (70, 400)
PRODUCTS, LINES = 5_000, 1_000_000
MOST_BYTES = 100_000
MOST_PAGE_MS, MOST_SEARCH_MS = 100.0, 50.0


def main(scale: float) -> int:
    """Print the figures as a table; return 1 where one misses its bar."""
    lines = int(LINES * scale)
    bars = Bars(f"the counter with {PRODUCTS:,} products and {lines:,} past sale lines", scale)
    for server in servers():
        with ExitStack() as stack:
            few, many = (stack.enter_context(scratch(server)) for _ in range(2))
            few.run(WORKER, "load", *FEW)
            began = time.monotonic()
            many.run(WORKER, "load", PRODUCTS, lines)
            bars.told(f"{many.vendor}: loading", time.monotonic() - began, "s")
            few.run(WORKER, "learn")
            learned = many.run(WORKER, "learn")
            told = f"learning what sells fast, {learned['products']:,.0f} products"
            bars.told(f"{many.vendor}: {told}", learned["first"], "ms CPU")
            bars.told(f"{many.vendor}: learning it again", learned["again"], "ms CPU")
            judge(bars, many.vendor, few.run(WORKER, "read"), many.run(WORKER, "read"))
    return bars.exit_code


def judge(bars: Bars, vendor: str, few: Any, many: Any) -> None:
    """Hold the figures of many against the bars, and their queries against those of few."""
    page = many["page"]
    bars.most(f"{vendor}: page and assets", many["bytes"] / 1000, MOST_BYTES / 1000, "kB")
    bars.most(f"{vendor}: page", page["ms"], MOST_PAGE_MS, "ms CPU")
    bars.told(f"{vendor}: page of few", few["page"]["ms"], "ms CPU")
    more = page["queries"] - few["page"]["queries"]
    bars.told(f"{vendor}: queries of the page", page["queries"])
    bars.most(f"{vendor}: queries more than with few", more, 0, is_exact=True)
    for name, cost in many["searches"].items():
        bars.most(f"{vendor}: search, {name}", cost["ms"], MOST_SEARCH_MS, "ms CPU")
        less = cost["queries"] - few["searches"][name]["queries"]
        bars.most(f"{vendor}: queries more than with few", less, 0, is_exact=True)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
