"""Reads of what is unpaid: what customers owe, what suppliers are owed, and since when. Cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from money.models import Business
from shops.models import Customer, Method, Purchase, Supplier, Tender
from shops.queries.customers import debtors_of


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A name, the cents that are open, and the day of the oldest part of them."""

    name: str
    cents: int
    since: date


def owed_by_customers(business: Business) -> list[Unpaid]:
    """Return what each customer owes, the oldest first; what is paid pays the oldest part first."""
    found = []
    debtors: Iterable[Any] = debtors_of(business)
    for customer in debtors:
        sold = _credit_of(customer).values_list("taken_at", "amount_cents")
        days = ((timezone.localdate(at), cents) for at, cents in sold.iterator(chunk_size=50))
        if since := oldest_open(customer.debt_cents, days):
            found.append(Unpaid(customer.name, customer.debt_cents, since))
    return sorted(found, key=lambda one: (one.since, one.name))


def owed_to_suppliers(business: Business) -> list[Unpaid]:
    """Return what each supplier is owed, the oldest first."""
    found = []
    for supplier in Supplier.objects.filter(business=business, owed_cents__gt=0):
        bought = Purchase.objects.filter(supplier=supplier, paid_from="", cash_payment=None)
        rows = bought.order_by("-bought_on", "-pk").values_list("bought_on", "total_cents")
        if since := oldest_open(supplier.owed_cents, rows.iterator(chunk_size=50)):
            found.append(Unpaid(supplier.name, supplier.owed_cents, since))
    return sorted(found, key=lambda one: (one.since, one.name))


def oldest_open(owed_cents: int, newest_first: Iterable[tuple[date, int]]) -> date | None:
    """Return the day of the oldest part of `owed_cents`, from (day, cents) of what made it.

    What was paid has paid the oldest first, so what is open is the newest. None where nothing is.
    """
    since = None
    for day, cents in newest_first:
        since, owed_cents = day, owed_cents - cents
        if owed_cents <= 0:
            break
    return since


def _credit_of(customer: Customer) -> QuerySet[Tender]:
    rows = customer.tenders.filter(method=Method.CREDIT, taken_back_at=None)
    return rows.order_by("-taken_at", "-pk")
