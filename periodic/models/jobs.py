"""Work that takes longer than a page may: a row first, done by a worker, finished whoever dies."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from money.models import Business


class JobState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Urgency(models.IntegerChoices):
    """Who waits for it; the higher goes first."""

    NIGHTLY = 0, "Nightly"
    ORDINARY = 10, "Ordinary"
    PERSON = 20, "A person waits"


LIVE_JOBS = (JobState.WAITING, JobState.RUNNING)


class Job(models.Model):
    """One piece of work: what was asked, how far it is, what came of it.

    A failed job that nobody gave up needs attention. `attempts` counts the times that a worker
    took it; what a worker writes counts only while its attempt is the row's, so that one believed
    dead cannot speak for its successor.
    """

    kind = models.CharField(max_length=60)
    # What people read: the kind's title and what it is about.
    title = models.CharField(max_length=150, blank=True)
    parameters = models.JSONField(default=dict)
    # Digest of kind and parameters: the same asked twice while it is live is one job.
    digest = models.CharField(max_length=64)
    # Of what asked for it by itself, as a schedule's due time: asked for once, whatever came of it.
    key = models.CharField(max_length=150, null=True, blank=True, unique=True)
    business = models.ForeignKey(Business, models.PROTECT, null=True, blank=True, related_name="+")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    urgency = models.SmallIntegerField(choices=Urgency.choices, default=Urgency.ORDINARY)

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    # Those of before a person asked for it once more: they no longer count against the kind's most.
    attempts_before = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)

    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    sentence = models.CharField(max_length=200, blank=True)

    ended_at = models.DateTimeField(null=True, blank=True)
    summary = models.TextField(blank=True)
    file = models.CharField(max_length=200, blank=True, help_text="Below VAR/results.")
    error = models.CharField(max_length=500, blank=True)
    traceback = models.TextField(blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    # When who asked for it saw how it ended; until then a notice stands in the header.
    seen_at = models.DateTimeField(null=True, blank=True)
    wants_mail = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="job_same_is_one_while_live",
                fields=["digest"],
                condition=Q(state__in=LIVE_JOBS),
            ),
            models.CheckConstraint(
                name="job_ended_says_when",
                condition=Q(state__in=LIVE_JOBS, ended_at__isnull=True)
                | (~Q(state__in=LIVE_JOBS) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="job_waiting",
                fields=["-urgency", "id"],
                condition=Q(state=JobState.WAITING),
            ),
            models.Index(
                name="job_running",
                fields=["heartbeat_at"],
                condition=Q(state=JobState.RUNNING),
            ),
            models.Index(
                name="job_not_seen",
                fields=["asked_by"],
                condition=Q(ended_at__isnull=False, seen_at__isnull=True),
            ),
            models.Index(
                name="job_needs_attention",
                fields=["ended_at"],
                condition=Q(state=JobState.FAILED, given_up_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_live(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in LIVE_JOBS

    @property
    def needs_attention(self) -> bool:
        """Whether it failed for good and nobody gave it up."""
        return self.state == JobState.FAILED and self.given_up_at is None

    @property
    def attempts_used(self) -> int:
        """How many of the attempts that its kind allows were taken."""
        return self.attempts - self.attempts_before
