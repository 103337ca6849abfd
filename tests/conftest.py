"""What every test shares: no network beyond this machine, a flush that gets past triggers."""

from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase
from pytest_socket import enable_socket, socket_allow_hosts

from money import triggers


def pytest_runtest_setup() -> None:
    enable_socket()
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


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
