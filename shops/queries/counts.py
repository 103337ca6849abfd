"""Reads of stock counts: what is being counted, how far it is, and what was found."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from money.access import Ability, businesses_for
from money.models import Business, User
from shops.models import Location, StockCount, StockCountLine, StockItem, StockLevel
from shops.queries.stock import MOST_WORDS

LINES_PER_PAGE = 40
# On paper a page has no end; a sheet of this many lines is some twenty pages.
MOST_ON_PAPER = 2_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a count is: its lines, and those of them that are counted."""

    lines: int
    counted: int

    @property
    def left(self) -> int:
        """How many are not counted yet."""
        return self.lines - self.counted


def may_count(user: User, business: Business) -> bool:
    """Tell whether `user` may write down what was counted: who keeps stock, or sells and sees it.

    Who only reads sees stock too, and counts none.
    """
    if businesses_for(user, Ability.KEEP_STOCK).filter(pk=business.pk).exists():
        return True
    sells = businesses_for(user, Ability.SELL).filter(pk=business.pk).exists()
    return sells and businesses_for(user, Ability.SEE_STOCK).filter(pk=business.pk).exists()


def items_below_reorder(business: Business) -> "QuerySet[StockItem]":
    """Return what is at its reorder level or below, over all places."""
    levels = StockLevel.objects.filter(item=OuterRef("pk")).order_by()
    total = levels.values("item").annotate(total=Sum("on_hand_milli")).values("total")
    rows = StockItem.objects.filter(product__business=business, reorder_milli__gt=0)
    rows = rows.annotate(there=Coalesce(Subquery(total, output_field=BigIntegerField()), 0))
    return rows.filter(there__lte=F("reorder_milli"))


def counts_of(business: Business, limit: int = 30) -> "QuerySet[StockCount]":
    """Return the last counts with `many`, `done` and `cents` of their differences, open first."""
    rows = StockCount.objects.filter(business=business).annotate(
        many=Count("lines"),
        done=Count("lines", filter=Q(lines__counted_milli__isnull=False)),
        cents=Coalesce(Sum("lines__value_cents"), 0),
    )
    rows = rows.select_related("location", "started_by", "closed_by")
    return rows.order_by(F("closed_at").desc(nulls_first=True), "-pk")[:limit]


def open_count_at(location: Location) -> StockCount | None:
    """Return the count of a place that is going on."""
    return StockCount.objects.filter(location=location, closed_at=None).first()


def progress_of(count: StockCount) -> Progress:
    """Return how far a count is."""
    sums = count.lines.aggregate(many=Count("pk"), done=Count("counted_milli"))
    return Progress(sums["many"], sums["done"])


def lines_of(
    count: StockCount, *, words: str, only_left: bool, page: str
) -> "Page[StockCountLine]":
    """Return lines whose product's name holds every word, by name; those not counted, or all."""
    rows = _lines(count)
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(item__product__name__icontains=word)
    if only_left:
        rows = rows.filter(counted_milli=None)
    return Paginator(rows, LINES_PER_PAGE).get_page(page)


def sheet_of(count: StockCount) -> "QuerySet[StockCountLine]":
    """Return the lines of a count for paper, by name."""
    return _lines(count)[:MOST_ON_PAPER]


def differences_of(count: StockCount) -> "QuerySet[StockCountLine]":
    """Return the lines of a closed count that differ, what costs most first."""
    rows = _lines(count).exclude(difference_milli=0).filter(difference_milli__isnull=False)
    return rows.order_by("value_cents", "item__product__name")


def value_of(count: StockCount) -> int:
    """Return the signed cents of all differences of a closed count."""
    return count.lines.aggregate(cents=Sum("value_cents"))["cents"] or 0


def line_of(count: StockCount, line_id: int) -> StockCountLine | None:
    """Return one line of a count."""
    return _lines(count).filter(pk=line_id).first()


def _lines(count: StockCount) -> "QuerySet[StockCountLine]":
    rows = count.lines.select_related("item__product", "counted_by")
    return rows.order_by("item__product__name", "pk")
