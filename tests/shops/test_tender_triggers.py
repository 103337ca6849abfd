"""What the database itself refuses about parts, customers and refunds, whatever way one comes."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from money.models import Business, User
from mpesa.models import Till
from shops.actions.credit import (
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.drawers import close_session
from shops.actions.refunds import Return, record_payout, refund_sale
from shops.actions.settle import ask_mpesa, match_payment, take_cash
from shops.models import (
    CashSession,
    Customer,
    CustomerPayment,
    Method,
    Refund,
    RefundLine,
    RefundTender,
    Sale,
    Tender,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_triggers import needs_postgresql, needs_sqlite, refusal_of

FROZEN = "shops: what went back is frozen"
INTO = "shops: cash goes into a drawer that is open, of the same business"
OUT_OF = "shops: cash comes out of a drawer that is open, of the same business"
ONE_BUSINESS = "shops: a customer buys in one business"
TABLES = {
    "shops_refund": Refund,
    "shops_refundline": RefundLine,
    "shops_refundtender": RefundTender,
    "shops_customerpayment": CustomerPayment,
}


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


@pytest.fixture
def wanjiku(duka: Business, amina: User) -> Customer:
    customer = add_customer(business=duka, name="Wanjiku", phone="", by=amina, now=NOW)
    return set_credit_limit(customer_id=customer.pk, business=duka, cents=100_000)


@pytest.fixture
def back(duka: Business, till: Till, amina: User, wanjiku: Customer) -> Refund:
    """Return a refund by all three ways, of what was paid by all three; some debt is paid."""
    sale = make.a_sale(duka)
    take_cash(sale_id=sale.pk, given_cents=5_000, part_cents=5_000, by=amina, now=NOW)
    facts: dict[str, Any] = {"sale_id": sale.pk, "by": amina, "now": NOW, "part_cents": 10_000}
    request = ask_mpesa(key="the-mpesa-key", phone="254700000101", **facts)
    payment = make.a_payment(till, request=request, amount_cents=10_000)
    match_payment(payment_id=payment.pk, now=NOW)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="credit", by=amina, now=NOW)
    receive_from_customer(
        customer_id=wanjiku.pk, business=duka, key="debt", cents=1_000, by=amina, now=NOW
    )
    wish = Return(
        key="back-key-1", lines={sale.lines.get().pk: 1_000}, reason="Torn", is_restocked=False
    )
    return refund_sale(sale_id=sale.pk, wish=wish, by=amina, now=NOW)


def said_to(row: models.Model) -> str:
    """Return what the database says when it refuses a new row."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row.save(force_insert=True)
    return str(refusal.value).splitlines()[0]


def frozen(table: str) -> str:
    return FROZEN if connection.vendor == "sqlite" else f"{FROZEN}: {table}"


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("shops_refund", "total_cents = total_cents + 1"),
        ("shops_refund", "reason = reason"),
        ("shops_refundline", "quantity_milli = 1"),
        ("shops_customerpayment", "amount_cents = 1"),
    ],
)
def test_what_went_back_is_frozen(back: Refund, table: str, change: str) -> None:
    assert refusal_of(f"UPDATE {table} SET {change}") == frozen(table)


@pytest.mark.parametrize("table", TABLES)
def test_what_went_back_is_kept(back: Refund, table: str) -> None:
    assert TABLES[table].objects.exists()
    assert refusal_of(f"DELETE FROM {table}") == frozen(table)


@needs_postgresql
@pytest.mark.parametrize("table", TABLES)
def test_what_went_back_is_not_truncated(back: Refund, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert refusal_of(f"TRUNCATE {table} CASCADE").startswith(FROZEN)


@needs_sqlite
@pytest.mark.parametrize("table", [*TABLES, "shops_customer"])
def test_insert_or_replace_is_refused(back: Refund, table: str) -> None:
    said = refusal_of(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")

    its_own = {"shops_customer": "shops: this customer exists already"}
    assert said == its_own.get(table, "shops: this row exists already")


@needs_sqlite
def test_insert_or_replace_by_another_id_is_refused(back: Refund, wanjiku: Customer) -> None:
    exists = "shops: this row exists already"
    others = {
        Refund: [{"number": 2}, {"key": "another"}],
        RefundLine: [{}],
        CustomerPayment: [{}],
    }
    for model, changes in others.items():
        for change in changes:
            assert replaced(model.objects.get(), **change) == exists
    assert replaced(wanjiku) == "shops: this customer exists already"
    assert replaced(Tender.objects.get(key="credit"), state="open") == (
        "shops: this tender exists already"
    )


def replaced(row: models.Model, **change: Any) -> str:
    """Return what is said when a row is written over by one of another id."""
    fields = {f.column: getattr(row, f.attname) for f in row._meta.fields if not f.primary_key}
    fields |= {name: value for name, value in change.items() if name in fields}
    marks = ", ".join(["%s"] * len(fields))
    names = ", ".join(f'"{name}"' for name in fields)
    table = row._meta.db_table
    return refusal_of(
        f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", *fields.values()
    )


@needs_sqlite
def test_update_or_replace_takes_no_code_and_no_name(
    duka: Business, back: Refund, amina: User
) -> None:
    add_customer(business=duka, name="Njeri", phone="", by=amina, now=NOW)
    due = back.tenders.get(method=Method.MPESA)
    record_payout(tender_id=due.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)

    assert refusal_of("UPDATE OR REPLACE shops_customer SET name = 'Njeri'") == (
        "shops: this customer exists already"
    )
    due.refresh_from_db()
    assert replaced(due) == "shops: this code was noted for another refund"


@pytest.mark.parametrize(
    "change",
    [
        "amount_cents = amount_cents + 1",
        "rounding_cents = 1",
        "method = 'mpesa'",
        "reversed_cents = -1",
    ],
)
def test_a_way_back_is_frozen(back: Refund, change: str) -> None:
    assert refusal_of(f"UPDATE shops_refundtender SET {change}") == FROZEN


@pytest.mark.parametrize(
    "change",
    ["mpesa_receipt = ''", "mpesa_receipt = 'UKM1'", "sent_by_id = NULL", "sent_at = NULL"],
)
def test_a_payout_is_noted_once(duka: Business, back: Refund, amina: User, change: str) -> None:
    due = back.tenders.get(method=Method.MPESA)
    record_payout(tender_id=due.pk, business=duka, receipt="UKM9Z9Z9Z9", by=amina, now=NOW)

    said = refusal_of(f"UPDATE shops_refundtender SET {change} WHERE id = %s", due.pk)

    assert said == FROZEN


def test_what_was_taken_back_only_grows(back: Refund) -> None:
    due = back.tenders.get(method=Method.MPESA)
    back.tenders.filter(pk=due.pk).update(reversed_cents=6_000)

    said = refusal_of("UPDATE shops_refundtender SET reversed_cents = 5999 WHERE id = %s", due.pk)

    assert said == FROZEN


def test_no_more_comes_back_than_was_sold(back: Refund) -> None:
    part = back.lines.get()
    back.pk, back.number, back.key = None, 2, "another"
    back.save(force_insert=True)
    part.pk, part.quantity_milli, part.refund = None, 1, back

    assert said_to(part) == "shops: more comes back than was sold"


def test_a_refund_is_of_lines_of_its_own_receipt(duka: Business, back: Refund) -> None:
    other = make.a_sale(duka).lines.get()
    part = RefundLine(refund=back, line=other, quantity_milli=1_000, amount_cents=100, vat_cents=0)

    assert said_to(part) == "shops: a refund is of lines of its own receipt"


def test_what_comes_back_has_a_receipt_of_the_same_business(
    duka: Business, back: Refund, amina: User
) -> None:
    expected = "shops: what comes back has a receipt of the same business"
    back.pk, back.number, back.key = None, 2, "another"
    back.sale = make.a_sale(duka)

    assert said_to(back) == expected
    back.sale, back.business = Sale.objects.get(number=1), make.a_business(slug="maji")
    assert said_to(back) == expected


def test_cash_comes_out_of_an_open_drawer_of_the_same_business(
    duka: Business, back: Refund, amina: User
) -> None:
    session = CashSession.objects.get()
    way = RefundTender(refund=back, method=Method.CASH, amount_cents=100, session=session)
    debt = CustomerPayment.objects.get()
    debt.pk, debt.key = None, "another"
    part = Tender.objects.get(method=Method.CASH)

    theirs = make.a_session(make.a_business(slug="maji"))
    way.session = debt.session = theirs
    assert (said_to(way), said_to(debt)) == (OUT_OF, INTO)
    take_back = (
        "UPDATE shops_tender SET taken_back_at = taken_at, back_session_id = %s WHERE id = %s"
    )
    assert refusal_of(take_back, theirs.pk, part.pk) == OUT_OF
    close_session(
        session_id=session.pk,
        business=duka,
        counts={},
        left_cents=None,
        by=amina,
        now=NOW,
    )
    way.session = debt.session = session
    assert (said_to(way), said_to(debt)) == (OUT_OF, INTO)
    assert refusal_of(take_back, session.pk, part.pk) == OUT_OF


def test_a_customer_buys_in_one_business(duka: Business, back: Refund, amina: User) -> None:
    maji = make.a_business(slug="maji")
    theirs = add_customer(business=maji, name="Njeri", phone="", by=amina, now=NOW)
    way = RefundTender(refund=back, method=Method.CREDIT, amount_cents=1, customer=theirs)
    tender = Tender(
        sale=make.a_sale(duka),
        method=Method.CREDIT,
        amount_cents=1,
        customer=theirs,
        taken_at=NOW,
    )

    assert (said_to(way), said_to(tender)) == (ONE_BUSINESS, ONE_BUSINESS)
    assert refusal_of("UPDATE shops_customer SET business_id = %s", maji.pk) == (
        "shops: a customer stays with its business"
    )


def test_who_was_erased_stays_erased(wanjiku: Customer, amina: User) -> None:
    gone = {"erased_at": NOW, "erased_by": amina, "is_active": False, "credit_limit_cents": 0}
    Customer.objects.update(**gone)

    said = refusal_of("UPDATE shops_customer SET phone = '254700000101'")

    assert said == "shops: who was erased stays erased"


@pytest.mark.parametrize("column", ["discount_cents = 1", "discount_reason = 'x'"])
def test_a_discount_is_frozen(duka: Business, column: str) -> None:
    make.a_sale(duka)

    assert refusal_of(f"UPDATE shops_sale SET {column}") == "shops: what was rung up is frozen"


@pytest.mark.parametrize("column", ["\"key\" = 'x'", "amount_cents = 1", "taken_at = '2020-01-01'"])
def test_a_part_is_frozen(back: Refund, column: str) -> None:
    pk = back.sale.tenders.get(method=Method.CREDIT).pk

    said = refusal_of(
        f"UPDATE shops_tender SET taken_back_at = taken_at, {column} WHERE id = %s", pk
    )

    assert said == "shops: a tender is frozen"
    assert back.refunded_on == TODAY
