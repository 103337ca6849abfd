"""What keeps batches: from when on, which of them is released, named anew, or written off."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from money.access import Ability
from money.cents import format_quantity
from money.models import Business, User
from shops.actions.batch_levels import named
from shops.actions.items import BadStock, TooFew, UsedBefore, book_loss, insist, refuse_part
from shops.actions.levels import counter_of, locked_levels
from shops.models import (
    Batch,
    BatchLevel,
    BatchMove,
    LineBatch,
    LineStock,
    LineStockState,
    Loss,
    LossReason,
    StockItem,
    StockLevel,
)
from shops.models.stock import MOST_WARN_DAYS

MOST_CODE = 40


def keep_batches(*, item: StockItem, warn_days: int, by: User, now: datetime) -> StockItem:
    """Keep batches of an item from now on, and warn so many days before their best-before day.

    What lies there is of the nameless batch, until `name_pieces` says more. It stays so for good.
    Raises NotAllowed or BadStock.
    """
    insist(Ability.KEEP_STOCK, item.product.business, by)
    if not 0 <= warn_days <= MOST_WARN_DAYS:
        raise BadStock(f"Warn 0 to {MOST_WARN_DAYS} days before.")
    with transaction.atomic():
        item = StockItem.objects.select_for_update(no_key=True).get(pk=item.pk)
        if item.allows_negative:
            raise BadStock(
                f"{item} may be sold before it came: nobody knows the batch of what did not come."
                " Change that first."
            )
        is_new, item.keeps_batches, item.warn_days = not item.keeps_batches, True, warn_days
        item.save(update_fields=["keeps_batches", "warn_days"])
        if is_new:
            _begin(item, by, now)
    return item


def _begin(item: StockItem, by: User, now: datetime) -> None:
    """Put what lies there, and what of it is rung up, into the nameless batch."""
    locked_levels(counter_of(item.product.business), [item.pk])
    levels = list(StockLevel.objects.select_for_update().filter(item=item).order_by("location"))
    StockLevel.objects.filter(item=item).update(keeps_batches=True)
    batch = named(item.pk, "", None)
    there = [level for level in levels if level.on_hand_milli]
    BatchLevel.objects.bulk_create(
        BatchLevel(
            batch=batch,
            location_id=level.location_id,
            on_hand_milli=level.on_hand_milli,
            reserved_milli=level.reserved_milli,
        )
        for level in there
    )
    BatchMove.objects.bulk_create(
        BatchMove(
            batch=batch,
            location_id=level.location_id,
            quantity_milli=level.on_hand_milli,
            key=f"begin:{batch.pk}:{level.location_id}",
            by=by,
            at=now,
        )
        for level in there
    )
    rows = LineStock.objects.filter(item=item, state=LineStockState.RESERVED).order_by("pk")
    LineBatch.objects.bulk_create(
        LineBatch(held=row, batch=batch, quantity_milli=row.quantity_milli) for row in rows
    )


def name_pieces(
    *,
    batch_level_id: int,
    business: Business,
    quantity_milli: int,
    code: str,
    best_before: date | None,
    key: str,
    by: User,
    now: datetime,
) -> Batch:
    """Say of which batch so many thousandths are: none was named, or the wrong one.

    Pieces that are rung up stay where they are. The same `key` does it once. Raises NotAllowed,
    BadStock, UsedBefore or TooFew.
    """
    insist(Ability.KEEP_STOCK, business, by)
    code = " ".join(code.split())[:MOST_CODE]
    with transaction.atomic():
        source = _locked(batch_level_id, business)
        item_id = source.batch.item_id
        if first := BatchMove.objects.filter(key=f"{key}:in").select_related("batch").first():
            done = first.batch
            made = (done.item_id, done.code, done.best_before, first.quantity_milli)
            if made != (item_id, code, best_before, quantity_milli):
                raise UsedBefore("This page was used before. Reload it, then write it again.")
            return done
        refuse_part(source.batch.item.product, quantity_milli)
        if quantity_milli > source.free_milli:
            left = format_quantity(source.free_milli)
            raise TooFew(f"{left} of it are free: the rest is rung up or not there.")
        target = named(item_id, code, best_before)
        if target.pk == source.batch_id:
            raise BadStock("That is the batch it is of already.")
        level, _ = BatchLevel.objects.get_or_create(batch=target, location=source.location)
        source.on_hand_milli -= quantity_milli
        level.on_hand_milli += quantity_milli
        BatchLevel.objects.bulk_update([source, level], ["on_hand_milli"])
        BatchMove.objects.bulk_create(
            BatchMove(
                batch=one.batch,
                location_id=one.location_id,
                quantity_milli=sign * quantity_milli,
                key=f"{key}:{end}",
                by=by,
                at=now,
            )
            for one, sign, end in ((source, -1, "out"), (level, 1, "in"))
        )
    return target


def release_batch(
    *, batch_id: int, business: Business, reason: str, by: User, now: datetime
) -> Batch:
    """Let a batch be sold after its best-before day; who did, and why, stays. Once is enough.

    Raises NotAllowed or BadStock.
    """
    insist(Ability.KEEP_STOCK, business, by)
    reason = " ".join(reason.split())[:200]
    if not reason:
        raise BadStock("Write why it may still be sold.")
    with transaction.atomic():
        rows = Batch.objects.select_for_update().filter(item__product__business=business)
        batch = rows.filter(pk=batch_id).first()
        if batch is None:
            raise BadStock("There is no such batch here.")
        if not batch.released_at:
            batch.released_by, batch.released_at, batch.release_reason = by, now, reason
            batch.save(update_fields=["released_by", "released_at", "release_reason"])
    return batch


def write_off_expired(
    *, batch_level_id: int, business: Business, key: str, by: User, now: datetime
) -> Loss:
    """Take out all that is free of an expired batch: Dr stock losses, Cr stock, at its average.

    The same `key` loses once. Raises NotAllowed, BadStock, UsedBefore or TooFew.
    """
    insist(Ability.KEEP_STOCK, business, by)
    today = timezone.localdate(now)
    with transaction.atomic():
        found = _locked(batch_level_id, business)
        item = found.batch.item
        if first := Loss.objects.filter(key=key).first():
            if first.item_id != item.pk:
                raise UsedBefore("This page was used before. Reload it, then write it off again.")
            return first
        if not found.batch.is_expired(today):
            raise BadStock(
                f"{item}, {found.batch}: that day is not over. Write off a loss instead."
            )
        if found.free_milli <= 0:
            raise TooFew(f"{item}, {found.batch}: nothing of it is free. Cancel the open sale.")
        loss = Loss(
            item=item,
            location=found.location,
            quantity_milli=found.free_milli,
            reason=LossReason.EXPIRED,
            note=str(found.batch)[:200],
            key=key,
            lost_on=today,
            at=now,
            by=by,
        )
        level = locked_levels(found.location, [item.pk])[item.pk]
        book_loss(loss, level, [(found.batch_id, found.free_milli)])
    return loss


def note_told(*, levels: Iterable[BatchLevel], day: date, now: datetime) -> None:
    """Note that the owners were told what these batches are on `day`: near their day, or past it.

    Within the transaction that writes what they are told.
    """
    batches = {level.batch_id: level.batch for level in levels}
    past = [pk for pk, batch in batches.items() if batch.is_expired(day)]
    near = [pk for pk in batches if pk not in set(past)]
    Batch.objects.filter(pk__in=past).update(told_expired_at=now)
    Batch.objects.filter(pk__in=near).update(told_soon_at=now)


def _locked(batch_level_id: int, business: Business) -> BatchLevel:
    """Return a batch's level as it is once the level of its item is locked. Raises BadStock."""
    rows = BatchLevel.objects.filter(batch__item__product__business=business, pk=batch_level_id)
    place = rows.select_related("location", "batch").first()
    if place is None:
        raise BadStock("There is no such batch here.")
    locked_levels(place.location, [place.batch.item_id])
    return rows.select_related("location", "batch__item__product__business").get()
