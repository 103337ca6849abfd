"""What every test shares: no network beyond this machine, a flush that gets past triggers.

And a database that is migrated once a run, not once a process.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_socket import enable_socket, socket_allow_hosts

from erp import band
from money import triggers
from tests import migrated


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of the migrated file; with test processes, begin to make it meanwhile."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="duka-migrated-"))
    os.environ[migrated.FOLDER] = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if config.getoption("numprocesses", None) and connection.vendor == "sqlite":
        command = [sys.executable, "-m", "tests.migrated", str(folder)]
        process = subprocess.Popen(command, cwd=migrated.ROOT, start_new_session=True)
        config.add_cleanup(lambda: _end(process))


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def pytest_runtest_setup() -> None:
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Begin with the migrated file in memory: `migrate` then looks, and finds nothing to do."""
    name = connection.creation._get_test_db_name()
    if connection.vendor != "sqlite" or not connection.creation.is_in_memory_db(name):
        yield
        return
    # As long as one connection is open the memory stays.
    with contextlib.closing(sqlite3.connect(name, uri=True)) as memory:
        migrated.fill(memory)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_band_of_missing_workers() -> None:
    """No test has workers; its pages neither say so nor ask."""
    band.watch.kept_until = float("inf")


@pytest.fixture(autouse=True, scope="session")
def _flush_gets_past_the_triggers() -> Iterator[None]:
    """Posted rows refuse DELETE and TRUNCATE; `post_migrate` after a flush installs again."""
    tear_down = TransactionTestCase._fixture_teardown

    def without_triggers(case: TransactionTestCase) -> None:
        triggers.drop()
        tear_down(case)

    TransactionTestCase._fixture_teardown = without_triggers
    yield
    TransactionTestCase._fixture_teardown = tear_down


@pytest.fixture(autouse=True, scope="session")
def _certificates_are_read_once() -> Iterator[None]:
    """Every httpx call reads the authorities of the world: 40 ms of CPU, and no test speaks TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield
