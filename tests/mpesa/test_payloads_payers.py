import hashlib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mpesa.payloads import (
    PhoneForm,
    PhoneKind,
    normalise_reference,
    parse_confirmation,
    payer_key,
    phone_form,
    same_reference,
)
from tests.mpesa.gateway import SAMPLES

HASH = hashlib.sha256(b"254708374149").hexdigest()
HASHED_MASKED = f"{HASH[:34]} ***** {HASH[-25:]}"


def test_payer_key_knows_the_payer_of_the_samples_by_phone_and_hash():
    names = ("c2b-confirmation-paybill", "c2b-confirmation-hashed-msisdn")
    phone, hashed = (
        parse_confirmation((SAMPLES / f"{name}.json").read_bytes()).msisdn for name in names
    )

    assert phone == "254700000101"
    assert payer_key(phone, "secret") == payer_key(hashed, "secret") != ""


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("254708374149", PhoneKind.FULL, "254708374149"),
        ("+254 708 374 149", PhoneKind.FULL, "254708374149"),
        ("0708374149", PhoneKind.FULL, "254708374149"),
        ("254110345678", PhoneKind.FULL, "254110345678"),
        ("2547 ***** 126", PhoneKind.MASKED, "2547 ***** 126"),
        ("2541 ***** 551", PhoneKind.MASKED, "2541 ***** 551"),
        ("25470****111", PhoneKind.MASKED, "25470****111"),
        ("070****366", PhoneKind.MASKED, "070****366"),
        ("0722XXXXXX", PhoneKind.MASKED, "0722XXXXXX"),
        ("0722000***", PhoneKind.MASKED, "0722000***"),
        (HASH, PhoneKind.HASHED, HASH),
        (HASH.upper(), PhoneKind.HASHED, HASH),
        (HASHED_MASKED, PhoneKind.HASHED_MASKED, HASHED_MASKED),
        ("112233", PhoneKind.OTHER, "112233"),
        ("Jane", PhoneKind.OTHER, "Jane"),
        ("*****", PhoneKind.OTHER, "*****"),
        ("", PhoneKind.NONE, ""),
        ("   ", PhoneKind.NONE, ""),
    ],
)
def test_phone_form_tells_forms_apart(text, kind, found):
    assert phone_form(text) == PhoneForm(kind, found)


def test_payer_key_is_the_same_for_a_phone_and_its_hash():
    texts = ["254708374149", "0708 374 149", "+254708374149", HASH, HASH.upper(), f" {HASH} "]

    assert len({payer_key(text, "secret") for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2547 ***** 126", "2547*****126"),
        ("2547 ***** 126", " 2547 *** 126 "),
        (HASHED_MASKED, HASHED_MASKED.upper()),
        ("112233", " 112233 "),
    ],
)
def test_payer_key_is_the_same_for_spellings_of_one_form(one, other):
    assert payer_key(one, "secret") == payer_key(other, "secret")


def test_payer_key_tells_forms_and_payers_apart():
    texts = [
        "254708374149",
        "254708374148",
        "2547 ***** 149",
        "2547 ***** 148",
        "2541 ***** 149",
        HASHED_MASKED,
        "112233",
    ]

    assert len({payer_key(text, "secret") for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("2547 ***** 126", "m:"), (HASHED_MASKED, "m:"), ("112233", "o:"), ("254708374149", "")],
)
def test_payer_key_names_what_is_only_a_hint(text, prefix):
    key = payer_key(text, "secret")

    assert key.startswith(prefix)
    assert len(key) == len(prefix) + 64
    assert set(key.removeprefix(prefix)) <= set("0123456789abcdef")


def test_payer_key_depends_on_the_secret_and_is_not_the_hash():
    keys = {payer_key("254708374149", secret) for secret in ("one", "two", "")}

    assert (len(keys), HASH in keys) == (3, False)


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_payer_key_of_nothing_is_nothing(text):
    assert payer_key(text, "secret") == ""


@settings(max_examples=200, deadline=None, database=None)
@given(st.from_regex(r"\A254[17][0-9]{8}\Z"), st.text())
def test_payer_key_knows_every_phone_by_its_hash(phone, secret):
    assume(secret.isprintable())

    assert payer_key(phone, secret) == payer_key(hashlib.sha256(phone.encode()).hexdigest(), secret)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text() | st.text("0123456789abcdefx* +", max_size=80) | st.just("\ud800"))
def test_payer_key_never_raises(text):
    key = payer_key(text, "secret")

    assert len(key) <= 66
    assert (key == "") == (text.strip() == "")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("INV-000123", "INV000123"),
        (" inv 000 123 ", "INV000123"),
        ("Sale#12/7", "SALE127"),
        ("", ""),
        (" -/. ", ""),
        ("mazi\u00f1a", "MAZIA"),
    ],
)
def test_normalise_reference_keeps_letters_and_digits(text, plain):
    assert normalise_reference(text) == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-000123", "inv 000123"),
        ("INV-OOO123", "INV-000123"),
        ("1NV000l23", "INV-000123"),
        ("SALE-1", "saIe i"),
        ("A0", "Ao"),
    ],
)
def test_same_reference_forgives_how_people_type(one, other):
    assert same_reference(one, other)
    assert same_reference(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("INV-1", "INV-2"), ("", ""), ("-", "-"), ("", "INV"), ("INV1", "INV11")]
)
def test_same_reference_tells_others_apart(one, other):
    assert not same_reference(one, other)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text())
def test_normalise_reference_twice_is_once(text):
    once = normalise_reference(text)

    assert normalise_reference(once) == once
    assert once == "" or (once.isascii() and once.isalnum())
