"""The workshop in the admin: what was mailed or waits to be, what was wrong."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from money.access import Ability
from money.admin import OfMine, ReadOnly, Scoped
from money.admin.scope import OnlyShownLookups, mine
from periodic.models import Alert, Mail


@admin.register(Mail)
class MailAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    ability = Ability.MANAGE
    list_display = (
        "subject",
        "business",
        "to",
        "written_at",
        "sent_at",
        "tries",
        "trouble",
        "perhaps_twice",
    )
    list_filter = (("business", OfMine),)
    list_select_related = ("business",)
    ordering = ("-pk",)
    fields = (
        "subject",
        "to",
        "body",
        "written_at",
        "sent_at",
        "tries",
        "next_try_at",
        "trouble",
        "perhaps_twice",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        """Return the mails of the user's businesses, and those about the whole house."""
        rows = admin.ModelAdmin.get_queryset(self, request)
        return rows.filter(Q(business__in=mine(request, self.ability)) | Q(business=None))


@admin.register(Alert)
class AlertAdmin(OnlyShownLookups, ReadOnly, admin.ModelAdmin):
    list_display = ("title", "sentence", "opened_at", "healed_at")
    list_filter = ("cause",)
    ordering = ("-pk",)
    fields = ("cause", "title", "sentence", "opened_at", "last_red_at", "healed_at")
