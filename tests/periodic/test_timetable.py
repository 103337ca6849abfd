"""Due times: plain words and cron, in Nairobi, equal to a scan of every minute."""

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from periodic.timetable import NAIROBI, NotUnderstood, cron_of, last_time, next_time, next_times
from tests.make import NOW

A_MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("every minute", "* * * * *"),
        ("Every 10 minutes", "*/10 * * * *"),
        ("hourly", "0 * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        ("daily 08:00", "0 8 * * *"),
        ("every day at 8 am", "0 8 * * *"),
        ("Daily at 12:05 am", "5 0 * * *"),
        ("daily 12 pm", "0 12 * * *"),
        ("weekdays 17:30", "30 17 * * 1-5"),
        ("weekends 10:00", "0 10 * * 0,6"),
        ("Sunday 03:00", "0 3 * * 0"),
        ("every Monday and Thursday at 5:30 pm", "30 17 * * 1,4"),
        ("Mon, Wed, Fri 09:00", "0 9 * * 1,3,5"),
        ("1st of the month 09:00", "0 9 1 * *"),
        ("on the 1st and 15th of each month at 9:00", "0 9 1,15 * *"),
        ("last day of the month 21:00", "0 21 L * *"),
        (" 30  17 * * 1-5 ", "30 17 * * 1-5"),
        ("*/5 8-18 * * MON-SAT", "*/5 8-18 * * MON-SAT"),
    ],
)
def test_words_are_a_cron(text: str, cron: str) -> None:
    assert cron_of(text) == cron
    assert next_time(text, NOW) > NOW


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "daily 08:00"),
        ("sometimes", "“sometimes” is not understood. Write, for example: every minute"),
        ("daily", "not understood"),
        ("daily 25:00", "“25:00” is no time of day: write it as 08:00 or 17:30."),
        ("daily 8", "“8” is no time of day"),
        ("daily 13 pm", "no time of day"),
        ("Blursday 08:00", "not understood"),
        ("every 7 minutes", "does not come out even"),
        ("every 0 minutes", "does not come out even"),
        ("every 5 hours", "does not come out even"),
        ("31st of the month 09:00", "write “last day of the month 09:00”"),
        ("0th of the month 09:00", "not understood"),
        ("61 * * * *", "Its minute is not understood"),
        ("* * * * 9", "Its day-of-week is not understood"),
        ("0 0 30 2 *", "Its day-of-month is not understood"),
        ("0 0 */20 * 1L", "never comes"),
        ("0 0 0 1 1 *", "not understood"),
        ("daily 08:00" * 9, "longer than 60 letters"),
    ],
)
def test_nonsense_is_refused_with_what_is_understood(text: str, sentence: str) -> None:
    with pytest.raises(NotUnderstood) as refusal:
        next_times(text, NOW, 5)

    assert sentence in str(refusal.value)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("0123456789*/-,#L: WMONdailyst"), max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        first, second = next_times(text, NOW, 2)
        assert NOW < first < second


def test_times_are_those_of_nairobi() -> None:
    (first, second) = next_times("daily 08:00", datetime(2026, 11, 22, 5, 0, tzinfo=UTC), 2)

    assert first == datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    assert second == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    # 00:30 in Nairobi on a Monday is Sunday in UTC.
    assert next_time("Monday 00:30", NOW) == datetime(2026, 11, 22, 21, 30, tzinfo=UTC)


def test_a_day_of_the_year_has_every_time_once() -> None:
    """Whatever other zones do in March and October, Nairobi's days have 24 hours."""
    times = next_times("daily 02:30", datetime(2026, 1, 1, tzinfo=UTC), 365)

    assert {later - sooner for sooner, later in pairwise(times)} == {timedelta(days=1)}


def test_the_last_time_is_the_newest_that_has_come() -> None:
    due = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)

    assert last_time("daily 08:00", due) == due
    assert last_time("daily 08:00", due - timedelta(microseconds=1)) == due - timedelta(days=1)
    assert last_time("daily 08:00", due + timedelta(hours=3, microseconds=5)) == due


def a_field(low: int, high: int) -> st.SearchStrategy[tuple[str, set[int]]]:
    """Return a cron field and the numbers that it means, made apart from the library."""
    whole = set(range(low, high + 1))
    numbers = st.sets(st.integers(low, high), min_size=1, max_size=4)
    ranges = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    return st.one_of(
        st.just(("*", whole)),
        numbers.map(lambda some: (",".join(map(str, sorted(some))), some)),
        ranges.map(lambda r: (f"{r[0]}-{r[1]}", set(range(r[0], r[1] + 1)))),
        st.integers(1, high - low).map(lambda n: (f"*/{n}", set(range(low, high + 1, n)))),
    )


@settings(max_examples=60, deadline=None)
@given(
    minute=a_field(0, 59),
    hour=a_field(0, 23),
    day=a_field(1, 31),
    weekday=a_field(0, 6),
    after=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_next_times_are_those_of_a_scan_of_every_minute(
    minute: tuple[str, set[int]],
    hour: tuple[str, set[int]],
    day: tuple[str, set[int]],
    weekday: tuple[str, set[int]],
    after: datetime,
) -> None:
    text = f"{minute[0]} {hour[0]} {day[0]} * {weekday[0]}"

    def is_due(at: datetime) -> bool:
        local = at.astimezone(NAIROBI)
        in_month, in_week = local.day in day[1], local.isoweekday() % 7 in weekday[1]
        # Debian's cron: both where one of them begins with a star, else either.
        is_both = day[0].startswith("*") or weekday[0].startswith("*")
        is_day = (in_month and in_week) if is_both else (in_month or in_week)
        return local.minute in minute[1] and local.hour in hour[1] and is_day

    start = after.replace(second=0, microsecond=0) + A_MINUTE
    scanned = [at for n in range(5 * 24 * 60) if is_due(at := start + n * A_MINUTE)][:50]

    try:
        found = next_times(text, after, max(1, len(scanned)))
    except NotUnderstood:
        assert scanned == []
        return
    assert found[: len(scanned)] == scanned
    assert scanned or found[0] >= start + timedelta(days=5)
    assert last_time(text, found[-1]) == found[-1]
    assert all(sooner < later for sooner, later in pairwise(found))
