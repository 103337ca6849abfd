"""The messages of Daraja, key for key and type for type. Pure: nothing here knows a clock."""

import json
import secrets
from datetime import datetime
from typing import Any

from mpesa.simulator import ids
from mpesa.simulator.outcomes import Outcome
from mpesa.simulator.prompts import Prompt
from mpesa.simulator.refusals import ErrorRow

ACCEPTED = "Success. Request accepted for processing"
# The three s are Safaricom's own.
QUERY_ACCEPTED = "The service request has been accepted successsfully"
STILL_PROCESSING = Outcome(4999, "The transaction is still under processing")
TOKEN_SECONDS = 3599
AMOUNT_MARK = "@amount@"
# The customer's own balance, which is nobody's business.
BALANCE_SHILLINGS = 500
FORMS = ("plain", "with_balance", "with_empty_balance", "reordered", "decimal_amount")


def token(access_token: str, *, expires_as_number: bool) -> dict[str, Any]:
    """Return the answer to a request for a token."""
    expires_in = TOKEN_SECONDS if expires_as_number else str(TOKEN_SECONDS)
    return {"access_token": access_token, "expires_in": expires_in}


def error(row: ErrorRow, request_id: str) -> dict[str, str]:
    """Return an error answer."""
    return {"requestId": request_id, "errorCode": row.code, "errorMessage": row.message}


def acknowledgement(prompt: Prompt) -> dict[str, str]:
    """Return the answer to an accepted push. It says accepted, never paid."""
    return {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResponseCode": "0",
        "ResponseDescription": ACCEPTED,
        "CustomerMessage": ACCEPTED,
    }


def query_answer(prompt: Prompt, outcome: Outcome) -> dict[str, str]:
    """Return the answer to a query. Here, unlike in callbacks, the code is always a string."""
    return {
        "ResponseCode": "0",
        "ResponseDescription": QUERY_ACCEPTED,
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": str(outcome.code),
        "ResultDesc": outcome.text,
    }


def callback_body(
    prompt: Prompt, outcome: Outcome, *, receipt: str | None, at: datetime, metadata: str
) -> bytes:
    """Return the bytes of a callback; only a payment carries `CallbackMetadata`."""
    inner: dict[str, Any] = {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": outcome.code,
        "ResultDesc": outcome.text,
    }
    if receipt:
        inner["CallbackMetadata"] = {"Item": _items(prompt, receipt, at, metadata)}
    text = json.dumps({"Body": {"stkCallback": inner}})
    # Safaricom writes 1500.00, which no JSON writer yields from an exact number.
    return text.replace(json.dumps(AMOUNT_MARK), f"{prompt.push.amount}.00").encode()


def _items(prompt: Prompt, receipt: str, at: datetime, metadata: str) -> list[dict[str, Any]]:
    if metadata == "mixed":
        metadata = secrets.choice(FORMS)
    amount = AMOUNT_MARK if metadata == "decimal_amount" else prompt.push.amount
    items: list[dict[str, Any]] = [
        {"Name": "Amount", "Value": amount},
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "TransactionDate", "Value": int(ids.fourteen(at))},
        {"Name": "PhoneNumber", "Value": int(prompt.push.phone)},
    ]
    if metadata == "with_empty_balance":
        items.insert(2, {"Name": "Balance"})
    if metadata == "with_balance":
        items.insert(2, {"Name": "Balance", "Value": BALANCE_SHILLINGS})
    if metadata == "reordered":
        items.reverse()
    return items
