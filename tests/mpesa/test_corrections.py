"""The statement is right about an amount: an owner says so, and the books and the day follow."""

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from money.chart import Code
from money.models import Entry
from money.verification import verify_books
from mpesa.actions.allocations import Match, allocate, locked_payment
from mpesa.actions.corrections import NotCorrectable, correct_by_statement
from mpesa.actions.payments import OtherFacts, Seen, record_payment
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.reversals import NotReversible, note_reversal, take_back_forged
from mpesa.models import (
    Correction,
    Payment,
    Purpose,
    Reversal,
    ReversalState,
    Sighting,
    Source,
    StatementRow,
    TiedDay,
)
from mpesa.queries import inbox_ties
from tests.make import NOW, TODAY, amina, baraka, lines_of
from tests.mpesa.lives import dying
from tests.mpesa.statements.books import MORNING, PAY, a_paybill, books, check, load_rows, the_day
from tests.mpesa.statements.makers import new_row

RECEIPT = "UKM5A1B2C3"


@pytest.fixture
def till(db):
    return a_paybill()


def told(till, cents, source=Source.CONFIRMATION):
    seen = Seen(source=source, till=till, receipt=RECEIPT, amount_cents=cents, paid_at=NOW)
    return record_payment(seen, recorded_at=NOW)


def says(by, *, reason="Seen on the portal", now=MORNING):
    row = StatementRow.objects.get(receipt=RECEIPT)
    return correct_by_statement(row_id=row.pk, reason=reason, by=by, now=now)


@pytest.mark.parametrize("statement", ["120.00", "80.00"])
def test_the_difference_is_posted_on_the_day_it_is_known_and_the_day_ties(till, statement):
    told(till, 10_000)
    load_rows(till, new_row(PAY, statement))
    before = the_day(till)
    cents = int(statement[:-3]) * 100

    made = says(amina())

    payment, match = Payment.objects.get(), the_day(till)
    assert (len(before.differing), match.agrees, match.both_cents) == (1, True, cents)
    assert (payment.amount_cents, payment.paid_cents, payment.left_cents) == (10_000, cents, cents)
    assert (made.before_cents, made.amount_cents) == (10_000, cents)
    first, second = Entry.objects.order_by("number")
    assert lines_of(first.key) == [(Code.MPESA_TILL, 10_000), (Code.UNIDENTIFIED, -10_000)]
    more = cents - 10_000
    assert lines_of(second.key) == [(Code.MPESA_TILL, more), (Code.UNIDENTIFIED, -more)]
    assert (second.occurred_on > TODAY, second.actor) == (True, made.by)
    assert StatementRow.objects.get().posted_key == second.key
    assert books(till) == (cents, 0, -cents, 0)
    check(till)


def test_it_happens_once(till):
    owner = amina()
    told(till, 10_000)
    load_rows(till, new_row(PAY, "120.00"))

    assert says(owner) == says(owner, reason="Pressed twice")
    load_rows(till, new_row(PAY, "120.00"), new_row(PAY, "5.00", receipt="UKM5A1B2C4"))
    assert (Correction.objects.count(), Entry.objects.count()) == (1, 3)
    assert TiedDay.objects.get(day=TODAY).tied_at


def test_only_an_owner_says_so_and_with_a_reason(till):
    owner = amina()
    told(till, 10_000)
    load_rows(till, new_row(PAY, "120.00"))

    with pytest.raises(NotAllowed):
        says(baraka())
    with pytest.raises(NotCorrectable, match="Say how you know"):
        says(owner, reason=" no ")
    assert not Correction.objects.exists()


def test_what_agrees_or_is_no_payment_is_not_corrected(till):
    owner = amina()
    told(till, 10_000)
    load_rows(
        till, new_row(PAY, "100.00"), new_row("Pay merchant Charge", "-1.00", receipt="UKM5A1B2C9")
    )

    with pytest.raises(NotCorrectable, match="agree"):
        says(owner)
    charge = StatementRow.objects.get(receipt="UKM5A1B2C9")
    with pytest.raises(NotCorrectable, match="no payment"):
        correct_by_statement(row_id=charge.pk, reason="Seen there", by=owner, now=MORNING)


def test_where_less_came_matches_are_undone(till):
    owner = amina()
    told(till, 10_000)
    with transaction.atomic():
        payment = locked_payment(Payment.objects.get().pk)
        for cents, purpose in ((6_000, Purpose.SALE), (4_000, Purpose.CREDIT)):
            match = Match(
                key=f"match:{cents}",
                purpose=purpose,
                account_code=Code.PREPAYMENTS,
                amount_cents=cents,
                description="For a test",
            )
            allocate(payment, match, occurred_on=TODAY, actor=owner, now=NOW)
    load_rows(till, new_row(PAY, "80.00"))

    says(owner)

    payment = Payment.objects.get()
    assert (payment.allocated_cents, payment.left_cents) == (6_000, 2_000)
    undone = payment.allocations.exclude(undone_at=None).get()
    assert undone.undone_reason == "The statement has another amount: Seen on the portal"
    check(till)


def test_it_never_falls_below_what_went_back(till):
    owner = amina()
    told(till, 10_000)
    note_reversal(
        payment_id=Payment.objects.get().pk,
        receipt="UKM5A1B2R1",
        amount_cents=9_000,
        reason="On the portal",
        by=owner,
        now=NOW,
    )
    load_rows(till, new_row(PAY, "80.00"))

    with pytest.raises(NotCorrectable, match="went back"):
        says(owner)


def test_what_was_taken_back_as_forged_counts_again_with_the_statements_amount(till):
    owner = amina()
    told(till, 10_000)
    load_rows(till, new_row(PAY, "120.00"))
    take_back_forged(payment_id=Payment.objects.get().pk, reason="Looked forged", by=owner, now=NOW)

    says(owner)

    assert Reversal.objects.get().state == ReversalState.UNDONE
    assert books(till) == (12_000, 0, -12_000, 0)
    assert the_day(till).agrees
    check(till)


def test_afterwards_the_statements_amount_is_what_sources_have_to_say(till):
    owner = amina()
    told(till, 10_000)
    load_rows(till, new_row(PAY, "120.00"))
    says(owner)

    assert told(till, 12_000, Source.PULL) is False
    assert told(till, 10_000) is False, "a source that repeats itself is no news"
    with pytest.raises(OtherFacts):
        told(till, 10_000, Source.STATUS)
    with pytest.raises(NotReversible):
        take_back_forged(payment_id=Payment.objects.get().pk, reason="Forged", by=owner, now=NOW)
    assert set(Sighting.objects.values_list("source", "amount_cents")) == {
        (Source.CONFIRMATION, 10_000),
        (Source.STATEMENT, 12_000),
        (Source.PULL, 12_000),
    }


def test_a_death_at_any_statement_leaves_all_or_nothing(till):
    owner = amina()
    told(till, 10_000)
    load_rows(till, new_row(PAY, "80.00"))

    @settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(st.integers(1, 40), max_size=3))
    def live(deaths):
        with transaction.atomic():
            for death in deaths:
                with dying(death), suppress(NotCorrectable):
                    says(owner)
                ((inbox, account),) = inbox_ties([till.business]).values()
                assert inbox == account == Payment.objects.get().left_cents
            says(owner)
            assert books(till) == (8_000, 0, -8_000, 0)
            assert verify_books().findings == []
            transaction.set_rollback(True)

    live()
