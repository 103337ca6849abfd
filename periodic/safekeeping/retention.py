"""Which backups are kept: the newest of each of so many days, weeks, months and years.

Days are Nairobi's. Only periods that have a backup count, so a shop that was closed for a month
keeps its last seven days of work. What is kept once as the newest of its period was the newest
of all before, so pruning each night ends in the same as pruning once.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NAIROBI = ZoneInfo("Africa/Nairobi")
Period = tuple[int, ...]

_NAME = re.compile(r"duka-([0-9]{8}T[0-9]{6}Z)\.dukabackup")
_STAMP = "%Y%m%dT%H%M%SZ"

# Whoever makes a second one, before a change, finds the first one again the day after.
RECENT, MOST_RECENT = timedelta(hours=24), 10

# How many periods of each kind keep their newest backup.
KEPT: tuple[tuple[int, Callable[[datetime], Period]], ...] = (
    (7, lambda at: (at.year, at.month, at.day)),
    (4, lambda at: at.isocalendar()[:2]),
    (12, lambda at: (at.year, at.month)),
    (7, lambda at: (at.year,)),
)


def name_of(taken_at: datetime) -> str:
    """Return a backup's file name: when it was taken, in UTC, and nothing else."""
    return f"duka-{taken_at.astimezone(UTC):{_STAMP}}.dukabackup"


def time_of(name: str) -> datetime | None:
    """Return when a backup of this name was taken, or None where it is no backup's name."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    try:
        return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def kept(times: Iterable[datetime], *, proved: Collection[datetime] = ()) -> set[datetime]:
    """Return which of `times` stay; the newest always does, and those of its last 24 hours.

    `proved` are those that a drill restored: the newest of these stays as well, so that the only
    good one is never thrown away for newer ones that nobody tried.
    """
    newest_first = sorted(set(times), reverse=True)
    stay = {at for at in newest_first[:MOST_RECENT] if newest_first[0] - at < RECENT}
    stay.update([at for at in newest_first if at in proved][:1])
    for most, period_of in KEPT:
        seen: set[Period] = set()
        for at in newest_first:
            period = period_of(at.astimezone(NAIROBI))
            if period not in seen and len(seen) < most:
                seen.add(period)
                stay.add(at)
    return stay


def to_remove(names: Iterable[str], *, proved: Collection[str] = ()) -> list[str]:
    """Return the names of backups that may go, oldest first; what is no backup is never named."""
    times = {at: name for name in names if (at := time_of(name))}
    good = {at for name in proved if (at := time_of(name))}
    stay = kept(times, proved=good)
    return [times[at] for at in sorted(times) if at not in stay]
