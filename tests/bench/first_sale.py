"""The README's figures: seconds to the first paid sale, weight of the counter, memory per process.

`python -m tests.bench.first_sale`: starts the product as `make run` does, on an empty VAR.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from tests.journeys.house import ROOT, House, wait_until

PAGE_BAR_BYTES = 100_000


def main() -> int:
    """Print the figures as a table; return 1 where the counter is too heavy."""
    with tempfile.TemporaryDirectory(prefix="duka-bench-") as folder:
        house = House(Path(folder))
        started = time.perf_counter()
        with running(house) as process:
            ready = time.perf_counter() - started
            wait_until("the simulator", house.simulator.is_alive)
            house.simulator.post("/sim/knobs", autopilot="approve", answer_after_ms=0)
            house.sign_in("baraka").ask("0712345678").wait_for("paid")
            paid = time.perf_counter() - started
            pages = weigh(house)
            memory = pss(process.pid)
            house.leave()
        started = time.perf_counter()
        with running(house):
            again = time.perf_counter() - started
    show("start to first page (empty VAR)", ready, "s")
    show("start to first paid M-Pesa sale", paid, "s")
    show("second start to first page", again, "s")
    for name, weight in pages.items():
        show(name, weight / 1000, "kB")
    for name, size in memory.items():
        show(f"PSS of {name}", size / 2**20, "MB")
    show("PSS in all", sum(memory.values()) / 2**20, "MB")
    return 0 if pages["counter, uncompressed"] < PAGE_BAR_BYTES else 1


def show(name: str, figure: float, unit: str) -> None:
    print(f"{name:<36}{figure:>9.1f} {unit}")


@contextlib.contextmanager
def running(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """Start the product as `make run` does, wait for its first page, and stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "start"],
        cwd=ROOT,
        env=house.env | {"LOG_LEVEL": "WARNING"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until("the web server", lambda: house.answers("/healthz"), 120)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def weigh(house: House) -> dict[str, int]:
    """Return the bytes of the counter with its assets, as read and as sent compressed."""
    browser = house.sign_in("baraka")
    page = browser.client.get("/s/duka/")
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    answers = [page, *(browser.client.get(path) for path in assets)]
    sent = sum(int(a.headers.get("Content-Length") or len(a.content)) for a in answers)
    return {
        "counter, uncompressed": sum(len(a.content) for a in answers),
        "counter, as sent": sent,
    }


def pss(parent: int) -> dict[str, int]:
    """Return proportional set size in bytes per process under `parent`, by what it runs."""
    sizes = {}
    for process in psutil.Process(parent).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            words = process.cmdline()
            if "manage.py" in words:
                after = words[words.index("manage.py") + 1 :]
                name = " ".join(after[:2]) if after[0] == "consume" else after[0]
                sizes[name] = process.memory_full_info().pss
    return sizes


if __name__ == "__main__":
    os.environ.pop("HUEY_IMMEDIATE", None)
    httpx.Client().close()
    sys.exit(main())
