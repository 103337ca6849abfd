from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from money.actions.posting import KeyTaken, UnknownAccount
from money.chart import Code
from money.drafts import Unbalanced
from money.models import Business, Entry
from money.queries import balances, balances_of
from mpesa.actions.allocations import Match, TooMuch, allocate
from mpesa.actions.payments import OtherFacts, Seen, record_payment
from mpesa.models import Allocation, Payment, Purpose, Sighting, Source
from mpesa.queries import inbox_of
from tests.make import NOW, TODAY, a_business, a_payment, a_request, a_till, lines_of


def record(
    till, *, receipt="UKM5A1B2C3", cents=18_000, request=None, paid_at=NOW, source=Source.STK
):
    seen = Seen(
        source=source,
        till=till,
        receipt=receipt,
        amount_cents=cents,
        paid_at=paid_at,
        request=request,
    )
    return record_payment(seen, recorded_at=NOW)


def match(payment, cents, code=Code.RECEIVABLE, key="match:1"):
    matched = Match(
        key=key,
        purpose=Purpose.SALE,
        reference="sale:1",
        account_code=code,
        amount_cents=cents,
        description="Matched",
    )
    return allocate(payment, matched, occurred_on=TODAY, actor=None, now=NOW)


def ties():
    """Return the inbox as the payments say it, having compared it with the account."""
    businesses = list(Business.objects.order_by("pk"))
    accounts = balances_of(businesses, Code.UNIDENTIFIED)
    inbox = inbox_of(businesses)
    assert inbox == {pk: -cents for pk, cents in accounts.items() if cents}
    return inbox


def left(payment):
    payment.refresh_from_db()
    return payment.amount_cents - payment.allocated_cents


def test_record_payment_posts_to_unidentified_receipts(shop):
    is_new = record(shop.till)

    entry = Entry.objects.get()
    assert is_new is True
    assert (entry.key, entry.occurred_on, entry.source) == ("mpesa:UKM5A1B2C3", TODAY, "UKM5A1B2C3")
    assert lines_of(entry.key) == [(Code.MPESA_TILL, 18_000), (Code.UNIDENTIFIED, -18_000)]
    assert str(Payment.objects.get()) == "UKM5A1B2C3"
    assert ties() == {shop.business.pk: 18_000}


def test_record_payment_belongs_to_its_nairobi_day(shop):
    record(shop.till, paid_at=datetime(2026, 11, 30, 21, 30, tzinfo=UTC))

    assert Entry.objects.get().occurred_on == date(2026, 12, 1)


def test_record_payment_twice_is_one_payment(shop):
    found = [record(shop.till), record(shop.till)]

    assert (found, Payment.objects.count(), Entry.objects.count()) == ([True, False], 1, 1)


SAME = "The receipt is known with another amount or till."


def test_record_payment_refuses_another_amount(shop):
    record(shop.till)

    with pytest.raises(OtherFacts) as refusal:
        record(shop.till, cents=18_001)

    assert (str(refusal.value), ties()) == (SAME, {shop.business.pk: 18_000})


def test_record_payment_refuses_another_till(shop):
    record(shop.till)
    other = a_till(shop.business, number="9900303")

    with pytest.raises(OtherFacts) as refusal:
        record(other)

    assert (str(refusal.value), Payment.objects.get().till) == (SAME, shop.till)


def test_record_payment_refuses_another_request(shop):
    record(shop.till, request=a_request(shop.till))
    other = a_request(shop.till, reference="sale:2", token="another", checkout_request_id="ws_CO_2")

    with pytest.raises(OtherFacts) as refusal:
        record(shop.till, request=other)

    assert str(refusal.value) == "The receipt is known with another request."


@pytest.mark.parametrize("first", [Source.STK, Source.CONFIRMATION])
def test_the_twins_of_a_payment_make_one_whichever_comes_first(shop, first):
    request = a_request(shop.till)
    twins = {Source.STK: request, Source.CONFIRMATION: None}
    order = [first, *(source for source in twins if source != first)]

    found = [record(shop.till, source=source, request=twins[source]) for source in order]

    assert (found, Payment.objects.get().request) == ([True, False], request)
    assert Sighting.objects.count() == 2
    assert ties() == {shop.business.pk: 18_000}


def test_record_payment_refuses_a_second_receipt_for_a_request(shop):
    request = a_request(shop.till)
    record(shop.till, request=request)

    with pytest.raises(OtherFacts) as refusal:
        record(shop.till, request=request, receipt="UKM5A1B2C4")

    assert str(refusal.value) == "The request was paid by another receipt."
    assert ties() == {shop.business.pk: 18_000}


def test_allocate_moves_the_money_to_what_it_was_for(shop):
    payment = a_payment(shop.till)

    posted = match(payment, cents=18_000)

    assert posted.is_new is True
    assert lines_of("match:1") == [(Code.UNIDENTIFIED, 18_000), (Code.RECEIVABLE, -18_000)]
    assert balances(shop.business) == {
        Code.MPESA_TILL: 18_000,
        Code.RECEIVABLE: -18_000,
        Code.UNIDENTIFIED: 0,
    }
    assert (left(payment), ties()) == (0, {})


def test_allocate_a_part_leaves_the_rest(shop):
    payment = a_payment(shop.till)

    match(payment, 5_000)
    match(payment, 3_000, Code.SALES_RETAIL, key="match:retail")
    match(payment, key="match:2", cents=1)

    assert (left(payment), ties()) == (9_999, {shop.business.pk: 9_999})


@pytest.mark.parametrize("before", [0, 1, 17_999, 18_000])
def test_allocate_refuses_more_than_is_left(shop, before):
    payment = a_payment(shop.till)
    if before:
        match(payment, cents=before, key="match:0")

    with pytest.raises(TooMuch) as refusal:
        match(payment, cents=18_001 - before)

    assert str(refusal.value) == f"UKM5A1B2C3 has less than {18_001 - before} cents left."
    assert (left(payment), Entry.objects.filter(key="match:1").count()) == (18_000 - before, 0)
    assert ties() == ({shop.business.pk: 18_000 - before} if before < 18_000 else {})


@pytest.mark.parametrize("cents", [9_000, 18_000])
def test_allocate_with_the_same_key_matches_once(shop, cents):
    payment = a_payment(shop.till)

    found = [match(payment, cents=cents).is_new for _ in range(3)]

    assert (found, left(payment)) == ([True, False, False], 18_000 - cents)
    ties()


def test_allocate_with_a_key_of_another_content_changes_nothing(shop):
    payment = a_payment(shop.till)
    match(payment, cents=5_000)

    with pytest.raises(KeyTaken), transaction.atomic():
        match(payment, cents=5_001)

    assert left(payment) == 13_000


@pytest.mark.parametrize(
    ("code", "cents", "refusal"),
    [("9999x", 100, UnknownAccount), (Code.RECEIVABLE, 0, (Unbalanced, IntegrityError))],
)
def test_allocate_that_cannot_be_posted_changes_nothing(shop, code, cents, refusal):
    payment = a_payment(shop.till)

    with pytest.raises(refusal), transaction.atomic():
        match(payment, cents, code)

    assert (left(payment), Allocation.objects.count()) == (18_000, 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "match"]),
        st.integers(min_value=0, max_value=3),
        st.integers(min_value=1, max_value=30_000),
    ),
    max_size=8,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, database=None)
@given(STEPS)
def test_inbox_equals_the_account_after_every_step(steps):
    with transaction.atomic():
        tills = [
            a_till(a_business(slug="maji"), number="9900502", shortcode="9900500"),
            a_till(a_business(), number="9900302"),
        ]
        for number, (step, place, cents) in enumerate(steps):
            if step == "pay":
                receipt, till = f"UKM5A1B2C{place}", tills[place % 2]
                known = Payment.objects.filter(receipt=receipt).first()
                if known is None or known.amount_cents == cents:
                    record(till, receipt=receipt, cents=cents)
            elif payment := Payment.objects.filter(receipt=f"UKM5A1B2C{place}").first():
                expected = left(payment)
                try:
                    match(payment, cents=cents, key=f"match:{number}")
                except TooMuch:
                    assert (cents > expected, left(payment)) == (True, expected)
                else:
                    assert left(payment) == expected - cents
            ties()
        transaction.set_rollback(True)
