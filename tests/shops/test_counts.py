"""What lies there at the beginning, and stock counts: differences of the moment of counting."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from money.models import Business, Entry, Role
from money.queries import balances
from shops.actions.counts import NotCounted, add_lines, close_count, start_count, write_counted
from shops.actions.giving_up import cancel_sale
from shops.actions.items import BadStock, NotAllowed, UsedBefore
from shops.actions.levels import counter_of
from shops.actions.opening import MovedAlready, add_place, open_stock
from shops.models import (
    Location,
    OpeningStock,
    Product,
    StockCount,
    StockCountLine,
    StockItem,
    StockLevel,
    StockMove,
)
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, lines_of

PLACE = "Maize_flour_2_kg"


@pytest.fixture(autouse=True)
def _ties(db: None) -> Iterator[None]:
    yield
    assert verify_stock() == []


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka, tax_class="C")


@pytest.fixture
def item(flour: Product) -> StockItem:
    """Ten bags that cost KES 100.00 each."""
    return make.stocked(flour, 10_000, 100_000)


def level_of(item: StockItem) -> tuple[int, int]:
    level = StockLevel.objects.get(item=item, location__is_counter=True)
    return level.on_hand_milli, level.value_cents


def closed(count: StockCount, **but: Any) -> StockCount:
    facts: dict[str, Any] = {"leaves_rest": False, "by": make.amina_of(count.business), "now": NOW}
    return close_count(count_id=count.pk, business=count.business, **(facts | but))


def opened(item: StockItem, milli: int = 24_000, cents: int = 360_000, **but: Any) -> OpeningStock:
    facts: dict[str, Any] = {
        "counted_on": TODAY,
        "key": "opening-key",
        "by": make.amina_of(item.product.business),
        "now": NOW,
    }
    return open_stock(item=item, quantity_milli=milli, value_cents=cents, **(facts | but))


# The beginning


def test_what_lies_there_at_the_beginning(duka: Business, flour: Product) -> None:
    item = make.counted(flour)
    opening = opened(item)

    assert opened(item) == opening
    assert lines_of(opening.reference) == [("1400", 360_000), ("3300", -360_000)]
    assert level_of(item) == (24_000, 360_000)
    assert StockLevel.objects.get().unit_cost_cents == 15_000
    assert StockMove.objects.get().kind == "opening"


def test_a_beginning_that_cost_nothing_posts_nothing(flour: Product) -> None:
    opening = opened(make.counted(flour), 1_000, 0)

    assert lines_of(opening.reference) == []
    assert level_of(opening.item) == (1_000, 0)


def test_each_place_has_a_beginning(duka: Business, item: StockItem) -> None:
    store = add_place(business=duka, name="Store", by=make.amina_of(duka))
    opened(item, 5_000, 50_000, location=store)

    assert StockLevel.objects.get(location=store).value_cents == 50_000
    assert level_of(item) == (10_000, 100_000)


def test_what_moved_has_no_beginning(item: StockItem) -> None:
    with pytest.raises(MovedAlready, match="Maize flour 2 kg moved already at Counter"):
        opened(item)


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"milli": 1_500}, "whole pieces"),
        ({"milli": 0}, "write how many"),
        ({"cents": -1}, "write what all of it cost"),
        ({"counted_on": TODAY + timedelta(1)}, "still to come"),
    ],
)
def test_a_beginning_that_cannot_be(flour: Product, but: dict[str, Any], said: str) -> None:
    with pytest.raises(BadStock, match=said):
        opened(make.counted(flour), **but)


def test_a_page_of_another_beginning(duka: Business, flour: Product) -> None:
    opened(make.counted(flour))
    other = make.counted(make.a_product(duka, name="Bread"))

    with pytest.raises(UsedBefore):
        opened(other)


def test_the_place_of_another_business_is_none(duka: Business, flour: Product) -> None:
    maji = make.a_business(slug="maji")
    item = make.counted(flour)

    with pytest.raises(BadStock, match="another business"):
        opened(item, location=counter_of(maji))


def test_only_who_keeps_stock_begins(duka: Business, flour: Product) -> None:
    with pytest.raises(NotAllowed):
        opened(make.counted(flour), by=make.baraka())


def test_places_have_names_of_their_own(duka: Business) -> None:
    amina = make.amina_of(duka)
    store = add_place(business=duka, name=" Cold  room ", by=amina)

    assert store.name == "Cold room"
    assert add_place(business=duka, name="cold room", by=amina) == store
    assert Location.objects.order_by("pk").first() == counter_of(duka)
    with pytest.raises(BadStock, match="name"):
        add_place(business=duka, name=" ", by=amina)
    with pytest.raises(NotAllowed):
        add_place(business=duka, name="Van", by=make.baraka())
    for number in range(18):
        add_place(business=duka, name=f"Shelf {number}", by=amina)
    with pytest.raises(BadStock, match="at most 20"):
        add_place(business=duka, name="Van", by=amina)


# Counting


def test_what_is_missing_is_a_loss(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 8_000})
    closed(count)

    assert lines_of(f"stockcount:{count.pk}") == [("5100", 20_000), ("1400", -20_000)]
    assert level_of(item) == (8_000, 80_000)
    line = count.lines.get()
    assert (line.seen_milli, line.difference_milli, line.value_cents) == (10_000, -2_000, -20_000)


def test_what_is_found_costs_the_average(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 13_000})
    closed(count)

    assert lines_of(f"stockcount:{count.pk}") == [("1400", 30_000), ("5100", -30_000)]
    assert level_of(item) == (13_000, 130_000)


def test_one_entry_has_all_differences(duka: Business, item: StockItem) -> None:
    bread = make.stocked(make.a_product(duka, name="Bread"), 10_000, 50_000)
    milk = make.stocked(make.a_product(duka, name="Milk"), 5_000, 30_000)
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 9_000}, Bread=11_000, Milk=5_000)
    closed(count)

    assert lines_of(f"stockcount:{count.pk}") == [("5100", 5_000), ("1400", -5_000)]
    assert balances(duka)["5100"] == 5_000
    assert (level_of(bread), level_of(milk)) == ((11_000, 55_000), (5_000, 30_000))
    assert StockMove.objects.filter(kind="count").count() == 2


def test_found_where_nothing_was_costs_what_it_cost_last(duka: Business, item: StockItem) -> None:
    make.sold(duka, item.product, 10_000)
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 2_000})
    closed(count)

    assert lines_of(f"stockcount:{count.pk}") == [("1400", 20_000), ("5100", -20_000)]


def test_a_count_that_agrees_posts_nothing(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 10_000})
    closed(count)

    assert lines_of(f"stockcount:{count.pk}") == []
    assert not StockMove.objects.filter(kind="count").exists()


def test_what_is_sold_after_it_was_counted_is_no_difference(
    duka: Business, item: StockItem
) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 9_000})
    make.sold(duka, item.product, 4_000)
    make.a_purchase(make.a_supplier(duka), make.bought(item, 6_000, 60_000, tax_class="C"))
    closed(count)

    assert count.lines.get().difference_milli == -1_000
    assert level_of(item) == (11_000, 110_000)


def test_what_is_rung_up_lies_there_still(duka: Business, item: StockItem) -> None:
    make.a_sale(duka, product=item.product, milli=3_000)
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 10_000})
    closed(count)

    assert count.lines.get().difference_milli == 0


def test_what_customers_wait_for_cannot_be_missing(duka: Business, item: StockItem) -> None:
    sale = make.a_sale(duka, product=item.product, milli=9_000)
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 8_000})

    with pytest.raises(NotCounted, match="2 are missing, and 9 are rung up and not paid"):
        closed(count)
    cancel_sale(sale_id=sale.pk, by=make.amina_of(duka), now=NOW)
    closed(count)
    assert level_of(item) == (8_000, 80_000)


def test_what_is_sold_below_its_count_is_counted_again(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 2_000})
    make.sold(duka, item.product, 9_000)

    with pytest.raises(NotCounted, match="Count it again"):
        closed(count)
    make.counting(count, **{PLACE: None})
    make.counting(count, **{PLACE: 0})
    closed(count)
    assert level_of(item) == (0, 0)


def test_sold_before_it_came_is_counted_as_it_is(duka: Business, flour: Product) -> None:
    item = make.stocked(flour, 1_000, 11_500, allows_negative=True)
    make.sold(duka, flour, 3_000)
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 0})
    closed(count)

    assert level_of(item) == (0, 0)
    assert lines_of(f"stockcount:{count.pk}") == [("1400", 23_000), ("5100", -23_000)]


def test_the_same_figure_again_is_no_second_count(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 10_000})
    make.sold(duka, item.product, 1_000)
    make.counting(count, **{PLACE: 10_000})

    assert count.lines.get().seen_milli == 10_000
    make.counting(count, **{PLACE: 9_000})
    assert count.lines.get().seen_milli == 9_000
    closed(count)
    assert count.lines.get().difference_milli == 0


def test_what_is_not_counted_stays_where_one_says_so(duka: Business, item: StockItem) -> None:
    make.stocked(make.a_product(duka, name="Bread"), 10_000, 50_000)
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 9_000})

    with pytest.raises(NotCounted, match="1 of 2 are not counted yet"):
        closed(count)
    closed(count, leaves_rest=True)
    assert StockLevel.objects.get(item__product__name="Bread").on_hand_milli == 10_000


def test_a_count_closes_once_and_is_frozen(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counting(count, **{PLACE: 9_000})
    closed(count)
    closed(count, now=NOW + timedelta(hours=1))

    count.refresh_from_db()
    assert count.closed_at == NOW
    assert Entry.objects.filter(key=f"stockcount:{count.pk}").count() == 1
    for late in (
        lambda: make.counting(count, **{PLACE: 1_000}),
        lambda: add_lines(
            count_id=count.pk, business=duka, what="all", words="", by=make.amina_of(duka)
        ),
    ):
        with pytest.raises(NotCounted, match="closed"):
            late()


def test_several_count_at_once(duka: Business, item: StockItem) -> None:
    make.stocked(make.a_product(duka, name="Bread"), 10_000, 50_000)
    count, baraka = make.a_count(duka), make.baraka()
    make.counting(count, **{PLACE: 9_000})
    bread = count.lines.get(item__product__name="Bread")
    write_counted(count_id=count.pk, business=duka, counted={bread.pk: 4_000}, by=baraka, now=NOW)

    names = count.lines.order_by("pk").values_list("counted_by__username", flat=True)
    assert list(names) == ["amina", "baraka"]


@pytest.mark.parametrize(
    ("what", "words", "names"),
    [
        ("all", "", ["Bread", "Maize flour 2 kg", "Old"]),
        ("low", "", ["Bread"]),
        ("words", "flour maize", ["Maize flour 2 kg"]),
    ],
)
def test_what_is_counted_can_be_chosen(
    duka: Business, item: StockItem, what: str, words: str, names: list[str]
) -> None:
    make.stocked(make.a_product(duka, name="Bread"), 2_000, 50_000, reorder=2_000)
    for name, milli in (("Old", 1_000), ("Gone", 0)):
        product = make.a_product(duka, name=name)
        make.stocked(product, milli, 100) if milli else make.counted(product)
        Product.objects.filter(pk=product.pk).update(is_active=False)
    count = start_count(
        location=counter_of(duka),
        what=what,
        words=words,
        key="count-key",
        by=make.amina_of(duka),
        now=NOW,
    )

    rows = count.lines.order_by("item__product__name")
    assert list(rows.values_list("item__product__name", flat=True)) == names


def test_more_is_added_to_a_count(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka)
    make.counted(make.a_product(duka, name="Bread"))

    def added(what: str, words: str = "") -> int:
        amina = make.amina_of(duka)
        return add_lines(count_id=count.pk, business=duka, what=what, words=words, by=amina)

    assert (added("words", "bread"), added("all")) == (1, 0)
    with pytest.raises(NotCounted, match="Write a part of the names"):
        added("words", " ")


def test_a_place_has_one_open_count(duka: Business, item: StockItem) -> None:
    count = make.a_count(duka, key="first-count")

    assert make.a_count(duka, key="first-count") == count
    with pytest.raises(NotCounted, match="Counter is being counted already"):
        make.a_count(duka)
    store = add_place(business=duka, name="Store", by=make.amina_of(duka))
    with pytest.raises(UsedBefore):
        make.a_count(duka, place=store, key="first-count")
    assert make.a_count(duka, place=store).lines.count() == 1


def test_nothing_to_count_is_no_count(duka: Business) -> None:
    with pytest.raises(NotCounted, match="Nothing that is counted is like that"):
        make.a_count(duka)
    assert StockCount.objects.count() == 0


@pytest.mark.parametrize(
    ("milli", "said"), [(1_500, "whole pieces"), (-1_000, "how many"), (10**11, "how many")]
)
def test_figures_that_cannot_be(duka: Business, item: StockItem, milli: int, said: str) -> None:
    count = make.a_count(duka)
    with pytest.raises(BadStock, match=said):
        make.counting(count, **{PLACE: milli})


def test_a_line_of_another_count_is_none(duka: Business, item: StockItem) -> None:
    maji = make.a_business(slug="maji")
    make.stocked(make.a_product(maji, name="Bottle"), 1_000, 100)
    ours, theirs = make.a_count(duka), make.a_count(maji)
    line = StockCountLine.objects.get(count=theirs)

    for business, count in ((duka, ours), (duka, theirs)):
        with pytest.raises(NotCounted):
            write_counted(
                count_id=count.pk,
                business=business,
                counted={line.pk: 0},
                by=make.amina_of(duka),
                now=NOW,
            )
    with pytest.raises(NotCounted):
        close_count(
            count_id=theirs.pk, business=duka, leaves_rest=True, by=make.amina_of(duka), now=NOW
        )


@pytest.mark.parametrize("role", Role.values)
def test_who_begins_counts_and_closes(duka: Business, item: StockItem, role: str) -> None:
    person = make.a_user(f"person-{role}", duka=role)
    keeps = role in {Role.OWNER, Role.MANAGER}

    def tried(act: Any) -> bool:
        try:
            act()
        except NotAllowed:
            return False
        return True

    begun = tried(
        lambda: start_count(
            location=counter_of(duka), what="all", words="", key="a-key", by=person, now=NOW
        )
    )
    count = StockCount.objects.first() or make.a_count(duka)
    line = count.lines.get()
    wrote = tried(
        lambda: write_counted(
            count_id=count.pk, business=duka, counted={line.pk: 1_000}, by=person, now=NOW
        )
    )
    ended = tried(lambda: closed(count, by=person, leaves_rest=True))

    assert (begun, wrote, ended) == (keeps, keeps or role == Role.CASHIER, keeps)
