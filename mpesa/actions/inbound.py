"""Taking in what arrives from outside: store first, understand later."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from mpesa import addresses
from mpesa.actions.payments import OtherFacts, record_payment
from mpesa.models import InboundMessage, InboundState, PaymentRequest, RequestState, Stray, Till
from mpesa.payloads import NotUnderstood, StkResult, parse_stk_callback
from mpesa.results import Outcome, meaning_of

STK = addresses.STK.channel
MOST_BODY_BYTES = 64 * 1024
STRAY_BODY_BYTES = 4 * 1024
STRAYS_KEPT = 200
UNKNOWN_ADDRESS = "unknown address"
# Safaricom's clock against ours.
CLOCKS_DIFFER = timedelta(hours=1)


class _Quarantine(Exception):
    """The message does not agree with what we know; the text is its reason."""


def digest(text: str | bytes) -> str:
    """Return the SHA-256 of `text` in hex."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def receive(
    *,
    channel: str,
    till: Till,
    token: str,
    body: bytes,
    address: str,
    headers: Mapping[str, str],
    received_at: datetime,
    spool_id: str = "",
) -> InboundMessage:
    """Store a message as it arrived. `body` has at most MOST_BODY_BYTES, the edge sees to that.

    Raises IntegrityError where a message with this `spool_id` is stored already.
    """
    return InboundMessage.objects.create(
        channel=channel,
        till=till,
        token_digest=digest(token) if token else "",
        body=body,
        sha256=digest(body),
        address=address,
        headers=dict(headers),
        received_at=received_at,
        spool_id=spool_id,
    )


def keep_stray(*, path: str, body: bytes, address: str, reason: str, received_at: datetime) -> None:
    """Keep the beginning of a message that is not for us, in a ring that strangers cannot grow."""
    with transaction.atomic():
        stray = Stray.objects.create(
            path=path[:200],
            body=body[:STRAY_BODY_BYTES],
            address=address,
            reason=reason,
            received_at=received_at,
        )
        Stray.objects.filter(pk__lte=stray.pk - STRAYS_KEPT).delete()


def understand(*, message_id: int, now: datetime) -> InboundState | None:
    """Turn one waiting message into what it means, or put it into quarantine with a reason.

    Returns its new state, or None where another worker has it or it was handled before. Everything
    happens in one transaction: a death half way leaves the message waiting.
    """
    with transaction.atomic():
        rows = InboundMessage.objects.filter(pk=message_id, state=InboundState.WAITING)
        message = rows.select_for_update(skip_locked=True).first()
        if message is None:
            return None
        try:
            with transaction.atomic():
                message.note = _understand(message, now)
            message.state = InboundState.UNDERSTOOD
        except (NotUnderstood, _Quarantine, OtherFacts) as reason:
            message.note = str(reason)[:200]
            message.state = InboundState.QUARANTINED
        message.handled_at = now
        message.save(update_fields=["note", "state", "handled_at"])
        return InboundState(message.state)


def _understand(message: InboundMessage, now: datetime) -> str:
    """Do what the message means and return a note. Raises what puts it in quarantine."""
    if message.channel == STK:
        return _understand_stk(message, now)
    raise _Quarantine(f"Nothing here understands {message.channel} yet.")


def _understand_stk(message: InboundMessage, now: datetime) -> str:
    """Apply an STK callback to its request and return a note. Raises what puts it in quarantine."""
    result = parse_stk_callback(bytes(message.body or b""))
    request = _request_of(message, result)
    outcome = meaning_of(result.code).outcome
    if outcome is Outcome.PAID:
        note = _take_success(message, request, result, now)
    else:
        note = _take_other(request, result, outcome, now)
    return note


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
        raise _Quarantine("No request of ours has this address.")
    if request.checkout_request_id not in {"", result.checkout_request_id}:
        raise _Quarantine("The CheckoutRequestID is not the one we were given.")
    others = PaymentRequest.objects.filter(checkout_request_id=result.checkout_request_id)
    if others.exclude(pk=request.pk).exists():
        raise _Quarantine("The CheckoutRequestID belongs to another request.")
    return request


def _take_success(
    message: InboundMessage, request: PaymentRequest, result: StkResult, now: datetime
) -> str:
    if not result.receipt or result.amount_cents is None:
        raise _Quarantine("A success without a receipt or an amount.")
    if result.amount_cents != request.amount_cents:
        raise _Quarantine("The amount is not the one we asked for.")
    # The request before the payment: posting is the last thing a transaction does.
    request.checkout_request_id = result.checkout_request_id
    request.merchant_request_id = request.merchant_request_id or result.merchant_request_id
    _end(request, RequestState.PAID, result, now)
    is_new = record_payment(
        till=request.till,
        receipt=result.receipt,
        amount_cents=result.amount_cents,
        paid_at=_time_of(result, request, message),
        request=request,
        message=message,
        recorded_at=now,
    )
    return "" if is_new else "A repeat: the receipt was known."


def _time_of(result: StkResult, request: PaymentRequest, message: InboundMessage) -> datetime:
    """Return when it was paid: what the message says, unless that cannot be; then its arrival.

    A date far off would post the payment to a day that nobody looks at.
    """
    earliest, latest = request.created_at - CLOCKS_DIFFER, message.received_at + CLOCKS_DIFFER
    if result.paid_at is None or not earliest <= result.paid_at <= latest:
        return message.received_at
    return result.paid_at


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
