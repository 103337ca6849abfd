"""Understanding results and time-outs: the answers to our orders."""

from datetime import datetime, timedelta

from mpesa.actions.allocations import locked_payment
from mpesa.actions.orders import end_order, order_of
from mpesa.actions.payments import PayerFacts, Seen, record_payment
from mpesa.actions.quarantine import Quarantine
from mpesa.actions.reversals import complete_reversal
from mpesa.actions.stk import believable
from mpesa.models import (
    AccountBalance,
    InboundMessage,
    InitiatorOrder,
    OrderKind,
    OrderState,
    Payment,
    Reversal,
    ReversalState,
    Source,
)
from mpesa.payloads import (
    Result,
    ReversalAnswer,
    StatusAnswer,
    parse_balances,
    parse_result,
    parse_timeout,
    reversal_of,
    status_of,
)

# A receipt that somebody asks about may be old; before that it is a fault.
OLDEST = timedelta(days=800)
# What the codes of a failed reversal mean to an owner (REFERENCE 4.0, 4.4).
WHY_NOT = {
    "1": "Not enough money in the till: it may have been moved to the bank. Put money in, or refund"
    " in cash.",
    "R000001": "Safaricom says that it was reversed before. The statement will show it.",
    "R000002": "Safaricom does not know this receipt.",
    "2001": "Safaricom refuses our initiator's credentials.",
    "8006": "Our initiator is locked at Safaricom.",
    "21": "Our initiator may not reverse: its role is missing at Safaricom.",
    "TP40153": "Our initiator may not reverse: its role is missing at Safaricom.",
}


def understand_result(message: InboundMessage, now: datetime) -> str:
    """Take the answer to an order of ours and return a note. Raises what puts it in quarantine."""
    result = parse_result(bytes(message.body or b""))
    order = _order_of(message)
    if order.originator_id and result.originator_conversation_id not in {"", order.originator_id}:
        raise Quarantine("The conversation is not the one we were given.")
    if order.state == OrderState.DONE:
        return "A repeat: the result was known."
    if order.kind == OrderKind.STATUS:
        return _take_status(order, result, message, now)
    if order.kind == OrderKind.BALANCE:
        return _take_balance(order, result, message, now)
    return _take_reversal(order, result, now)


def understand_timeout(message: InboundMessage, now: datetime) -> str:
    """Note that Safaricom's queue gave up on an order: its end is unknown, not failed."""
    parse_timeout(bytes(message.body or b""))
    order = _order_of(message)
    if order.state != OrderState.ASKED:
        return "The order had ended."
    if order.kind == OrderKind.REVERSAL:
        end_order(order, OrderState.UNKNOWN, code="", text="Safaricom's queue gave up.", now=now)
        return "The reversal's end is unknown."
    order.next_try_at = now
    order.save(update_fields=["next_try_at"])
    return "Asked again."


def _order_of(message: InboundMessage) -> InitiatorOrder:
    order = order_of(message.token_digest, message.till) if message.till else None
    if order is None:
        raise Quarantine("No order of ours has this address.")
    return order


def _take_status(
    order: InitiatorOrder, result: Result, message: InboundMessage, now: datetime
) -> str:
    """Record the payment that Safaricom vouches for. Anything but "Completed" confirms nothing."""
    status = status_of(result)
    if status is None:
        end_order(order, OrderState.FAILED, code=result.code, text=result.text, now=now)
        return "Safaricom does not confirm this receipt."
    message.receipt = status.receipt
    if status.receipt != order.receipt:
        raise Quarantine("The status is about another receipt than we asked for.")
    till = order.till
    is_nameless = not result.parameters.get("CreditPartyName", "").strip()
    is_ours = is_nameless or status.credit_shortcode in {till.shortcode, till.number}
    if not status.is_completed or not is_ours or not status.amount_cents:
        text = status.status if is_ours else "It was paid to another shortcode."
        end_order(order, OrderState.FAILED, code=result.code, text=text, now=now)
        return f"Not a payment to this till: {text}"[:200]
    end_order(order, OrderState.DONE, code=result.code, text=status.status, now=now)
    seen = Seen(
        source=Source.STATUS,
        till=till,
        receipt=status.receipt,
        amount_cents=status.amount_cents,
        paid_at=believable(status.completed_at, message, message.received_at - OLDEST),
        message=message,
        payer=_payer_of(status),
    )
    return "" if record_payment(seen, recorded_at=now) else "The receipt was known."


def _payer_of(status: StatusAnswer) -> PayerFacts:
    """Return phone and name of "0700000101 - Achieng  Wanjiru" or "2547... - NAME"."""
    phone, _, name = (part.strip() for part in status.debit_party.partition(" - "))
    if phone.isdigit() and phone.startswith("0"):
        phone = f"254{phone[1:]}"
    return PayerFacts(phone=phone if phone.isdigit() else "", name=" ".join(name.split()))


def _take_balance(
    order: InitiatorOrder, result: Result, message: InboundMessage, now: datetime
) -> str:
    told = parse_balances(result.parameters.get("AccountBalance", ""))
    if not result.is_success or not told:
        end_order(order, OrderState.FAILED, code=result.code, text=result.text, now=now)
        return "No balance was told."
    end_order(order, OrderState.DONE, code=result.code, text=result.text, now=now)
    AccountBalance.objects.bulk_create(
        AccountBalance(
            till=order.till,
            order=order,
            account=name,
            balance_cents=held.current_cents,
            at=message.received_at,
        )
        for name, held in told.items()
    )
    return ""


def _take_reversal(order: InitiatorOrder, result: Result, now: datetime) -> str:
    """Post what was reversed, or say why not; without a word from Safaricom nothing is posted."""
    reversal = Reversal.objects.filter(order=order).first()
    if reversal is None:
        raise Quarantine("No reversal of ours belongs to this order.")
    payment = locked_payment(reversal.payment_id)
    reversal.refresh_from_db()  # as it is now that nobody else can change it
    answer = reversal_of(result)
    if answer is None:
        _note_failure(order, reversal, result, now)
        return "Not reversed."
    is_done = reversal.state == ReversalState.DONE
    if is_done and answer.receipt not in {"", reversal.receipt}:
        raise Quarantine("It was reversed by another receipt already: two may have gone back.")
    if not is_done:
        _refuse_other_reversal(reversal, payment, answer)
    end_order(order, OrderState.DONE, code=result.code, text=result.text, now=now)
    if is_done:
        return "The reversal was known."
    complete_reversal(reversal, payment, receipt=answer.receipt, by=reversal.approved_by, now=now)
    return ""


def _note_failure(order: InitiatorOrder, reversal: Reversal, result: Result, now: datetime) -> None:
    end_order(order, OrderState.FAILED, code=result.code, text=result.text, now=now)
    if reversal.state != ReversalState.DONE:
        reversal.state, reversal.ended_at = ReversalState.REFUSED, now
        reversal.note = WHY_NOT.get(result.code, f"{result.code}: {result.text}")[:200]
        reversal.save(update_fields=["state", "ended_at", "note"])


def _refuse_other_reversal(reversal: Reversal, payment: Payment, answer: ReversalAnswer) -> None:
    """Raise Quarantine where the result is not about what we asked for, or cannot be."""
    if answer.original_receipt not in {"", payment.receipt}:
        raise Quarantine("The result is about another receipt than we asked for.")
    if answer.amount_cents not in {None, reversal.amount_cents}:
        raise Quarantine("Another amount was reversed than we asked for.")
    if reversal.amount_cents > payment.paid_cents - payment.reversed_cents:
        raise Quarantine("More would have gone back than was paid.")
    if answer.receipt and Reversal.objects.filter(receipt=answer.receipt).exists():
        raise Quarantine("This receipt is another reversal's.")
