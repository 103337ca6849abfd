"""What people do with unidentified payments: each with its postings, its refusals, its undoing."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from money.models import Business, Entry, Role, User
from money.queries import balances
from mpesa.actions.allocations import undo_allocation
from mpesa.models import Allocation, Payment, PaymentRequest, Purpose, RequestState, Till
from mpesa.queries import inbox_ties
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import (
    NoReason,
    NoSuchSale,
    NotAllowed,
    NotEnough,
    UsedBefore,
    hold_as_credit,
    mark_for_refund,
    match_to_sale,
    undo_match,
)
from shops.actions.settle import (
    NotOpen,
    StillAsking,
    ask_mpesa,
    match_payment,
    reopen_sale,
    take_cash,
)
from shops.models import Method, Sale, SaleState
from shops.queries.sales import Stage, owed_cents, payments_to_match, sales_to_reopen, standing_of
from tests import make
from tests.make import NOW, TODAY

KEY = "0123456789abcdef"
LATER = NOW + timedelta(minutes=5)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


def matched(payment: Payment, sale: Sale, by: User, **but: Any) -> Sale:
    facts: dict[str, Any] = {
        "payment_id": payment.pk,
        "sale_id": sale.pk,
        "key": KEY,
        "by": by,
        "now": LATER,
    }
    return match_to_sale(**(facts | but))


def held(payment: Payment, by: User, **but: Any) -> Allocation:
    facts: dict[str, Any] = {"amount_cents": None, "note": "", "key": KEY, "by": by, "now": LATER}
    return hold_as_credit(payment_id=payment.pk, **(facts | but))


def undone(by: User, **but: Any) -> Allocation:
    match = Allocation.objects.latest("pk")
    facts: dict[str, Any] = {
        "allocation_id": match.pk,
        "reason": "Wrong customer",
        "by": by,
        "now": TOMORROW,
    }
    return undo_match(**(facts | but))


def paid_by_mpesa(duka: Business, till: Till) -> tuple[Sale, Payment]:
    """Return a sale of KES 180 that its own prompt settled."""
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    payment = make.a_payment(till, request=request)
    assert match_payment(payment_id=payment.pk, now=NOW)
    sale.refresh_from_db()
    return sale, payment


def ties(business: Business) -> bool:
    [(inbox, account)] = inbox_ties([business]).values()
    return inbox == account


# Matching


def test_match_to_sale_settles_and_posts_an_open_sale(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, shillings=150))
    payment = make.a_payment(till, amount_cents=15_000)

    matched(payment, sale, baraka)

    sale.refresh_from_db()
    tender = sale.tenders.get()
    assert (sale.state, sale.number) == (SaleState.PAID, 1)
    assert (tender.method, tender.amount_cents, tender.payment) == (Method.MPESA, 15_000, payment)
    assert make.lines_of(f"sale:{sale.pk}") == [
        ("1300", 15_000),
        ("4040", -12_931),
        ("2200", -2_069),
    ]
    assert make.lines_of(f"match:UKM5A1B2C3:{KEY}") == [("2130", 15_000), ("1300", -15_000)]
    assert ties(duka)


def test_a_payment_is_split_over_several_sales_and_its_rest_is_held(
    duka: Business, till: Till, amina: User
) -> None:
    first, second = (make.a_sale(duka) for _ in range(2))
    payment = make.a_payment(till, amount_cents=40_000)

    matched(payment, first, amina, key="first-key")
    matched(payment, second, amina, key="second-key")
    held(payment, amina)

    payment.refresh_from_db()
    assert payment.left_cents == 0
    assert {s.state for s in Sale.objects.all()} == {SaleState.PAID}
    assert balances(duka)["2120"] == -4_000
    assert ties(duka)


def test_matching_twice_by_one_key_matches_once(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)
    payment = make.a_payment(till, amount_cents=50_000)

    for _ in range(2):
        matched(payment, sale, baraka)

    payment.refresh_from_db()
    assert (payment.allocated_cents, Allocation.objects.count()) == (18_000, 1)


def test_a_key_that_matched_another_sale_is_refused(
    duka: Business, till: Till, baraka: User
) -> None:
    first, second = (make.a_sale(duka) for _ in range(2))
    payment = make.a_payment(till, amount_cents=50_000)
    matched(payment, first, baraka)

    with pytest.raises(UsedBefore) as refusal:
        matched(payment, second, baraka)

    assert str(refusal.value) == "This page was used before. Reload it, then choose again."
    assert Sale.objects.get(pk=second.pk).state == SaleState.OPEN


def test_match_to_sale_of_less_pays_a_part(duka: Business, till: Till, baraka: User) -> None:
    sale = make.a_sale(duka)
    payment = make.a_payment(till, amount_cents=17_900)

    matched(payment, sale, baraka)

    sale.refresh_from_db()
    assert (sale.state, owed_cents(sale)) == (SaleState.OPEN, 100)
    assert not Entry.objects.filter(key=sale.reference).exists()
    assert balances(duka)["1300"] == -17_900


def test_match_to_sale_refuses_a_payment_that_is_used_up(
    duka: Business, till: Till, baraka: User
) -> None:
    payment = make.a_payment(till)
    matched(payment, make.a_sale(duka), baraka)

    with pytest.raises(NotEnough, match="Nothing is left of UKM5A1B2C3"):
        matched(payment, make.a_sale(duka), baraka, key="another-key")


def test_match_to_sale_refuses_while_a_phone_may_ring(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference)

    with pytest.raises(StillAsking):
        matched(make.a_payment(till), sale, baraka)


def test_match_to_sale_refuses_while_the_asked_payment_arrives(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    make.a_payment(till, request=request)

    with pytest.raises(StillAsking) as refusal:
        matched(make.a_payment(till, receipt="UKMOTHER01"), sale, baraka)

    assert "Another payment for this sale" in str(refusal.value)


def test_match_to_sale_takes_a_sale_that_safaricom_calls_paid(
    duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, state=RequestState.PAID)

    matched(make.a_payment(till), sale, baraka)

    assert Sale.objects.get().state == SaleState.PAID


@pytest.mark.parametrize("end", ["paid", "cancelled"])
def test_match_to_sale_refuses_an_ended_sale(
    duka: Business, till: Till, baraka: User, end: str
) -> None:
    sale = make.a_sale(duka)
    if end == "paid":
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)
    else:
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    with pytest.raises(NotOpen):
        matched(make.a_payment(till), sale, baraka)


def test_a_sale_of_another_business_is_none(duka: Business, till: Till, baraka: User) -> None:
    theirs = make.a_sale(make.a_business(slug="maji"))

    with pytest.raises(NoSuchSale):
        matched(make.a_payment(till), theirs, baraka)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="Threads share no database in memory.")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["one sale", "two sales"])
def test_two_people_at_once_match_a_payment_once(way: str) -> None:
    duka = make.a_business()
    by, payment = make.baraka(), make.a_payment(make.a_till(duka))
    sales = [make.a_sale(duka) for _ in range(1 if way == "one sale" else 2)]
    together = threading.Barrier(4)
    outcomes: list[str] = []

    def work(place: int) -> None:
        together.wait(5)
        try:
            matched(payment, sales[place % len(sales)], by, key=f"key-of-{place}")
            outcomes.append("matched")
        except (NotOpen, NotEnough) as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    payment.refresh_from_db()
    assert (outcomes.count("matched"), len(outcomes)) == (1, 4)
    assert (payment.allocated_cents, Allocation.objects.count()) == (18_000, 1)
    assert max(Sale.objects.values_list("state", flat=True)) == SaleState.PAID
    assert ties(duka)


# Setting aside


@pytest.mark.parametrize(
    ("act", "code", "purpose"),
    [(hold_as_credit, "2120", Purpose.CREDIT), (mark_for_refund, "2140", Purpose.REFUND)],
)
def test_setting_aside_posts_on_the_day_it_is_done(
    duka: Business, till: Till, amina: User, act: Any, code: str, purpose: str
) -> None:
    payment = make.a_payment(till, amount_cents=15_000)

    for _ in range(2):
        done = act(
            payment_id=payment.pk,
            amount_cents=15_000,
            note="He pays 0712 345 678 ahead",
            key=KEY,
            by=amina,
            now=TOMORROW,
        )

    assert make.lines_of(done.key) == [("2130", 15_000), (code, -15_000)]
    assert Entry.objects.get(key=done.key).occurred_on == TODAY + timedelta(days=1)
    assert (done.purpose, done.note) == (purpose, "He pays 2547…678 ahead")
    assert Allocation.objects.count() == 1
    assert ties(duka)


@pytest.mark.parametrize("cents", [-1, 18_001])
def test_setting_aside_refuses_more_than_is_left(till: Till, amina: User, cents: int) -> None:
    with pytest.raises(NotEnough) as refusal:
        held(make.a_payment(till), amina, amount_cents=cents)

    assert str(refusal.value) == "UKM5A1B2C3 has KES 180 left. Write that much or less."


def test_setting_aside_nothing_is_refused(till: Till, amina: User) -> None:
    payment = make.a_payment(till)
    held(payment, amina)

    with pytest.raises(NotEnough):
        held(payment, amina, key="another-key")


# Who may


@pytest.mark.parametrize("role", Role.values)
def test_what_each_role_may_do(duka: Business, till: Till, role: str) -> None:
    person = make.a_user("person", duka=role)
    sells = role not in {Role.ACCOUNTANT, Role.AUDITOR}
    leads = role in {Role.OWNER, Role.MANAGER}
    payment = make.a_payment(till, amount_cents=36_000)
    sale = make.a_sale(duka)
    may: dict[str, bool] = {}

    for what, act in {
        "match": lambda: matched(payment, sale, person),
        "credit": lambda: held(payment, person, amount_cents=100),
        "undo": lambda: undone(person),
    }.items():
        if what == "undo" and not leads:
            held(payment, make.amina(), amount_cents=100, key="the-owners")
        try:
            act()
            may[what] = True
        except NotAllowed:
            may[what] = False

    assert may == {"match": sells, "credit": leads, "undo": leads}


def test_nobody_works_in_another_business(duka: Business, till: Till) -> None:
    make.a_business(slug="maji")
    stranger = make.a_user("stranger", maji=Role.OWNER)
    payment, sale = make.a_payment(till, amount_cents=36_000), make.a_sale(duka)

    for act in (lambda: matched(payment, sale, stranger), lambda: held(payment, stranger)):
        with pytest.raises(NotAllowed):
            act()
    held(payment, make.amina())
    with pytest.raises(NotAllowed):
        undone(stranger)


# Undoing, and sales that are owed again


def test_undo_opens_the_sale_again_on_the_day_it_is_known(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = paid_by_mpesa(duka, till)

    for _ in range(2):
        match = undone(amina)

    sale.refresh_from_db()
    payment.refresh_from_db()
    assert (sale.state, sale.number, owed_cents(sale)) == (SaleState.OWED, 1, 18_000)
    assert sale.tenders.get().taken_back_at == TOMORROW
    assert make.lines_of(f"unmatch:{match.pk}") == [("1300", 18_000), ("2130", -18_000)]
    assert Entry.objects.get(key=f"unmatch:{match.pk}").occurred_on == date(2026, 11, 23)
    assert (match.undone_by, match.undone_reason) == (amina, "Wrong customer")
    assert (payment.left_cents, standing_of(sale, TOMORROW).stage) == (18_000, Stage.OWED)
    assert ties(duka)


def test_what_people_undid_is_not_matched_again_by_itself(
    duka: Business, till: Till, amina: User
) -> None:
    _, payment = paid_by_mpesa(duka, till)
    undone(amina)

    assert list(payments_to_match()) == []
    assert match_payment(payment_id=payment.pk, now=TOMORROW) is False


def test_an_owed_sale_is_settled_by_cash_without_a_second_entry(
    duka: Business, till: Till, amina: User, baraka: User
) -> None:
    sale, _ = paid_by_mpesa(duka, till)
    undone(amina)

    take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=TOMORROW)

    sale.refresh_from_db()
    cash = sale.tenders.get(method=Method.CASH)
    assert (sale.state, sale.number, cash.change_cents) == (SaleState.PAID, 1, 2_000)
    assert make.lines_of(f"cash:{cash.pk}") == [("1000", 18_000), ("1300", -18_000)]
    assert Entry.objects.filter(key=sale.reference).count() == 1
    assert balances(duka)["1300"] == 0


def test_an_owed_sale_is_settled_by_another_prompt(
    duka: Business, till: Till, amina: User, baraka: User
) -> None:
    sale, _ = paid_by_mpesa(duka, till)
    undone(amina, now=LATER)
    later = LATER + timedelta(minutes=1)

    request = ask_mpesa(
        sale_id=sale.pk, key="again-again", phone="254700000102", by=baraka, now=later
    )
    sending = standing_of(Sale.objects.get(), later).stage
    PaymentRequest.objects.filter(pk=request.pk).update(state=RequestState.ASKED, asked_at=later)
    payment = make.a_payment(till, request=request, receipt="UKMSECOND1")
    done = match_payment(payment_id=payment.pk, now=later)

    sale.refresh_from_db()
    assert (request.amount_cents, sending, done) == (18_000, Stage.SENDING, True)
    assert (sale.state, sale.number) == (SaleState.PAID, 1)
    assert balances(duka)["1300"] == 0
    assert make.lines_of("match:UKMSECOND1") == [("2130", 18_000), ("1300", -18_000)]


def test_an_owed_sale_is_settled_from_the_inbox_by_the_same_payment(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = paid_by_mpesa(duka, till)
    undone(amina)

    matched(payment, sale, amina, now=TOMORROW)

    assert Sale.objects.get().state == SaleState.PAID
    assert sales_to_reopen() == []
    assert reopen_sale(reference=sale.reference, now=TOMORROW) is False
    assert ties(duka)


def test_an_owed_sale_is_not_cancelled(
    duka: Business, till: Till, amina: User, baraka: User
) -> None:
    sale, _ = paid_by_mpesa(duka, till)
    undone(amina)

    with pytest.raises(NotOpen) as refusal:
        cancel_sale(sale_id=sale.pk, by=baraka, now=TOMORROW)

    assert str(refusal.value) == "This sale has its receipt: it is owed until it is paid."


def test_a_match_that_the_rail_undid_opens_its_sale(duka: Business, till: Till) -> None:
    sale, payment = paid_by_mpesa(duka, till)
    other = make.a_sale(duka)
    match = Allocation.objects.get()
    before = sales_to_reopen()
    payment.refresh_from_db()
    undo_allocation(
        payment, match, reason="Reversed by Safaricom", occurred_on=TODAY, by=None, now=LATER
    )

    found = sales_to_reopen()
    done = [reopen_sale(reference=sale.reference, now=LATER) for _ in range(2)]

    assert (before, found, sales_to_reopen()) == ([], [sale.reference], [])
    assert done == [True, False]
    assert Sale.objects.get(pk=sale.pk).state == SaleState.OWED
    assert Sale.objects.get(pk=other.pk).state == SaleState.OPEN


@pytest.mark.parametrize("reference", ["", "order:1", "sale:", "sale:999"])
def test_reopening_what_is_no_sale_does_nothing(duka: Business, reference: str) -> None:
    assert reopen_sale(reference=reference, now=NOW) is False


def test_undoing_a_credit_brings_it_back(duka: Business, till: Till, amina: User) -> None:
    payment = make.a_payment(till)
    held(payment, amina)

    undone(amina)

    payment.refresh_from_db()
    assert (payment.left_cents, balances(duka)["2120"]) == (18_000, 0)
    assert ties(duka)


def test_undo_wants_a_reason(till: Till, amina: User) -> None:
    held(make.a_payment(till), amina)

    with pytest.raises(NoReason):
        undone(amina, reason="  ")

    assert Allocation.objects.get().undone_at is None


def test_a_key_of_an_undone_match_is_used(duka: Business, till: Till, amina: User) -> None:
    payment = make.a_payment(till)
    held(payment, amina)
    undone(amina)

    with pytest.raises(UsedBefore):
        held(payment, amina)


def test_a_key_that_set_another_amount_aside_is_refused(till: Till, amina: User) -> None:
    payment = make.a_payment(till, amount_cents=50_000)
    first = held(payment, amina, amount_cents=18_000)

    with pytest.raises(UsedBefore):
        held(payment, amina, amount_cents=19_000)

    assert held(payment, amina, amount_cents=18_000) == held(payment, amina) == first
