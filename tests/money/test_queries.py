from datetime import date, timedelta

import pytest

from money.actions.books import load_tax_rates
from money.actions.corrections import reverse
from money.actions.posting import post
from money.actions.transfers import move_between
from money.chart import Code
from money.drafts import Draft
from money.models import Business
from money.queries import balances, balances_of, is_vat_registered, takings_on, tax_rates_on
from tests.make import NOW, TODAY, a_business, a_tax_person, an_entry


def test_balances_sum_the_months_of_one_business(duka: Business) -> None:
    an_entry(duka, cents=1_000, occurred_on=date(2026, 10, 31))
    an_entry(duka, cents=250, occurred_on=date(2026, 11, 1))
    an_entry(duka, cents=50, debit=Code.MPESA_TILL, credit=Code.CASH_DRAWER)
    an_entry(a_business(slug="maji"), cents=7)

    assert balances(duka) == {
        Code.CASH_DRAWER: 1_200,
        Code.MPESA_TILL: 50,
        Code.SALES_RETAIL: -1_250,
    }


def test_balances_of_a_new_book_are_none(duka: Business) -> None:
    assert balances(duka) == {}


def test_balances_of_gives_one_account_of_the_asked_businesses(duka: Business) -> None:
    water, laundry = a_business(slug="maji"), a_business(slug="laundry")
    an_entry(duka, cents=100, occurred_on=date(2026, 10, 1))
    an_entry(duka, cents=-30)
    an_entry(water, cents=5)
    an_entry(laundry, cents=9)

    assert balances_of([duka, water], Code.CASH_DRAWER) == {duka.pk: 70, water.pk: 5}


def test_takings_on_counts_one_day_and_no_credit(duka: Business) -> None:
    water = a_business(slug="maji")
    an_entry(duka, cents=100)
    an_entry(duka, cents=20)
    an_entry(duka, cents=-50)
    an_entry(duka, cents=4_000, occurred_on=TODAY - timedelta(days=1))
    an_entry(duka, cents=4_000, debit=Code.MPESA_TILL)
    an_entry(water, cents=3)

    assert takings_on([duka], Code.CASH_DRAWER, TODAY) == {duka.pk: 120}
    assert takings_on([duka, water], Code.CASH_DRAWER, TODAY) == {duka.pk: 120, water.pk: 3}


def test_takings_on_leaves_out_what_was_not_taken(duka: Business) -> None:
    """A reversal, a correction by hand and a loan of the other shop debit the drawer as well."""
    water = a_business(slug="maji")
    posted = an_entry(duka, key="journal:1", cents=150, debit="6100", credit=Code.CASH_DRAWER)
    reverse(entry_id=posted.entry_id, known_on=TODAY, reason="Twice", actor=None, posted_at=NOW)
    draft = Draft(
        business=duka,
        key="journal:2",
        occurred_on=TODAY,
        description="By hand",
        lines=[(Code.CASH_DRAWER, 700), (Code.BANK, -700)],
        kind="adjustment",
    )
    post(draft, posted_at=NOW)
    move_between(
        giver=water,
        taker=duka,
        giver_code=Code.CASH_DRAWER,
        taker_code=Code.CASH_DRAWER,
        cents=900,
        occurred_on=TODAY,
        description="Lent",
        key="1",
        actor=None,
        posted_at=NOW,
    )
    an_entry(duka, cents=36_000)

    assert takings_on([duka, water], Code.CASH_DRAWER, TODAY) == {duka.pk: 36_000}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("registered_from", "is_registered"),
    [
        (None, False),
        (TODAY - timedelta(days=1), True),
        (TODAY, True),
        (TODAY + timedelta(days=1), False),
    ],
)
def test_is_vat_registered_from_the_day_on(registered_from: date, is_registered: object) -> None:
    person = a_tax_person(vat_registered_from=registered_from)

    assert is_vat_registered(person, TODAY) == is_registered


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "rates"),
    [
        (date(2013, 9, 1), {}),
        (date(2013, 9, 2), {"A": 0, "B": 1_600, "C": 0, "D": 0}),
        (date(2020, 3, 31), {"A": 0, "B": 1_600, "C": 0, "D": 0, "E": 800}),
        (date(2020, 4, 1), {"A": 0, "B": 1_400, "C": 0, "D": 0, "E": 800}),
        (date(2020, 12, 31), {"A": 0, "B": 1_400, "C": 0, "D": 0, "E": 800}),
        (date(2021, 1, 1), {"A": 0, "B": 1_600, "C": 0, "D": 0, "E": 800}),
    ],
)
def test_tax_rates_on_a_day_are_those_in_force(day: date, rates: dict[str, int]) -> None:
    load_tax_rates()

    assert tax_rates_on(day) == rates
