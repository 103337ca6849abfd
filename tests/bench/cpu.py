"""CPU seconds of this process and of the database's process that serves it."""

import os
import time
from pathlib import Path

from django.db import connection

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Cpu:
    """Counts this process, all threads, and one PostgreSQL backend where there is one.

    A backend is one thread, so the scheduler's own count of it, in nanoseconds, is its CPU time.
    """

    def __init__(self, backend_pid: int | None = None) -> None:
        self._backend = Path(f"/proc/{backend_pid}") if backend_pid else None
        if self._backend and not self._backend.exists():
            raise SystemExit(
                "The PostgreSQL server has to run on this machine: its CPU is counted."
            )

    def seconds(self) -> float:
        return self.own_seconds() + self.backend_seconds()

    def own_seconds(self) -> float:
        return time.process_time()

    def backend_seconds(self) -> float:
        if self._backend is None:
            return 0.0
        exact = self._backend / "schedstat"
        if exact.exists():
            return int(exact.read_text().split()[0]) / 1e9
        after_name = (self._backend / "stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_SECOND


def of_django() -> Cpu:
    """Return a counter of this process and of the server's end of Django's connection."""
    if connection.vendor == "sqlite":
        return Cpu()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return Cpu(cursor.fetchone()[0])
