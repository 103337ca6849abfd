"""Pieces of a sale: reserved when it is rung up, taken when it is paid, given back when it ends.

What is rung up is locked away from other counters, so that a payment never finds an empty shelf.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from money.cents import MILLI, divide_half_up, format_quantity
from money.drafts import Draft, DraftLine
from money.models import User
from shops.actions.batch_levels import (
    NoneFresh,
    part_of_picks,
    picks_of,
    reserve_batches,
    unreserve_batches,
)
from shops.actions.levels import Moves, against, counter_of, locked_levels
from shops.cart import BadCart
from shops.models import (
    LineStock,
    LineStockState,
    RecipePart,
    Refund,
    RefundLine,
    Sale,
    SaleLine,
    StockItem,
    StockLevel,
    StockMoveKind,
    Unit,
)


class SoldOut(BadCart):
    """Less is left of a product than the cart holds; the message names it and what is left."""


class Expired(SoldOut):
    """What is left of a product is past its best-before day, and no manager has released it."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What a line takes of an item: itself, or a part of its recipe. Thousandths.

    `cost_account` is the recipe's, empty for the item's own.
    """

    line: SaleLine
    item_id: int
    milli: int
    cost_account: str = ""
    comes_back: bool = True

    def words(self, item: StockItem) -> str:
        """Return what is short in a cashier's words: the cart names the line, not its parts."""
        if item.pk == self.line.product_id:
            return self.line.name
        return f"{self.line.name} ({item})"


def reserve_pieces(sale: Sale, lines: Sequence[SaleLine]) -> None:
    """Lay aside what an open sale's new lines take from the counter's stock. Raises SoldOut.

    A product with a recipe takes its parts. One that is neither counted nor made of what is
    counted is a service: nothing is laid aside for it.
    """
    needs = _needs(lines)
    if not needs:
        return
    location = counter_of(sale.business)
    levels = locked_levels(location, {need.item_id for need in needs})
    for need in needs:
        level = levels[need.item_id]
        if not level.allows_negative and need.milli > level.free_milli:
            raise SoldOut(_what_is_left(need, level.item, level.free_milli))
        level.reserved_milli += need.milli
    StockLevel.objects.bulk_update(levels.values(), ["reserved_milli"])
    rows = LineStock.objects.bulk_create(
        LineStock(
            line=need.line,
            item=levels[need.item_id].item,
            location=location,
            quantity_milli=need.milli,
            # Kept, so that what comes back goes where it came from, whatever is said meanwhile.
            cost_account=need.cost_account or levels[need.item_id].item.cost_account,
            comes_back=need.comes_back,
        )
        for need in needs
    )
    _reserve_batches(sale, needs, rows, levels)


def _reserve_batches(
    sale: Sale, needs: list[_Need], rows: list[LineStock], levels: dict[int, StockLevel]
) -> None:
    by_row = {row.pk: need for row, need in zip(rows, needs, strict=True)}
    keeping = [row for row in rows if levels[row.item_id].keeps_batches]
    try:
        reserve_batches(keeping, sale.sold_on)
    except NoneFresh as short:
        need, item = by_row[short.held.pk], short.held.item
        raise Expired(_what_is_fresh(need, item, short.left_milli)) from short


def _needs(lines: Sequence[SaleLine]) -> list[_Need]:
    """Return what lines take of counted items: two statements, whatever the cart."""
    products = [line.product_id for line in lines]
    counted = set(StockItem.objects.filter(pk__in=products).values_list("pk", flat=True))
    needs = [
        _Need(line, line.product_id, line.quantity_milli)
        for line in lines
        if line.product_id in counted
    ]
    made = [line for line in lines if line.product_id not in counted]
    parts: dict[int, list[RecipePart]] = defaultdict(list)
    if made:
        rows = RecipePart.objects.filter(recipe__in=[line.product_id for line in made])
        for part in rows.select_related("recipe").order_by("pk"):
            parts[part.recipe_id].append(part)
    for line in made:
        for part in parts[line.product_id]:
            # A pinch of what is made by the gram may come to nothing.
            if milli := divide_half_up(part.quantity_milli * line.quantity_milli, MILLI):
                recipe = part.recipe
                needs.append(
                    _Need(line, part.item_id, milli, recipe.cost_account, recipe.comes_back)
                )
    return needs


def _what_is_left(need: _Need, item: StockItem, free_milli: int) -> str:
    product = item.product
    unit = "" if product.unit == Unit.PIECE else f" {product.unit}"
    if free_milli <= 0:
        return f"{need.words(item)} is sold out. Take it out of the cart, then pay."
    left, wanted = format_quantity(free_milli), format_quantity(need.milli)
    return (
        f"{need.words(item)}: {left}{unit} left, the cart has {wanted}{unit}. Sell less, then pay."
    )


def _what_is_fresh(need: _Need, item: StockItem, fresh_milli: int) -> str:
    left = f"only {format_quantity(fresh_milli)} of it is" if fresh_milli else "none of it is"
    return (
        f"{need.words(item)}: {left} within the best-before day. Take it out of the cart, or let a"
        " manager release the batch under Stock."
    )


def lock_pieces(sale: Sale) -> None:
    """Lock the levels of what a locked sale reserved, where more than the sale is locked next.

    Who rings up and pays at once has them before the drawer's session; so must who pays later.
    """
    _reserved(sale)


def lock_taken_pieces(sale: Sale) -> None:
    """Lock the levels of what a locked sale took, before a drawer's session is: see `put_back`."""
    _held(sale, LineStockState.TAKEN)


def put_back(refund: Refund) -> list[Draft]:
    """Put what a refund brings back on the shelf, at the cost it went with; return the entry.

    Dr stock, Cr cost of sales. Of a line that comes back in parts, the parts add up to its cost.
    Each goes back to the batch it was of. What cannot be sold again stays in the cost of sales, and
    so do the parts of a recipe that are gone: then there is nothing to do.
    """
    if not refund.is_restocked:
        return []
    moves = Moves(reference=f"restock:{refund.pk}", by=refund.by, at=refund.at)
    parts = {part.line_id: part for part in refund.lines.select_related("line")}
    earlier = RefundLine.objects.filter(line__in=list(parts)).exclude(refund=refund).order_by()
    before = dict(earlier.values_list("line_id").annotate(milli=Sum("quantity_milli")))
    taken = _held(refund.sale, LineStockState.TAKEN)
    picks = picks_of(held for held, level in taken if level.keeps_batches)
    for held, level in taken:
        part = parts.get(held.line_id)
        if part is None or not held.comes_back:
            continue
        begin, whole = before.get(held.line_id, 0), part.line.quantity_milli
        end, all_of_it = begin + part.quantity_milli, held.quantity_milli
        first = divide_half_up(all_of_it * begin, whole)
        last = divide_half_up(all_of_it * end, whole)
        if last > first:
            moves.put(
                level,
                milli=last - first,
                cents=_share(held.cost_cents or 0, first, last, all_of_it),
                kind=StockMoveKind.RETURN,
                picks=part_of_picks(picks.get(held.pk, ()), first, last),
                cost_account=held.cost_account,
            )
    if not moves.rows:
        return []
    moves.write()
    draft = Draft(
        business=refund.business,
        key=moves.reference,
        occurred_on=refund.refunded_on,
        description=f"Back on the shelf, credit note {refund.number}",
        source=f"credit note {refund.number}",
        actor=refund.by,
        lines=against(moves),
    )
    return [draft] if draft.lines else []


def _share(amount: int, begin: int, end: int, whole: int) -> int:
    """Return the part of `amount` from `begin` to `end` of `whole`: all parts re-add to it."""
    return divide_half_up(amount * end, whole) - divide_half_up(amount * begin, whole)


def take_pieces(sale: Sale, *, by: User, now: datetime) -> list[DraftLine]:
    """Take what a locked sale reserved out of the stock; return the lines of its cost.

    Dr cost of sales, Cr stock: for `cost_draft`. Each line's stock keeps the cost it went with.
    Call it before the receipt book is locked.
    """
    moves = Moves(reference=f"cost:{sale.pk}", by=by, at=now)
    reserved = _reserved(sale)
    picks = _let_go_of_batches(reserved)
    for held, level in reserved:
        level.reserved_milli -= held.quantity_milli
        held.cost_cents = moves.take(
            level,
            milli=held.quantity_milli,
            kind=StockMoveKind.SALE,
            picks=picks.get(held.pk, ()),
            cost_account=held.cost_account,
        )
        held.state = LineStockState.TAKEN
    if reserved:
        moves.write()
        LineStock.objects.bulk_update([held for held, _ in reserved], ["state", "cost_cents"])
    return against(moves)


def cost_draft(sale: Sale, lines: list[DraftLine], *, paid_on: date, by: User) -> list[Draft]:
    """Return the entry of what a sale with a receipt cost, or nothing where it cost nothing."""
    if not lines:
        return []
    return [
        Draft(
            business=sale.business,
            key=f"cost:{sale.pk}",
            occurred_on=paid_on,
            description=f"Cost of receipt {sale.number}",
            source=f"receipt {sale.number}",
            actor=by,
            lines=lines,
        )
    ]


def release_pieces(sale: Sale) -> None:
    """Give back what a locked sale that ends unpaid had reserved."""
    reserved = _reserved(sale)
    _let_go_of_batches(reserved)
    for held, level in reserved:
        level.reserved_milli -= held.quantity_milli
        held.state = LineStockState.RELEASED
    StockLevel.objects.bulk_update(
        {level.pk: level for _, level in reserved}.values(), ["reserved_milli"]
    )
    LineStock.objects.bulk_update([held for held, _ in reserved], ["state"])


def _let_go_of_batches(
    reserved: list[tuple[LineStock, StockLevel]],
) -> dict[int, list[tuple[int, int]]]:
    """Let go of the batches that were laid aside; return them by the id of the line's stock."""
    keeping = [held for held, level in reserved if level.keeps_batches]
    return unreserve_batches(keeping) if keeping else {}


def _reserved(sale: Sale) -> list[tuple[LineStock, StockLevel]]:
    return _held(sale, LineStockState.RESERVED)


def _held(sale: Sale, state: LineStockState) -> list[tuple[LineStock, StockLevel]]:
    """Return what a locked sale holds or took, each with its locked level, by place and item."""
    rows = LineStock.objects.filter(line__sale=sale, state=state)
    held = list(rows.select_related("location").order_by("location", "item", "pk"))
    levels = {
        location: locked_levels(location, [one.item_id for one in held if one.location == location])
        for location in dict.fromkeys(one.location for one in held)
    }
    return [(one, levels[one.location][one.item_id]) for one in held]
