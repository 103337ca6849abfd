"""Who works."""

from datetime import datetime

from django.conf import settings

from periodic.models import Worker
from periodic.queues import QUEUES
from periodic.roll_call import GONE, RollCall, call

MOST_WORKERS = 200


def roll_call(now: datetime) -> RollCall:
    """Return who of the workers answers; reads the latest rows only."""
    rows = Worker.objects.filter(beat_at__gte=now - GONE).order_by("-pk")[:MOST_WORKERS]
    return call(rows, queues=QUEUES, now=now, silent_seconds=settings.LIMITS.worker_silent_seconds)
