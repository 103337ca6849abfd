"""The staff's pages: counter, sale, receipt. An edge calls one action, answers with a sentence."""

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.cents import NotAnAmount, format_quantity, whole_shillings
from money.models import Business
from mpesa import doorbell
from mpesa.actions.requests import AlreadyAsking, NotAskable, check_soon
from mpesa.phones import NotAPhone, parse_phone
from mpesa.queries import latest_request
from shops.actions.sales import OtherTotal, ring_up
from shops.actions.settle import (
    NoTill,
    NotOpen,
    StillAsking,
    TooLittle,
    ask_mpesa,
    cancel_sale,
    take_cash,
)
from shops.cart import FIELD, BadCart, read_cart
from shops.forms import read_counter, read_given
from shops.models import Sale
from shops.queries import sales as queries
from shops.views.doors import fields_of, for_sellers, stored, user_of

NOTES_SHILLINGS = (50, 100, 200, 500, 1000)
# What an edge may answer with a sentence instead of a success.
REFUSALS = (
    BadCart,
    OtherTotal,
    NotAnAmount,
    NotAPhone,
    NotAskable,
    AlreadyAsking,
    NoTill,
    NotOpen,
    StillAsking,
    TooLittle,
)


@for_sellers
@require_GET
def counter(request: HttpRequest, business: Business) -> HttpResponse:
    """Show the counter, empty; `?q=` searches, and answers the script with the tiles alone."""
    words = stored(request.GET.get("q", ""))[:80]
    if request.headers.get("X-Tiles"):
        products = queries.products_of(business, words)
        return render(request, "shops/_tiles.html", {"products": products})
    return _counter_page(request, business, {}, words=words)


@for_sellers
@require_POST
def sell(request: HttpRequest, business: Business) -> HttpResponse:
    """Ring up the cart and take its payment: cash at once, M-Pesa by asking the phone."""
    fields = fields_of(request)
    if product_id := fields.get("add"):
        return _counter_page(request, business, fields, add=product_id)
    try:
        sale = _sell(request, business, fields)
    except REFUSALS as refusal:
        sale_before = queries.sale_of_key(business, fields.get("key", ""))
        if sale_before is None:
            return _counter_page(request, business, fields, refusal=refusal)
        messages.warning(request, str(refusal))
        sale = sale_before
    return redirect("shops:sale", business.slug, sale.pk)


def _sell(request: HttpRequest, business: Business, fields: Mapping[str, str]) -> Sale:
    """Ring up and pay in one transaction, so that a refusal leaves no half sale."""
    form, now = read_counter(fields), timezone.now()
    cashier = user_of(request)
    phone = parse_phone(fields.get("phone", "")) if fields.get("pay") == "mpesa" else ""
    with transaction.atomic():
        sale = ring_up(
            business=business,
            key=form.key,
            cart=form.cart,
            shown_cents=form.shown_cents,
            cashier=cashier,
            sold_on=timezone.localdate(now),
            now=now,
        )
        if queries.cart_of(sale) != form.cart:
            messages.warning(request, "This cart was sold before, in another tab. Here it is.")
        elif phone:
            ask_mpesa(sale_id=sale.pk, key=form.key, phone=phone, by=cashier, now=now)
            transaction.on_commit(doorbell.payments.press)
        else:
            given = read_given(fields, whole_shillings(sale.total_cents))
            take_cash(sale_id=sale.pk, given_cents=given, by=cashier, now=now)
    return sale


@for_sellers
@require_GET
def sale_page(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Show one sale and where it stands; survives a reload and a change of device."""
    return _sale_page(request, _sale(business, sale_id))


@for_sellers
@require_GET
def sale_state(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Return the part of the sale's page that changes; htmx asks for it while it may.

    204 where nothing has changed since the stage that was `seen`: a form half filled in stays.
    """
    context = _sale_context(_sale(business, sale_id))
    standing = context["standing"]
    if standing.face == request.GET.get("seen") and standing.stage is not queries.Stage.RINGING:
        return HttpResponse(status=204)
    return render(request, "shops/_standing.html", context)


@for_sellers
@require_POST
def sale_cash(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Take cash for a sale that M-Pesa did not settle."""
    sale = _sale(business, sale_id)

    def act() -> None:
        given = read_given(fields_of(request), _due_cents(sale))
        take_cash(sale_id=sale.pk, given_cents=given, by=user_of(request), now=timezone.now())

    return _act(request, sale, act)


@for_sellers
@require_POST
def sale_mpesa(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Ask a phone for an open sale once more."""
    sale = _sale(business, sale_id)

    def act() -> None:
        fields = fields_of(request)
        phone = parse_phone(fields.get("phone", ""))
        key = fields.get("key", "")[:64] or uuid.uuid4().hex
        ask_mpesa(sale_id=sale.pk, key=key, phone=phone, by=user_of(request), now=timezone.now())
        doorbell.payments.press()

    return _act(request, sale, act)


@for_sellers
@require_POST
def sale_check(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Have a worker ask Safaricom how the request ended."""
    sale = _sale(business, sale_id)

    def act() -> None:
        if asked := latest_request(sale.reference):
            check_soon(request_id=asked.pk, now=timezone.now())
            doorbell.payments.press()

    return _act(request, sale, act)


@for_sellers
@require_POST
def sale_cancel(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Give up an open sale."""
    sale = _sale(business, sale_id)

    def act() -> None:
        cancel_sale(sale_id=sale.pk, by=user_of(request), now=timezone.now())

    return _act(request, sale, act)


@for_sellers
@require_GET
def receipt(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Show the receipt of a paid sale, for an 80 mm printer."""
    sale = _sale(business, sale_id)
    if sale.number is None:
        return redirect("shops:sale", business.slug, sale.pk)
    lines = list(sale.lines.order_by("pk"))
    tenders = list(sale.tenders.filter(taken_back_at=None).select_related("payment").order_by("pk"))
    context = {
        "sale": sale,
        "business": business,
        "lines": lines,
        "tenders": tenders,
        "vat_rows": queries.vat_rows(lines) if sale.is_vat_registered else [],
    }
    return render(request, "shops/receipt.html", context)


def _act(request: HttpRequest, sale: Sale, act: Callable[[], None]) -> HttpResponse:
    """Do one thing to a sale, then show it; a refusal is shown in its place."""
    try:
        act()
    except REFUSALS as refusal:
        return _sale_page(request, _sale(sale.business, sale.pk), refusal)
    return redirect("shops:sale", sale.business.slug, sale.pk)


def _sale(business: Business, sale_id: int) -> Sale:
    rows = Sale.objects.select_related("business__tax_person", "cashier")
    return get_object_or_404(rows, pk=sale_id, business=business)


def _due_cents(sale: Sale) -> int:
    """Return what cash has to cover, or has covered."""
    return whole_shillings(queries.owed_cents(sale) or sale.total_cents)


def _sale_context(sale: Sale, refusal: Exception | None = None) -> dict[str, Any]:
    return {
        "sale": sale,
        "business": sale.business,
        "standing": queries.standing_of(sale, timezone.now()),
        "due_cents": _due_cents(sale),
        "surplus": queries.surplus_of(sale),
        "refusal": refusal,
        "key": uuid.uuid4().hex,
    }


def _sale_page(request: HttpRequest, sale: Sale, refusal: Exception | None = None) -> HttpResponse:
    context = _sale_context(sale, refusal) | {"lines": sale.lines.order_by("pk")}
    return render(request, "shops/sale.html", context, status=422 if refusal else 200)


def _counter_page(
    request: HttpRequest,
    business: Business,
    fields: Mapping[str, str],
    *,
    words: str = "",
    add: str = "",
    refusal: Exception | None = None,
) -> HttpResponse:
    """Show the counter with the cart and the fields as they were sent."""
    lines = _cart_lines(business, fields, add)
    products = list(queries.products_of(business, words))
    context = {
        "business": business,
        "products": products,
        "has_more": len(products) == queries.TILES,
        "words": words,
        "lines": lines,
        "total_cents": sum(line["amount_cents"] for line in lines),
        "fields": fields,
        "key": fields.get("key") or uuid.uuid4().hex,
        "refusal": refusal,
        "refused_at": _place_of(refusal),
        "notes": NOTES_SHILLINGS,
        "recent": queries.recent_sales(business),
    }
    return render(request, "shops/counter.html", context, status=422 if refusal else 200)


def _place_of(refusal: Exception | None) -> str:
    """Return where on the counter a refusal is shown: beside the field it is about."""
    if isinstance(refusal, NotAnAmount | TooLittle):
        return "given"
    if isinstance(refusal, NotAPhone | NotAskable | AlreadyAsking | NoTill):
        return "phone"
    return "cart" if refusal else ""


def _cart_lines(business: Business, fields: Mapping[str, str], add: str) -> list[dict[str, Any]]:
    """Return the cart's lines for the page, without what cannot be read or is gone."""
    quantities = {name: text for name, text in fields.items() if name.startswith(FIELD)}
    if add.isascii() and add.isdigit():
        quantities[f"{FIELD}{add}"] = _one_more(quantities.get(f"{FIELD}{add}", ""))
    cart: dict[int, int] = {}
    for name, text in quantities.items():
        with suppress(BadCart):
            cart |= read_cart({name: text})
    products = queries.products_in(business, cart)
    return [
        {
            "product": products[product_id],
            "quantity": format_quantity(milli),
            "amount_cents": queries.amount_of(products[product_id], milli),
        }
        for product_id, milli in cart.items()
        if product_id in products
    ]


def _one_more(text: str) -> str:
    try:
        held = read_cart({f"{FIELD}1": text}).get(1, 0)
    except BadCart:
        held = 0
    return format_quantity(held + 1000)
