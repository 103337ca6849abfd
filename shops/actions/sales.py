"""Ringing up: a cart becomes an open sale, at the prices and tax rates of the day."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from money.cents import MILLI, divide_half_up, excise_part, format_shillings
from money.models import Business, User
from money.queries import excise_rate_on, is_vat_registered, tax_rates_on
from shops.actions.stock import reserve_pieces
from shops.cart import BadCart, PricedLine, discounted, price_line, totals
from shops.discounts import Discount
from shops.models import CashSession, HeldCart, Product, Sale, SaleLine, Unit
from shops.overrides import Overrides
from shops.queries.goods import at_prices_of, cents_of, has_price


class OtherTotal(Exception):
    """The total is not the one the cashier saw: prices changed since the page was loaded."""

    def __init__(self, total_cents: int) -> None:
        super().__init__(
            f"The total is KES {format_shillings(total_cents)} now. Tell the customer, then pay."
        )


def ring_up(  # noqa: PLR0913 a sale has that many facts
    *,
    business: Business,
    key: str,
    cart: Mapping[int, int],
    shown_cents: int,
    cashier: User,
    sold_on: date,
    now: datetime,
    session: CashSession | None = None,
    discount: Discount | None = None,
    overrides: Overrides | None = None,
) -> Sale:
    """Write an open sale from product id -> thousandths, at the prices and tax rates of `sold_on`.

    `overrides` go below those prices, within the limit; a `discount` is of the sum at the prices
    sold. The cashier saw `shown_cents`; `session` is open, `sold_on` its day. A `key` returns its
    first sale. Raises BadCart, BadDiscount, BadOverride, OtherTotal and two of limits.
    """
    if not cart:
        raise BadCart("The cart is empty. Tap a product first.")
    with transaction.atomic():
        if first := _sale_of_key(key, business):
            return first
        _refuse_held(key)
        registered = is_vat_registered(business.tax_person, sold_on)
        priced = _priced(business, cart, sold_on, overrides, has_vat=registered)
        lines = _with_discount(priced, discount)
        total, vat = _told(lines, shown_cents)
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
                    session=session,
                    created_at=now,
                    **_discount_of(lines, discount),
                )
        except IntegrityError as error:
            # A double click, two sessions at once on PostgreSQL: the other one's sale is the sale.
            if first := _sale_of_key(key, business):
                return first
            raise BadCart("This page was used before. Reload it, then sell again.") from error
        _write_lines(sale, lines, overrides)
    return sale


def _refuse_held(key: str) -> None:
    """Raise BadCart where the cart of this page was put aside: it would be sold twice."""
    if HeldCart.objects.filter(key=key, taken_at=None).exists():
        raise BadCart("This cart is held. Take it out of the held ones, then sell it.")


def _told(lines: list[tuple[Product, int, PricedLine]], shown_cents: int) -> tuple[int, int]:
    """Return (total, VAT within it). Raises OtherTotal where the cashier saw another one."""
    total, vat = totals(line for _, _, line in lines)
    if total != shown_cents:
        raise OtherTotal(total)
    return total, vat


def _write_lines(
    sale: Sale, lines: list[tuple[Product, int, PricedLine]], overrides: Overrides | None
) -> None:
    """Write the lines of a new sale, and lay aside what they take of the stock."""
    duty = excise_rate_on(sale.business.tax_person, sale.sold_on)
    rows = SaleLine.objects.bulk_create(_sale_line(sale, *line, duty, overrides) for line in lines)
    reserve_pieces(sale, rows)


def _with_discount(
    lines: list[tuple[Product, int, PricedLine]], discount: Discount | None
) -> list[tuple[Product, int, PricedLine]]:
    if discount is None:
        return lines
    listed = sum(line.amount_cents for _, _, line in lines)
    priced = discounted([line for _, _, line in lines], discount.cents_of(listed))
    return [(product, milli, line) for (product, milli, _), line in zip(lines, priced, strict=True)]


def _discount_of(
    lines: list[tuple[Product, int, PricedLine]], discount: Discount | None
) -> dict[str, Any]:
    """Return the sale's own fields of its discount. Raises TooMuchDiscount above the limit."""
    cents = sum(line.discount_cents for _, _, line in lines)
    # A hundredth of a percent of a shilling is none.
    if discount is None or not cents:
        return {}
    listed = sum(line.amount_cents for _, _, line in lines) + cents
    discount.refuse_above(cents, listed)
    return {
        "discount_cents": cents,
        "discount_reason": discount.reason,
        "discount_by": discount.by,
    }


def _sale_of_key(key: str, business: Business) -> Sale | None:
    return Sale.objects.filter(key=key, business=business).first()


def _priced(
    business: Business,
    cart: Mapping[int, int],
    day: date,
    overrides: Overrides | None,
    *,
    has_vat: bool,
) -> list[tuple[Product, int, PricedLine]]:
    """Return (product, thousandths, price) per line of the cart, in the order of tapping."""
    sold = Product.objects.filter(business=business, is_active=True)
    products = at_prices_of(sold, day).in_bulk(list(cart))
    if len(products) != len(cart):
        raise BadCart("A product in the cart is not sold here any more. Take it out, then pay.")
    for product_id, milli in cart.items():
        _refuse_unsellable(products[product_id], milli)
    rates_bp = tax_rates_on(day) if has_vat else {}
    return [
        (
            products[product_id],
            milli,
            price_line(
                price_cents=_price(products[product_id], overrides),
                quantity_milli=milli,
                rate_bp=rates_bp.get(products[product_id].tax_class, 0),
            ),
        )
        for product_id, milli in cart.items()
    ]


def _price(product: Product, overrides: Overrides | None) -> int:
    """Return the cents a unit is sold at. Raises BadOverride, TooFarBelow."""
    listed = cents_of(product)
    return overrides.price_of(product.pk, product.name, listed) if overrides else listed


def _below(product: Product, overrides: Overrides | None) -> dict[str, Any]:
    """Return a line's own fields of a price below that of the list, if it is."""
    listed = cents_of(product)
    if overrides is None or _price(product, overrides) == listed:
        return {}
    return {
        "list_price_cents": listed,
        "price_reason": overrides.reason,
        "price_by": overrides.by,
    }


def _refuse_unsellable(product: Product, milli: int) -> None:
    if not has_price(product):
        raise BadCart(
            f"{product} has no price yet. The manager sets one; sell the rest without it."
        )
    if product.unit == Unit.PIECE and milli % MILLI:
        raise BadCart(f"{product} is sold whole. Write 1, 2 or 3.")


def _sale_line(
    sale: Sale,
    product: Product,
    milli: int,
    priced: PricedLine,
    cents_per_1000_litres: int,
    overrides: Overrides | None,
) -> SaleLine:
    millilitres = divide_half_up(milli * product.excise_millilitres, MILLI)
    return SaleLine(
        sale=sale,
        product=product,
        name=product.name,
        unit=product.unit,
        quantity_milli=milli,
        discount_cents=priced.discount_cents,
        price_cents=_price(product, overrides),
        **_below(product, overrides),
        amount_cents=priced.amount_cents,
        tax_class=product.tax_class,
        rate_bp=priced.rate_bp,
        vat_cents=priced.vat_cents,
        excise_cents=excise_part(millilitres, cents_per_1000_litres),
        sales_account=product.sales_account,
    )
