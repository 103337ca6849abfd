"""What is kept: seven days, four weeks, twelve months, seven years, and never nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from periodic.safekeeping.retention import NAIROBI, kept, name_of, time_of, to_remove

# The nightly backup at 01:00 in Nairobi.
NIGHT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def nights(days: int) -> list[datetime]:
    return [NIGHT - timedelta(days=day) for day in range(days)]


def test_of_ten_years_of_nights_it_keeps_what_was_promised() -> None:
    stay = sorted(kept(nights(3653)), reverse=True)

    local = [at.astimezone(NAIROBI) for at in stay]
    assert stay[:7] == nights(7)
    # The newest of each of four weeks: this week's and three Sundays.
    assert {f"{at:%d.%m}" for at in local if at.month == 11} == {
        *(f"{day}.11" for day in range(16, 23)),
        *("15.11", "08.11", "01.11"),
    }
    assert {(at.year, at.month) for at in local} >= {
        *((2026, month) for month in range(1, 12)),
        (2025, 12),
    }
    assert [at.year for at in local if (at.month, at.day) == (12, 31)] == list(
        range(2025, 2019, -1)
    )
    assert len(stay) == 7 + 3 + 11 + 5


@given(times=st.lists(moments, min_size=1, max_size=60), data=st.data())
@settings(deadline=None)
def test_the_newest_and_the_newest_proved_always_stay(
    times: list[datetime], data: st.DataObject
) -> None:
    proved = data.draw(st.lists(st.sampled_from(times), max_size=3))

    stay = kept(times, proved=proved)

    assert max(times) in stay
    assert not proved or max(proved) in stay
    assert stay <= set(times)
    assert len(stay) <= 7 + 4 + 12 + 7 + 10 + 1


@given(times=st.lists(moments, min_size=1, max_size=60, unique=True))
@settings(deadline=None)
def test_removing_each_night_ends_in_the_same_as_removing_once(times: list[datetime]) -> None:
    left: set[datetime] = set()
    for at in sorted(times):
        left = kept(left | {at})

    assert left == kept(times)
    assert kept(left) == left


@given(times=st.lists(moments, min_size=1, max_size=60, unique=True))
@settings(deadline=None)
def test_each_of_the_last_seven_days_with_a_backup_has_one(times: list[datetime]) -> None:
    days = sorted({at.astimezone(NAIROBI).date() for at in times}, reverse=True)[:7]

    assert {at.astimezone(NAIROBI).date() for at in kept(times)} >= set(days)


def test_a_second_one_of_the_day_does_not_remove_the_first() -> None:
    first, second = NIGHT, NIGHT + timedelta(hours=5)

    assert kept([first, second]) == {first, second}
    assert kept([first, second, second + timedelta(hours=25)]) == {
        second,
        second + timedelta(hours=25),
    }


def test_many_in_a_row_are_bounded() -> None:
    assert len(kept([NIGHT + timedelta(minutes=minute) for minute in range(300)])) == 10


def test_a_day_is_one_of_nairobi() -> None:
    """22:00 UTC is the next day there."""
    evening, night = NIGHT - timedelta(days=3, hours=2), NIGHT - timedelta(days=3)

    assert kept([NIGHT, evening, night]) == {NIGHT, evening, night}


@given(at=moments)
def test_a_name_holds_the_time_and_nothing_else(at: datetime) -> None:
    assert time_of(name_of(at)) == at.replace(microsecond=0)


@pytest.mark.parametrize(
    "name",
    ["duka.sqlite3", "duka-20261199T010000Z.dukabackup", ".duka-20261122T010000Z.dukabackup"],
)
def test_what_is_no_backup_is_never_removed(name: str) -> None:
    old = [name_of(at) for at in nights(60)]

    assert time_of(name) is None
    assert name not in to_remove([*old, name])
    assert to_remove([name]) == []


def test_the_oldest_goes_first_and_what_was_proved_stays() -> None:
    names = [name_of(at) for at in nights(30)]
    going = to_remove(names)

    assert going == sorted(going)
    assert going[0] not in to_remove(names, proved=[going[0]])
