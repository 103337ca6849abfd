"""A stub of Safaricom's gateway for the shapes that the simulator does not give."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from pytest_django import Settings

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "daraja"
TOKEN_PATH = "/oauth/v1/generate"
PUSH_PATH = "/mpesa/stkpush/v1/processrequest"
QUERY_PATH = "/mpesa/stkpushquery/v1/query"


class Answer(NamedTuple):
    """What the gateway answers once; with `hang_seconds` it thinks first, or never answers."""

    status: int
    body: bytes
    hang_seconds: float = 0.0
    hangs_up: bool = False


class Asked(NamedTuple):
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def answer(status: int, body: object = b"", **more: Any) -> Answer:
    return Answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), **more)


def sample(status: int, name: str) -> Answer:
    return Answer(status, (SAMPLES / f"{name}.json").read_bytes())


ACCEPTED = sample(200, "stk-response-accepted")


class Gateway:
    """Answers tokens "token-1", "token-2", ...; other paths take `answers`, the last for ever."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque([ACCEPTED])
        self.token_answers: deque[Answer] = deque()
        self.asked: list[Asked] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.url = ""
        self._lock = threading.Lock()

    def will_answer(self, *answers: Answer) -> None:
        self.answers = deque(answers)

    def at(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    @property
    def tokens_given(self) -> int:
        return len(self.at(TOKEN_PATH))

    def take(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            if asked.path == TOKEN_PATH:
                if self.token_answers:
                    return self.token_answers.popleft()
                return answer(
                    200, {"access_token": f"token-{self.tokens_given}", "expires_in": "3599"}
                )
            self.meanwhile()
            return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


def _handler_of(gateway: Gateway, stopping: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            path = self.path.partition("?")[0]
            found = gateway.take(Asked(path, dict(self.headers), body))
            stopping.wait(found.hang_seconds)
            if found.hangs_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_POST = do_GET  # noqa: N815

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # The client had no patience: that is what the test is about.
                return

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def running_gateway() -> Iterator[Gateway]:
    gateway, stopping = Gateway(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(gateway, stopping))
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield gateway
    finally:
        stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def a_port_nobody_listens_on() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.01)


@contextmanager
def asked_by(settings: Settings) -> Iterator[Gateway]:
    """Run a gateway that our client asks."""
    with running_gateway() as gateway:
        settings.DARAJA_URL = gateway.url
        settings.DARAJA_TIMEOUT_SECONDS = 5
        yield gateway
