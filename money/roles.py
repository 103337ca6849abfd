"""Two database roles: the owner migrates, the application runs as one that cannot undo a guard.

A trigger guards the books against everybody but the owner of its table, who may disable it. So the
processes connect as another role. What it may do to a table follows from the table's triggers:
where one refuses every UPDATE or DELETE, that is not granted either. PostgreSQL alone has roles.
"""

import re
from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from money import triggers

if TYPE_CHECKING:
    from psycopg.sql import Composed

_NAME = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}")
# The application reads which migrations ran; the owner alone writes it.
_ONLY_READ = frozenset({"django_migrations"})
# Roles of PostgreSQL's own that lead around every grant.
_STRONG = ("pg_write_all_data", "pg_write_server_files", "pg_execute_server_program")


class NotSeparate(Exception):
    """The role cannot be the application's; the message is a sentence that says why."""


def powers(role: str = "", *, using: str = "default") -> list[str]:
    """Return a sentence per way in which `role` (else the current one) gets past a guard.

    It could disable a trigger; or, where it could not, it has more than `grant_app_role` gives,
    which a later migration's tables bring about. Empty is good. SQLite has no roles to tell of.
    """
    if connections[using].vendor != "postgresql":
        return []
    with connections[using].cursor() as cursor:
        name = role or _one(cursor, "SELECT current_user")
        return _powers(cursor, name) or [f"{name} may {what}." for what in _excess(cursor, name)]


def grant_app_role(*, role: str, using: str = "default") -> list[str]:
    """Give `role` what the application needs and no more; returns the SQL that was run.

    Run it as the owner, after every `migrate`; twice is harmless. Raises NotSeparate, and then
    nothing has changed.
    """
    with transaction.atomic(using=using):
        planned = plan(role=role, using=using)
        with connections[using].cursor() as cursor:
            for statement in planned:
                cursor.execute(statement)
            if excess := _excess(cursor, role):
                raise NotSeparate(
                    f"{role} still may {excess[0]}, by PUBLIC or another role of its."
                )
    return planned


def plan(*, role: str, using: str = "default") -> list[str]:
    """Return the SQL that `grant_app_role` would run. Raises NotSeparate."""
    if connections[using].vendor != "postgresql":
        raise NotSeparate("SQLite has no roles. DATABASE_URL names no PostgreSQL.")
    if not _NAME.fullmatch(role):
        raise NotSeparate(f"{role!r} is no name for a role: letters, digits, _ and -.")
    if differences := triggers.differences(using):
        raise NotSeparate(f"Run migrate first: trigger {differences[0]}.")
    with connections[using].cursor() as cursor:
        _refuse_owner_or_stranger(cursor, role)
        return [statement.as_string() for statement in _statements(cursor, role)]


def _one(cursor: CursorWrapper, query: str, *values: str) -> str:
    cursor.execute(query, values)
    row = cursor.fetchone()
    return str(row[0]) if row else ""


def _refuse_owner_or_stranger(cursor: CursorWrapper, role: str) -> None:
    if not _one(cursor, "SELECT rolname FROM pg_roles WHERE rolname = %s", role):
        raise NotSeparate(f"There is no role {role}. Make it first: createuser {role}")
    if found := _powers(cursor, role):
        raise NotSeparate(f"{found[0]} The application needs a role without that.")
    me = _one(cursor, "SELECT current_user")
    owner = _one(
        cursor,
        "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'money_entry'::regclass",
    )
    if me != owner:
        # Privileges on later tables are given by who makes them.
        raise NotSeparate(f"Run this as {owner}, who owns the tables; you are {me}.")


def _powers(cursor: CursorWrapper, role: str) -> list[str]:
    if _one(cursor, "SELECT rolname FROM pg_roles WHERE rolsuper AND rolname = %s", role):
        return [f"{role} is a superuser."]
    cursor.execute(
        """
        SELECT rolname FROM pg_roles
        WHERE pg_has_role(%s, oid, 'MEMBER')
          AND (rolsuper OR rolcreaterole OR rolbypassrls OR rolreplication OR rolname = ANY(%s))
        ORDER BY rolname
        """,
        [role, list(_STRONG)],
    )
    found = [
        f"{role} is {name}, which is above all grants."
        if name == role
        else f"{role} is a member of {name}, which is above all grants."
        for (name,) in cursor.fetchall()
    ]
    cursor.execute(
        """
        SELECT what, pg_get_userbyid(owner) FROM (
            SELECT 2 AS rank, relname AS what, relowner AS owner FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
            UNION ALL
            SELECT 3, proname || '()', proowner FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace
            UNION ALL
            SELECT 1, 'the schema ' || nspname, nspowner FROM pg_namespace
            WHERE nspname = current_schema()
            UNION ALL
            SELECT 0, 'the database ' || datname, datdba FROM pg_database
            WHERE datname = current_database()
        ) AS things
        WHERE pg_has_role(%s, owner, 'MEMBER') ORDER BY what = 'money_entry' DESC, rank, what
        """,
        [role],
    )
    owned = cursor.fetchall()
    if owned:
        more = f" and {len(owned) - 1} more" if len(owned) > 1 else ""
        found.append(f"{role} owns {owned[0][0]}{more}, itself or by {owned[0][1]}.")
    return found


def _refused(cursor: CursorWrapper) -> set[tuple[str, str]]:
    """Return (table, "UPDATE" or "DELETE") for what a trigger always refuses.

    A function without RETURN always raises. Bits 3 and 4 of tgtype are DELETE and UPDATE.
    """
    cursor.execute(
        """
        SELECT c.relname, t.tgtype & 8 > 0, t.tgtype & 16 > 0
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
          AND p.prosrc !~ '\\mRETURN\\M'
        """
    )
    refused = set()
    for table, on_delete, on_update in cursor.fetchall():
        refused |= {(table, "DELETE")} if on_delete else set()
        refused |= {(table, "UPDATE")} if on_update else set()
    return refused


def _tables(cursor: CursorWrapper) -> dict[str, list[str]]:
    """Return table -> privileges of the application."""
    refused = _refused(cursor)
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relkind IN ('r', 'p') ORDER BY relname"
    )
    return {
        table: ["SELECT"]
        if table in _ONLY_READ
        else ["SELECT", "INSERT"]
        + [verb for verb in ("UPDATE", "DELETE") if (table, verb) not in refused]
        for (table,) in cursor.fetchall()
    }


def _statements(cursor: CursorWrapper, role: str) -> list["Composed"]:
    from psycopg import sql  # noqa: PLC0415 a laptop on SQLite has no psycopg

    names = {
        "role": sql.Identifier(role),
        "schema": sql.Identifier(_one(cursor, "SELECT current_schema()")),
        "database": sql.Identifier(_one(cursor, "SELECT current_database()")),
    }
    defaults = "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} "
    before = (
        "GRANT CONNECT ON DATABASE {database} TO {role}",
        "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA {schema} FROM {role}",
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}",
        # Reading them is what pg_dump needs beside, for a backup by the application.
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        defaults + "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        defaults + "GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    )
    grants = [
        sql.SQL("GRANT {verbs} ON {schema}.{table} TO {role}").format(
            verbs=sql.SQL(", ").join(map(sql.SQL, verbs)),
            table=sql.Identifier(table),
            **names,
        )
        for table, verbs in _tables(cursor).items()
    ]
    return [sql.SQL(text).format(**names) for text in before] + grants


def _excess(cursor: CursorWrapper, role: str) -> list[str]:
    """Return what `role` may do beyond the plan, whoever gave it that."""
    found = []
    if _one(cursor, "SELECT 1 WHERE has_schema_privilege(%s, current_schema(), 'CREATE')", role):
        found.append("create functions and tables")
    for table, verbs in _tables(cursor).items():
        for verb in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
            by_column = verb in {"INSERT", "UPDATE"}
            asked = "has_any_column_privilege" if by_column else "has_table_privilege"
            query = f"SELECT 1 WHERE {asked}(%s, quote_ident(%s), %s)"
            if verb not in verbs and _one(cursor, query, role, table, verb):
                found.append(f"{verb} {table}")
    return found
