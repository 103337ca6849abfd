"""Four processes that post at once: into one book without a gap, and into a book each.

`python -m tests.bench.posting_together [SCALE]`.
"""

import statistics
import sys
from dataclasses import replace
from typing import Any

from tests.bench.bars import Bars
from tests.bench.scratch import Scratch, answer, scratch, servers

WORKER = "tests.bench.posting_worker"
PROCESSES = 4
POSTINGS = 500
ROUNDS = 5
LEAST_FOR_OWN_BOOKS = 3.0
# Where a commit costs no wait, the cores decide and not the lock: few cores have nothing to gain.
# So the server waits as for a spinning disk, once for all who commit together. Needs a superuser.
DISK_MICROSECONDS = 10_000


def main(scale: float) -> int:
    """Print the figures as a table; return 1 where one misses its bar."""
    postings, rounds = max(50, int(POSTINGS * scale)), max(2, int(ROUNDS * scale))
    bars = Bars(f"{PROCESSES} processes, {rounds} rounds of {postings} postings by each", scale)
    for server in servers():
        with scratch(server) as place:
            measure(place, bars, postings, rounds)
    return bars.exit_code


def measure(place: Scratch, bars: Bars, postings: int, rounds: int) -> None:
    """Post in turns into one book and into a book each, then look at the numbers."""
    vendor = place.vendor
    place.run(WORKER, "open_books", PROCESSES)
    ways = {"": place}
    if vendor == "PostgreSQL":  # SQLite has one writer, whatever the book
        options = f"{place.env['PGOPTIONS']} -c commit_siblings=0 -c commit_delay="
        env = place.env | {"PGOPTIONS": f"{options}{DISK_MICROSECONDS}"}
        ways[", spinning disk"] = replace(place, env=env)
    rates: dict[tuple[str, str], list[float]] = {
        (way, books): [] for way in ways for books in ("one", "own")
    }
    failed = 0
    for turn in range(rounds):
        for (way, books), found in rates.items():
            rate, failures = together(ways[way], books, f"{turn}{way}", postings)
            found.append(rate)
            failed += failures
    checked = place.run(WORKER, "check_numbers")
    wanted = len(rates) * rounds * PROCESSES * postings
    bars.most(f"{vendor}: failed postings", failed, 0)
    bars.most(f"{vendor}: gaps and duplicates", checked["gaps"], 0)
    bars.most(f"{vendor}: postings lost", wanted - checked["entries"], 0)
    for way in ways:
        one, own = (statistics.median(rates[way, books]) for books in ("one", "own"))
        bars.told(f"{vendor}{way}: into one book", one, "postings/s")
        bars.told(f"{vendor}{way}: into a book each", own, "postings/s")
        if way:
            bars.least(f"{vendor}{way}: a book each", own / one, LEAST_FOR_OWN_BOOKS, "times")


def together(place: Scratch, books: str, turn: str, postings: int) -> tuple[float, int]:
    """Let all processes post at once; return postings per second and how many failed."""
    children = [
        place.start(
            WORKER, "write", number if books == "own" else 0, f"{books}:{turn}:{number}", postings
        )
        for number in range(PROCESSES)
    ]
    for child in children:
        assert child.stdout
        child.stdout.readline()  # it is ready
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    answers: list[Any] = [answer(child) for child in children]
    span = max(one["ended"] for one in answers) - min(one["began"] for one in answers)
    return PROCESSES * postings / span, sum(one["failed"] for one in answers)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
