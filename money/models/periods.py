"""The trail of what was closed, locked and unlocked: append-only, chained like the entries."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models.people import Business, User


class PeriodChange(models.TextChoices):
    DAY_CLOSED = "day_closed", "Day closed"
    MONTH_LOCKED = "month_locked", "Month locked"
    YEAR_CLOSED = "year_closed", "Year closed"
    UNLOCKED = "unlocked", "Unlocked"


class PeriodEvent(models.Model):
    """A day closed, a month locked, a year closed, or a period unlocked again.

    `through_on` is the last day that is closed (or locked) after it. `entries` and `entries_hash`
    are the head of the book at that moment, and the event's own hash covers both: that one hash
    is the anchor of the day, which leaves the machine.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="period_events")
    number = models.PositiveBigIntegerField()
    change = models.CharField(max_length=12, choices=PeriodChange.choices)
    through_on = models.DateField()
    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    entries = models.PositiveBigIntegerField(help_text="The last number in the book at that time.")
    entries_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "closed period"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="periodevent_number_once_per_book", fields=["business", "number"]
            ),
            models.CheckConstraint(
                name="periodevent_number_is_positive", condition=Q(number__gte=1)
            ),
            models.CheckConstraint(
                name="periodevent_change_is_known", condition=Q(change__in=PeriodChange.values)
            ),
            models.CheckConstraint(
                name="periodevent_unlocked_by_someone_with_a_reason",
                condition=~Q(change=PeriodChange.UNLOCKED)
                | (Q(actor__isnull=False) & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_change_display()} through {self.through_on}"
