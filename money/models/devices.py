"""PINs of people, and the devices on which a PIN is enough."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models.people import Business, User

MOST_WRONG_TRIES = 5


class Pin(models.Model):
    """A person's PIN, hashed as a password is; an empty hash was cleared and opens nothing."""

    user = models.OneToOneField(User, models.CASCADE, related_name="pin")
    hash = models.CharField(max_length=128, blank=True)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    # The last time that somebody else took the PIN away; it stays when a new one is set.
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="pins_cleared"
    )

    class Meta:
        verbose_name = "PIN"
        verbose_name_plural = "PINs"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="pin_is_locked_by_the_fifth_try",
                condition=Q(wrong_tries__lt=MOST_WRONG_TRIES, locked_until=None)
                | Q(wrong_tries=MOST_WRONG_TRIES, locked_until__isnull=False),
            ),
            models.CheckConstraint(
                name="pin_cleared_has_who_and_when",
                condition=Q(cleared_at=None, cleared_by=None)
                | Q(cleared_at__isnull=False, cleared_by__isnull=False),
            ),
            models.CheckConstraint(
                name="pin_without_hash_was_cleared",
                condition=~Q(hash="") | Q(cleared_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"PIN of {self.user}"


class Device(models.Model):
    """A counter tablet or phone of a business; the browser holds the token, we its digest."""

    business = models.ForeignKey(Business, models.CASCADE, related_name="devices")
    name = models.CharField(max_length=60)
    token_digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="devices_made")
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="devices_revoked"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="device_token_once", fields=["token_digest"]),
            models.CheckConstraint(
                name="device_token_is_a_digest",
                condition=Q(token_digest__regex=r"^[0-9a-f]{64}$"),  # noqa: S106 no password
            ),
            models.CheckConstraint(name="device_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="device_revoked_has_who_and_when",
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.business}"


class WrongTry(models.Model):
    """A PIN typed on a device in the last hour that was not right, or is being looked at."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="wrong_tries")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "wrong tries"

    def __str__(self) -> str:
        return f"{self.device} at {self.at}"
