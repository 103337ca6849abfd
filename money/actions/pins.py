"""PINs: set by the person, cleared by the owner, tried on a known device and never guessed."""

import re
from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Case, F, Value, When

from money.access import Ability, businesses_for
from money.models import (
    MOST_WRONG_TRIES,
    Business,
    Device,
    Pin,
    StaffChange,
    StaffEvent,
    User,
    WrongTry,
)
from money.queries import people_with_pins

LOCKED_FOR = timedelta(minutes=15)
DEVICE_WINDOW = timedelta(hours=1)
MOST_WRONG_TRIES_OF_DEVICE = 20


class BadPin(Exception):
    """The PIN is too short, too long, no digits, or the first that anybody would try."""


class NotTheirs(Exception):
    """Who would clear a PIN manages no business with that person in it."""


class NotEntered(Exception):
    """A PIN did not open; the message says no more than one may know."""


class WrongPin(NotEntered):
    """The name has another PIN, or none, or no role here: one sentence for all three."""


class PinLocked(NotEntered):
    """The name had too many wrong tries."""


class DeviceLocked(NotEntered):
    """The device had too many wrong tries, of whatever names."""


class UnknownDevice(NotEntered):
    """The device was revoked."""


def why_refused(pin: str) -> str:
    """Return why `pin` cannot be one, nothing where it can."""
    if not re.fullmatch(r"[0-9]{4,6}", pin):
        return "A PIN is 4 to 6 digits."
    # 10 steps: 7890 lies as near as 1234.
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps == {0}:
        return "All the same digit is the first thing that anybody tries. Choose another PIN."
    if steps in ({1}, {9}):
        return "Digits in a row, such as 1234 or 4321, are tried first. Choose another PIN."
    return ""


def clear_pin(*, user_id: int, business: Business, by: User, at: datetime) -> None:
    """Take a person's PIN away, with a trace; the person sets a new one. Raises NotTheirs."""
    manages = businesses_for(by, Ability.MANAGE).filter(pk=business.pk).exists()
    member = User.objects.filter(pk=user_id, memberships__business=business)
    if not manages or not member.exists():
        raise NotTheirs("Only who manages a business clears the PINs of its people.")
    with transaction.atomic():
        take_pin_away(user_id=user_id, business=business, by=by, at=at)


def take_pin_away(*, user_id: int, business: Business, by: User, at: datetime) -> None:
    """Clear a PIN where there is one, within the transaction of who has asked whether `by` may."""
    cleared = (
        Pin.objects.filter(user_id=user_id)
        .exclude(hash="")
        .update(
            hash="",
            wrong_tries=0,
            locked_until=None,
            changed_at=at,
            cleared_at=at,
            cleared_by=by,
        )
    )
    if cleared:
        StaffEvent.objects.create(
            business=business, change=StaffChange.PIN_CLEARED, person_id=user_id, by=by, at=at
        )


def unlock_pin(*, user: User) -> None:
    """Forget the wrong tries of who has just shown the password."""
    Pin.objects.filter(user=user).update(wrong_tries=0, locked_until=None)


def enter_by_pin(*, device_id: int, user_id: int, pin: str, at: datetime) -> Pin:
    """Return the person's PIN row where `pin` is right; a try counts before it is looked at.

    So tries side by side cannot be more than those that are allowed. Raises WrongPin, PinLocked,
    DeviceLocked, UnknownDevice.
    """
    with transaction.atomic():
        device = Device.objects.select_for_update().filter(pk=device_id, revoked_at=None).first()
        if device is None:
            raise UnknownDevice("This device is not a counter any more. Sign in by password.")
        wrong_try = _try_of_device(device, at)
        kept = people_with_pins(device.business).filter(pk=user_id).exists() and wrong_try
        held = _try_of_person(user_id, at) if kept else None
    # Raised out here: within the transaction the refusal would take the count back.
    if wrong_try is None:
        raise DeviceLocked(
            "Too many wrong PINs on this device. Wait an hour, or sign in by password."
        )
    if kept and held is None:
        raise _locked()
    if held is None:
        make_password(pin)  # as long as it takes to look at one
        raise _wrong()
    if not check_password(pin, held.hash):
        raise _locked() if held.wrong_tries == MOST_WRONG_TRIES else _wrong()
    with transaction.atomic():
        wrong_try.delete()
        Pin.objects.filter(pk=held.pk, hash=held.hash).update(wrong_tries=0, locked_until=None)
    return held


def _wrong() -> WrongPin:
    return WrongPin("That name and PIN do not belong together. Try again.")


def _locked() -> PinLocked:
    return PinLocked("Too many wrong PINs. Wait 15 minutes, or sign in by password.")


def _try_of_device(device: Device, at: datetime) -> WrongTry | None:
    """Count a try of the device, whose row is locked; None where it had its tries this hour."""
    device.wrong_tries.filter(at__lte=at - DEVICE_WINDOW).delete()
    if device.wrong_tries.count() >= MOST_WRONG_TRIES_OF_DEVICE:
        return None
    return WrongTry.objects.create(device=device, at=at)


def _try_of_person(user_id: int, at: datetime) -> Pin | None:
    """Count a try of the person and return the PIN as it stands then; None while it is locked."""
    pins = Pin.objects.filter(user_id=user_id).exclude(hash="")
    pins.filter(locked_until__lte=at).update(wrong_tries=0, locked_until=None)
    last = When(wrong_tries=MOST_WRONG_TRIES - 1, then=Value(at + LOCKED_FOR))
    counted = pins.filter(wrong_tries__lt=MOST_WRONG_TRIES).update(
        wrong_tries=F("wrong_tries") + 1, locked_until=Case(last, default=None)
    )
    return pins.get() if counted else None
