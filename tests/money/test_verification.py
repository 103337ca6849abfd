"""Good books are found good; whatever is altered behind the triggers is named with its place."""

import io
import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from money import verification
from money.actions.posting import post
from money.chain import FIRST_HASH
from money.chart import Code
from money.drafts import Draft
from money.models import Account, Book, Business, Entry, Line, Movement
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_tax_person, a_user, an_entry
from tests.money.conftest import Tamper


@pytest.fixture
def books(duka: Business) -> dict[str, int]:
    """Three entries of duka (the third reverses the first), one of maji, none of empty."""
    water = a_business(slug="maji")
    first = an_entry(duka, key="one", occurred_on=date(2026, 10, 31))
    an_entry(duka, key="two")
    reversal = Draft(
        business=duka,
        key="three",
        occurred_on=TODAY,
        description="Reverses one",
        lines=[(Code.SALES_RETAIL, 10_000), (Code.CASH_DRAWER, -10_000)],
        actor=a_user("baraka"),
        reverses_id=first.entry_id,
    )
    post(reversal, posted_at=NOW)
    an_entry(water, key="four")
    bare = Business.objects.create(
        tax_person=a_tax_person(), slug="bare", name="Bare", trade="retail"
    )
    a_business(slug="empty")
    Book.objects.create(business=bare)
    of_two = Line.objects.get(entry__key="two", amount_cents__gt=0)
    return {
        "one": first.entry_id,
        "two": first.entry_id + 1,
        "three": first.entry_id + 2,
        "duka": duka.pk,
        "maji": water.pk,
        "bare": bare.pk,
        "line": of_two.pk,
        "drawer": of_two.account_id,
        "bank": Account.objects.get(business=duka, code="1200").pk,
        "water_drawer": Account.objects.get(business=water, code="1000").pk,
        "baraka": reversal.actor_id or 0,
        "movement": Movement.objects.get(account=of_two.account_id, month_on="2026-11-01").pk,
    }


def places() -> list[tuple[str, int]]:
    return [(finding.business, finding.number) for finding in verify_books().findings]


def test_good_books_are_found_good(books: dict[str, int]) -> None:
    report = verify_books()

    assert report.is_ok
    assert report.findings == []
    assert (report.entries, report.lines) == (4, 8)
    assert report.heads == dict(Book.objects.values_list("business__slug", "head_hash"))
    assert report.heads["empty"] == FIRST_HASH


def test_no_books_are_good_books(db: None) -> None:
    report = verify_books()

    assert (report.is_ok, report.entries, report.lines, report.heads) == (True, 0, 0, {})


def test_verify_books_reads_in_as_many_queries_for_few_entries_as_for_many(duka: Business) -> None:
    counts = []

    for _ in range(2):
        an_entry(duka)
        with CaptureQueriesContext(connection) as queries:
            verify_books()
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_verify_books_ticks_per_chunk(
    books: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHUNK", 2)
    ticks: list[int] = []

    report = verify_books(ticks.append)

    assert (report.is_ok, ticks) == (True, [2, 4])


# Every column of the four tables: what is altered, and where that must be seen.
ALTERED: list[tuple[str, list[tuple[str, int]]]] = [
    ("money_entry SET id = {two} + 900 WHERE id = {two}", [("duka", 2), ("", 0)]),
    (
        "money_entry SET business_id = {maji}, number = 2 WHERE id = {two}",
        [("duka", 3), ("maji", 2)],
    ),
    ("money_entry SET number = 900 WHERE id = {two}", [("duka", 3)]),
    ("money_entry SET number = 900 WHERE id = {three}", [("duka", 900)]),
    ("money_entry SET key = 'forged' WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET occurred_on = '2026-11-23' WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET posted_at = '2026-11-22 09:00:00.000001' WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET description = 'forged' WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET source = 'forged' WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET actor_id = {baraka} WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET actor_id = NULL WHERE id = {three}", [("duka", 3)]),
    ("money_entry SET reverses_id = {two} WHERE id = {three}", [("duka", 3)]),
    ("money_entry SET reverses_id = NULL WHERE id = {three}", [("duka", 3)]),
    ("money_entry SET reverses_id = {maji} * 10000000000 + 1 WHERE id = {three}", [("duka", 3)]),
    ("money_entry SET previous_hash = hash WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET hash = previous_hash WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET hash = previous_hash WHERE id = {three}", [("duka", 3)]),
    ("money_entry SET kind = 'adjustment' WHERE id = {two}", [("duka", 2)]),
    ("money_entry SET late_for = '2026-11-01' WHERE id = {two}", [("duka", 2)]),
    ("money_line SET tax_class = 'B' WHERE id = {line}", [("duka", 2)]),
    ("money_line SET entry_id = {three} WHERE id = {line}", [("duka", 2)]),
    ("money_line SET entry_id = {two} + 900 WHERE id = {line}", [("duka", 2), ("", 0)]),
    ("money_line SET account_id = {bank} WHERE id = {line}", [("duka", 2)]),
    ("money_line SET account_id = {water_drawer} WHERE id = {line}", [("duka", 2)]),
    ("money_line SET occurred_on = '2026-11-23' WHERE id = {line}", [("duka", 2)]),
    ("money_line SET amount_cents = amount_cents + 1 WHERE id = {line}", [("duka", 2)]),
    ("money_line SET amount_cents = amount_cents * 2 WHERE entry_id = {two}", [("duka", 2)]),
    ("money_line SET amount_cents = -amount_cents WHERE entry_id = {two}", [("duka", 2)]),
    ("money_book SET business_id = {bare} + 900 WHERE business_id = {duka}", [("duka", 0)]),
    ("money_book SET last_number = 2 WHERE business_id = {duka}", [("duka", 0)]),
    ("money_book SET head_hash = 'forged' WHERE business_id = {duka}", [("duka", 0)]),
    ("money_book SET closed_through = '2026-11-01' WHERE business_id = {duka}", [("duka", 0)]),
    (
        (
            "money_book SET closed_through = '2026-11-01', locked_through = '2026-11-01'"
            " WHERE business_id = {duka}"
        ),
        [("duka", 0)],
    ),
    ("money_movement SET tax_class = 'B' WHERE id = {movement}", [("duka", 0)]),
    ("money_movement SET account_id = {bank} WHERE id = {movement}", [("duka", 0)]),
    (
        (
            "money_movement SET account_id = {water_drawer}, month_on = '2026-01-01'"
            " WHERE id = {movement}"
        ),
        [("duka", 0), ("maji", 0)],
    ),
    ("money_movement SET month_on = '2026-12-01' WHERE id = {movement}", [("duka", 0)]),
    ("money_movement SET debit_cents = debit_cents + 1 WHERE id = {movement}", [("duka", 0)]),
    ("money_movement SET credit_cents = credit_cents + 1 WHERE id = {movement}", [("duka", 0)]),
    ("money_account SET code = '1201' WHERE id = {drawer}", [("duka", 1)]),
    ("money_account SET kind = 'expense' WHERE id = {drawer}", [("duka", 0)]),
    ("money_business SET slug = 'forged' WHERE id = {duka}", [("forged", 1)]),
    # The ids of lines and movements stand for nothing.
    ("money_line SET id = id + 900 WHERE id = {line}", []),
    ("money_movement SET id = id + 900 WHERE id = {movement}", []),
]


@pytest.mark.parametrize(("altered", "where"), ALTERED, ids=[sql[:60] for sql, _ in ALTERED])
def test_altered_column_is_named(
    books: dict[str, int], tamper: Tamper, altered: str, where: list[tuple[str, int]]
) -> None:
    tamper(f"UPDATE {altered.format(**books)}")

    assert places() == where


def test_every_column_of_the_books_is_altered_here() -> None:
    columns = {
        (model._meta.db_table, field.column)
        for model in (Entry, Line, Book, Movement)
        for field in model._meta.fields
    }

    untouched = {
        (table, column)
        for table, column in columns
        if not any(sql.startswith(f"{table} SET ") and f" {column} = " in sql for sql, _ in ALTERED)
    }

    assert untouched == set()


@pytest.mark.parametrize(
    ("done", "where"),
    [
        ("DELETE FROM money_line WHERE id = {line}", [("duka", 2)]),
        ("DELETE FROM money_line WHERE entry_id = {two}", [("duka", 2)]),
        ("DELETE FROM money_line WHERE entry_id = {three}", [("duka", 3)]),
        ("DELETE FROM money_entry WHERE id = {three}", [("duka", 0), ("", 0)]),
        ("DELETE FROM money_entry WHERE id = {two}", [("duka", 3), ("", 0)]),
        ("DELETE FROM money_book WHERE business_id = {duka}", [("duka", 0)]),
        ("DELETE FROM money_movement WHERE id = {movement}", [("duka", 0)]),
        (
            (
                "INSERT INTO money_line (entry_id, account_id, occurred_on, amount_cents)"
                " VALUES ({three} + 1, {drawer}, '2026-11-22', 5)"
            ),
            [("", 0)],
        ),
        (
            (
                "INSERT INTO money_line (entry_id, account_id, occurred_on, amount_cents)"
                " VALUES ({two}, {drawer}, '2026-11-22', 5), ({two}, {drawer}, '2026-11-22', -5)"
            ),
            [("duka", 2)],
        ),
        (
            (
                "INSERT INTO money_movement (account_id, month_on, debit_cents, credit_cents)"
                " VALUES ({bank}, '2026-11-01', 0, 0)"
            ),
            [("duka", 0)],
        ),
    ],
)
def test_row_deleted_or_added_is_named(
    books: dict[str, int], tamper: Tamper, done: str, where: list[tuple[str, int]]
) -> None:
    tamper(done.format(**books))

    assert places() == where


def test_last_entry_deleted_with_its_lines_is_seen_at_the_head(
    books: dict[str, int], tamper: Tamper
) -> None:
    tamper(f"DELETE FROM money_line WHERE entry_id = {books['three']}")
    tamper(f"DELETE FROM money_entry WHERE id = {books['three']}")

    assert verify_books().findings == [("duka", 0, "the head says entry 3, the chain ends at 2")]


def test_swapped_entries_are_named(books: dict[str, int], tamper: Tamper) -> None:
    one, two = books["one"], books["two"]
    swaps = [
        f"UPDATE {table} SET {column} = -1 WHERE {column} = {one};"
        f"UPDATE {table} SET {column} = {one} WHERE {column} = {two};"
        f"UPDATE {table} SET {column} = {two} WHERE {column} = -1;"
        for table, column in (("money_entry", "id"), ("money_line", "entry_id"))
    ]

    tamper(
        "".join(swaps) + f"UPDATE money_entry SET number = 900 WHERE id = {one};"
        f"UPDATE money_entry SET number = 2 WHERE id = {two};"
        f"UPDATE money_entry SET number = 1 WHERE id = {one}"
    )

    assert verify_books().findings == [("duka", 1, "it does not follow its predecessor's hash")]


def test_every_bad_book_is_named_once(books: dict[str, int], tamper: Tamper) -> None:
    tamper("UPDATE money_entry SET description = 'forged'")

    assert places() == [("duka", 1), ("maji", 1)]


@pytest.mark.parametrize(
    ("altered", "what"),
    [
        ("money_entry SET number = 5 WHERE id = {three}", "the number should be 3"),
        (
            "money_entry SET hash = 'x' WHERE id = {three}",
            "its text does not have its hash: it was altered",
        ),
        (
            "money_entry SET previous_hash = 'x' WHERE id = {three}",
            "it does not follow its predecessor's hash",
        ),
        (
            "money_line SET entry_id = {two} + 1 WHERE entry_id = {two}",
            "its lines are missing or belong to another entry",
        ),
        (
            "money_line SET amount_cents = 7 WHERE id = {line}",
            "its 2 lines sum to -9993 cents, not to zero",
        ),
        (
            "money_line SET account_id = {water_drawer} WHERE id = {line}",
            "a line belongs to another book or to another day",
        ),
        (
            "money_book SET last_number = 7 WHERE business_id = {duka}",
            "the head says entry 7, the chain ends at 3",
        ),
        (
            "money_movement SET debit_cents = 7 WHERE id = {movement}",
            "account 1000 in 2026-11: movements say [7, 10000], lines say [10000, 10000]",
        ),
    ],
)
def test_finding_says_what_is_wrong(
    books: dict[str, int], tamper: Tamper, altered: str, what: str
) -> None:
    tamper(f"UPDATE {altered.format(**books)}")

    assert [finding.what for finding in verify_books().findings] == [what]


# Values of another type: what is altered, where SQLite's book shows it, where PostgreSQL's does
# (None: it refuses the value itself).
Place = tuple[str, int]
UNREADABLE: list[tuple[str, Place, Place | None]] = [
    ("money_entry SET occurred_on = 'someday' WHERE id = {two}", ("duka", 2), None),
    # Read with the first entry of its chunk.
    ("money_entry SET occurred_on = '2026-02-31' WHERE id = {two}", ("duka", 1), None),
    ("money_entry SET posted_at = 'noon' WHERE id = {two}", ("duka", 2), None),
    ("money_entry SET description = x'00ff' WHERE id = {two}", ("duka", 2), ("duka", 2)),
    ("money_line SET amount_cents = 'much' WHERE id = {line}", ("duka", 2), None),
    ("money_line SET amount_cents = 10000.6 WHERE id = {line}", ("duka", 2), ("duka", 2)),
]


@pytest.mark.parametrize(("altered", "on_sqlite", "on_postgresql"), UNREADABLE)
def test_value_of_another_type_is_a_finding_or_never_stored(
    books: dict[str, int],
    tamper: Tamper,
    altered: str,
    on_sqlite: Place,
    on_postgresql: Place | None,
) -> None:
    sql = f"UPDATE {altered.format(**books)}"
    where = on_sqlite if connection.vendor == "sqlite" else on_postgresql

    if where is None:
        with pytest.raises(DataError), transaction.atomic():
            tamper(sql)
    else:
        tamper(sql)

    assert places() == ([] if where is None else [where])


def test_missing_trigger_is_a_finding(books: dict[str, int], tamper: Tamper) -> None:
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute(
            "DROP TRIGGER duka_line_delete"
            + (" ON money_line" if connection.vendor == "postgresql" else "")
        )

    assert verify_books().findings == [("", 0, "trigger duka_line_delete is missing")]


def test_orphans_are_counted(books: dict[str, int], tamper: Tamper) -> None:
    tamper(
        "INSERT INTO money_line (id, entry_id, account_id, occurred_on, amount_cents) VALUES"
        " (901, 1, %s, '2026-11-22', 5), (902, 1, %s, '2026-11-22', -5)",
        [books["drawer"], books["drawer"]],
    )

    assert verify_books().findings == [("", 0, "2 lines without an entry, the first is 901")]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_entries_of_a_business_that_is_gone_are_counted(
    books: dict[str, int], tamper: Tamper
) -> None:
    if connection.vendor == "postgresql":
        tamper("DELETE FROM money_business WHERE id = {maji}".format(**books))
    else:
        connection.check_constraints()
        tamper("UPDATE money_business SET id = 900 WHERE id = {maji}".format(**books))

    assert ("", 0, f"1 entries without a business, the first is {books['maji'] * 10**10 + 1}") in (
        verify_books().findings
    )


def test_command_says_ok(books: dict[str, int]) -> None:
    out, err = io.StringIO(), io.StringIO()

    call_command("verify_books", stdout=out, stderr=err)

    assert out.getvalue() == "ok: 4 entries, 8 lines\n"
    assert err.getvalue() == ""


def test_command_shows_its_progress_to_a_terminal(
    books: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHUNK", 3)
    err = Terminal()

    call_command("verify_books", stdout=io.StringIO(), stderr=err)

    assert "\r3 entries" in err.getvalue()


def test_command_without_tables_says_where_to_look(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_tables(*args: object, **kwargs: object) -> None:
        raise OperationalError("no such table: money_business")

    monkeypatch.setattr("money.management.commands.verify_books.verify_books", no_tables)
    monkeypatch.setattr(connection.introspection, "table_names", list)

    with pytest.raises(CommandError, match="There are no books in this database"):
        call_command("verify_books")


def test_command_prints_json(books: dict[str, int]) -> None:
    out = io.StringIO()

    call_command("verify_books", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {
        "ok": True,
        "entries": 4,
        "lines": 8,
        "heads": dict(Book.objects.values_list("business__slug", "head_hash")),
        "anchors": {},
        "findings": [],
    }


def test_command_names_every_finding_and_exits_with_1(
    books: dict[str, int], tamper: Tamper
) -> None:
    tamper(f"UPDATE money_entry SET description = 'forged' WHERE id = {books['two']}")
    tamper(f"UPDATE money_book SET last_number = 9 WHERE business_id = {books['maji']}")
    tamper(
        "INSERT INTO money_line (id, entry_id, account_id, occurred_on, amount_cents)"
        " VALUES (901, 1, %s, '2026-11-22', 5)",
        [books["drawer"]],
    )
    out = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_books", stdout=out)

    assert ended.value.code == 1
    assert out.getvalue().splitlines() == [
        "duka entry 2: its text does not have its hash: it was altered",
        "maji: the head says entry 9, the chain ends at 1",
        "database: 1 lines without an entry, the first is 901",
    ]


def test_command_exits_with_1_in_json_too(books: dict[str, int], tamper: Tamper) -> None:
    tamper(f"UPDATE money_entry SET description = 'forged' WHERE id = {books['two']}")
    out = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_books", "--json", stdout=out)

    said = json.loads(out.getvalue())
    assert (ended.value.code, said["ok"]) == (1, False)
    assert said["findings"] == [
        {
            "business": "duka",
            "number": 2,
            "what": "its text does not have its hash: it was altered",
        }
    ]
