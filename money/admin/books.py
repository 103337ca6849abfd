"""Entries, accounts and closed periods in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Model, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from money.access import Ability
from money.actions.books import BadAccount, open_account
from money.admin.scope import OfMine, ReadOnly, Scoped, mine
from money.cents import format_shillings
from money.models import Account, Entry, Line, PeriodEvent


class LineInline(ReadOnly, admin.TabularInline):
    model = Line
    fields = ("account", "debit", "credit", "tax_class")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Line]:
        return super().get_queryset(request).select_related("account")

    @admin.display(description="Debit KES")
    def debit(self, line: Line) -> str:
        return format_shillings(line.amount_cents) if line.amount_cents > 0 else ""

    @admin.display(description="Credit KES")
    def credit(self, line: Line) -> str:
        return format_shillings(-line.amount_cents) if line.amount_cents < 0 else ""


@admin.register(Entry)
class EntryAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("number", "business", "occurred_on", "description", "total", "source", "actor")
    list_display_links = ("number", "description")
    list_filter = (("business", OfMine), "occurred_on", "kind")
    list_select_related = ("business", "actor")
    search_fields = ("key", "description", "source")
    ordering = ("-posted_at", "-id")
    inlines = (LineInline,)
    fields = (
        "business",
        "number",
        "page",
        "kind",
        "occurred_on",
        "late_for",
        "posted_at",
        "description",
        "source",
        "key",
        "actor",
        "reverses",
        "hash",
        "previous_hash",
    )
    readonly_fields = ("page",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        debits = Sum("lines__amount_cents", filter=Q(lines__amount_cents__gt=0))
        rows: QuerySet[Entry] = super().get_queryset(request).annotate(debit_cents=debits)
        return rows

    @admin.display(description="KES")
    def total(self, entry: Entry) -> str:
        return format_shillings(entry.debit_cents or 0)  # type: ignore[attr-defined]

    @admin.display(description="In the books")
    def page(self, entry: Entry) -> str:
        return format_html(
            '<a href="{}">Entry {}: what it is made of, reverse or correct it</a>',
            reverse("money:entry", args=[entry.pk]),
            entry.number,
        )


class NewAccountForm(forms.ModelForm):
    """Opens an account; what the books refuse is said on the form."""

    class Meta:
        model = Account
        fields = ("business", "code", "name")
        help_texts = {"code": "Such as 6140, or 1100.1 under the account 1100."}

    def clean(self) -> dict[str, Any] | None:
        """Open the account here: a refusal belongs beside the fields, not on a broken page."""
        fields = super().clean()
        if fields and not self.errors:
            try:
                self.instance = open_account(**fields)
            except BadAccount as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return fields


@admin.register(Account)
class AccountAdmin(Scoped, admin.ModelAdmin):
    """Who keeps the books opens accounts and names them; code and kind stay for ever."""

    list_display = ("code", "name", "kind", "business", "balance")
    list_filter = (("business", OfMine), "kind")
    list_select_related = ("business",)
    search_fields = ("code", "name")
    ordering = ("business__name", "code")
    fields = ("business", "code", "name", "kind", "balance", "statement")
    readonly_fields = ("business", "code", "kind", "balance", "statement")
    new_fields = ("business", "code", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        moved = Sum(F("movements__debit_cents") - F("movements__credit_cents"))
        rows: QuerySet[Account] = super().get_queryset(request)
        return rows.annotate(balance_cents=Coalesce(moved, 0))

    def get_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        return self.fields if obj else self.new_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: Account | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 Django's own signature
        **kwargs: Any,
    ) -> type[ModelForm]:
        if obj:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, **{**kwargs, "form": NewAccountForm})
        choice: Any = form.base_fields["business"]
        choice.queryset = mine(request, Ability.KEEP_BOOKS)
        choice.widget.can_change_related = choice.widget.can_view_related = False
        return form

    def save_model(
        self,
        request: HttpRequest,
        obj: Account,
        form: ModelForm,
        change: bool,  # noqa: FBT001 Django's own signature
    ) -> None:
        """Keep the new name; a new account was opened by its form already."""
        if change:
            obj.save(update_fields=["name"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and mine(request, Ability.KEEP_BOOKS).exists()

    def has_change_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        kept = obj is None or mine(request, Ability.KEEP_BOOKS).filter(pk=obj.business_id).exists()
        return kept and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="Balance KES (debit positive)")
    def balance(self, account: Account) -> str:
        return format_shillings(account.balance_cents)  # type: ignore[attr-defined]

    @admin.display(description="In the books")
    def statement(self, account: Account) -> str:
        address = reverse("money:account")
        return format_html(
            '<a href="{}?b={}&amp;code={}">Its statement</a>',
            address,
            account.business.slug,
            account.code,
        )


@admin.register(PeriodEvent)
class PeriodEventAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    """The trail of what was closed, locked and unlocked; the books' own page does it."""

    list_display = ("business", "number", "change", "through_on", "at", "actor", "reason")
    list_display_links = ("number", "change")
    list_filter = (("business", OfMine), "change", "through_on")
    list_select_related = ("business", "actor")
    ordering = ("-at", "-id")
    fields = (
        "business",
        "number",
        "change",
        "through_on",
        "at",
        "actor",
        "reason",
        "entries",
        "entries_hash",
        "hash",
        "previous_hash",
        "page",
    )
    readonly_fields = ("page",)

    @admin.display(description="In the books")
    def page(self, event: PeriodEvent) -> str:
        return format_html(
            '<a href="{}">Close and lock periods of {}</a>',
            reverse("money:periods", args=[event.business.slug]),
            event.business.name,
        )
