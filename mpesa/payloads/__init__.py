"""Understands Daraja's JSON. Pure and tolerant: each scalar is kept as exact text, never a float.

Every parser takes any bytes or text and raises nothing but NotUnderstood. Shapes and their
variants: REFERENCE sections 2.2 to 2.6, 3.3, 3.4 and 4.0 to 4.8.
"""

from mpesa.payloads.answers import ReversalAnswer, StatusAnswer, reversal_of, status_of
from mpesa.payloads.balances import Balance, parse_balances, parse_charges
from mpesa.payloads.c2b import Confirmation, parse_confirmation
from mpesa.payloads.payers import PhoneForm, PhoneKind, payer_key, phone_form
from mpesa.payloads.pull import PullRow, parse_pull_row
from mpesa.payloads.references import normalise_reference, same_reference
from mpesa.payloads.results import Result, parse_result, parse_timeout
from mpesa.payloads.scalars import (
    NAIROBI,
    NotUnderstood,
    parse_amount,
    parse_balance,
    parse_json,
    parse_object,
    parse_receipt,
    parse_time,
    parse_transaction_id,
    scalar,
)
from mpesa.payloads.stk import StkResult, parse_stk_callback

__all__ = [
    "NAIROBI",
    "Balance",
    "Confirmation",
    "NotUnderstood",
    "PhoneForm",
    "PhoneKind",
    "PullRow",
    "Result",
    "ReversalAnswer",
    "StatusAnswer",
    "StkResult",
    "normalise_reference",
    "parse_amount",
    "parse_balance",
    "parse_balances",
    "parse_charges",
    "parse_confirmation",
    "parse_json",
    "parse_object",
    "parse_pull_row",
    "parse_receipt",
    "parse_result",
    "parse_stk_callback",
    "parse_time",
    "parse_timeout",
    "parse_transaction_id",
    "payer_key",
    "phone_form",
    "reversal_of",
    "same_reference",
    "scalar",
    "status_of",
]
