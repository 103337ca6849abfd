"""Carts that wait for their customer: held by name, taken out exactly once."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from money.models import Business, User
from shops.models import HeldCart, ReceiptBook, Sale
from shops.queries.held import waiting_carts

MOST_HELD = 50
MOST_NAME = 40
KEPT = timedelta(days=180)
# Long enough for whoever asks where a cart has gone.
TAKEN_KEPT = timedelta(days=7)


class NotHeld(Exception):
    """The cart cannot be held, or not be taken out; the message says why."""


def hold_cart(
    *,
    business: Business,
    key: str,
    name: str,
    cart: Mapping[int, int],
    beside: Mapping[str, str],
    total_cents: int,
    by: User,
    now: datetime,
) -> HeldCart:
    """Put product id -> thousandths aside under a name.

    `beside` it are the fields of its discount and prices; `total_cents` is what it comes to today,
    for the list. The same `key` holds once. Raises NotHeld.
    """
    name = " ".join(name.split())
    if not cart:
        raise NotHeld("There is nothing to hold. Tap a product first.")
    if not name or len(name) > MOST_NAME:
        raise NotHeld(f"Write whose cart it is, in at most {MOST_NAME} letters, then hold it.")
    kept = {"lines": [[product, milli] for product, milli in cart.items()], **beside}
    with transaction.atomic():
        # Whoever holds a cart waits here, so that the most is the most.
        ReceiptBook.objects.get_or_create(business=business)
        ReceiptBook.objects.select_for_update().get(business=business)
        if first := HeldCart.objects.filter(key=key).first():
            if first.business_id == business.pk and first.cart == kept and not first.taken_key:
                return first
            raise NotHeld("This page was used before. Reload it, then hold the cart again.")
        if Sale.objects.filter(key=key).exists():
            raise NotHeld("This cart was sold already. Reload the page.")
        if waiting_carts(business).count() >= MOST_HELD:
            raise NotHeld(f"{MOST_HELD} carts are held. Take one out first.")
        return HeldCart.objects.create(
            business=business,
            key=key,
            name=name,
            cart=kept,
            total_cents=total_cents,
            held_by=by,
            held_at=now,
        )


def take_cart(
    *,
    business: Business,
    cart_id: int,
    key: str,
    by: User,
    now: datetime,
    in_the_way: Mapping[int, int] | None = None,
) -> HeldCart:
    """Take a held cart out for the form with this `key`, which finds it again as often as it asks.

    Raises NotHeld for any other form after that, and where another cart is `in_the_way`.
    """
    if in_the_way:
        raise NotHeld("There is a cart on the counter. Hold it or sell it first.")
    with transaction.atomic():
        # Nothing is joined: PostgreSQL reads the locked row anew, but not what stands beside it.
        rows = HeldCart.objects.select_for_update()
        held = rows.filter(pk=cart_id, business=business).first()
        if held is None:
            raise NotHeld("This cart is not held any more.")
        if held.taken_key == key:
            return held
        if held.taken_by and held.taken_at:
            at = timezone.localtime(held.taken_at)
            who = held.taken_by.first_name or held.taken_by.username
            raise NotHeld(f"{who} took the cart of {held.name} out at {at:%H:%M}.")
        held.taken_key, held.taken_by, held.taken_at = key, by, now
        held.save(update_fields=["taken_key", "taken_by", "taken_at"])
    return held


def forget_held(*, now: datetime) -> int:
    """Delete carts that nobody came for in 180 days, and a week old ones that were taken out."""
    old = HeldCart.objects.filter(held_at__lt=now - KEPT)
    taken = HeldCart.objects.filter(taken_at__lt=now - TAKEN_KEPT)
    return (old | taken).delete()[0]
