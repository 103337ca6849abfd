"""What we ask of Safaricom as an initiator: a row first, then the call, then its result.

A status or a balance is only a question and is asked again; a reversal is sent at most once.
"""

import logging
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from money.models import User
from mpesa.actions.requests import client_for
from mpesa.addresses import RESULT, TIMEOUT, callback_url
from mpesa.credentials import MissingCredentials, initiator_of
from mpesa.daraja import Accepted, Ambiguous, Refused, ResultUrls
from mpesa.digests import digest
from mpesa.models import (
    InitiatorOrder,
    OrderKind,
    OrderState,
    Reversal,
    ReversalState,
    Till,
)

log = logging.getLogger(__name__)

# A result comes within seconds; one that has not come by then was lost.
RESULT_WITHIN = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)
MOST_TRIES = 8


def place_order(
    *,
    till: Till,
    kind: OrderKind,
    key: str,
    receipt: str = "",
    amount_cents: int | None = None,
    by: User | None,
    now: datetime,
) -> InitiatorOrder:
    """Write down what is to be asked or done; the same `key` returns the first order."""
    order, _ = InitiatorOrder.objects.get_or_create(
        key=key,
        defaults={
            "till": till,
            "kind": kind,
            "receipt": receipt,
            "amount_cents": amount_cents,
            "by": by,
            "created_at": now,
            "next_try_at": now,
        },
    )
    return order


def ask_about(*, till: Till, receipt: str, by: User | None, now: datetime) -> InitiatorOrder:
    """Ask Safaricom whether a receipt is genuine; a completed payment to the till is recorded.

    One question per receipt and hour: pressing twice, or a forger's flood, asks once.
    """
    return place_order(
        till=till,
        kind=OrderKind.STATUS,
        key=f"status:{till.pk}:{receipt}:{now:%Y%m%d%H}",
        receipt=receipt,
        by=by,
        now=now,
    )


def ask_balance(*, till: Till, by: User | None, now: datetime) -> InitiatorOrder:
    """Ask Safaricom what the till's accounts hold; pressing twice within a minute asks once."""
    return place_order(
        till=till,
        kind=OrderKind.BALANCE,
        key=f"balance:{till.pk}:{now:%Y%m%d%H%M}",
        by=by,
        now=now,
    )


def send(*, order_id: int, now: datetime) -> OrderState | None:
    """Send an order; None where another worker has it or it has ended.

    The state is `asked` before the call: a death during it never sends a reversal twice.
    """
    token = secrets.token_hex(20)
    claimed = InitiatorOrder.objects.filter(
        pk=order_id, state=OrderState.CREATED, next_try_at__lte=now
    ).update(
        state=OrderState.ASKED,
        asked_at=now,
        token_digest=digest(token),
        tries=F("tries") + 1,
        next_try_at=now + RESULT_WITHIN,
    )
    if claimed != 1:
        return None
    order = InitiatorOrder.objects.select_related("till").get(pk=order_id)
    try:
        accepted = _call(order, token, now)
    except Refused as refusal:
        return _after_refusal(order, refusal.code, refusal.text, now)
    except MissingCredentials as missing:
        return _end(order, OrderState.FAILED, "credentials", str(missing), now)
    except Ambiguous as silence:
        # Nobody knows; the result may still come. What is only a question is asked again later.
        _still_asked(order_id).update(result_text=str(silence)[:200])
        return OrderState.ASKED
    # Its result may have come before its acknowledgement, and is not touched.
    _still_asked(order_id).update(
        originator_id=accepted.originator_conversation_id[:100],
        conversation_id=accepted.conversation_id[:100],
    )
    return OrderState.ASKED


def _still_asked(order_id: int) -> QuerySet[InitiatorOrder]:
    return InitiatorOrder.objects.filter(pk=order_id, state=OrderState.ASKED)


def _call(order: InitiatorOrder, token: str, now: datetime) -> Accepted:
    till, client = order.till, client_for(order.till)
    initiator = initiator_of(till)
    urls = ResultUrls(
        result_url=callback_url(till, RESULT, token), timeout_url=callback_url(till, TIMEOUT, token)
    )
    if order.kind == OrderKind.BALANCE:
        return client.account_balance(
            initiator=initiator, shortcode=till.shortcode, urls=urls, now=now
        )
    if order.kind == OrderKind.STATUS:
        return client.transaction_status(
            initiator=initiator, shortcode=till.shortcode, receipt=order.receipt, urls=urls, now=now
        )
    return client.reverse(
        initiator=initiator,
        receipt=order.receipt,
        amount_cents=order.amount_cents or 0,
        shortcode=till.shortcode,
        remarks="Refund",
        urls=urls,
        now=now,
    )


_ENDS = {
    OrderState.FAILED: ReversalState.REFUSED,
    OrderState.UNKNOWN: ReversalState.UNKNOWN,
}
# What passes by itself: the gateway was not reached, or had no time for us.
_PASSING = {"unreachable", "busy"}


def _after_refusal(order: InitiatorOrder, code: str, text: str, now: datetime) -> OrderState:
    """Try again later where nothing was sent and it may pass, else end the order."""
    if code in _PASSING and order.tries < MOST_TRIES:
        return _try_later(order, text, now)
    return _end(order, OrderState.FAILED, code, text, now)


def _try_later(order: InitiatorOrder, text: str, now: datetime) -> OrderState:
    pause = min(timedelta(minutes=2 ** min(order.tries, 10)), LONGEST_PAUSE)
    InitiatorOrder.objects.filter(pk=order.pk, state=OrderState.ASKED).update(
        state=OrderState.CREATED,
        token_digest="",
        result_text=text[:200],
        next_try_at=now + pause,
    )
    return OrderState.CREATED


def _end(
    order: InitiatorOrder, state: OrderState, code: str, text: str, now: datetime
) -> OrderState:
    with transaction.atomic():
        ended = InitiatorOrder.objects.filter(pk=order.pk).exclude(state=OrderState.DONE)
        ended.update(
            state=state,
            result_code=code[:20],
            result_text=text[:200],
            ended_at=now,
            next_try_at=None,
        )
        if state in _ENDS:
            # What the order was for ends with it, or is as unknown as it.
            Reversal.objects.filter(order=order, state=ReversalState.APPROVED).update(
                state=_ENDS[state], ended_at=now, note=text[:200]
            )
    return state


def end_order(
    order: InitiatorOrder, state: OrderState, *, code: str, text: str, now: datetime
) -> None:
    """Note the result of a locked order; one that is done stays so."""
    _end(order, state, code, text, now)


def follow_up(*, now: datetime) -> int:
    """Deal with orders whose result did not come; returns how many.

    A question is asked again, up to MOST_TRIES times; a reversal becomes unknown, never failed:
    the statement, the pull or its late result tells.
    """
    late = InitiatorOrder.objects.filter(state=OrderState.ASKED, next_try_at__lte=now)
    done = 0
    for order in late.order_by("pk")[:200]:
        if order.kind == OrderKind.REVERSAL or order.tries >= MOST_TRIES:
            _end(order, OrderState.UNKNOWN, "", "No result came.", now)
        else:
            _try_later(order, "No result came; asked again.", now)
        done += 1
    return done


def order_of(token_digest: str, till: Till) -> InitiatorOrder | None:
    """Return the locked order whose address this was, or None."""
    if not token_digest:
        return None
    rows = InitiatorOrder.objects.select_for_update(of=("self",)).select_related("till__business")
    return rows.filter(token_digest=token_digest, till=till).first()


def orders_to_send(now: datetime) -> list[int]:
    """Return ids of orders that are due, reversals first, at most 200."""
    rows = InitiatorOrder.objects.filter(state=OrderState.CREATED, next_try_at__lte=now)
    is_reversal = Q(kind=OrderKind.REVERSAL)
    first = list(rows.filter(is_reversal).order_by("pk").values_list("pk", flat=True)[:100])
    rest = list(rows.exclude(is_reversal).order_by("pk").values_list("pk", flat=True)[:100])
    return first + rest
