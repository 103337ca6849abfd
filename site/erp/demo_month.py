"""The demo shop's last month, sold by the product's own actions: sessions, tenders, goods, counts.

A fixed seed makes the same month every time. Each step has a key of its own, so that a load which
was interrupted goes on where it stopped; a day that is closed is left alone.
"""

from datetime import date, datetime, time, timedelta
from random import Random

from django.db import transaction
from django.utils import timezone

from erp.demo_drawers import FLOAT_CENTS, pieces_of
from erp.demo_fresh import look_at_the_days, lose_a_loaf, set_up
from erp.demo_goods import (
    BAKERY,
    BUNDLES,
    CUSTOMERS,
    DAIRY,
    FRESH,
    GAS_DEPOT,
    STOCK_OF,
    SUPPLIER,
    WARES,
    Shop,
    count_the_shelves,
    restock,
    unit_cents,
)
from money.actions.posting import post
from money.cents import MILLI
from money.chart import Code
from money.drafts import Draft
from money.models import Business, Entry, EntryKind, User
from money.queries import balances, balances_of
from mpesa.actions.payments import Seen, record_payment
from mpesa.models import Payment, Source, Till
from shops.actions.cash_moves import Wish, bank_safe, move_cash, note_session
from shops.actions.credit import (
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.drawers import close_session, first_drawer, open_session
from shops.actions.inbox import match_to_sale
from shops.actions.items import keep_count_of
from shops.actions.opening import open_stock
from shops.actions.purchases import add_supplier
from shops.actions.refunds import Return, refund_sale
from shops.actions.sales import ring_up
from shops.actions.settle import take_cash
from shops.discounts import Discount
from shops.models import CashSession, FloatSource, Product, Sale
from shops.queries.customers import debt_cents

DAYS = 30
TUESDAY, FRIDAY, SATURDAY, SUNDAY = 1, 4, 5, 6
MOST_IN_DRAWER_CENTS = 1_500_000


# What may be in a basket, and how often it is.
WEIGHTS = {name: ware.weight for name, ware in WARES.items()} | {
    name: weight for name, (weight, _) in BUNDLES.items()
}


def shop_of(business: Business, owner: User, cashier: User, last: date) -> Shop:
    """Return the shop whose month, up to `last`, is to be sold."""
    till = Till.objects.get(business=business)
    rows = Product.objects.filter(business=business, name__in=WEIGHTS)
    return Shop(business, till, owner, cashier, last, {product.name: product for product in rows})


def begin(shop: Shop, day: date) -> None:
    """Count the goods from the month's first morning on, and write the customers down."""
    morning = _at(day, 7)
    _take_over(shop, day, morning)
    for name, ware in WARES.items():
        product = shop.products[name]
        stock, cost = STOCK_OF[Code(product.sales_account)]
        keep_count_of(
            product=product,
            stock_account=stock,
            cost_account=cost,
            reorder_milli=ware.reorder * 1000,
            allows_negative=False,
            by=shop.owner,
        )
    for name in (name for name in WARES if name not in FRESH):
        item, units = shop.items[name], WARES[name].par
        open_stock(
            item=item,
            quantity_milli=units * MILLI,
            value_cents=units * unit_cents(shop, name, day),
            counted_on=day,
            key=f"demo-opening-{item.pk}",
            by=shop.owner,
            now=morning,
        )
    for name, limit in CUSTOMERS:
        customer = add_customer(
            business=shop.business, name=name, phone="", by=shop.owner, now=morning
        )
        set_credit_limit(customer_id=customer.pk, business=shop.business, cents=limit)
    set_up(shop, morning)
    for supplier in (SUPPLIER, GAS_DEPOT, DAIRY, BAKERY):
        add_supplier(business=shop.business, name=supplier, kra_pin="", phone="", by=shop.owner)


def _take_over(shop: Shop, day: date, morning: datetime) -> None:
    """Take the year's stock, which nobody counted, off the books: now it is by the piece."""
    key = f"demo:{shop.business.slug}:taken-over"
    if Entry.objects.filter(key=key).exists():
        return
    held = balances(shop.business)
    goods = [(code, -held.get(code, 0)) for code in ("1400", "1410") if held.get(code, 0)]
    if not goods:
        return
    draft = Draft(
        business=shop.business,
        key=key,
        occurred_on=day,
        description="Stock counted by the piece from now on",
        source="demo",
        actor=shop.owner,
        kind=EntryKind.ADJUSTMENT,
        lines=[*goods, (Code.OPENING_BALANCES, -sum(cents for _, cents in goods))],
    )
    post(draft, posted_at=morning)


def live_through(shop: Shop, day: date) -> None:
    """Buy, open, sell, pay out, count and close one day; a day with its Z report stays as it is."""
    key = f"demo-{shop.business.slug}-{day}"
    there = CashSession.objects.filter(key=key).first()
    if there and there.closed_at:
        return
    chance = Random(f"month {key}")  # noqa: S311 figures of a demo, no secrets
    look_at_the_days(shop, day, key, _at(day, 7, 5))
    restock(shop, day, key, _at(day, 7, 10))
    session, free = there or _open(shop, day, key), shop.free_milli()
    for number, at in enumerate(_hours(chance, day)):
        # One commit a sale: four would cost more than what they write.
        with transaction.atomic():
            _sell_one(shop, session, f"{key}-{number}", chance, at, free)
    _move(shop, session, key, chance, day)
    _close(shop, session, chance, day)
    if day.weekday() == SUNDAY:
        count_the_shelves(shop, f"{key}-shelves", _at(day, 21))


def _open(shop: Shop, day: date, key: str) -> CashSession:
    """Count the float from the safe; on the first morning, what the drawer has."""
    held = balances_of([shop.business], Code.SAFE).get(shop.business.pk, 0)
    drawer = first_drawer(shop.business)
    left = balances_of([shop.business], drawer.account_code).get(shop.business.pk, 0)
    is_from_safe = held >= FLOAT_CENTS and left <= 0
    return open_session(
        drawer_id=drawer.pk,
        business=shop.business,
        key=key,
        counts=pieces_of(FLOAT_CENTS if is_from_safe else max(left, 0)),
        source=FloatSource.SAFE if is_from_safe else FloatSource.LEFT,
        by=shop.cashier,
        now=_at(day, 7, 30),
    )


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), timezone.get_default_timezone())


def _hours(chance: Random, day: date) -> list[datetime]:
    """Return when customers come: most between 7 and 9 and between 17 and 20 o'clock."""
    often = {SATURDAY: 14, SUNDAY: 7}.get(day.weekday(), 10)
    hours = chance.choices(range(8, 20), (9, 6, 4, 3, 4, 4, 3, 3, 5, 9, 10, 8), k=often)
    return sorted(_at(day, hour, chance.randrange(60)) for hour in hours)


def _sell_one(
    shop: Shop,
    session: CashSession,
    key: str,
    chance: Random,
    at: datetime,
    free: dict[int, int],
) -> None:
    """Ring up a basket and take its money: by cash, M-Pesa, both, or on credit.

    What it takes is taken off `free`, product id -> thousandths.
    """
    cart, left = _basket(shop, chance, free)
    way = chance.choices(("cash", "mpesa", "split", "credit"), (48, 43, 5, 4))[0]
    is_cheaper = chance.random() < 0.04  # noqa: PLR2004 one in twenty-five
    if Sale.objects.filter(key=key, ended_at__isnull=False).exists() or not cart:
        return
    free |= left
    prices = shop.prices_on(session.day)
    listed = sum(prices[pk] * milli // 1000 for pk, milli in cart.items())
    discount = None
    if is_cheaper and listed > 50_000:  # noqa: PLR2004 KES 500
        discount = Discount(
            reason="Regular customer", by=shop.owner, limit_bp=None, cents=listed // 50 // 100 * 100
        )
    sale = ring_up(
        business=shop.business,
        key=key,
        cart=cart,
        shown_cents=listed - (discount.cents if discount else 0),
        cashier=shop.cashier,
        sold_on=session.day,
        session=session,
        discount=discount,
        now=at,
    )
    _pay(shop, sale, way, chance, at)
    if chance.random() < 0.02:  # noqa: PLR2004 one in fifty
        _take_back(shop, sale, at + timedelta(minutes=40))


def _basket(
    shop: Shop, chance: Random, free: dict[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return product id -> thousandths, of what lies there, and what is left free after it."""
    names = chance.choices(
        list(WEIGHTS), list(WEIGHTS.values()), k=chance.choice((1, 2, 2, 3, 3, 4))
    )
    cart, left = dict[int, int](), dict(free)
    for name in dict.fromkeys(names):
        product, most = shop.products[name], WARES[name].most if name in WARES else 1
        milli = chance.randint(1, most) * MILLI
        if product.unit == "kg":
            milli = chance.choice((500, 1_000, 2_000))
        parts = {pk: each * milli // MILLI for pk, each in shop.parts_of(name).items()}
        if all(left.get(pk, 0) >= wanted for pk, wanted in parts.items()):
            cart[product.pk] = milli
            left |= {pk: left[pk] - wanted for pk, wanted in parts.items()}
    return cart, left


def _pay(shop: Shop, sale: Sale, way: str, chance: Random, at: datetime) -> None:
    total = sale.total_cents
    if way == "credit":
        customer = add_customer(
            business=shop.business, name=CUSTOMERS[0][0], phone="", by=shop.owner, now=at
        )
        if debt_cents(customer) + total <= CUSTOMERS[0][1]:
            sell_on_credit(
                sale_id=sale.pk,
                customer_id=customer.pk,
                key=f"credit:{sale.key}",
                by=shop.cashier,
                now=at,
            )
            return
        way = "mpesa"
    if way == "split" and total > 30_000:  # noqa: PLR2004 KES 300
        part = total // 3 // 5_000 * 5_000
        take_cash(
            sale_id=sale.pk,
            given_cents=part,
            part_cents=part,
            key=f"cash:{sale.key}",
            by=shop.cashier,
            now=at,
        )
        _pay_by_mpesa(shop, sale, total - part, chance, at)
    elif way in {"mpesa", "split"}:
        _pay_by_mpesa(shop, sale, total, chance, at)
    else:
        note = next(n for n in (5_000, 10_000, 20_000, 50_000, 100_000, 10**7) if n >= total)
        given = note if note < 10**7 else total // 100_000 * 100_000 + 100_000
        take_cash(sale_id=sale.pk, given_cents=given, by=shop.cashier, now=at)


def _pay_by_mpesa(shop: Shop, sale: Sale, cents: int, chance: Random, at: datetime) -> None:
    """Let Safaricom confirm a payment to the till, and the cashier match it."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    receipt = f"D{at:%m%d}"[:3] + "".join(chance.choices(letters, k=7))
    seen = Seen(
        source=Source.CONFIRMATION, till=shop.till, receipt=receipt, amount_cents=cents, paid_at=at
    )
    record_payment(seen, recorded_at=at + timedelta(seconds=8))
    payment = Payment.objects.get(receipt=receipt)
    match_to_sale(
        payment_id=payment.pk,
        sale_id=sale.pk,
        key=f"demo-{sale.pk}",
        by=shop.cashier,
        now=at + timedelta(seconds=20),
    )


def _take_back(shop: Shop, sale: Sale, at: datetime) -> None:
    """Take the first piece of a receipt back, with the owner's word."""
    line = sale.lines.order_by("pk")[0]
    wish = Return(
        key=f"back:{sale.key}",
        lines={line.pk: min(line.quantity_milli, 1000)},
        reason="Customer changed the mind",
        is_restocked=True,
    )
    refund_sale(sale_id=sale.pk, wish=wish, by=shop.owner, now=at)


def _move(shop: Shop, session: CashSession, key: str, chance: Random, day: date) -> None:
    """Pay small things out of the drawer, lose a loaf, and take a debt in on Fridays."""
    evening = _at(day, 19)
    if chance.random() < 0.4:  # noqa: PLR2004 two days in five
        cents = chance.randrange(150, 401, 50) * 100
        _take_out(shop, session, f"{key}-fuel", ("out", "fuel", cents, "Boda to the wholesaler"))
    if day.day == 5:  # noqa: PLR2004
        _take_out(shop, session, f"{key}-airtime", ("out", "airtime", 50_000, "The shop's phone"))
    if _in_drawer(shop, session) > MOST_IN_DRAWER_CENTS:
        _take_out(shop, session, f"{key}-drop", ("drop", "safe", 1_000_000, ""))
    if chance.random() < 0.2:  # noqa: PLR2004
        lose_a_loaf(shop, f"{key}-bread", day, _at(day, 19, 30))
    if day.weekday() == FRIDAY:
        _take_debt(shop, f"{key}-debt", evening)


def _take_out(shop: Shop, session: CashSession, key: str, what: tuple[str, str, int, str]) -> None:
    kind, reason, cents, note = what
    if _in_drawer(shop, session) < 2 * cents and kind == "out":
        return
    move_cash(
        session_id=session.pk,
        business=shop.business,
        wish=Wish(key=key, kind=kind, reason=reason, cents=cents, note=note),
        by=shop.owner,
        now=_at(session.day, 19),
    )


def _take_debt(shop: Shop, key: str, at: datetime) -> None:
    customer = add_customer(
        business=shop.business, name=CUSTOMERS[0][0], phone="", by=shop.owner, now=at
    )
    if (debt := debt_cents(customer) // 100 * 100) <= 0:
        return
    receive_from_customer(
        customer_id=customer.pk,
        business=shop.business,
        key=key,
        cents=debt,
        by=shop.cashier,
        now=at,
    )


def _in_drawer(shop: Shop, session: CashSession) -> int:
    code = session.drawer.account_code
    return balances_of([shop.business], code).get(shop.business.pk, 0)


def _close(shop: Shop, session: CashSession, chance: Random, day: date) -> None:
    """Count, a little wrong one day in five, put all into the safe, and bank it twice a week."""
    held = _in_drawer(shop, session) // 100
    wrong = chance.choice((-50, -20, 20, -100, -400)) if chance.random() < 0.2 else 0  # noqa: PLR2004
    closed = close_session(
        session_id=session.pk,
        business=shop.business,
        counts=pieces_of(max(held + wrong, 0) * 100),
        left_cents=0,
        by=shop.cashier,
        now=_at(day, 20, 15),
    )
    if closed.needs_note:
        note_session(
            session_id=closed.pk,
            business=shop.business,
            text="Change was given twice to one customer",
            by=shop.owner,
            now=_at(day, 20, 40),
        )
    safe = balances_of([shop.business], Code.SAFE).get(shop.business.pk, 0)
    if day.weekday() in {TUESDAY, FRIDAY} and safe > FLOAT_CENTS:
        bank_safe(
            business=shop.business,
            key=f"demo-bank-{day}",
            cents=safe - FLOAT_CENTS,
            slip=f"{day:%m%d}",
            by=shop.owner,
            now=_at(day, 20, 50),
        )
