"""Days are tied off where statement and books agree, and untied when they differ later."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mpesa.actions.statement_rows import take_left_reversals
from mpesa.models import TiedDay, Till
from mpesa.reconciliation import A_DAY, DayMatch, days_of

# How far back a sweep looks: what is older is looked at when its own statement comes.
LOOKS_BACK = timedelta(days=62)


def tie_days(*, till: Till, first: date, last: date, now: datetime) -> list[DayMatch]:
    """Tie off the covered days that agree, untie those that differ; returns those that differ.

    The days beside them are looked at too: around midnight, statement and message name two days.
    """
    differing = []
    for match in days_of(till=till, first=first - A_DAY, last=last + A_DAY):
        if match.agrees:
            _tie(till, match, now)
        elif match.differences:
            differing.append(match)
            _untie(till, match)
    return differing


def look_again(*, till: Till, now: datetime) -> list[DayMatch]:
    """Look at the last two months anew: a payment or reversal may have come late."""
    take_left_reversals(till=till, now=now)
    today = timezone.localdate(now)
    return tie_days(till=till, first=today - LOOKS_BACK, last=today, now=now)


def _tie(till: Till, match: DayMatch, now: datetime) -> None:
    facts = {"payments": match.both, "total_cents": match.both_cents}
    with transaction.atomic():
        tied, is_new = TiedDay.objects.select_for_update().get_or_create(
            till=till, day=match.day, defaults={"tied_at": now, **facts}
        )
        is_same = (tied.payments, tied.total_cents) == tuple(facts.values())
        if not is_new and not (tied.tied_at and is_same):
            tied.tied_at, tied.note = tied.tied_at or now, ""
            tied.payments, tied.total_cents = match.both, match.both_cents
            tied.save(update_fields=["tied_at", "note", *facts])


def _untie(till: Till, match: DayMatch) -> None:
    with transaction.atomic():
        tied = TiedDay.objects.select_for_update().filter(till=till, day=match.day).first()
        if tied and tied.tied_at:
            tied.tied_at, tied.note = None, f"No longer: {match.sentence}."[:200]
            tied.save(update_fields=["tied_at", "note"])
