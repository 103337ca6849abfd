"""What the nets found: pulls, gaps in the chain of balances, statement files, days tied off."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import User
from mpesa.models.payments import Payment, Sighting
from mpesa.models.tills import Till


class PullVerdict(models.TextChoices):
    FOUND = "found", "Answered"
    EMPTY = "empty", "Nothing happened"
    BLIND = "blind", "Says nothing of what we know"
    FAILED = "failed", "No answer"


class PullRun(models.Model):
    """One question to the pull about a window of time, and what came of it.

    The same answer means an empty window and a till that the pull does not serve (REFERENCE 4.8):
    `blind` is an empty answer about a window in which we know payments of.
    """

    till = models.ForeignKey(Till, models.PROTECT, related_name="pulls")
    since = models.DateTimeField()
    until = models.DateTimeField()
    at = models.DateTimeField()
    verdict = models.CharField(max_length=6, choices=PullVerdict.choices)
    rows = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="pullrun_verdict_is_known", condition=Q(verdict__in=PullVerdict.values)
            ),
            models.CheckConstraint(
                name="pullrun_window_is_forward", condition=Q(until__gt=F("since"))
            ),
        ]
        indexes: ClassVar = [models.Index(name="pullrun_by_till", fields=["till", "-at"])]

    def __str__(self) -> str:
        return f"Pull {self.pk} ({self.verdict})"


class BalanceGap(models.Model):
    """Money that the till's balance shows between two confirmations and that no message told of.

    `after` is the confirmation whose balance jumped. Closed when the missing payments were found.
    """

    after = models.OneToOneField(Sighting, models.PROTECT, related_name="gap")
    before = models.ForeignKey(Sighting, models.PROTECT, related_name="+")
    missing_cents = models.BigIntegerField()
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="balancegap_amount_is_positive", condition=Q(missing_cents__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"Gap before {self.after_id}"


class UploadState(models.TextChoices):
    PREVIEW = "preview", "To be looked at"
    WAITING = "waiting", "To be brought in"
    DONE = "done", "Brought in"
    DROPPED = "dropped", "Dropped"


class StatementUpload(models.Model):
    """A statement file as the owner gave it; its content may be erased, its digest stays."""

    till = models.ForeignKey(Till, models.PROTECT, related_name="statements")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(null=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    rows = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=UploadState.choices)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="statementupload_state_is_known", condition=Q(state__in=UploadState.values)
            ),
            models.UniqueConstraint(
                name="statementupload_once",
                fields=["till", "sha256"],
                condition=~Q(state=UploadState.DROPPED),
            ),
        ]

    def __str__(self) -> str:
        return f"Statement {self.pk} ({self.state})"


class StatementRow(models.Model):
    """A row of a statement, once however many files repeat it. No names: they stay in the file.

    One receipt has several rows (a payment and its charge), so the key is receipt, kind and sign.
    `amount_cents` is positive, `sign` says whether it came in (1) or went out (-1).
    """

    till = models.ForeignKey(Till, models.PROTECT, related_name="statement_rows")
    upload = models.ForeignKey(StatementUpload, models.PROTECT, related_name="+")
    receipt = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    sign = models.SmallIntegerField()
    amount_cents = models.BigIntegerField()
    balance_cents = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    linked_receipt = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=200, blank=True)
    posted_key = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="statementrow_once", fields=["till", "receipt", "kind", "sign"]
            ),
            models.CheckConstraint(
                name="statementrow_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
            models.CheckConstraint(name="statementrow_sign_is_one", condition=Q(sign__in=[1, -1])),
        ]
        indexes: ClassVar = [models.Index(name="statementrow_by_time", fields=["till", "at"])]

    def __str__(self) -> str:
        return f"{self.receipt} {self.kind}"


class Correction(models.Model):
    """An owner's word that a statement is right about a payment's amount. Rows are only added.

    `before_cents` is what the books had, `amount_cents` what the statement says; the difference is
    posted on the day it is known. The payment keeps what was first told.
    """

    payment = models.OneToOneField(Payment, models.PROTECT, related_name="correction")
    row = models.OneToOneField(StatementRow, models.PROTECT, related_name="correction")
    before_cents = models.BigIntegerField()
    amount_cents = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="correction_amount_is_positive",
                condition=Q(amount_cents__gt=0, before_cents__gt=0),
            ),
            models.CheckConstraint(
                name="correction_changes_something",
                condition=~Q(amount_cents=F("before_cents")),
            ),
            models.CheckConstraint(name="correction_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"Correction of payment {self.payment_id}"


class TiedDay(models.Model):
    """A day on which the statement and our payments agree; a later difference unties it."""

    till = models.ForeignKey(Till, models.PROTECT, related_name="tied_days")
    day = models.DateField()
    tied_at = models.DateTimeField(null=True)
    payments = models.PositiveIntegerField(default=0)
    total_cents = models.BigIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="tiedday_once", fields=["till", "day"]),
        ]

    def __str__(self) -> str:
        return f"{self.day}"
