"""What is wrong, from the moment it was seen until it healed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Alert(models.Model):
    """One cause of trouble: opened once, healed once, each told once by mail.

    `cause` is a tile of the Operations page or what raised it by name. Its mails are
    `alert:<pk>:opened` and `alert:<pk>:healed`.
    """

    cause = models.CharField(max_length=60)
    title = models.CharField(max_length=80)
    sentence = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    last_red_at = models.DateTimeField()
    healed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="alert_open_once_per_cause",
                fields=["cause"],
                condition=Q(healed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="alert_heals_after_it_opened",
                condition=Q(healed_at__isnull=True) | Q(healed_at__gte=F("opened_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} since {self.opened_at:%Y-%m-%d %H:%M}"
