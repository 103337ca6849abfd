"""What must equal the books, and what is said where somebody made it differ."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model

from money import triggers
from money.actions.posting import post
from money.chart import Code
from money.drafts import Draft
from money.models import Business, User
from mpesa.models import Payment, Till
from mpesa.verification import verify_inbox
from shops.actions.inbox import hold_as_credit, match_to_sale, undo_match
from shops.actions.settle import take_cash
from shops.models import Method, Sale
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


def paid_in_cash(duka: Business, by: User) -> Sale:
    return take_cash(sale_id=make.a_sale(duka).pk, given_cents=20_000, by=by, now=NOW)


def paid_by_mpesa(duka: Business, till: Till, by: User) -> tuple[Sale, Payment]:
    payment, sale = make.a_payment(till, amount_cents=30_000), make.a_sale(duka)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="k" * 16, by=by, now=LATER)
    payment.refresh_from_db()
    return sale, payment


def alter(row: Model, **columns: int) -> None:
    """Change a frozen row, as somebody with the database in hand can."""
    connection.check_constraints()
    triggers.drop()
    type(row)._base_manager.filter(pk=row.pk).update(**columns)
    connection.check_constraints()
    triggers.install()


def said() -> list[str]:
    return [f"{one.business}: {one.what}" for one in verify_sales()]


def test_what_the_counter_does_ties(duka: Business, till: Till, amina: User) -> None:
    paid_in_cash(duka, amina)
    make.a_sale(duka)
    sale, payment = paid_by_mpesa(duka, till, amina)
    hold_as_credit(
        payment_id=payment.pk, amount_cents=5_000, note="", key="c" * 16, by=amina, now=LATER
    )
    assert said() == []
    assert verify_inbox() == []

    match = payment.allocations.get(reference=sale.reference)
    undo_match(allocation_id=match.pk, reason="Wrong sale", by=amina, now=LATER)
    assert said() == []
    assert verify_inbox() == []

    take_cash(sale_id=sale.pk, given_cents=20_000, by=amina, now=LATER)
    assert said() == []


@pytest.mark.parametrize(
    "columns", [{"price_cents": 19_000}, {"price_cents": 17_999}, {"quantity_milli": 1_001}]
)
def test_a_line_that_is_not_its_price_by_its_quantity_is_named(
    duka: Business, amina: User, columns: dict[str, int]
) -> None:
    sale = paid_in_cash(duka, amina)
    assert said() == []

    alter(sale.lines.get(), **columns)

    assert said() == [f"duka: sale {sale.pk}: a line is not its quantity's price"]


@pytest.mark.parametrize("milli", [1_001, 1_005, 1_499, 1_500, 333])
def test_a_rounded_line_is_its_price_by_its_quantity(duka: Business, milli: int) -> None:
    sugar = make.a_product(duka, name="Sugar", shillings=1, unit="kg")
    make.a_price(sugar, shillings=3)

    make.a_sale(duka, product=sugar, milli=milli)

    assert said() == []


def test_a_journal_on_the_receivable_stands_beside(duka: Business, amina: User) -> None:
    paid_in_cash(duka, amina)
    lines = [(Code.RECEIVABLE, 7_000), (Code.OPENING_BALANCES, -7_000)]
    draft = Draft(
        business=duka,
        key="journal:1",
        occurred_on=TODAY,
        description="What customers owed before",
        source="",
        actor=amina,
        lines=list(lines),
    )
    post(draft, posted_at=NOW)

    assert said() == []


def test_a_sale_whose_total_was_altered_is_named(duka: Business, amina: User) -> None:
    sale = paid_in_cash(duka, amina)
    alter(sale, total_cents=19_000)

    assert said() == [
        f"duka: sale {sale.pk}: its entry is missing or another one",
        f"duka: sale {sale.pk}: called paid, or owed, and is not",
        "duka: sales owe KES 10, account 1300 says KES 0",
    ]


def test_cash_that_was_altered_is_named(duka: Business, amina: User) -> None:
    tender = paid_in_cash(duka, amina).tenders.get()
    alter(tender, amount_cents=17_000)

    assert said() == [
        f"duka: cash {tender.pk}: its entry is missing or another one",
        f"duka: sale {tender.sale_id}: called paid, or owed, and is not",
        "duka: sales owe KES 10, account 1300 says KES 0",
    ]


def test_an_entry_without_its_sale_is_named(duka: Business, amina: User) -> None:
    for key in ("sale:9999", "cash:9999"):
        draft = Draft(
            business=duka,
            key=key,
            occurred_on=TODAY,
            description="Made by nothing",
            source="",
            actor=amina,
            lines=[(Code.CASH_DRAWER, 500), (Code.SALES_RETAIL, -500)],
        )
        post(draft, posted_at=NOW)

    assert said() == [
        "duka: entry sale:9999: nothing here made it",
        "duka: entry cash:9999: nothing here made it",
    ]


def test_a_tender_without_its_match_is_named(duka: Business, till: Till, amina: User) -> None:
    sale, _ = paid_by_mpesa(duka, till, amina)
    alter(sale.tenders.get(method=Method.MPESA), amount_cents=17_000)

    assert said() == [
        f"duka: sale {sale.pk}: its tenders are not what was matched",
        f"duka: sale {sale.pk}: called paid, or owed, and is not",
    ]


def test_a_match_that_was_made_smaller_unties_the_account(
    duka: Business, till: Till, amina: User
) -> None:
    sale, payment = paid_by_mpesa(duka, till, amina)
    alter(payment.allocations.get(), amount_cents=17_000)
    alter(sale.tenders.get(), amount_cents=17_000)

    assert said() == [
        f"duka: sale {sale.pk}: called paid, or owed, and is not",
        "duka: sales owe KES 10, account 1300 says KES 0",
    ]


def test_an_inbox_that_differs_from_its_account_is_named(till: Till) -> None:
    alter(make.a_payment(till), allocated_cents=1_000)

    assert [one.what for one in verify_inbox()] == ["the inbox holds KES 170, account 2130 KES 180"]


@pytest.mark.long
@pytest.mark.skipif(connection.vendor != "sqlite", reason="It counts SQLite's own steps.")
def test_four_times_the_sales_are_not_sixteen_times_the_work(duka: Business, amina: User) -> None:
    def steps_with(sales: int) -> int:
        while Sale.objects.count() < sales:
            paid_in_cash(duka, amina)
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        connection.connection.set_progress_handler(step, 10)
        try:
            assert verify_sales() == []
        finally:
            connection.connection.set_progress_handler(None, 0)
        return count

    few = steps_with(40)
    assert steps_with(160) < 6 * few


def test_the_number_of_statements_does_not_grow(
    duka: Business, amina: User, django_assert_num_queries
) -> None:
    paid_in_cash(duka, amina)
    with connection.execute_wrapper(counter := Count()):
        verify_sales()
    for _ in range(5):
        paid_in_cash(duka, amina)

    with django_assert_num_queries(counter.statements):
        verify_sales()


class Count:
    statements = 0

    def __call__(self, execute, sql, params, many, context):
        self.statements += 1
        return execute(sql, params, many, context)
