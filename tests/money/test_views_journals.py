"""Entries and journals on their pages: read, reverse, correct, write, approve, reject."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import encode_multipart

from money.actions.books import open_account
from money.actions.journals import propose
from money.actions.papers import Paper
from money.actions.periods import lock_month
from money.models import Business, Entry, Journal, JournalState, Line, Role, User
from money.verification import verify_books
from money.views import writing
from tests.make import NOW, TODAY, a_business, a_user, an_entry, lines_of
from tests.money.pages import (
    KEEPERS,
    OTHERS,
    SEERS,
    an_adjustment,
    as_role,
    client_of,
    field_of,
    person,
    refusal_of,
    text_of,
)

KEY = "a-key-of-this-form"
NEW = "/books/journals/new/?b=duka"
PDF = b"%PDF-1.4 a paper"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def form(*lines: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """Return the form of a journal; `lines` are (code, debit, credit)."""
    fields: dict[str, Any] = {
        "key": KEY,
        "day": "2026-11-20",
        "description": "Power of November",
        "do": "propose",
    }
    rows = lines or (("6030", "1,250.50", ""), ("1200", "", "1250.50"), ("", "", ""))
    for number, (code, debit, credit) in enumerate(rows, 1):
        fields |= {
            f"account-{number}": code,
            f"debit-{number}": debit,
            f"credit-{number}": credit,
            f"tax-{number}": "",
        }
    return fields | changes


def a_journal(business: Business, *, cents: int = 2_000_000, by: User | None = None) -> Journal:
    """Propose a journal above the limit."""
    return propose(
        business=business,
        occurred_on=TODAY,
        description="A new motorbike",
        lines=[("1700", cents), ("1200", -cents)],
        proposed_by=by or a_user("writer"),
        at=NOW,
        key=f"key-{cents}",
        paper=Paper("invoice 7.pdf", "application/pdf", PDF),
    )


# An entry


def test_an_entry_says_all_that_there_is_to_say(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 125_050), ("1200", -125_050)])
    entry = Entry.objects.get(pk=posted.entry_id)

    text = text_of(as_role(Role.AUDITOR).get(f"/books/entry/{posted.entry_id}/"))

    for words in (
        "Entry 1",
        "22 November 2026",
        "By hand",
        "6030 Power 1,250.50",
        "1200 Bank 1,250.50",
        "Total KES 1,250.50 1,250.50",
        "Adjustment",
        entry.hash,
        entry.previous_hash,
        "journal:900",
    ):
        assert words in text, words


def test_a_late_entry_says_for_which_day(duka: Business) -> None:
    duka.book.closed_through = date(2026, 11, 21)
    duka.book.save()
    posted = an_entry(duka, occurred_on=date(2026, 11, 19))

    text = text_of(as_role(Role.AUDITOR).get(f"/books/entry/{posted.entry_id}/"))

    assert "Late: it belongs to 19 November 2026" in text


@pytest.mark.parametrize("role", KEEPERS)
def test_a_keeper_reverses_an_entry_and_both_say_so(duka: Business, role: str) -> None:
    posted = an_adjustment(duka, lines=[("6030", 500), ("1200", -500)])
    client = as_role(role)

    answer = client.post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Typed twice"})

    reversal = Entry.objects.get(reverses_id=posted.entry_id)
    assert answer["Location"] == f"/books/entry/{reversal.pk}/"
    assert lines_of(reversal.key) == [("6030", -500), ("1200", 500)]
    assert reversal.actor == User.objects.get(username=f"{role}-of-duka")
    first, second = client.get(f"/books/entry/{posted.entry_id}/"), client.get(answer["Location"])
    assert "Reversed by entry 2 on 22 November 2026" in text_of(first)
    assert "Reverses entry 1 of 22 November 2026" in text_of(second)
    assert "Typed twice" in text_of(second)
    assert 'name="reason"' not in first.content.decode()


def test_a_reversal_above_the_limit_waits_for_a_second_person(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 1_000_001), ("1200", -1_000_001)])
    first, second = as_role(Role.ACCOUNTANT), as_role(Role.OWNER)
    address = f"/books/entry/{posted.entry_id}/reverse"

    answers = [first.post(address, {"reason": "Not our bill"}) for _ in range(2)]
    page = first.get(answers[0]["Location"])
    listed = second.get("/books/journals/")
    assert (Entry.objects.count(), Journal.objects.count()) == (1, 1)
    assert answers[0]["Location"] == answers[1]["Location"]
    assert "Takes back entry 1" in text_of(page)
    assert "10,000.01" in text_of(listed)

    own = first.post(f"{answers[0]['Location']}approve")
    assert (own.status_code, Entry.objects.count()) == (422, 1)
    second.post(f"{answers[0]['Location']}approve")
    reversal = Entry.objects.get(reverses_id=posted.entry_id)
    assert lines_of(reversal.key) == [("6030", -1_000_001), ("1200", 1_000_001)]
    assert reversal.description == "Reverses duka 1: Not our bill"
    assert verify_books().is_ok


def test_a_reversal_that_was_rejected_may_be_asked_for_again(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 1_000_001), ("1200", -1_000_001)])
    first, second = as_role(Role.ACCOUNTANT), as_role(Role.OWNER)
    address = f"/books/entry/{posted.entry_id}/reverse"

    asked = first.post(address, {"reason": "Not our bill"})["Location"]
    second.post(f"{asked}reject", {"note": "It is ours"})
    again = first.post(address, {"reason": "Really not"})["Location"]

    assert asked != again
    assert (Entry.objects.count(), Journal.objects.count()) == (1, 2)


def test_a_waiting_reversal_is_led_to_and_not_offered_again(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 1_000_001), ("1200", -1_000_001)])
    client = as_role(Role.ACCOUNTANT)
    address = f"/books/entry/{posted.entry_id}/reverse"
    waiting = client.post(address, {"reason": "Not our bill"})["Location"]

    other = client.post(address, {"reason": "Another reason"})
    page = client.get(f"/books/entry/{posted.entry_id}/").content.decode()

    assert (other.status_code, Journal.objects.count()) == (422, 1)
    assert "was sent already as journal" in refusal_of(other)
    assert f'href="{waiting}"' in page
    assert 'name="reason"' not in page
    assert "Correct it" not in page


def test_a_reversal_beside_a_waiting_correction_gets_a_sentence(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 1_000_001), ("1200", -1_000_001)])
    client = as_role(Role.ACCOUNTANT)
    client.post(f"/books/journals/new/?corrects={posted.entry_id}", form())
    journal = Journal.objects.get()

    answer = client.post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Not our bill"})

    assert (answer.status_code, Journal.objects.count()) == (422, 1)
    assert refusal_of(answer) == (
        f"Journal {journal.pk} would correct entry 1 already and waits for a second person:"
        " approve or reject that one first."
    )


def test_a_reversal_for_another_reason_says_that_there_is_one(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 500), ("1200", -500)])
    client = as_role(Role.OWNER)
    address = f"/books/entry/{posted.entry_id}/reverse"
    client.post(address, {"reason": "Typed twice"})

    answer = client.post(address, {"reason": "Something else"})

    assert (answer.status_code, Entry.objects.count()) == (422, 2)
    assert "was sent already as journal" in refusal_of(answer)


def test_an_entry_of_the_demo_is_reversed_by_hand(duka: Business) -> None:
    posted = an_entry(duka, key="demo:duka:2026-11-22:rent")

    as_role(Role.OWNER).post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Wrong rent"})

    assert Entry.objects.get(reverses_id=posted.entry_id)


def test_a_reversal_sent_twice_is_one(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 500), ("1200", -500)])
    client = as_role(Role.OWNER)

    answers = [
        client.post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Typed twice"})
        for _ in range(2)
    ]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert Entry.objects.count() == 2


@pytest.mark.parametrize("role", [Role.AUDITOR, *OTHERS, Role.MANAGER])
def test_others_reverse_nothing(duka: Business, role: str) -> None:
    posted = an_adjustment(duka, lines=[("6030", 500), ("1200", -500)])
    client = as_role(role)

    answer = client.post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Mine"})

    assert answer.status_code == 403
    assert Entry.objects.count() == 1


def test_an_entry_of_others_is_neither_shown_nor_reversed(duka: Business) -> None:
    posted = an_adjustment(a_business(slug="maji"), lines=[("6030", 500), ("1200", -500)])
    client = as_role(Role.OWNER)

    answers = [
        client.get(f"/books/entry/{posted.entry_id}/"),
        client.post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Mine"}),
        client.get(f"/books/journals/new/?corrects={posted.entry_id}"),
        client.post(f"/books/journals/new/?corrects={posted.entry_id}", form()),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert Entry.objects.count() == 1


def test_an_entry_that_there_is_not_is_not_found(duka: Business) -> None:
    assert as_role(Role.OWNER).get(f"/books/entry/{duka.pk * 10**10 + 7}/").status_code == 404


def test_a_reversal_without_a_reason_is_refused_with_a_sentence(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 500), ("1200", -500)])

    answer = as_role(Role.OWNER).post(f"/books/entry/{posted.entry_id}/reverse", {"reason": " "})

    assert (answer.status_code, refusal_of(answer)) == (
        422,
        "Say why the entry is reversed: it stays on record.",
    )


def test_an_entry_of_a_sale_sends_one_to_the_sale(duka: Business) -> None:
    posted = an_entry(duka, key="sale:42")
    client = as_role(Role.OWNER)

    page = client.get(f"/books/entry/{posted.entry_id}/")
    answer = client.post(f"/books/entry/{posted.entry_id}/reverse", {"reason": "Wrong"})

    assert "belongs to sale 42; refund or cancel it there." in text_of(page)
    assert "Correct it" not in text_of(page)
    assert answer.status_code == 422
    assert Entry.objects.count() == 1


def test_neighbours_of_an_entry_are_one_step_away(duka: Business) -> None:
    posted = [an_entry(duka).entry_id for _ in range(3)]
    client = as_role(Role.AUDITOR)

    pages = [client.get(f"/books/entry/{pk}/").content.decode() for pk in posted]

    assert ("← Entry" in pages[0], "Entry 2 →" in pages[0]) == (False, True)
    assert f'href="/books/entry/{posted[0]}/">← Entry 1' in pages[1]
    assert "→" not in pages[2]


# Writing a journal


@pytest.mark.parametrize("role", KEEPERS)
def test_a_keeper_writes_a_journal(duka: Business, role: str) -> None:
    client = as_role(role)
    assert client.get(NEW).status_code == 200

    answer = client.post(NEW, form())

    journal = Journal.objects.get()
    assert answer["Location"] == f"/books/journals/{journal.pk}/"
    assert journal.state == JournalState.POSTED
    assert journal.entry is not None
    assert lines_of(journal.entry.key) == [("6030", 125_050), ("1200", -125_050)]
    assert journal.entry.occurred_on == date(2026, 11, 20)
    assert "Posted" in text_of(client.get(answer["Location"]))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER, *OTHERS])
def test_others_write_no_journal(duka: Business, role: str) -> None:
    client = as_role(role)

    assert {client.get(NEW).status_code, client.post(NEW, form()).status_code} == {403}
    assert not Journal.objects.exists()


def test_nobody_writes_into_the_books_of_others(duka: Business) -> None:
    a_business(slug="maji")
    reads_there = client_of(a_user("amina", duka=Role.OWNER, maji=Role.AUDITOR))
    address = "/books/journals/new/?b=maji"

    assert as_role(Role.OWNER).post(address, form()).status_code == 404
    assert reads_there.post(address, form()).status_code == 404
    assert not Journal.objects.exists()


def test_a_journal_sent_twice_is_one(duka: Business) -> None:
    client = as_role(Role.OWNER)

    answers = [client.post(NEW, form()) for _ in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert (Journal.objects.count(), Entry.objects.count()) == (1, 1)


def test_the_same_form_with_another_content_says_so_and_may_be_sent_again(duka: Business) -> None:
    client = as_role(Role.OWNER)
    client.post(NEW, form())

    other = client.post(NEW, form(description="Power of December"))
    again = client.post(NEW, form(description="Power of December", key=field_of(other, "key")))

    assert other.status_code == 422
    assert "was sent already as journal" in refusal_of(other)
    assert field_of(other, "key") != KEY
    assert again.status_code == 302
    assert Journal.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            form(("6030", "100", ""), ("1200", "", "90")),
            "Debits are 100 and credits 90: 10 are missing on one side.",
        ),
        (form(("6030", "100", "100")), "Line 1: fill in debit or credit, not both."),
        (form(("", "100", "")), "Line 1: choose its account."),
        (
            form(("6030", "0.555", "")),
            "Line 1: Write an amount in shillings, such as 500 or 1,250.50.",
        ),
        (form(("6030", "0", "")), "Line 1: the amount is zero. Leave the line empty instead."),
        (form(("", "", "")), "Fill in at least one amount."),
        (form(("9999", "5", ""), ("1200", "", "5")), "Amina duka has no account 9999."),
        (form(**{"tax-1": "Z"}), "Line 1: there is no tax letter Z."),
        (form(day="yesterday"), "Write the day as a date such as 2026-11-22."),
        (form(day="2026-12-24"), "24 December 2026 is still to come: tomorrow is the latest day."),
        (
            form(description=" "),
            "Say what the journal is for: the description stays in the books.",
        ),
        (form(description="x" * 201), "The description has more than 200 letters."),
        (form(key="short"), "This page is incomplete. Reload it and write the journal again."),
        (
            form(("2130", "5", ""), ("1200", "", "5")),
            "Account 2130 is kept by the M-Pesa inbox: match or refund the payment there.",
        ),
    ],
)
def test_a_journal_that_cannot_be_gets_a_sentence(
    duka: Business, fields: dict[str, Any], sentence: str
) -> None:
    answer = as_role(Role.OWNER).post(NEW, fields)

    assert (answer.status_code, refusal_of(answer)) == (422, sentence)
    assert not Journal.objects.exists()


def test_a_refused_journal_keeps_what_was_typed(duka: Business) -> None:
    fields = form(("6030", "1,000", ""), ("1200", "", "900")) | {"tax-1": "B"}

    page = as_role(Role.OWNER).post(NEW, fields).content.decode()

    assert 'value="6030" selected' in page
    assert 'value="1,000"' in page
    assert 'value="900"' in page
    assert 'value="B" selected' in page
    assert 'value="2026-11-20"' in page
    assert f'value="{KEY}"' in page


def test_a_journal_into_a_locked_month_is_refused(duka: Business) -> None:
    lock_month(business=duka, month=date(2026, 10, 1), actor=None, at=NOW)

    answer = as_role(Role.OWNER).post(NEW, form(day="2026-10-31"))

    assert answer.status_code == 422
    assert "locked through 31 October 2026" in refusal_of(answer)


def test_lines_are_added_without_a_script(duka: Business) -> None:
    client = as_role(Role.OWNER)
    first = client.get(NEW).content.decode()

    page = client.post(NEW, form(do="add"))

    assert first.count('name="debit-') == 4
    assert page.status_code == 200
    assert page.content.decode().count('name="debit-') == 7
    assert 'value="1,250.50"' in page.content.decode()
    assert not Journal.objects.exists()


def test_no_more_lines_than_an_entry_may_have(duka: Business) -> None:
    many = form(*[("6030", "1", "")] * 498, do="add")

    page = as_role(Role.OWNER).post(NEW, many).content.decode()

    assert page.count('name="debit-') == 500


def test_who_keeps_several_books_chooses_first(duka: Business) -> None:
    a_business(slug="maji")
    client = as_role(Role.ACCOUNTANT, "duka", "maji")

    page = client.get("/books/journals/new/").content.decode()

    assert 'href="?b=duka"' in page
    assert 'href="?b=maji"' in page
    assert "<form" not in page.partition("<main>")[2]


def test_the_picker_offers_no_account_that_is_never_written_by_hand(duka: Business) -> None:
    page = as_role(Role.OWNER).get(NEW).content.decode()

    assert 'value="6030"' in page
    assert 'value="2130"' not in page
    assert 'value="2900"' not in page


# Papers


def test_the_paper_is_kept_and_handed_out_as_a_file(duka: Business) -> None:
    client = as_role(Role.OWNER)
    paper = SimpleUploadedFile("bill “Nov”.pdf", PDF, content_type="text/html")

    client.post(NEW, form(paper=paper))
    answer = client.get(f"/books/journals/{Journal.objects.get().pk}/paper")

    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("page.pdf", b"<html>", "The paper is a PDF, a PNG or a JPEG."),
        ("empty.pdf", b"", "The paper is a PDF, a PNG or a JPEG."),
        ("large.pdf", PDF + b"x" * 5 * 1024 * 1024, "The paper is larger than 5 MB."),
    ],
)
def test_another_paper_is_refused(duka: Business, name: str, content: bytes, sentence: str) -> None:
    paper = SimpleUploadedFile(name, content, content_type="application/pdf")

    answer = as_role(Role.OWNER).post(NEW, form(paper=paper))

    assert refusal_of(answer) == f"{sentence} Choose the paper again."
    assert not Journal.objects.exists()


@pytest.mark.parametrize(
    ("role", "status"),
    [*((role, 200) for role in SEERS), *((role, 403) for role in [Role.MANAGER, *OTHERS])],
)
def test_the_paper_is_for_who_sees_the_books(duka: Business, role: str, status: int) -> None:
    journal = a_journal(duka)

    assert as_role(role).get(f"/books/journals/{journal.pk}/paper").status_code == status


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("100", "Posted, without a paper."),
        ("20000", "Kept, without a paper. It is above the limit and waits for a second person."),
    ],
)
def test_a_paper_that_did_not_come_is_missed(duka: Business, amount: str, said: str) -> None:
    fields = form(("6030", amount, ""), ("1200", "", amount))

    page = as_role(Role.OWNER).post(NEW, fields, follow=True)

    assert said in text_of(page)
    assert "Paper none" in text_of(page)


def test_a_journal_without_a_paper_hands_out_none(duka: Business) -> None:
    client = as_role(Role.OWNER)
    client.post(NEW, form())

    assert client.get(f"/books/journals/{Journal.objects.get().pk}/paper").status_code == 404


# The second person


def test_a_large_journal_waits_for_a_second_person(duka: Business) -> None:
    client = as_role(Role.ACCOUNTANT)
    fields = form(("1700", "20000", ""), ("1200", "", "20000"))

    page = client.post(NEW, fields, follow=True)
    journal = Journal.objects.get()
    own = client.post(f"/books/journals/{journal.pk}/approve")

    assert "waits for a second person" in text_of(page)
    assert "Approve and post" not in text_of(page)
    assert own.status_code == 422
    assert "A second person approves this journal" in refusal_of(own)
    assert not Entry.objects.exists()


def test_the_second_person_approves_once(duka: Business) -> None:
    journal = a_journal(duka)
    client = as_role(Role.OWNER)
    assert "Approve and post" in text_of(client.get(f"/books/journals/{journal.pk}/"))

    answers = [client.post(f"/books/journals/{journal.pk}/approve") for _ in range(2)]

    journal.refresh_from_db()
    assert {answer.status_code for answer in answers} == {302}
    text = text_of(client.get(answers[1]["Location"]))
    assert text.index("Approved and posted.") < text.index("It was posted already.")
    assert journal.state == JournalState.POSTED
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("do", ["approve", "reject"])
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER, *OTHERS])
def test_others_decide_nothing(duka: Business, role: str, do: str) -> None:
    journal = a_journal(duka)

    assert as_role(role).post(f"/books/journals/{journal.pk}/{do}").status_code == 403
    assert Journal.objects.get().state == JournalState.PROPOSED


@pytest.mark.parametrize("do", ["approve", "reject"])
def test_a_journal_of_others_is_not_decided(duka: Business, do: str) -> None:
    journal = a_journal(a_business(slug="maji"))

    assert as_role(Role.OWNER).post(f"/books/journals/{journal.pk}/{do}").status_code == 404
    assert Journal.objects.get().state == JournalState.PROPOSED


def test_a_journal_is_rejected_with_a_note(duka: Business) -> None:
    journal = a_journal(duka)
    client = as_role(Role.OWNER)

    page = client.post(f"/books/journals/{journal.pk}/reject", {"note": "No invoice"}, follow=True)
    late = client.post(f"/books/journals/{journal.pk}/approve")

    assert "No invoice" in text_of(page)
    assert late.status_code == 422
    assert "is rejected already" in refusal_of(late)
    assert not Entry.objects.exists()


def test_a_note_that_is_too_long_is_kept_and_refused(duka: Business) -> None:
    journal = a_journal(duka)

    answer = as_role(Role.OWNER).post(f"/books/journals/{journal.pk}/reject", {"note": "x" * 201})

    assert (answer.status_code, refusal_of(answer)) == (422, "The note has more than 200 letters.")
    assert field_of(answer, "note") == "x" * 201
    assert Journal.objects.get().state == JournalState.PROPOSED


def test_the_list_shows_what_waits_first(duka: Business) -> None:
    client = as_role(Role.OWNER)
    client.post(NEW, form())
    a_journal(duka)

    text = text_of(client.get("/books/journals/"))

    assert text.index("A new motorbike") < text.index("Power of November")


def test_all_that_waits_is_shown(duka: Business) -> None:
    for number in range(60):
        a_journal(duka, cents=2_000_000 + number)

    page = as_role(Role.OWNER).get("/books/journals/")

    assert page.content.decode().count("A new motorbike") == 60


def test_older_journals_are_a_page_away(duka: Business) -> None:
    client = as_role(Role.OWNER)
    for number in range(55):
        client.post(NEW, form(key=f"key-number-{number}", description=f"Number {number:03}"))

    first = client.get("/books/journals/")
    second = client.get(f"/books/journals/?before={first.context['older']}")

    assert len(first.context["decided"]) == 50
    assert [one.description for one in second.context["decided"]] == [
        f"Number {number:03}" for number in (4, 3, 2, 1, 0)
    ]
    assert client.get("/books/journals/?before=x").status_code == 200


# Corrections and opening balances


def test_a_correction_is_prefilled_and_takes_the_first_one_back(duka: Business) -> None:
    posted = an_adjustment(duka, lines=[("6030", 50_000), ("1200", -50_000)])
    client = as_role(Role.ACCOUNTANT)
    address = f"/books/journals/new/?corrects={posted.entry_id}"
    page = client.get(address).content.decode()
    assert 'value="6030" selected' in page
    assert 'value="500"' in page
    assert 'value="2026-11-22"' in page

    answer = client.post(address, form(("6030", "50", ""), ("1200", "", "50")), follow=True)

    journal = Journal.objects.get()
    assert journal.corrects_id == posted.entry_id
    assert "Corrects entry 1" in text_of(answer)
    assert Entry.objects.get(reverses_id=posted.entry_id)
    total = Line.objects.filter(account__code="6030").values_list("amount_cents", flat=True)
    assert sum(total) == 5_000


def test_a_correction_of_a_sale_is_refused(duka: Business) -> None:
    posted = an_entry(duka, key="sale:42")

    answer = as_role(Role.OWNER).post(f"/books/journals/new/?corrects={posted.entry_id}", form())

    assert answer.status_code == 422
    assert "refund or cancel it there" in refusal_of(answer)


@pytest.mark.parametrize("corrects", ["x", "0", "9" * 30])
def test_a_correction_of_nothing_is_not_found(
    client: Client, duka: Business, corrects: str
) -> None:
    address = f"/books/journals/new/?corrects={corrects}"

    assert as_role(Role.OWNER).get(address).status_code == 404


def test_opening_balances_take_the_difference_to_their_account(duka: Business) -> None:
    client = client_of(person(Role.OWNER))
    address = f"{NEW}&kind=opening"
    page = client.get(address).content.decode()
    assert 'value="3300"' not in page
    assert 'value="1000"' in page
    duka.approval_above_cents = 10**9
    duka.save()

    fields = form(("1000", "1,000", ""), ("2600", "", "400"), ("6030", "", ""))
    answer = client.post(address, fields | {"description": ""})

    journal = Journal.objects.get()
    assert answer["Location"] == f"/books/journals/{journal.pk}/"
    assert journal.entry is not None
    assert lines_of(journal.entry.key) == [("1000", 100_000), ("2600", -40_000), ("3300", -60_000)]
    assert journal.entry.kind == "opening"


def test_a_chart_of_many_accounts_brings_all_its_opening_balances(duka: Business) -> None:
    for number in range(1, 300):
        open_account(business=duka, code=f"1300.{number}", name=f"Customer {number}")
    client, address = client_of(person(Role.OWNER)), f"{NEW}&kind=opening"
    page = client.get(address)
    codes = re.findall(r'name="account-[0-9]+" value="([0-9.]+)"', page.content.decode())
    late = {"1300.299", "2600"}
    amounts = {"1300.299": ("1,000", ""), "2600": ("", "400")}

    answer = client.post(
        address,
        form(*((code, *amounts.get(code, ("", ""))) for code in codes), description=""),
    )

    assert late < set(codes[200:])
    assert answer.status_code == 302
    journal = Journal.objects.get()
    assert sorted(journal.lines.values_list("account__code", "amount_cents")) == [
        ("1300.299", 100_000),
        ("2600", -40_000),
        ("3300", -60_000),
    ]


def test_a_chart_that_fits_no_form_says_what_is_left_out(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_OPENING_LINES", 40)

    page = as_role(Role.OWNER).get(f"{NEW}&kind=opening")

    shown = page.content.decode().count('name="debit-')
    offered = duka.accounts.exclude(code__in=["2130", "2900", "3300"]).count()
    assert shown < 40
    assert f"{offered - shown} accounts of this chart do not fit on this page" in text_of(page)
    assert 'value="6030"' not in page.content.decode()


@pytest.mark.parametrize("charset", ["utf-7", "utf-8"])
def test_halves_of_characters_and_nul_are_not_kept(duka: Business, charset: str) -> None:
    fields = form(description="Power +2AA- of\x00 November")
    body = encode_multipart("x", fields) + (
        b'--x\r\nContent-Disposition: form-data; name="paper"; filename="a+2AA-.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + PDF + b"\r\n--x--\r\n"
    )
    body = body.replace(b"--x--\r\n", b"", 1)

    answer = as_role(Role.OWNER).generic(
        "POST", NEW, body, content_type=f"multipart/form-data; boundary=x; charset={charset}"
    )

    kept = "Power ? of November" if charset == "utf-7" else "Power +2AA- of November"
    assert answer.status_code == 302
    assert Journal.objects.get().description == kept
