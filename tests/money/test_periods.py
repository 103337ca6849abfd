"""Days closed, months locked, years closed, unlocked: what each leaves, and what it keeps out."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from money.actions.periods import (
    LaterYearClosed,
    NoReason,
    NotAYearEnd,
    NotClosed,
    NotYet,
    close_day,
    close_year,
    lock_month,
    unlock,
)
from money.actions.posting import NoBook, PeriodLocked, post, post_many
from money.chain import FIRST_HASH, PeriodFacts, link, period_text
from money.chart import Code
from money.drafts import TooLong
from money.models import (
    ENTRY_IDS_PER_BOOK,
    Account,
    Book,
    Business,
    Entry,
    EntryKind,
    Line,
    PeriodChange,
    PeriodEvent,
    TaxPerson,
    User,
)
from money.queries import anchor_of, balances, event_in_force, results_through
from money.trail import watermarks
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_tax_person, an_entry, chebet
from tests.money.closing import (
    NEW_YEAR,
    OCTOBER,
    WHY,
    YEAR_END,
    YESTERDAY,
    a_draft,
    closed,
    dates_of,
    events_of,
    locked,
    refusal,
    unlocked,
    year_closed,
)
from tests.money.conftest import Scratch

pytestmark = pytest.mark.django_db

# Days


def test_close_day_leaves_an_event_over_the_head_of_the_book(duka: Business) -> None:
    entry, baraka = an_entry(duka), chebet()

    event = closed(duka, YESTERDAY, actor=baraka)

    facts = PeriodFacts(
        "duka", 1, "day_closed", YESTERDAY, NOW, baraka.pk, "", entry.number, entry.hash
    )
    assert PeriodEvent.objects.values().get() == {
        "id": event.pk,
        "business_id": duka.pk,
        "number": 1,
        "change": PeriodChange.DAY_CLOSED,
        "through_on": YESTERDAY,
        "at": NOW,
        "actor_id": baraka.pk,
        "reason": "",
        "entries": 1,
        "entries_hash": entry.hash,
        "previous_hash": FIRST_HASH,
        "hash": link(FIRST_HASH, period_text(facts)),
    }
    assert dates_of(duka) == (YESTERDAY, None)
    assert verify_books(against={event.hash}).anchors == {event.hash: "duka period event 1"}


def test_events_are_numbered_and_chained_per_book(duka: Business) -> None:
    water = a_business(slug="maji")

    events = [closed(duka, YESTERDAY), closed(water, YESTERDAY), closed(duka), closed(water)]

    assert [(e.number, e.previous_hash) for e in events] == [
        (1, FIRST_HASH),
        (1, FIRST_HASH),
        (2, events[0].hash),
        (2, events[1].hash),
    ]
    assert verify_books(against={e.hash for e in events}).is_ok


@pytest.mark.parametrize("day", [TODAY, YESTERDAY, date(2020, 1, 1)])
def test_close_day_of_a_closed_day_returns_the_event_that_closed_it(
    duka: Business, day: date
) -> None:
    first = closed(duka)

    again = closed(duka, day, at=NOW + timedelta(days=9), actor=chebet())

    assert again == first
    assert PeriodEvent.objects.count() == 1


def test_close_day_returns_the_event_that_closed_just_that_day(duka: Business) -> None:
    first, _ = closed(duka, YESTERDAY), closed(duka)

    assert closed(duka, date(2026, 11, 3)) == first


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (NOW, date(2026, 11, 23)),
        # Half past midnight in Nairobi is half past nine of the day before in UTC.
        (datetime(2026, 11, 22, 20, 59, tzinfo=UTC), date(2026, 11, 23)),
    ],
)
def test_close_day_refuses_a_day_to_come(duka: Business, at: datetime, day: date) -> None:
    said = refusal(NotYet, closed, duka, day, at=at)

    assert said == "23 November 2026 is not here yet: it can be closed on the day itself."


def test_close_day_knows_the_day_of_nairobi(duka: Business) -> None:
    closed(duka, date(2026, 11, 23), at=datetime(2026, 11, 22, 21, 0, tzinfo=UTC))

    assert dates_of(duka) == (date(2026, 11, 23), None)


@pytest.mark.parametrize(
    "call",
    [
        closed,
        locked,
        year_closed,
        lambda bare: unlocked(bare, TODAY),
    ],
)
def test_a_business_without_a_book_closes_nothing(db: None, call: Callable[..., object]) -> None:
    bare = Business.objects.create(
        tax_person=a_tax_person(), slug="bare", name="Bare", trade="retail"
    )

    with pytest.raises(NoBook) as caught, transaction.atomic():
        call(bare)

    assert str(caught.value) == "Bare has no book of accounts."


# Months


@pytest.mark.parametrize("day", [date(2026, 10, 1), date(2026, 10, 17), OCTOBER])
def test_lock_month_locks_and_closes_through_its_last_day(duka: Business, day: date) -> None:
    event = locked(duka, day)

    assert (event.change, event.through_on) == (PeriodChange.MONTH_LOCKED, OCTOBER)
    assert dates_of(duka) == (OCTOBER, OCTOBER)
    assert verify_books().is_ok


def test_lock_month_leaves_later_days_closed(duka: Business) -> None:
    closed(duka)
    locked(duka)

    assert dates_of(duka) == (TODAY, OCTOBER)
    assert verify_books().is_ok


def test_lock_month_twice_returns_the_event_that_locked(duka: Business) -> None:
    closed(duka)
    first = locked(duka)

    assert locked(duka, actor=chebet(), at=NOW + timedelta(days=1)) == first
    assert locked(duka, date(2026, 9, 3)) == first
    assert len(events_of(duka)) == 2


@pytest.mark.parametrize(
    "at",
    [
        NOW,
        datetime(2026, 11, 30, 20, 59, tzinfo=UTC),
    ],
)
def test_lock_month_refuses_a_month_that_is_not_over(duka: Business, at: datetime) -> None:
    said = refusal(NotYet, locked, duka, TODAY, at=at)

    assert said == "The month ends on 30 November 2026: it can be locked from the day after on."


def test_lock_month_takes_a_month_that_ended_a_minute_ago(duka: Business) -> None:
    locked(duka, TODAY, at=datetime(2026, 11, 30, 21, 0, tzinfo=UTC))

    assert dates_of(duka) == (date(2026, 11, 30),) * 2


# Unlocking


def test_unlock_opens_the_day_and_all_later_ones(duka: Business) -> None:
    locked(duka)
    closed(duka)

    event = unlocked(duka, date(2026, 10, 20), reason=f"  {WHY}  ")

    assert (event.change, event.through_on) == (PeriodChange.UNLOCKED, date(2026, 10, 19))
    assert (event.reason, event.actor) == (WHY, chebet())
    assert dates_of(duka) == (date(2026, 10, 19),) * 2
    assert verify_books().is_ok


def test_unlock_of_closed_days_leaves_the_month_locked(duka: Business) -> None:
    locked(duka)
    closed(duka)

    unlocked(duka, date(2026, 11, 10))

    assert dates_of(duka) == (date(2026, 11, 9), OCTOBER)
    assert verify_books().is_ok


def test_what_was_unlocked_is_closed_again_by_an_event_of_its_own(duka: Business) -> None:
    first = closed(duka)
    unlocked(duka, YESTERDAY)

    second = closed(duka)

    assert second != first
    assert anchor_of(duka, TODAY) == anchor_of(duka, YESTERDAY) == second
    assert anchor_of(duka, date(2026, 11, 20)) == first
    assert verify_books().is_ok


@pytest.mark.parametrize("reason", ["", "   ", "too short", "  too short  "])
def test_unlock_refuses_a_thin_reason(duka: Business, reason: str) -> None:
    closed(duka)

    said = refusal(NoReason, unlocked, duka, YESTERDAY, reason=reason)

    assert said == "Say why, in 10 letters or more: it stays on record."


def test_unlock_refuses_a_reason_that_no_column_holds(duka: Business) -> None:
    closed(duka)

    said = refusal(TooLong, unlocked, duka, YESTERDAY, reason="x" * 201)

    assert said == "The reason has more than 200 letters."
    assert unlocked(duka, YESTERDAY, reason="x" * 200).reason == "x" * 200


def test_unlock_refuses_what_is_open(duka: Business) -> None:
    said = refusal(NotClosed, unlocked, duka, TODAY)
    assert said == "Nothing of Amina duka is closed from 22 November 2026 on."

    closed(duka, YESTERDAY)
    refusal(NotClosed, unlocked, duka, TODAY)
    unlocked(duka, YESTERDAY)
    refusal(NotClosed, unlocked, duka, YESTERDAY)


# Late facts


def test_late_fact_goes_to_the_day_it_became_known(duka: Business) -> None:
    closed(duka, YESTERDAY)

    posted = post(a_draft(duka, date(2026, 11, 3)), posted_at=NOW)

    entry = Entry.objects.get()
    assert (entry.occurred_on, entry.late_for) == (TODAY, date(2026, 11, 3))
    assert posted.occurred_on == TODAY
    assert set(Line.objects.values_list("occurred_on", flat=True)) == {TODAY}
    assert verify_books().is_ok


def test_fact_of_an_open_day_stays_on_its_day(duka: Business) -> None:
    closed(duka, date(2026, 11, 20))

    posted = post(a_draft(duka, YESTERDAY), posted_at=NOW)

    assert posted.occurred_on == YESTERDAY
    assert Entry.objects.get().late_for is None


def test_late_fact_goes_to_the_day_that_it_is_in_nairobi(duka: Business) -> None:
    closed(duka, YESTERDAY)
    after_midnight = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)

    posted = post(a_draft(duka, YESTERDAY), posted_at=after_midnight)

    assert posted.occurred_on == date(2026, 11, 23)


def test_late_fact_of_a_locked_month_goes_to_the_day_it_became_known(duka: Business) -> None:
    locked(duka)

    posted = post(a_draft(duka, date(2026, 10, 3)), posted_at=NOW)

    assert posted.occurred_on == TODAY
    assert verify_books().is_ok


def test_fact_of_a_day_closed_before_midnight_goes_to_the_next_day(duka: Business) -> None:
    closed(duka, TODAY)

    posted = post(a_draft(duka, TODAY), posted_at=NOW + timedelta(hours=3))

    assert posted.occurred_on == date(2026, 11, 23)
    assert Entry.objects.get().late_for == TODAY
    assert verify_books().is_ok


def test_same_draft_before_and_after_the_close_is_one_entry(duka: Business) -> None:
    before = post(a_draft(duka, YESTERDAY), posted_at=NOW)
    closed(duka)

    after = post(a_draft(duka, YESTERDAY), posted_at=NOW + timedelta(days=1))

    assert after == replace(before, is_new=False)
    assert before.occurred_on == YESTERDAY


def test_same_draft_late_and_after_an_unlock_is_one_entry(duka: Business) -> None:
    closed(duka)
    late = post(a_draft(duka, YESTERDAY), posted_at=NOW)
    unlocked(duka, date(2026, 11, 1))

    again = post(a_draft(duka, YESTERDAY), posted_at=NOW + timedelta(days=5))

    assert again == replace(late, is_new=False)
    assert Entry.objects.count() == 1
    assert verify_books().is_ok


@pytest.mark.parametrize("kind", [EntryKind.ADJUSTMENT, EntryKind.OPENING, EntryKind.CLOSING])
def test_adjustment_enters_a_closed_day_but_no_locked_month(duka: Business, kind: str) -> None:
    locked(duka)
    closed(duka)

    posted = post(a_draft(duka, YESTERDAY, kind=kind), posted_at=NOW)
    said = refusal(
        PeriodLocked, post, a_draft(duka, OCTOBER, kind=kind, key="other"), posted_at=NOW
    )

    assert posted.occurred_on == YESTERDAY
    assert Entry.objects.get().late_for is None
    assert said == (
        "The books of duka are locked through 2026-10-31."
        " Use a later day, or let the owner unlock them."
    )
    assert verify_books().is_ok


@pytest.mark.parametrize(
    ("day", "kind", "enters"),
    [
        (OCTOBER, EntryKind.FACT, False),
        (OCTOBER, EntryKind.ADJUSTMENT, False),
        (OCTOBER, EntryKind.OPENING, False),
        (OCTOBER, EntryKind.CLOSING, False),
        (YESTERDAY, EntryKind.FACT, False),
        (YESTERDAY, EntryKind.ADJUSTMENT, True),
        (TODAY, EntryKind.FACT, True),
    ],
)
def test_database_itself_keeps_entries_out_of_closed_days(
    duka: Business,
    day: date,
    kind: str,
    enters: bool,  # noqa: FBT001 a case of the table
) -> None:
    locked(duka)
    closed(duka, YESTERDAY)

    def insert() -> None:
        entry_id = duka.pk * ENTRY_IDS_PER_BOOK + 1
        Line.objects.bulk_create(
            Line(
                entry_id=entry_id,
                account=Account.objects.get(business=duka, code=code),
                occurred_on=day,
                amount_cents=cents,
            )
            for code, cents in ((Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -1))
        )
        row = Entry(
            id=entry_id,
            business=duka,
            number=1,
            key="raw",
            occurred_on=day,
            posted_at=NOW,
            description="Raw",
            kind=kind,
            previous_hash=FIRST_HASH,
            hash="1" * 64,
        )
        Entry.objects.bulk_create([row])

    if enters:
        insert()
        assert Entry.objects.count() == 1
    else:
        with pytest.raises(IntegrityError, match="closed for that day"), transaction.atomic():
            insert()
        assert Entry.objects.count() == 0


# Years


def a_year(business: Business) -> None:
    """Sell for 100 and 50, return 20, pay 30 rent in 2026; sell for 7 in 2027; draw 40."""
    for credit, cents, day in (
        (Code.SALES_RETAIL, 10_000, date(2026, 3, 1)),
        (Code.SALES_LAUNDRY, 5_000, YEAR_END),
        ("4110", -2_000, date(2026, 5, 5)),
        ("6020", -3_000, date(2026, 6, 30)),
        (Code.OWNER_DRAWINGS, -4_000, date(2026, 7, 7)),
        (Code.SALES_RETAIL, 700, date(2027, 1, 2)),
    ):
        an_entry(business, credit=credit, cents=cents, occurred_on=day, posted_at=NEW_YEAR)


def closings(business: Business) -> list[tuple[str, date, dict[str, int]]]:
    rows = Entry.objects.filter(business=business, kind=EntryKind.CLOSING).order_by("number")
    return [
        (
            entry.key,
            entry.occurred_on,
            dict(entry.lines.values_list("account__code", "amount_cents")),
        )
        for entry in rows
    ]


def results_left(business: Business, year_end: date = YEAR_END) -> set[int]:
    return set(results_through(business, year_end).values())


def test_close_year_moves_the_result_and_locks(duka: Business) -> None:
    a_year(duka)

    event = year_closed(duka)

    assert closings(duka) == [
        (
            "year:duka:2026-12-31:1",
            YEAR_END,
            {
                Code.SALES_RETAIL: 10_000,
                Code.SALES_LAUNDRY: 5_000,
                "4110": -2_000,
                "6020": -3_000,
                Code.RETAINED_EARNINGS: -10_000,
            },
        )
    ]
    assert (event.change, event.through_on) == (PeriodChange.YEAR_CLOSED, YEAR_END)
    assert (event.entries, event.entries_hash) == (
        7,
        Book.objects.values_list("head_hash", flat=True).get(),
    )
    assert dates_of(duka) == (YEAR_END, YEAR_END)
    assert results_left(duka) == {0}
    assert balances(duka)[Code.SALES_RETAIL] == -700
    assert balances(duka)[Code.OWNER_DRAWINGS] == 4_000
    assert verify_books().is_ok


def test_close_year_names_who_closed_it(duka: Business) -> None:
    a_year(duka)
    year_closed(duka)

    entry = Entry.objects.get(kind=EntryKind.CLOSING)
    assert (entry.actor, entry.posted_at) == (chebet(), NEW_YEAR)
    assert entry.description == "Year through 31 December 2026 closed into retained earnings"


def test_close_year_twice_returns_its_event(duka: Business) -> None:
    a_year(duka)
    first = year_closed(duka)

    assert year_closed(duka, at=NEW_YEAR + timedelta(days=90)) == first
    assert len(closings(duka)) == 1


def test_close_year_without_anything_to_move_just_locks(duka: Business) -> None:
    event = year_closed(duka)

    assert (event.entries, dates_of(duka)) == (0, (YEAR_END, YEAR_END))
    assert Entry.objects.count() == 0
    assert verify_books().is_ok


def test_close_year_of_a_year_that_broke_even_keeps_retained_earnings_out(duka: Business) -> None:
    an_entry(duka, debit="6020", credit=Code.SALES_RETAIL, cents=5)

    year_closed(duka)

    assert [lines for _, _, lines in closings(duka)] == [{"6020": -5, Code.SALES_RETAIL: 5}]
    assert verify_books().is_ok


def test_close_year_takes_earlier_years_along(duka: Business) -> None:
    an_entry(duka, cents=900, occurred_on=date(2024, 5, 5))
    a_year(duka)

    year_closed(duka)

    assert closings(duka)[0][2][Code.RETAINED_EARNINGS] == -10_900
    assert results_left(duka) == {0}


def test_close_year_year_by_year(duka: Business) -> None:
    an_entry(duka, cents=900, occurred_on=date(2025, 5, 5))
    a_year(duka)

    first = year_closed(duka, date(2025, 12, 31))
    second = year_closed(duka)

    assert [lines[Code.RETAINED_EARNINGS] for *_, lines in closings(duka)] == [-900, -10_000]
    assert year_closed(duka, date(2025, 12, 31)) == first
    assert year_closed(duka) == second
    assert results_left(duka) == results_left(duka, date(2025, 12, 31)) == {0}
    assert verify_books().is_ok


def test_close_year_refuses_one_that_a_later_year_took_along(duka: Business) -> None:
    an_entry(duka, cents=900, occurred_on=date(2025, 5, 5))
    a_year(duka)
    year_closed(duka)

    said = refusal(LaterYearClosed, year_closed, duka, date(2025, 12, 31))
    assert said == (
        "The year through 31 December 2026 is closed and took this one along. To close both one by"
        " one, let the owner unlock the books from 31 December 2025."
    )

    unlocked(duka, date(2025, 12, 31), at=NEW_YEAR)
    year_closed(duka, date(2025, 12, 31))
    year_closed(duka)
    assert results_left(duka) == results_left(duka, date(2025, 12, 31)) == {0}
    assert balances(duka)[Code.RETAINED_EARNINGS] == -10_900
    assert verify_books().is_ok


def test_close_year_after_an_unlock_moves_what_is_left(duka: Business) -> None:
    a_year(duka)
    year_closed(duka)
    unlocked(duka, date(2026, 12, 1), at=NEW_YEAR)
    late = a_draft(duka, date(2026, 12, 20), lines=[("6030", 250), (Code.SUPPLIERS, -250)])
    posted = post(late, posted_at=NEW_YEAR)

    event = year_closed(duka)

    assert posted.occurred_on == date(2026, 12, 20)
    assert closings(duka)[1:] == [
        ("year:duka:2026-12-31:2", YEAR_END, {"6030": -250, Code.RETAINED_EARNINGS: 250})
    ]
    assert event.number == 3
    assert results_left(duka) == {0}
    assert verify_books().is_ok


def test_close_year_again_after_an_unlock_without_facts_just_locks(duka: Business) -> None:
    a_year(duka)
    year_closed(duka)
    unlocked(duka, date(2026, 12, 1), at=NEW_YEAR)

    year_closed(duka)

    assert (len(closings(duka)), dates_of(duka)) == (1, (YEAR_END, YEAR_END))
    assert verify_books().is_ok


def test_close_year_where_months_are_locked_leaves_them_as_locked_as_before(duka: Business) -> None:
    a_year(duka)
    march = datetime(2027, 3, 3, 9, tzinfo=UTC)
    locked(duka, date(2027, 1, 31), at=march)
    closed(duka, date(2027, 3, 2), at=march)

    event = year_closed(duka, at=march)

    assert events_of(duka)[2:] == [
        (3, PeriodChange.UNLOCKED, date(2026, 12, 30)),
        (4, PeriodChange.YEAR_CLOSED, YEAR_END),
        (5, PeriodChange.MONTH_LOCKED, date(2027, 1, 31)),
        (6, PeriodChange.DAY_CLOSED, date(2027, 3, 2)),
    ]
    assert event.number == 4
    assert PeriodEvent.objects.get(number=3).reason == "Close the year through 31 December 2026"
    assert dates_of(duka) == (date(2027, 3, 2), date(2027, 1, 31))
    assert results_left(duka) == {0}
    assert year_closed(duka, at=march) == event
    assert verify_books().is_ok


def test_close_year_of_a_locked_year_with_nothing_to_move_opens_nothing(duka: Business) -> None:
    locked(duka, YEAR_END, at=NEW_YEAR)

    year_closed(duka)

    assert [change for _, change, _ in events_of(duka)] == ["month_locked", "year_closed"]
    assert verify_books().is_ok


@pytest.mark.parametrize(
    ("month", "year_end"), [(6, date(2026, 6, 30)), (2, date(2024, 2, 29)), (2, date(2025, 2, 28))]
)
def test_close_year_at_the_end_of_the_tax_persons_year(
    duka: Business, month: int, year_end: date
) -> None:
    TaxPerson.objects.update(year_ends_month=month)
    duka.tax_person.refresh_from_db()
    an_entry(duka, cents=100, occurred_on=year_end)
    an_entry(duka, cents=10, occurred_on=year_end + timedelta(days=1))

    year_closed(duka, year_end)

    assert dates_of(duka) == (year_end, year_end)
    assert balances(duka)[Code.SALES_RETAIL] == -10
    assert verify_books().is_ok


@pytest.mark.parametrize("day", [date(2026, 12, 30), date(2026, 6, 30), date(2026, 11, 30)])
def test_close_year_refuses_another_day(duka: Business, day: date) -> None:
    said = refusal(NotAYearEnd, year_closed, duka, day)

    assert said == (
        f"{day:%-d %B %Y} is not the end of a financial year: that is the last day of December."
    )


@pytest.mark.parametrize("at", [NOW, datetime(2026, 12, 31, 20, 59, tzinfo=UTC)])
def test_close_year_refuses_a_year_that_is_not_over(duka: Business, at: datetime) -> None:
    said = refusal(NotYet, year_closed, duka, at=at)

    assert said == "The year ends on 31 December 2026: it can be closed from the day after on."


@pytest.mark.parametrize(("accounts", "entries"), [(400, 1), (401, 2), (900, 3)])
def test_close_year_of_many_accounts_takes_several_entries(
    duka: Business, accounts: int, entries: int
) -> None:
    codes = [f"{6000 + number // 100}.{number % 100}" for number in range(accounts)]
    Account.objects.bulk_create(
        Account(business=duka, code=code, name=code, kind="expense") for code in codes
    )
    drafts = [
        a_draft(duka, TODAY, key=code, lines=[(code, cents), (Code.BANK, -cents)])
        for cents, code in enumerate(codes, 1)
    ]
    post_many(drafts, posted_at=NOW)

    year_closed(duka)

    assert [key for key, *_ in closings(duka)] == [
        f"year:duka:2026-12-31:{number}" for number in range(1, entries + 1)
    ]
    assert results_left(duka) == {0}
    assert balances(duka)[Code.RETAINED_EARNINGS] == accounts * (accounts + 1) // 2
    assert verify_books().is_ok


# Anchors and the sum of all events


def test_anchor_of_an_open_day_is_none(duka: Business) -> None:
    closed(duka, YESTERDAY)

    assert anchor_of(duka, TODAY) is None
    assert anchor_of(a_business(slug="maji"), YESTERDAY) is None


def test_event_in_force_through_asks_for_that_day_alone(duka: Business) -> None:
    first, second = closed(duka, YESTERDAY), closed(duka)

    assert event_in_force(duka, YESTERDAY, through=YESTERDAY) == first
    assert event_in_force(duka, YESTERDAY, through=TODAY) == second
    assert event_in_force(duka, YESTERDAY, through=OCTOBER) is None


@pytest.mark.parametrize("seed", range(12))
def test_books_stay_good_whatever_is_closed_and_unlocked(duka: Business, seed: int) -> None:
    """A hundred random steps against a model that remembers per day which event closed it."""
    chance, actor = random.Random(seed), chebet()
    first, days = date(2025, 11, 1), 200
    by_day: dict[date, int] = {}
    at = datetime(2026, 5, 20, 9, tzinfo=UTC)
    for step in range(60):
        day = first + timedelta(days=chance.randrange(days))
        verb = chance.choice(["close", "lock", "year", "unlock", "fact", "fact", "adjust"])
        before = PeriodEvent.objects.count()
        try:
            with transaction.atomic():
                one_step(duka, verb, day, at, actor, step)
        except (NotYet, NotClosed, PeriodLocked, LaterYearClosed):
            continue
        for event in PeriodEvent.objects.filter(number__gt=before).order_by("number"):
            if event.change == PeriodChange.UNLOCKED:
                by_day = {d: n for d, n in by_day.items() if d <= event.through_on}
            else:
                for offset in range((event.through_on - first).days + 1):
                    by_day.setdefault(first + timedelta(days=offset), event.number)

    events = list(PeriodEvent.objects.order_by("number"))
    assert dates_of(duka) == watermarks(events)
    assert len(events) > 5
    for offset in range(days):
        day = first + timedelta(days=offset)
        anchor = anchor_of(duka, day)
        assert (anchor.number if anchor else None) == by_day.get(day), day
    assert verify_books(against={event.hash for event in events}).is_ok


def one_step(
    business: Business, verb: str, day: date, at: datetime, actor: User, step: int
) -> None:
    if verb == "close":
        close_day(business=business, day=day, actor=None, at=at)
    elif verb == "lock":
        lock_month(business=business, month=day, actor=None, at=at)
    elif verb == "year":
        year_end = date(2025, 12, 31)
        close_year(business=business, year_end=year_end, actor=actor, at=at)
        assert set(results_through(business, year_end).values()) <= {0}
    elif verb == "unlock":
        unlock(business=business, from_day=day, actor=actor, reason=WHY, at=at)
    else:
        kind = EntryKind.FACT if verb == "fact" else EntryKind.ADJUSTMENT
        post(a_draft(business, day, key=f"step:{step}", kind=kind), posted_at=at)


# Several at once

WORKER = """
import sys
from datetime import UTC, date, datetime, timedelta
from money.actions.books import open_business
from money.actions.periods import close_day, close_year, lock_month
from money.actions.posting import post
from money.drafts import Draft
from money.models import TaxPerson, User
verb, turn = sys.argv[1:]
person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z")
business = open_business(tax_person=person, slug="closing", name="Closing", trade="retail")
user, _ = User.objects.get_or_create(username="chebet")
at = datetime(2027, 3, 3, 9, tzinfo=UTC)
for step in range(15):
    day = date(2026, 10, 20) + timedelta(days=5 * step)
    if verb == "close":
        print(close_day(business=business, day=day, actor=None, at=at).pk)
    elif verb == "lock":
        print(lock_month(business=business, month=day, actor=None, at=at).pk)
    elif verb == "year":
        print(close_year(business=business, year_end=date(2026, 12, 31), actor=user, at=at).pk)
    else:
        draft = Draft(business=business, key=f"{turn}:{step}", occurred_on=day, description="x",
                      lines=[("1000", 100), ("4040", -100)])
        post(draft, posted_at=at)
"""


def together(scratch: Scratch, *jobs: tuple[str, str]) -> list[list[str]]:
    return scratch.run_together(*(("code", WORKER, *job) for job in jobs))


def test_closing_while_others_post_leaves_books_that_verify(scratch: Scratch) -> None:
    jobs = [("close", "a"), ("lock", "b"), ("post", "c"), ("post", "d")]

    # Something of the year is there to be closed, however late the others come.
    together(scratch, ("post", "z"))
    one, two, *_ = together(scratch, *jobs)
    years = together(scratch, ("year", "e"), ("year", "f"), ("post", "g"))

    assert len(one) == len(two) == 15
    # Both closed the year once, and were told the same event again and again.
    assert len(set(years[0] + years[1])) == 1
    assert scratch.run("verify", "closing")[:2] == ["True", "61"]
