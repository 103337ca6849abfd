"""The ground floor in the admin: the books are read only, rows are of one's own businesses."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse

from money.access import Ability, businesses_for
from money.cents import BASIS_POINTS, NotAnAmount, format_shillings, parse_shillings
from money.models import Account, Business, Entry, Line, Membership, TaxPerson, TaxRate, User


class ReadOnly:
    """Nothing is added, changed or deleted here; what may be seen, the role decides."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


# What the admin's own filters put behind a field's name.
FILTER_ENDINGS = ("", "__exact", "__id__exact", "__isnull", "__gte", "__lt")


class OfMine(admin.RelatedOnlyFieldListFilter):
    """A filter by business that is in force even where only one of them has rows.

    Django leaves out a filter with a single choice, and with it the condition of the address.
    """

    def has_output(self) -> bool:
        return True


class OnlyShownLookups:
    """Refuses filters by what the page does not show: a query string could spell a secret out."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        filters = self.list_filter  # type: ignore[attr-defined]
        names = [one if isinstance(one, str) else one[0] for one in filters]
        return any(lookup == f"{name}{ending}" for name in names for ending in FILTER_ENDINGS)


def manages_all(request: HttpRequest) -> bool:
    """Tell whether the user manages every business: what holds for all is theirs alone."""
    return not Business.objects.exclude(pk__in=_managed_by(request)).exists()


class Scoped(OnlyShownLookups):
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
    list_filter = (("business", OfMine), "occurred_on")
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
    list_filter = (("business", OfMine), "kind")
    list_select_related = ("business",)
    search_fields = ("code", "name")
    ordering = ("business__name", "code")

    @admin.display(description="Balance KES (debit positive)")
    def balance(self, account: Account) -> str:
        rows = account.movements.values_list("debit_cents", "credit_cents")
        return format_shillings(sum(debit - credit for debit, credit in rows))


def _managed_by(request: HttpRequest) -> QuerySet[Business]:
    return businesses_for(request.user, Ability.MANAGE)  # type: ignore[arg-type]


class MembershipInline(admin.TabularInline):
    """Roles in the businesses that the user manages; those elsewhere are neither seen nor given."""

    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).filter(business__in=_managed_by(request))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "business":
            kwargs["queryset"] = _managed_by(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class PersonAdmin(OnlyShownLookups, UserAdmin):
    """People of the businesses that the user manages, and those with no role yet.

    Whoever has a role elsewhere too keeps name, password and access: with another's password one
    would have another's rights. Superusers are shown to superusers alone.
    """

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
    shared_fields = ("username", "first_name", "last_name", "email", "is_active", "is_staff")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        if request.user.is_superuser:
            return people
        ours = Membership.objects.filter(business__in=_managed_by(request))
        return people.filter(
            Q(pk__in=ours.values("user_id")) | ~Q(pk__in=Membership.objects.values("user_id")),
            is_superuser=False,
        )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj and self._is_shared(request, obj):
            return ((None, {"fields": self.shared_fields}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj and self._is_shared(request, obj):
            return self.shared_fields
        return super().get_readonly_fields(request, obj)

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 Django's own name
        form_url: str = "",
    ) -> HttpResponse:
        person = self.get_object(request, unquote(id))
        if person and self._is_shared(request, person):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def _is_shared(self, request: HttpRequest, person: User) -> bool:
        """Tell whether `person` has a role in a business that the user does not manage."""
        return person.memberships.exclude(business__in=_managed_by(request)).exists()


@admin.register(Business)
class BusinessAdmin(Scoped, admin.ModelAdmin):
    business_path = "pk"
    list_display = ("name", "slug", "trade", "tax_person")
    fields = ("name", "slug", "trade", "tax_person", "address", "phone")
    readonly_fields = ("slug", "trade", "tax_person")
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Permissions add up over all roles of a person: an owner here may be an auditor there.
        managed = obj is None or _managed_by(request).filter(pk=obj.pk).exists()
        return managed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(TaxPerson)
class TaxPersonAdmin(OnlyShownLookups, admin.ModelAdmin):
    list_display = ("name", "kra_pin", "vat_registered_from")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxPerson]:
        persons: QuerySet[TaxPerson] = super().get_queryset(request)
        if request.user.is_superuser:
            return persons
        seen = businesses_for(request.user, Ability.SEE_BOOKS)  # type: ignore[arg-type]
        return persons.filter(pk__in=seen.values("tax_person_id"))

    def has_change_permission(self, request: HttpRequest, obj: TaxPerson | None = None) -> bool:
        # VAT begins for all businesses of a person at once: one manages all of them, or none.
        managed = obj is None or not obj.businesses.exclude(pk__in=_managed_by(request)).exists()
        return managed and super().has_change_permission(request, obj)


class TaxRateForm(forms.ModelForm):
    """Takes the rate in percent and keeps basis points."""

    percent = forms.CharField(label="Rate in %", max_length=6, help_text="Such as 16 or 8.5.")

    class Meta:
        model = TaxRate
        fields = ("tax_class", "from_on")

    def clean_percent(self) -> int:
        """Return the rate in basis points: hundredths of a percent, as cents are of a shilling."""
        try:
            rate_bp = parse_shillings(self.cleaned_data["percent"])
        except NotAnAmount as error:
            raise forms.ValidationError("Write a rate such as 16 or 8.5.") from error
        if rate_bp > BASIS_POINTS:
            raise forms.ValidationError("A rate is at most 100 %.")
        self.instance.rate_bp = rate_bp
        return rate_bp


@admin.register(TaxRate)
class TaxRateAdmin(OnlyShownLookups, admin.ModelAdmin):
    """Rates hold for everybody: only who manages every business adds one."""

    form = TaxRateForm
    list_display = ("tax_class", "from_on", "rate")
    ordering = ("tax_class", "-from_on")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return manages_all(request) and super().has_add_permission(request)

    @admin.display(description="Rate")
    def rate(self, row: TaxRate) -> str:
        return f"{row.rate_bp / 100:g} %"
