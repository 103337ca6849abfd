"""The owner's admin, with the day's takings on its front page."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from erp.dashboard import today_of
from money.access import Ability, businesses_for
from money.models import User


class DukaAdminSite(AdminSite):
    site_header = "Duka"
    site_title = "Duka"
    index_title = "Today"
    index_template = "erp/admin_index.html"
    enable_nav_sidebar = False

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show today's takings of the businesses that the user may see."""
        user, now = request.user, timezone.now()
        assert isinstance(user, User)  # the admin lets nobody else in
        mine = businesses_for(user, Ability.SEE_TAKINGS)
        context = {
            "today": today_of(mine, timezone.localdate(now), now),
            "counters": set(businesses_for(user, Ability.SELL)),
        }
        return super().index(request, {**(extra_context or {}), **context})
