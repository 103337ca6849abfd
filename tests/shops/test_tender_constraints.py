"""Each named constraint of parts, discounts, customers and refunds is broken once, unguarded."""

from typing import Any, TypeVar

import pytest
from django.db import models

from money import triggers
from money.models import Business
from shops.models import (
    CashSession,
    Customer,
    CustomerPayment,
    Method,
    Refund,
    RefundLine,
    RefundTender,
    Sale,
    SaleState,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_constraints import a_line, a_sale, a_tender, refused_by, unique_of

RECEIPT = "UKM9Z9Z9Z9"
Row = TypeVar("Row", bound=models.Model)


@pytest.fixture
def shop(db: None) -> Business:
    """Make a shop and leave the constraints alone; the test's rollback brings triggers back."""
    triggers.drop()
    return make.a_business()


def a_customer(shop: Business, **but: Any) -> Customer:
    facts: dict[str, Any] = {"name": "Wanjiku", "added_by": make.a_user("baraka"), "added_at": NOW}
    return Customer(business=shop, **(facts | but))


def saved(row: Row) -> Row:
    row.save(force_insert=True)
    return row


def a_session(shop: Business) -> CashSession:
    return CashSession.objects.filter(business=shop).first() or make.a_session(shop)


def a_payment(shop: Business, **but: Any) -> CustomerPayment:
    facts: dict[str, Any] = {
        "key": "the-key",
        "session": a_session(shop),
        "amount_cents": 5_000,
        "by": make.a_user("baraka"),
        "at": NOW,
    }
    if "customer" not in but:
        but["customer"] = saved(a_customer(shop))
    return CustomerPayment(**(facts | but))


def a_receipt(shop: Business, key: str = "sold", number: int = 1) -> Sale:
    paid = {"state": SaleState.PAID, "ended_at": NOW, "number": number}
    return saved(a_sale(shop, key=key, **paid))


def a_refund(shop: Business, **but: Any) -> Refund:
    facts: dict[str, Any] = {
        "key": "the-key",
        "number": 1,
        "refunded_on": TODAY,
        "total_cents": 11_600,
        "vat_cents": 1_600,
        "reason": "Torn",
        "is_restocked": False,
        "by": make.a_user("baraka"),
        "at": NOW,
    }
    if "sale" not in but:
        but["sale"] = a_receipt(shop)
    return Refund(business=shop, **(facts | but))


def a_way(shop: Business, **but: Any) -> RefundTender:
    refund = saved(a_refund(shop))
    return RefundTender(refund=refund, **({"method": Method.MPESA, "amount_cents": 11_600} | but))


# Sales and their tenders


@pytest.mark.parametrize(
    "but",
    [
        {"discount_cents": 100},
        {"discount_cents": 100, "discount_reason": "Regular"},
        {"discount_reason": "Regular"},
        {"discount_cents": -1, "discount_reason": "Regular"},
    ],
)
@pytest.mark.parametrize("by", ["baraka", ""])
def test_sale_discount_has_a_reason(shop: Business, but: dict[str, Any], by: str) -> None:
    # Amount, reason and who gave it, or none of the three.
    is_whole = but.get("discount_cents", 0) > 0 and "discount_reason" in but and by
    sale = a_sale(shop, **but, discount_by=make.a_user(by) if by else None)

    if is_whole:
        sale.save()
    else:
        assert refused_by(sale) == "sale_discount_has_a_reason"


def test_saleline_discount_is_not_negative(shop: Business) -> None:
    assert refused_by(a_line(shop, discount_cents=-1)) == "saleline_discount_is_not_negative"


def test_tender_credit_has_a_customer(shop: Business) -> None:
    customer = saved(a_customer(shop))
    nobody = a_tender(shop, method=Method.CREDIT, given_cents=None)

    assert refused_by(nobody) == "tender_credit_has_a_customer"
    nobody.method, nobody.given_cents, nobody.customer = Method.CASH, 12_000, customer
    assert refused_by(nobody) == "tender_credit_has_a_customer"


@pytest.mark.parametrize("but", [{"given_cents": 12_000}, {"rounding_cents": 1}])
def test_credit_is_neither_given_nor_rounded(shop: Business, but: dict[str, Any]) -> None:
    facts: dict[str, Any] = {
        "method": Method.CREDIT,
        "given_cents": None,
        "customer": saved(a_customer(shop)),
    }

    assert refused_by(a_tender(shop, **(facts | but))) == "tender_cash_was_given_mpesa_was_paid"


def test_tender_only_cash_is_in_a_drawer(shop: Business) -> None:
    facts: dict[str, Any] = {
        "method": Method.CREDIT,
        "given_cents": None,
        "customer": saved(a_customer(shop)),
    }
    tender = a_tender(shop, **facts, session=a_session(shop))

    assert refused_by(tender) == "tender_only_cash_is_in_a_drawer"


def test_tender_cash_goes_back_out_of_a_drawer(shop: Business) -> None:
    session, name = a_session(shop), "tender_cash_goes_back_out_of_a_drawer"
    tender = a_tender(shop, back_session=session)

    assert refused_by(tender) == name
    tender.back_session, tender.taken_back_at = None, NOW
    assert refused_by(tender) == name
    tender.back_session, tender.method, tender.given_cents = session, Method.CREDIT, None
    tender.customer = saved(a_customer(shop))
    assert refused_by(tender) == name
    tender.back_session = None
    tender.save()


def test_tender_key_once_per_sale(shop: Business) -> None:
    tender = saved(a_tender(shop, key="cash:1"))
    tender.pk = None

    assert refused_by(tender) == unique_of(
        "tender_key_once_per_sale", "shops_tender.sale_id", "shops_tender.key"
    )
    # Another sale may have the key, and no key is none.
    tender.sale = saved(a_sale(shop, key="another"))
    saved(tender)
    for _ in range(2):
        tender.pk, tender.key = None, ""
        saved(tender)


# Customers


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("customer_has_a_name", {"name": ""}),
        ("customer_limit_is_not_negative", {"credit_limit_cents": -1}),
        ("customer_erased_wholly", {"erased_at": NOW, "is_active": False}),
    ],
)
def test_customer_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_customer(shop, **but)) == name


@pytest.mark.parametrize(
    "but", [{"is_active": True}, {"phone": "254700000101"}, {"credit_limit_cents": 1}, {}]
)
def test_customer_erased_wholly(shop: Business, but: dict[str, Any]) -> None:
    gone = {"erased_at": NOW, "erased_by": make.a_user("amina"), "is_active": False}
    customer = a_customer(shop, **(gone | but))

    if but:
        assert refused_by(customer) == "customer_erased_wholly"
    else:
        customer.save()


def test_customer_name_once_per_business(shop: Business) -> None:
    saved(a_customer(shop))
    saved(a_customer(make.a_business(slug="maji")))

    assert refused_by(a_customer(shop)) == unique_of(
        "customer_name_once_per_business", "shops_customer.business_id", "shops_customer.name"
    )


@pytest.mark.parametrize("cents", [0, -100])
def test_customerpayment_is_positive(shop: Business, cents: int) -> None:
    assert refused_by(a_payment(shop, amount_cents=cents)) == "customerpayment_is_positive"


def test_customerpayment_key_once_per_customer(shop: Business) -> None:
    payment = saved(a_payment(shop))

    assert refused_by(a_payment(shop, customer=payment.customer)) == unique_of(
        "customerpayment_key_once_per_customer",
        "shops_customerpayment.customer_id",
        "shops_customerpayment.key",
    )
    saved(a_payment(shop, customer=saved(a_customer(shop, name="Njeri"))))


# Refunds


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("refund_total_is_positive", {"total_cents": 0, "vat_cents": -1}),
        ("refund_vat_within_total", {"vat_cents": 11_600}),
        ("refund_vat_within_total", {"vat_cents": -1}),
        ("refund_has_a_reason", {"reason": ""}),
    ],
)
def test_refund_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_refund(shop, **but)) == name


def test_refund_agreed_by_another(shop: Business) -> None:
    refund = a_refund(shop, approved_by=make.a_user("baraka"))

    assert refused_by(refund) == "refund_agreed_by_another"
    refund.approved_by = make.a_user("otieno")
    refund.save()


def test_refund_number_once_per_business(shop: Business) -> None:
    saved(a_refund(shop))
    maji = make.a_business(slug="maji")
    saved(a_refund(maji, sale=a_receipt(maji, key="theirs")))
    other = a_receipt(shop, key="other", number=2)

    assert refused_by(a_refund(shop, sale=other)) == unique_of(
        "refund_number_once_per_business", "shops_refund.business_id", "shops_refund.number"
    )


def test_refund_key_once_per_sale(shop: Business) -> None:
    refund = saved(a_refund(shop))

    assert refused_by(a_refund(shop, sale=refund.sale, number=2)) == unique_of(
        "refund_key_once_per_sale", "shops_refund.sale_id", "shops_refund.key"
    )
    saved(a_refund(shop, sale=a_receipt(shop, key="other", number=2), number=2))


def a_part(shop: Business, **but: Any) -> RefundLine:
    line = saved(a_line(shop))
    refund = saved(a_refund(shop, sale=line.sale))
    facts: dict[str, Any] = {"quantity_milli": 1000, "amount_cents": 11_600, "vat_cents": 1_600}
    return RefundLine(refund=refund, line=line, **(facts | but))


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("refundline_is_of_something", {"quantity_milli": 0}),
        ("refundline_is_of_something", {"amount_cents": -1, "vat_cents": -1}),
        ("refundline_vat_within_amount", {"vat_cents": 11_601}),
        ("refundline_vat_within_amount", {"vat_cents": -1}),
    ],
)
def test_refundline_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_part(shop, **but)) == name


def test_refundline_once_per_refund(shop: Business) -> None:
    part = saved(a_part(shop))
    part.pk = None

    assert refused_by(part) == unique_of(
        "refundline_once_per_refund", "shops_refundline.refund_id", "shops_refundline.line_id"
    )


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("refundtender_amount_is_positive", {"amount_cents": 0}),
        ("refundtender_cash_comes_out_of_a_drawer", {"method": Method.CASH}),
        ("refundtender_cash_comes_out_of_a_drawer", {"rounding_cents": 1}),
        ("refundtender_credit_has_a_customer", {"method": Method.CREDIT}),
        ("refundtender_reversed_within_amount", {"reversed_cents": 11_601}),
        ("refundtender_reversed_within_amount", {"reversed_cents": -1}),
        ("refundtender_sent_wholly", {"mpesa_receipt": RECEIPT}),
        ("refundtender_sent_wholly", {"sent_at": NOW}),
    ],
)
def test_refundtender_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_way(shop, **but)) == name


def test_refundtender_refuses_what_names_others(shop: Business) -> None:
    session, customer = a_session(shop), saved(a_customer(shop))
    way = a_way(shop, method=Method.CASH, session=session, rounding_cents=100)

    assert refused_by(way) == "refundtender_rounding_is_below_a_shilling"
    way.rounding_cents, way.customer = -99, customer
    assert refused_by(way) == "refundtender_credit_has_a_customer"
    way.customer, way.reversed_cents = None, 1
    assert refused_by(way) == "refundtender_reversed_within_amount"
    way.reversed_cents, way.method = 0, Method.MPESA
    assert refused_by(way) == "refundtender_cash_comes_out_of_a_drawer"
    way.session, way.rounding_cents, way.sent_by = None, 0, make.a_user("amina")
    assert refused_by(way) == "refundtender_sent_wholly"
    way.mpesa_receipt, way.sent_at, way.method = RECEIPT, NOW, Method.CREDIT
    way.customer = customer
    assert refused_by(way) == "refundtender_sent_wholly"
    way.method, way.customer, way.sent_by = Method.MPESA, None, None
    assert refused_by(way) == "refundtender_sent_wholly"


def test_refundtender_receipt_once(shop: Business) -> None:
    sent = {"mpesa_receipt": RECEIPT, "sent_by": make.a_user("amina"), "sent_at": NOW}
    way = saved(a_way(shop, **sent))
    way.pk = None

    assert refused_by(way) == unique_of(
        "refundtender_receipt_once", "shops_refundtender.mpesa_receipt"
    )
    for _ in range(2):
        way.pk, way.mpesa_receipt, way.sent_by, way.sent_at = None, "", None, None
        saved(way)


def test_refundtender_method_is_known(shop: Business) -> None:
    assert refused_by(a_way(shop, method="gold")) == "refundtender_method_is_known"


def test_rows_name_themselves(shop: Business) -> None:
    payment, part = a_payment(shop), a_part(shop)
    way = RefundTender(refund=part.refund, method=Method.CASH, amount_cents=1)
    names = (payment.customer, payment, part.refund, part, way)

    assert [str(row) for row in names] == [
        "Wanjiku",
        "Wanjiku paid",
        "Credit note 1",
        "Credit note 1: Thing x 1",
        "Cash for Credit note 1",
    ]
