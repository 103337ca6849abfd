"""Installs, drops and compares the triggers by which the database keeps our promises.

Any floor may bring `sql/triggers*.<vendor>.sql`, a file per part of it. Django rebuilds a table on
SQLite when a column or a constraint changes, which triggers forbid; so they go before a migration
that has something to do and come back after every one.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

_STATEMENT = re.compile(r"^(?=CREATE )", re.MULTILINE)
_TRIGGER = re.compile(r"CREATE TRIGGER (\w+) .*? ON (\w+)", re.DOTALL)
_FUNCTION = re.compile(r"CREATE OR REPLACE FUNCTION (\w+)\(\).*?\$body\$(.*)\$body\$", re.DOTALL)


class NotGuarded(Exception):
    """The database's triggers are not what their files say; the message says how to mend it."""


@cache
def _statements(folder: Path, vendor: str) -> tuple[str, ...]:
    """Return the CREATE statements of one floor's files for `vendor`, in order, or none."""
    lines = [
        line
        for path in sorted((folder / "sql").glob(f"triggers*.{vendor}.sql"))
        for line in path.read_text().splitlines()
        if not line.startswith("--")
    ]
    parts = _STATEMENT.split("\n".join(lines))
    return tuple(part.strip() for part in parts if part.strip())


def _wanted(vendor: str) -> list[str]:
    return [
        statement
        for config in apps.get_app_configs()
        for statement in _statements(Path(config.path), vendor)
    ]


def _present_sqlite(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def _present_postgresql(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        # pg_get_triggerdef qualifies the table by its schema; the files do not.
        cursor.execute(
            """
            SELECT tgname, replace(pg_get_triggerdef(t.oid), ' ON ' || n.nspname || '.', ' ON ')
                   || CASE tgenabled WHEN 'A' THEN ';' ELSE ' -- not always' END
            FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT tgisinternal AND n.nspname = current_schema()
            """
        )
        triggers = dict(cursor.fetchall())
        cursor.execute(
            """
            SELECT proname || '()', prosrc || CASE
                WHEN proconfig = ARRAY[
                    'search_path=' || quote_ident(current_schema()) || ', pg_temp',
                    'enable_seqscan=off']
                THEN '' ELSE ' -- another setting' END
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = current_schema() AND proname LIKE 'duka\\_%'
            """
        )
        return triggers | dict(cursor.fetchall())


def _expected(vendor: str) -> dict[str, str]:
    """Return name -> text as the database itself reports a trigger or a function's body."""
    expected = {}
    for statement in _wanted(vendor):
        if function := _FUNCTION.match(statement):
            expected[f"{function[1]}()"] = function[2]
        else:
            trigger = _TRIGGER.match(statement)
            assert trigger, statement  # what is not compared could be changed unseen
            expected[trigger[1]] = statement
    return expected


def differences(using: str = "default") -> list[str]:
    """Return a sentence per trigger that is missing, changed or unknown; empty when all is well."""
    connection = connections[using]
    present = (
        _present_sqlite(connection)
        if connection.vendor == "sqlite"
        else _present_postgresql(connection)
    )
    expected = _expected(connection.vendor)
    found = [f"{name} is missing" for name in expected if name not in present]
    found += [
        f"{name} is not what it should be"
        for name, text in expected.items()
        if name in present and present[name] != text
    ]
    found += [f"{name} is unknown" for name in present if name not in expected]
    return sorted(found)


def require(using: str = "default") -> None:
    """Raise NotGuarded where a trigger is missing or changed: nothing may sell or post then."""
    if found := differences(using):
        raise NotGuarded(
            f"The database does not guard the books (trigger {found[0]})."
            " Run: python manage.py migrate"
        )


def drop(using: str = "default") -> None:
    """Drop all triggers, strange ones too: the tables then accept a migration or a test's flush."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _present_sqlite(connection):
                cursor.execute(f'DROP TRIGGER "{name}"')
            return
        cursor.execute(
            """
            SELECT tgname, c.relname FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT tgisinternal AND n.nspname = current_schema()
            """
        )
        for name, table in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"')


def install(using: str = "default") -> None:
    """Install every trigger as its file says; do nothing where all are in step."""
    if not differences(using):
        return
    drop(using)
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in _wanted(connection.vendor):
            cursor.execute(statement)
            if connection.vendor == "postgresql":
                _harden(cursor, statement)


def _harden(cursor: CursorWrapper, statement: str) -> None:
    """Keep a session from walking past what was just created on PostgreSQL."""
    if trigger := _TRIGGER.match(statement):
        # ALWAYS: not even a session in replica mode walks past it.
        cursor.execute(f'ALTER TABLE "{trigger[2]}" ENABLE ALWAYS TRIGGER "{trigger[1]}"')
    elif function := _FUNCTION.match(statement):
        # Else a temporary table of the same name would be asked in place of the real one.
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        cursor.execute(f"ALTER FUNCTION {function[1]}() SET search_path = {schema}, pg_temp")
        # A session that begins on small tables would keep reading them whole as they grow.
        cursor.execute(f"ALTER FUNCTION {function[1]}() SET enable_seqscan = off")


def before_migrate(
    sender: AppConfig, using: str, plan: list[Any] | None = None, **kwargs: object
) -> None:
    """Receive `pre_migrate`: make way where there is something to migrate."""
    if plan:
        drop(using)


def after_migrate(sender: AppConfig, using: str, **kwargs: object) -> None:
    """Receive `post_migrate`, sent app by app: install after the last of ours."""
    if sender.label == _last_app_with_triggers():
        install(using)


def _last_app_with_triggers() -> str:
    configs = apps.get_app_configs()
    return [c.label for c in configs if _statements(Path(c.path), "sqlite")][-1]
