"""What machines ask: ready or not and why, for those who have the token."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from periodic import monitor, tasks
from periodic.health import may_ask
from periodic.limits import Limits
from periodic.metrics import exposition
from periodic.queries import depths, readiness
from periodic.queries.depths import QueueAway
from periodic.queries.readiness import DatabaseProbe
from periodic.queues import QUEUES
from periodic.readings import Readings, Unread
from periodic.tiles import tiles_of
from tests.periodic.test_workers import PROCESS, a_report

TOKEN = "a-token-that-opens-nothing"


def everybody_works() -> None:
    for queue in QUEUES:
        a_report(replace(PROCESS, queue=queue, host=queue), at=timezone.now())


@pytest.fixture
def sound_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's own transaction is not to be seen from a thread."""
    monkeypatch.setattr(readiness, "database", DatabaseProbe(lambda: None))


@pytest.mark.parametrize(
    ("authorization", "address", "token", "is_production", "expected"),
    [
        ("", "127.0.0.1", "", False, True),
        ("", "::1", "", False, True),
        ("", "10.0.0.4", "", False, False),
        ("", "", "", False, False),
        ("", "127.0.0.1", "", True, False),
        ("Bearer ", "127.0.0.1", "", True, False),
        ("", "127.0.0.1", TOKEN, False, False),
        (f"Bearer {TOKEN}", "10.0.0.4", TOKEN, True, True),
        (f"bearer  {TOKEN}", "10.0.0.4", TOKEN, True, True),
        (f"Basic {TOKEN}", "10.0.0.4", TOKEN, True, False),
        (f"Bearer {TOKEN}x", "10.0.0.4", TOKEN, True, False),
        ("Bearer \ud800é", "10.0.0.4", TOKEN, True, False),
        (TOKEN, "10.0.0.4", TOKEN, True, False),
    ],
    ids=lambda value: None,
)
def test_who_may_ask(
    authorization: str, address: str, token: str, *, is_production: bool, expected: bool
) -> None:
    assert (
        may_ask(
            authorization=authorization,
            address=address,
            token=token,
            is_production=is_production,
        )
        is expected
    )


@pytest.mark.django_db
def test_ready_where_everything_answers(client: Client, sound_database: None) -> None:
    everybody_works()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "database": "ok", "queues": "ok", "workers": "ok", "disk": "ok"},
    )
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_not_ready_without_workers_and_with_a_full_disk(
    client: Client, sound_database: None, settings: Settings
) -> None:
    settings.LIMITS = Limits(disk_free_megabytes=10**9)

    answer = client.get("/readyz")

    found = answer.json()
    assert (answer.status_code, found["ready"]) == (503, False)
    assert found["workers"] == "No worker answers for payments and work."
    assert found["disk"].endswith("MB are free on the disk of VAR.")


@pytest.mark.django_db(transaction=True)
def test_a_database_without_its_tables_is_not_ready_and_no_error(
    client: Client, sound_database: None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE periodic_worker RENAME TO periodic_worker_gone")
    try:
        answer = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE periodic_worker_gone RENAME TO periodic_worker")

    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["workers"].startswith("The workers cannot be looked for (")


@pytest.mark.django_db
def test_the_token_is_asked_for(client: Client, settings: Settings, sound_database: None) -> None:
    settings.HEALTH_TOKEN = TOKEN

    refused = client.get("/readyz")
    let_in = client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"})

    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert let_in.status_code == 503


def test_who_comes_through_a_proxy_is_not_this_machine(client: Client) -> None:
    assert client.get("/readyz", headers={"X-Forwarded-For": "10.0.0.4"}).status_code == 401


def test_a_database_that_is_away_is_said_and_no_workers_are_looked_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OSError("gone")

    monkeypatch.setattr(readiness, "database", DatabaseProbe(away))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] == "The database cannot be reached (OSError)."
    assert answer.json()["workers"] == "Not known without the database."


def test_a_database_that_hangs_is_asked_once_at_a_time() -> None:
    freed, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        freed.wait(10)

    probe = DatabaseProbe(hang)

    said = [probe.trouble(0.02) for _ in range(3)]
    freed.set()

    assert said == ["The database does not answer within 0.02 s."] * 3
    assert len(asked) == 1
    assert probe.trouble(5) == ""


@pytest.fixture
def real_files() -> Iterator[None]:
    """The queues in their files, as in production without Redis."""
    for queue in QUEUES.values():
        queue.immediate = False
    yield
    for queue in QUEUES.values():
        queue.storage.flush_queue()
        queue.storage.close()
        queue.immediate = True


def test_the_depth_of_a_queues_file(real_files: None, db: None) -> None:
    before = timezone.now()
    tasks.mail()
    tasks.mail()
    monitor.recorder.flush()

    found = depths.depths()

    assert (found["work"].waiting, found["payments"]) == (2, (0, None))
    assert found["work"].oldest_at is not None
    assert before <= found["work"].oldest_at <= timezone.now()


def test_a_queues_file_that_is_locked_is_said_at_once(real_files: None) -> None:
    path = QUEUES["work"].storage.filename
    QUEUES["work"].storage.close()
    with closing(sqlite3.connect(path)) as holder:
        holder.execute("PRAGMA locking_mode=EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")

        with pytest.raises(QueueAway) as away:
            depths.answer()

    assert str(away.value) == "A queue's file cannot be read: database is locked."


def test_a_queues_file_that_is_gone_is_empty(real_files: None, tmp_path: Path) -> None:
    storage = SimpleNamespace(filename=str(tmp_path / "none.sqlite3"), name="x")

    assert depths._ask_file(SimpleNamespace(storage=storage), "SELECT 1") == [(0,)]


@pytest.mark.django_db
def test_the_figures_are_read_by_prometheus_own_parser(client: Client) -> None:
    everybody_works()

    answers = [client.get("/metrics") for _ in range(2)]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["Content-Type"].startswith("text/plain; version=")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answers[1].content.decode())
        for sample in family.samples
    }
    assert found["duka_workers",] == 2
    assert found["duka_queue_depth", "payments"] == 0
    assert found["duka_tile_red", "workers"] == 0
    assert found["duka_jobs_failed",] == 0
    assert len({name for name, *_ in found}) >= 15


def test_what_could_not_be_read_is_left_out() -> None:
    away = Unread("It is away.")
    readings = Readings(**dict.fromkeys(Readings.__dataclass_fields__, away))
    now = timezone.now()

    text = exposition(readings, tiles_of(readings, Limits(), now), now).decode()

    assert 'duka_tile_red{cause="queues"} 1.0' in text
    assert "duka_workers " not in text


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_nobody_asks_without_the_token(client: Client, settings: Settings, path: str) -> None:
    settings.HEALTH_TOKEN = TOKEN

    assert client.get(path).status_code == 401
    assert client.post(path).status_code == 405
