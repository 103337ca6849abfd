"""A statement that is right about a payment's amount: an owner says so, the books follow."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from money.access import Ability, businesses_for
from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import User
from mpesa.actions.allocations import locked_payment, make_room
from mpesa.actions.payments import look_again_at
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.restoring import forgery_of, restore
from mpesa.actions.reversals import LEAST_REASON
from mpesa.masking import mask
from mpesa.models import (
    LIVE_REVERSALS,
    Correction,
    Payment,
    Sighting,
    Source,
    StatementRow,
)
from mpesa.previews import word_of
from mpesa.statements import RowKind


class NotCorrectable(Exception):
    """The row says nothing that could be corrected like this; a sentence for the owner."""


def correct_by_statement(*, row_id: int, reason: str, by: User, now: datetime) -> Correction:
    """Let a statement's amount stand for a payment: the difference is posted on the day of `now`.

    Dr M-Pesa till, Cr unidentified receipts, or the other way round. Where less came, matches are
    undone as for a reversal; what was taken back as forged counts again first. Repeats change
    nothing. Raises NotAllowed or NotCorrectable.
    """
    with transaction.atomic():
        rows = StatementRow.objects.select_for_update(of=("self",)).select_related("till__business")
        row = rows.get(pk=row_id)
        if not businesses_for(by, Ability.MANAGE).filter(pk=row.till.business_id).exists():
            raise NotAllowed(f"{by} does not manage {row.till.business}.")
        if first := Correction.objects.filter(row=row).first():
            return first
        payment = _payment_of(row)
        if len(reason.strip()) < LEAST_REASON:
            raise NotCorrectable("Say how you know that the statement is right, in a few words.")
        if forgery := forgery_of(payment):
            restore(forgery, payment, source=Source.STATEMENT, now=now)
        _refuse_what_goes_back(row, payment)
        made = Correction.objects.create(
            payment=payment,
            row=row,
            before_cents=payment.paid_cents,
            amount_cents=row.amount_cents,
            reason=mask(reason.strip())[:200],
            by=by,
            at=now,
        )
        _apply(made, row, payment, now)
        return made


def _payment_of(row: StatementRow) -> Payment:
    """Return the payment, locked, that a row tells of otherwise. Raises NotCorrectable."""
    found = Payment.objects.filter(till=row.till, receipt=row.receipt).first()
    if found is None or (row.kind, row.sign) != (word_of(RowKind.PAYMENT), 1):
        raise NotCorrectable("This row is no payment that our books have at this till.")
    payment = locked_payment(found.pk)
    if payment.paid_cents == row.amount_cents:
        raise NotCorrectable("Statement and books agree about this payment.")
    if Correction.objects.filter(payment=payment).exists():
        raise NotCorrectable("This payment was corrected before.")
    return payment


def _refuse_what_goes_back(row: StatementRow, payment: Payment) -> None:
    if payment.reversals.filter(state__in=LIVE_REVERSALS).exists():
        raise NotCorrectable("A reversal of this payment is under way: wait for its end.")
    if payment.reversed_cents > row.amount_cents:
        raise NotCorrectable("More of this payment went back than the statement says was paid.")


def _apply(made: Correction, row: StatementRow, payment: Payment, now: datetime) -> None:
    """Bring payment, row and books to what the statement says."""
    more_cents = made.amount_cents - made.before_cents
    why = f"The statement has another amount: {made.reason}"
    make_room(payment, -more_cents, reason=why, by=made.by, now=now)
    payment.corrected_cents += more_cents
    payment.save(update_fields=["corrected_cents"])
    key = f"correction:{made.pk}"
    row.posted_key, row.note = row.posted_key or key, ""
    row.save(update_fields=["posted_key", "note"])
    Sighting.objects.get_or_create(
        receipt=row.receipt,
        source=Source.STATEMENT,
        defaults={
            "till": row.till,
            "amount_cents": row.amount_cents,
            "paid_at": row.at,
            "seen_at": now,
        },
    )
    look_again_at(row.receipt)
    draft = Draft(
        business=row.till.business,
        key=key,
        occurred_on=timezone.localdate(now),
        description=f"M-Pesa payment {row.receipt} corrected by the statement",
        source=row.receipt,
        actor=made.by,
        lines=[(Code.MPESA_TILL, more_cents), (Code.UNIDENTIFIED, -more_cents)],
    )
    post(draft, posted_at=now)
