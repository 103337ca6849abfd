"""The two queues, and nothing else. Imports neither Django nor the rest of the house.

`payments` carries what money waits for, `work` everything else, so that a report never keeps a
payment waiting. Neither holds anything that matters: the work is a row first, a task is a doorbell.

On a laptop each queue is an SQLite file of its own under `VAR`; with `REDIS_URL` set both live in
Redis. Task arguments are ids only, results are not kept, and times are local (`utc=False`, or
`crontab(hour=1)` would fire at 04:00 in Nairobi).
"""

import os
import sqlite3
from pathlib import Path

from huey import Huey, PriorityRedisExpireHuey
from huey.serializer import SignedSerializer
from huey.storage import SqliteStorage

HOUSE = Path(__file__).resolve().parent
REDIS_TIMEOUT_SECONDS = 2.0


class FileStorage(SqliteStorage):
    """Huey's SQLite storage, which makes its file anew where somebody deleted it.

    Without this every process would go on with the deleted file, and one that starts later would
    never hear them.
    """

    _file_id: tuple[int, int] | None = None

    @property
    def conn(self) -> sqlite3.Connection:
        """Return the open connection; Huey holds its lock around every use."""
        if self._conn is not None and self._file_id != self._file_now():
            self._conn.close()
            self._conn = None
        if self._conn is None:
            self._conn = self._create_connection()
            for statement in self.ddl:
                self._conn.execute(statement)
            self._file_id = self._file_now()
        return self._conn

    def _file_now(self) -> tuple[int, int] | None:
        try:
            found = Path(self.filename).stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def _queue(name: str) -> Huey:
    """Return the queue `name`, in Redis where `REDIS_URL` says so, else in a file under `VAR`."""
    serializer = SignedSerializer(secret=os.environ["SECRET_KEY"], salt=f"duka-{name}")
    common = {
        "results": False,
        "utc": False,
        "immediate": os.environ.get("HUEY_IMMEDIATE") == "1",
        "serializer": serializer,
    }
    full_name = f"{os.environ.get('QUEUE_PREFIX', 'duka')}-{name}"
    if url := os.environ.get("REDIS_URL"):
        from redis import ConnectionPool  # noqa: PLC0415 a laptop has no redis

        # A dead Redis must cost a caller seconds, never a hung page.
        pool = ConnectionPool.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        )
        return PriorityRedisExpireHuey(full_name, connection_pool=pool, **common)
    folder = Path(os.environ.get("VAR", HOUSE / "var"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Huey(
        full_name,
        storage_class=FileStorage,
        filename=str(folder / f"queue-{name}.sqlite3"),
        **common,
    )


payments = _queue("payments")
work = _queue("work")
