"""Readings as Prometheus reads them, in a registry of the moment: the process keeps no state."""

from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from periodic.readings import Outcome, Readings, Unread
from periodic.tiles import Colour, Tile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client import Metric


def exposition(readings: Readings, tiles: "Sequence[Tile]", now: datetime) -> bytes:
    """Return the text of /metrics. What could not be read is left out, and its tile is red."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reader(readings, tiles, now))
    return generate_latest(registry)


class _Reader(Collector):
    def __init__(self, readings: Readings, tiles: "Sequence[Tile]", now: datetime) -> None:
        self._readings, self._tiles, self._now = readings, tiles, now

    def collect(self) -> "Iterator[Metric]":
        yield _gauge(
            "duka_tile_red",
            "1 where a tile of the Operations page is red.",
            "cause",
            {tile.cause: int(tile.colour == Colour.RED) for tile in self._tiles},
        )
        yield from self._queues()
        yield from self._workers()
        yield from self._jobs()
        yield from self._numbers()
        yield from self._outcomes()

    def _queues(self) -> "Iterator[Metric]":
        found = self._readings.queues
        if isinstance(found, Unread):
            return
        waiting = {name: depth.waiting for name, depth in found.items()}
        yield _gauge("duka_queue_depth", "Tasks that wait in a queue.", "queue", waiting)
        oldest = {n: self._age(d.oldest_at) for n, d in found.items()}
        text = "Age of the oldest task that waits, 0 where none does."
        yield _gauge("duka_queue_oldest_seconds", text, "queue", oldest)

    def _workers(self) -> "Iterator[Metric]":
        found = self._readings.workers
        if isinstance(found, Unread):
            return
        yield _gauge("duka_workers", "Worker processes that answer.", value=len(found.present))
        yield _gauge("duka_workers_silent", "Worker processes missed.", value=len(found.silent))
        text = "Restarts of workers within the hour."
        yield _gauge("duka_worker_restarts", text, value=found.restarts)
        memory = GaugeMetricFamily(
            "duka_worker_pss_bytes", "Memory of a worker process.", labels=["queue", "host", "pid"]
        )
        for one in found.present:
            if kilobytes := getattr(one, "pss_kb", None):
                memory.add_metric([one.queue, one.host, str(one.pid)], kilobytes * 1024)
        yield memory

    def _jobs(self) -> "Iterator[Metric]":
        found = self._readings.jobs
        if isinstance(found, Unread):
            return
        ended = {"done": found.done_day, "failed": found.failed_day}
        yield _gauge("duka_jobs_day", "Jobs that ended within a day.", "state", ended)
        slow = {kind.name: kind.p95_seconds for kind in found.kinds}
        text = "95 of 100 jobs of a kind stay within, over 30 days."
        yield _gauge("duka_job_p95_seconds", text, "kind", slow)

    def _numbers(self) -> "Iterator[Metric]":
        found = self._readings
        events, unmatched, spool = found.payment_events, found.unmatched, found.spool
        for name, text, value in (
            ("duka_jobs_failed", "Jobs that need attention.", found.failed_jobs),
            ("duka_forged_messages", "Forged messages within a day.", found.forged),
            ("duka_disk_free_megabytes", "Free on the disk of VAR.", found.disk_free_megabytes),
            ("duka_memory_used_percent", "Memory of the machine.", found.memory_percent),
            ("duka_redis_bytes", "Memory that Redis uses.", found.redis_bytes),
        ):
            if isinstance(value, int):
                yield _gauge(name, text, value=value)
        if not isinstance(events, Unread):
            text = "Messages of M-Pesa and prompts to send that wait."
            yield _gauge("duka_payment_events", text, value=events.number)
            text = "Age of the oldest of them."
            age = self._age(events.oldest_at)
            yield _gauge("duka_payment_events_oldest_seconds", text, value=age)
        if not isinstance(unmatched, Unread):
            text = "Payments unmatched for longer than the limit."
            yield _gauge("duka_unmatched_old", text, value=unmatched.number)
        if not isinstance(spool, Unread):
            yield _gauge("duka_spool_bytes", "Waits in the spool.", value=spool.size_bytes)

    def _outcomes(self) -> "Iterator[Metric]":
        named = {
            "backup": self._readings.backup,
            "drill": self._readings.drill,
            "verification": self._readings.verification,
        }
        done = {name: one for name, one in named.items() if isinstance(one, Outcome)}
        ages = {name: self._age(one.at) for name, one in done.items()}
        yield _gauge("duka_last_seconds", "How long ago it was last done.", "what", ages)
        well = {name: int(one.is_ok) for name, one in done.items()}
        yield _gauge("duka_last_ok", "Whether it went well.", "what", well)

    def _age(self, moment: datetime | None) -> int:
        return max(0, int((self._now - moment).total_seconds())) if moment else 0


def _gauge(
    name: str, text: str, label: str = "", by_label: dict[str, int] | None = None, *, value: int = 0
) -> GaugeMetricFamily:
    if not label:
        return GaugeMetricFamily(name, text, value=value)
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, number in (by_label or {}).items():
        family.add_metric([key], number)
    return family
