"""Memory of process trees as their share (PSS), in MB; what n processes share counts 1/n."""

import contextlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

SAMPLE_SECONDS = 0.1


def shares(roots: Iterable[int]) -> dict[int, float]:
    """Return the PSS of every process that is, or descends from, one of the roots."""
    found: dict[int, float] = {}
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(root)
            for one in (process, *process.children(recursive=True)):
                if share := share_of(one.pid):
                    found[one.pid] = share
    return found


def share_of(pid: int) -> float:
    """Return the PSS of a process; 0 where it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Peak:
    """Samples the sum of some trees while it is entered; `figure` is the largest seen."""

    def __init__(self, roots: Callable[[], list[int]]) -> None:
        self.figure = 0.0
        self._roots = roots
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def _sample(self) -> None:
        while not self._is_over.wait(SAMPLE_SECONDS):
            self.figure = max(self.figure, sum(shares(self._roots()).values()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()
