"""Suppliers that are paid out of a drawer: a cash move of its session, and a payment beside it.

A supplier is locked before levels of stock, and those before the session.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import transaction

from money.access import Ability, businesses_for
from money.actions.papers import Paper
from money.models import Business, User
from shops.actions.cash_moves import Wish, move_cash
from shops.actions.drawers import DrawerRefused, locked_session
from shops.actions.purchases import (
    Bought,
    owe_less,
    receive_goods,
    refuse_other_payment,
    supplier_named,
)
from shops.cash_reasons import TO_SUPPLIER
from shops.models import CashMove, MoveKind, Purchase, Supplier, SupplierPayment


def pay_from_drawer(
    *,
    supplier: Supplier,
    session_id: int,
    amount_cents: int,
    note: str,
    key: str,
    by: User,
    now: datetime,
    paper: Paper | None = None,
) -> SupplierPayment:
    """Pay a supplier all or a part of what is owed out of an open drawer, on its session's day.

    Dr suppliers, Cr drawer. Who handles cash may, as far as the limit on paying out goes. The same
    `key` pays once. Raises DrawerRefused, TooMuch, UsedBefore.
    """
    business = supplier.business
    if not businesses_for(by, Ability.HANDLE_CASH).filter(pk=business.pk).exists():
        raise DrawerRefused("Your role does not allow this. Ask the manager or the owner.")
    with transaction.atomic():
        supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
        if first := SupplierPayment.objects.filter(key=key).first():
            return refuse_other_payment(first, supplier, amount_cents)
        owe_less(supplier, amount_cents)
        wish = _wish(amount_cents, note or supplier.name, key, paper)
        move = move_cash(
            session_id=session_id,
            business=business,
            wish=wish,
            by=by,
            now=now,
            beside=_payment_of(supplier, None, key),
        )
    return SupplierPayment.objects.get(cash_move=move)


def pay_named(
    *, session_id: int, business: Business, name: str, wish: Wish, by: User, now: datetime
) -> SupplierPayment:
    """Pay the supplier of this name as a cash page wishes. Raises what `pay_from_drawer` raises."""
    found = supplier_named(business, " ".join(name.split()))
    if found is None:
        raise DrawerRefused("Write the name of the supplier that is paid, as in your list.")
    return pay_from_drawer(
        supplier=found,
        session_id=session_id,
        amount_cents=wish.cents,
        note=wish.note,
        key=wish.key,
        by=by,
        now=now,
        paper=wish.paper,
    )


def buy_for_cash(  # noqa: PLR0913 what stands on an invoice
    *,
    supplier: Supplier,
    session_id: int,
    number: str,
    cu_invoice_number: str,
    bought_on: date,
    lines: Sequence[Bought],
    key: str,
    by: User,
    now: datetime,
) -> Purchase:
    """Receive goods and pay them at once out of an open drawer.

    Two entries: the purchase as if on credit, and the cash that pays it. The same `key` buys once.
    Raises what `receive_goods` and `move_cash` raise.
    """
    with transaction.atomic():
        purchase = receive_goods(
            supplier=supplier,
            number=number,
            cu_invoice_number=cu_invoice_number,
            bought_on=bought_on,
            paid_from="",
            lines=lines,
            key=key,
            by=by,
            now=now,
            lock_next=lambda: locked_session(session_id, supplier.business),
        )
        if SupplierPayment.objects.filter(purchase=purchase).exists():
            return purchase
        if purchase.at != now:
            # The key was used by a purchase on credit: what that is owed is not paid by a reload.
            raise DrawerRefused("This page was used before. Reload it, then write it again.")
        owner = Supplier.objects.get(pk=purchase.supplier_id)
        # Exactly what it was just owed for this: one who owes for goods that went back is paid too.
        owner.owed_cents -= purchase.total_cents
        owner.save(update_fields=["owed_cents"])
        move_cash(
            session_id=session_id,
            business=purchase.business,
            wish=_wish(purchase.total_cents, str(purchase), key, None),
            by=by,
            now=now,
            beside=_payment_of(owner, purchase, key),
        )
    return purchase


def _wish(cents: int, note: str, key: str, paper: Paper | None) -> Wish:
    return Wish(
        key=key,
        kind=MoveKind.PAY_OUT,
        reason=TO_SUPPLIER.code,
        cents=cents,
        note=note[:120],
        paper=paper,
    )


def _payment_of(
    supplier: Supplier, purchase: Purchase | None, key: str
) -> Callable[[CashMove], None]:
    def write(move: CashMove) -> None:
        SupplierPayment.objects.create(
            supplier=supplier,
            amount_cents=move.amount_cents,
            paid_from=move.session.drawer.account_code,
            paid_on=move.session.day,
            note=move.note[:120],
            cash_move=move,
            purchase=purchase,
            key=key,
            at=move.at,
            by=move.by,
        )

    return write
