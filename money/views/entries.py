"""An entry's own page, and its reversal."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.actions.corrections import (
    AlreadyReversed,
    NotReversible,
    can_be_reversed,
)
from money.actions.journals import BadJournal, propose
from money.actions.posting import KeyTaken, PeriodLocked
from money.models import ENTRY_IDS_PER_BOOK, Entry, EntryKind, Journal, JournalState
from money.views.doors import Reader, fields_of, opened_by

REFUSALS = (AlreadyReversed, BadJournal, KeyTaken, NotReversible, PeriodLocked)
MOST_REASON = 120


@opened_by(Ability.SEE_BOOKS)
@require_GET
def entry(request: HttpRequest, reader: Reader, entry_id: int) -> HttpResponse:
    """Show an entry: its lines, its place in the chain, what reverses it, what it came from."""
    return _page(request, reader, find_entry(reader, entry_id))


@opened_by(Ability.SEE_BOOKS)
@require_POST
def reverse_entry(request: HttpRequest, reader: Reader, entry_id: int) -> HttpResponse:
    """Take an entry back today: by its opposite at once, or by a second person above the limit."""
    found, now = find_entry(reader, entry_id), timezone.now()
    reader.insist(Ability.KEEP_BOOKS, found.business)
    reason = fields_of(request).get("reason", "").strip()[:MOST_REASON]
    try:
        journal = propose(
            business=found.business,
            occurred_on=max(timezone.localdate(now), found.occurred_on),
            description=reason,
            lines=[],
            proposed_by=reader.user,
            at=now,
            corrects_id=found.pk,
            kind=EntryKind.OPENING if found.kind == EntryKind.OPENING else EntryKind.ADJUSTMENT,
            # A double click is one; after a rejection it may be asked for again.
            key=f"reverse:{found.pk}:{_rejected(found)}",
        )
    except REFUSALS as refusal:
        return _page(request, reader, found, refusal=refusal, reason=reason)
    if journal.entry_id is None:
        messages.success(request, "It is above the limit: a second person approves the reversal.")
        return redirect("money:journal", journal.pk)
    messages.success(request, f"Entry {found.number} is reversed. This is the entry that did it.")
    return redirect("money:entry", journal.entry_id)


def _rejected(found: Entry) -> int:
    """Return how many reversals of an entry were rejected; corrections with lines are none."""
    return found.corrections.filter(state=JournalState.REJECTED, lines=None).count()


def find_entry(reader: Reader, entry_id: int) -> Entry:
    """Return an entry of a business whose books one sees; else there is no such page."""
    if not reader.may(Ability.SEE_BOOKS, entry_id // ENTRY_IDS_PER_BOOK):
        raise Http404
    rows = Entry.objects.select_related("business__book", "actor", "reverses")
    found = rows.filter(pk=entry_id).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    reader: Reader,
    found: Entry,
    *,
    refusal: Exception | None = None,
    reason: str = "",
) -> HttpResponse:
    lines = list(found.lines.select_related("account").order_by("pk"))
    reversed_by = Entry.objects.filter(reverses=found).first()
    keeps = reader.may(Ability.KEEP_BOOKS, found.business_id)
    why_not = can_be_reversed(found)
    journals = Journal.objects.select_related("attachment", "proposed_by", "decided_by")
    corrected_by = journals.filter(corrects=found, state=JournalState.PROPOSED).first()
    context: dict[str, Any] = {
        "entry": found,
        "business": found.business,
        "lines": lines,
        "total_cents": sum(line.amount_cents for line in lines if line.amount_cents > 0),
        "reversed_by": reversed_by,
        "journal": journals.filter(entry=found).first(),
        "corrected_by": corrected_by,
        "why_not": why_not,
        "can_reverse": keeps and not (why_not or reversed_by or corrected_by),
        "is_last": found.number >= found.business.book.last_number,
        "refusal": refusal,
        "reason": reason,
    }
    return render(request, "money/entry.html", context, status=422 if refusal else 200)
