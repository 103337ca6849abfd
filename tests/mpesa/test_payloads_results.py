import contextlib
import json
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpesa.payloads import (
    NAIROBI,
    Balance,
    NotUnderstood,
    Result,
    ReversalAnswer,
    StatusAnswer,
    parse_balances,
    parse_charges,
    parse_result,
    parse_timeout,
    reversal_of,
    status_of,
)
from tests.mpesa.gateway import SAMPLES


def read(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def result(code: object = 0, parameters: object = None, **more: object) -> bytes:
    inner: dict[str, object] = {"ResultCode": code, "ConversationID": "AG_1", **more}
    if parameters is not None:
        inner["ResultParameters"] = {"ResultParameter": parameters}
    return json.dumps({"Result": inner}).encode()


def told(*pairs: tuple[str, object]) -> list[dict[str, object]]:
    return [{"Key": key, "Value": value} for key, value in pairs]


# The envelope

RESULTS = {
    "account-balance-result": ("0", "", 3),
    "b2b-result-failed-SFC_IC0003": ("SFC_IC0003", "", None),
    "b2b-result-success": ("0", "UKM5A1B2G1", 8),
    "b2c-result-failed-1-insufficient-funds": ("1", None, None),
    "b2c-result-failed-2001": ("2001", None, None),
    "b2c-result-failed-2040-unregistered": ("2040", None, None),
    "b2c-result-success": ("0", "UKM4Z9Y8X7", 8),
    "reversal-result-R000002-invalid-original-id": ("R000002", "", 0),
    "reversal-result-success": ("0", "UKM5A1B2F9", 7),
    "tax-remit-result-success": ("0", None, None),
    "transaction-status-result-c2b-stk": ("0", "", 13),
    "transaction-status-result-failed-2001": ("2001", "", 0),
}


def test_samples_of_results_are_all_expected():
    found = {path.stem for path in SAMPLES.glob("*-result-*.json")}
    found |= {path.stem for path in SAMPLES.glob("*-result.json")}

    assert found == set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_parse_result_reads_each_sample(name):
    code, transaction_id, count = RESULTS[name]
    inner = json.loads(read(name))["Result"]

    found = parse_result(read(name))

    assert (found.code, found.type, found.is_success) == (code, "0", code == "0")
    assert found.originator_conversation_id == inner["OriginatorConversationID"]
    assert found.conversation_id == inner["ConversationID"]
    assert transaction_id is None or found.transaction_id == transaction_id
    assert count is None or len(found.all_parameters) == count
    assert found.references


def test_parse_result_reads_every_member():
    found = parse_result(read("reversal-result-R000002-invalid-original-id"))

    url = "https://internalapi.safaricom.co.ke/mpesa/reversalresults/v1/submit"
    assert found == Result(
        type="0",
        code="R000002",
        text="The OriginalTransactionID is invalid.",
        originator_conversation_id="3124-481d-b706-10bdd6fbc8e21792302",
        conversation_id="AG_20261122_2010573069aefb6b6202",
        transaction_id="",
        parameters={},
        references={"QueueTimeoutURL": url},
        all_parameters=(),
        all_references=(("QueueTimeoutURL", url),),
    )


@pytest.mark.parametrize(
    "parameters",
    [
        told(("Amount", 1500.0)),
        {"Key": "Amount", "Value": "1500.0"},
        [{"Key": " Amount ", "Value": " 1500.0 "}],
        [{"Key ": "Amount", "Value": "1500.0"}],
        [None, 5, [], {"Value": "x"}, {"Key": "Amount", "Value": "1500.0"}],
    ],
)
def test_parse_result_reads_parameters_in_every_form(parameters):
    assert parse_result(result(parameters=parameters)).parameters == {"Amount": "1500.0"}


@pytest.mark.parametrize("holder", [None, [], {}, "x", 5, {"ResultParameter": None}])
def test_parse_result_without_parameters_has_none(holder):
    assert parse_result(result(ResultParameters=holder)).all_parameters == ()


def test_parse_result_keeps_repeated_keys_and_takes_the_first_that_says_something():
    parameters = [
        {"Key": "DebitPartyName"},
        *told(("DebitPartyName", "A"), ("DebitPartyName", "B")),
    ]

    found = parse_result(result(parameters=parameters))

    assert found.parameters == {"DebitPartyName": "A"}
    assert found.all_parameters == tuple(("DebitPartyName", value) for value in ("", "A", "B"))


def test_parse_result_takes_the_spaces_out_of_keys():
    found = parse_result(result(parameters=told(("Originator Conversation ID", "1-2"))))

    assert found.parameters == {"OriginatorConversationID": "1-2"}


@pytest.mark.parametrize("code", [0, "0", "00", " 0 "])
def test_parse_result_succeeds_with_any_spelling_of_zero(code):
    assert parse_result(result(code)).is_success is True


@pytest.mark.parametrize("code", [1, "R000001", "0.0", "E0"])
def test_parse_result_fails_with_any_other_code(code):
    assert parse_result(result(code)).is_success is False


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"x", "The body is not JSON."),
        (b"[]", "The body is not a JSON object."),
        (b"{}", "There is no Result."),
        (b'{"Result": []}', "There is no Result."),
        (result(None), "ResultCode is missing."),
        (result({"a": 1}), "ResultCode is missing."),
        (result(ConversationID=""), "Both conversation ids are missing."),
    ],
    ids=range(7),
)
def test_parse_result_refuses(body, why):
    with pytest.raises(NotUnderstood) as refusal:
        parse_result(body)

    assert str(refusal.value) == why


# Balances and charges


def test_parse_balances_reads_the_accounts_of_a_shortcode():
    text = parse_result(read("account-balance-result")).parameters["AccountBalance"]

    assert parse_balances(text) == {
        "Working Account": Balance(1_200_000, 1_200_000),
        "Utility Account": Balance(4_825_000, 4_825_000),
        "Charges Paid Account": Balance(-154_000, -154_000),
        "Merchant Account": Balance(0, 0),
        "Organization Settlement Account": Balance(0, 0),
    }


@pytest.mark.parametrize(
    ("text", "balances"),
    [
        ("", {}),
        ("Working Account", {}),
        ("Working Account|KES", {}),
        ("Working Account|KES|x|1.00", {}),
        ("Working Account|KES|1.00", {"Working Account": Balance(100, None)}),
        (
            "Working Account|KES|346568.83|6186.83|340382.00|0.00",
            {"Working Account": Balance(34_656_883, 618_683)},
        ),
        (" A | KES | 1.00 | 2.00 &B|KES|3|4", {"A": Balance(100, 200), "B": Balance(300, 400)}),
        ("A|KES|1.00|1.00&A|KES|2.00|2.00", {"A": Balance(100, 100)}),
        (
            "{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}",
            {"": Balance(618_683, 618_683)},
        ),
        ("{Amount={BasicAmount=-5.00}}", {"": Balance(-500, -500)}),
        ("{Amount={BasicAmount=1.2.3}}", {}),
    ],
)
def test_parse_balances_reads(text, balances):
    assert parse_balances(text) == balances


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("", 0),
        (" & ", 0),
        ("Pay Utility Charge By Organization|KES|55.00", 5_500),
        ("Fee|KES|22.40&Tax|KES|3.60", 2_600),
        ("55.00", 5_500),
        ("Fee|KES|much", None),
        ("Fee|KES|22.40&Tax", None),
    ],
)
def test_parse_charges_reads(text, cents):
    assert parse_charges(text) == cents


# Answers


def test_status_of_reads_its_sample():
    assert status_of(parse_result(read("transaction-status-result-c2b-stk"))) == StatusAnswer(
        receipt="UKM5A1B2C3",
        amount_cents=150_000,
        status="Completed",
        credit_shortcode="600991",
        debit_party="0700000101 - Achieng  wanjiru demo",
        reason_type="Pay Bill Online",
        completed_at=datetime(2026, 11, 22, 10, 15, 47, tzinfo=NAIROBI),
        charges_cents=0,
    )


@pytest.mark.parametrize(
    "body",
    [
        read("transaction-status-result-failed-2001"),
        result(1, told(("ReceiptNo", "UKM5A1B2C3"), ("TransactionStatus", "Completed"))),
        result(0),
        result(0, told(("ReceiptNo", "UKM0000000"))),
        read("account-balance-result"),
    ],
)
def test_status_of_confirms_nothing(body):
    assert status_of(parse_result(body)) is None


def answer_of(*pairs: tuple[str, object]) -> StatusAnswer:
    found = status_of(parse_result(result(0, told(("ReceiptNo", "UKM5A1B2C3"), *pairs))))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("party", "shortcode"),
    [
        ("600991 - DEMO", "600991"),
        ("  9900101  -  DEMO  TRADERS ", "9900101"),
        ("600991", "600991"),
        ("600991-DEMO", "600991"),
        ("DEMO - 600991", ""),
        ("254700000101 - JANE", ""),
        ("", ""),
    ],
)
def test_status_of_reads_the_shortcode_of_the_receiver(party, shortcode):
    assert answer_of(("CreditPartyName", party)).credit_shortcode == shortcode


@pytest.mark.parametrize(
    ("status", "is_completed"),
    [("Completed", True), ("completed", True), ("Pending Authorized", False), ("", False)],
)
def test_status_of_is_completed_by_its_word_alone(status, is_completed):
    assert answer_of(("TransactionStatus", status)).is_completed is is_completed


def test_status_of_reads_what_2017_spelt_with_spaces():
    found = answer_of(("Receipt No", "IGNORED123"), ("Initiated Time", "20171122101547"))

    assert found.completed_at == datetime(2017, 11, 22, 10, 15, 47, tzinfo=NAIROBI)


def test_reversal_of_reads_its_sample():
    assert reversal_of(parse_result(read("reversal-result-success"))) == ReversalAnswer(
        receipt="UKM5A1B2F9",
        original_receipt="UKM5A1B2C3",
        amount_cents=150_000,
        completed_at=datetime(2026, 11, 22, 10, 45, 12, tzinfo=NAIROBI),
    )


def test_reversal_of_an_old_result_has_its_receipt_only():
    found = reversal_of(parse_result(result(TransactionID="UKM5A1B2F9")))

    assert found == ReversalAnswer(
        receipt="UKM5A1B2F9", original_receipt="", amount_cents=None, completed_at=None
    )


@pytest.mark.parametrize("code", [1, "R000001", "R000002", 2001])
def test_reversal_of_a_failure_is_none_though_its_id_looks_real(code):
    assert reversal_of(parse_result(result(code, TransactionID="UKM5A1B2F9"))) is None


# Time-outs


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (read("queue-timeout-UNVERIFIED-request-echo"), {"payout-20261122-000045"}),
        (
            read("reversal-result-success"),
            {"f1e2-4b95-a71d-b30d3cdbb7a7735297", "AG_20261122_20106e9209f64bebd05b"},
        ),
        (b'{"ResultCode": "1", "ConversationID": "AG_1"}', {"AG_1"}),
        (b'{"OriginatorCoversationID": "1-2-3", "ResponseCode": 0}', {"1-2-3"}),
        (b'{"Originator Conversation ID ": "1-2-3"}', {"1-2-3"}),
        (b'{"originatorConversationID": 5}', {"5"}),
        (b'{"OriginalConversationID": "1-2-3"}', {"1-2-3"}),
        (b'[[{"a": {"Key": "ConversationID", "Value": "AG_2"}}]]', {"AG_2"}),
        (b'{"ConversationID": {"ConversationID": "AG_3"}}', {"AG_3"}),
        (b'{"ConversationID": "", "Amount": 5}', set()),
        (b'{"ConversationID": null}', set()),
        (b"{}", set()),
        (b"[]", set()),
    ],
    ids=range(13),
)
def test_parse_timeout_finds_every_id(body, ids):
    assert parse_timeout(body) == ids


@pytest.mark.parametrize("body", [b"", b"x", b"5", b'"AG_1"', b"null", b"\xff", b"[" * 100_000])
def test_parse_timeout_refuses(body):
    with pytest.raises(NotUnderstood):
        parse_timeout(body)


def test_parse_timeout_walks_deep_bodies():
    body = b'{"a":' * 400 + b'{"ConversationID": "AG_1"}' + b"}" * 400

    assert parse_timeout(body) == {"AG_1"}


def test_parse_timeout_bounds_what_it_finds():
    body = json.dumps([{"ConversationID": f"{n}" + "x" * 500} for n in range(5000)]).encode()

    found = parse_timeout(body)

    assert (len(found) <= 50, {len(one) for one in found}) == (True, {100})


# Anything

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["ReceiptNo", "Amount", "CreditPartyName", "CreditPartyCharges", "AccountBalance", "x"]
)
ITEM = st.fixed_dictionaries(
    {}, optional={"Key": KEYS | JSON, "Value": st.just("UKM5A1B2C3") | JSON}
)
BODIES = st.fixed_dictionaries(
    {
        "Result": st.fixed_dictionaries(
            {"ResultCode": st.just(0) | JSON, "ConversationID": st.just("AG_1") | JSON},
            optional={
                "TransactionID": JSON,
                "ResultParameters": st.fixed_dictionaries(
                    {"ResultParameter": st.lists(ITEM) | ITEM | JSON}
                )
                | JSON,
                "ReferenceData": st.fixed_dictionaries({"ReferenceItem": ITEM}) | JSON,
            },
        )
        | JSON
    }
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary() | (JSON | BODIES).map(json.dumps))
def test_parse_result_raises_nothing_but_not_understood(body):
    with contextlib.suppress(NotUnderstood):
        found = parse_result(body)
        status_of(found)
        reversal_of(found)

        assert found.code
        assert found.originator_conversation_id or found.conversation_id
        assert set(found.parameters) == {key for key, _ in found.all_parameters}


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary() | (JSON | BODIES).map(json.dumps))
def test_parse_timeout_raises_nothing_but_not_understood(body):
    with contextlib.suppress(NotUnderstood):
        assert all(0 < len(one) <= 100 for one in parse_timeout(body))


@settings(max_examples=200, deadline=None, database=None)
@given(st.text() | st.text("&|0123456789.-{}=,AKES BasicAmount"))
def test_parse_balances_and_charges_never_raise(text):
    parse_charges(text)

    assert all(isinstance(one.current_cents, int) for one in parse_balances(text).values())
