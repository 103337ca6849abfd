"""The rail in the admin: nearly all of it may only be looked at; phones stay masked.

`tills` is what an owner sets, `inbound` what arrived and its release from quarantine, `payments`
what came in and where it went, `nets` what we asked Safaricom and what reconciliation found.
"""

from mpesa.admin.inbound import ErasureAdmin, InboundMessageAdmin, StrayAdmin
from mpesa.admin.nets import (
    BalanceGapAdmin,
    InitiatorOrderAdmin,
    PullRunAdmin,
    ReversalAdmin,
    StatementRowAdmin,
    StatementUploadAdmin,
    TiedDayAdmin,
)
from mpesa.admin.payments import PaymentAdmin, PaymentRequestAdmin
from mpesa.admin.tills import ClosedReferenceAdmin, TillAdmin

__all__ = [
    "BalanceGapAdmin",
    "ClosedReferenceAdmin",
    "ErasureAdmin",
    "InboundMessageAdmin",
    "InitiatorOrderAdmin",
    "PaymentAdmin",
    "PaymentRequestAdmin",
    "PullRunAdmin",
    "ReversalAdmin",
    "StatementRowAdmin",
    "StatementUploadAdmin",
    "StrayAdmin",
    "TiedDayAdmin",
    "TillAdmin",
]
