"""Checks the trail of closed periods against the entries, its own chain, and the book's dates."""

import sys
from collections import defaultdict
from datetime import date

from money.chain import FIRST_HASH, PeriodFacts, link, period_text
from money.models import Book, Business, EntryKind, PeriodChange, PeriodEvent

# (closed through, locked through); what is locked is closed as well.
Marks = tuple[date | None, date | None]
NEVER = sys.maxsize


class Trail:
    """The period events of one book, a few hundred a year, replayed beside its entries.

    `hashes` are event hash -> number: each is an anchor that may have left the machine. An event
    knows the last entry before it, so each entry can be asked what was closed when it came: the
    book's own two dates may have been moved away for a moment and put back.
    """

    def __init__(self, business: Business) -> None:
        self.slug = business.slug
        self.events = list(PeriodEvent.objects.filter(business=business).order_by("number"))
        self.hashes = {event.hash: event.number for event in self.events}
        self._heads: dict[int, set[str]] = defaultdict(set)
        for event in self.events:
            self._heads[event.entries].add(event.entries_hash)
        self._marks: Marks = (None, None)
        self._closed: date | None = None
        self._replayed, self._next = 0, self.events[0].entries if self.events else NEVER

    def check_entry(self, number: int, entry_hash: str, day: date, kind: str) -> str | None:
        """Return a sentence where an entry came too late, or not under the event that names it.

        Entries come in the order of their numbers, millions of them: most are a few comparisons.
        """
        if self._next < number:
            self._replay(number)
        if self._closed is not None and day <= self._closed and self._is_shut(day, kind):
            return "it entered a day that was closed"
        if self._next == number and self._heads.pop(number, {entry_hash}) != {entry_hash}:
            return "it is not the entry over which a period was closed"
        return None

    def _replay(self, number: int) -> None:
        """Take the dates from the events that were there before the entry of this number."""
        while self._next < number:
            self._marks = _after(self._marks, self.events[self._replayed])
            self._replayed += 1
            is_last = self._replayed == len(self.events)
            self._next = NEVER if is_last else self.events[self._replayed].entries
        self._closed = self._marks[0]

    def _is_shut(self, day: date, kind: str) -> bool:
        """Tell whether a closed day refuses an entry: the rule of the entry's trigger."""
        locked = self._marks[1]
        return kind == EntryKind.FACT or (locked is not None and day <= locked)

    def check(self) -> str | None:
        """Return what is wrong with the events themselves, once all entries were seen."""
        if what := self._check_chain():
            return what
        if self._heads.pop(0, {FIRST_HASH}) != {FIRST_HASH}:
            return "a period was closed over a book without entries, with another hash"
        if self._heads:
            return f"a period was closed over entry {max(self._heads)}, which is gone"
        return None

    def _check_chain(self) -> str | None:
        previous, entries = FIRST_HASH, 0
        for number, event in enumerate(self.events, 1):
            if event.number != number:
                return f"period event {number} is missing"
            facts = PeriodFacts(
                self.slug,
                event.number,
                event.change,
                event.through_on,
                event.at,
                event.actor_id,
                event.reason,
                event.entries,
                event.entries_hash,
            )
            if event.previous_hash != previous:
                return f"period event {number} does not follow the one before it"
            previous = link(previous, period_text(facts))
            if previous != event.hash:
                return f"period event {number} was altered"
            if event.entries < entries:
                return f"period event {number} knows fewer entries than the one before it"
            entries = event.entries
        return None

    def check_head(self, book: Book) -> str | None:
        """Return a sentence where the book's dates are not what the events add up to."""
        closed, locked = watermarks(self.events)
        if (book.closed_through, book.locked_through) != (closed, locked):
            return (
                f"it is closed through {book.closed_through} and locked through"
                f" {book.locked_through}, the events say {closed} and {locked}"
            )
        return None


def watermarks(events: list[PeriodEvent]) -> Marks:
    """Return (closed through, locked through) after these events, in the order of their numbers."""
    marks: Marks = (None, None)
    for event in events:
        marks = _after(marks, event)
    return marks


def _after(marks: Marks, event: PeriodEvent) -> Marks:
    closed, locked = marks
    day = event.through_on
    if event.change == PeriodChange.UNLOCKED:
        return closed and min(closed, day), locked and min(locked, day)
    closed = max(closed or day, day)
    if event.change != PeriodChange.DAY_CLOSED:
        locked = max(locked or day, day)
    return closed, locked
