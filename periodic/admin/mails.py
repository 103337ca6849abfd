"""The mails in the admin: what was mailed, and what waits to be."""

from django.contrib import admin

from money.admin import OfMine, ReadOnly
from periodic.admin.scope import ScopedOrOfAll
from periodic.models import Mail


@admin.register(Mail)
class MailAdmin(ScopedOrOfAll, ReadOnly, admin.ModelAdmin):
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
