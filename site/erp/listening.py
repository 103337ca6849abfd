"""Addresses to listen on: reading HOST:PORT, and telling early that a port is taken."""

import contextlib
import socket

MOST_PORT = 65535


class BadAddress(ValueError):
    """The text is not HOST:PORT; the message says what to write."""


def parse_address(text: str) -> tuple[str, int]:
    """Return (host, port) of "127.0.0.1:8000". Raises BadAddress."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= MOST_PORT:
        raise BadAddress(f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:8000.")
    return host, int(port)


def is_free(host: str, port: int) -> bool:
    """Tell whether a server can be bound here right now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        # As servers do: a port whose last connections are still closing down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError:
            return False
    return True
