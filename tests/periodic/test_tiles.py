"""Readings and limits become colours and sentences: by tables, and whatever is read."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from periodic.limits import Limits
from periodic.readings import (
    Depth,
    Due,
    Jobs,
    NotYet,
    Outcome,
    Readings,
    Spool,
    Unread,
    Waiting,
    percentile_95,
)
from periodic.roll_call import RollCall
from periodic.tiles import Colour, Tile, span, tiles_of
from tests.make import NOW

LIMITS = Limits()
AWAY = Unread("It is away.")


def a_worker(**facts: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"queue": "work", "host": "shop", "pss_kb": 60_000, **facts})


def ago(**parts: int) -> Any:
    return NOW - timedelta(**parts)


WELL = Readings(
    queues={"payments": Depth(0, None), "work": Depth(3, ago(seconds=2))},
    redis_bytes=10_000_000,
    workers=RollCall(present=[a_worker(busy_percent=20)], silent=[], restarts=0),
    failed_jobs=0,
    payment_events=Waiting(0, None),
    unmatched=Waiting(0, None),
    forged=0,
    spool=Spool(0, 0),
    schedules=[Due("Backup", NOW + timedelta(hours=3))],
    backup=Outcome(ago(hours=8), is_ok=True, sentence="Copied."),
    drill=Outcome(ago(days=2), is_ok=True, sentence="It restores."),
    verification=Outcome(ago(hours=9), is_ok=True, sentence="120 entries."),
    disk_free_megabytes=50_000,
    memory_percent=40,
    jobs=Jobs(10, 0, 300, 1, []),
)
FIELDS = list(Readings.__dataclass_fields__)


def tile(cause: str, **changed: Any) -> Tile:
    found = {one.cause: one for one in tiles_of(replace(WELL, **changed), LIMITS, NOW)}
    return found[cause]


def test_where_all_is_well_every_tile_is_green() -> None:
    tiles = tiles_of(WELL, LIMITS, NOW)

    assert {one.colour for one in tiles} == {Colour.GREEN}
    assert len({one.cause for one in tiles}) == len(tiles) == 19


RED, AMBER, GREEN, GREY = Colour.RED, Colour.AMBER, Colour.GREEN, Colour.GREY


@pytest.mark.parametrize(
    ("cause", "changed", "colour"),
    [
        ("queue-work", {"queues": {"work": Depth(80, None)}}, GREEN),
        ("queue-work", {"queues": {"work": Depth(81, None)}}, AMBER),
        ("queue-work", {"queues": {"work": Depth(100, None)}}, AMBER),
        ("queue-work", {"queues": {"work": Depth(101, ago(minutes=5))}}, RED),
        ("payment-events", {"payment_events": Waiting(1, ago(seconds=48))}, GREEN),
        ("payment-events", {"payment_events": Waiting(1, ago(seconds=49))}, AMBER),
        ("payment-events", {"payment_events": Waiting(1, ago(seconds=61))}, RED),
        ("memory", {"memory_percent": 87}, AMBER),
        ("memory", {"memory_percent": 88}, RED),
        ("memory", {"memory_percent": None}, GREY),
        ("redis", {"redis_bytes": 200 * 1024**2}, AMBER),
        ("redis", {"redis_bytes": 200 * 1024**2 + 1}, RED),
        ("restarts", {"workers": RollCall([a_worker()], [], 3)}, AMBER),
        ("restarts", {"workers": RollCall([a_worker()], [], 4)}, RED),
        ("workers", {"workers": RollCall([], [a_worker()], 0)}, RED),
        ("workers", {"workers": RollCall([], [], 0, ["payments"])}, RED),
        ("workers", {"workers": RollCall([a_worker(pss_kb=102_401)], [], 0)}, AMBER),
        ("busy", {"workers": RollCall([a_worker(busy_percent=80)], [], 0)}, AMBER),
        ("busy", {"workers": RollCall([], [], 0)}, GREY),
        ("jobs", {"failed_jobs": 1}, RED),
        ("unmatched", {"unmatched": Waiting(1, ago(days=2))}, RED),
        ("forged", {"forged": 1}, RED),
        ("spool", {"spool": Spool(1, 0)}, AMBER),
        ("spool", {"spool": Spool(0, 1)}, RED),
        ("disk", {"disk_free_megabytes": 999}, AMBER),
        ("disk", {"disk_free_megabytes": 499}, RED),
        ("drill", {"drill": Outcome(ago(days=1), is_ok=False, sentence="It failed.")}, RED),
        ("drill", {"drill": Outcome(ago(days=9), is_ok=True, sentence="Well.")}, RED),
        ("drill", {"drill": NotYet()}, GREY),
        ("backup", {"backup": Outcome(ago(hours=27), is_ok=True, sentence="Well.")}, RED),
        (
            "tampering",
            {"verification": Outcome(ago(hours=1), is_ok=False, sentence="Entry 7.")},
            RED,
        ),
        ("schedules", {"schedules": []}, AMBER),
        ("schedules", {"schedules": NotYet()}, GREY),
        ("schedules", {"schedules": [Due("Backup", ago(minutes=11))]}, RED),
        ("success-day", {"jobs": Jobs(0, 0, 0, 0, [])}, GREY),
        ("success-day", {"jobs": Jobs(98, 2, 98, 2, [])}, AMBER),
    ],
)
def test_a_limit_is_red_above_and_amber_before(
    cause: str, changed: dict[str, Any], colour: Colour
) -> None:
    assert tile(cause, **changed).colour == colour


def test_redis_is_no_tile_where_the_queues_are_files() -> None:
    causes = [one.cause for one in tiles_of(replace(WELL, redis_bytes=None), LIMITS, NOW)]

    assert "redis" not in causes


@pytest.mark.parametrize("field", FIELDS)
def test_what_cannot_be_read_is_a_red_tile_with_its_sentence(field: str) -> None:
    tiles = tiles_of(replace(WELL, **{field: AWAY}), LIMITS, NOW)

    red = [one for one in tiles if one.colour == Colour.RED]
    assert red
    assert all(one.sentence.startswith("It is away.") for one in red)


moments = st.timedeltas(timedelta(0), timedelta(days=900)).map(lambda span: NOW - span)
numbers = st.integers(0, 10**7)
outcomes = st.builds(Outcome, moments, st.booleans(), st.text(max_size=20)) | st.just(NotYet())


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "queues": st.dictionaries(
                st.sampled_from(["work", "payments"]),
                st.builds(Depth, numbers, st.none() | moments),
            ),
            "redis_bytes": st.none() | numbers,
            "failed_jobs": numbers,
            "payment_events": st.builds(Waiting, numbers, st.none() | moments),
            "backup": outcomes,
            "drill": outcomes,
            "verification": outcomes,
            "disk_free_megabytes": numbers,
            "memory_percent": st.none() | st.integers(0, 100),
            "jobs": st.builds(Jobs, numbers, numbers, numbers, numbers, st.just([])),
        },
    ),
    st.sets(st.sampled_from(FIELDS)),
)
def test_whatever_is_read_each_cause_is_one_tile_that_says_something(
    changed: dict[str, Any], away: set[str]
) -> None:
    readings = replace(WELL, **{**changed, **dict.fromkeys(away, AWAY)})

    tiles = tiles_of(readings, LIMITS, NOW)

    assert len({one.cause for one in tiles}) == len(tiles)
    assert all(one.figure and len(one.cause) <= 60 for one in tiles)


@given(numbers, numbers)
def test_more_is_never_better(less: int, more: int) -> None:
    order = [Colour.GREEN, Colour.AMBER, Colour.RED]
    low, high = sorted((less, more))

    colours = [tile("queue-work", queues={"work": Depth(n, None)}).colour for n in (low, high)]

    assert order.index(colours[0]) <= order.index(colours[1])


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds: int, expected: str) -> None:
    assert span(seconds) == expected


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=200))
def test_95_of_100_stay_within_the_percentile(seconds: list[float]) -> None:
    within = percentile_95(seconds)

    assert sum(one <= within for one in seconds) * 100 >= 95 * len(seconds)
    assert within <= max(seconds) + 1
