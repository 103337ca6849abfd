"""Purchases, moves and counts in the admin, to be read: pages of the stock write them."""

from django.contrib import admin

from money.admin import OfMine, ReadOnly, Scoped
from money.cents import format_quantity, format_shillings
from shops.models import Purchase, PurchaseLine, StockCount, StockCountLine, StockMove


class PurchaseLineInline(ReadOnly, admin.TabularInline):
    model = PurchaseLine
    fields = ("item", "quantity", "net", "vat", "tax_class")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    @admin.display
    def quantity(self, line: PurchaseLine) -> str:
        return format_quantity(line.quantity_milli)

    @admin.display(description="Net KES")
    def net(self, line: PurchaseLine) -> str:
        return format_shillings(line.net_cents)

    @admin.display(description="VAT KES")
    def vat(self, line: PurchaseLine) -> str:
        return format_shillings(line.vat_cents)


@admin.register(Purchase)
class PurchaseAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("id", "business", "supplier", "number", "total", "bought_on", "by")
    list_filter = (("business", OfMine), "bought_on")
    list_select_related = ("business", "supplier", "by")
    search_fields = ("=number", "supplier__name")
    ordering = ("-pk",)
    inlines = (PurchaseLineInline,)

    @admin.display(description="KES", ordering="total_cents")
    def total(self, purchase: Purchase) -> str:
        return format_shillings(purchase.total_cents)


@admin.register(StockMove)
class StockMoveAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    business_path = "location__business"
    list_display = ("id", "item", "location", "kind", "quantity", "value", "reference", "at", "by")
    list_filter = (("location__business", OfMine), "kind", "at")
    list_select_related = ("item__product", "location", "by")
    search_fields = ("item__product__name", "=reference")
    ordering = ("-pk",)

    @admin.display
    def quantity(self, move: StockMove) -> str:
        return format_quantity(move.quantity_milli)

    @admin.display(description="KES")
    def value(self, move: StockMove) -> str:
        return format_shillings(move.value_cents)


class StockCountLineInline(ReadOnly, admin.TabularInline):
    model = StockCountLine
    fields = ("item", "counted", "difference", "value", "counted_by", "counted_at")
    readonly_fields = fields
    extra = 0
    ordering = ("pk",)

    @admin.display
    def counted(self, line: StockCountLine) -> str:
        return "" if line.counted_milli is None else format_quantity(line.counted_milli)

    @admin.display
    def difference(self, line: StockCountLine) -> str:
        return "" if line.difference_milli is None else format_quantity(line.difference_milli)

    @admin.display(description="KES")
    def value(self, line: StockCountLine) -> str:
        return "" if line.value_cents is None else format_shillings(line.value_cents)


@admin.register(StockCount)
class StockCountAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("id", "business", "location", "started_by", "started_at", "closed_at")
    list_filter = (("business", OfMine), "started_at")
    list_select_related = ("business", "location", "started_by")
    ordering = ("-pk",)
    fields = ("business", "location", "started_by", "started_at", "closed_by", "closed_at")
    inlines = (StockCountLineInline,)
