"""Dramatiq, whose messages go on elsewhere once their worker missed its heartbeat. No scheduler."""

import dramatiq  # type: ignore[import-not-found]
from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]

from tests.bench.contenders.jobs_setting import BROKER
from tests.bench.jobs_work import do

# Heartbeat and maintenance far quicker than its own, so that the bench need not wait a minute.
dramatiq.set_broker(RedisBroker(url=BROKER, heartbeat_timeout=5_000, maintenance_chance=100_000))


@dramatiq.actor(max_retries=30)  # type: ignore[untyped-decorator]
def work(what: str, number: int, path: str) -> None:
    do(what, number, path)


def ask(what: str, number: int, path: str) -> None:
    work.send(what, number, path)
