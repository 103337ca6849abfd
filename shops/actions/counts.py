"""Stock counts: begun, counted blind line by line by whoever is there, closed with one entry.

A line keeps what the books had at the moment it was typed. Its difference is of that moment, so
what is sold or received before the count is closed makes none. Pieces that are rung up and not paid
are on hand still: they are counted too.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import BigIntegerField, F, Q, QuerySet
from django.utils import timezone

from money.access import Ability
from money.actions.posting import post
from money.cents import MILLI, divide_half_up, format_quantity, line_total
from money.chart import Code
from money.drafts import Draft
from money.models import Business, User
from shops.actions.items import BadStock, NotAllowed, UsedBefore, insist
from shops.actions.levels import Moves, against, locked_levels
from shops.models import (
    Location,
    StockCount,
    StockCountLine,
    StockItem,
    StockLevel,
    StockMoveKind,
    Unit,
)
from shops.queries.counts import items_below_reorder, may_count
from shops.queries.stock import MOST_WORDS

ALL, LOW = "all", "low"
MOST_LINES = 10_000
MOST_COUNTED_MILLI = 10_000_000_000


class NotCounted(BadStock):
    """The count cannot go on like this; the message says what to do."""


def start_count(
    *, location: Location, what: str, words: str, key: str, by: User, now: datetime
) -> StockCount:
    """Begin to count a place: all of it, what is LOW, or products whose names hold every word.

    The same `key` begins once. Raises NotAllowed, BadStock, UsedBefore.
    """
    business = location.business
    insist(Ability.KEEP_STOCK, business, by)
    with transaction.atomic():
        place = Location.objects.select_for_update(no_key=True).get(pk=location.pk)
        if first := StockCount.objects.filter(key=key).first():
            if first.location_id != place.pk:
                raise UsedBefore("This page was used before. Reload it, then begin again.")
            return first
        if StockCount.objects.filter(location=place, closed_at=None).exists():
            raise NotCounted(f"{place} is being counted already. Go on with that count.")
        count = StockCount.objects.create(
            business=business, location=place, key=key, started_by=by, started_at=now
        )
        if not _add(count, what, words):
            raise NotCounted("Nothing that is counted is like that. Choose something else.")
    return count


def add_lines(*, count_id: int, business: Business, what: str, words: str, by: User) -> int:
    """Add products to an open count; return how many are new in it. Raises NotAllowed, BadStock."""
    insist(Ability.KEEP_STOCK, business, by)
    with transaction.atomic():
        return _add(_locked(count_id, business), what, words)


def _add(count: StockCount, what: str, words: str) -> int:
    """Add what is chosen and not in the count yet; return how many lines there are more."""
    rows = _chosen(count, what, words).exclude(pk__in=count.lines.values("item"))
    items = list(rows.order_by("pk").values_list("pk", flat=True))
    if len(items) + count.lines.count() > MOST_LINES:
        raise NotCounted(f"A count has at most {MOST_LINES:,} products. Choose some by words.")
    StockCountLine.objects.bulk_create(StockCountLine(count=count, item_id=pk) for pk in items)
    return len(items)


def _chosen(count: StockCount, what: str, words: str) -> QuerySet[StockItem]:
    """Return what is sold still, or lies at the place; a part of it by words or by what is low."""
    there = StockLevel.objects.filter(location=count.location).exclude(on_hand_milli=0)
    rows = StockItem.objects.filter(product__business=count.business)
    rows = rows.filter(Q(product__is_active=True) | Q(pk__in=there.values("item")))
    if what == LOW:
        return rows.filter(pk__in=items_below_reorder(count.business))
    if what == ALL:
        return rows
    typed = words.split()[:MOST_WORDS]
    if not typed:
        raise NotCounted("Write a part of the names of what you count, or choose all.")
    for word in typed:
        rows = rows.filter(product__name__icontains=word)
    return rows


def write_counted(
    *,
    count_id: int,
    business: Business,
    counted: Mapping[int, int | None],
    by: User,
    now: datetime,
) -> None:
    """Write what was counted: line id -> thousandths, None for not counted after all.

    Each line keeps what the books have there at this moment. Raises NotAllowed, BadStock.
    """
    if not may_count(by, business):
        raise NotAllowed("Your role does not allow this. Ask the manager or the owner.")
    with transaction.atomic():
        count = _locked(count_id, business)
        lines = list(
            count.lines.filter(pk__in=[pk for pk in counted if pk <= BigIntegerField.MAX_BIGINT])
            .select_related("item__product")
            .order_by("pk")
        )
        if len(lines) != len(counted):
            raise NotCounted("A product of this page is not in the count. Reload the page.")
        levels = StockLevel.objects.filter(location=count.location)
        seen = dict(
            levels.filter(item__in=[line.item_id for line in lines]).values_list(
                "item", "on_hand_milli"
            )
        )
        for line in lines:
            milli = counted[line.pk]
            if milli == line.counted_milli:
                # A page that is sent twice is no second count; who counts again empties it first.
                continue
            _refuse_figure(line, milli)
            is_counted = milli is not None
            line.counted_milli = milli
            line.seen_milli = seen.get(line.item_id, 0) if is_counted else None
            line.counted_by, line.counted_at = (by, now) if is_counted else (None, None)
        StockCountLine.objects.bulk_update(
            lines, ["counted_milli", "seen_milli", "counted_by", "counted_at"]
        )


def _refuse_figure(line: StockCountLine, milli: int | None) -> None:
    if milli is None:
        return
    if not 0 <= milli <= MOST_COUNTED_MILLI:
        raise NotCounted(f"{line.item}: write how many there are.")
    if line.item.product.unit == Unit.PIECE and milli % MILLI:
        raise NotCounted(f"{line.item} is counted in whole pieces. Write 0, 1 or 2.")


def close_count(
    *, count_id: int, business: Business, leaves_rest: bool, by: User, now: datetime
) -> StockCount:
    """Close a count and post its differences at the average cost, in one entry.

    Dr stock losses, Cr stock where pieces are missing; the other way where there are more. What
    was not counted stays as the books have it, where `leaves_rest` says so. A closed count is
    returned as it is. Raises NotAllowed, BadStock, and what `post` raises.
    """
    insist(Ability.KEEP_STOCK, business, by)
    with transaction.atomic():
        rows = StockCount.objects.select_for_update(of=("self",)).select_related("location")
        count = rows.filter(pk=count_id, business=business).first()
        if count is None:
            raise NotCounted("There is no such count here.")
        if not count.is_open:
            return count
        left = count.lines.filter(counted_milli=None).count()
        if left and not leaves_rest:
            raise NotCounted(f"{left} of {count.lines.count()} are not counted yet.")
        moves = _moved(count, by, now)
        count.closed_by, count.closed_at = by, now
        count.save(update_fields=["closed_by", "closed_at"])
        _post(count, moves, by, now)
    return count


def _moved(count: StockCount, by: User, now: datetime) -> Moves:
    """Write the difference of each counted line, and its move where there is one."""
    count.lines.filter(counted_milli=F("seen_milli")).update(difference_milli=0, value_cents=0)
    rows = count.lines.filter(counted_milli__isnull=False, difference_milli=None)
    lines = list(rows.order_by("item"))
    levels = locked_levels(count.location, [line.item_id for line in lines])
    moves = Moves(reference=count.reference, by=by, at=now)
    for line in lines:
        level = levels[line.item_id]
        assert line.counted_milli is not None  # by the filter above; a constraint knows the other
        assert line.seen_milli is not None
        line.difference_milli = line.counted_milli - line.seen_milli
        line.value_cents = _moved_line(moves, level, line.difference_milli)
    moves.write()
    StockCountLine.objects.bulk_update(lines, ["difference_milli", "value_cents"], batch_size=500)
    return moves


def _moved_line(moves: Moves, level: StockLevel, milli: int) -> int:
    """Move one difference over its locked level; return its signed cents."""
    if milli < 0:
        if not level.allows_negative and -milli > level.free_milli:
            raise NotCounted(_said(level, milli))
        return -moves.take(level, milli=-milli, kind=StockMoveKind.COUNT)
    cents = worth(level, milli)
    moves.put(level, milli=milli, cents=cents, kind=StockMoveKind.COUNT)
    return cents


def worth(level: StockLevel, milli: int) -> int:
    """Return what pieces that were found are worth: the average there, else the last cost."""
    if level.on_hand_milli > 0:
        return divide_half_up(level.value_cents * milli, level.on_hand_milli)
    return line_total(level.unit_cost_cents, milli)


def _said(level: StockLevel, milli: int) -> str:
    missing, held = format_quantity(-milli), format_quantity(level.reserved_milli)
    if level.reserved_milli and level.on_hand_milli + milli >= 0:
        return (
            f"{level.item}: {missing} are missing, and {held} are rung up and not paid. Let a sale"
            " be paid or cancelled, then close the count."
        )
    return f"{level.item} was counted and then sold below that. Count it again, then close."


def _post(count: StockCount, moves: Moves, by: User, now: datetime) -> None:
    lines = against(moves, Code.STOCK_LOSSES)
    if not lines:
        return
    draft = Draft(
        business=count.business,
        key=count.reference,
        occurred_on=timezone.localdate(now),
        description=f"Stock counted: {count.location}"[:200],
        source=f"stock count {count.pk}",
        actor=by,
        lines=lines,
    )
    post(draft, posted_at=now)


def _locked(count_id: int, business: Business) -> StockCount:
    """Return an open count, locked until the transaction ends. Raises NotCounted."""
    rows = StockCount.objects.select_for_update(of=("self",)).select_related("location")
    count = rows.filter(pk=count_id, business=business).first()
    if count is None:
        raise NotCounted("There is no such count here.")
    if not count.is_open:
        raise NotCounted("This count is closed. What it found is frozen.")
    return count
