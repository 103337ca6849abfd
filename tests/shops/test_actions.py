"""Ringing up, taking cash, asking phones, matching payments: each with its postings in cents."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from money.actions.posting import UnknownAccount
from money.models import Business, Entry, TaxClass, TaxPerson, User
from money.queries import balances
from mpesa.actions.requests import AlreadyAsking, NotAskable
from mpesa.models import Payment, PaymentRequest, RequestState, Till
from shops.actions.drawers import close_forgotten
from shops.actions.giving_up import cancel_sale
from shops.actions.sales import OtherTotal, ring_up
from shops.actions.settle import (
    NoTill,
    NotOpen,
    StillAsking,
    TooLittle,
    ask_mpesa,
    match_payment,
    take_cash,
)
from shops.cart import BadCart
from shops.models import Method, Product, Sale, SaleLine, SaleState, Tender, Unit
from tests import make
from tests.make import NOW, TODAY

KEY = "0123456789abcdef"
PHONE = "254700000101"
LATER = NOW + timedelta(minutes=5)


def rung(business: Business, cashier: User, cart: dict[int, int], shown: int, **but: Any) -> Sale:
    facts: dict[str, Any] = {
        "business": business,
        "key": KEY,
        "cart": cart,
        "shown_cents": shown,
        "cashier": cashier,
        "sold_on": TODAY,
        "now": NOW,
    }
    return ring_up(**(facts | but))


def asked(sale: Sale, till: Till, *, key: str = KEY) -> PaymentRequest:
    return ask_mpesa(sale_id=sale.pk, key=key, phone=PHONE, by=sale.cashier, now=NOW)


def ended(request: PaymentRequest, state: str) -> None:
    PaymentRequest.objects.filter(pk=request.pk).update(state=state, ended_at=NOW)


# Ringing up


def test_ring_up_writes_a_sale_whose_lines_re_add(duka: Business, baraka: User) -> None:
    flour = make.a_product(duka, tax_class=TaxClass.ZERO)
    sugar = make.a_product(duka, name="Sugar", shillings=150, unit=Unit.KG)
    gas = make.a_product(duka, name="Gas", shillings=1250, tax_class=TaxClass.REDUCED)

    sale = rung(duka, baraka, {sugar.pk: 1500, flour.pk: 2000, gas.pk: 1000}, 183_500)

    rows = SaleLine.objects.filter(sale=sale).order_by("pk")
    assert [
        (r.name, r.unit, r.quantity_milli, r.price_cents, r.amount_cents, r.tax_class, r.rate_bp)
        for r in rows
    ] == [
        ("Sugar", "kg", 1500, 15_000, 22_500, "B", 1600),
        ("Maize flour 2 kg", "piece", 2000, 18_000, 36_000, "C", 0),
        ("Gas", "piece", 1000, 125_000, 125_000, "E", 800),
    ]
    assert [row.vat_cents for row in rows] == [3_103, 0, 9_259]
    assert (sale.total_cents, sale.vat_cents) == (183_500, 12_362)
    assert (sale.state, sale.number, sale.is_vat_registered) == (SaleState.OPEN, None, True)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("registered_from", "vat"),
    [(None, 0), (TODAY + timedelta(days=1), 0), (TODAY, 2_069)],
)
@pytest.mark.django_db
def test_ring_up_charges_vat_from_the_day_of_registration(
    registered_from: date | None, vat: int
) -> None:
    business = make.a_business(vat_registered_from=registered_from)
    product = make.a_product(business, shillings=150)

    sale = rung(business, make.baraka(), {product.pk: 1000}, 15_000)

    assert (sale.total_cents, sale.vat_cents) == (15_000, vat)
    assert sale.is_vat_registered == bool(vat)
    assert [(line.rate_bp, line.vat_cents) for line in sale.lines.all()] == [
        (1600 if vat else 0, vat)
    ]


def test_ring_up_returns_the_first_sale_of_a_key(duka: Business, baraka: User) -> None:
    product = make.a_product(duka)
    first = rung(duka, baraka, {product.pk: 1000}, 18_000)

    again = rung(duka, baraka, {product.pk: 5000}, 90_000, now=LATER)

    assert (again.pk, again.total_cents) == (first.pk, 18_000)
    assert (Sale.objects.count(), SaleLine.objects.count()) == (1, 1)


def test_ring_up_refuses_a_key_of_another_business(duka: Business, baraka: User) -> None:
    other = make.a_business(slug="maji")
    make.a_sale(other, key=KEY)
    product = make.a_product(duka)

    with pytest.raises(BadCart) as refusal:
        rung(duka, baraka, {product.pk: 1000}, 18_000)

    assert str(refusal.value) == "This page was used before. Reload it, then sell again."
    assert not Sale.objects.filter(business=duka).exists()


def test_ring_up_returns_the_sale_that_another_session_wrote_meanwhile(
    duka: Business, baraka: User
) -> None:
    product = make.a_product(duka)
    theirs: list[Sale] = []

    def double_click(execute: Any, sql: str, *rest: Any) -> Any:
        # As on PostgreSQL: the other click commits after we looked for its key.
        if 'FROM "shops_product"' in sql and not theirs:
            theirs.append(Sale(pk=0))
            theirs[:] = [rung(duka, baraka, {product.pk: 1000}, 18_000)]
        return execute(sql, *rest)

    with connection.execute_wrapper(double_click):
        ours = rung(duka, baraka, {product.pk: 1000}, 18_000)

    assert [ours] == theirs
    assert SaleLine.objects.count() == 1


def test_ring_up_refuses_an_empty_cart(duka: Business, baraka: User) -> None:
    with pytest.raises(BadCart) as refusal:
        rung(duka, baraka, {}, 0)

    assert str(refusal.value) == "The cart is empty. Tap a product first."


def test_ring_up_refuses_a_product_of_another_business(duka: Business, baraka: User) -> None:
    theirs = make.a_product(make.a_business(slug="maji"))
    ours = make.a_product(duka)

    with pytest.raises(BadCart) as refusal:
        rung(duka, baraka, {ours.pk: 1000, theirs.pk: 1000}, 36_000)

    assert str(refusal.value) == (
        "A product in the cart is not sold here any more. Take it out, then pay."
    )
    assert not Sale.objects.exists()


def test_ring_up_refuses_a_product_that_is_not_sold_any_more(duka: Business, baraka: User) -> None:
    product = make.a_product(duka)
    Product.objects.update(is_active=False)

    with pytest.raises(BadCart):
        rung(duka, baraka, {product.pk: 1000}, 18_000)

    assert not Sale.objects.exists()


@pytest.mark.parametrize("shown", [-1, 0, 17_999, 18_001])
def test_ring_up_refuses_a_total_that_the_cashier_did_not_see(
    duka: Business, baraka: User, shown: int
) -> None:
    product = make.a_product(duka)

    with pytest.raises(OtherTotal) as refusal:
        rung(duka, baraka, {product.pk: 1000}, shown)

    assert str(refusal.value) == "The total is KES 180 now. Tell the customer, then pay."
    assert not Sale.objects.exists()


def test_ring_up_refuses_a_line_of_millions(duka: Business, baraka: User) -> None:
    product = make.a_product(duka)

    with pytest.raises(BadCart) as refusal:
        rung(duka, baraka, {product.pk: 10_000_000}, 180_000_000)

    assert str(refusal.value) == "A line must cost more than nothing and at most KES 1,000,000."


# Cash


def test_take_cash_posts_the_sale_and_its_cash(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=150))

    done = take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=LATER)

    tender = Tender.objects.get()
    assert (done.state, done.number, done.ended_at) == (SaleState.PAID, 1, LATER)
    assert (tender.method, tender.given_cents, tender.change_cents) == (Method.CASH, 20_000, 5_000)
    assert make.lines_of(f"sale:{sale.pk}") == [
        ("1300", 15_000),
        ("4040", -12_931),
        ("2200", -2_069),
    ]
    assert make.lines_of(f"cash:{tender.pk}") == [("1000", 15_000), ("1300", -15_000)]
    entries = Entry.objects.order_by("number")
    assert [(e.description, e.source, e.actor, e.occurred_on, e.posted_at) for e in entries] == [
        ("Sale, receipt 1", "receipt 1", baraka, TODAY, LATER),
        ("Cash for receipt 1", "receipt 1", baraka, TODAY, LATER),
    ]


def test_take_cash_posts_each_income_account_once_per_tax_letter(
    duka: Business, baraka: User
) -> None:
    flour = make.a_product(duka, tax_class=TaxClass.ZERO)
    sugar = make.a_product(duka, name="Sugar", shillings=150)
    soap = make.a_product(duka, name="Soap", shillings=150)
    milk = make.a_product(duka, name="Milk", shillings=60, tax_class=TaxClass.EXEMPT)
    gas = make.a_product(duka, name="Gas", shillings=1250, tax_class=TaxClass.ZERO)
    Product.objects.filter(pk=gas.pk).update(sales_account="4050")
    cart = dict.fromkeys((flour.pk, gas.pk, sugar.pk, soap.pk, milk.pk), 1000)
    sale = rung(duka, baraka, cart, 179_000)

    take_cash(sale_id=sale.pk, given_cents=179_000, by=baraka, now=NOW)

    assert make.taxed_lines_of(f"sale:{sale.pk}") == [
        ("1300", 179_000, ""),
        ("4040", -18_000, "C"),
        ("4050", -125_000, "C"),
        ("4040", -25_862, "B"),
        ("2200", -4_138, "B"),
        ("4040", -6_000, "A"),
    ]


def test_a_sale_before_the_registration_has_no_tax_letters(duka: Business, baraka: User) -> None:
    TaxPerson.objects.update(vat_registered_from=TODAY + timedelta(days=1))
    duka = Business.objects.get(pk=duka.pk)
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=150))

    take_cash(sale_id=sale.pk, given_cents=15_000, by=baraka, now=NOW)

    assert make.taxed_lines_of(f"sale:{sale.pk}") == [("1300", 15_000, ""), ("4040", -15_000, "")]


# KES 6.41 a litre from 2022-10-01: 20 l are KES 128.20.
@pytest.mark.parametrize(
    ("millilitres", "milli", "duty"),
    [(20_000, 1_000, 12_820), (500, 3_000, 962), (1_000, 750, 481)],
)
def test_excise_on_water_is_owed_by_the_litre(
    duka: Business, baraka: User, millilitres: int, milli: int, duty: int
) -> None:
    unit = Unit.LITRE if milli % 1000 else Unit.PIECE
    water = make.a_product(duka, name="Water", shillings=200, unit=unit)
    Product.objects.filter(pk=water.pk).update(excise_millilitres=millilitres)
    TaxPerson.objects.update(excise_licensed_from=TODAY)
    sale = rung(Business.objects.get(pk=duka.pk), baraka, {water.pk: milli}, 20 * milli)

    take_cash(sale_id=sale.pk, given_cents=100_000, by=baraka, now=NOW)

    assert make.lines_of(f"sale:{sale.pk}")[-2:] == [("5070", duty), ("2210", -duty)]
    assert sale.lines.get().excise_cents == duty


@pytest.mark.parametrize("licensed_from", [None, TODAY + timedelta(days=1)])
def test_no_excise_is_owed_without_a_licence(
    duka: Business, baraka: User, licensed_from: date | None
) -> None:
    water = make.a_product(duka, name="Water", shillings=200)
    Product.objects.filter(pk=water.pk).update(excise_millilitres=20_000)
    TaxPerson.objects.update(excise_licensed_from=licensed_from)
    sale = rung(Business.objects.get(pk=duka.pk), baraka, {water.pk: 1000}, 20_000)

    take_cash(sale_id=sale.pk, given_cents=100_000, by=baraka, now=NOW)

    assert "2210" not in dict(make.lines_of(f"sale:{sale.pk}"))


@pytest.mark.django_db
def test_take_cash_posts_no_vat_where_nobody_is_registered() -> None:
    business = make.a_shop()
    sale = make.a_sale(business, product=make.a_product(business, shillings=150))

    take_cash(sale_id=sale.pk, given_cents=15_000, by=sale.cashier, now=NOW)

    assert make.lines_of(f"sale:{sale.pk}") == [("1300", 15_000), ("4040", -15_000)]


@pytest.mark.parametrize(
    ("milli", "total", "due", "rounding"),
    [(1_883, 28_245, 28_200, 45), (1_883 + 1, 28_260, 28_300, -40)],
)
def test_take_cash_rounds_to_the_shilling(
    duka: Business, baraka: User, milli: int, total: int, due: int, rounding: int
) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=150, unit=Unit.KG), milli=milli)

    take_cash(sale_id=sale.pk, given_cents=30_000, by=baraka, now=NOW)

    tender = Tender.objects.get()
    assert (tender.amount_cents, tender.rounding_cents) == (total, -rounding)
    assert tender.change_cents == 30_000 - due
    assert make.lines_of(f"cash:{tender.pk}") == [
        ("1000", due),
        ("1300", -total),
        ("6520", rounding),
    ]


def test_take_cash_rounds_half_a_shilling_up(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=565, unit=Unit.KG), milli=500)

    with pytest.raises(TooLittle) as refusal:
        take_cash(sale_id=sale.pk, given_cents=28_250, by=baraka, now=NOW)
    take_cash(sale_id=sale.pk, given_cents=28_300, by=baraka, now=NOW)

    tender = Tender.objects.get()
    assert str(refusal.value) == "KES 283 are due; less was given."
    assert (tender.amount_cents, tender.rounding_cents, tender.change_cents) == (28_250, 50, 0)
    assert make.lines_of(f"cash:{tender.pk}") == [
        ("1000", 28_300),
        ("1300", -28_250),
        ("6520", -50),
    ]
    assert balances(duka)["1300"] == 0


def test_take_cash_refuses_too_little_and_leaves_the_sale_open(
    duka: Business, baraka: User
) -> None:
    sale = make.a_sale(duka)

    with pytest.raises(TooLittle):
        take_cash(sale_id=sale.pk, given_cents=17_999, by=baraka, now=NOW)

    sale.refresh_from_db()
    assert (sale.state, sale.number) == (SaleState.OPEN, None)
    assert (Tender.objects.count(), Entry.objects.count()) == (0, 0)


def test_take_cash_twice_changes_nothing(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)
    take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NOW)

    again = take_cash(sale_id=sale.pk, given_cents=50_000, by=baraka, now=LATER)

    assert (again.number, again.ended_at) == (1, NOW)
    assert (Tender.objects.get().given_cents, Entry.objects.count()) == (20_000, 2)


def test_take_cash_refuses_while_the_phone_is_asked(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference)

    with pytest.raises(StillAsking) as refusal:
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    assert str(refusal.value) == "The phone is still being asked. Wait for its answer."


@pytest.mark.parametrize("way", ["cash", "cancel"])
def test_a_request_that_was_not_sent_is_withdrawn_and_never_rings(
    duka: Business, till: Till, baraka: User, way: str
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(
        till, reference=sale.reference, state=RequestState.CREATED, checkout_request_id=""
    )

    if way == "cash":
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)
    else:
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    request.refresh_from_db()
    assert (request.state, request.result_code) == (RequestState.EXPIRED, "withdrawn")


def test_a_refused_cash_withdraws_nothing(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(
        till, reference=sale.reference, state=RequestState.CREATED, checkout_request_id=""
    )

    with pytest.raises(TooLittle):
        take_cash(sale_id=sale.pk, given_cents=100, by=baraka, now=NOW)

    request.refresh_from_db()
    assert request.state == RequestState.CREATED


def test_cash_of_a_later_session_belongs_to_its_day(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)
    later = NOW + timedelta(days=3)
    close_forgotten(now=later, after_hours=18)
    make.a_session(duka, now=later)

    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=later)

    assert set(Entry.objects.values_list("occurred_on", flat=True)) == {date(2026, 11, 25)}


def test_take_cash_refuses_what_safaricom_calls_paid(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    ended(asked(sale, till), RequestState.PAID)

    for act in (
        lambda: take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW),
        lambda: cancel_sale(sale_id=sale.pk, by=baraka, now=NOW),
        lambda: asked(sale, till, key="another-key"),
    ):
        with pytest.raises(StillAsking) as refusal:
            act()
        assert str(refusal.value) == (
            "Safaricom says that this is paid. Its receipt comes by itself."
        )

    assert (Tender.objects.count(), PaymentRequest.objects.count()) == (0, 1)


@pytest.mark.parametrize("state", [RequestState.FAILED, RequestState.UNKNOWN, RequestState.EXPIRED])
def test_take_cash_settles_after_the_phone_did_not(
    duka: Business, till: Till, baraka: User, state: str
) -> None:
    sale = make.a_sale(duka)
    ended(asked(sale, till), state)

    done = take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    assert done.state == SaleState.PAID


def test_take_cash_refuses_a_cancelled_sale(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)
    cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    with pytest.raises(NotOpen) as refusal:
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    assert str(refusal.value) == "This sale is cancelled already."


def test_take_cash_refuses_a_sale_that_mpesa_paid(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)
    payment = make.a_payment(till, request=asked(sale, till))
    match_payment(payment_id=payment.pk, now=NOW)

    with pytest.raises(NotOpen) as refusal:
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    assert str(refusal.value) == "This sale is paid already."


def test_receipt_numbers_have_no_gap_in_each_business(duka: Business, baraka: User) -> None:
    maji = make.a_shop(slug="maji")
    sales = [make.a_sale(shop) for shop in (duka, maji, duka, duka, maji)]
    cancel_sale(sale_id=sales[2].pk, by=baraka, now=NOW)
    too_little, rest = sales[3], [sales[0], sales[1], sales[4]]
    with pytest.raises(TooLittle):
        take_cash(sale_id=too_little.pk, given_cents=1, by=baraka, now=NOW)

    for sale in [*rest, too_little]:
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    numbers = {
        shop.slug: list(
            Sale.objects.filter(business=shop, number__gt=0)
            .order_by("number")
            .values_list("number", flat=True)
        )
        for shop in (duka, maji)
    }
    assert numbers == {"duka": [1, 2], "maji": [1, 2]}


# M-Pesa


def test_ask_mpesa_writes_a_request_for_the_sale(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)

    request = ask_mpesa(sale_id=sale.pk, key=KEY, phone=PHONE, by=baraka, now=NOW)

    assert (request.till, request.reference, request.account_reference) == (
        till,
        f"sale:{sale.pk}",
        f"SALE{sale.pk}",
    )
    assert (request.phone, request.amount_cents, request.state) == (
        PHONE,
        18_000,
        RequestState.CREATED,
    )


def test_ring_up_refuses_a_part_of_a_piece(duka: Business, baraka: User) -> None:
    burner = make.a_product(duka, name="Burner")

    with pytest.raises(BadCart) as refusal:
        rung(duka, baraka, {burner.pk: 500}, 9_000)

    assert str(refusal.value) == "Burner is sold whole. Write 1, 2 or 3."


def test_ask_mpesa_refuses_cents(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=565, unit=Unit.KG), milli=500)

    with pytest.raises(NotAskable) as refusal:
        asked(sale, till)

    assert str(refusal.value) == (
        "M-Pesa takes whole shillings only. Take cash, or change the quantity."
    )
    assert not PaymentRequest.objects.exists()


def test_ask_mpesa_refuses_more_than_mpesa_carries(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=250_001))

    with pytest.raises(NotAskable) as refusal:
        asked(sale, till)

    assert str(refusal.value) == "M-Pesa takes at most KES 250,000 at once."


def test_ask_mpesa_refuses_a_business_without_a_till(duka: Business, baraka: User) -> None:
    make.a_till(make.a_business(slug="maji"))
    sale = make.a_sale(duka)

    with pytest.raises(NoTill) as refusal:
        ask_mpesa(sale_id=sale.pk, key=KEY, phone=PHONE, by=baraka, now=NOW)

    assert str(refusal.value) == "Amina duka has no M-Pesa till. Take cash."


def test_ask_mpesa_returns_the_first_request_of_a_key(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    first = asked(sale, till)
    make.a_payment(till, request=first)

    assert asked(sale, till) == first
    assert PaymentRequest.objects.count() == 1


def test_ask_mpesa_refuses_a_second_prompt_at_the_same_time(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    asked(sale, till)

    with pytest.raises(AlreadyAsking) as refusal:
        asked(sale, till, key="another-key")

    assert str(refusal.value) == "The phone is being asked already."


def test_ask_mpesa_asks_again_after_a_failure(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    first = asked(sale, till)
    ended(first, RequestState.FAILED)

    second = asked(sale, till, key="another-key")

    assert second.pk != first.pk
    assert second.state == RequestState.CREATED


def test_ask_mpesa_refuses_an_ended_sale(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)
    cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    with pytest.raises(NotOpen):
        asked(sale, till)


# Matching


def test_match_payment_settles_and_posts_the_sale(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=150))
    payment = make.a_payment(till, request=asked(sale, till), amount_cents=15_000)

    assert match_payment(payment_id=payment.pk, now=LATER) is True

    sale.refresh_from_db()
    payment.refresh_from_db()
    tender = Tender.objects.get()
    assert (sale.state, sale.number, sale.ended_at) == (SaleState.PAID, 1, LATER)
    assert (tender.method, tender.amount_cents, tender.payment) == (Method.MPESA, 15_000, payment)
    assert payment.allocated_cents == 15_000
    assert make.lines_of("mpesa:UKM5A1B2C3") == [("1100", 15_000), ("2130", -15_000)]
    assert make.lines_of(f"sale:{sale.pk}") == [
        ("1300", 15_000),
        ("4040", -12_931),
        ("2200", -2_069),
    ]
    assert make.lines_of("match:UKM5A1B2C3") == [("2130", 15_000), ("1300", -15_000)]
    match = Entry.objects.get(key="match:UKM5A1B2C3")
    assert (match.description, match.source, match.actor) == (
        "M-Pesa for receipt 1",
        "UKM5A1B2C3",
        baraka,
    )
    assert {code: cents for code, cents in balances(duka).items() if cents} == {
        "1100": 15_000,
        "2200": -2_069,
        "4040": -12_931,
    }


def test_match_payment_twice_changes_nothing(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    payment = make.a_payment(till, request=asked(sale, till))
    match_payment(payment_id=payment.pk, now=NOW)

    assert match_payment(payment_id=payment.pk, now=LATER) is False

    assert (Tender.objects.count(), Entry.objects.count()) == (1, 3)


def test_match_payment_dates_a_payment_after_midnight_by_its_own_day(
    duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    midnight_in_nairobi = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    payment = make.a_payment(till, request=asked(sale, till), paid_at=midnight_in_nairobi)

    match_payment(payment_id=payment.pk, now=midnight_in_nairobi)

    days = dict(Entry.objects.values_list("key", "occurred_on"))
    assert days == {
        "mpesa:UKM5A1B2C3": date(2026, 11, 23),
        f"sale:{sale.pk}": date(2026, 11, 23),
        "match:UKM5A1B2C3": date(2026, 11, 23),
    }


def test_match_payment_leaves_a_late_payment_after_cash_unidentified(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    request = asked(sale, till)
    ended(request, RequestState.UNKNOWN)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)
    payment = make.a_payment(till, request=request)

    assert match_payment(payment_id=payment.pk, now=NOW) is False

    payment.refresh_from_db()
    assert payment.allocated_cents == 0
    assert balances(duka)["2130"] == -18_000
    assert Tender.objects.get().method == Method.CASH


def test_match_payment_leaves_a_payment_of_a_cancelled_sale_unidentified(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    request = asked(sale, till)
    ended(request, RequestState.UNKNOWN)
    cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)
    payment = make.a_payment(till, request=request)

    assert match_payment(payment_id=payment.pk, now=NOW) is False
    assert balances(duka) == {"1100": 18_000, "2130": -18_000}


def test_match_payment_leaves_a_second_payment_of_a_sale_unidentified(
    duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    first = asked(sale, till)
    ended(first, RequestState.UNKNOWN)
    second = asked(sale, till, key="another-key")
    payments = [
        make.a_payment(till, request=second),
        make.a_payment(till, request=first, receipt="UKM5ZZZZZZ"),
    ]

    done = [match_payment(payment_id=payment.pk, now=NOW) for payment in payments]

    assert done == [True, False]
    assert balances(duka)["2130"] == -18_000


@pytest.mark.parametrize(
    "reference", ["sale:999999", "sale:x", "order:1", "sale:1 ", "sale:" + "9" * 19]
)
def test_match_payment_leaves_what_asks_for_no_sale_of_ours(
    duka: Business, till: Till, reference: str
) -> None:
    request = make.a_request(till, reference=reference)
    payment = make.a_payment(till, request=request)

    assert match_payment(payment_id=payment.pk, now=NOW) is False
    assert Payment.objects.get().allocated_cents == 0


def test_match_payment_leaves_a_payment_that_nobody_asked_for(duka: Business, till: Till) -> None:
    make.a_sale(duka)
    payment = make.a_payment(till)

    assert match_payment(payment_id=payment.pk, now=NOW) is False


def test_match_payment_leaves_another_amount_unidentified(duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    payment = make.a_payment(till, request=request, amount_cents=17_900)

    assert match_payment(payment_id=payment.pk, now=NOW) is False
    assert balances(duka)["2130"] == -17_900


def test_match_payment_leaves_a_payment_to_another_business_unidentified(
    duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    maji = make.a_business(slug="maji")
    theirs = make.a_till(maji, number="9900102", shortcode="9900100")
    request = make.a_request(theirs, reference=sale.reference)
    payment = make.a_payment(theirs, request=request)

    assert match_payment(payment_id=payment.pk, now=NOW) is False

    sale.refresh_from_db()
    assert sale.state == SaleState.OPEN
    assert balances(maji)["2130"] == -18_000


# Cancelling


def test_cancel_sale_ends_it_without_a_number_or_a_posting(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)

    done = cancel_sale(sale_id=sale.pk, by=baraka, now=LATER)

    assert (done.state, done.number, done.ended_at) == (SaleState.CANCELLED, None, LATER)
    assert not Entry.objects.exists()


def test_cancel_sale_twice_changes_nothing(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)
    cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    assert cancel_sale(sale_id=sale.pk, by=baraka, now=LATER).ended_at == NOW


def test_cancel_sale_refuses_a_paid_sale(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    with pytest.raises(NotOpen):
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)


def test_cancel_sale_refuses_while_the_phone_is_asked(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference)

    with pytest.raises(StillAsking) as refusal:
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    assert str(refusal.value) == "The phone is still being asked. Wait for its answer."


def test_a_sale_without_an_account_in_the_books_is_not_half_paid(
    duka: Business, baraka: User
) -> None:
    product = make.a_product(duka)
    Product.objects.update(sales_account="4999")
    sale = rung(duka, baraka, {product.pk: 1000}, 18_000)

    with pytest.raises(UnknownAccount):
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    sale.refresh_from_db()
    assert (sale.state, Tender.objects.count(), Entry.objects.count()) == (SaleState.OPEN, 0, 0)
