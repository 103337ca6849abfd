"""What every test shares: no network beyond this machine, a flush that gets past triggers.

And a database that is migrated once a run, not once a process.
"""

import contextlib
import gc
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_socket import enable_socket, socket_allow_hosts

from erp import band
from money import triggers
from tests import migrated

# A slow machine is no failure, and what a fixture made is there for every example.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# In CI the examples are the same every time, unless a seed asks for others.
settings.register_profile("seeded", settings.get_profile("house"), derandomize=False)
settings.load_profile("house")


# A test leaves nearly everything to the counting of references: looking for rings seldom saves a
# tenth of the processor.
gc.set_threshold(50_000, 20, 20)


def pytest_configure(config: pytest.Config) -> None:
    """Name the folder of the migrated file; with test processes, begin to make it meanwhile."""
    if config.getoption("--hypothesis-seed") is not None:
        settings.load_profile("seeded")
    if hasattr(config, "workerinput"):
        return
    migrated.folder_of_run()
    if config.getoption("numprocesses", None):
        command = [sys.executable, "-m", "tests.migrated"]
        process = subprocess.Popen(command, cwd=migrated.ROOT, start_new_session=True)
        config.add_cleanup(lambda: _end(process))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the journeys: one that begins last keeps a run waiting with an idle processor."""
    items.sort(key=lambda item: item.get_closest_marker("journey") is None)


def _server() -> str:
    """Return the address of PostgreSQL where the tests run on it."""
    return os.environ["DATABASE_URL"] if connection.vendor == "postgresql" else ""


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
    """Begin with a migrated database: `migrate` then looks, and finds nothing to do."""
    if server := _server():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated.template_on(server)
        yield
        return
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
