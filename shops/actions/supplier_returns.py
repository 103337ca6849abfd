"""Goods of a purchase that go back to their supplier, or were written down by mistake.

They leave at what they cost on average now; the supplier gives what was paid for them. What lies
between the two is cost of sales.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from money.access import Ability
from money.actions.posting import post
from money.cents import divide_half_up, format_quantity
from money.chart import Code
from money.drafts import Draft
from money.models import User
from shops.actions.items import BadStock, TooFew, UsedBefore, insist, refuse_later, refuse_part
from shops.actions.levels import Moves, locked_levels, posted_as
from shops.actions.purchases import refuse_payer
from shops.models import (
    Purchase,
    PurchaseLine,
    StockLevel,
    StockMoveKind,
    Supplier,
    SupplierReturn,
    SupplierReturnLine,
)
from shops.queries.purchases import returned_of

MOST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesBack:
    """What goes back of a purchase: thousandths by line id, why, and where its money comes to.

    `paid_to` is an account; empty for off what the supplier is owed. `number` is that of the
    supplier's credit note.
    """

    key: str
    lines: Mapping[int, int]
    reason: str
    number: str = ""
    paid_to: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a purchase's line: thousandths, and cents as they were bought."""

    line: PurchaseLine
    milli: int
    net_cents: int
    vat_cents: int


def send_back(
    *, purchase: Purchase, wish: GoesBack, returned_on: date, by: User, now: datetime
) -> SupplierReturn:
    """Send goods of a purchase back with a debit note.

    Dr suppliers, or the account `paid_to`; Cr stock and input VAT. At most what was bought less
    what went back, and what lies there and is not rung up. The same key sends back once. Raises
    NotAllowed, BadStock, TooFew, UsedBefore, and what `post` raises.
    """
    business = purchase.business
    insist(Ability.KEEP_STOCK, business, by)
    reason = _checked(purchase, wish, returned_on, now)
    with transaction.atomic():
        supplier = Supplier.objects.select_for_update(no_key=True).get(pk=purchase.supplier_id)
        if first := SupplierReturn.objects.filter(key=wish.key).first():
            lines = dict(first.lines.values_list("line_id", "quantity_milli"))
            if first.purchase_id != purchase.pk or lines != dict(wish.lines):
                raise UsedBefore("This page was used before. Reload it, then write it again.")
            return first
        parts = _parts(purchase, wish.lines)
        levels = locked_levels(purchase.location, [part.line.item_id for part in parts])
        _refuse_missing(levels, parts)
        note = SupplierReturn.objects.create(
            purchase=purchase,
            number=wish.number,
            returned_on=returned_on,
            reason=reason,
            paid_to=wish.paid_to,
            total_cents=sum(part.net_cents + part.vat_cents for part in parts),
            vat_cents=sum(part.vat_cents for part in parts),
            key=wish.key,
            at=now,
            by=by,
        )
        _write(note, purchase, supplier, parts, levels)
    return note


def _checked(purchase: Purchase, wish: GoesBack, returned_on: date, now: datetime) -> str:
    """Return the reason in one line. Raises BadStock."""
    refuse_later(returned_on, now)
    if returned_on < purchase.bought_on:
        raise BadStock("It cannot go back before it was bought. Write another day.")
    if wish.paid_to:
        refuse_payer(purchase.business, wish.paid_to)
    reason = " ".join(wish.reason.split())
    if not reason or len(reason) > MOST_REASON:
        raise BadStock(f"Write why it goes back, in at most {MOST_REASON} letters.")
    return reason


def _parts(purchase: Purchase, wanted: Mapping[int, int]) -> list[_Part]:
    """Return the parts that go back, in the order of locks; of a line, all parts re-add to it."""
    lines = purchase.lines.filter(pk__in=list(wanted)).select_related("item__product")
    before, parts = returned_of(purchase), []
    for line in lines.order_by("item", "pk"):
        milli, begin = wanted[line.pk], before.get(line.pk, 0)
        refuse_part(line.item.product, milli)
        if milli > line.quantity_milli - begin:
            left = format_quantity(line.quantity_milli - begin)
            raise TooFew(f"{line.item}: {left} of this purchase can go back.")
        end = begin + milli
        net, vat = (
            divide_half_up(cents * end, line.quantity_milli)
            - divide_half_up(cents * begin, line.quantity_milli)
            for cents in (line.net_cents, line.vat_cents)
        )
        parts.append(_Part(line, milli, net, vat))
    if not parts or len(parts) != len(wanted):
        raise BadStock("Write how many go back of a product of this purchase.")
    return parts


def _refuse_missing(levels: dict[int, StockLevel], parts: list[_Part]) -> None:
    needed: dict[int, int] = defaultdict(int)
    for part in parts:
        needed[part.line.item_id] += part.milli
    for item_id, milli in needed.items():
        if milli > (free := levels[item_id].free_milli):
            left = format_quantity(max(free, 0))
            raise TooFew(
                f"{levels[item_id].item}: {left} can go back, the rest is rung up or not there."
            )


def _write(
    note: SupplierReturn,
    purchase: Purchase,
    supplier: Supplier,
    parts: list[_Part],
    levels: dict[int, StockLevel],
) -> None:
    """Write lines, moves, what is owed, and the entry, of a debit note that is just made.

    A letter takes the base and VAT of the purchase back in the VAT return, whatever the goods cost.
    """
    moves = Moves(reference=note.reference, by=note.by, at=note.at)
    cents: dict[tuple[str, str], int] = defaultdict(int)
    rows = []
    for part in parts:
        level = levels[part.line.item_id]
        # Of the batch it was bought in, as far as it lies there still.
        batch_id = part.line.batch_id
        picks = [(batch_id, part.milli)] if batch_id else []
        cost = moves.take(level, milli=part.milli, kind=StockMoveKind.SENT_BACK, picks=picks)
        letter = part.line.tax_class if purchase.is_vat_registered else ""
        claimed = part.vat_cents if purchase.is_vat_registered else 0
        bought_for = part.net_cents + part.vat_cents - claimed
        cents[level.item.stock_account, letter] -= bought_for
        cents[Code.INPUT_VAT, letter] -= claimed
        cents[level.item.stock_account, ""] += bought_for - cost
        cents[level.item.cost_account, ""] -= bought_for - cost
        rows.append(
            SupplierReturnLine(
                supplier_return=note,
                line=part.line,
                quantity_milli=part.milli,
                net_cents=part.net_cents,
                vat_cents=part.vat_cents,
                cost_cents=cost,
            )
        )
    SupplierReturnLine.objects.bulk_create(rows)
    moves.write()
    if not note.paid_to:
        supplier.owed_cents -= note.total_cents
        supplier.returned_cents += note.total_cents
        supplier.save(update_fields=["owed_cents", "returned_cents"])
    cents[note.paid_to or Code.SUPPLIERS, ""] += note.total_cents
    _post(note, purchase, cents)


def _post(note: SupplierReturn, purchase: Purchase, cents: dict[tuple[str, str], int]) -> None:
    lines = posted_as(cents)
    if not lines:
        return
    draft = Draft(
        business=purchase.business,
        key=note.reference,
        occurred_on=note.returned_on,
        description=f"Sent back, debit note {note.pk} on purchase {purchase.pk}",
        source=f"credit note {note.number}" if note.number else "",
        actor=note.by,
        lines=lines,
    )
    post(draft, posted_at=note.at)
