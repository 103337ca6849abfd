"""Tax persons and dated tax rates in the admin."""

import re
from datetime import date

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from money.access import Ability
from money.admin.scope import OnlyShownLookups, managed_by, manages_all, mine
from money.cents import BASIS_POINTS, NotAnAmount, parse_shillings
from money.models import ExciseRate, TaxPerson, TaxRate

# What the column holds.
MOST_CENTS_PER_1000_LITRES = 2**31 - 1
MONTHS = [(month, f"{date(2000, month, 1):%B}") for month in range(1, 13)]


class TaxPersonForm(forms.ModelForm):
    """Names the month in which the financial year ends."""

    year_ends_month = forms.TypedChoiceField(
        label="Financial year ends with", choices=MONTHS, coerce=int
    )

    class Meta:
        model = TaxPerson
        fields = ("name",)


@admin.register(TaxPerson)
class TaxPersonAdmin(OnlyShownLookups, admin.ModelAdmin):
    form = TaxPersonForm
    list_display = ("name", "kra_pin", "vat_registered_from", "excise_licensed_from", "held_from")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "kra_pin")}),
        ("VAT", {"fields": ("vat_registered_from",)}),
        ("Excise duty on water", {"fields": ("excise_licensed_from",)}),
        ("Financial year", {"fields": ("year_ends_month",)}),
        (
            "Keeping the books",
            {
                "fields": ("keep_years", "held_from", "hold_reason"),
                "description": "Nothing is given up before these years have passed. Put the books"
                " on hold while the tax office, a court or an auditor asks about them: then"
                " nothing is given up at all until the hold is taken away.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxPerson]:
        persons: QuerySet[TaxPerson] = super().get_queryset(request)
        if request.user.is_superuser:
            return persons
        seen = mine(request, Ability.SEE_BOOKS)
        return persons.filter(pk__in=seen.values("tax_person_id"))

    def has_change_permission(self, request: HttpRequest, obj: TaxPerson | None = None) -> bool:
        # VAT begins for all businesses of a person at once: one manages all of them, or none.
        managed = obj is None or not obj.businesses.exclude(pk__in=managed_by(request)).exists()
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

    @admin.display(description="Rate in %")
    def percent(self, row: TaxRate) -> str:
        """Show the rate where the form's field of that name is read only."""
        return f"{row.rate_bp / 100:g}"

    @admin.display(description="Rate")
    def rate(self, row: TaxRate) -> str:
        return f"{row.rate_bp / 100:g} %"


class ExciseRateForm(forms.ModelForm):
    """Takes the duty in KES per litre and keeps cents per 1,000 litres."""

    per_litre = forms.CharField(
        label="KES per litre", max_length=12, help_text="Such as 6.41 or 6.4134."
    )

    class Meta:
        model = ExciseRate
        fields = ("from_on",)

    def clean_per_litre(self) -> int:
        """Return cents per 1,000 litres: five decimals of a shilling per litre."""
        match = re.fullmatch(
            r"([0-9]{1,4})(?:\.([0-9]{1,5}))?", self.cleaned_data["per_litre"].strip()
        )
        cents = int(match[1] + (match[2] or "").ljust(5, "0")) if match else 0
        if not 0 < cents <= MOST_CENTS_PER_1000_LITRES:
            raise forms.ValidationError("Write the duty on a litre in shillings, such as 6.41.")
        self.instance.cents_per_1000_litres = cents
        return cents


@admin.register(ExciseRate)
class ExciseRateAdmin(OnlyShownLookups, admin.ModelAdmin):
    """The duty on water holds for everybody: only who manages every business adds one."""

    form = ExciseRateForm
    list_display = ("from_on", "rate")
    ordering = ("-from_on",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return manages_all(request) and super().has_add_permission(request)

    @admin.display(description="KES per litre")
    def per_litre(self, row: ExciseRate) -> str:
        """Show the rate where the form's field of that name is read only."""
        return f"{row.cents_per_1000_litres / 100_000:g}"

    @admin.display(description="Rate")
    def rate(self, row: ExciseRate) -> str:
        return f"KES {row.cents_per_1000_litres / 100_000:g} per litre"
