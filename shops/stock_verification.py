"""Whether stock, suppliers and the books agree. Reads only, a few statements whatever the volume.

The stock accounts are control accounts: what sales, purchases and losses posted to them is, per
account, what all levels are worth. So is 2000: what purchases and payments of suppliers left there
is what suppliers are owed. Journals and opening balances stand beside that, not looked at here.
`shops.counts_verification` compares the papers of the stock with their moves.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)

from money.cents import format_quantity, format_shillings
from money.chart import STOCK_CODES, Code
from money.models import Business, Entry, Line
from money.snapshot import snapshot
from money.verification import Finding
from shops.batch_verification import verify_batches
from shops.counts_verification import MOST_NAMED, papers_that_differ, sum_of
from shops.models import (
    LineStock,
    LineStockState,
    Purchase,
    SaleState,
    StockLevel,
    StockMove,
    Supplier,
    SupplierPayment,
    SupplierReturn,
)

# The keys of all that moves stock, and of what pays suppliers.
STOCK_FLOWS = (
    "cost:",
    "restock:",
    "purchase:",
    "loss:",
    "opening:",
    "stockcount:",
    "transfer:",
    "supplierreturn:",
)
# A drawer's pay-outs reach 2000 by their reason alone.
SUPPLIER_FLOWS = ("purchase:", "supplier:", "supplierreturn:", "cashmove:")


def verify_stock() -> list[Finding]:
    """Return what does not tie between stock, suppliers and books: MOST_NAMED of each at most."""
    found: list[Finding] = []
    with snapshot():
        found += _levels()
        found += _named(_moves_without_a_level(), "stock of {}: it moved and has no level")
        found += _named(
            _reserved_otherwise(), "stock of {}: other pieces are rung up than reserved"
        )
        found += _named(_reserved_by_ended_sales(), "sale {}: it has ended and holds pieces still")
        found += _named(_moved_otherwise(), "{}: its stock moves are not what it posted")
        found += _named(_posted_without_moves(), "entry {}: there are no such stock moves")
        found += _named(_owed_otherwise(), "supplier {}: owed is not bought less paid and returned")
        found += verify_batches()
        found += papers_that_differ()
        found += _stock_accounts()
        found += _supplier_accounts()
    return found


def _named(rows: Iterable[tuple[str, object]], words: str) -> list[Finding]:
    return [Finding(slug, 0, words.format(name)) for slug, name in rows]


def _levels() -> list[Finding]:
    """Levels that are not the sum of their moves, in pieces or in value."""
    moves = StockMove.objects.filter(item=OuterRef("item"), location=OuterRef("location"))
    rows = StockLevel.objects.annotate(
        milli=sum_of(moves, "item", "quantity_milli"), cents=sum_of(moves, "item", "value_cents")
    ).exclude(milli=F("on_hand_milli"), cents=F("value_cents"))
    return [
        Finding(
            level.location.business.slug,
            0,
            f"stock of {level.item.product} (product {level.item_id}):"
            f" {format_quantity(level.on_hand_milli)}"
            f" for KES {format_shillings(level.value_cents)}, its moves say"
            f" {format_quantity(level.milli)} for KES {format_shillings(level.cents)}",
        )
        for level in rows.select_related("item__product", "location__business").order_by("pk")[
            :MOST_NAMED
        ]
    ]


def _moves_without_a_level() -> Iterator[tuple[str, str]]:
    """Moves at a place where their item has no level."""
    levels = StockLevel.objects.filter(item=OuterRef("item"), location=OuterRef("location"))
    rows = StockMove.objects.filter(~Exists(levels)).order_by("item").distinct()
    return iter(rows.values_list("location__business__slug", "item__product__name")[:MOST_NAMED])


def _reserved_otherwise() -> Iterator[tuple[str, str]]:
    """Levels whose reserved pieces are not those of the lines that hold some."""
    lines = LineStock.objects.filter(
        item=OuterRef("item"), location=OuterRef("location"), state=LineStockState.RESERVED
    )
    rows = StockLevel.objects.annotate(held=sum_of(lines, "item", "quantity_milli"))
    rows = rows.exclude(held=F("reserved_milli")).order_by("pk")
    return iter(rows.values_list("location__business__slug", "item__product__name")[:MOST_NAMED])


def _reserved_by_ended_sales() -> Iterator[tuple[str, int]]:
    """Sales that are not open, and whose pieces wait for them still."""
    rows = LineStock.objects.filter(state=LineStockState.RESERVED)
    rows = rows.exclude(line__sale__state=SaleState.OPEN).order_by("line__sale").distinct()
    return iter(rows.values_list("line__sale__business__slug", "line__sale")[:MOST_NAMED])


def _on_stock_accounts() -> QuerySet[Line]:
    """Return the lines on accounts of the chart's stock, or accounts under them."""
    return Line.objects.filter(
        reduce(or_, (Q(account__code__startswith=code) for code in STOCK_CODES))
    )


def _moved_otherwise() -> Iterator[tuple[str, str]]:
    """References of moves whose value is not what their entry has on the stock accounts."""
    lines = _on_stock_accounts().filter(entry__key=OuterRef("reference"))
    rows = (
        StockMove.objects.order_by()
        .values("location__business__slug", "reference")
        .annotate(moved=Sum("value_cents"), posted=sum_of(lines, "entry", "amount_cents"))
        .exclude(moved=F("posted"))
        .order_by("reference")
    )
    return iter(rows.values_list("location__business__slug", "reference")[:MOST_NAMED])


def _posted_without_moves() -> Iterator[tuple[str, str]]:
    """Entries of the stock flows that no moves refer to; by EXCEPT, which reads each side once."""
    is_a_flow = reduce(or_, (Q(key__startswith=prefix) for prefix in STOCK_FLOWS))
    posted = Entry.objects.filter(is_a_flow).order_by().values_list("key")
    moved = StockMove.objects.order_by().values_list("reference")
    keys = [key for (key,) in posted.difference(moved).order_by("key")[:MOST_NAMED]]
    rows = Entry.objects.filter(key__in=keys).order_by("pk")
    return iter(rows.values_list("business__slug", "key"))


def _owed_otherwise() -> Iterator[tuple[str, str]]:
    """Suppliers that are owed other than bought on credit less paid and sent back on account."""
    bought = Purchase.objects.filter(supplier=OuterRef("pk"), paid_from="")
    paid = SupplierPayment.objects.filter(supplier=OuterRef("pk"))
    gone = SupplierReturn.objects.filter(purchase__supplier=OuterRef("pk"), paid_to="")
    rows = Supplier.objects.annotate(
        gone=sum_of(gone, "purchase__supplier", "total_cents"),
        owed=sum_of(bought, "supplier", "total_cents")
        - sum_of(paid, "supplier", "amount_cents")
        - F("gone"),
    )
    rows = rows.exclude(owed=F("owed_cents"), gone=F("returned_cents")).order_by("pk")
    return iter(rows.values_list("business__slug", "name")[:MOST_NAMED])


def _stock_accounts() -> list[Finding]:
    """Compare, per business and account, what levels are worth with what their flows left there."""
    is_a_flow = reduce(or_, (Q(entry__key__startswith=prefix) for prefix in STOCK_FLOWS))
    lines = _on_stock_accounts().filter(is_a_flow).order_by()
    posted = {
        (slug, code): cents
        for slug, code, cents in lines.values_list(
            "entry__business__slug", "account__code"
        ).annotate(cents=Sum("amount_cents"))
    }
    levels = StockLevel.objects.order_by()
    worth = {
        (slug, code): cents
        for slug, code, cents in levels.values_list(
            "location__business__slug", "item__stock_account"
        ).annotate(cents=Sum("value_cents"))
    }
    return [
        Finding(
            slug,
            0,
            f"stock is worth KES {format_shillings(worth.get((slug, code), 0))},"
            f" account {code} says KES {format_shillings(posted.get((slug, code), 0))}",
        )
        for slug, code in sorted({*posted, *worth})
        if posted.get((slug, code), 0) != worth.get((slug, code), 0)
    ]


def _supplier_accounts() -> list[Finding]:
    """Compare, per business, what suppliers are owed with what their flows left on 2000."""
    is_a_flow = reduce(or_, (Q(entry__key__startswith=prefix) for prefix in SUPPLIER_FLOWS))
    lines = Line.objects.filter(is_a_flow, account__code=Code.SUPPLIERS).order_by()
    posted = dict(lines.values_list("entry__business_id").annotate(cents=Sum("amount_cents")))
    suppliers = Supplier.objects.order_by()
    owed = dict(suppliers.values_list("business_id").annotate(cents=Sum("owed_cents")))
    return [
        Finding(
            business.slug,
            0,
            f"suppliers are owed KES {format_shillings(owed.get(business.pk, 0))},"
            f" account 2000 says KES {format_shillings(-posted.get(business.pk, 0))}",
        )
        for business in Business.objects.order_by("pk")
        if owed.get(business.pk, 0) != -posted.get(business.pk, 0)
    ]
