"""A sale is given up: its goods are free again, its cash goes back, nothing of it is owed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from money.access import limit_of
from money.cents import CENTS_PER_SHILLING, format_shillings
from money.limits import Limit
from money.models import User
from shops.actions.drawers import session_for_cash
from shops.actions.sale_posting import post_cash_back
from shops.actions.settle import NotOpen, lock_sale, refuse_asked, refuse_ended
from shops.actions.stock import release_pieces
from shops.models import Customer, Method, Sale, SaleState, Tender
from shops.queries.customers import debt_cents


class NotYours(Exception):
    """More cash would go back than who cancels may give back; the message says how much."""


def cancel_sale(*, sale_id: int, by: User, now: datetime, drawer_id: int | None = None) -> Sale:
    """Give up an open sale. A payment that comes later stays in unidentified receipts.

    Cash that was paid of it goes back out of the drawer, as far as `by` may give money back. Raises
    StillAsking or NotOpen, an owed sale included and one whose credit was paid since, and NotYours
    and NoSession where cash goes back.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if sale.state == SaleState.CANCELLED:
            return sale
        if sale.state == SaleState.OWED:
            raise NotOpen("This sale has its receipt: it is owed until it is paid.")
        refuse_ended(sale)
        refuse_asked(sale, now)
        release_pieces(sale)
        live = sale.tenders.filter(taken_back_at=None)
        if live.filter(method=Method.MPESA).exists():
            raise NotOpen(
                "A part came by M-Pesa. Let a manager undo its match in the inbox first, then it"
                " can be given back."
            )
        _drop_credit(sale, now)
        cash = list(live.filter(method=Method.CASH).order_by("pk"))
        _refuse_above_limit(sale, cash, by)
        session = session_for_cash(sale.business, drawer_id) if cash else None
        sale.state, sale.ended_at = SaleState.CANCELLED, now
        sale.save(update_fields=["state", "ended_at"])
        for tender in cash:
            tender.taken_back_at, tender.back_session = now, session
            tender.save(update_fields=["taken_back_at", "back_session"])
            post_cash_back(tender, by, now)
    return sale


def _drop_credit(sale: Sale, now: datetime) -> None:
    """Let nobody owe a part of a locked sale any more. Raises NotOpen where it was paid already.

    What was paid of it would be money that no goods and no receipt stand for.
    """
    parts = sale.tenders.filter(taken_back_at=None, method=Method.CREDIT)
    rows = Customer.objects.select_for_update().filter(pk__in=parts.values("customer"))
    customers = list(rows.order_by("pk"))
    parts.update(taken_back_at=now)
    for customer in customers:
        # The cents of a debt are paid by the whole shilling.
        if debt_cents(customer) <= -CENTS_PER_SHILLING:
            raise NotOpen(
                f"{customer} has paid of this sale's credit already. Take the rest of it, then give"
                " it back as a refund."
            )


def _refuse_above_limit(sale: Sale, cash: list[Tender], by: User) -> None:
    """Raise NotYours: a part that is taken and given back is a refund that nobody agreed to."""
    if not may_give_back(sale, cash, by):
        cents = cash_in(cash)
        raise NotYours(
            f"KES {format_shillings(cents)} would go back out of the drawer: more than you may give"
            " back. Let a manager sign in and cancel this sale."
        )


def cash_in(tenders: Iterable[Tender]) -> int:
    """Return the cents that a drawer took for these tenders, those that are cash."""
    cash = (tender for tender in tenders if tender.method == Method.CASH)
    return sum(tender.amount_cents + tender.rounding_cents for tender in cash)


def may_give_back(sale: Sale, tenders: Iterable[Tender], by: User) -> bool:
    """Tell whether the cash among a sale's tenders is within what `by` may give back."""
    cents = cash_in(tenders)
    limit = limit_of(by, sale.business, Limit.REFUND) if cents else None
    return limit is None or cents <= limit
