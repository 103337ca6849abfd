"""The nets that find what no message told: the pull, the chain of balances, what waits unasked.

Whatever finds a missing payment makes it a payment, by the one way that all of them take.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from mpesa.actions.orders import ask_about
from mpesa.actions.payments import OtherFacts, PayerFacts, Seen, record_payment
from mpesa.actions.requests import client_for
from mpesa.actions.restoring import forgery_of
from mpesa.actions.reversals import NotReversible, take_outside_reversal
from mpesa.credentials import MissingCredentials, initiator_of
from mpesa.daraja import Ambiguous, Refused
from mpesa.models import (
    BalanceGap,
    InboundMessage,
    InboundState,
    InitiatorOrder,
    OrderKind,
    Payment,
    PullRun,
    PullVerdict,
    Sighting,
    Source,
    Till,
)
from mpesa.payloads import PullRow, parse_pull_row

log = logging.getLogger(__name__)

# The pull goes back 48 hours (REFERENCE 4.8); the last minutes of it would be refused.
LONGEST_WINDOW = timedelta(hours=47, minutes=50)
EDGE = timedelta(minutes=5)
# Page sizes are not published: we ask on until a page is empty, but not for ever.
MOST_PAGES = 200
CHAIN_LOOKS_BACK = timedelta(hours=48)
SETTLES_WITHIN = timedelta(minutes=5)
# A forger's flood of confirmations may not use up what Safaricom lets us ask.
MOST_QUESTIONS = 20
# After that only a statement or an owner tells.
HELD_IS_ASKED_FOR = timedelta(days=2)


def pull(*, till: Till, since: datetime, until: datetime, now: datetime) -> PullRun:
    """Ask the pull about a window and record what we did not know; the run says what came of it.

    The same empty answer is given for a quiet window and for a till that the pull does not serve:
    it counts as blind where we know payments of that window.
    """
    known_before = _known_in(till, since, until)
    try:
        found = list(_rows(till, since, until, now))
    except (Refused, Ambiguous, MissingCredentials) as silence:
        return _noted(till, since, until, now, PullVerdict.FAILED, note=str(silence))
    rows = {(row.receipt, row.kind): row for row in found}
    # Outside the window that was asked for a time is a fault of the row, not a day of the books.
    limits = (since - EDGE, until + EDGE)
    # A reversal is nothing before its payment is known.
    in_order = sorted(rows.values(), key=lambda row: row.is_reversal)
    new = sum(_take(till, row, known_before, limits, now) for row in in_order)
    if rows:
        verdict = PullVerdict.FOUND
    else:
        verdict = PullVerdict.BLIND if known_before else PullVerdict.EMPTY
    return _noted(till, since, until, now, verdict, rows=len(rows), new=new)


def _known_in(till: Till, since: datetime, until: datetime) -> dict[str, datetime]:
    """Return receipt -> instant of the payments that we know in a window, but for its edges."""
    rows = Sighting.objects.filter(till=till, paid_at__gt=since + EDGE, paid_at__lt=until - EDGE)
    return dict(rows.exclude(source=Source.PULL).values_list("receipt", "paid_at"))


def _rows(till: Till, since: datetime, until: datetime, now: datetime) -> Iterator[PullRow]:
    """Yield the rows of a window, page after page; rows may repeat."""
    client, offset = client_for(till), 0
    for _ in range(MOST_PAGES):
        page = client.pull_page(
            shortcode=till.shortcode, start=since, end=until, offset=offset, now=now
        )
        if not page.rows:
            return
        offset += len(page.rows)
        yield from filter(None, map(parse_pull_row, page.rows))
    log.warning("%s: the pull has more than %s pages; the rest waits", till, MOST_PAGES)


def _take(
    till: Till,
    row: PullRow,
    known: dict[str, datetime],
    limits: tuple[datetime, datetime],
    now: datetime,
) -> bool:
    """Record one row; True where it is a payment or a reversal that we did not know."""
    try:
        if row.is_payment:
            seen = Seen(
                source=Source.PULL,
                till=till,
                receipt=row.receipt,
                amount_cents=row.amount_cents,
                paid_at=_instant_of(row, known, limits, now),
                payer=PayerFacts(phone=row.msisdn, account_reference=row.account_reference),
            )
            return record_payment(seen, recorded_at=now)
        if row.is_reversal:
            return _take_reversal(till, row, now)
    except (OtherFacts, NotReversible) as reason:
        log.warning("%s: the pull contradicts us about %s: %s", till, row.receipt, reason)
    return False


def _take_reversal(till: Till, row: PullRow, now: datetime) -> bool:
    """Take a reversal whose row names the payment as its reference; others wait for a statement."""
    original = row.account_reference.strip().upper()
    payment = Payment.objects.filter(till=till, receipt=original).first()
    if payment is None or payment.receipt == row.receipt:
        return False
    found = take_outside_reversal(
        payment_id=payment.pk,
        receipt=row.receipt,
        amount_cents=abs(row.amount_cents),
        reason="Reversed by Safaricom, says the pull.",
        now=now,
    )
    return found is not None


def _instant_of(
    row: PullRow, known: dict[str, datetime], limits: tuple[datetime, datetime], now: datetime
) -> datetime:
    """Return when it was paid, by what we know already, else by the row's Nairobi time.

    The zone of the pull's times is not to be trusted (REFERENCE 4.8): one that is yet to come in
    Nairobi is no time at all, and a payment never waits for its time.
    """
    if told := known.get(row.receipt):
        return told
    earliest, latest = limits
    if row.wall is None or not earliest <= row.wall <= min(latest, now + EDGE):
        return now
    return row.wall


def _noted(
    till: Till,
    since: datetime,
    until: datetime,
    now: datetime,
    verdict: PullVerdict,
    *,
    rows: int = 0,
    new: int = 0,
    note: str = "",
) -> PullRun:
    return PullRun.objects.create(
        till=till,
        since=since,
        until=until,
        at=now,
        verdict=verdict,
        rows=rows,
        new=new,
        note=note[:200],
    )


def pull_recent(*, till: Till, hours: int, now: datetime) -> PullRun:
    """Pull the last `hours`, overlapping the run before: rows may come late."""
    window = min(timedelta(hours=hours), LONGEST_WINDOW)
    return pull(till=till, since=now - window, until=now, now=now)


def find_gaps(*, till: Till, now: datetime) -> list[BalanceGap]:
    """Raise each jump of the till's balance that no payment explains; returns the new ones.

    Balance(n) - balance(n-1) is amount(n), where nothing is missing. More is money that no
    message told of; less is a charge, a sweep or a reversal. A gap closes when payments that came
    to light between the two add up to it.
    """
    found = []
    for before, after, missing_cents in _steps(till, now):
        with transaction.atomic():
            gap = BalanceGap.objects.filter(after=after).first()
            if missing_cents > 0 and gap is None:
                found.append(
                    BalanceGap.objects.create(
                        before=before, after=after, missing_cents=missing_cents, found_at=now
                    )
                )
            elif missing_cents <= 0 and gap and gap.closed_at is None:
                gap.closed_at, gap.note = now, "The payments were found."
                gap.save(update_fields=["closed_at", "note"])
    return found


def _steps(till: Till, now: datetime) -> Iterator[tuple[Sighting, Sighting, int]]:
    """Yield (before, after, cents that are missing between them) of a till's confirmations.

    The last minutes are left out: messages overtake each other. Within a second the lower balance
    came first.
    """
    seen = Sighting.objects.filter(
        till=till, paid_at__gt=now - CHAIN_LOOKS_BACK, seen_at__lt=now - SETTLES_WITHIN
    )
    chain = list(
        seen.filter(source=Source.CONFIRMATION, balance_cents__isnull=False).order_by(
            "paid_at", "balance_cents", "pk"
        )
    )
    with_balance = {one.receipt for one in chain}
    others = Payment.objects.filter(till=till, paid_at__gt=now - CHAIN_LOOKS_BACK)
    told = [
        (paid_at, cents)
        for receipt, paid_at, cents in others.values_list("receipt", "paid_at", "amount_cents")
        if receipt not in with_balance
    ]
    for before, after in pairwise(chain):
        between = sum(cents for at, cents in told if before.paid_at <= at <= after.paid_at)
        jump = (after.balance_cents or 0) - (before.balance_cents or 0)
        yield before, after, jump - after.amount_cents - between


def close_gap(gap: BalanceGap, *, now: datetime) -> PullRun:
    """Ask the pull about the time of a gap."""
    edge = timedelta(minutes=10)
    since = max(gap.before.paid_at - edge, now - LONGEST_WINDOW)
    return pull(till=gap.after.till, since=since, until=min(gap.after.paid_at + edge, now), now=now)


def ask_about_held(*, now: datetime) -> int:
    """Ask Safaricom about receipts that wait in quarantine; returns how many questions were put.

    Only where the till has an initiator; a receipt is asked about once an hour at most.
    """
    held = (
        InboundMessage.objects.filter(state=InboundState.QUARANTINED)
        .exclude(receipt="")
        .exclude(till=None)
        .filter(received_at__gt=now - HELD_IS_ASKED_FOR)
        .select_related("till")
    )
    asked: set[tuple[int, str]] = set()
    for message in _never_asked_first(held):
        till = message.till
        assert till is not None
        about = (till.pk, message.receipt)
        if about in asked or not _has_initiator(till):
            continue
        payment = Payment.objects.filter(receipt=message.receipt).first()
        if payment and not forgery_of(payment):
            continue
        asked.add(about)
        ask_about(till=till, receipt=message.receipt, by=None, now=now)
        if len(asked) >= MOST_QUESTIONS:
            break
    return len(asked)


def _never_asked_first(held: QuerySet[InboundMessage]) -> Iterator[InboundMessage]:
    """Yield what waits, first what nobody asked about: a flood would hide the genuine one."""
    orders = InitiatorOrder.objects.filter(
        kind=OrderKind.STATUS, till=OuterRef("till"), receipt=OuterRef("receipt")
    )
    yield from held.filter(~Exists(orders)).order_by("-pk")[: MOST_QUESTIONS * 10]
    yield from held.filter(Exists(orders)).order_by("-pk")[: MOST_QUESTIONS * 10]


def _has_initiator(till: Till) -> bool:
    try:
        initiator_of(till)
    except MissingCredentials:
        return False
    return True
