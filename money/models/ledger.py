"""The ledger: accounts, books, entries, lines and movements.

Entries and lines are written by `money.actions.posting` alone and frozen by triggers (`money/sql`).
"""

from functools import reduce
from operator import or_
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from money.chain import ENTRY_IDS_PER_BOOK
from money.chart import FIRST_DIGITS, Kind
from money.models.people import Business, User
from money.models.tax import TaxClass


class EntryKind(models.TextChoices):
    """What an entry is for: it decides which closed periods it may enter, and where it counts."""

    FACT = "fact", "Fact"
    ADJUSTMENT = "adjustment", "Adjustment"
    OPENING = "opening", "Opening balances"
    CLOSING = "closing", "Year closed into retained earnings"


class AccountKind(models.TextChoices):
    ASSET = Kind.ASSET, "Asset"
    LIABILITY = Kind.LIABILITY, "Liability"
    EQUITY = Kind.EQUITY, "Equity"
    INCOME = Kind.INCOME, "Income"
    EXPENSE = Kind.EXPENSE, "Expense"


class Account(models.Model):
    """An account of one business. Its code and kind are frozen once it has lines.

    The code's first digit says the kind, and "1000.1" stands under "1000".
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="accounts")
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="account_code_once_per_business", fields=["business", "code"]
            ),
            models.CheckConstraint(
                name="account_kind_follows_from_code",
                condition=reduce(
                    or_,
                    (
                        Q(kind=kind.value, code__startswith=digit)
                        for kind, digits in FIRST_DIGITS.items()
                        for digit in digits
                    ),
                ),
                violation_error_message="The first digit of the code does not fit the kind.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Book(models.Model):
    """The head of a business's chain of entries: the row that every posting locks."""

    business = models.OneToOneField(Business, models.PROTECT, primary_key=True, related_name="book")
    last_number = models.PositiveBigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default="0" * 64)
    # Facts are not posted on these days or before; an accountant's adjustment still is.
    closed_through = models.DateField(null=True, blank=True)
    # Nothing at all is posted on these days or before.
    locked_through = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="book_locked_days_are_closed",
                condition=Q(locked_through=None) | Q(closed_through__gte=F("locked_through")),
            )
        ]

    def __str__(self) -> str:
        return f"Book of {self.business}, {self.last_number} entries"


class Entry(models.Model):
    """A posted journal entry: balanced, numbered without gaps, chained, frozen."""

    id = models.BigIntegerField(primary_key=True)
    # The unique pair of book and number finds both; an index more is a cost of every posting.
    business = models.ForeignKey(Business, models.PROTECT, related_name="entries", db_index=False)
    number = models.PositiveBigIntegerField()
    key = models.CharField(max_length=100)
    occurred_on = models.DateField()
    posted_at = models.DateTimeField()
    description = models.CharField(max_length=200)
    source = models.CharField(max_length=60, blank=True)
    kind = models.CharField(
        max_length=10, choices=EntryKind.choices, default=EntryKind.FACT, db_default="fact"
    )
    # The day that it belongs to, where that was closed when it became known.
    late_for = models.DateField(null=True, blank=True)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "journal entry"
        verbose_name_plural = "journal entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="entry_number_once_per_book", fields=["business", "number"]
            ),
            # Not `unique` on the column: that brings a second index, for LIKE.
            models.UniqueConstraint(name="entry_key_once", fields=["key"]),
            models.CheckConstraint(
                name="entry_id_is_book_and_number",
                condition=Q(id=F("business_id") * ENTRY_IDS_PER_BOOK + F("number")),
            ),
            models.CheckConstraint(name="entry_number_is_positive", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="entry_reverses_an_earlier_one_of_its_book",
                condition=Q(reverses=None)
                | Q(
                    reverses_id__gt=F("business_id") * ENTRY_IDS_PER_BOOK,
                    reverses_id__lt=F("id"),
                ),
            ),
            models.CheckConstraint(
                name="entry_kind_is_known", condition=Q(kind__in=EntryKind.values)
            ),
            models.CheckConstraint(
                name="entry_late_for_an_earlier_day",
                condition=Q(late_for=None) | Q(late_for__lt=F("occurred_on")),
            ),
            models.CheckConstraint(name="entry_key_is_given", condition=~Q(key="")),
            models.CheckConstraint(name="entry_description_is_given", condition=~Q(description="")),
        ]
        indexes: ClassVar = [
            models.Index(name="entry_by_day", fields=["business", "occurred_on"]),
            models.Index(
                name="entry_closing",
                fields=["business", "occurred_on"],
                condition=Q(kind=EntryKind.CLOSING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business.slug} {self.number}"


class Line(models.Model):
    """One side of an entry: cents to an account, debit positive, credit negative, never zero."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, models.PROTECT, related_name="lines", db_index=False)
    # A copy of the entry's day, held equal by the trigger: reports read one covering index.
    occurred_on = models.DateField()
    amount_cents = models.BigIntegerField()
    # The tax letter of a taxed supply or purchase, and of the VAT on it; else empty.
    tax_class = models.CharField(
        max_length=1, choices=TaxClass.choices, blank=True, default="", db_default=""
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="line_is_not_zero", condition=~Q(amount_cents=0)),
            models.CheckConstraint(
                name="line_tax_class_is_known", condition=Q(tax_class__in=["", *TaxClass.values])
            ),
        ]
        indexes: ClassVar = [
            # Covers sums, and gives a statement its order.
            models.Index(
                name="line_by_account_day_entry",
                fields=["account", "occurred_on", "entry", "amount_cents", "tax_class"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_cents}"


class Movement(models.Model):
    """What an account moved in a month under a tax letter, kept by `post` for the statements."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="movements", db_index=False)
    month_on = models.DateField(help_text="The first day of the month.")
    tax_class = models.CharField(max_length=1, blank=True, default="", db_default="")
    debit_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField(help_text="Positive: the sum of the credits.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="movement_once_per_account_month_and_tax",
                fields=["account", "month_on", "tax_class"],
            ),
            models.CheckConstraint(
                name="movement_is_not_negative",
                condition=Q(debit_cents__gte=0, credit_cents__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month_on}: {self.debit_cents} / {self.credit_cents}"
