"""Tasks on the two queues, with database connections handled as Django does for requests."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import close_old_connections
from huey import Huey

from huey_config import payments, work

QUEUES: dict[str, Huey] = {"payments": payments, "work": work}

# Set once this process is to end: what a task has not begun is left to the next worker.
leaving = threading.Event()

Function = Callable[[], None]


def _with_database(queue: Huey, function: Function) -> Function:
    """Drop connections that went stale, before and after; keep the good ones.

    An immediate task runs on its caller's connection, which is not ours to drop.
    """

    def tidy() -> None:
        if not queue.immediate:
            close_old_connections()

    @wraps(function)
    def inner() -> None:
        tidy()
        try:
            function()
        finally:
            tidy()

    return inner


def bell(queue: Huey, **options: Any) -> Callable[[Function], Any]:
    """Register a task without arguments: what it has to do, it finds in the database."""

    def decorate(function: Function) -> Any:
        return queue.task(**options)(_with_database(queue, function))

    return decorate


def every(queue: Huey, when: Any) -> Callable[[Function], Any]:
    """Register a task that the clock rings; `when` is a huey crontab in Nairobi time."""

    def decorate(function: Function) -> Any:
        return queue.periodic_task(when)(_with_database(queue, function))

    return decorate
