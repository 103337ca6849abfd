"""The inbox: payments that nobody has identified, and what people do with them."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import businesses_for
from money.cents import NotAnAmount, format_shillings, parse_shillings
from money.forms.fields import id_of
from money.models import Business
from money.snapshot import snapshot
from mpesa.actions.allocations import TooMuch
from mpesa.models import Allocation, Payment
from shops.actions.inbox import (
    SETS_ASIDE,
    NoReason,
    NoSuchCustomer,
    NoSuchSale,
    NotAllowed,
    NotEnough,
    UsedBefore,
    hold_as_credit,
    mark_for_refund,
    match_to_customer,
    match_to_sale,
    undo_match,
)
from shops.actions.settle import NotOpen, StillAsking
from shops.queries.customers import customer_named, debtors_of
from shops.queries.inbox import inbox_of, sale_named
from shops.queries.refunds import payouts_due
from shops.queries.sales import owed_cents
from shops.views.doors import fields_of, for_sellers, stored, user_of

MOST_PAYOUTS = 50
REFUSALS = (
    NotAllowed,
    NoSuchCustomer,
    NoSuchSale,
    NotEnough,
    UsedBefore,
    NoReason,
    NotOpen,
    StillAsking,
    NotAnAmount,
    TooMuch,
)
# The receipt goes before it in the key of the match, which holds 64 letters.
_KEY = re.compile(r"[A-Za-z0-9-]{8,32}")


@for_sellers
@require_GET
def inbox(request: HttpRequest, business: Business) -> HttpResponse:
    """Show what is unidentified; `?q=` filters, `?sale=` is the sale one looks for it."""
    return _page(request, business)


@for_sellers
@require_POST
def match(request: HttpRequest, business: Business, payment_id: int) -> HttpResponse:
    """Match a payment to the sale of the pressed suggestion, or the one that was typed."""
    payment = _payment(business, payment_id)

    def act() -> str:
        fields = fields_of(request)
        sale = match_to_sale(
            payment_id=payment.pk,
            sale_id=_sale_id(business, fields),
            key=_key(fields),
            by=user_of(request),
            now=timezone.now(),
        )
        sale.refresh_from_db()
        if sale.number is None:
            due = format_shillings(owed_cents(sale))
            return f"{payment.receipt} pays a part: KES {due} of the sale are still due."
        return f"{payment.receipt} is matched to receipt {sale.number}."

    return _act(request, business, act, payment)


@for_sellers
@require_POST
def match_debt(request: HttpRequest, business: Business, payment_id: int) -> HttpResponse:
    """Take a payment off what a customer owes."""
    payment = _payment(business, payment_id)

    def act() -> str:
        fields = fields_of(request)
        customer = customer_named(business, fields.get("customer", ""))
        done = match_to_customer(
            payment_id=payment.pk,
            customer_id=customer.pk if customer else 0,
            key=_key(fields),
            by=user_of(request),
            now=timezone.now(),
        )
        cents = format_shillings(done.amount_cents)
        return f"KES {cents} of {payment.receipt} is off what {customer} owes."

    return _act(request, business, act, payment)


@for_sellers
@require_POST
def set_aside(request: HttpRequest, business: Business, payment_id: int) -> HttpResponse:
    """Hold a payment, or part of it, as credit, or mark it to be given back."""
    payment = _payment(business, payment_id)

    def act() -> str:
        fields = fields_of(request)
        amount = fields.get("amount", "").strip()
        is_credit = fields.get("as") == "credit"
        done = (hold_as_credit if is_credit else mark_for_refund)(
            payment_id=payment.pk,
            amount_cents=parse_shillings(amount) if amount else None,
            note=fields.get("note", ""),
            key=_key(fields),
            by=user_of(request),
            now=timezone.now(),
        )
        words = "held as the customer's credit" if is_credit else "marked to be given back"
        return f"KES {format_shillings(done.amount_cents)} of {payment.receipt} is {words}."

    return _act(request, business, act, payment)


@for_sellers
@require_POST
def undo(request: HttpRequest, business: Business, allocation_id: int) -> HttpResponse:
    """Put matched money back into the inbox."""
    rows = Allocation.objects.filter(payment__till__business=business).select_related("payment")
    allocation = get_object_or_404(rows, pk=allocation_id)

    def act() -> str:
        undo_match(
            allocation_id=allocation.pk,
            reason=fields_of(request).get("reason", ""),
            by=user_of(request),
            now=timezone.now(),
        )
        return f"{allocation.payment.receipt} is back in the inbox."

    return _act(request, business, act, None)


def _payment(business: Business, payment_id: int) -> Payment:
    return get_object_or_404(Payment, pk=payment_id, till__business=business)


def _sale_id(business: Business, fields: dict[str, str]) -> int:
    """Return the sale that a form means. Raises NoSuchSale."""
    if pressed := id_of(fields.get("sale", "")):
        return pressed
    sale = sale_named(business, fields.get("named", ""))
    if sale is None:
        raise NoSuchSale("Write a receipt's number, or a sale such as SALE42.")
    return sale.pk


def _key(fields: dict[str, str]) -> str:
    key = fields.get("key", "")
    if not _KEY.fullmatch(key):
        raise UsedBefore("This page is incomplete. Reload it, then choose again.")
    return key


def _act(
    request: HttpRequest, business: Business, act: Callable[[], str], payment: Payment | None
) -> HttpResponse:
    """Do one thing, say it, and show the inbox as it was filtered; a refusal is shown in place."""
    try:
        messages.success(request, act())
    except REFUSALS as refusal:
        return _page(request, business, refusal, payment)
    words = fields_of(request).get("q", "")
    target = resolve_url("inbox:inbox", business.slug)
    return redirect(f"{target}?{urlencode({'q': words})}" if words else target)


def _page(
    request: HttpRequest,
    business: Business,
    refusal: Exception | None = None,
    refused: Payment | None = None,
) -> HttpResponse:
    asked = request.GET if request.method == "GET" else request.POST
    words = stored(asked.get("q", ""))[:40]
    named = stored(asked.get("named", ""))[:40]
    wanted = sale_named(business, f"SALE{asked.get('sale', '')}")
    may_set_aside = businesses_for(user_of(request), SETS_ASIDE).filter(pk=business.pk).exists()
    with snapshot():
        found = inbox_of(business, words=words, page=asked.get("page", ""), now=timezone.now())
    context = {
        "business": business,
        "inbox": found,
        "words": words,
        "wanted": wanted if request.method == "GET" else None,
        "named": wanted.account_reference if wanted and request.method == "GET" else named,
        "may_set_aside": may_set_aside,
        "debtors": debtors_of(business) if found.items else [],
        "payouts": payouts_due([business])[:MOST_PAYOUTS] if may_set_aside else [],
        "refusal": refusal,
        "refused_pk": refused.pk if refused else None,
        "refusal_on_top": refusal is not None
        and (refused is None or refused.pk not in {i.payment.pk for i in found.items}),
        "key": uuid.uuid4().hex,
    }
    return render(request, "shops/inbox.html", context, status=422 if refusal else 200)
