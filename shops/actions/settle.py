"""How a sale is settled: by cash, by the payment that was asked for, or not at all.

Money that was taken back opens it again: it keeps its receipt and its entry, and is owed anew.
"""

import re
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from money.cents import format_shillings, whole_shillings
from money.chart import Code
from money.models import User
from mpesa.actions.allocations import Match, allocate, locked_payment
from mpesa.actions.guesses import join_request
from mpesa.actions.requests import request_payment, withdraw
from mpesa.models import Allocation, Payment, PaymentRequest, Purpose, Till
from mpesa.queries import is_being_asked, payments_that_fit, requests_that_fit, was_touched
from shops.actions.drawers import USED, session_for_cash
from shops.actions.sale_posting import complete, name_of, post_cash
from shops.actions.stock import lock_pieces
from shops.actions.taken_back import keep_refunds_due
from shops.models import OWING, Method, Sale, SaleState, Tender
from shops.queries.sales import awaited_payments, owed_cents

_REFERENCE = re.compile(r"sale:(\d{1,18})")


class NotOpen(Exception):
    """The sale is paid or cancelled already; the message says which."""


class StillAsking(Exception):
    """The customer's phone is being asked; the sale cannot end another way before that ends."""


class TooLittle(Exception):
    """The customer gave less than the sale costs."""


class BadPart(Exception):
    """A part of what is due is no part of it."""


class NoTill(Exception):
    """The business has no M-Pesa till."""


def take_cash(
    *,
    sale_id: int,
    given_cents: int,
    by: User,
    now: datetime,
    drawer_id: int | None = None,
    part_cents: int | None = None,
    seen_cents: int | None = None,
    key: str = "",
) -> Sale:
    """Settle an open or owed sale in cash, rounded to the shilling, or `part_cents` of it.

    The cash goes into the cashier's drawer, or the only open one. The sale is posted with what pays
    the rest of it. The same `key` takes one part once, and none where the sale was paid in cash
    before. The page said `seen_cents`. Raises TooLittle, BadPart, StillAsking, NotOpen, NoSession.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if key and (first := sale.tenders.filter(key=key).first()):
            if not is_that_part(first, part_cents, sale):
                raise BadPart(USED)
            return sale
        is_taken = sale.tenders.filter(method=Method.CASH).exists()
        if not key and sale.state == SaleState.PAID and is_taken:
            return sale
        refuse_ended(sale)
        refuse_asked(sale, now)
        lock_pieces(sale)
        session = session_for_cash(sale.business, drawer_id)
        due = _due_in_cash(owed := owed_cents(sale), seen_cents)
        part = part_of(part_cents, due)
        if given_cents < part:
            raise TooLittle(f"KES {format_shillings(part)} are due; less was given.")
        tender = Tender.objects.create(
            sale=sale,
            key=key,
            method=Method.CASH,
            amount_cents=owed if part == due else part,
            rounding_cents=due - owed if part == due else 0,
            given_cents=given_cents,
            session=session,
            taken_at=now,
        )
        # An open sale of yesterday is sold, and its cash received, on the day of this session.
        paid_on = max(sale.sold_on, session.day)
        if part == due:
            complete(sale, paid_on, by, now)
        post_cash(tender, paid_on, by, now)
    return sale


def _due_in_cash(owed_cents: int, seen_cents: int | None) -> int:
    """Return what is owed in whole shillings. Raises BadPart: no coin pays it, or another sum."""
    refuse_unseen(seen_cents, owed_cents)
    if not (due := whole_shillings(owed_cents)):
        raise BadPart(f"No coin pays KES {format_shillings(owed_cents)}. Sell more of it at once.")
    return due


def part_of(part_cents: int | None, due_cents: int) -> int:
    """Return the cents that are to be paid now: all that is due, or a part in whole shillings."""
    if part_cents is None or part_cents == due_cents:
        return due_cents
    if not 0 < part_cents < due_cents or part_cents % 100:
        raise BadPart(
            f"A part is in whole shillings, more than nothing and less than the"
            f" KES {format_shillings(due_cents)} that are due."
        )
    return part_cents


def refuse_unseen(seen_cents: int | None, owed_cents: int) -> None:
    """Raise BadPart where a page said that another sum is due: a part came or went meanwhile."""
    due = whole_shillings(owed_cents)
    if seen_cents not in {None, due}:
        raise BadPart(f"KES {format_shillings(due)} are due now. Tell the customer, then pay.")


def is_that_part(first: Tender, part_cents: int | None, sale: Sale) -> bool:
    """Tell whether a form that made `first` asks for the same again: that part, or all there was.

    Where something is owed still, it was not all.
    """
    paid_cents = first.amount_cents + first.rounding_cents
    return sale.state not in OWING if part_cents is None else part_cents == paid_cents


def ask_mpesa(
    *,
    sale_id: int,
    key: str,
    phone: str,
    by: User,
    now: datetime,
    part_cents: int | None = None,
) -> PaymentRequest:
    """Write a payment request for what a sale owes, or a part; a worker puts it on the phone.

    The same `key` asks once. Raises NotOpen, StillAsking, BadPart (also where the key asked another
    phone, or for another part), NoTill, or what `mpesa.actions.requests.request_payment` raises.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if first := PaymentRequest.objects.filter(key=key, reference=sale.reference).first():
            if not _is_that_request(first, phone, part_cents, sale):
                raise BadPart(USED)
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
            amount_cents=part_of(part_cents, owed_cents(sale)),
            by=by,
            now=now,
        )


def _is_that_request(first: PaymentRequest, phone: str, part_cents: int | None, sale: Sale) -> bool:
    """Tell whether a form that made `first` asks for the same again; a phone may be erased since.

    Where something else is owed still, it was not all.
    """
    if first.phone not in {"", phone}:
        return False
    if part_cents is not None:
        return first.amount_cents == part_cents
    return sale.state not in OWING or first.amount_cents == owed_cents(sale)


def match_payment(*, payment_id: int, now: datetime) -> bool:
    """Settle the sale that a payment was asked for; False where there is none to settle.

    A payment that came without its prompt's answer is joined to the one prompt that it fits. What
    was matched before, and taken back, is left to people. Where a part was paid another way while
    the prompt was answered, the rest of the payment stays in the inbox, to be given back.
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
            or not payment.request.amount_cents == payment.paid_cents == payment.left_cents
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

    Dr receivable Cr sales and VAT where that pays all of it, then Dr unidentified receipts Cr
    receivable. A payment of less leaves the rest owed.
    """
    owed = owed_cents(sale)
    cents = min(owed, payment.left_cents)
    Tender.objects.create(
        sale=sale, method=Method.MPESA, amount_cents=cents, payment=payment, taken_at=now
    )
    # A payment after midnight is not matched before it was received.
    paid_on = max(sale.sold_on, timezone.localdate(payment.paid_at))
    if cents == owed:
        complete(sale, day_of(sale, paid_on), by, now)
    match = Match(
        key=key,
        purpose=Purpose.SALE,
        reference=sale.reference,
        account_code=Code.RECEIVABLE,
        amount_cents=cents,
        description=f"M-Pesa for {name_of(sale)}",
        is_guess=is_guess,
    )
    allocate(payment, match, occurred_on=paid_on, actor=by, now=now)


def day_of(sale: Sale, day: date) -> date:
    """Return the business day of a sale that is finished on `day`.

    That is the day of its cash session while that is open, midnight or not.
    """
    is_of_this_session = sale.session is not None and sale.session.is_open
    return sale.sold_on if is_of_this_session else max(sale.sold_on, day)


def reopen_sale(*, reference: str, now: datetime, by: User | None = None) -> bool:
    """Open a sale again whose M-Pesa money was taken back; False where there was nothing to do.

    Undoing the match has posted what the customer owes. What a refund of it was still to send is
    set against that, and is all that is posted here.
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
        # One that was paid in part has no receipt yet: it stays open.
        if sale.number is not None:
            if sale.state == SaleState.PAID:
                sale.state = SaleState.OWED
                sale.save(update_fields=["state"])
            keep_refunds_due(sale, by=by, now=now)
            settle_if_nothing_is_owed(sale)
    return True


def settle_if_nothing_is_owed(sale: Sale) -> None:
    """Call a locked sale paid that is owed, where all that it owed came back."""
    if sale.state == SaleState.OWED and not owed_cents(sale):
        sale.state = SaleState.PAID
        sale.save(update_fields=["state"])


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


def refuse_asked(sale: Sale, now: datetime) -> None:
    """Withdraw what was not sent; raise StillAsking where money may be on its way."""
    refuse_ringing(sale, now)
    _refuse_confirmed(sale)


def _refuse_confirmed(sale: Sale) -> None:
    """Keep a stale page from making the customer pay twice while the receipt is on its way."""
    if awaited_payments(sale).exists():
        raise StillAsking("Safaricom says that this is paid. Its receipt comes by itself.")
