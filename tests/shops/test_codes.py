"""What is typed into the search: words, codes, how many."""

import pytest

from shops.codes import (
    NotACode,
    NothingFound,
    Wanted,
    is_scanned,
    normal_code,
    read_codes,
    read_wanted,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("maize", Wanted("maize", None)),
        ("  maize flour ", Wanted("maize flour", None)),
        ("3*maize", Wanted("maize", 3000)),
        ("3 * maize flour", Wanted("maize flour", 3000)),
        ("maize*3", Wanted("maize", 3000)),
        ("0.75*6161100000377", Wanted("6161100000377", 750)),
        ("6161100000377 * 2", Wanted("6161100000377", 2000)),
        ("3*", Wanted("", 3000)),
        ("*3", Wanted("", 3000)),
        ("", Wanted("", None)),
        ("0*maize", Wanted("0*maize", None)),
        ("1.2.3*maize", Wanted("1.2.3*maize", None)),
        ("1.2345*maize", Wanted("1.2345*maize", None)),
        ("maize*", Wanted("maize*", None)),
        ("٣*maize", Wanted("٣*maize", None)),
    ],
)
def test_read_wanted(text: str, wanted: Wanted) -> None:
    assert read_wanted(text) == wanted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" 6161100000377 ", "6161100000377"),
        ("614141000012", "0614141000012"),
        ("0614141000012", "0614141000012"),
        ("ABCDEFGHIJKL", "ABCDEFGHIJKL"),
        ("12345", "12345"),
    ],
)
def test_a_code_of_12_digits_is_one_of_13_with_a_0(text: str, code: str) -> None:
    assert normal_code(text) == code


def test_codes_are_one_a_line_each_once_in_their_order() -> None:
    assert read_codes("\r\n614141000012\n ABC-1\n\n0614141000012\n") == ["0614141000012", "ABC-1"]


@pytest.mark.parametrize("text", ["ab", "two words", "3*616110", "é1234", "1" * 49])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(NotACode):
        read_codes(f"616110\n{text}")


@pytest.mark.parametrize(
    ("words", "is_code"),
    [
        ("616110", True),
        ("61611", False),
        ("6161 10", False),
        ("ABC1234567", False),
        ("٦" * 8, False),
    ],
)
def test_six_digits_alone_are_a_code(words: str, is_code: bool) -> None:  # noqa: FBT001
    assert is_scanned(words) == is_code


def test_what_is_not_found_says_whether_it_was_a_code() -> None:
    assert [str(NothingFound(words)) for words in ("616110", "soap")] == [
        "Nothing on sale here has the code “616110”. Nothing was added.",
        "Nothing on sale here is called “soap”. Nothing was added.",
    ]
