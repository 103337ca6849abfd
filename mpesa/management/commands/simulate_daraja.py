"""Runs the simulated M-Pesa until it is told to end."""

import signal
import socket
import threading
from argparse import ArgumentParser
from types import FrameType

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mpesa.simulator.server import listening_socket, running
from mpesa.simulator.world import World

PORT_MOST = 65_535


class Command(BaseCommand):
    help = "Runs a simulated M-Pesa (Daraja) with phones in the browser. Refused in production."
    # It uses no database and none of the product's pages, so their state must not stop it.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--listen",
            default="127.0.0.1:8001",
            metavar="HOST:PORT",
            help="where to listen; port 0 takes any free port (default: %(default)s)",
        )

    def handle(self, *args: object, listen: str, **options: object) -> None:
        """Refuse in production; otherwise listen, say where, and serve until SIGTERM or SIGINT."""
        if getattr(settings, "PRODUCTION", False):
            raise CommandError("The simulated M-Pesa does not run in production.")
        listening = _listen(listen)
        settings.ROOT_URLCONF = "mpesa.simulator.urls"
        settings.MIDDLEWARE = []
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
        with running(World(), listening) as address:
            self.stdout.write(f"The simulated M-Pesa listens on {address}")
            self.stdout.flush()
            threading.Event().wait()


def _listen(text: str) -> socket.socket:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= PORT_MOST):
        raise CommandError(f"--listen is {text!r}: write HOST:PORT, such as 127.0.0.1:8001.")
    try:
        return listening_socket(host.strip("[]"), int(port))
    except OSError as problem:
        raise CommandError(
            f"Cannot listen on {text}: {problem.strerror}. End what uses this port,"
            " or choose another with --listen."
        ) from problem


def _end(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
