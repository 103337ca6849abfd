"""Cash sessions: the float counted in, the blind count, the Z report, and what was forgotten."""

from datetime import date, timedelta

import pytest

from money.models import Business, Entry, User
from shops.actions.cash_moves import Wish, bank_safe, correct_session, move_cash, note_session
from shops.actions.drawers import (
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
from shops.models import CashSession, FloatSource
from tests import make
from tests.make import NOW, TODAY

LATER = NOW + timedelta(hours=9)
NIGHT = NOW + timedelta(hours=13)  # one in the morning of the next day


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business(vat_registered_from=date(2024, 1, 1))


@pytest.fixture
def baraka(shop: Business) -> User:
    return make.baraka()


def counted(session: CashSession, by: User, left: int | None = None, **pieces: int) -> CashSession:
    return close_session(
        session_id=session.pk,
        business=session.business,
        counts={name.removeprefix("of_"): number for name, number in pieces.items()},
        left_cents=left,
        by=by,
        now=LATER,
    )


def refusal(session: CashSession, by: User, wish: Wish) -> str:
    with pytest.raises(DrawerRefused) as refused:
        move_cash(session_id=session.pk, business=session.business, wish=wish, by=by, now=NOW)
    return str(refused.value)


def test_no_cash_is_taken_before_the_float_is_counted(shop: Business, baraka: User) -> None:
    sale = make.a_sale(shop)

    with pytest.raises(NoSession, match="Count the float first"):
        take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NOW)

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("source", "account"),
    [(FloatSource.LEFT, "6510"), (FloatSource.SAFE, "1010"), (FloatSource.OWNER, "3000")],
)
def test_a_float_brings_the_drawer_to_what_was_counted(
    shop: Business, source: str, account: str
) -> None:
    make.an_entry(shop, cents=30_000)

    session = make.a_session(shop, shillings=500, source=source)

    assert session.found_cents == 30_000
    assert make.lines_of(f"float:{session.pk}") == [("1000", 20_000), (account, -20_000)]


def test_a_float_that_ties_posts_nothing(shop: Business) -> None:
    make.an_entry(shop, cents=30_000)

    make.a_session(shop, shillings=300)

    assert Entry.objects.count() == 1


def test_a_drawer_is_opened_once(shop: Business, baraka: User) -> None:
    session = make.a_session(shop)

    def again(key: str, **counts: int) -> CashSession:
        return open_session(
            drawer_id=first_drawer(shop).pk,
            business=shop,
            key=key,
            counts=counts,
            source=FloatSource(session.float_source),
            by=baraka,
            now=NOW,
        )

    assert again(session.key) == session
    with pytest.raises(DrawerRefused, match="open already"):
        again("another-key")
    with pytest.raises(DrawerRefused, match="used before"):
        again(session.key, **{"1000": 1})
    counted(session, baraka)
    with pytest.raises(DrawerRefused, match="used before"):
        again(session.key)


def test_a_day_from_float_to_z(shop: Business, baraka: User) -> None:
    session = make.a_session(shop, shillings=1_000, source=FloatSource.OWNER)
    take_cash(sale_id=make.a_sale(shop).pk, given_cents=20_000, by=baraka, now=NOW)
    wish = Wish(key="pay-out-1", kind="out", reason="fuel", cents=5_000, note="Boda to the depot")
    move_cash(session_id=session.pk, business=shop, wish=wish, by=baraka, now=NOW)

    closed = counted(session, baraka, 100_000, of_1000=1, of_50=2, of_10=2)

    assert (closed.z_number, closed.expected_cents, closed.counted_cents) == (1, 113_000, 112_000)
    assert (closed.variance_cents, closed.left_cents, closed.needs_note) == (-1_000, 100_000, False)
    assert make.lines_of(f"count:{session.pk}") == [("1000", -1_000), ("6510", 1_000)]
    assert make.lines_of(f"stow:{session.pk}") == [("1010", 12_000), ("1000", -12_000)]
    assert closed.figures is not None
    assert closed.figures["cash_cents"] == 18_000
    assert verify_cash() == []


def test_a_session_keeps_its_day_over_midnight(shop: Business, baraka: User) -> None:
    make.a_session(shop)
    sale = make.a_sale(shop)

    take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NIGHT)

    assert set(Entry.objects.values_list("occurred_on", flat=True)) == {TODAY}


def test_a_closed_session_stays_as_it_is(shop: Business, baraka: User) -> None:
    session = make.a_session(shop)
    first = counted(session, baraka, of_100=1)

    again = counted(session, baraka, of_100=5)

    assert again.counted_cents == first.counted_cents == 10_000
    assert CashSession.objects.get().z_number == 1


def test_a_variance_above_the_limit_needs_a_note(shop: Business, baraka: User) -> None:
    first = counted(make.a_session(shop), baraka, of_100=2)
    second = counted(make.a_session(shop, shillings=200), baraka, of_100=5)

    assert (first.needs_note, second.needs_note) == (False, True)
    assert second.z_number == 2


def test_a_forgotten_session_is_closed_as_uncounted(shop: Business, baraka: User) -> None:
    session = make.a_session(shop, shillings=100)

    assert close_forgotten(now=NOW + timedelta(hours=17), after_hours=18) == []
    (closed,) = close_forgotten(now=NOW + timedelta(hours=18), after_hours=18)

    assert closed == session
    assert closed.is_uncounted
    assert (closed.z_number, closed.variance_cents, closed.needs_note) == (1, None, True)
    assert close_forgotten(now=NOW + timedelta(hours=19), after_hours=18) == []
    # The next float shows what was in the drawer.
    after = make.a_session(shop, shillings=60, now=NOW + timedelta(hours=20))
    assert after.found_cents == 10_000
    assert make.lines_of(f"float:{after.pk}") == [("1000", -4_000), ("6510", 4_000)]
    assert verify_cash() == []


def test_two_open_drawers_keep_their_cash_apart(shop: Business, baraka: User) -> None:
    make.a_session(shop)
    second = add_drawer(business=shop, name="Back counter")
    open_session(
        drawer_id=second.pk,
        business=shop,
        key="second-key",
        counts={},
        source=FloatSource.LEFT,
        by=baraka,
        now=NOW,
    )
    sale = make.a_sale(shop)

    with pytest.raises(NoSession, match="which one is yours"):
        take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NOW)
    take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NOW, drawer_id=second.pk)

    assert second.account_code == "1000.2"
    tender = sale.tenders.get()
    assert make.lines_of(f"cash:{tender.pk}")[0] == ("1000.2", 18_000)
    assert verify_cash() == []


@pytest.mark.parametrize("kind", ["out", "drop", "bank"])
def test_refusals_tell_no_cashier_what_the_drawer_holds(
    shop: Business, baraka: User, kind: str
) -> None:
    session = make.a_session(shop, shillings=500)
    reason = {"out": "fuel", "drop": "safe", "bank": "bank"}[kind]
    wish = Wish(key="more", kind=kind, reason=reason, cents=50_100, note="More than the books say")

    assert "does not hold that much" in refusal(session, make.amina(), wish)
    move_cash(session_id=session.pk, business=shop, wish=wish, by=baraka, now=NOW)

    closed = counted(session, baraka)
    assert (closed.expected_cents, closed.variance_cents) == (-100, 100)
    assert verify_cash() == []


def test_a_pay_out_stops_at_the_limit(shop: Business, baraka: User) -> None:
    session = make.a_session(shop, shillings=500)

    def wish(cents: int, note: str = "Fuel") -> Wish:
        return Wish(key=f"k-{cents}", kind="out", reason="fuel", cents=cents, note=note)

    assert "You may pay out KES 2,000" in refusal(session, baraka, wish(200_100))
    assert "Write a word about it" in refusal(session, baraka, wish(100, note=" "))
    assert "more than nothing" in refusal(session, baraka, wish(0))


def test_what_was_short_is_corrected_once_it_is_known(shop: Business) -> None:
    owner = make.amina()
    session = counted(make.a_session(shop, shillings=500), owner, of_200=2)

    def corrected(key: str, cents: int) -> None:
        correct_session(
            session_id=session.pk,
            business=shop,
            key=key,
            reason="fuel",
            cents=cents,
            note="The slip was in his pocket",
            by=owner,
            now=LATER,
        )

    corrected("fix-1", 8_000)
    corrected("fix-1", 8_000)
    with pytest.raises(DrawerRefused, match="KES 20 of Z 1 are short and not explained yet"):
        corrected("fix-2", 2_100)

    fix = session.corrections.get()
    assert make.lines_of(f"cashfix:{fix.pk}") == [("6070", 8_000), ("6510", -8_000)]


def test_the_safe_goes_to_the_bank_as_far_as_it_reaches(shop: Business) -> None:
    owner = make.amina()
    session = make.a_session(shop, shillings=900, source=FloatSource.OWNER)
    drop = Wish(key="drop-1", kind="drop", reason="safe", cents=50_000)
    move_cash(session_id=session.pk, business=shop, wish=drop, by=owner, now=NOW)

    with pytest.raises(DrawerRefused, match="KES 500 in the safe"):
        bank_safe(business=shop, key="bank-1", cents=50_100, slip="7", by=owner, now=NOW)
    banked = bank_safe(business=shop, key="bank-1", cents=50_000, slip="7", by=owner, now=NOW)

    assert make.lines_of(f"banked:{banked.pk}") == [("1200", 50_000), ("1010", -50_000)]
    assert verify_cash() == []


def test_a_note_is_for_a_closed_session(shop: Business) -> None:
    owner = make.amina()
    session = make.a_session(shop)

    with pytest.raises(DrawerRefused, match="still open"):
        note_session(session_id=session.pk, business=shop, text="Well", by=owner, now=NOW)
    counted(session, owner, of_1=1)
    note_session(session_id=session.pk, business=shop, text="A coin", by=owner, now=NOW)
    note_session(session_id=session.pk, business=shop, text=" A  coin ", by=owner, now=NOW)

    assert session.notes.count() == 1


def test_a_sale_stands_on_one_z_report(shop: Business, baraka: User) -> None:
    """It is one of the session that it got its receipt in, whatever was opened and closed since."""
    first = make.a_session(shop)
    product = make.a_product(shop)
    sales = [make.a_sale(shop, product=product) for _ in range(2)]
    take_cash(sale_id=sales[0].pk, given_cents=20_000, by=baraka, now=NOW)
    counted(first, baraka)
    second = make.a_session(shop, now=LATER)

    take_cash(sale_id=sales[1].pk, given_cents=20_000, by=baraka, now=LATER)
    counted(second, baraka)

    figures = CashSession.objects.order_by("pk").values_list("figures", flat=True)
    assert [
        (one["sales"], one["sales_cents"], one["cash_cents"], one["first_receipt"])
        for one in figures
        if one
    ] == [(1, 18_000, 18_000, 1), (1, 18_000, 18_000, 2)]


def test_what_a_float_is_less_by_is_large_wherever_it_went(shop: Business, baraka: User) -> None:
    session = make.a_session(shop, shillings=5_000, source=FloatSource.OWNER)
    counts = {"1000": 5}
    for source in (FloatSource.SAFE, FloatSource.OWNER, FloatSource.LEFT):
        close_session(
            session_id=session.pk,
            business=shop,
            counts=counts,
            left_cents=None,
            by=baraka,
            now=NOW,
        )
        session = open_session(
            drawer_id=session.drawer_id,
            business=shop,
            key=f"less-{source}",
            counts={},
            source=source,
            by=baraka,
            now=NOW,
        )
        assert session.needs_note is True
        session = _again(session, shop, baraka)
        assert session.needs_note is False


def _again(session: CashSession, shop: Business, by: User) -> CashSession:
    """Close a drawer that is empty, and open it with 5,000 that the owner brought."""
    close_session(session_id=session.pk, business=shop, counts={}, left_cents=None, by=by, now=NOW)
    return open_session(
        drawer_id=session.drawer_id,
        business=shop,
        key=f"again-{session.pk}",
        counts={"1000": 5},
        source=FloatSource.OWNER,
        by=by,
        now=NOW,
    )
