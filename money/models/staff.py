"""How far the roles of a business go, what was done to its staff, and tries to sign in."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.limits import IN_BASIS_POINTS, LABELS, MOST_BASIS_POINTS
from money.models.people import Business, Role, User

# As plain text: a migration imports none of our code.
_LIMITS = {limit.value: label for limit, label in LABELS.items()}
_IN_BP = Q(limit__in=sorted(limit.value for limit in IN_BASIS_POINTS))


class RoleLimit(models.Model):
    """A limit as the owner set it, for good: the newest row of a role is in force.

    Neither cents nor basis points is no limit. An owner has none, so there is no row of one.
    """

    business = models.ForeignKey(Business, models.PROTECT, related_name="role_limits")
    role = models.CharField(max_length=20, choices=Role.choices)
    limit = models.CharField(max_length=20, choices=list(_LIMITS.items()))
    most_cents = models.BigIntegerField(null=True, blank=True)
    most_bp = models.PositiveIntegerField("basis points", null=True, blank=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        verbose_name = "limit of a role"
        verbose_name_plural = "limits of roles"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="rolelimit_role_is_known_and_no_owner",
                condition=Q(role__in=[role for role in Role.values if role != Role.OWNER]),
            ),
            models.CheckConstraint(
                name="rolelimit_limit_is_known", condition=Q(limit__in=list(_LIMITS))
            ),
            models.CheckConstraint(
                name="rolelimit_is_in_its_own_unit",
                condition=(_IN_BP & Q(most_cents=None)) | (~_IN_BP & Q(most_bp=None)),
            ),
            models.CheckConstraint(
                name="rolelimit_is_not_negative",
                condition=Q(most_cents=None) | Q(most_cents__gte=0),
            ),
            models.CheckConstraint(
                name="rolelimit_at_most_the_whole_price",
                condition=Q(most_bp=None) | Q(most_bp__lte=MOST_BASIS_POINTS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_limit_display()}: {self.get_role_display()} of {self.business}"


class StaffChange(models.TextChoices):
    HIRED = "hired", "Hired"
    ROLES = "roles", "Roles changed"
    DETAILS = "details", "Name or phone changed"
    LEFT = "left", "Left"
    CAME_BACK = "came_back", "Came back"
    PASSWORD_RESET = "password_reset", "New first password"
    PASSWORD_CHANGED = "password_changed", "Changed the own password"
    PIN_CLEARED = "pin_cleared", "PIN cleared"
    LIMIT = "limit", "Limit of a role changed"


class StaffEvent(models.Model):
    """What was done to a person's place in a business, or to a role's limit; never changed."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="staff_events")
    change = models.CharField(max_length=20, choices=StaffChange.choices)
    # Empty where a role was meant, whoever holds it.
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="staff_events"
    )
    # Roles and limits in words; no phone, no password.
    detail = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "change of staff"
        verbose_name_plural = "changes of staff"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="staffevent_change_is_known", condition=Q(change__in=StaffChange.values)
            ),
            models.CheckConstraint(
                name="staffevent_is_of_a_person_or_of_a_limit",
                condition=Q(change=StaffChange.LIMIT, person=None)
                | (~Q(change=StaffChange.LIMIT) & Q(person__isnull=False)),
            ),
            models.CheckConstraint(
                name="staffevent_of_a_limit_says_which",
                condition=~Q(change=StaffChange.LIMIT) | ~Q(detail=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_change_display()}: {self.person or self.detail}"


class SignInTry(models.Model):
    """A password typed in the last while that was not right, or is being looked at.

    `bucket_digest` is the keyed SHA-256 of what tries are counted by: an address, a browser, a
    name as it was typed, which may have been the password by mistake.
    """

    bucket_digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "try to sign in"
        verbose_name_plural = "tries to sign in"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="signintry_bucket_is_a_digest",
                condition=Q(bucket_digest__regex=r"^[0-9a-f]{64}$"),
            ),
        ]
        indexes: ClassVar = [models.Index(name="signintry_by_bucket", fields=["bucket_digest"])]

    def __str__(self) -> str:
        return f"A try at {self.at}"
