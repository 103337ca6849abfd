"""Each constraint of counts, transfers and returns is broken once; and what triggers refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from money import triggers
from money.models import Business
from shops.actions.counts import close_count
from shops.actions.levels import counter_of
from shops.actions.opening import add_place
from shops.actions.supplier_returns import GoesBack, send_back
from shops.actions.transfers import Carried, transfer_goods
from shops.models import (
    OpeningStock,
    StockCount,
    StockCountLine,
    StockItem,
    StockTransfer,
    StockTransferLine,
    SupplierReturn,
    SupplierReturnLine,
)
from tests import make
from tests.make import NOW, TODAY
from tests.shops.test_constraints import refused_by, unique_of
from tests.shops.test_counts import opened
from tests.shops.test_stock_constraints import a_location, a_purchase, item_of, place_of
from tests.shops.test_triggers import kept, needs_postgresql, needs_sqlite, refusal_of


@pytest.fixture
def shop(db: None) -> Business:
    """Make a business without triggers; the test's rollback brings them back."""
    triggers.drop()
    return make.a_business()


def _facts(**facts: Any) -> dict[str, Any]:
    return {"key": "the-key", "at": NOW, "by": make.a_user("baraka")} | facts


def an_opening(shop: Business, **but: Any) -> OpeningStock:
    facts: dict[str, Any] = _facts(quantity_milli=1_000, value_cents=0, counted_on=TODAY)
    return OpeningStock(item=item_of(shop), location=place_of(shop), **(facts | but))


def a_count(shop: Business, **but: Any) -> StockCount:
    facts: dict[str, Any] = {
        "key": "the-key",
        "started_by": make.a_user("baraka"),
        "started_at": NOW,
    }
    return StockCount(business=shop, location=place_of(shop), **(facts | but))


def a_count_line(shop: Business, **but: Any) -> StockCountLine:
    count = StockCount.objects.first() or a_count(shop)
    count.save()
    who = make.a_user("baraka")
    facts: dict[str, Any] = {
        "counted_milli": 0,
        "seen_milli": 1,
        "counted_by": who,
        "counted_at": NOW,
    }
    return StockCountLine(count=count, item=item_of(shop), **(facts | but))


def a_transfer(shop: Business, **but: Any) -> StockTransfer:
    store = a_location(shop)
    store.save()
    facts: dict[str, Any] = _facts(from_location=place_of(shop), to_location=store, moved_on=TODAY)
    return StockTransfer(**(facts | but))


def a_transfer_line(shop: Business, **but: Any) -> StockTransferLine:
    transfer = StockTransfer.objects.first() or a_transfer(shop)
    transfer.save()
    item = item_of(shop)
    facts: dict[str, Any] = {"item": item, "to_item": item, "quantity_milli": 1, "value_cents": 0}
    return StockTransferLine(transfer=transfer, **(facts | but))


def a_return(shop: Business, **but: Any) -> SupplierReturn:
    purchase = a_purchase(shop)
    purchase.save()
    facts: dict[str, Any] = _facts(returned_on=TODAY, reason="Wet", total_cents=116, vat_cents=16)
    return SupplierReturn(purchase=purchase, **(facts | but))


def a_return_line(shop: Business, **but: Any) -> SupplierReturnLine:
    note = SupplierReturn.objects.first() or a_return(shop)
    note.save()
    line = note.purchase.lines.first() or note.purchase.lines.create(
        item=item_of(shop), quantity_milli=1_000, net_cents=100, vat_cents=16, tax_class="B"
    )
    facts: dict[str, Any] = {"quantity_milli": 1, "net_cents": 0, "vat_cents": 0, "cost_cents": 0}
    return SupplierReturnLine(supplier_return=note, line=line, **(facts | but))


Maker = Callable[..., models.Model]
WHOLLY = "stockcountline_is_counted_wholly"
DIFFERENCE = "stockcountline_difference_is_counted_less_seen"
VALUE = "stockcountline_value_follows_the_difference"


@pytest.mark.parametrize(
    ("make_row", "name", "but"),
    [
        (an_opening, "openingstock_is_of_something", {"quantity_milli": 0}),
        (an_opening, "openingstock_is_of_something", {"value_cents": -1}),
        (a_count, "stockcount_who_closes_has_a_name", {"closed_at": NOW}),
        (a_count_line, WHOLLY, {"counted_milli": -1}),
        (a_count_line, WHOLLY, {"counted_milli": None}),
        (a_count_line, WHOLLY, {"seen_milli": None}),
        (a_count_line, WHOLLY, {"counted_at": None}),
        (a_count_line, WHOLLY, {"counted_by": None}),
        (a_count_line, DIFFERENCE, {"difference_milli": -2, "value_cents": 0}),
        (a_count_line, VALUE, {"difference_milli": -1}),
        (a_count_line, VALUE, {"difference_milli": -1, "value_cents": 1}),
        (a_count_line, VALUE, {"value_cents": 0}),
        (
            a_count_line,
            VALUE,
            {"counted_milli": 2, "difference_milli": 1, "value_cents": -1},
        ),
        (
            a_count_line,
            VALUE,
            {"counted_milli": 1, "difference_milli": 0, "value_cents": 1},
        ),
        (a_transfer_line, "stocktransferline_is_of_something", {"quantity_milli": 0}),
        (a_transfer_line, "stocktransferline_is_of_something", {"value_cents": -1}),
        (a_return, "supplierreturn_vat_within_total", {"vat_cents": 117}),
        (a_return, "supplierreturn_vat_within_total", {"vat_cents": -1}),
        (a_return, "supplierreturn_says_why", {"reason": ""}),
        (a_return, "supplierreturn_is_not_paid_into_the_drawer", {"paid_to": "1000.2"}),
        (a_return_line, "supplierreturnline_amounts_are_not_negative", {"quantity_milli": 0}),
        (a_return_line, "supplierreturnline_amounts_are_not_negative", {"net_cents": -1}),
        (a_return_line, "supplierreturnline_amounts_are_not_negative", {"vat_cents": -1}),
        (a_return_line, "supplierreturnline_amounts_are_not_negative", {"cost_cents": -1}),
    ],
)
def test_row_is_refused(shop: Business, make_row: Maker, name: str, but: dict[str, Any]) -> None:
    assert refused_by(make_row(shop, **but)) == name


def test_a_transfer_is_between_two_places(shop: Business) -> None:
    transfer = a_transfer(shop, to_location=place_of(shop))

    assert refused_by(transfer) == "stocktransfer_is_between_two_places"


@pytest.mark.parametrize(
    ("make_row", "second", "name", "columns"),
    [
        (
            an_opening,
            {"key": "other"},
            "openingstock_once_per_item_and_location",
            ("item_id", "location_id"),
        ),
        (a_count, {"key": "other"}, "stockcount_one_open_per_location", ("location_id",)),
        (a_count_line, {}, "stockcountline_once_per_item", ("count_id", "item_id")),
        (a_transfer_line, {}, "stocktransferline_once_per_item", ("transfer_id", "item_id")),
        (
            a_return_line,
            {},
            "supplierreturnline_once_per_line",
            ("supplier_return_id", "line_id"),
        ),
    ],
)
def test_row_is_there_once(
    shop: Business, make_row: Maker, second: dict[str, Any], name: str, columns: tuple[str, ...]
) -> None:
    row = make_row(shop)
    row.save()
    table = row._meta.db_table
    row.pk = None
    for column, value in second.items():
        setattr(row, column, value)

    assert refused_by(row) == unique_of(name, *(f"{table}.{column}" for column in columns))


@pytest.mark.parametrize("make_row", [an_opening, a_transfer, a_return, a_count])
def test_key_is_used_once(shop: Business, make_row: Maker) -> None:
    row = make_row(shop)
    row.save()
    row.pk = None

    assert refused_by(row)


def test_rows_name_themselves(shop: Business) -> None:
    rows = [an_opening(shop), a_count(shop), a_transfer(shop), a_return(shop)]
    for row in rows:
        row.save()
    lines = [a_count_line(shop), a_transfer_line(shop), a_return_line(shop)]

    count, note = rows[1], rows[3]
    assert [str(row) for row in (*rows, *lines)] == [
        "1 Bag at the beginning",
        f"Count {count.pk} of Counter",
        "Counter to Store",
        f"Debit note {note.pk}",
        f"Bag in Count {count.pk} of Counter",
        "Bag, Counter to Store",
        "Bag of Wholesaler 7, sent back",
    ]


# Triggers

FROZEN = {
    "openingstock": "what lay there at the beginning is frozen",
    "stocktransfer": "a transfer of stock is frozen",
    "stocktransferline": "a transfer of stock is frozen",
    "supplierreturn": "a debit note is frozen",
    "supplierreturnline": "a debit note is frozen",
}
KEPT = {"stockcount": "a count is kept", "stockcountline": "a line of a count is kept"}
KEYED = ("openingstock", "stockcount", "stocktransfer", "supplierreturn")


@pytest.fixture
def item(duka: Business) -> StockItem:
    """Ten bags at the beginning and five bought; counted, carried, and one sent back."""
    amina = make.amina_of(duka)
    facts: dict[str, Any] = {"by": amina, "now": NOW}
    item = make.counted(make.a_product(duka, tax_class="C"))
    opened(item, 10_000, 100_000)
    purchase = make.a_purchase(make.a_supplier(duka), make.bought(item, 5_000, 50_000))
    count = make.a_count(duka)
    make.counting(count, Maize_flour_2_kg=14_000)
    close_count(count_id=count.pk, business=duka, leaves_rest=False, **facts)
    transfer_goods(
        from_location=counter_of(duka),
        to_location=add_place(business=duka, name="Store", by=amina),
        lines=[Carried(item, item, 1_000)],
        moved_on=TODAY,
        note="",
        key="transfer-key",
        **facts,
    )
    wish = GoesBack(key="return-key", lines={purchase.lines.get().pk: 1_000}, reason="Wet")
    send_back(purchase=purchase, wish=wish, returned_on=TODAY, **facts)
    return item


@pytest.mark.parametrize("table", FROZEN)
def test_what_happened_is_frozen(item: StockItem, table: str) -> None:
    said = kept(FROZEN[table], f"shops_{table}")

    assert refusal_of(f"UPDATE shops_{table} SET id = id") == said
    assert refusal_of(f"DELETE FROM shops_{table}") == said


@pytest.mark.parametrize("table", KEPT)
def test_counts_are_kept_and_frozen_once_closed(item: StockItem, table: str) -> None:
    assert refusal_of(f"DELETE FROM shops_{table}") == kept(KEPT[table], f"shops_{table}")
    closed = "shops: a count that is closed is frozen"
    assert refusal_of(f"UPDATE shops_{table} SET id = id") == closed


@pytest.mark.parametrize(
    "change",
    ["id = id + 1000", "location_id = location_id + 1", "started_at = closed_at", "\"key\" = 'x'"],
)
def test_how_an_open_count_began_is_frozen(duka: Business, item: StockItem, change: str) -> None:
    count = make.a_count(duka)
    said = refusal_of(f"UPDATE shops_stockcount SET {change} WHERE id = {count.pk}")

    assert said == "shops: how a count began is frozen"


def test_a_line_stays_with_its_count_and_item(duka: Business, item: StockItem) -> None:
    count, other = make.a_count(duka), make.counted(make.a_product(duka, name="Bread"))
    said = refusal_of(
        f"UPDATE shops_stockcountline SET item_id = {other.pk} WHERE count_id = {count.pk}"
    )

    assert said == "shops: a line stays with its count and its item"


def test_a_closed_count_takes_no_line(duka: Business, item: StockItem) -> None:
    other = make.counted(make.a_product(duka, name="Bread"))
    count = StockCount.objects.get()

    assert (
        refusal_of(
            "INSERT INTO shops_stockcountline (count_id, item_id) VALUES (%s, %s)",
            count.pk,
            other.pk,
        )
        == "shops: a count that is closed is frozen"
    )


def test_a_count_begins_open_at_a_place_of_its_business(duka: Business, item: StockItem) -> None:
    maji = make.a_business(slug="maji")
    sentence = "shops: a count begins open, at a place of its business"
    copy = (
        'INSERT INTO shops_stockcount (business_id, location_id, "key", started_by_id, started_at,'
        " closed_at, closed_by_id) SELECT business_id, {}, 'x', started_by_id, started_at, {}, {}"
        " FROM shops_stockcount"
    )

    assert refusal_of(copy.format("location_id", "closed_at", "closed_by_id")) == sentence
    assert refusal_of(copy.format(counter_of(maji).pk, "NULL", "NULL")) == sentence


def test_what_moved_has_no_beginning(item: StockItem) -> None:
    triggerless = (
        "INSERT INTO shops_openingstock (item_id, location_id, quantity_milli, value_cents,"
        " counted_on, \"key\", at, by_id) SELECT item_id, to_location_id, 1, 0, moved_on, 'x', at,"
        " by_id FROM shops_stocktransfer t JOIN shops_stocktransferline l ON l.transfer_id = t.id"
    )

    assert refusal_of(triggerless) == "shops: what moved has no beginning any more"


def test_what_is_done_takes_no_line(duka: Business, item: StockItem) -> None:
    other = make.counted(make.a_product(duka, name="Bread"))
    line = (
        "INSERT INTO shops_stocktransferline (transfer_id, item_id, to_item_id, quantity_milli,"
        f" value_cents) SELECT id, {other.pk}, {other.pk}, 1, 0 FROM shops_stocktransfer"
    )

    assert refusal_of(line) == "shops: a transfer that is done takes no line"


def a_line_back(note: SupplierReturn, line_id: int, milli: int) -> str:
    return refusal_of(
        "INSERT INTO shops_supplierreturnline (supplier_return_id, line_id, quantity_milli,"
        " net_cents, vat_cents, cost_cents) VALUES (%s, %s, %s, 0, 0, 0)",
        note.pk,
        line_id,
        milli,
    )


def test_a_debit_note_takes_what_was_bought_and_no_more(duka: Business, item: StockItem) -> None:
    posted = SupplierReturn.objects.get()
    line = posted.purchase.lines.get()
    other = make.a_purchase(make.a_supplier(duka), make.bought(item, 1_000, 1))
    late = "shops: a debit note that is posted takes no line"
    assert a_line_back(posted, other.lines.get().pk, 1) == late
    facts: dict[str, Any] = _facts(returned_on=TODAY, reason="Wet", total_cents=1, vat_cents=0)
    fresh = SupplierReturn.objects.create(purchase=posted.purchase, **facts)

    assert a_line_back(fresh, line.pk, 4_001) == "shops: more goes back than was bought"
    theirs = "shops: what goes back was bought by this purchase"
    assert a_line_back(fresh, other.lines.get().pk, 1) == theirs


@needs_postgresql
@pytest.mark.parametrize("table", [*FROZEN, *KEPT])
def test_nothing_is_truncated(item: StockItem, table: str) -> None:
    connection.check_constraints()
    said = refusal_of(f"TRUNCATE shops_{table} CASCADE")

    assert said.startswith("shops: rows of shops_")


@needs_sqlite
@pytest.mark.parametrize("table", [*FROZEN, *KEPT])
def test_nothing_is_replaced(item: StockItem, table: str) -> None:
    said = refusal_of(f"INSERT OR REPLACE INTO shops_{table} SELECT * FROM shops_{table} LIMIT 1")

    assert said.endswith("exists already")


@needs_sqlite
@pytest.mark.parametrize("table", KEYED)
def test_nothing_is_replaced_by_its_key(item: StockItem, table: str) -> None:
    model = apps.get_model("shops", table)
    columns = ", ".join(f'"{f.column}"' for f in model._meta.local_fields if f.name != "id")

    assert refusal_of(
        f"INSERT OR REPLACE INTO shops_{table} (id, {columns})"
        f" SELECT id + 1000, {columns} FROM shops_{table} LIMIT 1"
    ).endswith("exists already")
