"""Celery as its documentation advises where no task may be lost, with a schedule for Beat."""

from celery import Celery  # type: ignore[import-not-found]

from tests.bench.contenders.jobs_setting import BROKER
from tests.bench.jobs_work import do

app = Celery("jobs", broker=BROKER)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    # Longer than any job of the bench that is killed.
    broker_transport_options={"visibility_timeout": 5},
    beat_schedule={
        "nightly": {"task": "work", "schedule": 86_400.0, "args": ("tiny", 0, "/dev/null")}
    },
)


@app.task(name="work")  # type: ignore[untyped-decorator]
def work(what: str, number: int, path: str) -> None:
    do(what, number, path)


def ask(what: str, number: int, path: str) -> None:
    work.delay(what, number, path)
