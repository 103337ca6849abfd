"""What a PIN opens, in one place: every view of every floor passes here, and is closed by default.

A PIN is short and is typed in front of customers. A session that it began reaches the staff's
pages of its device's business; the admin, the books and what comes tomorrow ask for a password.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import ResolverMatch
from django.utils import timezone

from money.models import Business, Device
from shops.views.on_device import (
    BY_ITSELF,
    BY_PIN,
    device_of,
    is_idle,
    is_staff_page,
    is_still_good,
    note_activity,
    safe_next,
    to_login,
    to_switch,
)

# Beside the staff's pages: how one gets in and out, and what Safaricom and monitors ask.
OPEN = frozenset(
    {"login", "logout", "healthz", "metrics", "readyz", "people:switch", "people:lock"}
)
LOCKABLE = frozenset({"people:alive"})


class ByPin:
    """Lets a session by PIN through to what a PIN opens; ends it where it is no good any more."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answer in place of the view where it is not for this session."""
        match = request.resolver_match
        if match is None or match.view_name in OPEN or match.namespace == "mpesa":
            return None
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or BY_PIN not in request.session:
            return None
        return _answer(request, match)


def _answer(request: HttpRequest, match: ResolverMatch) -> HttpResponse | None:
    device, now = device_of(request), timezone.now()
    if device is None or not is_still_good(request, device):
        auth.logout(request)
        return to_login(request, "/")
    if is_idle(request, now):
        auth.logout(request)
        return to_switch(request, _back(request, match, device.business))
    if match.view_name == "home":
        return redirect("shops:counter", device.business.slug)
    if match.view_name not in LOCKABLE and not is_staff_page(match, device.business):
        return _refuse(request, device)
    if match.view_name not in BY_ITSELF:
        note_activity(request, now)
    return None


def _refuse(request: HttpRequest, device: Device) -> HttpResponse:
    context = {
        "title": "A PIN does not open this",
        "sentence": f"It opens the counter of {device.business.name}. Sign in by password.",
    }
    return render(request, "erp/sentence.html", context, status=403)


def _back(request: HttpRequest, match: ResolverMatch, business: Business) -> str:
    """Return where one was: what a form was sent from cannot be its own address."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return safe_next(request.get_full_path(), business)
    if match.namespace == "shops" and "sale_id" in match.kwargs:
        return resolve_url("shops:sale", business.slug, match.kwargs["sale_id"])
    if match.namespace == "stock" and "count_id" in match.kwargs:
        return resolve_url("stock:count", business.slug, match.kwargs["count_id"])
    return resolve_url("shops:counter", business.slug)


def counter(request: HttpRequest) -> dict[str, object]:
    """Put into every template whether this is a device's browser, and a PIN's session."""
    session = getattr(request, "session", {})
    return {
        "on_device": settings.DEVICE_COOKIE_NAME in request.COOKIES,
        # Asked only by pages that show it: the session is not read for others.
        "by_pin": lambda: session.get(BY_PIN),
        "lock_seconds": settings.COUNTER_LOCK_MINUTES * 60,
    }
