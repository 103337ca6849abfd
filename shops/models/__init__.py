"""What a shop keeps. `goods` is what it sells, `sales` are sales with their lines and tenders.

Amounts are cents, tax included; quantities are thousandths of a unit.
"""

from shops.models.goods import Product, Unit
from shops.models.sales import (
    OWING,
    POSTED,
    Method,
    ReceiptBook,
    Sale,
    SaleLine,
    SaleState,
    Tender,
)

__all__ = [
    "OWING",
    "POSTED",
    "Method",
    "Product",
    "ReceiptBook",
    "Sale",
    "SaleLine",
    "SaleState",
    "Tender",
    "Unit",
]
