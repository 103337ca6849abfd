"""The format is frozen: books in the field were hashed with it. A failing literal is a warning."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money.chain import (
    FIRST_HASH,
    EntryFacts,
    PeriodFacts,
    canonical_text,
    link,
    period_text,
)
from money.chart import Code

FACTS = EntryFacts(
    slug="duka",
    number=7,
    key="sale:42",
    occurred_on=date(2026, 11, 22),
    posted_at=datetime(2026, 11, 22, 9, 0, 0, 1, tzinfo=UTC),
    description='Sale 42 "Maji" é',
    source="shops.sale",
    actor_id=3,
    reverses_id=None,
)
LINES: list[tuple[str, int]] = [(Code.CASH_DRAWER, 11_600), ("4040", -10_000), ("2200", -1_600)]
TEXT = (
    '["duka-1","duka",7,"sale:42","2026-11-22","2026-11-22T09:00:00.000001+00:00",'
    '"Sale 42 \\"Maji\\" \\u00e9","shops.sale",3,null,'
    '[["1000",11600],["2200",-1600],["4040",-10000]]]'
)
EVENT = PeriodFacts(
    slug="duka",
    number=4,
    change="unlocked",
    through_on=date(2026, 11, 9),
    at=datetime(2026, 11, 22, 9, 0, 0, 1, tzinfo=UTC),
    actor_id=3,
    reason='The "power" bill, é',
    entries=7,
    entries_hash=FIRST_HASH,
)
EVENT_TEXT = (
    '["duka-period-1","duka",4,"unlocked","2026-11-09","2026-11-22T09:00:00.000001+00:00",'
    f'3,"The \\"power\\" bill, \\u00e9",7,"{FIRST_HASH}"]'
)
HASH = "a6f898353996e20d5c9a22c4702aa931b8326e22f4628256d0dee33603a07b59"

line_lists = st.lists(st.tuples(st.sampled_from(list(Code)), st.integers()), min_size=2)


def test_canonical_text_is_frozen() -> None:
    assert canonical_text(FACTS, LINES) == TEXT


def test_canonical_text_of_what_came_later_is_frozen() -> None:
    """A tax letter, a kind and a late day stand in the text only where they say something."""
    late = replace(FACTS, reverses_id=3 * 10**10 + 5, late_for=date(2026, 11, 20))
    lines = [("1000", 11_600, ""), ("4040", -10_000, "B"), ("2200", -1_600, "B")]

    head = TEXT.replace(',null,[["1000"', ',5,[["1000"').replace("-1600]", '-1600,"B"]')
    head = head.replace("-10000]", '-10000,"B"]').removesuffix("]")

    assert canonical_text(late, lines) == head + ',["fact","2026-11-20"]]'
    assert canonical_text(replace(FACTS, kind="closing"), LINES) == (
        TEXT.removesuffix("]") + ',["closing",null]]'
    )


def test_canonical_text_of_a_line_without_a_tax_letter_is_as_it_was() -> None:
    assert canonical_text(FACTS, [(code, cents, "") for code, cents in LINES]) == TEXT


def test_link_is_frozen() -> None:
    assert link(FIRST_HASH, TEXT) == HASH


def test_first_hash_is_frozen() -> None:
    assert FIRST_HASH == "0000000000000000000000000000000000000000000000000000000000000000"


@given(line_lists, st.randoms())
def test_canonical_text_knows_no_order_of_lines(lines: list[tuple[str, int]], chance) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)

    assert canonical_text(FACTS, shuffled) == canonical_text(FACTS, lines)


def test_canonical_text_is_the_same_in_every_time_zone() -> None:
    nairobi = timezone(timedelta(hours=3))
    elsewhere = replace(FACTS, posted_at=FACTS.posted_at.astimezone(nairobi))

    assert canonical_text(elsewhere, LINES) == TEXT


def test_canonical_text_writes_microseconds_even_where_there_are_none() -> None:
    even = replace(FACTS, posted_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC))

    assert canonical_text(even, LINES) == TEXT.replace(".000001+", ".000000+")


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "maji"},
        {"number": 8},
        {"key": "sale:43"},
        {"occurred_on": date(2026, 11, 23)},
        {"posted_at": FACTS.posted_at + timedelta(microseconds=1)},
        {"description": "Sale 43"},
        {"source": ""},
        {"actor_id": None},
        {"actor_id": 4},
        {"reverses_id": 1},
    ],
)
def test_canonical_text_tells_every_fact(change: dict[str, object]) -> None:
    changed = canonical_text(replace(FACTS, **change), LINES)  # type: ignore[arg-type]

    assert changed != TEXT


@given(st.integers(-(2**63), 2**63 - 1))
def test_canonical_text_writes_an_amount_to_the_last_cent(cents: int) -> None:
    text = canonical_text(FACTS, [("1000", cents)])

    assert text.endswith(f',[["1000",{cents}]]]')


def test_link_depends_on_the_predecessor() -> None:
    assert link("1" * 64, TEXT) != HASH


def test_period_text_is_frozen() -> None:
    assert period_text(EVENT) == EVENT_TEXT


def test_period_text_of_a_schedule_names_nobody() -> None:
    by_schedule = replace(EVENT, change="day_closed", actor_id=None, reason="")

    assert period_text(by_schedule) == (
        '["duka-period-1","duka",4,"day_closed","2026-11-09","2026-11-22T09:00:00.000001+00:00",'
        f'null,"",7,"{FIRST_HASH}"]'
    )


def test_period_text_is_the_same_in_every_time_zone() -> None:
    nairobi = timezone(timedelta(hours=3))

    assert period_text(replace(EVENT, at=EVENT.at.astimezone(nairobi))) == EVENT_TEXT
