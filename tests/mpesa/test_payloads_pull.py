import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.payloads import NAIROBI, PullRow, parse_object, parse_pull_row
from tests.mpesa.gateway import SAMPLES

ROWS = json.loads((SAMPLES / "pull-query-response.json").read_text())["Response"][0]
DIGITS = datetime(2026, 11, 22, 10, 15, 47, tzinfo=UTC)
PLAIN = PullRow(
    receipt="UKM5A1B2C3",
    amount_cents=150_000,
    wall=DIGITS.replace(tzinfo=NAIROBI),
    as_utc=DIGITS,
    msisdn="254700000101",
    kind="c2b-pay-bill-debit",
    is_payment=True,
    is_reversal=False,
    is_settlement=False,
    account_reference="INV-000123",
    sender="MPESA",
)


def parsed(row: object) -> PullRow | None:
    return parse_pull_row(parse_object(json.dumps({"row": row}))["row"])


def changed(**changes: object) -> PullRow:
    found = parsed({**ROWS[0], **changes})
    assert found is not None
    return found


def test_parse_pull_row_reads_its_sample():
    assert parsed(ROWS[0]) == PLAIN


def test_parse_pull_row_reads_one_decimal_and_a_masked_phone():
    found = parsed(ROWS[1])

    assert found is not None
    assert (found.receipt, found.amount_cents) == ("UKM5A1B2D1", 80_000)
    assert (found.msisdn, found.account_reference) == ("2547 ***** 107", "inv 000120")


def test_samples_of_pulls_hold_rows_that_are_all_read():
    pages = [json.loads(path.read_text()) for path in SAMPLES.glob("pull-query-response*.json")]

    rows = [row for page in pages for inner in page["Response"] for row in inner]

    assert [row for row in rows if parsed(row) is None] == []
    assert len(rows) >= 2


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        ("c2b-pay-bill-debit", (True, False, False)),
        ("c2b-buy-goods-debit", (True, False, False)),
        ("C2B-Buy-Goods-Debit", (True, False, False)),
        ("merchant-to-organization-settlement", (False, False, True)),
        ("c2b-pay-bill-debit-reversal", (False, True, False)),
        ("c2b-reversal-debit", (False, True, False)),
        ("Transaction Reversal", (False, True, False)),
        ("b2c-payment", (False, False, False)),
        ("", (False, False, False)),
    ],
)
def test_parse_pull_row_tells_kinds_apart(kind, flags):
    row = changed(transactiontype=kind)

    assert (row.is_payment, row.is_reversal, row.is_settlement) == flags


@pytest.mark.parametrize(("amount", "cents"), [("-1500.00", -150_000), ("0.00", 0)])
def test_parse_pull_row_of_nothing_or_less_is_no_payment(amount, cents):
    row = changed(amount=amount)

    assert (row.amount_cents, row.is_payment) == (cents, False)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22T10:15:47Z",
        "2026-11-22T10:15:47.123Z",
        "2026-11-22T10:15:47+03:00",
        "2026-11-22 10:15:47",
        "20261122101547",
        20261122101547,
    ],
)
def test_parse_pull_row_reads_its_time_both_ways(time):
    row = changed(trxDate=time)

    assert (row.wall, row.as_utc) == (PLAIN.wall, PLAIN.as_utc)


@pytest.mark.parametrize(
    "time", ["", None, "yesterday", "2026-13-22T10:15:47Z", "2026-11-22T10:15:477", "\u0662" * 14]
)
def test_parse_pull_row_is_never_lost_over_its_time(time):
    row = changed(trxDate=time)

    assert (row.receipt, row.wall, row.as_utc) == ("UKM5A1B2C3", None, None)


def test_parse_pull_row_reads_keys_in_any_case():
    upper = {name.upper(): value for name, value in ROWS[0].items()}

    assert parsed(upper) == PLAIN


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        "UKM5A1B2C3",
        {},
        {"transactionId": "UKM5A1B2C3"},
        {"amount": "5.00"},
        {"transactionId": "UKM0000000", "amount": "5.00"},
        {"transactionId": "UKM5A1B2C3", "amount": "five"},
        {"transactionId": {"a": 1}, "amount": "5.00"},
    ],
)
def test_parse_pull_row_of_something_else_is_none(row):
    assert parsed(row) is None


VALUES = st.none() | st.booleans() | st.text(max_size=150) | st.lists(st.text(), max_size=2)


@settings(max_examples=200, deadline=None, database=None)
@given(
    VALUES
    | st.fixed_dictionaries(
        {
            "transactionId": st.just("UKM5A1B2C3") | VALUES,
            "amount": st.just("5.00") | VALUES,
        },
        optional=dict.fromkeys(
            ("trxDate", "msisdn", "transactiontype", "billreference", "sender"), VALUES
        ),
    )
)
def test_parse_pull_row_never_raises(row):
    found = parse_pull_row(row)

    assert found is None or found.receipt
