"""The canonical texts of entries and period events, and the hashes that chain them.

Pure, and the same on both databases. The texts hold no erasable personal data: no phone number, no
name of a customer, nothing that someone typed about a person.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

FIRST_HASH = "0" * 64
# An entry's id is its book and its number, known before the entry exists: lines go in first.
ENTRY_IDS_PER_BOOK = 10**10
FACT = "fact"
# An account's code, cents, and a tax letter where there is one; debit is positive.
ChainLine = tuple[str, int] | tuple[str, int, str]
# One encoder for all texts: json.dumps would build one for each.
_encode = json.JSONEncoder(separators=(",", ":")).encode


# Not frozen: one is made for every entry of a book, and freezing it costs what hashing it does.
@dataclass(slots=True)
class EntryFacts:
    """What of an entry is hashed, beside its lines. `actor_id` and `reverses_id` may be None.

    Of `reverses_id` the text keeps the number: the id of a book is not the same in every database.
    """

    slug: str
    number: int
    key: str
    occurred_on: date
    posted_at: datetime
    description: str
    source: str
    actor_id: int | None
    reverses_id: int | None
    kind: str = FACT
    late_for: date | None = None


def canonical_text(entry: EntryFacts, lines: Sequence[ChainLine]) -> str:
    """Return the one text of an entry; `lines` are (account code, cents[, tax letter]).

    What an entry of issue "duka-1" had no word for is added only where it says something: a tax
    letter to its line, the kind and the late day at the end.
    """
    facts: list[object] = [
        "duka-1",
        entry.slug,
        entry.number,
        entry.key,
        entry.occurred_on.isoformat(),
        utc_text(entry.posted_at),
        entry.description,
        entry.source,
        entry.actor_id,
        entry.reverses_id and entry.reverses_id % ENTRY_IDS_PER_BOOK,
        sorted([line if len(line) == 2 or line[2] else line[:2] for line in lines]),  # noqa: PLR2004
    ]
    if entry.kind != FACT or entry.late_for:
        facts.append([entry.kind, entry.late_for and entry.late_for.isoformat()])
    return _encode(facts)


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """What of a period event is hashed. `actor_id` is None where a schedule closed the day."""

    slug: str
    number: int
    change: str
    through_on: date
    at: datetime
    actor_id: int | None
    reason: str
    entries: int
    entries_hash: str


def period_text(event: PeriodFacts) -> str:
    """Return the one text of a period event: it carries the head of the book at that moment."""
    return _encode(
        [
            "duka-period-1",
            event.slug,
            event.number,
            event.change,
            event.through_on.isoformat(),
            utc_text(event.at),
            event.actor_id,
            event.reason,
            event.entries,
            event.entries_hash,
        ]
    )


def utc_text(moment: datetime) -> str:
    """Return an aware moment in UTC with six digits of a second."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def link(previous_hash: str, text: str) -> str:
    """Return the hash of an entry: SHA-256 over its predecessor's hash and its own text, in hex."""
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()
