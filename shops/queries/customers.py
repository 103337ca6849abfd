"""Reads of customers: what each owes. Cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from money.models import Business
from mpesa.models import Allocation, Purpose
from shops.models import Customer, CustomerPayment, Method, RefundTender, Tender

MOST = 200
MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a debt: cents that it grew by, or shrank, and what to look at."""

    at: datetime
    what: str
    cents: int
    sale_id: int | None = None
    refund_number: int | None = None


def debt_cents(customer: Customer) -> int:
    """Return what a customer owes: sold on credit, less what came back and what was paid of it."""
    found: Any = with_debts(Customer.objects.filter(pk=customer.pk)).get()
    return int(found.debt_cents)


def debts_of(customer_ids: Iterable[int]) -> dict[int, int]:
    """Return customer id -> what each owes, in cents."""
    rows: QuerySet[Any] = with_debts(Customer.objects.filter(pk__in=list(customer_ids)))
    return dict(rows.values_list("pk", "debt_cents"))


def with_debts(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Return the customers, each with `debt_cents`, by subqueries: one statement for all.

    A part on credit of a sale that is not finished counts as well: it may not be given twice.
    """
    mine = {"customer": OuterRef("pk")}
    sold = Tender.objects.filter(**mine, method=Method.CREDIT, taken_back_at=None)
    paid = CustomerPayment.objects.filter(**mine)
    back = RefundTender.objects.filter(**mine)
    by_mpesa = Allocation.objects.filter(
        purpose=Purpose.DEBT,
        undone_at=None,
        reference=Concat(Value("customer:"), Cast(OuterRef("pk"), CharField())),
    )
    return rows.annotate(
        debt_cents=_sum(sold) - _sum(paid) - _sum(back) - _sum(by_mpesa, "reference")
    )


def customers_of(business: Business, words: str = "") -> QuerySet[Customer]:
    """Return at most MOST active customers whose name or phone holds every word, with debts."""
    rows = Customer.objects.filter(business=business, is_active=True)
    for word in words.split()[:5]:
        found = Q(name__icontains=word)
        if word.lstrip("+").isdigit():
            # People write 07…, we keep 2547….
            found |= Q(phone__contains=word.lstrip("+").removeprefix("0"))
        rows = rows.filter(found)
    return with_debts(rows).order_by("name")[:MOST]


def debtors_of(business: Business) -> QuerySet[Customer]:
    """Return at most MOST customers who owe something, by name."""
    rows: QuerySet[Any] = with_debts(Customer.objects.filter(business=business))
    return rows.filter(debt_cents__gt=0).order_by("name")[:MOST]


def customer_named(business: Business, name: str) -> Customer | None:
    """Return the customer of this very name, upper and lower case alike."""
    return Customer.objects.filter(business=business, name__iexact=name.strip()).first()


def _sum(rows: QuerySet[Any], by: str = "customer") -> Coalesce:
    sums = rows.order_by().values(by).annotate(cents=Sum("amount_cents")).values("cents")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)


def may_buy_on_credit(business: Business) -> QuerySet[Customer]:
    """Return at most MOST customers who may have more on credit, by name, with debts."""
    rows: QuerySet[Any] = with_debts(Customer.objects.filter(business=business, is_active=True))
    return rows.filter(credit_limit_cents__gt=F("debt_cents")).order_by("name")[:MOST]


def events_of(customer: Customer) -> list[Event]:
    """Return what a customer bought on credit and paid of it, the newest first, MOST_EVENTS."""
    sold = customer.tenders.filter(taken_back_at=None).select_related("sale").order_by("-pk")
    paid = customer.payments.order_by("-pk")
    back = customer.refund_tenders.select_related("refund").order_by("-pk")
    by_mpesa = Allocation.objects.filter(
        purpose=Purpose.DEBT, undone_at=None, reference=customer.reference
    ).select_related("payment")
    events = [
        *(
            Event(one.taken_at, str(one.sale), one.amount_cents, sale_id=one.sale_id)
            for one in sold[:MOST_EVENTS]
        ),
        *(Event(one.at, "Paid in cash", -one.amount_cents) for one in paid[:MOST_EVENTS]),
        *(
            Event(
                one.refund.at,
                str(one.refund),
                -one.amount_cents,
                refund_number=one.refund.number,
            )
            for one in back[:MOST_EVENTS]
        ),
        *(
            Event(one.at, f"M-Pesa {one.payment.receipt}", -one.amount_cents)
            for one in by_mpesa.order_by("-pk")[:MOST_EVENTS]
        ),
    ]
    return sorted(events, key=lambda one: one.at, reverse=True)[:MOST_EVENTS]
