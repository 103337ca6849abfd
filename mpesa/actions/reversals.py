"""Money that goes back: by us, by Safaricom, or because it never came. Posted when it is known."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from money.access import Ability, businesses_for
from money.actions.posting import post
from money.cents import format_shillings
from money.chart import Code
from money.drafts import Draft
from money.models import User
from mpesa.actions.allocations import locked_payment, make_room
from mpesa.actions.orders import place_order
from mpesa.actions.quarantine import NotAllowed
from mpesa.credentials import MissingCredentials, initiator_of
from mpesa.models import (
    LIVE_REVERSALS,
    InitiatorOrder,
    OrderKind,
    OrderState,
    Origin,
    Payment,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    StatementUpload,
    UploadState,
)

LEAST_REASON = 5


class NotReversible(Exception):
    """The payment cannot be reversed like this; the message is a sentence for the owner."""


def propose_reversal(
    *, payment_id: int, amount_cents: int, reason: str, by: User, now: datetime
) -> Reversal:
    """Have Safaricom give (part of) a payment back to who paid.

    Above the business's limit a second person approves it first. Nothing is posted before the
    result. Raises NotAllowed or NotReversible.
    """
    with transaction.atomic():
        payment = _mine(payment_id, by)
        _refuse_unreversible(payment, amount_cents, reason)
        try:
            initiator_of(payment.till)
        except MissingCredentials as missing:
            raise NotReversible(
                f"This till may not reverse by itself ({missing}) Reverse it on Safaricom's portal,"
                " then note it here."
            ) from missing
        # In parts it would walk past the second person.
        together_cents = amount_cents + _by_us(payment)
        needs_second = together_cents > payment.till.business.approval_above_cents
        reversal = Reversal.objects.create(
            payment=payment,
            origin=Origin.OURS,
            amount_cents=amount_cents,
            state=ReversalState.PROPOSED if needs_second else ReversalState.APPROVED,
            reason=reason.strip()[:200],
            proposed_by=by,
            proposed_at=now,
            approved_by=None if needs_second else by,
            approved_at=None if needs_second else now,
        )
        if not needs_second:
            _place(reversal, payment, by, now)
        return reversal


def approve_reversal(*, reversal_id: int, by: User, now: datetime) -> Reversal:
    """Approve as the second person; the order goes out. Raises NotAllowed or NotReversible."""
    with transaction.atomic():
        payment, reversal = _both(reversal_id, by)
        if reversal.state != ReversalState.PROPOSED:
            raise NotReversible("This reversal does not wait for approval any more.")
        if reversal.proposed_by_id == by.pk:
            raise NotReversible("Somebody else has to approve what you proposed.")
        reversal.state = ReversalState.APPROVED
        reversal.approved_by, reversal.approved_at = by, now
        _place(reversal, payment, by, now)
        return reversal


def decline_reversal(*, reversal_id: int, by: User, now: datetime) -> Reversal:
    """Drop a proposal, as its proposer or as another. Raises NotAllowed or NotReversible."""
    with transaction.atomic():
        _, reversal = _both(reversal_id, by)
        if reversal.state != ReversalState.PROPOSED:
            raise NotReversible("This reversal does not wait for approval any more.")
        reversal.state, reversal.ended_at = ReversalState.REFUSED, now
        reversal.note = f"Declined by {by}."[:200]
        reversal.save(update_fields=["state", "ended_at", "note"])
        return reversal


def give_up_reversal(*, reversal_id: int, reason: str, by: User, now: datetime) -> Reversal:
    """Say that Safaricom did not do a reversal whose result never came, after a look at the portal.

    Raises NotAllowed or NotReversible. Should it come to light after all, it is posted then.
    """
    if len(reason.strip()) < LEAST_REASON:
        raise NotReversible("Say how you know that it was not done.")
    with transaction.atomic():
        _, reversal = _both(reversal_id, by)
        if reversal.state != ReversalState.UNKNOWN:
            raise NotReversible("Only a reversal without a result can be given up.")
        reversal.state, reversal.ended_at = ReversalState.REFUSED, now
        reversal.note = f"Given up by {by}: {reason.strip()}"[:200]
        reversal.save(update_fields=["state", "ended_at", "note"])
        return reversal


def note_reversal(
    *, payment_id: int, receipt: str, amount_cents: int, reason: str, by: User, now: datetime
) -> Reversal:
    """Note a reversal that was made on Safaricom's portal or by Safaricom itself, with its receipt.

    Raises NotAllowed or NotReversible.
    """
    with transaction.atomic():
        payment = _mine(payment_id, by)
        if not receipt or Reversal.objects.filter(receipt=receipt).exists():
            raise NotReversible("Give the reversal's own receipt; each is noted once.")
        if named := _named(payment, receipt, amount_cents):
            return named
        _refuse_unreversible(payment, amount_cents, reason, ignoring_live=True)
        return _take_outside(payment, receipt, amount_cents, reason.strip(), by, now)


def take_back_forged(*, payment_id: int, reason: str, by: User, now: datetime) -> Reversal:
    """Take a payment out of the till that Safaricom knows nothing of: its confirmation was forged.

    Only where nothing but a confirmation speaks for it, and the statement of its day is here: it
    alone shows that a payment never came. Raises NotAllowed or NotReversible.
    """
    with transaction.atomic():
        payment = _mine(payment_id, by)
        _refuse_unreversible(payment, payment.amount_cents, reason)
        _refuse_without_statement(payment)
        others = Sighting.objects.filter(receipt=payment.receipt)
        if others.exclude(source=Source.CONFIRMATION).exists():
            raise NotReversible("Safaricom itself has told us of this payment: it is genuine.")
        reversal = Reversal.objects.create(
            payment=payment,
            origin=Origin.FORGED,
            amount_cents=payment.amount_cents,
            state=ReversalState.APPROVED,
            reason=reason.strip()[:200],
            proposed_by=by,
            proposed_at=now,
        )
        complete_reversal(reversal, payment, receipt="", by=by, now=now)
        return reversal


def _refuse_without_statement(payment: Payment) -> None:
    day = timezone.localdate(payment.paid_at)
    covering = StatementUpload.objects.filter(
        till=payment.till, state=UploadState.DONE, first_day__lte=day, last_day__gte=day
    )
    if not covering.exists():
        raise NotReversible(
            f"Bring in the statement of {day:%d %b} first: it shows whether the payment came."
        )


def take_outside_reversal(
    *, payment_id: int, receipt: str, amount_cents: int, reason: str, now: datetime
) -> Reversal | None:
    """Take a reversal that a statement or the pull shows; None where it was known.

    One of ours that waits for its result is completed by it. Raises NotReversible.
    """
    with transaction.atomic():
        payment = locked_payment(payment_id)
        if Reversal.objects.filter(receipt=receipt).exists():
            return None
        if _named(payment, receipt, amount_cents):
            return None
        _refuse_unreversible(payment, amount_cents, reason, ignoring_live=True)
        return _take_outside(payment, receipt, amount_cents, reason, None, now)


def _named(payment: Payment, receipt: str, amount_cents: int) -> Reversal | None:
    """Give its receipt to a reversal of ours whose result named none; None where there is none."""
    nameless = Reversal.objects.filter(
        payment=payment,
        origin=Origin.OURS,
        state=ReversalState.DONE,
        receipt="",
        amount_cents=amount_cents,
    ).first()
    if nameless:
        nameless.receipt = receipt
        nameless.save(update_fields=["receipt"])
    return nameless


def _take_outside(
    payment: Payment, receipt: str, amount_cents: int, reason: str, by: User | None, now: datetime
) -> Reversal:
    """Complete our own live reversal of this payment and amount, else record a new one."""
    live = Reversal.objects.filter(payment=payment, state__in=LIVE_REVERSALS).first()
    if live and live.amount_cents == amount_cents and live.state != ReversalState.PROPOSED:
        complete_reversal(live, payment, receipt=receipt, by=by, now=now)
        return live
    if live:
        live.state, live.ended_at = ReversalState.REFUSED, now
        live.note = f"Overtaken by {receipt}."
        live.save(update_fields=["state", "ended_at", "note"])
        _recall(live, now)
    reversal = Reversal.objects.create(
        payment=payment,
        origin=Origin.SAFARICOM,
        amount_cents=amount_cents,
        state=ReversalState.APPROVED,
        reason=reason[:200],
        proposed_by=by,
        proposed_at=now,
    )
    complete_reversal(reversal, payment, receipt=receipt, by=by, now=now)
    return reversal


def complete_reversal(
    reversal: Reversal, payment: Payment, *, receipt: str, by: User | None, now: datetime
) -> None:
    """Post a reversal of a locked payment on the day it is known; matches are undone first.

    What was marked for refund goes first, then the newest, and only as many as the amount needs.
    Dr unidentified receipts, Cr M-Pesa till.
    """
    today = timezone.localdate(now)
    _recall(reversal, now)
    why = f"The payment was reversed: {reversal.reason}"
    make_room(payment, reversal.amount_cents, reason=why, by=by, now=now)
    payment.reversed_cents += reversal.amount_cents
    payment.save(update_fields=["reversed_cents"])
    reversal.state, reversal.ended_at = ReversalState.DONE, now
    reversal.receipt = receipt
    reversal.save(update_fields=["state", "ended_at", "receipt"])
    draft = Draft(
        business=payment.till.business,
        key=f"reversal:{reversal.pk}",
        occurred_on=today,
        description=f"M-Pesa payment {payment.receipt} reversed",
        source=receipt or payment.receipt,
        actor=by,
        lines=[
            (Code.UNIDENTIFIED, reversal.amount_cents),
            (Code.MPESA_TILL, -reversal.amount_cents),
        ],
    )
    post(draft, posted_at=now)


def _recall(reversal: Reversal, now: datetime) -> None:
    """End the order of a reversal that has not been sent: it happened without us."""
    InitiatorOrder.objects.filter(reversal=reversal, state=OrderState.CREATED).update(
        state=OrderState.FAILED,
        result_text="It was reversed without us.",
        ended_at=now,
        next_try_at=None,
    )


def _place(reversal: Reversal, payment: Payment, by: User, now: datetime) -> None:
    reversal.order = place_order(
        till=payment.till,
        kind=OrderKind.REVERSAL,
        key=f"reversal:{reversal.pk}",
        receipt=payment.receipt,
        amount_cents=reversal.amount_cents,
        by=by,
        now=now,
    )
    reversal.save(update_fields=["state", "approved_by", "approved_at", "order"])


def _both(reversal_id: int, by: User) -> tuple[Payment, Reversal]:
    """Return a reversal and its payment, locked: the payment first, as everybody does."""
    payment = _mine(Reversal.objects.values_list("payment_id", flat=True).get(pk=reversal_id), by)
    return payment, Reversal.objects.select_for_update(of=("self",)).get(pk=reversal_id)


def _by_us(payment: Payment) -> int:
    """Return the cents of a payment that we gave back or are about to."""
    ours = Reversal.objects.filter(payment=payment, origin=Origin.OURS)
    found = ours.exclude(state=ReversalState.REFUSED).aggregate(cents=Sum("amount_cents"))
    return found["cents"] or 0


def _mine(payment_id: int, by: User) -> Payment:
    """Return the payment, locked. Raises NotAllowed where `by` does not manage its business."""
    payment = locked_payment(payment_id)
    if not businesses_for(by, Ability.MANAGE).filter(pk=payment.till.business_id).exists():
        raise NotAllowed(f"{by} does not manage {payment.till.business}.")
    return payment


def _refuse_unreversible(
    payment: Payment, amount_cents: int, reason: str, *, ignoring_live: bool = False
) -> None:
    """Raise NotReversible where there is not as much to reverse, or it is under way."""
    if len(reason.strip()) < LEAST_REASON:
        raise NotReversible("Say why, in a few words.")
    rest = payment.paid_cents - payment.reversed_cents
    if not 0 < amount_cents <= rest:
        raise NotReversible(f"At most KES {format_shillings(rest)} of this payment can go back.")
    live = Reversal.objects.filter(payment=payment, state__in=LIVE_REVERSALS)
    if not ignoring_live and live.exists():
        raise NotReversible("A reversal of this payment is under way.")
