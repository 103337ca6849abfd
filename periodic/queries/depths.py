"""What stands in the queues, asked past huey's own connections: those wait longer than a page may.

Redis gets half a second to connect and half to answer; a queue's file as long for its lock.
"""

import contextlib
import os
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from huey import Huey
from huey_monitor.models import TaskModel

from huey_config import FileStorage
from periodic.queues import QUEUES
from periodic.readings import Depth

if TYPE_CHECKING:
    from redis import Redis

PATIENCE_SECONDS = 0.5
MOST_PEEKED = 500


class QueueAway(Exception):
    """The queues do not answer; the sentence says which and how."""


def depths() -> dict[str, Depth]:
    """Return the depth of each queue. Raises QueueAway."""
    with _told(), _server() as server:
        return {name: _depth(queue, server) for name, queue in QUEUES.items()}


def redis_bytes() -> int | None:
    """Return the memory that Redis uses; None where the queues are files. Raises QueueAway."""
    with _told(), _server() as server:
        if server is None:
            return None
        figures: Any = server.info("memory")
        return int(figures["used_memory"])


def answer() -> None:
    """Return where the queues answer. Raises QueueAway."""
    with _told(), _server() as server:
        for queue in QUEUES.values():
            _count(queue, server)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what a queue's storage raises into a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise QueueAway(f"A queue's file cannot be read: {error}.") from error
    except OSError as error:
        raise QueueAway(f"The queues cannot be read: {error.strerror or 'no answer'}.") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "redis":
            raise
        is_late = type(error).__name__ == "TimeoutError"
        how = f"within {PATIENCE_SECONDS:g} s" if is_late else "at all"
        raise QueueAway(f"Redis does not answer {how}.") from error


@cache
def _pool(url: str) -> Any:
    from redis import ConnectionPool  # noqa: PLC0415 a laptop has no redis

    return ConnectionPool.from_url(
        url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


@contextlib.contextmanager
def _server() -> Iterator["Redis | None"]:
    """Give an impatient client of Redis, or None where the queues are no keys of a Redis."""
    url = os.environ.get("REDIS_URL")
    if not url or not hasattr(QUEUES["work"].storage, "pool"):
        yield None
        return
    from redis import Redis  # noqa: PLC0415 a laptop has no redis

    with Redis(connection_pool=_pool(url)) as server:
        yield server


def _count(queue: Huey, server: "Redis | None") -> int:
    if server is not None:
        return int(server.zcard(queue.storage.queue_key))
    if isinstance(queue.storage, FileStorage):
        return int(_ask_file(queue, "SELECT count(*) FROM task WHERE queue = ?")[0][0])
    return int(queue.storage.queue_size())


def _depth(queue: Huey, server: "Redis | None") -> Depth:
    count = _count(queue, server)
    if not count:
        return Depth(0, None)
    if server is not None:
        keys: list[Any] = server.zrange(queue.storage.queue_key, 0, MOST_PEEKED - 1)
        return Depth(count, min((_enqueued_at(bytes(key)) for key in keys), default=None))
    if isinstance(queue.storage, FileStorage):
        select = "SELECT data FROM task WHERE queue = ? ORDER BY id LIMIT 500"
        return Depth(count, _remembered(queue, [row[0] for row in _ask_file(queue, select)]))
    return Depth(count, _remembered(queue, queue.storage.enqueued_items(MOST_PEEKED)))


def _enqueued_at(key: bytes) -> datetime:
    """Return when huey put a message into its sorted set: microseconds in front of it."""
    return datetime.fromtimestamp(struct.unpack_from(">Q", key)[0] / 1e6, tz=UTC)


def _ask_file(queue: Huey, select: str) -> list[tuple[Any, ...]]:
    path = Path(queue.storage.filename)
    if not path.exists():  # it is made anew by whoever rings next
        return [(0,)]
    with contextlib.closing(
        sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)
    ) as file:
        return file.execute(select, (queue.storage.name,)).fetchall()


def _remembered(queue: Huey, messages: Iterable[bytes]) -> datetime | None:
    """Return when the oldest of these was enqueued, as the monitor remembers; a file does not."""
    ids = []
    for message in messages:
        # One signed with an older secret is no reason to show nothing.
        with contextlib.suppress(Exception):
            ids.append(UUID(str(queue.serializer.deserialize(bytes(message)).id)))
    rows = TaskModel.objects.filter(pk__in=ids).order_by("create_dt")
    found: datetime | None = rows.values_list("create_dt", flat=True).first()
    return found
