"""What waits to be sent: a mail is a row first, so that no killed worker takes it away."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from money.models import Business


class Mail(models.Model):
    """One mail, written once per `key` and sent until it is taken.

    It is about one business; without one, about all of them or about the machine. It may be sent
    twice where the server's answer was lost: the connection broke, or a worker died before it noted
    it. Then it says so itself.
    """

    key = models.CharField(max_length=100, unique=True)
    business = models.ForeignKey(Business, models.PROTECT, null=True, blank=True, related_name="+")
    to = models.CharField(max_length=500, help_text="Addresses, separated by commas.")
    subject = models.CharField(max_length=150)
    body = models.TextField()
    attachment = models.CharField(max_length=200, blank=True, help_text="Below VAR/results.")
    written_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    in_hand_at = models.DateTimeField(null=True, blank=True, editable=False)
    perhaps_twice = models.BooleanField(
        default=False, help_text="A server's answer was lost: it may have taken it before as well."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="mail_has_an_address", condition=~Q(to="")),
        ]
        indexes: ClassVar = [
            models.Index(
                name="mail_waiting", fields=["next_try_at"], condition=Q(sent_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.subject
