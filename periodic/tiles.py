"""Readings and limits become tiles: green, amber or red, with a sentence on what to do. Pure.

A red tile is an alert of the same cause. Grey is what nothing can be said of yet: it opens no
alert and heals none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from periodic.limits import Limits
from periodic.readings import Depth, NotYet, Outcome, Readings, Unread

MEGABYTE = 1024 * 1024
# Amber begins at so many percent of what is red.
NEARLY = 80
WELL_ABOVE = 2
GOOD_PERCENT = 99
# The figure of a tile that has none.
NOTHING = "-"


class Colour(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: its cause (the name of its alert), a title, a figure, and what to do."""

    cause: str
    title: str
    figure: str
    sentence: str
    colour: Colour


def tiles_of(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    """Return every tile, in the order of the page."""
    made = [make(readings, limits, now) for make in _MAKERS]
    return [tile for tiles in made for tile in tiles]


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in its largest unit: "5 min"."""
    return span(int((now - moment).total_seconds()))


def span(seconds: int) -> str:
    """Return a stretch of time in its largest unit."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size * WELL_ABOVE or (seconds >= size and unit == "min"):
            return f"{seconds // size} {unit}"
    return f"{max(0, seconds)} s"


def _unread(cause: str, title: str, unread: Unread) -> Tile:
    return Tile(cause, title, "?", unread.sentence, Colour.RED)


def _by_limit(value: int, limit: int) -> Colour:
    if value > limit:
        return Colour.RED
    return Colour.AMBER if value * 100 > limit * NEARLY else Colour.GREEN


def _workers(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.workers
    if isinstance(found, Unread):
        return [_unread("workers", "Workers", found), _unread("restarts", "Restarts", found)]
    missed = [*found.unserved, *(f"{one.queue} on {one.host}" for one in found.silent)]
    colour, sentence = Colour.GREEN, "Every queue has a worker that answers."
    if missed:
        colour = Colour.RED
        sentence = (
            f"Silent: {', '.join(missed)}. Start it: systemctl restart duka-payments duka-work."
        )
    heavy = [
        one
        for one in found.present
        if (getattr(one, "pss_kb", None) or 0) > limits.worker_megabytes * 1024
    ]
    if heavy and not missed:
        colour = Colour.AMBER
        sentence = (
            f"A worker uses more than {limits.worker_megabytes} MB. Restart it when it is quiet."
        )
    restarts = Tile(
        "restarts",
        "Restarts in an hour",
        str(found.restarts),
        "Workers stay up."
        if not found.restarts
        else "Started again. If nobody did it, read the log: journalctl -u 'duka-*'.",
        _by_limit(found.restarts, limits.worker_restarts_per_hour),
    )
    return [Tile("workers", "Workers", f"{len(found.present)} answer", sentence, colour), restarts]


def _utilisation(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.workers
    if isinstance(found, Unread) or not found.present:
        return [Tile("busy", "Workers busy", "?", "No worker tells.", Colour.GREY)]
    parts = [int(getattr(one, "busy_percent", 0)) for one in found.present]
    most = max(parts)
    is_full = most >= NEARLY
    sentence = "Room to spare." if not is_full else "Work piles up soon: start more threads."
    figure = f"{sum(parts) // len(parts)} %"
    return [
        Tile("busy", "Workers busy", figure, sentence, Colour.AMBER if is_full else Colour.GREEN)
    ]


def _queues(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.queues
    if isinstance(found, Unread):
        text = f"{found.sentence} Sales go on; work waits as rows and is done once it is back."
        return [Tile("queues", "Queues", "?", text, Colour.RED)]
    return [_queue(name, depth, limits, now) for name, depth in sorted(found.items())]


def _queue(name: str, depth: Depth, limits: Limits, now: datetime) -> Tile:
    colour = _by_limit(depth.waiting, limits.queue_depth)
    sentence = "Nothing waits." if not depth.waiting else "It is being worked off."
    if depth.oldest_at:
        sentence = f"The oldest waits for {ago(depth.oldest_at, now)}."
    if colour == Colour.RED:
        sentence += " Is its worker alive, and not stuck on one task?"
    return Tile(f"queue-{name}", f"Queue {name}", str(depth.waiting), sentence, colour)


def _failed_jobs(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.failed_jobs
    if isinstance(found, Unread):
        return [_unread("jobs", "Jobs that failed", found)]
    sentence = "None needs attention." if not found else "Look at each: try again, or give it up."
    colour = Colour.RED if found else Colour.GREEN
    return [Tile("jobs", "Jobs that failed", str(found), sentence, colour)]


def _payment_events(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.payment_events
    if isinstance(found, Unread):
        return [_unread("payment-events", "Payments to understand", found)]
    seconds = int((now - found.oldest_at).total_seconds()) if found.oldest_at else 0
    colour = _by_limit(seconds, limits.payment_event_seconds)
    sentence = "Every message and request of M-Pesa is dealt with."
    if found.oldest_at:
        sentence = f"The oldest waits for {span(seconds)}. Messages of M-Pesa and prompts to send."
    if colour == Colour.RED:
        sentence += " Is the payments worker alive?"
    return [Tile("payment-events", "Payments to understand", str(found.number), sentence, colour)]


def _unmatched(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.unmatched
    if isinstance(found, Unread):
        return [_unread("unmatched", "Unmatched money", found)]
    sentence = f"None is older than {limits.unmatched_hours} h."
    if found.number:
        sentence = f"Older than {limits.unmatched_hours} h. Match it in the inbox of the shop."
    colour = Colour.RED if found.number else Colour.GREEN
    return [Tile("unmatched", "Unmatched money", str(found.number), sentence, colour)]


def _forged(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.forged
    if isinstance(found, Unread):
        return [_unread("forged", "Forged messages", found)]
    sentence = "None within a day."
    if found:
        sentence = "In quarantine, nothing was booked. Change the till's address: docs/security.md."
    return [
        Tile(
            "forged", "Forged messages", str(found), sentence, Colour.RED if found else Colour.GREEN
        )
    ]


def _spool(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.spool
    if isinstance(found, Unread):
        return [_unread("spool", "Spool", found)]
    colour, sentence = Colour.GREEN, "The database takes every message."
    if found.size_bytes:
        colour, sentence = (
            Colour.AMBER,
            "They wait for the database and come in by themselves.",
        )
    if found.torn_files:
        colour = Colour.RED
        sentence = f"{found.torn_files} files hold torn lines: docs/operations.md, The spool."
    return [Tile("spool", "Spool", f"{-(-found.size_bytes // 1024)} kB", sentence, colour)]


def _schedules(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.schedules
    if isinstance(found, Unread):
        return [_unread("schedules", "Next schedules", found)]
    if isinstance(found, NotYet):
        return [Tile("schedules", "Next schedules", NOTHING, found.sentence, Colour.GREY)]
    if not found:
        return [Tile("schedules", "Next schedules", "0", "None is switched on.", Colour.AMBER)]
    first = min(found, key=lambda due: due.at)
    if first.at < now - timedelta(minutes=10):
        sentence = f"{first.name} is late by {ago(first.at, now)}. Is the work worker alive?"
        return [Tile("schedules", "Next schedules", "late", sentence, Colour.RED)]
    figure = f"in {span(int((first.at - now).total_seconds()))}"
    return [Tile("schedules", "Next schedules", figure, f"{first.name}.", Colour.GREEN)]


def _verification(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    return _outcome("tampering", "Books verified", readings.verification, timedelta(days=2), now)


def _backup(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    longest = timedelta(hours=limits.backup_hours)
    return _outcome("backup", "Last backup", readings.backup, longest, now)


def _drill(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    longest = timedelta(days=limits.drill_days)
    return _outcome("drill", "Last restore drill", readings.drill, longest, now)


def _outcome(
    cause: str, title: str, found: Outcome | NotYet | Unread, longest: timedelta, now: datetime
) -> list[Tile]:
    if isinstance(found, Unread):
        return [_unread(cause, title, found)]
    if isinstance(found, NotYet):
        return [Tile(cause, title, NOTHING, found.sentence, Colour.GREY)]
    figure, colour, sentence = f"{ago(found.at, now)} ago", Colour.GREEN, found.sentence
    if not found.is_ok:
        colour = Colour.RED
    elif now - found.at > longest:
        whole = int(longest.total_seconds())
        colour, sentence = Colour.RED, f"Longer ago than {span(whole)}: do it now. {sentence}"
    return [Tile(cause, title, figure, sentence, colour)]


def _disk(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.disk_free_megabytes
    if isinstance(found, Unread):
        return [_unread("disk", "Disk free", found)]
    colour, sentence = Colour.GREEN, "Room to spare."
    if found < limits.disk_free_megabytes * WELL_ABOVE:
        colour, sentence = Colour.AMBER, "It fills up. Look for what can go: old backups, logs."
    if found < limits.disk_free_megabytes:
        colour, sentence = Colour.RED, "Make room at once: nothing can be booked on a full disk."
    return [Tile("disk", "Disk free", f"{found:,} MB", sentence, colour)]


def _memory(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.memory_percent
    if isinstance(found, Unread):
        return [_unread("memory", "Memory", found)]
    if found is None:
        return [Tile("memory", "Memory", NOTHING, "This machine does not tell.", Colour.GREY)]
    colour = _by_limit(found, limits.memory_percent)
    sentence = (
        "Room to spare." if colour == Colour.GREEN else "See which worker is large; restart it."
    )
    return [Tile("memory", "Memory", f"{found} %", sentence, colour)]


def _redis(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.redis_bytes
    if found is None:
        return []
    if isinstance(found, Unread):
        return [_unread("redis", "Redis memory", found)]
    megabytes = -(-found // MEGABYTE)
    colour = _by_limit(megabytes, limits.redis_megabytes)
    sentence = "Room to spare."
    if colour != Colour.GREEN:
        sentence = "The queues are emptied faster by more workers; nothing is lost by FLUSHDB."
    return [Tile("redis", "Redis memory", f"{megabytes} MB", sentence, colour)]


def _success(readings: Readings, limits: Limits, now: datetime) -> list[Tile]:
    found = readings.jobs
    if isinstance(found, Unread):
        return [_unread("success", "Jobs that succeed", found)]
    tiles = []
    for cause, title, done, failed in (
        ("success-day", "Success, 24 h", found.done_day, found.failed_day),
        ("success-month", "Success, 30 days", found.done_month, found.failed_month),
    ):
        if not done + failed:
            tiles.append(Tile(cause, title, NOTHING, "No job ended.", Colour.GREY))
            continue
        percent = 100 * done // (done + failed)
        # One number of many is no reason to wake somebody: a failed job has its own tile.
        colour = Colour.GREEN if percent >= GOOD_PERCENT else Colour.AMBER
        tiles.append(Tile(cause, title, f"{percent} %", f"{done} done, {failed} failed.", colour))
    return tiles


Maker = Callable[[Readings, Limits, datetime], list[Tile]]
_MAKERS: tuple[Maker, ...] = (
    _workers,
    _queues,
    _payment_events,
    _failed_jobs,
    _unmatched,
    _forged,
    _spool,
    _verification,
    _backup,
    _drill,
    _schedules,
    _disk,
    _memory,
    _redis,
    _utilisation,
    _success,
)
