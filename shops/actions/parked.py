"""Parked sales: what nobody paid for days is given up by the clock, and its pieces are free."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from mpesa.queries import is_being_asked_about
from shops.actions.settle import StillAsking, lock_sale, refuse_asked
from shops.actions.stock import release_pieces
from shops.models import Sale, SaleState
from shops.queries.parked import forgotten


@dataclass(slots=True)
class GivenUp:
    """What the clock did: sales that are given up, and those that wait for a person or M-Pesa."""

    sales: list[Sale] = field(default_factory=list)
    paid_in_part: int = 0
    still_asked: int = 0


def give_up_parked(*, now: datetime, after_days: int) -> GivenUp:
    """Cancel open sales that were rung up `after_days` ago or earlier, each by itself.

    Not while M-Pesa may still answer. One that was paid in part stays open whatever it was paid
    with: cash goes back out of a drawer only by a person's hand.
    """
    outcome = GivenUp()
    for sale_id in forgotten(now, after_days).values_list("pk", flat=True):
        with transaction.atomic():
            sale = lock_sale(sale_id)
            if sale.state != SaleState.OPEN:
                continue
            if sale.tenders.filter(taken_back_at=None).exists():
                outcome.paid_in_part += 1
            elif _may_still_be_paid(sale, now):
                outcome.still_asked += 1
            else:
                release_pieces(sale)
                sale.state, sale.ended_at = SaleState.CANCELLED, now
                sale.save(update_fields=["state", "ended_at"])
                outcome.sales.append(sale)
    return outcome


def _may_still_be_paid(sale: Sale, now: datetime) -> bool:
    """Withdraw what was not sent yet; tell whether M-Pesa may still say that it is paid."""
    try:
        refuse_asked(sale, now)
    except StillAsking:
        return True
    return is_being_asked_about(sale.reference)
