"""Who works."""

from datetime import datetime, timedelta

from django.conf import settings

from periodic.models import Worker
from periodic.queues import QUEUES
from periodic.roll_call import GONE, RollCall, call

MOST_WORKERS = 200


def roll_call(now: datetime) -> RollCall:
    """Return who of the workers answers; reads the rows that were written last.

    One that dies as soon as it is started leaves rows without end: they push no living one out.
    """
    silent_seconds = settings.LIMITS.worker_silent_seconds
    # Whose last beat is yet to come died while the clock ran ahead.
    latest = now + timedelta(seconds=silent_seconds)
    rows = Worker.objects.filter(beat_at__gte=now - GONE, beat_at__lte=latest)
    newest = rows.order_by("-beat_at")[:MOST_WORKERS]
    return call(newest, queues=QUEUES, now=now, silent_seconds=silent_seconds)
