"""One payment per receipt, whatever told us of it and in whatever order."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from mpesa.actions.allocations import locked_payment
from mpesa.actions.guesses import let_go, payments_about, undo_guess
from mpesa.actions.restoring import forgery_of, restore
from mpesa.masking import mask_phone
from mpesa.models import (
    TRUSTED,
    InboundMessage,
    InboundState,
    Payer,
    Payment,
    PaymentRequest,
    Sighting,
    Source,
    Till,
)
from mpesa.payloads import PhoneKind, payer_key, phone_form


class OtherFacts(Exception):
    """The receipt is a payment already with other facts, or its request has another receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerFacts:
    """Who paid, as the message says it: phone full, masked or hashed; what the customer typed."""

    phone: str = ""
    name: str = ""
    account_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a source says of a receipt, after it was found to be believable.

    `request` is ours that it answers, `balance_cents` the till's balance after the payment.
    """

    source: Source
    till: Till
    receipt: str
    amount_cents: int
    paid_at: datetime
    request: PaymentRequest | None = None
    message: InboundMessage | None = None
    balance_cents: int | None = None
    payer: PayerFacts | None = None


def record_payment(seen: Seen, *, recorded_at: datetime) -> bool:
    """Record a payment and post it to unidentified receipts; False where it was known already.

    Dr M-Pesa till, Cr unidentified receipts, on the Nairobi date of the transaction. A request is
    joined to its payment whichever of the two messages comes first, and a guess that says otherwise
    gives way. What the owner took back as
    forged counts again where a trusted source speaks for it, and is True as well. Raises OtherFacts
    where the receipt is known with another amount, till or request, where the request was paid by
    another receipt, or where it was taken back and only a message speaks for it.
    """
    with transaction.atomic():
        wrong = _wrong_guesses(seen, recorded_at) if seen.request else []
        payment, is_new = _payment_of(seen, recorded_at)
        forgery = None if is_new else forgery_of(payment)
        if forgery and seen.source not in TRUSTED:
            raise OtherFacts("The owner took this payment back as forged.")
        _note_payer(payment, seen.payer)
        if _note_sighting(seen, recorded_at):
            look_again_at(seen.receipt)
        if is_new:
            draft = Draft(
                business=seen.till.business,
                key=f"mpesa:{seen.receipt}",
                occurred_on=timezone.localdate(seen.paid_at),
                description="M-Pesa payment received",
                source=seen.receipt,
                lines=[
                    (Code.MPESA_TILL, seen.amount_cents),
                    (Code.UNIDENTIFIED, -seen.amount_cents),
                ],
            )
            post(draft, posted_at=recorded_at)
        elif forgery:
            restore(forgery, payment, source=seen.source, now=recorded_at)
        for guessed in wrong:
            undo_guess(guessed, told=seen.receipt, now=recorded_at)
    return is_new or forgery is not None


def _payment_of(seen: Seen, recorded_at: datetime) -> tuple[Payment, bool]:
    """Return the payment of this receipt, with its request joined, and whether it is new."""
    request = seen.request
    payment, is_new = Payment.objects.get_or_create(
        receipt=seen.receipt,
        defaults={
            "till": seen.till,
            "amount_cents": seen.amount_cents,
            "paid_at": seen.paid_at,
            "request": request,
            "message": seen.message,
            "recorded_at": recorded_at,
        },
    )
    if not is_new:
        # Whoever takes it back at this moment sees what is said here, or is seen here.
        payment = locked_payment(payment.pk)
    if payment.till_id != seen.till.pk or not _agrees(payment, seen):
        raise OtherFacts("The receipt is known with another amount or till.")
    if request and (payment.request_id, payment.request_is_guess) != (request.pk, False):
        payment.request, payment.request_is_guess = request, False
        payment.save(update_fields=["request", "request_is_guess"])
    return payment, is_new


def _agrees(payment: Payment, seen: Seen) -> bool:
    """Tell whether a source names the amount that was paid, or repeats what it said before."""
    if seen.amount_cents == payment.paid_cents:
        return True
    said = Sighting.objects.filter(receipt=seen.receipt, source=seen.source)
    return bool(payment.corrected_cents) and said.filter(amount_cents=seen.amount_cents).exists()


def _wrong_guesses(seen: Seen, now: datetime) -> list[Payment]:
    """Return the payments, locked, whose guessed request this callback shows to be another's.

    They have let it go, and what was matched by the guess is still to be undone: that posts.
    Raises OtherFacts where something better than a guess stands against the callback.
    """
    request = seen.request
    assert request is not None
    wrong = []
    for payment in payments_about(request, seen.receipt):
        is_same = payment.receipt == seen.receipt
        if payment.request_id is None or (is_same and payment.request_id == request.pk):
            continue
        if not payment.request_is_guess:
            whose = "receipt is known with another request" if is_same else ""
            raise OtherFacts(f"The {whose or 'request was paid by another receipt'}.")
        let_go(payment, now)
        wrong.append(payment)
    return wrong


def _note_sighting(seen: Seen, now: datetime) -> bool:
    """Keep what this source said; False where it has said so before."""
    _, is_new = Sighting.objects.get_or_create(
        receipt=seen.receipt,
        source=seen.source,
        defaults={
            "till": seen.till,
            "amount_cents": seen.amount_cents,
            "paid_at": seen.paid_at,
            "balance_cents": seen.balance_cents,
            "message": seen.message,
            "seen_at": now,
        },
    )
    return is_new


def _note_payer(payment: Payment, facts: PayerFacts | None) -> None:
    """Keep who paid, as far as a page may show it, and the key that recognises a regular."""
    if facts is None:
        return
    payer, _ = Payer.objects.get_or_create(payment=payment)
    form = phone_form(facts.phone)
    is_full = form.kind is PhoneKind.FULL
    if form.kind is not PhoneKind.NONE and (is_full or not payer.key):
        payer.key = payer_key(facts.phone, settings.SECRET_KEY)
        # A digest of a phone is as good as the phone: only a mask may be shown.
        shown = mask_phone(form.text) if is_full else form.text
        payer.phone = "" if form.kind is PhoneKind.HASHED else shown[:100]
    payer.name = payer.name or facts.name[:100]
    payer.account_reference = payer.account_reference or facts.account_reference[:100]
    payer.save()


def look_again_at(receipt: str) -> None:
    """Have what waits in quarantine about this receipt understood in the light of what is new."""
    held = InboundMessage.objects.filter(receipt=receipt, state=InboundState.QUARANTINED)
    held.update(state=InboundState.WAITING, handled_at=None)
