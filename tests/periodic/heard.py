"""An ear at a queue: what was enqueued, by the names of tasks."""

from types import TracebackType
from typing import Any, Self

from huey import Huey
from huey.signals import SIGNAL_ENQUEUED


class Ear:
    """Hears what is put on a queue while it is entered."""

    def __init__(self, queue: Huey) -> None:
        self.enqueued: list[str] = []
        self._queue = queue

    def _hear(self, signal: str, task: Any) -> None:
        self.enqueued.append(task.name)

    def __enter__(self) -> Self:
        self._queue.signal(SIGNAL_ENQUEUED)(self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.disconnect_signal(self._hear, SIGNAL_ENQUEUED)
