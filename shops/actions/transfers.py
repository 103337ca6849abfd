"""Goods that are carried elsewhere: out of one place and into another in one act, value and all.

Levels are locked place by place, in the order of the places, and of items within; books after that,
in the order of their ids. So two transfers that cross wait for one another and never in a ring.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from money.access import Ability
from money.actions.posting import post
from money.actions.transfers import BadTransfer, post_between
from money.cents import format_quantity
from money.drafts import Draft, DraftLine
from money.models import User
from shops.actions.items import BadStock, TooFew, UsedBefore, insist, refuse_later, refuse_part
from shops.actions.levels import Moves, against, locked_levels, make_levels, posted_as
from shops.models import (
    Location,
    StockItem,
    StockLevel,
    StockMoveKind,
    StockTransfer,
    StockTransferLine,
)

MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Carried:
    """What is carried: the item, what it is there (the same within a business), thousandths."""

    item: StockItem
    to_item: StockItem
    quantity_milli: int


def transfer_goods(
    *,
    from_location: Location,
    to_location: Location,
    lines: Sequence[Carried],
    moved_on: date,
    note: str,
    key: str,
    by: User,
    now: datetime,
) -> StockTransfer:
    """Carry goods to another place, of the business or of another one of the same tax person.

    Between businesses: Dr 2900, Cr stock in the one, Dr stock, Cr 2900 in the other, on one day;
    within one nothing is posted. The same `key` carries once. Raises NotAllowed, BadStock, TooFew,
    UsedBefore, and what `post` raises.
    """
    for place in (from_location, to_location):
        insist(Ability.KEEP_STOCK, place.business, by)
    refuse_later(moved_on, now)
    _refuse(from_location, to_location, lines)
    with transaction.atomic():
        levels = _locked(from_location, to_location, lines)
        if first := StockTransfer.objects.filter(key=key).first():
            return _same(first, from_location, to_location, lines)
        transfer = StockTransfer.objects.create(
            from_location=from_location,
            to_location=to_location,
            moved_on=moved_on,
            note=" ".join(note.split())[:200],
            key=key,
            at=now,
            by=by,
        )
        _carry(transfer, lines, levels)
    return transfer


def _refuse(source: Location, target: Location, lines: Sequence[Carried]) -> None:
    if source.pk == target.pk:
        raise BadStock("Choose two different places.")
    if source.business.tax_person_id != target.business.tax_person_id:
        raise BadStock(
            f"{source.business} and {target.business} are taxed apart: goods are sold from one to"
            " the other, with VAT."
        )
    if not 0 < len(lines) <= MOST_LINES:
        raise BadStock(f"A transfer has 1 to {MOST_LINES} lines.")
    if len({line.item.pk for line in lines}) < len(lines):
        raise BadStock("A product is there twice. Write it in one line.")
    for line in lines:
        _refuse_line(source, target, line)


def _refuse_line(source: Location, target: Location, line: Carried) -> None:
    refuse_part(line.item.product, line.quantity_milli)
    if line.item.product.business_id != source.business_id:
        raise BadStock(f"{line.item} is not counted in {source.business}.")
    if line.to_item.product.business_id != target.business_id:
        raise BadStock(f"{line.to_item} is not counted in {target.business}.")
    if source.business_id == target.business_id and line.item != line.to_item:
        raise BadStock(f"{line.item} stays {line.item} within a business.")
    if line.item.product.unit != line.to_item.product.unit:
        raise BadStock(f"{line.item} and {line.to_item} are not counted in the same unit.")


def _same(
    first: StockTransfer, source: Location, target: Location, lines: Sequence[Carried]
) -> StockTransfer:
    """Return the transfer of a key that was used before; raise UsedBefore for another one's."""
    written = first.lines.values_list("item_id", "to_item_id", "quantity_milli")
    sent = {(line.item.pk, line.to_item.pk, line.quantity_milli) for line in lines}
    places = (first.from_location_id, first.to_location_id)
    if places != (source.pk, target.pk) or set(written) != sent:
        raise UsedBefore("This page was used before. Reload it, then write the transfer again.")
    return first


_Levels = dict[tuple[int, int], StockLevel]


def _locked(source: Location, target: Location, lines: Sequence[Carried]) -> _Levels:
    """Return (place id, item id) -> locked level."""
    wanted = {
        source: {line.item.pk for line in lines},
        target: {line.to_item.pk for line in lines},
    }
    places = sorted(wanted, key=lambda place: place.pk)
    for place in places:
        make_levels(place, wanted[place])
    return {
        (place.pk, item_id): level
        for place in places
        for item_id, level in locked_levels(place, wanted[place]).items()
    }


def _carry(transfer: StockTransfer, lines: Sequence[Carried], levels: _Levels) -> None:
    source, target = transfer.from_location, transfer.to_location
    is_within = source.business_id == target.business_id
    reference = transfer.reference
    out = Moves(reference if is_within else f"{reference}:give", transfer.by, transfer.at)
    into = out if is_within else Moves(f"{reference}:take", transfer.by, transfer.at)
    rows = []
    for line in sorted(lines, key=lambda line: line.item.pk):
        level = levels[source.pk, line.item.pk]
        if line.quantity_milli > level.free_milli:
            left = format_quantity(max(level.free_milli, 0))
            raise TooFew(f"{line.item}: {left} can go, the rest is rung up or not there.")
        milli = line.quantity_milli
        cents = out.take(level, milli=milli, kind=StockMoveKind.TRANSFER_OUT)
        there = levels[target.pk, line.to_item.pk]
        into.put(there, milli=milli, cents=cents, kind=StockMoveKind.TRANSFER_IN)
        rows.append(
            StockTransferLine(
                transfer=transfer,
                item=line.item,
                to_item=line.to_item,
                quantity_milli=milli,
                value_cents=cents,
            )
        )
    StockTransferLine.objects.bulk_create(rows)
    out.write()
    if not is_within:
        into.keep_batches_of(out)
        into.write()
        _post_between(transfer, out, into)
    else:
        _post_alone(transfer, out, against(out))


def _post_alone(transfer: StockTransfer, moves: Moves, lines: list[DraftLine]) -> None:
    """Post what the arrival set right where pieces were sold before they came; else nothing is."""
    if not lines:
        return
    draft = Draft(
        business=transfer.to_location.business,
        key=moves.reference,
        occurred_on=transfer.moved_on,
        description=f"Cost set right by transfer {transfer.pk}",
        actor=transfer.by,
        lines=lines,
    )
    post(draft, posted_at=transfer.at)


def _post_between(transfer: StockTransfer, out: Moves, into: Moves) -> None:
    given, taken = _on_stock(out), _on_stock(into)
    if not given:
        # What costs nothing is owed to nobody.
        _post_alone(transfer, into, taken)
        return
    try:
        post_between(
            giver=transfer.from_location.business,
            taker=transfer.to_location.business,
            given=given,
            taken=taken,
            occurred_on=transfer.moved_on,
            description=f"Goods carried, transfer {transfer.pk}",
            key=transfer.reference,
            actor=transfer.by,
            posted_at=transfer.at,
        )
    except BadTransfer as refusal:
        raise BadStock(str(refusal)) from refusal


def _on_stock(moves: Moves) -> list[DraftLine]:
    """Return the lines of moves but for what carries their value: that is 2900.

    What an arrival set right goes to the cost of sales within the business.
    """
    cents: dict[tuple[str, str], int] = {}
    items = {level.item_id: level.item for level in moves.levels.values()}
    for move in moves.rows:
        item = items[move.item_id]
        place = (item.stock_account, "")
        cents[place] = cents.get(place, 0) + move.value_cents
        if move.kind == StockMoveKind.REVALUATION:
            cost = (item.cost_account, "")
            cents[cost] = cents.get(cost, 0) - move.value_cents
    return posted_as(cents)
