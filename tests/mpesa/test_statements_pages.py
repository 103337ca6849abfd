"""The owner's pages about statement files, and who may open them."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from money.models import Entry, Role
from mpesa import doorbell
from mpesa.actions.statements import bring_in, note_progress, note_trouble, upload
from mpesa.models import (
    Correction,
    Payment,
    StatementRow,
    StatementUpload,
    TiedDay,
    UploadState,
)
from mpesa.statements.grids import MOST_BYTES
from periodic import monitor, tasks
from tests.make import NOW, a_business, a_till, a_user
from tests.money.pages import client_of, text_of
from tests.mpesa.statements.books import MORNING, PAY, a_paybill, load_rows, named
from tests.mpesa.statements.makers import NEW_SAMPLE, as_csv, new, new_row
from tests.mpesa.test_orders import a_statement_of_today
from tests.mpesa.test_statements_days import paid

LIST = "/till/600991/statements/"


@pytest.fixture(autouse=True)
def _next_morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture(autouse=True)
def _held_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the recorder of tasks a thread that is alive already: its own would write later."""
    monkeypatch.setattr(monitor.recorder, "_thread", threading.main_thread())
    yield
    monitor.recorder._held.clear()


@pytest.fixture
def till(db):
    return a_paybill()


def client(role=Role.OWNER):
    return client_of(a_user(f"{role}-here", duka=role))


def sample(name=NEW_SAMPLE.name, content=None):
    return SimpleUploadedFile(name, NEW_SAMPLE.read_bytes() if content is None else content)


def send(browser, *files):
    return browser.post(LIST, {"files": list(files)})


def test_a_file_is_looked_at_brought_in_and_its_day_is_tied_off(
    till, django_capture_on_commit_callbacks
):
    browser = client()
    answer = send(browser, sample())
    page = f"{LIST}{StatementUpload.objects.get().pk}/"
    preview = text_of(browser.get(page))
    before = Entry.objects.count()

    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{page}bring-in")
    rang = doorbell.statements.wait(0)
    waiting = text_of(browser.get(page))
    asked = browser.get(f"{page}progress")
    tasks.bring_in_statements.call_local()
    done = browser.get(f"{page}progress")

    assert (answer.status_code, answer["Location"], before, rang) == (302, page, 0, True)
    assert "Payments missing in our books 4 30,300.00" in preview
    assert "Charges 1 20.00" in preview
    assert "It waits for its turn." in waiting
    assert ("HX-Refresh" in asked, done["HX-Refresh"]) == (False, "true")
    assert "1 day tied off" in text_of(browser.get(page))
    assert (TiedDay.objects.count(), Payment.objects.count()) == (1, 4)
    assert "22 November: tied off" in browser.get(LIST).content.decode()


def test_a_dropped_file_posts_nothing_and_is_gone(till):
    browser = client()
    send(browser, sample())
    page = f"{LIST}{StatementUpload.objects.get().pk}/"

    answer = browser.post(f"{page}drop", follow=True)

    assert "Nothing of it is in the books." in text_of(answer)
    assert StatementUpload.objects.get().state == UploadState.DROPPED
    assert browser.get(page).status_code == 404
    assert browser.post(f"{page}bring-in").status_code == 404


def test_several_files_are_brought_in_one_after_the_other(till):
    browser = client()
    rows = [new_row(PAY, "100.00", receipt=f"UKM5A1B2C{n}") for n in range(3)]
    send(browser, *(sample(named(), as_csv(new(row))) for row in rows))
    listed = text_of(browser.get(LIST))

    browser.post(f"{LIST}bring-in")
    tasks.sweep_statements.call_local()

    assert "Bring in all 3" in listed
    assert list(StatementUpload.objects.values_list("state", flat=True)) == ["done"] * 3
    assert Payment.objects.count() == 3


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "Choose a file"),
        ([("a.csv", b"no statement")], "no row begins with Receipt No."),
        ([(named(), b"x" * (MOST_BYTES + 1))], "larger than 20 MB"),
        (
            [(named(shortcode="600992"), None)],
            "This file is of 600992, not of till 600991 (store 600991).",
        ),
        ([(named(), None), ("b.csv", b"odd")], "b.csv: This is not an M-Pesa statement"),
    ],
)
def test_a_file_that_cannot_be_taken_gets_a_sentence_in_its_place(till, files, words):
    answer = send(client(), *(sample(name, content) for name, content in files))

    assert answer.status_code == 422
    assert words in text_of(answer)


def test_the_page_says_how_far_an_import_is_and_what_holds_it_up(till):
    rows = [new_row(PAY, "1.00", receipt=f"UKM5A1B{n:03}") for n in range(210)]
    found = upload(till=till, name=named(), content=as_csv(new(*rows)), by=None, now=MORNING)
    StatementUpload.objects.filter(pk=found.pk).update(state=UploadState.WAITING)
    browser, page = client(), f"{LIST}{found.pk}/progress"

    note_progress(upload_id=found.pk, done=200, total=210)
    assert "200 of 210 rows" in text_of(browser.get(page))
    note_trouble(upload_id=found.pk, sentence="It stopped half way.")
    assert "It stopped half way." in text_of(browser.get(page))
    bring_in(upload_id=found.pk, tick=lambda *_: None, now=MORNING)
    note_progress(upload_id=found.pk, done=210, total=210)
    assert StatementUpload.objects.get().note == ""


def test_a_file_whose_import_fails_says_so_and_holds_up_no_other(till, caplog):
    ids = []
    for n in range(2):
        row = new_row(PAY, "1.00", receipt=f"UKM5A1B2C{n}")
        content = as_csv(new(row))
        found = upload(till=till, name=named(), content=content, by=None, now=MORNING)
        ids.append(found.pk)
    StatementUpload.objects.update(state=UploadState.WAITING)
    StatementUpload.objects.filter(pk=ids[0]).update(content=None)

    tasks.bring_in_statements.call_local()

    first, second = StatementUpload.objects.order_by("pk")
    assert (first.state, first.note) == (
        "waiting",
        "It stopped half way and is tried again.",
    )
    assert (second.state, Payment.objects.get().receipt) == ("done", "UKM5A1B2C1")
    assert "The content of this file was erased." in caplog.text


def test_an_erased_file_is_not_looked_at(till):
    browser = client()
    send(browser, sample())
    StatementUpload.objects.update(content=None)

    page = text_of(browser.get(f"{LIST}{StatementUpload.objects.get().pk}/"))

    assert "The content of this file was erased." in page
    assert "Bring in" not in page


def test_what_is_only_in_our_books_is_taken_back_with_a_reason(till):
    payment = paid(till, "UKM5A1B2F0", 99_000)
    found = load_rows(till, new_row(PAY, "100.00"))
    browser, day = client(), f"{LIST}day/2026-11-22/"

    results = text_of(browser.get(f"{LIST}{found.pk}/"))
    refused = browser.post(f"{LIST}take-back/{payment.pk}", {"reason": "no"})
    taken = browser.post(
        f"{LIST}take-back/{payment.pk}", {"reason": "Safaricom says no"}, follow=True
    )

    assert "Only in our books UKM5A1B2F0" in results
    assert (refused.status_code, "Say why" in text_of(refused)) == (422, True)
    assert taken.redirect_chain == [(day, 302)]
    assert "Tied off on" in text_of(taken)
    assert TiedDay.objects.get().total_cents == 10_000


def test_every_kind_of_difference_stands_on_the_page_of_its_day(till):
    paid(till, "UKM5A1B2C4", 5_000)
    load_rows(
        till,
        new_row(PAY, "70.00", receipt="UKM5A1B2C4"),
        new_row("A new way of money", "7.00", receipt="UKM5A1B2C5"),
        new_row("Pay Bill Reversal", "0.00", "-9.00", receipt="UKM5A1B2C6"),
    )

    page = text_of(client().get(f"{LIST}day/2026-11-22/"))

    assert "In both, but not the same UKM5A1B2C4" in page
    assert "Statement 70 Our books 50" in page
    assert "The statement is right" in page
    assert "Money in that is no payment: not posted UKM5A1B2C5" in page
    assert "Reversals that our books do not have UKM5A1B2C6" in page


PAGES = (LIST, f"{LIST}day/2026-11-22/")


@pytest.mark.parametrize(
    ("role", "sees", "keeps", "manages"),
    [
        (Role.OWNER, True, True, True),
        (Role.ACCOUNTANT, True, True, False),
        (Role.AUDITOR, True, False, False),
        (Role.MANAGER, False, False, False),
        (Role.CASHIER, False, False, False),
    ],
)
def test_who_may_do_what(till, role, sees, keeps, manages):
    payment = paid(till)
    a_statement_of_today(till)
    found = upload(
        till=till, name=NEW_SAMPLE.name, content=NEW_SAMPLE.read_bytes(), by=None, now=NOW
    )
    browser, page = client(role), f"{LIST}{found.pk}/"

    assert {browser.get(one).status_code for one in (*PAGES, page)} == {200 if sees else 403}
    acts = [
        send(browser, sample(named(), as_csv(new(new_row(PAY, "1.00"))))),
        browser.post(f"{LIST}bring-in"),
        browser.post(f"{page}bring-in"),
    ]
    assert {act.status_code for act in acts} == {302 if keeps else 403}
    back = browser.post(f"{LIST}take-back/{payment.pk}", {"reason": "It is forged"})
    assert back.status_code == (302 if manages else 403)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OWNER, 302), (Role.ACCOUNTANT, 403), (Role.MANAGER, 403), (Role.CASHIER, 403)],
)
def test_only_an_owner_says_that_the_statement_is_right(till, role, status):
    paid(till, "UKM5A1B2C4", 5_000)
    load_rows(till, new_row(PAY, "70.00", receipt="UKM5A1B2C4"))
    browser, row = client(role), StatementRow.objects.get()

    refused = browser.post(f"{LIST}correct/{row.pk}", {"reason": ""})
    answer = browser.post(f"{LIST}correct/{row.pk}", {"reason": "Seen on the portal"})

    assert (refused.status_code, answer.status_code) == (422 if status == 302 else 403, status)
    day = f"{LIST}day/2026-11-22/"
    if status == 302:
        assert answer["Location"] == day
        assert "Tied off on" in text_of(browser.get(day))
        shown = text_of(browser.get("/payments/UKM5A1B2C4"))
        assert "from KES 50 to KES 70, as the statement says" in shown
        assert "Seen on the portal" in shown
    else:
        assert not Correction.objects.exists()


def test_what_is_anothers_or_nothing_is_not_found(till):
    a_till(a_business(slug="maji"), number="600992", shortcode="600992")
    browser = client()

    for path in (
        "/till/600992/statements/",
        "/till/600999/statements/",
        f"{LIST}999999999999999999/",
        f"{LIST}day/2026-02-30/",
        f"{LIST}day/0001-01-01/",
    ):
        assert browser.get(path).status_code == 404, path
    assert browser.post(f"{LIST}take-back/99").status_code == 404
    assert client_of(a_user("chebet")).get(LIST).status_code == 403
    assert "/login" in Client().get(LIST)["Location"]


def test_tills_are_listed_and_one_alone_is_opened(till):
    browser = client()
    alone = browser.get("/till/")
    a_till(till.business, number="600992", shortcode="600992")
    load_rows(till, new_row(PAY, "100.00"))

    listed = text_of(browser.get("/till/"))

    assert alone["Location"] == LIST
    assert "tied off to 22 Nov 2026" in listed
    assert "no day tied off" in listed


def test_the_front_pages_lead_there(till):
    owner = a_user("amina", duka=Role.OWNER)
    owner.is_staff = True
    owner.save()

    pages = [client_of(owner).get(path).content.decode() for path in ("/admin/", "/books/")]

    assert ['href="/till/"' in page for page in pages] == [True, True]


def test_a_tied_day_that_differs_later_is_untied_by_the_sweep(till):
    load_rows(till, new_row(PAY, "100.00"))
    paid(till, "UKM5A1B2F0")

    with time_machine.travel(MORNING + timedelta(minutes=10), tick=False):
        tasks.sweep_statements.call_local()

    assert TiedDay.objects.get().tied_at is None
    assert "differ on 22 Nov" in text_of(client().get(LIST))
