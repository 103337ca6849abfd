"""One house for all journeys of a test process; each journey starts with an honest simulator."""

from collections.abc import Iterator

import pytest

from tests.journeys.house import House, opened


@pytest.fixture(scope="session")
def whole_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house"), STK_PROMPT_SECONDS="8") as house:
        yield house


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    """The house, every process running and the simulator reset; its books tie after the journey."""
    whole_house.simulator.post("/sim/reset")
    for name in whole_house.commands:
        if name not in whole_house.running:
            whole_house.start(name)
    yield whole_house
    whole_house.leave()
    whole_house.check_books()
