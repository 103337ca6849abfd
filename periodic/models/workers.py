"""Who works: a row per worker process, which it writes anew every few seconds."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

MOST_PERCENT = 100


class Worker(models.Model):
    """One process of `consume`, from its start to its end, as it last told of itself.

    A clean end is noted in `ended_at`; a process that was killed just falls silent. `current` is
    what its threads do: `[{"name": "take_in", "since": "2026-11-22T08:00:00+00:00"}]`, oldest
    first. Memory is in kB as Linux counts it, and unknown elsewhere.
    """

    queue = models.CharField(max_length=20)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    threads = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    pss_kb = models.PositiveIntegerField(null=True, blank=True)
    rss_kb = models.PositiveIntegerField(null=True, blank=True)
    current = models.JSONField(default=list)
    tasks_done = models.PositiveBigIntegerField(default=0)
    busy_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Of its threads' time, in the last minutes."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="worker_starts_once", fields=["host", "pid", "started_at"]
            ),
            models.CheckConstraint(
                name="worker_busy_is_a_part", condition=Q(busy_percent__lte=MOST_PERCENT)
            ),
        ]
        indexes: ClassVar = [models.Index(name="worker_beat", fields=["beat_at"])]

    def __str__(self) -> str:
        return f"{self.queue} on {self.host}, process {self.pid}"
