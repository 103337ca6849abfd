"""Run the workers of one queue: `python manage.py consume payments`."""

import logging
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection
from huey.consumer import Consumer
from huey.consumer_options import ConsumerConfig

from huey_config import FileStorage
from money import triggers
from periodic import monitor
from periodic.heartbeat import Heartbeat
from periodic.queues import QUEUES, leaving
from periodic.workshop.shop import shop
from periodic.workshop.watch import Watch

# Between two looks at a database or a queue that is away.
WAIT_SECONDS = 1.0


class LeavingConsumer(Consumer):  # type: ignore[misc]  # Huey has no types
    """Lets its tasks know that it stops; Huey itself waits for them and says nothing."""

    def stop(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002 Huey's own words
        """Stop; where `graceful`, first wait for what the tasks have begun."""
        leaving.set()
        super().stop(graceful)


class Command(BaseCommand):
    help = "Run the workers of one queue until SIGTERM or SIGINT; what they began is finished."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queue", choices=sorted(QUEUES))
        parser.add_argument("--workers", type=int, default=4, help="worker threads (default 4)")

    def handle(self, *args: object, **options: Any) -> None:
        from periodic import tasks  # noqa: PLC0415 registers the tasks

        _require_triggers()
        has_jobs = options["queue"] == "work"
        if has_jobs:
            shop.nursery.fork()  # before the first thread
        queue = QUEUES[options["queue"]]
        config = _config(queue, options["workers"])
        logging.getLogger(__name__).info("%s: %s workers, pid %s", *self._facts(options))
        # A worker that was killed left rows behind; they need not wait for the next minute.
        first = {"payments": tasks.sweep, "work": tasks.forget_old_task_records}
        self._ring(first[options["queue"]])
        consumer = LeavingConsumer(queue, **config.values)
        watch = Watch(shop if has_jobs else None, tasks.run_jobs, consumer.stop_flag.set)
        watch.start()
        heartbeat = Heartbeat(
            queue,
            options["queue"],
            threads=options["workers"],
            every_seconds=settings.HEARTBEAT_SECONDS,
        )
        heartbeat.start()
        try:
            consumer.run()
        finally:
            watch.stop()
            if watch.is_too_large:
                consumer.stop(graceful=True)  # what runs is finished, as after a signal
            if has_jobs:
                shop.close()
            heartbeat.stop()
            monitor.recorder.flush()
        # A signal says that it is to end, whatever it weighs.
        if watch.is_too_large and consumer._signum is None:  # noqa: SLF001 there is no other way
            # The same process begins anew: who manages it notices no end.
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 our own command

    def _ring(self, first: Callable[[], object]) -> None:
        """Ring for the first time, as soon as the queue takes it: a worker outlasts its queue."""
        while True:
            try:
                first()
            except Exception as error:  # noqa: BLE001 Redis and SQLite raise their own
                logging.getLogger(__name__).warning(
                    "the queue takes nothing (%s); waiting for it", type(error).__name__
                )
                time.sleep(WAIT_SECONDS)
            else:
                return

    def _facts(self, options: dict[str, Any]) -> tuple[str, int, int]:
        return options["queue"], options["workers"], os.getpid()


def _require_triggers() -> None:
    """Refuse a database that does not guard the books; wait for one that is away.

    A worker that is started while PostgreSQL recovers would else be gone when it is back.
    """
    while True:
        try:
            triggers.require()
        except triggers.NotGuarded as error:
            raise CommandError(str(error)) from error
        except (InterfaceError, OperationalError) as error:
            logging.getLogger(__name__).warning(
                "the database does not answer (%s); waiting for it", type(error).__name__
            )
            connection.close()
            time.sleep(WAIT_SECONDS)
        else:
            return


def _config(queue: Any, workers: int) -> ConsumerConfig:
    config = ConsumerConfig(
        workers=workers,
        worker_type="thread",
        # SqliteHuey polls; the default backs off to 10 s after a while of silence.
        initial_delay=0.05,
        backoff=1.1,
        max_delay=0.25 if isinstance(queue.storage, FileStorage) else 1.0,
        health_check_interval=2,
        flush_locks=True,
        graceful_signal="TERM",
        shutdown_timeout=25.0,
    )
    config.validate()
    return config
