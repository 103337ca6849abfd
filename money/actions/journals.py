"""Manual journals: proposed with their paper, posted at once or by a second person, or rejected."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from money.actions.corrections import (
    MOST_DESCRIPTION_LETTERS,
    AlreadyReversed,
    NoEntry,
    NotReversible,
    can_be_reversed,
    post_reversal,
    refuse_by_hand,
    reversed_already,
    why_no_letter,
)
from money.actions.papers import Paper, digest_of, keep_paper, refuse_paper
from money.actions.periods import locked_book
from money.actions.posting import KeyTaken, PeriodLocked, UnknownAccount, post
from money.chart import Code, parent_of
from money.drafts import Draft, DraftLine, Posted, TooLong, is_same_content, tax_of
from money.models import (
    Account,
    Book,
    Business,
    Entry,
    EntryKind,
    Journal,
    JournalLine,
    JournalState,
    User,
)

MOST_NOTE_LETTERS = 200
MOST_KEY_LETTERS = 64
WRITTEN_BY_HAND = (EntryKind.ADJUSTMENT, EntryKind.OPENING)


class BadJournal(Exception):
    """The journal cannot be proposed; the message is a sentence for who wrote it."""


class AlreadyProposed(BadJournal):
    """Another journal corrects the same entry and waits for its second person."""


class NoJournal(Exception):
    """There is no journal of this id."""


class SamePerson(Exception):
    """Who proposed a journal above the limit cannot approve it as well."""


class Decided(Exception):
    """The journal was posted or rejected already."""


def propose(  # noqa: PLR0913 a journal has that many facts
    *,
    business: Business,
    occurred_on: date,
    description: str,
    lines: Sequence[DraftLine],
    proposed_by: User,
    at: datetime,
    paper: Paper | None = None,
    corrects_id: int | None = None,
    kind: str = EntryKind.ADJUSTMENT,
    key: str = "",
) -> Journal:
    """Keep a journal of (account code, cents, tax letter) lines, and post it where that is allowed.

    Above the business's limit, of its debits or of the entry that it corrects, it waits for a
    second person. One without lines only takes back what it corrects; its description says why.
    A `key` from the form makes it happen once. Raises BadJournal, BadPaper,
    KeyTaken, NoBook, PeriodLocked, UnknownAccount, NotByHand, NoEntry, NotReversible,
    AlreadyReversed, AlreadyProposed, and what a Draft raises (Unbalanced, TooLong, UnknownTax).
    """
    draft = Draft(
        business=business,
        key="This journal",
        occurred_on=occurred_on,
        description=description.strip(),
        lines=lines,
        kind=kind,
    )
    _refuse_draft(draft, key, paper, at, is_reversal=corrects_id is not None and not lines)
    with transaction.atomic():
        book = locked_book(business)
        if key and (first := Journal.objects.filter(key=key).first()):
            return _refuse_another(first, draft, paper, corrects_id)
        _refuse_locked(book, occurred_on)
        most_cents = max(_debits(draft), _corrected(business, corrects_id))
        journal = Journal.objects.create(
            key=key or uuid.uuid4().hex,
            business=business,
            kind=kind,
            occurred_on=occurred_on,
            description=draft.description,
            corrects_id=corrects_id,
            attachment_id=keep_paper(paper, business, by=proposed_by, at=at).pk if paper else None,
            needs_second_person=most_cents > business.approval_above_cents,
            proposed_by=proposed_by,
            proposed_at=at,
        )
        _keep_lines(journal, lines)
        return journal if journal.needs_second_person else _post(journal, by=proposed_by, at=at)


def approve(*, journal_id: int, by: User, at: datetime) -> Journal:
    """Post a journal that waits; one that is posted already is returned as it is.

    Raises NoJournal, SamePerson, Decided, and what the posting raises: PeriodLocked where its
    month was locked meanwhile, AlreadyReversed. It waits on then.
    """
    with transaction.atomic():
        journal = _locked_journal(journal_id)
        if journal.state == JournalState.POSTED:
            return journal
        _refuse_decided(journal)
        if by.pk == journal.proposed_by_id:
            raise SamePerson("A second person approves this journal: you proposed it yourself.")
        return _post(journal, by=by, at=at)


def reject(*, journal_id: int, by: User, note: str, at: datetime) -> Journal:
    """Reject a journal that waits, or withdraw one's own. Raises NoJournal, Decided, TooLong."""
    if len(note.strip()) > MOST_NOTE_LETTERS:
        raise TooLong(f"The note has more than {MOST_NOTE_LETTERS} letters.")
    with transaction.atomic():
        journal = _locked_journal(journal_id)
        _refuse_decided(journal)
        journal.state = JournalState.REJECTED
        journal.decision_note = note.strip()
        journal.decided_by, journal.decided_at = by, at
        journal.save(update_fields=["state", "decision_note", "decided_by", "decided_at"])
        return journal


def opening_balances(
    *,
    business: Business,
    day: date,
    lines: Sequence[DraftLine],
    proposed_by: User,
    at: datetime,
    paper: Paper | None = None,
    key: str = "",
) -> Journal:
    """Propose what the accounts held at the start of the books; 3300 takes the difference.

    A business that starts mid-year may bring its income and expenses so far. Raises what
    `propose` raises; BadJournal for a line on 3300 itself.
    """
    if any(parent_of(line[0]) == Code.OPENING_BALANCES for line in lines):
        raise BadJournal(f"Leave {Code.OPENING_BALANCES} out: it takes the difference by itself.")
    # What is no whole number is refused with its sentence later on.
    difference = sum(line[1] for line in lines if type(line[1]) is int)
    balancing: list[DraftLine] = [(Code.OPENING_BALANCES, -difference)] if difference else []
    return propose(
        business=business,
        occurred_on=day,
        description=f"Opening balances of {day:%-d %B %Y}",
        lines=[*lines, *balancing],
        proposed_by=proposed_by,
        at=at,
        paper=paper,
        kind=EntryKind.OPENING,
        key=key,
    )


def _refuse_draft(
    draft: Draft, key: str, paper: Paper | None, at: datetime, *, is_reversal: bool
) -> None:
    if draft.kind not in WRITTEN_BY_HAND:
        raise BadJournal("A journal by hand is an adjustment or brings opening balances.")
    _refuse_texts(draft, key, is_reversal=is_reversal)
    if not is_reversal:
        draft.refuse_unpostable()
    refuse_by_hand(draft.lines)
    if why := why_no_letter(draft.lines):
        raise BadJournal(why)
    if draft.occurred_on > timezone.localdate(at) + timedelta(days=1):
        raise BadJournal(
            f"{draft.occurred_on:%-d %B %Y} is still to come: tomorrow is the latest day."
        )
    if paper:
        refuse_paper(paper)


def _refuse_texts(draft: Draft, key: str, *, is_reversal: bool) -> None:
    if not draft.description:
        why = "why the entry is reversed: it stays on record" if is_reversal else "what it is for"
        raise BadJournal(f"Say {why}.")
    if len(key) > MOST_KEY_LETTERS:
        raise TooLong(f"The key has more than {MOST_KEY_LETTERS} letters.")
    if len(draft.description) > MOST_DESCRIPTION_LETTERS:
        raise TooLong(f"The description has more than {MOST_DESCRIPTION_LETTERS} letters.")


def _refuse_locked(book: Book, day: date) -> None:
    if book.locked_through and day <= book.locked_through:
        raise PeriodLocked(
            f"The books of {book.business} are locked through {book.locked_through:%-d %B %Y}."
            " Use a later day, or let the owner unlock them."
        )


def _refuse_another(
    first: Journal, draft: Draft, paper: Paper | None, corrects_id: int | None
) -> Journal:
    """Return the journal that holds the key, or raise KeyTaken where it says something else."""
    same = (
        first.business_id == draft.business.pk
        and (first.kind, first.occurred_on, first.description, first.corrects_id)
        == (draft.kind, draft.occurred_on, draft.description, corrects_id)
        and (first.attachment.sha256 if first.attachment else "")
        == (digest_of(paper) if paper else "")
        and is_same_content(_lines_of(first), draft.lines)
    )
    if not same:
        raise KeyTaken(f"This was sent already as journal {first.pk}, with another content.")
    return first


def _refuse_decided(journal: Journal) -> None:
    if journal.state != JournalState.PROPOSED:
        raise Decided(f"Journal {journal.pk} is {journal.get_state_display().lower()} already.")


def _corrected(business: Business, corrects_id: int | None) -> int:
    """Return the debits of the entry that a journal corrects, or refuse it; 0 without one."""
    if corrects_id is None:
        return 0
    entry = Entry.objects.filter(pk=corrects_id, business=business).first()
    if entry is None:
        raise NoEntry(f"{business} has no entry {corrects_id}.")
    if why := can_be_reversed(entry):
        raise NotReversible(why)
    if there := Entry.objects.filter(reverses=entry).first():
        raise AlreadyReversed(reversed_already(entry, there))
    if waiting := entry.corrections.filter(state=JournalState.PROPOSED).first():
        raise AlreadyProposed(
            f"Journal {waiting.pk} would correct entry {entry.number} already and waits for a"
            " second person: approve or reject that one first."
        )
    amounts = entry.lines.values_list("amount_cents", flat=True)
    return sum(cents for cents in amounts if cents > 0)


def _debits(draft: Draft) -> int:
    return sum(line[1] for line in draft.lines if line[1] > 0)


def _keep_lines(journal: Journal, lines: Sequence[DraftLine]) -> None:
    codes = {line[0] for line in lines}
    rows = Account.objects.filter(business=journal.business, code__in=codes)
    ids = dict(rows.values_list("code", "pk"))
    if missing := sorted(codes - ids.keys()):
        raise UnknownAccount(f"{journal.business} has no account {', '.join(missing)}.")
    JournalLine.objects.bulk_create(
        JournalLine(
            journal=journal,
            account_id=ids[line[0]],
            amount_cents=line[1],
            tax_class=tax_of(line),
        )
        for line in lines
    )


def _lines_of(journal: Journal) -> list[DraftLine]:
    rows = journal.lines.order_by("pk").values_list("account__code", "amount_cents", "tax_class")
    return list(rows)


def _locked_journal(journal_id: int) -> Journal:
    rows = Journal.objects.select_for_update(of=("self",)).select_related("business", "proposed_by")
    journal = rows.filter(pk=journal_id).first()
    if journal is None:
        raise NoJournal(f"There is no journal {journal_id}.")
    return journal


def _post(journal: Journal, *, by: User, at: datetime) -> Journal:
    """Post a journal, and before it the reversal of what it corrects.

    Both stand on one day, the journal's own: an open month that is corrected later shows the
    difference alone.
    """
    if entry := journal.corrects:
        if why := can_be_reversed(entry):
            raise NotReversible(why)
        lines = _lines_of(journal)
        reason = f"corrected by journal {journal.pk}" if lines else journal.description
        day = max(journal.occurred_on, entry.occurred_on)
        reversal = post_reversal(entry, day, journal.kind, reason, journal.proposed_by, at)
        if not reversal.is_new:
            # Another journal did it meanwhile: this one waits on.
            raise AlreadyReversed(reversed_already(entry, entry.reversed_by))
        if not lines:
            return _decided(journal, reversal, by=by, at=at)
    draft = Draft(
        business=journal.business,
        key=f"journal:{journal.pk}",
        occurred_on=journal.occurred_on,
        description=journal.description,
        lines=_lines_of(journal),
        source=_source_of(journal),
        actor=journal.proposed_by,
        kind=journal.kind,
    )
    return _decided(journal, post(draft, posted_at=at), by=by, at=at)


def _decided(journal: Journal, posted: Posted, *, by: User, at: datetime) -> Journal:
    journal.entry_id = posted.entry_id
    journal.state = JournalState.POSTED
    journal.decided_by, journal.decided_at = by, at
    journal.save(update_fields=["entry", "state", "decided_by", "decided_at"])
    return journal


def _source_of(journal: Journal) -> str:
    """Name the journal and half of its paper's digest: the chain vouches for both.

    128 bits: a second paper with the same ones cannot be made. Older entries have 64.
    """
    paper = f" file {journal.attachment.sha256[:32]}" if journal.attachment else ""
    return f"journal {journal.pk}{paper}"
