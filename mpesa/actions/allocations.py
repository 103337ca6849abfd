"""Matching payments to what they were for, and undoing it: history stays."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft, Posted
from money.models import Entry, User
from mpesa.models import Allocation, Payment, Purpose


class TooMuch(Exception):
    """More would be allocated than is left of the payment."""


class AlreadyUndone(Exception):
    """The match was undone before; the message says when and by whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What part of a payment is for.

    `key` makes it happen once; `reference` is the upper floor's word for what it settles;
    `is_guess` where it follows from a request that the payment was joined to by a guess.
    """

    key: str
    purpose: Purpose
    account_code: str
    amount_cents: int
    description: str
    reference: str = ""
    note: str = ""
    is_guess: bool = False


def locked_payment(payment_id: int) -> Payment:
    """Return a payment, locked until the transaction ends, with its till, business and request."""
    rows = Payment.objects.select_for_update(of=("self",))
    return rows.select_related("till__business", "request__created_by").get(pk=payment_id)


def allocate(
    payment: Payment, match: Match, *, occurred_on: date, actor: User | None, now: datetime
) -> Posted:
    """Match part or all of a locked payment: Dr unidentified receipts, Cr the match's account.

    Call it inside the transaction that locked the payment, as its last step. The same key matches
    nothing a second time. Raises TooMuch.
    """
    cents = match.amount_cents
    with transaction.atomic():
        draft = Draft(
            business=payment.till.business,
            key=match.key,
            occurred_on=occurred_on,
            description=match.description,
            source=payment.receipt,
            actor=actor,
            lines=[(Code.UNIDENTIFIED, cents), (match.account_code, -cents)],
        )
        if not Allocation.objects.filter(key=match.key).exists():
            if cents > payment.left_cents:
                raise TooMuch(f"{payment.receipt} has less than {cents} cents left.")
            Allocation.objects.create(
                payment=payment,
                key=match.key,
                purpose=match.purpose,
                reference=match.reference,
                account_code=match.account_code,
                amount_cents=cents,
                note=match.note,
                is_guess=match.is_guess,
                by=actor,
                at=now,
            )
            payment.allocated_cents += cents
            payment.save(update_fields=["allocated_cents"])
        return post(draft, posted_at=now)


def undo_allocation(
    payment: Payment,
    allocation: Allocation,
    *,
    reason: str,
    occurred_on: date,
    by: User | None,
    now: datetime,
) -> Posted:
    """Take a match of a locked payment back, on the day it is known; the entry reverses its own.

    Raises AlreadyUndone.
    """
    with transaction.atomic():
        allocation = Allocation.objects.select_for_update().get(pk=allocation.pk)
        if allocation.undone_at:
            raise AlreadyUndone(f"This match was undone on {allocation.undone_at:%d %b %Y}.")
        allocation.undone_at, allocation.undone_by = now, by
        allocation.undone_reason = reason[:200]
        allocation.save(update_fields=["undone_at", "undone_by", "undone_reason"])
        payment.allocated_cents -= allocation.amount_cents
        payment.save(update_fields=["allocated_cents"])
        draft = Draft(
            business=payment.till.business,
            key=f"unmatch:{allocation.pk}",
            occurred_on=occurred_on,
            description=f"Match undone: {payment.receipt}",
            source=payment.receipt,
            actor=by,
            reverses_id=Entry.objects.get(key=allocation.key).pk,
            lines=[
                (allocation.account_code, allocation.amount_cents),
                (Code.UNIDENTIFIED, -allocation.amount_cents),
            ],
        )
        return post(draft, posted_at=now)


def make_room(payment: Payment, cents: int, *, reason: str, by: User | None, now: datetime) -> None:
    """Undo matches of a locked payment until `cents` of it are left, and no more of them.

    What was set aside to be given back goes first, before any sale is opened again; then the
    newest.
    """
    live = payment.allocations.filter(undone_at=None)
    for match in sorted(live, key=lambda one: (one.purpose != Purpose.REFUND, -one.pk)):
        if payment.left_cents >= cents:
            return
        today = timezone.localdate(now)
        undo_allocation(payment, match, reason=reason, occurred_on=today, by=by, now=now)
