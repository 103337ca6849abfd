"""Batches: what expires first is sold first, what is past its day is not, and all of it ties."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.models import Business, User
from shops.actions import batches
from shops.actions.batch_levels import part_of_picks
from shops.actions.giving_up import cancel_sale
from shops.actions.items import (
    BadStock,
    NotAllowed,
    TooFew,
    UsedBefore,
    keep_count_of,
    write_off,
)
from shops.actions.levels import Moves, counter_of, locked_levels
from shops.actions.refunds import Return, refund_sale
from shops.actions.sales import ring_up
from shops.actions.settle import take_cash
from shops.actions.stock import Expired, SoldOut
from shops.actions.supplier_returns import GoesBack, send_back
from shops.actions.transfers import Carried, transfer_goods
from shops.models import (
    Batch,
    BatchLevel,
    BatchMove,
    LineBatch,
    Location,
    Loss,
    Product,
    PurchaseLine,
    Sale,
    StockItem,
    StockLevel,
    StockMoveKind,
)
from shops.queries import batches as queries
from shops.queries import goods
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, lines_of

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
NEXT_WEEK, NEXT_YEAR = TODAY + timedelta(days=7), TODAY + timedelta(days=365)


@pytest.fixture
def milk(duka: Business) -> Product:
    return make.a_product(duka, name="Milk 500 ml", shillings=60, tax_class="C")


@pytest.fixture
def item(milk: Product) -> StockItem:
    return make.in_batches(make.counted(milk))


@pytest.fixture
def week(item: StockItem) -> Batch:
    """Four that cost KES 40.00 together, best before next week."""
    return make.a_delivery(item, 4_000, 4_000, code="W", before=NEXT_WEEK)


@pytest.fixture
def soon(item: StockItem, week: Batch) -> Batch:
    """Two for KES 32.00, which came later and go first: with the others 12.00 each."""
    return make.a_delivery(item, 2_000, 3_200, code="S", before=TOMORROW)


@pytest.fixture
def old(item: StockItem) -> Batch:
    """Three for KES 30.00, past their day."""
    return make.a_delivery(item, 3_000, 3_000, code="O", before=YESTERDAY)


@pytest.fixture(autouse=True)
def _ties(db: None) -> Any:
    yield
    assert verify_stock() == []


def there(item: StockItem) -> dict[str, tuple[int, int]]:
    """Return code -> (on hand, reserved) of the batches that hold something."""
    rows = BatchLevel.objects.filter(batch__item=item, on_hand_milli__gt=0)
    return {row.batch.code: (row.on_hand_milli, row.reserved_milli) for row in rows}


def paid(sale: Sale) -> Sale:
    by = make.a_user("baraka")
    return take_cash(sale_id=sale.pk, given_cents=sale.total_cents + 100, by=by, now=NOW)


def test_what_expires_first_is_sold_first_at_the_average(
    milk: Product, item: StockItem, soon: Batch
) -> None:
    sale = make.a_sale(milk.business, product=milk, milli=3_000)
    assert there(item) == {"W": (4_000, 1_000), "S": (2_000, 2_000)}

    paid(sale)

    assert there(item) == {"W": (3_000, 0)}
    # 72.00 for six: a batch carries no value of its own.
    assert lines_of(f"cost:{sale.pk}") == [("5040", 3_600), ("1400", -3_600)]


def test_two_lines_of_one_cart_do_not_take_the_same_pieces(
    milk: Product, item: StockItem, soon: Batch
) -> None:
    """A hamper and its own part in one cart: the batches of both are counted together."""
    hamper = make.a_product(milk.business, name="Breakfast", shillings=100, tax_class="C")
    make.a_recipe(hamper, (item, 1_000), comes_back=True)

    sale = ring_up(
        business=milk.business,
        key="both-key",
        cart={milk.pk: 2_000, hamper.pk: 1_000},
        shown_cents=22_000,
        cashier=make.a_user("baraka"),
        sold_on=TODAY,
        now=NOW,
    )

    rows = LineBatch.objects.order_by("pk").values_list("held__line__name", "batch__code")
    assert list(rows) == [("Milk 500 ml", "S"), ("Breakfast", "W")]
    paid(sale)
    assert there(item) == {"W": (3_000, 0)}


def test_what_is_given_back_is_free_in_its_batch(
    milk: Product, item: StockItem, soon: Batch, baraka: User
) -> None:
    sale = make.a_sale(milk.business, product=milk, milli=3_000)
    cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    assert there(item) == {"W": (4_000, 0), "S": (2_000, 0)}


def test_what_comes_back_goes_to_the_batches_it_was_of(
    milk: Product, item: StockItem, soon: Batch
) -> None:
    sale = paid(make.a_sale(milk.business, product=milk, milli=3_000))

    def back(milli: int, key: str) -> dict[str, tuple[int, int]]:
        wish = Return(
            key=key, lines={sale.lines.get().pk: milli}, reason="Wrong thing", is_restocked=True
        )
        refund_sale(sale_id=sale.pk, wish=wish, by=make.amina_of(milk.business), now=NOW)
        return there(item)

    assert back(1_000, "back-1") == {"W": (3_000, 0), "S": (1_000, 0)}
    assert back(2_000, "back-2") == {"W": (4_000, 0), "S": (2_000, 0)}


def test_part_of_picks_re_adds() -> None:
    picks = [(1, 2_000), (2, 500), (3, 500)]

    assert part_of_picks(picks, 0, 1_000) == [(1, 1_000)]
    assert part_of_picks(picks, 1_000, 2_600) == [(1, 1_000), (2, 500), (3, 100)]
    assert part_of_picks(picks, 2_600, 3_000) == [(3, 400)]
    assert part_of_picks([], 0, 1_000) == []


# Past its day


def test_what_is_past_its_day_is_not_sold(milk: Product, item: StockItem, old: Batch) -> None:
    with pytest.raises(Expired, match="none of it is within the best-before day") as refusal:
        make.a_sale(milk.business, product=milk)
    assert "let a manager release the batch" in str(refusal.value)
    assert (there(item), Sale.objects.count()) == ({"O": (3_000, 0)}, 0)

    make.a_delivery(item, 1_000, 1_000, code="N", before=TODAY)
    with pytest.raises(Expired, match="only 1 of it is within"):
        make.a_sale(milk.business, product=milk, milli=2_000)
    paid(make.a_sale(milk.business, product=milk))
    assert there(item) == {"O": (3_000, 0)}


def test_it_is_sold_on_its_last_day_and_not_on_the_next(
    milk: Product, item: StockItem, duka: Business
) -> None:
    make.a_delivery(item, 1_000, 1_000, code="T", before=TODAY)

    def sell(day: date, key: str) -> Sale:
        return ring_up(
            business=duka,
            key=key,
            cart={milk.pk: 1_000},
            shown_cents=6_000,
            cashier=make.a_user("baraka"),
            sold_on=day,
            now=NOW,
        )

    with pytest.raises(Expired):
        sell(TOMORROW, "tomorrow-key")
    assert sell(TODAY, "today-key").lines.count() == 1


def test_more_than_there_is_is_sold_out_and_not_expired(milk: Product, old: Batch) -> None:
    with pytest.raises(SoldOut) as refusal:
        make.a_sale(milk.business, product=milk, milli=4_000)
    assert type(refusal.value) is SoldOut


def test_a_manager_lets_it_be_sold_and_says_why(
    milk: Product, item: StockItem, old: Batch, baraka: User
) -> None:
    facts: dict[str, Any] = {"batch_id": old.pk, "business": milk.business, "now": NOW}
    amina = make.amina_of(milk.business)
    with pytest.raises(NotAllowed):
        batches.release_batch(reason="Because", by=baraka, **facts)
    with pytest.raises(BadStock, match="Write why"):
        batches.release_batch(reason="  ", by=amina, **facts)

    first = batches.release_batch(reason="Tasted, good, half price", by=amina, **facts)
    again = batches.release_batch(reason="Once more", by=amina, **facts)

    assert first.release_reason == again.release_reason == "Tasted, good, half price"
    paid(make.a_sale(milk.business, product=milk))
    assert there(item) == {"O": (2_000, 0)}


def test_a_batch_of_another_business_is_not_touched(old: Batch) -> None:
    maji = make.a_business(slug="maji")
    level, amina = BatchLevel.objects.get(batch=old), make.amina_of(maji)
    for act in (
        lambda: batches.release_batch(
            batch_id=old.pk, business=maji, reason="Mine", by=amina, now=NOW
        ),
        lambda: batches.write_off_expired(
            batch_level_id=level.pk, business=maji, key="theirs-key", by=amina, now=NOW
        ),
    ):
        with pytest.raises(BadStock, match="no such batch here"):
            act()


def test_the_tile_of_what_is_past_its_day_is_sold_out(
    duka: Business, milk: Product, item: StockItem, old: Batch
) -> None:
    def tile() -> tuple[bool, bool]:
        (row,) = goods.tiles_of(duka, goods.products_of(duka, TODAY), TODAY, opens_families=False)
        return row.is_sold_out, bool(getattr(row.product, "is_soon"))  # noqa: B009

    assert tile() == (True, False)
    make.a_delivery(item, 1_000, 1_000, code="Y", before=NEXT_YEAR)
    assert tile() == (False, False)
    make.a_delivery(item, 1_000, 1_000, code="N", before=NEXT_WEEK)
    assert tile() == (False, True)


def test_a_part_past_its_day_closes_the_tile_of_what_is_made_of_it(
    duka: Business, item: StockItem, old: Batch
) -> None:
    tea = make.a_product(duka, name="Milky tea", shillings=50)
    make.a_recipe(tea, (item, 2_000))

    def is_sold_out() -> bool:
        rows = {row.pk: row for row in goods.products_of(duka, TODAY)}
        return bool(getattr(rows[tea.pk], "is_sold_out"))  # noqa: B009

    make.a_delivery(item, 1_000, 1_000, code="N", before=NEXT_WEEK)
    assert is_sold_out()
    make.a_delivery(item, 1_000, 1_000, code="N", before=NEXT_WEEK)
    assert not is_sold_out()


def test_an_expired_batch_is_written_off_in_one_press(
    milk: Product, item: StockItem, old: Batch, soon: Batch, duka: Business
) -> None:
    level, amina = BatchLevel.objects.get(batch=old), make.amina_of(duka)

    def off(level: BatchLevel, key: str) -> Loss:
        return batches.write_off_expired(
            batch_level_id=level.pk, business=duka, key=key, by=amina, now=NOW
        )

    loss, again = off(level, "off-key"), off(level, "off-key")

    assert (loss, loss.reason, loss.quantity_milli) == (again, "expired", 3_000)
    assert loss.note == "O, best before 21 Nov 2026"
    # Nine cost 102.00 together; three of them.
    assert lines_of(loss.reference) == [("5100", 3_400), ("1400", -3_400)]
    assert there(item) == {"W": (4_000, 0), "S": (2_000, 0)}
    with pytest.raises(TooFew, match="nothing of it is free"):
        off(level, "other-key")
    with pytest.raises(BadStock, match="that day is not over"):
        off(BatchLevel.objects.get(batch=soon), "third-key")


def test_a_key_of_another_loss_is_refused(item: StockItem, old: Batch, duka: Business) -> None:
    amina = make.amina_of(duka)
    other = make.stocked(make.a_product(duka, name="Bread"), 1_000, 100)
    write_off(
        item=other,
        quantity_milli=1_000,
        reason="theft",
        note="",
        lost_on=TODAY,
        key="loss-key",
        by=amina,
        now=NOW,
    )
    with pytest.raises(UsedBefore):
        batches.write_off_expired(
            batch_level_id=BatchLevel.objects.get(batch=old).pk,
            business=duka,
            key="loss-key",
            by=amina,
            now=NOW,
        )


# Beginning, naming


def test_what_lies_there_begins_without_a_batch_and_is_named(milk: Product, duka: Business) -> None:
    plain = make.stocked(milk, 3_000, 3_000)
    waiting = make.a_sale(duka, product=milk)

    item = make.in_batches(plain, warn_days=3)

    assert there(item) == {"": (3_000, 1_000)}
    assert StockLevel.objects.get(item=item).keeps_batches
    paid(waiting)
    level = BatchLevel.objects.get(batch__code="")
    facts: dict[str, Any] = {
        "batch_level_id": level.pk,
        "business": duka,
        "code": " A  7 ",
        "best_before": NEXT_WEEK,
        "by": make.amina_of(duka),
        "now": NOW,
    }
    for _ in range(2):
        batch = batches.name_pieces(quantity_milli=2_000, key="name-key", **facts)
    assert (str(batch), there(item)) == (
        "A 7, best before 29 Nov 2026",
        {"A 7": (2_000, 0)},
    )
    with pytest.raises(TooFew, match="0 of it are free"):
        batches.name_pieces(quantity_milli=1_000, key="other-key", **facts)
    for other in ({"quantity_milli": 1_000}, {"code": "A 8"}, {"best_before": None}):
        with pytest.raises(UsedBefore):
            batches.name_pieces(key="name-key", **{**facts, "quantity_milli": 2_000, **other})


def test_pieces_are_not_moved_to_where_they_are(week: Batch, duka: Business) -> None:
    facts: dict[str, Any] = {
        "batch_level_id": BatchLevel.objects.get(batch=week).pk,
        "business": duka,
        "by": make.amina_of(duka),
        "now": NOW,
        "key": "name-key",
    }
    with pytest.raises(BadStock, match="is of already"):
        batches.name_pieces(quantity_milli=1_000, code="W", best_before=NEXT_WEEK, **facts)
    with pytest.raises(BadStock, match="whole pieces"):
        batches.name_pieces(quantity_milli=500, code="X", best_before=NEXT_WEEK, **facts)


def test_to_keep_them_twice_changes_the_warning_alone(item: StockItem, week: Batch) -> None:
    before = there(item)
    again = make.in_batches(item, warn_days=30)

    assert (again.warn_days, there(item)) == (30, before)
    assert BatchMove.objects.filter(move=None).count() == 0


def test_what_may_be_sold_before_it_came_keeps_no_batches(milk: Product) -> None:
    plain = make.counted(milk, allows_negative=True)
    with pytest.raises(BadStock, match="may be sold before it came"):
        make.in_batches(plain)


def test_what_keeps_batches_may_not_be_sold_before_it_came(item: StockItem) -> None:
    with pytest.raises(BadStock, match="cannot be sold before it came"):
        keep_count_of(
            product=item.product,
            stock_account="1400",
            cost_account="5040",
            reorder_milli=0,
            allows_negative=True,
            by=make.amina_of(item.product.business),
        )


@pytest.mark.parametrize("days", [-1, 367])
def test_a_warning_is_within_a_year(item: StockItem, days: int) -> None:
    with pytest.raises(BadStock, match="Warn 0 to 366 days"):
        make.in_batches(item, warn_days=days)


def test_who_only_sells_keeps_no_batches(item: StockItem, baraka: User) -> None:
    with pytest.raises(NotAllowed):
        batches.keep_batches(item=item, warn_days=1, by=baraka, now=NOW)


def test_a_batch_of_what_keeps_none_is_refused(milk: Product) -> None:
    plain = make.counted(milk)
    with pytest.raises(BadStock, match="keeps no batches"):
        make.a_delivery(plain, 1_000, 1_000, code="A", before=None)


def test_a_delivery_without_a_batch_is_of_the_nameless_one(item: StockItem) -> None:
    first = make.a_delivery(item, 1_000, 1_000, code="", before=None)
    second = make.a_delivery(item, 1_000, 1_000, code="", before=None)

    assert (first, str(first), there(item)) == (second, "without a batch", {"": (2_000, 0)})


# What knows nothing of batches


def test_a_loss_takes_what_expires_first_and_is_not_rung_up(
    milk: Product, item: StockItem, soon: Batch, duka: Business
) -> None:
    make.a_sale(duka, product=milk)
    write_off(
        item=item,
        quantity_milli=2_000,
        reason="breakage",
        note="",
        lost_on=TODAY,
        key="loss-key",
        by=make.amina_of(duka),
        now=NOW,
    )

    assert there(item) == {"S": (1_000, 1_000), "W": (3_000, 0)}


def test_what_is_sent_elsewhere_stays_of_its_batches(
    item: StockItem, soon: Batch, duka: Business
) -> None:
    """Whatever moves stock within one entry: its batches go along, and nobody has to say so."""
    store = Location.objects.create(business=duka, name="Store")
    moves = Moves(reference="transfer:1", by=make.amina_of(duka), at=NOW)
    here = locked_levels(counter_of(duka), [item.pk])[item.pk]
    away = locked_levels(store, [item.pk])[item.pk]
    cents = moves.take(here, milli=3_000, kind=StockMoveKind.TRANSFER_OUT)
    moves.put(away, milli=3_000, cents=cents, kind=StockMoveKind.TRANSFER_IN)
    moves.write()

    rows = BatchLevel.objects.filter(location=store).order_by("batch__code")
    assert [(row.batch.code, row.on_hand_milli) for row in rows] == [("S", 2_000), ("W", 1_000)]


def test_what_another_business_gets_is_of_batches_called_the_same(
    item: StockItem, soon: Batch, duka: Business
) -> None:
    maji = make.a_business(slug="maji")
    theirs = make.in_batches(make.counted(make.a_product(maji, name="Milk", tax_class="C")))
    by = make.amina_of(maji)
    transfer_goods(
        from_location=counter_of(duka),
        to_location=counter_of(maji),
        lines=[Carried(item, theirs, 3_000)],
        moved_on=TODAY,
        note="",
        key="transfer-key",
        by=by,
        now=NOW,
    )

    assert (there(item), there(theirs)) == ({"W": (3_000, 0)}, {"S": (2_000, 0), "W": (1_000, 0)})
    days = dict(theirs.batches.exclude(code="").values_list("code", "best_before"))
    assert days == {"S": TOMORROW, "W": NEXT_WEEK}


def test_what_goes_back_to_its_supplier_goes_of_its_own_batch(
    item: StockItem, soon: Batch, week: Batch, duka: Business
) -> None:
    """Of what came for next week three go back; a later one wants more than lies there of it."""
    line = PurchaseLine.objects.get(batch=week)

    def back(milli: int, key: str) -> dict[str, tuple[int, int]]:
        wish = GoesBack(key=key, lines={line.pk: milli}, reason="Sour")
        send_back(
            purchase=line.purchase, wish=wish, returned_on=TODAY, by=make.amina_of(duka), now=NOW
        )
        return there(item)

    assert back(2_000, "back-1") == {"W": (2_000, 0), "S": (2_000, 0)}
    write_off_some(duka, item, 3_000)
    assert back(1_000, "back-2") == {}


def write_off_some(duka: Business, item: StockItem, milli: int) -> None:
    write_off(
        item=item,
        quantity_milli=milli,
        reason="breakage",
        note="",
        lost_on=TODAY,
        key="some-loss",
        by=make.amina_of(duka),
        now=NOW,
    )


def test_pieces_that_are_found_are_of_no_batch(
    item: StockItem, week: Batch, duka: Business
) -> None:
    moves = Moves(reference="count:1", by=make.amina_of(duka), at=NOW)
    level = locked_levels(counter_of(duka), [item.pk])[item.pk]
    moves.put(level, milli=1_000, cents=0, kind=StockMoveKind.COUNT)
    moves.write()

    assert there(item) == {"W": (4_000, 0), "": (1_000, 0)}


def test_what_keeps_no_batches_asks_nothing_more(duka: Business, item: StockItem) -> None:
    bread = make.a_product(duka, name="Bread", tax_class="C")
    make.stocked(bread, 5_000, 5_000)

    with CaptureQueriesContext(connection) as seen:
        paid(make.a_sale(duka, product=bread))

    assert not [
        one
        for one in seen.captured_queries
        if "batch" in one["sql"].split("WHERE")[0].replace("keeps_batches", "")
    ]


# Reads


def test_near_of_says_what_is_past_its_day_and_what_is_soon(
    duka: Business, item: StockItem, old: Batch, soon: Batch
) -> None:
    make.a_delivery(item, 1_000, 1_000, code="Y", before=NEXT_YEAR)
    make.a_delivery(item, 1_000, 1_000, code="Z", before=None)

    near = queries.near_of([duka], TODAY)[duka.pk]

    assert [(one.level.batch.code, one.is_expired, one.is_soon) for one in near] == [
        ("O", True, False),
        ("S", False, True),
        ("W", False, True),
    ]
    make.in_batches(item, warn_days=0)
    later = queries.near_of([duka], TOMORROW)[duka.pk]
    assert [one.level.batch.code for one in later] == ["O", "S"]


def test_first_days_are_of_what_lies_there(
    duka: Business, milk: Product, item: StockItem, soon: Batch
) -> None:
    assert queries.first_days([item]) == {item.pk: TOMORROW}
    paid(make.a_sale(duka, product=milk, milli=2_000))
    assert queries.first_days([item]) == {item.pk: NEXT_WEEK}
