"""Reads of purchases: their lines, what of them went back, and which drawers can pay."""

from django.db.models import Sum

from money.models import Business
from shops.models import (
    CashSession,
    Purchase,
    PurchaseLine,
    Supplier,
    SupplierReturn,
    SupplierReturnLine,
)

MOST_NAMES = 400
# In a form, before the id of the session whose drawer pays.
DRAWER = "drawer:"


def returned_of(purchase: Purchase) -> dict[int, int]:
    """Return line id -> thousandths of it that went back."""
    rows = SupplierReturnLine.objects.filter(line__purchase=purchase).order_by()
    return dict(rows.values_list("line").annotate(milli=Sum("quantity_milli")))


def lines_of(purchase: Purchase) -> list[tuple[PurchaseLine, int]]:
    """Return the lines of a purchase, each with the thousandths that can go back still."""
    gone = returned_of(purchase)
    rows = purchase.lines.select_related("item__product").order_by("pk")
    return [(line, line.quantity_milli - gone.get(line.pk, 0)) for line in rows]


def returns_of(purchase: Purchase) -> list[SupplierReturn]:
    """Return the debit notes of a purchase with their lines, newest first."""
    rows = purchase.returns.select_related("by")
    return list(rows.prefetch_related("lines__line__item__product").order_by("-pk"))


def open_drawers(business: Business) -> list[tuple[str, str]]:
    """Return what a form says for each open drawer, which can pay, and the drawer's name."""
    rows = CashSession.objects.filter(business=business, closed_at=None)
    sessions = rows.select_related("drawer").order_by("pk")
    return [(f"{DRAWER}{session.pk}", session.drawer.name) for session in sessions]


def owed_names(business: Business) -> list[str]:
    """Return the names of suppliers that are owed something."""
    rows = Supplier.objects.filter(business=business, owed_cents__gt=0).order_by("name")
    return list(rows.values_list("name", flat=True)[:MOST_NAMES])
