"""How a sale is settled: by cash, by the payment that was asked for, or not at all.

Money that was taken back opens it again: it keeps its receipt and its entry, and is owed anew.
"""

import re
from collections import defaultdict
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from money.actions.posting import post
from money.cents import format_shillings, whole_shillings
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.models import User
from mpesa.actions.allocations import Match, allocate, locked_payment
from mpesa.actions.guesses import join_request
from mpesa.actions.requests import request_payment, withdraw
from mpesa.models import Allocation, Payment, PaymentRequest, Purpose, Till
from mpesa.queries import is_being_asked, payments_that_fit, requests_that_fit, was_touched
from shops.models import OWING, Method, ReceiptBook, Sale, SaleState, Tender
from shops.queries.sales import awaited_payments, owed_cents

_REFERENCE = re.compile(r"sale:(\d{1,18})")


class NotOpen(Exception):
    """The sale is paid or cancelled already; the message says which."""


class StillAsking(Exception):
    """The customer's phone is being asked; the sale cannot end another way before that ends."""


class TooLittle(Exception):
    """The customer gave less than the sale costs."""


class NoTill(Exception):
    """The business has no M-Pesa till."""


def take_cash(*, sale_id: int, given_cents: int, by: User, now: datetime) -> Sale:
    """Settle an open or owed sale in cash, rounded to the shilling. Repeats change nothing.

    An open sale is posted with it. Raises TooLittle, StillAsking or NotOpen.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if sale.state == SaleState.PAID and sale.tenders.filter(method=Method.CASH).exists():
            return sale
        refuse_ended(sale)
        _refuse_asked(sale, now)
        owed = owed_cents(sale)
        due = whole_shillings(owed)
        if given_cents < due:
            raise TooLittle(f"KES {format_shillings(due)} are due; less was given.")
        tender = Tender.objects.create(
            sale=sale,
            method=Method.CASH,
            amount_cents=owed,
            rounding_cents=due - owed,
            given_cents=given_cents,
            taken_at=now,
        )
        # An open sale of yesterday is sold, and its cash received, today.
        paid_on = max(sale.sold_on, timezone.localdate(now))
        _complete(sale, paid_on, by, now)
        _post_cash(sale, tender, paid_on, by, now)
    return sale


def ask_mpesa(*, sale_id: int, key: str, phone: str, by: User, now: datetime) -> PaymentRequest:
    """Write a payment request for what a sale owes; a worker puts it on the phone.

    Raises NotOpen, StillAsking, NoTill, or what `mpesa.actions.requests.request_payment` raises.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if first := PaymentRequest.objects.filter(key=key, reference=sale.reference).first():
            return first
        refuse_ended(sale)
        _refuse_confirmed(sale)
        till = Till.objects.filter(business=sale.business).order_by("pk").first()
        if till is None:
            raise NoTill(f"{sale.business} has no M-Pesa till. Take cash.")
        return request_payment(
            till=till,
            key=key,
            reference=sale.reference,
            account_reference=sale.account_reference,
            phone=phone,
            amount_cents=owed_cents(sale),
            by=by,
            now=now,
        )


def cancel_sale(*, sale_id: int, by: User, now: datetime) -> Sale:
    """Give up an open sale. A payment that comes later stays in unidentified receipts.

    Raises StillAsking or NotOpen, an owed sale included.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if sale.state == SaleState.CANCELLED:
            return sale
        if sale.state == SaleState.OWED:
            raise NotOpen("This sale has its receipt: it is owed until it is paid.")
        refuse_ended(sale)
        _refuse_asked(sale, now)
        sale.state, sale.ended_at = SaleState.CANCELLED, now
        sale.save(update_fields=["state", "ended_at"])
    return sale


def match_payment(*, payment_id: int, now: datetime) -> bool:
    """Settle the sale that a payment was asked for; False where there is none to settle.

    A payment that came without its prompt's answer is joined to the one prompt that it fits. What
    was matched before, and taken back, is left to people.
    """
    with transaction.atomic():
        _join(payment_id, now)
        payment = locked_payment(payment_id)
        reference = _REFERENCE.fullmatch(payment.request.reference) if payment.request else None
        if reference is None or payment.request is None or was_touched(payment):
            return False
        sale = Sale.objects.select_for_update().filter(pk=int(reference[1])).first()
        if (
            sale is None
            or sale.state not in OWING
            or sale.business_id != payment.till.business_id
            or not owed_cents(sale) == payment.paid_cents == payment.left_cents
        ):
            return False
        # A guess that gives way leaves its key behind; the answer of a prompt may follow it.
        how = "guess" if payment.request_is_guess else "match"
        key = f"{how}:{payment.receipt}"
        settle_by(
            sale,
            payment,
            key=key,
            by=payment.request.created_by,
            now=now,
            is_guess=payment.request_is_guess,
        )
    return True


def _join(payment_id: int, now: datetime) -> None:
    """Give a payment that nobody asked for its prompt, where both fit one another and no third."""
    payment = Payment.objects.select_related("till", "payer").filter(pk=payment_id).first()
    if payment is None or payment.request_id:
        return
    requests = requests_that_fit(payment)
    if len(requests) == 1 and payments_that_fit(requests[0]) == [payment]:
        join_request(payment, requests[0], now)


def settle_by(
    sale: Sale,
    payment: Payment,
    *,
    key: str,
    by: User,
    now: datetime,
    is_guess: bool = False,
) -> None:
    """Settle a locked sale by as much of a locked payment as it owes, and post both; do it last.

    Dr receivable Cr sales and VAT where it was open, then Dr unidentified receipts Cr receivable.
    """
    cents = owed_cents(sale)
    Tender.objects.create(
        sale=sale, method=Method.MPESA, amount_cents=cents, payment=payment, taken_at=now
    )
    # A payment after midnight is not matched before it was received.
    paid_on = max(sale.sold_on, timezone.localdate(payment.paid_at))
    _complete(sale, paid_on, by, now)
    match = Match(
        key=key,
        purpose=Purpose.SALE,
        reference=sale.reference,
        account_code=Code.RECEIVABLE,
        amount_cents=cents,
        description=f"M-Pesa for receipt {sale.number}",
        is_guess=is_guess,
    )
    allocate(payment, match, occurred_on=paid_on, actor=by, now=now)


def reopen_sale(*, reference: str, now: datetime) -> bool:
    """Open a sale again whose M-Pesa money was taken back; False where there was nothing to do.

    Undoing the match has posted what the customer owes: nothing is posted here.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return False
    with transaction.atomic():
        sale = Sale.objects.select_for_update().filter(pk=int(found[1])).first()
        if sale is None:
            return False
        matches = Allocation.objects.filter(payment=OuterRef("payment"), reference=reference)
        lost = sale.tenders.filter(
            Exists(matches.filter(undone_at__isnull=False)),
            ~Exists(matches.filter(undone_at=None)),
            taken_back_at=None,
        )
        if not lost.update(taken_back_at=now):
            return False
        sale.state = SaleState.OWED
        sale.save(update_fields=["state"])
    return True


def lock_sale(sale_id: int) -> Sale:
    """Return a sale with its business, locked until the transaction ends."""
    rows = Sale.objects.select_for_update(of=("self",)).select_related("business__tax_person")
    return rows.get(pk=sale_id)


def refuse_ended(sale: Sale) -> None:
    """Raise NotOpen for a sale that owes nothing any more."""
    if sale.state not in OWING:
        raise NotOpen(f"This sale is {sale.get_state_display().lower()} already.")


def refuse_ringing(sale: Sale, now: datetime) -> None:
    """Withdraw what was not sent yet; raise StillAsking where a phone may ring."""
    withdraw(reference=sale.reference, now=now)
    if is_being_asked(sale.reference):
        raise StillAsking("The phone is still being asked. Wait for its answer.")


def _refuse_asked(sale: Sale, now: datetime) -> None:
    refuse_ringing(sale, now)
    _refuse_confirmed(sale)


def _refuse_confirmed(sale: Sale) -> None:
    """Keep a stale page from making the customer pay twice while the receipt is on its way."""
    if awaited_payments(sale).exists():
        raise StillAsking("Safaricom says that this is paid. Its receipt comes by itself.")


def _complete(sale: Sale, paid_on: date, by: User, now: datetime) -> None:
    """Give a locked sale its receipt number and post it: Dr receivable, Cr sales, Cr output VAT.

    One that has both from before is paid again. `paid_on` is its business day in the books.
    """
    if sale.number is not None:
        sale.state = SaleState.PAID
        sale.save(update_fields=["state"])
        return
    ReceiptBook.objects.get_or_create(business=sale.business)
    book = ReceiptBook.objects.select_for_update().get(business=sale.business)
    book.last_number += 1
    book.save(update_fields=["last_number"])
    sale.number, sale.state, sale.ended_at = book.last_number, SaleState.PAID, now
    sale.save(update_fields=["number", "state", "ended_at"])
    draft = Draft(
        business=sale.business,
        key=sale.reference,
        occurred_on=paid_on,
        description=f"Sale, receipt {sale.number}",
        source=f"receipt {sale.number}",
        actor=by,
        lines=_lines_of(sale),
    )
    post(draft, posted_at=now)


def _lines_of(sale: Sale) -> list[DraftLine]:
    """Return Dr receivable, Cr sales and VAT per tax letter, and the excise duty that is owed.

    Letters make the VAT return, so there are none where no VAT may be charged.
    """
    credits_cents: dict[tuple[str, str], int] = defaultdict(int)
    duty = 0
    for line in sale.lines.order_by("pk"):
        letter = line.tax_class if sale.is_vat_registered else ""
        credits_cents[line.sales_account, letter] += line.amount_cents - line.vat_cents
        credits_cents[Code.OUTPUT_VAT, letter] += line.vat_cents
        duty += line.excise_cents
    lines: list[DraftLine] = [(Code.RECEIVABLE, sale.total_cents)]
    lines += [(code, -cents, tax) for (code, tax), cents in credits_cents.items() if cents]
    if duty:
        lines += [(Code.EXCISE, duty), (Code.EXCISE_PAYABLE, -duty)]
    return lines


def _post_cash(sale: Sale, tender: Tender, paid_on: date, by: User, now: datetime) -> None:
    """Dr cash drawer, Cr receivable; what rounding took or gave goes to its own account."""
    lines = [
        (Code.CASH_DRAWER, tender.amount_cents + tender.rounding_cents),
        (Code.RECEIVABLE, -tender.amount_cents),
        (Code.ROUNDING, -tender.rounding_cents),
    ]
    draft = Draft(
        business=sale.business,
        key=f"cash:{tender.pk}",
        occurred_on=paid_on,
        description=f"Cash for receipt {sale.number}",
        source=f"receipt {sale.number}",
        actor=by,
        lines=[(code, cents) for code, cents in lines if cents],
    )
    post(draft, posted_at=now)
