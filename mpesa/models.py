"""The rail: tills, what arrived from outside, what we asked for, and payments.

A payment request is asked for with a reference string; this floor never learns what it stands for.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact

from money.models import Business, User


class TillKind(models.TextChoices):
    TILL = "till", "Till (Buy Goods)"
    PAYBILL = "paybill", "Paybill"


class InboundState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    UNDERSTOOD = "understood", "Understood"
    QUARANTINED = "quarantined", "In quarantine"


class RequestState(models.TextChoices):
    CREATED = "created", "Waiting to be asked"
    ASKED = "asked", "Asked"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "No answer yet"
    EXPIRED = "expired", "Never asked"


# Until one of these ends, the same reference is not asked for a second time.
LIVE_STATES = (RequestState.CREATED, RequestState.ASKED)


class Till(models.Model):
    """A till or paybill of one business.

    For a till `shortcode` is the store or head-office number that Safaricom puts in messages and
    that the passkey belongs to, `number` what customers type. For a paybill both are the same.
    Credentials are read from the environment (`mpesa.credentials`).
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="tills")
    kind = models.CharField(max_length=10, choices=TillKind.choices)
    number = models.CharField(max_length=10, unique=True)
    shortcode = models.CharField(max_length=10)
    callback_secret = models.CharField(max_length=64, unique=True)
    # Valid beside the new one until the rotation is finished.
    previous_secret = models.CharField(max_length=64, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, blank=True, editable=False)

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


class InboundMessage(models.Model):
    """Everything that arrives from outside, as it arrived, before anything is understood.

    Facts and digest are frozen by a trigger; the body may only ever be set to NULL (it holds phone
    numbers). The secrets of the address are not kept: `till` and `token_digest` say what they were.
    `spool_id` is given on arrival: what went to the database and to the spool is in here once.
    """

    channel = models.CharField(max_length=20)
    till = models.ForeignKey(Till, models.PROTECT, null=True, related_name="+")
    token_digest = models.CharField(max_length=64, blank=True)
    body = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    state = models.CharField(
        max_length=12, choices=InboundState.choices, default=InboundState.WAITING
    )
    handled_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    spool_id = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="inbound_spooled_once", fields=["spool_id"], condition=~Q(spool_id="")
            ),
            models.CheckConstraint(
                name="inbound_state_is_known", condition=Q(state__in=InboundState.values)
            ),
            models.CheckConstraint(
                name="inbound_handled_or_waiting",
                condition=Q(state=InboundState.WAITING, handled_at=None)
                | (~Q(state=InboundState.WAITING) & Q(handled_at__isnull=False)),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="inbound_waiting",
                fields=["id"],
                condition=Q(state=InboundState.WAITING),
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk} ({self.state})"


class Stray(models.Model):
    """A ring of the latest knocks at addresses that are not ours, each cut to 4 kB."""

    path = models.CharField(max_length=200)
    body = models.BinaryField()
    address = models.CharField(max_length=45)
    reason = models.CharField(max_length=60)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = "stray message"

    def __str__(self) -> str:
        return f"{self.reason} {self.received_at:%Y-%m-%d %H:%M:%S}"


class PaymentRequest(models.Model):
    """One prompt that we ask Safaricom to put on a customer's phone.

    Written before anything is sent. `asked` is set before the call: a death during it leaves a
    request that may have rung the phone, and which is therefore never blindly asked again.
    """

    till = models.ForeignKey(Till, models.PROTECT, related_name="requests")
    key = models.CharField(max_length=64, unique=True)
    reference = models.CharField(max_length=40)
    account_reference = models.CharField(max_length=12)
    phone = models.CharField(max_length=12, blank=True)
    amount_cents = models.BigIntegerField()
    token_digest = models.CharField(max_length=64, blank=True)
    state = models.CharField(
        max_length=8, choices=RequestState.choices, default=RequestState.CREATED
    )
    checkout_request_id = models.CharField(max_length=100, blank=True)
    merchant_request_id = models.CharField(max_length=100, blank=True)
    result_code = models.CharField(max_length=20, blank=True)
    result_text = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    next_query_at = models.DateTimeField(null=True, blank=True)
    queries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="request_state_is_known", condition=Q(state__in=RequestState.values)
            ),
            models.CheckConstraint(
                name="request_is_whole_shillings_within_limits",
                # Safaricom: 1 to 250,000 whole shillings (REFERENCE 2.1).
                condition=Q(
                    Q(amount_cents__gte=100, amount_cents__lte=25_000_000),
                    Exact(F("amount_cents") % 100, 0),
                ),
            ),
            models.UniqueConstraint(
                name="request_one_live_per_reference",
                fields=["reference"],
                condition=Q(state__in=LIVE_STATES),
            ),
            models.UniqueConstraint(
                name="request_token_once", fields=["token_digest"], condition=~Q(token_digest="")
            ),
            models.UniqueConstraint(
                name="request_checkout_id_once",
                fields=["checkout_request_id"],
                condition=~Q(checkout_request_id=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="request_open",
                fields=["state", "next_query_at"],
                condition=Q(state__in=[*LIVE_STATES, RequestState.UNKNOWN]),
            ),
            models.Index(name="request_by_reference", fields=["reference", "id"]),
        ]

    def __str__(self) -> str:
        return f"Request {self.pk} ({self.state})"


class Payment(models.Model):
    """Money that Safaricom says our till received: one row per receipt, its facts frozen.

    `allocated_cents` is what has been matched; the rest stands in the account of unidentified
    receipts, so the sum over all payments always equals that account's balance.
    """

    receipt = models.CharField(max_length=20, unique=True)
    till = models.ForeignKey(Till, models.PROTECT, related_name="payments")
    amount_cents = models.BigIntegerField()
    paid_at = models.DateTimeField()
    request = models.OneToOneField(
        PaymentRequest, models.PROTECT, null=True, blank=True, related_name="payment"
    )
    message = models.ForeignKey(InboundMessage, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    allocated_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="payment_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="payment_allocated_within_amount",
                condition=Q(allocated_cents__gte=0, allocated_cents__lte=F("amount_cents")),
            ),
            models.CheckConstraint(
                name="payment_receipt_looks_right", condition=Q(receipt__regex=r"^[A-Z0-9]{6,20}$")
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="payment_unmatched",
                fields=["id"],
                condition=Q(allocated_cents__lt=F("amount_cents")),
            ),
            models.Index(name="payment_by_day", fields=["paid_at"]),
        ]

    def __str__(self) -> str:
        return self.receipt


class Erasure(models.Model):
    """The trace of a customer's personal data that was erased: who did it, when, how much.

    Whose data it was is what may not be kept. Rows are added and never changed (triggers).
    """

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    requests = models.PositiveIntegerField(help_text="Payment requests.")
    messages = models.PositiveIntegerField(help_text="Bodies of inbound messages.")
    strays = models.PositiveIntegerField(help_text="Stray messages, deleted.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="erasure_erased_something",
                condition=Q(requests__gt=0) | Q(messages__gt=0) | Q(strays__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk} {self.at:%Y-%m-%d}"
