"""RQ: jobs that are tried again where their worker died."""

from redis import Redis
from rq import Queue, Retry  # type: ignore[import-not-found]

from tests.bench.contenders.jobs_setting import BROKER
from tests.bench.jobs_work import do

queue = Queue("default", connection=Redis.from_url(BROKER))


def ask(what: str, number: int, path: str) -> None:
    queue.enqueue(do, what, number, path, retry=Retry(max=30), result_ttl=0)
