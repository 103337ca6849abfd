"""Goods that were carried from one place to another, of the same business or another of the owner.

Cents, and thousandths.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import User
from shops.models.stock import Location, StockItem


class StockTransfer(models.Model):
    """Goods that went out of one place and into another in one act; nothing is on the way."""

    from_location = models.ForeignKey(Location, models.PROTECT, related_name="sent")
    to_location = models.ForeignKey(Location, models.PROTECT, related_name="received")
    moved_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="stocktransfer_is_between_two_places",
                condition=~Q(from_location=F("to_location")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_location} to {self.to_location}"

    @property
    def reference(self) -> str:
        """The key of its moves within a business, and the beginning of that of its entries."""
        return f"transfer:{self.pk}"


class StockTransferLine(models.Model):
    """Pieces of an item and the value that went with them; `to_item` is what they are there."""

    transfer = models.ForeignKey(StockTransfer, models.PROTECT, related_name="lines")
    item = models.ForeignKey(StockItem, models.PROTECT, related_name="+")
    to_item = models.ForeignKey(StockItem, models.PROTECT, related_name="+")
    quantity_milli = models.PositiveBigIntegerField()
    value_cents = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="stocktransferline_once_per_item", fields=["transfer", "item"]
            ),
            models.CheckConstraint(
                name="stocktransferline_is_of_something",
                condition=Q(quantity_milli__gt=0, value_cents__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}, {self.transfer}"
