from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money.cents import (
    MOST_CENTS,
    NotAnAmount,
    NotAQuantity,
    divide_half_up,
    excise_part,
    format_quantity,
    format_shillings,
    line_total,
    parse_quantity,
    parse_shillings,
    split,
    vat_part,
    whole_shillings,
)
from money.templatetags.shillings import kes, quantity, shillings

amounts = st.integers(-MOST_CENTS, MOST_CENTS)
rates = st.sampled_from([0, 800, 1400, 1600, 10_000])


def half_up(exact: Fraction) -> int:
    """Round the nearest way, halves away from zero, by another road than the product's."""
    whole = floor(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("0", 0),
        ("500", 50_000),
        ("1,250", 125_000),
        ("1,250.50", 125_050),
        ("1250.5", 125_050),
        ("0.05", 5),
        (" 80 ", 8_000),
        ("KES 80", 8_000),
        ("kes80", 8_000),
        ("KSh. 80.05", 8_005),
        ("1,234,567", 123_456_700),
        ("10,000,000,000", MOST_CENTS),
        ("10000000000.00", MOST_CENTS),
    ],
)
def test_parse_shillings_reads_what_people_write(text: str, cents: int) -> None:
    assert parse_shillings(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "KES",
            "-5",
            "+5",
            "1e5",
            "1.234",
            "\uff11\uff12",
            "1,23",
            "1,2345",
            ",123",
            "1,,234",
        ),
        *("5.", ".5", "1 000", "1.2.3", "0x10", "1_000", "nan", "inf", "USD 5", "KES KES 5", "٣"),
        *("12,34.00", "5\n6", "1,250,5", "5 KES"),
    ],
)
def test_parse_shillings_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(NotAnAmount) as caught:
        parse_shillings(text)

    assert str(caught.value) == "Write an amount in shillings, such as 500 or 1,250.50."


@pytest.mark.parametrize("text", ["10000000000.01", "10,000,000,001", "9" * 17, "9" * 5_000])
def test_parse_shillings_refuses_what_is_too_large(text: str) -> None:
    with pytest.raises(NotAnAmount) as caught:
        parse_shillings(text)

    assert str(caught.value) == "That amount is too large."


@given(st.integers(0, MOST_CENTS))
def test_format_shillings_is_read_back_as_the_same_amount(cents: int) -> None:
    assert parse_shillings(format_shillings(cents)) == cents


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0"),
        (5, "0.05"),
        (50, "0.50"),
        (-5, "-0.05"),
        (-1, "-0.01"),
        (100_000, "1,000"),
        (125_050, "1,250.50"),
        (-125_000, "-1,250"),
        (123_456_789, "1,234,567.89"),
    ],
)
def test_format_shillings_prints_no_needless_cents(cents: int, text: str) -> None:
    assert format_shillings(cents) == text


@pytest.mark.parametrize(
    ("text", "milli"),
    [("1", 1_000), ("2.5", 2_500), ("0.001", 1), (" 12.345 ", 12_345), ("9999999", 9_999_999_000)],
)
def test_parse_quantity_reads_thousandths(text: str, milli: int) -> None:
    assert parse_quantity(text) == milli


@pytest.mark.parametrize(
    "text", ["", "0", "0.000", "-1", "1.2345", "1,5", "1e3", "\uff12", ".5", "1.", "10000000", "kg"]
)
def test_parse_quantity_refuses_what_is_no_quantity(text: str) -> None:
    with pytest.raises(NotAQuantity) as caught:
        parse_quantity(text)

    assert str(caught.value) == "Write a quantity such as 1, 2.5 or 0.750."


@given(st.integers(1, 9_999_999_999))
def test_format_quantity_is_read_back_as_the_same_quantity(milli: int) -> None:
    assert parse_quantity(format_quantity(milli)) == milli


@pytest.mark.parametrize(
    ("milli", "text"),
    [
        (0, "0"),
        (2_000, "2"),
        (2_500, "2.5"),
        (10, "0.01"),
        (-2_500, "-2.5"),
        (-2_000, "-2"),
        (-1, "-0.001"),
    ],
)
def test_format_quantity_prints_no_needless_zeros(milli: int, text: str) -> None:
    assert format_quantity(milli) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        *((1, 2, 1), (-1, 2, -1), (1, -2, -1), (-1, -2, 1), (3, 2, 2), (5, 2, 3), (1, 3, 0)),
        *((2, 3, 1), (7, -1, -7)),
    ],
)
def test_divide_half_up_rounds_halves_away_from_zero(
    numerator: int, denominator: int, rounded: int
) -> None:
    assert divide_half_up(numerator, denominator) == rounded


@given(st.integers(), st.integers().filter(bool))
def test_divide_half_up_equals_the_fraction_rounded(numerator: int, denominator: int) -> None:
    assert divide_half_up(numerator, denominator) == half_up(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("price", "milli", "total"),
    [(18_000, 1_000, 18_000), (18_000, 2_500, 45_000), (333, 500, 167), (1, 499, 0), (1, 500, 1)],
)
def test_line_total_rounds_once(price: int, milli: int, total: int) -> None:
    assert line_total(price, milli) == total


@pytest.mark.parametrize(
    ("gross", "rate", "vat"),
    [
        (11_600, 1_600, 1_600),
        (18_000, 1_600, 2_483),  # 2,482.76
        (10_800, 800, 800),
        (100, 1_600, 14),  # 13.79
        (4, 1_600, 1),  # 0.55
        (3, 1_600, 0),  # 0.41
        (-11_600, 1_600, -1_600),
        (11_600, 0, 0),
    ],
)
def test_vat_part_is_the_tax_inside_a_gross_amount(gross: int, rate: int, vat: int) -> None:
    assert vat_part(gross, rate) == vat


@given(amounts, rates)
def test_vat_part_is_within_half_a_cent_and_mirrors_its_refund(gross: int, rate: int) -> None:
    vat = vat_part(gross, rate)

    assert vat == half_up(Fraction(gross * rate, 10_000 + rate))
    assert vat_part(-gross, rate) == -vat


@given(amounts, rates)
def test_vat_part_re_adds_to_the_gross(gross: int, rate: int) -> None:
    vat = vat_part(gross, rate)
    net = gross - vat

    assert abs(net * rate - vat * 10_000) * 2 <= 10_000 + rate


@pytest.mark.parametrize(
    ("millilitres", "per_1000_litres", "duty"),
    [
        (1_000_000, 600_000, 600_000),
        (500, 600_000, 300),
        (1, 500_000, 1),  # half a cent
        (1, 499_999, 0),
        (3, 500_000, 2),  # 1.5
        (20_000, 0, 0),
        (0, 600_000, 0),
        (-500, 600_000, -300),
    ],
)
def test_excise_part_is_the_duty_on_a_volume(
    millilitres: int, per_1000_litres: int, duty: int
) -> None:
    assert excise_part(millilitres, per_1000_litres) == duty


@pytest.mark.parametrize(
    ("cents", "whole"), [(0, 0), (49, 0), (50, 100), (149, 100), (150, 200), (-50, -100)]
)
def test_whole_shillings_is_what_a_drawer_can_hold(cents: int, whole: int) -> None:
    assert whole_shillings(cents) == whole


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (100, [1, 1], [50, 50]),
        (101, [1, 1], [51, 50]),
        (10, [0, 1, 0], [0, 10, 0]),
        (5, [3, 7], [2, 3]),  # 1.5 and 3.5: the first remainder wins
        (0, [1, 2], [0, 0]),
        (-100, [1, 1, 1], [-33, -33, -34]),
        (7, [10], [7]),
    ],
)
def test_split_gives_the_rest_to_the_largest_remainders(
    cents: int, weights: list[int], parts: list[int]
) -> None:
    assert split(cents, weights) == parts


@given(amounts, st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_split_re_adds_and_strays_less_than_a_cent(cents: int, weights: list[int]) -> None:
    parts = split(cents, weights)

    exact = [Fraction(cents * weight, sum(weights)) for weight in weights]
    assert sum(parts) == cents
    assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [-1], [2, -1]])
def test_split_refuses_weights_that_say_nothing(weights: list[int]) -> None:
    with pytest.raises(ValueError):
        split(100, weights)


def test_filters_print_amounts_and_quantities() -> None:
    printed = (kes(125_050), kes(None), shillings(-5), shillings(None), quantity(2_500))

    assert printed == ("KES 1,250.50", "-", "-0.05", "-", "2.5")
