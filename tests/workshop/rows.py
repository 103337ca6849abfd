"""Job rows written past the product, as `ask_for` does: no interpreter is started for each."""

import contextlib
import json
import sqlite3
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg

from tests.journeys.house import House


def execute(house: House, *statements: str) -> None:
    """Run statements in one transaction of the house's database."""
    if house.server_url:
        with psycopg.connect(house.database_url) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    path = house.var / "duka.sqlite3"
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as file, file:
        for statement in statements:
            file.execute(statement)


def row(
    house: House, key: str, kind: str, parameters: Mapping[str, object], urgency: int = 10
) -> str:
    """Return the statement that asks for a job."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # noqa: TID251 a test's own clock
    at = f"'{now}+00'" if house.server_url else f"'{now}'"
    return (
        'INSERT INTO periodic_job (kind, title, parameters, digest, "key", asked_at, urgency,'
        " state, next_try_at, attempts, attempts_before, worker, done, total, sentence, summary,"
        " file, error, traceback, wants_mail) VALUES"
        f" ('{kind}', '', '{json.dumps(dict(parameters))}', '{uuid.uuid4().hex}', '{key}', {at},"
        f" {urgency}, 'waiting', {at}, 0, 0, '', 0, 0, '', '', '', '', '', false)"
    )


def insert(house: House, kind: str, **parameters: object) -> int:
    """Ask for a job and return its id; a worker finds it when it looks next."""
    key = f"test:{uuid.uuid4().hex}"
    execute(house, row(house, key, kind, parameters))
    return int(house.value(f"SELECT id FROM periodic_job WHERE \"key\" = '{key}'"))
