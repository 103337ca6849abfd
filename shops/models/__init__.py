"""What a shop keeps: goods, sales with their lines and tenders, drawers and their sessions.

`stock` is what lies where and what it cost, `batches` the same by best-before day, `recipes` what
a product is made of, `purchases` what was bought of whom. Amounts are cents,
tax included; quantities are thousandths of a unit.
"""

from shops.models.batches import Batch, BatchLevel, BatchMove, LineBatch
from shops.models.cash import (
    CashMove,
    CashSession,
    Drawer,
    FloatSource,
    MoveKind,
    SafeBanking,
    SessionCorrection,
    SessionNote,
)
from shops.models.counter import FastMover, HeldCart, ReceiptPrint
from shops.models.counts import OpeningStock, StockCount, StockCountLine
from shops.models.customers import Customer, CustomerPayment
from shops.models.goods import Barcode, Price, Product, ProductFamily, Unit
from shops.models.purchases import (
    Purchase,
    PurchaseLine,
    Supplier,
    SupplierPayment,
    SupplierReturn,
    SupplierReturnLine,
)
from shops.models.recipes import Recipe, RecipePart
from shops.models.refunds import Refund, RefundLine, RefundTender
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
from shops.models.stock import (
    LineStock,
    LineStockState,
    Location,
    Loss,
    LossReason,
    StockItem,
    StockLevel,
    StockMove,
    StockMoveKind,
)
from shops.models.transfers import StockTransfer, StockTransferLine

__all__ = [
    "OWING",
    "POSTED",
    "Barcode",
    "Batch",
    "BatchLevel",
    "BatchMove",
    "CashMove",
    "CashSession",
    "Customer",
    "CustomerPayment",
    "Drawer",
    "FastMover",
    "FloatSource",
    "HeldCart",
    "LineBatch",
    "LineStock",
    "LineStockState",
    "Location",
    "Loss",
    "LossReason",
    "Method",
    "MoveKind",
    "OpeningStock",
    "Price",
    "Product",
    "ProductFamily",
    "Purchase",
    "PurchaseLine",
    "ReceiptBook",
    "ReceiptPrint",
    "Recipe",
    "RecipePart",
    "Refund",
    "RefundLine",
    "RefundTender",
    "SafeBanking",
    "Sale",
    "SaleLine",
    "SaleState",
    "SessionCorrection",
    "SessionNote",
    "StockCount",
    "StockCountLine",
    "StockItem",
    "StockLevel",
    "StockMove",
    "StockMoveKind",
    "StockTransfer",
    "StockTransferLine",
    "Supplier",
    "SupplierPayment",
    "SupplierReturn",
    "SupplierReturnLine",
    "Tender",
    "Unit",
]
