"""What people might do to a drawer to hide, to take, or by accident; and what comes of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from money.actions.periods import close_day
from money.models import Business, Entry, User
from money.queries import balances_of
from shops.actions.cash_moves import Wish, bank_safe, correct_session, move_cash
from shops.actions.drawers import (
    MOST_DRAWERS,
    DrawerRefused,
    NoSession,
    add_drawer,
    close_forgotten,
    close_session,
    first_drawer,
    open_session,
)
from shops.actions.settle import take_cash
from shops.cash_verification import verify_cash
from shops.models import CashMove, CashSession, Drawer, FloatSource
from shops.queries.cash import left_to_explain, session_at, unexplained
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_drawers import LATER, NIGHT, counted, refusal


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business(vat_registered_from=date(2024, 1, 1))


@pytest.fixture
def baraka(shop: Business) -> User:
    return make.baraka()


def over_and_short(shop: Business) -> int:
    return balances_of([shop], "6510").get(shop.pk, 0)


def paid_in(session: CashSession, by: User, cents: int, z: int | None, key: str = "found") -> None:
    wish = Wish(
        key=key, kind="in", reason="found", cents=cents, note="Under the tray", corrects_z=z
    )
    move_cash(session_id=session.pk, business=session.business, wish=wish, by=by, now=NOW)


def corrected(session: CashSession, key: str, reason: str, cents: int) -> None:
    correct_session(
        session_id=session.pk,
        business=session.business,
        key=key,
        reason=reason,
        cents=cents,
        note="Known now",
        by=make.a_user("amina"),
        now=LATER,
    )


def short_by_100(shop: Business, baraka: User) -> CashSession:
    """Return a closed session with a float of 500 of which 400 were counted."""
    session = make.a_session(shop, shillings=500, source=FloatSource.OWNER)
    return counted(session, baraka, of_200=2)


# What is found, or goes missing, between two counts


def test_what_is_found_belongs_to_a_z_that_was_short_of_it(shop: Business, baraka: User) -> None:
    first = short_by_100(shop, baraka)
    session = make.a_session(shop, shillings=400)

    for cents, z, said in (
        (5_000, None, "Write the number"),
        (5_000, 99, "Write the number"),
        (10_100, 1, "Z 1 is not short of that much"),
    ):
        with pytest.raises(DrawerRefused, match=said):
            paid_in(session, baraka, cents, z)
    paid_in(session, baraka, 6_000, 1)
    with pytest.raises(DrawerRefused, match="Z 1 is not short of that much"):
        paid_in(session, baraka, 4_100, 1, key="more")

    move = first.found_later.get()
    assert make.lines_of(f"cashmove:{move.pk}") == [("1000", 6_000), ("6510", -6_000)]
    with pytest.raises(DrawerRefused, match="KES 40 of Z 1 are short"):
        corrected(first, "fix", "fuel", 4_100)
    assert verify_cash() == []


def test_who_was_short_hides_it_by_no_found_money(shop: Business, baraka: User) -> None:
    """What is paid in on paper alone is missing at the next count."""
    short_by_100(shop, baraka)
    session = make.a_session(shop, shillings=400)

    paid_in(session, baraka, 10_000, 1)
    closed = counted(session, baraka, of_200=2)

    assert closed.variance_cents == -10_000
    assert over_and_short(shop) == 10_000


def test_what_is_found_of_an_uncounted_session_is_taken(shop: Business, baraka: User) -> None:
    make.a_session(shop, shillings=100, source=FloatSource.OWNER)
    (forgotten,) = close_forgotten(now=NOW + timedelta(hours=18), after_hours=18)
    session = make.a_session(shop, shillings=40)

    paid_in(session, baraka, 6_000, forgotten.z_number)

    assert over_and_short(shop) == 0
    assert verify_cash() == []


def test_what_went_missing_overnight_needs_a_note(shop: Business, baraka: User) -> None:
    counted(make.a_session(shop, shillings=500, source=FloatSource.OWNER), baraka, of_500=1)
    morning = make.a_session(shop, shillings=200)

    closed = counted(morning, baraka, of_200=1)

    assert (closed.variance_cents, closed.float_off_cents) == (0, -30_000)
    assert closed.needs_note
    assert list(unexplained([shop])) == [closed]


@pytest.mark.parametrize(
    ("shillings", "source", "needed"),
    [
        (400, FloatSource.LEFT, "nothing"),
        (200, FloatSource.LEFT, "a note"),
        (3_000, FloatSource.OWNER, "nothing"),
        (200, FloatSource.OWNER, "nothing"),
        (200, FloatSource.SAFE, "nothing"),
    ],
)
def test_a_float_that_differs_by_much_needs_a_note(
    shop: Business, baraka: User, shillings: int, source: str, needed: str
) -> None:
    counted(make.a_session(shop, shillings=500, source=FloatSource.OWNER), baraka, of_500=1)

    session = make.a_session(shop, shillings=shillings, source=source)

    assert session.needs_note is (needed == "a note")


def test_the_owner_is_no_way_to_take_a_large_float(shop: Business, baraka: User) -> None:
    counted(make.a_session(shop, shillings=5_000, source=FloatSource.OWNER), baraka, of_1000=5)

    session = make.a_session(shop, shillings=100, source=FloatSource.OWNER)

    assert session.needs_note
    assert make.lines_of(f"float:{session.pk}") == [("1000", -490_000), ("3100", 490_000)]


def test_float_and_count_are_explained_apart(shop: Business, baraka: User) -> None:
    session = counted(make.a_session(shop, shillings=300), baraka, of_200=1)

    assert left_to_explain(session) == (10_000, 30_000)
    corrected(session, "one", "owner_in", -30_000)
    corrected(session, "two", "fuel", 10_000)
    assert left_to_explain(session) == (0, 0)
    assert over_and_short(shop) == 0
    with pytest.raises(DrawerRefused, match="KES 0 of Z 1 are over"):
        corrected(session, "three", "owner_in", -100)


def test_a_pay_out_that_was_mistyped_is_corrected(shop: Business, baraka: User) -> None:
    session = make.a_session(shop, shillings=1_000, source=FloatSource.OWNER)
    typed = Wish(key="typo", kind="out", reason="fuel", cents=50_000, note="Fuel, 50 in truth")
    move_cash(session_id=session.pk, business=shop, wish=typed, by=baraka, now=NOW)
    closed = counted(session, baraka, of_50=19)
    assert closed.variance_cents == 45_000

    corrected(closed, "fix", "fuel", -45_000)

    assert (over_and_short(shop), balances_of([shop], "6070")) == (0, {shop.pk: 5_000})


# A form that comes again


def test_a_move_by_a_used_form_that_says_something_else_is_refused(
    shop: Business, baraka: User
) -> None:
    session = make.a_session(shop, shillings=500, source=FloatSource.OWNER)
    fuel = Wish(key="one-key", kind="out", reason="fuel", cents=5_000, note="Fuel")
    move_cash(session_id=session.pk, business=shop, wish=fuel, by=baraka, now=NOW)
    theirs = make.a_session(make.a_business(slug="maji"))

    for place, wish in (
        (session, replace(fuel, cents=6_000)),
        (session, replace(fuel, reason="repairs")),
        (session, replace(fuel, note="Repairs")),
        (theirs, fuel),
    ):
        assert "used before" in refusal(place, make.a_user("amina", maji="manager"), wish)
        User.objects.get(username="amina").memberships.all().delete()
    move_cash(session_id=session.pk, business=shop, wish=fuel, by=baraka, now=NOW)

    assert CashMove.objects.count() == 1


def test_a_banking_by_a_used_form_that_says_something_else_is_refused(
    shop: Business, baraka: User
) -> None:
    session = make.a_session(shop, shillings=500, source=FloatSource.OWNER)
    drop = Wish(key="drop-1", kind="drop", reason="safe", cents=30_000)
    move_cash(session_id=session.pk, business=shop, wish=drop, by=baraka, now=NOW)
    maji = make.a_business(slug="maji")

    def banked(business: Business, cents: int, slip: str = "7") -> None:
        bank_safe(business=business, key="bank-1", cents=cents, slip=slip, by=baraka, now=NOW)

    banked(shop, 10_000)
    banked(shop, 10_000)
    for business, cents, slip in ((shop, 20_000, "7"), (maji, 10_000, "7"), (shop, 10_000, "8")):
        with pytest.raises(DrawerRefused, match="used before"):
            banked(business, cents, slip)

    assert balances_of([shop], "1200") == {shop.pk: 10_000}


def test_a_correction_by_a_used_form_that_says_something_else_is_refused(
    shop: Business, baraka: User
) -> None:
    first = short_by_100(shop, baraka)
    second = counted(make.a_session(shop, shillings=400), baraka, of_200=1)
    corrected(first, "fix-1", "fuel", 5_000)
    corrected(first, "fix-1", "fuel", 5_000)

    for session, reason, cents in (
        (second, "fuel", 5_000),
        (first, "fuel", 4_000),
        (first, "repairs", 5_000),
    ):
        with pytest.raises(DrawerRefused, match="used before"):
            corrected(session, "fix-1", reason, cents)

    assert over_and_short(shop) == 25_000


# Another drawer, another day, another business


def test_cash_of_a_closed_drawer_is_not_booked_into_another(shop: Business, baraka: User) -> None:
    make.a_session(shop)
    back = add_drawer(business=shop, name="Back counter")
    sale = make.a_sale(shop)

    with pytest.raises(NoSession, match="Back counter is closed"):
        take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NOW, drawer_id=back.pk)

    assert session_at(shop, back.pk) is None


def test_a_browser_that_works_elsewhere_too_sells_here(shop: Business, baraka: User) -> None:
    session = make.a_session(shop)
    theirs = first_drawer(make.a_business(slug="maji"))

    take_cash(
        sale_id=make.a_sale(shop).pk, given_cents=20_000, by=baraka, now=NOW, drawer_id=theirs.pk
    )

    assert session_at(shop, theirs.pk) == session
    assert session.tenders.count() == 1


def test_a_session_over_a_closed_day_goes_on(shop: Business, baraka: User) -> None:
    session = make.a_session(shop, shillings=100, source=FloatSource.OWNER)
    close_day(business=shop, day=TODAY, actor=None, at=NIGHT)

    take_cash(sale_id=make.a_sale(shop).pk, given_cents=20_000, by=baraka, now=NIGHT)
    out = Wish(key="night", kind="out", reason="fuel", cents=1_000, note="Way home")
    move_cash(session_id=session.pk, business=shop, wish=out, by=baraka, now=NIGHT)
    closed = close_session(
        session_id=session.pk,
        business=shop,
        counts={"200": 1},
        left_cents=5_000,
        by=baraka,
        now=NIGHT,
    )

    assert (closed.day, closed.expected_cents, closed.variance_cents) == (TODAY, 27_000, -7_000)
    late = Entry.objects.filter(late_for=TODAY)
    assert {entry.occurred_on for entry in late} == {TODAY + timedelta(days=1)}
    assert sorted(entry.key.partition(":")[0] for entry in late) == [
        "cash",
        "cashmove",
        "count",
        "sale",
        "stow",
    ]
    assert [*verify_cash(), *verify_sales()] == []


def test_another_business_is_not_reached(shop: Business, baraka: User) -> None:
    theirs = make.a_session(make.a_business(slug="maji"))
    wish = Wish(key="k", kind="out", reason="fuel", cents=100, note="Fuel")
    facts: dict[str, Any] = {"business": shop, "by": baraka, "now": NOW}

    with pytest.raises(DrawerRefused, match="no such session"):
        move_cash(session_id=theirs.pk, wish=wish, business=shop, by=baraka, now=NOW)
    with pytest.raises(DrawerRefused, match="no such session"):
        close_session(session_id=theirs.pk, counts={}, left_cents=None, **facts)
    with pytest.raises(DrawerRefused, match="no such drawer"):
        open_session(drawer_id=theirs.drawer_id, key="k", counts={}, source="left", **facts)

    assert (CashMove.objects.count(), CashSession.objects.count()) == (0, 1)


# What makes no sense


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"kind": "in"}, "Choose what"),
        ({"kind": "lent"}, "Choose what"),
        ({"kind": "", "reason": ""}, "Choose what"),
        ({"kind": "drop"}, "Choose what"),
        ({"kind": "bank", "reason": "safe"}, "Choose what"),
        ({"cents": -100}, "more than nothing"),
        ({"cents": 100_000_100}, "at most KES 1,000,000"),
        ({"note": "x" * 201}, "more than 200 letters"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(
    shop: Business, baraka: User, but: dict[str, object], said: str
) -> None:
    wish = Wish(key="k", kind="out", reason="fuel", cents=100, note="Fuel")

    assert said in refusal(make.a_session(shop), baraka, replace(wish, **but))  # type: ignore[arg-type]


def test_a_closed_session_takes_no_move(shop: Business, baraka: User) -> None:
    session = counted(make.a_session(shop), baraka)
    wish = Wish(key="k", kind="in", reason="owner_in", cents=100, note="Change")

    assert "session is closed" in refusal(session, baraka, wish)


@pytest.mark.parametrize("left", [-1, 20_100])
def test_no_more_stays_than_was_counted(shop: Business, baraka: User, left: int) -> None:
    with pytest.raises(DrawerRefused, match="at most what was counted"):
        counted(make.a_session(shop), baraka, left, of_200=1)


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "Drawer"])
def test_a_drawer_has_a_name_of_its_own(shop: Business, name: str) -> None:
    with pytest.raises(DrawerRefused):
        add_drawer(business=shop, name=name)

    assert Drawer.objects.count() <= 1


def test_a_business_has_so_many_drawers(shop: Business) -> None:
    for number in range(MOST_DRAWERS - 1):
        add_drawer(business=shop, name=f"Drawer {number}")

    with pytest.raises(DrawerRefused, match="at most 20 drawers"):
        add_drawer(business=shop, name="One more")
