"""A payment that its owner took back as forged counts again when Safaricom speaks for it."""

from datetime import datetime

from django.utils import timezone

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import Entry
from mpesa.models import Origin, Payment, Reversal, ReversalState, Source


def forgery_of(payment: Payment) -> Reversal | None:
    """Return the reversal by which the owner took a payment back as forged, where it stands."""
    return payment.reversals.filter(origin=Origin.FORGED, state=ReversalState.DONE).first()


def restore(forgery: Reversal, payment: Payment, *, source: Source, now: datetime) -> None:
    """Undo a taking back of a locked payment, on the day of `now`: its money is in the inbox.

    The entry reverses that of the taking back: Dr M-Pesa till, Cr unidentified receipts. What the
    payment was matched to stays undone. Call it as the last step of a transaction.
    """
    forgery.state, forgery.undone_at = ReversalState.UNDONE, now
    forgery.undone_source = source
    # The reversal first: the database lets a payment's shrink only to what still stands.
    forgery.save(update_fields=["state", "undone_at", "undone_source"])
    payment.reversed_cents -= forgery.amount_cents
    payment.save(update_fields=["reversed_cents"])
    draft = Draft(
        business=payment.till.business,
        key=f"restored:{forgery.pk}",
        occurred_on=timezone.localdate(now),
        description=f"M-Pesa payment {payment.receipt} came after all",
        source=payment.receipt,
        reverses_id=Entry.objects.get(key=f"reversal:{forgery.pk}").pk,
        lines=[
            (Code.MPESA_TILL, forgery.amount_cents),
            (Code.UNIDENTIFIED, -forgery.amount_cents),
        ],
    )
    post(draft, posted_at=now)
