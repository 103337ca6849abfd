"""The receipt: looked at, or printed and counted. An edge calls one action."""

import uuid
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.models import Business
from shops.actions.prints import NoReceipt, record_print
from shops.models import ReceiptPrint, Sale
from shops.queries import sales as queries
from shops.views.doors import fields_of, for_sellers, user_of
from shops.views.paper import on_paper
from shops.views.sale import sale_of, show_sale

# The address of a print is its paper for so long. After that it only shows the sale: what would be
# printed from it is no second original.
PRINTS_FOR = timedelta(minutes=5)


@for_sellers
@require_GET
def receipt(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Show the receipt of a paid sale; on paper it says that it is not the receipt."""
    sale = sale_of(business, sale_id)
    if sale.number is None:
        return redirect("shops:sale", business.slug, sale.pk)
    return _slip(request, sale, None)


@for_sellers
@require_POST
def print_receipt(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Count a print, and go to its paper."""
    sale = sale_of(business, sale_id)
    # Named apart from what a press that sells and prints has: that one is never taken before it.
    key = f"page-{fields_of(request).get('key', '')[:50] or uuid.uuid4().hex}"
    try:
        made = record_print(sale_id=sale.pk, key=key, by=user_of(request), at=timezone.now())
    except NoReceipt as refusal:
        return show_sale(request, sale, refusal)
    return redirect("shops:printed", business.slug, sale.pk, made.number)


@for_sellers
@require_GET
def printed(request: HttpRequest, business: Business, sale_id: int, number: int) -> HttpResponse:
    """Show the paper of one print, which a browser with JavaScript prints by itself."""
    sale = sale_of(business, sale_id)
    since = timezone.now() - PRINTS_FOR
    made = sale.prints.filter(number=number, at__gt=since).order_by("-number").first()
    if made is None or sale.prints.filter(number__gt=number).exists():
        return redirect("shops:receipt", business.slug, sale.pk)
    return _slip(request, sale, made)


def _slip(request: HttpRequest, sale: Sale, made: ReceiptPrint | None) -> HttpResponse:
    lines = list(sale.lines.order_by("pk"))
    tenders = sale.tenders.filter(taken_back_at=None).select_related("payment", "customer")
    context = {
        "sale": sale,
        "business": sale.business,
        "lines": lines,
        "tenders": list(tenders.order_by("pk")),
        "vat_rows": queries.vat_rows(lines) if sale.is_vat_registered else [],
        "print": made,
        "was_printed": made is not None or sale.prints.exists(),
        "key": uuid.uuid4().hex,
    }
    return on_paper(request, "shops/receipt.html", context)
