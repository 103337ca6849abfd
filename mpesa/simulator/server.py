"""Serves one world over HTTP. The command and the tests start and end it in the same way."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import WSGIHandler
from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server

from mpesa.simulator.doors import WORLD_KEY
from mpesa.simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A hanging ack and a callback before the ack each hold a thread.
THREADS = 32
BODY_BYTES_MOST = 65_536
LOOK_UP_SECONDS = 1.0


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a bound socket, or raise OSError, as where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def application(world: World) -> "WSGIApplication":
    """Return a WSGI application for this world."""
    handler = WSGIHandler()

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[WORLD_KEY] = world
        answer = handler(environ, start_response)
        # In one piece waitress knows its length, and can keep the caller's connection.
        try:
            return [b"".join(answer)]
        finally:
            answer.close()

    return call


@contextmanager
def running(world: World, listening: socket.socket) -> Iterator[str]:
    """Serve `world` on a bound socket as long as the block runs; yield the address."""
    sockets: dict[int, Any] = {}
    host, port = listening.getsockname()[:2]
    server = create_server(
        application(world),
        map=sockets,
        sockets=[listening],
        threads=THREADS,
        max_request_body_size=BODY_BYTES_MOST,
        ident="daraja-simulator",
    )
    # With several sockets waitress returns another kind of server.
    assert isinstance(server, BaseWSGIServer)
    stopping = threading.Event()
    loop = threading.Thread(target=_serve, args=(sockets, stopping.is_set), daemon=True)
    loop.start()
    try:
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        stopping.set()
        server.pull_trigger()
        world.close()
        loop.join()
        server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(sockets, ignore_all=True)


def _serve(sockets: dict[int, Any], is_over: Callable[[], bool]) -> None:
    while not is_over():
        wasyncore.loop(timeout=LOOK_UP_SECONDS, use_poll=True, map=sockets, count=1)
