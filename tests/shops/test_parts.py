"""A sale paid in parts: cash, M-Pesa and credit until nothing is left; and given up half way."""

import pytest

from money.models import Business, Entry, User
from money.queries import balances
from mpesa.models import Allocation, Till
from shops.actions.credit import (
    CreditRefused,
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import NotEnough, match_to_customer, match_to_sale, undo_match
from shops.actions.settle import BadPart, NotOpen, ask_mpesa, match_payment, take_cash
from shops.cash_verification import verify_cash
from shops.models import Customer, Sale, SaleState, Unit
from shops.queries.customers import debt_cents
from shops.queries.sales import owed_cents
from shops.verification import verify_sales
from tests import make
from tests.make import NOW

PHONE = "254700000101"


@pytest.fixture
def wanjiku(duka: Business, baraka: User) -> Customer:
    customer = add_customer(business=duka, name="Wanjiku", phone="", by=baraka, now=NOW)
    return set_credit_limit(customer_id=customer.pk, business=duka, cents=10_000)


def cash(sale: Sale, part: int | None, by: User, *, key: str = "", given: int = 100_000) -> None:
    take_cash(sale_id=sale.pk, given_cents=given, by=by, now=NOW, part_cents=part, key=key)
    sale.refresh_from_db()


def credit(sale: Sale, customer: Customer, by: User, part: int | None = None) -> None:
    sell_on_credit(
        sale_id=sale.pk,
        customer_id=customer.pk,
        key=f"credit-{sale.pk}-{part}",
        by=by,
        now=NOW,
        part_cents=part,
    )
    sale.refresh_from_db()


def ties() -> bool:
    return [*verify_sales(), *verify_cash()] == []


def test_cash_mpesa_and_credit_make_one_receipt(
    duka: Business, till: Till, baraka: User, wanjiku: Customer
) -> None:
    sale = make.a_sale(duka)

    cash(sale, 5_000, baraka)
    assert (sale.state, owed_cents(sale)) == (SaleState.OPEN, 13_000)
    assert balances(duka)["1300"] == -5_000
    request = ask_mpesa(
        sale_id=sale.pk, key="part-key", phone=PHONE, by=baraka, now=NOW, part_cents=10_000
    )
    payment = make.a_payment(till, request=request, amount_cents=10_000)
    assert match_payment(payment_id=payment.pk, now=NOW)
    credit(sale, wanjiku, baraka)

    assert (sale.state, sale.number, owed_cents(sale)) == (SaleState.PAID, 1, 0)
    assert debt_cents(wanjiku) == 3_000 == balances(duka)["1300"]
    assert ties()


def test_the_last_cents_go_with_the_cash(duka: Business, till: Till, baraka: User) -> None:
    thing = make.a_product(duka, name="Sugar", shillings=565, unit=Unit.KG)
    sale = make.a_sale(duka, product=thing, milli=500)
    request = ask_mpesa(
        sale_id=sale.pk, key="part-key", phone=PHONE, by=baraka, now=NOW, part_cents=28_200
    )
    payment = make.a_payment(till, request=request, amount_cents=28_200)
    match_payment(payment_id=payment.pk, now=NOW)

    cash(sale, None, baraka, given=100)

    tender = sale.tenders.get(method="cash")
    assert (tender.amount_cents, tender.rounding_cents, tender.change_cents) == (50, 50, 0)
    assert ties()


@pytest.mark.parametrize("part", [0, -100, 50, 18_100, 17_999])
def test_a_part_is_in_whole_shillings_of_what_is_due(
    duka: Business, baraka: User, part: int
) -> None:
    with pytest.raises(BadPart, match="less than the KES 180 that are due"):
        cash(make.a_sale(duka), part, baraka)


def test_one_key_takes_a_part_once(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)

    cash(sale, 5_000, baraka, key="the-key-1")
    cash(sale, 5_000, baraka, key="the-key-1")

    assert owed_cents(sale) == 13_000


def test_a_sale_given_up_gives_its_cash_back(
    duka: Business, baraka: User, wanjiku: Customer
) -> None:
    sale = make.a_sale(duka)
    cash(sale, 5_000, baraka)
    credit(sale, wanjiku, baraka, 4_000)

    cancel_sale(sale_id=sale.pk, by=make.amina_of(duka), now=NOW)

    tender = sale.tenders.get(method="cash")
    assert make.lines_of(f"cashback:{tender.pk}") == [("1300", 5_000), ("1000", -5_000)]
    assert (balances(duka)["1000"], balances(duka)["1300"], debt_cents(wanjiku)) == (0, 0, 0)
    assert ties()


def test_a_part_by_mpesa_is_undone_before_a_sale_is_given_up(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    request = ask_mpesa(
        sale_id=sale.pk, key="part-key", phone=PHONE, by=baraka, now=NOW, part_cents=10_000
    )
    match_payment(payment_id=make.a_payment(till, request=request, amount_cents=10_000).pk, now=NOW)

    with pytest.raises(NotOpen, match="A part came by M-Pesa"):
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)


def test_credit_stops_at_the_limit(duka: Business, baraka: User, wanjiku: Customer) -> None:
    with pytest.raises(CreditRefused, match="Wanjiku may have KES 100 more on credit"):
        credit(make.a_sale(duka), wanjiku, baraka)
    credit(make.a_sale(duka), wanjiku, baraka, 9_000)

    with pytest.raises(CreditRefused, match="Wanjiku may have KES 10 more"):
        credit(make.a_sale(duka), wanjiku, baraka, 2_000)


def test_a_customer_pays_of_a_debt(duka: Business, baraka: User, wanjiku: Customer) -> None:
    set_credit_limit(customer_id=wanjiku.pk, business=duka, cents=50_000)
    credit(make.a_sale(duka), wanjiku, baraka)

    def pay(key: str, cents: int) -> None:
        receive_from_customer(
            customer_id=wanjiku.pk, business=duka, key=key, cents=cents, by=baraka, now=NOW
        )

    pay("debt-key-1", 8_000)
    pay("debt-key-1", 8_000)
    with pytest.raises(CreditRefused, match="Wanjiku owes KES 100"):
        pay("debt-key-2", 20_000)

    payment = wanjiku.payments.get()
    assert make.lines_of(f"custpay:{payment.pk}") == [("1000", 8_000), ("1300", -8_000)]
    assert debt_cents(wanjiku) == 10_000 == balances(duka)["1300"]
    assert ties()


def test_a_debt_is_paid_by_mpesa_from_the_inbox(
    duka: Business, till: Till, baraka: User, wanjiku: Customer
) -> None:
    credit(make.a_sale(duka), wanjiku, baraka, 9_000)
    sale = Sale.objects.get()
    cash(sale, None, baraka)
    payment = make.a_payment(till, amount_cents=10_000)

    def match(key: str = "debt-key-1") -> Allocation:
        return match_to_customer(
            payment_id=payment.pk, customer_id=wanjiku.pk, key=key, by=baraka, now=NOW
        )

    assert match() == match()
    assert (match().amount_cents, debt_cents(wanjiku)) == (9_000, 0)
    with pytest.raises(NotEnough, match="Wanjiku owes nothing"):
        match("debt-key-2")
    assert ties()
    undo_match(allocation_id=match().pk, reason="Another Wanjiku", by=make.amina(), now=NOW)
    assert debt_cents(wanjiku) == 9_000
    assert ties()


def test_nothing_is_posted_before_a_sale_is_paid_wholly(
    duka: Business, baraka: User, wanjiku: Customer
) -> None:
    sale = make.a_sale(duka)

    credit(sale, wanjiku, baraka, 5_000)

    assert not Entry.objects.exists()
    assert ties()


def test_two_parts_by_mpesa_are_undone_one_after_the_other(
    duka: Business, till: Till, baraka: User
) -> None:
    sale, owner = make.a_sale(duka), make.amina()
    for receipt in ("UKM5A1B2C3", "UKM5A1B2C4"):
        payment = make.a_payment(till, receipt=receipt, amount_cents=9_000)
        match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="part-key", by=baraka, now=NOW)

    for allocation in Allocation.objects.order_by("pk"):
        undo_match(allocation_id=allocation.pk, reason="Another one's", by=owner, now=NOW)

    sale.refresh_from_db()
    assert (sale.state, owed_cents(sale)) == (SaleState.OWED, 18_000)
    assert ties()


def test_a_sale_whose_credit_was_paid_since_is_not_given_up(
    duka: Business, baraka: User, wanjiku: Customer
) -> None:
    paid, unpaid = make.a_sale(duka), make.a_sale(duka)
    for sale in (paid, unpaid):
        credit(sale, wanjiku, baraka, 3_000)
    receive_from_customer(
        customer_id=wanjiku.pk, business=duka, key="pays", cents=3_000, by=baraka, now=NOW
    )

    cancel_sale(sale_id=unpaid.pk, by=baraka, now=NOW)
    with pytest.raises(NotOpen, match="Wanjiku has paid of this sale's credit already"):
        cancel_sale(sale_id=paid.pk, by=baraka, now=NOW)

    assert debt_cents(wanjiku) == 0
    assert paid.tenders.get().taken_back_at is None
    assert ties()
