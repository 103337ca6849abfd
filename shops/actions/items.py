"""What is counted, how, and what of it is lost. Amounts are cents, quantities thousandths."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from money.access import Ability, businesses_for
from money.actions.posting import post
from money.cents import MILLI, format_quantity, format_shillings
from money.chart import COST_CODES, STOCK_CODES, Code, parent_of
from money.drafts import Draft
from money.models import Account, Business, User
from shops.actions.batch_levels import Picks
from shops.actions.levels import Moves, against, counter_of, locked_levels
from shops.cart import MOST_LINE_CENTS
from shops.costing import line_cost
from shops.models import (
    Loss,
    LossReason,
    Product,
    Recipe,
    SaleLine,
    SaleState,
    StockItem,
    StockLevel,
    StockMove,
    StockMoveKind,
    Unit,
)
from shops.models.stock import MOST_REORDER_MILLI


class NotAllowed(Exception):
    """The person has not the role for it in this business."""


class BadStock(ValueError):
    """It cannot be kept like this; the message is a sentence for who typed it."""


class UsedBefore(BadStock):
    """The form, or the number of the invoice, was used for something else before."""


class TooFew(BadStock):
    """Less is there than should go."""


def insist(ability: Ability, business: Business, by: User) -> None:
    """Raise NotAllowed for who has not the role."""
    if not businesses_for(by, ability).filter(pk=business.pk).exists():
        raise NotAllowed("Your role does not allow this. Ask the manager or the owner.")


def refuse_later(day: date, now: datetime) -> None:
    """Raise BadStock for a day that is still to come in Nairobi."""
    if day > timezone.localdate(now):
        raise BadStock(f"{day:%-d %B %Y} is still to come. Use today or a day before.")


def refuse_part(product: Product, milli: int) -> None:
    """Raise BadStock for a part of what is counted in whole pieces, or for nothing."""
    if milli <= 0:
        raise BadStock(f"{product}: write how many.")
    if product.unit == Unit.PIECE and milli % MILLI:
        raise BadStock(f"{product} is counted in whole pieces. Write 1, 2 or 3.")


def refuse_cost(product: Product, milli: int, cents: int) -> None:
    """Raise BadStock where a unit cost more than any line of a sale may be: a slip of the finger.

    Else what many of them cost would be more than the books take.
    """
    if line_cost(milli, cents) > MOST_LINE_CENTS:
        most = format_shillings(MOST_LINE_CENTS)
        raise BadStock(
            f"{product}: a unit costs KES {most} at most. Look at how many, and at the price."
        )


def keep_count_of(
    *,
    product: Product,
    stock_account: str,
    cost_account: str,
    reorder_milli: int,
    allows_negative: bool,
    by: User,
) -> StockItem:
    """Count a product from now on, or change how: accounts, reorder level, sale before it came.

    Its value stays on its stock account: that cannot change once something moved. Raises
    NotAllowed or BadStock.
    """
    insist(Ability.KEEP_STOCK, product.business, by)
    refuse_account(product.business, stock_account, STOCK_CODES, "of stock, such as 1400")
    refuse_account(product.business, cost_account, COST_CODES, "of cost of sales, such as 5040")
    with transaction.atomic():
        _refuse_recipe(product)
        _refuse_rung_up(product)
        StockItem.objects.get_or_create(
            product=product,
            defaults={"stock_account": stock_account, "cost_account": cost_account},
        )
        item = StockItem.objects.select_for_update(no_key=True).get(pk=product.pk)
        if item.stock_account != stock_account and StockMove.objects.filter(item=item).exists():
            raise BadStock(
                f"The value of {product} stands on {item.stock_account} already and stays there."
            )
        if reorder_milli > MOST_REORDER_MILLI:
            most = format_quantity(MOST_REORDER_MILLI)
            raise BadStock(f"A reorder level is {most} at most. Write less.")
        if item.keeps_batches and allows_negative:
            raise BadStock(f"{product} keeps batches: it cannot be sold before it came.")
        item.stock_account, item.cost_account = stock_account, cost_account
        item.reorder_milli, item.allows_negative = reorder_milli, allows_negative
        item.save()
        # In the order of all locks, and after the item's: a level made meanwhile is seen here.
        counter = counter_of(product.business)
        locked_levels(counter, [item.pk])
        levels = StockLevel.objects.select_for_update().filter(item=item).order_by("location")
        _refuse_short(list(levels), allows_negative=allows_negative)
        StockLevel.objects.filter(item=item).update(allows_negative=allows_negative)
    return item


def _refuse_recipe(product: Product) -> None:
    """Raise BadStock for what is made of other items; who sets a recipe meanwhile waits."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    if Recipe.objects.filter(product=product).exists():
        raise BadStock(f"{product} has a recipe: its parts are counted. Take the recipe off first.")


def _refuse_rung_up(product: Product) -> None:
    """Raise BadStock where an open sale has it uncounted: its pieces would never leave stock."""
    if StockItem.objects.filter(product=product).exists():
        return
    lines = SaleLine.objects.filter(product=product, sale__state=SaleState.OPEN)
    sale = lines.order_by("pk").values_list("sale", flat=True).first()
    if sale is not None:
        raise BadStock(
            f"{product} is on sale {sale}, which is not paid yet. Take its money or cancel it"
            " first, then begin to count."
        )


def refuse_account(business: Business, code: str, parents: tuple[str, ...], words: str) -> None:
    """Raise BadStock for an account that is not under `parents`; `words` say what it should be."""
    exists = Account.objects.filter(business=business, code=code).exists()
    if parent_of(code) not in parents or not exists:
        raise BadStock(f"{business} has no account {code} {words}.")


def _refuse_short(levels: list[StockLevel], *, allows_negative: bool) -> None:
    for level in levels:
        if not allows_negative and level.free_milli < 0:
            raise BadStock(
                f"{format_quantity(-level.free_milli)} of it are sold and did not come yet."
                " Receive them first."
            )


def write_off(
    *,
    item: StockItem,
    quantity_milli: int,
    reason: str,
    note: str,
    lost_on: date,
    key: str,
    by: User,
    now: datetime,
) -> Loss:
    """Take out of the counter's stock what is gone unsold: Dr stock losses, Cr stock.

    The same `key` loses once. What is rung up for customers stays. Raises NotAllowed, BadStock or
    TooFew.
    """
    product = item.product
    insist(Ability.KEEP_STOCK, product.business, by)
    refuse_later(lost_on, now)
    refuse_part(product, quantity_milli)
    if reason not in LossReason.values:
        raise BadStock("Choose why it is gone.")
    with transaction.atomic():
        location = counter_of(product.business)
        level = locked_levels(location, [item.pk])[item.pk]
        if first := Loss.objects.filter(key=key).first():
            if (first.item_id, first.quantity_milli) != (item.pk, quantity_milli):
                raise UsedBefore("This page was used before. Reload it, then write it again.")
            return first
        if quantity_milli > level.free_milli:
            left = format_quantity(max(level.free_milli, 0))
            raise TooFew(f"{product}: {left} can go, the rest is rung up or not there.")
        loss = Loss(
            item=item,
            location=location,
            quantity_milli=quantity_milli,
            reason=reason,
            note=note[:200],
            key=key,
            lost_on=lost_on,
            at=now,
            by=by,
        )
        book_loss(loss, level)
    return loss


def book_loss(loss: Loss, level: StockLevel, picks: Picks = ()) -> None:
    """Move and post a loss over its locked level; the entry is not written where it cost nothing.

    `picks` are its batches; without them, those that expire first.

    The cost is known before the row is written, and the row's id before the entry's key.
    """
    gathered = Moves(reference="", by=loss.by, at=loss.at)
    loss.cost_cents = gathered.take(
        level, milli=loss.quantity_milli, kind=StockMoveKind.LOSS, picks=picks
    )
    loss.save(force_insert=True)
    gathered.refer_to(loss.reference)
    gathered.write()
    if not loss.cost_cents:
        return
    product = loss.item.product
    draft = Draft(
        business=product.business,
        key=loss.reference,
        occurred_on=loss.lost_on,
        description=f"Lost, {loss.get_reason_display().lower()}: {product.name}"[:200],
        source=loss.get_reason_display(),
        actor=loss.by,
        lines=against(gathered, Code.STOCK_LOSSES),
    )
    post(draft, posted_at=loss.at)
