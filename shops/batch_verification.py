"""Whether batches say what their levels say, and recipes use what is counted. Reads only.

A part of `verify_stock`, which runs it within its snapshot.
"""

from collections.abc import Iterable, Iterator

from django.db.models import F, OuterRef

from money.verification import Finding
from shops.counts_verification import MOST_NAMED, sum_of
from shops.models import (
    BatchLevel,
    BatchMove,
    LineBatch,
    LineStock,
    LineStockState,
    Recipe,
    StockItem,
    StockLevel,
)


def verify_batches() -> list[Finding]:
    """Return what does not tie between batches, levels and recipes; MOST_NAMED of each at most."""
    found: list[Finding] = []
    found += _named(_levels_otherwise(), "stock of {}: its batches are not what lies there")
    found += _named(_kept_otherwise(), "stock of {}: it and its level keep batches otherwise")
    found += _named(_moved_otherwise(), "a batch of {}: it is not the sum of its moves")
    found += _named(_reserved_otherwise(), "a batch of {}: other pieces are rung up than reserved")
    found += _named(_lines_otherwise(), "sale {}: its batches are not what it took")
    found += _named(_counted_too(), "recipe of {}: the product is counted itself")
    return found


def _named(rows: Iterable[tuple[str, object]], words: str) -> list[Finding]:
    return [Finding(slug, 0, words.format(name)) for slug, name in rows]


def _levels_otherwise() -> Iterator[tuple[str, str]]:
    """Levels that keep batches and hold or reserve other than these together."""
    batches = BatchLevel.objects.filter(batch__item=OuterRef("item"), location=OuterRef("location"))
    rows = StockLevel.objects.filter(keeps_batches=True).annotate(
        there=sum_of(batches, "batch__item", "on_hand_milli"),
        held=sum_of(batches, "batch__item", "reserved_milli"),
    )
    rows = rows.exclude(there=F("on_hand_milli"), held=F("reserved_milli")).order_by("pk")
    return iter(rows.values_list("location__business__slug", "item__product__name")[:MOST_NAMED])


def _kept_otherwise() -> Iterator[tuple[str, str]]:
    rows = StockLevel.objects.exclude(keeps_batches=F("item__keeps_batches")).order_by("pk")
    return iter(rows.values_list("location__business__slug", "item__product__name")[:MOST_NAMED])


def _moved_otherwise() -> Iterator[tuple[str, str]]:
    moves = BatchMove.objects.filter(batch=OuterRef("batch"), location=OuterRef("location"))
    rows = BatchLevel.objects.annotate(moved=sum_of(moves, "batch", "quantity_milli"))
    rows = rows.exclude(moved=F("on_hand_milli")).order_by("pk")
    names = "location__business__slug", "batch__item__product__name"
    return iter(rows.values_list(*names)[:MOST_NAMED])


def _reserved_otherwise() -> Iterator[tuple[str, str]]:
    lines = LineBatch.objects.filter(
        batch=OuterRef("batch"),
        held__location=OuterRef("location"),
        held__state=LineStockState.RESERVED,
    )
    rows = BatchLevel.objects.annotate(held=sum_of(lines, "batch", "quantity_milli"))
    rows = rows.exclude(held=F("reserved_milli")).order_by("pk")
    names = "location__business__slug", "batch__item__product__name"
    return iter(rows.values_list(*names)[:MOST_NAMED])


def _lines_otherwise() -> Iterator[tuple[str, int]]:
    """Sales a line of which took batches, and other pieces of them than of the item."""
    parts = LineBatch.objects.filter(held=OuterRef("pk"))
    rows = LineStock.objects.filter(batches__isnull=False).distinct()
    rows = rows.annotate(parts=sum_of(parts, "held", "quantity_milli"))
    rows = rows.exclude(parts=F("quantity_milli")).order_by("line__sale")
    return iter(rows.values_list("line__sale__business__slug", "line__sale")[:MOST_NAMED])


def _counted_too() -> Iterator[tuple[str, str]]:
    counted = StockItem.objects.values("product")
    rows = Recipe.objects.filter(product__in=counted).order_by("pk")
    return iter(rows.values_list("product__business__slug", "product__name")[:MOST_NAMED])
