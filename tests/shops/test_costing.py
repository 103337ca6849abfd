"""Moving average cost by value: nothing is lost or made by rounding, whatever the order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.costing import Holding, cost_of, less, more

NOTHING = Holding(0, 0, 0)


def test_worked_numbers_of_a_loaf() -> None:
    held, _ = more(NOTHING, 3_000, 10_000)
    assert held == Holding(3_000, 10_000, 3_333)

    gone = []
    for _ in range(3):
        held, cents = less(held, 1_000)
        gone.append(cents)

    assert gone == [3_333, 3_334, 3_333]
    assert held == Holding(0, 0, 3_333)


def test_a_dearer_delivery_moves_the_average() -> None:
    held, _ = more(NOTHING, 10_000, 100_000)
    held, cents = less(held, 4_000)
    assert cents == 40_000

    held, right = more(held, 6_000, 78_000)
    assert (held, right) == (Holding(12_000, 138_000, 11_500), 0)
    assert cost_of(held, 1_000) == 11_500


@pytest.mark.parametrize(
    ("milli", "cents", "left", "right"),
    [
        # Two were sold at 115.00 before they came; ten come for 1,200.00: two of them cost 240.00.
        (10_000, 120_000, Holding(8_000, 96_000, 12_000), -1_000),
        # Just the two, for 230.00 as was said: nothing to set right.
        (2_000, 23_000, Holding(0, 0, 11_500), 0),
        # Cheaper than was said: the cost of sales gets 30.00 back.
        (2_000, 20_000, Holding(0, 0, 10_000), 3_000),
        # One only: it cost 120.00, one is short still at what was said of it.
        (1_000, 12_000, Holding(-1_000, -11_500, 12_000), -500),
    ],
)
def test_what_was_sold_before_it_came_is_set_right(
    milli: int, cents: int, left: Holding, right: int
) -> None:
    held, gone = less(Holding(1_000, 11_500, 11_500), 3_000)
    assert (held, gone) == (Holding(-2_000, -23_000, 11_500), 34_500)

    assert more(held, milli, cents) == (left, right)


COMES = st.tuples(st.integers(1, 50_000), st.integers(0, 10_000_000))
GOES = st.tuples(st.integers(-50_000, -1), st.just(0))


@given(st.lists(COMES | GOES, max_size=40))
def test_value_is_what_came_less_what_went_and_follows_the_pieces(
    moves: list[tuple[int, int]],
) -> None:
    held, value, pieces = NOTHING, 0, 0
    for milli, cents in moves:
        if milli > 0:
            held, right = more(held, milli, cents)
            value += cents + right
        else:
            held, gone = less(held, -milli)
            assert gone >= 0
            value -= gone
        pieces += milli

        assert (held.on_hand_milli, held.value_cents) == (pieces, value)
        assert held.unit_cost_cents >= 0
        if pieces == 0:
            assert value == 0
        assert pieces * value >= 0


@given(st.lists(COMES, min_size=1, max_size=10))
def test_once_all_came_and_went_the_cost_is_what_was_paid(moves: list[tuple[int, int]]) -> None:
    """Sold first and received later, in parts: what sales cost in the end is what was paid."""
    held, spent = less(NOTHING, sum(milli for milli, _ in moves))
    for milli, cents in moves:
        held, right = more(held, milli, cents)
        spent -= right

    assert held.on_hand_milli == held.value_cents == 0
    assert spent == sum(cents for _, cents in moves)
