"""Gathers what the Operations page shows. Each reading has a limit and a time of its own.

One that fails or takes too long becomes `Unread` and costs no other.
"""

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Min, Q

from mpesa import spool
from mpesa.models import InboundMessage, InboundState, PaymentRequest, RequestState
from mpesa.queries import look_forged, unmatched_payments
from periodic.models import Job, JobState
from periodic.proc import memory_of_the_machine
from periodic.queries import of_neighbours
from periodic.queries.depths import QueueAway, depths, redis_bytes
from periodic.queries.workers import roll_call
from periodic.readings import Jobs, Kind, Readings, Spool, Unread, Waiting, percentile_95

log = logging.getLogger(__name__)
Value = TypeVar("Value")

READING_MILLISECONDS = 700
DAY, MONTH = timedelta(days=1), timedelta(days=30)
MOST_JOBS = 3_000
# SQLite looks at the clock after so many steps of its machine.
STEPS = 20_000


def gather(now: datetime) -> Readings:
    """Read everything. Raises nothing: what cannot be read says so."""
    queues = _read("The queues", depths, of_database=False)
    # A database or a Redis that does not answer is waited for once.
    away = _read("The database", lambda: None)

    def ask(what: str, read: Callable[[], Value]) -> Value | Unread:
        if isinstance(away, Unread):
            return away
        return _read(what, read)

    redis = None if isinstance(queues, Unread) else _read("Redis", redis_bytes, of_database=False)
    return Readings(
        queues=queues,
        redis_bytes=redis,
        workers=ask("The workers", lambda: roll_call(now)),
        failed_jobs=ask("The jobs", _failed_jobs),
        payment_events=ask("The messages", _payment_events),
        unmatched=ask("The payments", lambda: _unmatched(now)),
        forged=ask("The quarantine", lambda: _forged(now)),
        spool=_read("The spool", _spool, of_database=False),
        schedules=ask("The schedules", lambda: of_neighbours.next_schedules(now)),
        backup=ask("The backups", lambda: of_neighbours.last_backup(now)),
        drill=ask("The drills", lambda: of_neighbours.last_drill(now)),
        verification=ask("The verification", lambda: of_neighbours.last_verification(now)),
        disk_free_megabytes=_read("The disk", _disk, of_database=False),
        memory_percent=_read("The memory", _memory, of_database=False),
        jobs=ask("The jobs' history", lambda: _jobs(now)),
    )


def _read(what: str, read: Callable[[], Value], *, of_database: bool = True) -> Value | Unread:
    try:
        with _in_time() if of_database else contextlib.nullcontext():
            return read()
    except QueueAway as away:
        return Unread(str(away))
    except DatabaseError as error:
        log.warning("%s cannot be read: %s", what, error)
        return Unread(f"{what} cannot be read: the database takes too long, or refuses.")
    except Exception:
        log.exception("%s cannot be read", what)
        return Unread(f"{what} cannot be read; the log of the web server says why.")


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Have the database stop a statement that takes too long, instead of the page."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {READING_MILLISECONDS:d}")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
        return
    connection.ensure_connection()
    raw, deadline = connection.connection, time.monotonic() + READING_MILLISECONDS / 1000
    raw.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


def _failed_jobs() -> int:
    return Job.objects.filter(state=JobState.FAILED, given_up_at=None).count()


def _payment_events() -> Waiting:
    """Return messages nobody understood yet and prompts nobody sent yet."""
    messages = InboundMessage.objects.filter(state=InboundState.WAITING)
    requests = PaymentRequest.objects.filter(state=RequestState.CREATED)
    told = messages.aggregate(count=Count("pk"), oldest=Min("received_at"))
    asked = requests.aggregate(count=Count("pk"), oldest=Min("created_at"))
    moments = [found["oldest"] for found in (told, asked) if found["oldest"]]
    return Waiting(told["count"] + asked["count"], min(moments, default=None))


def _unmatched(now: datetime) -> Waiting:
    horizon = now - timedelta(hours=settings.LIMITS.unmatched_hours)
    old = unmatched_payments().order_by().filter(recorded_at__lt=horizon)
    found = old.aggregate(count=Count("pk"), oldest=Min("recorded_at"))
    return Waiting(found["count"], found["oldest"])


def _forged(now: datetime) -> int:
    return look_forged().filter(received_at__gt=now - DAY).count()


def _spool() -> Spool:
    return Spool(spool.size_bytes(), len(spool.torn_files()))


def _disk() -> int:
    return shutil.disk_usage(settings.VAR).free // (1024 * 1024)


def _memory() -> int | None:
    machine = memory_of_the_machine()
    return machine.used_percent if machine else None


def _jobs(now: datetime) -> Jobs:
    ended = Job.objects.filter(ended_at__gt=now - MONTH)
    done, failed = Q(state=JobState.DONE), Q(state=JobState.FAILED)
    lately = Q(ended_at__gt=now - DAY)
    counts = ended.aggregate(
        done_day=Count("pk", done & lately),
        failed_day=Count("pk", failed & lately),
        done_month=Count("pk", done),
        failed_month=Count("pk", failed),
    )
    rows = ended.filter(done).order_by("-pk")
    seconds: dict[str, list[float]] = {}
    for kind, begun, end in rows.values_list("kind", "started_at", "ended_at")[:MOST_JOBS]:
        if begun and end:
            seconds.setdefault(kind, []).append((end - begun).total_seconds())
    kinds = [Kind(name, len(took), percentile_95(took)) for name, took in sorted(seconds.items())]
    return Jobs(**counts, kinds=kinds)
