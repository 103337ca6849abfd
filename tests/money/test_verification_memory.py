"""`verify_books` needs as much memory for long books as for short ones."""

import gc
import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection

from money import verification
from money.actions.posting import post_many
from money.chart import Code
from money.drafts import Draft
from money.models import Business
from money.verification import verify_books
from tests.make import NOW, TODAY

CHUNK = 100
FEW, MANY = 500, 3_000
# The 2,500 entries between them and their lines are some 4 MB, were they kept; their numbers or
# their hashes alone are 100 and 250 kB.
MOST_MORE_BYTES = 50_000


def fill(business: Business, first: int, last: int) -> None:
    """Post entries of one month: the movements, which are kept in memory, stay as many."""
    drafts = [
        Draft(
            business=business,
            key=f"sale:{number}",
            occurred_on=TODAY - timedelta(days=number % 20),
            description=f"Sale {number} of something with a name of its own",
            lines=[(Code.CASH_DRAWER, number), (Code.SALES_RETAIL, -number)],
        )
        for number in range(first, last + 1)
    ]
    for start in range(0, len(drafts), 500):
        post_many(drafts[start : start + 500], posted_at=NOW)


def peak_of_verifying(entries: int) -> int:
    """Return the bytes of Python's memory that verifying took at its height."""
    gc.collect()
    tracemalloc.start()
    try:
        report = verify_books()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (report.findings, report.entries, report.lines) == ([], entries, 2 * entries)
    return peak


def test_verifying_long_books_takes_no_more_memory_than_short_ones(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHUNK", CHUNK)
    fill(duka, 1, FEW)
    # What is read for the first time stays in memory: imports, compiled patterns.
    verify_books()

    of_few = peak_of_verifying(FEW)
    fill(duka, FEW + 1, MANY)
    of_many = peak_of_verifying(MANY)

    assert of_many - of_few < MOST_MORE_BYTES


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite streams by itself.")
def test_postgresql_keeps_the_rows_until_they_are_fetched(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a cursor of the server all rows would lie in the driver, which Python cannot see."""
    monkeypatch.setattr(verification, "CHUNK", CHUNK)
    fill(duka, 1, 3 * CHUNK)
    opened: list[int] = []

    def tick(done: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE statement LIKE '%FROM money_%'")
            opened.append(cursor.fetchone()[0])

    verify_books(tick)

    assert opened[:2] == [2, 2]
