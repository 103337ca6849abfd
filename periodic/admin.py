"""The workshop in the admin: what was mailed, and what waits to be; backups and drills."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from money.access import Ability
from money.admin import OfMine, OnlyShownLookups, ReadOnly, Scoped, manages_all
from periodic.models import Backup, Drill, Mail


@admin.register(Mail)
class MailAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    ability = Ability.MANAGE
    list_display = ("subject", "business", "to", "written_at", "sent_at", "tries", "trouble")
    list_filter = (("business", OfMine),)
    list_select_related = ("business",)
    ordering = ("-pk",)
    fields = ("subject", "to", "body", "written_at", "sent_at", "tries", "next_try_at", "trouble")


class OfTheHouse(ReadOnly, OnlyShownLookups):
    """Rows that belong to no business: seen by who manages all of them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows if manages_all(request) else rows.none()


@admin.register(Backup)
class BackupAdmin(OfTheHouse, admin.ModelAdmin):
    list_display = ("name", "taken_at", "bytes", "copied_at", "copy_trouble", "removed_at")
    list_filter = ("taken_at",)
    ordering = ("-taken_at",)
    fields = (*list_display[:3], "sha256", *list_display[3:])


@admin.register(Drill)
class DrillAdmin(OfTheHouse, admin.ModelAdmin):
    list_display = ("at", "backup", "place", "is_ok", "sentence")
    list_filter = ("is_ok", "place")
    ordering = ("-pk",)
    fields = (*list_display, "figures")
