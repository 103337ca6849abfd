"""Bytes and JSON of any kind at the callback address: nothing breaks, nothing is paid by chance."""

import json

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from money.models import Entry
from mpesa.actions.inbound import understand
from mpesa.models import InboundMessage, InboundState, Payment, PaymentRequest
from tests.make import NOW, TOKEN, a_callback, a_request

CLIENT = Client()
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
    max_examples=200,
    deadline=None,
    database=None,
    # Each example is rolled back to the shop.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
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
