"""Who of the workers answers, who fell silent, how often one had to start again. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

HOUR = timedelta(hours=1)
# Who has been silent for so long has moved away.
GONE = timedelta(days=1)


class Seen(Protocol):
    """A worker's row, as far as the roll is called from it."""

    queue: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RollCall:
    """The workers that answer, those that are missed, and restarts within the hour.

    `unserved` are queues that nobody has served for so long, such as those that never had a worker.
    """

    present: Sequence[Seen]
    silent: Sequence[Seen]
    restarts: int
    unserved: Sequence[str] = field(default=())


def call(
    rows: Iterable[Seen], *, queues: Iterable[str], now: datetime, silent_seconds: int
) -> RollCall:
    """Call the roll. A silent worker is missed until another starts in its place on its host."""
    seen = sorted(rows, key=lambda row: row.started_at)
    alive = [row for row in seen if row.ended_at is None]
    horizon = now - timedelta(seconds=silent_seconds)
    present = [row for row in alive if row.beat_at >= horizon]
    silent = [
        row for row in alive if now - GONE <= row.beat_at < horizon and not _is_replaced(row, seen)
    ]
    # A restart takes its moment: who ended a moment ago is not missed yet.
    served = {row.queue for row in seen if row.beat_at >= horizon}
    return RollCall(
        present=present,
        silent=silent,
        restarts=_restarts(seen, now),
        unserved=[name for name in queues if name not in served],
    )


def _is_replaced(row: Seen, seen: Sequence[Seen]) -> bool:
    return any(
        (other.queue, other.host) == (row.queue, row.host) and other.started_at >= row.beat_at
        for other in seen
    )


def _restarts(seen: Sequence[Seen], now: datetime) -> int:
    """Count the starts of the last hour that were not the first of their kind on their host."""
    starts: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in seen:
        starts[row.queue, row.host].append(row.started_at)
    return sum(sum(at > now - HOUR for at in times[1:]) for times in starts.values())
