"""The queue is gone or answers nothing: pages stay quick, cash is sold, M-Pesa waits as rows."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import redis

from tests.journeys.house import SWEEP_SECONDS, Browser, House, free_port, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.long, pytest.mark.xdist_group("house")]
IS_REDIS_LEG = bool(os.environ.get("JOURNEY_REDIS_URL"))
MOST_SECONDS = 2.0
OWNERS_PAGES = (
    "/admin/",
    "/admin/huey_monitor/taskmodel/",
    "/admin/periodic/alert/",
    "/books/",
    "/operations/",
    "/payments/",
    "/till/",
    "/inbox/duka/",
    "/s/duka/",
)


class Server:
    """A Redis of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        wait_until("Redis", self.answers)

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(redis.Redis.from_url(self.url).ping())
        return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """The kernel takes connections for it, and nobody ever answers."""
        self.process.send_signal(signal.SIGSTOP)
        yield
        self.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def gone(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()


def timed(ask: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = ask()
    return answer, time.monotonic() - began


def work_without_a_queue(
    house: House, away: contextlib.AbstractContextManager[None], phone: str, said: str
) -> None:
    """Look at every page, sell for cash and ask a phone while the queue is away; then be paid."""
    amina, baraka = house.sign_in("amina"), house.sign_in("baraka")
    with away:
        pages = {path: timed(lambda path=path: amina.client.get(path)) for path in OWNERS_PAGES}  # type: ignore[misc]
        ready, seconds = timed(lambda: httpx.get(f"{house.url}/readyz"))
        cart = baraka.form(Milk_500_ml="1")
        cash = timed(lambda: baraka.sell(cart | {"exact": "1"}))
        sale, asked = ask_timed(baraka, phone)
        time.sleep(2.5)  # longer than a worker waits for Redis: its threads have met the silence
        stage = sale.stage
    number = f"254{phone[1:]}"
    wait_until("the prompt", lambda: house.simulator.prompts(phone=number), SWEEP_SECONDS)
    house.simulator.press(number, "approve")
    sale.wait_for("paid", SWEEP_SECONDS)

    slow = {path: took for path, (_, took) in pages.items() if took > MOST_SECONDS}
    assert slow == {}
    assert {path: page.status_code for path, (page, _) in pages.items()} == dict.fromkeys(
        OWNERS_PAGES, 200
    )
    assert max(seconds, cash[1], asked) <= MOST_SECONDS
    assert 'data-stage="paid"' in cash[0].text
    assert stage == "sending"
    assert said in ready.text + pages["/operations/"][0].text
    assert "Traceback" not in pages["/operations/"][0].text


def ask_timed(baraka: Browser, phone: str):
    began = time.monotonic()
    sale = baraka.ask(phone)
    return sale, (time.monotonic() - began) / 2  # two pages: the counter, and the sale


@pytest.mark.skipif(not IS_REDIS_LEG, reason="On SQLite the queue is a file.")
@pytest.mark.skipif(not shutil.which("redis-server"), reason="There is no redis-server here.")
def test_with_redis_hanging_or_stopped_the_shop_sells_and_all_is_done_once_it_is_back(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    house = House(tmp_path, HEARTBEAT_SECONDS="1")
    house.redis_url = house.env["REDIS_URL"] = server.url
    try:
        house.open()
        with house.short_minute("payments"):
            work_without_a_queue(
                house, server.hanging(), "0713000071", "Redis does not answer within 0.5 s."
            )
            work_without_a_queue(
                house, server.gone(), "0713000072", "Redis does not answer at all."
            )
        wait_until("all parts well", lambda: httpx.get(f"{house.url}/readyz").json()["ready"])
        house.check_books()
    finally:
        house.leave()
        house.close()
        server.stop()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody holds the lock that every write to a queue's file needs."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


@pytest.mark.skipif(IS_REDIS_LEG, reason="With Redis there is no file.")
def test_with_the_queues_file_locked_the_shop_sells_and_all_is_done_once_it_is_free(
    house: House,
) -> None:
    with house.short_minute("payments"):
        path = wait_until(
            "the queue's file", lambda: next(house.var.glob("queue-payments.sqlite3"), None)
        )
        work_without_a_queue(house, locked(path), "0713000073", '"queues": "ok"')
