"""Tasks run at once, in the test's own transaction, and the monitor's thread stays out of it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from money.models import Business
from mpesa import doorbell
from mpesa.models import Till
from periodic import monitor
from tests import make
from tests.journeys.house import House
from tests.periodic.dead_shops import shop_that_sold


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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a whole file one shop that sold and was backed up: real processes."""
    with shop_that_sold(tmp_path_factory.mktemp("shop")) as house:
        yield house


@pytest.fixture
def backup(shop: House) -> Path:
    return shop.var / "backups" / str(shop.made["name"])
