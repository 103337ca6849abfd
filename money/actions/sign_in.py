"""Sign-in by password: tries are counted before the password is looked at, so guessing ends.

A stranger's tries are counted for the name and for the address that they come from. A browser in
which the person has signed in before is counted by itself: whoever guesses from elsewhere shuts
that door for strangers, and never for the person at their own screen.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils.crypto import salted_hmac

from money.actions.pins import unlock_pin
from money.models import SignInTry, User

WINDOW = timedelta(minutes=15)
MOST_OF_NAME = 10
# Phones of one network share an address; a shop has one for all its screens.
MOST_OF_ADDRESS = 50
MOST_OF_BROWSER = 10
# Who rents a line has all the addresses of a network of this size.
_IPV6_NETWORK_BITS = 64


class NotSignedIn(Exception):
    """Name and password did not open; the message says no more than one may know."""


class WrongNameOrPassword(NotSignedIn):
    """One sentence for a name that is nobody's, a wrong password and a person who has left."""


class TooManyTries(NotSignedIn):
    """The name, the address or the browser had its wrong tries for now."""


class Door(NamedTuple):
    """Where a try comes from; `known_browser` is empty where the name never signed in there."""

    address: str
    known_browser: str = ""


def sign_in(*, username: str, password: str, door: Door, at: datetime) -> User:
    """Return whom name and password belong to, the PIN's wrong tries forgotten.

    Raises WrongNameOrPassword, TooManyTries.
    """
    user = look_at_password(username=username, password=password, door=door, at=at)
    unlock_pin(user=user)
    return user


def look_at_password(*, username: str, password: str, door: Door, at: datetime) -> User:
    """Count a try, then look at the password. Raises WrongNameOrPassword, TooManyTries.

    Each try is on record before it counts the others. So of tries side by side, the last one that
    is let through has seen all that were: they are never more than those that are allowed.
    """
    SignInTry.objects.filter(at__lte=at - WINDOW).delete()
    buckets = _buckets(username, door)
    with transaction.atomic(durable=True):
        tries = [SignInTry.objects.create(bucket_digest=digest, at=at) for digest, _ in buckets]
    for digest, most in buckets:
        if SignInTry.objects.filter(bucket_digest=digest).count() > most:
            # A try that nobody looks at costs nothing, or the door would stay shut for ever.
            _forget(tries)
            raise TooManyTries(_sentence(door))
    user = authenticate(None, username=username, password=password)
    if not isinstance(user, User):
        raise WrongNameOrPassword("That name and password do not belong together. Try again.")
    _forget(tries)
    if door.known_browser:
        SignInTry.objects.filter(bucket_digest=buckets[0][0]).delete()
    return user


def forget_tries(*, username: str) -> None:
    """Open the door again to a name whose password is a new one."""
    SignInTry.objects.filter(bucket_digest=_digest("name", username.casefold())).delete()


def _buckets(username: str, door: Door) -> list[tuple[str, int]]:
    name = username.casefold()
    if door.known_browser:
        return [(_digest("browser", f"{door.known_browser} {name}"), MOST_OF_BROWSER)]
    return [
        (_digest("name", name), MOST_OF_NAME),
        (_digest("address", _network(door.address)), MOST_OF_ADDRESS),
    ]


def _network(address: str) -> str:
    """Return what one visitor cannot change at will: an IPv4 address, a network of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return f"{int(found) >> (128 - _IPV6_NETWORK_BITS):x}"


def _digest(kind: str, text: str) -> str:
    """Return the bucket; keyed, since a password may have been typed as the name by mistake."""
    return salted_hmac(f"duka.sign_in.{kind}", text, algorithm="sha256").hexdigest()


def _forget(tries: Iterable[SignInTry]) -> None:
    SignInTry.objects.filter(pk__in=[one.pk for one in tries]).delete()


def _sentence(door: Door) -> str:
    if door.known_browser:
        return "Too many wrong passwords. Wait 15 minutes, or ask the owner for a new one."
    return (
        "Too many wrong passwords. Wait 15 minutes, or sign in on a device where you have signed"
        " in before."
    )
