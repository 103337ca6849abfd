"""The pages of recipes, families and batches: what each role may, and answers in sentences."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from money.models import Business, Role
from shops.actions.settle import take_cash
from shops.models import (
    Batch,
    BatchLevel,
    Loss,
    Product,
    ProductFamily,
    PurchaseLine,
    Recipe,
    RecipePart,
    StockItem,
)
from tests import make
from tests.make import NOW, TODAY

AT = "/stock/duka/"
KEEPERS = (Role.OWNER, Role.MANAGER)
SEERS = (*KEEPERS, Role.CASHIER, Role.ACCOUNTANT, Role.AUDITOR)
OTHERS = (Role.LAUNDRY_ATTENDANT, Role.RIDER)
YESTERDAY, NEXT_WEEK = TODAY - timedelta(days=1), TODAY + timedelta(days=7)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def milk(duka: Business) -> StockItem:
    """Three past their day, two for next week."""
    item = make.in_batches(make.counted(make.a_product(duka, name="Milk", tax_class="C")))
    make.a_delivery(item, 3_000, 3_000, code="OLD", before=YESTERDAY)
    make.a_delivery(item, 2_000, 2_000, code="NEW", before=NEXT_WEEK)
    return item


@pytest.fixture
def refill(duka: Business) -> Product:
    return make.a_product(duka, name="Refill 20 L", shillings=100)


@pytest.fixture
def cap(duka: Business) -> StockItem:
    return make.stocked(make.a_product(duka, name="Cap"), 10_000, 5_000)


def as_role(client: Client, role: str) -> None:
    client.force_login(make.a_user(f"a-{role}", duka=role))


def text_of(response: Any) -> str:
    return unescape(str(response.content.decode()))


def level_of(code: str) -> BatchLevel:
    return BatchLevel.objects.get(batch__code=code)


def pages(milk: StockItem) -> list[str]:
    return ["recipes", "families", "batches", "batches?soon=1", f"items/{milk.pk}/batches"]


def a_form(cap: StockItem) -> dict[str, str]:
    return {"item-0": cap.product.name, "qty-0": "1", "cost": "5000"}


def acts(milk: StockItem, refill: Product, cap: StockItem) -> list[tuple[str, dict[str, str]]]:
    old, new = level_of("OLD"), level_of("NEW")
    naming = {"key": "name-key-1", "qty": "1", "code": "X", "day": "2026-12-24"}
    return [
        (f"items/{refill.pk}/recipe", a_form(cap)),
        ("families", {"product": "Refill 20 L", "family": "Refill", "variant": "20 L"}),
        (f"items/{milk.pk}/batches", {"warn": "3"}),
        (f"batches/{new.pk}/name", naming),
        (f"batches/{old.batch_id}/release", {"reason": "Good"}),
        (f"batches/{old.pk}/off", {"key": "off-key-1"}),
    ]


def done(milk: StockItem) -> tuple[int, ...]:
    milk.refresh_from_db()
    return (
        Recipe.objects.count(),
        ProductFamily.objects.count(),
        milk.warn_days,
        Batch.objects.count(),
        Batch.objects.exclude(released_at=None).count(),
        Loss.objects.count(),
    )


NOTHING = (0, 0, 14, 3, 0, 0)
EVERYTHING = (1, 1, 3, 4, 1, 1)


@pytest.mark.parametrize("role", SEERS)
def test_who_sees_stock_sees_every_page(
    client: Client, milk: StockItem, refill: Product, role: str
) -> None:
    as_role(client, role)
    keeps = role in KEEPERS

    assert [client.get(AT + page).status_code for page in pages(milk)] == [200] * 5
    recipe = client.get(f"{AT}items/{refill.pk}/recipe").status_code
    assert recipe == (200 if keeps else 403)
    offered = ("Another recipe", "Put it there", "Write off", "Write off", "Keep as that")
    for page, button in zip(pages(milk), offered, strict=True):
        assert (button in text_of(client.get(AT + page))) is keeps, page


@pytest.mark.parametrize("role", KEEPERS)
def test_who_keeps_stock_does_everything(
    client: Client, milk: StockItem, refill: Product, cap: StockItem, role: str
) -> None:
    as_role(client, role)

    for page, fields in acts(milk, refill, cap):
        assert client.post(AT + page, fields).status_code == 302, page
    assert done(milk) == EVERYTHING


@pytest.mark.parametrize("role", sorted(set(SEERS) - set(KEEPERS)))
def test_who_only_sees_changes_nothing(
    client: Client, milk: StockItem, refill: Product, cap: StockItem, role: str
) -> None:
    as_role(client, role)

    for page, fields in acts(milk, refill, cap):
        assert client.post(AT + page, fields).status_code == 403, page
    assert done(milk) == NOTHING


@pytest.mark.parametrize("role", OTHERS)
def test_others_find_nothing(
    client: Client, milk: StockItem, refill: Product, cap: StockItem, role: str
) -> None:
    as_role(client, role)

    assert {client.get(AT + page).status_code for page in pages(milk)} == {404}
    for page, fields in acts(milk, refill, cap):
        assert client.post(AT + page, fields).status_code == 404, page
    assert done(milk) == NOTHING


def test_the_rows_of_another_business_are_not_found(
    client: Client, milk: StockItem, refill: Product, cap: StockItem
) -> None:
    make.a_business(slug="maji")
    client.force_login(make.a_user("otieno", maji=Role.OWNER))

    for page, fields in acts(milk, refill, cap):
        if page != "families":
            assert client.post(f"/stock/maji/{page}", fields).status_code == 404, page
    answer = client.post("/stock/maji/families", {"leave": str(refill.pk)})
    assert (answer.status_code, done(milk)) == (404, NOTHING)


# Recipes


def test_a_recipe_is_written_shown_and_taken_off(
    client: Client, refill: Product, cap: StockItem
) -> None:
    as_role(client, Role.OWNER)
    page = f"{AT}items/{refill.pk}/recipe"
    assert "Can be sold" not in text_of(client.get(page))

    fields = a_form(cap) | {"back": "yes"}
    assert "is made like this now" in text_of(client.post(page, fields, follow=True))
    recipe = Recipe.objects.get()
    assert (recipe.cost_account, recipe.comes_back) == ("5000", True)
    assert RecipePart.objects.get().quantity_milli == 1_000
    shown = text_of(client.get(f"{AT}recipes"))
    assert "1 Cap" in shown
    assert "KES 5 each" in shown

    gone = client.post(page, {"cost": "5000"}, follow=True)
    assert "has no recipe any more" in text_of(gone)
    assert not Recipe.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"item-0": "Nothing", "qty-0": "1"}, "No counted product is called"),
        ({"item-0": "Cap", "qty-0": "x"}, "Cap: "),
        ({"item-0": "Cap", "qty-0": "1", "item-1": "cap", "qty-1": "2"}, "stands there twice"),
        ({"item-0": "Cap", "qty-0": "0.5"}, "counted in whole pieces"),
        ({"item-0": "Cap", "qty-0": "1", "cost": "4040"}, "has no account 4040"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_and_stays_typed(
    client: Client, refill: Product, cap: StockItem, fields: dict[str, str], sentence: str
) -> None:
    as_role(client, Role.OWNER)
    answer = client.post(f"{AT}items/{refill.pk}/recipe", {"cost": "5000"} | fields)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert f'value="{fields["item-0"]}"' in text_of(answer)
    assert not Recipe.objects.exists()


def test_a_recipe_is_found_by_the_product_that_is_sold(client: Client, refill: Product) -> None:
    as_role(client, Role.OWNER)
    found = client.get(f"{AT}recipes/find", {"product": "refill 20"})
    assert found["Location"] == f"{AT}items/{refill.pk}/recipe"

    make.a_product(refill.business, name="Refill 10 L")
    for words, sentence in (("refill", "could be"), ("gas", "Nothing on sale is called")):
        answer = client.get(f"{AT}recipes/find", {"product": words}, follow=True)
        assert answer.redirect_chain == [(f"{AT}recipes", 302)]
        assert sentence in text_of(answer)


def test_what_has_a_recipe_is_not_offered_to_be_counted(
    client: Client, refill: Product, cap: StockItem
) -> None:
    as_role(client, Role.OWNER)
    assert "Refill 20 L" in text_of(client.get(f"{AT}uncounted"))
    make.a_recipe(refill, (cap, 1_000))
    assert "Refill 20 L" not in text_of(client.get(f"{AT}uncounted"))


# Families


def test_a_family_is_made_and_left(client: Client, refill: Product) -> None:
    as_role(client, Role.OWNER)
    fields = {"product": "Refill 20 L", "family": "Refill", "variant": ""}
    made = client.post(f"{AT}families", fields, follow=True)
    assert "Refill 20 L is one of Refill now." in text_of(made)
    refill.refresh_from_db()
    assert refill.variant == "20 L"

    left = client.post(f"{AT}families", {"leave": str(refill.pk)}, follow=True)
    assert "stands on a tile of its own" in text_of(left)
    assert client.post(f"{AT}families", {"leave": "x"}).status_code == 404
    answer = client.post(f"{AT}families", {"product": "Gas", "family": "Gas"})
    assert (answer.status_code, "Nothing on sale is called" in text_of(answer)) == (422, True)


# Batches


def test_batches_are_listed_what_expires_first_first(client: Client, milk: StockItem) -> None:
    as_role(client, Role.CASHIER)
    page = text_of(client.get(f"{AT}batches"))

    assert page.index("OLD, best before 21 Nov 2026") < page.index("NEW, best before 29 Nov 2026")
    assert "past its day, not sold" in page
    assert "Nothing of that lies here." in text_of(client.get(f"{AT}batches", {"q": "Bread"}))


def test_the_list_of_stock_says_what_is_near_its_day(client: Client, milk: StockItem) -> None:
    as_role(client, Role.CASHIER)
    page = text_of(client.get(AT))
    assert '<span class="low">best before 21 Nov</span>' in page

    BatchLevel.objects.filter(batch__code="OLD").update(on_hand_milli=0)
    assert '<span class="soon">best before 29 Nov</span>' in text_of(client.get(AT))


def test_the_tile_warns_of_what_goes_next(at_counter: Client, milk: StockItem) -> None:
    page = text_of(at_counter.get("/s/duka/"))

    assert '<small class="soon">best before 29 Nov</small>' in page


def test_what_is_past_its_day_is_written_off_from_the_list(client: Client, milk: StockItem) -> None:
    as_role(client, Role.OWNER)
    fields = {"key": "off-key-1", "back": "all"}
    answer = client.post(f"{AT}batches/{level_of('OLD').pk}/off", fields, follow=True)

    assert answer.redirect_chain[-1][0] == f"{AT}batches"
    assert "Expired: 3 Milk is written off." in text_of(answer)
    again = client.post(f"{AT}batches/{level_of('NEW').pk}/off", {"key": "off-key-2"})
    assert (again.status_code, "that day is not over" in text_of(again)) == (422, True)


def test_pieces_are_named_and_bad_forms_are_refused(client: Client, milk: StockItem) -> None:
    as_role(client, Role.OWNER)
    page = f"{AT}batches/{level_of('NEW').pk}/name"
    fields = {"key": "name-key-1", "qty": "1", "code": "B7", "day": "2026-12-24"}
    assert "Kept as B7, best before 24 Dec 2026." in text_of(client.post(page, fields, follow=True))

    for change, sentence in (
        ({"qty": "9"}, "1 of it are free"),
        ({"day": "soon"}, "Write the day as"),
        ({"key": ""}, "This page is incomplete"),
    ):
        answer = client.post(page, fields | {"key": "name-key-2"} | change)
        assert (answer.status_code, sentence in text_of(answer)) == (422, True), sentence


@pytest.mark.parametrize("warn", ["", "x", "-1", "1000", "400"])
def test_a_warning_that_cannot_be_is_refused(client: Client, milk: StockItem, warn: str) -> None:
    as_role(client, Role.OWNER)
    answer = client.post(f"{AT}items/{milk.pk}/batches", {"warn": warn})

    assert answer.status_code == 422


def test_goods_are_received_with_their_batch(client: Client, milk: StockItem) -> None:
    as_role(client, Role.OWNER)
    fields = {
        "key": "receive-1",
        "supplier": "Brookside",
        "item-0": "Milk",
        "qty-0": "4",
        "amount-0": "200",
        "batch-0": " B 9 ",
        "before-0": "2026-12-31",
    }
    assert client.post(f"{AT}receive", fields).status_code == 302
    assert str(PurchaseLine.objects.latest("pk").batch) == "B 9, best before 31 Dec 2026"

    bad = client.post(f"{AT}receive", fields | {"key": "receive-2", "before-0": "31/12"})
    assert (bad.status_code, "Milk: write the day as" in text_of(bad)) == (422, True)


def test_the_front_page_says_what_expires_and_what_is_paid_in_part(
    client: Client, milk: StockItem, refill: Product
) -> None:
    amina = make.amina_of(refill.business)
    amina.is_staff = True
    amina.save()
    sale = make.a_sale(refill.business, product=refill)
    take_cash(sale_id=sale.pk, given_cents=5_000, part_cents=5_000, key="part-1", by=amina, now=NOW)

    with time_machine.travel(NOW + timedelta(days=4), tick=False):
        client.force_login(amina)
        page = text_of(client.get("/", follow=True))

    assert "2 batches near or past the best-before day" in page
    assert "1 old sale paid in part" in page
