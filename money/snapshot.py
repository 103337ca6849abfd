"""One moment of the database for several reads that must tie to each other."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Let every read inside see the same moment, without holding up a writer.

    Plain BEGIN on SQLite (`atomic()` would be a writer there), REPEATABLE READ on PostgreSQL.
    Inside a transaction that is open already, that one is the moment.
    """
    if connection.in_atomic_block or _is_inside_another():
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _is_inside_another() -> bool:
    """Tell whether a snapshot is open on SQLite, which Django's own state does not show."""
    raw = connection.connection
    return connection.vendor == "sqlite" and raw is not None and raw.in_transaction
