"""Whether this copy can do its work: database, queues, workers, disk."""

import shutil
import threading
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection

from periodic.queries.depths import QueueAway, answer
from periodic.queries.workers import roll_call

DATABASE_SECONDS = 1.0
MEGABYTE = 1024 * 1024


class DatabaseProbe:
    """Asks the database in a thread, so that one that hangs costs its caller a second.

    While the last question hangs no other is asked.
    """

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._trouble = ""

    def trouble(self, seconds: float = DATABASE_SECONDS) -> str:
        """Return what is wrong, or nothing."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._trouble = ""
                self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
                self._thread.start()
            thread = self._thread
        thread.join(seconds)
        if thread.is_alive():
            return f"The database does not answer within {seconds:g} s."
        return self._trouble

    def _run(self) -> None:
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 whatever it is, the database cannot be used
            self._trouble = f"The database cannot be reached ({type(error).__name__})."


def _select() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


database = DatabaseProbe(_select)


def readiness(now: datetime) -> dict[str, str]:
    """Return per part what is wrong with it, "" where nothing is. Takes two seconds at most."""
    found = {"database": database.trouble(), "queues": _queues()}
    # Without a database nobody knows of the workers.
    found["workers"] = "Not known without the database." if found["database"] else _workers(now)
    return {**found, "disk": disk()}


def _workers(now: datetime) -> str:
    try:
        return workers(now)
    except DatabaseError as error:  # it answers, but is no database of this Duka
        return f"The workers cannot be looked for ({type(error).__name__}). Was migrate run?"


def _queues() -> str:
    try:
        answer()
    except QueueAway as away:
        return str(away)
    return ""


def workers(now: datetime) -> str:
    """Return which queue nobody works on, in a sentence, or nothing."""
    unserved = roll_call(now).unserved
    if not unserved:
        return ""
    return f"No worker answers for {' and '.join(unserved)}."


def disk() -> str:
    """Return that the disk of VAR is nearly full, or nothing."""
    try:
        free = shutil.disk_usage(settings.VAR).free // MEGABYTE
    except OSError as error:
        return f"VAR cannot be read: {error.strerror}."
    if free < settings.LIMITS.disk_free_megabytes:
        return f"Only {free} MB are free on the disk of VAR."
    return ""
