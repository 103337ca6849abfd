"""The pages of counts, places, transfers and returns: what forms do, and what is never shown."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.models import Business, Role
from shops.actions.levels import counter_of
from shops.actions.opening import add_place
from shops.models import (
    CashMove,
    Location,
    OpeningStock,
    Product,
    Purchase,
    StockCount,
    StockItem,
    StockLevel,
    StockTransfer,
    Supplier,
    SupplierPayment,
    SupplierReturn,
)
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW
from tests.shops.test_stock_views import AT, an_invoice, as_role, refusal_in, text_of

KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def item(duka: Business) -> StockItem:
    """Eleven bags that cost KES 110.00 each."""
    return make.stocked(make.a_product(duka, tax_class="C"), 11_000, 121_000)


@pytest.fixture
def keeper(client: Client, duka: Business) -> Client:
    return as_role(client, Role.MANAGER)


@pytest.fixture
def count(duka: Business, item: StockItem) -> StockCount:
    return make.a_count(duka)


def at(count: StockCount, page: str = "") -> str:
    return f"{AT}counts/{count.pk}/{page}"


# Counts


def test_a_count_from_beginning_to_end(keeper: Client, duka: Business, item: StockItem) -> None:
    place = counter_of(duka).pk
    begun = keeper.post(f"{AT}counts", {"key": KEY, "place": place, "what": "all"})
    count = StockCount.objects.get()
    assert begun["Location"] == at(count)
    line = count.lines.get()

    keeper.post(at(count), {f"c-{line.pk}": "9", f"was-{line.pk}": ""})
    assert "1 of 1" in text_of(keeper.get(at(count)))
    assert keeper.post(at(count, "close"))["Location"] == at(count)
    found = text_of(keeper.get(at(count)))
    assert "9 counted, the books had 11" in found
    assert "-220" in found
    assert "-220" in text_of(keeper.get(at(count, "sheet")))
    assert "-220" in text_of(keeper.get(f"{AT}counts"))
    assert verify_stock() == []


def test_the_count_is_blind(keeper: Client, count: StockCount) -> None:
    for page in (at(count), at(count, "sheet"), at(count, "close"), f"{AT}counts"):
        shown = text_of(keeper.get(page))
        assert 'value="11"' not in shown
        read = re.sub(r"<[^>]*>", " ", shown).replace(str(count), "")
        assert not re.search(r"\b(11|1,210|110)\b", read)


def test_a_line_is_saved_as_it_is_typed(client: Client, count: StockCount) -> None:
    as_role(client, Role.CASHIER)
    line = count.lines.get()
    address = at(count, f"lines/{line.pk}")

    said = text_of(client.post(address, {f"c-{line.pk}": "7"}))
    assert f'name="was-{line.pk}" value="7"' in said
    assert "✓ Person-Cashier" in said
    assert "not counted" in text_of(client.post(address, {f"c-{line.pk}": " "}))
    assert "write a quantity" in text_of(client.post(address, {f"c-{line.pk}": "x"}))
    assert "whole pieces" in text_of(client.post(address, {f"c-{line.pk}": "1.5"}))
    client.post(address, {f"c-{line.pk}": "0"})
    line.refresh_from_db()
    assert (line.counted_milli, line.seen_milli) == (0, 11_000)


def test_what_another_one_counted_meanwhile_stays(keeper: Client, count: StockCount) -> None:
    line = count.lines.get()
    make.counting(count, Maize_flour_2_kg=9_000)

    response = keeper.post(at(count), {f"c-{line.pk}": "", f"was-{line.pk}": ""}, follow=True)
    assert "Nothing new was typed." in text_of(response)
    line.refresh_from_db()
    assert line.counted_milli == 9_000


def test_a_bad_figure_gets_a_sentence(keeper: Client, count: StockCount) -> None:
    line = count.lines.get()
    sent = {f"c-{line.pk}": "many", f"name-{line.pk}": "Flour"}

    assert refusal_in(keeper.post(at(count), sent)).startswith("Flour: write a quantity")


def test_what_is_not_counted_needs_a_tick(keeper: Client, count: StockCount) -> None:
    assert refusal_in(keeper.post(at(count, "close"))) == "1 of 1 are not counted yet."
    assert keeper.post(at(count, "close"), {"rest": "yes"}).status_code == 302
    assert keeper.get(at(count, "close"))["Location"] == at(count)
    assert "frozen" in text_of(keeper.post(at(count), {}, follow=True))


def test_more_is_added_and_found(keeper: Client, duka: Business, count: StockCount) -> None:
    make.counted(make.a_product(duka, name="Bread"))
    sent = {"what": "words", "words": "bread"}

    assert "1 more to count." in text_of(keeper.post(at(count, "more"), sent, follow=True))
    assert "already" in text_of(keeper.post(at(count, "more"), sent, follow=True))
    empty = keeper.post(at(count, "more"), {"what": "words"}, follow=True)
    assert "Write a part of the names" in text_of(empty)
    names = [line.item.product.name for line in keeper.get(at(count), {"q": "bre"}).context["page"]]
    assert names == ["Bread"]
    make.counting(count, Bread=1_000)
    left = keeper.get(at(count), {"left": "1"}).context["page"]
    assert [line.item.product.name for line in left] == ["Maize flour 2 kg"]


def test_a_cashier_counts_and_learns_nothing(client: Client, count: StockCount) -> None:
    as_role(client, Role.CASHIER)
    line = count.lines.get()

    assert "Close" not in text_of(client.get(at(count)))
    assert client.post(at(count), {f"c-{line.pk}": "9"}).status_code == 302
    assert client.post(at(count, "close"), {"rest": "yes"}).status_code == 403
    as_role(client, Role.MANAGER).post(at(count, "close"))
    client.force_login(line.count.business.memberships.get(role=Role.CASHIER).user)
    assert client.get(at(count))["Location"] == f"{AT}counts"
    assert client.get(at(count, "sheet")).status_code == 403
    assert "220" not in text_of(client.get(f"{AT}counts"))


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.AUDITOR])
def test_who_only_reads_counts_nothing(client: Client, count: StockCount, role: str) -> None:
    as_role(client, role)
    line = count.lines.get()

    assert "disabled" in text_of(client.get(at(count)))
    for page, sent in (("", {f"c-{line.pk}": "9"}), (f"lines/{line.pk}", {f"c-{line.pk}": "9"})):
        assert client.post(at(count, page), sent).status_code == 403
    line.refresh_from_db()
    assert line.counted_milli is None


def test_queries_do_not_grow_with_the_count(
    keeper: Client, duka: Business, count: StockCount
) -> None:
    def queries() -> list[int]:
        counts = []
        for page in (at(count), at(count, "sheet"), f"{AT}counts", f"{AT}places"):
            with CaptureQueriesContext(connection) as seen:
                keeper.get(page)
            counts.append(len(seen))
        return counts

    few = queries()
    for number in range(5):
        make.stocked(make.a_product(duka, name=f"Thing {number}"), 1_000, 100)
    keeper.post(at(count, "more"), {"what": "all"})
    keeper.get(f"{AT}counts")
    assert queries() == few


# The beginning, places and transfers


def test_what_lies_there_at_the_beginning(keeper: Client, duka: Business) -> None:
    item = make.counted(make.a_product(duka))
    page = f"{AT}items/{item.pk}/"
    sent = {"key": KEY, "qty": "24", "cost": "3,600"}
    assert "What lies there at the beginning" in text_of(keeper.get(page))

    bad = keeper.post(f"{page}opening", sent | {"cost": "?"})
    assert refusal_in(bad).startswith("What all of it cost: write")
    assert 'value="24"' in text_of(bad)
    assert keeper.post(f"{page}opening", sent)["Location"] == page
    assert OpeningStock.objects.get().value_cents == 360_000
    assert "What lies there at the beginning" not in text_of(keeper.get(page))
    service = make.a_product(duka, name="Delivery")
    refused = keeper.post(f"{AT}items/{service.pk}/opening", sent)
    assert refusal_in(refused).startswith("Delivery is not counted yet.")


def test_goods_are_carried_to_a_new_place(keeper: Client, duka: Business, item: StockItem) -> None:
    keeper.post(f"{AT}places", {"name": "Store"})
    store = Location.objects.get(name="Store")
    move = f"{AT}move?from={counter_of(duka).pk}&to={store.pk}"
    sent = {"key": KEY, "item-0": "flour", "qty-0": "4"}

    assert "Called there" not in text_of(keeper.get(move))
    assert refusal_in(keeper.post(move, sent | {"qty-0": "40"})).startswith("Maize flour 2 kg: 11")
    for _ in range(2):
        assert keeper.post(move, sent)["Location"] == f"{AT}places"
    assert StockLevel.objects.get(location=store).value_cents == 44_000
    assert "Counter → Store" in text_of(keeper.get(f"{AT}places"))
    levels = text_of(keeper.get(f"{AT}items/{item.pk}/"))
    assert "Store" in levels
    assert keeper.get(f"{AT}move")["Location"] == f"{AT}places"


def test_goods_are_carried_to_another_business(
    client: Client, duka: Business, item: StockItem
) -> None:
    maji = make.a_business(slug="maji")
    there = make.counted(make.a_product(maji, name="Flour, maize"))
    manager = as_role(client, Role.MANAGER)
    move = f"{AT}move?from={counter_of(duka).pk}&to={counter_of(maji).pk}"
    assert manager.get(move).status_code == 404
    assert "Amina maji" not in text_of(manager.get(f"{AT}places"))
    make.a_user(f"person-{Role.MANAGER}", maji=Role.MANAGER)

    assert "Amina maji, Counter" in text_of(manager.get(f"{AT}places"))
    assert "Called there" in text_of(manager.get(move))
    sent = {"key": KEY, "item-0": "flour", "qty-0": "4"}
    unknown = manager.post(move, sent)
    assert refusal_in(unknown).startswith("Maize flour 2 kg, in Amina maji: No counted product")
    manager.post(move, sent | {"as-0": "flour, maize"})
    assert StockTransfer.objects.get().lines.get().to_item == there
    assert StockLevel.objects.get(item=there).value_cents == 44_000
    assert verify_stock() == []


def test_from_another_business_nothing_is_carried(
    client: Client, duka: Business, item: StockItem
) -> None:
    maji = make.a_business(slug="maji")
    as_role(client, Role.OWNER, "maji")
    move = f"/stock/maji/move?from={counter_of(duka).pk}&to={counter_of(maji).pk}"

    assert client.get(move).status_code == 404
    assert client.post(move, {"key": KEY}).status_code == 404


# Suppliers


def test_goods_go_back(keeper: Client, item: StockItem) -> None:
    purchase = Purchase.objects.get()
    page, line = f"{AT}purchases/{purchase.pk}/", purchase.lines.get()
    assert f'href="{page}"' in text_of(keeper.get(f"{AT}suppliers/{purchase.supplier_id}/"))
    sent = {"key": KEY, f"back-{line.pk}": "2", "reason": "Wet"}

    assert refusal_in(keeper.post(page, sent | {"reason": ""})).startswith("Write why")
    for _ in range(2):
        assert keeper.post(page, sent)["Location"] == page
    note = SupplierReturn.objects.get()
    shown = text_of(keeper.get(page))
    assert f"Debit note {note.pk}" in shown
    assert "9 can go back still" in shown
    assert Supplier.objects.get().owed_cents == 99_000


def test_money_of_what_went_back_comes(keeper: Client, item: StockItem) -> None:
    purchase = Purchase.objects.get()
    supplier = f"{AT}suppliers/{purchase.supplier_id}/"
    keeper.post(supplier, {"key": "payment-key", "amount": "1210", "paid": "1200"})
    line = purchase.lines.get()
    back = {"key": KEY, f"back-{line.pk}": "2", "reason": "Wet"}
    keeper.post(f"{AT}purchases/{purchase.pk}/", back)

    assert "Owes you" in text_of(keeper.get(supplier))
    assert "owes you KES 220" in text_of(keeper.get(f"{AT}suppliers"))
    keeper.post(supplier, {"key": "came-back-1", "amount": "220", "paid": "1200", "back": "1"})
    assert Supplier.objects.get().owed_cents == 0
    assert "Came back to 1200" in text_of(keeper.get(supplier))


def test_the_drawer_pays_a_supplier_and_a_purchase(
    keeper: Client, duka: Business, item: StockItem
) -> None:
    make.sold(duka, make.a_product(duka, name="Service", shillings=5_000))
    session = duka.cash_sessions.get()
    supplier = f"{AT}suppliers/{Supplier.objects.get().pk}/"
    drawer = f"drawer:{session.pk}"
    assert drawer in text_of(keeper.get(supplier))
    assert drawer in text_of(keeper.get(f"{AT}receive"))

    keeper.post(supplier, {"key": "payment-key", "amount": "200", "paid": drawer})
    keeper.post(f"{AT}receive", an_invoice(paid=drawer))
    amounts = CashMove.objects.order_by("pk").values_list("amount_cents", flat=True)
    assert list(amounts) == [20_000, 360_000]
    assert "Out of the drawer" in text_of(keeper.get(supplier))
    too_much = an_invoice(paid=drawer, key="another-key-1", number="INV-10")
    assert refusal_in(keeper.post(f"{AT}receive", too_much)).startswith("The drawer does not hold")


def test_a_cashier_pays_a_supplier_on_the_cash_page(
    client: Client, duka: Business, item: StockItem
) -> None:
    make.sold(duka, make.a_product(duka, name="Service", shillings=5_000))
    as_role(client, Role.CASHIER)
    move = f"/cash/duka/sessions/{duka.cash_sessions.get().pk}/move"
    sent = {"key": KEY, "what": "out:supplier", "amount": "200", "note": "Bread"}

    assert "Kapa Wholesalers" in text_of(client.get("/cash/duka/"))
    assert refusal_in(client.post(move, sent)).startswith("Write the name of the supplier")
    assert client.post(move, sent | {"supplier": "kapa wholesalers"}).status_code == 302
    assert SupplierPayment.objects.get().amount_cents == 20_000
    again = client.post(move, sent | {"key": "another-key-1", "supplier": "Kapa wholesalers"})
    assert again.status_code == 302
    many = client.post(
        move, sent | {"key": "third-key-1", "supplier": "Kapa wholesalers", "amount": "900"}
    )
    assert refusal_in(many).startswith("Kapa Wholesalers is owed KES 810")


def test_low_products_are_counted_alone(keeper: Client, duka: Business, item: StockItem) -> None:
    make.stocked(make.a_product(duka, name="Bread"), 1_000, 100, reorder=2_000)
    place = counter_of(duka).pk
    keeper.post(f"{AT}counts", {"key": KEY, "place": place, "what": "low"})

    names = StockCount.objects.get().lines.values_list("item__product__name", flat=True)
    assert list(names) == ["Bread"]
    second = keeper.post(f"{AT}counts", {"key": "another-key-1", "place": place, "what": "all"})
    assert refusal_in(second) == "Counter is being counted already. Go on with that count."
    store = add_place(business=duka, name="Store", by=make.amina_of(duka))
    nothing = {"key": "third-key-1", "place": store.pk, "what": "words", "words": "gold"}
    assert refusal_in(keeper.post(f"{AT}counts", nothing)).startswith("Nothing that is counted")
    assert Product.objects.count() == 2
