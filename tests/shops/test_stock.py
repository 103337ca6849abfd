"""What a sale takes from the stock: reserved when rung up, taken when paid, given back else."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money.models import Business, Entry, Role, User
from mpesa.models import Till
from shops.actions.giving_up import cancel_sale
from shops.actions.inbox import match_to_sale, undo_match
from shops.actions.items import BadStock, NotAllowed, TooFew, UsedBefore, keep_count_of, write_off
from shops.actions.refunds import Return, refund_sale
from shops.actions.sales import ring_up
from shops.actions.settle import TooLittle, match_payment, take_cash
from shops.actions.stock import SoldOut
from shops.models import (
    LineStock,
    Location,
    Loss,
    Product,
    Refund,
    Sale,
    StockItem,
    StockLevel,
    StockMove,
)
from shops.stock_verification import verify_stock
from tests import make
from tests.make import NOW, TODAY, lines_of

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def flour(duka: Business) -> Product:
    return make.a_product(duka, shillings=180, tax_class="C")


@pytest.fixture
def item(flour: Product) -> StockItem:
    """Three bags that cost KES 100.00 together."""
    return make.stocked(flour, 3_000, 10_000)


@pytest.fixture(autouse=True)
def _ties(db: None) -> Any:
    yield
    assert verify_stock() == []


def level_of(item: StockItem) -> tuple[int, int, int]:
    """Return (on hand, reserved, value) at the counter."""
    row = StockLevel.objects.get(item=item, location__is_counter=True)
    return row.on_hand_milli, row.reserved_milli, row.value_cents


def rung_up(product: Product, milli: int, key: str = "") -> Sale:
    return make.a_sale(product.business, product=product, milli=milli, key=key)


def paid(product: Product, milli: int = 1_000) -> Sale:
    sale = rung_up(product, milli)
    return take_cash(sale_id=sale.pk, given_cents=sale.total_cents, by=sale.cashier, now=NOW)


def test_ringing_up_reserves_and_posts_nothing(item: StockItem, flour: Product) -> None:
    rung_up(flour, 2_000)

    assert level_of(item) == (3_000, 2_000, 10_000)
    assert not Entry.objects.filter(key__startswith="cost:").exists()


def test_paying_takes_the_pieces_and_posts_their_cost(item: StockItem, flour: Product) -> None:
    sales = [paid(flour) for _ in range(3)]

    assert [lines_of(f"cost:{sale.pk}") for sale in sales] == [
        [("5040", 3_333), ("1400", -3_333)],
        [("5040", 3_334), ("1400", -3_334)],
        [("5040", 3_333), ("1400", -3_333)],
    ]
    assert level_of(item) == (0, 0, 0)
    assert [one.cost_cents for one in LineStock.objects.order_by("pk")] == [3_333, 3_334, 3_333]


def test_the_cost_stands_on_the_day_of_the_sale_and_names_its_receipt(
    item: StockItem, flour: Product
) -> None:
    sale = paid(flour)

    entry = Entry.objects.get(key=f"cost:{sale.pk}")
    assert (entry.occurred_on, entry.source) == (TODAY, f"receipt {sale.number}")


def test_a_sale_by_mpesa_takes_what_was_reserved(
    item: StockItem, flour: Product, till: Till
) -> None:
    sale = rung_up(flour, 1_000)
    request = make.a_request(till, reference=sale.reference, amount_cents=18_000)
    payment = make.a_payment(till, request=request)

    assert match_payment(payment_id=payment.pk, now=NOW)
    assert level_of(item) == (2_000, 0, 6_667)
    assert lines_of(f"cost:{sale.pk}") == [("5040", 3_333), ("1400", -3_333)]


def test_a_sale_that_is_paid_again_takes_nothing_again(
    item: StockItem, flour: Product, duka: Business, till: Till
) -> None:
    amina, sale = make.amina_of(duka), rung_up(flour, 1_000)
    payment = make.a_payment(till)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="k" * 16, by=amina, now=LATER)
    allocation = payment.allocations.get(reference=sale.reference)
    undo_match(allocation_id=allocation.pk, reason="Wrong sale", by=amina, now=LATER)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=amina, now=LATER)

    assert level_of(item) == (2_000, 0, 6_667)
    assert StockMove.objects.filter(kind="sale").count() == 1


def test_cancelling_gives_back(item: StockItem, flour: Product) -> None:
    sale = rung_up(flour, 2_000)
    for _ in range(2):
        cancel_sale(sale_id=sale.pk, by=sale.cashier, now=NOW)

    assert level_of(item) == (3_000, 0, 10_000)
    assert LineStock.objects.get().state == "released"


def test_what_is_rung_up_is_not_sold_to_another(item: StockItem, flour: Product) -> None:
    rung_up(flour, 2_000)

    with pytest.raises(SoldOut) as refusal:
        rung_up(flour, 2_000)
    assert str(refusal.value) == ("Maize flour 2 kg: 1 left, the cart has 2. Sell less, then pay.")
    rung_up(flour, 1_000)
    with pytest.raises(SoldOut) as refusal:
        rung_up(flour, 1_000)
    assert str(refusal.value) == (
        "Maize flour 2 kg is sold out. Take it out of the cart, then pay."
    )
    assert Sale.objects.count() == 2


def test_parts_of_a_unit_are_named_with_it(duka: Business) -> None:
    sugar = make.a_product(duka, name="Sugar", unit="kg")
    make.stocked(sugar, 1_500, 18_000)

    with pytest.raises(SoldOut, match=r"^Sugar: 1\.5 kg left, the cart has 1\.75 kg\."):
        rung_up(sugar, 1_750)


def test_the_same_cart_again_reserves_once(item: StockItem, flour: Product) -> None:
    assert rung_up(flour, 2_000, key="one-cart") == rung_up(flour, 2_000, key="one-cart")

    assert level_of(item)[1] == 2_000


def test_too_little_cash_takes_nothing(item: StockItem, flour: Product) -> None:
    sale = rung_up(flour, 1_000)

    with pytest.raises(TooLittle):
        take_cash(sale_id=sale.pk, given_cents=100, by=sale.cashier, now=NOW)
    assert level_of(item) == (3_000, 1_000, 10_000)


def test_a_service_is_not_counted(duka: Business) -> None:
    sale = paid(make.a_product(duka, name="Delivery"))

    assert not LineStock.objects.exists()
    assert not Entry.objects.filter(key=f"cost:{sale.pk}").exists()


def test_what_is_rung_up_uncounted_is_paid_before_its_product_is_counted(
    duka: Business, flour: Product
) -> None:
    sale = rung_up(flour, 1_000)
    with pytest.raises(BadStock, match=f"is on sale {sale.pk}, which is not paid yet"):
        make.counted(flour)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=sale.cashier, now=NOW)

    assert level_of(make.stocked(flour, 3_000, 10_000)) == (3_000, 0, 10_000)


def test_what_cost_nothing_posts_nothing(duka: Business, flour: Product) -> None:
    other = make.counted(make.a_product(duka, name="Bread"))
    item = make.counted(flour)
    make.a_purchase(
        make.a_supplier(duka), make.bought(item, 1_000, 0), make.bought(other, 1_000, 5_000)
    )
    sale = paid(flour)

    assert level_of(item) == (0, 0, 0)
    assert not Entry.objects.filter(key=f"cost:{sale.pk}").exists()


def counted_as(item: StockItem, cost_account: str) -> StockItem:
    """Let the cost of an item's sales go to another account from now on."""
    return keep_count_of(
        product=item.product,
        stock_account="1400",
        cost_account=cost_account,
        reorder_milli=0,
        allows_negative=item.allows_negative,
        by=make.amina_of(item.product.business),
    )


def came_back(sale: Sale) -> Refund:
    wish = Return(key="back", lines={sale.lines.get().pk: 1_000}, reason="Torn", is_restocked=True)
    by = make.amina_of(sale.business)
    return refund_sale(sale_id=sale.pk, wish=wish, by=by, now=NOW)


def test_what_comes_back_leaves_the_account_that_its_cost_went_to(
    item: StockItem, flour: Product
) -> None:
    sale = rung_up(flour, 1_000)
    counted_as(item, "5000")
    take_cash(sale_id=sale.pk, given_cents=18_000, by=make.a_user("baraka"), now=NOW)
    counted_as(item, "5010")

    refund = came_back(sale)

    assert lines_of(f"cost:{sale.pk}") == [("5040", 3_333), ("1400", -3_333)]
    assert lines_of(f"restock:{refund.pk}") == [("1400", 3_333), ("5040", -3_333)]


def test_what_was_sold_without_its_account_comes_back_from_the_present_one(flour: Product) -> None:
    """Such are the rows of sales that are older than the account kept with them."""
    sale = rung_up(flour, 1_000)
    StockItem.objects.create(product=flour, stock_account="1400", cost_account="5040")
    item = make.stocked(flour, 3_000, 10_000)
    level = StockLevel.objects.get(item=item)
    LineStock.objects.create(
        line=sale.lines.get(), item=item, location=level.location, quantity_milli=1_000
    )
    StockLevel.objects.filter(pk=level.pk).update(reserved_milli=1_000)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=make.a_user("baraka"), now=NOW)
    counted_as(item, "5010")

    refund = came_back(sale)

    assert lines_of(f"cost:{sale.pk}") == [("5040", 3_333), ("1400", -3_333)]
    assert lines_of(f"restock:{refund.pk}") == [("1400", 3_333), ("5010", -3_333)]


def test_two_products_of_two_accounts_are_one_entry(duka: Business, item: StockItem) -> None:
    amina = make.amina_of(duka)
    gas = make.a_product(duka, name="Gas 6 kg", shillings=1250, tax_class="C")
    other = keep_count_of(
        product=gas,
        stock_account="1410",
        cost_account="5050",
        reorder_milli=0,
        allows_negative=False,
        by=amina,
    )
    make.a_purchase(make.a_supplier(duka), make.bought(other, 2_000, 220_000, tax_class="C"))
    sale = ring_up(
        business=duka,
        key="two-lines",
        cart={gas.pk: 1_000, item.pk: 2_000},
        shown_cents=161_000,
        cashier=amina,
        sold_on=TODAY,
        now=NOW,
    )
    take_cash(sale_id=sale.pk, given_cents=161_000, by=amina, now=NOW)

    assert sorted(lines_of(f"cost:{sale.pk}")) == [
        ("1400", -6_667),
        ("1410", -110_000),
        ("5040", 6_667),
        ("5050", 110_000),
    ]


def test_statements_do_not_grow_with_the_products(duka: Business) -> None:
    products = [make.a_product(duka, name=f"Thing {number}") for number in range(8)]
    for product in products:
        make.stocked(product, 10_000, 1_000)

    def statements(cart: list[Product], key: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            sale = ring_up(
                business=duka,
                key=key,
                cart={product.pk: 1_000 for product in cart},
                shown_cents=18_000 * len(cart),
                cashier=make.amina_of(duka),
                sold_on=TODAY,
                now=NOW,
            )
            take_cash(sale_id=sale.pk, given_cents=sale.total_cents, by=sale.cashier, now=NOW)
        return len(seen)

    statements(products, "warm-up-cart")
    assert statements(products, "eight-lines") == statements(products[:1], "one-line-only")


# Refunds


def brought_back(sale: Sale, milli: int, key: str, *, is_restocked: bool = True) -> Refund:
    line = sale.lines.get()
    wish = Return(key=key, lines={line.pk: milli}, reason="Too much", is_restocked=is_restocked)
    return refund_sale(sale_id=sale.pk, wish=wish, by=make.amina_of(sale.business), now=LATER)


def test_what_comes_back_lies_there_again_at_the_cost_it_went_with(
    item: StockItem, flour: Product
) -> None:
    sale = paid(flour, 3_000)
    refunds = [brought_back(sale, milli, f"refund-of-{milli}") for milli in (1_000, 2_000)]

    assert [lines_of(f"restock:{refund.pk}") for refund in refunds] == [
        [("1400", 3_333), ("5040", -3_333)],
        [("1400", 6_667), ("5040", -6_667)],
    ]
    assert level_of(item) == (3_000, 0, 10_000)


def test_what_cannot_be_sold_again_stays_gone(item: StockItem, flour: Product) -> None:
    sale = paid(flour, 3_000)
    brought_back(sale, 1_000, "spoilt", is_restocked=False)
    refund = brought_back(sale, 1_000, "as-new")

    assert lines_of(f"restock:{refund.pk}") == [("1400", 3_334), ("5040", -3_334)]
    assert level_of(item) == (1_000, 0, 3_334)
    assert brought_back(sale, 1_000, "as-new") == refund
    assert level_of(item) == (1_000, 0, 3_334)


# Sold before it came, where that is allowed


def test_sold_before_it_came_costs_what_it_cost_last_and_is_set_right(
    duka: Business, flour: Product
) -> None:
    item = make.stocked(flour, 1_000, 11_500, allows_negative=True)
    sale = paid(flour, 3_000)

    assert lines_of(f"cost:{sale.pk}") == [("5040", 34_500), ("1400", -34_500)]
    assert level_of(item) == (-2_000, 0, -23_000)

    line = make.bought(item, 10_000, 120_000, tax_class="C")
    purchase = make.a_purchase(make.a_supplier(duka), line)
    assert level_of(item) == (8_000, 0, 96_000)
    assert sorted(lines_of(purchase.reference)) == [
        ("1400", -1_000),
        ("1400", 120_000),
        ("2000", -120_000),
        ("5040", 1_000),
    ]


def test_sale_before_it_came_is_not_forbidden_while_some_are_short(
    duka: Business, flour: Product
) -> None:
    make.counted(flour, allows_negative=True)
    paid(flour, 2_000)

    with pytest.raises(BadStock, match=r"^2 of it are sold and did not come yet\."):
        make.counted(flour, allows_negative=False)
    make.stocked(flour, 2_000, 20_000, allows_negative=True)
    make.counted(flour, allows_negative=False)
    with pytest.raises(SoldOut):
        rung_up(flour, 1_000)


# Losses


def lost(item: StockItem, milli: int, **but: Any) -> Loss:
    facts: dict[str, Any] = {
        "reason": "breakage",
        "note": "Fell off the shelf",
        "lost_on": TODAY,
        "key": "loss-key-1",
        "by": make.amina_of(item.product.business),
        "now": NOW,
    }
    return write_off(item=item, quantity_milli=milli, **(facts | but))


def test_a_loss_leaves_at_its_cost(item: StockItem) -> None:
    loss = lost(item, 1_000)

    assert lines_of(loss.reference) == [("5100", 3_333), ("1400", -3_333)]
    assert level_of(item) == (2_000, 0, 6_667)
    assert (loss.cost_cents, loss.get_reason_display()) == (3_333, "Breakage")


def test_a_loss_happens_once(item: StockItem) -> None:
    assert lost(item, 1_000) == lost(item, 1_000)

    assert level_of(item) == (2_000, 0, 6_667)
    with pytest.raises(UsedBefore):
        lost(item, 2_000)


def test_what_is_rung_up_cannot_be_lost(item: StockItem, flour: Product) -> None:
    rung_up(flour, 2_000)

    with pytest.raises(TooFew, match=r"^Maize flour 2 kg: 1 can go"):
        lost(item, 2_000)
    lost(item, 1_000)
    assert level_of(item) == (2_000, 2_000, 6_667)


@pytest.mark.parametrize(
    ("but", "said"),
    [
        ({"reason": "gone"}, "Choose why it is gone."),
        ({"lost_on": TODAY + timedelta(days=1)}, "23 November 2026 is still to come."),
        ({"quantity_milli": 500}, "is counted in whole pieces"),
        ({"quantity_milli": 0}, "write how many"),
    ],
)
def test_a_loss_that_cannot_be_is_refused(item: StockItem, but: dict[str, Any], said: str) -> None:
    milli = but.pop("quantity_milli", 1_000)

    with pytest.raises(BadStock, match=said):
        lost(item, milli, **but)
    assert not Loss.objects.exists()


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.OWNER, Role.MANAGER}])
def test_only_owner_and_manager_keep_stock(item: StockItem, flour: Product, role: str) -> None:
    person: User = make.a_user("person", duka=role)

    with pytest.raises(NotAllowed):
        lost(item, 1_000, by=person)
    with pytest.raises(NotAllowed):
        keep_count_of(
            product=flour,
            stock_account="1400",
            cost_account="5040",
            reorder_milli=0,
            allows_negative=True,
            by=person,
        )


# What is counted


@pytest.mark.parametrize(
    ("stock", "cost"),
    [("1300", "5040"), ("1400", "6000"), ("1499", "5040"), ("1400", "5070"), ("", "")],
)
def test_accounts_are_of_stock_and_of_cost(flour: Product, stock: str, cost: str) -> None:
    with pytest.raises(BadStock, match="has no account"):
        keep_count_of(
            product=flour,
            stock_account=stock,
            cost_account=cost,
            reorder_milli=0,
            allows_negative=False,
            by=make.amina_of(flour.business),
        )


def test_value_stays_on_its_account_once_something_moved(item: StockItem, flour: Product) -> None:
    amina = make.amina_of(flour.business)
    facts: dict[str, Any] = {"reorder_milli": 5_000, "allows_negative": False, "by": amina}

    with pytest.raises(BadStock, match="stands on 1400 already"):
        keep_count_of(product=flour, stock_account="1410", cost_account="5040", **facts)
    changed = keep_count_of(product=flour, stock_account="1400", cost_account="5050", **facts)
    assert (changed.cost_account, changed.reorder_milli) == ("5050", 5_000)


def test_each_business_has_one_counter(duka: Business, item: StockItem) -> None:
    maji = make.a_business(slug="maji")
    make.counted(make.a_product(maji, name="Bottle"))

    assert set(Location.objects.values_list("business__slug", "name", "is_counter")) == {
        ("duka", "Counter", True),
        ("maji", "Counter", True),
    }
