"""Backups and the drills that proved them, in the admin."""

from django.contrib import admin

from periodic.admin.scope import OfTheHouse
from periodic.models import Backup, Drill


@admin.register(Backup)
class BackupAdmin(OfTheHouse, admin.ModelAdmin):
    list_display = ("name", "taken_at", "bytes", "copied_at", "copy_trouble", "removed_at")
    list_filter = ("taken_at",)
    ordering = ("-taken_at",)
    fields = (*list_display[:3], "sha256", *list_display[3:])


@admin.register(Drill)
class DrillAdmin(OfTheHouse, admin.ModelAdmin):
    list_display = ("at", "is_ok", "place", "sentence", "backup")
    list_filter = ("is_ok", "place")
    ordering = ("-pk",)
    fields = (*list_display, "figures")
