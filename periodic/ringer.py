"""Turns presses of a doorbell into tasks: a thread for each in a web process, a ring per 50 ms.

A message costs no enqueue of its own, and a request never waits for the queue. If the queue is
down the rows wait in the database and the sweep finds them.
"""

import logging
import threading
import time
from collections.abc import Callable

from mpesa import doorbell
from periodic import bells, tasks

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
LISTEN_SECONDS = 5.0


def ring_once(timeout_seconds: float = LISTEN_SECONDS) -> bool:
    """Wait for a press and ring the payments queue; False where nobody pressed in time."""
    if not doorbell.payments.wait(timeout_seconds):
        return False
    try:
        tasks.take_in()
        tasks.ask_phones()
    except Exception:
        log.exception("the payments queue cannot be rung; the sweep will find what waits")
    return True


def ring_statements(timeout_seconds: float = LISTEN_SECONDS) -> bool:
    """Wait until a statement file waits and ring the work queue; False where none came in time."""
    if not doorbell.statements.wait(timeout_seconds):
        return False
    try:
        tasks.bring_in_statements()
    except Exception:
        log.exception("the work queue cannot be rung; the sweep will find what waits")
    return True


def ring_jobs(timeout_seconds: float = LISTEN_SECONDS) -> bool:
    """Wait until a job waits and ring the work queue; False where none came in time."""
    if not bells.jobs.wait(timeout_seconds):
        return False
    try:
        tasks.run_jobs()
    except Exception:
        log.exception("the work queue cannot be rung; its workers look for jobs by themselves")
    return True


def start() -> threading.Thread:
    """Start the ringer threads of this process; returns that of the payments."""
    _listen("ringer of statements", ring_statements)
    _listen("ringer of jobs", ring_jobs)
    return _listen("ringer", ring_once)


def _listen(name: str, ring: Callable[[], bool]) -> threading.Thread:
    def listen() -> None:
        while True:
            if ring():
                time.sleep(PAUSE_SECONDS)

    thread = threading.Thread(target=listen, name=name, daemon=True)
    thread.start()
    return thread
