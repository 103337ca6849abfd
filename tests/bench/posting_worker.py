"""A process that posts into a scratch database: `python -m tests.bench.posting_worker VERB ...`.

Its last line is its answer, in JSON.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import django
import psycopg

django.setup()

# What follows needs Django to be up.
from django.db import DatabaseError, connection  # noqa: E402
from django.db.models import Count, Max  # noqa: E402

from money.actions.books import open_business  # noqa: E402
from money.actions.posting import post, post_many  # noqa: E402
from money.chain import EntryFacts, canonical_text, link  # noqa: E402
from money.chart import Code  # noqa: E402
from money.drafts import Draft  # noqa: E402
from money.models import ENTRY_IDS_PER_BOOK, Account, Business, Entry, TaxPerson  # noqa: E402
from money.verification import verify_books  # noqa: E402
from tests.bench.cpu import Cpu, of_django  # noqa: E402

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WHAT = "A sale over the counter"
WARM_UP = 100
# A book that has begun: PostgreSQL plans for its size, as it does once autovacuum came by.
BEGUN = 3_000
BATCH = 500

HEAD = "SELECT last_number, head_hash FROM money_book WHERE business_id = %s"
LINES = (
    "INSERT INTO money_line (entry_id, account_id, occurred_on, amount_cents, tax_class)"
    " VALUES (%s, %s, %s, %s, ''), (%s, %s, %s, %s, '')"
)
ENTRY = (
    'INSERT INTO money_entry (id, business_id, number, "key", occurred_on, posted_at, description,'
    " source, kind, late_for, actor_id, reverses_id, previous_hash, hash)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, '', 'fact', NULL, NULL, NULL, %s, %s)"
)
MOVEMENTS = (
    "INSERT INTO money_movement (account_id, month_on, tax_class, debit_cents, credit_cents)"
    " VALUES (%s, %s, '', %s, 0), (%s, %s, '', 0, %s)"
    " ON CONFLICT (account_id, month_on, tax_class) DO UPDATE SET"
    " debit_cents = money_movement.debit_cents + excluded.debit_cents,"
    " credit_cents = money_movement.credit_cents + excluded.credit_cents"
)

PostOne = Callable[[int], None]


def a_book(slug: str) -> Business:
    person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z", name="Amina")
    return open_business(tax_person=person, slug=slug, name=slug, trade="retail")


def a_begun_book(slug: str) -> Business:
    business = a_book(slug)
    for start in range(0, BEGUN, BATCH):
        drafts = [a_draft(business, f"{slug}:begun:{start + each}", 100) for each in range(BATCH)]
        post_many(drafts, posted_at=NOW)
    return business


def analyze() -> None:
    """Do what autovacuum does on PostgreSQL in its minute; on SQLite the product never does."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def a_draft(business: Business, key: str, cents: int) -> Draft:
    return Draft(
        business=business,
        key=key,
        occurred_on=TODAY,
        description=WHAT,
        lines=[(Code.CASH_DRAWER, cents), (Code.SALES_RETAIL, -cents)],
    )


def by_post(business: Business, prefix: str) -> PostOne:
    """Return what posts one entry as the product does."""

    def post_one(number: int) -> None:
        post(a_draft(business, f"{prefix}:{number}", 100 + number), posted_at=NOW)

    return post_one


def by_driver(business: Business, raw: Any) -> PostOne:
    """Return what posts one entry by the driver alone, and does no more than it has to."""
    rows = Account.objects.filter(business=business)
    drawer, sales = (rows.get(code=code).pk for code in (Code.CASH_DRAWER, Code.SALES_RETAIL))
    slug, book, first_id = business.slug, business.pk, business.pk * ENTRY_IDS_PER_BOOK
    month: Any = TODAY.replace(day=1)
    day: Any = TODAY
    at: Any = NOW
    begin, head, lines, entry, movements = "BEGIN", HEAD + " FOR UPDATE", LINES, ENTRY, MOVEMENTS
    if connection.vendor == "sqlite":
        day, month, at = str(day), str(month), "2026-11-22 09:00:00"
        begin = "BEGIN IMMEDIATE"
        head, lines, entry, movements = (
            sql.replace("%s", "?") for sql in (HEAD, LINES, ENTRY, MOVEMENTS)
        )

    def post_one(number: int) -> None:
        cents, key = 100 + number, f"raw:{number}"
        raw.execute(begin)
        last, previous = raw.execute(head, (book,)).fetchone()
        facts = EntryFacts(slug, last + 1, key, TODAY, NOW, WHAT, "", None, None)
        mark = link(previous, canonical_text(facts, (("1000", cents), ("4040", -cents))))
        entry_id = first_id + last + 1
        raw.execute(lines, (entry_id, drawer, day, cents, entry_id, sales, day, -cents))
        raw.execute(entry, (entry_id, book, last + 1, key, day, at, WHAT, previous, mark))
        raw.execute(movements, (drawer, month, cents, sales, month, cents))
        raw.execute("COMMIT")

    return post_one


def the_driver() -> tuple[Any, Cpu]:
    """Open the bare driver's connection, as durable as Django's, with a count of its CPU."""
    if connection.vendor == "sqlite":
        light = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            light.execute(f"PRAGMA {pragma}")
        return light, Cpu()
    at = connection.settings_dict
    plain = psycopg.connect(
        host=at["HOST"],
        port=at["PORT"] or 5432,
        user=at["USER"],
        password=at["PASSWORD"],
        dbname=at["NAME"],
        autocommit=True,
    )
    return plain.cursor(), Cpu(plain.info.backend_pid)


def ratio(postings: str, rounds: str) -> None:
    """Answer per way a list of [CPU seconds per posting, postings per second], a pair a round."""
    begun = [a_begun_book(slug) for slug in ("raw", "post")]
    analyze()
    raw, cpu_of_raw = the_driver()
    ways: dict[str, tuple[PostOne, Cpu]] = {
        "driver": (by_driver(begun[0], raw), cpu_of_raw),
        "post": (by_post(begun[1], "post"), of_django()),
    }
    done: dict[str, int] = dict.fromkeys(ways, 0)
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}

    def work(name: str, times: int) -> tuple[float, float]:
        post_one, cpu = ways[name]
        first, done[name] = done[name], done[name] + times
        began_cpu, began = cpu.seconds(), time.perf_counter()
        for number in range(first, first + times):
            post_one(number)
        wall = time.perf_counter() - began
        return (cpu.seconds() - began_cpu) / times, times / wall

    for name in ways:
        work(name, WARM_UP)
    for turn in range(int(rounds)):
        for name in sorted(ways, reverse=bool(turn % 2)):
            figures[name].append(work(name, int(postings)))
    report = verify_books()
    assert report.is_ok, report.findings
    assert report.entries == sum(done.values()) + 2 * BEGUN
    say(figures)


def rate(postings: str, prefix: str) -> None:
    """Answer postings per second and CPU seconds per posting, into a book of its own."""
    business = Business.objects.filter(slug="rate").first() or a_begun_book("rate")
    analyze()
    post_one, cpu, times = by_post(business, prefix), of_django(), int(postings)
    for number in range(-WARM_UP, 0):
        post(a_draft(business, f"{prefix}:{number}", 100), posted_at=NOW)
    began_cpu, began = cpu.seconds(), time.perf_counter()
    for number in range(times):
        post_one(number)
    wall = time.perf_counter() - began
    say({"rate": times / wall, "cpu": (cpu.seconds() - began_cpu) / times})


def open_books(books: str) -> None:
    """Open books that have begun, one for each of the processes that will write."""
    say([a_begun_book(f"book-{number}").pk for number in range(int(books))])
    analyze()


def write(book: str, prefix: str, postings: str) -> None:
    """Post when told to on the standard input; answer when it began and ended, and what failed."""
    post_one, failed = by_post(Business.objects.get(slug=f"book-{book}"), prefix), 0
    connection.ensure_connection()
    say("ready")
    sys.stdin.readline()
    began = time.monotonic()
    for number in range(int(postings)):
        try:
            post_one(number)
        except DatabaseError as trouble:
            failed += 1
            print(trouble, file=sys.stderr)
    say({"began": began, "ended": time.monotonic(), "failed": failed})


def check_numbers() -> None:
    """Answer the entries posted by `write`, and how many numbers are missing or twice there."""
    report = verify_books()
    assert report.is_ok, report.findings
    books = Entry.objects.values_list("business").annotate(
        Count("number", distinct=True), Max("number"), Count("pk")
    )
    gaps = sum(abs(last - numbers) + entries - numbers for _, numbers, last, entries in books)
    say({"entries": report.entries - BEGUN * len(books), "gaps": gaps})


def say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    verbs: tuple[Callable[..., None], ...] = (ratio, rate, open_books, write, check_numbers)
    {verb.__name__: verb for verb in verbs}[sys.argv[1]](*sys.argv[2:])
