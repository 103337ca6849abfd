"""A person sets the own PIN, which takes the own password."""

from datetime import datetime

from django.contrib.auth.hashers import make_password

from money.actions.pins import BadPin, why_refused
from money.actions.sign_in import Door, TooManyTries, WrongNameOrPassword, look_at_password
from money.models import Pin, User


class WrongPassword(Exception):
    """Who sets a PIN did not type the own password."""


def set_pin(*, user: User, password: str, pin: str, door: Door, at: datetime) -> Pin:
    """Give the person a PIN, the old one's wrong tries forgotten. Raises BadPin, WrongPassword.

    Trying the password counts as trying to sign in through `door`: a session left open is no place
    to guess it.
    """
    try:
        look_at_password(username=user.get_username(), password=password, door=door, at=at)
    except WrongNameOrPassword as refusal:
        raise WrongPassword("That is not your password. The PIN is as it was.") from refusal
    except TooManyTries as refusal:
        raise WrongPassword(
            "Too many wrong passwords. Wait 15 minutes, then try again. The PIN is as it was."
        ) from refusal
    if reason := why_refused(pin):
        raise BadPin(reason)
    kept, _ = Pin.objects.update_or_create(
        user=user,
        defaults={
            "hash": make_password(pin),
            "wrong_tries": 0,
            "locked_until": None,
            "changed_at": at,
        },
    )
    return kept
