"""Each named constraint of cash drawers is broken once, with the triggers out of the way."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from money import triggers
from money.models import Business
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
from tests.shops.test_constraints import refused_by, unique_of


@pytest.fixture
def shop(db: None) -> Business:
    """Make a shop and leave the constraints alone; the test's rollback brings triggers back."""
    triggers.drop()
    return make.a_business()


def a_drawer(shop: Business, **but: Any) -> Drawer:
    return Drawer(business=shop, **({"name": "Drawer", "account_code": "1000"} | but))


def a_session(shop: Business, **but: Any) -> CashSession:
    drawer, _ = Drawer.objects.get_or_create(business=shop, name="Drawer", account_code="1000")
    facts: dict[str, Any] = {
        "drawer": drawer,
        "key": "the-key",
        "day": TODAY,
        "opened_by": make.a_user("baraka"),
        "opened_at": NOW,
        "float_cents": 0,
        "float_source": FloatSource.LEFT,
        "found_cents": 0,
    }
    return CashSession(business=shop, **(facts | but))


def closed(**but: Any) -> dict[str, Any]:
    """Return what closing writes: counted 900 of 1,000, of which 500 stay."""
    facts: dict[str, Any] = {
        "z_number": 1,
        "closed_by": make.a_user("baraka"),
        "closed_at": NOW,
        "expected_cents": 100_000,
        "other_cents": 0,
        "counted_cents": 90_000,
        "variance_cents": -10_000,
        "left_cents": 50_000,
        "figures": {},
    }
    return facts | but


UNCOUNTED = {
    "closed_by": None,
    "counted_cents": None,
    "variance_cents": None,
    "left_cents": None,
}


def a_move(shop: Business, **but: Any) -> CashMove:
    session = a_session(shop)
    session.save()
    facts: dict[str, Any] = {
        "key": "move-key",
        "kind": "out",
        "reason": "fuel",
        "account_code": "6070",
        "amount_cents": 100,
        "by": make.a_user("baraka"),
        "at": NOW,
    }
    return CashMove(session=session, **(facts | but))


def a_correction(shop: Business, **but: Any) -> SessionCorrection:
    session = a_session(shop, **closed())
    session.save()
    facts: dict[str, Any] = {
        "key": "fix-key",
        "reason": "fuel",
        "account_code": "6070",
        "amount_cents": 100,
        "note": "A slip",
        "by": make.a_user("amina"),
        "at": NOW,
    }
    return SessionCorrection(session=session, **(facts | but))


@pytest.mark.parametrize("code", ["1010", "10002", "1001", ""])
def test_a_drawer_has_an_account_of_drawers(shop: Business, code: str) -> None:
    assert refused_by(a_drawer(shop, account_code=code)) == "drawer_account_is_a_drawer"


@pytest.mark.parametrize(
    ("name", "column", "but"),
    [
        ("drawer_name_once_per_business", "name", {"account_code": "1000.2"}),
        ("drawer_account_once_per_business", "account_code", {"name": "Another"}),
    ],
)
def test_a_drawer_is_once_per_business(
    shop: Business, name: str, column: str, but: dict[str, Any]
) -> None:
    a_drawer(shop).save()
    a_drawer(make.a_business(slug="maji")).save()

    assert refused_by(a_drawer(shop, **but)) == unique_of(
        name, "shops_drawer.business_id", f"shops_drawer.{column}"
    )


def test_a_drawer_has_one_open_session(shop: Business) -> None:
    a_session(shop, key="first", **closed()).save()
    a_session(shop, key="second").save()

    said = refused_by(a_session(shop, key="third"))

    assert said == unique_of("cashsession_one_open_per_drawer", "shops_cashsession.drawer_id")


def test_a_z_number_is_once_per_business(shop: Business) -> None:
    a_session(shop, key="first", **closed()).save()
    a_session(make.a_business(slug="maji"), key="theirs", **closed()).save()

    assert refused_by(a_session(shop, key="second", **closed())) == unique_of(
        "cashsession_z_once_per_business",
        "shops_cashsession.business_id",
        "shops_cashsession.z_number",
    )


def test_keys_are_used_once(shop: Business) -> None:
    a_move(shop).save()
    facts: dict[str, Any] = {
        "amount_cents": 100,
        "key": "bank-key",
        "by": make.a_user("amina"),
        "at": NOW,
    }
    SafeBanking(business=shop, **facts).save()
    maji = make.a_business(slug="maji")
    again = CashMove.objects.get()
    again.pk, again.session = None, a_kept(maji)
    rows = (a_session(maji), again, SafeBanking(business=maji, **facts))

    for row in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def a_kept(shop: Business) -> CashSession:
    session = a_session(shop, key="another-key")
    session.save()
    return session


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("cashsession_float_is_not_negative", {"float_cents": -1}),
        ("cashsession_source_is_known", {"float_source": "bank"}),
        ("cashsession_is_closed_wholly", {"z_number": 1}),
        ("cashsession_is_closed_wholly", {"closed_at": NOW}),
        ("cashsession_is_closed_wholly", {"expected_cents": 0}),
        ("cashsession_is_closed_wholly", {"figures": {}}),
    ],
)
def test_an_open_session_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_session(shop, **but)) == name


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("cashsession_is_closed_wholly", {"z_number": None}),
        ("cashsession_is_closed_wholly", {"other_cents": None}),
        ("cashsession_is_closed_wholly", {"figures": None}),
        ("cashsession_is_closed_wholly", UNCOUNTED | {"expected_cents": None}),
        ("cashsession_variance_is_counted_less_expected", {"variance_cents": 10_000}),
        ("cashsession_variance_is_counted_less_expected", {"variance_cents": None}),
        ("cashsession_variance_is_counted_less_expected", {"left_cents": 90_001}),
        ("cashsession_variance_is_counted_less_expected", {"left_cents": -1}),
        ("cashsession_variance_is_counted_less_expected", {"left_cents": None}),
        ("cashsession_variance_is_counted_less_expected", {"counted_cents": None}),
        (
            "cashsession_variance_is_counted_less_expected",
            {"counted_cents": -1, "variance_cents": -100_001, "left_cents": 0},
        ),
        ("cashsession_who_counts_has_a_name", {"closed_by": None}),
    ],
)
def test_a_closed_session_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_session(shop, **closed(**but))) == name


def test_an_uncounted_session_is_kept(shop: Business) -> None:
    a_session(shop, **closed(**UNCOUNTED)).save()

    assert CashSession.objects.get().is_uncounted


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("cashmove_kind_is_known", {"kind": "lent"}),
        ("cashmove_amount_is_positive", {"amount_cents": 0}),
        ("cashmove_amount_is_positive", {"amount_cents": -100}),
    ],
)
def test_a_move_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_move(shop, **but)) == name


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("sessioncorrection_is_of_something", {"amount_cents": 0}),
        ("sessioncorrection_says_why", {"note": ""}),
    ],
)
def test_a_correction_refuses(shop: Business, name: str, but: dict[str, Any]) -> None:
    assert refused_by(a_correction(shop, **but)) == name


def test_a_note_says_something(shop: Business) -> None:
    session = a_kept(shop)
    note = SessionNote(session=session, text="", by=make.a_user("amina"), at=NOW)

    assert refused_by(note) == "sessionnote_says_something"


def test_only_cash_lies_in_a_drawer(shop: Business) -> None:
    session, sale = a_kept(shop), make.a_sale(shop)
    till = make.a_till(shop)
    tender = Tender(
        sale=sale,
        method=Method.MPESA,
        amount_cents=18_000,
        payment=make.a_payment(till),
        session=session,
        taken_at=NOW,
    )

    assert refused_by(tender) == "tender_only_cash_is_in_a_drawer"


@pytest.mark.parametrize("cents", [0, -100])
def test_a_banking_is_of_something(shop: Business, cents: int) -> None:
    facts: dict[str, Any] = {"key": "bank-key", "by": make.a_user("amina"), "at": NOW}

    said = refused_by(SafeBanking(business=shop, amount_cents=cents, **facts))

    assert said == "safebanking_amount_is_positive"
