"""One house for all journeys of a test process; each journey starts with an honest simulator."""

from collections.abc import Iterator

import pytest

from tests.journeys.house import House, opened


@pytest.fixture(scope="session")
def whole_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house"), STK_PROMPT_SECONDS="8") as house:
        yield house


@pytest.fixture(scope="module")
def sound_house(whole_house: House) -> Iterator[House]:
    """The house, whose books verify after the journeys of a module: entries only ever join."""
    yield whole_house
    whole_house.check_books()


@pytest.fixture
def house(sound_house: House) -> Iterator[House]:
    """The house, every process running and the simulator reset; its inbox ties after the journey.

    After a journey that killed a process the books verify at once.
    """
    sound_house.simulator.post("/sim/reset")
    for name in sound_house.commands:
        if name not in sound_house.running:
            sound_house.start(name)
    yield sound_house
    sound_house.leave()
    if sound_house.is_hurt:
        sound_house.check_books()
    else:
        sound_house.check_inbox()
