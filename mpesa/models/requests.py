"""What we asked phones for."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact

from money.models import User
from mpesa.models.tills import Till


class RequestState(models.TextChoices):
    CREATED = "created", "Waiting to be asked"
    ASKED = "asked", "Asked"
    PAID = "paid", "Paid"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "No answer yet"
    EXPIRED = "expired", "Never asked"


# Until one of these ends, the same reference is not asked for a second time.
LIVE_STATES = (RequestState.CREATED, RequestState.ASKED)
# A payment that came without its answer may still turn out to be one of these.
JOINABLE = (RequestState.ASKED, RequestState.UNKNOWN, RequestState.PAID)


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
            models.Index(name="request_by_amount", fields=["till", "amount_cents", "asked_at"]),
        ]

    def __str__(self) -> str:
        return f"Request {self.pk} ({self.state})"
