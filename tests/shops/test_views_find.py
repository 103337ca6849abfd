"""The counter's search without a script: the cart stays, scans are added, nothing is guessed."""

from typing import Any

import pytest
from django.test import Client

from money.models import Business
from shops.actions.goods import set_codes
from shops.models import Product, Sale, Unit
from tests import make
from tests.shops.test_views import refusals_in

COUNTER = "/s/duka/"
SELL = "/s/duka/sell"
KEY = "0123456789abcdef0123456789abcdef"
MILK = "6161100001114"


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka)


@pytest.fixture
def milk(duka: Business) -> Product:
    product = make.a_product(duka, name="Milk 500 ml", shillings=60)
    set_codes(product=product, codes=[MILK], by=make.amina())
    return product


def found(client: Client, text: str, cart: dict[Product, str], **more: str) -> Any:
    fields = {f"line-{product.pk}": quantity for product, quantity in cart.items()}
    return client.post(SELL, {"key": KEY, "find": "1", "q": text, **fields, **more})


def cart_of(response: Any) -> dict[str, str]:
    return {line["product"].name: line["quantity"] for line in response.context["lines"]}


def tiles_of(response: Any) -> list[str]:
    return [product.name for product in response.context["products"]]


def test_a_search_keeps_cart_key_and_fields(
    at_counter: Client, flour: Product, milk: Product
) -> None:
    response = found(at_counter, "milk", {flour: "2"}, phone="0712")

    assert (response.status_code, tiles_of(response)) == (200, ["Milk 500 ml"])
    assert cart_of(response) == {"Maize flour 2 kg": "2"}
    page = response.content.decode()
    assert [page.count(f'value="{value}"') for value in (KEY, "0712", "milk")] == [1, 1, 1]
    assert not Sale.objects.exists()


@pytest.mark.parametrize(
    ("text", "quantity"),
    [(MILK, "3"), (f"2*{MILK}", "4"), (f"{MILK} * 2", "4"), ("5*milk", "7")],
)
def test_a_scan_is_added_to_what_is_there(
    at_counter: Client, flour: Product, milk: Product, text: str, quantity: str
) -> None:
    response = found(at_counter, text, {flour: "1", milk: "2"})

    assert cart_of(response) == {"Maize flour 2 kg": "1", "Milk 500 ml": quantity}
    # The next scan finds the field empty and everything on its tile.
    assert tiles_of(response) == ["Maize flour 2 kg", "Milk 500 ml"]
    assert response.context["words"] == ""


def test_goods_by_weight_are_added_by_weight(at_counter: Client, duka: Business) -> None:
    make.a_product(duka, name="Sugar", shillings=150, unit=Unit.KG)

    response = found(at_counter, "0.75*sugar", {})

    assert cart_of(response) == {"Sugar": "0.75"}
    assert response.context["total_cents"] == 11_250


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("6169999999999", "Nothing on sale here has the code “6169999999999”. Nothing was added."),
        ("161100", "Nothing on sale here has the code “161100”. Nothing was added."),
        ("3*paraffin", "Nothing on sale here is called “paraffin”. Nothing was added."),
    ],
)
def test_what_is_unknown_says_so_and_adds_nothing(
    at_counter: Client, flour: Product, milk: Product, text: str, sentence: str
) -> None:
    make.a_product(milk.business, name="Puzzle 161100")

    response = found(at_counter, text, {flour: "1"})

    assert (response.status_code, refusals_in(response)) == (422, [sentence])
    assert cart_of(response) == {"Maize flour 2 kg": "1"}


def test_an_empty_search_shows_everything_again(
    at_counter: Client, flour: Product, milk: Product
) -> None:
    for text in ("", "  ", "3*"):
        response = found(at_counter, text, {flour: "1"})
        assert tiles_of(response) == ["Maize flour 2 kg", "Milk 500 ml"]
        assert cart_of(response) == {"Maize flour 2 kg": "1"}


def test_a_code_of_another_business_is_unknown(at_counter: Client, flour: Product) -> None:
    maji = make.a_business(slug="maji")
    theirs = make.a_product(maji, name="Refill")
    set_codes(product=theirs, codes=[MILK], by=make.a_user("halima", maji="owner"))

    assert found(at_counter, MILK, {}).status_code == 422
    assert tiles_of(at_counter.get(COUNTER, {"q": MILK})) == []


def test_tiles_name_their_codes(at_counter: Client, flour: Product, milk: Product) -> None:
    set_codes(product=milk, codes=[MILK, "ABC"], by=make.a_user("amina"))

    page = at_counter.get(COUNTER, headers={"X-Tiles": "yes"}).content.decode()

    assert page.count("data-codes") == 1
    assert set(page.split('data-codes="')[1].split('"')[0].split()) == {MILK, "ABC"}
