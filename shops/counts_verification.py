"""Whether the papers of the stock say what its moves did: counts, transfers, what was sent back.

Each paper's pieces and value are those of the moves that refer to it. Reads only.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from money.verification import Finding
from shops.cash_reasons import TO_SUPPLIER
from shops.models import (
    CashMove,
    Loss,
    OpeningStock,
    PurchaseLine,
    StockCountLine,
    StockMove,
    StockMoveKind,
    StockTransfer,
    StockTransferLine,
    SupplierPayment,
    SupplierReturn,
    SupplierReturnLine,
)

MOST_NAMED = 20


def papers_that_differ() -> list[Finding]:
    """Return papers of the stock that say other than its moves, MOST_NAMED of each kind."""
    return [
        Finding(slug, 0, f"{name} {words}")
        for rows, words in (
            (_openings(), "is not what its move brought"),
            (_losses(), "is not what its move took"),
            (_counts(), "is not what its moves set right"),
            (_sent(), "is not what its moves took out"),
            (_arrived(), "is not what its moves brought"),
            (_returns(), "is not what its moves took"),
            (_returned_too_much(), "went back more than was bought"),
            (_drawer_payments(), "is not what the drawer paid"),
            (_unnamed(), "paid a supplier and names none"),
        )
        for slug, name in rows
    ]


def sum_of(rows: QuerySet[Any], by: str, column: str) -> Coalesce:
    """Return the sum of a column over `rows` of one `by`, 0 where there is none."""
    total = rows.order_by().values(by).annotate(sum_of=Sum(column)).values("sum_of")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def _with_moves(model: type[Model], prefix: str, suffix: str = "") -> QuerySet[Any]:
    """Return rows with `moved_milli` and `moved_cents` of the moves that refer to them.

    What a move set right beside is no part of the paper.
    """
    key = Concat(Value(prefix), Cast(OuterRef("pk"), CharField()), Value(suffix))
    moves = StockMove.objects.filter(reference=key).exclude(kind=StockMoveKind.REVALUATION)
    rows: QuerySet[Any] = QuerySet(model).annotate(
        moved_milli=sum_of(moves, "reference", "quantity_milli"),
        moved_cents=sum_of(moves, "reference", "value_cents"),
    )
    return rows


def _named(rows: QuerySet[Any], slug: str, what: str) -> Iterator[tuple[str, str]]:
    for found, pk in rows.order_by("pk").values_list(slug, "pk")[:MOST_NAMED]:
        yield found, f"{what} {pk}"


def _openings() -> Iterator[tuple[str, str]]:
    rows = _with_moves(OpeningStock, "opening:")
    rows = rows.exclude(moved_milli=F("quantity_milli"), moved_cents=F("value_cents"))
    return _named(rows, "location__business__slug", "opening stock")


def _losses() -> Iterator[tuple[str, str]]:
    rows = _with_moves(Loss, "loss:")
    rows = rows.exclude(moved_milli=-F("quantity_milli"), moved_cents=-F("cost_cents"))
    return _named(rows, "location__business__slug", "loss")


def _counts() -> Iterator[tuple[str, str]]:
    """Lines of closed counts whose difference, or what it cost, is other than its move."""
    key = Concat(Value("stockcount:"), Cast(OuterRef("count_id"), CharField()))
    moves = StockMove.objects.filter(reference=key, item=OuterRef("item"))
    moves = moves.exclude(kind=StockMoveKind.REVALUATION)
    rows = StockCountLine.objects.filter(count__closed_at__isnull=False).annotate(
        moved_milli=sum_of(moves, "reference", "quantity_milli"),
        moved_cents=sum_of(moves, "reference", "value_cents"),
        said_milli=Coalesce(F("difference_milli"), 0),
        said_cents=Coalesce(F("value_cents"), 0),
    )
    rows = rows.exclude(moved_milli=F("said_milli"), moved_cents=F("said_cents"))
    return _named(rows, "count__business__slug", "line of a stock count")


def _transfers(suffix: str) -> QuerySet[Any]:
    lines = StockTransferLine.objects.filter(transfer=OuterRef("pk"))
    rows: QuerySet[Any] = _with_moves(StockTransfer, "transfer:", suffix).annotate(
        said_milli=sum_of(lines, "transfer", "quantity_milli"),
        said_cents=sum_of(lines, "transfer", "value_cents"),
    )
    return rows


IS_WITHIN = Q(from_location__business=F("to_location__business"))


def _sent() -> Iterator[tuple[str, str]]:
    """Transfers to another business that took out other than they say."""
    rows = _transfers(":give").exclude(IS_WITHIN)
    rows = rows.exclude(moved_milli=-F("said_milli"), moved_cents=-F("said_cents"))
    return _named(rows, "from_location__business__slug", "transfer")


def _arrived() -> Iterator[tuple[str, str]]:
    """Transfers that brought other than they say; within a business both sides bear one key."""
    came = StockMove.objects.filter(
        reference__in=[
            Concat(Value("transfer:"), Cast(OuterRef("pk"), CharField())),
            Concat(Value("transfer:"), Cast(OuterRef("pk"), CharField()), Value(":take")),
        ],
        kind=StockMoveKind.TRANSFER_IN,
    )
    rows = _transfers("").annotate(
        came_milli=sum_of(came, "location", "quantity_milli"),
        came_cents=sum_of(came, "location", "value_cents"),
    )
    rows = rows.exclude(
        came_milli=F("said_milli"), came_cents=F("said_cents"), moved_milli=0, moved_cents=0
    )
    return _named(rows, "to_location__business__slug", "transfer")


def _returns() -> Iterator[tuple[str, str]]:
    """Debit notes that are other than their lines, or than their moves."""
    lines = SupplierReturnLine.objects.filter(supplier_return=OuterRef("pk"))
    rows = _with_moves(SupplierReturn, "supplierreturn:").annotate(
        said_milli=sum_of(lines, "supplier_return", "quantity_milli"),
        said_cents=sum_of(lines, "supplier_return", "cost_cents"),
        net_cents=sum_of(lines, "supplier_return", "net_cents"),
        tax_cents=sum_of(lines, "supplier_return", "vat_cents"),
    )
    rows = rows.exclude(
        moved_milli=-F("said_milli"),
        moved_cents=-F("said_cents"),
        vat_cents=F("tax_cents"),
        total_cents=F("net_cents") + F("tax_cents"),
    )
    return _named(rows, "purchase__business__slug", "debit note")


def _returned_too_much() -> Iterator[tuple[str, str]]:
    """Lines of purchases of which more went back than was bought."""
    gone = SupplierReturnLine.objects.filter(line=OuterRef("pk"))
    rows = PurchaseLine.objects.annotate(gone=sum_of(gone, "line", "quantity_milli"))
    rows = rows.filter(gone__gt=F("quantity_milli"))
    return _named(rows, "purchase__business__slug", "purchase line")


def _drawer_payments() -> Iterator[tuple[str, str]]:
    """Payments out of a drawer whose cash move is of another amount, reason, drawer or business."""
    rows = SupplierPayment.objects.filter(cash_move__isnull=False).exclude(
        cash_move__amount_cents=F("amount_cents"),
        cash_move__reason=TO_SUPPLIER.code,
        cash_move__account_code=TO_SUPPLIER.account_code,
        cash_move__session__drawer__account_code=F("paid_from"),
        cash_move__session__business=F("supplier__business"),
    )
    return _named(rows, "supplier__business__slug", "payment of a supplier")


def _unnamed() -> Iterator[tuple[str, str]]:
    """Cash moves that paid a supplier, and no supplier was paid by them."""
    named = SupplierPayment.objects.filter(cash_move=OuterRef("pk"))
    rows = CashMove.objects.filter(~Exists(named), account_code=TO_SUPPLIER.account_code)
    return _named(rows, "session__business__slug", "cash move")
