"""The rail: tills, what arrived from outside, what we asked for, and payments.

A payment request is asked for with a reference string; this floor never learns what it stands for.
`tills` are tills and what their owner set; `inbound` is what arrived, as it arrived; `requests` is
what phones were asked for; `payments` is money that came in and where it went; `initiator` is what
we ask Safaricom about or to take back; `nets` is what reconciliation found; `erasures` is whom to
erase. Amounts are cents.
"""

from mpesa.models.erasures import ErasureItem, ErasureRequest, ItemState
from mpesa.models.inbound import Erasure, InboundMessage, InboundState, Release, Stray
from mpesa.models.initiator import (
    LIVE_ORDERS,
    LIVE_REVERSALS,
    AccountBalance,
    InitiatorOrder,
    OrderKind,
    OrderState,
    Origin,
    Reversal,
    ReversalState,
)
from mpesa.models.nets import (
    BalanceGap,
    Correction,
    PullRun,
    PullVerdict,
    StatementRow,
    StatementUpload,
    TiedDay,
    UploadState,
)
from mpesa.models.payments import (
    TRUSTED,
    Allocation,
    Payer,
    Payment,
    Purpose,
    Sighting,
    Source,
)
from mpesa.models.requests import JOINABLE, LIVE_STATES, PaymentRequest, RequestState
from mpesa.models.tills import (
    TRUSTED_UP_TO_CENTS,
    ClosedReference,
    HeldToken,
    Till,
    TillKind,
    Trust,
)

__all__ = [
    "JOINABLE",
    "LIVE_ORDERS",
    "LIVE_REVERSALS",
    "LIVE_STATES",
    "TRUSTED",
    "TRUSTED_UP_TO_CENTS",
    "AccountBalance",
    "Allocation",
    "BalanceGap",
    "ClosedReference",
    "Correction",
    "Erasure",
    "ErasureItem",
    "ErasureRequest",
    "HeldToken",
    "InboundMessage",
    "InboundState",
    "InitiatorOrder",
    "ItemState",
    "OrderKind",
    "OrderState",
    "Origin",
    "Payer",
    "Payment",
    "PaymentRequest",
    "PullRun",
    "PullVerdict",
    "Purpose",
    "Release",
    "RequestState",
    "Reversal",
    "ReversalState",
    "Sighting",
    "Source",
    "StatementRow",
    "StatementUpload",
    "Stray",
    "TiedDay",
    "Till",
    "TillKind",
    "Trust",
    "UploadState",
]
