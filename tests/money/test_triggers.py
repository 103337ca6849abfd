"""What the database itself refuses, on the database in use, and how the triggers are kept."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.models.signals import pre_migrate

from money import triggers
from money.chain import FIRST_HASH
from money.checks import triggers_in_step
from money.models import ENTRY_IDS_PER_BOOK, Account, Book, Business, Entry, Line
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, an_entry

UNBALANCED = "money: an entry needs two lines or more that sum to zero"
POSTED = "money: the entry is posted, no line can be added"
STRANGER = "money: a line belongs to another day or to another book"
GAP = "money: an entry follows the head of its book without a gap"
EXISTS = "money: an entry with this id, key, number or reversal exists already"
LINE_EXISTS = "money: this line exists already"
FROZEN_LINE = "money: a posted line is frozen; correct it by a reversing entry"
FROZEN_ENTRY = "money: a posted entry is frozen; correct it by a reversing entry"
FROZEN_ACCOUNT = "money: an account with entries keeps its code, kind and business"
FROZEN_BUSINESS = "money: a business with entries keeps its slug, it is part of the chain"


def exists(constraint: str) -> str:
    """Return how a row that exists is refused: SQLite's trigger speaks before its constraints.

    It has to, as INSERT OR REPLACE asks no constraint; PostgreSQL's own speak first.
    """
    if connection.vendor == "sqlite":
        return EXISTS
    return f'duplicate key value violates unique constraint "{constraint}"'


def execute(sql: str, *params: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def refusal_of(act: Callable[[], object]) -> str:
    """Return the first line of the database's refusal, having seen that nothing changed."""
    connection.check_constraints()  # PostgreSQL lets no table be truncated while checks wait
    before = rows()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    assert rows() == before
    return str(caught.value).splitlines()[0]


def rows() -> list[list[tuple[Any, ...]]]:
    return [
        list(model._base_manager.order_by("pk").values_list())
        for model in (Entry, Line, Account, Business)
    ]


def raw(business: Business, cents: tuple[int, ...] = (5, -5), **changes: Any) -> None:
    """Insert lines and then the next entry of the book as `post` would, except for `changes`."""
    head = Book.objects.get(business=business)
    number = changes.pop("number", head.last_number + 1)
    of_lines = {"account": drawer(business), "occurred_on": TODAY} | changes.pop("line", {})
    entry_id = changes.pop("id", business.pk * ENTRY_IDS_PER_BOOK + number)
    Line.objects.bulk_create(
        Line(**({"entry_id": entry_id, "amount_cents": amount} | of_lines)) for amount in cents
    )
    facts: dict[str, Any] = {
        "key": "raw",
        "occurred_on": TODAY,
        "posted_at": NOW,
        "description": "Raw",
        "previous_hash": head.head_hash,
        "hash": "f" * 64,
    } | changes
    Entry.objects.bulk_create([Entry(id=entry_id, business=business, number=number, **facts)])


def drawer(business: Business) -> Account:
    return Account.objects.get(business=business, code="1000")


def test_raw_entry_that_keeps_the_rules_is_taken(duka: Business) -> None:
    an_entry(duka)

    raw(duka)

    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


@pytest.mark.parametrize("cents", [(), (5,), (5, -4), (5, 5, -9), (5,) * 3])
def test_entry_is_refused_with_lines_that_do_not_balance(
    duka: Business, cents: tuple[int, ...]
) -> None:
    assert refusal_of(lambda: raw(duka, cents)) == UNBALANCED


def test_lines_without_an_entry_do_not_outlive_the_transaction(duka: Business) -> None:
    def act() -> None:
        Line.objects.create(
            entry_id=duka.pk * ENTRY_IDS_PER_BOOK + 1,
            account=drawer(duka),
            occurred_on=TODAY,
            amount_cents=5,
        )
        connection.check_constraints()

    said = refusal_of(act)

    assert "foreign key" in said


def test_late_line_is_refused(duka: Business) -> None:
    posted = an_entry(duka)

    def act() -> None:
        Line.objects.create(
            entry_id=posted.entry_id, account=drawer(duka), occurred_on=TODAY, amount_cents=5
        )

    assert refusal_of(act) == POSTED


def test_late_pair_of_lines_is_refused(duka: Business) -> None:
    posted = an_entry(duka)

    def act() -> None:
        Line.objects.bulk_create(
            Line(
                entry_id=posted.entry_id,
                account=drawer(duka),
                occurred_on=TODAY,
                amount_cents=cents,
            )
            for cents in (5, -5)
        )

    assert refusal_of(act) == POSTED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"line": {"occurred_on": TODAY + timedelta(days=1)}}, STRANGER),
        ({"occurred_on": TODAY - timedelta(days=1)}, STRANGER),
        ({"number": 3}, GAP),
        ({"number": 1_000}, GAP),
        ({"previous_hash": FIRST_HASH}, GAP),
        ({"previous_hash": ""}, GAP),
        ({"key": "the-first"}, exists("entry_key_once")),
    ],
)
def test_entry_is_refused_that_does_not_follow(
    duka: Business, changes: dict[str, Any], said: str
) -> None:
    an_entry(duka, key="the-first")

    assert refusal_of(lambda: raw(duka, **changes)) == said


def test_entry_is_refused_with_a_line_of_another_book(duka: Business) -> None:
    water = a_business(slug="maji")

    assert refusal_of(lambda: raw(duka, line={"account": drawer(water)})) == STRANGER


def test_entry_is_refused_in_a_business_without_a_book(duka: Business) -> None:
    Book.objects.filter(business=duka).delete()

    def act() -> None:
        Line.objects.bulk_create(
            Line(
                entry_id=duka.pk * ENTRY_IDS_PER_BOOK + 1,
                account=drawer(duka),
                occurred_on=TODAY,
                amount_cents=cents,
            )
            for cents in (5, -5)
        )
        Entry.objects.bulk_create(
            [
                Entry(
                    id=duka.pk * ENTRY_IDS_PER_BOOK + 1,
                    business=duka,
                    number=1,
                    key="raw",
                    occurred_on=TODAY,
                    posted_at=NOW,
                    description="Raw",
                    previous_hash=FIRST_HASH,
                    hash=FIRST_HASH,
                )
            ]
        )

    assert refusal_of(act) == GAP


def test_entry_is_reversed_once(duka: Business) -> None:
    wrong = an_entry(duka)
    raw(duka, reverses_id=wrong.entry_id)
    Book.objects.update(last_number=2, head_hash="f" * 64)

    assert refusal_of(lambda: raw(duka, key="again", reverses_id=wrong.entry_id)) == exists(
        "money_entry_reverses_id_key"
    )


@pytest.mark.parametrize(
    "change",
    [
        "description = 'forged'",
        "description = description",
        "occurred_on = '2026-11-23'",
        "hash = previous_hash",
        "reverses_id = id",
        "business_id = business_id",
        "id = id + 1",
    ],
)
def test_entry_is_frozen_against_sql(duka: Business, change: str) -> None:
    an_entry(duka)

    assert refusal_of(lambda: execute(f"UPDATE money_entry SET {change}")) == FROZEN_ENTRY


@pytest.mark.parametrize(
    "change",
    [
        "amount_cents = -amount_cents",
        "amount_cents = amount_cents",
        "occurred_on = '2026-11-23'",
        "account_id = (SELECT MIN(id) FROM money_account)",
        "entry_id = entry_id + 1",
        "id = id + 100",
    ],
)
def test_line_is_frozen_against_sql(duka: Business, change: str) -> None:
    an_entry(duka)

    assert refusal_of(lambda: execute(f"UPDATE money_line SET {change}")) == FROZEN_LINE


def test_line_is_frozen_before_its_entry_comes(duka: Business) -> None:
    def act() -> None:
        Line.objects.create(entry_id=1, account=drawer(duka), occurred_on=TODAY, amount_cents=5)
        Line.objects.update(amount_cents=6)

    assert refusal_of(act) == FROZEN_LINE


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: Entry.objects.get().save(), FROZEN_ENTRY),
        (lambda: Entry.objects.update(description="forged"), FROZEN_ENTRY),
        (lambda: Entry.objects.bulk_update([changed_entry()], ["description"]), FROZEN_ENTRY),
        (lambda: Entry.objects.all()._raw_delete("default"), FROZEN_ENTRY),
        (lambda: execute("DELETE FROM money_entry WHERE number = 1"), FROZEN_ENTRY),
        (lambda: a_line().save(), FROZEN_LINE),
        (lambda: Line.objects.update(amount_cents=1), FROZEN_LINE),
        (lambda: a_line().delete(), FROZEN_LINE),
        (lambda: Line.objects.all().delete(), FROZEN_LINE),
        (lambda: Line.objects.all()._raw_delete("default"), FROZEN_LINE),
        (lambda: execute("DELETE FROM money_line WHERE amount_cents < 0"), FROZEN_LINE),
    ],
)
def test_posted_rows_are_frozen_against_the_orm(
    duka: Business, act: Callable[[], object], said: str
) -> None:
    an_entry(duka)

    assert refusal_of(act) == said


def a_line() -> Line:
    return Line.objects.order_by("pk")[0]


def changed_entry() -> Entry:
    entry = Entry.objects.get()
    entry.description = "forged"
    return entry


@pytest.mark.parametrize(
    "act", [lambda: Entry.objects.get().delete(), lambda: Entry.objects.all().delete()]
)
def test_entry_is_protected_by_its_lines(duka: Business, act: Callable[[], object]) -> None:
    an_entry(duka)

    with pytest.raises(ProtectedError), transaction.atomic():
        act()

    assert Entry.objects.count() == 1


# What empties a table at a blow: each vendor has its own way.
EMPTY = {"sqlite": "DELETE FROM {table}", "postgresql": "TRUNCATE {table} CASCADE"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("money_line", FROZEN_LINE),
        ("money_entry", FROZEN_ENTRY),
    ],
)
def test_table_of_posted_rows_cannot_be_emptied(duka: Business, table: str, said: str) -> None:
    an_entry(duka)

    assert refusal_of(lambda: execute(EMPTY[connection.vendor].format(table=table))) == said


ENTRY_COLUMNS = (
    "id, business_id, number, key, occurred_on, posted_at, description, source, actor_id,"
    " reverses_id, previous_hash, hash"
)
# How to write over a row under the cover of an insert: the statement that both vendors have, and
# the one that each has for itself. {on} is the unique place that is hit.
UPSERT = (
    "INSERT INTO money_entry ({columns}) SELECT {values} FROM money_entry WHERE number = 3"
    " ON CONFLICT ({on}) DO UPDATE SET description = 'forged'"
)
OVERWRITE = {
    "sqlite": "INSERT OR REPLACE INTO money_entry ({columns})"
    " SELECT {values} FROM money_entry WHERE number = 3",
    "postgresql": "MERGE INTO money_entry t USING (SELECT * FROM money_entry WHERE number = 3) s"
    " ON t.id = s.id WHEN MATCHED THEN UPDATE SET description = 'forged'",
}


@pytest.mark.parametrize("way", ["upsert", "overwrite"])
@pytest.mark.parametrize(
    ("on", "changed"),
    [
        ("id", {}),
        ("key", {"id": "id + 1", "number": "4", "reverses_id": "NULL"}),
        ("reverses_id", {"id": "id + 1", "number": "4", "key": "'new'"}),
        ("business_id, number", {"id": "id + 1", "key": "'new'", "reverses_id": "NULL"}),
    ],
)
def test_entry_cannot_be_overwritten_by_an_insert(
    duka: Business, way: str, on: str, changed: dict[str, str]
) -> None:
    first = an_entry(duka)
    an_entry(duka)
    raw(duka, reverses_id=first.entry_id)
    Book.objects.update(last_number=3, head_hash="f" * 64)
    next_id = duka.pk * ENTRY_IDS_PER_BOOK + 4
    parts = {column: column for column in ENTRY_COLUMNS.split(", ")} | {
        "previous_hash": "hash",
        **changed,
    }
    statement = UPSERT if way == "upsert" else OVERWRITE[connection.vendor]
    sql = statement.format(columns=ENTRY_COLUMNS, values=", ".join(parts.values()), on=on)

    def act() -> None:
        Line.objects.bulk_create(
            Line(entry_id=next_id, account=drawer(duka), occurred_on=TODAY, amount_cents=cents)
            for cents in (7, -7)
        )
        execute(sql)

    said = refusal_of(act)

    if connection.vendor == "sqlite":
        assert said == EXISTS
    elif way == "upsert" and "number" in on:
        assert said.endswith('violates check constraint "entry_id_is_book_and_number"')
    else:
        assert said == FROZEN_ENTRY
    assert Entry.objects.filter(description="forged").count() == 0


@pytest.mark.parametrize("on", ["id", "key"])
def test_an_insert_that_gives_way_leaves_the_head_alone(duka: Business, on: str) -> None:
    """The trigger moves the head only for a row that went in."""
    an_entry(duka)
    before = Book.objects.values().get(business=duka)
    sql = (
        f"INSERT INTO money_entry ({ENTRY_COLUMNS}) SELECT {ENTRY_COLUMNS} FROM money_entry"
        f" WHERE true ON CONFLICT ({on}) DO NOTHING"
    )

    if connection.vendor == "sqlite":
        assert refusal_of(lambda: execute(sql)) == EXISTS
    else:
        execute(sql)

    assert Book.objects.values().get(business=duka) == before
    assert verify_books().is_ok


LINE_COLUMNS = "id, entry_id, account_id, occurred_on, amount_cents"
OVERWRITE_LINE = {
    "sqlite": "INSERT OR REPLACE INTO money_line ({columns}) SELECT {values} FROM money_line",
    "postgresql": "MERGE INTO money_line t USING (SELECT * FROM money_line) s"
    " ON t.id = s.id WHEN MATCHED THEN UPDATE SET amount_cents = t.amount_cents * 2",
}
UPSERT_LINE = (
    "INSERT INTO money_line ({columns}) SELECT {values} FROM money_line WHERE true"
    " ON CONFLICT (id) DO UPDATE SET amount_cents = excluded.amount_cents"
)


@pytest.mark.parametrize("way", ["upsert", "overwrite"])
@pytest.mark.parametrize(
    ("entry_id", "on_sqlite"), [("entry_id", POSTED), ("entry_id + 1", LINE_EXISTS)]
)
def test_line_cannot_be_overwritten_by_an_insert(
    duka: Business, way: str, entry_id: str, on_sqlite: str
) -> None:
    an_entry(duka)
    statement = UPSERT_LINE if way == "upsert" else OVERWRITE_LINE[connection.vendor]
    values = f"id, {entry_id}, account_id, occurred_on, amount_cents * 2"
    sql = statement.format(columns=LINE_COLUMNS, values=values)

    said = refusal_of(lambda: execute(sql))

    assert said == (on_sqlite if connection.vendor == "sqlite" else FROZEN_LINE)


# What makes a session lax; neither opens the books.
LAX = {
    "sqlite": ("PRAGMA ignore_check_constraints = ON", "PRAGMA ignore_check_constraints = OFF"),
    "postgresql": (
        "SET LOCAL session_replication_role = replica",
        "SET LOCAL session_replication_role = origin",
    ),
}


@pytest.fixture
def lax(duka: Business) -> Iterator[Business]:
    an_entry(duka)
    connection.check_constraints()
    on, off = LAX[connection.vendor]
    execute(on)
    yield duka
    execute(off)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda duka: execute("UPDATE money_entry SET description = 'x'"), FROZEN_ENTRY),
        (lambda duka: execute("DELETE FROM money_entry"), FROZEN_ENTRY),
        (lambda duka: execute("UPDATE money_line SET amount_cents = 0"), FROZEN_LINE),
        (lambda duka: execute("DELETE FROM money_line"), FROZEN_LINE),
        (lambda duka: raw(duka, (5, -4)), UNBALANCED),
        (lambda duka: raw(duka, number=9), GAP),
        (lambda duka: raw(duka, number=1, key="new"), POSTED),
        (lambda duka: execute("UPDATE money_account SET code = code || '.9'"), FROZEN_ACCOUNT),
        (lambda duka: execute("UPDATE money_business SET slug = 'x'"), FROZEN_BUSINESS),
    ],
)
def test_lax_session_does_not_get_past(
    lax: Business, act: Callable[[Business], object], said: str
) -> None:
    assert refusal_of(lambda: act(lax)) == said


def test_temporary_table_does_not_stand_in_for_the_books(duka: Business) -> None:
    """PostgreSQL would look there first; SQLite's triggers know their own schema only."""
    posted, account = an_entry(duka), drawer(duka).pk
    schema, temporary = {"sqlite": ("main", "temp")}.get(connection.vendor, ("public", "pg_temp"))
    execute("CREATE TEMPORARY TABLE money_entry AS SELECT * FROM money_entry WHERE 1 = 0")
    sql = (
        f"INSERT INTO {schema}.money_line (entry_id, account_id, occurred_on, amount_cents)"
        " VALUES (%s, %s, '2026-11-22', 5)"
    )

    try:
        said = refusal_of(lambda: execute(sql, posted.entry_id, account))
    finally:
        execute(f"DROP TABLE {temporary}.money_entry")

    assert said == POSTED


def test_no_fraction_of_a_cent_is_stored(duka: Business) -> None:
    """SQLite would keep 1.5 in a bigint and says no; PostgreSQL makes a whole number of it."""
    sql = (
        "INSERT INTO money_line (entry_id, account_id, occurred_on, amount_cents)"
        " VALUES (1, %s, '2026-11-22', 1.5)"
    )

    if connection.vendor == "sqlite":
        said = refusal_of(lambda: execute(sql, drawer(duka).pk))
        assert said == "money: an amount is a whole number of cents"
    else:
        with transaction.atomic():
            execute(sql, drawer(duka).pk)
            amounts = list(Line.objects.values_list("amount_cents", flat=True))
            transaction.set_rollback(True)
        assert amounts == [2]


@pytest.mark.parametrize(
    "change", ["code = '1001'", "kind = 'income'", "business_id = {other}", "id = 999999"]
)
def test_account_with_lines_keeps_what_it_is(duka: Business, change: str) -> None:
    other = a_business(slug="maji")
    Account.objects.filter(business=other, code="1000").delete()
    an_entry(duka)
    sql = f"UPDATE money_account SET {change.format(other=other.pk)} WHERE id = {drawer(duka).pk}"

    assert refusal_of(lambda: execute(sql)) == FROZEN_ACCOUNT


@pytest.mark.parametrize(
    "change",
    ["code = '1001'", "code = '4001', kind = 'income'", "business_id = {other}", "id = 999999"],
)
def test_account_without_lines_is_free(duka: Business, change: str) -> None:
    other = a_business(slug="maji")
    Account.objects.filter(business=other, code="1000").delete()
    before = drawer(duka)

    execute(f"UPDATE money_account SET {change.format(other=other.pk)} WHERE id = {before.pk}")

    assert list(Account.objects.filter(pk=before.pk).values()) != [
        {"id": before.pk, "business_id": duka.pk, "code": "1000", "name": "Cash drawer"}
        | {"kind": "asset"}
    ]


def test_account_with_lines_may_be_renamed(duka: Business) -> None:
    an_entry(duka)

    Account.objects.filter(pk=drawer(duka).pk).update(name="The green box")

    assert drawer(duka).name == "The green box"


@pytest.mark.parametrize("change", ["slug = 'renamed'", "id = 999999"])
def test_business_with_entries_keeps_its_slug(duka: Business, change: str) -> None:
    an_entry(duka)

    assert refusal_of(lambda: execute(f"UPDATE money_business SET {change}")) == FROZEN_BUSINESS


def test_business_with_entries_may_be_renamed(duka: Business) -> None:
    an_entry(duka)

    Business.objects.update(name="Amina and sons")

    assert Business.objects.get().name == "Amina and sons"


def test_business_without_entries_may_change_its_slug(duka: Business) -> None:
    Business.objects.update(slug="renamed")

    assert Business.objects.get().slug == "renamed"


# INSERT OR REPLACE deletes without asking a trigger for deletes, PostgreSQL knows MERGE.
REPLACE_ROW = {
    "sqlite": "INSERT OR REPLACE INTO {table} ({columns}) SELECT {values} FROM {table}"
    " WHERE id = {id}",
    "postgresql": "MERGE INTO {table} t USING (SELECT {values} FROM {table} WHERE id = {id}) s"
    " ({columns}) ON t.id = s.id WHEN MATCHED THEN UPDATE SET {changed} = s.{changed}",
}
UPSERT_ROW = (
    "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE id = {id}"
    " ON CONFLICT (id) DO UPDATE SET {changed} = excluded.{changed}"
)


@pytest.mark.parametrize("way", ["upsert", "overwrite"])
@pytest.mark.parametrize(
    ("table", "columns", "values", "changed", "said"),
    [
        (
            "money_account",
            "id, code, name, kind, business_id",
            "id, '1001', name, kind, business_id",
            "code",
            FROZEN_ACCOUNT,
        ),
        (
            "money_business",
            "id, slug, name, trade, address, phone, approval_above_cents, tax_person_id",
            "id, 'renamed', name, trade, address, phone, approval_above_cents, tax_person_id",
            "slug",
            FROZEN_BUSINESS,
        ),
    ],
)
def test_frozen_column_cannot_be_overwritten_by_an_insert(
    duka: Business, way: str, table: str, columns: str, values: str, changed: str, said: str
) -> None:
    an_entry(duka)
    statement = UPSERT_ROW if way == "upsert" else REPLACE_ROW[connection.vendor]
    pk = drawer(duka).pk if table == "money_account" else duka.pk
    sql = statement.format(table=table, columns=columns, values=values, changed=changed, id=pk)

    assert refusal_of(lambda: execute(sql)) == said


def the_file_has() -> list[str]:
    return sorted(triggers._expected(connection.vendor))


def test_differences_are_none_after_migrate(db: None) -> None:
    assert triggers.differences() == []
    assert triggers_in_step(None, ["default"]) == []


def test_every_expected_trigger_is_named_in_the_file_of_its_floor(db: None) -> None:
    of_money = triggers._statements(
        # The ground floor's own file; other floors bring theirs.
        next(Path(config.path) for config in apps.get_app_configs() if config.label == "money"),
        connection.vendor,
    )

    assert set(of_money) <= set(triggers._wanted(connection.vendor))
    assert triggers._statements(Path("/nowhere"), connection.vendor) == ()


def drop_one(name: str, table: str) -> None:
    execute(
        f"DROP TRIGGER {name}"
        if connection.vendor == "sqlite"
        else f"DROP TRIGGER {name} ON {table}"
    )


def test_missing_trigger_is_reported(db: None) -> None:
    drop_one("duka_line_delete", "money_line")

    assert triggers.differences() == ["duka_line_delete is missing"]


def test_missing_trigger_is_a_warning_of_the_checks(db: None) -> None:
    drop_one("duka_line_delete", "money_line")

    found = [(warning.id, warning.msg) for warning in triggers_in_step(None, ["default"])]

    assert found == [("money.W001", "Trigger duka_line_delete is missing.")]
    assert triggers_in_step(None, None) == []


def test_checks_have_nothing_to_compare_without_our_tables(db: None) -> None:
    triggers.drop()
    execute("ALTER TABLE money_entry RENAME TO elsewhere")

    found = triggers_in_step(None, ["default"])
    execute("ALTER TABLE elsewhere RENAME TO money_entry")

    assert found == []


# One name with another text, and a text that nobody knows, in each dialect.
HOLLOW = {
    "sqlite": "CREATE TRIGGER {name} BEFORE DELETE ON money_line BEGIN SELECT 1; END",
    "postgresql": "CREATE TRIGGER {name} BEFORE DELETE ON money_line FOR EACH ROW"
    " WHEN (false) EXECUTE FUNCTION duka_frozen()",
}


def test_altered_trigger_is_reported(db: None) -> None:
    drop_one("duka_line_delete", "money_line")
    execute(HOLLOW[connection.vendor].format(name="duka_line_delete"))

    assert triggers.differences() == ["duka_line_delete is not what it should be"]


@pytest.mark.parametrize("name", ["duka_stranger", "aaa_stranger"])
def test_unknown_trigger_is_reported(db: None, name: str) -> None:
    execute(HOLLOW[connection.vendor].format(name=name))

    assert triggers.differences() == [f"{name} is unknown"]


# What of a trigger is not in its own text: a function's body, whether it always fires.
WEAKENED = {
    "sqlite": [],
    "postgresql": [
        (
            (
                "CREATE OR REPLACE FUNCTION duka_frozen() RETURNS trigger LANGUAGE plpgsql"
                " AS $$BEGIN RETURN NEW; END$$"
            ),
            "duka_frozen() is not what it should be",
        ),
        (
            "ALTER TABLE money_line DISABLE TRIGGER duka_line_delete",
            "duka_line_delete is not what it should be",
        ),
        (
            "ALTER TABLE money_line ENABLE TRIGGER duka_line_delete",
            "duka_line_delete is not what it should be",
        ),
        (
            (
                "CREATE FUNCTION duka_other() RETURNS trigger LANGUAGE plpgsql"
                " AS $$BEGIN RETURN NEW; END$$"
            ),
            "duka_other() is unknown",
        ),
    ],
}


def test_weakened_trigger_is_reported(db: None) -> None:
    for sql, _ in WEAKENED[connection.vendor]:
        with transaction.atomic():
            execute(sql)
            found = triggers.differences()
            transaction.set_rollback(True)
        assert found == [dict(WEAKENED[connection.vendor])[sql]]

    assert triggers.differences() == []


def test_drop_and_install_come_out_where_they_began(db: None) -> None:
    execute(HOLLOW[connection.vendor].format(name="aaa_stranger"))
    names = [name for name in the_file_has() if not name.endswith("()")]

    triggers.drop()
    without = triggers.differences()
    triggers.install()
    again = triggers.differences()
    triggers.install()

    assert without == [f"{name} is missing" for name in names]
    assert again == []
    assert triggers.differences() == []


def test_install_mends_an_altered_trigger(db: None) -> None:
    drop_one("duka_line_delete", "money_line")
    execute(HOLLOW[connection.vendor].format(name="duka_line_delete"))

    triggers.install()

    assert triggers.differences() == []


@pytest.mark.django_db(transaction=True)
def test_migrate_drops_where_it_has_work_and_installs_after() -> None:
    before: list[int] = []

    def look(**kwargs: object) -> None:
        before.append(len(triggers.differences()))

    names = [name for name in the_file_has() if not name.endswith("()")]
    pre_migrate.connect(look, sender=apps.get_app_config("sessions"))
    try:
        call_command("migrate", verbosity=0)
        call_command("migrate", "sessions", "zero", verbosity=0)
        call_command("migrate", "sessions", verbosity=0)
    finally:
        pre_migrate.disconnect(look, sender=apps.get_app_config("sessions"))

    assert before == [0, len(names), len(names)]
    assert triggers.differences() == []


def test_after_migrate_waits_for_the_last_floor_with_triggers(db: None) -> None:
    triggers.drop()
    count = len(triggers.differences())

    triggers.after_migrate(sender=apps.get_app_config("money"), using="default")
    after_money = len(triggers.differences())
    last = apps.get_app_config(triggers._last_app_with_triggers())
    triggers.after_migrate(sender=last, using="default")

    assert (after_money, len(triggers.differences())) == (count, 0)
