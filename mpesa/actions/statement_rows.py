"""One row of a statement becomes what it is: a payment, a charge, a sweep, a reversal, a note."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from money.actions.posting import post
from money.cents import format_shillings
from money.chart import Code
from money.drafts import Draft
from mpesa.actions.payments import OtherFacts, PayerFacts, Seen, record_payment
from mpesa.actions.reversals import NotReversible, take_outside_reversal
from mpesa.models import Payment, Reversal, Source, StatementRow, StatementUpload, Till
from mpesa.previews import cents_of, key_of, word_of
from mpesa.statements import Row, RowKind, type_of

# Where the money of a row went, beside the till.
_ACCOUNTS = {RowKind.CHARGE: Code.MPESA_CHARGES, RowKind.TO_BANK: Code.BANK}
_DESCRIPTIONS = {RowKind.CHARGE: "M-Pesa charge", RowKind.TO_BANK: "M-Pesa till to the bank"}
UNKNOWN_ORIGINAL = "The payment that it takes back is not known here."
CAME_BACK = "A reversal that brought money in: look at it on Safaricom's portal."


def take_row(row: Row, upload: StatementUpload, *, now: datetime) -> bool:
    """Keep a row and do what it means, in one transaction; False where it was kept before.

    What contradicts our books is kept with a note and posts nothing. `upload` has its till and
    business.
    """
    with transaction.atomic():
        receipt, kind, sign = key_of(row)
        kept, is_new = StatementRow.objects.get_or_create(
            till=upload.till,
            receipt=receipt,
            kind=kind,
            sign=sign,
            defaults={
                "upload": upload,
                "amount_cents": cents_of(row),
                "balance_cents": row.balance_cents,
                "at": row.completed_at,
                "linked_receipt": row.linked_receipt,
                "note": _note_of(row),
            },
        )
        if not is_new:
            _note_twin(kept, row)
            return False
        _post(kept, row, upload.till, now)
    return True


def _note_of(row: Row) -> str:
    """Return the type of a row that posts nothing; its party stays in the file."""
    is_noted = row.kind in {RowKind.OTHER, RowKind.SWEEP_INTERNAL}
    return (type_of(row.details) or row.reason_type)[:200] if is_noted else ""


def _note_twin(kept: StatementRow, row: Row) -> None:
    """Note where two rows have one key and two amounts: the second one is not posted."""
    if kept.amount_cents != cents_of(row):
        shillings = format_shillings(cents_of(row))
        _save(kept, note=f"Another row of this receipt says KES {shillings}: look at both.")


def _post(kept: StatementRow, row: Row, till: Till, now: datetime) -> None:
    if row.kind is RowKind.PAYMENT:
        _take_payment(kept, row, till, now)
    elif row.kind is RowKind.REVERSAL:
        _take_reversal(kept, till, now)
    elif row.kind in _ACCOUNTS:
        key = f"statement:{till.number}:{row.receipt}:{word_of(row.kind)}:{row.sign}"
        _save(kept, posted_key=key)
        draft = Draft(
            business=till.business,
            key=key,
            occurred_on=timezone.localdate(row.completed_at),
            description=_DESCRIPTIONS[row.kind],
            source=row.receipt,
            lines=[(_ACCOUNTS[row.kind], -row.net_cents), (Code.MPESA_TILL, row.net_cents)],
        )
        post(draft, posted_at=now)


def _take_payment(kept: StatementRow, row: Row, till: Till, now: datetime) -> None:
    seen = Seen(
        source=Source.STATEMENT,
        till=till,
        receipt=row.receipt,
        amount_cents=row.paid_in_cents,
        paid_at=row.completed_at,
        # The mask of a phone is another one than that of a confirmation, and would hide its key.
        payer=PayerFacts(
            name=row.other_party.partition(" - ")[2].strip(),
            account_reference=row.account_reference,
        ),
    )
    try:
        record_payment(seen, recorded_at=now)
    except OtherFacts as contradiction:
        _save(kept, note=str(contradiction))
    else:
        _save(kept, posted_key=f"mpesa:{row.receipt}")


def _take_reversal(kept: StatementRow, till: Till, now: datetime) -> None:
    """Take money that went back to who paid; what cannot be taken is noted for the owner."""
    if kept.sign > 0:
        _save(kept, note=CAME_BACK)
        return
    original = kept.linked_receipt or kept.receipt
    payment = Payment.objects.filter(till=till, receipt=original).first()
    if payment is None:
        _save(kept, note=UNKNOWN_ORIGINAL)
        return
    try:
        reversal = take_outside_reversal(
            payment_id=payment.pk,
            receipt=kept.receipt,
            amount_cents=kept.amount_cents,
            reason="Reversed by Safaricom, says the statement.",
            now=now,
        )
    except NotReversible as refusal:
        _save(kept, note=str(refusal))
        return
    reversal = reversal or Reversal.objects.get(receipt=kept.receipt)
    _save(kept, posted_key=f"reversal:{reversal.pk}", note="")


def take_left_reversals(*, till: Till, now: datetime) -> int:
    """Try again what reversals could not be taken: their payment may have come since.

    Returns how many were taken.
    """
    left = StatementRow.objects.filter(
        till=till, kind=word_of(RowKind.REVERSAL), sign=-1, posted_key=""
    )
    taken = 0
    for row_id in list(left.order_by("at", "pk").values_list("pk", flat=True)):
        with transaction.atomic():
            kept = left.select_for_update(of=("self",)).filter(pk=row_id).first()
            if kept:
                _take_reversal(kept, till, now)
                taken += bool(kept.posted_key)
    return taken


def _save(kept: StatementRow, *, posted_key: str = "", note: str | None = None) -> None:
    before = kept.posted_key, kept.note
    kept.posted_key = posted_key or kept.posted_key
    kept.note = kept.note if note is None else note[:200]
    if (kept.posted_key, kept.note) != before:
        kept.save(update_fields=["posted_key", "note"])
