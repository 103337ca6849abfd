"""A sale's own page: where it stands, the ways to pay it, its receipt. An edge calls one action."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.cents import NotAnAmount, whole_shillings
from money.forms.fields import id_of
from money.models import Business
from mpesa import doorbell
from mpesa.actions.requests import AlreadyAsking, NotAskable, check_soon
from mpesa.phones import NotAPhone, parse_phone
from mpesa.queries import latest_request
from shops.actions.credit import CreditRefused, sell_on_credit
from shops.actions.drawers import NoSession
from shops.actions.giving_up import NotYours, cancel_sale, may_give_back
from shops.actions.sales import OtherTotal
from shops.actions.settle import (
    BadPart,
    NoTill,
    NotOpen,
    StillAsking,
    TooLittle,
    ask_mpesa,
    take_cash,
)
from shops.cart import BadCart
from shops.discounts import BadDiscount, TooMuchDiscount
from shops.forms import read_given, read_part
from shops.models import OWING, Sale
from shops.overrides import BadOverride, TooFarBelow
from shops.queries import sales as queries
from shops.queries.customers import may_buy_on_credit
from shops.queries.refunds import refunds_of
from shops.views.cash import drawer_of_browser
from shops.views.doors import fields_of, for_sellers, may, user_of

# What an edge may answer with a sentence instead of a success.
REFUSALS = (
    BadCart,
    BadDiscount,
    BadOverride,
    BadPart,
    CreditRefused,
    OtherTotal,
    NotAnAmount,
    NotAPhone,
    NotAskable,
    AlreadyAsking,
    NoSession,
    NoTill,
    NotOpen,
    NotYours,
    StillAsking,
    TooFarBelow,
    TooLittle,
    TooMuchDiscount,
)


@for_sellers
@require_GET
def sale_page(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Show one sale and where it stands; survives a reload and a change of device."""
    return show_sale(request, sale_of(business, sale_id))


@for_sellers
@require_GET
def sale_state(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Return the part of the sale's page that changes; htmx asks for it while it may.

    204 where nothing has changed since the stage that was `seen`: a form half filled in stays.
    """
    context = _sale_context(request, sale_of(business, sale_id))
    is_still = context["face"] == request.GET.get("seen")
    if is_still and context["standing"].stage is not queries.Stage.RINGING:
        return HttpResponse(status=204)
    return render(request, "shops/_standing.html", context)


@for_sellers
@require_POST
def sale_cash(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Take cash for a sale that M-Pesa did not settle."""
    sale = sale_of(business, sale_id)

    def act() -> None:
        fields = fields_of(request)
        part = read_part(fields)
        given = read_given(fields, _due_cents(sale) if part is None else part)
        take_cash(
            sale_id=sale.pk,
            given_cents=given,
            part_cents=part,
            seen_cents=_seen_cents(fields),
            key=_key(fields, "cash") if fields.get("key") else "",
            by=user_of(request),
            now=timezone.now(),
            drawer_id=drawer_of_browser(request),
        )

    return act_on(request, sale, act, at="cash")


@for_sellers
@require_POST
def sale_mpesa(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Ask a phone for an open sale once more."""
    sale = sale_of(business, sale_id)

    def act() -> None:
        fields = fields_of(request)
        phone = parse_phone(fields.get("phone", ""))
        key = fields.get("key", "")[:64] or uuid.uuid4().hex
        ask_mpesa(
            sale_id=sale.pk,
            key=key,
            phone=phone,
            by=user_of(request),
            now=timezone.now(),
            part_cents=read_part(fields),
        )
        doorbell.payments.press()

    return act_on(request, sale, act, at="mpesa")


@for_sellers
@require_POST
def sale_credit(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Let a customer owe what is left of a sale, or a part of it."""
    sale = sale_of(business, sale_id)

    def act() -> None:
        fields = fields_of(request)
        sell_on_credit(
            sale_id=sale.pk,
            customer_id=id_of(fields.get("customer", "")),
            key=_key(fields, "credit"),
            by=user_of(request),
            now=timezone.now(),
            part_cents=read_part(fields),
            seen_cents=_seen_cents(fields),
        )

    return act_on(request, sale, act, at="credit")


@for_sellers
@require_POST
def sale_check(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Have a worker ask Safaricom how the request ended."""
    sale = sale_of(business, sale_id)

    def act() -> None:
        if asked := latest_request(sale.reference):
            check_soon(request_id=asked.pk, now=timezone.now())
            doorbell.payments.press()

    return act_on(request, sale, act)


@for_sellers
@require_POST
def sale_cancel(request: HttpRequest, business: Business, sale_id: int) -> HttpResponse:
    """Give up an open sale."""
    sale = sale_of(business, sale_id)

    def act() -> None:
        cancel_sale(
            sale_id=sale.pk,
            by=user_of(request),
            now=timezone.now(),
            drawer_id=drawer_of_browser(request),
        )

    return act_on(request, sale, act)


def act_on(
    request: HttpRequest, sale: Sale, act: Callable[[], None], *, at: str = ""
) -> HttpResponse:
    """Do one thing to a sale, then show it; a refusal is shown in its place, `at` a way to pay."""
    try:
        act()
    except REFUSALS as refusal:
        return show_sale(request, sale_of(sale.business, sale.pk), refusal, at)
    return redirect("shops:sale", sale.business.slug, sale.pk)


def sale_of(business: Business, sale_id: int) -> Sale:
    """Return a sale of the business; 404 for another's."""
    rows = Sale.objects.select_related("business__tax_person", "cashier")
    return get_object_or_404(rows, pk=sale_id, business=business)


def _key(fields: dict[str, str], way: str) -> str:
    """Return the one-time key of a form as that of a tender."""
    return f"{way}:{fields['key'][:50]}" if fields.get("key") else f"{way}:{uuid.uuid4().hex}"


def _seen_cents(fields: dict[str, str]) -> int | None:
    """Return the cents that the page said were due; who writes a part says himself how much."""
    seen = fields.get("due", "")
    is_number = seen.isascii() and seen.isdigit() and len(seen) < 16  # noqa: PLR2004
    return int(seen) if is_number and not fields.get("part", "").strip() else None


def _due_cents(sale: Sale) -> int:
    """Return what cash has to cover, or has covered."""
    owed = queries.owed_cents(sale) if sale.state in OWING else sale.total_cents
    return whole_shillings(owed)


def _sale_context(
    request: HttpRequest, sale: Sale, refusal: Exception | None = None, at: str = ""
) -> dict[str, Any]:
    standing = queries.standing_of(sale, timezone.now())
    due = _due_cents(sale)
    tenders = sale.tenders.filter(taken_back_at=None).select_related("payment", "customer")
    parts = list(tenders.order_by("pk"))
    context = {
        "sale": sale,
        "business": sale.business,
        "standing": standing,
        # What the page shows: it is drawn anew when a part is paid on another device, too.
        "face": f"{standing.face}-{due}",
        "due_cents": due,
        "parts": parts,
        "surplus": queries.surplus_of(sale),
        "refusal": refusal,
        "refused_at": at if standing.has_ways else "",
        "fields": fields_of(request) if refusal else {},
        "key": uuid.uuid4().hex,
    }
    if sale.number is not None:
        context["refunds"] = list(refunds_of(sale))
        context["refunds_some"] = may(user_of(request), Ability.REFUND, sale.business)
        context["sends_back"] = may(user_of(request), Ability.SET_ASIDE, sale.business)
    if standing.has_ways:
        context["gives_back"] = may_give_back(sale, parts, user_of(request))
        context["customers"] = may_buy_on_credit(sale.business)
    return context


def show_sale(
    request: HttpRequest, sale: Sale, refusal: Exception | None = None, at: str = ""
) -> HttpResponse:
    """Show a sale, with a refusal on top, or at the way to pay that was refused."""
    context = _sale_context(request, sale, refusal, at) | {
        "lines": sale.lines.select_related("price_by").order_by("pk")
    }
    return render(request, "shops/sale.html", context, status=422 if refusal else 200)
