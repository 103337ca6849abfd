"""What arrived from outside, as it arrived."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import User
from mpesa.models.tills import Till


class InboundState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    UNDERSTOOD = "understood", "Understood"
    QUARANTINED = "quarantined", "In quarantine"


class InboundMessage(models.Model):
    """Everything that arrives from outside, as it arrived, before anything is understood.

    Facts and digest are frozen by a trigger; the body may only ever be set to NULL (it holds phone
    numbers). The secrets of the address are not kept: `till` and `token_digest` say what they were.
    `receipt` is what it turned out to be about: what waits in quarantine is looked at again when
    another source speaks of the same receipt.
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
    receipt = models.CharField(max_length=20, blank=True, editable=False)
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
            ),
            models.Index(
                name="inbound_held",
                fields=["receipt"],
                condition=Q(state=InboundState.QUARANTINED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk} ({self.state})"


class Release(models.Model):
    """An owner's word that a message in quarantine is genuine. Rows are added, never changed."""

    message = models.OneToOneField(InboundMessage, models.PROTECT, related_name="release")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="release_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"Release of message {self.message_id}"


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


class Erasure(models.Model):
    """The trace of a customer's personal data that was erased: who did it, when, how much.

    Whose data it was is what may not be kept. Rows are added and never changed (triggers).
    """

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    requests = models.PositiveIntegerField(help_text="Payment requests.")
    messages = models.PositiveIntegerField(help_text="Bodies of inbound messages.")
    strays = models.PositiveIntegerField(help_text="Stray messages, deleted.")
    payers = models.PositiveIntegerField(default=0, help_text="Who paid, of payments.")
    uploads = models.PositiveIntegerField(default=0, help_text="Statement files.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="erasure_erased_something",
                condition=Q(requests__gt=0)
                | Q(messages__gt=0)
                | Q(strays__gt=0)
                | Q(payers__gt=0)
                | Q(uploads__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk} {self.at:%Y-%m-%d}"
