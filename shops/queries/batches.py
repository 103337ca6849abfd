"""Reads of batches: what lies of each, what expires soon, what is past its day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import F, Min, QuerySet

from money.models import Business
from shops.models import Batch, BatchLevel, BatchMove, StockItem
from shops.models.stock import MOST_WARN_DAYS

PER_PAGE = 50
MOST_WORDS = 5
_FIRST = (F("batch__best_before").asc(nulls_last=True), "batch__item__product__name", "pk")


@dataclass(frozen=True, slots=True)
class Near:
    """What lies of a batch that is near its best-before day or past it on `day`."""

    level: BatchLevel
    day: date

    @property
    def is_expired(self) -> bool:
        return self.level.batch.is_expired(self.day)

    @property
    def is_soon(self) -> bool:
        """Whether its item warns of it, and the day is still to come."""
        return not self.is_expired and _warns(self.level.batch, self.day)

    @property
    def is_sellable(self) -> bool:
        return self.level.batch.is_sellable(self.day)


def _warns(batch: Batch, day: date) -> bool:
    return batch.best_before is not None and batch.best_before <= day + timedelta(
        days=batch.item.warn_days
    )


def _there() -> QuerySet[BatchLevel]:
    rows = BatchLevel.objects.filter(on_hand_milli__gt=0)
    return rows.select_related("batch__item__product", "location", "batch__released_by")


def batches_of(business: Business, *, words: str, page: str) -> "Page[BatchLevel]":
    """Return what lies of every batch of a business, what expires first first."""
    rows = _there().filter(location__business=business)
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(batch__item__product__name__icontains=word)
    return Paginator(rows.order_by(*_FIRST), PER_PAGE).get_page(page)


def seen_on(rows: Iterable[BatchLevel], day: date) -> list[Near]:
    """Return levels as they are to be seen on `day`."""
    return [Near(row, day) for row in rows]


def near_of(businesses: Iterable[Business], day: date) -> dict[int, list[Near]]:
    """Return business id -> what lies there that its item warns of on `day`, expired first."""
    latest = day + timedelta(days=MOST_WARN_DAYS)
    rows = _there().filter(location__business__in=businesses, batch__best_before__lte=latest)
    found: dict[int, list[Near]] = {}
    for row in rows.order_by(*_FIRST):
        if _warns(row.batch, day):
            found.setdefault(row.location.business_id, []).append(Near(row, day))
    return found


def news_of(business: Business, day: date) -> list[Near]:
    """Return what is near its day or past it on `day`, and the owners were not told of yet."""
    return [
        near
        for near in near_of([business], day).get(business.pk, [])
        if (near.level.batch.told_expired_at if near.is_expired else near.level.batch.told_soon_at)
        is None
    ]


def of_item(item: StockItem, day: date) -> list[Near]:
    """Return what lies of the batches of an item, what expires first first."""
    rows = _there().filter(batch__item=item).order_by(*_FIRST)
    return seen_on(rows, day)


def moves_of_batches(item: StockItem, limit: int = 30) -> QuerySet[BatchMove]:
    """Return the last moves of an item's batches, newest first."""
    rows = BatchMove.objects.filter(batch__item=item).select_related("batch", "move", "by")
    return rows.order_by("-pk")[:limit]


def first_days(items: Iterable[StockItem]) -> dict[int, date]:
    """Return item id -> the first best-before day of what lies there, for items that have one."""
    rows = BatchLevel.objects.filter(
        on_hand_milli__gt=0, batch__item__in=items, batch__best_before__isnull=False
    ).order_by()
    return dict(rows.values_list("batch__item").annotate(day=Min("batch__best_before")))
