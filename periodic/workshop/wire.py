"""What an attempt's process tells its watcher: one JSON list per line, over a socket of its own."""

import json
import socket
from collections.abc import Iterator
from typing import Any

# A traceback is cut before it is sent; a line that is longer than this is no line of ours.
MOST_BYTES = 1_000_000
CHUNK = 65_536

Message = list[Any]


def send(line: socket.socket, *message: Any) -> None:
    """Send one message. Raises OSError where nobody listens any more."""
    line.sendall(json.dumps(message).encode() + b"\n")


class Ear:
    """Hears the messages of one socket; `is_over` once its other ends are all closed."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.is_over = line, False
        self._held = b""

    def hear(self, seconds: float) -> Iterator[Message]:
        """Wait at most so long for something, and yield the whole messages that came."""
        self.line.settimeout(seconds)
        try:
            chunk = self.line.recv(CHUNK)
        except TimeoutError:
            return
        except OSError:
            chunk = b""
        if not chunk or len(self._held) > MOST_BYTES:
            self.is_over = True
            return
        *whole, self._held = (self._held + chunk).split(b"\n")
        for text in whole:
            yield json.loads(text)
