"""Batches go where their pieces go: reserved, taken and put beside their level, which is locked.

What expires first goes first. Whoever moves stock need not know of batches: what comes without one
is of the nameless batch, and what goes is taken of those that expire first.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import F, Q

from shops.models import (
    Batch,
    BatchLevel,
    BatchMove,
    LineBatch,
    LineStock,
    StockMove,
    StockMoveKind,
)

# (batch id, thousandths), in the order in which they go or come.
Picks = Sequence[tuple[int, int]]


class NoneFresh(Exception):
    """Of what a line wants, too little is within its best-before day."""

    def __init__(self, held: LineStock, left_milli: int) -> None:
        super().__init__(f"{held.item}: {left_milli} thousandths are within their day")
        self.held, self.left_milli = held, left_milli


def named(item_id: int, code: str, best_before: date | None) -> Batch:
    """Return the batch of this name and day, made where it is new."""
    batch, _ = Batch.objects.get_or_create(item_id=item_id, code=code, best_before=best_before)
    return batch


def first_expired_first(rows: Iterable[BatchLevel]) -> list[BatchLevel]:
    """Return levels in the order in which they go; what has no day goes last."""
    return sorted(
        rows,
        key=lambda row: (
            row.batch.best_before is None,
            row.batch.best_before or date.max,
            row.batch_id,
        ),
    )


def reserve_batches(rows: Sequence[LineStock], day: date) -> None:
    """Lay aside what new rows of lines take of batches that may be sold on `day`, at one place.

    Their levels are locked. Raises NoneFresh.
    """
    if not rows:
        return
    there = BatchLevel.objects.filter(
        batch__item__in={row.item_id for row in rows},
        location=rows[0].location_id,
        on_hand_milli__gt=F("reserved_milli"),
    ).select_related("batch")
    sellable: dict[int, list[BatchLevel]] = defaultdict(list)
    for level in first_expired_first(row for row in there if row.batch.is_sellable(day)):
        sellable[level.batch.item_id].append(level)
    taken: list[LineBatch] = []
    for row in rows:
        free = sum(level.free_milli for level in sellable[row.item_id])
        if free < row.quantity_milli:
            raise NoneFresh(row, free)
        for level, milli in _split(sellable[row.item_id], row.quantity_milli):
            level.reserved_milli += milli
            taken.append(LineBatch(held=row, batch=level.batch, quantity_milli=milli))
    changed = {level.pk: level for levels in sellable.values() for level in levels}
    BatchLevel.objects.bulk_update(changed.values(), ["reserved_milli"])
    LineBatch.objects.bulk_create(taken)


def picks_of(rows: Iterable[LineStock]) -> dict[int, list[tuple[int, int]]]:
    """Return id of a line's stock -> the batches that were laid aside for it."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for part in LineBatch.objects.filter(held__in=[row.pk for row in rows]).order_by("pk"):
        found[part.held_id].append((part.batch_id, part.quantity_milli))
    return found


def unreserve_batches(rows: Sequence[LineStock]) -> dict[int, list[tuple[int, int]]]:
    """Let go of the batches that were laid aside for rows of lines; return them as `picks_of`."""
    picks, held = picks_of(rows), {row.pk: row for row in rows}
    milli: dict[tuple[int, int], int] = defaultdict(int)
    for pk, parts in picks.items():
        for batch_id, quantity in parts:
            milli[batch_id, held[pk].location_id] += quantity
    levels = _levels_at(milli)
    for level in levels:
        level.reserved_milli -= milli[level.batch_id, level.location_id]
    BatchLevel.objects.bulk_update(levels, ["reserved_milli"])
    return picks


def part_of_picks(picks: Picks, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the picks from `begin` to `end` thousandths of all of them, in their order. Pure."""
    found, at = [], 0
    for batch_id, milli in picks:
        if (most := min(end, at + milli) - max(begin, at)) > 0:
            found.append((batch_id, most))
        at += milli
    return found


def follow(moved: Iterable[tuple[StockMove, Picks]]) -> None:
    """Move batches as moves of stock that are just written did, over their locked levels.

    Without picks, and for what these have not, goes first what expires first and is not rung up;
    what comes is of the nameless batch, but what comes from elsewhere of the batches that went.
    """
    rows = [(move, picks) for move, picks in moved if move.quantity_milli]
    places = {(move.item_id, move.location_id) for move, _ in rows}
    wanted = {(batch_id, move.location_id) for move, picks in rows for batch_id, _ in picks}
    levels = {(level.batch_id, level.location_id): level for level in _there(places, wanted)}
    written: list[BatchMove] = []
    sent: dict[int, Picks] = {}
    for move, picks in rows:
        parts: Picks
        if move.quantity_milli < 0:
            parts = _going(move, picks, levels)
            sent[move.item_id] = parts
        else:
            parts = picks or _coming(move, sent.get(move.item_id, ()))
        sign = 1 if move.quantity_milli > 0 else -1
        for number, (batch_id, milli) in enumerate(parts, 1):
            level = _level(levels, batch_id, move.location_id)
            level.on_hand_milli += sign * milli
            written.append(
                BatchMove(
                    batch_id=batch_id,
                    location_id=move.location_id,
                    move=move,
                    quantity_milli=sign * milli,
                    key=f"{move.key}:{number}",
                    by=move.by,
                    at=move.at,
                )
            )
    BatchLevel.objects.bulk_update(levels.values(), ["on_hand_milli"])
    BatchMove.objects.bulk_create(written)


def _there(places: set[tuple[int, int]], wanted: set[tuple[int, int]]) -> "Iterable[BatchLevel]":
    """Return the levels at these (item, place) that hold something, and those that are wanted."""
    rows = BatchLevel.objects.filter(
        Q(on_hand_milli__gt=0) | Q(batch__in={batch_id for batch_id, _ in wanted}),
        batch__item__in={item_id for item_id, _ in places},
        location__in={location_id for _, location_id in places},
    )
    return rows.select_related("batch").order_by("pk")


def _levels_at(places: Iterable[tuple[int, int]]) -> list[BatchLevel]:
    wanted = set(places)
    rows = BatchLevel.objects.filter(
        batch__in={batch_id for batch_id, _ in wanted},
        location__in={location_id for _, location_id in wanted},
    )
    return [row for row in rows if (row.batch_id, row.location_id) in wanted]


def _level(
    levels: dict[tuple[int, int], BatchLevel], batch_id: int, location_id: int
) -> BatchLevel:
    place = (batch_id, location_id)
    if place not in levels:
        levels[place], _ = BatchLevel.objects.select_related("batch").get_or_create(
            batch_id=batch_id, location_id=location_id
        )
    return levels[place]


def _going(
    move: StockMove, picks: Picks, levels: dict[tuple[int, int], BatchLevel]
) -> list[tuple[int, int]]:
    here = [
        level
        for (_, location_id), level in levels.items()
        if location_id == move.location_id and level.batch.item_id == move.item_id
    ]
    parts, left = [], -move.quantity_milli
    for batch_id, wanted in picks:
        chosen = [level for level in here if level.batch_id == batch_id]
        parts += _split(chosen, min(wanted, left))
        left = -move.quantity_milli - sum(milli for _, milli in parts)
    rest = [level for level in here if level.batch_id not in {batch_id for batch_id, _ in picks}]
    parts += _split(first_expired_first(rest), left)
    return [(level.batch_id, milli) for level, milli in parts]


def picks_like(move: StockMove, item_id: int) -> list[tuple[int, int]]:
    """Return the batches of an item that are called as those which a move took out."""
    rows = BatchMove.objects.filter(move=move).select_related("batch").order_by("pk")
    return [
        (named(item_id, row.batch.code, row.batch.best_before).pk, -row.quantity_milli)
        for row in rows
    ]


def _coming(move: StockMove, sent: Picks) -> Picks:
    is_the_same = sum(milli for _, milli in sent) == move.quantity_milli
    if move.kind == StockMoveKind.TRANSFER_IN and sent and is_the_same:
        return sent
    return [(named(move.item_id, "", None).pk, move.quantity_milli)]


def _split(levels: Iterable[BatchLevel], milli: int) -> list[tuple[BatchLevel, int]]:
    """Return how many thousandths go of which level, as far as what is free there reaches."""
    parts = []
    for level in levels:
        if (most := min(milli, level.free_milli)) > 0:
            parts.append((level, most))
            milli -= most
    return parts
