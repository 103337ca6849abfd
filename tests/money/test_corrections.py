"""Reversals and corrections: the wrong entry stays, its opposite stands beside it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from money.actions.corrections import (
    AlreadyReversed,
    NoEntry,
    NotByHand,
    NotReversible,
    WrongDay,
    can_be_reversed,
    correct,
    reverse,
)
from money.actions.periods import NoReason, close_day, close_year, lock_month
from money.actions.posting import PeriodLocked, UnknownAccount, post
from money.chart import Code
from money.drafts import Draft, DraftLine, Posted, Unbalanced, tax_of
from money.models import Book, Business, Entry, EntryKind, Line
from money.queries import balances
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, an_entry, chebet

pytestmark = pytest.mark.django_db

LINES: list[DraftLine] = [
    (Code.SUPPLIERS, -11_600),
    ("6030", 10_000, "B"),
    (Code.INPUT_VAT, 1_600, "B"),
]
RIGHT: list[DraftLine] = [
    (Code.SUPPLIERS, -1_160),
    ("6030", 1_000, "B"),
    (Code.INPUT_VAT, 160, "B"),
]


def a_journal_entry(business: Business, **changes: Any) -> Posted:
    draft = Draft(
        business=business,
        key="journal:1",
        occurred_on=date(2026, 11, 10),
        description="Power bill",
        lines=LINES,
        source="journal 1",
        kind=EntryKind.ADJUSTMENT,
    )
    return post(replace(draft, **changes), posted_at=NOW)


def facts_of_reversal() -> dict[str, Any]:
    return {"known_on": TODAY, "reason": "Wrong supplier", "actor": None, "posted_at": NOW}


def reversed_(posted: Posted, **changes: Any) -> Posted:
    return reverse(entry_id=posted.entry_id, **(facts_of_reversal() | changes))


def corrected(posted: Posted, **changes: Any) -> tuple[Posted, Posted]:
    facts: dict[str, Any] = {
        "entry_id": posted.entry_id,
        "lines": RIGHT,
        "occurred_on": date(2026, 11, 10),
        "description": "Power bill, right amount",
        "reason": "One nought too many",
        "actor": None,
        "posted_at": NOW,
    }
    return correct(**(facts | changes))


def refusal(kind: type[Exception], call: Any, *arguments: Any, **changes: Any) -> str:
    """Return the sentence of a refusal, having seen that nothing was written."""
    before = list(Entry.objects.order_by("pk").values_list()), list(Book.objects.values_list())
    with pytest.raises(kind) as caught, transaction.atomic():
        call(*arguments, **changes)
    after = list(Entry.objects.order_by("pk").values_list()), list(Book.objects.values_list())
    assert after == before
    assert verify_books().is_ok
    return str(caught.value)


def rows_of(posted: Posted) -> list[tuple[str, int, str]]:
    rows = Line.objects.filter(entry_id=posted.entry_id).order_by("pk")
    return list(rows.values_list("account__code", "amount_cents", "tax_class"))


def test_reverse_posts_the_opposite_with_the_same_tax_letters(duka: Business) -> None:
    wrong, baraka = a_journal_entry(duka), chebet()

    reversal = reversed_(wrong, actor=baraka)

    assert rows_of(reversal) == [
        (Code.SUPPLIERS, 11_600, ""),
        ("6030", -10_000, "B"),
        (Code.INPUT_VAT, -1_600, "B"),
    ]
    entry = Entry.objects.get(pk=reversal.entry_id)
    assert (entry.key, entry.reverses_id) == (f"reverse:{wrong.entry_id}", wrong.entry_id)
    assert (entry.occurred_on, entry.kind, entry.actor) == (TODAY, EntryKind.ADJUSTMENT, baraka)
    assert (entry.description, entry.source) == ("Reverses duka 1: Wrong supplier", "journal 1")
    assert set(balances(duka).values()) == {0}
    assert verify_books().is_ok


def test_reverse_cuts_a_long_reason(duka: Business) -> None:
    reversal = reversed_(a_journal_entry(duka), reason="x" * 300)

    description = Entry.objects.get(pk=reversal.entry_id).description
    assert description == "Reverses duka 1: " + "x" * 183


def test_reverse_twice_returns_the_first(duka: Business) -> None:
    wrong = a_journal_entry(duka)

    first = reversed_(wrong)
    again = reversed_(wrong, posted_at=datetime(2026, 12, 24, tzinfo=UTC))

    assert again == replace(first, is_new=False)
    assert Entry.objects.count() == 2


def test_reverse_twice_returns_the_first_though_the_day_was_closed_between(duka: Business) -> None:
    wrong = an_entry(duka, key="journal:7", occurred_on=date(2026, 11, 20))
    close_day(business=duka, day=date(2026, 11, 21), actor=None, at=NOW)

    first = reversed_(wrong, known_on=date(2026, 11, 21))
    close_day(business=duka, day=TODAY, actor=None, at=NOW)
    again = reversed_(wrong, known_on=date(2026, 11, 21))

    assert (first.occurred_on, again) == (TODAY, replace(first, is_new=False))
    late = Entry.objects.get(pk=first.entry_id)
    assert (late.kind, late.late_for) == (EntryKind.FACT, date(2026, 11, 21))
    assert verify_books().is_ok


@pytest.mark.parametrize(
    "changes", [{"reason": "Another reason"}, {"known_on": date(2026, 11, 21)}]
)
def test_reverse_refuses_what_was_reversed_otherwise(
    duka: Business, changes: dict[str, Any]
) -> None:
    wrong = a_journal_entry(duka)
    reversed_(wrong)

    said = refusal(AlreadyReversed, reversed_, wrong, **changes)

    assert said == (
        "Entry 1 of Amina duka is reversed already, by entry 2, on another day or for another"
        " reason."
    )


def test_reverse_refuses_what_another_key_reversed(duka: Business) -> None:
    wrong = a_journal_entry(duka)
    opposite = [(line[0], -line[1], tax_of(line)) for line in LINES]
    a_journal_entry(duka, key="refund:1", lines=opposite, reverses_id=wrong.entry_id)

    assert (
        refusal(AlreadyReversed, reversed_, wrong)
        == "Entry 1 of Amina duka is reversed already, by entry 2."
    )


def test_reverse_refuses_a_reversal(duka: Business) -> None:
    reversal = reversed_(a_journal_entry(duka))

    for owns in (False, True):
        said = refusal(NotReversible, reversed_, reversal, by_owner_of_the_fact=owns)
        assert said == "This entry is a reversal itself: post the right entry again instead."


def test_reverse_refuses_a_closing(duka: Business) -> None:
    at = datetime(2027, 1, 5, 9, tzinfo=UTC)
    an_entry(duka)
    close_year(business=duka, year_end=date(2026, 12, 31), actor=chebet(), at=at)
    closing = Entry.objects.get(kind=EntryKind.CLOSING)

    for owns in (False, True):
        with pytest.raises(NotReversible) as caught:
            reverse(
                entry_id=closing.pk,
                known_on=date(2027, 1, 5),
                reason="No",
                actor=None,
                posted_at=at,
                by_owner_of_the_fact=owns,
            )
        assert str(caught.value) == (
            "This entry closed a year: unlock the books and close the year again."
        )


def test_reverse_refuses_an_unknown_entry(duka: Business) -> None:
    an_entry(duka)

    said = refusal(NoEntry, reverse, entry_id=7, **facts_of_reversal())

    assert said == "There is no entry 7."


@pytest.mark.parametrize("reason", ["", "  "])
def test_reverse_refuses_to_go_without_a_reason(duka: Business, reason: str) -> None:
    said = refusal(NoReason, reversed_, a_journal_entry(duka), reason=reason)

    assert said == "Say why the entry is reversed: it stays on record."


@pytest.mark.parametrize(
    ("known_on", "said"),
    [
        (
            date(2026, 11, 9),
            (
                "The entry is of 10 November 2026: it cannot be reversed on 9 November 2026, before"
                " that."
            ),
        ),
        (
            date(2026, 11, 23),
            "23 November 2026 is still to come: use 22 November 2026 or a day before.",
        ),
    ],
)
def test_reverse_refuses_a_day_before_the_entry_or_to_come(
    duka: Business, known_on: date, said: str
) -> None:
    assert refusal(WrongDay, reversed_, a_journal_entry(duka), known_on=known_on) == said


def test_reverse_takes_the_entrys_own_day_and_tomorrows_entry(duka: Business) -> None:
    tomorrow = date(2026, 11, 23)

    own = reversed_(a_journal_entry(duka), known_on=date(2026, 11, 10))
    of_tomorrow = reversed_(
        a_journal_entry(duka, key="journal:2", occurred_on=tomorrow), known_on=tomorrow
    )

    assert (own.occurred_on, of_tomorrow.occurred_on) == (date(2026, 11, 10), tomorrow)
    assert verify_books().is_ok


def test_reverse_of_what_was_moved_to_tomorrow_does_not_stand_before_it(duka: Business) -> None:
    close_day(business=duka, day=TODAY, actor=None, at=NOW)
    late = an_entry(duka, key="sale:1")

    reversal = reversed_(late, by_owner_of_the_fact=True)

    assert (late.occurred_on, reversal.occurred_on) == (date(2026, 11, 23), date(2026, 11, 23))
    assert verify_books().is_ok


def test_reverse_of_an_adjustment_enters_a_closed_day_but_no_locked_month(duka: Business) -> None:
    october = date(2026, 10, 10)
    wrong = a_journal_entry(duka, occurred_on=october)
    other = a_journal_entry(duka, occurred_on=october, key="journal:2")
    close_day(business=duka, day=date(2026, 11, 21), actor=None, at=NOW)

    in_closed = reversed_(wrong, known_on=october)
    lock_month(business=duka, month=october, actor=None, at=NOW)

    assert in_closed.occurred_on == october
    said = refusal(PeriodLocked, reversed_, other, known_on=october)
    assert said.startswith("The books of duka are locked through 2026-10-31.")
    assert reversed_(other).occurred_on == TODAY
    assert verify_books().is_ok


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("journal:1", ""),
        ("correct:10000000001", ""),
        ("opening:5", "This entry belongs to opening 5; refund or cancel it there."),
        (
            "between:k:give",
            "This entry is one half of a transfer: move the amount back between the businesses.",
        ),
        ("sale:42", "This entry belongs to sale 42; refund or cancel it there."),
        ("mpesa:UKM5A1B2C3", "This entry belongs to mpesa UKM5A1B2C3; refund or cancel it there."),
        ("cash:3", "This entry belongs to cash 3; refund or cancel it there."),
        ("match:UKM5", "This entry belongs to match UKM5; refund or cancel it there."),
        ("journals", "This entry belongs to journals; refund or cancel it there."),
    ],
)
def test_only_the_owner_of_a_fact_reverses_it(duka: Business, key: str, said: str) -> None:
    posted = an_entry(duka, key=key)

    assert can_be_reversed(Entry.objects.get(pk=posted.entry_id)) == said
    if said:
        assert refusal(NotReversible, reversed_, posted) == said
    assert reversed_(posted, by_owner_of_the_fact=True).is_new
    assert verify_books().is_ok


def test_every_prefix_that_money_does_not_make_is_refused_to_correct(duka: Business) -> None:
    posted = an_entry(duka, key="sale:42")

    said = refusal(NotReversible, corrected, posted)

    assert said == "This entry belongs to sale 42; refund or cancel it there."


def test_correct_reverses_and_posts_anew_on_one_day(duka: Business) -> None:
    wrong = a_journal_entry(duka)

    reversal, right = corrected(wrong, actor=chebet())

    assert rows_of(right) == [
        (Code.SUPPLIERS, -1_160, ""),
        ("6030", 1_000, "B"),
        (Code.INPUT_VAT, 160, "B"),
    ]
    entry = Entry.objects.get(pk=right.entry_id)
    assert (entry.key, entry.kind) == (f"correct:{wrong.entry_id}", EntryKind.ADJUSTMENT)
    assert (entry.source, entry.description) == ("corrects duka 1", "Power bill, right amount")
    assert (reversal.occurred_on, right.occurred_on) == (date(2026, 11, 10),) * 2
    assert (reversal.number, right.number) == (2, 3)
    assert balances(duka) == {Code.INPUT_VAT: 160, Code.SUPPLIERS: -1_160, "6030": 1_000}
    assert verify_books().is_ok


def test_correct_moves_an_entry_to_an_earlier_day(duka: Business) -> None:
    reversal, right = corrected(a_journal_entry(duka), occurred_on=date(2026, 10, 31))

    assert (reversal.occurred_on, right.occurred_on) == (date(2026, 11, 10), date(2026, 10, 31))
    assert verify_books().is_ok


def test_correct_twice_returns_the_first_two_even_on_another_day(duka: Business) -> None:
    wrong = a_journal_entry(duka)

    first = corrected(wrong)
    again = corrected(wrong, posted_at=datetime(2026, 12, 24, tzinfo=UTC))

    assert again == tuple(replace(posted, is_new=False) for posted in first)
    assert Entry.objects.count() == 3


def test_correct_refuses_another_correction_of_the_same_entry(duka: Business) -> None:
    wrong = a_journal_entry(duka)
    corrected(wrong)

    said = refusal(AlreadyReversed, corrected, wrong, lines=LINES, reason="Another reason")

    assert said == (
        "Entry 1 of Amina duka is reversed already, by entry 2, on another day or for another"
        " reason."
    )


def test_what_was_corrected_can_be_corrected_again(duka: Business) -> None:
    _, right = corrected(a_journal_entry(duka))

    _, better = corrected(right, lines=[(Code.SUPPLIERS, -5), ("6030", 5)])

    assert Entry.objects.get(pk=better.entry_id).key == f"correct:{right.entry_id}"
    assert {c: cents for c, cents in balances(duka).items() if cents} == {"2000": -5, "6030": 5}
    assert verify_books().is_ok


def test_correct_keeps_opening_balances_openings(duka: Business) -> None:
    wrong = a_journal_entry(duka, kind=EntryKind.OPENING)

    pair = corrected(wrong)

    kinds = Entry.objects.filter(pk__in=[posted.entry_id for posted in pair])
    assert set(kinds.values_list("kind", flat=True)) == {EntryKind.OPENING}


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([(Code.SUPPLIERS, -1), ("6030", 2)], Unbalanced),
        ([(Code.SUPPLIERS, -1), ("6999", 1)], UnknownAccount),
        ([(Code.UNIDENTIFIED, -1), ("6030", 1)], NotByHand),
        ([("2900.1", -1), ("6030", 1)], NotByHand),
    ],
)
def test_correct_posts_both_or_neither(
    duka: Business, lines: list[tuple[str, int]], kind: type[Exception]
) -> None:
    refusal(kind, corrected, a_journal_entry(duka), lines=lines)

    assert Entry.objects.count() == 1


def test_correct_reaches_a_closed_day_but_no_locked_month(duka: Business) -> None:
    fact = an_entry(duka, key="journal:9", occurred_on=date(2026, 10, 10))
    adjustment = a_journal_entry(duka, occurred_on=date(2026, 10, 10))
    close_day(business=duka, day=TODAY, actor=None, at=NOW)

    pair = corrected(fact, occurred_on=date(2026, 10, 10))
    lock_month(business=duka, month=date(2026, 10, 1), actor=None, at=NOW)

    assert [posted.occurred_on for posted in pair] == [date(2026, 10, 10)] * 2
    refusal(PeriodLocked, corrected, adjustment, occurred_on=date(2026, 10, 10))
    assert verify_books().is_ok


def test_correct_refuses_a_day_to_come(duka: Business) -> None:
    said = refusal(WrongDay, corrected, a_journal_entry(duka), occurred_on=date(2026, 11, 23))

    assert said == "23 November 2026 is still to come: use 22 November 2026 or a day before."


def test_reverse_leaves_other_books_alone(duka: Business) -> None:
    water = a_business(slug="maji")
    an_entry(water)
    before = Book.objects.values().get(business=water)

    reversed_(a_journal_entry(duka))

    assert Book.objects.values().get(business=water) == before
