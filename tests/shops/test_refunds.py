"""Refunds: at most what was sold, above a limit with a manager, money back the way it came."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money.models import Business, Entry, Role, User
from money.queries import balances
from mpesa.actions.statement_rows import take_row
from mpesa.models import StatementUpload, Till
from mpesa.statements import Row, RowKind
from shops.actions.drawers import add_drawer, open_session
from shops.actions.giving_up import cancel_sale
from shops.actions.refunds import NeedsApproval, Return, record_payout, refund_sale
from shops.actions.sales import ring_up
from shops.actions.settle import match_payment, take_cash
from shops.cash_verification import verify_cash
from shops.models import CashSession, Refund, Sale
from shops.queries.refunds import payouts_due
from shops.refunding import BadRefund, SoldLine, ways_back
from shops.verification import verify_sales
from tests import make
from tests.make import NOW


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


@pytest.fixture
def sold(duka: Business, baraka: User) -> Callable[[int], Sale]:
    """Sell so many of a thing at KES 180 for cash."""

    def sell(pieces: int = 1) -> Sale:
        sale = make.a_sale(duka, milli=pieces * 1000)
        return take_cash(sale_id=sale.pk, given_cents=10_000_000, by=baraka, now=NOW)

    return sell


def back(sale: Sale, milli: int, by: User, *, key: str = "back-key-1", **more: object) -> Refund:
    line = sale.lines.get()
    wish = Return(key=key, lines={line.pk: milli}, reason="Torn", is_restocked=False)
    return refund_sale(sale_id=sale.pk, wish=wish, by=by, now=NOW, **more)  # type: ignore[arg-type]


def ties() -> bool:
    return [*verify_sales(), *verify_cash()] == []


def test_a_refund_posts_what_was_sold_the_other_way(
    duka: Business, amina: User, sold: Callable[[int], Sale]
) -> None:
    sale = sold(2)

    refund = back(sale, 1_000, amina)

    assert (refund.number, refund.total_cents, refund.vat_cents) == (1, 18_000, 2_483)
    assert make.taxed_lines_of(f"refund:{refund.pk}") == [
        ("4110", 15_517, "B"),
        ("2200", 2_483, "B"),
        ("1000", -18_000, ""),
    ]
    assert balances(duka)["1000"] == 18_000
    assert ties()


def test_no_more_comes_back_than_was_sold(amina: User, sold: Callable[[int], Sale]) -> None:
    sale = sold(3)
    back(sale, 2_000, amina)

    with pytest.raises(BadRefund, match="less left on this receipt"):
        back(sale, 2_000, amina, key="back-key-2")
    last = back(sale, 1_000, amina, key="back-key-3")

    assert last.number == 2
    assert sum(sale.refunds.values_list("total_cents", flat=True)) == sale.total_cents
    assert sum(sale.refunds.values_list("vat_cents", flat=True)) == sale.vat_cents


def test_one_key_is_one_refund(amina: User, sold: Callable[[int], Sale]) -> None:
    sale = sold(2)

    assert back(sale, 1_000, amina) == back(sale, 1_000, amina)


def test_above_the_limit_a_manager_agrees(
    duka: Business, baraka: User, sold: Callable[[int], Sale]
) -> None:
    manager = make.a_user("otieno", duka=Role.MANAGER)
    sale = sold(1)

    with pytest.raises(NeedsApproval, match="KES 180 on one receipt"):
        back(sale, 1_000, baraka)
    with pytest.raises(NeedsApproval):
        back(sale, 1_000, baraka, approved_by=make.a_user("other", duka=Role.CASHIER))
    refund = back(sale, 1_000, baraka, approved_by=manager)

    assert (refund.by, refund.approved_by) == (baraka, manager)


def test_a_large_refund_in_small_steps_is_a_large_one(
    duka: Business, sold: Callable[[int], Sale]
) -> None:
    manager = make.a_user("otieno", duka=Role.MANAGER)
    sale = sold(60)
    back(sale, 55_000, manager)

    with pytest.raises(NeedsApproval, match="KES 10,080"):
        back(sale, 1_000, manager, key="back-key-2")


def test_mpesa_goes_back_by_mpesa_and_is_due_until_it_is_sent(
    duka: Business, till: Till, amina: User
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    match_payment(payment_id=make.a_payment(till, request=request).pk, now=NOW)
    sale.refresh_from_db()

    refund = back(sale, 1_000, amina)

    (due,) = payouts_due([duka])
    assert make.lines_of(f"refund:{refund.pk}")[-1] == ("2140", -18_000)
    with pytest.raises(BadRefund, match="Copy Safaricom's code"):
        record_payout(tender_id=due.pk, business=duka, receipt="no", by=amina, now=NOW)
    for _ in range(2):
        record_payout(tender_id=due.pk, business=duka, receipt="ukm9z9z9z9", by=amina, now=NOW)
    assert make.lines_of(f"payout:{due.pk}") == [("2140", 18_000), ("1100", -18_000)]
    assert not payouts_due([duka]).exists()
    assert ties()


def test_what_is_not_paid_is_not_given_back(duka: Business, amina: User) -> None:
    with pytest.raises(BadRefund, match="Only what is paid"):
        back(make.a_sale(duka), 1_000, amina)


@given(
    st.integers(1, 10**7),
    st.lists(st.integers(1, 5_000), min_size=1, max_size=8),
    st.sampled_from([0, 800, 1_600]),
)
def test_parts_of_a_line_re_add(amount: int, parts: list[int], rate: int) -> None:
    vat = amount * rate // (10_000 + rate)
    line = SoldLine(1, "Thing", sum(parts), amount, vat)

    for part in parts:
        cents, tax = line.part_of(part)
        assert 0 <= tax <= cents
        line = SoldLine(
            1,
            "Thing",
            line.quantity_milli,
            amount,
            vat,
            line.back_milli + part,
            line.back_cents + cents,
            line.back_vat_cents + tax,
        )

    assert (line.left_milli, line.back_cents, line.back_vat_cents) == (0, amount, vat)


def test_money_goes_back_the_way_it_came() -> None:
    came = {"cash": 5_000, "mpesa": 10_000, "credit": 3_000}

    assert ways_back(7_000, came) == [("credit", 3_000), ("cash", 4_000)]
    assert ways_back(7_000, came, "mpesa") == [("mpesa", 7_000)]
    assert ways_back(18_000, came, "mpesa") == [
        ("mpesa", 10_000),
        ("credit", 3_000),
        ("cash", 5_000),
    ]
    with pytest.raises(BadRefund):
        ways_back(18_001, came)


def test_a_code_that_a_statement_booked_is_no_payout(
    duka: Business, amina: User, till: Till
) -> None:
    request = make.a_request(till, reference=(sale := make.a_sale(duka)).reference)
    match_payment(payment_id=make.a_payment(till, request=request).pk, now=NOW)
    upload = StatementUpload.objects.create(
        till=till, name="x", sha256="0" * 64, content=b"", state="done", at=NOW
    )
    swept = Row(1, "UKM5SWEEP1", NOW, "Completed", 0, 18_000, None, RowKind.TO_BANK)
    take_row(swept, upload, now=NOW)
    tender = back(sale, 1_000, amina).tenders.get()

    with pytest.raises(BadRefund, match="UKM5SWEEP1 is booked from a statement already"):
        record_payout(tender_id=tender.pk, business=duka, receipt="UKM5SWEEP1", by=amina, now=NOW)

    assert balances(duka)["1100"] == 0


def test_a_drawer_of_the_day_before_takes_nothing_back_before_it_was_sold(
    duka: Business, amina: User, baraka: User
) -> None:
    yesterdays = CashSession.objects.get()
    second = add_drawer(business=duka, name="Second")
    late = datetime(2026, 11, 22, 22, tzinfo=UTC)
    todays = open_session(
        drawer_id=second.pk,
        business=duka,
        key="second-1",
        counts={},
        source="left",
        by=baraka,
        now=late,
    )
    product = make.a_product(duka)

    def rung_up(key: str) -> Sale:
        return ring_up(
            business=duka,
            key=key,
            cart={product.pk: 1_000},
            shown_cents=18_000,
            cashier=baraka,
            sold_on=todays.day,
            session=todays,
            now=late,
        )

    def paid(sale: Sale, part: int | None = None) -> Sale:
        return take_cash(
            sale_id=sale.pk,
            given_cents=18_000,
            part_cents=part,
            by=baraka,
            now=late,
            drawer_id=second.pk,
        )

    refund = back(paid(rung_up("sale-key-1")), 1_000, amina, drawer_id=yesterdays.drawer_id)
    given_up = paid(rung_up("sale-key-2"), 5_000)
    cancel_sale(sale_id=given_up.pk, by=amina, now=late, drawer_id=yesterdays.drawer_id)

    days = dict(Entry.objects.values_list("key", "occurred_on"))
    assert yesterdays.day < todays.day
    assert days[f"refund:{refund.pk}"] == refund.refunded_on == todays.day
    assert days[f"cashback:{given_up.tenders.get().pk}"] == todays.day
    assert ties()
