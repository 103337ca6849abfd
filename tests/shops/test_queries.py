"""Where a sale stands in the cashier's eyes, what its receipt says."""

from datetime import timedelta

import pytest

from money.models import Business, TaxClass, User
from mpesa.models import PaymentRequest, RequestState, Till
from shops.actions.giving_up import cancel_sale
from shops.actions.settle import match_payment, take_cash
from shops.models import SaleLine
from shops.queries import sales as queries
from shops.queries.sales import Stage, VatRow, standing_of, vat_rows
from tests import make
from tests.make import NOW


def a_request(till: Till, state: str, **facts: object) -> PaymentRequest:
    sale = make.a_sale(till.business)
    request = make.a_request(till, reference=sale.reference, state=state)
    PaymentRequest.objects.filter(pk=request.pk).update(**facts)
    return request


def test_standing_of_an_open_sale_lets_it_end_any_way(duka: Business) -> None:
    standing = standing_of(make.a_sale(duka), NOW)

    assert (standing.stage, standing.is_moving, standing.may_end) == (Stage.OPEN, False, True)
    assert (standing.face, standing.typed_phone, standing.masked_phone) == ("open-0-True", "", "")


def test_standing_of_a_cancelled_sale_rests(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)

    standing = standing_of(cancel_sale(sale_id=sale.pk, by=baraka, now=NOW), NOW)

    assert (standing.stage, standing.is_moving) == (Stage.CANCELLED, False)


def test_standing_of_a_paid_sale_shows_its_tender(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)

    standing = standing_of(take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW), NOW)

    assert (standing.stage, standing.is_moving) == (Stage.PAID, False)
    assert standing.tender == sale.tenders.get()


@pytest.mark.parametrize(
    ("state", "facts", "stage", "is_moving", "may_end"),
    [
        (RequestState.CREATED, {}, Stage.SENDING, True, True),
        (RequestState.ASKED, {}, Stage.RINGING, True, False),
        (RequestState.ASKED, {"asked_at": None}, Stage.RINGING, True, False),
        (RequestState.ASKED, {"asked_at": NOW - timedelta(minutes=1)}, Stage.SILENT, True, False),
        (RequestState.UNKNOWN, {}, Stage.SILENT, True, True),
        (RequestState.PAID, {}, Stage.CONFIRMED, True, True),
        (RequestState.FAILED, {}, Stage.FAILED, False, True),
        (RequestState.EXPIRED, {}, Stage.FAILED, False, True),
    ],
)
def test_standing_of_an_asked_sale_follows_its_request(
    till: Till,
    *,
    state: str,
    facts: dict[str, object],
    stage: Stage,
    is_moving: bool,
    may_end: bool,
) -> None:
    request = a_request(till, state, **facts)
    sale = till.business.sales.get()

    standing = standing_of(sale, NOW)

    assert (standing.stage, standing.is_moving, standing.may_end) == (stage, is_moving, may_end)
    assert standing.face == f"{stage}-{request.pk}-{may_end}"
    assert (standing.typed_phone, standing.masked_phone) == ("0700000101", "2547…101")


def test_standing_of_a_ringing_phone_counts_down(till: Till) -> None:
    a_request(till, RequestState.ASKED)
    sale = till.business.sales.get()

    left = [standing_of(sale, NOW + timedelta(seconds=s)).seconds_left for s in (0, 0.5, 59, 59.9)]

    assert left == [61, 60, 2, 1]


def test_standing_of_a_failed_request_says_why(till: Till) -> None:
    a_request(till, RequestState.FAILED, result_code="2001")

    standing = standing_of(till.business.sales.get(), NOW)

    assert standing.sentence == "Wrong PIN. The customer can try once more."


def test_standing_of_a_sale_asked_twice_is_that_of_the_newest_request(till: Till) -> None:
    first = a_request(till, RequestState.FAILED)
    second = make.a_request(
        till, reference=first.reference, token="another", checkout_request_id="ws_CO_2"
    )

    standing = standing_of(till.business.sales.get(), NOW)

    assert (standing.stage, standing.request) == (Stage.RINGING, second)


def test_vat_rows_sum_each_letter_and_rate() -> None:
    def line(letter: str, rate: int, amount: int, vat: int) -> SaleLine:
        return SaleLine(tax_class=letter, rate_bp=rate, amount_cents=amount, vat_cents=vat)

    rows = vat_rows(
        [
            line(TaxClass.ZERO, 0, 18_000, 0),
            line(TaxClass.STANDARD, 1600, 15_000, 2_069),
            line(TaxClass.STANDARD, 1600, 22_500, 3_103),
            line(TaxClass.REDUCED, 850, 10_850, 850),
        ]
    )

    assert rows == [
        VatRow("B", "16", 37_500, 5_172),
        VatRow("C", "0", 18_000, 0),
        VatRow("E", "8.5", 10_850, 850),
    ]


def test_payments_to_match_are_those_a_sale_asked_for(till: Till) -> None:
    request = a_request(till, RequestState.ASKED)
    payment = make.a_payment(till, request=request)
    make.a_payment(till, receipt="NOBODYASKED")
    other = make.a_request(till, reference="order:1", token="t2", checkout_request_id="ws_CO_2")
    make.a_payment(till, request=other, receipt="FORANORDER")

    before = list(queries.payments_to_match())
    match_payment(payment_id=payment.pk, now=NOW)

    assert before == [payment]
    assert list(queries.payments_to_match()) == []


def test_recent_sales_are_the_newest_of_the_business(duka: Business) -> None:
    sales = [make.a_sale(duka) for _ in range(4)]
    make.a_sale(make.a_business(slug="maji"))

    assert list(queries.recent_sales(duka, limit=3)) == sales[:0:-1]


def test_sale_of_key_finds_those_of_its_business_only(duka: Business) -> None:
    sale = make.a_sale(duka, key="0123456789")

    assert queries.sale_of_key(duka, "0123456789") == sale
    assert queries.sale_of_key(make.a_business(slug="maji"), "0123456789") is None
