"""What the counter keeps beside sales: what sells fast, carts that wait, prints of receipts."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import Business, User
from shops.models.goods import Product
from shops.models.sales import Sale


class FastMover(models.Model):
    """How many times a product was rung up and sold lately; learned again every night.

    Times, not quantities: a loaf and ten litres are one tap each. `business` is the product's own.
    """

    product = models.OneToOneField(Product, models.PROTECT, primary_key=True)
    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    times = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="fastmover_was_sold", condition=Q(times__gt=0)),
        ]
        indexes: ClassVar = [models.Index(name="fastmover_by_times", fields=["business", "-times"])]

    def __str__(self) -> str:
        return f"{self.product}: {self.times}"


class HeldCart(models.Model):
    """A cart that waits for its customer, by name, as the fields of the counter's form.

    Taken out once: `taken_key` is the form that took it, and a second press of that finds it again.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="+")
    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=40)
    cart = models.JSONField()
    total_cents = models.BigIntegerField()
    held_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    held_at = models.DateTimeField()
    taken_key = models.CharField(max_length=64, blank=True)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="heldcart_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="heldcart_total_is_not_negative", condition=Q(total_cents__gte=0)
            ),
            models.CheckConstraint(
                name="heldcart_is_taken_by_somebody",
                condition=Q(taken_key="", taken_by=None, taken_at=None)
                | Q(taken_by__isnull=False, taken_at__isnull=False) & ~Q(taken_key=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="heldcart_waiting", fields=["business", "id"], condition=Q(taken_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReceiptPrint(models.Model):
    """A receipt that went to the printer. The first is the receipt, every other one a copy."""

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="prints")
    key = models.CharField(max_length=64, unique=True)
    number = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="receiptprint_number_once_per_sale", fields=["sale", "number"]
            ),
            models.CheckConstraint(name="receiptprint_begins_at_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.sale}, print {self.number}"

    @property
    def is_copy(self) -> bool:
        """Whether an earlier print is the receipt."""
        return self.number > 1
