"""What a browser is to a counter: the token in its cookie, the session that a PIN began."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from money.models import Business, Device, Pin
from money.queries import device_of_token, people_with_pins

SALT = "duka.device"
# In a session: the device on which a PIN began it, the PIN's time of change, the last activity.
BY_PIN, PIN_CHANGED, ACTIVE = "by_pin", "pin_changed", "pin_active"
STAFF_PAGES = frozenset({"shops", "inbox", "cash", "stock"})
# Whatever a page asks by itself says nothing about a person in front of it.
BY_ITSELF = frozenset({"shops:state"})
# How exactly activity is known: a session is not written at every touch.
NOTED_EVERY = timedelta(seconds=15)


def token_of(request: HttpRequest) -> str:
    """Return the token in the browser's cookie, nothing where there is none that we signed."""
    return str(request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, "", salt=SALT))


def device_of(request: HttpRequest) -> Device | None:
    """Return the known device that asks."""
    return device_of_token(token_of(request))


def give_token(response: HttpResponse, token: str) -> None:
    """Make the browser the device, until it is revoked or forgets its cookies."""
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME,
        token,
        salt=SALT,
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_staff_page(match: ResolverMatch, business: Business) -> bool:
    """Tell whether an address is a counter's page of the very business of the device."""
    return match.namespace in STAFF_PAGES and match.kwargs.get("slug") == business.slug


def safe_next(path: str, business: Business) -> str:
    """Return `path` where it is a staff page of the business; its counter otherwise."""
    counter = resolve_url("shops:counter", business.slug)
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, None):
        return counter
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return counter
    return path if is_staff_page(match, business) else counter


def is_still_good(request: HttpRequest, device: Device | None) -> bool:
    """Tell whether device, PIN and person are what they were when the session began."""
    if device is None or request.session.get(BY_PIN) != device.pk:
        return False
    people = people_with_pins(device.business).filter(pk=request.user.pk or 0)
    changed = Pin.objects.filter(user__in=people).values_list("changed_at", flat=True).first()
    return changed is not None and request.session.get(PIN_CHANGED) == changed.isoformat()


def is_idle(request: HttpRequest, now: datetime) -> bool:
    """Tell whether nobody has touched the session for too long."""
    allowed = timedelta(minutes=settings.COUNTER_LOCK_MINUTES)
    since = now - datetime.fromisoformat(request.session[ACTIVE])
    return bool(allowed) and since >= allowed


def note_activity(request: HttpRequest, now: datetime) -> None:
    """Remember that somebody is there."""
    if now - datetime.fromisoformat(request.session[ACTIVE]) >= NOTED_EVERY:
        request.session[ACTIVE] = now.isoformat()


def to_switch(request: HttpRequest, back: str) -> HttpResponse:
    """Send to the page of names and PINs, and from there back."""
    return _to(request, f"{resolve_url('people:switch')}?{urlencode({'next': back})}")


def to_login(request: HttpRequest, back: str) -> HttpResponse:
    """Send to sign in by password, and from there back."""
    return _to(request, f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")


def _to(request: HttpRequest, target: str) -> HttpResponse:
    """Lead the whole page there, also where a part of it asked."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)
