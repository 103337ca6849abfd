"""At most about a second of waiting for the database, for an edge that has somewhere else to go.

SQLite waits for another writer; PostgreSQL waits for a lock, or for a server that no longer says
anything. The wait is cut off where it happens, without a thread, and without a statement more: a
message costs the round trip of its own statement only. After a failure nobody tries for
PAUSE_SECONDS, then one at a time: a dead database must not hold every web thread for a second each.
"""

import contextlib
import select
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.db import InterfaceError, OperationalError, connection

MOST_SECONDS = 1.0
# Then PostgreSQL is told to stop; one that does not even hear that is left after this time.
SILENT_SECONDS = 0.5
PAUSE_SECONDS = 2.0


class TooSlow(OperationalError):
    """The database did not answer in time."""


class LeftAlone(OperationalError):
    """The database failed a moment ago and was not asked."""


class Fuse:
    """Remembers for a while that the database failed; one for each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left_alone_until = 0.0

    def may_try(self) -> bool:
        """Tell whether to try now; after a failure to one caller per PAUSE_SECONDS."""
        with self._lock:
            if not self._left_alone_until:
                return True
            now = time.monotonic()
            if now < self._left_alone_until:
                return False
            self._left_alone_until = now + PAUSE_SECONDS
            return True

    def blow(self) -> None:
        with self._lock:
            self._left_alone_until = time.monotonic() + PAUSE_SECONDS

    def mend(self) -> None:
        with self._lock:
            self._left_alone_until = 0.0


fuse = Fuse()


@contextlib.contextmanager
def with_the_database() -> Iterator[None]:
    """Do a few small statements within about MOST_SECONDS; connecting may take 2 s more.

    Each is a transaction of its own. Raises Django's database errors, TooSlow and LeftAlone among
    them; then the statements may nevertheless have been done: the answer to a commit can be lost.
    """
    if not fuse.may_try():
        raise LeftAlone("The database failed a moment ago.")
    within = _sqlite if connection.vendor == "sqlite" else _postgresql
    try:
        with within(MOST_SECONDS):
            yield
    except (OperationalError, InterfaceError):
        fuse.blow()
        raise
    fuse.mend()


@contextlib.contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    file = connection.connection
    # Past Django's cursor: nobody needs these two among the queries of a page.
    file.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        if connection.connection is file:
            usual = connection.settings_dict["OPTIONS"].get("timeout", 5)
            file.execute(f"PRAGMA busy_timeout = {int(usual * 1000)}")


@contextlib.contextmanager
def _postgresql(seconds: float) -> Iterator[None]:
    """Limit the wait from our side, and have the server stop where it is over."""
    deadline = time.monotonic() + seconds
    try:
        if _is_quiet(connection.connection):
            connection.health_check_done = True  # type: ignore[attr-defined]
        with _no_longer_than(deadline):
            connection.close_if_health_check_failed()
        if time.monotonic() >= deadline:
            raise TooSlow("The database does not answer.")
        if connection.connection is None:
            connection.ensure_connection()
            deadline = time.monotonic() + seconds
        with _no_longer_than(deadline):
            yield
    except (OperationalError, InterfaceError):
        if not connection.in_atomic_block:
            connection.close()
        raise


def _is_quiet(ours: Any) -> bool:
    """Tell whether a connection at rest has nothing to read: a server that ended it has said so.

    It saves the question whether it still works, which is a round trip. What a dead network
    swallowed is noticed at the deadline, as ever.
    """
    if ours is None or ours.closed:
        return False
    poll = select.poll()
    poll.register(ours.fileno(), select.POLLIN)
    return not poll.poll(0)


@contextlib.contextmanager
def _no_longer_than(deadline: float) -> Iterator[None]:
    """Have the connection of psycopg, if there is one, wait for its server until the deadline."""
    ours = connection.connection
    if ours is None:
        yield
        return
    import psycopg  # noqa: PLC0415 a laptop on SQLite has no psycopg

    def wait(gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        left = max(0.0, deadline - time.monotonic())
        try:
            return type(ours).wait(ours, gen, interval, left)
        except psycopg.errors._WaitTimeout as silence:  # noqa: SLF001 it has no other name
            _stop(ours)
            # A query may be under way still, or the word to stop: nothing else can be said on this
            # connection. Closed by Django, or its transaction would connect anew as it ends.
            connection.close()
            raise psycopg.OperationalError("The server does not answer.") from silence

    ours.wait = wait
    try:
        yield
    finally:
        del ours.wait


def _stop(ours: Any) -> None:
    """Tell the server to stop: what waits for a lock would go on after we have gone.

    Where that fails it does go on, and may store what is in the spool too: `spool_id` is unique.
    """
    import psycopg  # noqa: PLC0415 a laptop on SQLite has no psycopg

    if psycopg.capabilities.has_cancel_safe():  # an old libpq would wait for it without a limit
        with contextlib.suppress(psycopg.Error):
            ours.cancel_safe(timeout=SILENT_SECONDS)
