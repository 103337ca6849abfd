"""What a draft says and what of it is refused, without a database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money.drafts import (
    MOST_LINES,
    Draft,
    DraftLine,
    OutOfTime,
    TooLong,
    Unbalanced,
    UnknownTax,
    is_same_content,
    sums,
    tax_of,
)
from money.models import Business, User
from tests.make import NOW, TODAY

TEN_MILLION_MILLION_SHILLINGS = 10**15
SALE = Draft(
    business=Business(slug="duka"),
    key="sale:1",
    occurred_on=TODAY,
    description="Sale 1",
    lines=[("1000", 11_600), ("4040", -10_000, "B"), ("2200", -1_600, "B")],
)


def refusal_of(draft: Draft, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        draft.refuse_unpostable()
    return str(caught.value)


def test_draft_says_no_more_than_it_was_told() -> None:
    SALE.refuse_unpostable()

    said = (SALE.source, SALE.actor, SALE.actor_id, SALE.reverses_id, SALE.kind)
    assert said == ("", None, None, None, "fact")


def test_draft_names_its_actor() -> None:
    assert replace(SALE, actor=User(pk=7)).actor_id == 7


@pytest.mark.parametrize(
    "lines",
    [
        [("1000", 1), ("4040", -1)],
        [("1000", TEN_MILLION_MILLION_SHILLINGS), ("4040", -TEN_MILLION_MILLION_SHILLINGS)],
        [("1000", 1), ("4040", -1)] * (MOST_LINES // 2),
        [("1000", 15), *(("4040", -3, letter) for letter in "ABCDE")],
        [("1000", 1, ""), ("4040", -1, "")],
    ],
)
def test_draft_is_postable(lines: Sequence[DraftLine]) -> None:
    replace(SALE, lines=lines).refuse_unpostable()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("1000", 1)], "sale:1: an entry has 2 to 500 lines."),
        ([("1000", 1), ("4040", -1)] * 251, "sale:1: an entry has 2 to 500 lines."),
        (
            [("1000", 2), ("1000", -1), ("4040", -1)] * 167,
            "sale:1: an entry has 2 to 500 lines.",
        ),
        (
            [("1000", TEN_MILLION_MILLION_SHILLINGS), ("4040", -TEN_MILLION_MILLION_SHILLINGS - 1)],
            "sale:1: a line is not zero and at most 1000000000000000 cents.",
        ),
        (
            [("1000", TEN_MILLION_MILLION_SHILLINGS + 1), ("4040", -TEN_MILLION_MILLION_SHILLINGS)],
            "sale:1: a line is not zero and at most 1000000000000000 cents.",
        ),
        (
            [("1000", 0), ("4040", 0)],
            "sale:1: a line is not zero and at most 1000000000000000 cents.",
        ),
        ([("1000", 1), ("4040", -2)], "sale:1: the lines sum to -1 cents, not to zero."),
        ([("1000", 1), ("4040", 1)], "sale:1: the lines sum to 2 cents, not to zero."),
        ([("1000", "1"), ("4040", -1)], "sale:1: an amount is a whole number of cents, an int."),
    ],
)
def test_draft_that_does_not_balance_is_refused(lines: Sequence[DraftLine], said: str) -> None:
    assert refusal_of(replace(SALE, lines=lines), Unbalanced) == said


@given(st.lists(st.integers(-5, 5).filter(bool), min_size=2, max_size=6))
def test_draft_is_postable_where_its_lines_sum_to_zero(amounts: list[int]) -> None:
    draft = replace(SALE, lines=[("1000", cents) for cents in amounts])

    if sum(amounts):
        refusal_of(draft, Unbalanced)
    else:
        draft.refuse_unpostable()


@pytest.mark.parametrize("letter", ["F", "b", "BB", " "])
def test_draft_refuses_what_is_no_tax_letter(letter: str) -> None:
    lines: list[DraftLine] = [("1000", 1), ("4040", -1, letter)]

    said = refusal_of(replace(SALE, lines=lines), UnknownTax)

    assert said == f"sale:1: {letter!r} is no tax letter."


def test_refusal_shows_the_start_of_a_key_that_is_too_long() -> None:
    said = refusal_of(replace(SALE, key="k" * 101), TooLong)

    assert said == f"{'k' * 100}: the key has more than 100 letters."


@pytest.mark.parametrize(("name", "most"), [("key", 100), ("description", 200), ("source", 60)])
def test_draft_with_a_text_longer_than_its_column_is_refused(name: str, most: int) -> None:
    fits: dict[str, str] = {name: "x" * most}
    too_long: dict[str, str] = {name: "x" * (most + 1)}
    replace(SALE, **fits).refuse_unpostable()  # type: ignore[arg-type]

    said = refusal_of(replace(SALE, **too_long), TooLong)  # type: ignore[arg-type]

    assert said.endswith(f": the {name} has more than {most} letters.")


def test_draft_of_an_instant_is_refused() -> None:
    assert isinstance(NOW, datetime)
    with pytest.raises(AssertionError):
        replace(SALE, occurred_on=NOW).refuse_unpostable()


@pytest.mark.parametrize(
    ("line", "letter"), [(("1000", 1), ""), (("1000", 1, ""), ""), (("1000", 1, "B"), "B")]
)
def test_tax_of_a_line(line: DraftLine, letter: str) -> None:
    assert tax_of(line) == letter


@pytest.mark.parametrize(
    ("others", "same"),
    [
        ([("2200", -1_600, "B"), ("1000", 11_600), ("4040", -10_000, "B")], True),
        ([("1000", 11_600, ""), ("4040", -10_000, "B"), ("2200", -1_600, "B")], True),
        ([("1000", 11_600, "B"), ("4040", -10_000, "B"), ("2200", -1_600, "B")], False),
        ([("1000", 11_600), ("4040", -10_000), ("2200", -1_600, "B")], False),
        ([("1000", 11_600), ("4040", -10_001, "B"), ("2200", -1_599, "B")], False),
        ([("1010", 11_600), ("4040", -10_000, "B"), ("2200", -1_600, "B")], False),
        ([("1000", 11_600), ("4040", -10_000, "B")], False),
        ([*SALE.lines, *SALE.lines], False),
    ],
)
def test_is_same_content_whatever_the_order_and_the_form(
    others: Sequence[DraftLine],
    same: bool,  # noqa: FBT001 a case of the table
) -> None:
    assert is_same_content(SALE.lines, others) is same
    assert is_same_content(others, SALE.lines) is same


def test_sums_are_per_account_month_and_letter_in_one_order() -> None:
    back = replace(SALE, lines=[("4040", 10_000, "B"), ("4040", -4_000), ("1000", -6_000)])
    cents = replace(SALE, lines=[("1000", 1), ("1000", -1)])
    drafts = [SALE, SALE, back, cents]
    days = [date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 22), date(2026, 10, 31)]

    totals = sums(drafts, days)

    october, november = date(2026, 10, 1), date(2026, 11, 1)
    assert list(totals.items()) == [
        (("1000", october, ""), [1, 1]),
        (("1000", november, ""), [23_200, 6_000]),
        (("2200", november, "B"), [0, 3_200]),
        (("4040", november, ""), [0, 4_000]),
        (("4040", november, "B"), [10_000, 20_000]),
    ]


def test_sums_go_by_the_day_of_the_books_not_by_the_drafts_own() -> None:
    totals = sums([SALE], [date(2027, 1, 5)])

    assert {month for _, month, _ in totals} == {date(2027, 1, 1)}


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_draft_of_a_day_that_no_statement_shows_is_refused(day: date) -> None:
    assert refusal_of(replace(SALE, occurred_on=day), OutOfTime) == (
        f"sale:1: {day} is no day for a book."
    )
