"""What is made of other goods: its parts are reserved, taken, costed, and only some come back."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.models import Business, Role, TaxClass, User
from shops.actions.giving_up import cancel_sale
from shops.actions.items import BadStock, NotAllowed, keep_count_of
from shops.actions.recipes import set_recipe
from shops.actions.refunds import Return, refund_sale
from shops.actions.settle import take_cash
from shops.actions.stock import SoldOut
from shops.models import LineStock, Product, Recipe, Sale, StockItem, StockLevel
from shops.queries import goods
from shops.queries.recipes import made_of
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, lines_of


@pytest.fixture
def refill(duka: Business) -> Product:
    return make.a_product(duka, name="Refill 20 L", shillings=100, tax_class=TaxClass.ZERO)


@pytest.fixture
def cap(duka: Business) -> StockItem:
    """Ten caps that cost KES 50.00 together."""
    return make.stocked(make.a_product(duka, name="Cap"), 10_000, 5_000)


@pytest.fixture
def water(duka: Business) -> StockItem:
    """A hundred litres of treated water that cost KES 70.00."""
    product = make.a_product(duka, name="Treated water", unit="litre")
    return make.stocked(product, 100_000, 7_000)


@pytest.fixture
def recipe(refill: Product, cap: StockItem, water: StockItem) -> Recipe:
    return make.a_recipe(refill, (cap, 1_000), (water, 20_000))


@pytest.fixture
def sugar(duka: Business) -> StockItem:
    """Five bags that cost KES 100.00 each."""
    return make.stocked(make.a_product(duka, name="Sugar 1 kg"), 5_000, 50_000)


@pytest.fixture
def hamper(duka: Business, sugar: StockItem) -> Product:
    """Two bags of sugar; it can be taken apart again."""
    product = make.a_product(duka, name="Hamper", shillings=300, tax_class=TaxClass.ZERO)
    make.a_recipe(product, (sugar, 2_000), comes_back=True)
    return product


@pytest.fixture(autouse=True)
def _ties(db: None) -> Any:
    yield
    assert verify_stock() == []


def level_of(item: StockItem) -> tuple[int, int, int]:
    row = StockLevel.objects.get(item=item, location__is_counter=True)
    return row.on_hand_milli, row.reserved_milli, row.value_cents


def paid(sale: Sale) -> Sale:
    return take_cash(
        sale_id=sale.pk, given_cents=sale.total_cents + 100, by=make.a_user("baraka"), now=NOW
    )


def back(sale: Sale, milli: int, key: str = "back-1") -> Any:
    wish = Return(
        key=key,
        lines={sale.lines.get().pk: milli},
        reason="Changed the mind",
        is_restocked=True,
    )
    return refund_sale(sale_id=sale.pk, wish=wish, by=make.amina_of(sale.business), now=NOW)


def test_a_refill_reserves_takes_and_costs_its_parts(
    refill: Product, recipe: Recipe, cap: StockItem, water: StockItem
) -> None:
    sale = make.a_sale(refill.business, product=refill, milli=2_000)
    assert (level_of(cap), level_of(water)) == (
        (10_000, 2_000, 5_000),
        (100_000, 40_000, 7_000),
    )

    paid(sale)

    assert (level_of(cap), level_of(water)) == ((8_000, 0, 4_000), (60_000, 0, 4_200))
    # What the parts cost stands with what was sold, not with the parts.
    assert lines_of(f"cost:{sale.pk}") == [("5000", 3_800), ("1400", -3_800)]


def test_a_cancelled_refill_gives_its_parts_back(
    refill: Product, recipe: Recipe, cap: StockItem, baraka: User
) -> None:
    sale = make.a_sale(refill.business, product=refill)
    cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    assert level_of(cap) == (10_000, 0, 5_000)


def test_a_sale_keeps_the_recipe_it_was_made_with(
    refill: Product, recipe: Recipe, cap: StockItem, water: StockItem
) -> None:
    before = make.a_sale(refill.business, product=refill)
    make.a_recipe(refill, (cap, 3_000), comes_back=True)
    after = make.a_sale(refill.business, product=refill)

    assert list(
        LineStock.objects.order_by("pk").values_list(
            "line__sale", "item", "quantity_milli", "comes_back"
        )
    ) == [
        (before.pk, cap.pk, 1_000, False),
        (before.pk, water.pk, 20_000, False),
        (after.pk, cap.pk, 3_000, True),
    ]


def test_what_is_short_is_named_with_what_it_is_for(
    refill: Product, recipe: Recipe, cap: StockItem
) -> None:
    with pytest.raises(SoldOut, match=r"Refill 20 L \(Treated water\): 100 litre left, the cart"):
        make.a_sale(refill.business, product=refill, milli=6_000)
    assert level_of(cap) == (10_000, 0, 5_000)


def test_a_cart_with_a_product_and_what_is_made_of_it_counts_both(
    hamper: Product, sugar: StockItem
) -> None:
    make.a_sale(hamper.business, product=sugar.product, milli=2_000)
    make.a_sale(hamper.business, product=hamper)

    with pytest.raises(SoldOut, match=r"Hamper \(Sugar 1 kg\): 1 left, the cart has 2"):
        make.a_sale(hamper.business, product=hamper)


def test_the_tile_is_sold_out_when_a_part_is_short(
    duka: Business, refill: Product, recipe: Recipe, cap: StockItem
) -> None:
    def is_sold_out() -> bool:
        rows = {row.pk: row for row in goods.products_of(duka, TODAY)}
        return bool(getattr(rows[refill.pk], "is_sold_out"))  # noqa: B009

    assert not is_sold_out()
    make.a_sale(duka, product=cap.product, milli=9_000)
    assert not is_sold_out()
    make.a_sale(duka, product=cap.product, milli=1_000)
    assert is_sold_out()


def test_a_part_that_may_be_sold_before_it_came_is_never_short(
    duka: Business, refill: Product
) -> None:
    seal = make.counted(make.a_product(duka, name="Seal"), allows_negative=True)
    recipe = make.a_recipe(refill, (seal, 1_000))

    paid(make.a_sale(duka, product=refill, milli=3_000))

    assert level_of(seal) == (-3_000, 0, 0)
    assert made_of([recipe])[0].enough is None


def test_a_hamper_comes_back_as_its_parts_in_parts(hamper: Product, sugar: StockItem) -> None:
    sale = paid(make.a_sale(hamper.business, product=hamper, milli=2_000))
    assert level_of(sugar) == (1_000, 0, 10_000)

    first, second = back(sale, 1_000), back(sale, 1_000, key="back-2")

    assert level_of(sugar) == (5_000, 0, 50_000)
    for refund in (first, second):
        assert lines_of(f"restock:{refund.pk}") == [("1400", 20_000), ("5000", -20_000)]


def test_the_parts_of_a_refill_do_not_come_back(
    refill: Product, recipe: Recipe, cap: StockItem
) -> None:
    sale = paid(make.a_sale(refill.business, product=refill))
    refund = back(sale, 1_000)

    assert level_of(cap) == (9_000, 0, 4_500)
    assert lines_of(f"restock:{refund.pk}") == []


def test_what_is_sold_by_the_litre_takes_parts_of_a_litre(duka: Business, water: StockItem) -> None:
    loose = make.a_product(duka, name="Refill by litre", shillings=5, unit="litre", tax_class="C")
    make.a_recipe(loose, (water, 1_050))

    paid(make.a_sale(duka, product=loose, milli=1_500))

    assert level_of(water) == (98_425, 0, 6_890)


def test_a_pinch_of_a_pinch_is_nothing(duka: Business, water: StockItem) -> None:
    loose = make.a_product(duka, name="Refill by litre", shillings=5, unit="litre", tax_class="C")
    make.a_recipe(loose, (water, 1))

    make.a_sale(duka, product=loose, milli=400)

    assert LineStock.objects.count() == 0


def test_the_parts_of_a_recipe_are_read_at_once(
    duka: Business, refill: Product, recipe: Recipe, hamper: Product
) -> None:
    def statements(*products: Product) -> int:
        with CaptureQueriesContext(connection) as seen:
            for product in products:
                make.a_sale(duka, product=product)
        return len(seen)

    assert statements(refill) == statements(hamper)


def set_by(by: User, product: Product, parts: dict[int, int], **but: Any) -> Recipe | None:
    facts: dict[str, Any] = {"cost_account": "5000", "comes_back": False, "now": NOW} | but
    return set_recipe(product=product, parts=parts, by=by, **facts)


@pytest.mark.parametrize(
    ("milli", "sentence"),
    [
        (0, "write how many"),
        (-1, "write how many"),
        (500, "counted in whole pieces"),
        (20_000_000, "more than a recipe takes"),
    ],
)
def test_a_part_that_cannot_be_is_refused(
    refill: Product, cap: StockItem, milli: int, sentence: str
) -> None:
    with pytest.raises(BadStock, match=sentence):
        set_by(make.amina_of(refill.business), refill, {cap.pk: milli})
    assert not Recipe.objects.exists()


def test_a_recipe_of_itself_or_of_a_recipe_is_refused(
    duka: Business, refill: Product, recipe: Recipe, cap: StockItem
) -> None:
    amina = make.amina_of(duka)
    carton = make.a_product(duka, name="Carton")
    for part in (refill, carton):
        with pytest.raises(BadStock, match="is not counted here"):
            set_by(amina, carton, {part.pk: 1_000})
    # The other way round: what is a part of something has no recipe, for it is counted.
    with pytest.raises(BadStock, match="Cap is counted itself"):
        set_by(amina, cap.product, {cap.pk: 1_000})


def test_what_has_a_recipe_is_not_counted(refill: Product, recipe: Recipe) -> None:
    with pytest.raises(BadStock, match="Refill 20 L has a recipe"):
        make.counted(refill)

    set_by(make.amina_of(refill.business), refill, {})
    assert (make.counted(refill).pk, Recipe.objects.count()) == (refill.pk, 0)


def test_parts_of_another_business_are_refused(refill: Product) -> None:
    theirs = make.counted(make.a_product(make.a_business(slug="maji"), name="Cap"))
    with pytest.raises(BadStock, match="is not counted here"):
        set_by(make.amina_of(refill.business), refill, {theirs.pk: 1_000})


def test_a_piece_is_no_part_of_what_is_measured(duka: Business, cap: StockItem) -> None:
    loose = make.a_product(duka, name="Refill by litre", unit="litre")
    with pytest.raises(BadStock, match="half a unit would take half a piece"):
        set_by(make.amina_of(duka), loose, {cap.pk: 1_000})


def test_twenty_parts_are_the_most(duka: Business, refill: Product) -> None:
    with pytest.raises(BadStock, match="at most 20 parts"):
        set_by(make.amina_of(duka), refill, dict.fromkeys(range(21), 1_000))


def test_an_account_that_is_none_of_cost_is_refused(refill: Product, cap: StockItem) -> None:
    with pytest.raises(BadStock, match="no account 4040 of cost of sales"):
        set_by(make.amina_of(refill.business), refill, {cap.pk: 1_000}, cost_account="4040")


def test_who_only_sells_sets_no_recipe(refill: Product, cap: StockItem, baraka: User) -> None:
    accountant = make.a_user("njeri", duka=Role.ACCOUNTANT)
    for person in (baraka, accountant):
        with pytest.raises(NotAllowed):
            set_by(person, refill, {cap.pk: 1_000})


def test_made_of_says_how_many_and_what_one_costs(
    recipe: Recipe, refill: Product, cap: StockItem
) -> None:
    made = made_of([recipe])[0]
    assert (made.enough, made.cost_cents) == (5, 500 + 1_400)

    paid(make.a_sale(refill.business, product=cap.product, milli=8_000))
    make.a_sale(refill.business, product=refill)
    assert made_of([recipe])[0].enough == 1


def test_a_part_may_be_counted_in_another_way_meanwhile(
    refill: Product, recipe: Recipe, cap: StockItem
) -> None:
    """The cost account of a part is its own; that of what was sold is the recipe's."""
    sale = make.a_sale(refill.business, product=refill)
    keep_count_of(
        product=cap.product,
        stock_account="1400",
        cost_account="5010",
        reorder_milli=0,
        allows_negative=False,
        by=make.amina_of(refill.business),
    )
    paid(sale)
    paid(make.a_sale(refill.business, product=cap.product))

    other = Sale.objects.latest("pk")
    assert [lines_of(f"cost:{one.pk}")[0] for one in (sale, other)] == [
        ("5000", 1_900),
        ("5010", 500),
    ]
