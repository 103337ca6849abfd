"""Reads of the rail: what waits, what is due, what nobody has identified."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypedDict

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from money.chart import Code
from money.models import Business
from money.queries import balances_of
from mpesa.models import (
    JOINABLE,
    LIVE_STATES,
    Allocation,
    InboundMessage,
    InboundState,
    Payer,
    Payment,
    PaymentRequest,
    RequestState,
    StatementRow,
    Till,
    TillKind,
)
from mpesa.payloads import normalise_reference, payer_key
from mpesa.phones import phone_fits

BATCH = 200
# How long after its prompt a payment may be the answer to it; clocks differ by a little.
ANSWERED_WITHIN = timedelta(minutes=10)
CLOCKS_DIFFER = timedelta(minutes=1)
# The pull looks back for two days: what came alone is looked at a little longer.
ALONE_FOR = timedelta(days=3)
# Cents of a payment: what was paid, and what of it did not go back.
PAID = F("amount_cents") + F("corrected_cents")
KEPT = PAID - F("reversed_cents")


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


def is_booked_from_statement(business: Business, receipt: str) -> bool:
    """Tell whether a row of a statement with this code is in the books already, or came in."""
    rows = StatementRow.objects.filter(till__business=business, receipt=receipt)
    return rows.filter(~Q(posted_key="") | Q(sign__gt=0)).exists()


def unmatched_payments() -> QuerySet[Payment]:
    """Return payments of which something is still unidentified, oldest first."""
    return Payment.objects.filter(allocated_cents__lt=KEPT).order_by("pk")


def touched(payment: str) -> Exists:
    """Tell of a row whether its payment was ever matched; `payment` names its id.

    A wrong guess that gave way by itself does not count: no person has decided anything.
    """
    matches = Allocation.objects.filter(payment=OuterRef(payment))
    gave_way = Q(is_guess=True, undone_at__isnull=False, undone_by=None)
    return Exists(matches.exclude(gave_way))


def was_touched(payment: Payment) -> bool:
    """Tell whether a payment was ever matched, as `touched` does."""
    return Payment.objects.filter(touched("pk"), pk=payment.pk).exists()


def inbox_of(businesses: Iterable[Business]) -> dict[int, int]:
    """Return business id -> unmatched cents; each equals its account of unidentified receipts."""
    rows = unmatched_payments().filter(till__business__in=businesses).order_by()
    return dict(
        rows.values_list("till__business_id").annotate(total=Sum(KEPT - F("allocated_cents")))
    )


def inbox_counts(businesses: Iterable[Business]) -> dict[int, int]:
    """Return business id -> how many payments have something unmatched."""
    rows = unmatched_payments().filter(till__business__in=businesses).order_by()
    return dict(rows.values_list("till__business_id").annotate(count=Count("pk")))


def inbox_ties(businesses: Iterable[Business]) -> dict[str, tuple[int, int]]:
    """Return business slug -> (unmatched cents, cents in the account of unidentified receipts).

    The two are equal, always. Read it inside one `money.snapshot()` where others write.
    """
    mine = list(businesses)
    inbox, account = inbox_of(mine), balances_of(mine, Code.UNIDENTIFIED)
    return {b.slug: (inbox.get(b.pk, 0), -account.get(b.pk, 0)) for b in mine}


def payments_to_join(now: datetime) -> QuerySet[Payment]:
    """Return recent payments that came without a prompt's answer while a prompt waits for one."""
    waiting = PaymentRequest.objects.filter(
        till=OuterRef("till"),
        amount_cents=OuterRef("amount_cents"),
        asked_at__gte=OuterRef("paid_at") - ANSWERED_WITHIN,
        asked_at__lte=OuterRef("paid_at") + CLOCKS_DIFFER,
        state__in=JOINABLE,
        payment=None,
    )
    return _alone().filter(Exists(waiting), paid_at__gte=now - ALONE_FOR)


def requests_that_fit(payment: Payment) -> list[PaymentRequest]:
    """Return the prompts that a payment which came alone may answer: one is an answer, two none.

    Same till and amount, asked at most ten minutes before, and the payer agrees.
    """
    rows = PaymentRequest.objects.filter(
        till=payment.till_id,
        amount_cents=payment.amount_cents,
        asked_at__gte=payment.paid_at - ANSWERED_WITHIN,
        asked_at__lte=payment.paid_at + CLOCKS_DIFFER,
        state__in=JOINABLE,
        payment=None,
    )
    return [row for row in rows.select_related("till").order_by("pk") if _agree(payment, row)]


def payments_that_fit(request: PaymentRequest) -> list[Payment]:
    """Return the payments which came alone and may be the answer to a prompt."""
    if request.asked_at is None:
        return []
    rows = _alone().filter(
        till=request.till_id,
        amount_cents=request.amount_cents,
        paid_at__gte=request.asked_at - CLOCKS_DIFFER,
        paid_at__lte=request.asked_at + ANSWERED_WITHIN,
    )
    return [row for row in rows.select_related("payer") if _agree(row, request)]


def _alone() -> QuerySet[Payment]:
    return unmatched_payments().filter(
        request=None, allocations=None, reversed_cents=0, corrected_cents=0
    )


def _agree(payment: Payment, request: PaymentRequest) -> bool:
    """Tell whether what is known of the payer says that it is the one who was asked."""
    payer = getattr(payment, "payer", None)
    if payer is None:
        return False
    if request.till.kind == TillKind.PAYBILL:
        typed = normalise_reference(payer.account_reference)
        return typed == normalise_reference(request.account_reference) != ""
    return is_payer(payer, request.phone)


def is_payer(payer: Payer, phone: str) -> bool:
    """Tell whether `phone` (254 and nine digits) is a payer's, as far as is shown of that."""
    if not phone:
        return False
    is_known = payer.key != "" and payer.key == payer_key(phone, settings.SECRET_KEY)
    return is_known or phone_fits(payer.phone, phone)


def latest_request(reference: str) -> PaymentRequest | None:
    """Return the newest request with this reference."""
    return PaymentRequest.objects.filter(reference=reference).order_by("-pk").first()


def is_being_asked(reference: str) -> bool:
    """Tell whether a request with this reference has not ended yet."""
    return PaymentRequest.objects.filter(reference=reference, state__in=LIVE_STATES).exists()


def is_being_asked_about(reference: str) -> bool:
    """Tell whether Safaricom is still to say how a silent request with this reference ended."""
    rows = PaymentRequest.objects.filter(reference=reference, state=RequestState.UNKNOWN)
    return rows.filter(next_query_at__isnull=False).exists()


def paid_without_receipt(businesses: Iterable[Business]) -> QuerySet[PaymentRequest]:
    """Return requests that Safaricom calls paid while no receipt has reached us."""
    return PaymentRequest.objects.filter(
        till__business__in=businesses, state=RequestState.PAID, payment=None
    )


def unsettled_requests(businesses: Iterable[Business]) -> QuerySet[PaymentRequest]:
    """Return requests without a final answer although their prompt has closed."""
    return PaymentRequest.objects.filter(till__business__in=businesses, state=RequestState.UNKNOWN)


class Ties(TypedDict):
    """One business's unmatched payments and their account, in cents."""

    inbox_cents: int
    account_cents: int
    ties: bool


class Status(TypedDict):
    """Where the rail stands: counts, and sums in cents. docs/mpesa.md explains each key."""

    callbacks: dict[str, int]
    payments: dict[str, int]
    requests: dict[str, int]
    businesses: dict[str, Ties]
    inbox_cents: int
    account_cents: int


def status_of_rail() -> Status:
    """Return where the rail stands, of all businesses; read it inside one `money.snapshot()`."""
    messages: dict[str, int] = dict(
        InboundMessage.objects.order_by().values_list("state").annotate(count=Count("pk"))
    )
    requests: dict[str, int] = dict(
        PaymentRequest.objects.order_by().values_list("state").annotate(count=Count("pk"))
    )
    sums = Payment.objects.aggregate(
        count=Count("pk"), cents=Sum(PAID), reversed_cents=Sum("reversed_cents")
    )
    ties = inbox_ties(Business.objects.order_by("slug"))
    return {
        "callbacks": {
            "received": sum(messages.values()),
            "understood": messages.get(InboundState.UNDERSTOOD, 0),
            "waiting": messages.get(InboundState.WAITING, 0),
            "quarantined": messages.get(InboundState.QUARANTINED, 0),
            "spooled": spooled_messages(),
        },
        "payments": {name: total or 0 for name, total in sums.items()},
        "requests": {state: requests.get(state, 0) for state in RequestState.values},
        "businesses": {
            slug: {"inbox_cents": inbox, "account_cents": account, "ties": inbox == account}
            for slug, (inbox, account) in ties.items()
        },
        "inbox_cents": sum(inbox for inbox, _ in ties.values()),
        "account_cents": sum(account for _, account in ties.values()),
    }


def spooled_messages() -> int:
    """Return how many messages wait in this machine's spool, the torn ones left out."""
    count = 0
    for pattern in ("*.jsonl", "*.taking"):
        for path in settings.SPOOL_DIR.glob(pattern):
            # The worker may have brought it in meanwhile.
            with suppress(FileNotFoundError), path.open("rb") as file:
                count += sum(1 for line in file if line.strip())
    return count


# What the quarantine notes where whoever wrote the message did not know what Safaricom knows.
FORGED_NOTES = (
    "No request of ours has this address.",
    "No order of ours has this address.",
    "The CheckoutRequestID is not the one we were given.",
    "The CheckoutRequestID belongs to another request.",
    "The amount is not the one we asked for.",
    "The shortcode is not this till's.",
    "The conversation is not the one we were given.",
)


def look_forged() -> QuerySet[InboundMessage]:
    """Return the messages in quarantine that Safaricom would not have written."""
    return InboundMessage.objects.filter(state=InboundState.QUARANTINED, note__in=FORGED_NOTES)
