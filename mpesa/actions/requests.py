"""Asking a customer's phone for money, and finding out how it ended."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from money.cents import CENTS_PER_SHILLING
from money.models import User
from mpesa.actions.tokens import DatabaseStore
from mpesa.addresses import STK, callback_url
from mpesa.credentials import MissingCredentials, credentials_of
from mpesa.daraja import Ack, Ambiguous, Daraja, Push, QueryAnswer, Refused, SharedTokens
from mpesa.digests import digest
from mpesa.models import LIVE_STATES, PaymentRequest, RequestState, Till, TillKind
from mpesa.results import Outcome, meaning_of

MOST_SHILLINGS = 250_000
# The first question comes after the prompt has closed by itself, then less and less often.
FIRST_QUERY_AFTER = timedelta(seconds=10)
LONGEST_QUERY_PAUSE = timedelta(minutes=30)
MOST_QUERIES = 20
UNKNOWN_AFTER = timedelta(seconds=30)
# A prompt that rings minutes after the customer has left is worse than none.
ASK_WITHIN = timedelta(minutes=2)


class NotAskable(Exception):
    """The amount cannot be asked for by M-Pesa; the message is a sentence for the cashier."""


class AlreadyAsking(Exception):
    """A request with this reference is still open; it is not asked for twice."""


def request_payment(
    *,
    till: Till,
    key: str,
    reference: str,
    account_reference: str,
    phone: str,
    amount_cents: int,
    by: User,
    now: datetime,
) -> PaymentRequest:
    """Write down that a phone is to be asked; nothing is sent here. `phone` is 254 and nine digits.

    The same `key` returns the first request. Raises NotAskable or AlreadyAsking.
    """
    check_askable(amount_cents)
    with transaction.atomic():
        if first := _request_of(key, reference):
            return first
        live = PaymentRequest.objects.filter(reference=reference, state__in=LIVE_STATES)
        if live.exists():
            raise AlreadyAsking("The phone is being asked already.")
        try:
            with transaction.atomic():
                return PaymentRequest.objects.create(
                    till=till,
                    key=key,
                    reference=reference,
                    account_reference=account_reference,
                    phone=phone,
                    amount_cents=amount_cents,
                    created_by=by,
                    created_at=now,
                )
        except IntegrityError as error:
            # Two sessions at once on PostgreSQL: the unique indexes let one through.
            if first := _request_of(key, reference):
                return first
            raise AlreadyAsking("The phone is being asked already.") from error


def _request_of(key: str, reference: str) -> PaymentRequest | None:
    """Return the request that a key was used for. Raises AlreadyAsking where it was another one."""
    first = PaymentRequest.objects.filter(key=key).first()
    if first and first.reference != reference:
        raise AlreadyAsking("This page was used for another sale. Reload it, then ask again.")
    return first


def check_askable(amount_cents: int) -> None:
    """Raise NotAskable where M-Pesa cannot take the amount: cents, nothing, or too much."""
    if amount_cents <= 0:
        raise NotAskable("There is nothing to pay.")
    if amount_cents % CENTS_PER_SHILLING:
        raise NotAskable("M-Pesa takes whole shillings only. Take cash, or change the quantity.")
    if amount_cents > MOST_SHILLINGS * CENTS_PER_SHILLING:
        raise NotAskable(f"M-Pesa takes at most KES {MOST_SHILLINGS:,} at once.")


def ask(*, request_id: int, now: datetime) -> RequestState | None:
    """Put the prompt on the phone; None where another worker has the request or it has ended.

    The state is `asked` before the call: a death during it never leads to a second prompt.
    """
    # Hex: no letters that could spell a word which Safaricom refuses in an address.
    token = secrets.token_hex(20)
    claimed = PaymentRequest.objects.filter(
        pk=request_id, state=RequestState.CREATED, created_at__gt=now - ASK_WITHIN
    ).update(
        state=RequestState.ASKED,
        asked_at=now,
        token_digest=digest(token),
        next_query_at=now + timedelta(seconds=settings.STK_PROMPT_SECONDS) + FIRST_QUERY_AFTER,
    )
    if claimed != 1:
        return None
    request = PaymentRequest.objects.select_related("till").get(pk=request_id)
    try:
        ack = client_for(request.till).push(_push_of(request, token), now=now)
    except Refused as refusal:
        return _refuse(request_id, refusal.code, refusal.text, now)
    except MissingCredentials as missing:
        return _refuse(request_id, "credentials", str(missing), now)
    except Ambiguous as silence:
        PaymentRequest.objects.filter(pk=request_id, state=RequestState.ASKED).update(
            result_text=str(silence)[:200]
        )
        return _state_of(request_id)
    return _note_ack(request_id, ack)


def client_for(till: Till) -> Daraja:
    """Return the client of a till. Raises MissingCredentials."""
    return Daraja(
        url=settings.DARAJA_URL,
        credentials=credentials_of(till),
        timeout_seconds=settings.DARAJA_TIMEOUT_SECONDS,
        tokens=SharedTokens(DatabaseStore()),
    )


def _push_of(request: PaymentRequest, token: str) -> Push:
    till = request.till
    return Push(
        shortcode=till.shortcode,
        party_b=till.number,
        is_till=till.kind == TillKind.TILL,
        phone=request.phone,
        amount_shillings=request.amount_cents // CENTS_PER_SHILLING,
        callback_url=callback_url(till, STK, token),
        account_reference=request.account_reference,
        description="Counter sale",
    )


def _note_ack(request_id: int, ack: Ack) -> RequestState:
    """Save the ids of an accepted push; the callback may have come first and ended the request."""
    with transaction.atomic():
        request = PaymentRequest.objects.select_for_update().get(pk=request_id)
        request.merchant_request_id = request.merchant_request_id or ack.merchant_request_id
        request.checkout_request_id = request.checkout_request_id or ack.checkout_request_id
        request.save(update_fields=["merchant_request_id", "checkout_request_id"])
    return RequestState(request.state)


def _refuse(request_id: int, code: str, text: str, now: datetime) -> RequestState:
    PaymentRequest.objects.filter(pk=request_id, state=RequestState.ASKED).update(
        state=RequestState.FAILED,
        result_code=code,
        result_text=text[:200],
        ended_at=now,
        next_query_at=None,
    )
    return _state_of(request_id)


def _state_of(request_id: int) -> RequestState:
    """Return the state as it stands: a callback may have come while we were still asking."""
    return RequestState(PaymentRequest.objects.values_list("state", flat=True).get(pk=request_id))


def query(*, request_id: int, now: datetime) -> RequestState:
    """Ask Safaricom how a request ended and note the answer; returns the request's state after it.

    A query proves that a push was paid, not by which receipt: the payment itself comes with the
    callback, a confirmation or a statement.
    """
    request = PaymentRequest.objects.select_related("till").get(pk=request_id)
    if request.state not in {RequestState.ASKED, RequestState.UNKNOWN}:
        return RequestState(request.state)
    answer = _query_answer(request, now)
    outcome = meaning_of(answer.code).outcome
    open_ones = PaymentRequest.objects.filter(
        pk=request_id, state__in=[RequestState.ASKED, RequestState.UNKNOWN]
    )
    if outcome is Outcome.PENDING:
        open_ones.update(
            state=_state_while_silent(request, now),
            queries=F("queries") + 1,
            next_query_at=_next_query_at(request, now),
        )
    else:
        open_ones.update(
            state=RequestState.PAID if outcome is Outcome.PAID else RequestState.FAILED,
            result_code=answer.code,
            result_text=answer.text,
            ended_at=now,
            next_query_at=None,
            queries=F("queries") + 1,
        )
    return _state_of(request_id)


def _query_answer(request: PaymentRequest, now: datetime) -> QueryAnswer:
    """Return the gateway's answer, or a pending one where it gave none."""
    if not request.checkout_request_id:
        return QueryAnswer("", "The gateway never confirmed the push.")
    try:
        return client_for(request.till).query(
            shortcode=request.till.shortcode,
            checkout_request_id=request.checkout_request_id,
            now=now,
        )
    except (Ambiguous, Refused, MissingCredentials) as silence:
        return QueryAnswer("", str(silence))


def _prompt_closes_at(request: PaymentRequest, now: datetime) -> datetime:
    return (request.asked_at or now) + timedelta(seconds=settings.STK_PROMPT_SECONDS)


def _state_while_silent(request: PaymentRequest, now: datetime) -> RequestState:
    is_silent = now > _prompt_closes_at(request, now) + UNKNOWN_AFTER
    # A clock that was set back must not keep the sale waiting for the old time.
    was_set_back = request.asked_at is not None and now < request.asked_at - UNKNOWN_AFTER
    return RequestState.UNKNOWN if is_silent or was_set_back else RequestState(request.state)


def _next_query_at(request: PaymentRequest, now: datetime) -> datetime | None:
    """Return when to ask again: often until the request is unknown, then rarely, then never."""
    pause = min(timedelta(seconds=30 * 2 ** min(request.queries, 10)), LONGEST_QUERY_PAUSE)
    if _state_while_silent(request, now) == RequestState.ASKED:
        unknown_at = _prompt_closes_at(request, now) + UNKNOWN_AFTER + timedelta(seconds=1)
        return min(now + pause, max(unknown_at, now + timedelta(seconds=1)))
    return None if request.queries + 1 >= MOST_QUERIES else now + pause


def check_soon(*, request_id: int, now: datetime) -> None:
    """Have the next worker ask Safaricom about a request, not before its prompt has closed.

    Before that the answer may be a wrong "failed", and cash would be taken while the phone rings.
    """
    waiting = PaymentRequest.objects.filter(
        pk=request_id, state__in=[RequestState.ASKED, RequestState.UNKNOWN]
    )
    if request := waiting.first():
        at = now
        if request.state == RequestState.ASKED:
            at = max(now, _prompt_closes_at(request, now))
        waiting.update(next_query_at=at)


def withdraw(*, reference: str, now: datetime) -> None:
    """End a request that was not sent yet; one that may have rung the phone stays as it is.

    The worker that sends claims the row by its state, so it is either withdrawn or asked.
    """
    PaymentRequest.objects.filter(reference=reference, state=RequestState.CREATED).update(
        state=RequestState.EXPIRED, result_code="withdrawn", ended_at=now
    )


def expire_requests(*, now: datetime) -> int:
    """End requests that waited too long to be asked; returns how many."""
    return PaymentRequest.objects.filter(
        state=RequestState.CREATED, created_at__lte=now - ASK_WITHIN
    ).update(state=RequestState.EXPIRED, result_code="never-asked", ended_at=now)
