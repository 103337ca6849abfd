"""Understanding what customers pay from their own menu: confirmations, and what is asked before."""

from datetime import datetime, timedelta

from django.conf import settings

from money.cents import format_shillings
from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.actions.quarantine import Quarantine, is_released
from mpesa.actions.stk import believable
from mpesa.models import ClosedReference, InboundMessage, Payment, Source, Till, Trust
from mpesa.payloads import Confirmation, NotUnderstood, normalise_reference, parse_confirmation

# A confirmation is not repeated, but it may be late by an outage of days.
LATEST_BY = timedelta(days=7)
CLOSED = {"ResultCode": "C2B00012", "ResultDesc": "Rejected"}


def understand_confirmation(message: InboundMessage, now: datetime) -> str:
    """Record what a confirmation says was paid, within the till's trust, and return a note.

    Money of a receipt that another source told us of needs no trust: it has to agree. Raises what
    puts it in quarantine.
    """
    till = message.till
    assert till is not None  # only a till's secret leads here
    told = parse_confirmation(bytes(message.body or b""))
    message.receipt = told.receipt
    if told.shortcode not in {till.shortcode, till.number}:
        raise Quarantine("The shortcode is not this till's.")
    is_known = Payment.objects.filter(receipt=told.receipt).exists()
    if not is_known and not is_released(message):
        _refuse_beyond_trust(told.amount_cents, message, till)
    seen = Seen(
        source=Source.CONFIRMATION,
        till=till,
        receipt=told.receipt,
        amount_cents=told.amount_cents,
        paid_at=believable(told.paid_at, message, message.received_at - LATEST_BY),
        message=message,
        balance_cents=told.balance_cents,
        payer=PayerFacts(
            phone=told.msisdn, name=told.name, account_reference=told.account_reference
        ),
    )
    return "" if record_payment(seen, recorded_at=now) else "The receipt was known."


def _refuse_beyond_trust(amount_cents: int, message: InboundMessage, till: Till) -> None:
    """Raise Quarantine where the owner wants more than this message shows."""
    if till.trust == Trust.ADDRESSES and message.address not in settings.SAFARICOM_ADDRESSES:
        raise Quarantine("Not from an address of Safaricom's: waits until Safaricom confirms it.")
    if amount_cents > till.trusted_up_to_cents:
        limit = format_shillings(till.trusted_up_to_cents)
        raise Quarantine(f"Above KES {limit}: waits until Safaricom confirms it.")


def understand_validation(message: InboundMessage, _now: datetime) -> str:
    """Note what was asked before a payment; it is no payment, and may never become one."""
    told = parse_confirmation(bytes(message.body or b""))
    assert message.till is not None
    return "Refused: a closed account." if is_closed(message.till, told) else "Accepted."


def answer_to_validation(till: Till, body: bytes) -> dict[str, object] | None:
    """Return the refusal of a payment to a reference that the owner closed, else None.

    In doubt a payment is accepted: a refusal is a customer sent away.
    """
    try:
        return dict(CLOSED) if is_closed(till, parse_confirmation(body)) else None
    except NotUnderstood:
        return None


def is_closed(till: Till, told: Confirmation) -> bool:
    """Tell whether the owner closed the account reference that a customer typed."""
    reference = normalise_reference(told.account_reference)[:40]
    if not reference:
        return False
    return ClosedReference.objects.filter(till=till, reference=reference).exists()
