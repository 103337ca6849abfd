"""Users, tax persons and their businesses, and who has which role where."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

DEFAULT_KEEP_YEARS = 7
LEAST_KEEP_YEARS = 5
DEFAULT_APPROVAL_ABOVE_CENTS = 1_000_000


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


class User(AbstractUser):
    """A person who signs in. What one may do follows from the memberships."""

    phone = models.CharField(max_length=20, blank=True)
    # The password was somebody else's idea: it opens nothing before it is replaced.
    must_change_password = models.BooleanField(default=False)
    # Counted up to end every session of the person, whatever began it.
    sessions_ended = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must know to go on: Django's digest, and how often all ended."""
        before: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{before}.{self.sessions_ended}"


class TaxPerson(models.Model):
    """Who owes the taxes: one KRA PIN over one or more businesses."""

    name = models.CharField(max_length=120)
    kra_pin = models.CharField("KRA PIN", max_length=11, unique=True)
    vat_registered_from = models.DateField(
        "VAT-registered from",
        null=True,
        blank=True,
        help_text="Empty: not registered, no VAT anywhere.",
    )
    excise_licensed_from = models.DateField(
        "pays excise on water from",
        null=True,
        blank=True,
        help_text="Empty: no excise duty is booked on water.",
    )
    year_ends_month = models.PositiveSmallIntegerField(
        "financial year ends with month", default=12, help_text="1 to 12; 12 is December."
    )
    keep_years = models.PositiveSmallIntegerField(
        "keep the books for years",
        default=DEFAULT_KEEP_YEARS,
        help_text="From the end of the financial year: tax law asks for 5, company law for 7.",
    )
    held_from = models.DateField(
        "on hold from",
        null=True,
        blank=True,
        help_text="A dispute or an audit: nothing is given up while this is set.",
    )
    hold_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "tax person"
        verbose_name_plural = "tax persons"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="taxperson_pin_has_eleven_characters",
                condition=Q(kra_pin__regex=r"^[A-Z][0-9]{9}[A-Z]$"),
                violation_error_message="A KRA PIN is a letter, nine digits and a letter.",
            ),
            models.CheckConstraint(
                name="taxperson_year_ends_with_a_month",
                condition=Q(year_ends_month__gte=1, year_ends_month__lte=12),
                violation_error_message="A month is 1 to 12.",
            ),
            models.CheckConstraint(
                name="taxperson_keeps_five_years_or_more",
                condition=Q(keep_years__gte=LEAST_KEEP_YEARS),
                violation_error_message="Tax law asks for at least 5 years.",
            ),
            models.CheckConstraint(
                name="taxperson_hold_has_a_reason",
                condition=Q(held_from=None) | ~Q(hold_reason=""),
                violation_error_message="Say why the books are on hold.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Business(models.Model):
    """One shop with a book of its own. The slug stands in every hashed entry and never changes."""

    tax_person = models.ForeignKey(TaxPerson, models.PROTECT, related_name="businesses")
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    trade = models.CharField(max_length=10, choices=Trade.choices)
    address = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    approval_above_cents = models.BigIntegerField(
        "second person above KES",
        default=DEFAULT_APPROVAL_ABOVE_CENTS,
        help_text="A manual journal above this needs a second person's approval.",
    )

    class Meta:
        verbose_name_plural = "businesses"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="business_approval_limit_is_not_negative",
                condition=Q(approval_above_cents__gte=0),
                violation_error_message="The limit is 0 or more.",
            ),
            models.CheckConstraint(
                name="business_trade_is_known", condition=Q(trade__in=Trade.values)
            ),
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
