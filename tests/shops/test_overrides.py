"""Lines sold below the price of the list: what is typed, who may, what is kept and shown."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from money.access import limit_of
from money.limits import Limit
from money.models import Business, Role, RoleLimit, User
from money.queries import balances
from shops.actions.refunds import Return, refund_sale
from shops.actions.sales import OtherTotal, ring_up
from shops.actions.settle import take_cash
from shops.discounts import Discount, TooMuchDiscount
from shops.models import CashSession, HeldCart, Product, Sale, SaleLine
from shops.overrides import (
    BadOverride,
    Overrides,
    TooFarBelow,
    kept_fields,
    lowest_cents,
    read_overrides,
    shown_cents,
    without_prices,
)
from shops.queries.cash import figures_of
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
WHY = "Price promised"
# What is typed for sugar of KES 150, and what a kilogram then costs; tests/browser/test_below.py
# has the page say the same of each.
TYPED = [
    ("", 15_000),
    ("140", 14_000),
    ("140.5", 14_050),
    ("140.05", 14_005),
    ("KES 140", 14_000),
    ("ksh. 140", 14_000),
    ("150", 15_000),
    ("150.00", 15_000),
    ("150.01", 15_000),
    ("1,500", 15_000),
    ("1,40", 15_000),
    ("0", 15_000),
    ("0.00", 15_000),
    ("0.01", 1),
    ("-5", 15_000),
    ("five", 15_000),
    ("5 %", 15_000),
    ("140.005", 15_000),
    ("\u0661\u0664\u0660", 15_000),
]


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sugar(duka: Business) -> Product:
    return make.a_product(duka, name="Sugar", shillings=150, unit="kg")


@pytest.fixture
def otieno(duka: Business) -> User:
    return make.a_user("otieno", duka=Role.MANAGER)


@pytest.fixture
def at_managers(client: Client, otieno: User) -> Client:
    client.force_login(otieno)
    return client


def lower(
    by: User, *prices: tuple[Product, int], limit: int | None = None, why: str = WHY
) -> Overrides:
    cents = {product.pk: cents for product, cents in prices}
    return Overrides(prices_cents=cents, reason=why, by=by, limit_bp=limit)


def sold(duka: Business, shown: int, overrides: Overrides, *products: Product, **but: Any) -> Sale:
    """Ring two of each up, by who sells below the price."""
    facts: dict[str, Any] = {
        "key": KEY,
        "cart": {product.pk: 2_000 for product in products},
        "cashier": overrides.by,
        "sold_on": TODAY,
        "now": NOW,
    }
    return ring_up(business=duka, shown_cents=shown, overrides=overrides, **(facts | but))


def below(line: SaleLine) -> tuple[int, int | None, str, User | None]:
    return line.price_cents, line.list_price_cents, line.price_reason, line.price_by


def a_form(product: Product, price: str, **but: Any) -> dict[str, Any]:
    fields = {
        "key": KEY,
        "shown": "28000",
        f"line-{product.pk}": "2",
        f"price-{product.pk}": price,
        "price_reason": WHY,
        "exact": "1",
    }
    return fields | but


def text(response: Any) -> str:
    return str(response.content.decode())


def refusals_in(response: Any) -> list[str]:
    return re.findall(r'<p class="refusal" role="alert">(.*?)</p>', text(response))


def set_limit(duka: Business, role: str, bp: int | None) -> None:
    RoleLimit.objects.create(
        business=duka,
        role=role,
        limit=Limit.PRICE_OVERRIDE,
        most_bp=bp,
        set_by=make.amina_of(duka),
        set_at=NOW,
    )


# Reading


@pytest.mark.parametrize(("typed", "cents"), TYPED)
def test_the_page_shows_what_is_typed_where_it_is_lower(typed: str, cents: int) -> None:
    assert shown_cents(typed, 15_000) == cents


@pytest.mark.parametrize("typed", ["0", "0.00", "KES 0"])
def test_a_price_of_nothing_is_refused(typed: str) -> None:
    with pytest.raises(BadOverride, match="more than nothing"):
        read_overrides({"price-7": typed}, [7], by=User(), limit_bp=None)


@pytest.mark.parametrize("typed", ["-5", "five", "5 %", "1.234", "9" * 40, "1,40", "\u0665"])
def test_what_is_no_price_is_refused(typed: str) -> None:
    with pytest.raises(BadOverride, match="Write a price as 80 or"):
        read_overrides({"price-7": typed}, [7], by=User(), limit_bp=None)


def test_a_reason_has_an_end() -> None:
    fields = {"price-7": "5", "price_reason": "x" * 101}

    with pytest.raises(BadOverride, match="more than 100 letters"):
        read_overrides(fields, [7], by=User(), limit_bp=None)


@pytest.mark.parametrize("fields", [{}, {"price-7": " "}, {"price-8": "5"}, {"price_reason": WHY}])
def test_no_price_of_the_cart_is_no_override(fields: dict[str, str]) -> None:
    assert read_overrides(fields, [7], by=User(), limit_bp=0) is None


def test_prices_are_read_with_one_reason_for_them_all() -> None:
    fields = {"price-7": " 80.50 ", "price-9": "1,200", "price_reason": " Price  promised "}

    found = read_overrides(fields, [7, 8, 9], by=User(), limit_bp=500)

    assert found
    assert (found.prices_cents, found.reason) == ({7: 8_050, 9: 120_000}, WHY)


def test_who_has_no_limit_above_nothing_is_told_at_once() -> None:
    with pytest.raises(TooFarBelow, match="You may sell nothing below its price"):
        read_overrides({"price-7": "80"}, [7], by=User(), limit_bp=0)


@given(st.integers(1, 10**8), st.integers(1, 10**8), st.integers(0, 10_000))
def test_a_price_is_within_the_limit_of_the_list_to_the_cent(
    listed: int, cents: int, limit: int
) -> None:
    lowest = lowest_cents(listed, limit)

    assert (cents >= lowest) == ((listed - cents) * 10_000 <= limit * listed)
    assert lowest <= listed


def test_fields_of_prices_are_kept_and_left_out() -> None:
    fields = {"line-7": "1", "price-7": "80", "price-8": "9", "price_reason": WHY, "discount": "5"}

    assert kept_fields(fields, [7]) == {"price-7": "80", "price_reason": WHY}
    assert kept_fields(fields, [9]) == {}
    assert without_prices(fields) == {"line-7": "1", "discount": "5"}


# Ringing up


def test_a_line_keeps_the_list_who_and_why_and_the_others_do_not(
    duka: Business, otieno: User, sugar: Product
) -> None:
    salt = make.a_product(duka, name="Salt", shillings=20)

    sale = sold(duka, 32_000, lower(otieno, (sugar, 14_000), limit=1_000), sugar, salt)

    one, other = sale.lines.order_by("pk")
    assert below(one) == (14_000, 15_000, WHY, otieno)
    assert below(other) == (2_000, None, "", None)
    assert (one.amount_cents, one.vat_cents) == (28_000, 3_862)


@pytest.mark.parametrize(
    ("role", "cents", "sentence"),
    [
        (Role.MANAGER, 13_499, "You may sell Sugar at KES 135 or more. Call a manager."),
        (Role.CASHIER, 14_999, "You may sell nothing below its price. Call a manager."),
        (Role.RIDER, 14_999, "You may sell nothing below its price. Call a manager."),
        (Role.LAUNDRY_ATTENDANT, 14_999, "You may sell nothing below its price."),
        (Role.AUDITOR, 14_999, "You may sell nothing below its price."),
    ],
)
def test_each_role_stops_at_its_limit(
    duka: Business, sugar: Product, role: str, cents: int, sentence: str
) -> None:
    person = make.a_user("person", duka=role)
    limit = limit_of(person, duka, Limit.PRICE_OVERRIDE)

    with pytest.raises(TooFarBelow, match=sentence):
        sold(duka, 2 * cents, lower(person, (sugar, cents), limit=limit), sugar)

    assert not Sale.objects.exists()


@pytest.mark.parametrize(("role", "cents"), [(Role.MANAGER, 13_500), (Role.OWNER, 1)])
def test_each_role_goes_as_far_as_its_limit(
    duka: Business, sugar: Product, role: str, cents: int
) -> None:
    person = make.a_user("person", duka=role)
    limit = limit_of(person, duka, Limit.PRICE_OVERRIDE)

    sale = sold(duka, 2 * cents, lower(person, (sugar, cents), limit=limit), sugar)

    assert below(sale.lines.get()) == (cents, 15_000, WHY, person)


def test_one_line_does_not_lend_its_limit_to_another(
    duka: Business, otieno: User, sugar: Product
) -> None:
    dear = make.a_product(duka, name="Cooker", shillings=9_000)
    wish = lower(otieno, (sugar, 13_400), limit=1_000)

    with pytest.raises(TooFarBelow, match="Sugar at KES 135"):
        sold(duka, 1_826_800, wish, sugar, dear)


def test_a_price_of_the_list_is_none_and_above_it_is_refused(
    duka: Business, otieno: User, sugar: Product
) -> None:
    with pytest.raises(BadOverride, match="Sugar costs KES 150"):
        sold(duka, 30_002, lower(otieno, (sugar, 15_001)), sugar)

    sale = sold(duka, 30_000, lower(otieno, (sugar, 15_000), limit=0, why=""), sugar)

    assert below(sale.lines.get()) == (15_000, None, "", None)


def test_a_lower_price_needs_a_reason(duka: Business, otieno: User, sugar: Product) -> None:
    with pytest.raises(BadOverride, match="Say why Sugar is sold"):
        sold(duka, 28_000, lower(otieno, (sugar, 14_000), why=""), sugar)


def test_a_price_that_changed_meanwhile_is_told_and_measured_anew(
    duka: Business, otieno: User, sugar: Product
) -> None:
    salt = make.a_product(duka, name="Salt", shillings=20)
    wish = lower(otieno, (sugar, 14_000), limit=1_000)
    make.a_price(salt, shillings=25, from_day=TODAY)
    with pytest.raises(OtherTotal, match="KES 330 now"):
        sold(duka, 32_000, wish, sugar, salt)

    make.a_price(sugar, shillings=160, from_day=TODAY)
    with pytest.raises(TooFarBelow, match="Sugar at KES 144 or more"):
        sold(duka, 33_000, wish, sugar, salt)

    make.a_price(sugar, shillings=130, from_day=TODAY)
    with pytest.raises(BadOverride, match="Sugar costs KES 130"):
        sold(duka, 33_000, wish, sugar, salt)
    assert not Sale.objects.exists()


def test_the_same_key_is_the_first_sale_whatever_price_it_asks_for(
    duka: Business, otieno: User, sugar: Product
) -> None:
    first = sold(duka, 28_000, lower(otieno, (sugar, 14_000)), sugar)

    again = sold(duka, 2, lower(otieno, (sugar, 1), limit=0), sugar)

    assert again == first
    assert below(SaleLine.objects.get()) == (14_000, 15_000, WHY, otieno)


def test_a_discount_comes_on_top_and_is_of_what_the_lines_are_sold_at(
    duka: Business, otieno: User, sugar: Product
) -> None:
    wish = lower(otieno, (sugar, 13_500), limit=1_000)

    def off(cents: int) -> Discount:
        return Discount(reason="Regular", by=otieno, limit_bp=2_000, cents=cents)

    with pytest.raises(TooMuchDiscount, match="You may give KES 54 off here"):
        sold(duka, 21_599, wish, sugar, discount=off(5_401))

    sale = sold(duka, 21_600, wish, sugar, discount=off(5_400))

    line = sale.lines.get()
    assert below(line) == (13_500, 15_000, WHY, otieno)
    assert (line.amount_cents, line.discount_cents, sale.discount_cents) == (21_600, 5_400, 5_400)
    # Both limits used up, 10 % and 20 %: 72 % of the list.
    assert sale.total_cents * 100 == 30_000 * 72
    with pytest.raises(TooFarBelow):
        sold(duka, 1, lower(otieno, (sugar, 13_499), limit=1_000), sugar, key=OTHER)


def test_what_is_posted_is_what_was_paid(duka: Business, otieno: User) -> None:
    thing = make.a_product(duka, name="Basin", shillings=90)
    sale = sold(duka, 16_000, lower(otieno, (thing, 8_000)), thing)
    take_cash(sale_id=sale.pk, given_cents=16_000, by=otieno, now=NOW)

    assert make.taxed_lines_of(sale.reference) == [
        ("1300", 16_000, ""),
        ("4040", -13_793, "B"),
        ("2200", -2_207, "B"),
    ]
    assert balances(duka)["1300"] == 0
    assert verify_sales() == []


def test_a_discount_on_top_stands_alone_on_its_account(duka: Business, otieno: User) -> None:
    thing = make.a_product(duka, name="Basin", shillings=90)
    off = Discount(reason="Regular", by=otieno, limit_bp=2_000, percent_bp=1_000)
    sale = sold(duka, 14_400, lower(otieno, (thing, 8_000)), thing, discount=off)
    take_cash(sale_id=sale.pk, given_cents=14_400, by=otieno, now=NOW)

    assert make.taxed_lines_of(sale.reference) == [
        ("1300", 14_400, ""),
        ("4040", -13_793, "B"),
        ("4100", 1_379, "B"),
        ("2200", -1_986, "B"),
    ]
    assert verify_sales() == []


def test_what_comes_back_is_what_was_paid(duka: Business, sugar: Product) -> None:
    amina = make.amina_of(duka)
    sale = sold(duka, 28_000, lower(amina, (sugar, 14_000)), sugar)
    take_cash(sale_id=sale.pk, given_cents=28_000, by=amina, now=NOW)
    back = Return(key=OTHER, lines={sale.lines.get().pk: 1_000}, reason="Torn", is_restocked=False)

    made = refund_sale(sale_id=sale.pk, wish=back, by=amina, now=NOW)

    assert made.total_cents == 14_000
    assert verify_sales() == []


def test_the_z_report_says_how_much_below_the_price_was_sold(
    duka: Business, otieno: User, sugar: Product
) -> None:
    session = CashSession.objects.get()
    assert figures_of(session)["below_cents"] == 0
    wish = lower(otieno, (sugar, 14_001))
    cart = {sugar.pk: 1_500}
    sale = sold(duka, 21_002, wish, sugar, cart=cart, session=session)
    take_cash(sale_id=sale.pk, given_cents=21_100, by=otieno, now=NOW)
    make.sold(duka, sugar)

    # 1.5 kg at 150.00 are 225.00, at 140.01 they were 210.02.
    assert figures_of(session)["below_cents"] == 1_498


# At the counter


def test_who_may_not_sees_nothing_of_it_and_is_refused_when_it_is_tried(
    at_counter: Client, sugar: Product
) -> None:
    page = text(at_counter.get("/s/duka/"))
    refused = at_counter.post("/s/duka/sell", a_form(sugar, "140"))

    assert "elow the price" not in page
    assert "price_reason" not in page
    assert refused.status_code == 422
    assert refusals_in(refused) == ["You may sell nothing below its price. Call a manager."]
    assert "price-" not in text(refused)
    # At the price of the list, which the cashier may take.
    assert '<b id="total">KES 300</b>' in text(refused)
    assert not Sale.objects.exists()


def test_who_may_sells_below_the_price(at_managers: Client, otieno: User, sugar: Product) -> None:
    page = text(at_managers.get("/s/duka/"))
    answer = at_managers.post("/s/duka/sell", a_form(sugar, "140"))

    assert "<summary>Below the price, up to 10 %</summary>" in page
    sale = Sale.objects.get()
    assert answer["Location"] == f"/s/duka/sales/{sale.pk}/"
    assert (sale.state, sale.total_cents) == ("paid", 28_000)
    assert below(sale.lines.get()) == (14_000, 15_000, WHY, otieno)
    shown = text(at_managers.get(answer["Location"]))
    assert "<small>140, list 150: Price promised (Otieno)</small>" in shown
    slip = text(at_managers.get(f"{answer['Location']}receipt"))
    assert '<td class="more">2 kg \u00d7 140, list 150</td><td class="num">280 B</td>' in slip


def test_a_sale_at_the_list_says_nothing_of_lists(at_managers: Client, sugar: Product) -> None:
    answer = at_managers.post("/s/duka/sell", a_form(sugar, "", shown="30000"))

    for page in ("", "receipt"):
        assert ", list" not in text(at_managers.get(answer["Location"] + page))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"price": "160"}, "Sugar costs KES 150. Write less, or leave its price empty."),
        ({"price": "0"}, "A price is more than nothing. Write it as 80 or 80.50."),
        ({"price": "-5"}, "Write a price as 80 or 80.50, or leave it empty."),
        ({"price": "five"}, "Write a price as 80 or 80.50, or leave it empty."),
        ({"price": "134.99"}, "You may sell Sugar at KES 135 or more. Call a manager."),
        ({"price": "140", "price_reason": " "}, "Say why Sugar is sold below its price."),
    ],
)
def test_what_is_refused_is_said_beside_the_prices_and_stays_typed(
    at_managers: Client, sugar: Product, fields: dict[str, str], sentence: str
) -> None:
    price = fields.pop("price")

    answer = at_managers.post("/s/duka/sell", a_form(sugar, price, **fields))

    page = text(answer)
    assert answer.status_code == 422
    assert refusals_in(answer) == [sentence]
    opened = page.index('<details class="off" id="below" open>')
    assert opened < page.index('class="refusal"') < page.index("<h2>Cash</h2>")
    assert f'name="price-{sugar.pk}" value="{price}"' in page
    assert not Sale.objects.exists()


def test_without_a_script_the_total_is_shown_and_then_paid(
    at_managers: Client, sugar: Product
) -> None:
    page = text(at_managers.post("/s/duka/sell", {"add": sugar.pk, "key": KEY}))
    assert f'name="price-{sugar.pk}" value=""' in page
    form = a_form(sugar, "140", shown="30000")

    told = at_managers.post("/s/duka/sell", form)
    assert refusals_in(told) == ["The total is KES 280 now. Tell the customer, then pay."]
    assert '<input type="hidden" name="shown" value="28000">' in text(told)
    assert "<small>140, list 150</small>" in text(told)
    at_managers.post("/s/duka/sell", form | {"shown": "28000"})

    assert Sale.objects.get().total_cents == 28_000


def test_pressed_twice_it_is_sold_once(at_managers: Client, sugar: Product) -> None:
    first = at_managers.post("/s/duka/sell", a_form(sugar, "140"))
    again = at_managers.post("/s/duka/sell", a_form(sugar, "140"))

    assert first["Location"] == again["Location"]
    assert SaleLine.objects.count() == 1


@pytest.mark.parametrize("bp", [1, None])
def test_the_owner_says_who_may(
    duka: Business, at_counter: Client, sugar: Product, bp: int | None
) -> None:
    set_limit(duka, Role.CASHIER, bp)
    up_to = ", up to 0.01 %" if bp else ""

    page = text(at_counter.get("/s/duka/"))

    assert f"<summary>Below the price{up_to}</summary>" in page


def test_a_limit_that_was_taken_away_holds_for_a_page_that_lay_open(
    duka: Business, at_managers: Client, sugar: Product
) -> None:
    set_limit(duka, Role.MANAGER, 0)

    answer = at_managers.post("/s/duka/sell", a_form(sugar, "140"))

    assert refusals_in(answer) == ["You may sell nothing below its price. Call a manager."]


def test_the_counter_asks_as_often_for_who_may_as_for_who_may_not(
    duka: Business, at_managers: Client, baraka: User, sugar: Product
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            at_managers.get("/s/duka/")
        return len(asked)

    managers = queries()
    at_managers.force_login(baraka)

    assert managers == queries() <= 11


# Held


def test_a_held_cart_keeps_its_prices_and_brings_them_back(
    at_managers: Client, otieno: User, sugar: Product
) -> None:
    at_managers.post("/s/duka/held/hold", a_form(sugar, "140.50", hold_name="Njeri"))
    cart = HeldCart.objects.get()
    assert cart.total_cents == 28_100

    back = text(at_managers.post(f"/s/duka/held/{cart.pk}/take", {"key": OTHER}))
    form = a_form(sugar, "140.50", key=OTHER, shown="28100")
    at_managers.post("/s/duka/sell", form)

    assert f'name="price-{sugar.pk}" value="140.50"' in back
    assert f'name="price_reason" value="{WHY}"' in back
    assert '<details class="off" id="below" open>' in back
    assert '<b id="total">KES 281</b>' in back
    assert below(SaleLine.objects.get()) == (14_050, 15_000, WHY, otieno)


def test_who_may_not_takes_a_held_cart_out_at_the_list_and_is_told(
    at_managers: Client, baraka: User, sugar: Product
) -> None:
    at_managers.post("/s/duka/held/hold", a_form(sugar, "140", hold_name="Njeri"))
    cart = HeldCart.objects.get()
    at_managers.force_login(baraka)

    back = text(at_managers.post(f"/s/duka/held/{cart.pk}/take", {"key": OTHER}))

    assert "Prices below the list were left out. Call a manager." in back
    assert '<b id="total">KES 300</b>' in back
    assert "price-" not in back


@pytest.mark.parametrize("price", ["140", "five"])
def test_who_may_not_holds_no_price_for_another_to_sell_at(
    at_counter: Client, sugar: Product, price: str
) -> None:
    answer = at_counter.post("/s/duka/held/hold", a_form(sugar, price, hold_name="Njeri"))

    assert refusals_in(answer) == ["You may sell nothing below its price. Call a manager."]
    assert not HeldCart.objects.exists()


def test_a_held_price_is_measured_by_the_list_of_the_day_it_comes_back(
    at_managers: Client, sugar: Product
) -> None:
    at_managers.post("/s/duka/held/hold", a_form(sugar, "140", hold_name="Njeri"))
    make.a_price(sugar, shillings=200, from_day=TODAY)
    at_managers.post(f"/s/duka/held/{HeldCart.objects.get().pk}/take", {"key": OTHER})

    answer = at_managers.post("/s/duka/sell", a_form(sugar, "140", key=OTHER))

    assert refusals_in(answer) == ["You may sell Sugar at KES 180 or more. Call a manager."]


# The owner


def test_the_owner_sees_in_the_admin_what_was_sold_below_its_price(
    client: Client, duka: Business, otieno: User, sugar: Product
) -> None:
    sale = sold(duka, 28_000, lower(otieno, (sugar, 14_000)), sugar)
    client.force_login(make.amina(duka=Role.OWNER))

    page = text(client.get(f"/admin/shops/sale/{sale.pk}/change/"))

    assert "150: Price promised (otieno)" in page
