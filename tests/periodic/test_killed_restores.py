"""A restore that is killed half way: nobody meets half a shop, and the next one brings it whole."""

import contextlib
import random
import signal
import sqlite3
import subprocess  # noqa: TC003 beside others that run
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest

from periodic.safekeeping import archive
from periodic.safekeeping.postgresql import stem_of
from tests.journeys.house import House, wait_until
from tests.periodic.dead_shops import (
    COUNT,
    PASSPHRASE,
    balances,
    bare,
    house_databases,
    run,
    start,
)

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("killed_restores")]
SEED = 20261122
# Where it dies: before a step, as tests.workshop.dying takes it.
STEPS = {
    "while it unpacks": "open /.restoring/in/secret_key 1",
    "once the copy is filled": "subprocess.Popen look_at_copy 1",
    "once the database has its name": "shutil.rmtree /.restoring/scratch 2",
    "before the secret key is put": "os.rename /.restoring/in/secret_key 1",
    "when all is put": "shutil.rmtree /.restoring 4",
}


def dies_at(house: House, step: str, *words: str) -> None:
    """Run a command that is killed before a step."""
    house.env |= {"DIES_AT": step, "DJANGO_SETTINGS_MODULE": "tests.workshop.dying"}
    died = run(house, *words)
    del house.env["DIES_AT"], house.env["DJANGO_SETTINGS_MODULE"]
    assert died.returncode == -signal.SIGKILL, f"{died.stdout}\n{died.stderr}"


def serves(house: House) -> bool:
    """Tell whether the web server takes the shop for a living one."""
    house.start("web")
    process = house.running["web"]
    wait_until("a word", lambda: process.poll() is not None or house.answers("/healthz"), 60)
    if process.poll() is None:
        house.stop("web")
        return True
    assert house.running.pop("web").returncode == 1
    return False


def is_whole(house: House, shop: House, backup: Path) -> bool:
    """Tell whether what the backup holds is there, and what belongs to it."""
    manifest = archive.read_manifest(backup, PASSPHRASE)
    return (
        house.value(COUNT) == manifest.figures.rows["money_entry"]
        and balances(house) == manifest.figures.balances["duka"]
        and house.manage("verify_books").startswith("ok: ")
        and list((house.var / "spool").glob("*.jsonl")) != []
        and (house.var / "secret_key").read_text() == (shop.var / "secret_key").read_text()
    )


def own_key(house: House) -> str:
    """Return the key that the machine had before a restore brought one."""
    aside = house.var / "secret_key.before-restore"
    return (aside if aside.exists() else house.var / "secret_key").read_text()


def bring_back(house: House, shop: House, backup: Path) -> None:
    """Restore again, with the flag that a refusal asks for; nothing is missing then, nor twice."""
    had = own_key(house)
    again = run(house, "restore", str(backup))
    if again.returncode:
        assert len(again.stderr.splitlines()) == 1
        assert "add --replace" in again.stderr
        house.manage("restore", str(backup), "--replace")

    assert is_whole(house, shop, backup)
    assert own_key(house) == had
    assert not (house.var / ".restoring").exists()
    house.run_code("from mpesa.actions.intake import bring_in; bring_in()")
    assert house.value("SELECT COUNT(*) FROM mpesa_inboundmessage") == 1
    assert serves(house)


# Before and after the server has to do with it; SQLite's run dies there as well.
NOT_OF_A_SERVER = ("while it unpacks", "when all is put")


@pytest.mark.parametrize("name", STEPS)
def test_a_restore_killed_at_any_step_leaves_no_half_shop_and_can_be_begun_again(
    shop: House, backup: Path, tmp_path: Path, name: str
) -> None:
    with bare(tmp_path) as house:
        if house.server_url and name in NOT_OF_A_SERVER:
            pytest.skip("SQLite's run has it: no server has a part in this step.")
        dies_at(house, STEPS[name], "restore", str(backup))

        if serves(house):
            assert is_whole(house, shop, backup)
        bring_back(house, shop, backup)


def test_a_killed_replacement_is_not_served_and_keeps_what_it_put_aside(
    shop: House, backup: Path, tmp_path: Path
) -> None:
    with bare(tmp_path) as house:
        house.manage("restore", str(backup))
        house.run_code("from money.models import Business; Business.objects.update(name='Living')")

        dies_at(house, STEPS["while it unpacks"], "restore", str(backup), "--replace")
        assert house.value("SELECT name FROM money_business") == "Living"
        assert serves(house)

        (house.var / "died").unlink()
        dies_at(house, STEPS["once the database has its name"], "restore", str(backup), "--replace")
        for command in (house.commands["web"], house.commands["payments"], ["backup"]):
            refused = run(house, *command)
            assert refused.returncode == 1
            assert f"A restore of {backup.name} was cut short" in refused.stderr
            assert "restore FILE --replace" in refused.stderr

        bring_back(house, shop, backup)
        assert "Living" in names_put_aside(house)


def names_put_aside(house: House) -> list[str]:
    """Return what the business is called in each shop that was put aside."""
    query = "SELECT name FROM money_business"
    if not house.server_url:
        found = []
        for path in house.var.glob("duka.sqlite3.before-*"):
            with contextlib.closing(sqlite3.connect(path)) as file:
                found += file.execute(query).fetchone()
        return found
    found = []
    for name in house_databases(house):
        if "_before_" in name:
            address = urlunsplit(urlsplit(house.server_url)._replace(path=f"/{name}"))
            with psycopg.connect(address) as connection:
                found += connection.execute(query).fetchone() or ()
    return found


def test_what_a_killed_restore_began_does_not_disturb_the_next(
    shop: House, backup: Path, tmp_path: Path
) -> None:
    """It dies alone, as the kernel picks one process where memory ends; its children live on."""
    chance = random.Random(SEED)
    with bare(tmp_path) as house:
        for word in ["pg_restore"] * bool(house.server_url) + ["look_at_copy"] * 3:
            process = start(house, "restore", str(backup))
            left = wait_until(word, partial(child_of, process.pid, word), 60)
            time.sleep(chance.uniform(0, 0.4))
            kill_alone(process, left)
        process = start(house, "restore", str(backup))
        left = wait_until("the child", partial(child_of, process.pid, "look_at_copy"), 60)
        wait_until("its look at the copy", partial(looks_at_copy, house, left), 60)
        kill_alone(process, left)
        bring_back(house, shop, backup)


def child_of(pid: int, word: str) -> psutil.Process | None:
    """Return the child of a process whose command has a word in it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children():
            if any(word in part for part in child.cmdline()):
                return child
    return None


def looks_at_copy(house: House, child: psutil.Process) -> bool:
    """Tell whether a child has opened the copy that it is to look at."""
    if not house.server_url:
        return any(file.path.endswith("scratch/duka.sqlite3") for file in child.open_files())
    with psycopg.connect(house.server_url) as connection:
        query = "SELECT COUNT(*) FROM pg_stat_activity WHERE starts_with(datname, %s)"
        (count,) = connection.execute(
            query, [f"{stem_of(house.database)}_restoring_"]
        ).fetchone() or (0,)
    return bool(count)


def kill_alone(process: "subprocess.Popen[bytes]", child: psutil.Process) -> None:
    """Kill a restore while its child goes on."""
    assert process.poll() is None
    process.kill()
    process.wait()
    assert child.is_running()
