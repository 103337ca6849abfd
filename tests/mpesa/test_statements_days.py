"""The three-way match: days are tied off where statement and books agree, and untied later."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from money.models import Entry
from mpesa.actions.payments import Seen, record_payment
from mpesa.actions.reversals import NotReversible, note_reversal, take_back_forged
from mpesa.actions.statement_rows import CAME_BACK, UNKNOWN_ORIGINAL
from mpesa.actions.tying import look_again
from mpesa.models import (
    Origin,
    Payment,
    Reversal,
    Source,
    StatementRow,
    StatementUpload,
    TiedDay,
)
from mpesa.reconciliation import days_of
from tests.make import NOW, TODAY, a_business, a_payment, a_till, amina
from tests.mpesa.statements.books import (
    MORNING,
    PAY,
    REVERSE,
    a_paybill,
    books,
    check,
    load,
    load_rows,
    named,
    the_day,
)
from tests.mpesa.statements.makers import as_csv, new, new_row, old, old_row

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def till(db):
    return a_paybill()


def tied(till):
    rows = TiedDay.objects.filter(till=till).exclude(tied_at=None).order_by("day")
    return [(row.day, row.payments, row.total_cents) for row in rows]


def paid(till, receipt="UKM5A1B2C3", cents=10_000, at=NOW, source=Source.CONFIRMATION):
    seen = Seen(source=source, till=till, receipt=receipt, amount_cents=cents, paid_at=at)
    record_payment(seen, recorded_at=at)
    return Payment.objects.get(receipt=receipt)


def test_a_day_that_agrees_is_tied_off(till):
    paid(till)
    found = load_rows(till, new_row(PAY, "100.00"), new_row(PAY, "50.00", receipt="UKM5A1B2C4"))

    assert found.last_day == TODAY
    assert tied(till) == [(TODAY, 2, 15_000)]
    match = the_day(till)
    assert (match.both, match.both_cents, match.differences) == (2, 15_000, 0)


def test_a_day_without_any_payment_is_tied_off(till):
    load_rows(till, name=named("2026-11-20", "2026-11-21"))

    assert [row[0] for row in tied(till)] == [date(2026, 11, 20), date(2026, 11, 21)]


def test_a_day_that_is_not_over_is_not_tied(till):
    load_rows(till, new_row(PAY, "100.00"), now=NOW)
    payment = paid(till, "UKM5A1B2C9", at=NOW + timedelta(hours=1))

    match = the_day(till)
    assert (tied(till), match.is_covered, match.only_us) == ([], False, [])
    assert payment.pk


def test_the_same_bytes_of_a_day_that_was_open_cover_it_when_it_is_over(till):
    content = as_csv(new(new_row(PAY, "100.00")))
    first = load(till, content, now=NOW)
    second = load(till, content, now=MORNING)

    assert (second.pk != first.pk, tied(till)) == (True, [(TODAY, 1, 10_000)])
    assert load(till, content, now=MORNING).pk == second.pk
    assert Entry.objects.count() == 1


def test_a_file_of_an_account_that_nobody_pays_into_covers_no_day(till):
    paid(till)
    content = as_csv(
        old(
            old_row("Organization Settlement Account to Bank", "", "-100.00", "0.00", reason=""),
            preamble=[
                ["Short Code:", "600991"],
                ["Account:", "Organization Settlement Account"],
                ["Time Period:", "From", "22-11-2026 00:00:00", "To", "22-11-2026 23:59:59"],
            ],
        )
    )

    found = load(till, content, "statement.csv")

    assert (found.first_day, found.last_day, the_day(till).only_us) == (None, None, [])
    assert books(till) == (0, 10_000, -10_000, 0)


def test_only_us_is_told_and_a_forged_one_is_taken_back(till):
    owner = amina()
    forged = paid(till, "UKM5A1B2F0", 99_000)
    load_rows(till, new_row(PAY, "100.00"))
    match = the_day(till)

    take_back_forged(payment_id=forged.pk, reason="Not on the statement", by=owner, now=MORNING)
    look_again(till=till, now=MORNING)

    assert (match.only_us, match.sentence) == ([forged], "1 only in our books")
    assert tied(till) == [(TODAY, 1, 10_000)]
    assert books(till) == (10_000, 0, -10_000, 0)
    check(till)


def test_a_payment_around_midnight_is_on_the_next_statement(till):
    late = paid(till, at=NOW.replace(hour=20, minute=59, second=58))
    load_rows(till)
    before = the_day(till).only_us
    load_rows(
        till,
        new_row(PAY, "100.00", time="23/11/2026 00:00:03"),
        name=named("2026-11-23", "2026-11-23"),
        now=MORNING + timedelta(days=1),
    )

    assert (before, the_day(till).only_us) == ([late], [])
    assert tied(till) == [(TODAY, 0, 0), (TOMORROW, 1, 10_000)]


def test_an_amount_that_differs_changes_nothing_and_is_told(till):
    paid(till, cents=99_900)
    load_rows(till, new_row(PAY, "100.00"))

    (difference,) = the_day(till).differing
    assert (difference.row.amount_cents, difference.payment.amount_cents) == (10_000, 99_900)
    assert difference.sentence == "Our books have KES 999."
    assert (tied(till), books(till)) == ([], (99_900, 0, -99_900, 0))


def test_a_payment_of_another_till_is_told(till):
    other = a_till(till.business, number="600992", shortcode="600992")
    paid(other)
    load_rows(till, new_row(PAY, "100.00"))

    (difference,) = the_day(till).differing
    assert difference.sentence == "Our books have it at Till (Buy Goods) 600992."


def test_a_later_difference_unties_a_day_and_says_why(till):
    load_rows(till, new_row(PAY, "100.00"))
    before = tied(till)
    paid(till, "UKM5A1B2F0", at=NOW)

    look_again(till=till, now=MORNING)

    (row,) = TiedDay.objects.all()
    assert (before, row.tied_at, row.note) == (
        [(TODAY, 1, 10_000)],
        None,
        "No longer: 1 only in our books.",
    )


def test_looking_again_at_a_tied_day_changes_nothing(till):
    load_rows(till, new_row(PAY, "100.00"))

    look_again(till=till, now=MORNING + timedelta(days=2))

    assert TiedDay.objects.get().tied_at == MORNING


def test_what_was_taken_back_as_forged_and_is_on_the_statement_counts_again(till):
    payment = paid(till)
    load_rows(till)
    take_back_forged(payment_id=payment.pk, reason="Looked forged", by=amina(), now=NOW)
    before = tied(till)

    load_rows(till, new_row(PAY, "100.00"))

    assert (before, tied(till)) == ([], [(TODAY, 1, 10_000)])
    assert books(till) == (10_000, 0, -10_000, 0)
    check(till)


def test_what_the_statement_has_cannot_be_taken_back_as_forged(till):
    payment = paid(till)
    load_rows(till, new_row(PAY, "100.00"))

    with pytest.raises(NotReversible):
        take_back_forged(payment_id=payment.pk, reason="Looks forged", by=amina(), now=NOW)


# Reversals


def reversal(original="UKM5A1B2C3", cents="-100.00", receipt="UKM5A1B2R1"):
    return new_row(
        f"{REVERSE} {original}", "0.00", cents, receipt=receipt, time="22/11/2026 12:00:00"
    )


def test_a_reversal_goes_back_out_of_the_till(till):
    load_rows(till, reversal(), new_row(PAY, "100.00"))

    found = Reversal.objects.get()
    row = StatementRow.objects.get(kind="reversal")
    assert (found.origin, found.receipt, found.amount_cents) == (
        Origin.SAFARICOM,
        "UKM5A1B2R1",
        10_000,
    )
    assert row.posted_key == f"reversal:{found.pk}"
    assert Entry.objects.get(key=row.posted_key).occurred_on == TOMORROW
    assert (books(till), tied(till)) == ((0, 0, 0, 0), [(TODAY, 1, 10_000)])
    check(till)


def test_a_reversal_under_the_receipt_of_its_payment_finds_it(till):
    load_rows(till, reversal(original="", receipt="UKM5A1B2C3"), new_row(PAY, "100.00"))

    assert Reversal.objects.get().payment.receipt == "UKM5A1B2C3"
    assert books(till) == (0, 0, 0, 0)


def test_a_part_is_reversed(till):
    load_rows(till, reversal(cents="-30.00"), new_row(PAY, "100.00"))

    assert (books(till), Payment.objects.get().reversed_cents) == ((7_000, 0, -7_000, 0), 3_000)
    check(till)


def test_a_reversal_that_was_noted_by_hand_is_known(till):
    payment = paid(till)
    note_reversal(
        payment_id=payment.pk,
        receipt="UKM5A1B2R1",
        amount_cents=10_000,
        reason="Seen on the portal",
        by=amina(),
        now=NOW,
    )
    load_rows(till, reversal(), new_row(PAY, "100.00"))

    assert StatementRow.objects.get(kind="reversal").posted_key.startswith("reversal:")
    assert Reversal.objects.count() == 1


def test_a_reversal_of_a_payment_that_comes_later_is_taken_then(till):
    load_rows(till, reversal())
    row = StatementRow.objects.get()
    before = row.note, the_day(till).untaken, tied(till)

    load_rows(
        till,
        new_row(PAY, "100.00", time="21/11/2026 10:00:00"),
        name=named("2026-11-21", "2026-11-21"),
    )
    look_again(till=till, now=MORNING)

    assert before == (UNKNOWN_ORIGINAL, [row], [])
    assert (books(till), the_day(till).untaken) == ((0, 0, 0, 0), [])
    assert [one[0] for one in tied(till)] == [date(2026, 11, 21), TODAY]


def test_more_than_was_paid_is_not_reversed(till):
    load_rows(till, reversal(cents="-100.50"), new_row(PAY, "100.00"))

    row = StatementRow.objects.get(kind="reversal")
    assert (row.note, row.posted_key) == ("At most KES 100 of this payment can go back.", "")
    assert books(till) == (10_000, 0, -10_000, 0)


def test_a_reversal_that_brings_money_in_is_noted_and_posts_nothing(till):
    load_rows(till, new_row(REVERSE, "100.00"))

    (row,) = the_day(till).noted
    assert (row.note, row.posted_key, books(till)) == (CAME_BACK, "", (0, 0, 0, 0))


def test_money_in_by_an_unknown_way_is_noted_and_posts_nothing(till):
    load_rows(till, new_row("A new way of money from 2547****101 - ACHIENG", "7.00"))

    (row,) = the_day(till).noted
    assert (row.note, row.posted_key, books(till)) == ("A new way of money", "", (0, 0, 0, 0))


def test_two_amounts_under_one_key_are_noted_and_the_first_stays(till):
    load_rows(till, new_row("Pay Bill Charge", "0.00", "-20.00"))
    load_rows(till, new_row("Pay Bill Charge", "0.00", "-30.00"))

    row = StatementRow.objects.get()
    assert row.note == "Another row of this receipt says KES 30: look at both."
    assert books(till) == (-2_000, 0, 0, 2_000)


# What the database itself refuses


@pytest.mark.parametrize(
    ("name", "model", "changes"),
    [
        ("statementrow_once", StatementRow, {}),
        ("statementrow_amount_is_positive", StatementRow, {"receipt": "X2", "amount_cents": 0}),
        ("statementrow_sign_is_one", StatementRow, {"receipt": "X2", "sign": 0}),
        ("statementupload_once", StatementUpload, {}),
        ("statementupload_state_is_known", StatementUpload, {"sha256": "x", "state": "odd"}),
        ("tiedday_once", TiedDay, {}),
    ],
)
def test_the_database_refuses(till, name, model, changes):
    load_rows(till, new_row(PAY, "100.00"))
    values = model.objects.values().get() | changes
    del values["id"]

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        model.objects.create(**values)

    assert model.objects.count() == 1
    assert str(refusal.value)


def test_days_of_answers_for_days_that_nothing_is_known_of(db):
    till = a_till(a_business())
    a_payment(till)

    found = days_of(till=till, first=date(2026, 11, 1), last=date(2026, 11, 30))

    assert (len(found), {one.is_covered for one in found}) == (30, {False})
