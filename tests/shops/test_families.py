"""Families: one tile that opens its kinds, each a product of its own."""

import pytest
from django.test import Client

from money.models import Business, User
from shops.actions.families import leave_family, put_in_family
from shops.actions.items import BadStock, NotAllowed
from shops.models import Product, ProductFamily
from shops.queries import goods
from tests import make
from tests.make import TODAY


@pytest.fixture
def six(duka: Business) -> Product:
    return make.a_product(duka, name="Gas refill 6 kg", shillings=1_250)


@pytest.fixture
def thirteen(duka: Business) -> Product:
    return make.a_product(duka, name="Big gas", shillings=2_900)


@pytest.fixture
def gas(duka: Business, six: Product, thirteen: Product) -> ProductFamily:
    amina = make.amina_of(duka)
    put_in_family(product=six, family="Gas refill", variant="", by=amina)
    return put_in_family(product=thirteen, family=" Gas  refill", variant="13 kg", by=amina)


def names(duka: Business) -> dict[str, str]:
    rows = Product.objects.filter(business=duka).order_by("pk")
    return dict(rows.values_list("name", "variant"))


def test_a_product_of_a_family_is_called_by_both_names(duka: Business, gas: ProductFamily) -> None:
    assert names(duka) == {"Gas refill 6 kg": "6 kg", "Gas refill 13 kg": "13 kg"}
    assert ProductFamily.objects.count() == 1


def test_who_leaves_keeps_its_name(duka: Business, gas: ProductFamily, six: Product) -> None:
    leave_family(product=six, by=make.amina_of(duka))

    assert names(duka) == {"Gas refill 6 kg": "", "Gas refill 13 kg": "13 kg"}


@pytest.mark.parametrize(
    ("family", "variant", "sentence"),
    [
        ("", "6 kg", "Write the family's name"),
        ("x" * 61, "6 kg", "at most 60 letters"),
        ("Soap", "", "Write which one of Soap it is"),
        ("Soap", "x" * 41, "in at most 40 letters"),
        ("x" * 50, "x" * 40, "is too long"),
    ],
)
def test_names_that_cannot_be_are_refused(
    duka: Business, six: Product, family: str, variant: str, sentence: str
) -> None:
    with pytest.raises(BadStock, match=sentence):
        put_in_family(product=six, family=family, variant=variant, by=make.amina_of(duka))
    assert not ProductFamily.objects.exists()


def test_a_name_that_another_has_is_refused(
    duka: Business, gas: ProductFamily, six: Product
) -> None:
    with pytest.raises(BadStock, match="another product called Gas refill 13 kg"):
        put_in_family(product=six, family="Gas refill", variant="13 kg", by=make.amina_of(duka))


def test_who_only_sells_changes_no_family(six: Product, baraka: User) -> None:
    with pytest.raises(NotAllowed):
        put_in_family(product=six, family="Gas refill", variant="", by=baraka)
    with pytest.raises(NotAllowed):
        leave_family(product=six, by=baraka)


def test_a_family_is_one_tile_with_all_its_kinds(duka: Business, gas: ProductFamily) -> None:
    make.a_product(duka, name="Bread", shillings=65)

    tiles = goods.tiles_of(duka, goods.products_of(duka, TODAY)[:2], TODAY, opens_families=False)

    assert [(str(tile.product or tile.family), len(tile.variants)) for tile in tiles] == [
        ("Bread", 0),
        ("Gas refill", 2),
    ]
    assert tiles[1].lowest_cents == 125_000


def test_the_counter_opens_a_family_without_a_script_and_sells_one_kind(
    at_counter: Client, duka: Business, gas: ProductFamily, six: Product
) -> None:
    page = at_counter.get("/s/duka/").content.decode()

    assert page.count('<details class="family"') == 1
    assert page.count('class="tile"') == 2
    assert 'data-name="Gas refill 6 kg"' in page
    sold = at_counter.post("/s/duka/sell", {"add": str(six.pk)})
    assert [line["product"] for line in sold.context["lines"]] == [six]


def test_a_search_shows_the_kinds_themselves(
    at_counter: Client, duka: Business, gas: ProductFamily, six: Product
) -> None:
    found = at_counter.get("/s/duka/", {"q": "6 kg"}, headers={"X-Tiles": "yes"})

    assert [tile.product for tile in found.context["tiles"]] == [six]
    assert "<details" not in found.content.decode()


def test_a_family_is_sold_out_when_every_kind_is(
    duka: Business, gas: ProductFamily, six: Product, thirteen: Product
) -> None:
    def is_sold_out() -> bool:
        rows = goods.products_of(duka, TODAY)
        (tile,) = goods.tiles_of(duka, rows, TODAY, opens_families=False)
        return tile.is_sold_out

    make.counted(six)
    assert not is_sold_out()
    make.counted(thirteen)
    assert is_sold_out()
