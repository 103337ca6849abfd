"""Checks the trail of closed periods against the entries, its own chain, and the book's dates."""

from collections import defaultdict
from datetime import date

from money.chain import FIRST_HASH, PeriodFacts, link, period_text
from money.models import Book, Business, PeriodChange, PeriodEvent


class Trail:
    """The period events of one book, a few hundred a year.

    `hashes` are event hash -> number: each is an anchor that may have left the machine.
    """

    def __init__(self, business: Business) -> None:
        self.slug = business.slug
        self.events = list(PeriodEvent.objects.filter(business=business).order_by("number"))
        self.hashes = {event.hash: event.number for event in self.events}
        self._heads: dict[int, set[str]] = defaultdict(set)
        for event in self.events:
            self._heads[event.entries].add(event.entries_hash)

    def check_entry(self, number: int, entry_hash: str) -> str | None:
        """Return a sentence where a day was closed over another entry of this number."""
        heads = self._heads.pop(number, None)
        if heads and heads != {entry_hash}:
            return "it is not the entry over which a period was closed"
        return None

    def check(self) -> str | None:
        """Return what is wrong with the events themselves, once all entries were seen."""
        previous = FIRST_HASH
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
        if self._heads.pop(0, {FIRST_HASH}) != {FIRST_HASH}:
            return "a period was closed over a book without entries, with another hash"
        if self._heads:
            return f"a period was closed over entry {max(self._heads)}, which is gone"
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


def watermarks(events: list[PeriodEvent]) -> tuple[date | None, date | None]:
    """Return (closed through, locked through) after these events, in the order of their numbers."""
    closed: date | None = None
    locked: date | None = None
    for event in events:
        day = event.through_on
        if event.change == PeriodChange.UNLOCKED:
            closed = day if closed and closed > day else closed
            locked = day if locked and locked > day else locked
            continue
        closed = max(closed or day, day)
        if event.change != PeriodChange.DAY_CLOSED:
            locked = max(locked or day, day)
    return closed, locked
