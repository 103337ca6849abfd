"""Receipts on paper: counted, the first is the receipt, every other one says COPY."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from money.models import Business, User
from shops.actions.prints import NoReceipt, record_print
from shops.actions.settle import take_cash
from shops.models import Product, ReceiptPrint, Sale
from tests import make
from tests.make import NOW
from tests.shops.test_constraints import refused_by, unguarded, unique_of  # noqa: F401 a fixture
from tests.shops.test_triggers import needs_postgresql, refusal_of

NOT_THIS = "This is not the receipt"


@pytest.fixture
def paid(duka: Business, baraka: User) -> Sale:
    return take_cash(sale_id=make.a_sale(duka).pk, given_cents=20_000, by=baraka, now=NOW)


def printed(client: Client, sale: Sale, key: str = "") -> str:
    """Press Print, and return the address that one comes to."""
    answer = client.post(f"/s/duka/sales/{sale.pk}/print", {"key": key})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_prints_are_numbered_and_a_key_prints_once(paid: Sale, baraka: User) -> None:
    numbers = [
        record_print(sale_id=paid.pk, key=key, by=baraka, at=NOW).number for key in ("a", "a", "b")
    ]

    assert numbers == [1, 1, 2]
    assert list(ReceiptPrint.objects.order_by("pk").values_list("number", "by", "at")) == [
        (1, baraka.pk, NOW),
        (2, baraka.pk, NOW),
    ]


def test_what_is_not_paid_is_not_printed(duka: Business, baraka: User, at_counter: Client) -> None:
    sale = make.a_sale(duka)

    with pytest.raises(NoReceipt, match="no receipt yet"):
        record_print(sale_id=sale.pk, key="a", by=baraka, at=NOW)
    answer = at_counter.post(f"/s/duka/sales/{sale.pk}/print")

    assert answer.status_code == 422
    assert "no receipt yet" in answer.content.decode()
    assert ReceiptPrint.objects.count() == 0


def test_the_first_print_is_the_receipt_the_second_says_copy(
    paid: Sale, at_counter: Client
) -> None:
    seen = at_counter.get(f"/s/duka/sales/{paid.pk}/receipt").content.decode()
    first = at_counter.get(printed(at_counter, paid)).content.decode()
    second = at_counter.get(printed(at_counter, paid)).content.decode()

    assert 'class="paper unprinted"' in seen
    assert NOT_THIS in seen
    for page in (first, second):
        assert "data-print" in page
        assert "unprinted" not in page
    assert "COPY" not in seen + first
    assert "COPY 2" in second


def test_the_paper_of_a_print_is_no_second_original(paid: Sale, at_counter: Client) -> None:
    address = printed(at_counter, paid)
    assert at_counter.get(address).status_code == 200
    printed(at_counter, paid)
    answer = at_counter.get(address)

    assert answer.status_code == 302
    assert answer["Location"] == f"/s/duka/sales/{paid.pk}/receipt"


def test_the_paper_of_a_print_is_only_shown_after_five_minutes(
    paid: Sale, at_counter: Client
) -> None:
    with time_machine.travel(NOW, tick=False):
        at_counter.force_login(User.objects.get(username="baraka"))
        address = printed(at_counter, paid)
        assert at_counter.get(address).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert at_counter.get(address).status_code == 302


@pytest.mark.parametrize(("button", "given"), [("exact", ""), ("given", "200")])
def test_paid_and_printed_in_one_press_and_once(
    duka: Business, at_counter: Client, button: str, given: str
) -> None:
    bread: Product = make.a_product(duka, name="Bread", shillings=65)
    form = {
        "key": "0123456789abcdef",
        "shown": "6500",
        f"line-{bread.pk}": "1",
        "given": given,
        "print": button,
    }

    ways = {at_counter.post("/s/duka/sell", form)["Location"] for _ in range(2)}

    sale = Sale.objects.get()
    assert ways == {f"/s/duka/sales/{sale.pk}/prints/1/"}
    assert ReceiptPrint.objects.count() == 1
    page = at_counter.get(ways.pop()).content.decode()
    assert "data-print" in page
    change = {"exact": "KES 0", "given": "KES 135"}[button]
    assert f"<span>Change</span> {change}" in page


def test_too_little_cash_prints_nothing(duka: Business, at_counter: Client) -> None:
    bread = make.a_product(duka, name="Bread", shillings=65)
    form = {"key": "0123456789abcdef", "shown": "6500", f"line-{bread.pk}": "1", "given": "50"}

    answer = at_counter.post("/s/duka/sell", form | {"print": "given"})

    assert answer.status_code == 422
    assert not Sale.objects.exists()
    assert not ReceiptPrint.objects.exists()


@pytest.mark.parametrize(
    ("asked", "kept", "width"),
    [("58", "", "58"), ("80", "58", "80"), ("", "58", "58"), ("", "", "80"), ("44", "x", "80")],
)
def test_the_paper_is_58_or_80_mm_wide_as_this_browser_chose(
    paid: Sale, at_counter: Client, asked: str, kept: str, width: str
) -> None:
    at_counter.cookies["paper"] = kept
    address = f"/s/duka/sales/{paid.pk}/receipt"

    answer = at_counter.get(address, {"paper": asked} if asked else {})

    assert ("receipt-58.css" in answer.content.decode()) == (width == "58")
    assert at_counter.cookies["paper"].value == (asked if asked in {"58", "80"} else kept)
    assert ("paper" in answer.cookies) == (asked in {"58", "80"})


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shops_receiptprint SET number = 7",
        "UPDATE shops_receiptprint SET at = at",
        "DELETE FROM shops_receiptprint",
    ],
)
def test_what_was_printed_is_frozen(paid: Sale, baraka: User, sql: str) -> None:
    record_print(sale_id=paid.pk, key="a", by=baraka, at=NOW)

    assert refusal_of(sql).startswith("shops: what was printed is frozen")


@needs_postgresql
def test_prints_are_not_emptied(paid: Sale) -> None:
    assert "is frozen" in refusal_of("TRUNCATE shops_receiptprint")


def test_a_print_is_not_replaced(paid: Sale, baraka: User) -> None:
    made = record_print(sale_id=paid.pk, key="a", by=baraka, at=NOW)
    insert = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    columns = "(id, sale_id, key, number, by_id, at)"
    for row in (
        (made.pk, paid.pk, "b", 2, baraka.pk, NOW),
        (made.pk + 1, paid.pk, "a", 2, baraka.pk, NOW),
        (made.pk + 1, paid.pk, "b", 1, baraka.pk, NOW),
    ):
        sql = f"{insert} INTO shops_receiptprint {columns} VALUES (%s, %s, %s, %s, %s, %s)"

        refusal_of(sql, *row)

    assert ReceiptPrint.objects.get() == made


def test_a_print_follows_the_last_one_and_is_of_a_receipt(
    duka: Business, paid: Sale, baraka: User
) -> None:
    for sale, number in ((paid, 2), (make.a_sale(duka), 1)):
        row = ReceiptPrint(sale=sale, key="a", number=number, by=baraka, at=NOW)
        with pytest.raises(IntegrityError, match="shops: "), transaction.atomic():
            row.save()


# The constraints, with the triggers out of the way


def test_receiptprint_number_once_per_sale(unguarded: None) -> None:  # noqa: F811
    by = make.a_user("baraka")
    sale = make.a_sale(make.a_business())
    ReceiptPrint.objects.create(sale=sale, key="a", number=1, by=by, at=NOW)

    again = ReceiptPrint(sale=sale, key="b", number=1, by=by, at=NOW)

    assert refused_by(again) == unique_of(
        "receiptprint_number_once_per_sale",
        "shops_receiptprint.sale_id",
        "shops_receiptprint.number",
    )


def test_receiptprint_begins_at_one(unguarded: None) -> None:  # noqa: F811
    sale = make.a_sale(make.a_business())
    row = ReceiptPrint(sale=sale, key="a", number=0, by=make.a_user("baraka"), at=NOW)

    assert refused_by(row) == "receiptprint_begins_at_one"
