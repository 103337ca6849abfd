"""What lies there at the beginning, and the places where goods lie. Cents, and thousandths."""

from datetime import date, datetime

from django.db import transaction

from money.access import Ability
from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import Business, User
from shops.actions.items import BadStock, UsedBefore, insist, refuse_cost, refuse_later, refuse_part
from shops.actions.levels import Moves, against, counter_of, locked_levels
from shops.models import Location, OpeningStock, StockItem, StockLevel, StockMove, StockMoveKind

MOST_PLACES = 20
MOST_NAME = 60


class MovedAlready(BadStock):
    """Something moved at the place: it has no beginning any more, and is counted instead."""


def open_stock(
    *,
    item: StockItem,
    quantity_milli: int,
    value_cents: int,
    counted_on: date,
    key: str,
    by: User,
    now: datetime,
    location: Location | None = None,
) -> OpeningStock:
    """Write what lies of an item at a place, the counter, where nothing moved of it there yet.

    `value_cents` is what all of it cost: Dr stock, Cr opening balances. The same `key` writes once.
    Raises NotAllowed, BadStock, UsedBefore or MovedAlready, and what `post` raises.
    """
    product = item.product
    insist(Ability.KEEP_STOCK, product.business, by)
    refuse_later(counted_on, now)
    refuse_part(product, quantity_milli)
    if value_cents < 0:
        raise BadStock(f"{product}: write what all of it cost.")
    refuse_cost(product, quantity_milli, value_cents)
    with transaction.atomic():
        place = location or counter_of(product.business)
        if place.business_id != product.business_id:
            raise BadStock(f"{place} is a place of another business.")
        level = locked_levels(place, [item.pk])[item.pk]
        if first := OpeningStock.objects.filter(key=key).first():
            written = (first.item_id, first.location_id, first.quantity_milli, first.value_cents)
            if written != (item.pk, place.pk, quantity_milli, value_cents):
                raise UsedBefore("This page was used before. Reload it, then write it again.")
            return first
        if StockMove.objects.filter(item=item, location=place).exists():
            raise MovedAlready(f"{product} moved already at {place}. Count it instead.")
        opening = OpeningStock.objects.create(
            item=item,
            location=place,
            quantity_milli=quantity_milli,
            value_cents=value_cents,
            counted_on=counted_on,
            key=key,
            at=now,
            by=by,
        )
        _book(opening, level)
    return opening


def _book(opening: OpeningStock, level: StockLevel) -> None:
    """Move and post an opening over its locked level; no entry where it cost nothing."""
    moves = Moves(reference=opening.reference, by=opening.by, at=opening.at)
    moves.put(
        level,
        milli=opening.quantity_milli,
        cents=opening.value_cents,
        kind=StockMoveKind.OPENING,
    )
    moves.write()
    lines = against(moves, Code.OPENING_BALANCES)
    if not lines:
        return
    product = opening.item.product
    draft = Draft(
        business=product.business,
        key=opening.reference,
        occurred_on=opening.counted_on,
        description=f"Lay there at the beginning: {product.name}"[:200],
        actor=opening.by,
        lines=lines,
    )
    post(draft, posted_at=opening.at)


def add_place(*, business: Business, name: str, by: User) -> Location:
    """Return the place of this name, made where there is none. Raises NotAllowed, BadStock."""
    insist(Ability.KEEP_STOCK, business, by)
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME:
        raise BadStock(f"Give the place a name of at most {MOST_NAME} letters.")
    with transaction.atomic():
        # Levels are locked place by place: the counter's come first.
        counter_of(business)
        Business.objects.select_for_update(no_key=True).get(pk=business.pk)
        there = Location.objects.filter(business=business)
        if place := there.filter(name__iexact=name).first():
            return place
        if there.count() >= MOST_PLACES:
            raise BadStock(f"A business has at most {MOST_PLACES} places.")
        return Location.objects.create(business=business, name=name)
