"""Tasks run at once, in the test's own transaction, and the monitor's thread stays out of it."""

import threading
from collections.abc import Iterator

import pytest

from money.models import Business
from mpesa import doorbell
from mpesa.models import Till
from periodic import monitor
from tests import make


@pytest.fixture(autouse=True)
def _held_signals() -> Iterator[None]:
    """Give the recorder a thread that is alive already, or its own would write beside the test."""
    before = monitor.recorder._thread
    monitor.recorder._thread = threading.main_thread()
    monitor.recorder._held.clear()
    yield
    monitor.recorder._held.clear()
    monitor.recorder._thread = before


@pytest.fixture(autouse=True)
def _silent_bell() -> None:
    doorbell.payments.wait(0)


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_business()


@pytest.fixture
def till(duka: Business) -> Till:
    return make.a_till(duka)
