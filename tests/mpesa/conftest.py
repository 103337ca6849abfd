"""What the tests of the rail share: a shop with a till, a stub gateway, the real simulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_django.fixtures import Settings

from money.models import Business
from mpesa.models import Till
from mpesa.patience import fuse
from mpesa.simulator.server import listening_socket, running
from mpesa.simulator.world import World
from tests.make import a_business, a_till
from tests.mpesa.gateway import Gateway, asked_by


class Shop(NamedTuple):
    """A business with its till."""

    business: Business
    till: Till


class Simulated(NamedTuple):
    """The simulator: its world, and where it listens."""

    world: World
    url: str


@pytest.fixture
def shop(db: None) -> Shop:
    business = a_business()
    return Shop(business, a_till(business))


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    with asked_by(settings) as gateway:
        yield gateway


@pytest.fixture
def simulator(settings: Settings) -> Iterator[Simulated]:
    """Run the real simulator, which calls nobody back here."""
    settings.ROOT_URLCONF = "mpesa.simulator.urls"
    settings.MIDDLEWARE = []
    world = World()
    world.knobs.change({"callback": "never"})
    with running(world, listening_socket("127.0.0.1", 0)) as url:
        settings.DARAJA_URL = url
        yield Simulated(world, url)


@pytest.fixture(autouse=True)
def spool_folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """Give each test a spool of its own, and a database that has not failed yet."""
    settings.SPOOL_DIR = tmp_path / "spool"
    fuse.mend()
    yield settings.SPOOL_DIR
    fuse.mend()
