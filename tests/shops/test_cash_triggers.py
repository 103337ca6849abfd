"""What the database itself refuses about cash sessions, by whatever way one comes."""

from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.utils import DatabaseError, IntegrityError

from money.actions.papers import Paper, keep_paper
from money.models import Business, User
from shops.actions.cash_moves import Wish, bank_safe, correct_session, move_cash, note_session
from shops.actions.drawers import add_drawer, close_session
from shops.models import (
    CashMove,
    CashSession,
    Drawer,
    FloatSource,
    Method,
    SafeBanking,
    SessionCorrection,
    SessionNote,
    Tender,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_triggers import needs_postgresql, needs_sqlite, refusal_of

BEGAN = "shops: how a session began is frozen"
CLOSED = "shops: a closed session is never changed"
ROWS = (CashSession, CashMove, SessionNote, SessionCorrection, SafeBanking, Drawer)


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business()


@pytest.fixture
def amina(shop: Business) -> User:
    return make.amina()


@pytest.fixture
def session(shop: Business, amina: User) -> CashSession:
    """Return an open session with a float of 1,000, of which 500 were put into the safe."""
    session = make.a_session(shop, shillings=1_000, source=FloatSource.OWNER)
    drop = Wish(key="drop-key", kind="drop", reason="safe", cents=50_000)
    move_cash(session_id=session.pk, business=shop, wish=drop, by=amina, now=NOW)
    return session


@pytest.fixture
def closed(session: CashSession, amina: User) -> CashSession:
    """Return the session closed, KES 100 short, with a note, a correction and a banking."""
    shop = session.business
    session = close_session(
        session_id=session.pk,
        business=shop,
        counts={"200": 2},
        left_cents=None,
        by=amina,
        now=NOW,
    )
    note_session(session_id=session.pk, business=shop, text="Rain", by=amina, now=NOW)
    correct_session(
        session_id=session.pk,
        business=shop,
        key="fix-key",
        reason="fuel",
        cents=5_000,
        note="A slip",
        by=amina,
        now=NOW,
    )
    bank_safe(business=shop, key="bank-key", cents=20_000, slip="7", by=amina, now=NOW)
    return session


def said_of(row: models.Model) -> str:
    with pytest.raises((IntegrityError, DatabaseError)) as refusal, transaction.atomic():
        row.save(force_insert=True)
    return str(refusal.value).splitlines()[0]


@pytest.mark.parametrize(
    "change",
    [
        "closed_at = NULL, closed_by_id = NULL, z_number = NULL",
        "counted_cents = counted_cents + 1, variance_cents = variance_cents + 1",
        "z_number = 99",
        "needs_note = NOT needs_note",
        "figures = '{}'",
        "day = day",
    ],
)
def test_a_closed_session_is_never_changed(closed: CashSession, change: str) -> None:
    assert refusal_of(f"UPDATE shops_cashsession SET {change}") == CLOSED


@pytest.mark.parametrize(
    "change",
    [
        "id = id + 1000",
        "key = 'another'",
        "day = '2020-01-01'",
        "opened_at = '2020-01-01 00:00:00+00'",
        "float_cents = float_cents + 1",
        "float_counts = '{\"1000\": 2}'",
        "float_source = 'safe'",
        "found_cents = found_cents + 1",
    ],
)
def test_how_a_session_began_is_frozen(session: CashSession, change: str) -> None:
    assert refusal_of(f"UPDATE shops_cashsession SET {change}") == BEGAN


def test_a_session_stays_with_its_people_and_places(shop: Business, session: CashSession) -> None:
    maji, chebet = make.a_business(slug="maji"), make.chebet()
    other = add_drawer(business=shop, name="Back")

    assert [
        refusal_of("UPDATE shops_cashsession SET business_id = %s", maji.pk),
        refusal_of("UPDATE shops_cashsession SET drawer_id = %s", other.pk),
        refusal_of("UPDATE shops_cashsession SET opened_by_id = %s", chebet.pk),
    ] == [BEGAN] * 3


def test_a_session_begins_open_and_at_a_drawer_of_its_business(
    shop: Business, closed: CashSession
) -> None:
    maji = make.a_business(slug="maji")
    begins = "shops: a session begins open, at a drawer of its business"
    closed.pk, closed.key, closed.z_number = None, "another", 2

    assert said_of(closed) == begins
    facts: dict[str, Any] = {
        "opened_by": make.chebet(),
        "opened_at": NOW,
        "float_cents": 0,
        "found_cents": 0,
    }
    there = CashSession(
        business=maji, drawer=closed.drawer, key="theirs", day=TODAY, float_source="left", **facts
    )
    assert said_of(there) == begins


def test_cash_moves_in_an_open_session_alone(closed: CashSession) -> None:
    move = CashMove.objects.get()
    move.pk, move.key = None, "another"

    assert said_of(move) == "shops: cash moves in a session that is open"


def test_cash_is_taken_into_an_open_session_of_the_same_business(
    shop: Business, closed: CashSession
) -> None:
    sale = make.a_sale(shop)
    theirs = make.a_session(make.a_business(slug="maji"))
    open_here = "shops: cash goes into a drawer that is open, of the same business"

    for session in (closed, theirs, None):
        tender = Tender(
            sale=sale,
            method=Method.CASH,
            amount_cents=18_000,
            given_cents=18_000,
            session=session,
            taken_at=NOW,
        )
        assert said_of(tender) == open_here


def test_what_a_move_corrects_is_a_closed_session_of_its_business(
    closed: CashSession, shop: Business, amina: User
) -> None:
    maji = make.a_business(slug="maji")
    theirs = make.a_session(maji)
    picture = Paper("a.png", "image/png", b"\x89PNG\r\n\x1a\n")
    facts: dict[str, Any] = {
        "session": theirs,
        "kind": "in",
        "reason": "found",
        "account_code": "6510",
        "amount_cents": 100,
        "by": amina,
        "at": NOW,
    }
    of_its_business = "shops: what a move corrects, and its paper, are of its business"

    assert [
        said_of(CashMove(key="a", corrects=closed, **facts)),
        said_of(CashMove(key="b", corrects=theirs, **facts)),
        said_of(CashMove(key="c", paper=keep_paper(picture, shop, by=amina, at=NOW), **facts)),
    ] == [of_its_business] * 3


def test_only_a_closed_session_is_explained(closed: CashSession, shop: Business) -> None:
    still_open = make.a_session(shop)
    note, fix = SessionNote.objects.get(), SessionCorrection.objects.get()
    note.pk, note.session = None, still_open
    fix.pk, fix.key, fix.session = None, "another", still_open

    assert [said_of(note), said_of(fix)] == ["shops: only a closed session is explained"] * 2


@pytest.mark.parametrize("change", ["account_code = '1000.7'", "id = id + 1000"])
def test_a_drawer_keeps_its_account(session: CashSession, change: str) -> None:
    said = refusal_of(f"UPDATE shops_drawer SET {change}")

    assert said == "shops: a drawer keeps its business and its account"


def test_a_drawer_may_get_another_name(session: CashSession) -> None:
    session.drawer.name = "Front"
    session.drawer.save()

    assert Drawer.objects.get().name == "Front"


@pytest.mark.parametrize("model", ROWS)
def test_nothing_of_cash_is_deleted(closed: CashSession, model: type[models.Model]) -> None:
    table = model._meta.db_table

    said = refusal_of(f"DELETE FROM {table}")

    assert said.startswith(("shops: what cash did is frozen", "shops: a session is kept"))


@pytest.mark.parametrize("model", ROWS[1:5])
def test_what_cash_did_is_frozen(closed: CashSession, model: type[models.Model]) -> None:
    said = refusal_of(f"UPDATE {model._meta.db_table} SET by_id = by_id")

    assert said.startswith("shops: what cash did is frozen")


@needs_postgresql
@pytest.mark.parametrize("model", ROWS)
@pytest.mark.django_db
def test_truncate_is_refused(model: type[models.Model]) -> None:
    assert refusal_of(f"TRUNCATE {model._meta.db_table} CASCADE").startswith("shops: ")


@needs_sqlite
@pytest.mark.parametrize("model", ROWS)
def test_insert_or_replace_is_refused(closed: CashSession, model: type[models.Model]) -> None:
    table = model._meta.db_table

    said = refusal_of(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")

    assert said in {
        "shops: this row exists already",
        "shops: a session with this id or key exists, or this drawer is open",
        "shops: cash moves in a session that is open",
    }


@needs_sqlite
@pytest.mark.parametrize("model", [CashMove, SessionCorrection, SafeBanking])
def test_insert_or_replace_by_the_key_is_refused(
    closed: CashSession, shop: Business, model: type[models.Model]
) -> None:
    table = model._meta.db_table
    columns = [field.column for field in model._meta.local_fields if field.column != "id"]
    again = make.a_session(shop) if model is CashMove else closed
    values = ", ".join(str(again.pk) if c == "session_id" else f'"{c}"' for c in columns)
    names = ", ".join(f'"{column}"' for column in columns)

    said = refusal_of(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {values} FROM {table}")

    assert said == "shops: this row exists already"


@needs_sqlite
@pytest.mark.parametrize("taken", ["name", "account_code"])
def test_insert_or_replace_takes_no_drawer_away(session: CashSession, taken: str) -> None:
    values = {"name": "Back", "account_code": "1000.2"} | {taken: getattr(session.drawer, taken)}

    said = refusal_of(
        "INSERT OR REPLACE INTO shops_drawer (business_id, name, account_code) VALUES (%s, %s, %s)",
        session.business_id,
        *values.values(),
    )

    assert said == "shops: this row exists already"


@needs_sqlite
def test_update_or_replace_takes_no_name_away(session: CashSession) -> None:
    add_drawer(business=session.business, name="Back")

    said = refusal_of("UPDATE OR REPLACE shops_drawer SET name = 'Drawer' WHERE name = 'Back'")

    assert said == "shops: this row exists already"
    assert Drawer.objects.count() == 2


@needs_sqlite
def test_update_or_replace_takes_no_z_number_away(closed: CashSession) -> None:
    make.a_session(closed.business)

    said = refusal_of(
        "UPDATE OR REPLACE shops_cashsession SET z_number = 1, closed_at = opened_at,"
        " expected_cents = 0, other_cents = 0, figures = '{}' WHERE closed_at IS NULL"
    )

    assert said == "shops: this Z number is taken"
    assert CashSession.objects.get(z_number=1) == closed


@needs_postgresql
def test_replica_mode_walks_past_no_trigger(closed: CashSession) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")

    assert refusal_of("UPDATE shops_cashsession SET z_number = 99") == CLOSED
