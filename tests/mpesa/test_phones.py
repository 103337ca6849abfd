import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.phones import NotAPhone, parse_phone, phone_fits


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("0712345678", "254712345678"),
        ("0110345678", "254110345678"),
        ("712345678", "254712345678"),
        ("110345678", "254110345678"),
        ("254712345678", "254712345678"),
        ("+254712345678", "254712345678"),
        ("+254 712 345 678", "254712345678"),
        ("0712 345-678", "254712345678"),
        ("(0712) 345.678", "254712345678"),
        ("0712/345/678", "254712345678"),
        ("\t0712\u00a0345 678\n", "254712345678"),
    ],
)
def test_parse_phone_reads_what_people_type(text, phone):
    assert parse_phone(text) == phone


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "abc",
        "071234567",
        "07123456789",
        "0812345678",
        "0212345678",
        "2540712345678",
        "255712345678",
        "++254712345678",
        "0712345678x",
        "0712_345_678",
        "\u0660\u0667" * 5,
        "0712345678\x00",
        "1" * 10_000,
    ],
)
def test_parse_phone_refuses_with_a_sentence(text):
    with pytest.raises(NotAPhone) as refusal:
        parse_phone(text)

    assert str(refusal.value) == ("Write the phone as 0712 345 678, 0110 345 678 or 254712345678.")


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.from_regex(r"\A[17][0-9]{8}\Z"),
    st.sampled_from(["", "0", "254", "+254"]),
    st.lists(st.sampled_from(" -./()"), min_size=12, max_size=12),
)
def test_parse_phone_ignores_prefix_and_separators(nine, prefix, separators):
    typed = prefix + "".join(a + b for a, b in zip(nine, separators, strict=False))

    assert parse_phone(typed) == f"254{nine}"


@settings(max_examples=200, deadline=None, database=None)
@given(st.text())
def test_parse_phone_returns_twelve_digits_or_refuses(text):
    try:
        phone = parse_phone(text)
    except NotAPhone:
        return

    assert (phone.isascii(), phone.isdigit(), len(phone), phone[:3]) == (True, True, 12, "254")


@pytest.mark.parametrize(
    "shown",
    [
        "254700000101",
        "2547…101",
        "2547 ***** 101",
        "25470****101",
        "0700XXXXXX",
        "070****101",
        hashlib.sha256(b"254700000101").hexdigest(),
    ],
)
def test_phone_fits_what_is_shown_of_it(shown):
    assert phone_fits(shown, "254700000101")
    assert not phone_fits(shown, "254711000999")


def test_phone_fits_its_hash_with_a_hidden_middle():
    digest = hashlib.sha256(b"254700000101").hexdigest()

    assert phone_fits(f"{digest[:34]} ***** {digest[39:]}", "254700000101")
    assert not phone_fits(f"{digest[:34]} ***** {digest[39:]}", "254700000102")


@pytest.mark.parametrize("shown", ["", "…", "*****", "25* 1", "2 ***** 1", "254***1***1", "abc"])
def test_phone_fits_nothing_that_shows_too_little(shown):
    assert not phone_fits(shown, "254700000101")
