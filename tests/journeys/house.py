"""A whole Duka of real processes on free ports, with a database, queues and a VAR of its own."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import redis

from tests import migrated
from tests.journeys.checker import Checker

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 30.0
# The demo's year on PostgreSQL takes minutes where others want the same cores.
COMMAND_SECONDS = 300.0
# A minute's sweep, and time to do its work.
SWEEP_SECONDS = 75.0

# A worker whose schedule has a shorter minute: Huey's own constant, nothing of ours.
SHORT_SECONDS = 15
SHORT_MINUTE = """
import sys
from huey.consumer import Scheduler
import manage
Scheduler.periodic_task_seconds = int(sys.argv.pop(1))
manage.main()
"""


class TooLong(AssertionError):
    """Something that should have come did not."""


def wait_until(what: str, probe: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the first true answer of `probe`; raise TooLong after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(0.05)
    raise TooLong(f"{what} did not come within {seconds:g} s")


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """Starts, kills and asks the processes of one copy of the product."""

    def __init__(self, folder: Path, **extra: str) -> None:
        self.var = folder / "var"
        self.var.mkdir(parents=True)
        self.port, self.simulator_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Names of its own, built on the caller's, who may have to clean up after a hard end.
        self.prefix = f"{os.environ.get('QUEUE_PREFIX', 'duka')}-journey-{os.getpid()}-{self.port}"
        self.server_url = os.environ.get("DATABASE_URL", "")
        self.redis_url = os.environ.get("JOURNEY_REDIS_URL", "")
        near = urlsplit(self.server_url).path.strip("/") or "duka"
        self.database = f"{near[:40]}_journey_{os.getpid()}_{self.port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        # Whether a process was killed since the books were checked.
        self.is_hurt = False
        self.browsers: list[Browser] = []
        self.checker: Checker | None = None
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name not in {"HUEY_IMMEDIATE", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
        } | {
            "VAR": str(self.var),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "QUEUE_PREFIX": self.prefix,
            "PYTHONUNBUFFERED": "1",
            **extra,
        }
        if self.server_url:
            self.env["DATABASE_URL"] = self.database_url
        if self.redis_url:
            self.env["REDIS_URL"] = self.redis_url
        self.simulator = Simulator(f"http://127.0.0.1:{self.simulator_port}")

    @property
    def database_url(self) -> str:
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{self.database}"))

    @property
    def commands(self) -> dict[str, list[str]]:
        return {
            "web": ["serve", "--listen", f"127.0.0.1:{self.port}"],
            "payments": ["consume", "payments"],
            "work": ["consume", "work", "--workers", "4"],
            "simulator": ["simulate_daraja", "--listen", f"127.0.0.1:{self.simulator_port}"],
        }

    def open(self) -> None:
        """Make the database, load the demo and start every process."""
        self.make_database()
        # A journey makes its own sales: a month of the demo's would cost more than it.
        for command in (["collectstatic", "-v0", "--no-input"], ["demo", "--days", "2"]):
            self.manage(*command)
        for name in self.commands:
            self.start(name)
        wait_until("the web server", lambda: self.answers("/healthz"))
        wait_until("the simulator", self.simulator.is_alive)

    def make_database(self) -> None:
        """Make a migrated database; one of this run is copied."""
        if self.server_url:
            like = migrated.template_on(self.server_url)
            statement = f'CREATE DATABASE "{self.database}" TEMPLATE "{like}"'
            migrated.execute_on(self.server_url, statement)
        else:
            migrated.fill_file(self.var / "duka.sqlite3")

    def close(self) -> None:
        """Stop every process and remove what was made."""
        if self.checker:
            self.checker.close()
        for name in list(self.running):
            self.stop(name)
        if self.server_url:
            migrated.execute_on(self.server_url, f'DROP DATABASE "{self.database}" WITH (FORCE)')
        if self.redis_url:
            self.empty_queues()
        shutil.rmtree(self.var, ignore_errors=True)

    def answers(self, path: str) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self.url + path).is_success
        return False

    def manage(self, *command: str) -> str:
        """Run a management command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def run_code(self, code: str) -> str:
        """Run a few lines in the product's shell, for what no page can make yet."""
        return self.manage("shell", "-v0", "-c", code)

    def start(self, name: str, *, minute: int = 0) -> None:
        """Start a process; `minute` is how many seconds its schedule waits, where not a minute."""
        begin = ["-c", SHORT_MINUTE, str(minute)] if minute else ["manage.py"]
        with (self.var / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *begin, *self.commands[name]],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @contextlib.contextmanager
    def short_minute(self, name: str) -> Iterator[None]:
        """Have a worker that sweeps every SHORT_SECONDS meanwhile, instead of every minute."""
        self.stop(name)
        self.start(name, minute=SHORT_SECONDS)
        yield
        self.stop(name)
        self.start(name)

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to a process, wait for its end and return its exit code."""
        process = self.running.pop(name)
        process.send_signal(how)
        try:
            return process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def kill(self, name: str) -> None:
        self.is_hurt = True
        self.stop(name, signal.SIGKILL)

    def log(self, name: str) -> str:
        return (self.var / f"{name}.log").read_text(errors="replace")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, read past the product."""
        if self.server_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query).fetchall()
        with contextlib.closing(sqlite3.connect(self.var / "duka.sqlite3", timeout=10)) as file:
            return file.execute(query).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def empty_queues(self) -> None:
        """Lose everything that the queues hold: delete their files, or their keys in Redis."""
        for path in self.var.glob("queue-*"):
            path.unlink(missing_ok=True)
        if self.redis_url:
            with contextlib.closing(redis.Redis.from_url(self.redis_url)) as server:
                # Huey takes the hyphens out of a queue's name.
                for key in server.scan_iter(f"*{self.prefix.replace('-', '')}*"):
                    server.delete(key)

    def balance(self, slug: str, code: str) -> int:
        """Return the balance of an account in cents, summed from its lines."""
        total = self.value(
            "SELECT coalesce(sum(l.amount_cents), 0) FROM money_line l"
            " JOIN money_account a ON a.id = l.account_id"
            f" JOIN money_business b ON b.id = a.business_id WHERE b.slug = '{slug}'"
            f" AND a.code = '{code}'"
        )
        return int(total)

    def check_books(self) -> None:
        """The books verify, and what stands beside them ties, the inbox seen from here as well."""
        if self.checker and self.checker.env != self.env:
            self.checker.close()
            self.checker = None
        self.checker = self.checker or Checker(self.env, self.var / "checker.log")
        said = self.checker.verify()
        assert said.startswith("ok: "), said
        self.is_hurt = False
        self.check_inbox()

    def check_inbox(self) -> None:
        """The inbox equals the account of unidentified receipts, at every moment.

        Both in one statement: a worker may be posting what came last.
        """
        ((inbox, account),) = self.rows(
            "SELECT (SELECT coalesce(sum(amount_cents - allocated_cents), 0) FROM mpesa_payment),"
            " (SELECT -coalesce(sum(l.amount_cents), 0) FROM money_line l"
            " JOIN money_account a ON a.id = l.account_id WHERE a.code = '2130')"
        )
        assert inbox == account

    def sign_in(self, username: str) -> "Browser":
        self.browsers.append(browser := Browser(self, username))
        return browser

    def leave(self) -> None:
        """Close every browser that was opened."""
        while self.browsers:
            self.browsers.pop().client.close()


class Simulator:
    """The JSON side of the simulated M-Pesa."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_alive(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/sim/alive").is_success
        return False

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}{path}", json=body, timeout=20)
        assert answer.is_success, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def preset(self, name: str, **knobs: Any) -> None:
        self.post(f"/sim/preset/{name}", **knobs)

    def prompts(self, **filters: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/sim/prompts", params=filters, timeout=20)
        prompts: list[dict[str, Any]] = answer.json()["prompts"]
        return prompts

    def prompt_on(self, phone: str) -> dict[str, Any]:
        """Wait for an open prompt on a phone and return it."""
        found = wait_until("a prompt", lambda: self.prompts(phone=phone, state="open"))
        prompt: dict[str, Any] = found[0]
        return prompt

    def press(self, phone: str, action: str) -> dict[str, Any]:
        """Wait for the prompt on a phone and press a button of it."""
        return self.post(f"/sim/prompts/{self.prompt_on(phone)['id']}/answer", action=action)


class Browser:
    """One person's browser, as far as HTTP goes: cookies, forms, redirects."""

    def __init__(self, house: House, username: str) -> None:
        self.house = house
        self.client = httpx.Client(base_url=house.url, follow_redirects=True, timeout=30)
        token = self._token(self.client.get("/login").text)
        answer = self.client.post(
            "/login",
            data={
                "username": username,
                "password": "karibu-duka",
                "csrfmiddlewaretoken": token,
                "next": "",
            },
        )
        assert answer.is_success, answer.text

    @staticmethod
    def _token(page: str) -> str:
        match = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert match, page
        return match[1]

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code < 300, f"{path}: {answer.status_code}"
        return answer.text

    def form(self, slug: str = "duka", **quantities: str) -> dict[str, str]:
        """Load the counter and fill in a cart: product name (spaces as _) = quantity."""
        page = self.get(f"/s/{slug}/")
        tiles = re.findall(r'data-id="(\d+)" data-name="([^"]+)" data-cents="(\d+)"', page)
        by_name = {name: (pk, int(cents)) for pk, name, cents in tiles}
        key = re.search(r'name="key" value="(\w+)"', page)
        assert key
        fields, total = {"csrfmiddlewaretoken": self._token(page), "key": key[1]}, 0
        for name, quantity in quantities.items():
            pk, cents = by_name[name.replace("_", " ")]
            fields[f"line-{pk}"] = quantity
            total += round(cents * float(quantity))
        return fields | {"shown": str(total)}

    def sell(self, fields: dict[str, str], slug: str = "duka") -> httpx.Response:
        return self.client.post(f"/s/{slug}/sell", data=fields)

    def ask(self, phone: str, slug: str = "duka", **quantities: str) -> "SalePage":
        """Sell by M-Pesa and return the sale's page."""
        fields = self.form(slug, **(quantities or {"Maize_flour_2_kg": "1"}))
        answer = self.sell(fields | {"phone": phone, "pay": "mpesa"}, slug)
        assert answer.status_code == 200, answer.text
        return SalePage(self, answer.url.path)

    def tap(self, path: str, **fields: str) -> httpx.Response:
        """Post a small form of a page."""
        token = self._token(self.get(path.rsplit("/", 1)[0] + "/"))
        return self.client.post(path, data={"csrfmiddlewaretoken": token, **fields})


class SalePage:
    """A sale as its page shows it."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.browser, self.path = browser, path
        assert re.fullmatch(r"/s/\w+/sales/\d+/", path), path

    @property
    def stage(self) -> str:
        match = re.search(r'data-stage="(\w+)"', self.browser.get(self.path))
        assert match
        return match[1]

    @property
    def sale_id(self) -> int:
        return int(self.path.rstrip("/").rsplit("/", 1)[1])

    def wait_for(self, stage: str, seconds: float = PATIENCE_SECONDS) -> str:
        """Wait until the page shows a stage and return the page."""
        wait_until(f"{stage} of {self.path}", lambda: self.stage == stage, seconds)
        return self.browser.get(self.path)

    def tap(self, what: str, **fields: str) -> httpx.Response:
        return self.browser.tap(f"{self.path}{what}", **fields)


@contextlib.contextmanager
def opened(folder: Path, **extra: str) -> Iterator[House]:
    """Open a house and close it again, whatever happens."""
    house = House(folder, **extra)
    try:
        house.open()
        yield house
    except BaseException:
        for name in house.commands:
            with contextlib.suppress(OSError):
                sys.stderr.write(f"--- {name}\n{house.log(name)[-4000:]}\n")
        raise
    finally:
        house.close()
