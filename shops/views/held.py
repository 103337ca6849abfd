"""Carts held at the counter, and taken out again. An edge calls one action."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from money.cents import format_quantity
from money.models import Business
from shops.actions.held import NotHeld, hold_cart, take_cart
from shops.cart import FIELD, BadCart
from shops.discounts import BadDiscount, TooMuchDiscount
from shops.forms import read_counter
from shops.overrides import FIELD as PRICE
from shops.overrides import REASON, BadOverride, TooFarBelow, kept_fields
from shops.queries.held import waiting_carts
from shops.views.counter import counter_page, overrides_of, refuse_discount, total_of
from shops.views.doors import fields_of, for_sellers, user_of

DISCOUNT = ("discount", "discount_reason")


@for_sellers
@require_GET
def held(request: HttpRequest, business: Business) -> HttpResponse:
    """Return the list of held carts, which the counter's script asks for when it is opened."""
    context = {"business": business, "held": waiting_carts(business)}
    return render(request, "shops/_held_list.html", context)


@for_sellers
@require_POST
def hold(request: HttpRequest, business: Business) -> HttpResponse:
    """Put the cart aside under a name, and clear the counter."""
    fields = fields_of(request)
    try:
        form = read_counter(fields)
        # What may not be sold so is not held either, to be sold by somebody who looks away.
        overrides_of(request, business, fields, form.cart)
        refuse_discount(request, business, fields)
        cart = hold_cart(
            business=business,
            key=form.key,
            name=fields.get("hold_name", ""),
            cart=form.cart,
            beside=_discount(fields) | kept_fields(fields, form.cart),
            total_cents=total_of(request, business, fields),
            by=user_of(request),
            now=timezone.now(),
        )
    except (BadCart, BadDiscount, BadOverride, NotHeld, TooFarBelow, TooMuchDiscount) as refusal:
        return counter_page(request, business, fields, refusal=refusal)
    messages.success(request, f"Held for {cart.name}.")
    return redirect(f"{resolve_url('shops:counter', business.slug)}?held={cart.pk}")


def _discount(fields: dict[str, str]) -> dict[str, str]:
    return {name: fields[name][:100] for name in DISCOUNT if fields.get(name)}


@for_sellers
@require_POST
def take(request: HttpRequest, business: Business, cart_id: int) -> HttpResponse:
    """Bring a held cart back to the counter, where none is in its way."""
    fields = fields_of(request)
    try:
        form = read_counter(fields)
        cart = take_cart(
            business=business,
            cart_id=cart_id,
            key=form.key,
            in_the_way=form.cart,
            by=user_of(request),
            now=timezone.now(),
        )
    except (BadCart, NotHeld) as refusal:
        return counter_page(request, business, fields, refusal=refusal)
    beside = (*DISCOUNT, REASON)
    kept = {n: text for n, text in cart.cart.items() if n in beside or n.startswith(PRICE)}
    kept |= {f"{FIELD}{product}": format_quantity(milli) for product, milli in cart.cart["lines"]}
    return counter_page(request, business, {"key": form.key, **kept}, came_back=cart)
