"""Carts held by name: put aside, listed, taken out exactly once, kept for half a year."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from money.models import Business, User
from periodic.kinds_of_schedules import KINDS
from shops.actions.held import MOST_HELD, NotHeld, forget_held, hold_cart, take_cart
from shops.models import HeldCart, Product, Sale
from tests import make
from tests.make import NOW
from tests.shops.test_constraints import refused_by, unguarded  # noqa: F401 a fixture

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def bread(duka: Business) -> Product:
    return make.a_product(duka, name="Bread", shillings=65)


@pytest.fixture
def sugar(duka: Business) -> Product:
    return make.a_product(duka, name="Sugar", shillings=150, unit="kg")


def a_held(shop: Business, by: User, **but: Any) -> HeldCart:
    facts: dict[str, Any] = {
        "key": KEY,
        "name": "Njeri",
        "cart": {1: 1000},
        "beside": {},
        "total_cents": 6_500,
        "now": NOW,
    }
    return hold_cart(business=shop, by=by, **(facts | but))


def hold(client: Client, *products: tuple[Product, str], **fields: str) -> Any:
    lines = {f"line-{product.pk}": quantity for product, quantity in products}
    form = {"key": KEY, "hold_name": "Njeri", "hold": "1", **lines, **fields}
    return client.post("/s/duka/held/hold", form)


def take(client: Client, cart: HeldCart, key: str = OTHER, **fields: str) -> Any:
    return client.post(f"/s/duka/held/{cart.pk}/take", {"key": key, **fields})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_cart_is_held_listed_and_comes_back_as_it_was(
    at_counter: Client, bread: Product, sugar: Product
) -> None:
    answer = hold(
        at_counter,
        (sugar, "0.75"),
        (bread, "2"),
        hold_name=" Mama   Njeri ",
        discount="10",
        discount_reason="Regular customer",
    )
    cart = HeldCart.objects.get()

    assert answer["Location"] == f"/s/duka/?held={cart.pk}"
    page = text(at_counter.get(answer["Location"]))
    assert "Held for Mama Njeri." in page
    assert f'data-forget="{KEY}"' in page
    assert '<b class="how-many">1</b>' in page
    # 0.75 kg at 150 and two loaves, less 10.
    assert "KES 232.50" in page
    listed = text(at_counter.get("/s/duka/held/"))
    assert "Mama Njeri" in listed
    assert "Baraka" in listed

    back = text(take(at_counter, cart))
    lines = [f'name="line-{sugar.pk}" value="0.75"', f'name="line-{bread.pk}" value="2"']
    assert [back.count(line) for line in lines] == [1, 1]
    assert back.index(lines[0]) < back.index(lines[1])
    assert 'value="Regular customer"' in back
    assert f'name="key" value="{OTHER}"' in back
    assert 'data-came="yes"' in back
    assert "No cart is held." in text(at_counter.get("/s/duka/held/"))


def test_a_held_cart_is_sold_at_the_price_of_the_day_it_comes_back(
    duka: Business, at_counter: Client, bread: Product
) -> None:
    hold(at_counter, (bread, "1"))
    make.a_price(bread, shillings=70, from_day=NOW.date() - timedelta(days=9))

    back = text(take(at_counter, HeldCart.objects.get()))
    form = {"key": OTHER, "shown": "7000", f"line-{bread.pk}": "1", "exact": "1"}
    at_counter.post("/s/duka/sell", form)

    assert '<b id="total">KES 70</b>' in back
    assert Sale.objects.get().total_cents == 7_000


def test_what_is_not_sold_any_more_is_left_out_and_said(
    at_counter: Client, bread: Product, sugar: Product
) -> None:
    hold(at_counter, (bread, "1"), (sugar, "1"))
    Product.objects.filter(pk=bread.pk).update(is_active=False)

    back = text(take(at_counter, HeldCart.objects.get()))

    assert "is not sold any more, and was left out" in back
    assert '<b id="total">KES 150</b>' in back


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"hold_name": "  "}, "Write whose cart it is"),
        ({"hold_name": "x" * 41}, "in at most 40 letters"),
        ({"key": "short"}, "This page is incomplete"),
    ],
)
def test_what_cannot_be_held_is_said_and_stays_on_the_counter(
    at_counter: Client, bread: Product, fields: dict[str, str], sentence: str
) -> None:
    answer = hold(at_counter, (bread, "3"), **fields)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'value="3"' in text(answer)
    assert HeldCart.objects.count() == 0


def test_nothing_is_not_held(at_counter: Client) -> None:
    answer = hold(at_counter)

    assert answer.status_code == 422
    assert "nothing to hold" in text(answer)
    assert '<details class="held-carts" id="held"' in text(answer)


def test_a_double_press_holds_once_another_cart_of_the_page_is_refused(
    at_counter: Client, bread: Product
) -> None:
    hold(at_counter, (bread, "1"))
    hold(at_counter, (bread, "1"))
    assert HeldCart.objects.count() == 1

    answer = hold(at_counter, (bread, "2"))

    assert answer.status_code == 422
    assert "This page was used before" in text(answer)


def test_what_was_sold_is_not_held_as_well(at_counter: Client, bread: Product) -> None:
    form = {"key": KEY, "shown": "6500", f"line-{bread.pk}": "1", "exact": "1"}
    at_counter.post("/s/duka/sell", form)

    answer = hold(at_counter, (bread, "1"))

    assert "sold already" in text(answer)
    assert HeldCart.objects.count() == 0


def test_fifty_are_held_at_most_in_one_business(duka: Business, baraka: User) -> None:
    carts = [a_held(duka, baraka, key=f"key-{n:012}") for n in range(MOST_HELD)]
    with pytest.raises(NotHeld, match="50 carts are held"):
        a_held(duka, baraka)
    a_held(make.a_shop(slug="maji"), baraka, key="of-another-business")

    take_cart(business=duka, cart_id=carts[0].pk, key=OTHER, by=baraka, now=NOW)

    assert a_held(duka, baraka).pk


def test_a_cart_is_taken_out_by_one_form_which_may_ask_again(
    duka: Business, baraka: User, at_counter: Client, bread: Product
) -> None:
    hold(at_counter, (bread, "1"))
    cart = HeldCart.objects.get()

    first, again = take(at_counter, cart), take(at_counter, cart)
    other = take(at_counter, cart, key="0011223344556677")

    assert text(first).count(f'name="line-{bread.pk}"') == 1
    assert text(again).count(f'name="line-{bread.pk}"') == 1
    assert other.status_code == 422
    assert "Baraka took the cart of Njeri out at" in text(other)
    assert f'name="line-{bread.pk}"' not in text(other)


def test_a_cart_on_the_counter_is_not_lost_to_a_held_one(
    at_counter: Client, bread: Product, sugar: Product
) -> None:
    hold(at_counter, (bread, "1"))
    cart = HeldCart.objects.get()

    answer = take(at_counter, cart, **{f"line-{sugar.pk}": "2"})

    assert answer.status_code == 422
    assert "There is a cart on the counter" in text(answer)
    assert f'name="line-{sugar.pk}" value="2"' in text(answer)
    cart.refresh_from_db()
    assert cart.taken_at is None


def test_carts_of_another_business_are_neither_seen_nor_taken(
    duka: Business, baraka: User, at_counter: Client
) -> None:
    theirs = a_held(make.a_shop(slug="maji"), baraka, name="Wafula")

    assert "Wafula" not in text(at_counter.get("/s/duka/held/"))
    assert f'data-forget="{KEY}"' not in text(at_counter.get(f"/s/duka/?held={theirs.pk}"))
    assert "not held any more" in text(take(at_counter, theirs))


@pytest.mark.parametrize("odd", ["x", "-1", "9" * 19, "٣", ""])
def test_an_odd_address_forgets_nothing(at_counter: Client, odd: str) -> None:
    assert "data-forget" not in text(at_counter.get("/s/duka/", {"held": odd}))


def test_carts_are_kept_180_days_and_a_week_once_taken_out(duka: Business, baraka: User) -> None:
    days = timedelta(days=1)
    a_held(duka, baraka, key="waits-too-long-1", now=NOW - 181 * days)
    waits = a_held(duka, baraka, key="still-waiting-1", now=NOW - 179 * days)
    for key, ago in (("taken-long-ago-1", 8), ("taken-just-now-1", 6)):
        cart = a_held(duka, baraka, key=key, now=NOW - 20 * days)
        take_cart(business=duka, cart_id=cart.pk, key=key, by=baraka, now=NOW - ago * days)

    said = KINDS["clean_up"].work({}, lambda done, total: None, NOW)

    assert "2 held carts" in said
    assert set(HeldCart.objects.values_list("key", flat=True)) == {waits.key, "taken-just-now-1"}
    assert forget_held(now=NOW) == 0


# The constraints


@pytest.mark.parametrize(
    ("name", "but"),
    [
        ("heldcart_has_a_name", {"name": ""}),
        ("heldcart_total_is_not_negative", {"total_cents": -1}),
        ("heldcart_is_taken_by_somebody", {"taken_key": OTHER}),
        ("heldcart_is_taken_by_somebody", {"taken_at": NOW}),
    ],
)
def test_heldcart_refuses(unguarded: None, name: str, but: dict[str, Any]) -> None:  # noqa: F811
    facts: dict[str, Any] = {
        "business": make.a_business(),
        "key": KEY,
        "name": "Njeri",
        "cart": {"lines": []},
        "total_cents": 0,
        "held_by": make.a_user("baraka"),
        "held_at": NOW,
    }

    assert refused_by(HeldCart(**(facts | but))) == name
