"""A browser remembers, in a signed cookie, who has signed in there: strangers cannot shut it out.

It opens nothing by itself; tries of a name that is known there are counted apart from strangers'.
"""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from money.actions.sign_in import Door
from mpesa.views.callbacks import address_of

SALT = "duka.known_browser"
# So many people of one counter tablet; who has not signed in there for longest is forgotten.
MOST_NAMES = 12


def door_of(request: HttpRequest, username: str) -> Door:
    """Return where a try to sign in as `username` comes from."""
    return Door(address_of(request), _read(request).get(_mark(username), ""))


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Make the browser known to who has just signed in."""
    known = _read(request)
    mark = _mark(username)
    token = known.pop(mark, "") or secrets.token_urlsafe(16)
    newest = [*known.items(), (mark, token)][-MOST_NAMES:]
    response.set_signed_cookie(
        settings.KNOWN_COOKIE_NAME,
        " ".join(f"{mark}.{token}" for mark, token in newest),
        salt=SALT,
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> dict[str, str]:
    """Return mark -> token of who is known here, nothing where the cookie is not ours."""
    text = str(request.get_signed_cookie(settings.KNOWN_COOKIE_NAME, "", salt=SALT))
    pairs = (one.partition(".") for one in text.split())
    return {mark: token for mark, _, token in pairs if token}


def _mark(username: str) -> str:
    """Return what stands for a name in the cookie, which others who hold the tablet can read."""
    return salted_hmac(SALT, username.casefold(), algorithm="sha256").hexdigest()[:16]
