"""Rows that are made once for a whole module of tests, each of which stands in a savepoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


def taken_back() -> transaction.Atomic:
    """Return a transaction for a test to roll back, in which what has to be durable may stand.

    Django's own TestCase marks its transactions so.
    """
    around = transaction.atomic()
    around._from_testcase = True
    return around


@contextmanager
def made_once(django_db_blocker: Any) -> Iterator[None]:
    """Keep what is written within until the module ends, then roll it back.

    For a fixture of scope "module" that asks for `django_db_setup` and `django_db_blocker`; a test
    that uses it asks for `db` as well, after it. What a test writes goes with its savepoint.
    """
    with django_db_blocker.unblock():
        around = taken_back()
        around.__enter__()
    try:
        yield
    finally:
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
