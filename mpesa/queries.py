"""Reads of the rail: what waits, what is due, what nobody has identified."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum

from money.models import Business
from mpesa.models import (
    LIVE_STATES,
    InboundMessage,
    InboundState,
    Payment,
    PaymentRequest,
    RequestState,
    Till,
)

BATCH = 200


def waiting_messages(after: int = 0) -> list[int]:
    """Return ids of messages nobody has understood yet, oldest first, at most BATCH of them."""
    rows = InboundMessage.objects.filter(state=InboundState.WAITING, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def till_of(secret: str) -> Till | None:
    """Return the till that has this secret in its addresses, or had it before its rotation."""
    # PostgreSQL refuses to compare with a NUL; most tills have no previous secret.
    if not secret or "\0" in secret:
        return None
    return Till.objects.filter(Q(callback_secret=secret) | Q(previous_secret=secret)).first()


def requests_to_ask() -> list[int]:
    """Return ids of requests that nobody has sent yet, oldest first, at most BATCH of them."""
    rows = PaymentRequest.objects.filter(state=RequestState.CREATED)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def requests_to_query(now: datetime) -> list[int]:
    """Return ids of requests without an answer about which Safaricom is to be asked now."""
    rows = PaymentRequest.objects.filter(
        state__in=[RequestState.ASKED, RequestState.UNKNOWN], next_query_at__lte=now
    )
    return list(rows.order_by("next_query_at").values_list("pk", flat=True)[:BATCH])


def unmatched_payments() -> QuerySet[Payment]:
    """Return payments of which something is still unidentified, oldest first."""
    return Payment.objects.filter(allocated_cents__lt=F("amount_cents")).order_by("pk")


def inbox_of(businesses: Iterable[Business]) -> dict[int, int]:
    """Return business id -> unmatched cents; each equals its account of unidentified receipts."""
    rows = unmatched_payments().filter(till__business__in=businesses).order_by()
    return dict(
        rows.values_list("till__business_id").annotate(
            total=Sum(F("amount_cents") - F("allocated_cents"))
        )
    )


def latest_request(reference: str) -> PaymentRequest | None:
    """Return the newest request with this reference."""
    return PaymentRequest.objects.filter(reference=reference).order_by("-pk").first()


def is_being_asked(reference: str) -> bool:
    """Tell whether a request with this reference has not ended yet."""
    return PaymentRequest.objects.filter(reference=reference, state__in=LIVE_STATES).exists()


def paid_without_receipt(businesses: Iterable[Business]) -> QuerySet[PaymentRequest]:
    """Return requests that Safaricom calls paid while no receipt has reached us."""
    return PaymentRequest.objects.filter(
        till__business__in=businesses, state=RequestState.PAID, payment=None
    )


def unsettled_requests(businesses: Iterable[Business]) -> QuerySet[PaymentRequest]:
    """Return requests without a final answer although their prompt has closed."""
    return PaymentRequest.objects.filter(till__business__in=businesses, state=RequestState.UNKNOWN)
