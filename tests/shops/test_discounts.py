"""Discounts: what comes off, within whose limit, how the VAT re-adds and what is posted."""

from contextlib import suppress
from datetime import date

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from money.cents import vat_part
from money.models import Business, TaxClass, User
from money.queries import balances
from shops.actions.sales import OtherTotal, ring_up
from shops.actions.settle import take_cash
from shops.cart import PricedLine, discounted, price_line, totals
from shops.discounts import (
    BadDiscount,
    Discount,
    TooMuchDiscount,
    discount_off,
    off,
    read_discount,
)
from shops.models import Product, Sale
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY

# What is typed, and what comes off KES 1,234.50; tests/browser/test_tenders.py has the page say
# the same of each.
TYPED = [
    ("50", 5_000),
    ("50.5", 5_050),
    ("1,000", 100_000),
    ("5 %", 6_100),
    ("5%", 6_100),
    ("12.5 %", 15_400),
    ("0.01 %", 12),
    ("99.99 %", 123_400),
    ("", 0),
    ("0", 0),
    ("five", 0),
    ("-5", 0),
    ("5 % off", 0),
    ("100 %", 0),
    ("1.234", 0),
    ("\uff15 %", 0),
    ("\u0665", 0),
]
LETTERS = [letter.value for letter in TaxClass]


@pytest.fixture
def sugar(duka: Business) -> Product:
    return make.a_product(duka, name="Sugar", shillings=150)


def wish(by: User, *, bp: int = 0, cents: int = 0, limit: int | None = None) -> Discount:
    return Discount(reason="Regular", by=by, limit_bp=limit, percent_bp=bp, cents=cents)


def sold(duka: Business, product: Product, milli: int, discount: Discount, shown: int) -> Sale:
    return ring_up(
        business=duka,
        key=f"key-{discount}-{milli}"[-64:],
        cart={product.pk: milli},
        shown_cents=shown,
        cashier=discount.by,
        sold_on=TODAY,
        now=NOW,
        discount=discount,
    )


@pytest.mark.parametrize(("text", "cents"), TYPED)
def test_what_is_typed_comes_off(text: str, cents: int) -> None:
    assert discount_off(text, 123_450) == cents


@given(st.integers(1, 10**9), st.integers(1, 9_999))
def test_a_percentage_of_whole_shillings_is_whole_shillings(listed: int, bp: int) -> None:
    part = off(listed * 100, bp, 0)

    assert part % 100 == 0 or part < 100
    assert abs(part * 10_000 - listed * 100 * bp) <= 100 * 10_000
    assert part <= listed * 100


@given(
    st.lists(
        st.tuples(
            st.integers(100, 10**6), st.integers(1, 10_000), st.sampled_from([0, 800, 1_600])
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 10**9),
)
def test_a_discount_is_spread_to_the_cent_and_its_vat_re_adds(
    goods: list[tuple[int, int, int]], wanted: int
) -> None:
    lines = [
        price_line(price_cents=price, quantity_milli=milli, rate_bp=rate)
        for price, milli, rate in goods
        if 0 < (2 * price * milli + 1000) // 2000 <= 10**8
    ]
    listed = sum(line.amount_cents for line in lines)
    cents = wanted % max(listed, 1)
    try:
        left = discounted(lines, cents)
    except BadDiscount:
        # Of some line there would be less than a cent left.
        assert min(line.amount_cents for line in lines) * (listed - cents) < listed
        return
    total, vat = totals(left)

    assert total == listed - cents
    assert vat == sum(line.vat_cents for line in left)
    for before, after in zip(lines, left, strict=True):
        assert after.amount_cents + after.discount_cents == before.amount_cents
        assert after.vat_cents == vat_part(after.amount_cents, after.rate_bp)
        assert abs(after.discount_cents * listed - cents * before.amount_cents) <= listed


@pytest.mark.parametrize("cents", [18_000, 18_001, 10**15])
def test_a_discount_leaves_something_to_pay(cents: int) -> None:
    with pytest.raises(BadDiscount, match="less than the total"):
        discounted([PricedLine(18_000, 1_600, 2_483)], cents)


def test_a_discount_leaves_something_of_every_line() -> None:
    with pytest.raises(BadDiscount, match="leaves nothing of a line"):
        discounted([PricedLine(100_000, 0, 0), PricedLine(1, 0, 0)], 99_999)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"discount": "five", "discount_reason": "x"}, "Write a discount as 50 shillings"),
        ({"discount": "5"}, "Say why the customer pays less."),
        ({"discount": "5", "discount_reason": " \t "}, "Say why the customer pays less."),
        ({"discount": "5", "discount_reason": "x" * 101}, "more than 100 letters"),
        ({"discount": "9" * 40, "discount_reason": "x"}, "Write a discount"),
    ],
)
def test_what_is_no_discount_is_refused(
    baraka: User, fields: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadDiscount, match=sentence):
        read_discount(fields, by=baraka, limit_bp=500)


@pytest.mark.parametrize("text", ["", " ", "0", "0 %", "0.00"])
def test_nothing_off_is_no_discount(baraka: User, text: str) -> None:
    assert read_discount({"discount": text}, by=baraka, limit_bp=0) is None


def test_a_discount_stops_at_the_limit(duka: Business, baraka: User, sugar: Product) -> None:
    with pytest.raises(TooMuchDiscount, match="You may give KES 15 off here"):
        sold(duka, sugar, 2_000, wish(baraka, cents=1_501, limit=500), 28_499)
    with pytest.raises(TooMuchDiscount, match="You may give no discount"):
        sold(duka, sugar, 2_000, wish(baraka, cents=1, limit=0), 29_999)

    sale = sold(duka, sugar, 2_000, wish(baraka, cents=1_500, limit=500), 28_500)

    assert (sale.discount_cents, sale.discount_by, sale.discount_reason) == (
        1_500,
        baraka,
        "Regular",
    )


def test_a_price_that_changed_under_a_discount_is_told(
    duka: Business, baraka: User, sugar: Product
) -> None:
    make.a_price(sugar, shillings=160, from_day=TODAY)

    with pytest.raises(OtherTotal, match="KES 152 now"):
        sold(duka, sugar, 1_000, wish(baraka, bp=500), 14_300)


def test_a_discount_with_vat_is_posted(duka: Business, baraka: User, sugar: Product) -> None:
    sale = sold(duka, sugar, 1_000, wish(baraka, cents=1_500), 13_500)
    take_cash(sale_id=sale.pk, given_cents=13_500, by=baraka, now=NOW)

    assert make.taxed_lines_of(sale.reference) == [
        ("1300", 13_500, ""),
        ("4040", -12_931, "B"),
        ("4100", 1_293, "B"),
        ("2200", -1_862, "B"),
    ]
    assert balances(duka)["1300"] == 0


def test_a_discount_that_leaves_cents_is_rounded_in_cash(
    duka: Business, baraka: User, sugar: Product
) -> None:
    sale = sold(duka, sugar, 1_000, wish(baraka, cents=1_025), 13_975)
    take_cash(sale_id=sale.pk, given_cents=14_000, by=baraka, now=NOW)

    tender = sale.tenders.get()
    assert (tender.amount_cents, tender.rounding_cents) == (13_975, 25)
    assert verify_sales() == []


def test_a_percentage_of_next_to_nothing_is_no_discount(duka: Business, baraka: User) -> None:
    sweet = make.a_product(duka, name="Sweet", shillings=1)

    sale = sold(duka, sweet, 1_000, wish(baraka, bp=1), 100)

    assert (sale.discount_cents, sale.discount_reason, sale.discount_by) == (0, "", None)


class Undone(Exception):
    """Ends an example, so that the next one begins with an empty shop."""


@pytest.mark.django_db
@settings(max_examples=15, deadline=None)
@given(
    goods=st.lists(
        st.tuples(st.sampled_from(LETTERS), st.integers(1, 5_000), st.integers(1, 9)),
        min_size=1,
        max_size=5,
    ),
    bp=st.integers(1, 9_000),
    since=st.sampled_from([None, date(2024, 1, 1)]),
)
def test_what_is_posted_balances_with_every_letter(
    goods: list[tuple[str, int, int]], bp: int, since: date | None
) -> None:
    with suppress(Undone), transaction.atomic():
        sell_all(goods, bp, since)
        raise Undone


def sell_all(goods: list[tuple[str, int, int]], bp: int, since: date | None) -> None:
    shop, by = make.a_shop(vat_registered_from=since), make.a_user("baraka")
    cart, listed = {}, 0
    for number, (letter, shillings, pieces) in enumerate(goods):
        thing = make.a_product(shop, name=f"{number}", shillings=shillings, tax_class=letter)
        cart[thing.pk] = pieces * 1_000
        listed += shillings * 100 * pieces
    sale = ring_up(
        business=shop,
        key="the-key-of-all",
        cart=cart,
        shown_cents=listed - off(listed, bp, 0),
        cashier=by,
        sold_on=TODAY,
        now=NOW,
        discount=wish(by, bp=bp),
    )
    take_cash(sale_id=sale.pk, given_cents=10**9, by=by, now=NOW)

    lines = list(sale.lines.all())
    posted = make.taxed_lines_of(sale.reference)
    assert sum(cents for _, cents, _ in posted) == 0
    for letter in {line.tax_class for line in lines}:
        own = [line for line in lines if line.tax_class == letter]
        tax = letter if since else ""
        if since is None:
            own = lines
        net = [c for code, c, its in posted if its == tax and code in {"4040", "4100"}]
        vat = [c for code, c, its in posted if its == tax and code == "2200"]
        assert -sum(net) == sum(line.amount_cents - line.vat_cents for line in own)
        assert -sum(vat) == sum(line.vat_cents for line in own)
    assert verify_sales() == []
