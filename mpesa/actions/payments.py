"""One payment per receipt, whatever told us of it, and its way through unidentified receipts."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft, Posted
from money.models import User
from mpesa.models import InboundMessage, Payment, PaymentRequest, Till


class OtherFacts(Exception):
    """The receipt is a payment already with other facts, or its request has another receipt."""


class TooMuch(Exception):
    """More would be allocated than is left of the payment."""


def record_payment(
    *,
    till: Till,
    receipt: str,
    amount_cents: int,
    paid_at: datetime,
    request: PaymentRequest | None,
    message: InboundMessage | None,
    recorded_at: datetime,
) -> bool:
    """Record a payment and post it to unidentified receipts; False where it was known already.

    Dr M-Pesa till, Cr unidentified receipts, on the Nairobi date of the transaction. Raises
    OtherFacts where the receipt is known with another amount, till or request, or where the
    request was paid by another receipt.
    """
    with transaction.atomic():
        if request and Payment.objects.filter(request=request).exclude(receipt=receipt).exists():
            raise OtherFacts("The request was paid by another receipt.")
        payment, is_new = Payment.objects.get_or_create(
            receipt=receipt,
            defaults={
                "till": till,
                "amount_cents": amount_cents,
                "paid_at": paid_at,
                "request": request,
                "message": message,
                "recorded_at": recorded_at,
            },
        )
        facts = (payment.till_id, payment.amount_cents, payment.request_id)
        if facts != (till.pk, amount_cents, request.pk if request else None):
            raise OtherFacts("The receipt is known with another amount, till or request.")
        if is_new:
            draft = Draft(
                business=till.business,
                key=f"mpesa:{receipt}",
                occurred_on=timezone.localdate(paid_at),
                description="M-Pesa payment received",
                source=receipt,
                lines=[(Code.MPESA_TILL, amount_cents), (Code.UNIDENTIFIED, -amount_cents)],
            )
            post(draft, posted_at=recorded_at)
    return is_new


def allocate(
    *,
    payment: Payment,
    to: Sequence[tuple[str, int]],
    key: str,
    description: str,
    source: str,
    occurred_on: date,
    posted_at: datetime,
    actor: User | None,
) -> Posted:
    """Match part or all of a locked payment: Dr unidentified receipts, Cr what `to` names.

    `to` are (account code, cents), cents positive. Call it inside the transaction that locked the
    payment, as its last step. The same `key` matches nothing a second time. Raises TooMuch.
    """
    cents = sum(amount for _, amount in to)
    with transaction.atomic():
        draft = Draft(
            business=payment.till.business,
            key=key,
            occurred_on=occurred_on,
            description=description,
            source=source,
            actor=actor,
            lines=[(Code.UNIDENTIFIED, cents), *((code, -amount) for code, amount in to)],
        )
        posted = post(draft, posted_at=posted_at)
        if posted.is_new:
            if cents > payment.amount_cents - payment.allocated_cents:
                raise TooMuch(f"{payment.receipt} has less than {cents} cents left.")
            payment.allocated_cents += cents
            payment.save(update_fields=["allocated_cents"])
        return posted
