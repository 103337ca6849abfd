"""The page of sales that were rung up and not paid: who, when, and what they hold."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from money.models import Business
from shops.queries.parked import parked_of
from shops.views.doors import for_sellers, stored


@for_sellers
@require_GET
def unpaid(request: HttpRequest, business: Business) -> HttpResponse:
    """List open sales, the oldest first; each leads to its own page, to be paid or cancelled."""
    page, rows = parked_of(
        business,
        page=stored(request.GET.get("page", ""))[:10],
        now=timezone.now(),
        after_days=settings.PARKED_SALE_DAYS,
    )
    context = {
        "business": business,
        "page": page,
        "rows": rows,
        "days": settings.PARKED_SALE_DAYS,
        "words": "",
    }
    return render(request, "shops/unpaid.html", context)
