"""Workers tell of themselves here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from django.db import transaction

from periodic.models import Worker
from periodic.proc import ProcessMemory

KEPT = timedelta(days=8)


class Doing(TypedDict):
    """What a thread does: a task's name and since when, as ISO 8601."""

    name: str
    since: str


@dataclass(frozen=True, slots=True)
class Process:
    """A worker process, the same as long as it lives."""

    queue: str
    host: str
    pid: int
    threads: int
    started_at: datetime


def report(
    *,
    process: Process,
    memory: ProcessMemory | None,
    current: Sequence[Doing],
    tasks_done: int,
    busy_percent: int,
    now: datetime,
) -> Worker:
    """Write how a worker is; return its row. The first report makes it, as one after a clean-up."""
    with transaction.atomic():
        worker, _ = Worker.objects.update_or_create(
            host=process.host[:100],
            pid=process.pid,
            started_at=process.started_at,
            defaults={
                "queue": process.queue,
                "threads": process.threads,
                "beat_at": now,
                "pss_kb": memory.pss_kb if memory else None,
                "rss_kb": memory.rss_kb if memory else None,
                "current": list(current),
                "tasks_done": tasks_done,
                "busy_percent": busy_percent,
            },
        )
    return worker


def say_goodbye(*, process: Process, now: datetime) -> None:
    """Note that a worker ended as it should; one that never reported has no row to note it in."""
    Worker.objects.filter(
        host=process.host[:100], pid=process.pid, started_at=process.started_at
    ).update(ended_at=now, beat_at=now, current=[])


def forget_workers(*, now: datetime) -> int:
    """Delete the rows of workers that have been gone for long; return how many."""
    return Worker.objects.filter(beat_at__lt=now - KEPT).delete()[0]
