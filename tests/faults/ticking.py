"""A scheduler of the fault run: for each instant on its standard input it runs the minute tick.

`python -m tests.faults.ticking` answers "ready", then "done" per line. What it runs is the task
that huey's clock rings, at the instant that it is told.
"""

import logging
import os
import sys
from datetime import datetime

import django
import time_machine
from django.utils import timezone


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
    django.setup()
    from periodic import tasks  # noqa: PLC0415 Django first

    # Its thread connects while the clock of this process jumps, and may believe that it timed out.
    logging.getLogger("periodic.monitor").disabled = True
    # Never stopped: another thread may be reading the clock at that moment.
    clock = time_machine.travel(timezone.now(), tick=False).start()
    print("ready", flush=True)
    for line in sys.stdin:
        clock.move_to(datetime.fromisoformat(line.strip()))
        tasks.ask_for_what_is_due.call_local()
        print("done", flush=True)


if __name__ == "__main__":
    main()
