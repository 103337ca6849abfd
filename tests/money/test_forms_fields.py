"""What every form sends: keys and ids, as people and programs write them."""

import pytest

from money.forms.fields import id_of, is_form_key


@pytest.mark.parametrize(
    ("text", "pk"),
    [
        ("7", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, 0),
        ("", 0),
        ("-7", 0),
        ("7.0", 0),
        (" 7", 0),
        ("\N{SUPERSCRIPT TWO}", 0),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", 0),
        ("seven", 0),
    ],
)
def test_an_id_is_digits_that_a_column_holds(text: str, pk: int) -> None:
    assert id_of(text) == pk


@pytest.mark.parametrize("text", ["abcdefgh", "0" * 64, "a-b-c-d-e"])
def test_a_key_is_one_of_ours(text: str) -> None:
    assert is_form_key(text)


NOT_KEYS = (
    "",
    "short",
    "a" * 65,
    "with space",
    "with\nbreak",
    "\N{LATIN SMALL LETTER E WITH ACUTE}" * 9,
)


@pytest.mark.parametrize("text", NOT_KEYS)
def test_what_is_no_key_is_none(text: str) -> None:
    assert not is_form_key(text)
