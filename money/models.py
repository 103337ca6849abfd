"""Who owns what, and the books: users, tax persons, businesses, accounts, entries and lines.

Entries and lines are written by `money.actions.post` alone and frozen by triggers (`money/sql`).
Amounts are cents, debit positive, credit negative.
"""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q

from money.chart import Kind

# An entry's id is its book and its number, known before the entry exists: lines go in first.
ENTRY_IDS_PER_BOOK = 10**10


class Trade(models.TextChoices):
    WATER = "water", "Water"
    LAUNDRY = "laundry", "Laundry"
    RETAIL = "retail", "Retail and LPG"


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    CASHIER = "cashier", "Cashier"
    LAUNDRY_ATTENDANT = "laundry_attendant", "Laundry attendant"
    RIDER = "rider", "Rider"
    ACCOUNTANT = "accountant", "Accountant"
    AUDITOR = "auditor", "Auditor"


class AccountKind(models.TextChoices):
    ASSET = Kind.ASSET, "Asset"
    LIABILITY = Kind.LIABILITY, "Liability"
    EQUITY = Kind.EQUITY, "Equity"
    INCOME = Kind.INCOME, "Income"
    EXPENSE = Kind.EXPENSE, "Expense"


class TaxClass(models.TextChoices):
    """The tax letters of eTIMS (older ETR devices used other letters: never mix them)."""

    EXEMPT = "A", "A (exempt)"
    STANDARD = "B", "B (16 %)"
    ZERO = "C", "C (zero-rated)"
    NON_VAT = "D", "D (non-VAT)"
    REDUCED = "E", "E (8 %)"


class User(AbstractUser):
    """A person who signs in. What one may do follows from the memberships."""

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"


class TaxPerson(models.Model):
    """Who owes the taxes: one KRA PIN over one or more businesses."""

    name = models.CharField(max_length=120)
    kra_pin = models.CharField("KRA PIN", max_length=11, unique=True)
    vat_registered_from = models.DateField(
        null=True, blank=True, help_text="Empty: not registered, no VAT anywhere."
    )

    class Meta:
        verbose_name = "tax person"
        verbose_name_plural = "tax persons"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="taxperson_pin_has_eleven_characters",
                condition=Q(kra_pin__regex=r"^[A-Z][0-9]{9}[A-Z]$"),
                violation_error_message="A KRA PIN is a letter, nine digits and a letter.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """The rate of a tax class from a day on, in basis points (1600 are 16 %)."""

    tax_class = models.CharField(max_length=1, choices=TaxClass.choices)
    from_on = models.DateField()
    rate_bp = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="taxrate_one_per_class_and_day", fields=["tax_class", "from_on"]
            ),
            models.CheckConstraint(
                name="taxrate_class_is_known", condition=Q(tax_class__in=TaxClass.values)
            ),
            models.CheckConstraint(name="taxrate_at_most_whole", condition=Q(rate_bp__lte=10_000)),
        ]

    def __str__(self) -> str:
        return f"{self.tax_class} {self.rate_bp / 100:g} % from {self.from_on}"


class Business(models.Model):
    """One shop with a book of its own. The slug stands in every hashed entry and never changes."""

    tax_person = models.ForeignKey(TaxPerson, models.PROTECT, related_name="businesses")
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    trade = models.CharField(max_length=10, choices=Trade.choices)
    address = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name_plural = "businesses"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="business_trade_is_known", condition=Q(trade__in=Trade.values)
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A role of a user in a business; one person may hold several."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    business = models.ForeignKey(Business, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="membership_once_per_role", fields=["user", "business", "role"]
            ),
            models.CheckConstraint(
                name="membership_role_is_known", condition=Q(role__in=Role.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} of {self.business}"


class Account(models.Model):
    """An account of one business. Its code and kind are frozen once it has lines."""

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
                name="account_kind_is_known", condition=Q(kind__in=AccountKind.values)
            ),
            models.CheckConstraint(name="account_code_is_given", condition=~Q(code="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Book(models.Model):
    """The head of a business's chain of entries: the row that every posting locks."""

    business = models.OneToOneField(Business, models.PROTECT, primary_key=True, related_name="book")
    last_number = models.PositiveBigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"Book of {self.business}, {self.last_number} entries"


class Entry(models.Model):
    """A posted journal entry: balanced, numbered without gaps, chained, frozen."""

    id = models.BigIntegerField(primary_key=True)
    business = models.ForeignKey(Business, models.PROTECT, related_name="entries")
    number = models.PositiveBigIntegerField()
    key = models.CharField(max_length=100, unique=True)
    occurred_on = models.DateField()
    posted_at = models.DateTimeField()
    description = models.CharField(max_length=200)
    source = models.CharField(max_length=60, blank=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
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
            models.CheckConstraint(name="entry_key_is_given", condition=~Q(key="")),
            models.CheckConstraint(name="entry_description_is_given", condition=~Q(description="")),
        ]
        indexes: ClassVar = [models.Index(name="entry_by_day", fields=["business", "occurred_on"])]

    def __str__(self) -> str:
        return f"{self.business.slug} {self.number}"


class Line(models.Model):
    """One side of an entry: cents to an account, debit positive, credit negative, never zero."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="lines")
    account = models.ForeignKey(Account, models.PROTECT, related_name="lines", db_index=False)
    # A copy of the entry's day, held equal by the trigger: reports read one covering index.
    occurred_on = models.DateField()
    amount_cents = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="line_is_not_zero", condition=~Q(amount_cents=0)),
        ]
        indexes: ClassVar = [
            models.Index(
                name="line_by_account_and_day", fields=["account", "occurred_on", "amount_cents"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_cents}"


class Movement(models.Model):
    """What an account moved in a month, kept by `post`: statements need not read all lines."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="movements", db_index=False)
    month_on = models.DateField(help_text="The first day of the month.")
    debit_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField(help_text="Positive: the sum of the credits.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="movement_once_per_account_and_month", fields=["account", "month_on"]
            ),
            models.CheckConstraint(
                name="movement_is_not_negative",
                condition=Q(debit_cents__gte=0, credit_cents__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month_on}: {self.debit_cents} / {self.credit_cents}"
