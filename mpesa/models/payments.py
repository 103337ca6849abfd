"""Money that came in: what was seen of it, who paid, and where it went."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import User
from mpesa.models.inbound import InboundMessage
from mpesa.models.requests import PaymentRequest
from mpesa.models.tills import Till


class Source(models.TextChoices):
    """Who told us of a receipt."""

    STK = "stk", "Callback of a prompt"
    CONFIRMATION = "confirm", "Confirmation"
    PULL = "pull", "Pull"
    STATUS = "status", "Transaction status"
    STATEMENT = "file", "Statement"


# What we asked Safaricom for, or a person took from its portal; the others only came to us.
TRUSTED = (Source.PULL, Source.STATUS, Source.STATEMENT)


class Payment(models.Model):
    """Money that Safaricom says our till received: one row per receipt, its facts frozen.

    `corrected_cents` is what a statement said more (or less) than the message, `allocated_cents`
    what has been matched, `reversed_cents` what was taken back; the rest
    stands in the account of unidentified receipts, so the sum over all payments always equals that
    account's balance. `request_is_guess` says that it was joined to its request because till,
    amount, time and payer fit, not by a callback that names the request: it gives way to that.
    """

    receipt = models.CharField(max_length=20, unique=True)
    till = models.ForeignKey(Till, models.PROTECT, related_name="payments")
    amount_cents = models.BigIntegerField()
    paid_at = models.DateTimeField()
    request = models.OneToOneField(
        PaymentRequest, models.PROTECT, null=True, blank=True, related_name="payment"
    )
    request_is_guess = models.BooleanField(default=False)
    message = models.ForeignKey(InboundMessage, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    corrected_cents = models.BigIntegerField(default=0)
    allocated_cents = models.BigIntegerField(default=0)
    reversed_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="payment_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="payment_allocated_within_amount",
                condition=Q(
                    allocated_cents__gte=0,
                    reversed_cents__gte=0,
                    allocated_cents__lte=F("amount_cents")
                    + F("corrected_cents")
                    - F("reversed_cents"),
                ),
            ),
            models.CheckConstraint(
                name="payment_guess_has_its_request",
                condition=Q(request_is_guess=False) | Q(request__isnull=False),
            ),
            models.CheckConstraint(
                name="payment_receipt_looks_right", condition=Q(receipt__regex=r"^[A-Z0-9]{6,20}$")
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="payment_unmatched",
                fields=["id"],
                condition=Q(
                    allocated_cents__lt=F("amount_cents")
                    + F("corrected_cents")
                    - F("reversed_cents")
                ),
            ),
            models.Index(name="payment_by_day", fields=["paid_at"]),
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def paid_cents(self) -> int:
        """Return the cents that were paid: what was first told, as a statement corrected it."""
        return self.amount_cents + self.corrected_cents

    @property
    def left_cents(self) -> int:
        """Return the cents that nobody has identified yet."""
        return self.paid_cents - self.allocated_cents - self.reversed_cents


class Sighting(models.Model):
    """What one source said of a receipt, where it was believed. Rows are added, never changed.

    `balance_cents` is the till's balance after the payment, where a confirmation named it.
    """

    receipt = models.CharField(max_length=20)
    source = models.CharField(max_length=8, choices=Source.choices)
    till = models.ForeignKey(Till, models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()
    paid_at = models.DateTimeField()
    balance_cents = models.BigIntegerField(null=True)
    message = models.ForeignKey(InboundMessage, models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="sighting_once_per_source", fields=["receipt", "source"]),
            models.CheckConstraint(
                name="sighting_source_is_known", condition=Q(source__in=Source.values)
            ),
            models.CheckConstraint(
                name="sighting_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="sighting_by_time", fields=["till", "paid_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} ({self.source})"


class Payer(models.Model):
    """Who paid, as far as M-Pesa says; kept apart from all that is frozen, and erasable.

    `phone` is masked or hashed, never full. `key` recognises a regular (`mpesa.payloads.payer_key`)
    and `account_reference` is what the customer typed.
    """

    payment = models.OneToOneField(Payment, models.PROTECT, primary_key=True, related_name="payer")
    key = models.CharField(max_length=80, blank=True)
    phone = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100, blank=True)
    account_reference = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(name="payer_by_key", fields=["key"], condition=~Q(key="")),
        ]

    def __str__(self) -> str:
        return f"Payer of payment {self.pk}"


class Purpose(models.TextChoices):
    """Where a payment's money goes."""

    SALE = "sale", "Sale"
    CREDIT = "credit", "Customer's credit"
    REFUND = "refund", "To be given back"
    DEBT = "debt", "A customer's debt"


class Allocation(models.Model):
    """Part or all of a payment, matched to what it was for; undone, it stays as history.

    Posted Dr unidentified receipts, Cr `account_code`, and the other way round when it is undone.
    `is_guess` is a match that the machine made because the payment's request was one.
    """

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="allocations")
    key = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    reference = models.CharField(max_length=40, blank=True)
    account_code = models.CharField(max_length=12)
    amount_cents = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True)
    is_guess = models.BooleanField(default=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="allocation_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="allocation_purpose_is_known", condition=Q(purpose__in=Purpose.values)
            ),
            models.CheckConstraint(
                name="allocation_undone_with_a_reason",
                condition=Q(undone_at=None, undone_by=None, undone_reason="")
                | Q(undone_at__isnull=False) & ~Q(undone_reason=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="allocation_by_reference", fields=["reference"]),
            models.Index(
                name="allocation_undone", fields=["id"], condition=Q(undone_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} for {self.reference or self.purpose}"
