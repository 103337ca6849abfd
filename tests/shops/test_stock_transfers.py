"""Goods carried between places and businesses: their value goes with them."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from money.actions.periods import close_day
from money.models import Business, Entry, TaxPerson
from money.queries import balances
from shops.actions.items import BadStock, NotAllowed, TooFew, UsedBefore
from shops.actions.levels import counter_of
from shops.actions.opening import add_place
from shops.actions.transfers import Carried, transfer_goods
from shops.models import Location, StockItem, StockLevel, StockMove, StockTransfer
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, lines_of


@pytest.fixture(autouse=True)
def _ties(db: None) -> Iterator[None]:
    yield
    assert verify_stock() == []


@pytest.fixture
def item(duka: Business) -> StockItem:
    """Three bags that cost KES 100.00 together, at the counter."""
    return make.stocked(make.a_product(duka, tax_class="C"), 3_000, 10_000)


@pytest.fixture
def store(duka: Business) -> Location:
    return add_place(business=duka, name="Store", by=make.amina_of(duka))


@pytest.fixture
def maji(duka: Business) -> Business:
    return make.a_business(slug="maji")


@pytest.fixture
def there(maji: Business) -> StockItem:
    return make.counted(make.a_product(maji, name="Flour, maize", tax_class="C"))


def carried(source: Location, target: Location, *lines: Carried, **but: Any) -> StockTransfer:
    by = make.amina_of(source.business)
    facts: dict[str, Any] = {
        "moved_on": TODAY,
        "note": "",
        "key": "transfer-key",
        "by": by,
        "now": NOW,
    }
    if target.business_id != source.business_id:
        make.amina_of(target.business)
    return transfer_goods(from_location=source, to_location=target, lines=lines, **(facts | but))


def at(place: Location, item: StockItem) -> tuple[int, int]:
    level = StockLevel.objects.get(item=item, location=place)
    return level.on_hand_milli, level.value_cents


def test_value_goes_along_within_a_business(
    duka: Business, item: StockItem, store: Location
) -> None:
    counter, entries = counter_of(duka), Entry.objects.count()
    transfer = carried(counter, store, Carried(item, item, 1_000), note=" to  the back ")

    assert (at(counter, item), at(store, item)) == ((2_000, 6_667), (1_000, 3_333))
    assert Entry.objects.count() == entries
    assert transfer.note == "to the back"
    assert carried(counter, store, Carried(item, item, 1_000)) == transfer
    assert transfer.lines.get().value_cents == 3_333
    carried(store, counter, Carried(item, item, 1_000), key="back-again")
    assert (at(counter, item), at(store, item)) == ((3_000, 10_000), (0, 0))


def test_between_businesses_both_books_carry_it(
    duka: Business, maji: Business, item: StockItem, there: StockItem
) -> None:
    transfer = carried(counter_of(duka), counter_of(maji), Carried(item, there, 2_000))

    assert lines_of(f"transfer:{transfer.pk}:give") == [("2900", 6_667), ("1400", -6_667)]
    assert lines_of(f"transfer:{transfer.pk}:take") == [("1400", 6_667), ("2900", -6_667)]
    assert at(counter_of(maji), there) == (2_000, 6_667)
    assert balances(duka)["2900"] + balances(maji)["2900"] == 0


def test_each_business_has_its_own_account_of_it(
    duka: Business, maji: Business, item: StockItem, there: StockItem
) -> None:
    StockItem.objects.filter(pk=there.pk).update(stock_account="1420", cost_account="5010")
    there.refresh_from_db()
    transfer = carried(counter_of(duka), counter_of(maji), Carried(item, there, 3_000))

    assert lines_of(f"transfer:{transfer.pk}:take") == [("1420", 10_000), ("2900", -10_000)]


def test_a_closed_day_moves_both_sides(
    duka: Business, maji: Business, item: StockItem, there: StockItem
) -> None:
    earlier = date(2026, 11, 20)
    close_day(business=maji, day=date(2026, 11, 21), actor=None, at=NOW)
    transfer = carried(
        counter_of(duka), counter_of(maji), Carried(item, there, 1_000), moved_on=earlier
    )

    days = Entry.objects.filter(key__startswith=f"transfer:{transfer.pk}:")
    assert set(days.values_list("occurred_on", flat=True)) == {TODAY}


def test_goods_without_cost_owe_nothing(duka: Business, maji: Business, there: StockItem) -> None:
    free = make.counted(make.a_product(duka, name="Sample"))
    other = make.counted(make.a_product(duka, name="Bread"))
    make.a_purchase(
        make.a_supplier(duka), make.bought(free, 1_000, 0), make.bought(other, 1_000, 500)
    )
    transfer = carried(counter_of(duka), counter_of(maji), Carried(free, there, 1_000))

    assert lines_of(f"transfer:{transfer.pk}:give") == []
    assert at(counter_of(maji), there) == (1_000, 0)


def test_what_was_sold_there_before_it_came_is_set_right(
    duka: Business, maji: Business, item: StockItem
) -> None:
    """One bag of 20.00 is there and two are sold; the one that comes cost 33.33."""
    make.a_session(maji)
    product = make.a_product(maji, name="Flour there", tax_class="C")
    there = make.stocked(product, 1_000, 2_000, allows_negative=True)
    make.sold(maji, product, 2_000)
    transfer = carried(counter_of(duka), counter_of(maji), Carried(item, there, 1_000))

    assert sorted(lines_of(f"transfer:{transfer.pk}:take")) == [
        ("1400", 2_000),
        ("2900", -3_333),
        ("5040", 1_333),
    ]
    assert at(counter_of(maji), there) == (0, 0)


def test_what_was_sold_before_it_came_from_the_store_is_set_right(
    duka: Business, store: Location
) -> None:
    """Three of 33.33 go to the store, one of 20.00 comes and two are sold; one comes back."""
    product = make.a_product(duka, name="Rice", tax_class="C")
    item = make.stocked(product, 3_000, 10_000, allows_negative=True)
    carried(counter_of(duka), store, Carried(item, item, 3_000))
    make.a_purchase(make.a_supplier(duka), make.bought(item, 1_000, 2_000, tax_class="C"))
    make.sold(duka, product, 2_000)
    back = carried(store, counter_of(duka), Carried(item, item, 1_000), key="back-again")

    assert lines_of(back.reference) == [("5040", 1_333), ("1400", -1_333)]
    assert at(counter_of(duka), item) == (0, 0)


@pytest.mark.parametrize(
    ("milli", "said"),
    [(4_000, "2 can go, the rest is rung up or not there"), (1_500, "whole pieces"), (0, "many")],
)
def test_what_is_not_there_or_rung_up_stays(
    duka: Business, item: StockItem, store: Location, milli: int, said: str
) -> None:
    make.a_sale(duka, product=item.product)
    with pytest.raises(BadStock, match=said):
        carried(counter_of(duka), store, Carried(item, item, milli))
    assert StockTransfer.objects.count() == 0


def test_a_refused_line_carries_nothing(duka: Business, item: StockItem, store: Location) -> None:
    bread = make.counted(make.a_product(duka, name="Bread"))
    with pytest.raises(TooFew, match="Bread: 0 can go"):
        carried(counter_of(duka), store, Carried(item, item, 1_000), Carried(bread, bread, 1_000))
    assert StockMove.objects.filter(kind="transfer_out").count() == 0


def test_what_cannot_be_carried(
    duka: Business, maji: Business, item: StockItem, there: StockItem, store: Location
) -> None:
    counter, bottles = counter_of(duka), counter_of(maji)
    sugar = make.counted(make.a_product(maji, name="Sugar", unit="kg"))
    bread = make.counted(make.a_product(duka, name="Bread"))
    one = Carried(item, item, 1_000)
    for source, target, lines, said in (
        (counter, counter, [one], "two different places"),
        (counter, store, [], "1 to 200 lines"),
        (counter, store, [one, one], "there twice"),
        (counter, store, [Carried(item, bread, 1_000)], "stays Maize flour 2 kg"),
        (counter, store, [Carried(there, there, 1_000)], "not counted in Amina duka"),
        (counter, bottles, [one], "not counted in Amina maji"),
        (counter, bottles, [Carried(item, sugar, 1_000)], "the same unit"),
    ):
        with pytest.raises(BadStock, match=said):
            carried(source, target, *lines)
    carried(counter, store, one)
    with pytest.raises(UsedBefore):
        carried(store, counter, one)


def test_who_is_taxed_apart_sells(duka: Business, maji: Business, item: StockItem) -> None:
    other = TaxPerson.objects.create(kra_pin="A009999999Z", name="Other")
    Business.objects.filter(pk=maji.pk).update(tax_person=other)
    target = Location.objects.select_related("business").get(pk=counter_of(maji).pk)
    there = make.counted(make.a_product(target.business, name="Flour"))

    with pytest.raises(BadStock, match="taxed apart"):
        carried(counter_of(duka), target, Carried(item, there, 1_000))


def test_both_stocks_are_kept_by_who_carries(
    duka: Business, maji: Business, item: StockItem, there: StockItem
) -> None:
    manager = make.a_user("manager", duka="manager")
    for roles in ({}, {"maji": "cashier"}):
        make.a_user("manager", **roles)
        with pytest.raises(NotAllowed):
            carried(counter_of(duka), counter_of(maji), Carried(item, there, 1_000), by=manager)
