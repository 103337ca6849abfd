"""Understanding what comes of a prompt: its callback, applied to the request it belongs to."""

from datetime import datetime, timedelta

from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.actions.quarantine import Quarantine, is_released
from mpesa.models import (
    InboundMessage,
    PaymentRequest,
    RequestState,
    Source,
)
from mpesa.payloads import StkResult, parse_stk_callback
from mpesa.results import Outcome, meaning_of

# Safaricom's clock against ours.
CLOCKS_DIFFER = timedelta(hours=1)


def understand_stk(message: InboundMessage, now: datetime) -> str:
    """Apply an STK callback to its request and return a note. Raises what puts it in quarantine."""
    result = parse_stk_callback(bytes(message.body or b""))
    message.receipt = result.receipt
    outcome = meaning_of(result.code).outcome
    if outcome is Outcome.PAID and is_released(message):
        return _take_released(message, result, now)
    request = _request_of(message, result)
    if outcome is Outcome.PAID:
        return _take_success(message, request, result, now)
    return _take_other(request, result, outcome, now)


def _request_of(message: InboundMessage, result: StkResult) -> PaymentRequest:
    """Return the request that the address's token belongs to, locked; all they say must agree."""
    request = (
        PaymentRequest.objects.select_for_update(of=("self",))
        .select_related("till__business")
        .filter(token_digest=message.token_digest, till=message.till)
        .exclude(token_digest="")
        .first()
    )
    if request is None:
        raise Quarantine("No request of ours has this address.")
    if request.checkout_request_id not in {"", result.checkout_request_id}:
        raise Quarantine("The CheckoutRequestID is not the one we were given.")
    others = PaymentRequest.objects.filter(checkout_request_id=result.checkout_request_id)
    if others.exclude(pk=request.pk).exists():
        raise Quarantine("The CheckoutRequestID belongs to another request.")
    return request


def _take_success(
    message: InboundMessage, request: PaymentRequest, result: StkResult, now: datetime
) -> str:
    if not result.receipt or result.amount_cents is None:
        raise Quarantine("A success without a receipt or an amount.")
    if result.amount_cents != request.amount_cents:
        raise Quarantine("The amount is not the one we asked for.")
    # The request before the payment: posting is the last thing a transaction does.
    request.checkout_request_id = result.checkout_request_id
    request.merchant_request_id = request.merchant_request_id or result.merchant_request_id
    _end(request, RequestState.PAID, result, now)
    seen = Seen(
        source=Source.STK,
        till=request.till,
        receipt=result.receipt,
        amount_cents=result.amount_cents,
        paid_at=_time_of(result, request, message),
        request=request,
        message=message,
        payer=PayerFacts(phone=request.phone),
    )
    return "" if record_payment(seen, recorded_at=now) else "A repeat: the receipt was known."


def _take_released(message: InboundMessage, result: StkResult, now: datetime) -> str:
    """Take what an owner vouched for as money that nobody asked for: it goes to the inbox."""
    if not result.receipt or not result.amount_cents or message.till is None:
        raise Quarantine("A success without a receipt or an amount.")
    seen = Seen(
        source=Source.STK,
        till=message.till,
        receipt=result.receipt,
        amount_cents=result.amount_cents,
        paid_at=believable(result.paid_at, message, message.received_at - CLOCKS_DIFFER),
        message=message,
    )
    record_payment(seen, recorded_at=now)
    return "Released by the owner."


def _time_of(result: StkResult, request: PaymentRequest, message: InboundMessage) -> datetime:
    return believable(result.paid_at, message, request.created_at - CLOCKS_DIFFER)


def believable(told: datetime | None, message: InboundMessage, earliest: datetime) -> datetime:
    """Return when it was paid: what the message says, unless that cannot be; then its arrival.

    A date far off would post the payment to a day that nobody looks at.
    """
    if told is None or not earliest <= told <= message.received_at + CLOCKS_DIFFER:
        return message.received_at
    return told


def _take_other(request: PaymentRequest, result: StkResult, outcome: Outcome, now: datetime) -> str:
    """Take a callback that is no success; one that has succeeded is never downgraded."""
    if request.state == RequestState.PAID:
        return "Ignored: the request was paid before."
    request.checkout_request_id = result.checkout_request_id
    if outcome is Outcome.FAILED:
        _end(request, RequestState.FAILED, result, now)
        return ""
    if request.ended_at:
        return "Ignored: an unknown code after the end."
    request.result_code, request.result_text = result.code, result.text
    request.next_query_at = now
    request.save()
    return "An unknown code: asked about again."


def _end(request: PaymentRequest, state: RequestState, result: StkResult, now: datetime) -> None:
    request.state = state
    request.result_code, request.result_text = result.code, result.text
    request.ended_at, request.next_query_at = request.ended_at or now, None
    request.save()
