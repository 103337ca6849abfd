"""A wire between the product and its PostgreSQL that a test can cut, or freeze."""

import contextlib
import socket
import threading
from collections.abc import Callable


class Forwarder:
    """Forwards TCP from a port of its own to a server, until it is cut or frozen."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.is_open, self.is_frozen = threading.Event(), threading.Event()
        self.is_open.set()
        self.sockets: set[socket.socket] = set()
        self._left = 0
        self._then: Callable[[], None] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def after(self, count: int, then: Callable[[], None]) -> None:
        """Let so many bytes more reach the server, and do something then; no byte more goes."""
        self._left, self._then = count, then

    @property
    def is_spent(self) -> bool:
        """Tell whether what was to be done after so many bytes was done."""
        return self._then is None

    def cut(self) -> None:
        """Close every connection and each new one at once."""
        self.is_open.clear()
        self._drop()

    def freeze(self) -> None:
        """Keep every connection, take new ones, and let nothing through."""
        self.is_frozen.set()

    def mend(self) -> None:
        """Let through what comes from now on; what was frozen is lost."""
        self._drop()
        self.is_frozen.clear()
        self.is_open.set()

    def close(self) -> None:
        self.is_open.clear()
        self.listener.close()
        self._drop()

    def _drop(self) -> None:
        while self.sockets:
            one = self.sockets.pop()
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if not self.is_open.is_set():
                    near.close()
                    continue
                self.sockets.add(near)
                if self.is_frozen.is_set():
                    continue
                far = socket.create_connection(self.server)
                self.sockets.add(far)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if self.is_frozen.is_set():
                    return
                if self._then and target.getpeername() == self.server:
                    data, self._left = data[: self._left], self._left - len(data)
                target.sendall(data)
                if self._then and self._left <= 0:
                    then, self._then = self._then, None
                    then()
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
