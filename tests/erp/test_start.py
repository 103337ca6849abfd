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
    ports = {name: taken, other: free}
    assert done.stderr == (
        f"CommandError: Port {taken} is taken. Stop what runs there, or start a second copy:"
        f" make run PORT={ports['PORT'] + 10} SIMULATOR_PORT={ports['SIMULATOR_PORT'] + 10}"
        " VAR=var2\n"
    )
    assert not (tmp_path / "duka.sqlite3").exists()


def test_start_wants_two_ports(settings: Settings) -> None:
    settings.PORT = settings.SIMULATOR_PORT = 8123

    with pytest.raises(CommandError) as refusal:
        call_command("start")

    assert str(refusal.value) == "PORT and SIMULATOR_PORT are both 8123: choose two."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "abc", "PORT is 'abc': write a whole number from 1 to 65535."),
        ("VAR", "/dev/null/x", "VAR cannot be made: [Errno 20] Not a directory: '/dev/null/x'"),
    ],
)
def test_a_variable_that_cannot_be_is_one_sentence(name: str, value: str, sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, str(HOUSE / "manage.py"), "start"],
        env={"PATH": os.environ["PATH"], name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", sentence)


def test_start_is_for_a_laptop(settings: Settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError) as refusal:
        call_command("start")

    assert str(refusal.value) == "`start` is for a laptop; see deploy/ for a server."
