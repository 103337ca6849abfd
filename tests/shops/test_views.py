"""The staff's pages as a browser meets them: who gets in, what is sold, what is refused where."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.models import Business, Role, User
from mpesa import doorbell
from mpesa.models import PaymentRequest, RequestState, Till
from shops.actions.giving_up import cancel_sale
from shops.actions.settle import match_payment, take_cash
from shops.models import Product, Sale, SaleState, Tender, Unit
from tests import make
from tests.make import NOW, TODAY

KEY = "0123456789abcdef0123456789abcdef"
COUNTER = "/s/duka/"
SELL = "/s/duka/sell"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka)


def a_cart(product: Product, **but: Any) -> dict[str, Any]:
    fields = {"key": KEY, "shown": make.cents(product), f"line-{product.pk}": "1"}
    return {**fields, "pay": "cash", "given": "200"} | but


def refusals_in(response: Any) -> list[str]:
    found = re.findall(r'<p class="refusal" role="alert">(.*?)</p>', response.content.decode())
    return [text.replace("&#x27;", "'") for text in found]


def place_of_refusal(response: Any) -> str:
    """Return the heading that the refusal stands under, "cart" above them all."""
    before = response.content.decode().split('<p class="refusal"')[0]
    headings: list[str] = re.findall(r"<h2>(Cash|M-Pesa)</h2>", before)
    return headings[-1] if headings else "cart"


def warnings_in(response: Any) -> list[str]:
    return re.findall(r'<p class="note" role="status">(.*?)</p>', response.content.decode())


# Who gets in


def test_counter_is_shown_to_its_cashier(at_counter: Client, flour: Product) -> None:
    response = at_counter.get(COUNTER)

    assert response.status_code == 200
    assert response.headers["Cache-Control"].split(", ").count("no-store") == 1


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER, Role.LAUNDRY_ATTENDANT, Role.RIDER])
def test_counter_is_shown_to_who_sells(client: Client, duka: Business, role: str) -> None:
    client.force_login(make.a_user("somebody", duka=role))

    assert client.get(COUNTER).status_code == 200


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.AUDITOR])
def test_counter_is_nothing_to_who_only_looks(client: Client, duka: Business, role: str) -> None:
    client.force_login(make.a_user("somebody", duka=role))

    assert client.get(COUNTER).status_code == 404


ADDRESSES = (
    ("get", ""),
    ("post", "sell"),
    ("get", "sales/{pk}/"),
    ("get", "sales/{pk}/state"),
    ("post", "sales/{pk}/cash"),
    ("post", "sales/{pk}/mpesa"),
    ("post", "sales/{pk}/check"),
    ("post", "sales/{pk}/cancel"),
    ("get", "sales/{pk}/receipt"),
)


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_pages_of_another_business_do_not_exist(
    at_counter: Client, method: str, address: str
) -> None:
    maji = make.a_business(slug="maji")
    sale = make.a_sale(maji)

    response = getattr(at_counter, method)("/s/maji/" + address.format(pk=sale.pk))

    assert response.status_code == 404
    assert Sale.objects.get().state == SaleState.OPEN


@pytest.mark.parametrize(("method", "address"), ADDRESSES[2:])
def test_sales_of_another_business_are_not_at_ours(
    at_counter: Client, method: str, address: str
) -> None:
    sale = make.a_sale(make.a_business(slug="maji"))

    response = getattr(at_counter, method)("/s/duka/" + address.format(pk=sale.pk))

    assert response.status_code == 404
    assert Sale.objects.get().state == SaleState.OPEN


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_a_stranger_finds_nothing(
    client: Client, duka: Business, method: str, address: str
) -> None:
    client.force_login(make.chebet())
    sale = make.a_sale(duka)

    response = getattr(client, method)("/s/duka/" + address.format(pk=sale.pk))

    assert response.status_code == 404


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_who_is_signed_out_signs_in_and_comes_back(
    client: Client, duka: Business, method: str, address: str
) -> None:
    page = "/s/duka/" + address.format(pk=make.a_sale(duka).pk)

    response = getattr(client, method)(page)

    back = (page if method == "get" else COUNTER).replace("/", "%2F")
    assert (response.status_code, response["Location"]) == (302, f"/login?next={back}")
    assert Sale.objects.get().state == SaleState.OPEN


def test_htmx_of_who_is_signed_out_leaves_for_the_sign_in(client: Client, duka: Business) -> None:
    page = f"/s/duka/sales/{make.a_sale(duka).pk}/state"

    response = client.get(page, headers={"HX-Request": "1"})

    assert (response.status_code, response["HX-Redirect"]) == (204, "/login?next=%2Fs%2Fduka%2F")


@pytest.mark.parametrize("address", ["", "sell", "sales/1/cash", "sales/1/mpesa", "sales/1/cancel"])
def test_addresses_take_one_method_only(at_counter: Client, duka: Business, address: str) -> None:
    method = at_counter.post if address == "" else at_counter.get

    assert method("/s/duka/" + address).status_code == 405


@pytest.mark.parametrize("sale_id", ["9" * 19, "9" * 30, "9" * 5000, "0"])
def test_a_huge_sale_id_is_nothing(at_counter: Client, duka: Business, sale_id: str) -> None:
    assert at_counter.get(f"/s/duka/sales/{sale_id}/").status_code == 404
    assert at_counter.post(f"/s/duka/sales/{sale_id}/cancel").status_code == 404


def test_forms_need_their_token(duka: Business, baraka: User, flour: Product) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(baraka)

    response = strict.post(SELL, a_cart(flour))

    assert response.status_code == 403
    assert "This page is too old" in response.content.decode()
    assert not Sale.objects.exists()


# Selling


def test_sell_for_cash_shows_the_change(at_counter: Client, flour: Product) -> None:
    response = at_counter.post(SELL, a_cart(flour), follow=True)

    sale = Sale.objects.get()
    assert response.redirect_chain == [(f"/s/duka/sales/{sale.pk}/", 302)]
    assert (sale.state, sale.number, sale.total_cents) == (SaleState.PAID, 1, 18_000)
    assert '<p class="huge">KES 20</p><p>KES 200 given for KES 180</p>' in response.content.decode()


def test_sell_takes_the_exact_amount_by_one_press(at_counter: Client, flour: Product) -> None:
    fields = a_cart(flour, exact="1", given="")
    del fields["pay"]

    at_counter.post(SELL, fields)

    assert Tender.objects.get().change_cents == 0


def test_sell_by_mpesa_asks_the_phone_and_rings_once_it_is_written(
    at_counter: Client, flour: Product, till: Till, django_capture_on_commit_callbacks: Any
) -> None:
    doorbell.payments.wait(0)

    with django_capture_on_commit_callbacks() as rings:
        response = at_counter.post(SELL, a_cart(flour, pay="mpesa", phone="0700 000 101"))

    request, sale = PaymentRequest.objects.get(), Sale.objects.get()
    assert response["Location"] == f"/s/duka/sales/{sale.pk}/"
    assert (request.phone, request.amount_cents, request.reference) == (
        "254700000101",
        18_000,
        sale.reference,
    )
    assert rings == [doorbell.payments.press]
    assert doorbell.payments.wait(0) is False


CASH, PHONE, CART = "Cash", "M-Pesa", "cart"
A_PHONE = "Write the phone as 0712 345 678, 0110 345 678 or 254712345678."
AN_AMOUNT = "Write an amount in shillings, such as 500 or 1,250.50."
A_QUANTITY = "Write a quantity such as 1, 2.5 or 0.750."


@pytest.mark.parametrize(
    ("but", "sentence", "place"),
    [
        ({"pay": "mpesa", "phone": "12345"}, A_PHONE, PHONE),
        ({"pay": "mpesa", "phone": "0812345678"}, A_PHONE, PHONE),
        ({"pay": "mpesa", "phone": "0712345678\x00;"}, A_PHONE, PHONE),
        ({"pay": "mpesa", "phone": ""}, A_PHONE, PHONE),
        ({"given": "17.5x"}, AN_AMOUNT, CASH),
        ({"given": "-500"}, AN_AMOUNT, CASH),
        ({"given": "9" * 17}, "That amount is too large.", CASH),
        ({"given": ""}, "Write how much the customer gave, or press Exact.", CASH),
        ({"given": "179.99"}, "KES 180 are due; less was given.", CASH),
        ({"line": "two"}, A_QUANTITY, CART),
        ({"line": "-1"}, A_QUANTITY, CART),
        ({"line": "99999"}, "A quantity is at most 10,000.", CART),
        ({"line": ""}, "The cart is empty. Tap a product first.", CART),
        ({"line": "10000"}, "A line must cost more than nothing and at most KES 1,000,000.", CART),
        ({"shown": 17_000}, "The total is KES 180 now. Tell the customer, then pay.", CART),
        ({"shown": "x"}, "The total is KES 180 now. Tell the customer, then pay.", CART),
        ({"key": ""}, "This page is incomplete. Reload it, then sell again.", CART),
        ({"key": "\x00" * 20}, "This page is incomplete. Reload it, then sell again.", CART),
    ],
)
def test_bad_input_gets_a_sentence_in_its_place_and_sells_nothing(
    at_counter: Client, flour: Product, till: Till, but: dict[str, Any], sentence: str, place: str
) -> None:
    if "line" in but:
        but = {f"line-{flour.pk}": but["line"]}

    response = at_counter.post(SELL, a_cart(flour, **but))

    assert (response.status_code, refusals_in(response)) == (422, [sentence])
    assert place_of_refusal(response) == place
    assert (Sale.objects.count(), Tender.objects.count()) == (0, 0)
    assert not PaymentRequest.objects.exists()


def test_sell_refuses_cents_by_mpesa(at_counter: Client, duka: Business, till: Till) -> None:
    product = make.a_product(duka, shillings=565, unit=Unit.KG)
    fields = a_cart(product, pay="mpesa", phone="0700000101", shown=28_250)

    response = at_counter.post(SELL, fields | {f"line-{product.pk}": "0.5"})

    assert (response.status_code, refusals_in(response), place_of_refusal(response)) == (
        422,
        ["M-Pesa takes whole shillings only. Take cash, or change the quantity."],
        "M-Pesa",
    )
    assert not Sale.objects.exists()


def test_sell_refuses_mpesa_where_there_is_no_till(at_counter: Client, flour: Product) -> None:
    response = at_counter.post(SELL, a_cart(flour, pay="mpesa", phone="0700000101"))

    assert (response.status_code, refusals_in(response), place_of_refusal(response)) == (
        422,
        ["Amina duka has no M-Pesa till. Take cash."],
        "M-Pesa",
    )
    assert not Sale.objects.exists()


@pytest.mark.parametrize("whose", ["another business", "nobody"])
def test_sell_refuses_a_product_that_is_not_ours(
    at_counter: Client, flour: Product, whose: str
) -> None:
    theirs = make.a_product(make.a_business(slug="maji"), name="Refill")
    stranger = theirs.pk if whose == "another business" else 10**17

    response = at_counter.post(SELL, a_cart(flour, shown=36_000) | {f"line-{stranger}": "1"})

    assert (response.status_code, refusals_in(response)) == (
        422,
        ["A product in the cart is not sold here any more. Take it out, then pay."],
    )
    assert "Refill" not in response.content.decode()
    assert not Sale.objects.exists()


def test_a_refused_cart_comes_back_as_it_was_sent(
    at_counter: Client, duka: Business, flour: Product
) -> None:
    sugar = make.a_product(duka, name="Sugar", shillings=150)
    fields = a_cart(flour, shown=40_500, given="x") | {f"line-{sugar.pk}": "1.5"}

    response = at_counter.post(SELL, fields)

    shown = [
        (line["product"], line["quantity"], line["amount_cents"])
        for line in response.context["lines"]
    ]
    assert shown == [(flour, "1", 18_000), (sugar, "1.5", 22_500)]
    assert (response.context["key"], response.context["total_cents"]) == (KEY, 40_500)


def test_a_quantity_that_cannot_be_read_costs_no_other_line(
    at_counter: Client, duka: Business, flour: Product
) -> None:
    sugar = make.a_product(duka, name="Sugar", shillings=150)

    response = at_counter.post(SELL, a_cart(flour) | {f"line-{sugar.pk}": "99999"})

    assert response.status_code == 422
    assert [line["product"] for line in response.context["lines"]] == [flour]


def test_a_price_that_changed_meanwhile_is_shown_and_then_sold(
    at_counter: Client, flour: Product
) -> None:
    seen = a_cart(flour)
    make.a_price(flour, shillings=195, from_day=TODAY)

    refused = at_counter.post(SELL, seen)
    sold = at_counter.post(SELL, a_cart(flour, shown=refused.context["total_cents"]))

    assert refusals_in(refused) == ["The total is KES 195 now. Tell the customer, then pay."]
    assert (sold.status_code, Sale.objects.get().total_cents) == (302, 19_500)


def test_after_midnight_the_prices_of_the_session_s_day_hold(
    at_counter: Client, baraka: User, flour: Product
) -> None:
    make.a_price(flour, shillings=195, from_day=TODAY + timedelta(days=1))

    with time_machine.travel(NOW + timedelta(hours=13), tick=False):
        at_counter.force_login(baraka)
        page = at_counter.get(COUNTER)
        sold = at_counter.post(SELL, a_cart(flour))

    assert [product.today_cents for product in page.context["products"]] == [18_000]
    assert (sold.status_code, Sale.objects.get().total_cents) == (302, 18_000)


def test_a_double_click_sells_once(at_counter: Client, flour: Product) -> None:
    answers = [at_counter.post(SELL, a_cart(flour)) for _ in range(2)]

    sale = Sale.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/s/duka/sales/{sale.pk}/"] * 2
    assert (Tender.objects.count(), sale.number) == (1, 1)


def test_a_double_click_asks_the_phone_once(at_counter: Client, flour: Product, till: Till) -> None:
    fields = a_cart(flour, pay="mpesa", phone="0700000101")

    answers = [at_counter.post(SELL, fields, follow=True) for _ in range(2)]

    assert [refusals_in(answer) + warnings_in(answer) for answer in answers] == [[], []]
    assert (Sale.objects.count(), PaymentRequest.objects.count()) == (1, 1)


def test_a_second_tab_with_another_cart_is_told_what_was_sold(
    at_counter: Client, flour: Product
) -> None:
    at_counter.post(SELL, a_cart(flour))

    response = at_counter.post(
        SELL, a_cart(flour, shown=36_000, given="500") | {f"line-{flour.pk}": "2"}, follow=True
    )

    assert warnings_in(response) == ["This cart was sold before, in another tab. Here it is."]
    assert (Sale.objects.count(), Tender.objects.count()) == (1, 1)


def test_a_second_tab_that_pays_another_way_is_told_why_not(
    at_counter: Client, flour: Product, till: Till
) -> None:
    at_counter.post(SELL, a_cart(flour, pay="mpesa", phone="0700000101"))
    PaymentRequest.objects.update(state=RequestState.ASKED)

    response = at_counter.post(SELL, a_cart(flour), follow=True)

    assert warnings_in(response) == ["The phone is still being asked. Wait for its answer."]
    assert (Sale.objects.count(), Tender.objects.count()) == (1, 0)


def test_a_page_that_was_used_in_another_business_is_refused(
    at_counter: Client, flour: Product
) -> None:
    make.a_sale(make.a_business(slug="maji"), key=KEY)

    response = at_counter.post(SELL, a_cart(flour))

    assert (response.status_code, refusals_in(response)) == (
        422,
        ["This page was used before. Reload it, then sell again."],
    )


# The counter without JavaScript


def test_add_puts_one_more_into_the_cart_and_sells_nothing(
    at_counter: Client, duka: Business, flour: Product
) -> None:
    sugar = make.a_product(duka, name="Sugar", shillings=150)
    fields = a_cart(flour)

    added = at_counter.post(SELL, fields | {"add": str(flour.pk)})
    other = at_counter.post(SELL, fields | {"add": str(sugar.pk)})
    mended = at_counter.post(SELL, fields | {f"line-{flour.pk}": "x", "add": str(flour.pk)})

    def cart(response: Any) -> list[tuple[Product, str]]:
        return [(line["product"], line["quantity"]) for line in response.context["lines"]]

    assert [r.status_code for r in (added, other, mended)] == [200, 200, 200]
    assert cart(added) == [(flour, "2")]
    assert cart(other) == [(flour, "1"), (sugar, "1")]
    assert cart(mended) == [(flour, "1")]
    assert not Sale.objects.exists()


@pytest.mark.parametrize("product", ["x", "-1", "9" * 19, "9" * 18, "٣", "\x00"])
def test_add_of_what_is_no_product_leaves_the_cart(
    at_counter: Client, flour: Product, product: str
) -> None:
    response = at_counter.post(SELL, a_cart(flour, pay="", given="") | {"add": product})

    lines = response.context["lines"]
    assert [line["product"] for line in lines] == [flour]


def test_add_of_a_product_of_another_business_shows_nothing_of_it(
    at_counter: Client, duka: Business
) -> None:
    theirs = make.a_product(make.a_business(slug="maji"), name="Refill")

    response = at_counter.post(SELL, {"add": str(theirs.pk)})

    assert response.context["lines"] == []
    assert "Refill" not in response.content.decode()


@pytest.mark.parametrize("words", ["\x00", "%", "'", "x" * 10_000, "\\", "😀"])
def test_search_takes_any_words(at_counter: Client, flour: Product, words: str) -> None:
    response = at_counter.get(COUNTER, {"q": words})

    expected = [flour] if words == "\x00" else []
    assert (response.status_code, list(response.context["products"])) == (200, expected)


def test_search_finds_products(at_counter: Client, duka: Business, flour: Product) -> None:
    make.a_product(duka, name="Sugar")

    assert list(at_counter.get(COUNTER, {"q": "flour"}).context["products"]) == [flour]


def test_search_answers_the_script_with_tiles_alone(
    at_counter: Client, duka: Business, flour: Product
) -> None:
    make.a_product(duka, name="Sugar")

    response = at_counter.get(COUNTER, {"q": "flour"}, headers={"X-Tiles": "yes"})

    assert [tile.product for tile in response.context["tiles"]] == [flour]
    assert "<html" not in response.content.decode()


def test_thousands_of_fields_are_refused(at_counter: Client, flour: Product) -> None:
    response = at_counter.post(SELL, {f"line-{n}": "1" for n in range(3001)})

    assert response.status_code == 400
    assert "That cannot be read" in response.content.decode()


# A sale's page


def test_sale_page_survives_a_reload(at_counter: Client, duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference)

    pages = [at_counter.get(f"/s/duka/sales/{sale.pk}/") for _ in range(2)]

    assert [page.context["standing"].stage for page in pages] == ["ringing", "ringing"]
    assert '<p class="count">61</p>' in pages[1].content.decode()
    assert "0700000101" not in pages[1].content.decode()


def test_sale_state_answers_nothing_while_nothing_changes(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference, state=RequestState.UNKNOWN)
    page = f"/s/duka/sales/{sale.pk}/state"

    same = at_counter.get(page, {"seen": f"silent-{request.pk}-True-18000"})
    PaymentRequest.objects.update(state=RequestState.FAILED, result_code="1032")
    changed = at_counter.get(page, {"seen": f"silent-{request.pk}-True-18000"})

    assert (same.status_code, same.content) == (204, b"")
    assert (changed.status_code, changed.context["standing"].stage) == (200, "failed")
    assert changed.content.decode().startswith('<div id="standing"')


def test_sale_state_counts_down_while_the_phone_rings(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    seen = {"seen": f"ringing-{request.pk}-False"}

    with time_machine.travel(NOW + timedelta(seconds=21), tick=False):
        response = at_counter.get(f"/s/duka/sales/{sale.pk}/state", seen)

    assert response.status_code == 200
    assert '<p class="count">40</p>' in response.content.decode()


@pytest.mark.parametrize(
    ("state", "polls", "ways"),
    [
        (RequestState.CREATED, 1, 1),
        (RequestState.ASKED, 1, 0),
        (RequestState.UNKNOWN, 1, 1),
        (RequestState.PAID, 1, 0),
        (RequestState.FAILED, 0, 1),
    ],
)
def test_sale_page_polls_while_it_may_change_and_offers_ways_when_it_may_end(
    at_counter: Client, duka: Business, till: Till, state: str, polls: int, ways: int
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, state=state)

    page = at_counter.get(f"/s/duka/sales/{sale.pk}/").content.decode()

    assert (page.count("hx-get="), page.count('<div class="ways">')) == (polls, ways)


def test_a_second_payment_for_a_settled_sale_is_shown_to_the_cashier(
    at_counter: Client, duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference, state=RequestState.UNKNOWN)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)
    before = refusals_in(at_counter.get(f"/s/duka/sales/{sale.pk}/"))

    make.a_payment(till, request=request)

    (after,) = refusals_in(at_counter.get(f"/s/duka/sales/{sale.pk}/"))
    assert before == []
    assert after.startswith("M-Pesa UKM5A1B2C3 over KES 180 came in for this sale as well.")


def test_another_cart_of_the_same_key_and_total_is_told(
    at_counter: Client, duka: Business, flour: Product
) -> None:
    twin = make.a_product(duka, name="Sugar", shillings=180)
    at_counter.post(SELL, a_cart(flour))

    response = at_counter.post(SELL, a_cart(twin), follow=True)

    assert warnings_in(response) == ["This cart was sold before, in another tab. Here it is."]
    assert Sale.objects.count() == 1


def test_sale_cash_settles_an_open_sale(at_counter: Client, duka: Business) -> None:
    sale = make.a_sale(duka)

    answers = [at_counter.post(f"/s/duka/sales/{sale.pk}/cash", {"given": "200"}) for _ in (1, 2)]

    sale.refresh_from_db()
    assert [a["Location"] for a in answers] == [f"/s/duka/sales/{sale.pk}/"] * 2
    assert (sale.state, Tender.objects.get().change_cents) == (SaleState.PAID, 2_000)


def test_sale_mpesa_asks_again(at_counter: Client, duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, state=RequestState.FAILED)
    doorbell.payments.wait(0)

    response = at_counter.post(
        f"/s/duka/sales/{sale.pk}/mpesa", {"phone": "0110000102", "key": "\x00" * 70}
    )

    request = PaymentRequest.objects.latest("pk")
    assert response.status_code == 302
    assert (request.phone, request.state) == ("254110000102", RequestState.CREATED)
    assert doorbell.payments.wait(0) is True


def test_sale_check_has_safaricom_asked(at_counter: Client, duka: Business, till: Till) -> None:
    asked, silent = make.a_sale(duka), make.a_sale(duka)
    make.a_request(till, reference=asked.reference, state=RequestState.UNKNOWN)
    doorbell.payments.wait(0)

    never = at_counter.post(f"/s/duka/sales/{silent.pk}/check")
    rang_for_nothing = doorbell.payments.wait(0)
    response = at_counter.post(f"/s/duka/sales/{asked.pk}/check")

    assert (never.status_code, response.status_code) == (302, 302)
    assert PaymentRequest.objects.get().next_query_at == NOW
    assert (rang_for_nothing, doorbell.payments.wait(0)) == (False, True)


def test_sale_cancel_ends_it(at_counter: Client, duka: Business) -> None:
    sale = make.a_sale(duka)

    response = at_counter.post(f"/s/duka/sales/{sale.pk}/cancel", follow=True)

    assert response.context["standing"].stage == "cancelled"


def test_a_stale_page_gets_a_sentence(
    at_counter: Client, duka: Business, till: Till, baraka: User
) -> None:
    paid, cancelled, asked, confirmed = (make.a_sale(duka) for _ in range(4))
    take_cash(sale_id=paid.pk, given_cents=18_000, by=baraka, now=NOW)
    cancel_sale(sale_id=cancelled.pk, by=baraka, now=NOW)
    make.a_request(till, reference=asked.reference)
    make.a_request(
        till,
        reference=confirmed.reference,
        state=RequestState.PAID,
        token="t2",
        checkout_request_id="ws_CO_2",
    )
    phone = {"phone": "0700000101"}
    safaricom = "Safaricom says that this is paid. Its receipt comes by itself."

    def said(sale: Sale, what: str, fields: dict[str, str]) -> tuple[int, list[str]]:
        response = at_counter.post(f"/s/duka/sales/{sale.pk}/{what}", fields)
        return response.status_code, refusals_in(response)

    assert [
        said(paid, "cancel", {}),
        said(paid, "mpesa", phone),
        said(cancelled, "cash", {"exact": "1"}),
        said(cancelled, "mpesa", phone),
        said(asked, "cash", {"exact": "1"}),
        said(asked, "cancel", {}),
        said(asked, "mpesa", phone),
        said(confirmed, "cash", {"exact": "1"}),
        said(confirmed, "cancel", {}),
        said(confirmed, "mpesa", phone),
    ] == [
        (422, ["This sale is paid already."]),
        (422, ["This sale is paid already."]),
        (422, ["This sale is cancelled already."]),
        (422, ["This sale is cancelled already."]),
        (422, ["The phone is still being asked. Wait for its answer."]),
        (422, ["The phone is still being asked. Wait for its answer."]),
        (422, ["The phone is being asked already."]),
        (422, [safaricom]),
        (422, [safaricom]),
        (422, [safaricom]),
    ]


def test_bad_input_on_a_sale_gets_a_sentence(at_counter: Client, duka: Business) -> None:
    sale = make.a_sale(duka)

    def said(what: str, fields: dict[str, str]) -> tuple[int, list[str]]:
        response = at_counter.post(f"/s/duka/sales/{sale.pk}/{what}", fields)
        return response.status_code, refusals_in(response)

    assert [
        said("cash", {}),
        said("cash", {"given": "x"}),
        said("cash", {"given": "1"}),
        said("mpesa", {"phone": "x"}),
        said("mpesa", {"phone": "0700000101"}),
    ] == [
        (422, ["Write how much the customer gave, or press Exact."]),
        (422, [AN_AMOUNT]),
        (422, ["KES 180 are due; less was given."]),
        (422, [A_PHONE]),
        (422, ["Amina duka has no M-Pesa till. Take cash."]),
    ]


# Receipts


def test_receipt_shows_number_vat_and_change(
    at_counter: Client, duka: Business, baraka: User
) -> None:
    sale = make.a_sale(
        duka, product=make.a_product(duka, name="Sugar", shillings=565, unit=Unit.KG), milli=500
    )
    take_cash(sale_id=sale.pk, given_cents=30_000, by=baraka, now=NOW)

    page = at_counter.get(f"/s/duka/sales/{sale.pk}/receipt").content.decode()

    cells = re.findall(r"<td[^>]*>(.*?)</td>", page)
    assert cells == [
        "Receipt",
        "1",
        "22/11/2026 12:00",
        "Baraka",
        "Sugar",
        "0.5 kg \N{MULTIPLICATION SIGN} 565",
        "282.50 B",
        "TOTAL KES",
        "282.50",
        "VAT B 16 % of 282.50",
        "38.97",
        "Rounding",
        "0.50",
        "Cash given",
        "300",
        "Change",
        "17",
    ]
    assert "PIN A001234567Z" in page


def test_receipt_shows_the_mpesa_receipt(at_counter: Client, duka: Business, till: Till) -> None:
    sale = make.a_sale(duka)
    payment = make.a_payment(till, request=make.a_request(till, reference=sale.reference))
    match_payment(payment_id=payment.pk, now=NOW)

    page = at_counter.get(f"/s/duka/sales/{sale.pk}/receipt").content.decode()
    standing = at_counter.get(f"/s/duka/sales/{sale.pk}/").content.decode()

    assert '<tr><td>M-Pesa UKM5A1B2C3</td><td class="num">180</td></tr>' in page
    assert "M-Pesa <b>UKM5A1B2C3</b> at 12:00" in standing


@pytest.mark.django_db
def test_receipt_of_who_is_not_registered_shows_no_vat(client: Client) -> None:
    business = make.a_shop()
    client.force_login(make.baraka())
    sale = make.a_sale(business)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=sale.cashier, now=NOW)

    page = client.get(f"/s/duka/sales/{sale.pk}/receipt").content.decode()

    assert page.count("VAT") == 0
    assert '<td class="num">180</td>' in page


def test_receipt_of_an_open_sale_leads_to_the_sale(at_counter: Client, duka: Business) -> None:
    sale = make.a_sale(duka)

    response = at_counter.get(f"/s/duka/sales/{sale.pk}/receipt")

    assert response["Location"] == f"/s/duka/sales/{sale.pk}/"


# What holds for every page


def test_a_product_is_shown_as_text_everywhere(
    at_counter: Client, duka: Business, baraka: User
) -> None:
    evil = make.a_product(duka, name="\"><script>alert('x')</script>")
    duka.name = "<b>Amina</b>"
    duka.save()
    sale = make.a_sale(duka, product=evil)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=baraka, now=NOW)

    pages = [
        at_counter.get(COUNTER, {"q": '"><script>'}),
        at_counter.post(SELL, a_cart(evil, given='"><script>', phone='"><script>')),
        at_counter.get(f"/s/duka/sales/{sale.pk}/"),
        at_counter.get(f"/s/duka/sales/{sale.pk}/receipt"),
    ]

    assert [
        (page.content.decode().count("<script>"), page.content.decode().count("<b>Amina"))
        for page in pages
    ] == [(0, 0)] * 4
    assert all("&lt;script&gt;" in page.content.decode() for page in pages)


@pytest.fixture
def pages(at_counter: Client, duka: Business, till: Till, baraka: User) -> dict[str, str]:
    product = make.a_product(duka)
    sales = {name: make.a_sale(duka, product=product) for name in ("open", "asked", "paid")}
    make.a_request(till, reference=sales["asked"].reference)
    take_cash(sale_id=sales["paid"].pk, given_cents=18_000, by=baraka, now=NOW)
    addresses = {name: f"/s/duka/sales/{sale.pk}/" for name, sale in sales.items()}
    addresses |= {"counter": COUNTER, "receipt": addresses["paid"] + "receipt"}
    return {name: at_counter.get(page).content.decode() for name, page in addresses.items()}


def test_pages_load_nothing_from_elsewhere(pages: dict[str, str]) -> None:
    loads = {
        address
        for page in pages.values()
        for address in re.findall(r'(?:src|href|action|hx-get)="([^"]*)"', page)
    }

    assert {address for address in loads if not re.match(r"/(?!/)|#", address)} == set()
    assert [re.findall(r"https?://", page) for page in pages.values()] == [[]] * len(pages)


def test_pages_name_assets_that_exist(pages: dict[str, str]) -> None:
    assets = {a for page in pages.values() for a in re.findall(r'"/static/([^"]*)"', page)}

    assert {asset for asset in assets if finders.find(asset) is None} == set()
    assert len(assets) > 5


def test_counter_weighs_less_than_100_kb(at_counter: Client, duka: Business) -> None:
    names = (f"Thing with a long name, number {n:03}" for n in range(100))
    make.many_products(duka, names, shillings=1_234_567)

    page = at_counter.get(COUNTER).content

    assets = re.findall(r'"/static/([^"]*)"', page.decode())
    sizes = [Path(str(finders.find(asset))).stat().st_size for asset in assets]
    assert len(page) + sum(sizes) < 100_000


def test_counter_asks_the_database_as_often_whatever_it_holds(
    at_counter: Client, duka: Business, till: Till
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            at_counter.get(COUNTER)
        return len(asked)

    products = [make.a_product(duka, name=f"Thing {n}") for n in range(2)]
    make.a_sale(duka, product=products[0])
    few = queries()
    products += [make.a_product(duka, name=f"More {n}") for n in range(20)]
    for product in products:
        make.a_sale(duka, product=product)

    assert queries() == few <= 11


def test_a_refused_cart_asks_the_database_as_often_whatever_it_holds(
    at_counter: Client, duka: Business
) -> None:
    products = [make.a_product(duka, name=f"Thing {n}") for n in range(20)]

    def queries(some: list[Product]) -> int:
        fields = {f"line-{product.pk}": "1" for product in some}
        with CaptureQueriesContext(connection) as asked:
            at_counter.post(SELL, {"key": KEY, "shown": "1", **fields})
        return len(asked)

    assert queries(products) == queries(products[:2])


def test_sale_page_asks_the_database_as_often_whatever_it_holds(
    at_counter: Client, duka: Business, baraka: User
) -> None:
    def queries(page: Callable[[Sale], str], sale: Sale) -> int:
        with CaptureQueriesContext(connection) as asked:
            at_counter.get(page(sale))
        return len(asked)

    def a_paid_sale(lines: int) -> Sale:
        products = [make.a_product(duka, name=f"T{lines}-{n}") for n in range(lines)]
        at_counter.post(
            SELL,
            {
                "key": f"key-of-{lines}-lines",
                "shown": 18_000 * lines,
                "exact": "1",
                **{f"line-{product.pk}": "1" for product in products},
            },
        )
        return Sale.objects.latest("pk")

    short, long = a_paid_sale(1), a_paid_sale(30)

    for page in (lambda s: f"/s/duka/sales/{s.pk}/", lambda s: f"/s/duka/sales/{s.pk}/receipt"):
        assert queries(page, short) == queries(page, long)
