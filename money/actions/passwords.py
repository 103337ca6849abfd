"""Passwords: the first one of a person, made here, and the one that the person chooses after."""

import secrets
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from money.actions.sign_in import Door, NotSignedIn, look_at_password
from money.models import Business, StaffChange, StaffEvent, User

# Without what is read wrongly from a slip of paper: 0 and o, 1 and l and i.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, OF_LETTERS = 3, 4


class BadPassword(Exception):
    """The old password is wrong, or the new one will not do; the message says which."""


def first_password() -> str:
    """Return a password of 59 random bits that can be read out and typed, as "h7kd-m2xq-9tfa"."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(OF_LETTERS)) for _ in range(GROUPS))
    return "-".join(groups)


def change_own_password(*, user: User, old: str, new: str, door: Door, at: datetime) -> None:
    """Give the person the password of their own choice, with a trace, and end other sessions.

    Trying the old one counts as trying to sign in through `door`. Raises BadPassword.
    """
    try:
        look_at_password(username=user.get_username(), password=old, door=door, at=at)
    except NotSignedIn as refusal:
        raise BadPassword(f"{refusal} Your password is as it was.") from refusal
    if new == old:
        raise BadPassword("That is the password you have. Choose another one.")
    try:
        validate_password(new, user)
    except ValidationError as error:
        raise BadPassword(" ".join(error.messages)) from error
    # Hashing is slow on purpose: not inside a transaction.
    user.set_password(new)
    user.must_change_password = False
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password"])
        works_in = user.memberships.values("business_id")
        StaffEvent.objects.bulk_create(
            StaffEvent(
                business=business,
                change=StaffChange.PASSWORD_CHANGED,
                person=user,
                by=user,
                at=at,
            )
            for business in Business.objects.filter(pk__in=works_in).order_by("pk")
        )
