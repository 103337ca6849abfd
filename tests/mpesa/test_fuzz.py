"""Bytes and JSON of any kind at every callback address: nothing breaks, nothing is paid by chance.

FUZZ_BODIES says how many; --hypothesis-seed=N sends the same again.
"""

import json
import os

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from money.models import Entry
from mpesa.actions.inbound import MOST_BODY_BYTES, understand
from mpesa.addresses import KINDS, WITH_TOKEN
from mpesa.models import InboundMessage, InboundState, Payment, PaymentRequest, Stray
from tests.make import NOW, TOKEN, a_callback, a_request

CLIENT = Client()
BODIES_SENT = int(os.environ.get("FUZZ_BODIES", "200"))
CHECKOUT = "ws_CO_22112026120000000700000101"
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def near(*right):
    """Choose what is right, or almost, or anything."""
    return st.sampled_from(right) | ANY


METADATA = st.fixed_dictionaries(
    {},
    optional={
        "Amount": near(180, "180.00", 180.0, 179, 181, "1e2", -180, 10**40),
        "MpesaReceiptNumber": near("UKM5A1B2C3", "ukm5a1b2c3", "", "UKM", "U" * 21),
        "TransactionDate": near(20261122115500, "20261122115500", 0, "00010101000000"),
        "Balance": ANY,
    },
).map(lambda pairs: {"Item": [{"Name": name, "Value": value} for name, value in pairs.items()]})
CALLBACKS = st.fixed_dictionaries(
    {
        "CheckoutRequestID": near(CHECKOUT, "", "ws_CO_1"),
        "ResultCode": near(0, "0", 1, 1032, "SFC_IC0003", 4999, 26),
    },
    optional={
        "ResultDesc": ANY,
        "MerchantRequestID": ANY,
        "CallbackMetadata": METADATA | ANY,
    },
).map(lambda inner: json.dumps({"Body": {"stkCallback": inner}}).encode())
# All of these would be believed, but for their shortcode or their amount.
CONFIRMATIONS = st.fixed_dictionaries(
    {
        "TransID": near("UKM5A1B2C3", "ukm5a1b2c3", "", "U" * 21),
        "TransAmount": near("20000.01", "999999999", 10**30, "1e2", -5, "0.00"),
        "BusinessShortCode": near("9900300", "9900302", "600991", 9900300),
    },
    optional={
        "TransTime": near("20261122115500", 20261122115500, "00000000000000"),
        "BillRefNumber": ANY,
        "MSISDN": near("2547 ***** 101", "a" * 64, 254700000101),
        "OrgAccountBalance": near("1.00", "-10.5", "9" * 30),
        "FirstName": ANY,
    },
).map(lambda told: json.dumps(told).encode())
RESULTS = st.fixed_dictionaries(
    {
        "ResultCode": near(0, "0", "00", 1, "R000001"),
        "ConversationID": near("AG_1", "", "\x00"),
    },
    optional={
        "OriginatorConversationID": ANY,
        "TransactionID": near("UKM0000000", "UKM5A1B2C3"),
        "ResultParameters": ANY
        | st.fixed_dictionaries({"ResultParameter": ANY | st.lists(ANY, max_size=3)}),
        "ReferenceData": ANY,
    },
).map(lambda told: json.dumps({"Result": told}).encode())
DEEP = st.tuples(st.sampled_from(["[", '{"a":', '[[{"Result":']), st.integers(1, 10_000)).map(
    lambda deep: (deep[0] * deep[1]).encode()
)
ODD = st.sampled_from(
    [
        b"",
        b"\x00",
        b"\xff\xfe{",
        b'{"TransAmount": NaN, "Result": Infinity, "Body": -Infinity}',
        b'{"Body": {"stkCallback": {"ResultCode": ' + b"9" * 60_000 + b"}}}",
        b'{"TransID": "A", "TransID": "UKM5A1B2C3", "TransID": null}',
        b'{"Body": "\\ud800", "Result": "\\u0000"}',
        b"x" * MOST_BODY_BYTES,
        b"x" * (MOST_BODY_BYTES + 1),
        b"[" * MOST_BODY_BYTES,
    ]
)
TYPES = st.sampled_from(
    ["application/json", "text/xml", "", "multipart/form-data; boundary=x", "a/b; charset=ü"]
)
METHODS = st.sampled_from([*["POST"] * 9, "GET", "PUT", "DELETE", "OPTIONS", "BREW"])
BODIES = st.binary(max_size=300) | ANY.map(json.dumps).map(str.encode) | CALLBACKS


def is_right_success(body):
    """Judge a body on its own, not by our parser."""
    try:
        inner = json.loads(body)["Body"]["stkCallback"]
        items = {item["Name"]: item["Value"] for item in inner["CallbackMetadata"]["Item"]}
        return (
            str(inner["ResultCode"]).strip() == "0"
            and inner["ResultCode"] is not False
            and inner["CheckoutRequestID"].strip() == CHECKOUT
            and str(items["MpesaReceiptNumber"]).upper() == "UKM5A1B2C3"
            and float(items["Amount"]) == 180
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


@settings(
    max_examples=BODIES_SENT // 2,
    deadline=None,
    database=None,
    # Each example is rolled back to the shop.
)
@example(body=a_callback(), token=TOKEN)
@example(body=a_callback(), token="another")
@example(body=a_callback(text="\x00\ud800"), token=TOKEN)
@example(body=a_callback(code=1032, text="\x00\ud800", MerchantRequestID="\x00"), token=TOKEN)
@example(body=b"[" * 60_000, token=TOKEN)
@given(body=BODIES, token=st.sampled_from([TOKEN, TOKEN, TOKEN, "another"]))
def test_whatever_arrives_is_stored_and_pays_only_where_it_is_right(shop, body, token):
    with transaction.atomic():
        request = a_request(shop.till)

        answer = CLIENT.generic("POST", f"/cb/{shop.till.callback_secret}/stk/{token}", body)
        message = InboundMessage.objects.get()
        state = understand(message_id=message.pk, now=NOW)

        paid = token == TOKEN and is_right_success(body)
        request = PaymentRequest.objects.get(pk=request.pk)
        assert (answer.status_code, bytes(message.body or b"")) == (200, body)
        assert state in {InboundState.UNDERSTOOD, InboundState.QUARANTINED}
        assert Payment.objects.count() == Entry.objects.count() == int(paid)
        assert (request.state == "paid") is paid
        transaction.set_rollback(True)


@settings(
    max_examples=BODIES_SENT // 2,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@example(kind=KINDS[0], token="", secret="", body=b"x" * 10_000_000, sort="text/xml", method="POST")
@example(kind=KINDS[2], token="", secret="", body=b"[" * 10_000, sort="", method="POST")
@given(
    kind=st.sampled_from(KINDS),
    token=st.sampled_from(["", "", TOKEN, "guessed", "a b%00", "x" * 300]),
    secret=st.sampled_from(["", "", "", "", "wrong", "x%00", "y" * 300]),
    body=BODIES | CONFIRMATIONS | RESULTS | DEEP | ODD,
    sort=TYPES,
    method=METHODS,
)
def test_whatever_arrives_at_any_address_is_kept_and_posts_nothing(
    shop, kind, token, secret, body, sort, method
):
    end = f"/{token}" if token and kind in WITH_TOKEN else ""
    with transaction.atomic():
        path = f"/cb/{secret or shop.till.callback_secret}/{kind.word}{end}"

        answer = CLIENT.generic(method, path, body, content_type=sort)

        messages = list(InboundMessage.objects.all())
        states = {understand(message_id=message.pk, now=NOW) for message in messages}
        kept = [bytes(message.body or b"") for message in messages]
        strays = [bytes(stray.body) for stray in Stray.objects.all()]
        if method != "POST":
            wanted: object = (405, [], [])
        elif secret:
            wanted = (404, [], [body[:4096]])
        elif len(body) > MOST_BODY_BYTES:
            wanted = (413, [], [body[:4096]])
        else:
            wanted = (200, [body], [])
        assert (answer.status_code, kept, strays) == wanted
        assert states <= {InboundState.UNDERSTOOD, InboundState.QUARANTINED}
        assert Payment.objects.count() == Entry.objects.count() == 0
        transaction.set_rollback(True)
