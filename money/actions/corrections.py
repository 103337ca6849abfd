"""Reverse and correct what was posted: the wrong entry stays, its opposite stands beside it."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from money.actions.periods import NoReason
from money.actions.posting import KeyTaken, post
from money.chart import Code, parent_of
from money.drafts import Draft, DraftLine, Posted, tax_of
from money.models import Book, Entry, EntryKind, User

# Entries of these keys belong to nobody but the ground floor. Any other key names a record of a
# floor above (sale:42, mpesa:UKM5A1B2C3), which would go on saying what the books no longer say.
# The demo's year has no floor above: whoever tries the program out may correct it.
MADE_BY_MONEY = ("journal:", "correct:", "demo:")
# Accounts that a floor above, or a transfer, keeps equal to something else.
NOT_BY_HAND: dict[str, str] = {
    Code.UNIDENTIFIED: "is kept by the M-Pesa inbox: match or refund the payment there.",
    Code.BETWEEN_BUSINESSES: "is kept by transfers between businesses: move the amount there.",
}
MOST_DESCRIPTION_LETTERS = 200


class NoEntry(Exception):
    """There is no entry of this id."""


class NotReversible(Exception):
    """The entry is not corrected by a reversal; the message says where it is."""


class AlreadyReversed(Exception):
    """Another entry reverses it already; nothing was posted."""


class WrongDay(Exception):
    """The day is before the entry's own, or still to come; nothing was posted."""


class NotByHand(Exception):
    """A line names an account that is never written by hand; nothing was posted."""


def reverse(
    *,
    entry_id: int,
    known_on: date,
    reason: str,
    actor: User | None,
    posted_at: datetime,
    by_owner_of_the_fact: bool = False,
) -> Posted:
    """Post the opposite of an entry, of the same kind, on the day that the mistake became known.

    The same call again returns the first reversal. A floor above passes `by_owner_of_the_fact`
    when it reverses what it posted itself. Raises NoEntry, NoReason, NotReversible,
    AlreadyReversed, WrongDay, and what `post` raises (PeriodLocked for an adjustment).
    """
    with transaction.atomic():
        entry = _locked_entry(entry_id)
        why = _never_reversed(entry) if by_owner_of_the_fact else can_be_reversed(entry)
        if why:
            raise NotReversible(why)
        day = _day_of(entry, known_on, posted_at)
        return post_reversal(entry, day, entry.kind, reason, actor, posted_at)


def correct(
    *,
    entry_id: int,
    lines: Sequence[DraftLine],
    occurred_on: date,
    description: str,
    reason: str,
    actor: User | None,
    posted_at: datetime,
) -> tuple[Posted, Posted]:
    """Reverse an entry and post what it should have been; return both, reversal first.

    Both are adjustments (of opening balances: openings) and the reversal stands on the day of the
    new entry, or on the entry's own where that is later: so every day shows the difference alone.
    The same call again returns the first two. Raises what `reverse` and `post` raise, NotByHand.
    """
    refuse_by_hand(lines)
    with transaction.atomic():
        entry = _locked_entry(entry_id)
        if why := can_be_reversed(entry):
            raise NotReversible(why)
        kind = EntryKind.OPENING if entry.kind == EntryKind.OPENING else EntryKind.ADJUSTMENT
        day = max(occurred_on, entry.occurred_on)
        _day_of(entry, day, posted_at)
        draft = Draft(
            business=entry.business,
            key=f"correct:{entry.pk}",
            occurred_on=occurred_on,
            description=description,
            lines=lines,
            source=f"corrects {entry}"[:60],
            actor=actor,
            kind=kind,
        )
        reversal = post_reversal(entry, day, kind, reason, actor, posted_at)
        return reversal, post(draft, posted_at=posted_at)


def can_be_reversed(entry: Entry) -> str:
    """Return '' for an entry that people may reverse by hand, else a sentence that says why not.

    Whether it was reversed already is not asked here: `entry.reversed_by` says it.
    """
    if why := _never_reversed(entry):
        return why
    if entry.key.startswith(MADE_BY_MONEY):
        return ""
    if entry.key.startswith("between:"):
        return "This entry is one half of a transfer: move the amount back between the businesses."
    owner = entry.key.replace(":", " ")
    return f"This entry belongs to {owner}; refund or cancel it there."


def reversed_already(entry: Entry, there: Entry | None) -> str:
    """Return the sentence that an entry of a business is reversed, and by which of its entries."""
    by = f", by entry {there.number}" if there else ""
    return f"Entry {entry.number} of {entry.business} is reversed already{by}."


def refuse_by_hand(lines: Sequence[DraftLine]) -> None:
    """Raise NotByHand for a line on an account that another record is held equal to."""
    for line in lines:
        if why := NOT_BY_HAND.get(parent_of(line[0])):
            raise NotByHand(f"Account {line[0]} {why}")


def why_no_letter(lines: Sequence[DraftLine]) -> str:
    """Return a sentence about a tax letter that no VAT return would count, '' without one."""
    for line in lines:
        code = parent_of(line[0])
        if tax_of(line) and code.startswith(("2", "3")) and code != Code.OUTPUT_VAT:
            return (
                f"Account {line[0]} takes no tax letter: put it on what was sold or bought, and on"
                " its VAT."
            )
    return ""


def _never_reversed(entry: Entry) -> str:
    if entry.kind == EntryKind.CLOSING:
        return "This entry closed a year: unlock the books and close the year again."
    if entry.reverses_id:
        return "This entry is a reversal itself: post the right entry again instead."
    return ""


def _locked_entry(entry_id: int) -> Entry:
    """Return the entry, with its book locked: nobody else reverses it meanwhile."""
    entry = Entry.objects.select_related("business").filter(pk=entry_id).first()
    if entry is None:
        raise NoEntry(f"There is no entry {entry_id}.")
    Book.objects.select_for_update().get(business_id=entry.business_id)
    return entry


def _day_of(entry: Entry, known_on: date, posted_at: datetime) -> date:
    """Return the day of a reversal: never before the day that the entry is booked on."""
    if known_on < (own := entry.late_for or entry.occurred_on):
        raise WrongDay(
            f"The entry is of {own:%-d %B %Y}: it cannot be reversed on {known_on:%-d %B %Y},"
            " before that."
        )
    latest = max(timezone.localdate(posted_at), entry.occurred_on)
    if known_on > latest:
        raise WrongDay(
            f"{known_on:%-d %B %Y} is still to come: use {latest:%-d %B %Y} or a day before."
        )
    return max(known_on, entry.occurred_on)


def post_reversal(
    entry: Entry, day: date, kind: str, reason: str, actor: User | None, posted_at: datetime
) -> Posted:
    """Post the opposite of an entry that may be reversed; its book is locked. See `reverse`."""
    if not reason.strip():
        raise NoReason("Say why the entry is reversed: it stays on record.")
    key = f"reverse:{entry.pk}"
    there = Entry.objects.select_related("business").filter(reverses=entry).first()
    if there and there.key != key:
        raise AlreadyReversed(reversed_already(entry, there))
    rows = entry.lines.order_by("pk").values_list("account__code", "amount_cents", "tax_class")
    draft = Draft(
        business=entry.business,
        key=key,
        occurred_on=day,
        description=f"Reverses {entry}: {reason.strip()}"[:MOST_DESCRIPTION_LETTERS],
        lines=[(code, -cents, tax) for code, cents, tax in rows],
        source=entry.source,
        actor=actor,
        reverses_id=entry.pk,
        kind=kind,
    )
    try:
        return post(draft, posted_at=posted_at)
    except KeyTaken as taken:
        raise AlreadyReversed(
            f"{reversed_already(entry, there)[:-1]}, on another day or for another reason."
        ) from taken
