"""`make run` itself: it prepares, says where, serves, and Ctrl-C leaves nothing behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import migrated
from tests.journeys.house import ROOT, House, free_port, wait_until

# In a group of its own: it needs no other house, and two copies then run side by side.
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("start")]
# Beside other tests on two cores: migrations and a year of books before the first page.
START_SECONDS = 180
STARTED: list["subprocess.Popen[str]"] = []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, DEMO_DAYS="1")
    if house.server_url:
        migrated.execute_on(house.server_url, f'CREATE DATABASE "{house.database}"')
    yield house
    for process in processes_of(house):
        process.kill()
    for started in STARTED:
        started.communicate(timeout=30)  # reaped, or a later test would be blamed for it
    STARTED.clear()
    house.close()


def processes_of(house: House) -> list[psutil.Process]:
    """Return every process on this machine that works for this copy."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get("VAR") == str(house.var):
                found.append(process)
    return found


def start(house: House) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "start"],
        cwd=ROOT,
        env=house.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    STARTED.append(process)
    return process


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGINT) -> str:
    """Press Ctrl-C as a terminal does, to the whole group, and return all that was printed."""
    os.killpg(process.pid, how)
    printed, _ = process.communicate(timeout=30)
    return printed


def test_start_serves_everything_twice_and_ctrl_c_leaves_no_process(house: House) -> None:
    process = start(house)
    wait_until("the web server", lambda: house.answers("/healthz"), START_SECONDS)
    wait_until("the simulator", house.simulator.is_alive)
    house.simulator.post("/sim/knobs", autopilot="approve")
    sale = house.sign_in("baraka").ask("0712345678")
    sale.wait_for("paid")
    running = len(processes_of(house))
    house.env["PORT"], house.env["SIMULATOR_PORT"] = str(free_port()), str(free_port())
    second, _ = start(house).communicate(timeout=60)
    house.env["PORT"], house.env["SIMULATOR_PORT"] = str(house.port), str(house.simulator_port)
    printed = end(process)

    assert running >= 5
    assert "Simulated phone" in printed
    assert f"http://127.0.0.1:{house.port}/" in printed
    assert "baraka" in printed
    assert f"A copy runs in {house.var} already." in second
    assert "Traceback" not in printed
    wait_until("no process", lambda: not processes_of(house))

    # A second start finds what is there, and the books still tie.
    again = start(house)
    wait_until("the web server", lambda: house.answers("/healthz"), START_SECONDS)
    assert sale.stage == "paid"
    house.leave()
    # This time the terminal is closed.
    end(again, signal.SIGHUP)
    wait_until("no process", lambda: not processes_of(house))
    house.check_books()


@pytest.mark.parametrize("variable", ["PORT", "SIMULATOR_PORT"])
def test_a_taken_port_gives_one_sentence_and_starts_nothing(house: House, variable: str) -> None:
    with contextlib.closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        house.env[variable] = str(taken)

        printed, _ = start(house).communicate(timeout=60)

    (sentence,) = printed.strip().splitlines()
    assert sentence.startswith(f"CommandError: Port {taken} is taken. Stop what runs there,")
    assert processes_of(house) == []
    assert not (house.var / "duka.sqlite3").exists()
