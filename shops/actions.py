"""What a shop does: ring up a sale, take cash or ask for M-Pesa, match payments, cancel."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from money.actions.posting import post
from money.cents import MILLI, divide_half_up, excise_part, format_shillings, whole_shillings
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.models import Business, User
from money.queries import excise_rate_on, is_vat_registered, tax_rates_on
from mpesa.actions.payments import allocate
from mpesa.actions.requests import request_payment, withdraw
from mpesa.models import Payment, PaymentRequest, RequestState, Till
from mpesa.queries import is_being_asked
from shops.cart import BadCart, PricedLine, price_line, totals
from shops.models import Method, Product, ReceiptBook, Sale, SaleLine, SaleState, Tender, Unit

_REFERENCE = re.compile(r"sale:(\d{1,18})")


class NotOpen(Exception):
    """The sale is paid or cancelled already; the message says which."""


class StillAsking(Exception):
    """The customer's phone is being asked; the sale cannot end another way before that ends."""


class TooLittle(Exception):
    """The customer gave less than the sale costs."""


class NoTill(Exception):
    """The business has no M-Pesa till."""


class OtherTotal(Exception):
    """The total is not the one the cashier saw: prices changed since the page was loaded."""

    def __init__(self, total_cents: int) -> None:
        super().__init__(
            f"The total is KES {format_shillings(total_cents)} now. Tell the customer, then pay."
        )


def ring_up(
    *,
    business: Business,
    key: str,
    cart: Mapping[int, int],
    shown_cents: int,
    cashier: User,
    sold_on: date,
    now: datetime,
) -> Sale:
    """Write an open sale from product id -> thousandths, at today's prices and tax rates.

    `shown_cents` is the total that the cashier saw. The same `key` returns the first sale, whatever
    the cart. Raises BadCart or OtherTotal.
    """
    if not cart:
        raise BadCart("The cart is empty. Tap a product first.")
    with transaction.atomic():
        if first := _sale_of_key(key, business):
            return first
        registered = is_vat_registered(business.tax_person, sold_on)
        lines = _priced(business, cart, tax_rates_on(sold_on) if registered else {})
        total, vat = totals(line for _, _, line in lines)
        if total != shown_cents:
            raise OtherTotal(total)
        try:
            with transaction.atomic():
                sale = Sale.objects.create(
                    business=business,
                    key=key,
                    sold_on=sold_on,
                    total_cents=total,
                    vat_cents=vat,
                    is_vat_registered=registered,
                    cashier=cashier,
                    created_at=now,
                )
        except IntegrityError as error:
            # A double click, two sessions at once on PostgreSQL: the other one's sale is the sale.
            if first := _sale_of_key(key, business):
                return first
            raise BadCart("This page was used before. Reload it, then sell again.") from error
        duty = excise_rate_on(business.tax_person, sold_on)
        SaleLine.objects.bulk_create(_sale_line(sale, *line, duty) for line in lines)
    return sale


def _sale_of_key(key: str, business: Business) -> Sale | None:
    return Sale.objects.filter(key=key, business=business).first()


def _priced(
    business: Business, cart: Mapping[int, int], rates_bp: Mapping[str, int]
) -> list[tuple[Product, int, PricedLine]]:
    """Return (product, thousandths, price) per line of the cart, in the order of tapping."""
    products = Product.objects.filter(business=business, is_active=True).in_bulk(list(cart))
    if len(products) != len(cart):
        raise BadCart("A product in the cart is not sold here any more. Take it out, then pay.")
    for product_id, milli in cart.items():
        if products[product_id].unit == Unit.PIECE and milli % MILLI:
            raise BadCart(f"{products[product_id]} is sold whole. Write 1, 2 or 3.")
    return [
        (
            products[product_id],
            milli,
            price_line(
                price_cents=products[product_id].price_cents,
                quantity_milli=milli,
                rate_bp=rates_bp.get(products[product_id].tax_class, 0),
            ),
        )
        for product_id, milli in cart.items()
    ]


def _sale_line(
    sale: Sale, product: Product, milli: int, priced: PricedLine, cents_per_1000_litres: int
) -> SaleLine:
    millilitres = divide_half_up(milli * product.excise_millilitres, MILLI)
    return SaleLine(
        sale=sale,
        product=product,
        name=product.name,
        unit=product.unit,
        quantity_milli=milli,
        price_cents=product.price_cents,
        amount_cents=priced.amount_cents,
        tax_class=product.tax_class,
        rate_bp=priced.rate_bp,
        vat_cents=priced.vat_cents,
        excise_cents=excise_part(millilitres, cents_per_1000_litres),
        sales_account=product.sales_account,
    )


def take_cash(*, sale_id: int, given_cents: int, by: User, now: datetime) -> Sale:
    """Settle an open sale in cash, rounded to the shilling, and post it. Repeats change nothing.

    Raises TooLittle, StillAsking or NotOpen.
    """
    with transaction.atomic():
        sale = _lock(sale_id)
        if sale.state == SaleState.PAID and sale.tenders.filter(method=Method.CASH).exists():
            return sale
        _refuse_ended(sale)
        _refuse_asked(sale, now)
        due = whole_shillings(sale.total_cents)
        if given_cents < due:
            raise TooLittle(f"KES {format_shillings(due)} are due; less was given.")
        tender = Tender.objects.create(
            sale=sale,
            method=Method.CASH,
            amount_cents=sale.total_cents,
            rounding_cents=due - sale.total_cents,
            given_cents=given_cents,
            taken_at=now,
        )
        # An open sale of yesterday is sold, and its cash received, today.
        paid_on = max(sale.sold_on, timezone.localdate(now))
        _complete(sale, paid_on, by, now)
        _post_cash(sale, tender, paid_on, by, now)
    return sale


def ask_mpesa(*, sale_id: int, key: str, phone: str, by: User, now: datetime) -> PaymentRequest:
    """Write a payment request for an open sale; a worker puts it on the phone.

    Raises NotOpen, StillAsking, NoTill, or what `mpesa.actions.requests.request_payment` raises.
    """
    with transaction.atomic():
        sale = _lock(sale_id)
        if first := PaymentRequest.objects.filter(key=key, reference=sale.reference).first():
            return first
        _refuse_ended(sale)
        _refuse_confirmed(sale)
        till = Till.objects.filter(business=sale.business).order_by("pk").first()
        if till is None:
            raise NoTill(f"{sale.business} has no M-Pesa till. Take cash.")
        return request_payment(
            till=till,
            key=key,
            reference=sale.reference,
            account_reference=f"SALE{sale.pk}",
            phone=phone,
            amount_cents=sale.total_cents,
            by=by,
            now=now,
        )


def cancel_sale(*, sale_id: int, by: User, now: datetime) -> Sale:
    """Give up an open sale. A payment that comes later stays in unidentified receipts.

    Raises StillAsking or NotOpen.
    """
    with transaction.atomic():
        sale = _lock(sale_id)
        if sale.state == SaleState.CANCELLED:
            return sale
        _refuse_ended(sale)
        _refuse_asked(sale, now)
        sale.state, sale.ended_at = SaleState.CANCELLED, now
        sale.save(update_fields=["state", "ended_at"])
    return sale


def match_payment(*, payment_id: int, now: datetime) -> bool:
    """Settle the open sale that a payment was asked for; False where there is none to settle.

    Dr receivable Cr sales and VAT for the sale, then Dr unidentified receipts Cr receivable.
    """
    with transaction.atomic():
        payment = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("till__business", "request__created_by")
            .get(pk=payment_id)
        )
        reference = _REFERENCE.fullmatch(payment.request.reference) if payment.request else None
        if reference is None or payment.request is None or payment.allocated_cents:
            return False
        sale = Sale.objects.select_for_update().filter(pk=int(reference[1])).first()
        if (
            sale is None
            or sale.state != SaleState.OPEN
            or sale.total_cents != payment.amount_cents
            or sale.business_id != payment.till.business_id
        ):
            return False
        Tender.objects.create(
            sale=sale,
            method=Method.MPESA,
            amount_cents=payment.amount_cents,
            payment=payment,
            taken_at=now,
        )
        by = payment.request.created_by
        # A payment after midnight is not matched before it was received.
        paid_on = max(sale.sold_on, timezone.localdate(payment.paid_at))
        _complete(sale, paid_on, by, now)
        allocate(
            payment=payment,
            to=[(Code.RECEIVABLE, payment.amount_cents)],
            key=f"match:{payment.receipt}",
            description=f"M-Pesa for receipt {sale.number}",
            source=payment.receipt,
            occurred_on=paid_on,
            posted_at=now,
            actor=by,
        )
    return True


def _lock(sale_id: int) -> Sale:
    rows = Sale.objects.select_for_update(of=("self",)).select_related("business__tax_person")
    return rows.get(pk=sale_id)


def _refuse_ended(sale: Sale) -> None:
    if sale.state != SaleState.OPEN:
        raise NotOpen(f"This sale is {sale.get_state_display().lower()} already.")


def _refuse_asked(sale: Sale, now: datetime) -> None:
    """Withdraw what was not sent yet; refuse where a phone may ring or Safaricom says paid."""
    withdraw(reference=sale.reference, now=now)
    if is_being_asked(sale.reference):
        raise StillAsking("The phone is still being asked. Wait for its answer.")
    _refuse_confirmed(sale)


def _refuse_confirmed(sale: Sale) -> None:
    """Keep a stale page from making the customer pay twice while the receipt is on its way."""
    paid = PaymentRequest.objects.filter(reference=sale.reference, state=RequestState.PAID)
    if paid.exists():
        raise StillAsking("Safaricom says that this is paid. Its receipt comes by itself.")


def _complete(sale: Sale, paid_on: date, by: User, now: datetime) -> None:
    """Give a locked sale its receipt number and post it: Dr receivable, Cr sales, Cr output VAT.

    `paid_on` is the business day that it belongs to in the books.
    """
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
