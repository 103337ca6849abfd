"""Reads of carts that wait for their customer."""

from django.db.models import QuerySet

from money.forms.fields import id_of
from money.models import Business
from shops.models import HeldCart


def waiting_carts(business: Business) -> QuerySet[HeldCart]:
    """Return the carts that are held, the oldest first, with who holds them."""
    rows = HeldCart.objects.filter(business=business, taken_at=None)
    return rows.select_related("held_by").order_by("pk")


def key_of(business: Business, cart_id: str) -> str:
    """Return the key of the form that a cart was held with, "" for what is none of here."""
    if not (pk := id_of(cart_id)):
        return ""  # most carts were never held, and a question less is asked of each page
    rows = HeldCart.objects.filter(business=business, pk=pk)
    return rows.values_list("key", flat=True).first() or ""
