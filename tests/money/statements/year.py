"""A year of a small business whose figures are worked out by hand in the tests."""

from typing import Any, Protocol

from money.drafts import DraftLine, Posted
from money.models import Business

# The keywords that a test gives to several statements.
Told = dict[str, Any]


class Book(Protocol):
    def __call__(
        self,
        on: str,
        *lines: DraftLine,
        business: Business | None = None,
        kind: str = "fact",
        description: str = "Told",
    ) -> Posted: ...


def a_year(book: Book) -> None:
    """Duka's 2026, in shillings: see the worked figures in test_worked_year.py."""
    shillings: tuple[tuple[str, list[tuple[str, int]]], ...] = (
        ("2026-01-02", [("1200", 200_000), ("3000", -200_000)]),
        ("2026-01-10", [("1700", 60_000), ("1200", -60_000)]),
        ("2026-02-01", [("1400", 50_000), ("2000", -50_000)]),
        ("2026-02-15", [("1000", 30_000), ("4040", -30_000)]),
        ("2026-02-15", [("5040", 20_000), ("1400", -20_000)]),
        ("2026-03-10", [("1100", 12_000), ("4050", -12_000)]),
        ("2026-03-12", [("4110", 1_000), ("1000", -1_000)]),
        ("2026-03-31", [("6700", 5_000), ("1710", -5_000)]),
        ("2026-04-05", [("2000", 40_000), ("1200", -40_000)]),
        ("2026-04-30", [("6020", 8_000), ("1200", -8_000)]),
        ("2026-05-20", [("1300", 9_000), ("4040", -9_000)]),
        ("2026-06-01", [("1200", 25_000), ("2600", -25_000)]),
        ("2026-06-15", [("3100", 3_000), ("1000", -3_000)]),
        ("2026-06-16", [("1200", 10_000), ("1000", -10_000)]),
    )
    for on, lines in shillings:
        book(on, *((code, amount * 100) for code, amount in lines))
