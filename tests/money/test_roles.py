"""The application's role works in the books and cannot get past what guards them."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from money import roles
from money.models import Business
from tests.money.conftest import HOUSE, Scratch

POSTGRESQL = connection.vendor == "postgresql"
only_postgresql = pytest.mark.skipif(not POSTGRESQL, reason="PostgreSQL alone has roles.")
only_sqlite = pytest.mark.skipif(POSTGRESQL, reason="SQLite has no roles.")
# One database and one role for all of them.
pytestmark = pytest.mark.xdist_group("scratch")
PASSWORD = "opens-a-scratch-database"
ME = os.getpid()
APP, DATABASE = f"duka_app_{ME}", f"duka_roles_{ME}"


class Split(NamedTuple):
    """A migrated database, worked in by its owner and by the application's role."""

    owner: Scratch
    app: Scratch
    database: str = DATABASE


def as_superuser(*statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
    at = connection.settings_dict
    with psycopg.connect(
        host=at["HOST"],
        port=at["PORT"] or 5432,
        user=at["USER"],
        password=at["PASSWORD"],
        dbname=database,
        autocommit=True,
    ) as admin:
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            cursor = admin.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
        return rows


def as_app(database: str = DATABASE) -> psycopg.Connection:
    at = connection.settings_dict
    return psycopg.connect(
        host=at["HOST"], port=at["PORT"] or 5432, user=APP, password=PASSWORD, dbname=database
    )


def manage(place: Scratch, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=HOUSE,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Split]:
    at = connection.settings_dict
    place = f"{at['HOST']}:{at['PORT'] or 5432}/{DATABASE}"
    var = {"VAR": str(tmp_path_factory.mktemp("var")), "PYTHONPATH": "site:."}
    base = dict(os.environ) | var | {"DJANGO_SETTINGS_MODULE": "erp.settings"}
    owner = Scratch(base | {"DATABASE_URL": f"postgres://{at['USER']}:{at['PASSWORD']}@{place}"})
    app = Scratch(base | {"DATABASE_URL": f"postgres://{APP}:{PASSWORD}@{place}"})
    as_superuser(
        f"CREATE DATABASE {DATABASE}",
        f"CREATE ROLE {APP} LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'",
    )
    try:
        owner.run("migrate")
        done = manage(owner, "grant_app_role", APP)
        assert (done.returncode, done.stderr) == (0, "")
        yield Split(owner, app)
    finally:
        as_superuser(f"DROP DATABASE {DATABASE} WITH (FORCE)", f"DROP ROLE {APP}")


@only_postgresql
def test_the_application_posts_and_verifies_as_its_role(split: Split) -> None:
    first = split.app.run("once", "duka", "as-app:1")
    again = split.app.run("once", "duka", "as-app:1")

    assert first[1:] == ["True"]
    assert again == [first[0], "False"]
    # `verify_books` compares the triggers too: the role may read what they are.
    assert split.app.run("verify", "duka")[0] == "True"
    assert manage(split.app, "check", "--database", "default").returncode == 0


@only_postgresql
def test_many_sessions_of_the_application_post_without_a_gap(split: Split) -> None:
    numbers = split.app.run("many", "laundry", "app", "3")

    assert sorted(map(int, numbers)) == list(range(1, 13))


@only_postgresql
def test_the_demo_loads_as_the_application(split: Split) -> None:
    done = manage(split.app, "demo")

    assert (done.returncode, done.stderr) == (0, "")
    assert manage(split.app, "verify_books").stdout.startswith("ok: ")


@only_postgresql
def test_the_application_backs_up_and_no_argument_holds_its_password(
    split: Split, tmp_path: Path
) -> None:
    real = shutil.which("pg_dump")
    words, spy = tmp_path / "words", tmp_path / "pg_dump"
    spy.touch(mode=0o755)
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {words}\nexec {real} "$@"\n')
    path = f"{tmp_path}:{os.environ['PATH']}"
    split.app.environment.update(VAR=str(tmp_path / "var"), PATH=path)

    done = manage(split.app, "backup")

    assert done.returncode == 0, done.stderr
    assert [path.suffix for path in (tmp_path / "var" / "backups").glob("duka-*")] == [
        ".dukabackup"
    ]
    assert "--format=custom" in words.read_text()
    assert PASSWORD not in words.read_text() + done.stdout + done.stderr


@only_postgresql
def test_the_application_cannot_migrate(split: Split) -> None:
    done = manage(split.app, "migrate", "money", "zero")

    assert done.returncode != 0
    assert "permission denied" in done.stderr or "must be owner" in done.stderr
    assert split.owner.run("verify", "duka")[0] == "True"


REFUSED = [
    "ALTER TABLE money_entry DISABLE TRIGGER duka_entry_insert",
    "ALTER TABLE money_entry DISABLE TRIGGER ALL",
    "ALTER TABLE money_line DISABLE TRIGGER USER",
    "ALTER TABLE mpesa_payment DISABLE TRIGGER duka_payment_update",
    "DROP TRIGGER duka_line_delete ON money_line",
    "DROP TRIGGER duka_entry_insert ON money_entry",
    "ALTER TRIGGER duka_line_delete ON money_line RENAME TO gone",
    (
        "CREATE TRIGGER another BEFORE INSERT ON money_line"
        " FOR EACH ROW EXECUTE FUNCTION duka_frozen()"
    ),
    "CREATE RULE nothing AS ON INSERT TO money_line DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
    (
        "CREATE OR REPLACE FUNCTION duka_frozen() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'"
    ),
    "CREATE FUNCTION duka_mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP FUNCTION duka_frozen() CASCADE",
    "ALTER FUNCTION duka_frozen() SET search_path = pg_temp",
    "TRUNCATE money_line CASCADE",
    "TRUNCATE money_entry CASCADE",
    "TRUNCATE money_periodevent",
    "TRUNCATE money_movement",
    "DELETE FROM money_line",
    "DELETE FROM money_entry",
    "DELETE FROM money_periodevent",
    "DELETE FROM mpesa_payment",
    "DELETE FROM mpesa_inboundmessage",
    "UPDATE money_line SET amount_cents = 1",
    "UPDATE money_entry SET description = 'forged'",
    "UPDATE money_periodevent SET reason = 'forged'",
    "DELETE FROM django_migrations",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('money', 'x', now())",
    "DROP TABLE money_line",
    "ALTER TABLE money_line ADD COLUMN more int",
    "ALTER TABLE money_line DROP CONSTRAINT line_is_not_zero",
    "ALTER TABLE money_entry OWNER TO CURRENT_USER",
    "CREATE TABLE mine (id int)",
    "DROP SCHEMA public CASCADE",
    "GRANT UPDATE ON money_line TO CURRENT_USER; UPDATE money_line SET amount_cents = 1",
    "SET SESSION AUTHORIZATION postgres",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SELECT setval('money_line_id_seq', 1)",
    "COPY money_line TO PROGRAM 'true'",
]


@only_postgresql
@pytest.mark.parametrize("statement", REFUSED)
def test_the_application_is_refused(split: Split, statement: str) -> None:
    with as_app() as session, pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
        session.execute(statement.encode())

    assert str(refusal.value).startswith(("permission denied", "must be owner", "must be super"))


@only_postgresql
def test_the_application_cannot_become_the_owner(split: Split) -> None:
    with as_app() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(f"SET ROLE {connection.settings_dict['USER']}".encode())


@only_postgresql
def test_an_update_of_a_single_column_that_a_column_grant_allowed_is_found(split: Split) -> None:
    as_superuser("GRANT UPDATE (description) ON money_entry TO PUBLIC", database=DATABASE)
    try:
        done = manage(split.owner, "grant_app_role", APP)
    finally:
        as_superuser("REVOKE UPDATE (description) ON money_entry FROM PUBLIC", database=DATABASE)

    assert done.returncode == 1
    assert f"{APP} still may UPDATE money_entry, by PUBLIC or another role of its." in done.stderr


@only_postgresql
def test_what_was_granted_beside_the_plan_is_taken_back(split: Split) -> None:
    as_superuser(
        f"GRANT ALL ON money_line, money_entry TO {APP}",
        f"GRANT CREATE ON SCHEMA public TO {APP}",
        database=DATABASE,
    )

    done = manage(split.owner, "grant_app_role", APP)

    assert done.returncode == 0
    privileges = as_superuser(
        "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type)"
        f" FROM information_schema.table_privileges WHERE grantee = '{APP}' GROUP BY 1",
        database=DATABASE,
    )
    less = {
        "django_migrations": "SELECT",
        "money_entry": "INSERT SELECT",
        "money_line": "INSERT SELECT",
        "money_periodevent": "INSERT SELECT",
        "money_rolelimit": "INSERT SELECT",
        "money_staffevent": "INSERT SELECT",
        "mpesa_erasure": "INSERT SELECT",
        "mpesa_inboundmessage": "INSERT SELECT UPDATE",
        "mpesa_payment": "INSERT SELECT UPDATE",
        "mpesa_paymentrequest": "INSERT SELECT UPDATE",
        "money_attachment": "INSERT SELECT",
        "money_book": "DELETE INSERT SELECT UPDATE",
        "money_movement": "DELETE INSERT SELECT UPDATE",
        "django_session": "DELETE INSERT SELECT UPDATE",
    }
    assert {table: rights for table, rights in privileges if table in less} == less


@only_postgresql
def test_tables_that_come_later_are_usable(split: Split) -> None:
    as_superuser("CREATE TABLE later (id bigserial PRIMARY KEY)", database=DATABASE)
    try:
        with as_app() as session:
            session.execute("INSERT INTO later DEFAULT VALUES")
            session.execute("DELETE FROM later")
    finally:
        as_superuser("DROP TABLE later", database=DATABASE)


@only_postgresql
def test_print_shows_the_sql_and_runs_nothing(split: Split) -> None:
    as_superuser(f"REVOKE ALL ON money_line FROM {APP}", database=DATABASE)
    try:
        done = manage(split.owner, "grant_app_role", APP, "--print")
        rights = as_superuser(
            f"SELECT has_table_privilege('{APP}', 'money_line', 'SELECT')", database=DATABASE
        )
    finally:
        manage(split.owner, "grant_app_role", APP)

    assert f'GRANT SELECT, INSERT ON "public"."money_line" TO "{APP}";\n' in done.stdout
    assert rights == [(False,)]


@only_postgresql
@pytest.mark.parametrize(
    ("prepare", "undo", "sentence"),
    [
        ("ALTER ROLE {app} SUPERUSER", "ALTER ROLE {app} NOSUPERUSER", "{app} is a superuser."),
        (
            "ALTER ROLE {app} BYPASSRLS",
            "ALTER ROLE {app} NOBYPASSRLS",
            "{app} is {app}, which is above all grants.",
        ),
        (
            "ALTER ROLE {app} CREATEROLE",
            "ALTER ROLE {app} NOCREATEROLE",
            "{app} is {app}, which is above all grants.",
        ),
        (
            "GRANT pg_write_all_data TO {app}",
            "REVOKE pg_write_all_data FROM {app}",
            "{app} is a member of pg_write_all_data, which is above all grants.",
        ),
        (
            "ALTER TABLE money_entry OWNER TO {app}",
            "ALTER TABLE money_entry OWNER TO {me}",
            "{app} owns money_entry, itself or by {app}.",
        ),
        (
            "ALTER DATABASE {database} OWNER TO {app}",
            "ALTER DATABASE {database} OWNER TO {me}",
            "{app} owns the database {database} and 1 more, itself or by {app}.",
        ),
        (
            (
                "CREATE ROLE {app}_group; GRANT {app}_group TO {app};"
                " ALTER TABLE money_line OWNER TO {app}_group"
            ),
            "ALTER TABLE money_line OWNER TO {me}; DROP ROLE {app}_group",
            "{app} owns money_line and 1 more, itself or by {app}_group.",
        ),
    ],
    ids=["superuser", "bypass", "createrole", "pg_write", "table", "database", "by another role"],
)
def test_a_role_with_power_over_the_triggers_is_refused(
    split: Split, prepare: str, undo: str, sentence: str
) -> None:
    names = {"app": APP, "database": DATABASE, "me": connection.settings_dict["USER"]}
    as_superuser(*prepare.format(**names).split(";"), database=DATABASE)
    try:
        done = manage(split.owner, "grant_app_role", APP)
    finally:
        as_superuser(*undo.format(**names).split(";"), database=DATABASE)
        if "OWNER" in prepare:
            # What an owner had went with the table.
            manage(split.owner, "grant_app_role", APP)

    assert done.returncode == 1
    assert sentence.format(**names) in done.stderr
    assert "Traceback" not in done.stderr


@only_postgresql
@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("nobody_of_that_name", "There is no role nobody_of_that_name. Make it first: "),
        ("pg_monitor", "'pg_monitor' is no name for a role: "),
        ('a"; DROP TABLE money_line; --', "is no name for a role: "),
        ("", "'' is no name for a role: "),
    ],
)
def test_a_role_that_is_none_is_refused(split: Split, role: str, sentence: str) -> None:
    done = manage(split.owner, "grant_app_role", "--", role)

    assert done.returncode == 1
    assert sentence in done.stderr


@only_postgresql
def test_who_does_not_own_the_tables_grants_nothing(split: Split) -> None:
    as_superuser(f"CREATE ROLE {APP}_2")
    try:
        done = manage(split.app, "grant_app_role", f"{APP}_2")
    finally:
        as_superuser(f"DROP ROLE {APP}_2")

    owner = connection.settings_dict["USER"]
    assert done.returncode == 1
    assert f"Run this as {owner}, who owns the tables; you are {APP}." in done.stderr


@only_postgresql
def test_a_database_without_its_triggers_grants_nothing(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER duka_line_delete ON money_line")

    with pytest.raises(roles.NotSeparate) as refusal:
        roles.plan(role="duka")

    assert str(refusal.value) == "Run migrate first: trigger duka_line_delete is missing."


@only_postgresql
def test_powers_tells_of_a_superuser_and_of_nobody_else(split: Split, db: None) -> None:
    assert roles.powers() == [f"{connection.settings_dict['USER']} is a superuser."]
    assert split.app.run("powers") == []


@only_postgresql
def test_powers_tells_what_a_role_has_beyond_the_plan(split: Split) -> None:
    as_superuser(f"GRANT UPDATE, TRIGGER ON money_line TO {APP}", database=DATABASE)
    try:
        words = split.app.run("powers")
    finally:
        manage(split.owner, "grant_app_role", APP)

    assert " ".join(words) == f"{APP} may UPDATE money_line. {APP} may TRIGGER money_line."
    assert split.app.run("powers") == []


@only_sqlite
def test_sqlite_has_no_roles(duka: Business) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("grant_app_role", "duka", stdout=io.StringIO())

    assert str(refusal.value) == "SQLite has no roles. DATABASE_URL names no PostgreSQL."
    assert roles.powers() == []
