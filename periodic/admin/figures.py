"""What each day came to, in the admin: seen by who sees the books, changed by nobody."""

from django.contrib import admin

from money.admin import OfMine, ReadOnly, Scoped
from money.cents import format_shillings
from periodic.models import DailyFigures


@admin.register(DailyFigures)
class DailyFiguresAdmin(Scoped, ReadOnly, admin.ModelAdmin):
    list_display = ("day", "business", "sales", "profit", "cash", "stock", "customers", "suppliers")
    list_filter = (("business", OfMine), "day")
    list_select_related = ("business",)
    ordering = ("-day", "business__name")
    date_hierarchy = "day"

    @admin.display(description="Sales KES", ordering="sales_cents")
    def sales(self, row: DailyFigures) -> str:
        return format_shillings(row.sales_cents)

    @admin.display(description="Profit KES", ordering="profit_cents")
    def profit(self, row: DailyFigures) -> str:
        return format_shillings(row.profit_cents)

    @admin.display(description="Cash and safe KES", ordering="cash_cents")
    def cash(self, row: DailyFigures) -> str:
        return format_shillings(row.cash_cents)

    @admin.display(description="Stock KES", ordering="stock_cents")
    def stock(self, row: DailyFigures) -> str:
        return format_shillings(row.stock_cents)

    @admin.display(description="Customers owe KES", ordering="customers_cents")
    def customers(self, row: DailyFigures) -> str:
        return format_shillings(row.customers_cents)

    @admin.display(description="Owed to suppliers KES", ordering="suppliers_cents")
    def suppliers(self, row: DailyFigures) -> str:
        return format_shillings(row.suppliers_cents)
