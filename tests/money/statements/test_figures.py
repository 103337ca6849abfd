"""Balances and turnovers against brute force over the lines, for any day."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from money.actions.posting import post
from money.calendar import end_of_month
from money.drafts import Draft
from money.models import Business, Entry, EntryKind, Line
from money.report import NO_LETTER, Period
from money.statements import figures
from money.statements.figures import (
    Turnover,
    accounts_of,
    balances,
    changes,
    changes_by_letter,
    moved,
    turnovers_through,
)
from tests.make import NOW
from tests.money.statements.year import Book

FIRST = date(2025, 11, 1)
CODES = ("1000", "1100", "4040", "4050", "2200", "3200")

days = st.integers(0, 130).map(lambda number: FIRST + timedelta(days=number))
postings = st.lists(
    st.tuples(
        st.booleans(),
        days,
        st.sampled_from(CODES),
        st.sampled_from(CODES),
        st.integers(1, 10**12),
        st.sampled_from(["", "B", "C"]),
        st.sampled_from([EntryKind.FACT, EntryKind.CLOSING]),
    ),
    max_size=12,
)


def brute(businesses: list[Business], **where: object) -> dict[tuple[int, str], Turnover]:
    sums: dict[tuple[int, str], Turnover] = {}
    for line in Line.objects.filter(account__business__in=businesses, **where).select_related(
        "account"
    ):
        key = line.account.business_id, line.account.code
        cents = line.amount_cents
        sums[key] = sums.get(key, Turnover(0, 0)).plus(Turnover(max(cents, 0), max(-cents, 0)))
    return sums


def without_zeros(sums: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in sums.items() if value not in {Turnover(0, 0), 0}}


@settings(max_examples=40, deadline=None)
@given(postings=postings, from_on=days, length=st.integers(0, 90))
def test_figures_are_what_the_lines_say(
    duka: Business, laundry: Business, postings: list[Any], from_on: date, length: int
) -> None:
    number = Entry.objects.count()
    for is_duka, on, debit, credit, cents, letter, kind in postings:
        number += 1
        draft = Draft(
            business=duka if is_duka else laundry,
            key=f"random:{number}",
            occurred_on=on,
            description="Random",
            lines=[(debit, cents, letter), (credit, -cents)],
            kind=kind,
        )
        post(draft, posted_at=NOW)
    period = Period(from_on, from_on + timedelta(days=length))
    both = [duka, laundry]
    inside = {"occurred_on__gte": period.from_on, "occurred_on__lte": period.to_on}

    assert without_zeros(balances(both, period.to_on)) == without_zeros(
        {
            key: turnover.net_cents
            for key, turnover in brute(both, occurred_on__lte=period.to_on).items()
        }
    )
    assert without_zeros(moved(both, period)) == brute(both, **inside)
    accounts = accounts_of(both)
    (changed,) = changes(accounts, [period])
    not_closings = {**inside, "entry__kind": EntryKind.FACT}
    assert without_zeros(changed) == without_zeros(
        {key: one.net_cents for key, one in brute(both, **not_closings).items()}
    )
    by_letter = changes_by_letter(accounts, period)
    for code, letter in by_letter:
        expected = brute(both, **not_closings, tax_class=letter, account__code=code)
        total = Turnover(0, 0)
        for one in expected.values():
            total = total.plus(one)
        assert by_letter[code, letter] == total
    for tax_class, letter in (("B", "B"), (NO_LETTER, "")):
        through = turnovers_through(accounts, [period.to_on], letters=tax_class)[period.to_on]
        assert without_zeros(through) == brute(
            both, occurred_on__lte=period.to_on, tax_class=letter
        )


def test_every_day_of_a_month_from_the_shorter_side(duka: Business, book: Book) -> None:
    for day in range(1, 32):
        book(f"2026-10-{day:02}", ("1000", 2**day), ("4040", -(2**day)))
    book("2026-09-30", ("1000", 1), ("4040", -1))
    book("2026-11-01", ("1000", 2**40), ("4040", -(2**40)))

    found = [balances([duka], date(2026, 10, day))[duka.pk, "1000"] for day in range(1, 32)]

    assert found == [2 ** (day + 1) - 1 for day in range(1, 32)]
    assert balances([duka], date(2026, 9, 29)) == {
        (duka.pk, "1000"): 0,
        (duka.pk, "4040"): 0,
    }


def test_no_more_than_half_a_month_of_lines_is_read() -> None:
    for day in (date(2026, 2, 14), date(2026, 10, 15), date(2026, 10, 16), date(2028, 2, 29)):
        cut = figures._Cut.at(day)

        assert not cut.sign or (cut.last - cut.first).days < 15
        assert cut.first.month == cut.last.month == day.month


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2028, 2, 29), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_end_of_month(day: date, last: date) -> None:
    assert end_of_month(day) == last


def test_the_name_in_the_first_business_counts(duka: Business, laundry: Business) -> None:
    duka.accounts.filter(code="1000").update(name="Front")

    assert accounts_of([laundry, duka]).names["1000"] == "Cash drawer"
    assert accounts_of([duka, laundry]).names["1000"] == "Front"
    assert accounts_of([]).keys == {}
    assert balances([], date(2026, 1, 15)) == {}
