"""The counter: search, cart, and a press that sells. An edge calls one action."""

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.access import Ability, limit_of, rights_of
from money.cents import MILLI, NotAnAmount, format_quantity, line_total, whole_shillings
from money.forms.fields import id_of
from money.limits import Limit, said
from money.models import Business
from mpesa import doorbell
from mpesa.actions.requests import AlreadyAsking, NotAskable
from mpesa.phones import NotAPhone, parse_phone
from shops.actions.drawers import NoSession
from shops.actions.held import NotHeld
from shops.actions.prints import record_print
from shops.actions.sales import ring_up
from shops.actions.settle import NoTill, TooLittle, ask_mpesa, take_cash
from shops.cart import BadCart, read_cart
from shops.codes import NothingFound, is_scanned, read_wanted
from shops.discounts import (
    REASONS,
    BadDiscount,
    Discount,
    TooMuchDiscount,
    discount_off,
    read_discount,
)
from shops.forms import read_counter, read_given
from shops.models import CashSession, HeldCart, Product, Sale
from shops.overrides import (
    FIELD,
    BadOverride,
    Overrides,
    TooFarBelow,
    read_overrides,
    shown_cents,
    without_prices,
)
from shops.queries import goods
from shops.queries import sales as queries
from shops.queries.cash import session_at
from shops.queries.held import key_of, waiting_carts
from shops.views.cash import drawer_of_browser
from shops.views.doors import fields_of, for_sellers, stored, user_of
from shops.views.sale import REFUSALS

# Rung up now, paid in parts, on credit or later: on the sale's own page.
LATER = "later"
NOTES_SHILLINGS = (50, 100, 200, 500, 1000)
PLACES = (
    (NothingFound, "find"),
    ((BadOverride, TooFarBelow), "below"),
    ((BadDiscount, TooMuchDiscount), "discount"),
    ((NotAnAmount, NoSession, TooLittle), "given"),
    ((AlreadyAsking, NoTill, NotAPhone, NotAskable), "phone"),
    (NotHeld, "held"),
)


@for_sellers
@require_GET
def counter(request: HttpRequest, business: Business) -> HttpResponse:
    """Show the counter, empty; `?q=` searches, and answers the script with the tiles alone."""
    words = stored(request.GET.get("q", ""))[:80]
    if request.headers.get("X-Tiles"):
        day = _today(request, business)
        products = goods.products_of(business, day, words)
        return render(request, "shops/_tiles.html", _tiles(business, products, day, words))
    return counter_page(request, business, {}, words=words)


@for_sellers
@require_POST
def sell(request: HttpRequest, business: Business) -> HttpResponse:
    """Ring up the cart and take its payment: cash at once, M-Pesa by asking the phone."""
    fields = fields_of(request)
    if product_id := fields.get("add"):
        return counter_page(request, business, fields, add=_one_of(product_id))
    if "find" in fields:
        return _find(request, business, fields)
    try:
        sale = _sell(request, business, fields)
    except REFUSALS as refusal:
        sale_before = queries.sale_of_key(business, fields.get("key", ""))
        if sale_before is None:
            return counter_page(request, business, fields, refusal=refusal)
        messages.warning(request, str(refusal))
        sale = sale_before
    if fields.get("print") and sale.number:
        return _print(request, sale)
    return redirect("shops:sale", business.slug, sale.pk)


def _print(request: HttpRequest, sale: Sale) -> HttpResponse:
    """Go to the paper of a sale that was paid and is printed in one press."""
    made = record_print(
        sale_id=sale.pk, key=f"sell-{sale.pk}", by=user_of(request), at=timezone.now()
    )
    return redirect("shops:printed", sale.business.slug, sale.pk, made.number)


def _find(request: HttpRequest, business: Business, fields: Mapping[str, str]) -> HttpResponse:
    """Add what was scanned, or typed with a quantity; else show what the words find, cart and all.

    The way without the script, which searches by itself.
    """
    wanted = read_wanted(fields.get("q", "")[:80])
    if not wanted.words:
        return counter_page(request, business, fields)
    found = goods.products_of(business, _today(request, business), wanted.words).first()
    is_code = found is not None and goods.has_code(found, wanted.words)
    if found is None or (is_scanned(wanted.words) and not is_code):
        return counter_page(request, business, fields, refusal=NothingFound(wanted.words))
    if is_code or wanted.milli:
        return counter_page(request, business, fields, add={found.pk: wanted.milli or MILLI})
    return counter_page(request, business, fields, words=wanted.words)


def _tiles(
    business: Business, products: Iterable[Product], day: date, words: str
) -> dict[str, Any]:
    """Return what the tiles show: families closed, but each variant that somebody looks for."""
    is_search = bool(words.strip())
    return {"tiles": goods.tiles_of(business, products, day, opens_families=is_search)}


def _one_of(product_id: str) -> dict[int, int]:
    chosen = id_of(product_id)
    return {chosen: MILLI} if chosen else {}


def _day_of(session: CashSession | None, now: datetime) -> date:
    """Return the day that is sold on, whose prices and rates hold: that of the session."""
    return session.day if session else timezone.localdate(now)


def _today(request: HttpRequest, business: Business) -> date:
    return _day_of(session_at(business, drawer_of_browser(request)), timezone.now())


def _sell(request: HttpRequest, business: Business, fields: Mapping[str, str]) -> Sale:
    """Ring up and pay in one transaction, so that a refusal leaves no half sale."""
    form, now = read_counter(fields), timezone.now()
    if fields.get("print") == "exact":
        fields = {**fields, "exact": "1"}
    cashier = user_of(request)
    phone = parse_phone(fields.get("phone", "")) if fields.get("pay") == "mpesa" else ""
    drawer_id = drawer_of_browser(request)
    session = session_at(business, drawer_id)
    discount = _discount(request, business, fields)
    overrides = overrides_of(request, business, fields, form.cart)
    with transaction.atomic():
        sale = ring_up(
            business=business,
            key=form.key,
            cart=form.cart,
            shown_cents=form.shown_cents,
            cashier=cashier,
            sold_on=_day_of(session, now),
            session=session,
            discount=discount,
            overrides=overrides,
            now=now,
        )
        if (queries.cart_of(sale), sale.total_cents) != (form.cart, form.shown_cents):
            messages.warning(request, "This cart was sold before, in another tab. Here it is.")
        elif fields.get("pay") == LATER:
            return sale
        elif phone:
            ask_mpesa(sale_id=sale.pk, key=form.key, phone=phone, by=cashier, now=now)
            transaction.on_commit(doorbell.payments.press)
        else:
            given = read_given(fields, whole_shillings(sale.total_cents))
            sale = take_cash(
                sale_id=sale.pk, given_cents=given, by=cashier, now=now, drawer_id=drawer_id
            )
    return sale


def _discount(
    request: HttpRequest, business: Business, fields: Mapping[str, str]
) -> Discount | None:
    """Return the discount of the form, with the limit of who is at the counter."""
    if not fields.get("discount", "").strip():
        return None
    by = user_of(request)
    limit = limit_of(by, business, Limit.DISCOUNT)
    return read_discount(fields, by=by, limit_bp=limit)


def refuse_discount(request: HttpRequest, business: Business, fields: Mapping[str, str]) -> None:
    """Raise TooMuchDiscount or BadDiscount for what was typed beside a cart, where it is none."""
    if discount := _discount(request, business, fields):
        listed = total_of(request, business, {**fields, "discount": ""})
        discount.refuse_above(discount.cents_of(listed), listed)


def overrides_of(
    request: HttpRequest, business: Business, fields: Mapping[str, str], cart: Mapping[int, int]
) -> Overrides | None:
    """Return the prices below the list that the form has, with the limit of who is at the counter.

    Raises BadOverride, TooFarBelow.
    """
    if not any(name.startswith(FIELD) and text.strip() for name, text in fields.items()):
        return None
    by = user_of(request)
    limit = limit_of(by, business, Limit.PRICE_OVERRIDE)
    return read_overrides(fields, cart, by=by, limit_bp=limit)


def counter_page(
    request: HttpRequest,
    business: Business,
    fields: Mapping[str, str],
    *,
    words: str = "",
    add: Mapping[int, int] | None = None,
    refusal: Exception | None = None,
    came_back: HeldCart | None = None,
) -> HttpResponse:
    """Show the counter with the cart and the fields as they were sent, or held before."""
    session = session_at(business, drawer_of_browser(request))
    day = _day_of(session, timezone.now())
    abilities, below_bp = rights_of(user_of(request), business, Limit.PRICE_OVERRIDE)
    if below_bp == 0 and (plain := without_prices(fields)) != fields:
        fields = plain
        if came_back:
            messages.warning(request, "Prices below the list were left out. Call a manager.")
    lines = _cart_lines(business, fields, add or {}, day)
    if came_back and len(lines) < len(came_back.cart["lines"]):
        messages.warning(request, "Something in this cart is not sold any more, and was left out.")
    products = list(goods.products_of(business, day, words))
    context = {
        "business": business,
        "products": products,
        **_tiles(business, products, day, words),
        "has_more": len(products) == goods.TILES,
        "words": words,
        "lines": lines,
        "has_prices": any(line["price"].strip() for line in lines),
        "total_cents": _total(lines, fields),
        "reasons": REASONS,
        "fields": fields,
        "key": fields.get("key") or uuid.uuid4().hex,
        "refusal": refusal,
        "refused_at": _place_of(refusal, sells_below=below_bp != 0),
        "notes": NOTES_SHILLINGS,
        "pad_keys": "123456789.0⌫",
        "drawer": session,
        "recent": queries.recent_sales(business),
        "held": list(waiting_carts(business)),
        "came_back": came_back,
        "forget": key_of(business, request.GET.get("held", "")),
        "sees_stock": Ability.SEE_STOCK in abilities,
        "sells_below": below_bp != 0 and said(Limit.PRICE_OVERRIDE, below_bp),
    }
    return render(request, "shops/counter.html", context, status=422 if refusal else 200)


def total_of(request: HttpRequest, business: Business, fields: Mapping[str, str]) -> int:
    """Return what the cart of a form comes to today, in cents, as far as it can be read."""
    return _total(_cart_lines(business, fields, {}, _today(request, business)), fields)


def _total(lines: list[dict[str, Any]], fields: Mapping[str, str]) -> int:
    """Return the cents of the lines less the discount that was typed, as far as it can be read."""
    listed = sum(int(line["amount_cents"]) for line in lines)
    return max(listed - discount_off(fields.get("discount", ""), listed), 0)


def _place_of(refusal: Exception | None, *, sells_below: bool) -> str:
    """Return where on the counter a refusal is shown: beside the field it is about."""
    places = (place for kinds, place in PLACES if isinstance(refusal, kinds))
    place = next(places, "cart" if refusal else "")
    # Who sells nothing below its price has no field for it.
    return "cart" if place == "below" and not sells_below else place


def _cart_lines(
    business: Business, fields: Mapping[str, str], add: Mapping[int, int], day: date
) -> list[dict[str, Any]]:
    """Return the cart's lines for the page, without what cannot be read or is gone.

    `add` are thousandths of products to put in beside.
    """
    cart: dict[int, int] = {}
    for name, text in fields.items():
        with suppress(BadCart):
            cart |= read_cart({name: text})
    for product_id, milli in add.items():
        cart[product_id] = cart.get(product_id, 0) + milli
    products = goods.products_in(business, cart, day)
    return [
        _cart_line(products[product_id], milli, fields.get(f"{FIELD}{product_id}", ""))
        for product_id, milli in cart.items()
        if product_id in products
    ]


def _cart_line(product: Product, milli: int, price: str) -> dict[str, Any]:
    """Return a line for the page, at the price that was typed for it where that is a lower one."""
    cents = shown_cents(price, goods.cents_of(product))
    return {
        "product": product,
        "quantity": format_quantity(milli),
        "price": price,
        "below_cents": cents if cents < goods.cents_of(product) else None,
        "amount_cents": line_total(cents, milli),
    }
