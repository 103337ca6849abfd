"""What the counter sends, read once; each refusal is a sentence."""

import pytest

from money.cents import NotAnAmount
from shops.cart import BadCart
from shops.forms import CounterForm, read_counter, read_given

KEY = "0123456789abcdef0123456789abcdef"


def test_read_counter_takes_key_cart_and_shown_total() -> None:
    fields = {"key": KEY, "shown": "18000", "line-7": "1"}

    assert read_counter(fields) == CounterForm(KEY, {7: 1000}, 18_000)


@pytest.mark.parametrize(
    "key", ["", "short", "a" * 65, "with space", "quote'key", "ключ-ключ", KEY + "\n"]
)
def test_read_counter_refuses_a_page_without_its_key(key: str) -> None:
    with pytest.raises(BadCart) as refusal:
        read_counter({"key": key})

    assert str(refusal.value) == "This page is incomplete. Reload it, then sell again."


@pytest.mark.parametrize("shown", ["", "-5", "1.5", "9" * 16, "٣", "x"])
def test_read_counter_takes_a_total_that_is_none_for_one_that_never_matches(shown: str) -> None:
    assert read_counter({"key": KEY, "shown": shown}).shown_cents == -1


def test_read_given_takes_exact_for_what_is_due() -> None:
    assert read_given({"exact": "1", "given": "nonsense"}, 28_300) == 28_300


@pytest.mark.parametrize(
    ("text", "cents"), [("500", 50_000), ("KES 1,250.50", 125_050), (" 80 ", 8_000)]
)
def test_read_given_reads_shillings(text: str, cents: int) -> None:
    assert read_given({"given": text}, 1) == cents


@pytest.mark.parametrize("fields", [{}, {"given": ""}, {"given": "  "}])
def test_read_given_asks_for_what_is_missing(fields: dict[str, str]) -> None:
    with pytest.raises(NotAnAmount) as refusal:
        read_given(fields, 28_300)

    assert str(refusal.value) == "Write how much the customer gave, or press Exact."


@pytest.mark.parametrize("text", ["-500", "5e2", "five", "1.234", "12,34"])
def test_read_given_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(NotAnAmount) as refusal:
        read_given({"given": text}, 28_300)

    assert str(refusal.value) == "Write an amount in shillings, such as 500 or 1,250.50."
