"""A business called duka, a way to tamper, and a scratch database for real processes."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis.configuration import set_hypothesis_home_dir

from money import triggers
from money.models import Business
from tests import migrated
from tests.make import a_business

HOUSE = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("worker.py")

# Its folder at the root of the house would be in the way of pytest's collection.
set_hypothesis_home_dir(Path(os.environ["VAR"]) / "hypothesis")

Tamper = Callable[..., None]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all that share the scratch database in one test process, which migrates it once."""
    for item in items:
        if "scratch" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("scratch"))


@pytest.fixture
def duka(db: None) -> Business:
    return a_business()


@pytest.fixture
def tamper(db: None) -> Iterator[Tamper]:
    """Run SQL with triggers, checks and foreign keys out of the way; undone after the test."""
    with transaction.atomic():
        yield _tamper
        transaction.set_rollback(True)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def _tamper(sql: str, params: Sequence[Any] = ()) -> None:
    connection.check_constraints()
    triggers.drop()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, name in (
                ("money_entry", "entry_id_is_book_and_number"),
                ("money_entry", "entry_reverses_an_earlier_one_of_its_book"),
                ("money_account", "account_kind_follows_from_code"),
            ):
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        for statement in sql.split(";"):
            cursor.execute(statement, params)
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = origin")
    triggers.install()


class Scratch:
    """A database of its own on the vendor in use, reached by processes of their own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(WORKER), *map(str, arguments)],
            cwd=HOUSE,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> list[str]:
        """Run the worker to its end and return the words it printed."""
        (words,) = self.run_together(arguments)
        return words

    def run_together(self, *jobs: Sequence[object]) -> list[list[str]]:
        """Run several workers at once, each a process of its own; each must end well."""
        said = json.dumps([list(map(str, job)) for job in jobs])
        process = self.start("together", said)
        printed, complaint = process.communicate(timeout=90)
        assert process.returncode == 0, complaint
        outcomes = json.loads(printed)
        assert [code for _, code in outcomes] == [0] * len(jobs), (outcomes, complaint)
        return [words.split() for words, _ in outcomes]


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Scratch]:
    # Other floors have one of their own, in this process perhaps.
    name = f"duka_scratch_{os.getpid()}_{secrets.token_hex(3)}"
    with a_scratch(tmp_path_factory.mktemp("var"), name) as place_of_work:
        yield place_of_work


@contextmanager
def a_scratch(var: Path, name: str) -> Iterator[Scratch]:
    """Make a migrated database called `name`, on SQLite a file in `var`; it is removed after."""
    environment = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "erp.settings",
        "PYTHONPATH": "site:.",
        "VAR": str(var),
    }
    environment.pop("DATABASE_URL", None)
    at = connection.settings_dict
    if connection.vendor == "postgresql":
        place = f"{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT'] or 5432}"
        environment["DATABASE_URL"] = f"postgres://{place}/{name}"
        like = migrated.template_on(os.environ["DATABASE_URL"])
        _administer(at, f'CREATE DATABASE {name} TEMPLATE "{like}"')
    else:
        migrated.fill_file(var / "duka.sqlite3")
    place_of_work = Scratch(environment)
    place_of_work.run("migrate")
    yield place_of_work
    if connection.vendor == "postgresql":
        _administer(at, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(at: dict[str, Any], sql: str) -> None:
    with psycopg.connect(
        host=at["HOST"],
        port=at["PORT"] or 5432,
        user=at["USER"],
        password=at["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as admin:
        admin.execute(sql.encode())
