"""What was wrong, and when it healed, in the admin."""

from django.contrib import admin

from money.admin import OnlyShownLookups, ReadOnly
from periodic.models import Alert


@admin.register(Alert)
class AlertAdmin(OnlyShownLookups, ReadOnly, admin.ModelAdmin):
    list_display = ("title", "sentence", "opened_at", "healed_at")
    list_filter = ("cause",)
    ordering = ("-pk",)
    fields = ("cause", "title", "sentence", "opened_at", "last_red_at", "healed_at")
