"""What the Operations page is made from: plain values, read by `periodic.queries.operations`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from periodic.roll_call import RollCall


class Unread(NamedTuple):
    """A reading that failed; the sentence says why, for the owner."""

    sentence: str


class Depth(NamedTuple):
    """How many tasks of a queue wait, and since when the oldest does, where that is known."""

    waiting: int
    oldest_at: datetime | None


class Waiting(NamedTuple):
    """How many rows wait, and since when the oldest does."""

    number: int
    oldest_at: datetime | None


class Spool(NamedTuple):
    """Files of messages that the database did not take."""

    size_bytes: int
    torn_files: int


class Kind(NamedTuple):
    """A kind of job: how many (`number`) ended lately, and how long 95 of 100 took at most."""

    name: str
    number: int
    p95_seconds: int


class Jobs(NamedTuple):
    """How jobs went: done and failed within a day and within thirty, and how long by kind."""

    done_day: int
    failed_day: int
    done_month: int
    failed_month: int
    kinds: Sequence[Kind]


class Due(NamedTuple):
    """A schedule and when it runs next."""

    name: str
    at: datetime


class Outcome(NamedTuple):
    """When something was last done, whether well, and a sentence."""

    at: datetime
    is_ok: bool
    sentence: str


class NotYet(NamedTuple):
    """There is nothing to read: it was never done here."""

    sentence: str = "Not yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Everything that was read at one moment."""

    queues: Mapping[str, Depth] | Unread
    redis_bytes: int | Unread | None
    workers: RollCall | Unread
    failed_jobs: int | Unread
    payment_events: Waiting | Unread
    unmatched: Waiting | Unread
    forged: int | Unread
    spool: Spool | Unread
    schedules: Sequence[Due] | NotYet | Unread
    backup: Outcome | NotYet | Unread
    drill: Outcome | NotYet | Unread
    verification: Outcome | NotYet | Unread
    disk_free_megabytes: int | Unread
    memory_percent: int | Unread | None
    jobs: Jobs | Unread


def percentile_95(seconds: Sequence[float]) -> int:
    """Return what 95 of 100 stay within, rounded up to a whole second; nearest rank."""
    ordered = sorted(seconds)
    rank = -(-len(ordered) * 95 // 100)
    return int(-(-ordered[rank - 1] // 1))
