"""How long a job that failed waits before it is tried again. Pure."""

import random


def wait_seconds(failures: int, *, first: int, most: int, chance: random.Random) -> int:
    """Return seconds: `first`, twice that, four times ..., at most `most`, at least one.

    Half of it is left to chance, so that what failed together does not come back together.
    `failures` counts from 1.
    """
    doublings = max(0, min(failures - 1, 30))  # so many are beyond any `most`
    whole = max(1, min(first * (1 << doublings), most))
    return whole - chance.randint(0, whole // 2)


def remaining_seconds(*, elapsed_seconds: int, done: int, total: int) -> int | None:
    """Return about how long the rest takes, at the pace so far; None where none can be told."""
    if not 0 < done <= total or elapsed_seconds < 1:
        return None
    return -(-elapsed_seconds * (total - done) // done)
