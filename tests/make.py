"""Makers of what tests need, by plain keywords. Amina owns, Baraka sells, Chebet is a stranger."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from money.actions.books import load_tax_rates, open_business
from money.actions.own_pin import set_pin
from money.actions.posting import post
from money.actions.sign_in import Door
from money.cents import whole_shillings
from money.chart import Code
from money.drafts import Draft, Posted
from money.models import Business, Line, Membership, Role, TaxClass, TaxPerson, User
from mpesa.actions.inbound import STK, receive
from mpesa.actions.payments import Seen, record_payment
from mpesa.digests import digest
from mpesa.models import (
    InboundMessage,
    Payment,
    PaymentRequest,
    RequestState,
    Source,
    Till,
    TillKind,
)
from mpesa.spool import Arrival, new_id
from shops.actions.batches import keep_batches
from shops.actions.counts import start_count, write_counted
from shops.actions.drawers import first_drawer, open_session
from shops.actions.items import keep_count_of
from shops.actions.levels import counter_of
from shops.actions.purchases import Bought, add_supplier, receive_goods
from shops.actions.recipes import set_recipe
from shops.actions.sales import ring_up
from shops.actions.settle import take_cash
from shops.models import (
    Batch,
    CashSession,
    FloatSource,
    Location,
    Price,
    Product,
    Purchase,
    Recipe,
    Sale,
    StockCount,
    StockItem,
    Supplier,
    Unit,
)
from shops.queries.goods import price_on

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noon in Nairobi
TODAY = date(2026, 11, 22)
TOKEN = "a-token-nobody-guesses"

HERE = Door("10.0.0.1")
_numbers = count(1)


def a_tax_person(*, vat_registered_from: date | None = None) -> TaxPerson:
    load_tax_rates()
    person, _ = TaxPerson.objects.get_or_create(
        kra_pin="A001234567Z",
        defaults={"name": "Amina Hassan", "vat_registered_from": vat_registered_from},
    )
    return person


def a_business(*, slug: str = "duka", vat_registered_from: date | None = None) -> Business:
    person = a_tax_person(vat_registered_from=vat_registered_from)
    return open_business(tax_person=person, slug=slug, name=f"Amina {slug}", trade="retail")


def a_shop(*, slug: str = "duka", vat_registered_from: date | None = None) -> Business:
    """Make a business whose drawer is open and empty: what takes cash needs a session."""
    business = a_business(slug=slug, vat_registered_from=vat_registered_from)
    a_session(business)
    return business


def a_user(username: str, **roles: str) -> User:
    """Make a person; `roles` are slug=role."""
    user, _ = User.objects.get_or_create(
        username=username, defaults={"first_name": username.title()}
    )
    for slug, role in roles.items():
        Membership.objects.create(user=user, business=Business.objects.get(slug=slug), role=role)
    return user


def with_a_pin(username: str, pin: str, **roles: str) -> User:
    """Make a cashier, or who has these roles, with the password "karibu" and a PIN; "" for none."""
    user = a_user(username, **(roles or {"duka": Role.CASHIER}))
    user.set_password("karibu")
    user.save()
    if pin:
        set_pin(user=user, password="karibu", pin=pin, door=HERE, at=NOW)
    return user


def amina(**roles: str) -> User:
    user = a_user("amina", **(roles or {"duka": Role.OWNER}))
    user.is_staff = True
    user.save()
    return user


def baraka() -> User:
    return a_user("baraka", duka=Role.CASHIER)


def chebet() -> User:
    return a_user("chebet")


def a_till(business: Business, *, number: str = "9900302", shortcode: str = "9900300") -> Till:
    return Till.objects.create(
        business=business,
        kind=TillKind.TILL,
        number=number,
        shortcode=shortcode,
        callback_secret=f"secret-of-{number}",
    )


def a_session(
    business: Business, *, shillings: int = 0, source: str = FloatSource.LEFT, now: datetime = NOW
) -> CashSession:
    """Open the first drawer with a float of so many shilling pieces, by a cashier called baraka."""
    by = a_user("baraka")
    return open_session(
        drawer_id=first_drawer(business).pk,
        business=business,
        key=f"session-{next(_numbers)}",
        counts={"1": shillings} if shillings else {},
        source=source,
        by=by,
        now=now,
    )


def a_product(
    business: Business,
    *,
    name: str = "Maize flour 2 kg",
    shillings: int = 180,
    tax_class: str = TaxClass.STANDARD,
    unit: str = Unit.PIECE,
) -> Product:
    product = Product.objects.create(
        business=business,
        name=name,
        tax_class=tax_class,
        unit=unit,
        sales_account=Code.SALES_RETAIL,
    )
    a_price(product, shillings=shillings)
    return product


def many_products(business: Business, names: Iterable[str], *, shillings: int = 1) -> None:
    """Put many products on the shelf at once, each with a price."""
    products = Product.objects.bulk_create(
        Product(
            business=business,
            name=name,
            tax_class=TaxClass.STANDARD,
            sales_account=Code.SALES_RETAIL,
        )
        for name in names
    )
    Price.objects.bulk_create(
        Price(product=row, price_cents=shillings * 100, from_day=date(2024, 1, 1), set_at=NOW)
        for row in products
    )


def a_price(product: Product, *, shillings: int = 180, from_day: date = date(2024, 1, 1)) -> Price:
    """Write a price from any day on, before tests begin where nothing is said."""
    return Price.objects.create(
        product=product, price_cents=shillings * 100, from_day=from_day, set_at=NOW
    )


def cents(product: Product, day: date = TODAY) -> int:
    """Return the price of a product on a day, in cents."""
    price = price_on(product, day)
    assert price
    return price.price_cents


def a_sale(
    business: Business, *, product: Product | None = None, milli: int = 1000, key: str = ""
) -> Sale:
    """Ring up one line of a product, today, by a cashier called baraka."""
    unit = Unit.KG if milli % 1000 else Unit.PIECE
    product = product or a_product(business, name=f"Thing {next(_numbers)}", unit=unit)
    cashier, _ = User.objects.get_or_create(username="baraka")
    shown = (cents(product) * milli * 2 + 1000) // 2000
    return ring_up(
        business=business,
        key=key or f"sale-key-{next(_numbers)}",
        cart={product.pk: milli},
        shown_cents=shown,
        cashier=cashier,
        sold_on=TODAY,
        now=NOW,
    )


def counted(product: Product, *, reorder: int = 0, allows_negative: bool = False) -> StockItem:
    """Count a product: stock on 1400, cost on 5040. `reorder` is in thousandths."""
    return keep_count_of(
        product=product,
        stock_account="1400",
        cost_account="5040",
        reorder_milli=reorder,
        allows_negative=allows_negative,
        by=amina_of(product.business),
    )


def amina_of(business: Business) -> User:
    """Return Amina, who owns the business too."""
    user, _ = User.objects.get_or_create(username="amina", defaults={"first_name": "Amina"})
    Membership.objects.get_or_create(user=user, business=business, role=Role.OWNER)
    return user


def a_supplier(business: Business, *, name: str = "Kapa Wholesalers") -> Supplier:
    by = amina_of(business)
    return add_supplier(business=business, name=name, kra_pin="", phone="", by=by)


def bought(
    item: StockItem, milli: int, net: int, *, vat: int = 0, tax_class: str = TaxClass.STANDARD
) -> Bought:
    """Return a line of an invoice: thousandths, cents without VAT, cents of VAT."""
    return Bought(
        item_id=item.pk, quantity_milli=milli, net_cents=net, vat_cents=vat, tax_class=tax_class
    )


def a_purchase(
    supplier: Supplier, *lines: Bought, number: str = "", paid_from: str = "", key: str = ""
) -> Purchase:
    """Receive goods today, on credit unless an account pays."""
    return receive_goods(
        supplier=supplier,
        number=number,
        cu_invoice_number="",
        bought_on=TODAY,
        paid_from=paid_from,
        lines=lines,
        key=key or f"purchase-key-{next(_numbers)}",
        by=amina_of(supplier.business),
        now=NOW,
    )


def sold(business: Business, product: Product, milli: int = 1_000) -> Sale:
    """Ring up one line and take cash for it."""
    sale = a_sale(business, product=product, milli=milli)
    by = a_user("baraka")
    return take_cash(sale_id=sale.pk, given_cents=whole_shillings(sale.total_cents), by=by, now=NOW)


def a_count(business: Business, *, place: Location | None = None, key: str = "") -> StockCount:
    """Begin to count all of a place, the counter."""
    return start_count(
        location=place or counter_of(business),
        what="all",
        words="",
        key=key or f"count-key-{next(_numbers)}",
        by=amina_of(business),
        now=NOW,
    )


def counting(count: StockCount, **pieces: int | None) -> None:
    """Write what was counted by Amina: product names with _ for spaces = thousandths."""
    wanted = {name.replace("_", " "): milli for name, milli in pieces.items()}
    lines = count.lines.filter(item__product__name__in=wanted).select_related("item__product")
    write_counted(
        count_id=count.pk,
        business=count.business,
        counted={line.pk: wanted[line.item.product.name] for line in lines},
        by=amina_of(count.business),
        now=NOW,
    )


def stocked(product: Product, milli: int, cents: int, **settings: Any) -> StockItem:
    """Count a product and receive `milli` thousandths of it that cost `cents`, without VAT."""
    item = counted(product, **settings)
    a_purchase(a_supplier(product.business), bought(item, milli, cents, tax_class="C"))
    return item


def a_recipe(product: Product, *parts: tuple[StockItem, int], comes_back: bool = False) -> Recipe:
    """Let a product be made of (item, thousandths), its cost on 5000: what water refills cost."""
    recipe = set_recipe(
        product=product,
        parts={item.pk: milli for item, milli in parts},
        cost_account="5000",
        comes_back=comes_back,
        by=amina_of(product.business),
        now=NOW,
    )
    assert recipe
    return recipe


def in_batches(item: StockItem, *, warn_days: int = 14) -> StockItem:
    """Keep batches of an item."""
    by = amina_of(item.product.business)
    return keep_batches(item=item, warn_days=warn_days, by=by, now=NOW)


def a_delivery(item: StockItem, milli: int, cents: int, *, code: str, before: date | None) -> Batch:
    """Receive a batch without VAT, on credit."""
    line = replace(bought(item, milli, cents, tax_class="C"), batch_code=code, best_before=before)
    purchase = a_purchase(a_supplier(item.product.business), line)
    batch = purchase.lines.get().batch
    assert batch
    return batch


def a_request(
    till: Till,
    *,
    amount_cents: int = 18_000,
    reference: str = "sale:1",
    state: str = RequestState.ASKED,
    token: str = TOKEN,
    checkout_request_id: str = "ws_CO_22112026120000000700000101",
) -> PaymentRequest:
    """Write a request as if it had been asked at NOW."""
    by, _ = User.objects.get_or_create(username="baraka")
    return PaymentRequest.objects.create(
        till=till,
        key=f"request-{next(_numbers)}",
        reference=reference,
        account_reference="SALE1",
        phone="254700000101",
        amount_cents=amount_cents,
        token_digest=digest(token),
        state=state,
        checkout_request_id=checkout_request_id,
        created_by=by,
        created_at=NOW,
        asked_at=NOW,
    )


def an_entry(
    business: Business,
    *,
    key: str = "",
    cents: int = 10_000,
    debit: str = Code.CASH_DRAWER,
    credit: str = Code.SALES_RETAIL,
    occurred_on: date = TODAY,
    posted_at: datetime = NOW,
) -> Posted:
    """Post a plain entry of two lines."""
    draft = Draft(
        business=business,
        key=key or f"test:{next(_numbers)}",
        occurred_on=occurred_on,
        description="A test entry",
        lines=[(debit, cents), (credit, -cents)],
    )
    return post(draft, posted_at=posted_at)


def a_payment(
    till: Till,
    *,
    request: PaymentRequest | None = None,
    receipt: str = "UKM5A1B2C3",
    amount_cents: int = 18_000,
    paid_at: datetime = NOW,
) -> Payment:
    """Record a payment, and with it that its request was paid, as a callback would at NOW."""
    if request:
        PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.PAID, ended_at=NOW)
    seen = Seen(
        source=Source.STK if request else Source.CONFIRMATION,
        till=till,
        receipt=receipt,
        amount_cents=amount_cents,
        paid_at=paid_at,
        request=request,
    )
    record_payment(seen, recorded_at=NOW)
    return Payment.objects.get(receipt=receipt)


def taxed_lines_of(key: str) -> list[tuple[str, int, str]]:
    """Return (account code, cents, tax letter) of the entry with this key, as posted."""
    rows = Line.objects.filter(entry__key=key).order_by("pk")
    return list(rows.values_list("account__code", "amount_cents", "tax_class"))


def lines_of(key: str) -> list[tuple[str, int]]:
    """Return (account code, cents) of the entry with this key, in the order of posting."""
    rows = Line.objects.filter(entry__key=key).order_by("pk")
    return list(rows.values_list("account__code", "amount_cents"))


def a_callback(
    *,
    code: object = 0,
    amount: object = 180.0,
    receipt: object = "UKM5A1B2C3",
    at: object = 20261122115500,
    checkout_request_id: str = "ws_CO_22112026120000000700000101",
    text: str = "As Safaricom puts it.",
    **changes: object,
) -> bytes:
    """Write an STK callback; its code decides whether it has metadata. Changes go over the rest."""
    inner: dict[str, object] = {
        "MerchantRequestID": "3b7a-4e21-9d40-5c8f0e6a1b2d7719402",
        "CheckoutRequestID": checkout_request_id,
        "ResultCode": code,
        "ResultDesc": text,
    }
    if code in {0, "0"}:
        items = {
            "Amount": amount,
            "MpesaReceiptNumber": receipt,
            "TransactionDate": at,
            "PhoneNumber": 254700000101,
        }
        inner["CallbackMetadata"] = {
            "Item": [{"Name": name, "Value": value} for name, value in items.items()]
        }
    return json.dumps({"Body": {"stkCallback": inner | changes}}).encode()


def a_message(
    till: Till, *, body: bytes, token: str = TOKEN, received_at: datetime = NOW
) -> InboundMessage:
    """Store a callback as the view would."""
    return receive(
        channel=STK,
        till=till,
        token=token,
        body=body,
        address="196.201.214.200",
        headers={"Content-Type": "application/json"},
        received_at=received_at,
    )


def an_arrival(
    *,
    channel: str = STK,
    secret: str = "secret-of-9900302",
    token: str = TOKEN,
    body: bytes = b"{}",
    address: str = "196.201.214.200",
    headers: dict[str, str] | None = None,
    received_at: datetime = NOW,
) -> Arrival:
    """Make a callback as the view puts it into the spool."""
    return Arrival(
        spool_id=new_id(),
        channel=channel,
        secret=secret,
        token=token,
        body=body,
        address=address,
        headers={"Content-Type": "application/json"} if headers is None else headers,
        received_at=received_at,
    )
