"""Products and sales in the admin: who may see them, who may set prices, nobody changes a sale."""

import re
from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from money.models import Business, Entry, Role, User
from mpesa.models import Till
from shops.actions.goods import set_codes
from shops.actions.settle import match_payment, take_cash
from shops.models import Product, Sale
from shops.queries.goods import taken_code
from tests import make
from tests.make import NOW, TODAY

ADD = "/admin/shops/product/add/"


def signed_in(client: Client, username: str, **roles: str) -> Client:
    user = make.a_user(username, **roles)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    return client


@pytest.fixture
def owner(client: Client, duka: Business) -> Client:
    return signed_in(client, "amina", duka=Role.OWNER)


def a_form(business: Business, **but: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "business": business.pk,
        "name": "Sugar",
        "price": "KES 1,250.50",
        "unit": "kg",
        "tax_class": "B",
        "sales_account": "4040",
        "is_active": "on",
    }
    return facts | but


def errors_of(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


@time_machine.travel(NOW, tick=False)
def test_product_form_takes_shillings_and_keeps_cents(owner: Client, duka: Business) -> None:
    response = owner.post(ADD, a_form(duka))

    product = Product.objects.get()
    price = product.prices.get()
    assert response.status_code == 302
    assert (product.business, product.name, price.price_cents) == (duka, "Sugar", 125_050)
    assert (price.from_day, str(price.set_by), price.set_at) == (TODAY, "amina", NOW)


@time_machine.travel(NOW, tick=False)
def test_a_price_is_set_for_a_day_to_come_and_its_history_shown(
    owner: Client, duka: Business
) -> None:
    product = make.a_product(duka)
    page = reverse("admin:shops_product_change", args=[product.pk])

    changed = owner.post(page, a_form(duka, price="195", price_from="01/12/2026"))
    shown = owner.get(page).content.decode()

    assert changed.status_code == 302
    assert (make.cents(product), make.cents(product, date(2026, 12, 1))) == (18_000, 19_500)
    assert re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>", shown) == [
        ("195", "1 Dec 2026", "amina"),
        ("<b>180</b>", "1 Jan 2024", "before"),
    ]


def test_a_product_saved_without_a_new_price_keeps_its_prices(
    owner: Client, duka: Business
) -> None:
    product = make.a_product(duka)
    page = reverse("admin:shops_product_change", args=[product.pk])

    shown = owner.get(page).context["adminform"].form["price"].value()
    # The page lay open for a month.
    owner.post(page, a_form(duka, price="", price_from="01/11/2026", name="Brown sugar"))

    product.refresh_from_db()
    assert (shown, product.name) == (None, "Brown sugar")
    assert [price.price_cents for price in product.prices.all()] == [18_000]


@time_machine.travel(NOW, tick=False)
def test_a_price_of_a_past_day_is_refused(owner: Client, duka: Business) -> None:
    product = make.a_product(duka)
    page = reverse("admin:shops_product_change", args=[product.pk])

    response = owner.post(page, a_form(duka, price="195", price_from="21/11/2026"))

    assert errors_of(response) == {"price_from": ["A price begins today or later."]}
    assert product.prices.count() == 1


def test_codes_are_scanned_one_a_line(owner: Client, duka: Business) -> None:
    product = make.a_product(duka)
    page = reverse("admin:shops_product_change", args=[product.pk])

    owner.post(page, a_form(duka, price="", codes="6161100000377\r\n061414100000\r\n"))
    found = owner.get("/admin/shops/product/", {"q": "6161100000377"}).context["cl"].result_list
    shown = owner.get(page).context["adminform"].form["codes"].value()
    owner.post(page, a_form(duka, price="", codes="6161100000742"))

    assert (shown, list(found)) == ("6161100000377\n0061414100000", [product])
    assert [row.code for row in product.barcodes.all()] == ["6161100000742"]


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        ("6161100000377", "Flour has the code 6161100000377 already."),
        (
            "ab",
            "“ab” is no code: 3 to 48 letters, digits and signs, without spaces and stars.",
        ),
    ],
)
def test_codes_of_others_and_what_is_no_code_are_refused(
    owner: Client, duka: Business, codes: str, error: str
) -> None:
    flour, sugar = make.a_product(duka, name="Flour"), make.a_product(duka, name="Sugar")
    set_codes(product=flour, codes=["6161100000377"], by=User.objects.get(username="amina"))
    page = reverse("admin:shops_product_change", args=[sugar.pk])

    response = owner.post(page, a_form(duka, price="", codes=codes))

    assert errors_of(response) == {"codes": [error]}
    assert not sugar.barcodes.exists()


def test_a_code_that_was_given_away_meanwhile_is_a_sentence(
    owner: Client, duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    flour, sugar = make.a_product(duka, name="Flour"), make.a_product(duka, name="Sugar")
    amina = User.objects.get(username="amina")
    page = reverse("admin:shops_product_change", args=[sugar.pk])
    looked: list[int] = []

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        if 'FROM "shops_barcode"' in sql and "code" in sql and not looked:
            looked.append(1)
            set_codes(product=flour, codes=["6161100000377"], by=amina)
        return answer

    def the_form_looks(*rest: Any) -> None:
        with connection.execute_wrapper(meanwhile):
            assert not taken_code(*rest)

    monkeypatch.setattr("shops.admin.taken_code", the_form_looks)
    response = owner.post(
        page, a_form(duka, price="", name="Sugar", codes="6161100000377"), follow=True
    )

    assert [str(message) for message in response.context["messages"]] == [
        "Flour has the code 6161100000377. Take it off there first."
    ]
    assert not sugar.barcodes.exists()


@pytest.mark.parametrize(
    ("but", "errors"),
    [
        ({"price": "0"}, {"price": ["A price is more than nothing."]}),
        (
            {"price": "-5"},
            {"price": ["Write an amount in shillings, such as 500 or 1,250.50."]},
        ),
        ({"price": "1.005"}, {"price": ["Write an amount in shillings, such as 500 or 1,250.50."]}),
        ({"price": "9" * 17}, {"price": ["That amount is too large."]}),
        ({"price": ""}, {"price": ["This field is required."]}),
        (
            {"sales_account": "1000"},
            {"sales_account": ["Amina duka has no income account 1000."]},
        ),
        (
            {"sales_account": "9999"},
            {"sales_account": ["Amina duka has no income account 9999."]},
        ),
        ({"sales_account": ""}, {"sales_account": ["This field is required."]}),
    ],
)
def test_product_form_refuses(
    owner: Client, duka: Business, but: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = owner.post(ADD, a_form(duka, **but))

    assert errors_of(response) == errors
    assert not Product.objects.exists()


def test_product_form_refuses_a_second_product_of_that_name(owner: Client, duka: Business) -> None:
    make.a_product(duka, name="Sugar")

    response = owner.post(ADD, a_form(duka))

    assert errors_of(response) == {
        "__all__": ["Product with this Business and Name already exists."]
    }


def test_a_manager_sets_prices_of_own_businesses_only(client: Client, duka: Business) -> None:
    maji = make.a_business(slug="maji")
    theirs = make.a_product(maji, name="Refill")
    manager = signed_in(client, "otieno", duka=Role.MANAGER, maji=Role.CASHIER)

    added = manager.post(ADD, a_form(duka))
    refused = manager.post(ADD, a_form(maji))
    listed = manager.get("/admin/shops/product/")
    opened = manager.get(reverse("admin:shops_product_change", args=[theirs.pk]))

    assert added.status_code == 302
    assert errors_of(refused) == {
        "business": ["Select a valid choice. That choice is not one of the available choices."]
    }
    assert [p.name for p in listed.context["cl"].result_list] == ["Sugar"]
    assert (opened.status_code, opened["Location"]) == (302, "/admin/")


def test_an_auditor_sees_products_and_cannot_change_them(client: Client, duka: Business) -> None:
    product = make.a_product(duka)
    page = reverse("admin:shops_product_change", args=[product.pk])
    auditor = signed_in(client, "mutua", duka=Role.AUDITOR)

    set_codes(product=product, codes=["616110"], by=make.amina())
    seen = auditor.get(page)
    changed = auditor.post(page, a_form(duka))
    added = auditor.post(ADD, a_form(duka))

    product.refresh_from_db()
    assert [seen.status_code, changed.status_code, added.status_code] == [200, 403, 403]
    assert (product.name, Product.objects.count()) == ("Maize flour 2 kg", 1)
    shown = seen.content.decode()
    assert [shown.count(text) for text in ("<b>180</b>", "616110", '<input type="text"')] == [
        1,
        1,
        0,
    ]


def test_nobody_deletes_a_product(owner: Client, duka: Business) -> None:
    product = make.a_product(duka)

    response = owner.post(reverse("admin:shops_product_delete", args=[product.pk]), {"post": "yes"})

    assert (response.status_code, Product.objects.count()) == (403, 1)


def test_product_list_shows_shillings(owner: Client, duka: Business) -> None:
    make.a_product(duka, shillings=2900)

    response = owner.get("/admin/shops/product/")

    assert response.content.decode().count('<td class="field-price_today">2,900</td>') == 1


def links_of(client: Client, sale: Sale) -> list[str]:
    page = client.get(reverse("admin:shops_sale_change", args=[sale.pk])).content.decode()
    entries = Entry.objects.order_by("number")
    return [
        entry.key
        for entry in entries
        if reverse("admin:money_entry_change", args=[entry.pk]) in page
    ]


def test_a_sale_links_what_it_posted_by_mpesa(owner: Client, duka: Business, till: Till) -> None:
    sale, other = make.a_sale(duka), make.a_sale(duka)
    payment = make.a_payment(till, request=make.a_request(till, reference=sale.reference))
    match_payment(payment_id=payment.pk, now=NOW)
    take_cash(sale_id=other.pk, given_cents=18_000, by=other.cashier, now=NOW)

    assert links_of(owner, sale) == ["mpesa:UKM5A1B2C3", f"sale:{sale.pk}", "match:UKM5A1B2C3"]
    assert links_of(owner, other) == [f"sale:{other.pk}", f"cash:{other.tenders.get().pk}"]


def test_an_open_sale_has_no_entries_yet(owner: Client, duka: Business) -> None:
    sale = make.a_sale(duka)

    response = owner.get(reverse("admin:shops_sale_change", args=[sale.pk]))

    assert links_of(owner, sale) == []
    assert response.content.decode().count("none yet") == 1


def test_sales_cannot_be_changed_added_or_deleted(owner: Client, duka: Business) -> None:
    sale = make.a_sale(duka)
    names = ("shops_sale_change", "shops_sale_delete")

    answers = [
        owner.post(reverse(f"admin:{name}", args=[sale.pk]), {"state": "paid"}) for name in names
    ]
    answers.append(owner.post(reverse("admin:shops_sale_add"), {}))

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert Sale.objects.get().state == "open"


def test_sale_list_is_found_by_receipt_and_by_number(
    owner: Client, duka: Business, till: Till
) -> None:
    sale, other = make.a_sale(duka), make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    payment = make.a_payment(till, request=request, receipt="UKMABCDEFG")
    take_cash(sale_id=other.pk, given_cents=18_000, by=other.cashier, now=NOW)
    match_payment(payment_id=payment.pk, now=NOW)

    def found(words: str) -> list[Sale]:
        return list(owner.get("/admin/shops/sale/", {"q": words}).context["cl"].result_list)

    assert found("UKMABCDEFG") == [sale]
    assert found("1") == [other]
    assert found("9" * 30) == []


def test_sales_of_other_businesses_are_not_there(client: Client, duka: Business) -> None:
    theirs = make.a_sale(make.a_business(slug="maji"))
    mine = make.a_sale(duka)
    auditor = signed_in(client, "mutua", duka=Role.AUDITOR)

    listed = auditor.get("/admin/shops/sale/")
    opened = auditor.get(reverse("admin:shops_sale_change", args=[theirs.pk]))

    assert list(listed.context["cl"].result_list) == [mine]
    assert (opened.status_code, opened["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("role", [Role.CASHIER, Role.RIDER, Role.LAUNDRY_ATTENDANT, Role.MANAGER])
def test_sales_are_not_for_every_role(client: Client, duka: Business, role: str) -> None:
    signed_in(client, "somebody", duka=role)

    assert client.get("/admin/shops/sale/").status_code == 403


def test_a_huge_id_is_nothing_rather_than_an_error(owner: Client, duka: Business) -> None:
    answers = [
        owner.get(f"/admin/shops/{model}/{'9' * 30}/change/") for model in ("sale", "product")
    ]

    assert [answer.status_code for answer in answers] == [302, 302]


@time_machine.travel(NOW, tick=False)
def test_what_lies_there_in_kilograms_becomes_no_pieces(owner: Client, duka: Business) -> None:
    free = make.a_product(duka, name="Sugar", unit="kg")
    counted = make.stocked(make.a_product(duka, name="Rice", unit="kg"), 2_500, 90_000).product

    for product in (free, counted):
        form = a_form(duka, name=product.name, price="", unit="piece", excise_millilitres="0")
        answer = owner.post(f"/admin/shops/product/{product.pk}/change/", form)
        assert answer.status_code == 302
        product.refresh_from_db()

    assert (free.unit, counted.unit) == ("piece", "kg")
