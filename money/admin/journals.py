"""Manual journals in the admin: a list; writing and approving is done on the books' own pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from money.access import Ability
from money.admin.books import LineInline
from money.admin.scope import OfMine, ReadOnly, Scoped, mine
from money.models import Journal, JournalLine


class JournalLineInline(LineInline):
    model = JournalLine  # type: ignore[assignment] # the same two columns


@admin.register(Journal)
class JournalAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = (
        "id",
        "business",
        "occurred_on",
        "description",
        "state",
        "proposed_by",
        "decided_by",
        "page",
    )
    list_display_links = ("id", "description")
    list_filter = (("business", OfMine), "state", "occurred_on")
    list_select_related = ("business", "proposed_by", "decided_by")
    search_fields = ("description",)
    ordering = ("-proposed_at", "-id")
    inlines = (JournalLineInline,)
    fields = (
        "business",
        "page",
        "kind",
        "occurred_on",
        "description",
        "state",
        "needs_second_person",
        "proposed_by",
        "proposed_at",
        "decided_by",
        "decided_at",
        "decision_note",
        "corrects",
        "entry",
    )
    readonly_fields = ("page",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return mine(request, Ability.KEEP_BOOKS).exists()

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the page where journals are written: it balances, previews and takes papers."""
        return redirect("money:new_journal")

    @admin.display(description="In the books")
    def page(self, journal: Journal) -> str:
        return format_html(
            '<a href="{}">Lines, paper, approval</a>', reverse("money:journal", args=[journal.pk])
        )
