"""Products and sales in the admin: prices are set by those who may, sales are only seen."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from money.access import Ability, abilities_of, businesses_for
from money.admin import OfMine, OnlyShownLookups, ReadOnly, Scoped
from money.cents import NotAnAmount, format_quantity, format_shillings, parse_shillings
from money.models import Account, AccountKind, Business, Entry, User
from mpesa.models import Allocation
from shops import admin_stock  # noqa: F401 registers its pages
from shops.actions.goods import BadPrice, CodeTaken, set_codes, set_price
from shops.actions.inbox import NotAllowed
from shops.codes import NotACode, read_codes
from shops.models import Product, Sale, SaleLine, Tender
from shops.queries.goods import at_prices_of, cents_of, has_price, prices_of, taken_code
from shops.queries.stock import has_unit_in_use


class ProductForm(forms.ModelForm):
    """Takes a price in shillings with the day on which it begins, and a code a line."""

    price = forms.CharField(label="Price in KES, tax included", max_length=20)
    price_from = forms.DateField(label="The price holds from", required=False)
    codes = forms.CharField(
        label="Barcodes",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 30}),
        help_text="One a line: scan them here, one after the other.",
    )

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
        self.now = timezone.now()
        self.fields["price_from"].initial = timezone.localdate(self.now)
        if self.instance.pk:
            # Empty unless a new one is wanted: a page that lay open brings no old price back.
            self.fields["price"].label = "New price in KES, tax included"
            self.fields["price"].required = False
            self.fields["price_from"].label = "The new price holds from"
            codes = self.instance.barcodes.order_by("pk").values_list("code", flat=True)
            self.fields["codes"].initial = "\n".join(codes)

    def clean_price(self) -> int | None:
        """Return the price in cents, None where no new one is wanted."""
        text = self.cleaned_data["price"]
        if not text and self.instance.pk:
            return None
        try:
            cents = parse_shillings(text)
        except NotAnAmount as error:
            raise forms.ValidationError(str(error)) from error
        if not cents:
            raise forms.ValidationError("A price is more than nothing.")
        return cents

    def clean_price_from(self) -> date:
        """Return the day on which the price begins: today where nothing was written."""
        today = timezone.localdate(self.now)
        day: date = self.cleaned_data["price_from"] or today
        if day < today and self.data.get("price"):
            raise forms.ValidationError("A price begins today or later.")
        return day

    def clean_codes(self) -> list[str]:
        """Return the codes."""
        try:
            return read_codes(self.cleaned_data["codes"])
        except NotACode as error:
            raise forms.ValidationError(str(error)) from error

    def clean_excise_millilitres(self) -> int:
        """Return 0 where nothing was typed: most products bear no duty."""
        return self.cleaned_data["excise_millilitres"] or 0

    def clean(self) -> dict[str, Any]:
        """Refuse a sales account that the business does not have as income, and codes of others."""
        cleaned = super().clean() or self.cleaned_data
        business = self.instance.business if self.instance.pk else cleaned.get("business")
        code = cleaned.get("sales_account")
        accounts = Account.objects.filter(business=business, code=code, kind=AccountKind.INCOME)
        if business and code and not accounts.exists():
            self.add_error("sales_account", f"{business} has no income account {code}.")
        if business and (taken := taken_code(business, cleaned.get("codes", ()), self.instance.pk)):
            self.add_error("codes", f"{taken.product} has the code {taken.code} already.")
        return cleaned


@admin.register(Product)
class ProductAdmin(OnlyShownLookups, admin.ModelAdmin):
    form = ProductForm
    list_display = ("name", "business", "price_today", "unit", "tax_class", "is_active")
    list_filter = (("business", OfMine), "is_active")
    list_select_related = ("business",)
    search_fields = ("name", "=barcodes__code")
    ordering = ("business__name", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        rows = super().get_queryset(request).filter(business__in=_mine(request))
        return at_prices_of(rows, timezone.localdate())

    def get_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        prices: tuple[str, ...] = ("price", "price_from", "codes")
        if obj:
            may = self.has_change_permission(request, obj)
            prices = ("history", *prices) if may else ("history", "barcodes")
        return (*ProductForm.Meta.fields[:3], *prices, *ProductForm.Meta.fields[3:])

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer what somebody else did a moment earlier with a sentence; nothing is kept then."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (BadPrice, CodeTaken, NotAllowed) as refusal:
            messages.error(request, str(refusal))
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:  # noqa: FBT001 Django's own signature
        super().save_model(request, obj, form, change)
        facts, by = form.cleaned_data, request.user
        assert isinstance(by, User)  # nobody else gets into the admin
        if facts["price"]:
            set_price(
                product=obj,
                price_cents=facts["price"],
                from_day=facts["price_from"],
                by=by,
                now=form.now,
            )
        set_codes(product=obj, codes=facts["codes"], by=by)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "business":
            kwargs["queryset"] = _mine(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        if obj is None:
            return ()
        # What was sold in one business cannot become another's, nor kilograms pieces.
        fixed = ("business", "history", "barcodes")
        return ("unit", *fixed) if has_unit_in_use(obj) else fixed

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False

    @admin.display(description="KES", ordering="today_cents")
    def price_today(self, product: Product) -> str:
        return format_shillings(cents_of(product)) if has_price(product) else "no price"

    @admin.display(description="Prices")
    def history(self, product: Product) -> SafeString:
        """List every price, the latest day first; the one that holds today stands out."""
        prices = list(prices_of(product))
        today = timezone.localdate()
        held = next((price for price in prices if price.from_day <= today), None)
        rows = [
            (
                format_html("<b>{}</b>" if price == held else "{}", format_shillings(cents)),
                date_format(price.from_day, "j M Y"),
                price.set_by or "before",
                date_format(timezone.localtime(price.set_at), "j M Y, H:i"),
            )
            for price in prices
            for cents in [price.price_cents]
        ]
        return format_html(
            "<table><thead><tr><th>KES</th><th>From</th><th>Set by</th><th>On</th></tr></thead>"
            "<tbody>{}</tbody></table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="Barcodes")
    def barcodes(self, product: Product) -> str:
        return ", ".join(product.barcodes.order_by("pk").values_list("code", flat=True)) or "none"


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
    fields = ("name", "quantity", "price", "below", "amount", "tax_class", "vat")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SaleLine]:
        return super().get_queryset(request).select_related("price_by")

    @admin.display
    def quantity(self, line: SaleLine) -> str:
        return f"{format_quantity(line.quantity_milli)} {line.unit}"

    @admin.display(description="Price KES")
    def price(self, line: SaleLine) -> str:
        return format_shillings(line.price_cents)

    @admin.display(description="Below the list")
    def below(self, line: SaleLine) -> str:
        """Return the price of the day that it was not sold at, why, and who sold it so."""
        if line.list_price_cents is None:
            return ""
        return f"{format_shillings(line.list_price_cents)}: {line.price_reason} ({line.price_by})"

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
