"""What we ask Safaricom about, or to do, as an initiator: the answer comes to a callback later."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import User
from mpesa.models.payments import TRUSTED, Payment, Source
from mpesa.models.tills import Till


class OrderKind(models.TextChoices):
    STATUS = "status", "Transaction status"
    BALANCE = "balance", "Account balance"
    REVERSAL = "reversal", "Reversal"


class OrderState(models.TextChoices):
    CREATED = "created", "Waiting to be sent"
    ASKED = "asked", "Sent, no result yet"
    DONE = "done", "Done"
    FAILED = "failed", "Refused"
    UNKNOWN = "unknown", "No result came"


LIVE_ORDERS = (OrderState.CREATED, OrderState.ASKED)


class InitiatorOrder(models.Model):
    """One call of an initiator API, written before anything is sent.

    A reversal is sent at most once. The result is known by the token in the address that it comes
    to. `receipt` is what a status or a reversal is about.
    """

    till = models.ForeignKey(Till, models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=8, choices=OrderKind.choices)
    key = models.CharField(max_length=64, unique=True)
    receipt = models.CharField(max_length=20, blank=True)
    amount_cents = models.BigIntegerField(null=True)
    token_digest = models.CharField(max_length=64, blank=True)
    originator_id = models.CharField(max_length=100, blank=True)
    conversation_id = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=8, choices=OrderState.choices, default=OrderState.CREATED)
    result_code = models.CharField(max_length=20, blank=True)
    result_text = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="initiatororder_kind_is_known", condition=Q(kind__in=OrderKind.values)
            ),
            models.CheckConstraint(
                name="initiatororder_state_is_known", condition=Q(state__in=OrderState.values)
            ),
            models.CheckConstraint(
                name="initiatororder_reversal_has_its_amount",
                # A comparison with NULL is not false, and a CHECK lets pass what is not false.
                condition=~Q(kind=OrderKind.REVERSAL)
                | Q(amount_cents__isnull=False, amount_cents__gt=0) & ~Q(receipt=""),
            ),
            models.UniqueConstraint(
                name="initiatororder_token_once",
                fields=["token_digest"],
                condition=~Q(token_digest=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="initiatororder_open",
                fields=["state", "next_try_at"],
                condition=Q(state__in=LIVE_ORDERS),
            ),
            models.Index(name="initiatororder_by_receipt", fields=["receipt"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk} ({self.state})"


class AccountBalance(models.Model):
    """What an account of a till held, as Safaricom answered a question. Rows are only added.

    `account` is Safaricom's name for it ("Utility Account"), `balance_cents` may be below nothing.
    """

    till = models.ForeignKey(Till, models.PROTECT, related_name="balances")
    order = models.ForeignKey(InitiatorOrder, models.PROTECT, related_name="balances")
    account = models.CharField(max_length=100)
    balance_cents = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="accountbalance_once_per_order", fields=["order", "account"]
            ),
        ]
        indexes: ClassVar = [models.Index(name="accountbalance_by_till", fields=["till", "-id"])]

    def __str__(self) -> str:
        return f"{self.account} of {self.till}"


class Origin(models.TextChoices):
    OURS = "ours", "By us"
    SAFARICOM = "outside", "By Safaricom"
    FORGED = "forged", "It never happened"


class ReversalState(models.TextChoices):
    PROPOSED = "proposed", "Waits for a second person"
    APPROVED = "approved", "Waits for Safaricom"
    DONE = "done", "Done"
    REFUSED = "refused", "Not done"
    UNKNOWN = "unknown", "No result came"
    UNDONE = "undone", "Undone: it came after all"


LIVE_REVERSALS = (ReversalState.PROPOSED, ReversalState.APPROVED, ReversalState.UNKNOWN)


class Reversal(models.Model):
    """Money of a payment that went back, or is to go back, to who paid.

    `receipt` is the reversal's own. Done, it is posted on the day it is known: Dr unidentified
    receipts, Cr M-Pesa till, after whatever the payment was matched to has been undone.

    One of origin forged is undone when Safaricom speaks for its payment after all: `undone_source`
    says by what, and a second entry reverses the first. What really went back is never undone.
    """

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="reversals")
    origin = models.CharField(max_length=8, choices=Origin.choices)
    amount_cents = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=ReversalState.choices)
    receipt = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=200)
    order = models.OneToOneField(
        InitiatorOrder, models.PROTECT, null=True, blank=True, related_name="reversal"
    )
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_source = models.CharField(max_length=8, choices=Source.choices, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reversal_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(
                name="reversal_origin_is_known", condition=Q(origin__in=Origin.values)
            ),
            models.CheckConstraint(
                name="reversal_state_is_known", condition=Q(state__in=ReversalState.values)
            ),
            models.CheckConstraint(
                name="reversal_only_a_forgery_is_undone",
                condition=Q(
                    state=ReversalState.UNDONE,
                    origin=Origin.FORGED,
                    undone_at__isnull=False,
                    undone_source__in=TRUSTED,
                )
                | ~Q(state=ReversalState.UNDONE) & Q(undone_at=None, undone_source=""),
            ),
            models.CheckConstraint(name="reversal_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="reversal_second_person_is_another",
                condition=Q(approved_by=None)
                | Q(proposed_by=None)
                | ~Q(approved_by=F("proposed_by"))
                | Q(approved_at=F("proposed_at")),
            ),
            models.UniqueConstraint(
                name="reversal_receipt_once", fields=["receipt"], condition=~Q(receipt="")
            ),
            models.UniqueConstraint(
                name="reversal_one_live_per_payment",
                fields=["payment"],
                condition=Q(state__in=LIVE_REVERSALS),
            ),
        ]

    def __str__(self) -> str:
        return f"Reversal of {self.payment_id} ({self.state})"
