"""Reads of parked sales: rung up, not paid, and holding what they were rung up for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from money.models import Business
from shops.models import Sale, SaleState, Tender

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Parked:
    """An open sale, the cents that were paid of it, and whether it waits for a person."""

    sale: Sale
    paid_cents: int
    is_flagged: bool


def parked_of(
    business: Business, *, page: str, now: datetime, after_days: int
) -> "tuple[Page[Sale], list[Parked]]":
    """Return a page of open sales, the oldest first, each with what was paid of it."""
    rows = Sale.objects.filter(business=business, state=SaleState.OPEN)
    rows = rows.select_related("cashier").order_by("created_at", "pk")
    found = Paginator(rows, PER_PAGE).get_page(page)
    live = Tender.objects.filter(sale__in=[sale.pk for sale in found], taken_back_at=None)
    paid = dict(live.order_by().values_list("sale").annotate(cents=Sum("amount_cents")))
    limit = now - timedelta(days=after_days)
    return found, [
        Parked(sale, paid.get(sale.pk, 0), sale.pk in paid and sale.created_at < limit)
        for sale in found
    ]


def forgotten(now: datetime, after_days: int) -> QuerySet[Sale]:
    """Return open sales that were rung up `after_days` ago or earlier, the oldest first."""
    limit = now - timedelta(days=after_days)
    return Sale.objects.filter(state=SaleState.OPEN, created_at__lt=limit).order_by("pk")


def flagged(businesses: Iterable[Business], now: datetime, after_days: int) -> dict[int, int]:
    """Return business id -> how many forgotten sales were paid in part: a person ends them."""
    live = Tender.objects.filter(sale=OuterRef("pk"), taken_back_at=None)
    rows = forgotten(now, after_days).filter(Q(Exists(live)), business__in=businesses)
    return dict(rows.order_by().values_list("business").annotate(count=Count("pk")))
