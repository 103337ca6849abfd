"""Ringing up: a cart becomes an open sale, at today's prices and tax rates."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction

from money.cents import MILLI, divide_half_up, excise_part, format_shillings
from money.models import Business, User
from money.queries import excise_rate_on, is_vat_registered, tax_rates_on
from shops.cart import BadCart, PricedLine, price_line, totals
from shops.models import Product, Sale, SaleLine, Unit


class OtherTotal(Exception):
    """The total is not the one the cashier saw: prices changed since the page was loaded."""

    def __init__(self, total_cents: int) -> None:
        super().__init__(
            f"The total is KES {format_shillings(total_cents)} now. Tell the customer, then pay."
        )


def ring_up(
    *,
    business: Business,
    key: str,
    cart: Mapping[int, int],
    shown_cents: int,
    cashier: User,
    sold_on: date,
    now: datetime,
) -> Sale:
    """Write an open sale from product id -> thousandths, at today's prices and tax rates.

    `shown_cents` is the total that the cashier saw. The same `key` returns the first sale, whatever
    the cart. Raises BadCart or OtherTotal.
    """
    if not cart:
        raise BadCart("The cart is empty. Tap a product first.")
    with transaction.atomic():
        if first := _sale_of_key(key, business):
            return first
        registered = is_vat_registered(business.tax_person, sold_on)
        lines = _priced(business, cart, tax_rates_on(sold_on) if registered else {})
        total, vat = totals(line for _, _, line in lines)
        if total != shown_cents:
            raise OtherTotal(total)
        try:
            with transaction.atomic():
                sale = Sale.objects.create(
                    business=business,
                    key=key,
                    sold_on=sold_on,
                    total_cents=total,
                    vat_cents=vat,
                    is_vat_registered=registered,
                    cashier=cashier,
                    created_at=now,
                )
        except IntegrityError as error:
            # A double click, two sessions at once on PostgreSQL: the other one's sale is the sale.
            if first := _sale_of_key(key, business):
                return first
            raise BadCart("This page was used before. Reload it, then sell again.") from error
        duty = excise_rate_on(business.tax_person, sold_on)
        SaleLine.objects.bulk_create(_sale_line(sale, *line, duty) for line in lines)
    return sale


def _sale_of_key(key: str, business: Business) -> Sale | None:
    return Sale.objects.filter(key=key, business=business).first()


def _priced(
    business: Business, cart: Mapping[int, int], rates_bp: Mapping[str, int]
) -> list[tuple[Product, int, PricedLine]]:
    """Return (product, thousandths, price) per line of the cart, in the order of tapping."""
    products = Product.objects.filter(business=business, is_active=True).in_bulk(list(cart))
    if len(products) != len(cart):
        raise BadCart("A product in the cart is not sold here any more. Take it out, then pay.")
    for product_id, milli in cart.items():
        if products[product_id].unit == Unit.PIECE and milli % MILLI:
            raise BadCart(f"{products[product_id]} is sold whole. Write 1, 2 or 3.")
    return [
        (
            products[product_id],
            milli,
            price_line(
                price_cents=products[product_id].price_cents,
                quantity_milli=milli,
                rate_bp=rates_bp.get(products[product_id].tax_class, 0),
            ),
        )
        for product_id, milli in cart.items()
    ]


def _sale_line(
    sale: Sale, product: Product, milli: int, priced: PricedLine, cents_per_1000_litres: int
) -> SaleLine:
    millilitres = divide_half_up(milli * product.excise_millilitres, MILLI)
    return SaleLine(
        sale=sale,
        product=product,
        name=product.name,
        unit=product.unit,
        quantity_milli=milli,
        price_cents=product.price_cents,
        amount_cents=priced.amount_cents,
        tax_class=product.tax_class,
        rate_bp=priced.rate_bp,
        vat_cents=priced.vat_cents,
        excise_cents=excise_part(millilitres, cents_per_1000_litres),
        sales_account=product.sales_account,
    )
