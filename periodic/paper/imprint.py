"""What a printed page says about itself: when it was printed, and the heads of its books. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

SHORT = 16


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a book's chain when its figures were read: 64 letters of SHA-256 in `hash`."""

    slug: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Imprint:
    """When something was printed, and the heads of the books that it was read from."""

    printed_at: datetime
    heads: Sequence[Head] = ()

    @property
    def head_line(self) -> str:
        """Return the line for the foot of a page: one head whole, of several how each begins."""
        if not self.heads:
            return ""
        if len(self.heads) == 1:
            (head,) = self.heads
            return f"Head of the book at entry {head.number}: {head.hash}"
        return "Heads: " + ", ".join(f"{one.slug} {one.hash[:SHORT]}" for one in self.heads)

    @property
    def head_notes(self) -> list[str]:
        """Return the heads of several books in full, a sentence each; one stands at the foot."""
        if len(self.heads) < 2:  # noqa: PLR2004 one is no list
            return []
        return [f"Head of {one.slug} at entry {one.number}: {one.hash}" for one in self.heads]
