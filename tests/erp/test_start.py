"""`make run` where it cannot run: one sentence, and nothing was started or made."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

HOUSE = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["PORT", "SIMULATOR_PORT"])
def test_start_says_that_a_port_is_taken_and_starts_nothing(name: str, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        taken, free = one.getsockname()[1], two.getsockname()[1]
        two.close()
        other = "SIMULATOR_PORT" if name == "PORT" else "PORT"
        done = subprocess.run(
            [sys.executable, str(HOUSE / "manage.py"), "start"],
            env={
                "PATH": os.environ["PATH"],
                "VAR": str(tmp_path),
                name: str(taken),
                other: str(free),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"CommandError: Port {taken} is taken. Stop what runs there, or choose another:"
        f" make run {name}={taken + 10}\n"
    )
    assert not (tmp_path / "duka.sqlite3").exists()


def test_start_is_for_a_laptop(settings: Settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError) as refusal:
        call_command("start")

    assert str(refusal.value) == "`start` is for a laptop; see deploy/ for a server."
