"""How the rail stands: what an owner looks at first when a payment is missed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from money.models import Business
from mpesa.credentials import MissingCredentials, initiator_of
from mpesa.models import (
    AccountBalance,
    BalanceGap,
    InboundMessage,
    InboundState,
    InitiatorOrder,
    OrderKind,
    PullRun,
    PullVerdict,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    Till,
)

# So many pulls in a row that say nothing of what we know, and the till is not served by it.
BLIND_STREAK = 3
LISTED = 20


@dataclass(frozen=True, slots=True)
class TillStanding:
    """One till: when a message of each kind came last, and what the nets say of it.

    `balances` are the last that Safaricom told of each account, `balance_order` the last question.
    """

    till: Till
    prompt_at: datetime | None
    confirmation_at: datetime | None
    pull: PullRun | None
    is_blind: bool
    has_initiator: bool
    balances: list[AccountBalance]
    balance_order: InitiatorOrder | None


@dataclass(frozen=True, slots=True)
class Rail:
    """All tills of some businesses, and what waits for their owner."""

    tills: list[TillStanding]
    held: list[InboundMessage]
    gaps: list[BalanceGap]
    reversals: list[Reversal]


def rail_of(businesses: Iterable[Business], now: datetime) -> Rail:
    """Return how the rail of these businesses stands at `now`."""
    mine = list(businesses)
    tills = [_standing(till, now) for till in _tills_of(mine)]
    held = InboundMessage.objects.filter(
        till__business__in=mine, state=InboundState.QUARANTINED
    ).select_related("till")
    return Rail(
        tills=tills,
        held=list(held.order_by("-pk")[:LISTED]),
        gaps=list(open_gaps(mine)[:LISTED]),
        reversals=list(waiting_reversals(mine)[:LISTED]),
    )


def _tills_of(mine: list[Business]) -> QuerySet[Till]:
    rows = Till.objects.filter(business__in=mine).select_related("business")
    return rows.order_by("business__name", "number")


def _standing(till: Till, now: datetime) -> TillStanding:
    recent = Sighting.objects.filter(till=till, paid_at__gt=now - timedelta(days=30))
    last = dict(recent.order_by().values_list("source").annotate(at=Max("seen_at")))
    pulls = list(PullRun.objects.filter(till=till).order_by("-at")[:BLIND_STREAK])
    return TillStanding(
        till=till,
        prompt_at=last.get(Source.STK),
        confirmation_at=last.get(Source.CONFIRMATION),
        pull=pulls[0] if pulls else None,
        is_blind=len(pulls) == BLIND_STREAK
        and all(one.verdict == PullVerdict.BLIND for one in pulls),
        has_initiator=_has_initiator(till),
        balances=_balances_of(till),
        balance_order=InitiatorOrder.objects.filter(till=till, kind=OrderKind.BALANCE)
        .order_by("-pk")
        .first(),
    )


def _balances_of(till: Till) -> list[AccountBalance]:
    """Return the last balance of each account that was ever told, by the account's name."""
    rows = AccountBalance.objects.filter(till=till).order_by("-pk")[:LISTED]
    last = {one.account: one for one in reversed(rows)}
    return [last[name] for name in sorted(last)]


def _has_initiator(till: Till) -> bool:
    try:
        initiator_of(till)
    except MissingCredentials:
        return False
    return True


def open_gaps(businesses: Iterable[Business]) -> QuerySet[BalanceGap]:
    """Return jumps of balances that nothing explains yet, newest first."""
    rows = BalanceGap.objects.filter(after__till__business__in=businesses, closed_at=None)
    return rows.select_related("after__till__business", "before").order_by("-pk")


def waiting_reversals(businesses: Iterable[Business]) -> QuerySet[Reversal]:
    """Return reversals that wait for a second person, or whose end nobody knows."""
    rows = Reversal.objects.filter(
        payment__till__business__in=businesses,
        state__in=[ReversalState.PROPOSED, ReversalState.UNKNOWN],
    )
    return rows.select_related("payment__till__business", "proposed_by").order_by("-pk")
