"""What keeps the trail of closed periods on record, and how `verify_books` reads it again."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from money import triggers
from money.actions.posting import post
from money.chain import FIRST_HASH, PeriodFacts, link, period_text
from money.models import (
    Book,
    Business,
    Entry,
    EntryKind,
    PeriodChange,
    PeriodEvent,
)
from money.trail import watermarks
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, an_entry, chebet
from tests.money.closing import OCTOBER, WHY, YESTERDAY, a_draft, closed, dates_of, locked, unlocked
from tests.money.conftest import Tamper

pytestmark = pytest.mark.django_db

# What the database keeps, and what verify_books finds


def a_raw_event(business: Business, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "number": 1,
        "change": PeriodChange.DAY_CLOSED,
        "through_on": TODAY,
        "at": NOW,
        "entries": 0,
        "entries_hash": FIRST_HASH,
        "previous_hash": FIRST_HASH,
        "hash": FIRST_HASH,
    }
    PeriodEvent.objects.bulk_create([PeriodEvent(business=business, **(facts | changes))])


@pytest.mark.parametrize(
    ("name", "changes", "on_sqlite"),
    [
        ("periodevent_number_is_positive", {"number": 0}, ""),
        ("periodevent_change_is_known", {"number": 2, "change": "guess"}, ""),
        (
            "periodevent_unlocked_by_someone_with_a_reason",
            {"number": 2, "change": "unlocked", "reason": "A reason without anybody"},
            "",
        ),
        (
            "periodevent_number_once_per_book",
            {"number": 1},
            "money_periodevent.business_id, money_periodevent.number",
        ),
    ],
)
def test_constraint_refuses_a_period_event(
    duka: Business, name: str, changes: dict[str, Any], on_sqlite: str
) -> None:
    a_raw_event(duka)
    connection.check_constraints()
    triggers.drop()

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        a_raw_event(duka, **changes)

    assert name in str(caught.value) or (on_sqlite and on_sqlite in str(caught.value))
    triggers.install()


def test_constraint_refuses_to_unlock_without_a_reason(duka: Business) -> None:
    with (
        pytest.raises(IntegrityError, match="periodevent_unlocked_by_someone_with_a_reason"),
        transaction.atomic(),
    ):
        a_raw_event(duka, change="unlocked", actor=chebet())


@pytest.mark.parametrize("number", [1, 3])
def test_database_refuses_an_event_out_of_turn(duka: Business, number: int) -> None:
    closed(duka)

    with pytest.raises(IntegrityError, match="without a gap"), transaction.atomic():
        a_raw_event(duka, number=number)


def test_database_keeps_events_on_record(duka: Business) -> None:
    closed(duka)

    with pytest.raises(IntegrityError, match="stays on record"), transaction.atomic():
        PeriodEvent.objects.update(through_on=YESTERDAY)
    with pytest.raises(IntegrityError, match="stays on record"), transaction.atomic():
        PeriodEvent.objects.all().delete()


@pytest.fixture
def trail(duka: Business) -> dict[str, int]:
    """Five events of duka: two days, a month, unlocked, closed again; one of maji."""
    water = a_business(slug="maji")
    closed(duka, date(2026, 10, 20))
    an_entry(duka)
    locked(duka)
    an_entry(duka)
    closed(duka, YESTERDAY)
    unlocked(duka, date(2026, 11, 10))
    closed(duka)
    closed(water)
    ids = dict(PeriodEvent.objects.filter(business=duka).values_list("number", "pk"))
    return {f"event{number}": pk for number, pk in ids.items()} | {
        "duka": duka.pk,
        "maji": water.pk,
        "chebet": chebet().pk,
    }


ALTERED = {
    "business_id": ["business_id = {maji}, number = 2"],
    "number": ["number = 9"],
    "change": ["change = 'year_closed'"],
    "through_on": ["through_on = '2026-11-11'"],
    "at": ["at = '2026-11-22 09:00:00.000001'"],
    "actor_id": ["actor_id = {chebet}", "actor_id = NULL"],
    "reason": ["reason = 'Another reason'"],
    "entries": ["entries = 1", "entries = 0", "entries = 9"],
    "entries_hash": [f"entries_hash = '{FIRST_HASH}'", "entries_hash = 'forged'"],
    "previous_hash": ["previous_hash = hash"],
    "hash": ["hash = previous_hash"],
}
# The third is in the middle, the fourth unlocks, the fifth is the last.
PLACES = ("event3", "event4", "event5")
# Those say what is there already.
SAME = {("actor_id = {chebet}", "event4"), ("actor_id = NULL", "event3")} | {
    ("actor_id = NULL", "event5")
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("change", [change for some in ALTERED.values() for change in some])
def test_altered_event_is_found(
    trail: dict[str, int], tamper: Tamper, change: str, place: str
) -> None:
    assert verify_books().is_ok

    constraint = "periodevent_unlocked_by_someone_with_a_reason"
    no_check = f"ALTER TABLE money_periodevent DROP CONSTRAINT {constraint};"
    update = f"UPDATE money_periodevent SET {change.format(**trail)} WHERE id = {trail[place]}"
    # SQLite leaves its checks out while `tamper` runs.
    tamper((no_check if connection.vendor == "postgresql" else "") + update)

    found = [finding.business for finding in verify_books().findings]
    assert ("duka" in found) == ((change, place) not in SAME), found


def test_every_column_of_an_event_is_altered_once() -> None:
    # The id is the row's place in the table; the chain goes by the number.
    assert set(ALTERED) | {"id"} == {field.column for field in PeriodEvent._meta.local_fields}


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("event1", "period event 1 is missing"),
        ("event3", "period event 3 is missing"),
        (
            "event5",
            (
                "it is closed through 2026-11-22 and locked through 2026-10-31,"
                " the events say 2026-11-09 and 2026-10-31"
            ),
        ),
    ],
)
def test_event_that_is_gone_is_found(
    trail: dict[str, int], tamper: Tamper, place: str, what: str
) -> None:
    tamper(f"DELETE FROM money_periodevent WHERE id = {trail[place]}")

    assert verify_books().findings == [("duka", 0, what)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("through_on = '2026-11-20'", "period event 3 was altered"),
        ("previous_hash = hash", "period event 3 does not follow the one before it"),
    ],
)
def test_finding_says_what_is_wrong_with_an_event(
    trail: dict[str, int], tamper: Tamper, change: str, what: str
) -> None:
    tamper(f"UPDATE money_periodevent SET {change} WHERE id = {trail['event3']}")

    assert verify_books().findings == [("duka", 0, what)]


def test_event_over_an_empty_book_that_was_forged_with_its_hash_is_found(
    duka: Business, tamper: Tamper
) -> None:
    event, head = closed(duka), "f" * 64
    facts = PeriodFacts("duka", 1, event.change, event.through_on, event.at, None, "", 0, head)

    tamper(
        "UPDATE money_periodevent SET entries_hash = %s, hash = %s WHERE id = %s",
        [head, link(FIRST_HASH, period_text(facts)), event.pk],
    )

    assert verify_books().findings == [
        ("duka", 0, "a period was closed over a book without entries, with another hash")
    ]


@pytest.mark.parametrize(
    "change",
    [
        "closed_through = NULL, locked_through = NULL",
        "closed_through = '2026-11-21'",
        "locked_through = NULL",
        "locked_through = '2026-09-30'",
    ],
)
def test_dates_of_a_book_that_the_events_do_not_say_are_found(
    trail: dict[str, int], tamper: Tamper, change: str
) -> None:
    tamper(f"UPDATE money_book SET {change} WHERE business_id = {trail['duka']}")

    (finding,) = verify_books().findings
    assert (finding.business, finding.number) == ("duka", 0)


@pytest.mark.parametrize(
    ("steps", "marks"),
    [
        ([], (None, None)),
        ([("unlocked", 9)], (None, None)),
        ([("day_closed", 10), ("day_closed", 5)], (10, None)),
        ([("day_closed", 10), ("unlocked", 9)], (9, None)),
        ([("day_closed", 10), ("unlocked", 15)], (10, None)),
        ([("month_locked", 10), ("unlocked", 5)], (5, 5)),
        ([("month_locked", 10), ("day_closed", 20), ("unlocked", 15)], (15, 10)),
        ([("month_locked", 10), ("unlocked", 5), ("month_locked", 8)], (8, 8)),
        ([("year_closed", 10), ("month_locked", 5)], (10, 10)),
    ],
)
def test_watermarks_follow_the_events_one_by_one(
    steps: list[tuple[str, int]], marks: tuple[int | None, int | None]
) -> None:
    events = [PeriodEvent(change=change, through_on=date(2026, 11, day)) for change, day in steps]

    assert watermarks(events) == tuple(day and date(2026, 11, day) for day in marks)


def test_trail_that_was_cut_and_made_to_fit_is_found_by_its_anchor(
    trail: dict[str, int], tamper: Tamper
) -> None:
    anchor = PeriodEvent.objects.get(pk=trail["event5"]).hash

    tamper(
        f"DELETE FROM money_periodevent WHERE id = {trail['event5']};"
        f"UPDATE money_book SET closed_through = '2026-11-09' WHERE business_id = {trail['duka']}"
    )

    assert verify_books().is_ok
    assert [f.what for f in verify_books(against={anchor}).findings] == [
        f"no book contains the hash {anchor}: a chain was written anew"
    ]


# Dates that were moved away for a moment


def slipped_in(business: Business, day: date, kind: str = EntryKind.FACT) -> None:
    """Post into closed days as who may write to the book's row: open it, post, put it back."""
    dates = dates_of(business)
    Book.objects.filter(business=business).update(closed_through=None, locked_through=None)
    post(a_draft(business, day, key="slipped", kind=kind), posted_at=NOW)
    Book.objects.filter(business=business).update(closed_through=dates[0], locked_through=dates[1])


@pytest.mark.parametrize(
    ("day", "kind", "is_found"),
    [
        (date(2026, 10, 15), EntryKind.FACT, True),
        (OCTOBER, EntryKind.FACT, True),
        (OCTOBER, EntryKind.ADJUSTMENT, True),
        (OCTOBER, EntryKind.OPENING, True),
        (OCTOBER, EntryKind.CLOSING, True),
        (date(2026, 11, 1), EntryKind.FACT, True),
        (YESTERDAY, EntryKind.FACT, True),
        (date(2026, 11, 1), EntryKind.ADJUSTMENT, False),
        (TODAY, EntryKind.FACT, False),
    ],
)
def test_entry_that_slipped_into_closed_days_is_found(
    duka: Business, day: date, kind: str, *, is_found: bool
) -> None:
    an_entry(duka, occurred_on=date(2026, 10, 15))
    anchors = {locked(duka).hash, closed(duka, YESTERDAY).hash}

    slipped_in(duka, day, kind)
    an_entry(duka)

    found = [("duka", 2, "it entered a day that was closed")]
    assert verify_books(against=anchors).findings[:1] == (found if is_found else [])


@pytest.mark.parametrize("later", [0, 1])
def test_entry_that_slipped_in_before_later_events_is_found(duka: Business, later: int) -> None:
    locked(duka)
    slipped_in(duka, date(2026, 10, 15))
    for _ in range(later):
        an_entry(duka)
    closed(duka)
    unlocked(duka, date(2026, 10, 1))

    assert verify_books().findings == [("duka", 1, "it entered a day that was closed")]


def test_what_was_unlocked_may_be_entered_until_it_is_closed_again(duka: Business) -> None:
    locked(duka)
    unlocked(duka, date(2026, 10, 10))
    an_entry(duka, occurred_on=date(2026, 10, 10))
    locked(duka)
    assert verify_books().is_ok

    slipped_in(duka, date(2026, 10, 10))

    assert verify_books().findings == [("duka", 2, "it entered a day that was closed")]


def test_event_that_was_dated_back_before_what_slipped_in_is_found(duka: Business) -> None:
    """Whoever may add an event may say that the days were opened earlier than they were."""
    an_entry(duka)
    locked(duka)
    slipped_in(duka, OCTOBER)
    closed(duka)
    last = PeriodEvent.objects.get(number=2)
    first = Entry.objects.get(number=1)
    facts = PeriodFacts(
        "duka", 3, "unlocked", date(2026, 10, 1), NOW, chebet().pk, WHY, 1, first.hash
    )

    a_raw_event(
        duka,
        number=3,
        change=PeriodChange.UNLOCKED,
        through_on=date(2026, 10, 1),
        actor=chebet(),
        reason=WHY,
        entries=1,
        entries_hash=first.hash,
        previous_hash=last.hash,
        hash=link(last.hash, period_text(facts)),
    )
    Book.objects.update(closed_through=date(2026, 10, 1), locked_through=date(2026, 10, 1))

    assert verify_books().findings == [("duka", 2, "it entered a day that was closed")]


def test_events_that_know_fewer_entries_than_before_are_found(duka: Business) -> None:
    an_entry(duka)
    first = closed(duka)
    facts = PeriodFacts("duka", 2, "day_closed", TODAY, NOW, None, "", 0, FIRST_HASH)

    a_raw_event(duka, number=2, previous_hash=first.hash, hash=link(first.hash, period_text(facts)))

    assert verify_books().findings == [
        ("duka", 0, "period event 2 knows fewer entries than the one before it")
    ]
