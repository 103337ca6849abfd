"""Tills, and what their owner set about them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import Business, User


class TillKind(models.TextChoices):
    TILL = "till", "Till (Buy Goods)"
    PAYBILL = "paybill", "Paybill"


class Trust(models.TextChoices):
    """What a confirmation that nobody asked for needs, beside the right secret and shortcode."""

    PATH = "path", "The secret address"
    ADDRESSES = "addresses", "The secret address, called from Safaricom's own"


# What a small shop sees of a forger who has found its secret before it is noticed (issue 4).
TRUSTED_UP_TO_CENTS = 2_000_000


class Till(models.Model):
    """A till or paybill of one business.

    For a till `shortcode` is the store or head-office number that Safaricom puts in messages and
    that the passkey belongs to, `number` what customers type. For a paybill both are the same.
    Credentials are read from the environment (`mpesa.credentials`).

    A confirmation that nobody asked for is money at once up to `trusted_up_to_cents`; what
    is above waits until Safaricom, asked by us, says the same.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="tills")
    kind = models.CharField(max_length=10, choices=TillKind.choices)
    number = models.CharField(max_length=10, unique=True)
    shortcode = models.CharField(max_length=10)
    callback_secret = models.CharField(max_length=64, unique=True)
    # Valid beside the new one until the rotation is finished.
    previous_secret = models.CharField(max_length=64, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)
    trust = models.CharField(max_length=10, choices=Trust.choices, default=Trust.PATH)
    trusted_up_to_cents = models.BigIntegerField(default=TRUSTED_UP_TO_CENTS)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="till_previous_secret_once",
                fields=["previous_secret"],
                condition=~Q(previous_secret=""),
            ),
            models.CheckConstraint(
                name="till_rotation_has_its_time",
                condition=Q(previous_secret="") | Q(rotated_at__isnull=False),
            ),
            models.CheckConstraint(
                name="till_kind_is_known", condition=Q(kind__in=TillKind.values)
            ),
            models.CheckConstraint(name="till_trust_is_known", condition=Q(trust__in=Trust.values)),
            models.CheckConstraint(
                name="till_trust_is_not_negative", condition=Q(trusted_up_to_cents__gte=0)
            ),
            models.CheckConstraint(
                name="till_numbers_are_digits",
                condition=Q(number__regex=r"^[0-9]{5,10}$", shortcode__regex=r"^[0-9]{5,10}$"),
            ),
            models.CheckConstraint(
                name="till_paybill_is_its_shortcode",
                condition=Q(kind=TillKind.TILL) | Q(number=F("shortcode")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class ClosedReference(models.Model):
    """An account reference that the owner closed: validation refuses payments to it.

    `reference` is normalised (`mpesa.payloads.normalise_reference`).
    """

    till = models.ForeignKey(Till, models.PROTECT, related_name="closed_references")
    reference = models.CharField(max_length=40)
    reason = models.CharField(max_length=100)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="closedreference_once", fields=["till", "reference"]),
            models.CheckConstraint(
                name="closedreference_is_normalised", condition=Q(reference__regex=r"^[A-Z0-9]+$")
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class HeldToken(models.Model):
    """A token of the gateway that all processes share, encrypted; one row per consumer key.

    `claimed_until` keeps the others out while one process fetches a new one; who dies leaves a
    claim that ends by itself.
    """

    place = models.CharField(max_length=64, unique=True)
    ciphertext = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Token {self.pk}"
