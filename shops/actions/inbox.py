"""What people do with a payment that nobody has identified: match, hold, mark, and undo.

One key of the form makes each happen once. History stays: what is undone is not erased.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from money.access import Ability, businesses_for
from money.cents import format_shillings
from money.chart import Code
from money.models import Business, User
from mpesa.actions.allocations import Match, allocate, locked_payment, undo_allocation
from mpesa.masking import mask
from mpesa.models import Allocation, Payment, Purpose
from mpesa.queries import touched, unmatched_payments
from shops.actions.settle import (
    StillAsking,
    lock_sale,
    refuse_ended,
    refuse_ringing,
    reopen_sale,
    settle_by,
)
from shops.models import Customer, Sale
from shops.queries.customers import debt_cents

# Who sells may say what a payment was for; what keeps or gives back money is the manager's.
MATCHES = Ability.SELL
SETS_ASIDE = Ability.SET_ASIDE


class NotAllowed(Exception):
    """The person has not the role for it in this business."""


class NoSuchSale(Exception):
    """The business has no such sale."""


class NoSuchCustomer(Exception):
    """The business has no such customer."""


class NotEnough(Exception):
    """The payment has less left than is wanted of it."""


class UsedBefore(Exception):
    """The form was used for something else before."""


class NoReason(Exception):
    """A match is undone with a reason."""


def match_to_sale(*, payment_id: int, sale_id: int, key: str, by: User, now: datetime) -> Sale:
    """Settle an open or owed sale by as much of a payment as it owes; the rest stays in the inbox.

    A payment of less is a part of it, and the sale owes the rest. The same `key` matches once.
    Raises NotAllowed, NoSuchSale, NotOpen, StillAsking, NotEnough,
    UsedBefore.
    """
    with transaction.atomic():
        payment = locked_payment(payment_id)
        business = payment.till.business
        _refuse_unable(by, business, MATCHES)
        if not Sale.objects.filter(pk=sale_id, business=business).exists():
            raise NoSuchSale(f"{business} has no such sale. Look at its receipt or its page.")
        sale = lock_sale(sale_id)
        match_key = f"match:{payment.receipt}:{key}"
        if first := Allocation.objects.filter(key=match_key).first():
            _refuse_other(first, Purpose.SALE, sale.reference)
            return sale
        refuse_ended(sale)
        refuse_ringing(sale, now)
        _refuse_arriving(sale, payment)
        if not payment.left_cents:
            raise NotEnough(f"Nothing is left of {payment.receipt}.")
        if sale.tenders.filter(payment=payment, taken_back_at=None).exists():
            raise NotEnough(
                f"A part of {payment.receipt} pays this sale already. Let a manager undo that"
                " match, then match it again: as much as the sale owes is taken then."
            )
        settle_by(sale, payment, key=match_key, by=by, now=now)
    return sale


def match_to_customer(
    *, payment_id: int, customer_id: int, key: str, by: User, now: datetime
) -> Allocation:
    """Take as much of a payment as a customer owes off the debt; the rest stays in the inbox.

    The same `key` matches once. Raises NotAllowed, NoSuchCustomer, NotEnough, UsedBefore.
    """
    with transaction.atomic():
        payment = locked_payment(payment_id)
        business = payment.till.business
        _refuse_unable(by, business, MATCHES)
        rows = Customer.objects.select_for_update().filter(business=business, is_active=True)
        customer = rows.filter(pk=customer_id).first()
        if customer is None:
            raise NoSuchCustomer(f"{business} has no such customer. Write the name as it stands.")
        match_key = f"debt:{payment.receipt}:{key}"
        if first := Allocation.objects.filter(key=match_key).first():
            _refuse_other(first, Purpose.DEBT, customer.reference)
            return first
        cents = min(debt_cents(customer), payment.left_cents)
        if cents <= 0:
            raise NotEnough(f"{customer} owes nothing, or nothing is left of {payment.receipt}.")
        match = Match(
            key=match_key,
            purpose=Purpose.DEBT,
            account_code=Code.RECEIVABLE,
            amount_cents=cents,
            description=f"M-Pesa of what a customer owes: {payment.receipt}",
            reference=customer.reference,
        )
        day = max(timezone.localdate(now), timezone.localdate(payment.paid_at))
        allocate(payment, match, occurred_on=day, actor=by, now=now)
        return Allocation.objects.get(key=match_key)


def hold_as_credit(
    *, payment_id: int, amount_cents: int | None, note: str, key: str, by: User, now: datetime
) -> Allocation:
    """Keep cents of a payment, or its rest, for what the customer buys later: Cr prepayments.

    Phones in the note are masked: it is never erased. Raises NotAllowed, NotEnough, UsedBefore.
    """
    return _set_aside(payment_id, Purpose.CREDIT, amount_cents, note, key, by, now)


def mark_for_refund(
    *, payment_id: int, amount_cents: int | None, note: str, key: str, by: User, now: datetime
) -> Allocation:
    """Set cents of a payment, or its rest, aside to be given back: Cr refunds due.

    Phones in the note are masked: it is never erased. Raises NotAllowed, NotEnough, UsedBefore.
    """
    return _set_aside(payment_id, Purpose.REFUND, amount_cents, note, key, by, now)


# What money is set aside for: its account, and what its entry says.
_ASIDE = {
    Purpose.CREDIT: (Code.PREPAYMENTS, "Held as a customer's credit"),
    Purpose.REFUND: (Code.REFUNDS_DUE, "To be given back"),
}


def _set_aside(
    payment_id: int,
    purpose: Purpose,
    amount_cents: int | None,
    note: str,
    key: str,
    by: User,
    now: datetime,
) -> Allocation:
    """Allocate `amount_cents` of a payment, or all that is left, on the day of `now`."""
    account, words = _ASIDE[purpose]
    with transaction.atomic():
        payment = locked_payment(payment_id)
        _refuse_unable(by, payment.till.business, SETS_ASIDE)
        match_key = f"{purpose}:{payment.receipt}:{key}"
        if first := Allocation.objects.filter(key=match_key).first():
            _refuse_other(first, purpose, "", amount_cents)
            return first
        cents = payment.left_cents if amount_cents is None else amount_cents
        if not 0 < cents <= payment.left_cents:
            left = format_shillings(payment.left_cents)
            raise NotEnough(f"{payment.receipt} has KES {left} left. Write that much or less.")
        match = Match(
            key=match_key,
            purpose=purpose,
            account_code=account,
            amount_cents=cents,
            description=f"{words}: {payment.receipt}",
            note=mask(note)[:200],
        )
        # Money that came after midnight is not set aside before it was received.
        day = max(timezone.localdate(now), timezone.localdate(payment.paid_at))
        allocate(payment, match, occurred_on=day, actor=by, now=now)
        return Allocation.objects.get(key=match_key)


def undo_match(*, allocation_id: int, reason: str, by: User, now: datetime) -> Allocation:
    """Put matched money back into the inbox, on the day of `now`, and open its sale again.

    Repeats change nothing. Raises NotAllowed or NoReason.
    """
    if not reason.strip():
        raise NoReason("Write why the match is undone; it stays in the history.")
    allocation = Allocation.objects.get(pk=allocation_id)
    with transaction.atomic():
        payment = locked_payment(allocation.payment_id)
        _refuse_unable(by, payment.till.business, SETS_ASIDE)
        allocation.refresh_from_db()
        if allocation.undone_at:
            return allocation
        # Locked before the book is, as whoever settles it does.
        if allocation.purpose == Purpose.SALE:
            Sale.objects.select_for_update().filter(
                business=payment.till.business, pk__in=_pk_of(allocation.reference)
            ).first()
        undo_allocation(
            payment,
            allocation,
            reason=mask(reason.strip()),
            occurred_on=timezone.localdate(now),
            by=by,
            now=now,
        )
        reopen_sale(reference=allocation.reference, now=now, by=by)
        allocation.refresh_from_db()
    return allocation


def _pk_of(reference: str) -> list[int]:
    number = reference.removeprefix("sale:")
    return [int(number)] if number.isdigit() else []


def _refuse_unable(by: User, business: Business, ability: Ability) -> None:
    if not businesses_for(by, ability).filter(pk=business.pk).exists():
        raise NotAllowed("Your role does not allow this. Ask the manager or the owner.")


def _refuse_other(
    first: Allocation, purpose: str, reference: str, amount_cents: int | None = None
) -> None:
    """Let a repeat pass; raise UsedBefore where the key did something else, or was undone."""
    wanted = (purpose, reference, amount_cents or first.amount_cents, None)
    if (first.purpose, first.reference, first.amount_cents, first.undone_at) != wanted:
        raise UsedBefore("This page was used before. Reload it, then choose again.")


def _refuse_arriving(sale: Sale, payment: Payment) -> None:
    """Raise StillAsking where another payment, which was asked for, is about to settle the sale."""
    arriving = unmatched_payments().filter(
        ~touched("pk"), request__reference=sale.reference, reversed_cents=0
    )
    if arriving.exclude(pk=payment.pk).exists():
        raise StillAsking("Another payment for this sale has just come. Look at the sale first.")
