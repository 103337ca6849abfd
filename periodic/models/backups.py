"""Backups that were made, and the drills that restored them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Backup(models.Model):
    """A sealed file in VAR/backups. The files are the truth: a row is made again where it is lost.

    `copied_at` and `copy_trouble` speak of the second place, `removed_at` of this machine.
    """

    name = models.CharField(max_length=60)
    taken_at = models.DateTimeField()
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    copied_at = models.DateTimeField(null=True, blank=True)
    copy_trouble = models.CharField(max_length=300, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="backup_one_of_a_name", fields=["name"]),
            models.CheckConstraint(name="backup_is_not_empty", condition=Q(bytes__gt=0)),
            models.CheckConstraint(
                name="backup_copied_is_no_trouble",
                condition=Q(copied_at__isnull=True) | Q(copy_trouble=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DrillPlace(models.TextChoices):
    HERE = "here", "This machine"
    SECOND = "second", "Second place"


class Drill(models.Model):
    """One proof that the newest backup of a place restores, or the reason why it does not.

    `figures` holds rows per table, heads and trial balances as they came out of the copy.
    """

    at = models.DateTimeField()
    backup = models.CharField(max_length=60, blank=True, help_text="Its file name.")
    place = models.CharField(max_length=10, choices=DrillPlace.choices)
    is_ok = models.BooleanField()
    sentence = models.CharField(max_length=500)
    figures = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="drill_says_something", condition=~Q(sentence="")),
            models.CheckConstraint(
                name="drill_proves_a_backup", condition=Q(is_ok=False) | ~Q(backup="")
            ),
            models.CheckConstraint(
                name="drill_place_known", condition=Q(place__in=DrillPlace.values)
            ),
        ]
        indexes: ClassVar = [models.Index(name="drill_newest", fields=["-at"])]

    def __str__(self) -> str:
        return f"{self.backup} {'restores' if self.is_ok else 'does not restore'}"
