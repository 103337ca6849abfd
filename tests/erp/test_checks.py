"""An unsafe production is refused, setting by setting, and by the real command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import huey
import pytest
from pytest_django import Settings

from erp.checks import safe_production, second_place, whole_restore
from periodic.safekeeping import unfinished

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture
def production(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings.PRODUCTION = True
    settings.DEBUG = False
    settings.SECRET_KEY = "k" * 40
    settings.ALLOWED_HOSTS = ["duka.example"]
    settings.PUBLIC_URL = "https://duka.example"
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    settings.HUEY = huey.PriorityRedisExpireHuey("a-test", url="redis://127.0.0.1:1")
    settings.DARAJA_URL = "https://api.example"
    settings.BACKUP_PASSPHRASE = "p" * 20
    settings.BACKUP_COPY_TO = "/mnt/other"
    settings.HEALTH_TOKEN = "h" * 20
    settings.VAR = tmp_path
    return settings


def said() -> list[tuple[str, str]]:
    return [(str(message.id), message.msg.partition(":")[0]) for message in safe_production(None)]


def test_a_safe_production_is_let_through(production: Settings) -> None:
    assert said() == []


def test_a_laptop_is_let_through(settings: Settings) -> None:
    settings.DEBUG = True

    assert said() == []


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("SECRET_KEY", "k" * 39, 1),
        ("DEBUG", True, 2),
        ("ALLOWED_HOSTS", [], 3),
        ("ALLOWED_HOSTS", ["*"], 3),
        ("ALLOWED_HOSTS", ["duka.example", "*"], 3),
        ("PUBLIC_URL", "http://duka.example", 4),
        ("PUBLIC_URL", "", 4),
        ("HUEY", huey.MemoryHuey("a-test"), 6),
        ("DARAJA_URL", "", 7),
        ("DARAJA_URL", "http://127.0.0.1:8001", 7),
        ("BACKUP_PASSPHRASE", "", 8),
        ("BACKUP_PASSPHRASE", "p" * 19, 8),
        ("HEALTH_TOKEN", "h" * 19, 9),
    ],
)
def test_an_unsafe_production_is_refused(
    production: Settings, name: str, value: Any, number: int
) -> None:
    setattr(production, name, value)

    assert said() == [(f"erp.E{number:03}", {"HUEY": "REDIS_URL"}.get(name, name))]


def test_a_production_on_sqlite_is_refused(
    production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(production.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")

    assert said() == [("erp.E005", "DATABASE_URL")]


def test_a_key_that_a_laptop_made_is_refused(production: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("k" * 40 + "\n")

    assert said() == [("erp.E001", "SECRET_KEY")]


def test_backups_without_a_second_place_are_warned_of(production: Settings) -> None:
    assert second_place(None) == []

    production.BACKUP_COPY_TO = ""

    assert [one.id for one in second_place(None)] == ["erp.W002"]
    production.PRODUCTION = False
    assert second_place(None) == []


def check(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-W", "error", str(HOUSE / "manage.py"), "check"],
        env=clean | {"VAR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_check_refuses_a_bare_production(tmp_path: Path) -> None:
    done = check(tmp_path, PRODUCTION="yes", DEBUG="yes")

    found = [f"erp.E{number:03}" for number in range(1, 9) if f"erp.E{number:03}" in done.stderr]
    assert done.returncode == 1
    assert found == [f"erp.E{number:03}" for number in range(1, 9)]
    assert "Traceback" not in done.stderr


def test_check_lets_a_whole_production_through(tmp_path: Path) -> None:
    done = check(
        tmp_path,
        PRODUCTION="yes",
        SECRET_KEY="k" * 50,
        ALLOWED_HOSTS="duka.example",
        PUBLIC_URL="https://duka.example",
        DATABASE_URL="postgres://duka@127.0.0.1:1/duka",
        REDIS_URL="redis://127.0.0.1:1",
        DARAJA_URL="https://api.example",
        BACKUP_PASSPHRASE="p" * 30,
        BACKUP_COPY_TO="/mnt/other",
        HEALTH_TOKEN="h" * 20,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (0 silenced).\n"


def test_check_says_which_variable_is_wrong(tmp_path: Path) -> None:
    done = check(tmp_path, PORT="eighty")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "PORT is 'eighty': write a whole number from 1 to 65535."
    )


def test_half_a_restored_shop_is_refused(settings: Settings, tmp_path: Path) -> None:
    settings.VAR = tmp_path
    assert whole_restore(None) == []
    unfinished.begin(tmp_path, "duka-20261122T220000Z.dukabackup")

    (error,) = whole_restore(None)

    assert error.id == "erp.E010"
    assert "duka-20261122T220000Z.dukabackup was cut short" in error.msg
    unfinished.end(tmp_path)
    assert whole_restore(None) == []
