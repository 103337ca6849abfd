"""What the contenders share: the scratch database, as durable as ours, and the same count of CPU.

Runs in a contender's own venv: Django, psycopg and the standard library are all there is.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

WARM_UP = 5


def set_up(*apps: str, **more: Any) -> None:
    """Configure Django with these apps on the scratch database, and migrate it."""
    settings.configure(
        SECRET_KEY="of a bench",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *apps],
        DATABASES={"default": _database()},
        SILENCED_SYSTEM_CHECKS=[
            "admin.E402",
            "admin.E404",
            "admin.E408",
            "admin.E409",
            "admin.E410",
        ],
        LOGGING_CONFIG=None,
        **more,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _database() -> dict[str, Any]:
    if not (url := os.environ.get("DATABASE_URL")):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(os.environ["VAR"]) / "contender.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    at = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": at.path.strip("/"),
        "USER": unquote(at.username or ""),
        "PASSWORD": unquote(at.password or ""),
        "HOST": unquote(at.hostname or ""),
        "PORT": at.port or 5432,
    }


def measure(post_one: Callable[[int], object]) -> None:
    """Post as often as the command line says; print rate and CPU seconds per posting in JSON."""
    from tests.bench.cpu import of_django  # noqa: PLC0415 after setup

    times, cpu = int(sys.argv[1]), of_django()
    for number in range(WARM_UP):
        post_one(number)
    began_cpu, began = cpu.seconds(), time.perf_counter()
    for number in range(times):
        post_one(number)
    wall = time.perf_counter() - began
    print(json.dumps({"rate": times / wall, "cpu": (cpu.seconds() - began_cpu) / times}))
