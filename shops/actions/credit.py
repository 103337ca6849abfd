"""Customers who buy on credit: who they are, what they may owe, and what they pay of it."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from money.actions.posting import post
from money.cents import format_shillings
from money.chart import Code
from money.drafts import Draft
from money.models import Business, User
from mpesa.phones import parse_phone
from shops.actions.drawers import USED, session_for_cash
from shops.actions.sale_posting import complete
from shops.actions.settle import (
    day_of,
    is_that_part,
    lock_sale,
    part_of,
    refuse_asked,
    refuse_ended,
    refuse_unseen,
)
from shops.actions.stock import lock_pieces
from shops.models import Customer, CustomerPayment, Method, Sale, Tender
from shops.queries.customers import customer_named, debt_cents
from shops.queries.sales import owed_cents

MOST_NAME = 60
MOST_LIMIT_CENTS = 100_000_000


class CreditRefused(Exception):
    """The customer cannot have that on credit; the message is a sentence for the cashier."""


def add_customer(*, business: Business, name: str, phone: str, by: User, now: datetime) -> Customer:
    """Write a customer down, or return the one of this name. Raises CreditRefused, NotAPhone."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME:
        raise CreditRefused(f"Write the customer's name, in at most {MOST_NAME} letters.")
    number = parse_phone(phone) if phone.strip() else ""
    with transaction.atomic():
        customer = customer_named(business, name)
        if customer is None:
            customer, _ = Customer.objects.get_or_create(
                business=business,
                name=name,
                defaults={"phone": number, "added_by": by, "added_at": now},
            )
        if customer.erased_at:
            raise CreditRefused("Somebody who was erased stands under that name. Write another.")
        if not customer.is_active or (number and customer.phone != number):
            customer.phone, customer.is_active = number or customer.phone, True
            customer.save(update_fields=["phone", "is_active"])
    return customer


def set_credit_limit(*, customer_id: int, business: Business, cents: int) -> Customer:
    """Say how much a customer may owe; 0 is no credit. Raises CreditRefused."""
    if not 0 <= cents <= MOST_LIMIT_CENTS:
        raise CreditRefused("A limit is from nothing to KES 1,000,000.")
    with transaction.atomic():
        customer = _locked(customer_id, business)
        customer.credit_limit_cents = cents
        customer.save(update_fields=["credit_limit_cents"])
    return customer


def sell_on_credit(
    *,
    sale_id: int,
    customer_id: int,
    key: str,
    by: User,
    now: datetime,
    part_cents: int | None = None,
    seen_cents: int | None = None,
) -> Sale:
    """Let a customer owe what is left of a sale, or a part, within his limit.

    The sale is posted with what pays the rest of it; what is owed stays on the receivable. The same
    `key` does it once, and nothing else. `seen_cents` is what the page said was due. Raises
    CreditRefused, BadPart, StillAsking, NotOpen.
    """
    with transaction.atomic():
        sale = lock_sale(sale_id)
        if first := sale.tenders.filter(key=key).first():
            is_same = first.customer_id == customer_id and is_that_part(first, part_cents, sale)
            if not is_same:
                raise CreditRefused(USED)
            return sale
        refuse_ended(sale)
        refuse_asked(sale, now)
        lock_pieces(sale)
        customer = _locked(customer_id, sale.business)
        owed = owed_cents(sale)
        refuse_unseen(seen_cents, owed)
        part = part_of(part_cents, owed)
        free = customer.credit_limit_cents - debt_cents(customer)
        if part > free:
            raise CreditRefused(
                f"{customer} may have KES {format_shillings(max(free, 0))} more on credit."
            )
        Tender.objects.create(
            sale=sale,
            key=key,
            method=Method.CREDIT,
            amount_cents=part,
            customer=customer,
            taken_at=now,
        )
        if part == owed:
            complete(sale, day_of(sale, timezone.localdate(now)), by, now)
    return sale


def receive_from_customer(
    *,
    customer_id: int,
    business: Business,
    key: str,
    cents: int,
    by: User,
    now: datetime,
    drawer_id: int | None = None,
) -> CustomerPayment:
    """Take cash of what a customer owes, in whole shillings: Dr drawer Cr receivable.

    The same `key` and cents take once. Raises CreditRefused, NoSession.
    """
    with transaction.atomic():
        customer = _locked(customer_id, business)
        if first := CustomerPayment.objects.filter(key=key, customer=customer).first():
            if first.amount_cents != cents:
                raise CreditRefused(USED)
            return first
        session = session_for_cash(business, drawer_id)
        debt = debt_cents(customer)
        # What is below a shilling of a debt is paid by the whole one.
        if cents % 100 or not 0 < cents < debt + 100:
            raise CreditRefused(
                f"{customer} owes KES {format_shillings(debt)}. Write that much or less, in whole"
                " shillings."
            )
        payment = CustomerPayment.objects.create(
            customer=customer, key=key, session=session, amount_cents=cents, by=by, at=now
        )
        draft = Draft(
            business=business,
            key=f"custpay:{payment.pk}",
            occurred_on=session.day,
            description="Cash from a customer, of what is owed",
            source=f"customer {customer.pk}",
            actor=by,
            lines=[(session.drawer.account_code, cents), (Code.RECEIVABLE, -cents)],
        )
        post(draft, posted_at=now)
    return payment


def _locked(customer_id: int, business: Business) -> Customer:
    rows = Customer.objects.select_for_update()
    customer = rows.filter(pk=customer_id, business=business, is_active=True).first()
    if customer is None:
        raise CreditRefused("Choose the customer, or write a new one down first.")
    return customer
