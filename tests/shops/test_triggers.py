"""What the database itself refuses about sales, by whatever way one comes."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from money.models import Business, User
from mpesa.models import Till
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import undo_match
from shops.actions.settle import match_payment, take_cash
from shops.models import Barcode, Method, Sale, SaleLine, SaleState, Tender
from tests import make
from tests.make import NOW, TODAY

ENDED = "shops: a sale that has ended is frozen"
RUNG_UP = "shops: what was rung up is frozen"

needs_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="a statement of SQLite's own"
)
needs_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="a statement of PostgreSQL's own"
)


@pytest.fixture
def paid(duka: Business, baraka: User) -> Sale:
    sale = make.a_sale(duka)
    return take_cash(sale_id=sale.pk, given_cents=20_000, by=baraka, now=NOW)


def refusal_of(sql: str, *values: Any) -> str:
    """Return what the database says when it refuses `sql`."""
    with (
        pytest.raises((IntegrityError, DatabaseError)) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)
    return str(refusal.value).splitlines()[0]


def kept(sqlite: str, table: str) -> str:
    """Return the sentence of a refusal that both databases word in their own way."""
    if connection.vendor == "sqlite":
        return f"shops: {sqlite}"
    return f"shops: rows of {table} are frozen"


@pytest.mark.parametrize("end", ["paid", "cancelled"])
@pytest.mark.parametrize(
    "change",
    ["state = 'open'", "number = 99", "ended_at = NULL", "total_cents = 1", "sold_on = sold_on"],
)
def test_a_sale_that_has_ended_is_frozen(
    duka: Business, baraka: User, end: str, change: str
) -> None:
    sale = make.a_sale(duka)
    if end == "paid":
        take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)
    else:
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    assert refusal_of(f"UPDATE shops_sale SET {change}") == ENDED


@pytest.mark.parametrize(
    "change",
    [
        "id = id + 1000",
        "key = 'another'",
        "sold_on = '2020-01-01'",
        "total_cents = total_cents + 1",
        "vat_cents = vat_cents + 1",
        "is_vat_registered = NOT is_vat_registered",
        "created_at = '2020-01-01 00:00:00+00'",
    ],
)
def test_what_was_rung_up_is_frozen(duka: Business, change: str) -> None:
    make.a_sale(duka)

    assert refusal_of(f"UPDATE shops_sale SET {change}") == RUNG_UP


def test_a_sale_stays_with_its_business_and_cashier(duka: Business) -> None:
    make.a_sale(duka)
    other, chebet = make.a_business(slug="maji"), make.chebet()

    assert refusal_of("UPDATE shops_sale SET business_id = %s", other.pk) == RUNG_UP
    assert refusal_of("UPDATE shops_sale SET cashier_id = %s", chebet.pk) == RUNG_UP


def test_the_orm_cannot_change_or_delete_a_paid_sale(paid: Sale) -> None:
    line, tender = SaleLine.objects.get(), Tender.objects.get()
    rows = (paid, line, tender)

    for row in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
    for model in (Tender, SaleLine, Sale):
        with pytest.raises(Exception, match=r"frozen|kept|protected"), transaction.atomic():
            model.objects.all().delete()

    assert (Sale.objects.get(), SaleLine.objects.get(), Tender.objects.get()) == rows


def test_lines_of_an_open_sale_are_frozen(duka: Business) -> None:
    make.a_sale(duka)

    assert [
        refusal_of("UPDATE shops_saleline SET amount_cents = 1"),
        refusal_of("DELETE FROM shops_saleline"),
    ] == [kept("what was rung up is frozen", "shops_saleline")] * 2


def test_an_open_sale_is_not_deleted(duka: Business) -> None:
    make.a_sale(duka)

    assert refusal_of("DELETE FROM shops_sale") == kept("a sale is kept", "shops_sale")


def test_a_tender_is_frozen(paid: Sale) -> None:
    assert [
        refusal_of("UPDATE shops_tender SET given_cents = given_cents + 1"),
        refusal_of("DELETE FROM shops_tender"),
    ] == ["shops: a tender is frozen", kept("a tender is frozen", "shops_tender")]


def test_a_sale_that_has_ended_gets_no_further_line(paid: Sale) -> None:
    line = paid.lines.get()
    line.pk = None

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        line.save(force_insert=True)

    assert str(refusal.value).splitlines()[0] == ENDED


def test_a_sale_that_has_ended_gets_no_further_tender(paid: Sale) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Tender.objects.create(
            sale=paid, method=Method.CASH, amount_cents=1, given_cents=1, taken_at=NOW
        )

    assert str(refusal.value).splitlines()[0] == ENDED


@pytest.fixture
def lost(duka: Business, till: Till) -> Sale:
    """Return a sale whose payment was taken back."""
    sale = make.a_sale(duka)
    payment = make.a_payment(till, request=make.a_request(till, reference=sale.reference))
    match_payment(payment_id=payment.pk, now=NOW)
    match = payment.allocations.get()
    undo_match(allocation_id=match.pk, reason="Wrong", by=make.amina(), now=NOW)
    sale.refresh_from_db()
    return sale


@pytest.mark.parametrize(
    "change",
    [
        "state = 'open', number = NULL, ended_at = NULL",
        "state = 'cancelled', number = NULL",
        "state = 'paid', number = 99",
        "state = 'paid', ended_at = '2020-01-01 00:00:00+00'",
        "sold_on = sold_on",
    ],
)
def test_an_owed_sale_is_frozen_but_for_being_paid(lost: Sale, change: str) -> None:
    assert lost.state == SaleState.OWED
    assert refusal_of(f"UPDATE shops_sale SET {change}") == ENDED


def test_what_was_rung_up_stays_when_a_sale_is_owed(paid: Sale) -> None:
    assert refusal_of("UPDATE shops_sale SET state = 'owed', total_cents = 1") == RUNG_UP


def test_a_sale_that_was_never_paid_is_not_owed(duka: Business) -> None:
    make.a_sale(duka)

    said = refusal_of("UPDATE shops_sale SET state = 'owed', number = 1, ended_at = created_at")

    assert said == "shops: only what was paid is owed again"


@pytest.mark.parametrize(
    "change", ["taken_back_at = NULL", "taken_back_at = '2020-01-01 00:00:00+00'"]
)
def test_a_tender_is_taken_back_once(lost: Sale, change: str) -> None:
    assert refusal_of(f"UPDATE shops_tender SET {change}") == "shops: a tender is frozen"


def test_a_tender_is_taken_back_as_it_is(paid: Sale) -> None:
    said = refusal_of("UPDATE shops_tender SET taken_back_at = taken_at, amount_cents = 1")

    assert said == "shops: a tender is frozen"


@needs_postgresql
@pytest.mark.parametrize("table", ["shops_sale", "shops_saleline", "shops_tender"])
@pytest.mark.django_db
def test_truncate_is_refused(table: str) -> None:
    assert refusal_of(f"TRUNCATE {table} CASCADE").startswith("shops: rows of shops_")


@needs_postgresql
def test_an_upsert_is_an_update(paid: Sale) -> None:
    line = paid.lines.get()

    said = refusal_of(
        "INSERT INTO shops_saleline SELECT * FROM shops_saleline WHERE id = %s"
        " ON CONFLICT (id) DO UPDATE SET amount_cents = 1",
        line.pk,
    )

    assert said == ENDED


@needs_postgresql
def test_replica_mode_walks_past_no_trigger(paid: Sale) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")

    assert refusal_of("UPDATE shops_sale SET number = 99") == ENDED


@needs_sqlite
@pytest.mark.parametrize("table", ["shops_sale", "shops_saleline", "shops_tender"])
def test_insert_or_replace_is_refused(paid: Sale, table: str) -> None:
    said = refusal_of(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")

    assert (
        said
        == {
            "shops_sale": "shops: a sale with this id, key or number exists already",
            "shops_saleline": "shops: this line exists already",
            "shops_tender": "shops: this tender exists already",
        }[table]
    )


@needs_sqlite
@pytest.mark.parametrize("taken", ["key", "number"])
def test_insert_or_replace_by_another_id_is_refused(paid: Sale, taken: str) -> None:
    fields: dict[str, object] = {
        "key": "another",
        "number": None,
        "state": "open",
        "ended_at": None,
    }
    if taken == "key":
        fields |= {"key": paid.key}
    else:
        fields |= {"number": paid.number, "state": "paid", "ended_at": "2026-11-22"}

    said = refusal_of(
        "INSERT OR REPLACE INTO shops_sale (business_id, key, number, state, ended_at, sold_on,"
        " total_cents, vat_cents, is_vat_registered, cashier_id, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, 100, 0, 0, %s, %s)",
        paid.business_id,
        fields["key"],
        fields["number"],
        fields["state"],
        fields["ended_at"],
        TODAY,
        paid.cashier_id,
        NOW,
    )

    assert said == "shops: a sale with this id, key or number exists already"


@needs_sqlite
def test_insert_or_replace_of_the_tender_of_a_payment_is_refused(
    duka: Business, till: Till
) -> None:
    sale, payment = make.a_sale(duka), make.a_payment(till)
    Tender.objects.create(
        sale=sale, method=Method.MPESA, amount_cents=100, payment=payment, taken_at=NOW
    )

    said = refusal_of(
        "INSERT OR REPLACE INTO shops_tender"
        " (sale_id, method, amount_cents, rounding_cents, payment_id, taken_at)"
        " VALUES (%s, 'mpesa', 100, 0, %s, %s)",
        sale.pk,
        payment.pk,
        NOW,
    )

    assert said == "shops: this tender exists already"


@needs_sqlite
def test_update_or_replace_takes_no_receipt_number_away(duka: Business, paid: Sale) -> None:
    sale = make.a_sale(duka)

    said = refusal_of(
        "UPDATE OR REPLACE shops_sale SET state = 'paid', number = 1, ended_at = created_at"
        " WHERE id = %s",
        sale.pk,
    )

    assert said == "shops: this receipt number is taken"
    assert Sale.objects.get(number=1) == paid


# Prices and codes


PRICE = "shops: a price is followed by another, never changed"
CODE = "shops: a code is taken off and given anew, never changed"
OF_ITS_BUSINESS = "shops: a code is of the business of its product"


def test_a_price_is_never_changed_or_deleted(duka: Business) -> None:
    make.a_product(duka)

    for change in ("price_cents = 1", "from_day = '2020-01-01'", "set_at = set_at"):
        assert refusal_of(f"UPDATE shops_price SET {change}") == PRICE
    assert refusal_of("DELETE FROM shops_price") == PRICE


@needs_postgresql
def test_prices_are_not_truncated(duka: Business) -> None:
    assert refusal_of("TRUNCATE shops_price") == PRICE


@needs_sqlite
def test_a_price_is_not_replaced(duka: Business) -> None:
    make.a_product(duka)

    assert refusal_of(
        "INSERT OR REPLACE INTO shops_price SELECT id, 1, from_day, set_at, product_id, set_by_id"
        " FROM shops_price"
    ) == ("shops: this price exists already")


def test_a_code_is_of_the_business_of_its_product(duka: Business) -> None:
    product, maji = make.a_product(duka), make.a_business(slug="maji")
    insert = "INSERT INTO shops_barcode (business_id, product_id, code) VALUES (%s, %s, '616')"

    assert refusal_of(insert, maji.pk, product.pk) == OF_ITS_BUSINESS
    assert refusal_of(insert, duka.pk, product.pk + 1000) == OF_ITS_BUSINESS
    Barcode.objects.create(business=duka, product=product, code="616")
    assert refusal_of("UPDATE shops_barcode SET business_id = %s", maji.pk) == CODE
    assert refusal_of("UPDATE shops_product SET business_id = %s", maji.pk) == (
        "shops: a product stays with its business"
    )


@needs_sqlite
def test_a_code_is_not_taken_by_replacing(duka: Business) -> None:
    one, other = make.a_product(duka, name="One"), make.a_product(duka, name="Other")
    Barcode.objects.create(business=duka, product=one, code="616")

    assert refusal_of(
        "INSERT OR REPLACE INTO shops_barcode (business_id, product_id, code)"
        " VALUES (%s, %s, '616')",
        duka.pk,
        other.pk,
    ) == ("shops: this code is taken")
