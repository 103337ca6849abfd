"""`post` and the other actions of the ground floor."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from money.actions.books import SHIPPED_TAX_RATES, load_tax_rates, open_business
from money.actions.posting import KeyTaken, NoBook, UnknownAccount, post
from money.chain import FIRST_HASH, EntryFacts, canonical_text, link
from money.chart import CHART, Code
from money.drafts import MOST_LINES, Draft, Posted, TooLong, Unbalanced
from money.models import Account, Book, Business, Entry, EntryKind, Line, Movement, TaxRate
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_tax_person, a_user, an_entry

pytestmark = pytest.mark.django_db

LINES = [(Code.CASH_DRAWER, 11_600), (Code.SALES_RETAIL, -10_000), (Code.OUTPUT_VAT, -1_600)]


def a_draft(business: Business, *, lines: Sequence[tuple[str, int]] = LINES) -> Draft:
    return Draft(
        business=business,
        key="sale:1",
        occurred_on=TODAY,
        description="Sale 1",
        lines=lines,
        source="shops.sale",
    )


def all_rows() -> list[object]:
    return [
        list(model.objects.order_by("pk").values_list()) for model in (Entry, Line, Movement, Book)
    ]


def refusal_of(draft: Draft, kind: type[Exception]) -> str:
    """Return what `post` says when it refuses `draft`, having seen that it wrote nothing."""
    before = all_rows()

    with pytest.raises(kind) as caught, transaction.atomic():
        post(draft, posted_at=NOW)

    assert all_rows() == before
    return str(caught.value)


def test_post_writes_the_entry(duka: Business) -> None:
    draft = replace(a_draft(duka), actor=a_user("baraka"))

    posted = post(draft, posted_at=NOW)

    assert draft.actor is not None
    assert Entry.objects.values().get() == {
        "id": duka.pk * 10**10 + 1,
        "business_id": duka.pk,
        "number": 1,
        "key": "sale:1",
        "occurred_on": TODAY,
        "posted_at": NOW,
        "description": "Sale 1",
        "source": "shops.sale",
        "kind": "fact",
        "late_for": None,
        "actor_id": draft.actor.pk,
        "reverses_id": None,
        "previous_hash": FIRST_HASH,
        "hash": posted.hash,
    }


def test_post_writes_the_lines(duka: Business) -> None:
    posted = post(a_draft(duka), posted_at=NOW)

    rows = Line.objects.order_by("pk").values_list(
        "entry_id", "account__business_id", "account__code", "occurred_on", "amount_cents"
    )
    assert list(rows) == [(posted.entry_id, duka.pk, code, TODAY, cents) for code, cents in LINES]


def test_post_moves_the_head_of_the_book(duka: Business) -> None:
    posted = post(a_draft(duka), posted_at=NOW)

    assert Book.objects.values().get() == {
        "business_id": duka.pk,
        "last_number": 1,
        "head_hash": posted.hash,
        "closed_through": None,
        "locked_through": None,
    }


def test_post_hashes_the_canonical_text(duka: Business) -> None:
    posted = post(a_draft(duka), posted_at=NOW)

    facts = EntryFacts("duka", 1, "sale:1", TODAY, NOW, "Sale 1", "shops.sale", None, None)
    assert asdict(posted) == {
        "entry_id": duka.pk * 10**10 + 1,
        "number": 1,
        "hash": link(FIRST_HASH, canonical_text(facts, LINES)),
        "is_new": True,
        "occurred_on": TODAY,
    }


def test_post_adds_to_the_movements_of_the_month(duka: Business) -> None:
    an_entry(duka, cents=100, occurred_on=date(2026, 11, 1))
    an_entry(duka, cents=20, occurred_on=date(2026, 11, 30))
    an_entry(duka, cents=-3, occurred_on=date(2026, 11, 30))
    an_entry(duka, cents=4, occurred_on=date(2026, 12, 1))

    rows = Movement.objects.order_by("account__code", "month_on").values_list(
        "account__code", "month_on", "debit_cents", "credit_cents"
    )
    assert list(rows) == [
        (Code.CASH_DRAWER, date(2026, 11, 1), 120, 3),
        (Code.CASH_DRAWER, date(2026, 12, 1), 4, 0),
        (Code.SALES_RETAIL, date(2026, 11, 1), 3, 120),
        (Code.SALES_RETAIL, date(2026, 12, 1), 0, 4),
    ]


def test_post_sums_lines_of_one_account_in_its_movement(duka: Business) -> None:
    lines = [(Code.CASH_DRAWER, 70), (Code.CASH_DRAWER, -30), (Code.CASH_DRAWER, -40)]

    post(a_draft(duka, lines=lines), posted_at=NOW)

    assert Movement.objects.values_list("debit_cents", "credit_cents").get() == (70, 70)


def test_post_numbers_entries_without_a_gap_and_chains_them(duka: Business) -> None:
    posted = [an_entry(duka) for _ in range(3)]

    rows = Entry.objects.order_by("number").values_list("number", "previous_hash", "hash")
    assert list(rows) == [
        (1, FIRST_HASH, posted[0].hash),
        (2, posted[0].hash, posted[1].hash),
        (3, posted[1].hash, posted[2].hash),
    ]


def test_post_keeps_a_chain_per_book(duka: Business) -> None:
    water = a_business(slug="maji")

    first, second, third = an_entry(duka), an_entry(water), an_entry(duka)

    rows = Entry.objects.order_by("id").values_list("business__slug", "number", "previous_hash")
    assert list(rows) == [
        ("duka", 1, FIRST_HASH),
        ("duka", 2, first.hash),
        ("maji", 1, FIRST_HASH),
    ]
    heads = dict(Book.objects.values_list("business__slug", "head_hash"))
    assert heads == {"duka": third.hash, "maji": second.hash}


def test_post_rolled_back_leaves_no_gap(duka: Business) -> None:
    an_entry(duka)
    with transaction.atomic():
        an_entry(duka)
        transaction.set_rollback(True)

    after = an_entry(duka)

    assert after.number == 2
    assert verify_books().findings == []


def test_post_links_a_reversal(duka: Business) -> None:
    wrong = post(a_draft(duka), posted_at=NOW)
    mirrored = [(code, -cents) for code, cents in LINES]
    draft = replace(a_draft(duka, lines=mirrored), key="reversal:1", reverses_id=wrong.entry_id)

    reversal = post(draft, posted_at=NOW)

    assert Entry.objects.get(pk=wrong.entry_id).reversed_by.pk == reversal.entry_id
    assert post(draft, posted_at=NOW) == replace(reversal, is_new=False)


@pytest.mark.parametrize(
    "lines", [LINES, LINES[::-1], [(str(code), cents) for code, cents in LINES]]
)
def test_post_with_the_same_key_and_content_returns_the_first(
    duka: Business, lines: list[tuple[str, int]]
) -> None:
    first = post(a_draft(duka), posted_at=NOW)
    before = all_rows()

    again = post(a_draft(duka, lines=lines), posted_at=NOW + timedelta(days=1))

    assert again == replace(first, is_new=False)
    assert all_rows() == before


def test_post_with_the_same_key_by_another_actor_returns_the_first(duka: Business) -> None:
    first = post(a_draft(duka), posted_at=NOW)

    again = post(replace(a_draft(duka), actor=a_user("baraka")), posted_at=NOW)

    assert again == replace(first, is_new=False)


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [(Code.CASH_DRAWER, 11_600), (Code.SALES_RETAIL, -11_600)]},
        {"lines": [*LINES, (Code.CASH_DRAWER, 1), (Code.CASH_DRAWER, -1)]},
        {"lines": [(Code.MPESA_TILL, 11_600), *LINES[1:]]},
        {"occurred_on": TODAY + timedelta(days=1)},
        {"description": "Sale 2"},
        {"source": ""},
        {"kind": EntryKind.ADJUSTMENT},
    ],
)
def test_post_refuses_a_key_with_another_content(duka: Business, change: dict[str, object]) -> None:
    post(a_draft(duka), posted_at=NOW)

    said = refusal_of(replace(a_draft(duka), **change), KeyTaken)  # type: ignore[arg-type]

    assert said == "sale:1 is entry 1 already, with another content."


def test_post_refuses_a_key_of_another_business(duka: Business) -> None:
    post(a_draft(duka), posted_at=NOW)
    water = a_business(slug="maji")

    said = refusal_of(a_draft(water), KeyTaken)

    assert said == "sale:1 is entry 1 already, with another content."


def test_post_refuses_a_key_that_reverses_something_else(duka: Business) -> None:
    wrong = an_entry(duka)
    post(a_draft(duka), posted_at=NOW)

    said = refusal_of(replace(a_draft(duka), reverses_id=wrong.entry_id), KeyTaken)

    assert said == "sale:1 is entry 2 already, with another content."


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "sale:1: an entry has 2 to 500 lines."),
        ([(Code.CASH_DRAWER, 1)], "sale:1: an entry has 2 to 500 lines."),
        (
            [(Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -1)] * (MOST_LINES // 2 + 1),
            "sale:1: an entry has 2 to 500 lines.",
        ),
        (
            [(Code.CASH_DRAWER, 1), (Code.CASH_DRAWER, 0), (Code.SALES_RETAIL, -1)],
            "sale:1: a line is not zero and at most 1000000000000000 cents.",
        ),
        (
            [(Code.CASH_DRAWER, 10**15 + 1), (Code.SALES_RETAIL, -(10**15) - 1)],
            "sale:1: a line is not zero and at most 1000000000000000 cents.",
        ),
        (
            [(Code.CASH_DRAWER, 3), (Code.SALES_RETAIL, -1)],
            "sale:1: the lines sum to 2 cents, not to zero.",
        ),
        (
            [(Code.CASH_DRAWER, 1.0), (Code.SALES_RETAIL, -1.0)],
            "sale:1: an amount is a whole number of cents, an int.",
        ),
        (
            [(Code.CASH_DRAWER, True), (Code.SALES_RETAIL, -1)],
            "sale:1: an amount is a whole number of cents, an int.",
        ),
    ],
)
def test_post_refuses_what_does_not_balance(
    duka: Business, lines: list[tuple[str, int]], said: str
) -> None:
    assert refusal_of(a_draft(duka, lines=lines), Unbalanced) == said


@pytest.mark.parametrize(("name", "most"), [("key", 100), ("description", 200), ("source", 60)])
def test_post_refuses_a_text_that_another_database_would_cut(
    duka: Business, name: str, most: int
) -> None:
    fits: dict[str, Any] = {name: "x" * most}
    too_long: dict[str, Any] = {name: "x" * (most + 1)}
    post(replace(a_draft(duka), **fits), posted_at=NOW)

    said = refusal_of(replace(a_draft(duka), **too_long), TooLong)

    assert said.endswith(f"the {name} has more than {most} letters.")


def test_post_refuses_to_reverse_an_entry_of_another_book(duka: Business) -> None:
    foreign = an_entry(a_business(slug="maji"))

    with pytest.raises(IntegrityError), transaction.atomic():
        post(replace(a_draft(duka), reverses_id=foreign.entry_id), posted_at=NOW)

    assert Entry.objects.filter(business=duka).count() == 0


def test_post_takes_as_many_lines_as_allowed(duka: Business) -> None:
    lines = [(Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -1)] * (MOST_LINES // 2)

    post(a_draft(duka, lines=lines), posted_at=NOW)

    assert Line.objects.count() == MOST_LINES


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("9999", 1), (Code.SALES_RETAIL, -1)], "duka has no account 9999."),
        ([("9999", 1), ("0001", 1), ("1000", -2)], "duka has no account 0001, 9999."),
    ],
)
def test_post_refuses_an_unknown_account(
    duka: Business, lines: list[tuple[str, int]], said: str
) -> None:
    assert refusal_of(a_draft(duka, lines=lines), UnknownAccount) == said


def test_post_refuses_an_account_that_only_another_business_has(duka: Business) -> None:
    water = a_business(slug="maji")
    Account.objects.create(business=water, code="1999", name="Odd", kind="asset")

    said = refusal_of(a_draft(duka, lines=[("1999", 1), ("1000", -1)]), UnknownAccount)

    assert said == "duka has no account 1999."


def test_post_refuses_a_business_without_a_book() -> None:
    bare = Business.objects.create(
        tax_person=a_tax_person(), slug="bare", name="Bare", trade="retail"
    )

    assert refusal_of(a_draft(bare), NoBook) == "bare has no book of accounts."


def test_post_refuses_an_instant_without_a_zone(duka: Business) -> None:
    with pytest.raises(AssertionError):
        post(a_draft(duka), posted_at=NOW.replace(tzinfo=None))

    assert Entry.objects.count() == 0


def test_post_refuses_an_instant_for_a_day(duka: Business) -> None:
    with pytest.raises(AssertionError):
        post(replace(a_draft(duka), occurred_on=NOW), posted_at=NOW)

    assert Entry.objects.count() == 0


def test_post_needs_as_many_queries_for_two_lines_as_for_many(duka: Business) -> None:
    lines = [(Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -1)] * 100
    counts = []

    for key, some in (("a", lines[:2]), ("b", lines), ("c", lines[:4])):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            post(replace(a_draft(duka, lines=some), key=key), posted_at=NOW)
        counts.append(len(queries))

    assert counts == [5, 5, 5]


def test_draft_without_an_actor_names_nobody(duka: Business) -> None:
    baraka = a_user("baraka")
    draft = a_draft(duka)

    assert (draft.actor_id, replace(draft, actor=baraka).actor_id) == (None, baraka.pk)


def test_open_business_opens_book_and_chart() -> None:
    business = open_business(
        tax_person=a_tax_person(), slug="maji", name="Maji", trade="water", address="Ngong Road"
    )

    assert Book.objects.values_list("business_id", "last_number", "head_hash").get() == (
        business.pk,
        0,
        FIRST_HASH,
    )
    rows = Account.objects.filter(business=business).order_by("code")
    assert list(rows.values_list("code", "name", "kind")) == [
        (account.code, account.name, account.kind) for account in CHART
    ]


def test_open_business_twice_changes_nothing(duka: Business) -> None:
    posted = an_entry(duka)

    again = open_business(
        tax_person=a_tax_person(), slug="duka", name="Another name", trade="water"
    )

    assert (again.pk, again.name, again.trade) == (duka.pk, duka.name, "retail")
    assert Account.objects.count() == len(CHART)
    assert Book.objects.get().head_hash == posted.hash


def test_load_tax_rates_leaves_a_row_as_it_is() -> None:
    TaxRate.objects.create(tax_class="B", from_on=date(2021, 1, 1), rate_bp=1_800)

    load_tax_rates()
    load_tax_rates()

    assert TaxRate.objects.count() == len(SHIPPED_TAX_RATES)
    assert TaxRate.objects.get(tax_class="B", from_on=date(2021, 1, 1)).rate_bp == 1_800


def test_posted_is_a_value() -> None:
    one = Posted(1, 1, "a", is_new=True, occurred_on=TODAY)

    assert one == replace(one)
    assert one != replace(one, is_new=False)
