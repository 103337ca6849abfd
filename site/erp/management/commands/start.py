"""Start the whole product on a laptop: migrate, load the demo, run every process under honcho."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from erp import demo_month, env
from erp.demo import CASHIER, OWNER, PASSWORD
from erp.listening import is_free

_SECOND_COPY = (
    "Stop what runs there, or start a second copy:"
    " make run PORT={port} SIMULATOR_PORT={simulator_port} VAR=var2"
)


class Command(BaseCommand):
    help = "What `make run` does: prepare the database, then web, workers and simulated M-Pesa."

    def handle(self, *args: object, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("`start` is for a laptop; see deploy/ for a server.")
        host = env.text("HOST", "127.0.0.1")
        self._refuse_taken_ports(host)
        lock = _lock(settings.VAR)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        days = env.integer("DEMO_DAYS", demo_month.DAYS, least=1, most=demo_month.DAYS)
        quiet = open(os.devnull, "w")  # noqa: PTH123, SIM115
        call_command("demo", days=days, verbosity=0, stdout=quiet)
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
        introduce = [sys.executable, "manage.py", "introduce_tills"]
        # Beside honcho, which ends everything when one of its processes ends.
        introducing = subprocess.Popen(introduce, env=child, stdin=subprocess.DEVNULL)  # noqa: S603 our own words
        code = _run(command, child)
        # Stopped before it was done, it would go on asking for a simulator that is gone.
        introducing.terminate()
        introducing.wait()
        lock.close()
        sys.exit(code)

    def _refuse_taken_ports(self, host: str) -> None:
        if settings.PORT == settings.SIMULATOR_PORT:
            raise CommandError(f"PORT and SIMULATOR_PORT are both {settings.PORT}: choose two.")
        for port in (settings.PORT, settings.SIMULATOR_PORT):
            if not is_free(host, port):
                raise CommandError(f"Port {port} is taken. {_SECOND_COPY}".format(**_others()))

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


def _run(command: list[str], env: dict[str, str]) -> int:
    """Run honcho in a session of its own until it ends; returns its exit code.

    It leaves its processes behind where a closed terminal hangs up on it. So the terminal speaks to
    us alone, and whatever it says becomes the TERM on which honcho stops everything.
    """
    honcho = subprocess.Popen(command, env=env, start_new_session=True)  # noqa: S603 our own words
    asked: list[int] = []

    def stop(signum: int, frame: FrameType | None) -> None:
        asked.append(signum)
        honcho.terminate()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop)
    code = honcho.wait()
    return 0 if asked else code


def _others() -> dict[str, int]:
    return {"port": settings.PORT + 10, "simulator_port": settings.SIMULATOR_PORT + 10}


def _lock(var: Path) -> TextIO:
    """Hold VAR for this copy: two on one database and one queue would answer for each other."""
    file = (var / "running").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise CommandError(
            f"A copy runs in {var} already. {_SECOND_COPY}".format(**_others())
        ) from error
    return file
