"""A shop dies and comes back: real processes, a real database, a bare VAR."""

import contextlib
import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from periodic.safekeeping import archive
from tests.journeys.house import House, wait_until
from tests.periodic.dead_shops import (
    COUNT,
    PASSPHRASE,
    balances,
    bare,
    entries,
    house_databases,
    run,
    start,
)

# One shop for the whole file: it is made, backed up, killed and brought back once.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("backups")]


def test_a_shop_is_backed_up_while_it_sells(shop: House, backup: Path) -> None:
    manifest = archive.read_manifest(backup, PASSPHRASE)
    number = manifest.figures.heads["duka"][0]
    before, after = shop.between

    assert before <= int(number) <= after
    assert after > before
    assert manifest.figures.rows["money_entry"] == number
    assert manifest.figures.rows["money_line"] == 2 * int(number)
    assert archive.digest_of(backup) == shop.made["sha256"]
    assert backup.stat().st_size == shop.made["bytes"]
    assert [name for name in manifest.files if name.startswith("spool/")] != []
    assert not (shop.var / "backups" / ".making").exists()


def test_a_dead_shop_comes_back_on_a_bare_machine(
    shop: House, backup: Path, tmp_path: Path
) -> None:
    manifest = archive.read_manifest(backup, PASSPHRASE)
    with bare(tmp_path) as house:
        said = house.manage("restore", str(backup))

        assert house.manage("verify_books").startswith("ok: ")
        assert balances(house) == manifest.figures.balances["duka"]
        assert house.value(COUNT) == manifest.figures.rows["money_entry"]
        assert len(list((house.var / "spool").glob("*.jsonl"))) == 1
        for what in ("The backup is whole", "pull_transactions --hours 48", "statement", "Cash"):
            assert what in said
        assert not (house.var / ".restoring").exists()
        key = (shop.var / "secret_key").read_text()
        assert (house.var / "secret_key").read_text() == key
        # A worker brings in what waited: exactly once.
        house.run_code("from mpesa.actions.intake import bring_in; bring_in()")
        assert house.value("SELECT COUNT(*) FROM mpesa_inboundmessage") == 1
        replace_it(house, backup)


def replace_it(house: House, backup: Path) -> None:
    """Restore over a shop: not while somebody is in it, and what was there is put aside."""
    open_shop: Any = (
        psycopg.connect(house.database_url)
        if house.server_url
        else sqlite3.connect(house.var / "duka.sqlite3")
    )
    with contextlib.closing(open_shop):
        if not house.server_url:
            open_shop.execute("PRAGMA journal_mode = WAL")  # as every process of ours does
        open_shop.execute(COUNT)
        open_shop.rollback()
        refused = run(house, "restore", str(backup), "--replace")
    assert refused.returncode == 1
    assert "Stop web and workers" in refused.stderr
    assert house.value("SELECT COUNT(*) FROM mpesa_inboundmessage") == 1

    assert "is now" in house.manage("restore", str(backup), "--replace")

    assert house.value("SELECT COUNT(*) FROM mpesa_inboundmessage") == 0
    if house.server_url:
        assert [name for name in house_databases(house) if "_before_" in name] != []
    else:
        assert list(house.var.glob("duka.sqlite3.before-*")) != []


def test_a_living_shop_is_not_overwritten(shop: House, backup: Path) -> None:
    before = entries(shop)

    done = run(shop, "restore", str(backup))

    assert done.returncode == 1
    assert "There is a shop in" in done.stderr
    assert "Traceback" not in done.stderr
    assert entries(shop) == before
    rehearsed = shop.manage("restore", str(backup), "--dry-run")
    assert "nothing was changed" in rehearsed
    assert entries(shop) == before


@pytest.mark.parametrize("fault", ["cut", "altered", "another key", "no backup", "missing"])
def test_a_bad_file_is_refused_before_anything_is_touched(
    backup: Path, tmp_path: Path, settings: Settings, fault: str
) -> None:
    bad = tmp_path / "bad.dukabackup"
    content = bytearray(backup.read_bytes())
    if fault == "cut":
        del content[-1]
    elif fault == "altered":
        content[-20] ^= 1
    elif fault == "no backup":
        content = bytearray(b"SQLite format 3\0" * 100)
    if fault != "missing":
        bad.write_bytes(content)
    settings.BACKUP_PASSPHRASE = PASSPHRASE if fault != "another key" else "of another shop"

    with pytest.raises(CommandError) as refusal:
        call_command("restore", str(bad), into=str(tmp_path / "var"))

    assert len(str(refusal.value).splitlines()) == 1
    left = [path.name for path in tmp_path.glob("var/*")]
    assert left == ([] if fault == "missing" else ["restore.lock"])


def test_a_drill_of_a_bad_file_fails_with_a_sentence(shop: House) -> None:
    newest = max((shop.var / "backups").glob("*.dukabackup"))
    content = newest.read_bytes()
    newest.write_bytes(content[:-1])
    try:
        done = run(shop, "restore_drill")
    finally:
        newest.write_bytes(content)

    assert done.returncode == 1
    assert done.stdout.startswith("FAILED: This machine, ")
    assert "cut short" in done.stdout


def test_a_killed_backup_leaves_no_half_file(shop: House) -> None:
    folder = shop.var / "backups"
    before = sorted(folder.glob("*.dukabackup"))
    process = start(shop, "backup")
    wait_until("the work", lambda: list(folder.glob(".making/*")), 30)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    assert sorted(folder.glob("*.dukabackup")) == before
    assert (folder / ".making").exists()

    shop.env["BACKUP_COPY_TO"] = str(shop.var / "not mounted")
    failed = run(shop, "backup")
    del shop.env["BACKUP_COPY_TO"]

    assert failed.returncode == 1
    assert "Is its disk mounted" in failed.stderr
    assert not (folder / ".making").exists()
    assert len(list(folder.glob("*.dukabackup"))) == len(before) + 1


def test_copies_are_made_old_ones_go_and_a_drill_proves_both(shop: House, tmp_path: Path) -> None:
    folder, place = shop.var / "backups", tmp_path / "other-disk"
    place.mkdir()
    old = [f"duka-201901{day:02}T220000Z.dukabackup" for day in range(1, 29)]
    for name in old[::2]:
        (folder / name).write_bytes(b"old")
    for name in old[1::2]:
        (place / name).write_bytes(b"old")
    shop.env["BACKUP_COPY_TO"] = str(place)
    before = entries(shop), balances(shop)
    try:
        made = json.loads(shop.manage("backup", "--json"))
        drills = json.loads(shop.manage("restore_drill", "--json"))
    finally:
        del shop.env["BACKUP_COPY_TO"]

    here = {path.name for path in folder.glob("*.dukabackup")}
    there = {path.name for path in place.iterdir()}
    # Six days and one Sunday before, beside today's; the oldest are gone from both places.
    assert here <= there
    assert {name for name in there if "2019" in name} == {*old[22:], old[18]}
    assert set(made["copied"]) == {name for name in here if name not in old[1::2]}
    assert set(made["removed"]) == set(old[::2]) - there
    assert [(one["place"], one["ok"]) for one in drills] == [("here", True), ("second", True)]
    assert "byte for byte" in drills[1]["what"]
    assert (entries(shop), balances(shop)) == before
    figures: Any = shop.value("SELECT figures FROM periodic_drill ORDER BY id DESC LIMIT 1")
    figures = json.loads(figures) if isinstance(figures, str) else figures
    wanted = archive.read_manifest(folder / made["name"], PASSPHRASE).figures
    assert (figures["heads"], figures["balances"]) == (wanted.heads, wanted.balances)
    assert not (folder / ".drill").exists()
