"""The owner's admin, with the day's takings on its front page."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.utils import timezone

from erp.dashboard import today_of
from money.access import Ability, businesses_for
from money.models import User
from money.queries import journals_waiting
from money.snapshot import snapshot


class DukaAdminSite(AdminSite):
    site_header = "Duka"
    site_title = "Duka"
    index_title = "Today"
    index_template = "erp/admin_index.html"
    enable_nav_sidebar = False

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send home who is signed in but has no business here; others sign in at our own page."""
        if request.user.is_authenticated:
            return redirect("home")
        back = request.GET.get("next") or resolve_url("admin:index")
        return redirect(f"{resolve_url('login')}?{urlencode({'next': back})}")

    def password_change(  # type: ignore[override] # the stub knows the page alone
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the one page where people change their password."""
        return redirect("password")

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show today's takings of the businesses that the user may see."""
        user, now = request.user, timezone.now()
        assert isinstance(user, User)  # the admin lets nobody else in
        mine = businesses_for(user, Ability.SEE_TAKINGS)
        books = businesses_for(user, Ability.SEE_BOOKS)
        with snapshot():
            today = today_of(mine, timezone.localdate(now), now)
        context = {
            "today": today,
            "journals_waiting": sum(journals_waiting(books).values()),
            "counters": set(businesses_for(user, Ability.SELL)),
            "drawers": set(businesses_for(user, Ability.SEE_CASH)),
            "staffed": set(businesses_for(user, Ability.SEE_STAFF)),
            "stocks": set(businesses_for(user, Ability.SEE_STOCK)),
        }
        return super().index(request, {**(extra_context or {}), **context})
