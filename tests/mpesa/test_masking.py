import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.masking import MaskingFilter, mask, mask_phone
from tests.mpesa.gateway import SAMPLES


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("254712345678", "2547…678"),
        ("254110345678", "2541…678"),
        ("12345678", "1234…678"),
        ("1234567", "…"),
        ("", "…"),
    ],
)
def test_mask_phone_shows_its_ends_only(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("254712345678", "2547…678"),
        ("+254712345678", "2547…678"),
        ("0712345678", "2547…678"),
        ("0110345678", "2541…678"),
        ("0712 345 678", "2547…678"),
        ("0712-345-678", "2547…678"),
        ("+254 712 345 678", "2547…678"),
        ("+254 0712 345 678", "2547…678"),
        ("0712 34 56 78", "2547…6 78"),
        ("tel:+254-712-345678.", "tel:2547…678."),
        ('{"PhoneNumber": 254712345678}', '{"PhoneNumber": 2547…678}'),
        ("254712345678.0", "2547…678.0"),
        ("254712345678,0110345678", "2547…678,2541…678"),
        ("phone=%2B254712345678&x=1", "phone=%2B2547…678&x=1"),
        ("ws_CO_22112026102010305700000101", "ws_CO_…"),
        ("id 'ws_CO_170820261404032708374149'", "id 'ws_CO_…'"),
        ("Authorization: Bearer Xk2mTq7d.Pz~4-_L/w+A==", "Authorization: Bearer …"),
        ("authorization: basic c2VjcmV0", "authorization: basic …"),
        ('{"Password": "NjAwOTkx", "Amount": 5}', '{"Password": "…", "Amount": 5}'),
        ("{'Password': 'NjAwOTkx', 'Amount': 5}", "{'Password': '…', 'Amount': 5}"),
        ('"{\\"Password\\": \\"NjAwOTkx\\"}"', '"{\\"Password\\": \\"…\\"}"'),
        ('{"SecurityCredential":"abc/+="}', '{"SecurityCredential":"…"}'),
        ('{"access_token" : "Xk2mTq7d"}', '{"access_token" : "…"}'),
        ('{"passkey": "bfb279f9"}', '{"passkey": "…"}'),
        (
            "401.002.01 Error Occurred - Invalid Access Token - Xk2mTq7dPz4LwA9",
            "401.002.01 Error Occurred - Invalid Access Token - …",
        ),
        ("401: invalid access token: Xk2mTq7d\\n", "401: invalid access token: …\\n"),
        ('{"InitiatorPassword": "Safe#1"}', '{"InitiatorPassword": "…"}'),
        ('{"consumer_secret": "s3"}', '{"consumer_secret": "…"}'),
        ("SecurityCredential=Qm9ndXM=&CommandID=x", "SecurityCredential=…&CommandID=x"),
        ("DARAJA_INITIATOR_PASSWORD=Safe#1 DEBUG=0", "DARAJA_INITIATOR_PASSWORD=… DEBUG=0"),
        (
            "Credentials(consumer_key='k1', passkey='p')",
            "Credentials(consumer_key='…', passkey='…')",
        ),
        (f'{{"MSISDN": "{"a612fdab" * 8}"}}', '{"MSISDN": "…"}'),
        (f"{{'msisdn': '{'a' * 34} ***** {'b' * 25}'}}", "{'msisdn': '…'}"),
        ("POST /cb/3f9a1c/stk 200", "POST /cb/…/stk 200"),
        ("Not Found: /cb/3f9a1c/stk/9d8e7f6a5b", "Not Found: /cb/…/stk/…"),
        ("http://127.0.0.1:8000/cb/a-b_c.d~e/stk/tok?x=1", "http://127.0.0.1:8000/cb/…/stk/…?x=1"),
        ("/cb/3f9a1c", "/cb/…"),
        ("/cb/3f9a1c/", "/cb/…/"),
        ("/cb/stk/3f9a1c-secret", "/cb/…/…"),
        ("'/cb/3f9a1c/stk/9d8e7f6a5b/'", "'/cb/…/stk/…'"),
    ],
)
def test_mask_hides(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "KES 1,250.50 by UKM5A1B2C3 on 2026-11-22 10:15:47",
        "20261122101547",
        "amount_cents=25000000",
        "UKM0712345 and QAB1234567",
        "entry 10000000042",
        "0.712345678 s",
        "127.0.0.1:8000 - 192.168.1.107",
        "2026-07-12 10:15:47,123 INFO",
        "till 9900302, shortcode 9900300",
        "Message 17 is in quarantine.",
        "invalid token",
        "no password was given",
        f"message {'a612fdab' * 8} is stored",
        '{"MSISDN": "2547 ***** 101"}',
        "HTTP 500 500.001.1001",
    ],
)
def test_mask_leaves_readable(text):
    assert mask(text) == text


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.json")))
def test_mask_leaves_no_phone_and_no_secret_in_any_sample(name):
    text = (SAMPLES / name).read_text()

    masked = mask(text)

    hidden = ("7000001", "708374149", "a612fdab", "Qm9ndXNTZWN1", "Xk2mTq7d")
    assert [one for one in hidden if one in masked] == []


PHONES = st.from_regex(r"\A[17][0-9]{8}\Z")
NO_DIGITS = st.characters(exclude_categories=["Nd"])
SEPARATORS = st.sampled_from(["", " ", "-"])


@settings(max_examples=200, deadline=None, database=None)
@given(PHONES, st.sampled_from(["0", "254", "+254", "+254 0"]), SEPARATORS, st.data())
def test_mask_hides_every_phone(nine, prefix, separator, data):
    before = data.draw(st.text(NO_DIGITS, max_size=20))
    after = data.draw(st.text(NO_DIGITS, max_size=20))
    grouped = separator.join([prefix + nine[:3], nine[3:6], nine[6:]])

    masked = mask(f"{before}{grouped}{after}")

    assert nine[:6] not in masked.replace(" ", "").replace("-", "")


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.integers(min_value=0, max_value=250_000_00),
    st.from_regex(r"\AU[A-L][1-9A-V][A-Z0-9]{7}\Z"),
)
def test_mask_leaves_amounts_and_receipts(cents, receipt):
    text = f"KES {cents // 100:,}.{cents % 100:02d} ({cents} cents), receipt {receipt}."

    assert mask(text) == text


@settings(max_examples=200, deadline=None, database=None)
@given(st.text() | st.binary().map(repr))
def test_mask_twice_is_mask_once(text):
    once = mask(text)

    assert mask(once) == once


def record(message, *args, exc_info=None):
    return logging.LogRecord("duka", logging.ERROR, "x.py", 1, message, args, exc_info)


def printed(one):
    assert MaskingFilter().filter(one) is True
    return logging.Formatter("%(message)s").format(one)


def test_masking_filter_masks_arguments():
    assert printed(record("asked %s for %d", "254712345678", 180)) == "asked 2547…678 for 180"


def test_masking_filter_masks_an_object_as_message():
    assert printed(record({"PhoneNumber": 254712345678})) == "{'PhoneNumber': 2547…678}"


def test_masking_filter_leaves_percent_signs_alone():
    assert printed(record("100 % of 5%s")) == "100 % of 5%s"


def test_masking_filter_masks_exceptions_and_their_causes():
    try:
        try:
            raise ValueError("ws_CO_22112026102010305700000101")  # noqa: TRY301
        except ValueError as error:
            raise RuntimeError("Bearer Xk2mTq7d for 0712 345 678") from error
    except RuntimeError as error:
        one = record("failed", exc_info=(type(error), error, error.__traceback__))

    text = printed(one)

    assert [line for line in text.splitlines() if "Error: " in line] == [
        "ValueError: ws_CO_…",
        "RuntimeError: Bearer … for 2547…678",
    ]
    assert [
        leak for leak in ("Xk2m", "0712", "700000101") if leak in text.partition("Bearer …")[2]
    ] == []


def test_masking_filter_masks_an_exception_that_another_handler_printed_before():
    try:
        raise ValueError("0712345678")  # noqa: TRY301
    except ValueError as error:
        one = record("failed", exc_info=(type(error), error, error.__traceback__))
    one.exc_text = "ValueError: 0712345678"

    assert printed(one).splitlines()[-1] == "ValueError: 2547…678"


def test_masking_filter_outlives_a_wrong_format():
    assert printed(record("%d phones", "0712345678")) == "%d phones ('2547…678',)"


def test_masking_filter_sits_on_the_products_handlers(settings):
    handlers = settings.LOGGING["handlers"].values()

    assert [handler["filters"] for handler in handlers] == [["mask"]] * len(handlers)


def test_masking_filter_hides_a_callback_that_somebody_logs(caplog):
    said = {"CheckoutRequestID": "ws_CO_22112026102010305700000101", "PhoneNumber": 254700000101}
    caplog.handler.addFilter(MaskingFilter())

    logging.getLogger("duka.test").warning("got %s", json.dumps(said))

    assert caplog.messages == ['got {"CheckoutRequestID": "ws_CO_…", "PhoneNumber": 2547…101}']
