"""What is bought: goods come in on a supplier's invoice, paid at once or owed and paid later.

A supplier is locked before the levels of stock, and those before the book.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from money.access import Ability
from money.actions.posting import post
from money.cents import format_shillings
from money.chart import CASH_CODES, Code, parent_of
from money.drafts import Draft
from money.models import Account, Business, TaxClass, User
from money.queries import is_vat_registered
from shops.actions.batch_levels import named
from shops.actions.items import BadStock, UsedBefore, insist, refuse_cost, refuse_later, refuse_part
from shops.actions.levels import Moves, counter_of, locked_levels, posted_as
from shops.models import (
    Batch,
    Purchase,
    PurchaseLine,
    StockItem,
    StockLevel,
    StockMoveKind,
    Supplier,
    SupplierPayment,
)

MOST_LINES = 200
PIN_LETTERS = 11
BAD_PIN = "A KRA PIN is a letter, nine digits and a letter."
# The drawer is counted by its cash session: what it pays goes out there, with a reason.
PAYING_CODES = tuple(code for code in CASH_CODES if code != Code.CASH_DRAWER)


class TooMuch(BadStock):
    """A supplier would be paid more than is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A line of a supplier's invoice: thousandths, cents without VAT, cents of VAT, its letter.

    What keeps batches may name the batch's code and its best-before day.
    """

    item_id: int
    quantity_milli: int
    net_cents: int
    vat_cents: int
    tax_class: str
    batch_code: str = ""
    best_before: date | None = None


def add_supplier(*, business: Business, name: str, kra_pin: str, phone: str, by: User) -> Supplier:
    """Return the supplier of this name, made where there is none. Raises NotAllowed, BadStock."""
    insist(Ability.KEEP_STOCK, business, by)
    name, kra_pin = " ".join(name.split()), kra_pin.strip().upper()
    if not name:
        raise BadStock("Write the supplier's name.")
    if len(kra_pin) > PIN_LETTERS:
        raise BadStock(BAD_PIN)
    if found := supplier_named(business, name):
        return found
    try:
        with transaction.atomic():
            supplier, _ = Supplier.objects.get_or_create(
                business=business,
                name=name[:80],
                defaults={"kra_pin": kra_pin, "phone": phone.strip()[:20]},
            )
    except IntegrityError as error:
        raise BadStock(BAD_PIN) from error
    return supplier


def supplier_named(business: Business, name: str) -> Supplier | None:
    """Return the supplier of this name: as it is written, else whatever its capitals."""
    rows = Supplier.objects.filter(business=business).order_by("pk")
    return rows.filter(name=name[:80]).first() or rows.filter(name__iexact=name[:80]).first()


def receive_goods(  # noqa: PLR0913 what stands on an invoice
    *,
    supplier: Supplier,
    number: str,
    cu_invoice_number: str,
    bought_on: date,
    paid_from: str,
    lines: Sequence[Bought],
    key: str,
    by: User,
    now: datetime,
    lock_next: Callable[[], object] = bool,
) -> Purchase:
    """Take goods into the counter's stock and post them on the day of the invoice.

    Dr stock, Dr input VAT (where the tax person is registered on the day; else it is part of the
    cost), Cr suppliers, or the account `paid_from`. The same `key` receives once. `lock_next`
    locks what stands between levels and book. Raises NotAllowed, BadStock, UsedBefore.
    """
    business = supplier.business
    insist(Ability.KEEP_STOCK, business, by)
    refuse_later(bought_on, now)
    _refuse_outset(business, paid_from, lines)
    with transaction.atomic():
        supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
        if first := Purchase.objects.filter(key=key).first():
            return _same(first, (supplier.pk, number, paid_from), lines)
        _refuse_number(supplier, number)
        location = counter_of(business)
        levels = locked_levels(location, [line.item_id for line in lines])
        _refuse_lines(business, levels, lines)
        lock_next()
        purchase = Purchase.objects.create(
            business=business,
            supplier=supplier,
            location=location,
            number=number,
            cu_invoice_number=cu_invoice_number,
            bought_on=bought_on,
            paid_from=paid_from,
            total_cents=sum(one.net_cents + one.vat_cents for one in lines),
            vat_cents=sum(one.vat_cents for one in lines),
            is_vat_registered=is_vat_registered(business.tax_person, bought_on),
            key=key,
            at=now,
            by=by,
        )
        _write(purchase, levels, lines)
    return purchase


def _refuse_outset(business: Business, paid_from: str, lines: Sequence[Bought]) -> None:
    if paid_from:
        refuse_payer(business, paid_from)
    if not 0 < len(lines) <= MOST_LINES:
        raise BadStock(f"A purchase has 1 to {MOST_LINES} lines.")


def _same(first: Purchase, facts: tuple[int, str, str], lines: Sequence[Bought]) -> Purchase:
    """Return the purchase of a key that was used before; raise UsedBefore for another one's."""
    written = first.lines.order_by("pk").values_list(
        "item_id", "quantity_milli", "net_cents", "vat_cents"
    )
    sent = [(one.item_id, one.quantity_milli, one.net_cents, one.vat_cents) for one in lines]
    was = (first.supplier_id, first.number, first.paid_from)
    if was != facts or list(written) != sent:
        raise UsedBefore("This page was used before. Reload it, then write the purchase again.")
    return first


def _refuse_number(supplier: Supplier, number: str) -> None:
    if number and supplier.purchases.filter(number=number).exists():
        raise UsedBefore(f"Invoice {number} of {supplier} was received already.")


def refuse_payer(business: Business, code: str) -> None:
    """Raise BadStock for an account that pays no supplier: the drawer, or none for money.

    The drawer pays by `shops.actions.supplier_cash`.
    """
    exists = Account.objects.filter(business=business, code=code).exists()
    if parent_of(code) == Code.CASH_DRAWER:
        raise BadStock("The drawer pays within its cash session. Choose another account.")
    if parent_of(code) not in PAYING_CODES or not exists:
        raise BadStock("Choose what it was paid from: bank, M-Pesa till, safe or petty cash.")


def _refuse_lines(
    business: Business, levels: dict[int, StockLevel], lines: Sequence[Bought]
) -> None:
    for line in lines:
        level = levels.get(line.item_id)
        if level is None or level.item.product.business_id != business.pk:
            raise BadStock("A product of this purchase is not counted here.")
        refuse_part(level.item.product, line.quantity_milli)
        if line.net_cents < 0 or line.vat_cents < 0 or line.tax_class not in TaxClass.values:
            raise BadStock(f"{level.item}: write what it cost and its tax letter.")
        refuse_cost(level.item.product, line.quantity_milli, line.net_cents + line.vat_cents)
        if (line.batch_code or line.best_before) and not level.keeps_batches:
            raise BadStock(f"{level.item} keeps no batches. Let it keep them first, on its page.")
    if sum(line.net_cents for line in lines) <= 0:
        raise BadStock("Write what was paid: a purchase costs something.")


def _write(purchase: Purchase, levels: dict[int, StockLevel], lines: Sequence[Bought]) -> None:
    """Write lines, moves, what is owed, and the entry, of a purchase that is just made."""
    batches = [_batch_of(levels[line.item_id], line) for line in lines]
    PurchaseLine.objects.bulk_create(
        PurchaseLine(
            purchase=purchase,
            item_id=line.item_id,
            quantity_milli=line.quantity_milli,
            net_cents=line.net_cents,
            vat_cents=line.vat_cents,
            tax_class=line.tax_class,
            batch=batch,
        )
        for line, batch in zip(lines, batches, strict=True)
    )
    moves = Moves(reference=purchase.reference, by=purchase.by, at=purchase.at)
    cents: dict[tuple[str, str], int] = defaultdict(int)
    for line, batch in zip(lines, batches, strict=True):
        _put(purchase, moves, levels[line.item_id], line, batch, cents)
    moves.write()
    if not purchase.paid_from:
        purchase.supplier.owed_cents += purchase.total_cents
        purchase.supplier.save(update_fields=["owed_cents"])
    cents[purchase.paid_from or Code.SUPPLIERS, ""] -= purchase.total_cents
    draft = Draft(
        business=purchase.business,
        key=purchase.reference,
        occurred_on=purchase.bought_on,
        # No name: a supplier may be a person, and what is hashed can never be erased.
        description=f"Goods received, purchase {purchase.pk}",
        source=f"invoice {purchase.number}" if purchase.number else "",
        actor=purchase.by,
        lines=posted_as(cents),
    )
    post(draft, posted_at=purchase.at)


def _batch_of(level: StockLevel, line: Bought) -> Batch | None:
    """Return the batch that a line's goods are of, the nameless one too; None where none is kept.

    Its level is locked.
    """
    if not level.keeps_batches:
        return None
    return named(line.item_id, line.batch_code, line.best_before)


def _put(
    purchase: Purchase,
    moves: Moves,
    level: StockLevel,
    line: Bought,
    batch: Batch | None,
    cents: dict[tuple[str, str], int],
) -> None:
    """Put a line's goods on the shelf, and its amounts into `cents` by account and tax letter.

    Letters make the VAT return, so there are none where no input VAT may be claimed.
    """
    item: StockItem = level.item
    letter = line.tax_class if purchase.is_vat_registered else ""
    claimed = line.vat_cents if purchase.is_vat_registered else 0
    cost = line.net_cents + line.vat_cents - claimed
    kind = StockMoveKind.RECEIPT
    picks = [(batch.pk, line.quantity_milli)] if batch else []
    set_right = moves.put(level, milli=line.quantity_milli, cents=cost, kind=kind, picks=picks)
    cents[item.stock_account, letter] += cost
    cents[Code.INPUT_VAT, letter] += claimed
    cents[item.stock_account, ""] += set_right
    cents[item.cost_account, ""] -= set_right


def pay_supplier(
    *,
    supplier: Supplier,
    amount_cents: int,
    paid_from: str,
    paid_on: date,
    note: str,
    key: str,
    by: User,
    now: datetime,
) -> SupplierPayment:
    """Pay a supplier all or a part of what is owed: Dr suppliers, Cr the account `paid_from`.

    The same `key` pays once. Raises NotAllowed, BadStock, UsedBefore or TooMuch.
    """
    business = supplier.business
    insist(Ability.KEEP_STOCK, business, by)
    refuse_later(paid_on, now)
    refuse_payer(business, paid_from)
    with transaction.atomic():
        supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
        if first := SupplierPayment.objects.filter(key=key).first():
            return refuse_other_payment(first, supplier, amount_cents, paid_from, paid_on)
        owe_less(supplier, amount_cents)
        return _pay(supplier, amount_cents, paid_from, paid_on, note, key, by, now)


def refuse_other_payment(
    first: SupplierPayment,
    supplier: Supplier,
    amount_cents: int,
    paid_from: str = "",
    paid_on: date | None = None,
) -> SupplierPayment:
    """Return the payment of a key that was used before; raise UsedBefore for another one's."""
    done = (first.supplier_id, first.amount_cents, first.paid_from, first.paid_on)
    if done != (supplier.pk, amount_cents, paid_from or done[2], paid_on or done[3]):
        raise UsedBefore("This page was used before. Reload it, then pay again.")
    return first


def owe_less(supplier: Supplier, cents: int) -> None:
    """Take what is paid off what a locked supplier is owed. Raises TooMuch."""
    if not 0 < cents <= supplier.owed_cents:
        owed = format_shillings(max(supplier.owed_cents, 0))
        raise TooMuch(f"{supplier} is owed KES {owed}. Pay that much or less.")
    supplier.owed_cents -= cents
    supplier.save(update_fields=["owed_cents"])


def _pay(
    supplier: Supplier,
    cents: int,
    account: str,
    paid_on: date,
    note: str,
    key: str,
    by: User,
    now: datetime,
) -> SupplierPayment:
    """Write and post a payment; negative cents came back."""
    payment = SupplierPayment.objects.create(
        supplier=supplier,
        amount_cents=cents,
        paid_from=account,
        paid_on=paid_on,
        note=note[:120],
        key=key,
        at=now,
        by=by,
    )
    draft = Draft(
        business=supplier.business,
        key=payment.reference,
        occurred_on=paid_on,
        description=f"Supplier {supplier.pk} paid" + (" back" if cents < 0 else ""),
        actor=by,
        lines=sorted([(Code.SUPPLIERS, cents), (account, -cents)], key=lambda line: line[1] < 0),
    )
    post(draft, posted_at=now)
    return payment


def take_back(
    *,
    supplier: Supplier,
    amount_cents: int,
    paid_to: str,
    paid_on: date,
    note: str,
    key: str,
    by: User,
    now: datetime,
) -> SupplierPayment:
    """Take money from a supplier who owes it for what went back: Dr `paid_to`, Cr suppliers.

    The same `key` takes once. Raises NotAllowed, BadStock, UsedBefore or TooMuch.
    """
    business = supplier.business
    insist(Ability.KEEP_STOCK, business, by)
    refuse_later(paid_on, now)
    refuse_payer(business, paid_to)
    with transaction.atomic():
        supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
        if first := SupplierPayment.objects.filter(key=key).first():
            return refuse_other_payment(first, supplier, -amount_cents)
        if not 0 < amount_cents <= -supplier.owed_cents:
            owes = format_shillings(max(-supplier.owed_cents, 0))
            raise TooMuch(f"{supplier} owes KES {owes}. Take that much or less.")
        supplier.owed_cents += amount_cents
        supplier.save(update_fields=["owed_cents"])
        return _pay(supplier, -amount_cents, paid_to, paid_on, note, key, by, now)
