"""Customers who buy on credit, and what they pay of it later. Cents."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import Business, User
from shops.models.cash import CashSession


class Customer(models.Model):
    """Somebody a business knows by name. What he may owe at most is set by who runs the shop.

    One who was erased on request has neither name nor phone any more; what was sold stays.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="customers")
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=12, blank=True, help_text="254 and nine digits.")
    credit_limit_cents = models.BigIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    erased_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="customer_name_once_per_business", fields=["business", "name"]
            ),
            models.CheckConstraint(name="customer_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="customer_limit_is_not_negative", condition=Q(credit_limit_cents__gte=0)
            ),
            models.CheckConstraint(
                name="customer_erased_wholly",
                condition=Q(erased_at=None, erased_by=None)
                | Q(
                    erased_at__isnull=False,
                    erased_by__isnull=False,
                    phone="",
                    credit_limit_cents=0,
                    is_active=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def reference(self) -> str:
        """What the rail knows of this customer."""
        return f"customer:{self.pk}"


class CustomerPayment(models.Model):
    """Cash that a customer paid of what he owes, into an open drawer: Dr drawer, Cr receivable."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="payments")
    key = models.CharField(max_length=64)
    session = models.ForeignKey(CashSession, models.PROTECT, related_name="customer_payments")
    amount_cents = models.BigIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="customerpayment_is_positive",
                condition=Q(amount_cents__gt=0),
            ),
            models.UniqueConstraint(
                name="customerpayment_key_once_per_customer", fields=["customer", "key"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} paid"
