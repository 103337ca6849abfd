"""Counts and reports as text: what is read from a form, and the Z report in 46 letters a line."""

from datetime import timedelta

import pytest

from money.cents import NotAnAmount
from money.models import Business
from shops.actions.cash_moves import Wish, move_cash
from shops.actions.drawers import close_forgotten, close_session
from shops.actions.settle import take_cash
from shops.cash_reasons import (
    BY_KIND,
    PIECES,
    WAS_OVER,
    WAS_SHORT,
    BadCount,
    counted_cents,
    read_counts,
)
from shops.forms_cash import read_count, read_drawer, read_key, read_left, read_move
from shops.models import CashSession, FloatSource, MoveKind
from shops.z_text import WIDTH, text_of_z, verdict_of
from tests import make
from tests.make import NOW


def test_pieces_are_counted_by_their_value() -> None:
    counts = {str(piece): 1 for piece in PIECES}

    assert counted_cents(counts) == 192_600
    assert read_counts(dict.fromkeys(counts, " 2 ")) == dict.fromkeys(counts, 2)
    assert read_counts({"1000": "0", "500": "", "7": "4", "50": "100000"}) == {"50": 100_000}


@pytest.mark.parametrize("text", ["x", "-1", "1.0", "1e3", "\u0663", "\u00b2", "100001", "0" * 10])
def test_what_is_no_number_of_pieces_is_refused(text: str) -> None:
    with pytest.raises(BadCount, match="Of KES 500: write how many pieces"):
        read_counts({"1000": "1", "500": text})


def test_nothing_at_all_is_no_count() -> None:
    for fields in ({}, {"n-1000": " "}, {"n": "1"}):
        with pytest.raises(BadCount, match="write one 0"):
            read_count(fields)
    assert read_count({"n-1000": "0", "left": "7"}) == {}


def test_what_stays_is_an_amount_or_everything() -> None:
    assert [read_left({}), read_left({"left": " "}), read_left({"left": "1,000"})] == [
        None,
        None,
        100_000,
    ]
    with pytest.raises(NotAnAmount):
        read_left({"left": "most"})


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 65, "a b c d e f", "k" * 8 + "\n", "\u0663" * 8]
)
def test_a_form_has_its_key(key: str) -> None:
    with pytest.raises(BadCount, match="Reload it"):
        read_key({"key": key})


def test_a_move_is_read_from_its_form() -> None:
    fields = {"key": "k" * 16, "what": "in:found", "amount": "1,250.50", "note": "Tray", "z": " 7 "}

    assert read_move(fields, None) == Wish(
        key="k" * 16, kind="in", reason="found", cents=125_050, note="Tray", corrects_z=7
    )
    assert read_move(fields | {"z": "9" * 19}, None).corrects_z is None


def test_a_drawer_is_read_from_a_cookie() -> None:
    assert [read_drawer(text) for text in ("7", "", "x", "\u0663", "-1", "9" * 19)] == [
        7,
        *[None] * 5,
    ]


def test_every_kind_has_reasons_and_each_reason_an_account() -> None:
    assert set(BY_KIND) == set(MoveKind.values)
    assert {reason.code for reason in WAS_SHORT} == {reason.code for reason in WAS_OVER}
    assert "found" not in {reason.code for reason in WAS_SHORT}
    for reasons in (*BY_KIND.values(), WAS_SHORT):
        codes = [reason.code for reason in reasons]
        assert len(codes) == len(set(codes))


@pytest.mark.django_db
def test_every_reason_has_an_account_of_the_chart() -> None:
    business = make.a_business()
    codes = {reason.account_code for reasons in BY_KIND.values() for reason in reasons}

    assert set(business.accounts.filter(code__in=codes).values_list("code", flat=True)) == codes


@pytest.fixture
def shop(db: None) -> Business:
    return make.a_business()


def closed(session: CashSession, shillings: int, left: int | None = None) -> CashSession:
    return close_session(
        session_id=session.pk,
        business=session.business,
        counts={"1": shillings},
        left_cents=left,
        by=make.a_user("baraka"),
        now=NOW + timedelta(hours=9),
    )


def test_a_z_report_as_text(shop: Business) -> None:
    session = make.a_session(shop, shillings=500, source=FloatSource.SAFE)
    by = make.baraka()
    take_cash(sale_id=make.a_sale(shop).pk, given_cents=20_000, by=by, now=NOW)
    wish = Wish(key="drop-key", kind="drop", reason="safe", cents=20_000)
    move_cash(session_id=session.pk, business=shop, wish=wish, by=by, now=NOW)

    session = closed(session, 180, 10_000)

    assert text_of_z(session).splitlines() == [
        "Amina duka",
        "PIN A001234567Z",
        "Z REPORT 1",
        "Day Sunday, 22 November 2026, Drawer",
        "Opened 22 Nov 12:00 by Baraka",
        "Closed 22 Nov 21:00 by Baraka",
        "",
        "KES",
        "Sales (1)                                  180",
        "VAT in it                                    0",
        "Cash (1)                                   180",
        "M-Pesa (0)                                   0",
        "On credit (0)                                0",
        "Discounts given                              0",
        "Sold below the price                         0",
        "",
        "Float                                      500",
        "  of it from the safe                      500",
        "Cash taken                                 180",
        "Customers paid of debts                      0",
        "Given back                                   0",
        "Paid in                                      0",
        "Paid out                                     0",
        "To the safe                               -200",
        "To the bank                                  0",
        "Other entries in the books                   0",
        "EXPECTED                                   480",
        "COUNTED                                    180",
        "OVER/SHORT                                -300",
        "To the safe at the end                     -80",
        "Left in the drawer                         100",
        "",
        "A difference is above the limit of who counted:",
        "a manager's note is needed.",
    ]
    assert max(map(len, text_of_z(session).splitlines())) <= WIDTH + 1


def test_a_report_of_nobody_is_told_as_such(shop: Business) -> None:
    make.a_session(shop)
    (session,) = close_forgotten(now=NOW + timedelta(hours=18), after_hours=18)

    text = text_of_z(session)

    assert "Closed 23 Nov 06:00 by the clock" in text
    assert "NOBODY COUNTED THIS DRAWER" in text
    assert "COUNTED  " not in text
    assert verdict_of(session) == "nobody counted"


@pytest.mark.parametrize(
    ("float_shillings", "counted", "verdict"),
    [
        (500, 500, "it ties"),
        (500, 300, "KES 200 short"),
        (500, 501, "KES 1 over"),
        (450, 450, "it ties, float KES 50 short"),
        (550, 500, "KES 50 short, float KES 50 over"),
    ],
)
def test_a_verdict_in_a_few_words(
    shop: Business, float_shillings: int, counted: int, verdict: str
) -> None:
    closed(make.a_session(shop, shillings=500, source=FloatSource.OWNER), 500)
    session = make.a_session(shop, shillings=float_shillings)

    assert verdict_of(closed(session, counted)) == verdict
