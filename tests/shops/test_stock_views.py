"""The stock's pages: what each role may see and do, and that a form is answered with a sentence."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.models import Business, Role
from shops.models import Loss, Product, Purchase, StockItem, StockLevel, Supplier, SupplierPayment
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, lines_of

KEEPERS = (Role.OWNER, Role.MANAGER)
SEERS = (*KEEPERS, Role.ACCOUNTANT, Role.AUDITOR)
OTHERS = (Role.LAUNDRY_ATTENDANT, Role.RIDER)
AT = "/stock/duka/"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka, tax_class="C")


@pytest.fixture
def item(flour: Product) -> StockItem:
    """Three bags that cost KES 300.00, bought of Kapa on credit."""
    return make.stocked(flour, 3_000, 30_000)


@pytest.fixture
def kapa(item: StockItem) -> Supplier:
    return Supplier.objects.get()


def as_role(client: Client, role: str, slug: str = "duka") -> Client:
    client.force_login(make.a_user(f"person-{role}", **{slug: role}))
    return client


@pytest.fixture
def keeper(client: Client, duka: Business) -> Client:
    return as_role(client, Role.MANAGER)


def an_invoice(**but: Any) -> dict[str, Any]:
    fields = {
        "key": "0123456789abcdef",
        "supplier": "Kapa Wholesalers",
        "number": "INV-9",
        "cu": "0100000009",
        "day": "2026-11-22",
        "paid": "",
        "lines": "5",
        "item-0": "maize flour 2 kg",
        "qty-0": "24",
        "amount-0": "3,600",
        "tax-0": "",
    }
    return fields | but


def a_loss(**but: Any) -> dict[str, Any]:
    fields = {"key": "0123456789abcdef", "item": "flour", "qty": "1", "reason": "theft"}
    return fields | but


def a_payment(**but: Any) -> dict[str, Any]:
    return {"key": "0123456789abcdef", "amount": "100", "paid": "1200"} | but


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def refusal_in(response: Any) -> str:
    assert response.status_code == 422
    return str(response.context["refusal"])


def pages(item: StockItem, kapa: Supplier) -> list[str]:
    return ["", "losses", "suppliers", f"suppliers/{kapa.pk}/", f"items/{item.pk}/"]


def acts(item: StockItem, kapa: Supplier) -> list[tuple[str, dict[str, Any]]]:
    settings = {"stock": "1400", "cost": "5040", "reorder": "5"}
    return [
        ("receive", an_invoice()),
        ("losses", a_loss()),
        ("suppliers", {"name": "Other"}),
        (f"suppliers/{kapa.pk}/", a_payment()),
        (f"items/{item.pk}/", settings),
    ]


def rows() -> tuple[int, ...]:
    models = (Purchase, Loss, Supplier, SupplierPayment)
    counts = [model._base_manager.count() for model in models]
    return (*counts, StockItem.objects.filter(reorder_milli=5_000).count())


# Who may


@pytest.mark.parametrize("role", SEERS)
def test_who_sees_stock_sees_every_page(
    client: Client, item: StockItem, kapa: Supplier, role: str
) -> None:
    as_role(client, role)

    assert [client.get(AT + page).status_code for page in pages(item, kapa)] == [200] * 5
    keeps = role in KEEPERS
    forms = [client.get(AT + page).status_code for page in ("receive", "uncounted")]
    assert forms == ([200, 200] if keeps else [403, 403])
    for page in pages(item, kapa)[1:]:
        assert ('<form method="post" class="card' in text_of(client.get(AT + page))) is keeps


@pytest.mark.parametrize("role", KEEPERS)
def test_who_keeps_stock_does_everything(
    client: Client, item: StockItem, kapa: Supplier, role: str
) -> None:
    as_role(client, role)

    codes = [client.post(AT + page, sent).status_code for page, sent in acts(item, kapa)]
    assert codes == [302] * 5
    assert rows() == (2, 1, 2, 1, 1)
    assert verify_stock() == []


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.AUDITOR])
def test_who_only_sees_changes_nothing(
    client: Client, item: StockItem, kapa: Supplier, role: str
) -> None:
    as_role(client, role)
    before = rows()

    codes = [client.post(AT + page, sent).status_code for page, sent in acts(item, kapa)]
    assert codes == [403] * 5
    assert rows() == before


def test_a_cashier_sees_what_is_left_and_nothing_of_what_it_cost(
    client: Client, item: StockItem, kapa: Supplier
) -> None:
    as_role(client, Role.CASHIER)
    before = rows()
    seen = [client.get(AT), client.get(f"{AT}items/{item.pk}/")]

    assert [response.status_code for response in seen] == [200, 200]
    for response in seen:
        page = text_of(response)
        assert "300" not in page
        assert "Cost" not in page
        assert '<form method="post" class="card' not in page
    gets = [client.get(AT + page).status_code for page in pages(item, kapa)[1:4]]
    assert gets == [404] * 3
    codes = [client.post(AT + page, sent).status_code for page, sent in acts(item, kapa)]
    assert codes == [403, 404, 404, 404, 403]
    assert rows() == before


def test_every_role_is_tried() -> None:
    assert {*SEERS, *OTHERS, Role.CASHIER} == set(Role)


@pytest.mark.parametrize("role", OTHERS)
def test_others_find_nothing(client: Client, item: StockItem, kapa: Supplier, role: str) -> None:
    as_role(client, role)
    before = rows()

    gets = [client.get(AT + page) for page in (*pages(item, kapa), "receive", "uncounted")]
    posts = [client.post(AT + page, sent) for page, sent in acts(item, kapa)]
    assert {response.status_code for response in gets + posts} == {404}
    assert rows() == before


def test_stock_of_another_business_does_not_exist(
    client: Client, item: StockItem, kapa: Supplier
) -> None:
    make.a_business(slug="maji")
    as_role(client, Role.OWNER, "maji")
    before = rows()

    gets = [client.get(AT + page) for page in pages(item, kapa)]
    posts = [client.post(AT + page, sent) for page, sent in acts(item, kapa)]
    theirs = [f"/stock/maji/items/{item.pk}/", f"/stock/maji/suppliers/{kapa.pk}/"]
    at_ours = [client.get(page) for page in theirs] + [client.post(page) for page in theirs]
    assert {response.status_code for response in gets + posts + at_ours} == {404}
    assert rows() == before


def test_who_is_signed_out_signs_in_and_comes_back(client: Client, item: StockItem) -> None:
    assert client.get(AT)["Location"] == "/login?next=%2Fstock%2Fduka%2F"


@pytest.mark.parametrize(
    ("role", "links"), [(Role.MANAGER, 1), (Role.OWNER, 1), (Role.CASHIER, 1), (Role.RIDER, 0)]
)
def test_the_counter_leads_to_the_stock(
    client: Client, duka: Business, role: str, links: int
) -> None:
    as_role(client, role)

    assert text_of(client.get("/s/duka/")).count('href="/stock/duka/"') == links


# What lies there


def test_the_list_says_what_lies_there_and_what_it_cost(
    keeper: Client, item: StockItem, flour: Product
) -> None:
    make.a_sale(flour.business, product=flour)

    page = keeper.get(AT)
    shown = page.context["stock"].page[0]
    assert (shown.on_hand, shown.reserved, shown.value) == (3_000, 1_000, 30_000)
    assert page.context["stock"].value_cents == 30_000
    assert "1 rung up" in text_of(page)


def test_what_is_low_is_flagged_and_can_be_shown_alone(
    keeper: Client, duka: Business, item: StockItem, flour: Product
) -> None:
    make.stocked(make.a_product(duka, name="Bread"), 9_000, 90_000, reorder=3_000)
    make.counted(flour, reorder=3_000)

    everything, low = keeper.get(AT), keeper.get(AT, {"low": "1"})
    assert everything.context["stock"].low == 1
    assert "buy: 3 or less" in text_of(everything)
    names = [[row.product.name for row in r.context["stock"].page] for r in (everything, low)]
    assert names == [["Bread", "Maize flour 2 kg"], ["Maize flour 2 kg"]]


def test_search_and_pages(keeper: Client, duka: Business) -> None:
    for number in range(60):
        make.counted(make.a_product(duka, name=f"Thing {number:02}"))

    assert len(keeper.get(AT).context["stock"].page) == 50
    assert len(keeper.get(AT, {"page": "2"}).context["stock"].page) == 10
    found = keeper.get(AT, {"q": "thing 07"}).context["stock"].page
    assert [row.product.name for row in found] == ["Thing 07"]


@pytest.mark.parametrize("words", ["\x00", "%", "'", "x" * 10_000, "\\", "😀"])
def test_search_takes_any_words(
    keeper: Client, item: StockItem, kapa: Supplier, words: str
) -> None:
    for page in (*pages(item, kapa), "uncounted", "receive"):
        sent = {"q": words, "page": words, "item": words, "supplier": words}
        assert keeper.get(AT + page, sent).status_code == 200


def test_queries_do_not_grow_with_the_stock(
    keeper: Client, duka: Business, item: StockItem, kapa: Supplier
) -> None:
    def queries() -> list[int]:
        counts = []
        for page in (*pages(item, kapa), "receive", "uncounted"):
            with CaptureQueriesContext(connection) as seen:
                keeper.get(AT + page)
            counts.append(len(seen))
        return counts

    make.a_product(duka, name="Delivery")
    few = queries()
    for number in range(5):
        product = make.a_product(duka, name=f"Thing {number}")
        make.stocked(product, 5_000, 7_000)
        make.a_product(duka, name=f"Service {number}")
        make.a_supplier(duka, name=f"Supplier {number}")
        keeper.post(f"{AT}losses", a_loss(item=product.name, key=f"loss-of-{number:08}"))
        keeper.post(f"{AT}suppliers/{kapa.pk}/", a_payment(amount="1", key=f"paid-{number:08}"))

    assert queries() == few


def test_the_front_page_says_what_to_buy(client: Client, item: StockItem, flour: Product) -> None:
    make.counted(flour, reorder=3_000)
    client.force_login(make.amina_of(flour.business))
    make.amina_of(flour.business)
    flour.business.memberships.filter(user__username="amina").update(role=Role.OWNER)
    user = make.amina_of(flour.business)
    user.is_staff = True
    user.save()

    page = text_of(client.get("/admin/"))
    assert '<a href="/stock/duka/?low=1">1 product to buy</a>' in page


def test_a_sold_out_tile_is_grey_and_says_so(
    client: Client, duka: Business, item: StockItem, flour: Product
) -> None:
    make.a_product(duka, name="Delivery")
    make.stocked(make.a_product(duka, name="Ordered"), 1_000, 100, allows_negative=True)
    make.a_sale(duka, product=Product.objects.get(name="Ordered"))
    as_role(client, Role.CASHIER)
    assert "sold out" not in text_of(client.get("/s/duka/"))

    make.a_sale(duka, product=flour, milli=3_000)
    page = client.get("/s/duka/")
    grey = {p.name: p.is_sold_out for p in page.context["products"]}
    assert grey == {"Delivery": False, "Maize flour 2 kg": True, "Ordered": False}
    assert text_of(page).count("sold out") == 1
    assert 'class="tile sold-out" disabled' in text_of(page)


def test_a_cart_of_what_is_gone_is_refused_at_the_counter(
    client: Client, item: StockItem, flour: Product
) -> None:
    as_role(client, Role.CASHIER)
    sent = {"key": "a-cart-of-four", "shown": "72000", f"line-{flour.pk}": "4", "pay": "cash"}

    assert refusal_in(client.post("/s/duka/sell", sent | {"exact": "1"})) == (
        "Maize flour 2 kg: 3 left, the cart has 4. Sell less, then pay."
    )


# Receiving


def test_an_invoice_is_received(keeper: Client, item: StockItem) -> None:
    response = keeper.post(f"{AT}receive", an_invoice())

    assert response["Location"] == AT
    purchase = Purchase.objects.get(number="INV-9")
    assert lines_of(purchase.reference) == [("1400", 360_000), ("2000", -360_000)]
    assert StockLevel.objects.get(item=item).on_hand_milli == 27_000
    assert verify_stock() == []


def test_vat_is_taken_out_of_what_was_paid(keeper: Client, duka: Business) -> None:
    make.counted(make.a_product(duka, name="Sugar", unit="kg", tax_class="B"))
    sent = an_invoice(**{"item-0": "sugar", "qty-0": "50", "amount-0": "5800", "paid": "1200"})
    keeper.post(f"{AT}receive", sent | {"supplier": "Somebody new"})

    purchase = Purchase.objects.get()
    assert sorted(lines_of(purchase.reference)) == [
        ("1200", -580_000),
        ("1400", 500_000),
        ("1800", 80_000),
    ]
    assert purchase.supplier.name == "Somebody new"


def test_a_letter_that_was_chosen_counts(keeper: Client, item: StockItem) -> None:
    keeper.post(f"{AT}receive", an_invoice(**{"tax-0": "B"}))

    assert Purchase.objects.get(number="INV-9").vat_cents == 49_655


def test_a_double_click_receives_once(keeper: Client, item: StockItem) -> None:
    for _ in range(2):
        assert keeper.post(f"{AT}receive", an_invoice()).status_code == 302

    assert Purchase.objects.filter(number="INV-9").count() == 1


def test_more_lines_keep_what_was_typed(keeper: Client, item: StockItem) -> None:
    response = keeper.post(f"{AT}receive", an_invoice(more="1"))

    assert response.status_code == 200
    assert len(response.context["lines"]) == 10
    assert 'value="maize flour 2 kg"' in text_of(response)
    assert 'value="INV-9"' in text_of(response)
    again = keeper.post(f"{AT}receive", an_invoice(lines="10", **{"item-9": "Flour"}))
    assert refusal_in(again) == "Flour: write an amount in shillings, such as 500 or 1,250.50."


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"item-0": "gold"}, "No counted product is called 'gold'. Choose one of the list."),
        ({"item-0": ""}, "No counted product is called ''. Choose one of the list."),
        ({"item-0": "%"}, "No counted product is called '%'. Choose one of the list."),
        ({"qty-0": "x"}, "maize flour 2 kg: write a quantity such as 1, 2.5 or 0.750."),
        ({"qty-0": "1.5"}, "Maize flour 2 kg is counted in whole pieces. Write 1, 2 or 3."),
        ({"day": "yesterday"}, "Write the day as 2026-11-22."),
        ({"day": "2026-11-23"}, "23 November 2026 is still to come. Use today or a day before."),
        ({"key": ""}, "This page is incomplete. Reload it, then write it again."),
        ({"supplier": " "}, "Write the supplier's name."),
        ({"paid": "1000"}, "The drawer pays within its cash session. Choose another account."),
        ({"item-0": "", "qty-0": "", "amount-0": ""}, "A purchase has 1 to 200 lines."),
        ({"tax-0": "X"}, "Maize flour 2 kg: write what it cost and its tax letter."),
        ({"lines": "²", "amount-0": "-1"}, "maize flour 2 kg: write an amount in shillings,"),
    ],
)
def test_a_bad_invoice_gets_a_sentence_and_comes_back(
    keeper: Client, item: StockItem, but: dict[str, Any], said: str
) -> None:
    before = rows()
    response = keeper.post(f"{AT}receive", an_invoice(**but))

    assert refusal_in(response).startswith(said)
    assert rows() == before
    assert 'value="0100000009"' in text_of(response)


def test_a_name_that_two_have_is_asked_for(keeper: Client, duka: Business, item: StockItem) -> None:
    make.counted(make.a_product(duka, name="Wheat flour"))

    response = keeper.post(f"{AT}receive", an_invoice(**{"item-0": "flour"}))
    assert refusal_in(response) == (
        "'flour' could be Maize flour 2 kg or Wheat flour. Write more of it."
    )


def test_a_refused_invoice_makes_no_supplier(keeper: Client, item: StockItem) -> None:
    keeper.post(f"{AT}receive", an_invoice(supplier="New one", **{"qty-0": "0.5"}))

    assert not Supplier.objects.filter(name="New one").exists()


# Losses, suppliers, settings


def test_a_loss_is_written_off_once(keeper: Client, item: StockItem) -> None:
    for _ in range(2):
        assert keeper.post(f"{AT}losses", a_loss(note="Broken bag")).status_code == 302

    loss = Loss.objects.get()
    assert (loss.quantity_milli, loss.cost_cents, loss.note) == (1_000, 10_000, "Broken bag")
    assert "Broken bag" in text_of(keeper.get(f"{AT}losses"))


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"qty": ""}, "Maize flour 2 kg: write a quantity such as 1, 2.5 or 0.750."),
        ({"qty": "4"}, "Maize flour 2 kg: 3 can go, the rest is rung up or not there."),
        ({"reason": ""}, "Choose why it is gone."),
        ({"item": "x"}, "No counted product is called 'x'. Choose one of the list."),
        ({"key": "\x00"}, "This page is incomplete. Reload it, then write it again."),
    ],
)
def test_a_bad_loss_gets_a_sentence(
    keeper: Client, item: StockItem, but: dict[str, Any], said: str
) -> None:
    assert refusal_in(keeper.post(f"{AT}losses", a_loss(**but))) == said
    assert not Loss.objects.exists()


def test_a_supplier_is_paid_a_part(keeper: Client, kapa: Supplier) -> None:
    page = f"{AT}suppliers/{kapa.pk}/"
    assert 'value="300"' in text_of(keeper.get(page))
    keeper.post(page, a_payment())

    kapa.refresh_from_db()
    assert kapa.owed_cents == 20_000
    assert refusal_in(keeper.post(page, a_payment(amount="201", key="another-page"))) == (
        "Kapa Wholesalers is owed KES 200. Pay that much or less."
    )
    assert keeper.get(f"{AT}suppliers").context["owed_cents"] == 20_000


def test_a_bad_pin_of_a_supplier_gets_a_sentence(keeper: Client, duka: Business) -> None:
    response = keeper.post(f"{AT}suppliers", {"name": "New", "pin": "12"})

    assert refusal_in(response) == "A KRA PIN is a letter, nine digits and a letter."
    assert 'value="12"' in text_of(response)


def test_a_product_is_counted_from_its_page(keeper: Client, duka: Business) -> None:
    gas = make.a_product(duka, name="Gas 6 kg")
    Product.objects.filter(pk=gas.pk).update(sales_account="4050")
    assert "Gas 6 kg" in text_of(keeper.get(f"{AT}uncounted"))

    page = f"{AT}items/{gas.pk}/"
    fields = keeper.get(page).context["fields"]
    assert (fields["stock"], fields["cost"]) == ("1410", "5050")
    keeper.post(page, fields | {"reorder": "2"})
    item = StockItem.objects.get()
    assert (item.stock_account, item.cost_account, item.reorder_milli) == ("1410", "5050", 2_000)
    assert list(keeper.get(f"{AT}uncounted").context["page"]) == []


def test_settings_that_cannot_be_get_a_sentence(keeper: Client, item: StockItem) -> None:
    page = f"{AT}items/{item.pk}/"

    moved = {"stock": "1410", "cost": "5040", "reorder": ""}
    assert refusal_in(keeper.post(page, moved)) == (
        "The value of Maize flour 2 kg stands on 1400 already and stays there."
    )
    most = {"stock": "1400", "cost": "5040", "reorder": "10001"}
    assert refusal_in(keeper.post(page, most)) == "A reorder level is 10000 at most. Write less."
    bad = {"stock": "1400", "cost": "5040", "reorder": "many"}
    assert refusal_in(keeper.post(page, bad)).startswith("Reorder level: write a quantity")


def test_a_number_that_no_database_holds_is_nobodys(keeper: Client, item: StockItem) -> None:
    count = make.a_count(item.product.business)
    huge = 10**30

    for path in (f"items/{huge}/batches", f"items/{huge}/"):
        assert (keeper.get(AT + path).status_code, keeper.post(AT + path).status_code) == (404, 404)
    answer = keeper.post(f"{AT}counts/{count.pk}/lines/{huge}", {f"c-{huge}": "3"})
    assert answer.status_code < 500
