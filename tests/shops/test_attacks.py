"""What a thief, an auditor and a clumsy newcomer tried, and what each of them is told."""

import uuid
from datetime import date

import pytest

from money.actions.corrections import can_be_reversed
from money.models import Business, Entry, Role, User
from money.queries import balances
from mpesa.actions.erasure import NotYet
from mpesa.models import Allocation, Till
from shops.actions.cash_moves import Wish, move_cash
from shops.actions.credit import (
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.drawers import DrawerRefused, close_session
from shops.actions.giving_up import NotYours, cancel_sale
from shops.actions.inbox import NotEnough, match_to_sale, undo_match
from shops.actions.levels import counter_of
from shops.actions.opening import add_place, open_stock
from shops.actions.privacy import forget_customer
from shops.actions.refunds import Return, refund_sale
from shops.actions.settle import take_cash
from shops.models import (
    CashMove,
    CashSession,
    Customer,
    FloatSource,
    Location,
    Sale,
    SaleState,
    Unit,
)
from shops.refunding import BadRefund
from shops.verification import verify_sales
from tests import make
from tests.make import NOW, TODAY
from tests.money.pages import as_role


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina_of(duka)


def test_a_part_that_is_given_back_is_bounded_as_a_refund_is(
    duka: Business, baraka: User, amina: User
) -> None:
    """A cashier takes nearly all of it as a part, gives goods and no receipt, and cancels later."""
    sale = make.a_sale(duka)
    take_cash(sale_id=sale.pk, given_cents=17_900, part_cents=17_900, key="k", by=baraka, now=NOW)

    with pytest.raises(NotYours, match="KES 179 would go back out of the drawer"):
        cancel_sale(sale_id=sale.pk, by=baraka, now=NOW)

    assert balances(duka)["1000"] == 17_900
    assert cancel_sale(sale_id=sale.pk, by=amina, now=NOW).state == SaleState.CANCELLED
    assert balances(duka)["1000"] == 0


def test_the_page_says_who_gives_a_part_back(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka)
    take_cash(sale_id=sale.pk, given_cents=5_000, part_cents=5_000, key="k", by=baraka, now=NOW)

    page = as_role(Role.CASHIER).get(f"/s/duka/sales/{sale.pk}/").content.decode()
    response = as_role(Role.CASHIER).post(f"/s/duka/sales/{sale.pk}/cancel")

    assert "give the cash back" not in page
    assert "cash goes back out of the drawer: a manager does that." in page
    owners = as_role(Role.OWNER).get(f"/s/duka/sales/{sale.pk}/").content.decode()
    assert "give the cash back" in owners
    assert response.status_code == 422
    assert "Let a manager sign in and cancel this sale." in response.content.decode()


def found(session: CashSession, by: User, cents: int) -> str:
    """Pay money in that belongs to Z 1; return the refusal, empty for none."""
    wish = Wish(
        key=uuid.uuid4().hex, kind="in", reason="found", cents=cents, note="Under it", corrects_z=1
    )
    try:
        move_cash(session_id=session.pk, business=session.business, wish=wish, by=by, now=NOW)
    except DrawerRefused as refusal:
        return str(refusal)
    return ""


@pytest.mark.django_db
def test_no_refusal_tells_a_cashier_what_another_ones_count_was_short_of() -> None:
    shop = make.a_business()
    counter, manager, baraka = (
        make.a_user("counter", duka=Role.CASHIER),
        make.a_user("manager", duka=Role.MANAGER),
        make.baraka(),
    )
    first = make.a_session(shop, shillings=500, source=FloatSource.OWNER)
    close_session(
        session_id=first.pk,
        business=shop,
        counts={"1": 300},
        left_cents=None,
        by=counter,
        now=NOW,
    )
    second = make.a_session(shop, shillings=300)

    said = {found(second, baraka, cents) for cents in (30_000, 20_000, 100)}

    assert len(said) == 1
    assert "another one's report" in said.pop()
    assert not CashMove.objects.exists()
    assert "not short of that much" in found(second, counter, 30_000)
    assert (found(second, counter, 5_000), found(second, manager, 5_000)) == ("", "")


def test_what_stock_brought_at_the_beginning_is_not_reversed_by_hand(
    duka: Business, amina: User
) -> None:
    """The books would say that nothing lies there, and the shelf that it does."""
    opening = open_stock(
        item=make.counted(make.a_product(duka)),
        quantity_milli=2_000,
        value_cents=20_000,
        counted_on=TODAY,
        key="opening-key",
        by=amina,
        now=NOW,
    )

    why = can_be_reversed(Entry.objects.get(key=opening.reference))

    assert why == f"This entry belongs to opening {opening.pk}; refund or cancel it there."


def test_a_cent_that_is_all_tax_is_no_refund(duka: Business, amina: User) -> None:
    product = make.a_product(duka, shillings=10, unit=Unit.KG)
    sale = make.a_sale(duka, product=product)
    take_cash(sale_id=sale.pk, given_cents=1_000, by=amina, now=NOW)
    line = sale.lines.get()

    def back(milli: int, key: str) -> int:
        wish = Return(key=key, lines={line.pk: milli}, reason="Torn", is_restocked=False)
        return refund_sale(sale_id=sale.pk, wish=wish, by=amina, now=NOW).total_cents

    assert back(3, "three-grams") == 3
    with pytest.raises(BadRefund, match="worth nothing"):
        back(1, "one-gram")
    assert back(997, "all-of-it") == 997


def test_one_payment_is_one_part_of_a_sale(duka: Business, till: Till, amina: User) -> None:
    sale = make.a_sale(duka)
    first = make.a_payment(till, receipt="UKM5A1B2C1", amount_cents=10_000)
    second = make.a_payment(till, receipt="UKM5A1B2C2", amount_cents=18_000)

    def match(payment_id: int, key: str) -> Sale:
        return match_to_sale(payment_id=payment_id, sale_id=sale.pk, key=key, by=amina, now=NOW)

    def undo(payment_id: int) -> None:
        live = Allocation.objects.get(payment=payment_id, undone_at=None)
        undo_match(allocation_id=live.pk, reason="Not theirs", by=amina, now=NOW)

    match(first.pk, "key-one")
    match(second.pk, "key-two")
    undo(first.pk)

    with pytest.raises(NotEnough, match="A part of UKM5A1B2C2 pays this sale already"):
        match(second.pk, "key-three")
    undo(second.pk)

    assert match(second.pk, "key-four").state == SaleState.PAID
    assert verify_sales() == []


def test_cents_that_nobody_can_be_paid_keep_no_name(
    duka: Business, baraka: User, amina: User
) -> None:
    """A debt of 180.18 is paid by 181 whole shillings: 0.82 are owed the other way."""
    made = add_customer(business=duka, name="Wanjiku", phone="", by=baraka, now=NOW)
    customer = set_credit_limit(customer_id=made.pk, business=duka, cents=1_000_000)
    sale = make.a_sale(duka, milli=1_001)
    sell_on_credit(sale_id=sale.pk, customer_id=customer.pk, key="credit-1", by=baraka, now=NOW)

    def forget() -> Customer:
        return forget_customer(customer_id=customer.pk, business=duka, by=amina, now=NOW)

    with pytest.raises(NotYet, match=r"KES 180\.18 open"):
        forget()
    receive_from_customer(
        customer_id=customer.pk, business=duka, key="paid-1", cents=18_100, by=baraka, now=NOW
    )

    assert forget().name == f"Erased {customer.pk}"


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31"])
def test_a_day_that_no_book_has_is_refused_on_every_page(
    duka: Business, amina: User, day: str
) -> None:
    make.stocked(make.a_product(duka), 2_000, 20_000)
    sugar = make.counted(make.a_product(duka, name="Sugar"))
    add_place(business=duka, name="Store", by=amina)
    store, counter = Location.objects.get(name="Store"), counter_of(duka)
    item = {"item-0": "Maize flour 2 kg", "qty-0": "1"}
    supplier = duka.suppliers.get()
    client = as_role(Role.OWNER)

    for path, fields in {
        "receive": item | {"supplier": "Kapa Wholesalers", "amount-0": "100"},
        "losses": {"item": "Maize flour 2 kg", "qty": "1", "reason": "broken"},
        f"suppliers/{supplier.pk}/": {"amount": "10", "paid": "1200"},
        f"items/{sugar.pk}/opening": {"qty": "1", "cost": "100"},
        f"move?from={counter.pk}&to={store.pk}": item,
    }.items():
        sent = fields | {"key": uuid.uuid4().hex, "day": day}
        response = client.post(f"/stock/duka/{path}", sent)
        assert response.status_code == 422, path
        assert "is no year of these books" in response.content.decode(), path


def test_a_best_before_day_of_the_first_year_breaks_no_page(duka: Business) -> None:
    item = make.in_batches(make.stocked(make.a_product(duka), 2_000, 20_000))
    make.a_delivery(item, 1_000, 1_000, code="A", before=date(1, 1, 1))
    client = as_role(Role.OWNER)

    for path in ("", "batches", "batches?soon=1", f"items/{item.pk}/batches"):
        assert client.get(f"/stock/duka/{path}").status_code == 200, path
    assert client.get("/").status_code == 200


def test_a_pin_of_a_supplier_that_is_too_long_is_refused_in_words(duka: Business) -> None:
    fields = {"name": "Kapa", "pin": "A" * 40, "phone": "1" * 60}

    response = as_role(Role.OWNER).post("/stock/duka/suppliers", fields)

    assert response.status_code == 422
    assert "A KRA PIN is a letter, nine digits and a letter." in response.content.decode()


def test_half_a_piece_does_not_go_back_on_the_shelf(duka: Business, amina: User) -> None:
    product = make.a_product(duka)
    make.stocked(product, 2_000, 20_000)
    sale = make.sold(duka, product)
    line = sale.lines.get()

    def back(*, is_restocked: bool) -> int:
        wish = Return(
            key="half-of-it", lines={line.pk: 500}, reason="Torn", is_restocked=is_restocked
        )
        return refund_sale(sale_id=sale.pk, wish=wish, by=amina, now=NOW).total_cents

    with pytest.raises(BadRefund, match="comes back whole"):
        back(is_restocked=True)
    assert back(is_restocked=False) == 9_000


def test_a_press_that_sells_and_prints_is_not_taken_before_it(duka: Business) -> None:
    """Somebody prints an old receipt under the key that the next sale's print is going to have."""
    product = make.a_product(duka)
    old = make.sold(duka, product)
    client = as_role(Role.CASHIER)
    client.post(f"/s/duka/sales/{old.pk}/print", {"key": f"sell-{old.pk + 1}"})

    sent = {"key": uuid.uuid4().hex, f"line-{product.pk}": "1", "shown": "18000", "pay": "cash"}
    response = client.post("/s/duka/sell", sent | {"exact": "1", "print": "1"})

    assert (response.status_code, old.prints.count()) == (302, 1)
    assert Sale.objects.latest("pk").prints.count() == 1
