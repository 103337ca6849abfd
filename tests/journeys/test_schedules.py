"""Two schedulers on one database, killed meanwhile: a part of the fault run's day."""

from pathlib import Path

import pytest

from tests.faults.schedules import day
from tests.journeys.house import House


@pytest.mark.long
@pytest.mark.journey
def test_every_due_time_has_one_run_while_two_schedulers_are_killed(tmp_path: Path) -> None:
    house = House(tmp_path)
    try:
        house.make_database()

        assert day(house, minutes=25, kills=2, seed=20261122) == []
    finally:
        house.close()
