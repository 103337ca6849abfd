"""Where all processes find the same token of the gateway: a row of the database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from mpesa.daraja import Held, Refused
from mpesa.models import HeldToken

# Between two looks whether the other process has its token.
PAUSE_SECONDS = 0.1


def _lease() -> timedelta:
    """Return how long fetching a token may take: connecting and reading, and some more."""
    return timedelta(seconds=2 * settings.DARAJA_TIMEOUT_SECONDS + 5)


@dataclass(frozen=True, slots=True)
class DatabaseSlot:
    """A row that this process alone may write for as long as its claim lasts."""

    place: str

    @property
    def held(self) -> Held | None:
        """Return what lies there."""
        return DatabaseStore().read(self.place)

    def keep(self, held: Held) -> None:
        """Put a new token there."""
        HeldToken.objects.filter(place=self.place).update(
            ciphertext=held.sealed, expires_at=held.fresh_until
        )


class DatabaseStore:
    """Tokens in the database. No transaction is open while a token is fetched."""

    def read(self, place: str) -> Held | None:
        """Return what lies at a place, without waiting for anybody."""
        row = HeldToken.objects.filter(place=place).exclude(ciphertext="").first()
        return Held(row.ciphertext, row.expires_at) if row and row.expires_at else None

    @contextmanager
    def exclusively(self, place: str) -> Iterator[DatabaseSlot]:
        """Enter when nobody else is inside for this place. Raises Refused after a long wait."""
        HeldToken.objects.get_or_create(place=place)
        give_up_at = time.monotonic() + settings.DARAJA_TIMEOUT_SECONDS
        while (claimed_until := _claim(place)) is None:
            if time.monotonic() > give_up_at:
                raise Refused("busy", "Another process is fetching the token.")
            time.sleep(PAUSE_SECONDS)
        try:
            yield DatabaseSlot(place)
        finally:
            # Only our own claim: it may have run out, and be another's by now.
            HeldToken.objects.filter(place=place, claimed_until=claimed_until).update(
                claimed_until=None
            )


def _claim(place: str) -> datetime | None:
    """Return the end of our claim, None while another's lasts."""
    now = timezone.now()
    until = now + _lease()
    is_free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    claimed = HeldToken.objects.filter(is_free, place=place).update(claimed_until=until)
    return until if claimed else None
