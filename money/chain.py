"""The canonical text of an entry and the hash that links it to its predecessor.

Pure, and the same on both databases. The text holds no erasable personal data: no phone number, no
name of a customer, nothing that someone typed about a person.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What of an entry is hashed, beside its lines. `actor_id` and `reverses_id` may be None."""

    slug: str
    number: int
    key: str
    occurred_on: date
    posted_at: datetime
    description: str
    source: str
    actor_id: int | None
    reverses_id: int | None


def canonical_text(entry: EntryFacts, lines: Iterable[tuple[str, int]]) -> str:
    """Return the one text of an entry; `lines` are (account code, cents) in any order."""
    return json.dumps(
        [
            "duka-1",
            entry.slug,
            entry.number,
            entry.key,
            entry.occurred_on.isoformat(),
            entry.posted_at.astimezone(UTC).isoformat(timespec="microseconds"),
            entry.description,
            entry.source,
            entry.actor_id,
            entry.reverses_id,
            sorted(lines),
        ],
        separators=(",", ":"),
    )


def link(previous_hash: str, text: str) -> str:
    """Return the hash of an entry: SHA-256 over its predecessor's hash and its own text, in hex."""
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()
