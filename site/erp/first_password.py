"""A first password was somebody else's idea: it opens one page, on which it is replaced.

A PIN that the person set before goes on opening the counter: nobody else knows it.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from money.models import User
from shops.views.on_device import BY_PIN

# Beside the page itself: how one gets out, and what asks without a person.
OPEN = frozenset(
    {
        *("password", "login", "logout", "healthz", "metrics", "readyz"),
        *("people:switch", "people:lock", "people:alive"),
    }
)


class FirstPassword:
    """Leads who signed in with a first password to the page where it is changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answer in place of every other view, to who has to change the password first."""
        match = request.resolver_match
        if match is None or match.view_name in OPEN or match.namespace == "mpesa":
            return None
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or BY_PIN in request.session:
            return None
        user = request.user
        if not isinstance(user, User) or not user.must_change_password:
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": resolve_url("password")})
        return redirect("password")
