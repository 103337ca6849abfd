"""Each named constraint of the shops is broken once, with the triggers out of the way."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from money import triggers
from money.models import Business
from shops.models import (
    Barcode,
    FastMover,
    Method,
    Price,
    Product,
    ReceiptBook,
    Sale,
    SaleLine,
    SaleState,
    Tender,
)
from tests import make
from tests.make import NOW, TODAY


@pytest.fixture
def unguarded(db: None) -> None:
    """Leave the constraints alone; the test's rollback brings the triggers back."""
    triggers.drop()


@pytest.fixture
def shop(unguarded: None) -> Business:
    return make.a_business()


def a_product(shop: Business, **but: Any) -> Product:
    facts: dict[str, Any] = {
        "name": "Thing",
        "tax_class": "B",
        "unit": "piece",
        "sales_account": "4040",
    }
    return Product(business=shop, **(facts | but))


def a_sale(shop: Business, **but: Any) -> Sale:
    facts: dict[str, Any] = {
        "key": "the-key",
        "sold_on": TODAY,
        "total_cents": 11_600,
        "vat_cents": 1_600,
        "is_vat_registered": True,
        "cashier": make.a_user("baraka"),
        "created_at": NOW,
    }
    return Sale(business=shop, **(facts | but))


def a_line(shop: Business, **but: Any) -> SaleLine:
    sale, product = a_sale(shop), a_product(shop)
    sale.save()
    product.save()
    facts: dict[str, Any] = {
        "name": "Thing",
        "unit": "piece",
        "quantity_milli": 1000,
        "price_cents": 11_600,
        "amount_cents": 11_600,
        "tax_class": "B",
        "rate_bp": 1600,
        "vat_cents": 1_600,
        "sales_account": "4040",
    }
    return SaleLine(sale=sale, product=product, **(facts | but))


def a_tender(shop: Business, **but: Any) -> Tender:
    sale = a_sale(shop)
    sale.save()
    facts: dict[str, Any] = {
        "method": Method.CASH,
        "amount_cents": 11_600,
        "given_cents": 12_000,
        "taken_at": NOW,
    }
    return Tender(sale=sale, **(facts | but))


def refused_by(row: models.Model) -> str:
    """Return the name of the constraint that refuses `row`, or the columns where SQLite says."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row.save(force_insert=True)
    text = str(refusal.value)
    if connection.vendor == "postgresql":
        found = re.search(r'constraint "(\w+)"', text)
        return found[1] if found else text
    return text.removeprefix("CHECK constraint failed: ")


def unique_of(name: str, *columns: str) -> str:
    """Return what `refused_by` says of a unique constraint: SQLite names only its columns."""
    if connection.vendor == "postgresql":
        return name
    return f"UNIQUE constraint failed: {', '.join(columns)}"


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("product_unit_is_known", {"unit": "dozen"}),
        ("product_tax_class_is_known", {"tax_class": "X"}),
    ],
)
def test_product_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_product(shop, **but)) == name


def test_product_name_once_per_business(shop: Business) -> None:
    a_product(shop).save()
    a_product(make.a_business(slug="maji")).save()

    assert refused_by(a_product(shop)) == unique_of(
        "product_name_once_per_business", "shops_product.business_id", "shops_product.name"
    )


@pytest.mark.parametrize("cents", [0, -100])
def test_price_is_positive(shop: Business, cents: int) -> None:
    price = Price(product=make.a_product(shop), price_cents=cents, from_day=TODAY, set_at=NOW)

    assert refused_by(price) == "price_is_positive"


def test_barcode_once_per_business(shop: Business) -> None:
    one, other = make.a_product(shop, name="One"), make.a_product(shop, name="Other")
    maji = make.a_business(slug="maji")
    Barcode.objects.create(business=shop, product=one, code="616")
    Barcode.objects.create(business=maji, product=make.a_product(maji), code="616")

    assert refused_by(Barcode(business=shop, product=other, code="616")) == unique_of(
        "barcode_once_per_business", "shops_barcode.business_id", "shops_barcode.code"
    )


def test_barcode_is_not_empty(shop: Business) -> None:
    barcode = Barcode(business=shop, product=make.a_product(shop), code="")

    assert refused_by(barcode) == "barcode_is_not_empty"


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("sale_state_is_known", {"state": "lost", "ended_at": NOW}),
        ("sale_has_a_number_exactly_when_posted", {"state": SaleState.PAID, "ended_at": NOW}),
        ("sale_has_a_number_exactly_when_posted", {"number": 1}),
        (
            "sale_has_a_number_exactly_when_posted",
            {"state": SaleState.CANCELLED, "ended_at": NOW, "number": 1},
        ),
        ("sale_has_a_number_exactly_when_posted", {"state": SaleState.OWED, "ended_at": NOW}),
        ("sale_ended_exactly_when_not_open", {"state": SaleState.OWED, "number": 1}),
        ("sale_ended_exactly_when_not_open", {"ended_at": NOW}),
        ("sale_ended_exactly_when_not_open", {"state": SaleState.PAID, "number": 1}),
        ("sale_ended_exactly_when_not_open", {"state": SaleState.CANCELLED}),
        ("sale_total_is_positive", {"total_cents": 0, "vat_cents": -1}),
        ("sale_vat_within_total", {"vat_cents": 11_600}),
        ("sale_vat_within_total", {"vat_cents": -1}),
    ],
)
def test_sale_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_sale(shop, **but)) == name


def test_sale_number_once_per_business(shop: Business) -> None:
    paid = {"state": SaleState.PAID, "ended_at": NOW, "number": 7}
    a_sale(shop, key="first", **paid).save()
    a_sale(make.a_business(slug="maji"), key="theirs", **paid).save()

    assert refused_by(a_sale(shop, key="second", **paid)) == unique_of(
        "sale_number_once_per_business", "shops_sale.business_id", "shops_sale.number"
    )


def test_sale_key_is_used_once(shop: Business) -> None:
    a_sale(shop, key="first").save()

    with pytest.raises(IntegrityError), transaction.atomic():
        a_sale(make.a_business(slug="maji"), key="first").save()


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("saleline_quantity_is_positive", {"quantity_milli": 0}),
        ("saleline_amount_is_positive", {"amount_cents": 0, "vat_cents": -1}),
        ("saleline_vat_within_amount", {"vat_cents": 11_600}),
        ("saleline_vat_within_amount", {"vat_cents": -1}),
        ("saleline_unit_is_known", {"unit": "bunch"}),
        ("saleline_excise_is_not_negative", {"excise_cents": -1}),
    ],
)
def test_saleline_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_line(shop, **but)) == name


@pytest.mark.parametrize(
    "but",
    [
        {"list_price_cents": None},
        {"list_price_cents": 11_600},
        {"list_price_cents": 11_599},
        {"price_reason": ""},
        {"price_by": None},
        {"list_price_cents": None, "price_reason": ""},
        {"list_price_cents": None, "price_by": None},
        {"price_reason": "", "price_by": None},
    ],
)
def test_saleline_is_below_the_list_wholly_or_not_at_all(
    shop: Business, but: dict[str, Any]
) -> None:
    below = {
        "list_price_cents": 11_601,
        "price_reason": "Promised",
        "price_by": make.a_user("amina"),
    }
    name = "saleline_below_the_list_has_a_reason"

    assert refused_by(a_line(shop, **(below | but))) == name


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("tender_amount_is_positive", {"amount_cents": 0}),
        ("tender_cash_was_given_mpesa_was_paid", {"given_cents": None}),
        ("tender_cash_was_given_mpesa_was_paid", {"method": Method.MPESA}),
        ("tender_cash_was_given_mpesa_was_paid", {"method": Method.MPESA, "given_cents": None}),
        ("tender_given_is_enough", {"given_cents": 11_599}),
        ("tender_given_is_enough", {"rounding_cents": 50, "given_cents": 11_649}),
        ("tender_rounding_is_below_a_shilling", {"rounding_cents": 100}),
        ("tender_rounding_is_below_a_shilling", {"rounding_cents": -100}),
        ("tender_cash_goes_back_out_of_a_drawer", {"taken_back_at": NOW}),
    ],
)
def test_tender_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_tender(shop, **but)) == name


def test_tender_method_is_known(shop: Business) -> None:
    tender = a_tender(shop, method="gold")
    if connection.vendor == "postgresql":
        # Gold is neither given as cash nor paid by M-Pesa: PostgreSQL would name that one first.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "ALTER TABLE shops_tender DROP CONSTRAINT tender_cash_was_given_mpesa_was_paid"
            )

    assert refused_by(tender) == "tender_method_is_known"


def test_tender_refuses_rounding_of_mpesa(shop: Business) -> None:
    payment = make.a_payment(make.a_till(shop))
    tender = a_tender(
        shop, method=Method.MPESA, given_cents=None, payment=payment, rounding_cents=1
    )

    assert refused_by(tender) == "tender_cash_was_given_mpesa_was_paid"


def test_tender_takes_a_payment_once_per_sale_while_it_counts(shop: Business) -> None:
    payment = make.a_payment(make.a_till(shop))
    tender = a_tender(shop, method=Method.MPESA, given_cents=None, payment=payment)
    tender.save()
    tender.pk = None

    assert refused_by(tender) == unique_of(
        "tender_payment_once_per_sale", "shops_tender.sale_id", "shops_tender.payment_id"
    )
    Tender.objects.update(taken_back_at=NOW)
    tender.save(force_insert=True)
    other = a_sale(shop, key="another")
    other.save()
    tender.pk, tender.sale = None, other
    tender.save(force_insert=True)
    assert Tender.objects.filter(payment=payment).count() == 3


def test_rows_name_themselves(shop: Business) -> None:
    line = a_line(shop, quantity_milli=12_345_678)
    tender = Tender(sale=line.sale, method=Method.CASH, amount_cents=1)
    paid = Sale(pk=5, number=3, state=SaleState.PAID)
    price = Price(product=line.product, price_cents=1, from_day=TODAY)
    barcode = Barcode(code="616")
    book = ReceiptBook(business=shop, last_number=3)
    names = (line, tender, paid, line.product, price, barcode, book)

    assert [str(row) for row in names] == [
        "Thing x 12345.678",
        f"Cash for Sale {line.sale.pk} (open)",
        "Receipt 3",
        "Thing",
        "Thing from 2026-11-22",
        "616",
        "Amina duka: 3",
    ]


def test_fastmover_was_sold(shop: Business) -> None:
    row = FastMover(product=make.a_product(shop), business=shop, times=0)

    assert refused_by(row) == "fastmover_was_sold"
