"""One row of each kind that the rail keeps, written as plain rows: no action, no posting."""

from datetime import timedelta
from typing import Any

from mpesa.models import (
    AccountBalance,
    Allocation,
    BalanceGap,
    ClosedReference,
    Correction,
    InboundMessage,
    InitiatorOrder,
    OrderKind,
    OrderState,
    Origin,
    Payer,
    Payment,
    PullRun,
    PullVerdict,
    Purpose,
    Release,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    StatementRow,
    StatementUpload,
    TiedDay,
    Till,
    UploadState,
)
from tests.make import NOW, TODAY, a_user

RECEIPT = "UKM5A1B2C3"


def a_row_of_each(till: Till, *, receipt: str = RECEIPT, letter: str = "a") -> dict[Any, Any]:
    """Write a row of each model, about one payment of `till`; return them by their model.

    `letter` fills the columns that must differ between two sets of rows.
    """
    digest = letter * 64
    owner, cashier = a_user("amina"), a_user("baraka")
    message = InboundMessage.objects.create(
        channel="mpesa.confirmation",
        till=till,
        body=b"{}",
        sha256=digest,
        received_at=NOW,
        receipt=receipt,
    )
    money: dict[str, Any] = {"till": till, "receipt": receipt, "amount_cents": 18_000}
    payment = Payment.objects.create(**money, paid_at=NOW, recorded_at=NOW, message=message)
    seen: dict[str, Any] = {**money, "paid_at": NOW, "message": message, "seen_at": NOW}
    sighting = Sighting.objects.create(**seen, source=Source.CONFIRMATION)
    order = InitiatorOrder.objects.create(
        **money,
        kind=OrderKind.REVERSAL,
        key=f"order:{letter}",
        token_digest=digest,
        by=owner,
        created_at=NOW,
    )
    upload = StatementUpload.objects.create(
        till=till,
        name="statement.csv",
        sha256=digest,
        content=b"Receipt No",
        state=UploadState.DONE,
        by=owner,
        at=NOW,
    )
    row = StatementRow.objects.create(
        **money,
        upload=upload,
        kind="payment",
        sign=1,
        at=NOW,
        linked_receipt="UKM0000001",
        posted_key=f"statement:{letter}",
    )
    rows: list[Any] = [
        message,
        payment,
        sighting,
        order,
        upload,
        Release.objects.create(message=message, by=owner, at=NOW, reason="Safaricom was called."),
        Payer.objects.create(payment=payment, key=digest, phone="2547…101", name="WANJIKU"),
        Allocation.objects.create(
            payment=payment,
            key=f"match:{letter}",
            purpose=Purpose.SALE,
            reference="sale:1",
            account_code="1200",
            amount_cents=18_000,
            by=cashier,
            at=NOW,
        ),
        Reversal.objects.create(
            payment=payment,
            origin=Origin.OURS,
            amount_cents=18_000,
            state=ReversalState.APPROVED,
            receipt=f"{receipt}R",
            reason="Paid twice.",
            order=order,
            proposed_by=cashier,
            proposed_at=NOW,
            approved_by=owner,
            approved_at=NOW + timedelta(minutes=1),
        ),
        row,
        PullRun.objects.create(
            till=till,
            since=NOW - timedelta(hours=2),
            until=NOW,
            at=NOW,
            verdict=PullVerdict.FOUND,
        ),
        BalanceGap.objects.create(after=sighting, before=sighting, missing_cents=500, found_at=NOW),
        Correction.objects.create(
            payment=payment,
            row=row,
            before_cents=18_000,
            amount_cents=19_000,
            reason="Seen on the portal.",
            by=owner,
            at=NOW,
        ),
        AccountBalance.objects.create(
            till=till, order=order, account="Utility Account", balance_cents=4_825_050, at=NOW
        ),
        TiedDay.objects.create(till=till, day=TODAY),
        ClosedReference.objects.create(
            till=till, reference="A12", reason="Left the estate.", by=owner, at=NOW
        ),
    ]
    return {type(row): row for row in rows}


def done(rows: dict[Any, Any]) -> None:
    """End the order and the reversal of these rows."""
    InitiatorOrder.objects.filter(pk=rows[InitiatorOrder].pk).update(
        state=OrderState.DONE, result_code="0", result_text="Accepted.", ended_at=NOW
    )
    Reversal.objects.filter(pk=rows[Reversal].pk).update(state=ReversalState.DONE, ended_at=NOW)
