"""Asks a contender for jobs: `jobs_ask.py NAME`; the orders are those of `tests.bench.jobs_ask`."""

import sys
import time
from importlib import import_module

from tests.bench.jobs_work import stamp

ask = import_module(f"tests.bench.contenders.jobs_{sys.argv[1]}").ask
print("ok", flush=True)
for line in sys.stdin:
    what, first, count, pause, path = line.split()
    for number in range(int(first), int(first) + int(count)):
        stamp(path, "asked", number)
        ask(what, number, path)
        time.sleep(float(pause))
    print("ok", flush=True)
