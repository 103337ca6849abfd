"""What the clock starts: one row per schedule, which the owner edits and the minute tick reads."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from money.models import Business


class Missed(models.TextChoices):
    """What becomes of due times that nobody was there for: a machine that was off, a late clock."""

    ONCE = "once", "Run once, late"
    SKIP = "skip", "Leave out"


class Schedule(models.Model):
    """Asks for a job of `kind` whenever `words` say, in Nairobi; `periodic.timetable` reads them.

    `next_run_at` is the due time that comes next. It moves in the transaction that asks for the
    jobs of the one before, so a due time is asked for once, by whichever worker comes first.
    """

    name = models.SlugField(max_length=60, unique=True, help_text="The command runs it by this.")
    title = models.CharField(max_length=100)
    about = models.TextField("what it does", blank=True)
    kind = models.CharField("kind of job", max_length=60)
    # Whether a run is of one business: each business then has a job of its own.
    is_per_business = models.BooleanField("one job per business", default=False)
    business = models.ForeignKey(
        Business,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: all of them.",
    )
    words = models.CharField("when", max_length=60)
    is_on = models.BooleanField("on", default=True)
    missed = models.CharField(
        "if missed by more than ten minutes",
        max_length=4,
        choices=Missed.choices,
        default=Missed.ONCE,
    )
    parameters = models.JSONField(default=dict, blank=True)
    last_run_at = models.DateTimeField("last run", null=True, blank=True)
    next_run_at = models.DateTimeField("next run", null=True, blank=True)
    # By a person: what the program ships no longer touches the row's when, on and missed.
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="schedule_on_has_a_next_run",
                condition=Q(is_on=True, next_run_at__isnull=False)
                | Q(is_on=False, next_run_at__isnull=True),
            ),
            models.CheckConstraint(
                name="schedule_missed_is_known", condition=Q(missed__in=Missed.values)
            ),
            models.CheckConstraint(
                name="schedule_changed_says_by_whom",
                condition=Q(changed_at__isnull=True, changed_by__isnull=True)
                | Q(changed_at__isnull=False, changed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="schedule_of_a_business_is_per_business",
                condition=Q(business__isnull=True) | Q(is_per_business=True),
                violation_error_message="This runs for all businesses together.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
