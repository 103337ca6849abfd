"""Many entries in one transaction are what as many single postings would have been."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from money.actions.posting import KeyTaken, UnknownAccount, post, post_many
from money.chart import Code
from money.drafts import Draft, DraftLine, Unbalanced, UnknownTax
from money.models import Book, Business, Entry, EntryKind, Line, Movement
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business

pytestmark = pytest.mark.django_db


def drafts(business: Business, count: int, *, prefix: str = "many") -> list[Draft]:
    return [
        Draft(
            business=business,
            key=f"{prefix}:{number}",
            occurred_on=TODAY - timedelta(days=number % 70),
            description=f"Entry {number}",
            lines=[
                (Code.CASH_DRAWER, 11_600 + number),
                (Code.SALES_RETAIL, -10_000 - number, "B"),
                (Code.OUTPUT_VAT, -1_600, "B"),
            ],
        )
        for number in range(count)
    ]


def facts_of(business: Business) -> tuple[list[tuple[object, ...]], ...]:
    """Return what a book holds, without the ids that follow from the business."""
    entries = Entry.objects.filter(business=business).order_by("number")
    lines = Line.objects.filter(account__business=business).order_by("entry_id", "pk")
    movements = Movement.objects.filter(account__business=business)
    return (
        list(entries.values_list("number", "occurred_on", "posted_at", "description", "kind")),
        list(lines.values_list("account__code", "occurred_on", "amount_cents", "tax_class")),
        sorted(
            movements.values_list(
                "account__code", "month_on", "tax_class", "debit_cents", "credit_cents"
            )
        ),
    )


def test_post_many_writes_what_single_postings_would(duka: Business) -> None:
    water = a_business(slug="maji")
    many = post_many(drafts(duka, 25), posted_at=NOW)
    single = [post(draft, posted_at=NOW) for draft in drafts(water, 25, prefix="one")]

    assert facts_of(duka) == facts_of(water)
    assert [(p.number, p.occurred_on) for p in many] == [(p.number, p.occurred_on) for p in single]
    assert [(p.entry_id, p.number, p.hash) for p in many] == list(
        Entry.objects.filter(business=duka).order_by("number").values_list("id", "number", "hash")
    )
    assert verify_books().is_ok


def test_post_many_needs_as_many_queries_for_two_as_for_many(duka: Business) -> None:
    counts = []
    for prefix, count in (("a", 2), ("b", 300)):
        with CaptureQueriesContext(connection) as queries:
            post_many(drafts(duka, count, prefix=prefix), posted_at=NOW)
        counts.append(len(queries))

    assert counts == [5, 5]


def test_post_many_of_more_rows_than_one_statement_takes(duka: Business) -> None:
    posted = post_many(drafts(duka, 1_100), posted_at=NOW)

    assert [p.number for p in posted] == list(range(1, 1_101))
    assert verify_books().lines == 3_300


def test_post_many_finds_a_key_beyond_the_first_thousand(duka: Business) -> None:
    some = drafts(duka, 1_003)
    before = post(some[1_001], posted_at=NOW)

    posted = post_many(some, posted_at=NOW)

    assert posted[1_001] == replace(before, is_new=False)
    assert (posted[1_000].number, posted[1_002].number) == (1_002, 1_003)
    assert Entry.objects.count() == 1_003
    assert verify_books().is_ok


def test_post_many_refuses_an_instant_without_a_zone(duka: Business) -> None:
    with pytest.raises(AssertionError):
        post_many(drafts(duka, 2), posted_at=NOW.replace(tzinfo=None))

    assert Entry.objects.count() == 0


def test_post_many_of_nothing_posts_nothing() -> None:
    assert post_many([], posted_at=NOW) == []


def test_post_many_again_returns_the_first_ones(duka: Business) -> None:
    first = post_many(drafts(duka, 3), posted_at=NOW)

    again = post_many(drafts(duka, 5), posted_at=NOW + timedelta(days=1))

    assert again[:3] == [replace(posted, is_new=False) for posted in first]
    assert [(p.number, p.is_new) for p in again[3:]] == [(4, True), (5, True)]
    assert Entry.objects.count() == 5
    assert verify_books().is_ok


def test_post_many_of_nothing_new_changes_nothing(duka: Business) -> None:
    first = post_many(drafts(duka, 3), posted_at=NOW)
    before = facts_of(duka)

    again = post_many(drafts(duka, 3)[::-1], posted_at=NOW + timedelta(days=1))

    assert again == [replace(posted, is_new=False) for posted in first[::-1]]
    assert facts_of(duka) == before


def test_post_many_takes_a_draft_twice_for_one(duka: Business) -> None:
    one, two = drafts(duka, 2)

    posted = post_many([one, two, one], posted_at=NOW)

    assert [p.number for p in posted] == [1, 2, 1]
    assert Entry.objects.count() == 2


def refused(some: Sequence[Draft], kind: type[Exception]) -> str:
    """Return what `post_many` says, having seen that it wrote nothing at all."""
    with pytest.raises(kind) as caught, transaction.atomic():
        post_many(some, posted_at=NOW)
    assert Line.objects.count() + Entry.objects.count() + Movement.objects.count() == 0
    assert Book.objects.filter(last_number__gt=0).count() == 0
    return str(caught.value)


def test_post_many_writes_all_or_nothing(duka: Business) -> None:
    some = drafts(duka, 3)
    lines = [(Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -2)]

    said = refused([*some, replace(some[0], key="bad", lines=lines)], Unbalanced)
    unknown = refused(
        [*some, replace(some[0], key="x", lines=[("1999", 1), ("1000", -1)])], (UnknownAccount)
    )

    assert said == "bad: the lines sum to -1 cents, not to zero."
    assert unknown == "duka has no account 1999."


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [(Code.CASH_DRAWER, 11_600), (Code.SALES_RETAIL, -11_600)]},
        {"occurred_on": TODAY - timedelta(days=1)},
        {"description": "Another"},
        {"source": "shops.sale"},
        {"reverses_id": 1},
        {"kind": EntryKind.ADJUSTMENT},
    ],
)
def test_post_many_refuses_one_key_with_two_contents(
    duka: Business, change: dict[str, object]
) -> None:
    one = drafts(duka, 1)[0]

    said = refused([one, replace(one, **change)], KeyTaken)  # type: ignore[arg-type]

    assert said == "many:0 comes twice, with another content."


def test_post_many_takes_equal_drafts_of_one_key_for_one(duka: Business) -> None:
    one = drafts(duka, 1)[0]

    first, again = post_many([one, replace(one, lines=one.lines[::-1])], posted_at=NOW)

    assert first == again
    assert Entry.objects.count() == 1


def test_post_many_refuses_a_key_that_is_posted_with_another_content(duka: Business) -> None:
    some = drafts(duka, 3)
    post(some[1], posted_at=NOW)

    with pytest.raises(KeyTaken), transaction.atomic():
        post_many([some[0], replace(some[1], source="forged")], posted_at=NOW)

    assert Entry.objects.count() == 1


def test_post_many_writes_into_one_book(duka: Business) -> None:
    water = a_business(slug="maji")

    assert "once per business" in refused(
        [*drafts(duka, 1), *drafts(water, 1, prefix="w")], ValueError
    )


def test_post_refuses_a_tax_letter_of_nobody(duka: Business) -> None:
    lines: list[DraftLine] = [(Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -1, "F")]
    draft = replace(drafts(duka, 1)[0], lines=lines)

    assert refused([draft], UnknownTax) == "many:0: 'F' is no tax letter."


def test_a_key_of_another_book_is_taken(duka: Business) -> None:
    water = a_business(slug="maji")
    post(drafts(duka, 1)[0], posted_at=NOW)

    with pytest.raises(KeyTaken), transaction.atomic():
        post(drafts(water, 1)[0], posted_at=NOW)
    with pytest.raises(KeyTaken), transaction.atomic():
        post_many(drafts(water, 1), posted_at=NOW)


amounts = st.integers(1, 10**9)
letters = st.sampled_from(["", "A", "B", "C", "D", "E"])
random_lines = st.lists(
    st.tuples(st.sampled_from(list(Code)), amounts, letters), min_size=1, max_size=6
)


@settings(deadline=None)
@given(st.lists(st.tuples(random_lines, st.dates(date(2025, 1, 1), TODAY)), min_size=1, max_size=8))
def test_random_batches_verify(
    duka: Business, batches: list[tuple[list[tuple[Code, int, str]], date]]
) -> None:
    with transaction.atomic():
        some = [
            Draft(
                business=duka,
                key=f"random:{number}",
                occurred_on=day,
                description="Random",
                lines=[*lines, (Code.BANK, -sum(line[1] for line in lines))],
            )
            for number, (lines, day) in enumerate(batches)
        ]
        post_many(some[: len(some) // 2], posted_at=NOW)
        post_many(some, posted_at=NOW)

        report = verify_books()
        assert (report.findings, report.entries) == ([], len(some))
        transaction.set_rollback(True)
