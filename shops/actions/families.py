"""Families: sizes, colours and scents of one thing, on one tile of the counter."""

from django.db import IntegrityError, transaction

from money.access import Ability
from money.models import User
from shops.actions.items import BadStock, insist
from shops.models import Product, ProductFamily

MOST_FAMILY, MOST_VARIANT, MOST_NAME = 60, 40, 80


def put_in_family(*, product: Product, family: str, variant: str, by: User) -> ProductFamily:
    """Let a product be one of a family, made where it is new; it is called by both names then.

    Without a variant it is what its name says after the family's. Raises NotAllowed or BadStock.
    """
    insist(Ability.KEEP_STOCK, product.business, by)
    family, variant = " ".join(family.split()), " ".join(variant.split())
    if not family or len(family) > MOST_FAMILY:
        raise BadStock(f"Write the family's name, in at most {MOST_FAMILY} letters.")
    if not variant and product.name.lower().startswith(f"{family.lower()} "):
        variant = product.name[len(family) :].strip()
    if not variant or len(variant) > MOST_VARIANT:
        raise BadStock(f"Write which one of {family} it is, such as 6 kg, in at most 40 letters.")
    name = f"{family} {variant}"
    if len(name) > MOST_NAME:
        raise BadStock(f"{name} is too long: both names together have at most 80 letters.")
    try:
        with transaction.atomic():
            row, _ = ProductFamily.objects.get_or_create(business=product.business, name=family)
            product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
            product.family, product.variant, product.name = row, variant, name
            product.save(update_fields=["family", "variant", "name"])
    except IntegrityError as error:
        raise BadStock(f"There is another product called {name}.") from error
    return row


def leave_family(*, product: Product, by: User) -> None:
    """Let a product stand on a tile of its own again, under the name it has.

    Raises NotAllowed.
    """
    insist(Ability.KEEP_STOCK, product.business, by)
    with transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
        product.family, product.variant = None, ""
        product.save(update_fields=["family", "variant"])
