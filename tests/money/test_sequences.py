"""Whatever is done to the books, in whatever order and however often, they stay true.

Random sequences of postings, batches, repeats, reversals, transfers, closed days, locked months,
closed years and unlockings; after them the books verify and the statements tie.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from money.actions.corrections import AlreadyReversed, NotReversible, WrongDay, correct, reverse
from money.actions.periods import (
    LaterYearClosed,
    NotClosed,
    NotYet,
    close_day,
    close_year,
    lock_month,
    unlock,
)
from money.actions.posting import KeyTaken, PeriodLocked, post, post_many
from money.actions.transfers import move_between
from money.chart import CASH_CODES, Code
from money.drafts import Draft
from money.models import Book, Business, Entry, EntryKind, Line, Movement, User
from money.queries import balances
from money.report import Figure, Period, Report
from money.statements import STATEMENTS
from money.verification import verify_books
from tests.make import a_business, a_user

FIRST = date(2024, 11, 1)
LAST = date(2026, 3, 31)
CODES = ["1000", "1100", "1200", "1300", "1400", "1700", "1710", "1800", "2000", "2200", "2600"]
CODES += ["3000", "3100", "4000", "4040", "4100", "5040", "6000", "6700"]

days = st.dates(FIRST, LAST)
codes = st.sampled_from(CODES)
lines = st.lists(
    st.tuples(codes, st.integers(-(10**7), 10**7).filter(bool), st.sampled_from(["", "B", "C"])),
    min_size=1,
    max_size=4,
)
kinds = st.sampled_from([EntryKind.FACT, EntryKind.FACT, EntryKind.ADJUSTMENT])
steps = st.one_of(
    st.tuples(st.just("post"), lines, days, kinds),
    st.tuples(st.just("many"), st.lists(st.tuples(lines, days, kinds), min_size=1, max_size=4)),
    st.tuples(st.just("again"), st.integers(0, 50)),
    st.tuples(st.just("reverse"), st.integers(0, 50)),
    st.tuples(st.just("correct"), st.integers(0, 50), lines),
    st.tuples(st.just("move"), st.integers(1, 10**6), days),
    st.tuples(st.just("close_day"), days),
    st.tuples(st.just("lock_month"), days),
    st.tuples(st.just("close_year"), st.sampled_from([2024, 2025])),
    st.tuples(st.just("unlock"), days),
)

REFUSALS = (
    *(AlreadyReversed, NotReversible, WrongDay, PeriodLocked, KeyTaken),
    *(NotYet, NotClosed, LaterYearClosed),
)


class Shop:
    """Two books, what was done to them, and the moment at which the next thing is done."""

    def __init__(self, duka: Business, maji: Business, njeri: User) -> None:
        self.duka, self.maji, self.njeri = duka, maji, njeri
        self.drafts: list[Draft] = []
        self.now = datetime.combine(LAST, time(9), UTC)
        self.steps: dict[str, Any] = {
            "post": lambda *facts: post(self.draft(*facts), posted_at=self.now),
            "many": self.many,
            "again": self.again,
            "reverse": self.reverse,
            "correct": self.correct,
            "move": self.move,
            "close_day": lambda day: close_day(business=duka, day=day, actor=njeri, at=self.now),
            "lock_month": lambda day: lock_month(
                business=duka, month=day, actor=njeri, at=self.now
            ),
            "close_year": lambda year: close_year(
                business=duka, year_end=date(year, 12, 31), actor=njeri, at=self.now
            ),
            "unlock": lambda day: unlock(
                business=duka, from_day=day, actor=njeri, reason="A receipt came late", at=self.now
            ),
        }

    def take(self, what: str, *facts: object) -> None:
        """Do one step as one request would, at a later moment; a named refusal is an outcome."""
        self.now += timedelta(hours=5)
        with suppress(*REFUSALS), transaction.atomic():
            self.steps[what](*facts)

    def draft(self, some: list[tuple[str, int, str]], day: date, kind: str) -> Draft:
        rest = -sum(cents for _, cents, _ in some)
        closing = [("1000", rest, "")] if rest else [("1000", 1, ""), ("1200", -1, "")]
        draft = Draft(
            business=self.duka,
            key=f"journal:{len(self.drafts)}",
            occurred_on=day,
            description="Random",
            lines=[*some, *closing],
            kind=kind,
        )
        self.drafts.append(draft)
        return draft

    def many(self, some: list[tuple[list[tuple[str, int, str]], date, str]]) -> None:
        drafts = [self.draft(*one) for one in some]
        post_many([*drafts, drafts[0]], posted_at=self.now)

    def again(self, which: int) -> None:
        """Post what was posted before (or was refused then), alone and in a batch."""
        if self.drafts:
            draft = self.drafts[which % len(self.drafts)]
            was_there = Entry.objects.filter(key=draft.key).exists()
            first = post(draft, posted_at=self.now)
            (second,) = post_many([draft], posted_at=self.now)
            assert first.is_new != was_there
            assert second == replace(first, is_new=False)

    def some_entry(self, which: int) -> int | None:
        ids = list(Entry.objects.filter(business=self.duka).values_list("pk", flat=True))
        return ids[which % len(ids)] if ids else None

    def reverse(self, which: int) -> None:
        if entry_id := self.some_entry(which):
            first, second = (
                reverse(
                    entry_id=entry_id,
                    known_on=self.now.date(),
                    reason="Typed wrongly",
                    actor=self.njeri,
                    posted_at=self.now,
                )
                for _ in range(2)
            )
            assert second.number == first.number

    def correct(self, which: int, some: list[tuple[str, int, str]]) -> None:
        if entry_id := self.some_entry(which):
            correct(
                entry_id=entry_id,
                lines=[*some, ("1200", -sum(cents for _, cents, _ in some) or 1)],
                occurred_on=self.now.date(),
                description="As it should be",
                reason="Typed wrongly",
                actor=self.njeri,
                posted_at=self.now,
            )

    def move(self, cents: int, day: date) -> None:
        move_between(
            giver=self.duka,
            taker=self.maji,
            giver_code=Code.BANK,
            taker_code=Code.CASH_DRAWER,
            cents=cents,
            occurred_on=day,
            description="Lent",
            key=f"{cents}:{day}",
            actor=self.njeri,
            posted_at=self.now,
        )


def figure(report: Report, label: str) -> int:
    """Return the first figure of the row with this label, 0 where there is no such row."""
    rows = [row for row in report.rows if row.cells[0] == label]
    return next((c.cents for row in rows for c in row.cells if isinstance(c, Figure)), 0)


def assert_true(shop: Shop) -> None:
    report = verify_books()
    assert report.findings == []
    assert Line.objects.aggregate(total=Sum("amount_cents", default=0))["total"] == 0
    moved = Movement.objects.aggregate(
        debit=Sum("debit_cents", default=0), credit=Sum("credit_cents", default=0)
    )
    assert moved["debit"] == moved["credit"]
    for businesses in ([shop.duka], [shop.duka, shop.maji]):
        assert_statements_tie(businesses)


def assert_statements_tie(businesses: list[Business]) -> None:
    for period in (
        Period(date(2025, 1, 1), date(2025, 12, 31)),
        Period(date(2025, 5, 11), date(2025, 8, 19)),
        Period(FIRST, LAST + timedelta(days=400)),
    ):
        reports = {
            name: function(businesses=businesses, period=period)
            for name, (_, function) in STATEMENTS.items()
        }
        assert [warning for report in reports.values() for warning in report.warnings] == []
        result = figure(reports["profit-and-loss"], "Result of the period")
        flow = reports["cash-flow"]
        assert figure(flow, "Result of the period") == result == -results_in(businesses, period)
        assert figure(flow, "Change in cash") == cash_moved_in(businesses, period)
        sheet = reports["balance-sheet"]
        assert figure(sheet, "Total assets") == figure(sheet, "Total liabilities and equity")


def results_in(businesses: list[Business], period: Period) -> int:
    """Return what income and expenses moved, closings left out, by adding up every line."""
    rows = Line.objects.filter(
        entry__business__in=businesses,
        account__kind__in=["income", "expense"],
        occurred_on__range=(period.from_on, period.to_on),
    ).exclude(entry__kind=EntryKind.CLOSING)
    return int(rows.aggregate(total=Sum("amount_cents", default=0))["total"])


def cash_moved_in(businesses: list[Business], period: Period) -> int:
    rows = Line.objects.filter(
        entry__business__in=businesses,
        account__code__in=CASH_CODES,
        occurred_on__range=(period.from_on, period.to_on),
    )
    return int(rows.aggregate(total=Sum("amount_cents", default=0))["total"])


@pytest.mark.django_db
@settings(deadline=None, max_examples=25)
@given(st.lists(steps, min_size=1, max_size=14))
def test_books_stay_true_whatever_is_done(
    duka: Business, sequence: list[tuple[object, ...]]
) -> None:
    with transaction.atomic():
        shop = Shop(duka, a_business(slug="maji"), a_user("njeri"))
        for what, *facts in sequence:
            shop.take(str(what), *facts)
        assert_true(shop)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_long_sequence_does_all_that_the_random_ones_do(duka: Business) -> None:
    """The steps do what they are called: none of them is refused every time."""
    shop = Shop(duka, a_business(slug="maji"), a_user("njeri"))
    sale: list[tuple[str, int, str]] = [("4040", -10_000, "B"), ("2200", -1_600, "B")]
    for step in (
        ("post", sale, date(2024, 12, 5), EntryKind.FACT),
        ("many", [(sale, date(2025, 6, 1), EntryKind.FACT)] * 3),
        ("again", 2),
        ("reverse", 0),
        ("correct", 1, sale),
        ("move", 5_000, date(2025, 7, 1)),
        ("close_year", 2024),
        ("close_day", date(2025, 6, 30)),
        ("post", sale, date(2025, 6, 30), EntryKind.FACT),
        ("lock_month", date(2025, 6, 30)),
        ("post", sale, date(2025, 6, 30), EntryKind.ADJUSTMENT),
        ("unlock", date(2025, 6, 1)),
        ("post", sale, date(2025, 6, 30), EntryKind.ADJUSTMENT),
        ("close_year", 2025),
    ):
        shop.take(*step)
        assert_true(shop)

    entries = Entry.objects.filter(business=duka)
    assert entries.filter(late_for=date(2025, 6, 30)).count() == 1
    assert entries.filter(kind=EntryKind.ADJUSTMENT, occurred_on="2025-06-30").count() == 1
    assert entries.filter(kind=EntryKind.CLOSING).count() == 2
    assert entries.filter(reverses__isnull=False).count() == 2
    assert balances(shop.maji)[Code.BETWEEN_BUSINESSES] == -5_000
    assert Book.objects.get(business=duka).locked_through == date(2025, 12, 31)
