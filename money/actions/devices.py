"""Devices on which a PIN is enough: made by who sets prices, revoked by who manages."""

import secrets
from datetime import datetime

from django.db import transaction

from money.access import Ability, businesses_for
from money.models import Business, Device, User
from money.queries import device_of_token, token_digest

TOKEN_BYTES = 32


class NotYours(Exception):
    """Who asks may not do this to a device of this business."""


class NoName(Exception):
    """A device needs a name, or nobody knows later which one to revoke."""


def make_device(
    *, business: Business, name: str, by: User, at: datetime, token_before: str = ""
) -> tuple[Device, str]:
    """Make a device known and return it with its token, which is kept nowhere but in the browser.

    A manager may as well as the owner: a tablet breaks while the owner is away, and a device opens
    nothing without a PIN. What this browser was before (`token_before`) is revoked.
    Raises NotYours, NoName.
    """
    if not businesses_for(by, Ability.SET_PRICES).filter(pk=business.pk).exists():
        raise NotYours("Only an owner or a manager makes a device a counter.")
    name = name.strip()[:60]
    if not name:
        raise NoName("Give the device a name, such as Counter 1.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        if before := device_of_token(token_before):
            _revoke(before, by, at)
        device = Device.objects.create(
            business=business, name=name, token_digest=token_digest(token), made_by=by, made_at=at
        )
    return device, token


def revoke_device(*, device_id: int, business: Business, by: User, at: datetime) -> None:
    """End a device and every session on it. Twice is once. Raises NotYours."""
    if not businesses_for(by, Ability.MANAGE).filter(pk=business.pk).exists():
        raise NotYours("Only who manages the business revokes its devices.")
    device = Device.objects.filter(pk=device_id, business=business).first()
    if device is None:
        raise NotYours("There is no such device in this business.")
    _revoke(device, by, at)


def _revoke(device: Device, by: User, at: datetime) -> None:
    Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=at, revoked_by=by)
