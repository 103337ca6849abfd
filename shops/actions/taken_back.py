"""What a refund still has to send, where the payment itself was taken back: it need not be sent.

The customer has that money already, by Safaricom's reversal, or never paid it here. So what is due
to him stands against what the sale owes again.
"""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import User
from mpesa.models import Reversal
from shops.models import Method, RefundTender, Sale
from shops.queries.sales import owed_cents


def keep_refunds_due(sale: Sale, *, by: User | None, now: datetime) -> None:
    """Take what a locked sale owes off its refunds that are due: Dr refunds due Cr receivable.

    One that was sent by that very reversal was noted as a payment out, which it was not: Dr till
    Cr receivable. Call it as the last step.
    """
    owed = owed_cents(sale)
    rows = RefundTender.objects.select_for_update(of=("self",)).select_related("refund")
    mine = rows.filter(refund__sale=sale, method=Method.MPESA, reversed_cents__lt=F("amount_cents"))
    for tender in mine.order_by("pk"):
        is_twice = bool(tender.mpesa_receipt) and _is_reversal_of(sale, tender.mpesa_receipt)
        left = tender.amount_cents - tender.reversed_cents if is_twice else tender.due_cents
        if cents := min(owed, left):
            owed -= cents
            tender.reversed_cents += cents
            tender.save(update_fields=["reversed_cents"])
            _post_kept(tender, Code.MPESA_TILL if is_twice else Code.REFUNDS_DUE, cents, by, now)


def _is_reversal_of(sale: Sale, receipt: str) -> bool:
    return Reversal.objects.filter(receipt=receipt, payment__tenders__sale=sale).exists()


def _post_kept(
    tender: RefundTender, account: Code, cents: int, by: User | None, now: datetime
) -> None:
    draft = Draft(
        business=tender.refund.business,
        key=f"refundback:{tender.pk}:{tender.reversed_cents}",
        occurred_on=timezone.localdate(now),
        description=f"Payment taken back, so not sent: credit note {tender.refund.number}",
        source=f"credit note {tender.refund.number}",
        actor=by,
        lines=[(account, cents), (Code.RECEIVABLE, -cents)],
    )
    post(draft, posted_at=now)
