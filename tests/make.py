"""Makers of what tests need, by plain keywords. Amina owns, Baraka sells, Chebet is a stranger."""

import json
from datetime import UTC, date, datetime
from itertools import count

from money.actions.books import load_tax_rates, open_business
from money.actions.pins import set_pin
from money.actions.posting import post
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
from shops.actions.sales import ring_up
from shops.models import Product, Sale, Unit

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noon in Nairobi
TODAY = date(2026, 11, 22)
TOKEN = "a-token-nobody-guesses"

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
        set_pin(user=user, password="karibu", pin=pin, at=NOW)
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


def a_product(
    business: Business,
    *,
    name: str = "Maize flour 2 kg",
    shillings: int = 180,
    tax_class: str = TaxClass.STANDARD,
    unit: str = Unit.PIECE,
) -> Product:
    return Product.objects.create(
        business=business,
        name=name,
        price_cents=shillings * 100,
        tax_class=tax_class,
        unit=unit,
        sales_account=Code.SALES_RETAIL,
    )


def a_sale(
    business: Business, *, product: Product | None = None, milli: int = 1000, key: str = ""
) -> Sale:
    """Ring up one line of a product, today, by a cashier called baraka."""
    unit = Unit.KG if milli % 1000 else Unit.PIECE
    product = product or a_product(business, name=f"Thing {next(_numbers)}", unit=unit)
    cashier, _ = User.objects.get_or_create(username="baraka")
    shown = (product.price_cents * milli * 2 + 1000) // 2000
    return ring_up(
        business=business,
        key=key or f"sale-key-{next(_numbers)}",
        cart={product.pk: milli},
        shown_cents=shown,
        cashier=cashier,
        sold_on=TODAY,
        now=NOW,
    )


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
