"""What drawers, safe and Z reports must equal, and what is said where somebody made it differ."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from money import triggers
from money.actions.papers import Paper, keep_paper
from money.models import Business, User
from shops.actions.cash_moves import Wish, bank_safe, correct_session, move_cash
from shops.actions.drawers import close_forgotten, close_session
from shops.actions.settle import take_cash
from shops.cash_verification import verify_cash
from shops.models import (
    CashMove,
    CashSession,
    FloatSource,
    Method,
    ReceiptBook,
    SafeBanking,
    SessionCorrection,
    Tender,
)
from tests import make
from tests.make import NOW

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business(vat_registered_from=date(2024, 1, 1))


@pytest.fixture
def amina(shop: Business) -> User:
    return make.amina()


def a_day(shop: Business, by: User, day: int = 0) -> CashSession:
    """Work a day: 1,000 from the safe, a sale of 180, fuel of 50, 300 to the safe; 10 are short."""
    now = NOW + timedelta(days=day)
    session = make.a_session(shop, shillings=1_000, source=FloatSource.SAFE, now=now)
    take_cash(sale_id=make.a_sale(shop).pk, given_cents=20_000, by=by, now=now)
    for kind, reason, cents, paper in (
        ("out", "fuel", 5_000, Paper("slip.png", "", PNG)),
        ("drop", "safe", 30_000, None),
    ):
        wish = Wish(
            key=f"{kind}-{day}", kind=kind, reason=reason, cents=cents, note="Boda", paper=paper
        )
        move_cash(session_id=session.pk, business=shop, wish=wish, by=by, now=now)
    session = close_session(
        session_id=session.pk,
        business=shop,
        counts={"1": 820},
        left_cents=0,
        by=by,
        now=now,
    )
    correct_session(
        session_id=session.pk,
        business=shop,
        key=f"fix-{day}",
        reason="safe",
        cents=400,
        note="Into the safe by mistake",
        by=by,
        now=now,
    )
    bank_safe(business=shop, key=f"bank-{day}", cents=5_000, slip="7", by=by, now=now)
    return session


@pytest.fixture
def session(shop: Business, amina: User) -> CashSession:
    return a_day(shop, amina)


def alter(row: Model, **columns: object) -> None:
    """Change a frozen row, as somebody with the database in hand can."""
    connection.check_constraints()
    triggers.drop()
    type(row)._base_manager.filter(pk=row.pk).update(**columns)
    connection.check_constraints()
    triggers.install()


def said() -> list[str]:
    return [f"{one.business}: {one.what}" for one in verify_cash()]


def test_what_the_drawers_do_ties(session: CashSession, shop: Business, amina: User) -> None:
    make.a_session(shop, shillings=500, now=NOW + timedelta(days=1))
    close_forgotten(now=NOW + timedelta(days=2), after_hours=18)
    make.a_session(shop, shillings=20, source=FloatSource.OWNER, now=NOW + timedelta(days=3))
    make.an_entry(shop, cents=777)

    assert said() == []


def test_what_an_accountant_does_to_the_drawer_stands_beside(
    session: CashSession, shop: Business, amina: User
) -> None:
    opened = make.a_session(shop)
    make.an_entry(shop, cents=5_000, debit="1000", credit="6070")
    closed = close_session(
        session_id=opened.pk, business=shop, counts={}, left_cents=None, by=amina, now=NOW
    )

    assert (closed.expected_cents, closed.other_cents, closed.variance_cents) == (
        5_000,
        5_000,
        -5_000,
    )
    assert said() == []


def test_a_float_that_was_altered_is_named(session: CashSession) -> None:
    alter(session, float_cents=100_100)

    assert said() == [
        "duka: cash sessions moved KES 1 on account 1000, the books say KES 0",
        "duka: cash sessions moved KES 73 on account 1010, the books say KES 74",
        "duka: Z 1: what was expected is not what its rows add up to",
    ]


def test_a_count_that_was_altered_is_named(session: CashSession) -> None:
    alter(session, counted_cents=83_000, variance_cents=0)

    assert said() == ["duka: cash sessions moved KES 84 on account 1010, the books say KES 74"]


def test_what_was_left_altered_is_named(session: CashSession) -> None:
    alter(session, left_cents=1_000)

    assert said() == [
        "duka: cash sessions moved KES 10 on account 1000, the books say KES 0",
        "duka: cash sessions moved KES 64 on account 1010, the books say KES 74",
    ]


def test_a_move_that_was_altered_is_named(session: CashSession) -> None:
    alter(CashMove.objects.get(kind="drop"), amount_cents=29_900)

    assert said() == [
        "duka: cash sessions moved KES 1 on account 1000, the books say KES 0",
        "duka: cash sessions moved KES 73 on account 1010, the books say KES 74",
        "duka: Z 1: what was expected is not what its rows add up to",
    ]


def test_a_tender_in_another_drawer_is_named(session: CashSession, shop: Business) -> None:
    another = make.a_session(shop)

    alter(Tender.objects.get(method=Method.CASH), session_id=another.pk)

    assert said() == ["duka: Z 1: what was expected is not what its rows add up to"]


def test_a_correction_that_was_altered_is_named(session: CashSession) -> None:
    alter(SessionCorrection.objects.get(), amount_cents=500)

    assert said() == ["duka: cash sessions moved KES 75 on account 1010, the books say KES 74"]


def test_a_banking_that_was_altered_is_named(session: CashSession) -> None:
    alter(SafeBanking.objects.get(), amount_cents=5_100)

    assert said() == ["duka: cash sessions moved KES 73 on account 1010, the books say KES 74"]


def test_what_was_expected_altered_is_named(session: CashSession) -> None:
    alter(session, expected_cents=82_000, variance_cents=0)

    assert said() == [
        "duka: cash sessions moved KES 10 on account 1000, the books say KES 0",
        "duka: Z 1: what was expected is not what its rows add up to",
    ]


def test_a_gap_in_the_z_reports_is_named(session: CashSession) -> None:
    alter(session, z_number=2)
    alter(ReceiptBook.objects.get(), last_z_number=2)

    assert said() == ["duka: Z reports have a gap: 1 up to 2"]


def test_a_z_report_that_was_never_counted_is_named(session: CashSession) -> None:
    alter(ReceiptBook.objects.get(), last_z_number=2)

    assert said() == ["duka: Z reports have a gap: 1 up to 1"]


def test_another_paper_is_named(session: CashSession, shop: Business, amina: User) -> None:
    move = CashMove.objects.get(kind="out")
    another = keep_paper(Paper("b.png", "", PNG + b"b"), shop, by=amina, at=NOW)

    alter(move, paper_id=another.pk)

    assert said() == [f"duka: cash move {move.pk} was posted with another paper than it has"]


def test_an_entry_without_a_row_is_named(session: CashSession, shop: Business) -> None:
    make.an_entry(shop, key="cashmove:9999", cents=700)

    assert said() == ["duka: cash sessions moved KES 0 on account 1000, the books say KES 7"]


def test_the_cost_does_not_grow(session: CashSession, shop: Business, amina: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert said() == []
        return len(queries)

    one = cost()
    for day in range(1, 4):
        a_day(shop, amina, day)

    assert cost() == one <= 20
