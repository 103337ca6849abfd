"""Statement files become payments, charges, sweeps and reversals in the books; days are tied."""

import re
from datetime import date, timedelta

import pytest

from money.actions.periods import close_day
from money.models import Entry, Role
from money.verification import verify_books
from mpesa.actions.inbound import understand
from mpesa.actions.quarantine import NotAllowed
from mpesa.actions.statements import NotNow, bring_in, confirm, drop, upload
from mpesa.models import (
    InboundMessage,
    InboundState,
    Payment,
    Sighting,
    Source,
    StatementRow,
    StatementUpload,
    TiedDay,
    UploadState,
)
from mpesa.previews import preview_of
from mpesa.queries import waiting_messages
from mpesa.statements import NotAStatement
from shops.actions.settle import match_payment
from shops.models import SaleState
from shops.queries.sales import payments_to_match
from tests.make import (
    NOW,
    TODAY,
    a_business,
    a_callback,
    a_message,
    a_payment,
    a_request,
    a_sale,
    a_till,
    a_user,
    amina,
    baraka,
    chebet,
    lines_of,
)
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
from tests.mpesa.statements.makers import (
    NEW_SAMPLE,
    OLD_SAMPLE,
    as_csv,
    as_xls,
    as_xlsx,
    grid_of,
    new,
    new_row,
)
from tests.mpesa.test_c2b import a_confirmation, take


@pytest.fixture
def till(db):
    return a_paybill()


# The two samples, end to end


def test_the_new_sample_in_the_books(till):
    found = load(till, NEW_SAMPLE.read_bytes(), NEW_SAMPLE.name)

    assert (found.state, found.rows, found.done_at) == (UploadState.DONE, 8, MORNING)
    # In: 3,000 + 800 + 1,500 + 25,000; out: 20 of charges, 73,220 to the bank.
    assert books(till) == (-4_294_000, 7_322_000, -3_030_000, 2_000)
    assert lines_of("statement:600991:UKM5A1B2C3:charge:-1") == [("6500", 2_000), ("1100", -2_000)]
    assert lines_of("statement:600991:UKM5A1B2N1:to_bank:-1") == [
        ("1200", 7_322_000),
        ("1100", -7_322_000),
    ]
    assert Payment.objects.count() == 4
    assert sorted(StatementRow.objects.values_list("receipt", "kind", "sign", "posted_key")) == [
        ("UKM5A1B2C3", "charge", -1, "statement:600991:UKM5A1B2C3:charge:-1"),
        ("UKM5A1B2C3", "payment", 1, "mpesa:UKM5A1B2C3"),
        ("UKM5A1B2D1", "payment", 1, "mpesa:UKM5A1B2D1"),
        ("UKM5A1B2E0", "payment", 1, "mpesa:UKM5A1B2E0"),
        ("UKM5A1B2M8", "sweep", -1, ""),
        ("UKM5A1B2M8", "sweep", 1, ""),
        ("UKM5A1B2N1", "to_bank", -1, "statement:600991:UKM5A1B2N1:to_bank:-1"),
        ("UKM5A1B2P2", "payment", 1, "mpesa:UKM5A1B2P2"),
    ]
    check(till)


def test_the_old_sample_in_the_books(till):
    load(till, as_xls(grid_of(OLD_SAMPLE)), "ORG_600991_Utility Account_2026-11-23.xls")

    # In: 800 + 1,500; out: 10 + 20 of charges. The sweep stays within M-Pesa.
    assert books(till) == (227_000, 0, -230_000, 3_000)
    assert lines_of("statement:600991:UKM5A1B2D1:charge:-1") == [("6500", 1_000), ("1100", -1_000)]
    assert [day.day for day in TiedDay.objects.order_by("day")] == [date(2026, 11, 21), TODAY]
    check(till)


def test_charges_and_the_bank_stand_on_the_day_of_the_row_and_name_nobody(till):
    load(till, NEW_SAMPLE.read_bytes(), NEW_SAMPLE.name)

    rows = Entry.objects.filter(key__startswith="statement:").order_by("number")
    assert [(e.occurred_on, e.description, e.source) for e in rows] == [
        (TODAY, "M-Pesa charge", "UKM5A1B2C3"),
        (TODAY, "M-Pesa till to the bank", "UKM5A1B2N1"),
    ]
    told = str(list(StatementRow.objects.values())) + str(list(Entry.objects.values()))
    # Not within a hash or the number of a row.
    assert re.findall(r"ACHIENG|MARY|(?<![0-9A-Fa-f])(?:2547|070)", told) == []
    payer = Payment.objects.get(receipt="UKM5A1B2C3").payer
    assert (payer.name, payer.account_reference, payer.key) == ("ACHIENG DEMO", "INV-000123", "")


def test_a_charge_of_a_closed_day_is_posted_when_it_is_known(till):
    owner = a_user("amina", duka=Role.OWNER)
    close_day(business=till.business, day=TODAY, actor=owner, at=MORNING)

    load(till, NEW_SAMPLE.read_bytes(), NEW_SAMPLE.name)

    charge = Entry.objects.get(key="statement:600991:UKM5A1B2C3:charge:-1")
    assert (charge.occurred_on, charge.late_for) == (TODAY + timedelta(days=1), TODAY)
    assert verify_books().is_ok


def test_a_charge_that_is_given_back_is_posted_the_other_way(till):
    load_rows(till, new_row("Pay Bill Charge", "20.00"))

    assert books(till) == (2_000, 0, 0, -2_000)


# Once, however often


def test_the_same_file_twice_is_one_upload_and_one_import(till):
    found = [load(till, NEW_SAMPLE.read_bytes(), NEW_SAMPLE.name).pk for _ in range(2)]

    assert found[0] == found[1]
    assert (StatementUpload.objects.count(), Entry.objects.count()) == (1, 6)


def test_overlapping_files_post_each_row_once(till):
    first, second, third = (
        new_row(PAY, f"{n}00.00", receipt=f"UKM5A1B2C{n}", time=f"22/11/2026 1{n}:00:00")
        for n in (1, 2, 3)
    )
    load_rows(till, second, first)
    load_rows(till, third, second)

    assert books(till) == (60_000, 0, -60_000, 0)
    assert StatementRow.objects.count() == 3
    check(till)


def test_csv_then_workbook_of_the_same_rows(till):
    grid = grid_of(NEW_SAMPLE)
    load(till, NEW_SAMPLE.read_bytes(), NEW_SAMPLE.name)
    before = books(till), Entry.objects.count()

    found = upload(till=till, name=named(ending="xlsx"), content=as_xlsx(grid), by=None, now=NOW)
    preview = preview_of(found)
    load(till, as_xlsx(grid), named(ending="xlsx"))

    assert (preview.imported.rows, preview.new.rows, preview.charges.rows) == (8, 0, 0)
    assert (books(till), Entry.objects.count()) == before
    assert StatementUpload.objects.filter(state=UploadState.DONE).count() == 2


def test_what_did_not_complete_moves_nothing(till):
    load_rows(till, new_row(PAY, "100.00", status="Declined"), new_row(PAY, "0.00"))

    assert (books(till), StatementRow.objects.count()) == ((0, 0, 0, 0), 0)


def test_an_import_that_is_stopped_goes_on_where_it_ended(till):
    rows = [
        new_row(
            PAY, "1.00", receipt=f"UKM5A1B{n:03}", time=f"22/11/2026 10:{n // 60:02}:{n % 60:02}"
        )
        for n in range(250)
    ]
    found = upload(till=till, name=named(), content=as_csv(new(*rows)), by=None, now=MORNING)
    confirm(upload_id=found.pk, by=None)
    told = []

    def stop(done, total):
        told.append((done, total))
        if done == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(upload_id=found.pk, tick=stop, now=MORNING)
    half = Payment.objects.count()
    done = bring_in(upload_id=found.pk, tick=lambda *_: None, now=MORNING)

    assert (told, half) == ([(100, 250), (200, 250)], 200)
    assert (done.state, books(till)) == (UploadState.DONE, (25_000, 0, -25_000, 0))


# What is refused


def test_a_file_of_another_till_is_refused(db):
    till = a_till(a_business())

    with pytest.raises(NotAStatement) as refusal:
        upload(
            till=till,
            name=NEW_SAMPLE.name,
            content=NEW_SAMPLE.read_bytes(),
            by=None,
            now=MORNING,
        )

    assert str(refusal.value) == "This file is of 600991, not of till 9900302 (store 9900300)."
    assert StatementUpload.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", named(), "empty"),
        (b"a,b\n1,2\n", named(), "Receipt No."),
        (as_csv(new(new_row(PAY, "100.00"))), "download.csv", "whose it is"),
        (
            as_csv(new(new_row(PAY, "100.00", time="25/11/2026 10:15:47"))),
            named(last="2026-11-25"),
            "yet to come",
        ),
        (as_csv(grid_of(OLD_SAMPLE)[:-1]), OLD_SAMPLE.name, "it is not whole"),
    ],
)
def test_what_cannot_be_taken_gets_a_sentence(till, content, name, words):
    with pytest.raises(NotAStatement) as refusal:
        upload(till=till, name=name, content=content, by=None, now=MORNING)

    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (amina, True),
        (lambda: a_user("njeri", duka=Role.ACCOUNTANT), True),
        (lambda: a_user("musa", duka=Role.MANAGER), False),
        (lambda: a_user("ali", duka=Role.AUDITOR), False),
        (baraka, False),
        (chebet, False),
    ],
)
def test_who_keeps_the_books_brings_statements_in(till, who, may):
    by, name, content = who(), NEW_SAMPLE.name, NEW_SAMPLE.read_bytes()

    if may:
        assert load(till, content, name, by=by).by == by
        return
    found = upload(till=till, name=name, content=content, by=None, now=NOW)
    with pytest.raises(NotAllowed):
        upload(till=till, name=name, content=content, by=by, now=NOW)
    for act in (confirm, drop):
        with pytest.raises(NotAllowed):
            act(upload_id=found.pk, by=by)
    assert StatementUpload.objects.get().state == UploadState.PREVIEW


def test_what_nobody_confirmed_is_not_brought_in_and_can_be_dropped(till):
    content = NEW_SAMPLE.read_bytes()
    found = upload(till=till, name=NEW_SAMPLE.name, content=content, by=None, now=NOW)

    with pytest.raises(NotNow):
        bring_in(upload_id=found.pk, tick=lambda *_: None, now=NOW)
    drop(upload_id=found.pk, by=None)
    with pytest.raises(NotNow):
        confirm(upload_id=found.pk, by=None)
    again = upload(till=till, name=NEW_SAMPLE.name, content=content, by=None, now=NOW)

    assert (again.pk != found.pk, again.state) == (True, UploadState.PREVIEW)
    confirm(upload_id=again.pk, by=None)
    with pytest.raises(NotNow):
        drop(upload_id=again.pk, by=None)


# The preview


def test_the_preview_says_what_would_happen_and_writes_nothing(till):
    a_payment(till, receipt="UKM5A1B2C3", amount_cents=150_000)
    a_payment(till, receipt="UKM5A1B2D1", amount_cents=99_900)
    grid = [*grid_of(NEW_SAMPLE)]
    grid.insert(1, new_row("A new way of money", "7.00", receipt="UKM5A1B2Z1"))
    grid.insert(2, new_row(REVERSE, "0.00", "-9.00", receipt="UKM5A1B2Z2"))
    before = Entry.objects.count()

    found = upload(till=till, name=NEW_SAMPLE.name, content=as_csv(grid), by=None, now=NOW)
    preview = preview_of(found)

    assert [(words, count.rows, count.cents) for words, count in preview.lines] == [
        ("Payments missing in our books", 2, 2_800_000),
        ("Payments that we know", 1, 150_000),
        ("Payments that we know otherwise", 1, 80_000),
        ("Charges", 1, 2_000),
        ("Withdrawn to the bank", 1, 7_322_000),
        ("Moved within M-Pesa", 2, 14_644_000),
        ("Reversals", 1, 900),
        ("Other rows", 1, 700),
    ]
    (conflict,), (other,) = preview.conflicts, preview.others_in
    assert (conflict.receipt, conflict.party) == ("UKM5A1B2D1", "2547…107 M. D.")
    assert conflict.sentence == "We have it with another amount."
    assert (other.receipt, other.type, other.cents) == ("UKM5A1B2Z1", "A new way of money", 700)
    assert preview.warnings != []
    assert (Entry.objects.count(), StatementRow.objects.count()) == (before, 0)


# Payments that the statement finds, and those it contradicts


def test_a_missing_payment_is_found_and_its_late_callback_settles_the_sale(till):
    sale = a_sale(till.business)
    a_request(till, reference=sale.reference, amount_cents=sale.total_cents)

    load_rows(till, new_row("Pay Bill Online from 2547****101 - A Acc. ", "180.00"))
    before = Payment.objects.get()
    message = a_message(till, body=a_callback(), received_at=MORNING)
    understand(message_id=message.pk, now=MORNING)
    for payment in payments_to_match():
        match_payment(payment_id=payment.pk, now=MORNING)

    assert before.request is None
    assert Payment.objects.get().request is not None
    sale.refresh_from_db()
    assert sale.state == SaleState.PAID
    assert Entry.objects.filter(key="mpesa:UKM5A1B2C3").count() == 1
    assert books(till) == (18_000, 0, 0, 0)
    check(till)


def test_a_large_confirmation_in_quarantine_is_taken_once_the_statement_says_the_same(db):
    till = a_till(a_business())
    take(till, a_confirmation(TransAmount="90000.00"))
    before = Payment.objects.count()

    load_rows(till, new_row(PAY, "90,000.00"), name=named(shortcode="9900300"))
    for pk in waiting_messages():
        understand(message_id=pk, now=MORNING)

    assert (before, Payment.objects.get().amount_cents) == (0, 9_000_000)
    assert InboundMessage.objects.get().state == InboundState.UNDERSTOOD
    assert set(Sighting.objects.values_list("source", flat=True)) == {
        Source.STATEMENT,
        Source.CONFIRMATION,
    }
    assert the_day(till).agrees
    check(till)
