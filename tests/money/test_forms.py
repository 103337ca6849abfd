"""What the books' forms send, read without a database."""

from datetime import date

import pytest

from money.forms.days import (
    BadDay,
    quick_periods,
    read_day,
    read_month,
    read_period,
    read_period_since_ever,
    year_of,
)
from money.forms.journal import (
    Incomplete,
    TypedJournal,
    TypedLine,
    read_journal,
    read_opening,
    typed_journal,
    typed_lines,
    with_room,
)
from money.report import EVER, Period

TODAY = date(2026, 11, 22)


def journal(*lines: TypedLine, **changes: str) -> TypedJournal:
    facts = {"key": "a-key-of-this-form", "day": "2026-11-20", "description": "Power"}
    return TypedJournal(**(facts | changes), lines=list(lines))


@pytest.mark.parametrize("text", ["2026-11-22", " 2026-11-22 "])
def test_a_day_is_read(text: str) -> None:
    assert read_day(text) == TODAY


@pytest.mark.parametrize(
    "text", ["", "22/11/2026", "2026-11-31", "2026-W47-7", "20261122", "1999-12-31", "2100-01-01"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(BadDay):
        read_day(text)


@pytest.mark.parametrize("text", ["2026", "2026-00", "2026-13", "2026-1", "11-2026", "2026-11-22"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadDay):
        read_month(text)


@pytest.mark.parametrize(
    ("fields", "period"),
    [
        ({}, Period(date(2026, 11, 1), TODAY)),
        ({"from": "2026-10-05"}, Period(date(2026, 10, 5), TODAY)),
        ({"to": "2026-10-05"}, Period(date(2026, 10, 1), date(2026, 10, 5))),
    ],
)
def test_days_that_are_not_named_are_this_months(fields: dict[str, str], period: Period) -> None:
    assert read_period(fields, TODAY) == period


def test_an_account_without_a_first_day_begins_with_the_books() -> None:
    assert read_period_since_ever({"to": "2026-10-05"}, TODAY) == Period(EVER, date(2026, 10, 5))


@pytest.mark.parametrize(
    ("month", "day", "first", "last"),
    [
        (12, TODAY, date(2026, 1, 1), date(2026, 12, 31)),
        (6, TODAY, date(2026, 7, 1), date(2027, 6, 30)),
        (6, date(2026, 6, 30), date(2025, 7, 1), date(2026, 6, 30)),
        (2, date(2024, 2, 29), date(2023, 3, 1), date(2024, 2, 29)),
    ],
)
def test_the_financial_year_of_a_day(month: int, day: date, first: date, last: date) -> None:
    assert year_of(day, month) == Period(first, last)


def test_quick_periods_end_today_at_the_latest() -> None:
    assert [(one.name, one.period) for one in quick_periods(TODAY, 6)] == [
        ("This month", Period(date(2026, 11, 1), TODAY)),
        ("Last month", Period(date(2026, 10, 1), date(2026, 10, 31))),
        ("This year", Period(date(2026, 7, 1), TODAY)),
        ("Last year", Period(date(2025, 7, 1), date(2026, 6, 30))),
    ]


def test_a_journal_is_read_with_its_tax_letters() -> None:
    typed = journal(
        TypedLine(1, "1400", "1,000", "", "B"),
        TypedLine(2),
        TypedLine(3, "1200", "", "1000.00"),
    )

    assert read_journal(typed).lines == [("1400", 100_000, "B"), ("1200", -100_000)]


def test_opening_balances_need_not_balance_nor_be_described() -> None:
    typed = journal(TypedLine(1, "1000", "5"), description="")

    assert read_opening(typed).lines == [("1000", 500)]
    with pytest.raises(Incomplete, match="what the journal is for"):
        read_journal(typed)


def test_what_was_typed_is_typed_again_as_it_was_posted() -> None:
    lines = typed_lines([("1400", 100_050, "B"), ("1200", -100_050)])

    assert lines == [
        TypedLine(1, "1400", "1,000.50", "", "B"),
        TypedLine(2, "1200", "", "1,000.50", ""),
    ]
    assert read_journal(journal(*lines)).lines == [("1400", 100_050, "B"), ("1200", -100_050)]


def test_a_form_has_room_for_more() -> None:
    fields = {"account-1": "1000", "debit-1": "5", "account-2": "", "key": "k"}
    lines = typed_journal(fields).lines

    assert [line.code for line in lines] == ["1000", ""]
    assert [line.number for line in with_room(lines)] == [1, 2, 3, 4]
    assert len(with_room(lines, more=4)) == 6
    assert len(with_room([TypedLine(1)] * 499, more=4)) == 500


def test_every_line_that_was_sent_is_read() -> None:
    fields = {f"account-{number}": "1000" for number in range(1, 601)}
    fields |= {"debit-600": "7", "credit-703": "9", "tax-x": "B"}

    lines = typed_journal(fields).lines

    assert (len(lines), lines[599].debit) == (601, "7")
    assert lines[600] == TypedLine(601, credit="9")


def test_more_lines_than_an_entry_has_are_refused() -> None:
    many = [TypedLine(number, "1000", "5") for number in range(1, 502)]

    with pytest.raises(Incomplete, match="501 lines are filled in, and an entry has 500 at most"):
        read_opening(journal(*many))


def test_a_blank_beside_an_amount_is_nothing() -> None:
    typed = journal(TypedLine(1, "1000", " ", " 2 "), TypedLine(2, "1200", "2", " "))

    assert read_journal(typed).lines == [("1000", -200), ("1200", 200)]
