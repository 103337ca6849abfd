"""Customers: who they are, what they owe, what they may owe, and what they pay of it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability
from money.cents import NotAnAmount, parse_shillings
from money.models import Business
from mpesa.actions.erasure import NotAllowed, NotYet
from mpesa.phones import NotAPhone
from shops.actions.credit import (
    CreditRefused,
    add_customer,
    receive_from_customer,
    set_credit_limit,
)
from shops.actions.drawers import NoSession
from shops.actions.privacy import forget_customer
from shops.models import Customer
from shops.queries.customers import MOST, customers_of, events_of, with_debts
from shops.views.cash import drawer_of_browser
from shops.views.doors import fields_of, for_sellers, for_those_who, may, stored, user_of

REFUSALS = (CreditRefused, NoSession, NotAPhone, NotAnAmount, NotAllowed, NotYet)


@for_those_who(Ability.SELL, Ability.SEE_TAKINGS)
@require_GET
def customers(request: HttpRequest, business: Business) -> HttpResponse:
    """List customers with what they owe; `?q=` searches."""
    return _page(request, business)


@for_those_who(Ability.SELL, Ability.SEE_TAKINGS)
@require_GET
def customer(request: HttpRequest, business: Business, customer_id: int) -> HttpResponse:
    """Show one customer: what is owed, what was bought and paid, and what may be done."""
    return _one(request, business, customer_id)


@for_sellers
@require_POST
def add(request: HttpRequest, business: Business) -> HttpResponse:
    """Write a customer down."""
    fields = fields_of(request)
    try:
        made = add_customer(
            business=business,
            name=fields.get("name", ""),
            phone=fields.get("phone", ""),
            by=user_of(request),
            now=timezone.now(),
        )
    except REFUSALS as refusal:
        return _page(request, business, refusal)
    messages.success(request, f"{made} is written down.")
    return redirect("shops:customer", business.slug, made.pk)


@for_those_who(Ability.SET_PRICES)
@require_POST
def limit(request: HttpRequest, business: Business, customer_id: int) -> HttpResponse:
    """Say how much a customer may owe."""
    text = fields_of(request).get("limit", "")

    def act() -> None:
        cents = parse_shillings(text or "0")
        set_credit_limit(customer_id=customer_id, business=business, cents=cents)

    return _act(request, business, customer_id, act, "The limit is set.", at="limit")


@for_those_who(Ability.HANDLE_CASH)
@require_POST
def pay(request: HttpRequest, business: Business, customer_id: int) -> HttpResponse:
    """Take cash of what a customer owes: as much as was typed, or all of it."""
    fields = fields_of(request)

    def act() -> None:
        receive_from_customer(
            customer_id=customer_id,
            business=business,
            key=fields.get("key", "")[:64] or uuid.uuid4().hex,
            cents=parse_shillings(fields.get("all") or fields.get("amount", "")),
            by=user_of(request),
            now=timezone.now(),
            drawer_id=drawer_of_browser(request),
        )

    done = "Taken into the drawer, and off what is owed."
    return _act(request, business, customer_id, act, done, at="pay")


@for_those_who(Ability.MANAGE)
@require_POST
def forget(request: HttpRequest, business: Business, customer_id: int) -> HttpResponse:
    """Erase a customer's name and phone, as the customer asked."""

    def act() -> None:
        forget_customer(
            customer_id=customer_id, business=business, by=user_of(request), now=timezone.now()
        )

    return _act(request, business, customer_id, act, "Name and phone are erased.", at="forget")


def _act(
    request: HttpRequest,
    business: Business,
    customer_id: int,
    act: Callable[[], None],
    done: str,
    *,
    at: str,
) -> HttpResponse:
    """Do one thing to a customer, then show it; a refusal is shown in its place."""
    get_object_or_404(Customer, pk=customer_id, business=business)
    try:
        act()
    except REFUSALS as refusal:
        return _one(request, business, customer_id, refusal, at)
    messages.success(request, done)
    return redirect("shops:customer", business.slug, customer_id)


def _page(
    request: HttpRequest, business: Business, refusal: Exception | None = None
) -> HttpResponse:
    words, user = stored(request.GET.get("q", ""))[:60], user_of(request)
    found = list(customers_of(business, words))
    context = {
        "business": business,
        "customers": found,
        "has_more": len(found) == MOST,
        "words": words,
        "sells": may(user, Ability.SELL, business),
        "fields": fields_of(request),
        "refusal": refusal,
    }
    return render(request, "shops/customers.html", context, status=422 if refusal else 200)


def _one(
    request: HttpRequest,
    business: Business,
    customer_id: int,
    refusal: Exception | None = None,
    at: str = "",
) -> HttpResponse:
    found: Any = get_object_or_404(
        with_debts(Customer.objects.filter(business=business)), pk=customer_id
    )
    user = user_of(request)
    context = {
        "business": business,
        "customer": found,
        "whole_cents": whole_up(found.debt_cents),
        "events": events_of(found),
        "sells": may(user, Ability.SELL, business),
        "takes": may(user, Ability.HANDLE_CASH, business),
        "limits": may(user, Ability.SET_PRICES, business),
        "manages": may(user, Ability.MANAGE, business),
        "key": uuid.uuid4().hex,
        "fields": fields_of(request),
        "refusal": refusal,
        "refused_at": at,
    }
    return render(request, "shops/customer.html", context, status=422 if refusal else 200)


def whole_up(cents: int) -> int:
    """Return cents as the whole shillings that pay all of them."""
    return -(-cents // 100) * 100
