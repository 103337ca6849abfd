"""Start the whole product on a laptop: migrate, load the demo, run every process under honcho."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from erp import env
from erp.demo import CASHIER, OWNER, PASSWORD
from erp.listening import is_free


class Command(BaseCommand):
    help = "What `make run` does: prepare the database, then web, workers and simulated M-Pesa."

    def handle(self, *args: object, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("`start` is for a laptop; see deploy/ for a server.")
        host = env.text("HOST", "127.0.0.1")
        self._refuse_taken_ports(host)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("demo", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
        self._say_where()
        self.stdout.flush()
        os.chdir(settings.HOUSE)
        child = os.environ | {
            # honcho gives each process a PORT of its own; ours travels under another name.
            "WEB_LISTEN": f"{host}:{settings.PORT}",
            "SIMULATOR_LISTEN": f"{host}:{settings.SIMULATOR_PORT}",
            "PUBLIC_URL": settings.PUBLIC_URL,
            "SESSION_COOKIE_NAME": settings.SESSION_COOKIE_NAME,
            "DUKA_PYTHON": sys.executable,
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "honcho", "--no-prefix", "-f", "Procfile.dev", "start"]
        os.execve(sys.executable, command, child)  # noqa: S606

    def _refuse_taken_ports(self, host: str) -> None:
        for port, name in ((settings.PORT, "PORT"), (settings.SIMULATOR_PORT, "SIMULATOR_PORT")):
            if not is_free(host, port):
                raise CommandError(
                    f"Port {port} is taken. Stop what runs there, or choose another:"
                    f" make run {name}={port + 10}"
                )

    def _say_where(self) -> None:
        phone = f"http://127.0.0.1:{settings.SIMULATOR_PORT}/"
        self.stdout.write(
            f"""
  Duka runs.

  Shop and owner   http://127.0.0.1:{settings.PORT}/
  Simulated phone  {phone}

  Cashier          {CASHIER}    password {PASSWORD}
  Owner            {OWNER}     password {PASSWORD}

  Ctrl-C stops everything.
"""
        )
