"""Money moved between two businesses of one owner: two books, both or neither, on one day."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from money.actions.books import open_account, open_business
from money.actions.periods import close_day, lock_month, unlock
from money.actions.posting import KeyTaken, NoBook, UnknownAccount
from money.actions.transfers import (
    BadTransfer,
    NoCommonOwner,
    NotCash,
    NothingToMove,
    SameBusiness,
    StillToCome,
    move_between,
    related_to,
)
from money.chart import CASH_CODES, Code
from money.drafts import Posted, TooLong
from money.models import Book, Business, Entry, Line, Role, TaxPerson
from money.verification import verify_books
from tests.make import NOW, TODAY, a_business, a_user, an_entry, chebet, lines_of
from tests.money.conftest import Scratch

pytestmark = pytest.mark.django_db

YESTERDAY = date(2026, 11, 21)


@pytest.fixture
def maji(db: None, duka: Business) -> Business:
    return a_business(slug="maji")


def moved(giver: Business, taker: Business, **changes: Any) -> tuple[Posted, Posted]:
    facts: dict[str, Any] = {
        "giver": giver,
        "taker": taker,
        "giver_code": Code.CASH_DRAWER,
        "taker_code": Code.BANK,
        "cents": 50_000,
        "occurred_on": TODAY,
        "description": "Cash for the pump",
        "key": "k1",
        "actor": None,
        "posted_at": NOW,
    }
    return move_between(**(facts | changes))


def test_who_could_owe_each_other_is_found_through_persons_and_owners(
    duka: Business, maji: Business
) -> None:
    def elsewhere(slug: str, pin: str) -> Business:
        person = TaxPerson.objects.create(name=slug, kra_pin=pin)
        return open_business(tax_person=person, slug=slug, name=slug, trade="retail")

    gas, wash, alone = (elsewhere(s, f"A00765432{n}B") for n, s in enumerate(("gas", "wash", "x")))
    a_user("zawadi", maji=Role.OWNER, gas=Role.OWNER)
    a_user("juma", gas=Role.OWNER, wash=Role.OWNER, x=Role.ACCOUNTANT)

    assert related_to([duka]) == {duka.pk, maji.pk, gas.pk, wash.pk}
    assert related_to([wash]) == related_to([duka, gas])
    assert related_to([alone]) == {alone.pk}
    assert related_to([]) == set()


def between_by_day() -> dict[date, int]:
    rows = Line.objects.filter(account__code=Code.BETWEEN_BUSINESSES).values_list("occurred_on")
    return dict(rows.annotate(total=Sum("amount_cents")))


def refusal(kind: type[Exception], *businesses: Business, **changes: Any) -> str:
    """Return the sentence of a refusal, having seen that neither book was written."""
    before = list(Entry.objects.order_by("pk").values()), list(Book.objects.values())
    with pytest.raises(kind) as caught, transaction.atomic():
        moved(*businesses, **changes)
    assert (list(Entry.objects.order_by("pk").values()), list(Book.objects.values())) == before
    assert verify_books().is_ok
    return str(caught.value)


def test_move_between_writes_both_books(duka: Business, maji: Business) -> None:
    given, taken = moved(duka, maji, actor=chebet())

    assert lines_of("between:k1:give") == [
        (Code.BETWEEN_BUSINESSES, 50_000),
        (Code.CASH_DRAWER, -50_000),
    ]
    assert lines_of("between:k1:take") == [
        (Code.BANK, 50_000),
        (Code.BETWEEN_BUSINESSES, -50_000),
    ]
    entries = Entry.objects.in_bulk([given.entry_id, taken.entry_id])
    assert entries[given.entry_id].business == duka
    assert entries[taken.entry_id].business == maji
    assert {e.description for e in entries.values()} == {"Cash for the pump"}
    assert {e.actor for e in entries.values()} == {chebet()}
    assert {e.source for e in entries.values()} == {"moved on 2026-11-22"}
    assert between_by_day() == {TODAY: 0}
    assert verify_books().is_ok


def test_move_between_returns_the_giver_first_whoever_has_the_lower_id(
    duka: Business, maji: Business
) -> None:
    given, taken = moved(maji, duka)

    assert Entry.objects.get(pk=given.entry_id).key == "between:k1:give"
    assert Entry.objects.get(pk=given.entry_id).business == maji
    assert Entry.objects.get(pk=taken.entry_id).business == duka


def test_move_between_twice_returns_the_first_two(duka: Business, maji: Business) -> None:
    first = moved(duka, maji)

    again = moved(duka, maji, posted_at=NOW + timedelta(days=3))

    assert again == tuple(replace(posted, is_new=False) for posted in first)
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"cents": 1},
        {"giver_code": Code.BANK},
        {"taker_code": Code.CASH_DRAWER},
        {"description": "Another"},
        {"occurred_on": YESTERDAY},
    ],
)
def test_move_between_refuses_a_key_with_another_content(
    duka: Business, maji: Business, changes: dict[str, Any]
) -> None:
    moved(duka, maji)

    refusal(KeyTaken, duka, maji, **changes)


def test_move_between_refuses_a_key_of_another_pair(duka: Business, maji: Business) -> None:
    dobi = a_business(slug="dobi")
    moved(duka, maji)

    refusal(KeyTaken, duka, dobi)
    refusal(KeyTaken, dobi, maji)
    refusal(KeyTaken, maji, duka)


# Closed days


@pytest.mark.parametrize(
    ("giver_through", "taker_through", "booked", "late"),
    [
        (None, None, YESTERDAY, {}),
        (YESTERDAY, None, TODAY, {"duka": YESTERDAY}),
        (None, YESTERDAY, TODAY, {"maji": YESTERDAY}),
        (YESTERDAY, TODAY, date(2026, 11, 23), {"maji": YESTERDAY}),
        (TODAY, YESTERDAY, date(2026, 11, 23), {"duka": YESTERDAY}),
        (TODAY, TODAY, date(2026, 11, 23), {"duka": YESTERDAY, "maji": YESTERDAY}),
        (date(2026, 11, 20), TODAY, date(2026, 11, 23), {"maji": YESTERDAY}),
    ],
)
def test_both_books_carry_it_on_a_day_that_both_have_open(
    duka: Business,
    maji: Business,
    giver_through: date | None,
    taker_through: date | None,
    booked: date,
    late: dict[str, date],
) -> None:
    for business, through in ((duka, giver_through), (maji, taker_through)):
        if through:
            close_day(business=business, day=through, actor=None, at=NOW)

    first = moved(duka, maji, occurred_on=YESTERDAY)
    again = moved(duka, maji, occurred_on=YESTERDAY, posted_at=NOW + timedelta(days=9))

    assert [posted.occurred_on for posted in first] == [booked, booked]
    assert again == tuple(replace(posted, is_new=False) for posted in first)
    rows = Entry.objects.exclude(late_for=None).values_list("business__slug", "late_for")
    assert dict(rows) == late
    assert between_by_day() == {booked: 0}
    assert verify_books().is_ok


def test_same_transfer_after_days_were_closed_or_opened_is_the_first(
    duka: Business, maji: Business
) -> None:
    close_day(business=maji, day=YESTERDAY, actor=None, at=NOW)
    first = moved(duka, maji, occurred_on=YESTERDAY)
    close_day(business=duka, day=TODAY, actor=None, at=NOW)
    unlock(
        business=maji, from_day=date(2026, 11, 1), actor=chebet(), reason="A late receipt", at=NOW
    )

    again = moved(duka, maji, occurred_on=YESTERDAY, posted_at=NOW + timedelta(days=1))

    assert again == tuple(replace(posted, is_new=False) for posted in first)
    assert verify_books().is_ok


def test_transfer_of_a_locked_month_goes_to_today(duka: Business, maji: Business) -> None:
    lock_month(business=maji, month=date(2026, 10, 1), actor=None, at=NOW)

    posted = moved(duka, maji, occurred_on=date(2026, 10, 10))

    assert [one.occurred_on for one in posted] == [TODAY, TODAY]


@pytest.mark.parametrize("seed", range(5))
def test_2900_adds_up_to_zero_on_every_day(duka: Business, maji: Business, seed: int) -> None:
    chance = random.Random(seed)
    businesses = [duka, maji, a_business(slug="dobi")]
    for step in range(40):
        at = NOW + timedelta(days=step // 4)
        today = TODAY + timedelta(days=step // 4)
        day = today - timedelta(days=chance.randrange(8))
        if chance.random() < 0.3:
            close_day(business=chance.choice(businesses), day=day, actor=None, at=at)
        elif chance.random() < 0.1:
            an_entry(chance.choice(businesses), occurred_on=day, posted_at=at)
        giver, taker = chance.sample(businesses, 2)
        moved(giver, taker, key=f"k{step}", cents=step + 1, occurred_on=day, posted_at=at)

    assert set(between_by_day().values()) == {0}
    assert verify_books().is_ok


# Refusals


def test_move_between_refuses_one_business_twice(duka: Business) -> None:
    same = Business.objects.get(pk=duka.pk)

    assert refusal(SameBusiness, duka, same) == "Choose two different businesses."


@pytest.mark.parametrize("cents", [0, -1])
def test_move_between_refuses_nothing(duka: Business, maji: Business, cents: int) -> None:
    said = refusal(NothingToMove, duka, maji, cents=cents)

    assert said == "The amount to move is more than zero."


@pytest.mark.parametrize("side", ["giver_code", "taker_code"])
@pytest.mark.parametrize(
    "code", ["1300", "1310", "1400", "1710", "1800", "2000", "2900", "3100", "4040", "6020"]
)
def test_move_between_refuses_what_is_no_money(
    duka: Business, maji: Business, side: str, code: str
) -> None:
    said = refusal(NotCash, duka, maji, **{side: code})

    assert said.endswith("is no cash, till or bank account.")


@pytest.mark.parametrize("code", ["", "1999", "9"])
def test_move_between_refuses_an_unknown_account(duka: Business, maji: Business, code: str) -> None:
    assert (
        refusal(UnknownAccount, duka, maji, giver_code=code) == f"Amina duka has no account {code}."
    )
    assert (
        refusal(UnknownAccount, duka, maji, taker_code=code) == f"Amina maji has no account {code}."
    )


def test_account_of_the_giver_alone_is_unknown_to_the_taker(duka: Business, maji: Business) -> None:
    open_account(business=duka, code="1200.1", name="Second bank")

    assert moved(duka, maji, giver_code="1200.1")[0].is_new
    refusal(UnknownAccount, duka, maji, key="k2", taker_code="1200.1")


@pytest.mark.parametrize("code", CASH_CODES)
def test_move_between_takes_every_account_that_is_money(
    duka: Business, maji: Business, code: str
) -> None:
    assert moved(duka, maji, giver_code=code, taker_code=code)[0].is_new


def test_move_between_is_not_limited(duka: Business, maji: Business) -> None:
    Business.objects.update(approval_above_cents=1)

    assert moved(duka, maji)[0].is_new


def a_strangers_business() -> Business:
    person = TaxPerson.objects.create(name="Chebet", kra_pin="A007654321Z")
    return open_business(tax_person=person, slug="chebets", name="Chebet's", trade="retail")


def test_move_between_refuses_businesses_without_a_common_owner(duka: Business) -> None:
    other = a_strangers_business()
    a_user("amina", duka=Role.OWNER, chebets=Role.ACCOUNTANT)
    a_user("chebet", duka=Role.MANAGER, chebets=Role.OWNER)

    said = refusal(NoCommonOwner, duka, other)

    assert said == "Amina duka and Chebet's have no owner in common."


def test_move_between_takes_two_tax_persons_with_one_owner(duka: Business) -> None:
    other = a_strangers_business()
    a_user("amina", duka=Role.OWNER, chebets=Role.OWNER)

    assert moved(duka, other)[0].is_new
    assert verify_books().is_ok


def test_move_between_refuses_a_day_to_come(duka: Business, maji: Business) -> None:
    said = refusal(StillToCome, duka, maji, occurred_on=date(2026, 11, 24))

    assert said == "24 November 2026 is still to come: use today or a day before."
    assert moved(duka, maji, occurred_on=date(2026, 11, 23))[0].is_new


def test_move_between_refuses_a_business_without_a_book(duka: Business, maji: Business) -> None:
    Book.objects.filter(business=maji).delete()

    with pytest.raises(NoBook), transaction.atomic():
        moved(duka, maji)

    assert Entry.objects.count() == 0


def test_move_between_refuses_a_key_that_is_too_long(duka: Business, maji: Business) -> None:
    refusal(TooLong, duka, maji, key="k" * 88)

    assert moved(duka, maji, key="k" * 87)[0].is_new


def test_every_refusal_is_a_bad_transfer() -> None:
    kinds = (SameBusiness, NothingToMove, NotCash, NoCommonOwner, StillToCome)

    assert all(issubclass(kind, BadTransfer) for kind in kinds)


# Several at once

WORKER = """
import sys
from datetime import UTC, date, datetime
from money.actions.books import open_business
from money.actions.transfers import move_between
from money.models import TaxPerson
person, _ = TaxPerson.objects.get_or_create(kra_pin="A001234567Z")
pair = [open_business(tax_person=person, slug=slug, name=slug, trade="retail")
        for slug in ("here", "there")]
way, turn = sys.argv[1:]
giver, taker = pair if way == "there" else reversed(pair)
for step in range(15):
    move_between(giver=giver, taker=taker, giver_code="1000", taker_code="1000", cents=100,
                 occurred_on=date(2026, 11, 22), description="x", key=f"{turn}:{step}",
                 actor=None, posted_at=datetime(2026, 11, 22, 9, tzinfo=UTC))
"""


def test_transfers_both_ways_at_once_do_not_wait_for_each_other_for_ever(
    scratch: Scratch,
) -> None:
    jobs = [("there", "z"), ("there", "a"), ("back", "b"), ("there", "c"), ("back", "b")]

    scratch.run_together(*(("code", WORKER, *job) for job in jobs))

    for slug in ("here", "there"):
        assert scratch.run("verify", slug)[:2] == ["True", "60"]
