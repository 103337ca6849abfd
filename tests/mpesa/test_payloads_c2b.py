import contextlib
import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.payloads import NAIROBI, Confirmation, NotUnderstood, parse_confirmation
from tests.mpesa.gateway import SAMPLES

PLAIN = Confirmation(
    receipt="UKM5A1B2C3",
    shortcode="600991",
    amount_cents=150_000,
    paid_at=datetime(2026, 11, 22, 10, 15, 47, tzinfo=NAIROBI),
    transaction_type="Pay Bill",
    account_reference="INV-000123",
    msisdn="2547 ***** 101",
    name="ACHIENG",
    balance_cents=4_825_000,
    invoice="",
)
HASH = "a612fdabdad666f84eb5c946d9d0c2b168ef3db22b0e4b3598692e27c2577bcd"


def read(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def facts(name: str) -> tuple[str, str, int, str, str, str, str, int | None, str]:
    found = parse_confirmation(read(name))
    return (
        found.receipt,
        found.shortcode,
        found.amount_cents,
        found.transaction_type,
        found.account_reference,
        found.msisdn,
        found.name,
        found.balance_cents,
        found.invoice,
    )


def changed(**changes: object) -> bytes:
    return json.dumps(json.loads(read("c2b-confirmation-masked-msisdn")) | changes).encode()


PAY_BILL = ("UKM5A1B2C3", "600991", 150_000, "Pay Bill", "INV-000123")
EXPECTED = {
    "c2b-confirmation-paybill": (
        *PAY_BILL,
        "254700000101",
        "ACHIENG WANJIRU DEMO",
        4_825_000,
        "",
    ),
    "c2b-confirmation-duplicate-of-paybill": (
        *PAY_BILL,
        "254700000101",
        "ACHIENG WANJIRU DEMO",
        4_825_000,
        "",
    ),
    "c2b-confirmation-from-stk-push": (*PAY_BILL, "2547 ***** 101", "ACHIENG", 4_825_000, ""),
    "c2b-confirmation-masked-msisdn": (*PAY_BILL, "2547 ***** 101", "ACHIENG", 4_825_000, ""),
    "c2b-confirmation-hashed-msisdn": (*PAY_BILL, HASH, "ACHIENG", 4_825_000, ""),
    "c2b-validation-paybill": (*PAY_BILL, "2547 ***** 101", "ACHIENG", None, ""),
    "c2b-confirmation-till-customer-merchant-payment": (
        "UKM5A1B2D7",
        "9900101",
        35_000,
        "Customer Merchant Payment",
        "",
        "2541 ***** 102",
        "OTIENO",
        1_284_000,
        "",
    ),
    "c2b-confirmation-till-buy-goods-per-docs": (
        "UKM5A1B2D8",
        "9900101",
        20_000,
        "Buy Goods",
        "",
        "2547 ***** 103",
        "MARY",
        1_304_000,
        "",
    ),
    "c2b-confirmation-bank-organization-to-organization": (
        "UKM5A1B2E0",
        "600991",
        2_500_000,
        "Organization To Organization Transfer",
        "INV-000131",
        "2547 ***** 110",
        "B2C DEMO BANK",
        7_325_000,
        "Wanjiru Demo",
    ),
    "c2b-confirmation-sandbox-simulate": (
        "UKM0000A1B",
        "600984",
        10_000,
        "Pay Bill",
        "INV-000123",
        "254708374149",
        "John Doe",
        101_825_100,
        "",
    ),
}


def test_samples_of_confirmations_are_all_expected():
    kinds = ("c2b-confirmation-*.json", "c2b-validation-*.json")
    found = {path.stem for kind in kinds for path in SAMPLES.glob(kind)}

    assert {name for name in found if "-reply" not in name} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_parse_confirmation_reads_each_sample(name):
    assert facts(name) == EXPECTED[name]


def test_parse_confirmation_reads_every_member():
    assert parse_confirmation(read("c2b-confirmation-masked-msisdn")) == PLAIN


@pytest.mark.parametrize(
    "changes",
    [
        {"MiddleName": None, "LastName": None},
        {"TransAmount": 1500, "BusinessShortCode": 600991, "TransTime": 20261122101547},
        {"TransAmount": "1500.0"},
        {"TransAmount": "1500"},
        {"TransID": "ukm5a1b2c3"},
        {"Trans Amount ": "9", "Colour": {"a": [1]}, "ThirdPartyTransID": "ord-1"},
        {"BillRefNumber": "  INV-000123 "},
    ],
)
def test_parse_confirmation_reads_variants_alike(changes):
    assert parse_confirmation(changed(**changes)) == PLAIN


def test_parse_confirmation_reads_a_body_without_names():
    data = json.loads(changed())
    for name in ("FirstName", "MiddleName", "LastName", "InvoiceNumber", "BillRefNumber"):
        del data[name]

    found = parse_confirmation(json.dumps(data))

    assert (found.name, found.account_reference, found.invoice) == ("", "", "")


@pytest.mark.parametrize(
    ("balance", "cents"),
    [("", None), (None, None), ("-1540.00", -154_000), ("26781.80", 2_678_180), ("x", None)],
)
def test_parse_confirmation_reads_balances_below_zero_and_with_cents(balance, cents):
    assert parse_confirmation(changed(OrgAccountBalance=balance)).balance_cents == cents


@pytest.mark.parametrize("time", ["", None, "2026-11-22", "20261322101547", 5])
def test_parse_confirmation_is_never_lost_over_its_time(time):
    found = parse_confirmation(changed(TransTime=time))

    assert (found.receipt, found.paid_at) == ("UKM5A1B2C3", None)


def test_parse_confirmation_cuts_what_is_too_long():
    names = ("BillRefNumber", "MSISDN", "FirstName", "InvoiceNumber", "TransactionType")

    found = parse_confirmation(changed(**dict.fromkeys(names, "x" * 5000)))

    texts = (found.account_reference, found.msisdn, found.name, found.invoice)
    assert [len(text) for text in (*texts, found.transaction_type)] == [100] * 5


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "The body is not JSON."),
        (b"TransID=UKM5A1B2C3&TransAmount=5", "The body is not JSON."),
        (b"<xml/>", "The body is not JSON."),
        (b"[]", "The body is not a JSON object."),
        (changed(TransID=""), "TransID is no receipt."),
        (changed(TransID="UKM0000000"), "TransID is no receipt."),
        (changed(TransID=["UKM5A1B2C3"]), "TransID is no receipt."),
        (changed(TransAmount="0.00"), "TransAmount is no amount above zero."),
        (changed(TransAmount="-5"), "TransAmount is no amount above zero."),
        (changed(TransAmount=True), "TransAmount is no amount above zero."),
        (changed(BusinessShortCode=None), "BusinessShortCode is missing."),
    ],
    ids=range(11),
)
def test_parse_confirmation_refuses(body, why):
    with pytest.raises(NotUnderstood) as refusal:
        parse_confirmation(body)

    assert str(refusal.value) == why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
BODIES = st.fixed_dictionaries(
    {
        "TransID": st.just("UKM5A1B2C3") | JSON,
        "TransAmount": st.just("1500.00") | JSON,
        "BusinessShortCode": st.just("600991") | JSON,
    },
    optional={
        name: st.text(max_size=300) | JSON
        for name in ("TransTime", "BillRefNumber", "MSISDN", "FirstName", "OrgAccountBalance")
    },
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary() | (JSON | BODIES).map(json.dumps))
def test_parse_confirmation_raises_nothing_but_not_understood(body):
    with contextlib.suppress(NotUnderstood):
        found = parse_confirmation(body)

        assert found.amount_cents > 0
        assert found.receipt.isalnum()
        assert found.shortcode
        assert "\x00" not in found.account_reference + found.msisdn + found.name
