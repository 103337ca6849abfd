"""What things cost on which day, the codes on their packs, and how both are found."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.models import Business, Role, User
from shops.actions.goods import BadPrice, CodeTaken, set_codes, set_price
from shops.actions.inbox import NotAllowed
from shops.actions.sales import OtherTotal, ring_up
from shops.cart import BadCart
from shops.models import Barcode, Price, Product, Sale
from shops.queries import goods
from tests import make
from tests.make import NOW, TODAY

TOMORROW = TODAY + timedelta(days=1)
NEXT_WEEK = TODAY + timedelta(days=7)


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


def priced(product: Product, shillings: int, day: date, by: User, **but: Any) -> Price:
    facts: dict[str, Any] = {
        "product": product,
        "price_cents": shillings * 100,
        "from_day": day,
        "by": by,
        "now": NOW,
    }
    return set_price(**(facts | but))


def test_a_price_holds_from_its_day_until_the_next(duka: Business, amina: User) -> None:
    product = make.a_product(duka)

    priced(product, 200, NEXT_WEEK, amina)
    priced(product, 190, TOMORROW, amina)

    days = (TODAY, TOMORROW, NEXT_WEEK - timedelta(days=1), NEXT_WEEK)
    assert [make.cents(product, day) for day in days] == [18_000, 19_000, 19_000, 20_000]


def test_a_wrong_price_is_followed_by_the_right_one_and_stays(duka: Business, amina: User) -> None:
    product = make.a_product(duka)

    wrong = priced(product, 1900, TODAY, amina)
    right = priced(product, 190, TODAY, amina)

    assert goods.price_on(product, TODAY) == right
    assert list(goods.prices_of(product))[:2] == [right, wrong]
    assert (right.set_by, right.set_at) == (amina, NOW)


def test_a_price_set_twice_is_written_once(duka: Business, amina: User) -> None:
    product = make.a_product(duka)

    first = priced(product, 190, TOMORROW, amina)
    again = priced(product, 190, TOMORROW, amina)

    assert (first, product.prices.count()) == (again, 2)


@pytest.mark.parametrize(
    ("but", "sentence"),
    [
        ({"price_cents": 0}, "A price is more than nothing."),
        ({"price_cents": -100}, "A price is more than nothing."),
        (
            {"from_day": TODAY - timedelta(days=1)},
            "A price begins today or later: what was sold keeps what it cost.",
        ),
    ],
)
def test_a_price_that_cannot_be_is_refused(
    duka: Business, amina: User, but: dict[str, Any], sentence: str
) -> None:
    product = make.a_product(duka)

    with pytest.raises(BadPrice) as refusal:
        priced(product, 190, TODAY, amina, **but)

    assert (str(refusal.value), product.prices.count()) == (sentence, 1)


@pytest.mark.parametrize("role", [Role.CASHIER, Role.ACCOUNTANT, Role.AUDITOR, Role.RIDER])
def test_who_may_not_sets_neither_prices_nor_codes(duka: Business, role: str) -> None:
    product = make.a_product(duka)
    make.a_business(slug="maji")
    somebody = make.a_user("somebody", duka=role, maji=Role.OWNER)

    with pytest.raises(NotAllowed):
        priced(product, 190, TODAY, somebody)
    with pytest.raises(NotAllowed):
        set_codes(product=product, codes=["616110"], by=somebody)

    assert (product.prices.count(), product.barcodes.count()) == (1, 0)


def test_a_manager_sets_prices(duka: Business) -> None:
    product = make.a_product(duka)

    priced(product, 190, TODAY, make.a_user("otieno", duka=Role.MANAGER))

    assert make.cents(product) == 19_000


# What is sold at which price


def rung(duka: Business, by: User, product: Product, shown: int, day: date, key: str) -> Sale:
    return ring_up(
        business=duka,
        key=key,
        cart={product.pk: 1000},
        shown_cents=shown,
        cashier=by,
        sold_on=day,
        now=NOW,
    )


def test_a_sale_is_priced_by_its_day_and_keeps_that_price(
    duka: Business, baraka: User, amina: User
) -> None:
    product = make.a_product(duka)
    priced(product, 200, TOMORROW, amina)

    today = rung(duka, baraka, product, 18_000, TODAY, "key-of-today")
    tomorrow = rung(duka, baraka, product, 20_000, TOMORROW, "key-of-tomorrow")
    priced(product, 250, TODAY, amina)

    lines = [sale.lines.get() for sale in (today, tomorrow)]
    assert [line.price_cents for line in lines] == [18_000, 20_000]
    with pytest.raises(OtherTotal) as refusal:
        rung(duka, baraka, product, 18_000, TODAY, "key-of-an-old-page")
    assert str(refusal.value) == "The total is KES 250 now. Tell the customer, then pay."


def test_what_has_no_price_yet_is_not_sold(duka: Business, baraka: User) -> None:
    product = Product.objects.create(
        business=duka, name="Soon", tax_class="B", sales_account="4040"
    )
    make.a_price(product, from_day=TOMORROW)

    with pytest.raises(BadCart) as refusal:
        rung(duka, baraka, product, 18_000, TODAY, "key-of-today")

    assert str(refusal.value) == (
        "Soon has no price yet. The manager sets one; sell the rest without it."
    )
    assert list(goods.products_of(duka, TODAY)) == []
    assert goods.products_in(duka, [product.pk], TODAY) == {}
    assert list(goods.products_of(duka, TOMORROW)) == [product]


def test_products_of_finds_every_word_in_any_order(duka: Business) -> None:
    for name in ("Maize flour 2 kg", "Wheat flour 2 kg", "Maize 90 kg"):
        make.a_product(duka, name=name)
    make.a_product(make.a_business(slug="maji"), name="Maize flour of others")
    Product.objects.filter(name="Wheat flour 2 kg").update(is_active=False)

    def found(words: str) -> list[str]:
        return [product.name for product in goods.products_of(duka, TODAY, words)]

    assert found("FLOUR maize") == ["Maize flour 2 kg"]
    assert found("") == ["Maize 90 kg", "Maize flour 2 kg"]
    assert found("%") == []
    assert found("kg kg kg kg kg nothing-after-five-words") == ["Maize 90 kg", "Maize flour 2 kg"]


def test_products_of_returns_no_more_than_the_tiles_with_their_prices(duka: Business) -> None:
    make.many_products(duka, (f"Thing {n:03}" for n in range(61)), shillings=7)

    with CaptureQueriesContext(connection) as asked:
        products = list(goods.products_of(duka, TODAY))

    assert {goods.cents_of(product) for product in products} == {700}
    assert (len(products), len(asked)) == (60, 3)


def test_products_in_leaves_out_what_is_not_sold_here(duka: Business) -> None:
    ours = make.a_product(duka)
    gone = make.a_product(duka, name="Gone")
    theirs = make.a_product(make.a_business(slug="maji"))
    Product.objects.filter(pk=gone.pk).update(is_active=False)

    ids = [ours.pk, gone.pk, theirs.pk, 10**17]
    assert goods.products_in(duka, ids, TODAY) == {ours.pk: ours}


# Codes


def test_a_product_has_the_codes_that_were_set_and_no_others(duka: Business, amina: User) -> None:
    product = make.a_product(duka)
    set_codes(product=product, codes=["616110", "616111"], by=amina)
    kept = product.barcodes.get(code="616111")

    set_codes(product=product, codes=["616111", "616112"], by=amina)

    assert [row.code for row in product.barcodes.order_by("code")] == ["616111", "616112"]
    assert product.barcodes.get(code="616111") == kept


def test_a_code_of_another_product_is_refused_and_named(duka: Business, amina: User) -> None:
    flour, sugar = make.a_product(duka, name="Flour"), make.a_product(duka, name="Sugar")
    set_codes(product=flour, codes=["616110"], by=amina)
    set_codes(product=sugar, codes=["616111"], by=amina)

    with pytest.raises(CodeTaken) as refusal:
        set_codes(product=sugar, codes=["616110", "616112"], by=amina)

    assert str(refusal.value) == "Flour has the code 616110. Take it off there first."
    assert [row.code for row in sugar.barcodes.all()] == ["616111"]


def test_businesses_may_have_the_same_code(duka: Business) -> None:
    maji = make.a_business(slug="maji")
    owner = make.a_user("owner", duka=Role.OWNER, maji=Role.OWNER)

    for business in (duka, maji):
        set_codes(product=make.a_product(business), codes=["616110"], by=owner)

    assert Barcode.objects.filter(code="616110").count() == 2


def test_products_of_finds_a_code_before_names(duka: Business, amina: User) -> None:
    zip_bag, other = make.a_product(duka, name="Zip bag"), make.a_product(duka, name="Bag")
    make.a_product(duka, name="A 061611000037 puzzle")
    make.a_product(duka, name="Soap 61611")
    set_codes(product=zip_bag, codes=["0616110000377", "ZB-1"], by=amina)
    set_codes(product=other, codes=["616110"], by=amina)
    gone = make.a_product(duka, name="Gone")
    set_codes(product=gone, codes=["616119"], by=amina)
    Product.objects.filter(pk=gone.pk).update(is_active=False)
    maji = make.a_business(slug="maji")
    theirs = make.a_product(maji, name="Refill")
    set_codes(product=theirs, codes=["616118"], by=make.a_user("otieno", maji=Role.OWNER))

    def found(words: str) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            names = [product.name for product in goods.products_of(duka, TODAY, words)]
        # One statement finds them, one reads what their tiles say, one their codes.
        assert len(asked) == (3 if names else 1)
        return names

    assert found("616110000377") == ["Zip bag"]
    assert found(" 616110 ") == ["Bag", "A 061611000037 puzzle"]
    assert found("ZB-1") == ["Zip bag"]
    assert found("zb-1") == []
    assert found("bag") == ["Bag", "Zip bag"]
    assert (found("616119"), found("616118"), found("616110000378")) == ([], [], [])


def test_a_code_beyond_the_tiles_is_the_first(duka: Business, amina: User) -> None:
    make.many_products(duka, (f"Thing 616110 {n:03}" for n in range(99)))
    last = make.a_product(duka, name="Zip bag")
    set_codes(product=last, codes=["616110"], by=amina)

    found = list(goods.products_of(duka, TODAY, "616110"))

    assert (found[0], len(found)) == (last, 60)
    assert [goods.has_code(product, "616110") for product in found[:2]] == [True, False]
