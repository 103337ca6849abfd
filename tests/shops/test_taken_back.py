"""Refunds and parts of what is reversed by Safaricom, undone by a manager, or owed again."""

from typing import Any

import pytest

from money.models import Business, User
from money.queries import balances
from mpesa.actions.reversals import take_outside_reversal
from mpesa.models import Payment, PaymentRequest, RequestState, Till
from shops.actions.credit import (
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.inbox import match_to_sale, undo_match
from shops.actions.refunds import Return, record_payout, refund_sale
from shops.actions.settle import ask_mpesa, match_payment, reopen_sale, take_cash
from shops.cash_verification import verify_cash
from shops.models import Customer, Refund, Sale, SaleState, Unit
from shops.queries.customers import debt_cents
from shops.queries.inbox import owing_sales
from shops.queries.refunds import payouts_due
from shops.queries.sales import Stage, owed_cents, standing_of, surplus_of
from shops.refunding import BadRefund
from shops.verification import verify_sales
from tests import make
from tests.make import NOW

PHONE = "254700000101"


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


@pytest.fixture
def wanjiku(duka: Business, amina: User) -> Customer:
    customer = add_customer(business=duka, name="Wanjiku", phone="", by=amina, now=NOW)
    return set_credit_limit(customer_id=customer.pk, business=duka, cents=100_000)


def by_mpesa(till: Till, sale: Sale, by: User, *, cents: int, receipt: str) -> Payment:
    """Pay a part of a sale, or all of it, by its own prompt."""
    facts: dict[str, Any] = {
        "sale_id": sale.pk,
        "phone": PHONE,
        "by": by,
        "now": NOW,
        "part_cents": cents,
    }
    request = ask_mpesa(key=f"ask-{receipt}", **facts)
    payment = make.a_payment(till, request=request, amount_cents=cents, receipt=receipt)
    assert match_payment(payment_id=payment.pk, now=NOW)
    sale.refresh_from_db()
    return payment


def sold_by_mpesa(duka: Business, till: Till, by: User, pieces: int = 1) -> tuple[Sale, Payment]:
    sale = make.a_sale(duka, milli=pieces * 1_000)
    return sale, by_mpesa(till, sale, by, cents=sale.total_cents, receipt="UKM5A1B2C3")


def back(sale: Sale, milli: int, by: User, *, key: str = "back-key-1", first: str = "") -> Refund:
    wish = Return(
        key=key,
        lines={sale.lines.get().pk: milli},
        reason="Torn",
        is_restocked=False,
        first=first,
    )
    refund = refund_sale(sale_id=sale.pk, wish=wish, by=by, now=NOW)
    sale.refresh_from_db()
    return refund


def reversed_by_safaricom(sale: Sale, payment: Payment, receipt: str = "UKM7R7R7R7") -> None:
    """Take a whole payment back as the rail does, then open its sale as a worker does."""
    take_outside_reversal(
        payment_id=payment.pk,
        receipt=receipt,
        amount_cents=payment.amount_cents,
        reason="The customer called Safaricom",
        now=NOW,
    )
    reopen_sale(reference=sale.reference, now=NOW)
    sale.refresh_from_db()


def ways(refund: Refund) -> list[tuple[str, int, int]]:
    rows = refund.tenders.order_by("pk")
    return list(rows.values_list("method", "amount_cents", "rounding_cents"))


def ties() -> bool:
    return [*verify_sales(), *verify_cash()] == []


# A payment that is reversed after a refund


def test_a_refund_due_is_not_sent_where_safaricom_reversed_the_payment(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = sold_by_mpesa(duka, till, amina)
    refund = back(sale, 1_000, amina)
    assert balances(duka)["2140"] == -18_000

    reversed_by_safaricom(sale, payment)

    tender = refund.tenders.get()
    assert make.lines_of(f"refundback:{tender.pk}:18000") == [("2140", 18_000), ("1300", -18_000)]
    assert (sale.state, owed_cents(sale), tender.due_cents) == (SaleState.PAID, 0, 0)
    left = {code: balances(duka).get(code, 0) for code in ("1100", "1300", "2130", "2140")}
    assert left == dict.fromkeys(left, 0)
    assert not payouts_due([duka]).exists()
    with pytest.raises(BadRefund, match="Nothing is left to send"):
        record_payout(tender_id=tender.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)
    assert ties()


def test_what_did_not_come_back_is_owed_when_the_payment_is_reversed(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = sold_by_mpesa(duka, till, amina, pieces=3)
    back(sale, 1_000, amina)

    reversed_by_safaricom(sale, payment)

    assert (sale.state, owed_cents(sale)) == (SaleState.OWED, 36_000)
    assert balances(duka)["1300"] == 36_000
    assert [getattr(one, "owed") for one in owing_sales(duka, NOW)] == [36_000]  # noqa: B009
    assert ties()
    take_cash(sale_id=sale.pk, given_cents=36_000, by=amina, now=NOW)
    assert balances(duka)["1300"] == 0
    assert ties()


def test_one_of_two_payments_reversed_leaves_the_rest_of_the_refund_due(
    duka: Business, till: Till, amina: User
) -> None:
    sale = make.a_sale(duka)
    first = by_mpesa(till, sale, amina, cents=6_000, receipt="UKM5A1B2C3")
    by_mpesa(till, sale, amina, cents=12_000, receipt="UKM5A1B2C4")
    refund = back(sale, 1_000, amina)

    reversed_by_safaricom(sale, first)

    tender = refund.tenders.get()
    assert (sale.state, tender.reversed_cents, tender.due_cents) == (SaleState.PAID, 6_000, 12_000)
    assert ties()
    record_payout(tender_id=tender.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)
    assert make.lines_of(f"payout:{tender.pk}") == [("2140", 12_000), ("1100", -12_000)]
    assert balances(duka)["1100"] == balances(duka)["2140"] == 0
    assert ties()


def test_a_refund_that_was_sent_and_a_reversal_are_two_payments_out(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = sold_by_mpesa(duka, till, amina)
    due = back(sale, 1_000, amina).tenders.get()
    record_payout(tender_id=due.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)

    reversed_by_safaricom(sale, payment)

    # The customer has it twice, and owes it.
    assert (sale.state, owed_cents(sale)) == (SaleState.OWED, 18_000)
    assert (balances(duka)["1100"], balances(duka)["1300"]) == (-18_000, 18_000)
    assert ties()


def test_a_reversal_that_was_noted_as_sent_is_one_payment_out(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = sold_by_mpesa(duka, till, amina)
    due = back(sale, 1_000, amina).tenders.get()
    record_payout(tender_id=due.pk, business=duka, receipt="UKM7R7R7R7", by=amina, now=NOW)

    reversed_by_safaricom(sale, payment, "UKM7R7R7R7")

    assert make.lines_of(f"refundback:{due.pk}:18000") == [("1100", 18_000), ("1300", -18_000)]
    assert (sale.state, balances(duka)["1100"], balances(duka)["1300"]) == (SaleState.PAID, 0, 0)
    assert ties()


def test_a_match_undone_after_a_refund_leaves_nothing_owed_either_way(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = sold_by_mpesa(duka, till, amina)
    back(sale, 1_000, amina)

    match = payment.allocations.get()
    undo_match(allocation_id=match.pk, reason="Another's money", by=amina, now=NOW)

    sale.refresh_from_db()
    assert (sale.state, owed_cents(sale)) == (SaleState.PAID, 0)
    assert (balances(duka)["2130"], balances(duka)["2140"], balances(duka)["1300"]) == (
        -18_000,
        0,
        0,
    )
    assert standing_of(sale, NOW).tender is None
    assert ties()


def test_goods_of_a_reversed_payment_come_back_and_are_owed_no_more(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = sold_by_mpesa(duka, till, amina, pieces=2)
    reversed_by_safaricom(sale, payment)
    assert sale.state == SaleState.OWED

    refund = back(sale, 1_000, amina)

    assert make.lines_of(f"refund:{refund.pk}") == [
        ("4110", 15_517),
        ("2200", 2_483),
        ("1300", -18_000),
    ]
    assert (sale.state, owed_cents(sale)) == (SaleState.OWED, 18_000)
    assert ties()
    back(sale, 1_000, amina, key="back-key-2")
    assert (sale.state, balances(duka)["1300"]) == (SaleState.PAID, 0)
    assert not payouts_due([duka]).exists()
    assert ties()


@pytest.mark.parametrize("code", ["UKM5A1B2C3", "UKM7R7R7R7"])
def test_the_code_of_something_else_is_not_noted_as_sent(
    duka: Business, till: Till, amina: User, code: str
) -> None:
    sale, _ = sold_by_mpesa(duka, till, amina)
    due = back(sale, 1_000, amina).tenders.get()
    other, theirs = make.a_sale(duka), make.a_payment(till, receipt="UKM6A1B2C3")
    match_to_sale(payment_id=theirs.pk, sale_id=other.pk, key="k" * 16, by=amina, now=NOW)
    reversed_by_safaricom(other, theirs)

    with pytest.raises(BadRefund, match=f"^{code}"):
        record_payout(tender_id=due.pk, business=duka, receipt=code, by=amina, now=NOW)


def test_a_code_is_noted_for_one_refund(duka: Business, till: Till, amina: User) -> None:
    sale, _ = sold_by_mpesa(duka, till, amina, pieces=2)
    first = back(sale, 1_000, amina).tenders.get()
    other = back(sale, 1_000, amina, key="back-key-2").tenders.get()
    record_payout(tender_id=first.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)

    with pytest.raises(BadRefund, match="noted for another refund"):
        record_payout(tender_id=other.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)
    with pytest.raises(BadRefund, match="no such refund here"):
        record_payout(
            tender_id=other.pk,
            business=make.a_business(slug="maji"),
            receipt="UKM8Z8Z8Z8",
            by=amina,
            now=NOW,
        )
    assert ties()


# Parts


def test_a_part_that_is_reversed_leaves_the_sale_open_and_owing_it(
    duka: Business, till: Till, amina: User
) -> None:
    sale = make.a_sale(duka)
    payment = by_mpesa(till, sale, amina, cents=10_000, receipt="UKM5A1B2C3")
    assert standing_of(sale, NOW).stage is Stage.OPEN

    reversed_by_safaricom(sale, payment)

    assert (sale.state, owed_cents(sale)) == (SaleState.OPEN, 18_000)
    assert standing_of(sale, NOW).stage is Stage.OPEN
    assert balances(duka)["1300"] == 0
    take_cash(sale_id=sale.pk, given_cents=18_000, by=amina, now=NOW)
    assert ties()


def test_one_part_of_a_paid_sale_reversed_is_all_that_is_owed(
    duka: Business, till: Till, amina: User, wanjiku: Customer
) -> None:
    sale = make.a_sale(duka)
    take_cash(sale_id=sale.pk, given_cents=5_000, part_cents=5_000, by=amina, now=NOW)
    payment = by_mpesa(till, sale, amina, cents=10_000, receipt="UKM5A1B2C3")
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="credit", by=amina, now=NOW)

    reversed_by_safaricom(sale, payment)

    assert (sale.state, owed_cents(sale), debt_cents(wanjiku)) == (SaleState.OWED, 10_000, 3_000)
    assert balances(duka)["1300"] == 13_000
    take_cash(sale_id=sale.pk, given_cents=4_000, part_cents=4_000, by=amina, now=NOW)
    sale.refresh_from_db()
    assert (sale.state, owed_cents(sale)) == (SaleState.OWED, 6_000)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="again", by=amina, now=NOW)
    sale.refresh_from_db()
    assert (sale.state, sale.number, debt_cents(wanjiku)) == (SaleState.PAID, 1, 9_000)
    assert ties()


def test_a_part_undone_in_the_inbox_is_due_again(duka: Business, till: Till, amina: User) -> None:
    sale = make.a_sale(duka)
    payment = by_mpesa(till, sale, amina, cents=10_000, receipt="UKM5A1B2C3")

    match = payment.allocations.get()
    undo_match(allocation_id=match.pk, reason="Another's", by=amina, now=NOW)

    assert (owed_cents(sale), standing_of(sale, NOW).stage) == (18_000, Stage.OPEN)
    assert balances(duka)["2130"] == -10_000
    assert ties()


def test_a_late_answer_pays_what_is_left_and_the_rest_is_given_back(
    duka: Business, till: Till, amina: User
) -> None:
    sale = make.a_sale(duka)
    request = ask_mpesa(sale_id=sale.pk, key="the-first-key", phone=PHONE, by=amina, now=NOW)
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.UNKNOWN, ended_at=NOW)
    take_cash(sale_id=sale.pk, given_cents=5_000, part_cents=5_000, by=amina, now=NOW)

    payment = make.a_payment(till, request=request)
    assert match_payment(payment_id=payment.pk, now=NOW)

    sale.refresh_from_db()
    assert (sale.state, owed_cents(sale)) == (SaleState.PAID, 0)
    assert [one.left_cents for one in surplus_of(sale)] == [5_000]
    assert balances(duka)["2130"] == -5_000
    assert ties()


# Where the money of a refund goes


def test_small_refunds_in_cash_take_no_more_out_than_one_of_all(
    duka: Business, amina: User
) -> None:
    thing = make.a_product(duka, name="Sweet", shillings=1, unit=Unit.KG)
    sale = make.a_sale(duka, product=thing, milli=1_500)
    take_cash(sale_id=sale.pk, given_cents=200, by=amina, now=NOW)

    out = []
    for turn in range(3):
        refund = back(sale, 500, amina, key=f"back-key-{turn}")
        out += [cents + rounding for _, cents, rounding in ways(refund)]

    assert out == [100, 0, 100]
    assert balances(duka)["1000"] == balances(duka)["6520"] == 0
    assert ties()


def test_what_two_customers_owe_goes_down_by_what_each_owes(
    duka: Business, amina: User, wanjiku: Customer
) -> None:
    njeri = add_customer(business=duka, name="Njeri", phone="", by=amina, now=NOW)
    set_credit_limit(customer_id=njeri.pk, business=duka, cents=100_000)
    sale = make.a_sale(duka, milli=2_000)
    facts: dict[str, Any] = {"sale_id": sale.pk, "by": amina, "now": NOW}
    sell_on_credit(customer_id=wanjiku.pk, key="one", part_cents=10_000, **facts)
    sell_on_credit(customer_id=njeri.pk, key="other", **facts)

    refund = back(sale, 1_000, amina)

    assert list(refund.tenders.order_by("pk").values_list("customer__name", "amount_cents")) == [
        ("Wanjiku", 10_000),
        ("Njeri", 8_000),
    ]
    assert (debt_cents(wanjiku), debt_cents(njeri)) == (0, 18_000)
    assert ties()


def test_who_has_paid_the_debt_gets_cash(duka: Business, amina: User, wanjiku: Customer) -> None:
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="one", by=amina, now=NOW)
    receive_from_customer(
        customer_id=wanjiku.pk, business=duka, key="paid", cents=15_000, by=amina, now=NOW
    )

    refund = back(sale, 1_000, amina)

    assert ways(refund) == [("credit", 3_000, 0), ("cash", 15_000, 0)]
    assert debt_cents(wanjiku) == balances(duka)["1000"] == 0
    assert ties()


def test_a_key_may_be_used_on_another_sale(duka: Business, amina: User, wanjiku: Customer) -> None:
    one, other = make.a_sale(duka), make.a_sale(duka)
    for sale in (one, other):
        facts: dict[str, Any] = {"sale_id": sale.pk, "by": amina, "now": NOW}
        take_cash(given_cents=5_000, part_cents=5_000, key="the-key", **facts)
        sell_on_credit(customer_id=wanjiku.pk, key="credit-key", **facts)
        sale.refresh_from_db()
        back(sale, 1_000, amina)

    assert Refund.objects.filter(key="back-key-1").count() == 2
    assert ties()
