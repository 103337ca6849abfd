"""Asks Duka for jobs as its web process does: a row, then the bell. Orders come by standard input.

An order is a line: WHAT FIRST COUNT PAUSE PATH; "ok" answers it.
"""

import sys
import time

import django

django.setup()

# What follows needs Django to be up.
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from periodic import bells, ringer  # noqa: E402
from periodic.actions.jobs import ask_for  # noqa: E402
from periodic.models import Urgency  # noqa: E402
from tests.bench.jobs_work import stamp, urgency_of  # noqa: E402


def ask(what: str, number: int, path: str, urgency: Urgency) -> None:
    stamp(path, "asked", number)
    with transaction.atomic():
        ask_for(
            kind="bench",
            parameters={"what": what, "number": number, "path": path},
            urgency=urgency,
            now=timezone.now(),
        )
        transaction.on_commit(bells.jobs.press)


def main() -> None:
    ringer.start()
    print("ok", flush=True)
    for line in sys.stdin:
        what, first, count, pause, path = line.split()
        for number in range(int(first), int(first) + int(count)):
            ask(what, number, path, Urgency.PERSON if float(pause) else Urgency(urgency_of(number)))
            time.sleep(float(pause))
        print("ok", flush=True)


if __name__ == "__main__":
    main()
