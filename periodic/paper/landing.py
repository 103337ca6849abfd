"""Files that are there whole or not at all, whoever dies while they are written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def landing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; it becomes `path` where nothing was raised.

    Two that write the same file at once each have a path of their own: the last one's stays.
    """
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
