"""Erasing several people at once: their phones wait in rows, and each goes as it is erased.

Whoever asks keeps the id of the request and nothing else. An erasure empties the phone in its own
transaction, so a run that was killed goes on with those that wait, and none is kept for longer
than KEPT_DAYS, whatever became of it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from money.access import Ability, abilities_of
from money.models import User
from mpesa.actions.erasure import NotAllowed, NotYet, erase_person
from mpesa.models import ErasureItem, ErasureRequest, ItemState
from mpesa.phones import NumberedPhone

# Long enough to settle what stands in the way and to try again; then the phones go.
KEPT_DAYS = 7
REASONS_SHOWN = 3

Tick = Callable[[int, int], None]


class Unfinished(Exception):
    """Some are not erased; the message counts them and says why, by line and not by phone."""


class Stumbled(Exception):
    """The database failed in the middle of it; trying again goes on from there."""


@dataclass(slots=True)
class Tally:
    """How many phones of a request were erased, were unknown, wait yet, or were dropped."""

    erased: int = 0
    unknown: int = 0
    waiting: int = 0
    dropped: int = 0
    reasons: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        total = self.erased + self.unknown + self.waiting + self.dropped
        return f"{self.erased} of {total} erased, {self.unknown} unknown."


def ask_for_erasures(
    *, phones: Sequence[NumberedPhone], by: User, now: datetime, quarantined_too: bool = False
) -> ErasureRequest:
    """Keep the phones until they are erased; the same asked while all of it waits is that one.

    Raises NotAllowed. Nothing is erased yet: `erase_all` does that.
    """
    if Ability.MANAGE not in abilities_of(by):
        raise NotAllowed("Only who manages a business may erase a customer's data.")
    wanted = {phone.number for phone in phones}
    with transaction.atomic():
        if same := _same(wanted, by, quarantined_too=quarantined_too):
            # Asked anew, it is kept anew: else it might be dropped under the job that follows.
            ErasureRequest.objects.filter(pk=same.pk).update(asked_at=now)
            return same
        request = ErasureRequest.objects.create(
            by=by, asked_at=now, quarantined_too=quarantined_too
        )
        ErasureItem.objects.bulk_create(
            ErasureItem(request=request, line=phone.line, phone=phone.number) for phone in phones
        )
    return request


def _same(wanted: set[str], by: User, *, quarantined_too: bool) -> ErasureRequest | None:
    rows = ErasureRequest.objects.filter(
        by=by, quarantined_too=quarantined_too, items__state=ItemState.WAITING
    )
    for request in rows.distinct().order_by("-pk").prefetch_related("items"):
        if {item.phone for item in request.items.all()} == wanted:
            return request
    return None


def erase_all(*, request_id: int, tick: Tick, now: datetime) -> Tally:
    """Erase each phone of a request that waits yet, in a transaction of its own; returns counts.

    `tick(done, total)` counts phones, and what it raises stops the work between two of them. Again
    goes on where it ended. Raises Unfinished where some are not erased, NotAllowed where who asked
    may do so no more, and Stumbled where the database failed.
    """
    request = ErasureRequest.objects.select_related("by").filter(pk=request_id).first()
    if request is None:
        raise Unfinished("This request is no longer kept. Ask for it again.")
    if not request.by.is_active:
        raise NotAllowed(f"{request.by} asked for it and may not sign in any more.")
    items = request.items.order_by("line")
    waiting = list(items.filter(state=ItemState.WAITING).values_list("pk", "line"))
    total = items.count()
    done, reasons = total - len(waiting), []
    for pk, line in waiting:
        tick(done, total)
        if reason := _erase_one(pk, request, now):
            reasons.append(f"Line {line}: {reason}")
        done += 1
    tick(total, total)
    tally = _tally(request, reasons)
    if tally.waiting or tally.dropped:
        raise Unfinished(_sentence(tally))
    return tally


def _erase_one(pk: int, request: ErasureRequest, now: datetime) -> str:
    """Erase the phone of an item that waits yet; returns what stands in the way, or ""."""
    rows = ErasureItem.objects.filter(pk=pk, state=ItemState.WAITING)
    phone = rows.values_list("phone", flat=True).first()
    if phone is None:  # another run had it, or the clean-up
        return ""
    try:
        # It ends every item that waits with this phone, in the transaction that erases.
        erase_person(phone=phone, by=request.by, now=now, quarantined_too=request.quarantined_too)
    except (NotYet, NotAllowed) as refusal:
        return str(refusal)
    except DatabaseError as error:
        # PostgreSQL repeats the row that it refused: a phone would stand in the job's error.
        raise Stumbled(f"the database failed with {type(error).__name__}") from None
    return ""


def _tally(request: ErasureRequest, reasons: list[str]) -> Tally:
    counts = Counter(request.items.values_list("state", flat=True))
    return Tally(
        erased=counts[ItemState.ERASED],
        unknown=counts[ItemState.UNKNOWN],
        waiting=counts[ItemState.WAITING],
        dropped=counts[ItemState.DROPPED],
        reasons=reasons,
    )


def _sentence(tally: Tally) -> str:
    told = [str(tally)]
    if tally.dropped:
        told.append(f"{tally.dropped} not within {KEPT_DAYS} days: ask for them again.")
    if tally.waiting:
        told.append(f"{tally.waiting} not yet: try again once what stands in the way is settled.")
    told += tally.reasons[:REASONS_SHOWN]
    if more := len(tally.reasons[REASONS_SHOWN:]):
        told.append(f"And {more} more.")
    return " ".join(told)


def drop_old_phones(*, now: datetime) -> int:
    """Empty the phones that wait since KEPT_DAYS, erased or not; returns how many."""
    return ErasureItem.objects.filter(
        state=ItemState.WAITING, request__asked_at__lt=now - timedelta(days=KEPT_DAYS)
    ).update(state=ItemState.DROPPED, phone="", ended_at=now)
