import contextlib
import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.payloads import (
    NAIROBI,
    NotUnderstood,
    StkResult,
    parse_amount,
    parse_object,
    parse_receipt,
    parse_stk_callback,
    parse_time,
    scalar,
)
from tests.mpesa.gateway import SAMPLES

PAID_AT = datetime(2026, 11, 22, 10, 15, 47, tzinfo=NAIROBI)
MERCHANT = "3b7a-4e21-9d40-5c8f0e6a1b2d77195"
CHECKOUT = "ws_CO_221120261020"
PUSH_ERROR = "An error occurred while sending a push request."


def failed(suffix: str, checkout_suffix: str, code: str, text: str) -> StkResult:
    return StkResult(f"{CHECKOUT}{checkout_suffix}305700000101", f"{MERCHANT}{suffix}", code, text)


def paid(merchant_request_id: str) -> StkResult:
    return StkResult(
        checkout_request_id="ws_CO_22112026101531418700000101",
        merchant_request_id=merchant_request_id,
        code="0",
        text="The service request is processed successfully.",
        amount_cents=150_000,
        receipt="UKM5A1B2C3",
        paid_at=PAID_AT,
    )


EXPECTED = {
    "1-insufficient-funds": failed(
        "10", "10", "1", "The balance is insufficient for the transaction."
    ),
    "1019-expired": failed("15", "15", "1019", "Transaction has expired."),
    "1025-push-error": failed("16", "16", "1025", PUSH_ERROR),
    "1032-cancelled": failed("18", "18", "1032", "Request cancelled by user"),
    "1037-ds-timeout": failed("19", "19", "1037", "DS timeout user cannot be reached."),
    "1037-no-response-from-user": failed("40", "40", "1037", "No response from user."),
    "2001-wrong-pin": failed("20", "20", "2001", "The initiator information is invalid."),
    "2028-not-permitted-product": failed(
        "21", "21", "2028", "The request is not permitted according to product assignment."
    ),
    "26-traffic-blocked": failed("13", "13", "26", "Traffic blocking condition in place."),
    "4-daily-limit": failed(
        "11", "11", "4", "Declined due to limit rule: would exceed daily transfer limit."
    ),
    "9999-push-error-generic": failed("23", "23", "9999", PUSH_ERROR),
    "sfc-ic0003-operator-does-not-exist": failed(
        "30", "40", "SFC_IC0003", "The operator does not exist."
    ),
    "success": paid("3b7a-4e21-9d40-5c8f0e6a1b2d7719402"),
    "success-with-empty-balance": paid("96657-188398728-1"),
}


def success_with(**changes: object) -> bytes:
    inner = json.loads((SAMPLES / "stk-callback-success.json").read_bytes())["Body"]["stkCallback"]
    return json.dumps({"Body": {"stkCallback": inner | changes}}).encode()


def items(*pairs: tuple[str, object]) -> dict[str, object]:
    return {"Item": [{"Name": name, "Value": value} for name, value in pairs]}


RIGHT = (
    ("Amount", 1500),
    ("MpesaReceiptNumber", "UKM5A1B2C3"),
    ("TransactionDate", 20261122101547),
    ("PhoneNumber", 254700000101),
)
NOTHING = (None, "", None)


def money_of(result: StkResult) -> tuple[int | None, str, datetime | None]:
    return result.amount_cents, result.receipt, result.paid_at


def test_samples_of_callbacks_are_all_expected():
    found = {path.stem.removeprefix("stk-callback-") for path in SAMPLES.glob("stk-callback-*")}

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_parse_stk_callback_reads_each_sample(name):
    body = (SAMPLES / f"stk-callback-{name}.json").read_bytes()

    assert parse_stk_callback(body) == EXPECTED[name]


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param(items(*RIGHT), id="plain"),
        pytest.param(items(*reversed(RIGHT)), id="reordered"),
        pytest.param(items(*((n, str(v)) for n, v in RIGHT)), id="all strings"),
        pytest.param(items(*((f" {n} ", f" {v} ") for n, v in RIGHT)), id="spaces"),
        pytest.param(items(*RIGHT, ("Balance", None), ("Colour", [1, {}])), id="unknown items"),
        pytest.param({"Item": [*items(*RIGHT)["Item"], {"Name": "Balance"}]}, id="no value"),  # type: ignore[misc]
        pytest.param({"Item": [7, None, [], *items(*RIGHT)["Item"]]}, id="items of no kind"),  # type: ignore[misc]
        pytest.param({**items(*RIGHT), "Extra": {"a": 1}}, id="unknown keys"),
        pytest.param(items(("Amount", "1500.0"), *RIGHT[1:]), id="one decimal"),
        pytest.param(items(("Amount", 1500.00), *RIGHT[1:]), id="decimals"),
        pytest.param(items(RIGHT[0], ("MpesaReceiptNumber", "ukm5a1b2c3"), *RIGHT[2:]), id="small"),
    ],
)
def test_parse_stk_callback_reads_metadata_in_every_form(metadata):
    result = parse_stk_callback(success_with(CallbackMetadata=metadata, Other=[1, 2]))

    assert money_of(result) == (150_000, "UKM5A1B2C3", PAID_AT)


def test_parse_stk_callback_reads_a_lone_item():
    metadata = {"Item": {"Name": "Amount", "Value": 1500}}

    result = parse_stk_callback(success_with(CallbackMetadata=metadata))

    assert money_of(result) == (150_000, "", None)


@pytest.mark.parametrize(
    "metadata",
    [None, [], {}, "Item", {"Item": None}, {"Item": []}, {"Item": "Amount"}, {"Item": 5}],
)
def test_parse_stk_callback_without_metadata_has_no_money(metadata):
    result = parse_stk_callback(success_with(CallbackMetadata=metadata))

    assert (result.code, *money_of(result)) == ("0", *NOTHING)


def test_parse_stk_callback_cuts_what_is_too_long():
    body = success_with(
        ResultDesc="t" * 5000,
        ResultCode="9" * 5000,
        CheckoutRequestID="c" * 5000,
        MerchantRequestID="m" * 5000,
    )

    result = parse_stk_callback(body)

    assert [len(text) for text in (result.text, result.code)] == [200, 20]
    assert [len(result.checkout_request_id), len(result.merchant_request_id)] == [100, 100]


def test_parse_stk_callback_drops_what_a_database_cannot_store():
    body = success_with(ResultDesc="ok\x00ay\ud800!", CheckoutRequestID="ws_\x00CO_1")

    result = parse_stk_callback(body)

    assert (result.text, result.checkout_request_id) == ("okay!", "ws_CO_1")


def test_parse_stk_callback_keeps_a_huge_integer_as_text():
    body = success_with().replace(b"1500.0", b"9" * 10_000)

    result = parse_stk_callback(body)

    assert money_of(result) == (None, "UKM5A1B2C3", PAID_AT)


@pytest.mark.parametrize("code", [0, "0", " 0 "])
def test_parse_stk_callback_reads_its_code_as_text(code):
    assert parse_stk_callback(success_with(ResultCode=code)).code == "0"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "The body is not JSON."),
        (b"   ", "The body is not JSON."),
        (b"{", "The body is not JSON."),
        (b"\xff\xfe\xfa", "The body is not JSON."),
        (b'{"Body": "\xc3\x28"}', "The body is not JSON."),
        (b'{"Body": NaN}', "The body is not JSON."),
        (b'{"Body": -Infinity}', "The body is not JSON."),
        (b"[" * 100_000, "The body is not JSON."),
        (b'{"a":' * 100_000, "The body is not JSON."),
        (b"[]", "The body is not a JSON object."),
        (b'"Body"', "The body is not a JSON object."),
        (b"null", "The body is not a JSON object."),
        (b"9" * 10_000, "The body is not a JSON object."),
        (b"{}", "There is no Body.stkCallback."),
        (b'{"Body": []}', "There is no Body.stkCallback."),
        (b'{"Body": {"stkCallback": [{"ResultCode": 0}]}}', "There is no Body.stkCallback."),
        (b'{"body": {"stkcallback": {}}}', "There is no Body.stkCallback."),
        (success_with(ResultCode=None), "ResultCode or CheckoutRequestID is missing."),
        (success_with(ResultCode=True), "ResultCode or CheckoutRequestID is missing."),
        (success_with(ResultCode=[0]), "ResultCode or CheckoutRequestID is missing."),
        (success_with(ResultCode={"code": 0}), "ResultCode or CheckoutRequestID is missing."),
        (success_with(CheckoutRequestID=" "), "ResultCode or CheckoutRequestID is missing."),
        (success_with(CheckoutRequestID="\x00"), "ResultCode or CheckoutRequestID is missing."),
    ],
    ids=range(23),
)
def test_parse_stk_callback_refuses(body, why):
    with pytest.raises(NotUnderstood) as refusal:
        parse_stk_callback(body)

    assert str(refusal.value) == why


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1", 100),
        ("1500", 150_000),
        ("1500.0", 150_000),
        ("1500.00", 150_000),
        ("1500.5", 150_050),
        ("1500.05", 150_005),
        ("1500.0500", 150_005),
        ("0.01", 1),
        ("0", 0),
        ("999999999", 99_999_999_900),
        ("9999999999", None),
        ("1500.005", None),
        ("1,500", None),
        ("-1500", None),
        ("+1500", None),
        ("1.5E3", None),
        ("1500.", None),
        (".5", None),
        ("1500\n", None),
        ("\u0661\u0665", None),
        ("", None),
        ("KES 5", None),
    ],
)
def test_parse_amount_reads_plain_decimals_only(text, cents):
    assert parse_amount(text) == cents


@pytest.mark.parametrize(
    ("text", "receipt"),
    [
        ("UKM5A1B2C3", "UKM5A1B2C3"),
        ("ukm5a1b2c3", "UKM5A1B2C3"),
        ("UKM5A1", "UKM5A1"),
        ("UKM5A", ""),
        ("U" * 21, ""),
        ("UKM5-A1B2", ""),
        ("UKM5A1B2ß", ""),
        ("UKM5A1B2\u0131", ""),
        ("UKM5A1B2C3\n", ""),
        ("", ""),
    ],
)
def test_parse_receipt_reads_ascii_letters_and_digits_only(text, receipt):
    assert parse_receipt(text) == receipt


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026112210154",
        "202611221015470",
        "20261322101547",
        "20260230101547",
        "20261122241547",
        "2026112210154x",
        "00010101000000",
        "20061231235959",
        "99991231235959",
        "\u0662" * 14,
        "2.0261122101E13",
    ],
)
def test_parse_time_gives_up_without_raising(text):
    assert parse_time(text) is None


def test_parse_time_reads_nairobi_time():
    assert parse_time("20261122101547") == PAID_AT


@pytest.mark.parametrize("value", [None, True, [], {}, ["a"]])
def test_scalar_is_empty_for_what_is_none(value):
    assert scalar({"a": value}, "a") == ""


def test_scalar_is_empty_for_a_missing_member():
    assert scalar({}, "a") == ""


def test_parse_object_reads_a_byte_order_mark():
    assert parse_object(b'\xef\xbb\xbf{"a": 1}') == {"a": "1"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["Amount", "MpesaReceiptNumber", "TransactionDate", "Balance"])
CALLBACKS = st.fixed_dictionaries(
    {
        "Body": st.fixed_dictionaries(
            {
                "stkCallback": st.fixed_dictionaries(
                    {
                        "ResultCode": st.just(0) | JSON,
                        "CheckoutRequestID": st.text(min_size=1) | JSON,
                        "CallbackMetadata": st.fixed_dictionaries(
                            {
                                "Item": st.lists(
                                    st.fixed_dictionaries({"Name": NAMES, "Value": JSON}) | JSON
                                )
                            }
                        )
                        | JSON,
                    }
                )
            }
        )
    }
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary() | JSON.map(json.dumps) | CALLBACKS.map(json.dumps))
def test_parse_stk_callback_raises_nothing_but_not_understood(body):
    raw = body if isinstance(body, bytes) else body.encode()

    with contextlib.suppress(NotUnderstood):
        result = parse_stk_callback(raw)

        assert result.code
        assert result.checkout_request_id
        assert result.amount_cents is None or result.amount_cents >= 0


@settings(max_examples=200, deadline=None, database=None)
@given(st.integers(min_value=0, max_value=10**11 - 1))
def test_parse_amount_reads_back_every_amount(cents):
    assert parse_amount(f"{cents // 100}.{cents % 100:02d}") == cents
