"""What a product costs from which day, and the codes on its packs, set by those who may."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from money.access import Ability, businesses_for
from money.cents import MOST_CENTS
from money.models import User
from shops.actions.inbox import NotAllowed
from shops.models import Barcode, Price, Product
from shops.queries.goods import price_on, taken_code


class BadPrice(Exception):
    """The price cannot be, or not from that day."""


class CodeTaken(Exception):
    """Another product of the business has the code."""


def set_price(
    *, product: Product, price_cents: int, from_day: date, by: User, now: datetime
) -> Price:
    """Let a product cost `price_cents` a unit, tax included, from a day on: today or later.

    Later days that have prices of their own keep them. What costs that already stays as it is, so
    that a repeat writes nothing. Raises NotAllowed or BadPrice.
    """
    if not 0 < price_cents <= MOST_CENTS:
        raise BadPrice("A price is more than nothing.")
    if from_day < timezone.localdate(now):
        raise BadPrice("A price begins today or later: what was sold keeps what it cost.")
    _refuse_unable(by, product)
    with transaction.atomic():
        # One after the other: of two prices of one day the last one holds.
        Product.objects.select_for_update().get(pk=product.pk)
        held = price_on(product, from_day)
        if held and held.price_cents == price_cents:
            return held
        return Price.objects.create(
            product=product, price_cents=price_cents, from_day=from_day, set_by=by, set_at=now
        )


def set_codes(*, product: Product, codes: Iterable[str], by: User) -> None:
    """Let a product have these codes on its packs and no others.

    They are as `shops.codes.read_codes` returns them. Raises NotAllowed or CodeTaken.
    """
    _refuse_unable(by, product)
    wanted = list(dict.fromkeys(codes))
    with transaction.atomic():
        product.barcodes.exclude(code__in=wanted).delete()
        held = set(product.barcodes.values_list("code", flat=True))
        new = [code for code in wanted if code not in held]
        _refuse_taken(product, new)
        rows = [
            Barcode(business_id=product.business_id, product=product, code=code) for code in new
        ]
        try:
            with transaction.atomic():
                Barcode.objects.bulk_create(rows)
        except IntegrityError as error:
            # Somebody else gave one of them away a moment ago.
            _refuse_taken(product, wanted)
            raise CodeTaken("One of these codes was given to another product just now.") from error


def _refuse_taken(product: Product, codes: Collection[str]) -> None:
    if taken := taken_code(product.business, codes, product.pk):
        raise CodeTaken(f"{taken.product} has the code {taken.code}. Take it off there first.")


def _refuse_unable(by: User, product: Product) -> None:
    if not businesses_for(by, Ability.SET_PRICES).filter(pk=product.business_id).exists():
        raise NotAllowed("Your role does not allow this. Ask the manager or the owner.")
