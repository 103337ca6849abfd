"""Loads one business with products and past sales, quickly: what the counter would have to carry.

It needs Django to be set up. The books are left out: the counter does not read them.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from django.db import connection

from money import triggers
from money.actions.books import load_tax_rates, open_business
from money.models import Membership, Role, TaxPerson, User
from shops.actions.drawers import first_drawer, open_session
from shops.models import Barcode, FloatSource, Price, Product, Sale, SaleLine, SaleState

SLUG = "duka"
DAYS = 365
LINES_PER_SALE = 4
BATCH = 20_000
WORDS = ("Maize", "Milk", "Sugar", "Rice", "Soap", "Tea", "Oil", "Bread", "Water", "Salt")
MAKERS = ("Jogoo", "Brookside", "Mumias", "Pishori", "Menengai", "Ketepa", "Fresh Fri", "Supa")
SIZES = ("250 g", "500 g", "1 kg", "2 kg", "500 ml", "1 L", "carton of twelve")


def load(products: int, lines: int, today: date) -> None:
    """Fill an empty, migrated database: `lines` sale lines of the year before `today`."""
    load_tax_rates()
    person = TaxPerson.objects.create(kra_pin="A001234567Z", name="Amina")
    shop = open_business(tax_person=person, slug=SLUG, name="Amina Duka", trade="retail")
    baraka = User.objects.create(username="baraka")
    Membership.objects.create(user=baraka, business=shop, role=Role.CASHIER)
    at = datetime.combine(today, time(6), tzinfo=UTC)
    open_session(
        drawer_id=first_drawer(shop).pk,
        business=shop,
        key="session-1",
        counts={},
        source=FloatSource.LEFT,
        by=baraka,
        now=at,
    )
    _put_on_the_shelf(shop.pk, products, today)
    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    triggers.drop()
    _write(Sale, _sales(shop.pk, baraka.pk, lines // LINES_PER_SALE, today))
    _write(SaleLine, _lines(ids, lines))
    triggers.install()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _put_on_the_shelf(business_id: int, products: int, today: date) -> None:
    """Write products of three prices and a code each."""
    rows = Product.objects.bulk_create(
        Product(
            business_id=business_id,
            name=f"{maker} {word.lower()} {size}, kind {number}",
            tax_class="B",
            sales_account="4040",
        )
        for number, maker, word, size in zip(
            range(products),
            itertools.cycle(MAKERS),
            itertools.cycle(WORDS),
            itertools.cycle(SIZES),
            strict=False,
        )
    )
    Price.objects.bulk_create(
        Price(
            product=row,
            price_cents=5_000 + 100 * (row.pk % 900),
            from_day=today - timedelta(days=days),
            set_at=datetime.combine(today, time(6), tzinfo=UTC),
        )
        for row in rows
        for days in (700, 200, 20)
    )
    Barcode.objects.bulk_create(
        Barcode(business_id=business_id, product=row, code=f"616{row.pk:010d}") for row in rows
    )


def _sales(business_id: int, cashier_id: int, sales: int, today: date) -> Iterator[dict[str, Any]]:
    for number in range(1, sales + 1):
        day = today - timedelta(days=DAYS - DAYS * number // (sales + 1))
        at = datetime.combine(day, time(8), tzinfo=UTC)
        yield {
            "id": number,
            "business_id": business_id,
            "key": f"sale-{number}",
            "state": SaleState.PAID,
            "number": number,
            "sold_on": day,
            "total_cents": 5_000 * LINES_PER_SALE,
            "vat_cents": 0,
            "discount_cents": 0,
            "discount_reason": "",
            "is_vat_registered": False,
            "cashier_id": cashier_id,
            "created_at": at,
            "ended_at": at,
        }


def _lines(product_ids: list[int], lines: int) -> Iterator[dict[str, Any]]:
    """Yield lines whose products sell as goods do: few of them often, all of them sometimes."""
    chance = Random(2026)
    for number in range(lines):
        yield {
            "id": number + 1,
            "sale_id": min(number // LINES_PER_SALE + 1, lines // LINES_PER_SALE),
            "product_id": product_ids[int(len(product_ids) * chance.random() ** 3)],
            "name": "Something",
            "unit": "piece",
            "quantity_milli": 1000,
            "price_cents": 5_000,
            "price_reason": "",
            "amount_cents": 5_000,
            "discount_cents": 0,
            "tax_class": "B",
            "rate_bp": 0,
            "vat_cents": 0,
            "excise_cents": 0,
            "sales_account": "4040",
        }


def _write(model: type[Sale | SaleLine], rows: Iterator[dict[str, Any]]) -> None:
    """Write rows past the ORM: into SQLite in one transaction, into PostgreSQL by COPY."""
    table = model._meta.db_table
    connection.ensure_connection()
    raw = connection.connection
    if connection.vendor == "sqlite":
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("BEGIN")
    for some in _some(rows):
        names = ", ".join(some[0])
        values = [tuple(row.values()) for row in some]
        if connection.vendor == "sqlite":
            marks = ", ".join("?" * len(some[0]))
            raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
            continue
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as to:
            for row in values:
                to.write_row(row)
    if connection.vendor == "sqlite":
        raw.execute("COMMIT")


def _some(rows: Iterator[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
    while some := tuple(itertools.islice(rows, BATCH)):
        yield some
