"""Turns presses of the doorbell into tasks: one thread per web process, at most one ring per 50 ms.

A message costs no enqueue of its own, and a request never waits for the queue. If the queue is
down the rows wait in the database and the sweep finds them.
"""

import logging
import threading
import time

from mpesa import doorbell
from periodic import tasks

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


def start() -> threading.Thread:
    """Start the ringer thread of this process."""

    def listen() -> None:
        while True:
            if ring_once():
                time.sleep(PAUSE_SECONDS)

    thread = threading.Thread(target=listen, name="ringer", daemon=True)
    thread.start()
    return thread
