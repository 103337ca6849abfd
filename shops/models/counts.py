"""What was found by counting: at the beginning, and now and then. Cents, and thousandths."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.cents import format_quantity
from money.models import Business, User
from shops.models.stock import Location, StockItem


class OpeningStock(models.Model):
    """What lay of an item at a place before anything moved there, and what it had cost."""

    item = models.ForeignKey(StockItem, models.PROTECT, related_name="openings")
    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    quantity_milli = models.PositiveBigIntegerField()
    value_cents = models.BigIntegerField()
    counted_on = models.DateField()
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="openingstock_once_per_item_and_location", fields=["item", "location"]
            ),
            models.CheckConstraint(
                name="openingstock_is_of_something",
                condition=Q(quantity_milli__gt=0, value_cents__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{format_quantity(self.quantity_milli)} {self.item} at the beginning"

    @property
    def reference(self) -> str:
        """The key of its journal entry."""
        return f"opening:{self.pk}"


class StockCount(models.Model):
    """A place that is being counted, by one person or several; frozen once it is closed."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="stock_counts")
    location = models.ForeignKey(Location, models.PROTECT, related_name="counts")
    key = models.CharField(max_length=64, unique=True)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                # An item on two open counts would be short twice.
                name="stockcount_one_open_per_location",
                fields=["location"],
                condition=Q(closed_at=None),
            ),
            models.CheckConstraint(
                name="stockcount_who_closes_has_a_name",
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Count {self.pk} of {self.location}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def reference(self) -> str:
        """The key of its journal entry."""
        return f"stockcount:{self.pk}"


class StockCountLine(models.Model):
    """An item of a count. `seen_milli` is what the books had there when `counted_milli` was typed.

    The difference is of that moment: what is sold or received before the count is closed changes
    both sides alike. Difference and value are written when the count is closed.
    """

    count = models.ForeignKey(StockCount, models.PROTECT, related_name="lines")
    item = models.ForeignKey(StockItem, models.PROTECT, related_name="+")
    counted_milli = models.BigIntegerField(null=True, blank=True)
    seen_milli = models.BigIntegerField(null=True, blank=True)
    counted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    counted_at = models.DateTimeField(null=True, blank=True)
    difference_milli = models.BigIntegerField(null=True, blank=True)
    value_cents = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="stockcountline_once_per_item", fields=["count", "item"]),
            models.CheckConstraint(
                name="stockcountline_is_counted_wholly",
                condition=Q(counted_milli=None, seen_milli=None, counted_by=None, counted_at=None)
                | Q(
                    counted_milli__isnull=False,
                    counted_milli__gte=0,
                    seen_milli__isnull=False,
                    counted_by__isnull=False,
                    counted_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="stockcountline_difference_is_counted_less_seen",
                condition=Q(difference_milli=None)
                | Q(
                    difference_milli__isnull=False,
                    counted_milli__isnull=False,
                    difference_milli=F("counted_milli") - F("seen_milli"),
                ),
            ),
            models.CheckConstraint(
                name="stockcountline_value_follows_the_difference",
                condition=Q(difference_milli=None, value_cents=None)
                | Q(difference_milli__isnull=False, value_cents__isnull=False)
                & (
                    Q(difference_milli=0, value_cents=0)
                    | Q(difference_milli__gt=0, value_cents__gte=0)
                    | Q(difference_milli__lt=0, value_cents__lte=0)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} in {self.count}"
