"""What a database of before brings along, and that a new one is made like it."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests import migrated

# Both are about files of SQLite, and would do the same again beside a server.
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="a file of SQLite's"),
]

ROOT = Path(__file__).resolve().parents[2]

BEFORE = """
import sys
sys.path.insert(1, "site")
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

def executor():
    made = MigrationExecutor(connection)
    made.loader.replace_migrations = False
    made.loader.build_graph()
    return made

before = [("shops", "0003_payments_split_and_taken_back")]
executor().migrate(before)
apps = executor().loader.project_state(before).apps
person = apps.get_model("money", "TaxPerson").objects.create(kra_pin="A001234567Z", name="Amina")
shop = apps.get_model("money", "Business").objects.create(
    tax_person=person, slug="duka", name="Duka", trade="retail"
)
for name, cents in (("Flour", 18_000), ("Sugar", 15_050)):
    apps.get_model("shops", "Product").objects.create(
        business=shop, name=name, price_cents=cents, tax_class="B", sales_account="4040"
    )
call_command("migrate", verbosity=0)

from datetime import date
from shops.queries.goods import cents_of, products_of
from money.models import Business
for day in (date(2020, 1, 1), date(2026, 11, 22)):
    found = products_of(Business.objects.get(), day)
    print([(product.name, cents_of(product)) for product in found])
"""
FOUND = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


def described(path: Path) -> set[tuple[str, str, frozenset[str]]]:
    """Return what a database file consists of; the order of a table's columns does not count."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        rows = file.execute(FOUND).fetchall()
    return {(kind, name, parts_of(sql)) for kind, name, sql in rows}


def parts_of(sql: str) -> frozenset[str]:
    """Return the parts of a CREATE TABLE that its outermost commas divide."""
    parts, depth = [""], 0
    for letter in sql.partition("(")[2].rstrip().removesuffix(")").replace('"', ""):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return frozenset(part.strip() for part in parts)


def test_a_new_database_is_what_an_old_one_becomes(tmp_path: Path) -> None:
    """The squashed migrations of a new database make what the single ones made step by step."""
    migrated.fill_file(tmp_path / "new.sqlite3")

    run(BEFORE, tmp_path)

    new, old = described(tmp_path / "new.sqlite3"), described(tmp_path / "duka.sqlite3")
    assert len(new) > 400
    assert new == old


def test_prices_without_a_day_hold_on_every_day(tmp_path: Path) -> None:
    assert run(BEFORE, tmp_path) == ["[('Flour', 18000), ('Sugar', 15050)]"] * 2


def run(code: str, var: Path) -> list[str]:
    """Run code beside an empty VAR; return the lines it printed."""
    env = dict(os.environ) | {"VAR": str(var), "DJANGO_SETTINGS_MODULE": "erp.settings"}
    env.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stderr == ""
    return done.stdout.splitlines()
