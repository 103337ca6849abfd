"""The ground floor in the admin: the books are read only, rows are of one's own businesses."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from money.access import Ability, businesses_for
from money.cents import format_shillings
from money.models import Account, Business, Entry, Line, Membership, TaxPerson, TaxRate, User


class ReadOnly:
    """Nothing is added, changed or deleted here; what may be seen, the role decides."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Scoped:
    """Rows of the businesses in which the user may see the books; `business_path` leads there."""

    business_path = "business"
    ability = Ability.SEE_BOOKS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        mine = businesses_for(request.user, self.ability)  # type: ignore[arg-type]
        return rows.filter(**{f"{self.business_path}__in": mine})


class LineInline(ReadOnly, admin.TabularInline):
    model = Line
    fields = ("account", "debit", "credit")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

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
    list_filter = (("business", admin.RelatedOnlyFieldListFilter), "occurred_on")
    list_select_related = ("business", "actor")
    search_fields = ("key", "description", "source")
    ordering = ("-posted_at", "-id")
    inlines = (LineInline,)
    fields = (
        "business",
        "number",
        "occurred_on",
        "posted_at",
        "description",
        "source",
        "key",
        "actor",
        "reverses",
        "hash",
        "previous_hash",
    )

    @admin.display(description="KES")
    def total(self, entry: Entry) -> str:
        lines = entry.lines.filter(amount_cents__gt=0).values_list("amount_cents", flat=True)
        return format_shillings(sum(lines))


@admin.register(Account)
class AccountAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("code", "name", "kind", "business", "balance")
    list_filter = (("business", admin.RelatedOnlyFieldListFilter), "kind")
    list_select_related = ("business",)
    search_fields = ("code", "name")
    ordering = ("business__name", "code")

    @admin.display(description="Balance KES (debit positive)")
    def balance(self, account: Account) -> str:
        rows = account.movements.values_list("debit_cents", "credit_cents")
        return format_shillings(sum(debit - credit for debit, credit in rows))


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ("username", "first_name", "last_name", "is_active")
    list_filter = ("is_active",)
    ordering = ("username",)
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff"),
                "description": "Staff may open this admin; roles below say what they see in it.",
            },
        ),
    )


@admin.register(Business)
class BusinessAdmin(Scoped, admin.ModelAdmin):
    business_path = "pk"
    list_display = ("name", "slug", "trade", "tax_person")
    fields = ("name", "slug", "trade", "tax_person", "address", "phone")
    readonly_fields = ("slug", "trade", "tax_person")
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(TaxPerson)
class TaxPersonAdmin(admin.ModelAdmin):
    list_display = ("name", "kra_pin", "vat_registered_from")
    ordering = ("name",)


@admin.register(TaxRate)
class TaxRateAdmin(admin.ModelAdmin):
    list_display = ("tax_class", "from_on", "rate")
    ordering = ("tax_class", "-from_on")

    @admin.display(description="Rate")
    def rate(self, row: TaxRate) -> str:
        return f"{row.rate_bp / 100:g} %"
