"""A payment that came alone is joined to the prompt that it fits: a guess, which may be wrong.

A callback that the prompt's token proves is better than it: the guess gives way, history stays.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mpesa.actions.allocations import undo_allocation
from mpesa.models import JOINABLE, Payment, PaymentRequest, RequestState

# The code by which Safaricom itself says that a prompt was paid.
SAID_PAID = "0"


def join_request(payment: Payment, request: PaymentRequest, now: datetime) -> bool:
    """Join a payment that came alone to the prompt that it fits; False where either is taken.

    It is a guess until the prompt's own callback names the receipt. The request is paid with it.
    Both are locked here, the request first, as its callback does.
    """
    with transaction.atomic():
        asked = PaymentRequest.objects.select_for_update().get(pk=request.pk)
        alone = Payment.objects.select_for_update().get(pk=payment.pk)
        is_taken = alone.request_id or Payment.objects.filter(request=asked).exists()
        if is_taken or asked.state not in JOINABLE:
            return False
        asked.state, asked.next_query_at = RequestState.PAID, None
        asked.ended_at = asked.ended_at or now
        asked.save(update_fields=["state", "next_query_at", "ended_at"])
        alone.request, alone.request_is_guess = asked, True
        alone.save(update_fields=["request", "request_is_guess"])
    return True


def payments_about(request: PaymentRequest, receipt: str) -> list[Payment]:
    """Return the payment of a locked request and that of a receipt, both locked, as far as known.

    In one order, whoever asks: two callbacks that cross each other do not wait in a ring.
    """
    rows = Payment.objects.select_for_update(of=("self",)).select_related("till__business")
    return list(rows.filter(Q(request=request) | Q(receipt=receipt)).order_by("pk"))


def let_go(payment: Payment, now: datetime) -> None:
    """Part a locked payment from the request that it was joined to by a guess.

    A request that nothing but the guess calls paid is asked about again.
    """
    assert payment.request_id is not None
    PaymentRequest.objects.filter(pk=payment.request_id, state=RequestState.PAID).exclude(
        result_code=SAID_PAID
    ).update(state=RequestState.UNKNOWN, ended_at=None, next_query_at=now)
    payment.request, payment.request_is_guess = None, False
    payment.save(update_fields=["request", "request_is_guess"])


def undo_guess(payment: Payment, *, told: str, now: datetime) -> None:
    """Put what a locked payment was matched to by its guess back into the inbox; it posts.

    `told` is the receipt that the prompt's callback names. What a person matched stays.
    """
    for match in payment.allocations.filter(is_guess=True, undone_at=None).order_by("pk"):
        why = f"A wrong guess: Safaricom's answer to a prompt names {told}."
        undo_allocation(
            payment, match, reason=why, occurred_on=timezone.localdate(now), by=None, now=now
        )
