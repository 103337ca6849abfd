"""Cash drawers and their sessions: counted in, counted out, and what moved between. Cents."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.models import Attachment, Business, User
from shops.cash_reasons import BY_KIND, reason_of


class Drawer(models.Model):
    """A place that holds cash at a counter, with an account of its own in the books."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="drawers")
    name = models.CharField(max_length=40)
    account_code = models.CharField(max_length=12)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="drawer_name_once_per_business", fields=["business", "name"]
            ),
            models.UniqueConstraint(
                name="drawer_account_once_per_business", fields=["business", "account_code"]
            ),
            models.CheckConstraint(
                name="drawer_account_is_a_drawer",
                condition=Q(account_code="1000") | Q(account_code__startswith="1000."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FloatSource(models.TextChoices):
    """Where the difference between the float and what the books say was in the drawer is from."""

    LEFT = "left", "It was left in the drawer"
    SAFE = "safe", "It comes from the safe"
    OWNER = "owner", "The owner brought it"


class CashSession(models.Model):
    """From the count of the float to the Z report. Never opened again once it is closed.

    `found_cents` is what the books said was in the drawer when the float was counted,
    `expected_cents` the same when it was closed; `variance_cents` is what was counted beyond that.
    One that nobody counted is closed by the clock, without a variance: the next float shows it.
    `needs_note` is known of the float while it is open, of the count once it is closed.
    `other_cents` is what stood on its account beside float, sales and moves: journals, reversals.
    `counts` are pieces by note and coin, {"1000": 2}; `figures` are the Z report's, in cents.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="cash_sessions")
    drawer = models.ForeignKey(Drawer, models.PROTECT, related_name="sessions")
    key = models.CharField(max_length=64, unique=True)
    day = models.DateField()
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    float_cents = models.BigIntegerField()
    float_counts = models.JSONField(default=dict, blank=True)
    float_source = models.CharField(max_length=5, choices=FloatSource.choices)
    found_cents = models.BigIntegerField()
    z_number = models.PositiveBigIntegerField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    expected_cents = models.BigIntegerField(null=True, blank=True)
    other_cents = models.BigIntegerField(null=True, blank=True)
    counted_cents = models.BigIntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    variance_cents = models.BigIntegerField(null=True, blank=True)
    left_cents = models.BigIntegerField(null=True, blank=True)
    needs_note = models.BooleanField(default=False)
    figures = models.JSONField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="cashsession_one_open_per_drawer",
                fields=["drawer"],
                condition=Q(closed_at=None),
            ),
            models.UniqueConstraint(
                name="cashsession_z_once_per_business", fields=["business", "z_number"]
            ),
            models.CheckConstraint(
                name="cashsession_float_is_not_negative", condition=Q(float_cents__gte=0)
            ),
            models.CheckConstraint(
                name="cashsession_source_is_known",
                condition=Q(float_source__in=FloatSource.values),
            ),
            models.CheckConstraint(
                name="cashsession_is_closed_wholly",
                condition=Q(
                    closed_at=None,
                    closed_by=None,
                    z_number=None,
                    expected_cents=None,
                    counted_cents=None,
                    figures=None,
                )
                | Q(
                    closed_at__isnull=False,
                    z_number__isnull=False,
                    expected_cents__isnull=False,
                    other_cents__isnull=False,
                    figures__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="cashsession_variance_is_counted_less_expected",
                condition=Q(counted_cents=None, variance_cents=None, left_cents=None)
                | Q(
                    counted_cents__isnull=False,
                    variance_cents__isnull=False,
                    left_cents__isnull=False,
                    counted_cents__gte=0,
                    variance_cents=F("counted_cents") - F("expected_cents"),
                    left_cents__gte=0,
                    left_cents__lte=F("counted_cents"),
                ),
            ),
            models.CheckConstraint(
                name="cashsession_who_counts_has_a_name",
                condition=Q(counted_cents=None) | Q(closed_by__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="cashsession_by_day", fields=["business", "day"]),
        ]

    def __str__(self) -> str:
        return f"Z {self.z_number}" if self.z_number else f"Session {self.pk}, open"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def float_change_cents(self) -> int:
        """What the float differed by from what the books said was in the drawer."""
        return self.float_cents - self.found_cents

    @property
    def float_off_cents(self) -> int:
        """What of the float went over or short: what safe or owner gave is no difference."""
        return self.float_change_cents if self.float_source == FloatSource.LEFT else 0

    @property
    def closing_drop_cents(self) -> int:
        """What went into the safe when it was counted and closed."""
        return (self.counted_cents or 0) - (self.left_cents or 0)

    @property
    def is_uncounted(self) -> bool:
        """Whether the clock closed it: nobody counted the drawer."""
        return self.closed_at is not None and self.counted_cents is None


class MoveKind(models.TextChoices):
    PAY_IN = "in", "Paid in"
    PAY_OUT = "out", "Paid out"
    DROP = "drop", "To the safe"
    BANK = "bank", "To the bank"


class CashMove(models.Model):
    """Cash that went into or out of a drawer beside sales; its reason says onto which account."""

    session = models.ForeignKey(CashSession, models.PROTECT, related_name="moves")
    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=4, choices=MoveKind.choices)
    reason = models.CharField(max_length=20)
    account_code = models.CharField(max_length=12)
    amount_cents = models.BigIntegerField()
    note = models.CharField(max_length=200, blank=True)
    paper = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="cash_moves"
    )
    corrects = models.ForeignKey(
        CashSession, models.PROTECT, null=True, blank=True, related_name="found_later"
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="cashmove_kind_is_known", condition=Q(kind__in=MoveKind.values)
            ),
            models.CheckConstraint(
                name="cashmove_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
        ]

    def __str__(self) -> str:
        reason = reason_of(BY_KIND[self.kind], self.reason)
        words = [self.get_kind_display()]
        if reason and self.kind in {MoveKind.PAY_IN, MoveKind.PAY_OUT}:
            words.append(reason.label)
        return ": ".join([*words, self.note] if self.note else words)

    @property
    def signed_cents(self) -> int:
        """The cents as the drawer sees them: what was paid in is positive."""
        return self.amount_cents if self.kind == MoveKind.PAY_IN else -self.amount_cents


class SessionNote(models.Model):
    """What a manager wrote about a closed session; its variance asks for one above a limit."""

    session = models.ForeignKey(CashSession, models.PROTECT, related_name="notes")
    text = models.CharField(max_length=400)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="sessionnote_says_something", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.text


class SessionCorrection(models.Model):
    """A variance of a closed session that found its reason: it leaves cash over and short.

    Positive cents were short: paid out and not written down. Negative cents were over.
    """

    session = models.ForeignKey(CashSession, models.PROTECT, related_name="corrections")
    key = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=20)
    account_code = models.CharField(max_length=12)
    amount_cents = models.BigIntegerField()
    note = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="sessioncorrection_is_of_something", condition=~Q(amount_cents=0)
            ),
            models.CheckConstraint(name="sessioncorrection_says_why", condition=~Q(note="")),
        ]

    def __str__(self) -> str:
        return self.note


class SafeBanking(models.Model):
    """Cash that was carried from the safe to the bank, with the number of its slip."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="bankings")
    key = models.CharField(max_length=64, unique=True)
    amount_cents = models.BigIntegerField()
    slip = models.CharField(max_length=60, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="safebanking_amount_is_positive", condition=Q(amount_cents__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"Banked {self.slip}".strip()
