"""A shop that sold and was backed up, and bare machines to bring it back on: real processes."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg

from periodic.safekeeping.postgresql import stem_of
from tests import migrated
from tests.journeys.house import ROOT, House, wait_until

PASSPHRASE = "simba-na-nyati-msituni-usiku"
# Sells for ever: an entry per turn, in a process of its own, until it is ended.
WRITER = """
from itertools import count
from django.utils import timezone
from money.actions.books import load_tax_rates, open_business
from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import TaxPerson
from mpesa import spool
from tests.make import a_till, an_arrival
load_tax_rates()
person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z", name="Amina")
duka = open_business(tax_person=person, slug="duka", name="Duka", trade="retail")
a_till(duka)
spool.append(an_arrival(body=b"waits"), is_known=True)
for number in count(1):
    lines = [(Code.CASH_DRAWER, 100 + number), (Code.SALES_RETAIL, -100 - number)]
    draft = Draft(business=duka, key=f"sale:{number}", occurred_on=timezone.localdate(),
                  description="A sale", lines=lines)
    post(draft, posted_at=timezone.now())
"""
COUNT = "SELECT COUNT(*) FROM money_entry"


def run(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=house.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(house: House, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=house.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def entries(house: House) -> int:
    return int(house.value(COUNT))


def has_entries(house: House) -> bool:
    with contextlib.suppress(sqlite3.OperationalError):
        return entries(house) > 20
    return False


def balances(house: House) -> dict[str, int]:
    rows = house.rows(
        "SELECT a.code, SUM(l.amount_cents) FROM money_line l"
        " JOIN money_account a ON a.id = l.account_id GROUP BY a.code"
    )
    return {code: int(cents) for code, cents in rows}


@contextlib.contextmanager
def shop_that_sold(folder: Path) -> Iterator[House]:
    """Give a shop that sold, was backed up while it sold, and stands still now.

    `made` is what the backup said, `between` how many entries there were before it and after.
    """
    house = House(folder, BACKUP_PASSPHRASE=PASSPHRASE)
    try:
        house.make_database()
        seller = start(house, "shell", "-v0", "-c", WRITER)
        try:
            wait_until("a sale", lambda: has_entries(house), 60)
            before = entries(house)
            house.made = json.loads(house.manage("backup", "--json"))
            house.between = (before, entries(house))
            assert seller.poll() is None
        finally:
            seller.kill()
            seller.wait()
        yield house
    finally:
        house.close()


@contextlib.contextmanager
def bare(tmp_path: Path) -> Iterator[House]:
    """A machine with a checkout, a passphrase, and neither a VAR nor a database."""
    house = House(tmp_path, BACKUP_PASSPHRASE=PASSPHRASE)
    house.var.rmdir()
    try:
        yield house
    finally:
        if house.server_url:
            names = house_databases(house)
            for name in names:
                migrated.execute_on(house.server_url, f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(house.var, ignore_errors=True)


def house_databases(house: House) -> list[str]:
    """Return the databases of this house: its own, scratch ones, and those put aside."""
    with psycopg.connect(house.server_url, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT datname FROM pg_database WHERE datname = %s OR starts_with(datname, %s)",
            [house.database, f"{stem_of(house.database)}_"],
        ).fetchall()
    return [name for (name,) in rows]
