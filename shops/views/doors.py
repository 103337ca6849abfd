"""Who gets in at the staff's pages, and what their forms send."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.views.decorators.cache import never_cache

from money.access import Ability, businesses_for
from money.models import Business, User
from money.views.doors import plain

View = Callable[..., HttpResponse]


def for_those_who(*abilities: Ability) -> Callable[[View], View]:
    """Let in who has one of `abilities` in the business of the address.

    The signed out sign in, others find nothing.
    """

    def guard(view: View) -> View:
        @wraps(view)
        @never_cache
        def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            if not isinstance(request.user, User):
                return _to_login(request, slug)
            for ability in abilities:
                mine = businesses_for(request.user, ability).select_related("tax_person")
                if business := mine.filter(slug=slug).first():
                    return view(request, business, **kwargs)
            raise Http404

        return guarded

    return guard


for_sellers = for_those_who(Ability.SELL)


def may(user: User, ability: Ability, business: Business) -> bool:
    """Tell whether `user` has `ability` in `business`."""
    return businesses_for(user, ability).filter(pk=business.pk).exists()


def _to_login(request: HttpRequest, slug: str) -> HttpResponse:
    """Send a signed-out visitor to sign in and back to the counter, where the cart is kept."""
    back = request.path if request.method == "GET" else resolve_url("shops:counter", slug)
    if request.headers.get("HX-Request"):
        back = resolve_url("shops:counter", slug)
    target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def fields_of(request: HttpRequest) -> dict[str, str]:
    """Return what a form sent, each field once, as the database can hold it."""
    return {name: stored(str(value)) for name, value in request.POST.items()}


def stored(text: str) -> str:
    """Return `text` as the database can hold it."""
    return plain(text)


def user_of(request: HttpRequest) -> User:
    """Return who is signed in, behind `for_sellers`."""
    assert isinstance(request.user, User)  # for_sellers lets nobody else in
    return request.user
