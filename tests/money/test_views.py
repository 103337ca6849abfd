"""The books' pages: who is let in where, what a bad address gets, how a report is shown."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.actions.books import open_account, open_business
from money.actions.journals import propose
from money.actions.transfers import move_between
from money.models import Business, Role, TaxPerson, User
from tests.make import NOW, TODAY, a_business, a_user, an_entry, chebet
from tests.money.pages import (
    CLOSERS,
    KEEPERS,
    OTHERS,
    SEERS,
    a_sale_entry,
    as_role,
    cents_of,
    client_of,
    columns_of,
    field_of,
    refusal_of,
    rows_of,
    text_of,
)

REPORTS = [
    "/books/trial-balance/",
    "/books/profit-and-loss/",
    "/books/balance-sheet/",
    "/books/cash-flow/",
    "/books/account/",
    "/books/account/?code=1000",
    "/books/ledger/",
    "/books/journals/",
]


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def maji(duka: Business) -> Business:
    return a_business(slug="maji")


def pages_of(business: Business) -> list[str]:
    """Return the addresses of everything there is to see of a business with a journal."""
    journal = propose(
        business=business,
        occurred_on=date(2026, 11, 22),
        description="By hand",
        lines=[("6000", 100), ("1200", -100)],
        proposed_by=a_user(f"writer-{business.slug}"),
        at=NOW,
        key=f"key-of-{business.slug}",
    )
    return [
        *(f"{page}{'&' if '?' in page else '?'}b={business.slug}" for page in REPORTS),
        f"/books/entry/{journal.entry_id}/",
        f"/books/journals/{journal.pk}/",
        f"/books/vat/{business.tax_person_id}/2026-11/",
    ]


# Who is let in


@pytest.mark.parametrize("role", SEERS)
def test_who_sees_the_books_sees_every_page(duka: Business, role: str) -> None:
    client = as_role(role)

    answers = {page: client.get(page).status_code for page in ["/books/", *pages_of(duka)]}

    assert set(answers.values()) == {200}, answers


@pytest.mark.parametrize("role", [*OTHERS, Role.MANAGER])
def test_others_are_refused_every_page(duka: Business, role: str) -> None:
    client = as_role(role)

    answers = {page: client.get(page).status_code for page in pages_of(duka)}

    assert set(answers.values()) == {403}, answers


def test_a_stranger_is_refused(duka: Business) -> None:
    client = client_of(chebet())

    assert {client.get(page).status_code for page in ["/books/", *pages_of(duka)]} == {403}


def test_a_superuser_sees_every_page(duka: Business) -> None:
    client = client_of(User.objects.create_superuser("root"))

    assert {client.get(page).status_code for page in pages_of(duka)} == {200}


def test_who_is_signed_out_signs_in_and_comes_back(client: Client, duka: Business) -> None:
    for page in ["/books/", *pages_of(duka), "/books/between/", "/books/journals/new/"]:
        answer = client.get(page)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/login")
    assert (
        client.get("/books/ledger/?b=duka")["Location"] == "/login?next=/books/ledger/%3Fb%3Dduka"
    )
    assert client.post("/books/between/")["Location"] == "/login?next=/books/"


@pytest.mark.parametrize("role", SEERS)
def test_a_business_of_others_is_not_there(duka: Business, maji: Business, role: str) -> None:
    client = as_role(role)

    answers = {page: client.get(page).status_code for page in pages_of(maji)}
    both = client.get("/books/profit-and-loss/?b=duka&b=maji")

    assert set(answers.values()) == {404}, answers
    assert both.status_code == 404
    assert text_of(client.get("/books/profit-and-loss/?b=nosuch")) == text_of(both)


def test_without_a_choice_one_sees_ones_own_alone(duka: Business, maji: Business) -> None:
    an_entry(duka, cents=12_300)
    an_entry(maji, cents=45_600)

    text = text_of(as_role(Role.AUDITOR).get("/books/profit-and-loss/"))

    assert "123" in text
    assert "456" not in text
    assert "maji" not in text


@pytest.fixture
def far(duka: Business) -> Business:
    """A business of another tax person, which shares an owner with duka."""
    person = TaxPerson.objects.create(name="Kamau Otieno", kra_pin="A007654321B")
    return open_business(tax_person=person, slug="far", name="Far away", trade="retail")


def test_two_tax_persons_of_one_owner_are_everything_together_alone(
    duka: Business, far: Business
) -> None:
    client = as_role(Role.OWNER, "duka", "far")
    move_between(
        giver=duka,
        taker=far,
        giver_code="1000",
        taker_code="1000",
        cents=70_000,
        occurred_on=TODAY,
        description="Lent",
        key="lent",
        actor=None,
        posted_at=NOW,
    )
    alarm, everything = "does not cancel out", "All businesses"

    both = text_of(client.get("/books/balance-sheet/"))
    one = text_of(client.get("/books/balance-sheet/?b=duka"))
    outsider = text_of(as_role(Role.AUDITOR).get("/books/balance-sheet/"))

    assert (alarm in both, everything in both) == (False, True)
    assert (alarm in one, everything in one) == (False, False)
    assert (alarm in outsider, everything in outsider) == (False, False)


def test_some_of_what_one_sees_is_not_everything(
    duka: Business, maji: Business, far: Business
) -> None:
    client = as_role(Role.AUDITOR, "duka", "maji", "far")

    text = text_of(client.get("/books/balance-sheet/?b=duka&b=maji"))

    assert "All businesses" not in text


def test_the_vat_return_is_for_who_sees_all_businesses_of_the_person(
    duka: Business, maji: Business
) -> None:
    address = f"/books/vat/{duka.tax_person_id}/2026-11/"

    assert as_role(Role.ACCOUNTANT).get(address).status_code == 404
    assert as_role(Role.ACCOUNTANT, "duka", "maji").get(address).status_code == 200
    assert as_role(Role.ACCOUNTANT, "duka", "maji").get("/books/vat/99/2026-11/").status_code == 404


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "november", "0000-01", "9999-12"])
def test_a_month_that_there_is_not_has_no_vat_return(duka: Business, month: str) -> None:
    address = f"/books/vat/{duka.tax_person_id}/{month}/"

    assert as_role(Role.OWNER).get(address).status_code == 404


# The front page


def test_the_front_page_shows_where_each_business_stands(duka: Business, maji: Business) -> None:
    duka.book.closed_through, duka.book.locked_through = date(2026, 11, 21), date(2026, 10, 31)
    duka.book.save()
    propose(
        business=maji,
        occurred_on=date(2026, 11, 22),
        description="Large",
        lines=[("6000", 2_000_000), ("1200", -2_000_000)],
        proposed_by=a_user("writer"),
        at=NOW,
        key="large-one",
    )

    response = as_role(Role.OWNER, "duka", "maji").get("/books/")
    text = text_of(response)

    assert "1 journal waits for a second person." in text
    assert "Closed through 21 Nov 2026" in text
    assert "Locked through 31 Oct 2026" in text
    assert "/books/balance-sheet/?from=2026-10-01&amp;to=2026-10-31" in response.content.decode()
    assert "Move money between businesses" in text


def test_the_front_page_offers_an_auditor_nothing_to_write(duka: Business) -> None:
    text = text_of(as_role(Role.AUDITOR).get("/books/"))

    assert "Profit and loss" in text
    assert "Write a journal" not in text
    assert "Close a day" not in text


def test_the_front_page_leads_a_manager_to_close_days_only(duka: Business) -> None:
    response = as_role(Role.MANAGER).get("/books/")

    assert response.status_code == 200
    assert "Close a day" in text_of(response)
    assert "/books/account/" not in response.content.decode()
    assert "Last month" not in text_of(response)


@pytest.mark.parametrize(("role", "is_led"), [(Role.OWNER, True), (Role.MANAGER, True)])
def test_the_admin_leads_to_the_books(duka: Business, role: str, is_led: bool) -> None:  # noqa: FBT001
    client = as_role(role)
    User.objects.update(is_staff=True)

    assert ('href="/books/"' in client.get("/admin/").content.decode()) is is_led


def test_home_leads_an_accountant_who_is_no_staff_to_the_books(duka: Business) -> None:
    response = as_role(Role.ACCOUNTANT).get("/")

    assert (response.status_code, response["Location"]) == (302, "/books/")


def test_home_offers_who_sells_and_sees_the_books_both(duka: Business) -> None:
    page = as_role(Role.OWNER).get("/").content.decode()

    assert 'href="/s/duka/"' in page
    assert 'href="/books/"' in page


# How a report is shown


def test_figures_of_a_report_stand_in_line_and_lead_on(duka: Business) -> None:
    a_sale_entry(duka, key="sale:1", cents=11_600)
    an_entry(duka, cents=55)
    page = as_role(Role.AUDITOR).get("/books/profit-and-loss/").content.decode()

    (income,) = [row for row in rows_of(page) if row.cells[0].text.startswith("4040")]

    assert [(cell.text, cell.href) for cell in income.cells[1:]] == [
        ("100.55", "/books/account/?b=duka&code=4040&from=2026-11-01&to=2026-11-22")
    ]
    assert columns_of(page)[0] == "Account"


def test_a_report_of_whole_shillings_shows_no_cents(duka: Business) -> None:
    an_entry(duka, cents=125_000)

    page = as_role(Role.AUDITOR).get("/books/profit-and-loss/").content.decode()

    assert "1,250<" in page
    assert "1,250.00" not in page


def test_the_period_before_stands_beside(duka: Business) -> None:
    an_entry(duka, cents=10_000, occurred_on=date(2026, 10, 4))
    client = as_role(Role.AUDITOR)

    page = client.get("/books/profit-and-loss/?from=2026-11-01&to=2026-11-30&beside=1")

    text = page.content.decode()
    assert columns_of(text) == ["Account", "Nov 2026", "Oct 2026"]
    assert "checked" in text[text.index('name="beside"') :][:60]


def test_the_form_keeps_what_was_asked_for(duka: Business, maji: Business) -> None:
    client = as_role(Role.AUDITOR, "duka", "maji")

    page = client.get("/books/cash-flow/?b=maji&from=2026-10-05&to=2026-10-09")

    assert (field_of(page, "from"), field_of(page, "to")) == ("2026-10-05", "2026-10-09")
    text = page.content.decode()
    assert 'value="maji" checked' in text
    assert 'value="duka" checked' not in text
    # The quick periods keep the business.
    assert "?b=maji&amp;from=2026-10-01&amp;to=2026-10-31" in text


def test_a_warning_stands_above_the_table(duka: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    from money.report import Column, Period, Report  # noqa: PLC0415
    from money.statements import STATEMENTS, Statement  # noqa: PLC0415

    def untied(*, businesses: object, period: Period, **_: object) -> Report:
        return Report("x", "Untied", "", str(period), [Column("A")], warnings=["It differs by 1."])

    monkeypatch.setitem(STATEMENTS, "cash-flow", Statement("Untied", untied))

    page = as_role(Role.AUDITOR).get("/books/cash-flow/").content.decode()

    assert page.index("It differs by 1.") < page.index("<table")
    assert 'class="refusal" role="alert">It differs by 1.' in page


def test_what_people_typed_is_shown_and_never_run(duka: Business) -> None:
    evil = "<script>alert(1)</script>"
    open_account(business=duka, code="6999", name=evil)
    journal = propose(
        business=duka,
        occurred_on=date(2026, 11, 22),
        description=evil,
        lines=[("6999", 100), ("1200", -100)],
        proposed_by=a_user("writer"),
        at=NOW,
        key="evil-one",
    )
    client = as_role(Role.OWNER)
    pages = [
        "/books/profit-and-loss/",
        "/books/account/?code=6999",
        "/books/ledger/",
        "/books/journals/",
        f"/books/journals/{journal.pk}/",
        f"/books/entry/{journal.entry_id}/",
        f"/books/journals/new/?corrects={journal.entry_id}",
    ]

    for page in pages:
        text = client.get(page).content.decode()
        assert evil not in text
        assert "&lt;script&gt;" in text


# What a bad address gets


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=yesterday", "Write the first day as a date such as 2026-11-22."),
        ("to=2026-02-30", "Write the last day as a date such as 2026-11-22."),
        ("to=20261122", "Write the last day as a date such as 2026-11-22."),
        ("from=2026-11-09&to=2026-11-01", "The period ends before it begins. Swap the two days."),
        ("from=1066-10-14", "The first day is a date from 2000 to 2099."),
        ("to=9999-12-31", "The last day is a date from 2000 to 2099."),
        ("from=%00&to=%F0%9F%8D%8E", "Write the last day as a date such as 2026-11-22."),
    ],
)
@pytest.mark.parametrize("page", ["profit-and-loss", "balance-sheet", "ledger"])
def test_a_bad_day_gets_a_sentence_and_stays_in_the_form(
    duka: Business, page: str, query: str, sentence: str
) -> None:
    response = as_role(Role.AUDITOR).get(f"/books/{page}/?{query}")

    assert response.status_code == 400
    assert refusal_of(response) == sentence
    if "yesterday" in query:
        assert field_of(response, "from") == "yesterday"


def test_a_period_before_all_books_gets_a_sentence(duka: Business) -> None:
    address = "/books/cash-flow/?from=2000-01-01&to=2099-12-31&beside=1"

    assert as_role(Role.AUDITOR).get(address).status_code in {200, 400}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("code=9999", "There is no account 9999 in these businesses."),
        ("code=1000&code=%3Cb%3E", "There is no account <b> in these businesses."),
        ("code=1000&tax=Z", "There is no such tax letter: A, B, C, D and E there are."),
        (
            "code=1000&after=nonsense",
            "This page's address is not one of ours. Begin at the first page.",
        ),
        (
            "code=1000&from=2026-11-01&after=20261301-1-1",
            "This page's address is not one of ours. Begin at the first page.",
        ),
        ("code=1000&to=soon", "Write the last day as a date such as 2026-11-22."),
    ],
)
def test_a_bad_account_address_gets_a_sentence(duka: Business, query: str, sentence: str) -> None:
    response = as_role(Role.AUDITOR).get(f"/books/account/?{query}")

    assert (response.status_code, refusal_of(response)) == (400, sentence)


def test_no_account_of_many_is_left_out_silently(duka: Business) -> None:
    client = as_role(Role.AUDITOR)

    answers = [client.get("/books/account/?" + "&code=1000" * count) for count in (1_000, 1_001)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert refusal_of(answers[1]) == "1001 accounts are too many for one page: 1000 fit."


def test_an_address_is_utf_8_whatever_the_request_claims(duka: Business) -> None:
    answer = as_role(Role.AUDITOR).get(
        "/books/account/?code=%2B2AA-", CONTENT_TYPE="text/plain; charset=utf-7"
    )

    assert (answer.status_code, refusal_of(answer)) == (
        400,
        "There is no account +2AA- in these businesses.",
    )


def test_a_bad_page_of_the_ledger_gets_a_sentence(duka: Business) -> None:
    response = as_role(Role.AUDITOR).get("/books/ledger/?after=x~y")

    assert (response.status_code, refusal_of(response)) == (
        400,
        "This page's address is not one of ours. Begin at the first page.",
    )


@pytest.mark.parametrize(
    "page",
    [
        "/books/no-such/",
        "/books/entry/0/",
        "/books/entry/99999999999999999999/",
        "/books/journals/77/",
        "/books/journals/77/paper",
        "/books/day/duka/2026-02-31/",
        "/books/day/duka/soon.txt",
        "/books/periods/nosuch/",
    ],
)
def test_a_page_that_there_is_not(duka: Business, page: str) -> None:
    assert as_role(Role.OWNER).get(page).status_code == 404


# Paging and cost


def test_an_account_is_paged_forth_and_back(duka: Business) -> None:
    for number in range(120):
        an_entry(duka, cents=100 + number)
    client = as_role(Role.AUDITOR)
    first = client.get("/books/account/?code=1000")

    seen, back, page = [], [], first
    while True:
        rows = [row for row in rows_of(page.content.decode()) if "entry" in row.cells[0].href]
        seen += [cents_of(row.cells[-3].text) for row in rows]
        if not page.context["later"]:
            break
        page = client.get(f"/books/account/{page.context['later']}")
    while page.context["earlier"]:
        page = client.get(f"/books/account/{page.context['earlier']}")
        back.append(len(list(rows_of(page.content.decode()))))

    assert seen == [100 + number for number in range(120)]
    assert len(back) == 2
    assert page.context["table"].rows == first.context["table"].rows


@pytest.mark.parametrize("page", [*REPORTS, "/books/"])
def test_a_page_asks_no_more_for_more_rows(duka: Business, page: str) -> None:
    client = as_role(Role.AUDITOR)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(page).status_code == 200
        return len(asked)

    def fill(start: int, count: int) -> None:
        for number in range(start, start + count):
            propose(
                business=duka,
                occurred_on=date(2026, 11, 1 + number % 20),
                description=f"Journal {number}",
                lines=[
                    (f"6{number % 7}00" if number % 7 not in {2, 3, 4} else "6000", 100),
                    ("1000", -100),
                ],
                proposed_by=a_user(f"writer-{number}"),
                at=NOW,
                key=f"journal-{number}",
            )

    fill(0, 5)
    few = queries()
    fill(5, 30)

    assert queries() <= few
    assert few < 30


def test_the_keepers_and_closers_are_who_we_think() -> None:
    assert set(KEEPERS) < set(CLOSERS)
    assert set(KEEPERS) < set(SEERS)
