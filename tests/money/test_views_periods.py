"""Periods and days on their pages, money between businesses, and the document of a day."""

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine

from money.actions.books import open_account
from money.actions.periods import close_day, close_year
from money.day_close import day_document, text_of
from money.models import Book, Business, Entry, PeriodEvent, Role
from money.queries import anchor_of
from tests.make import NOW, TODAY, a_business, a_user, an_entry
from tests.money import pages
from tests.money.pages import (
    CLOSERS,
    KEEPERS,
    OTHERS,
    SEERS,
    a_sale_entry,
    as_role,
    client_of,
    field_of,
    refusal_of,
)

PERIODS = "/books/periods/duka/"
DAY = "/books/day/duka/2026-11-22/"
REASON = "Two sales of Friday were forgotten."
DEEDS = {
    "close-day": {"day": "2026-11-21"},
    "lock-month": {"month": "2026-10"},
    "close-year": {"year_end": "2025-12-31"},
    "unlock": {"from_day": "2026-11-20", "reason": REASON},
}
MAY = {
    "close-day": CLOSERS,
    "lock-month": KEEPERS,
    "close-year": KEEPERS,
    "unlock": [Role.OWNER],
}


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def dates_of(business: Business) -> tuple[date | None, date | None]:
    book = Book.objects.get(business=business)
    return book.closed_through, book.locked_through


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", list(Role))
def test_each_deed_is_for_its_roles(duka: Business, role: str, deed: str) -> None:
    close_day(business=duka, day=date(2026, 11, 20), actor=None, at=NOW)
    client = as_role(role)

    answer = client.post(f"{PERIODS}{deed}", DEEDS[deed])
    page = client.get(PERIODS)

    assert answer.status_code == (302 if role in MAY[deed] else 403)
    assert (PeriodEvent.objects.count() == 2) is (role in MAY[deed])
    assert page.status_code == (200 if role in {*SEERS, *CLOSERS} else 403)
    if page.status_code == 200:
        assert (f'action="{PERIODS}{deed}"' in page.content.decode()) is (role in MAY[deed])


@pytest.mark.parametrize("deed", DEEDS)
def test_periods_of_others_are_left_alone(duka: Business, deed: str) -> None:
    a_business(slug="maji")
    client = as_role(Role.OWNER, "maji")

    assert client.get(PERIODS).status_code == 404
    assert client.post(f"{PERIODS}{deed}", DEEDS[deed]).status_code == 404
    assert not PeriodEvent.objects.exists()


def test_an_auditor_there_unlocks_nothing_by_being_owner_here(duka: Business) -> None:
    a_business(slug="maji")
    client = client_of(a_user("amina", maji=Role.OWNER, duka=Role.AUDITOR))

    assert client.post(f"{PERIODS}unlock", DEEDS["unlock"]).status_code == 403


def test_a_day_is_closed_once_and_leads_to_its_document(duka: Business) -> None:
    client = as_role(Role.MANAGER)

    answers = [client.post(f"{PERIODS}close-day", DEEDS["close-day"]) for _ in range(2)]

    assert {answer["Location"] for answer in answers} == {"/books/day/duka/2026-11-21/"}
    assert dates_of(duka) == (date(2026, 11, 21), None)
    assert PeriodEvent.objects.count() == 1


def test_a_month_is_locked(duka: Business) -> None:
    as_role(Role.ACCOUNTANT).post(f"{PERIODS}lock-month", DEEDS["lock-month"])

    assert dates_of(duka) == (date(2026, 10, 31), date(2026, 10, 31))


def test_the_trail_shows_who_did_what_and_why(duka: Business) -> None:
    client = as_role(Role.OWNER)
    client.post(f"{PERIODS}close-day", DEEDS["close-day"])
    client.post(f"{PERIODS}unlock", DEEDS["unlock"])

    text = pages.text_of(client.get(PERIODS))

    assert "Unlocked through 19 Nov 2026" in text
    assert REASON in text
    assert all(event.hash in text for event in PeriodEvent.objects.all())


@pytest.mark.parametrize(
    ("deed", "fields", "sentence"),
    [
        ("close-day", {"day": "soon"}, "Write the day as a date such as 2026-11-22."),
        (
            "close-day",
            {"day": "2026-11-23"},
            "23 November 2026 is not here yet: it can be closed on the day itself.",
        ),
        ("lock-month", {"month": "2026"}, "Write the month as 2026-11."),
        (
            "lock-month",
            {"month": "2026-11"},
            "The month ends on 30 November 2026: it can be locked from the day after on.",
        ),
        (
            "close-year",
            {"year_end": "2025-06-30"},
            "30 June 2025 is not the end of a financial year: that is the last day of December.",
        ),
        (
            "unlock",
            {"from_day": "2026-11-01", "reason": "why"},
            "Say why, in 10 letters or more: it stays on record.",
        ),
        (
            "unlock",
            {"from_day": "2026-11-01", "reason": REASON},
            "Nothing of Amina duka is closed from 1 November 2026 on.",
        ),
        ("unlock", {}, "Write the first day as a date such as 2026-11-22."),
    ],
)
def test_a_deed_that_cannot_be_gets_a_sentence_beside_its_form(
    duka: Business, deed: str, fields: dict[str, str], sentence: str
) -> None:
    answer = as_role(Role.OWNER).post(f"{PERIODS}{deed}", fields)

    assert (answer.status_code, refusal_of(answer)) == (422, sentence)
    if "reason" in fields:
        assert field_of(answer, "reason") == fields["reason"]
    assert not PeriodEvent.objects.exists()


def test_another_deed_there_is_not(duka: Business) -> None:
    assert as_role(Role.OWNER).post(f"{PERIODS}burn").status_code == 404


# The document of a day


@pytest.fixture
def a_day(duka: Business) -> Business:
    open_account(business=duka, code="1100.1", name="Second till")
    a_sale_entry(duka, key="sale:1", cents=11_600)
    a_sale_entry(duka, key="sale:2", cents=23_200)
    an_entry(duka, debit="1100.1", credit="1000", cents=5_000)
    an_entry(duka, debit="1000", cents=99, occurred_on=date(2026, 11, 21))
    return duka


def test_the_document_says_what_came_in_and_what_was_sold(a_day: Business) -> None:
    document = day_document(business=a_day, day=TODAY)

    assert [(row.code, row.in_cents, row.out_cents) for row in document.takings] == [
        ("1000", 34_800, 5_000),
        ("1100.1", 5_000, 0),
    ]
    assert [(row.code, -row.net_cents) for row in document.sales] == [("4040", 30_000)]
    assert (document.takings_cents, document.sales_cents) == (34_800, 30_000)
    assert (document.entries, document.first_number, document.last_number) == (3, 1, 3)
    assert (document.anchor, document.closed_at) == ("", None)


def test_the_text_of_a_closed_day_carries_the_anchor(a_day: Business) -> None:
    event = close_day(business=a_day, day=TODAY, actor=a_user("amina"), at=NOW)

    text = text_of(day_document(business=a_day, day=TODAY))

    groups = [event.hash[at : at + 8] for at in range(0, 64, 8)]
    assert text.splitlines() == [
        "Amina duka",
        "PIN A001234567Z",
        "Day Sunday, 22 November 2026",
        "",
        "MONEY IN AND OUT, KES",
        "              In            Out            Net",
        "1000 Cash drawer",
        "             348             50            298",
        "1100.1 Second till",
        "              50              0             50",
        "Net together                               348",
        "",
        "SALES, KES",
        "4040 Sales: retail goods                   300",
        "Together                                   300",
        "",
        "Entries 3, from 1 to 3.",
        "",
        "Closed 22 November 2026, 12:00 by Amina",
        "ANCHOR",
        "  " + " ".join(groups[:4]),
        "  " + " ".join(groups[4:]),
        "Keep this page. Later it proves that nothing",
        "up to this day was changed:",
        f"python manage.py verify_books --against {event.hash}",
    ]


def test_the_closing_of_a_year_takes_nothing_from_its_last_days_sales(duka: Business) -> None:
    new_years_eve = date(2025, 12, 31)
    a_sale_entry(duka, key="sale:1", cents=11_600, occurred_on=new_years_eve)
    close_year(business=duka, year_end=new_years_eve, actor=a_user("amina"), at=NOW)

    document = day_document(business=duka, day=new_years_eve)
    page = as_role(Role.OWNER).get("/books/day/duka/2025-12-31/")

    assert [(row.code, -row.net_cents) for row in document.sales] == [("4040", 10_000)]
    assert (document.sales_cents, document.entries, document.closings) == (10_000, 2, 1)
    assert "1 entry closes the year." in text_of(document).splitlines()
    assert "1 entry closes the year." in pages.text_of(page)
    assert "Money in and out" in pages.text_of(page)


def test_an_ordinary_day_closes_no_year(a_day: Business) -> None:
    assert "the year" not in text_of(day_document(business=a_day, day=TODAY))


def test_the_text_of_an_open_day_without_entries(duka: Business) -> None:
    text = text_of(day_document(business=duka, day=TODAY))

    assert "No entries in the books on this day." in text
    assert text.endswith("This day is not closed yet.\n")


def test_a_late_fact_is_counted_on_the_day_that_it_became_known(duka: Business) -> None:
    close_day(business=duka, day=date(2026, 11, 21), actor=None, at=NOW)
    an_entry(duka, occurred_on=date(2026, 11, 20))

    document = day_document(business=duka, day=TODAY)

    assert (document.entries, document.late) == (1, 1)
    assert "1 of them are late" in text_of(document)


def test_the_page_and_its_text_show_the_anchor(a_day: Business) -> None:
    close_day(business=a_day, day=TODAY, actor=None, at=NOW)
    anchor = anchor_of(a_day, TODAY)
    assert anchor
    client = as_role(Role.MANAGER)

    page, text = client.get(DAY), client.get("/books/day/duka/2026-11-22.txt")

    assert all(anchor.hash[at : at + 8] in pages.text_of(page) for at in range(0, 64, 8))
    assert f"--against {anchor.hash}" in pages.text_of(page)
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert anchor.hash in text.content.decode()
    # A manager has no account statements to be led to.
    assert "/books/account/?" not in page.content.decode()


@pytest.mark.parametrize("role", [*SEERS, Role.MANAGER, *OTHERS])
@pytest.mark.parametrize("page", [DAY, "/books/day/duka/2026-11-22.txt"])
def test_a_day_is_for_who_sees_or_closes_it(duka: Business, role: str, page: str) -> None:
    status = 403 if role in OTHERS else 200

    assert as_role(role).get(page).status_code == status


@pytest.mark.parametrize("page", [DAY, "/books/day/duka/2026-11-22.txt"])
def test_a_day_of_others_is_not_there(duka: Business, page: str) -> None:
    a_business(slug="maji")

    assert as_role(Role.OWNER, "maji").get(page).status_code == 404


# Money between businesses

MOVE = {
    "key": "a-key-of-this-move",
    "from": "duka 1200",
    "to": "maji 1000",
    "amount": "1,500.50",
    "day": "2026-11-22",
    "description": "Change for the drawer",
}


@pytest.fixture
def maji(duka: Business) -> Business:
    return a_business(slug="maji")


@pytest.mark.parametrize("role", KEEPERS)
def test_money_moves_between_two_books_once(maji: Business, role: str) -> None:
    client = as_role(role, "duka", "maji")
    assert 'value="maji 1000"' in client.get("/books/between/").content.decode()

    answers = [client.post("/books/between/", MOVE) for _ in range(2)]

    given = Entry.objects.get(business__slug="duka")
    assert {answer["Location"] for answer in answers} == {f"/books/entry/{given.pk}/"}
    assert Entry.objects.count() == 2
    rows = given.lines.order_by("pk").values_list("account__code", "amount_cents")
    assert list(rows) == [("2900", 150_050), ("1200", -150_050)]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER, *OTHERS])
def test_others_move_nothing(maji: Business, role: str) -> None:
    client = as_role(role, "duka", "maji")

    assert client.get("/books/between/").status_code == 403
    assert client.post("/books/between/", MOVE).status_code == 403
    assert not Entry.objects.exists()


def test_who_keeps_one_of_two_books_moves_nothing(maji: Business) -> None:
    client = client_of(a_user("amina", duka=Role.OWNER, maji=Role.AUDITOR))

    assert client.post("/books/between/", MOVE).status_code == 403
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"from": ""}, "Choose the account that the money comes from."),
        ({"to": "maji"}, "Choose the account that the money goes to."),
        ({"amount": "lots"}, "Write an amount in shillings, such as 500 or 1,250.50."),
        ({"amount": "0"}, "The amount to move is more than zero."),
        ({"description": ""}, "Say what the money is moved for."),
        ({"description": "x" * 201}, "The description has more than 200 letters."),
        ({"day": ""}, "Write the day as a date such as 2026-11-22."),
        ({"day": "2026-12-22"}, "22 December 2026 is still to come: use today or a day before."),
        ({"to": "duka 1000"}, "Choose two different businesses."),
        ({"to": "maji 9999"}, "Amina maji has no account 9999."),
        ({"key": ""}, "This page is incomplete. Reload it and fill it in again."),
    ],
)
def test_a_move_that_cannot_be_gets_a_sentence_and_keeps_the_fields(
    maji: Business, changes: dict[str, str], sentence: str
) -> None:
    client = as_role(Role.OWNER, "duka", "maji")

    answer = client.post("/books/between/", MOVE | changes)

    assert (answer.status_code, refusal_of(answer)) == (422, sentence)
    assert field_of(answer, "amount") == (MOVE | changes)["amount"]
    assert not Entry.objects.exists()


def test_the_same_move_with_another_amount_says_so(maji: Business) -> None:
    client = as_role(Role.OWNER, "duka", "maji")
    client.post("/books/between/", MOVE)

    answer = client.post("/books/between/", MOVE | {"amount": "7"})

    assert answer.status_code == 422
    assert field_of(answer, "key") != MOVE["key"]
    assert Entry.objects.count() == 2
