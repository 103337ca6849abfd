"""Where amber and red begin. Settings carry the same names in capitals (docs/operations.md)."""

from dataclasses import dataclass
from datetime import timedelta

# By so much the clocks of two machines may differ: what is further ahead, a wrong clock wrote.
A_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """Above these it is red; amber comes before, where there is a before."""

    worker_silent_seconds: int = 120
    worker_megabytes: int = 100
    worker_restarts_per_hour: int = 3
    queue_depth: int = 100
    payment_event_seconds: int = 60
    memory_percent: int = 87
    redis_megabytes: int = 200
    disk_free_megabytes: int = 500
    backup_hours: int = 26
    drill_days: int = 8
    unmatched_hours: int = 24
