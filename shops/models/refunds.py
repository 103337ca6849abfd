"""Goods that came back, and how their money went: a credit note against one receipt. Cents."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import Business, User
from shops.models.cash import CashSession
from shops.models.customers import Customer
from shops.models.sales import Method, Sale, SaleLine


class Refund(models.Model):
    """A credit note: lines of one receipt taken back, at most what was sold less what came back.

    Money goes back the way it came. `approved_by` is who agreed above the limit of `by`: another.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="refunds")
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="refunds")
    key = models.CharField(max_length=64)
    number = models.PositiveBigIntegerField()
    refunded_on = models.DateField()
    total_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    is_restocked = models.BooleanField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="refund_number_once_per_business", fields=["business", "number"]
            ),
            models.UniqueConstraint(name="refund_key_once_per_sale", fields=["sale", "key"]),
            models.CheckConstraint(
                name="refund_agreed_by_another",
                condition=Q(approved_by=None) | ~Q(approved_by=F("by")),
            ),
            models.CheckConstraint(name="refund_total_is_positive", condition=Q(total_cents__gt=0)),
            models.CheckConstraint(
                name="refund_vat_within_total",
                condition=Q(vat_cents__gte=0, vat_cents__lt=F("total_cents")),
            ),
            models.CheckConstraint(name="refund_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"Credit note {self.number}"


class RefundLine(models.Model):
    """How much of a line came back: cents of the line's, which re-add when all of it is back."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="lines")
    line = models.ForeignKey(SaleLine, models.PROTECT, related_name="refunds")
    quantity_milli = models.PositiveBigIntegerField()
    amount_cents = models.BigIntegerField()
    vat_cents = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="refundline_once_per_refund", fields=["refund", "line"]),
            models.CheckConstraint(
                name="refundline_is_of_something",
                condition=Q(quantity_milli__gt=0, amount_cents__gte=0),
            ),
            models.CheckConstraint(
                name="refundline_vat_within_amount",
                condition=Q(vat_cents__gte=0, vat_cents__lte=F("amount_cents")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund}: {self.line}"


class RefundTender(models.Model):
    """How a part of the money went back: out of a drawer, by M-Pesa, or off what is owed.

    What goes back by M-Pesa is due until somebody has sent it: `mpesa_receipt` is Safaricom's code
    of that payment out. `reversed_cents` of it need no sending, because the payment itself was
    taken back: the customer has that money, and owes as much less of the sale.
    """

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="tenders")
    method = models.CharField(max_length=6, choices=Method.choices)
    amount_cents = models.BigIntegerField()
    rounding_cents = models.BigIntegerField(default=0)
    reversed_cents = models.BigIntegerField(default=0)
    session = models.ForeignKey(
        CashSession, models.PROTECT, null=True, blank=True, related_name="refund_tenders"
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="refund_tenders"
    )
    mpesa_receipt = models.CharField(max_length=12, blank=True)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="refundtender_method_is_known", condition=Q(method__in=Method.values)
            ),
            models.CheckConstraint(
                name="refundtender_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="refundtender_cash_comes_out_of_a_drawer",
                condition=Q(method=Method.CASH, session__isnull=False)
                | (~Q(method=Method.CASH) & Q(session=None, rounding_cents=0)),
            ),
            models.CheckConstraint(
                name="refundtender_credit_has_a_customer",
                condition=Q(method=Method.CREDIT, customer__isnull=False)
                | (~Q(method=Method.CREDIT) & Q(customer=None)),
            ),
            models.CheckConstraint(
                name="refundtender_rounding_is_below_a_shilling",
                condition=Q(rounding_cents__gt=-100, rounding_cents__lt=100),
            ),
            models.CheckConstraint(
                name="refundtender_reversed_within_amount",
                condition=Q(reversed_cents=0)
                | Q(
                    method=Method.MPESA,
                    reversed_cents__gt=0,
                    reversed_cents__lte=F("amount_cents"),
                ),
            ),
            models.CheckConstraint(
                name="refundtender_sent_wholly",
                condition=Q(mpesa_receipt="", sent_by=None, sent_at=None)
                | Q(method=Method.MPESA, sent_by__isnull=False, sent_at__isnull=False)
                & ~Q(mpesa_receipt=""),
            ),
            models.UniqueConstraint(
                name="refundtender_receipt_once",
                fields=["mpesa_receipt"],
                condition=~Q(mpesa_receipt=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} for {self.refund}"

    @property
    def due_cents(self) -> int:
        """What is still to be sent back by M-Pesa, in cents."""
        is_due = self.method == Method.MPESA and not self.mpesa_receipt
        return self.amount_cents - self.reversed_cents if is_due else 0
