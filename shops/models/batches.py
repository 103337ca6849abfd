"""Batches of what spoils: beside each level, how much of it is of which batch. Thousandths.

A level counts pieces and their value; batches count the pieces once more, by best-before day. They
carry no value: that stays an average per item and place.
"""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.cents import format_quantity
from money.models import User
from shops.models.stock import LineStock, Location, StockItem, StockMove


class Batch(models.Model):
    """What came with one code and best-before day. Without both it is what nobody has named yet.

    It may be sold on its best-before day. Later it is not sold, unless a manager has released it.
    The owners are told once before that day and once after it.
    """

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="batches")
    code = models.CharField(max_length=40, blank=True)
    best_before = models.DateField(null=True, blank=True)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    release_reason = models.CharField(max_length=200, blank=True)
    told_soon_at = models.DateTimeField(null=True, blank=True)
    told_expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="batch_once_per_item_code_and_day",
                fields=["item", "code", "best_before"],
                condition=Q(best_before__isnull=False),
            ),
            models.UniqueConstraint(
                name="batch_once_per_item_and_code_without_a_day",
                fields=["item", "code"],
                condition=Q(best_before=None),
            ),
            models.CheckConstraint(
                name="batch_is_released_wholly",
                condition=Q(released_by=None, released_at=None, release_reason="")
                | Q(released_by__isnull=False, released_at__isnull=False) & ~Q(release_reason=""),
            ),
        ]

    def __str__(self) -> str:
        if self.best_before is None:
            return self.code or "without a batch"
        day = f"best before {self.best_before:%-d %b %Y}"
        return f"{self.code}, {day}" if self.code else day

    def is_expired(self, day: date) -> bool:
        """Tell whether it may not be sold any more on `day`, a release apart."""
        return self.best_before is not None and self.best_before < day

    def is_sellable(self, day: date) -> bool:
        """Tell whether it may be sold on `day`."""
        return not self.is_expired(day) or self.released_at is not None


class BatchLevel(models.Model):
    """What lies of a batch at a place, and what of it is rung up; its level is locked first."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="levels")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    on_hand_milli = models.BigIntegerField(default=0)
    reserved_milli = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="batchlevel_once_per_batch_and_location", fields=["batch", "location"]
            ),
            models.CheckConstraint(
                name="batchlevel_reserves_what_is_there",
                condition=Q(reserved_milli__gte=0, reserved_milli__lte=F("on_hand_milli")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="batchlevel_there",
                fields=["location", "batch"],
                condition=Q(on_hand_milli__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch}: {format_quantity(self.on_hand_milli)}"

    @property
    def free_milli(self) -> int:
        """What of the batch is not rung up, in thousandths."""
        return self.on_hand_milli - self.reserved_milli


class BatchMove(models.Model):
    """The part of a move of stock that was of one batch; without a move, pieces that were named."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="moves")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    move = models.ForeignKey(
        StockMove, models.PROTECT, null=True, blank=True, related_name="batches"
    )
    quantity_milli = models.BigIntegerField()
    key = models.CharField(max_length=120, unique=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="batchmove_is_of_something", condition=~Q(quantity_milli=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{format_quantity(self.quantity_milli)} of {self.batch}"


class LineBatch(models.Model):
    """The batch that a sale's line takes so many thousandths of, chosen when it was rung up."""

    held = models.ForeignKey(LineStock, models.PROTECT, related_name="batches")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+")
    quantity_milli = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="linebatch_once_per_line_and_batch", fields=["held", "batch"]
            ),
            models.CheckConstraint(
                name="linebatch_quantity_is_positive", condition=Q(quantity_milli__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{format_quantity(self.quantity_milli)} of {self.batch}"
