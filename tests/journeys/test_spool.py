"""The database takes nothing while customers pay: every callback is answered, and booked once."""

import contextlib
import hashlib
import http.client
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.journeys.forwarder import Forwarder
from tests.journeys.house import SWEEP_SECONDS, House, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("house")]
POSTGRESQL = bool(os.environ.get("DATABASE_URL"))
only_sqlite = pytest.mark.skipif(POSTGRESQL, reason="SQLite has one writer at a time.")
only_postgresql = pytest.mark.skipif(not POSTGRESQL, reason="SQLite is a file.")


class Callbacks:
    """Callbacks with numbers of their own, which the store is asked about afterwards."""

    def __init__(self, house: House, mark: str) -> None:
        secret = house.value("SELECT callback_secret FROM mpesa_till WHERE number = '9900302'")
        self.house, self.path, self.mark = house, f"/cb/{secret}/stk", mark
        self.sums: dict[str, int] = {}

    def send(self, number: int) -> tuple[int, float]:
        """Return the status, and the seconds it took."""
        body = f'{{"{self.mark}": {number}}}'.encode()
        self.sums[hashlib.sha256(body).hexdigest()] = number
        began = time.monotonic()
        wire = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=30)
        with contextlib.closing(wire):
            wire.request("POST", self.path, body)
            status = wire.getresponse().status
        return status, time.monotonic() - began

    def send_all(self, numbers: range, *, at_once: int = 8) -> list[tuple[int, float]]:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(self.send, numbers))

    def stored(self) -> list[tuple[int, str]]:
        """Return (number, received at) as they were stored."""
        rows = self.house.rows("SELECT sha256, received_at FROM mpesa_inboundmessage ORDER BY id")
        return [(self.sums[sha256], str(at)) for sha256, at in rows if sha256 in self.sums]


def spooled(house: House) -> int:
    """Return how many bytes wait in the spool."""
    files = [p for end in ("jsonl", "taking") for p in (house.var / "spool").glob(f"*.{end}")]
    total = 0
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


@contextlib.contextmanager
def locked(house: House) -> Iterator[None]:
    """Hold the one write lock of SQLite, as a long import would."""
    file = sqlite3.connect(house.var / "duka.sqlite3", timeout=30, isolation_level=None)
    with contextlib.closing(file):
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


def ring(callbacks: Callbacks, number: int = 10_000) -> None:
    """Wait until the web process asks its database again, then ring the worker by a callback."""
    time.sleep(2.1)
    assert callbacks.send(number)[0] == 200


def kill_workers_while(house: House, callbacks: Callbacks, kills: int) -> int:
    """Kill the worker while it brings in the spool; returns how often something was left."""
    chance = random.Random(20261122)
    left = 0
    time.sleep(2.1)
    for number in range(kills):
        callbacks.send(10_001 + number)
        wait_until(
            "the worker takes them",
            lambda: list((house.var / "spool").glob("*.taking")) or not spooled(house),
        )
        time.sleep(chance.uniform(0.0, 0.1))
        house.kill("payments")
        left += spooled(house) > 0
        house.start("payments")
    return left


@only_sqlite
def test_callbacks_are_taken_while_another_process_locks_sqlite(house: House) -> None:
    callbacks = Callbacks(house, "locked")
    with house.short_minute("payments"):
        with locked(house):
            answers = callbacks.send_all(range(60))
            time.sleep(2.5)
            answers += callbacks.send_all(range(60, 90))
            stored_meanwhile, waits = callbacks.stored(), spooled(house)
        wait_until("all of them in the store", lambda: len(callbacks.stored()) >= 90, SWEEP_SECONDS)
        wait_until("an empty spool", lambda: not spooled(house))

    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < 2.0
    assert (stored_meanwhile, waits > 0) == ([], True)
    found = callbacks.stored()
    assert sorted(number for number, _ in found) == list(range(90))
    assert found == sorted(found, key=lambda row: row[1])


@only_sqlite
def test_a_sale_paid_while_the_database_is_locked_is_booked_once(house: House) -> None:
    before = house.balance("duka", "1100")
    sale = house.sign_in("baraka").ask("0714000001")
    house.simulator.prompt_on("254714000001")
    sale.wait_for("ringing")
    with locked(house):
        house.simulator.press("254714000001", "approve")
        wait_until("the callback in the spool", lambda: spooled(house))
    ring(Callbacks(house, "ring"))
    sale.wait_for("paid")

    assert house.balance("duka", "1100") - before == 18_000


@pytest.mark.long
@only_sqlite
def test_a_worker_killed_while_it_brings_in_loses_and_doubles_nothing(house: House) -> None:
    callbacks = Callbacks(house, "killed")
    house.running["payments"].send_signal(signal.SIGSTOP)
    with locked(house):
        answers = callbacks.send_all(range(1_500))
    house.running["payments"].send_signal(signal.SIGCONT)

    left = kill_workers_while(house, callbacks, kills=3)
    wait_until("an empty spool", lambda: not spooled(house), SWEEP_SECONDS)

    assert ({status for status, _ in answers}, left > 0) == ({200}, True)
    found = [row for row in callbacks.stored() if row[0] < 10_000]
    assert sorted(number for number, _ in found) == list(range(1_500))
    assert found == sorted(found, key=lambda row: row[1])


@only_sqlite
def test_neither_database_nor_spool_is_503(house: House) -> None:
    callbacks = Callbacks(house, "full")
    folder = house.var / "spool"
    wait_until("an empty spool", lambda: not spooled(house), SWEEP_SECONDS)
    aside = folder.with_name("spool-aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("a file in its place takes nothing, not even from root")
    try:
        with locked(house):
            answers = [callbacks.send(number) for number in range(3)]
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)
    time.sleep(2.1)

    assert [status for status, _ in answers] == [503, 503, 503]
    assert callbacks.send(3)[0] == 200
    wait_until("the next one", lambda: [n for n, _ in callbacks.stored()] == [3], SWEEP_SECONDS)


@pytest.fixture
def wire(house: House) -> Iterator[Forwarder]:
    """The house with a wire that can be cut between its processes and PostgreSQL."""
    usual = house.env["DATABASE_URL"]
    place = urlsplit(usual)
    wire = Forwarder(place.hostname or "127.0.0.1", place.port or 5432)
    user, at, _ = place.netloc.rpartition("@")
    house.env["DATABASE_URL"] = urlunsplit(
        place._replace(netloc=f"{user}{at}127.0.0.1:{wire.port}")
    )
    restart(house)
    yield wire
    wire.mend()
    house.env["DATABASE_URL"] = usual
    restart(house)
    wire.close()


def restart(house: House) -> None:
    for name in ("web", "payments"):
        house.kill(name)
        house.start(name)
    wait_until("the web server", lambda: house.answers("/healthz"))


@only_postgresql
@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_callbacks_are_taken_while_postgresql_cannot_be_reached(
    house: House, wire: Forwarder, how: str
) -> None:
    callbacks = Callbacks(house, how)
    before = callbacks.send_all(range(20))
    harm: Callable[[], None] = getattr(wire, how)
    with ThreadPoolExecutor(1) as pool:
        under_load = pool.submit(callbacks.send_all, range(20, 1_000))
        time.sleep(0.3)
        harm()
        answers = under_load.result()
    time.sleep(2.5)
    answers += callbacks.send_all(range(1_000, 1_030))
    waits = spooled(house)
    wire.mend()

    kill_workers_while(house, callbacks, kills=2)
    wait_until("an empty spool", lambda: not spooled(house), SWEEP_SECONDS)

    assert ({status for status, _ in before + answers}, waits > 0) == ({200}, True)
    # A second for an answer; two more where psycopg connects, which takes no less for a limit.
    assert max(seconds for _, seconds in answers) < 4.0
    found = [number for number, _ in callbacks.stored() if number < 10_000]
    assert sorted(found) == list(range(1_030))


def test_the_spool_is_for_its_owner_alone(house: House) -> None:
    folder = house.var / "spool"
    modes = {path.stat().st_mode & 0o077 for path in [folder, *folder.glob("*")] if path.exists()}

    assert modes <= {0}
