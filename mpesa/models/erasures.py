"""Several people to erase, asked for at once: the phones wait here, and nowhere else."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import User


class ItemState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    ERASED = "erased", "Erased"
    UNKNOWN = "unknown", "Nothing was known of it"
    DROPPED = "dropped", "Not erased, kept no longer"


class ErasureRequest(models.Model):
    """Phones that one person asked to have erased, with what they chose for all of them."""

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    quarantined_too = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"Erasure request {self.pk} {self.asked_at:%Y-%m-%d}"


class ErasureItem(models.Model):
    """One phone of a request: kept while it waits, empty from the moment it ends."""

    request = models.ForeignKey(ErasureRequest, models.CASCADE, related_name="items")
    # Where it stood in what was pasted, from 1: a refusal names the line and not the phone.
    line = models.PositiveIntegerField()
    phone = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.WAITING)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="erasureitem_line_once", fields=["request", "line"]),
            models.CheckConstraint(
                name="erasureitem_state_is_known", condition=Q(state__in=ItemState.values)
            ),
            models.CheckConstraint(
                name="erasureitem_phone_while_it_waits",
                condition=(Q(state=ItemState.WAITING, ended_at=None) & ~Q(phone=""))
                | (~Q(state=ItemState.WAITING) & Q(phone="", ended_at__isnull=False)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="erasureitem_waiting",
                fields=["phone"],
                condition=Q(state=ItemState.WAITING),
            ),
        ]

    def __str__(self) -> str:
        return f"Line {self.line} ({self.state})"
