"""The owner's look into the engine room: tiles, workers, how long jobs take."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from money.access import Ability
from money.views.doors import Reader, opened_by
from periodic.queries.operations import gather
from periodic.readings import NotYet, Unread
from periodic.roll_call import Seen
from periodic.tiles import Colour, ago, tiles_of


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """A worker as the page shows it."""

    name: str
    beat: str
    uptime: str
    memory: str
    busy: str
    tasks: int
    doing: str
    is_silent: bool


@require_GET
@opened_by(Ability.MANAGE)
def page(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Show the whole page; it asks again for its inside every few seconds."""
    return render(request, "periodic/operations.html", _standing(timezone.now()))


@require_GET
@opened_by(Ability.MANAGE)
def inside(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Show what changes."""
    return render(request, "periodic/_operations.html", _standing(timezone.now()))


def _standing(now: datetime) -> dict[str, Any]:
    readings = gather(now)
    tiles = tiles_of(readings, settings.LIMITS, now)
    roll, jobs, schedules = readings.workers, readings.jobs, readings.schedules
    workers = []
    if not isinstance(roll, Unread):
        workers = [_line(one, now, is_silent=False) for one in roll.present]
        workers += [_line(one, now, is_silent=True) for one in roll.silent]
    return {
        "now": now,
        "tiles": tiles,
        "red": [tile for tile in tiles if tile.colour == Colour.RED],
        "workers": workers,
        "kinds": [] if isinstance(jobs, Unread) else jobs.kinds,
        "schedules": [] if isinstance(schedules, Unread | NotYet) else schedules,
    }


def _line(seen: Seen, now: datetime, *, is_silent: bool) -> WorkerLine:
    pss_kb = getattr(seen, "pss_kb", None)
    return WorkerLine(
        name=str(seen),
        beat=ago(seen.beat_at, now),
        uptime=ago(seen.started_at, now),
        memory=f"{pss_kb // 1024} MB" if pss_kb else "-",
        busy=f"{getattr(seen, 'busy_percent', 0)} %",
        tasks=getattr(seen, "tasks_done", 0),
        doing=", ".join(_doing(task, now) for task in getattr(seen, "current", [])) or "waits",
        is_silent=is_silent,
    )


def _doing(task: dict[str, str], now: datetime) -> str:
    since = parse_datetime(task["since"])
    return f"{task['name']} for {ago(since, now)}" if since else task["name"]
