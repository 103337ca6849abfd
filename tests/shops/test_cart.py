"""Reading a cart and pricing its lines: pure arithmetic."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.cart import BadCart, PricedLine, price_line, read_cart, totals


def test_read_cart_takes_quantities_of_products() -> None:
    fields = {"line-7": "2", "line-12": " 0.750 ", "given": "500", "lines-3": "4"}

    assert read_cart(fields) == {7: 2000, 12: 750}


@pytest.mark.parametrize("text", ["", "0", "0.00", " ", "000", "."])
def test_read_cart_takes_nothing_for_no_line(text: str) -> None:
    assert read_cart({"line-7": text}) == {}


@pytest.mark.parametrize(
    "text", ["x", "-1", "1e3", "1.2345", "٣", "1,5", "--", "12345678", "1 2", "\x00", "NaN"]
)
def test_read_cart_refuses_what_is_no_quantity(text: str) -> None:
    with pytest.raises(BadCart) as refusal:
        read_cart({"line-7": text})

    assert str(refusal.value) == "Write a quantity such as 1, 2.5 or 0.750."


@pytest.mark.parametrize("product", ["", "x", "-1", "٣", "1.5", "9" * 19, "1; DROP TABLE"])
def test_read_cart_refuses_what_is_no_product(product: str) -> None:
    with pytest.raises(BadCart) as refusal:
        read_cart({f"line-{product}": "1"})

    assert str(refusal.value) == (
        "The cart holds something that is not a product. Empty it, start again."
    )


def test_read_cart_takes_ten_thousand_and_refuses_more() -> None:
    with pytest.raises(BadCart) as refusal:
        read_cart({"line-7": "10000.001"})

    assert str(refusal.value) == "A quantity is at most 10,000."
    assert read_cart({"line-7": "10000"}) == {7: 10_000_000}


def test_read_cart_takes_a_hundred_lines_and_refuses_more() -> None:
    hundred = {f"line-{number}": "1" for number in range(1, 101)}

    with pytest.raises(BadCart) as refusal:
        read_cart(hundred | {"line-101": "1"})

    assert str(refusal.value) == "A sale has at most 100 lines. Split it in two."
    assert len(read_cart(hundred)) == 100


@given(st.dictionaries(st.text(), st.text()))
def test_read_cart_returns_quantities_or_refuses_whatever_comes(fields: dict[str, str]) -> None:
    cart: dict[int, int] = {}

    with suppress(BadCart):
        cart = read_cart(fields | {f"line-{name}": text for name, text in fields.items()})

    assert all(0 < milli <= 10_000_000 for milli in cart.values())


@pytest.mark.parametrize(
    ("price", "milli", "rate", "expected"),
    [
        (15_000, 1000, 1600, PricedLine(15_000, 1600, 2069)),
        (15_000, 1500, 1600, PricedLine(22_500, 1600, 3103)),
        (18_000, 2000, 0, PricedLine(36_000, 0, 0)),
        (333, 500, 0, PricedLine(167, 0, 0)),
        (10_800, 1000, 800, PricedLine(10_800, 800, 800)),
        (1, 500, 1600, PricedLine(1, 1600, 0)),
        (100_000_000, 1000, 0, PricedLine(100_000_000, 0, 0)),
    ],
)
def test_price_line_rounds_half_up_once(
    price: int, milli: int, rate: int, expected: PricedLine
) -> None:
    assert price_line(price_cents=price, quantity_milli=milli, rate_bp=rate) == expected


@pytest.mark.parametrize(("price", "milli"), [(1, 499), (100_000_001, 1000), (10**12, 10**7)])
def test_price_line_refuses_nothing_and_millions(price: int, milli: int) -> None:
    with pytest.raises(BadCart) as refusal:
        price_line(price_cents=price, quantity_milli=milli, rate_bp=0)

    assert str(refusal.value) == ("A line must cost more than nothing and at most KES 1,000,000.")


@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.integers(500, 90_000), st.sampled_from([0, 800, 1600])),
        max_size=20,
    )
)
def test_totals_re_add_from_their_lines(rows: list[tuple[int, int, int]]) -> None:
    lines = [price_line(price_cents=p, quantity_milli=q, rate_bp=r) for p, q, r in rows]

    total, vat = totals(iter(lines))

    assert total == sum(line.amount_cents for line in lines)
    assert vat == sum(line.vat_cents for line in lines)
    assert all(0 <= line.vat_cents < line.amount_cents for line in lines)
