"""What the database says when a trigger or a constraint refuses, and SQL that tries it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

SQLITE = connection.vendor == "sqlite"
only_sqlite = pytest.mark.skipif(not SQLITE, reason="SQLite alone has OR REPLACE.")
only_postgresql = pytest.mark.skipif(SQLITE, reason="PostgreSQL alone has TRUNCATE.")


@contextmanager
def refused(sentence: str) -> Iterator[None]:
    """Expect the database's refusal, in a savepoint of its own."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        yield
    assert str(refusal.value).splitlines()[0] == sentence


@contextmanager
def broken(name: str, *columns: str) -> Iterator[None]:
    """Expect the constraint `name` to refuse; SQLite names the columns of a unique index."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        yield
    if not SQLITE:
        assert refusal.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]
    elif columns:
        listed = ", ".join(columns)
        assert str(refusal.value) == f"UNIQUE constraint failed: {listed}"
    else:
        assert str(refusal.value) == f"CHECK constraint failed: {name}"


def sql(text: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def columns_of(model: Any) -> list[str]:
    return [field.column for field in model._meta.concrete_fields]


def replace_row(model: Any, **changes: object) -> None:
    """INSERT OR REPLACE the only row of `model` by itself, with changes."""
    names = columns_of(model)
    table = model._meta.db_table
    chosen = ", ".join("%s" if name in changes else f'"{name}"' for name in names)
    values = [changes[name] for name in names if name in changes]
    listed = ", ".join(f'"{name}"' for name in names)
    sql(f"INSERT OR REPLACE INTO {table} ({listed}) SELECT {chosen} FROM {table}", *values)
