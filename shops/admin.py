"""Products and sales in the admin: prices are set by those who may, sales are only seen."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from money.access import Ability, abilities_of, businesses_for
from money.admin import OfMine, OnlyShownLookups, ReadOnly, Scoped
from money.cents import NotAnAmount, format_quantity, format_shillings, parse_shillings
from money.models import Account, AccountKind, Business, Entry
from mpesa.models import Allocation
from shops.models import Product, Sale, SaleLine, Tender


class ProductForm(forms.ModelForm):
    """Takes the price in shillings and keeps cents."""

    price = forms.CharField(label="Price in KES, tax included", max_length=20)

    class Meta:
        model = Product
        fields = (
            "business",
            "name",
            "unit",
            "tax_class",
            "sales_account",
            "excise_millilitres",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["price"].initial = format_shillings(self.instance.price_cents)

    def clean_price(self) -> int:
        """Return the price in cents."""
        try:
            cents = parse_shillings(self.cleaned_data["price"])
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error
        if not cents:
            raise forms.ValidationError("A price is more than nothing.")
        self.instance.price_cents = cents
        return cents

    def clean_excise_millilitres(self) -> int:
        """Return 0 where nothing was typed: most products bear no duty."""
        return self.cleaned_data["excise_millilitres"] or 0

    def clean(self) -> dict[str, Any]:
        """Refuse a sales account that the business does not have as income."""
        cleaned = super().clean() or self.cleaned_data
        business, code = cleaned.get("business"), cleaned.get("sales_account")
        accounts = Account.objects.filter(business=business, code=code, kind=AccountKind.INCOME)
        if business and code and not accounts.exists():
            self.add_error("sales_account", f"{business} has no income account {code}.")
        return cleaned


@admin.register(Product)
class ProductAdmin(OnlyShownLookups, admin.ModelAdmin):
    form = ProductForm
    list_display = ("name", "business", "price", "unit", "tax_class", "is_active")
    list_filter = (("business", OfMine), "is_active")
    list_select_related = ("business",)
    search_fields = ("name",)
    ordering = ("business__name", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).filter(business__in=_mine(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "business":
            kwargs["queryset"] = _mine(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        # What was sold in one business cannot become another's.
        return ("business",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    @admin.display(description="KES", ordering="price_cents")
    def price(self, product: Product) -> str:
        return format_shillings(product.price_cents)


def _mine(request: HttpRequest) -> QuerySet[Business]:
    """Return the businesses whose products this person may see here."""
    ability = (
        Ability.SET_PRICES
        if Ability.SET_PRICES in abilities_of(request.user)  # type: ignore[arg-type]
        else Ability.SEE_BOOKS
    )
    return businesses_for(request.user, ability)  # type: ignore[arg-type]


class SaleLineInline(ReadOnly, admin.TabularInline):
    model = SaleLine
    fields = ("name", "quantity", "price", "amount", "tax_class", "vat")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    @admin.display
    def quantity(self, line: SaleLine) -> str:
        return f"{format_quantity(line.quantity_milli)} {line.unit}"

    @admin.display(description="Price KES")
    def price(self, line: SaleLine) -> str:
        return format_shillings(line.price_cents)

    @admin.display(description="KES")
    def amount(self, line: SaleLine) -> str:
        return format_shillings(line.amount_cents)

    @admin.display(description="VAT KES")
    def vat(self, line: SaleLine) -> str:
        return format_shillings(line.vat_cents)


class TenderInline(ReadOnly, admin.TabularInline):
    model = Tender
    fields = ("method", "amount", "given", "payment", "taken_at", "taken_back_at")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    @admin.display(description="KES")
    def amount(self, tender: Tender) -> str:
        return format_shillings(tender.amount_cents + tender.rounding_cents)

    @admin.display(description="Given KES")
    def given(self, tender: Tender) -> str:
        return "" if tender.given_cents is None else format_shillings(tender.given_cents)


@admin.register(Sale)
class SaleAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("id", "number", "business", "total", "state", "cashier", "created_at")
    list_filter = (("business", OfMine), "state", "sold_on")
    list_select_related = ("business", "cashier")
    search_fields = ("=number", "tenders__payment__receipt")
    ordering = ("-pk",)
    inlines = (SaleLineInline, TenderInline)
    fields = (
        "business",
        "number",
        "state",
        "total",
        "vat",
        "sold_on",
        "cashier",
        "created_at",
        "ended_at",
        "entries",
    )
    readonly_fields = ("total", "vat", "entries")

    @admin.display(description="KES", ordering="total_cents")
    def total(self, sale: Sale) -> str:
        return format_shillings(sale.total_cents)

    @admin.display(description="VAT KES")
    def vat(self, sale: Sale) -> str:
        return format_shillings(sale.vat_cents)

    @admin.display(description="Journal entries")
    def entries(self, sale: Sale) -> SafeString:
        """Link the entries that this sale and its tenders posted."""
        keys = [sale.reference]
        for tender in sale.tenders.select_related("payment"):
            keys += [f"cash:{tender.pk}"]
            keys += [f"mpesa:{tender.payment.receipt}"] if tender.payment else []
        for match in Allocation.objects.filter(reference=sale.reference):
            keys += [match.key, f"unmatch:{match.pk}"]
        rows = Entry.objects.filter(key__in=keys).order_by("number")
        return format_html_join(
            "",
            '<div><a href="{}">{}</a> {}</div>',
            (
                (reverse("admin:money_entry_change", args=[e.pk]), e.number, e.description)
                for e in rows
            ),
        ) or format_html("{}", "none yet")
