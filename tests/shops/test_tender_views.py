"""Parts, credit, customers and refunds as a browser meets them: forms, refusals, other shops."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.signing import get_cookie_signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from money.actions.devices import make_device
from money.actions.own_pin import set_pin
from money.models import Business, Device, Pin, Role, User
from mpesa.models import RequestState, Till
from shops.actions.credit import add_customer, sell_on_credit, set_credit_limit
from shops.actions.inbox import match_to_customer
from shops.actions.refunds import Return, refund_sale
from shops.actions.settle import match_payment, take_cash
from shops.models import (
    Customer,
    CustomerPayment,
    Refund,
    Sale,
    SaleState,
    StockLevel,
    Tender,
)
from shops.views.on_device import SALT
from tests import make
from tests.make import NOW

KEY = "0123456789abcdef0123456789abcdef"
PIN = "2580"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def otieno(duka: Business) -> User:
    return make.with_a_pin("otieno", PIN, duka=Role.MANAGER)


@pytest.fixture
def wanjiku(duka: Business, baraka: User) -> Customer:
    customer = add_customer(business=duka, name="Wanjiku", phone="", by=baraka, now=NOW)
    return set_credit_limit(customer_id=customer.pk, business=duka, cents=100_000)


@pytest.fixture
def sold(duka: Business, baraka: User) -> Sale:
    """Sell two pieces of KES 180 for cash."""
    sale = make.a_sale(duka, milli=2_000)
    return take_cash(sale_id=sale.pk, given_cents=36_000, by=baraka, now=NOW)


def refusals_in(response: Any) -> list[str]:
    found = re.findall(r'<p class="refusal" role="alert">(.*?)</p>', response.content.decode())
    return [text.replace("&#x27;", "'") for text in found]


def place_of_refusal(response: Any) -> str:
    """Return the heading that the refusal stands under, "" above them all."""
    before = response.content.decode().split('<p class="refusal"')[0]
    headings: list[str] = re.findall(r"<h2>(Cash|M-Pesa|On credit)</h2>", before)
    return headings[-1] if headings else ""


def page_of(sale: Sale, way: str = "") -> str:
    return f"/s/duka/sales/{sale.pk}/{way}"


# Parts


def test_parts_are_paid_until_nothing_is_left(
    at_counter: Client, duka: Business, wanjiku: Customer
) -> None:
    sale = make.a_sale(duka)

    at_counter.post(page_of(sale, "cash"), {"key": KEY, "part": "50", "given": "100"})
    page = at_counter.get(page_of(sale)).content.decode()
    at_counter.post(page_of(sale, "credit"), {"key": KEY, "customer": wanjiku.pk})

    assert 'data-cents="13000">KES 130<' in page
    assert '<td>Change of 100</td><td class="num">KES 50</td>' in page
    assert "Still due" in page
    sale.refresh_from_db()
    assert sale.state == SaleState.PAID
    assert list(sale.tenders.order_by("pk").values_list("method", "amount_cents")) == [
        ("cash", 5_000),
        ("credit", 13_000),
    ]
    paid = at_counter.get(page_of(sale)).content.decode()
    assert "KES 130 on credit: Wanjiku" in paid


@pytest.mark.parametrize(
    ("way", "fields", "sentence", "place"),
    [
        ("cash", {"part": "17", "given": "10"}, "KES 17 are due; less was given.", "Cash"),
        ("cash", {"part": "180.50", "given": "200"}, "A part is in whole shillings", "Cash"),
        ("cash", {"part": "five", "given": "200"}, "Write an amount in shillings", "Cash"),
        ("cash", {"part": "9" * 16, "given": "1"}, "That amount is too large", "Cash"),
        ("mpesa", {"part": "500", "phone": "0712345678"}, "A part is in whole", "M-Pesa"),
        ("mpesa", {"part": "50", "phone": "0712"}, "Write the phone as", "M-Pesa"),
        ("credit", {"part": "50", "customer": ""}, "Choose the customer", "On credit"),
        ("credit", {"part": "5", "customer": "\u00b2"}, "Choose the customer", "On credit"),
        ("credit", {"part": "5", "customer": "9" * 30}, "Choose the customer", "On credit"),
        ("credit", {"part": "5\x00x", "customer": "1"}, "Write an amount", "On credit"),
    ],
)
def test_a_refused_part_is_said_in_its_place_and_stays_typed(
    at_counter: Client,
    duka: Business,
    till: Till,
    wanjiku: Customer,
    way: str,
    fields: dict[str, str],
    sentence: str,
    place: str,
) -> None:
    response = at_counter.post(page_of(make.a_sale(duka), way), {"key": KEY} | fields)

    assert response.status_code == 422
    (said,) = refusals_in(response)
    assert said.startswith(sentence)
    assert place_of_refusal(response) == place
    page = response.content.decode()
    for value in fields.values():
        if value and value.isascii() and "\x00" not in value and len(value) < 17:
            assert f'value="{value}"' in page
    assert not Tender.objects.exists()


def test_credit_above_the_limit_keeps_the_customer_chosen(
    at_counter: Client, duka: Business, wanjiku: Customer
) -> None:
    set_credit_limit(customer_id=wanjiku.pk, business=duka, cents=1_000)

    response = at_counter.post(
        page_of(make.a_sale(duka), "credit"), {"key": KEY, "customer": wanjiku.pk}
    )

    assert refusals_in(response) == ["Wanjiku may have KES 10 more on credit."]
    assert f'value="{wanjiku.pk}" selected' in response.content.decode()


@pytest.mark.parametrize("way", ["cash", "credit", "mpesa", "cancel"])
def test_a_form_sent_twice_does_it_once(
    at_counter: Client, duka: Business, till: Till, wanjiku: Customer, way: str
) -> None:
    sale = make.a_sale(duka)
    fields = {
        "key": KEY,
        "part": "50",
        "given": "50",
        "customer": wanjiku.pk,
        "phone": "0712345678",
    }

    for _ in range(2):
        assert at_counter.post(page_of(sale, way), fields).status_code == 302

    counts = (Tender.objects.count(), till.requests.count())
    assert counts == {"cash": (1, 0), "credit": (1, 0), "mpesa": (0, 1), "cancel": (0, 0)}[way]


def test_a_key_of_another_sale_pays_this_one(at_counter: Client, duka: Business) -> None:
    for sale in (make.a_sale(duka), make.a_sale(duka)):
        at_counter.post(page_of(sale, "cash"), {"key": KEY, "part": "50", "given": "50"})

    assert Tender.objects.count() == 2


def test_the_page_is_drawn_anew_when_a_part_was_paid_elsewhere(
    at_counter: Client, duka: Business, till: Till, baraka: User
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, state=RequestState.UNKNOWN)
    seen = at_counter.get(page_of(sale)).context["face"]

    same = at_counter.get(page_of(sale, "state"), {"seen": seen})
    take_cash(sale_id=sale.pk, given_cents=5_000, part_cents=5_000, by=baraka, now=NOW)
    changed = at_counter.get(page_of(sale, "state"), {"seen": seen})

    assert (same.status_code, changed.status_code) == (204, 200)
    assert 'data-cents="13000"' in changed.content.decode()


def test_a_part_by_mpesa_leads_on_to_the_rest(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference, amount_cents=10_000)
    payment = make.a_payment(till, request=request, amount_cents=10_000)
    confirmed = at_counter.get(page_of(sale, "state"))
    match_payment(payment_id=payment.pk, now=NOW)

    page = at_counter.get(page_of(sale, "state"), {"seen": confirmed.context["face"]})

    assert confirmed.context["standing"].stage == "confirmed"
    assert page.context["standing"].stage == "open"
    assert 'data-cents="8000"' in page.content.decode()
    assert "UKM5A1B2C3" in page.content.decode()


def test_no_answer_to_a_part_is_looked_for_by_the_part(
    at_counter: Client, duka: Business, till: Till
) -> None:
    sale = make.a_sale(duka)
    make.a_request(till, reference=sale.reference, amount_cents=10_000, state=RequestState.UNKNOWN)

    page = at_counter.get(page_of(sale)).content.decode()

    assert f"/inbox/duka/?q=100&amp;sale={sale.pk}" in page


# Discounts at the counter


def a_cart(duka: Business, **but: Any) -> dict[str, Any]:
    flour = make.a_product(duka)
    fields = {"key": KEY, "shown": "17100", f"line-{flour.pk}": "1", "pay": "cash", "exact": "1"}
    return {**fields, "discount": "5 %", "discount_reason": "Regular customer"} | but


def test_a_discount_is_given_and_stands_on_the_receipt(at_counter: Client, duka: Business) -> None:
    at_counter.post("/s/duka/sell", a_cart(duka))

    sale = Sale.objects.get()
    page = at_counter.get(page_of(sale, "receipt")).content.decode()
    assert (sale.state, sale.total_cents, sale.discount_cents) == (SaleState.PAID, 17_100, 900)
    assert "Regular customer" in page
    assert ">-9<" in page


@pytest.mark.parametrize(
    ("but", "sentence"),
    [
        ({"discount": "10 %", "shown": "16200"}, "You may give KES 9 off here. Call a manager."),
        ({"discount_reason": ""}, "Say why the customer pays less."),
        ({"discount": "lots"}, "Write a discount as 50 shillings, or as 5 %."),
        ({"discount": "180", "shown": "0"}, "A discount is more than nothing and less than the"),
    ],
)
def test_a_refused_discount_is_said_beside_it_and_stays_typed(
    at_counter: Client, duka: Business, but: dict[str, str], sentence: str
) -> None:
    fields = a_cart(duka, **but)
    response = at_counter.post("/s/duka/sell", fields)

    assert response.status_code == 422
    assert response.context["refused_at"] == "discount"
    assert refusals_in(response)[0].startswith(sentence)
    assert f'name="discount" value="{fields["discount"]}"' in response.content.decode()
    assert not Sale.objects.exists()


# Refunds


def all_back(sale: Sale, **but: Any) -> dict[str, Any]:
    return {"key": KEY, "all": "1", "why": "Wrong thing"} | but


def test_a_full_return_is_two_taps(client: Client, sold: Sale, otieno: User) -> None:
    client.force_login(otieno)
    page = client.get(page_of(sold, "refund")).content.decode()

    response = client.post(page_of(sold, "refund"), all_back(sold))

    assert "All of it: KES 360" in page
    assert response.status_code == 302
    refund = Refund.objects.get()
    assert (refund.total_cents, refund.reason, refund.approved_by) == (36_000, "Wrong thing", None)
    note = client.get(response.headers["Location"]).content.decode()
    assert "CREDIT NOTE 1" in note
    after = client.get(page_of(sold, "refund")).content.decode()
    assert "All of this receipt came back already." in after


@pytest.mark.parametrize(
    ("why", "lies_there"), [("Wrong thing", 5_000), ("Broken or spoilt", 4_000)]
)
def test_what_is_broken_goes_back_onto_no_shelf_though_the_box_comes_ticked(
    client: Client, duka: Business, otieno: User, why: str, lies_there: int
) -> None:
    item = make.stocked(make.a_product(duka), 5_000, 50_000)
    sale = make.a_sale(duka, product=item.product)
    take_cash(sale_id=sale.pk, given_cents=18_000, by=otieno, now=NOW)
    client.force_login(otieno)

    answer = client.post(page_of(sale, "refund"), all_back(sale, why=why, restock="1"))

    assert answer.status_code == 302
    assert StockLevel.objects.get(item=item).on_hand_milli == lies_there


def test_a_refund_sent_twice_is_one(client: Client, sold: Sale, otieno: User) -> None:
    client.force_login(otieno)

    answers = [client.post(page_of(sold, "refund"), all_back(sold)) for _ in range(2)]

    assert [answer.headers["Location"] for answer in answers] == ["/s/duka/credit-notes/1/"] * 2
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("but", "sentence"),
    [
        ({"why": "", "reason": " "}, "Write why it comes back"),
        ({"why": "x" * 201}, "Write why it comes back"),
        ({"all": "", "line": "3"}, "Of Thing"),
        ({"all": "", "line": "x"}, "Write a quantity"),
        ({"all": "", "line": ""}, "Tick what comes back."),
        ({"all": "", "line-99999999": "1"}, "Line 99999999 is not on this receipt."),
    ],
)
def test_a_refused_refund_keeps_what_was_typed(
    client: Client, sold: Sale, otieno: User, but: dict[str, str], sentence: str
) -> None:
    client.force_login(otieno)
    line = sold.lines.get()
    typed = but.pop("line", "")

    fields = all_back(sold, **but) | {f"line-{line.pk}": typed, "reason": but.get("reason", "Old")}
    response = client.post(page_of(sold, "refund"), fields)

    assert response.status_code == 422
    assert refusals_in(response)[0].startswith(sentence)
    assert f'name="line-{line.pk}" value="{typed}"' in response.content.decode()
    assert not Refund.objects.exists()


def on_a_device(client: Client, duka: Business, otieno: User) -> Device:
    """Make the browser a counter of the business."""
    device, token = make_device(business=duka, name="Tablet", by=otieno, at=NOW, token_before="")
    name = settings.DEVICE_COOKIE_NAME
    client.cookies[name] = get_cookie_signer(salt=name + SALT).sign(token)
    return device


def test_a_manager_agrees_by_pin_on_a_known_device(
    at_counter: Client, duka: Business, sold: Sale, baraka: User, otieno: User
) -> None:
    on_a_device(at_counter, duka, otieno)
    asked = at_counter.get(page_of(sold, "refund")).content.decode()

    agreed = {"approver": otieno.pk, "pin": PIN}
    response = at_counter.post(page_of(sold, "refund"), all_back(sold, **agreed))

    assert "A manager agrees" in asked
    assert response.status_code == 302
    refund = Refund.objects.get()
    assert (refund.by, refund.approved_by) == (baraka, otieno)


def test_a_wrong_pin_counts_and_is_not_echoed(
    at_counter: Client, duka: Business, sold: Sale, otieno: User, caplog: Any
) -> None:
    on_a_device(at_counter, duka, otieno)
    wrong = all_back(sold, approver=otieno.pk, pin="9753")

    response = at_counter.post(page_of(sold, "refund"), wrong)

    assert refusals_in(response) == ["That name and PIN do not belong together. Try again."]
    assert Pin.objects.get(user=otieno).wrong_tries == 1
    assert "9753" not in response.content.decode()
    assert "9753" not in caplog.text
    assert f'value="{otieno.pk}" selected' in response.content.decode()
    for _ in range(4):
        response = at_counter.post(page_of(sold, "refund"), wrong)
    assert refusals_in(response)[0].startswith("Too many wrong PINs.")
    assert not Refund.objects.exists()


def test_nobody_agrees_with_oneself(
    at_counter: Client, duka: Business, sold: Sale, otieno: User
) -> None:
    on_a_device(at_counter, duka, otieno)
    baraka = User.objects.get(username="baraka")
    baraka.set_password("karibu")
    baraka.save()
    set_pin(user=baraka, password="karibu", pin="8520", door=make.HERE, at=NOW)
    at_counter.force_login(baraka)

    response = at_counter.post(
        page_of(sold, "refund"), all_back(sold, approver=baraka.pk, pin="8520")
    )

    assert refusals_in(response)[0].startswith("KES 360 on one receipt is more than you may")
    assert f'<option value="{baraka.pk}"' not in response.content.decode()
    assert not Refund.objects.exists()


def test_who_may_give_back_no_more_does_not_agree(
    at_counter: Client, duka: Business, sold: Sale, otieno: User
) -> None:
    other = make.with_a_pin("juma", "8520", duka=Role.CASHIER)
    on_a_device(at_counter, duka, otieno)

    response = at_counter.post(
        page_of(sold, "refund"), all_back(sold, approver=other.pk, pin="8520")
    )

    assert refusals_in(response)[0].startswith("KES 360 on one receipt is more than you may")
    assert f'<option value="{other.pk}"' not in response.content.decode()
    assert not Refund.objects.exists()


def test_without_a_device_no_pin_is_asked(
    at_counter: Client, duka: Business, sold: Sale, otieno: User
) -> None:
    for approver in (str(otieno.pk), "\u00b2", "9" * 40):
        response = at_counter.post(
            page_of(sold, "refund"), all_back(sold, approver=approver, pin=PIN)
        )
        assert response.status_code == 422
        assert 'id="pin"' not in response.content.decode()
        assert "here the manager signs in" in response.content.decode()
    assert Pin.objects.get(user=otieno).wrong_tries == 0
    assert not Refund.objects.exists()


def test_what_is_to_be_sent_stands_in_the_inbox_until_it_is_noted(
    client: Client, duka: Business, till: Till, otieno: User
) -> None:
    sale = make.a_sale(duka)
    request = make.a_request(till, reference=sale.reference)
    match_payment(payment_id=make.a_payment(till, request=request).pk, now=NOW)
    wish = Return(key=KEY, lines={sale.lines.get().pk: 1_000}, reason="Torn", is_restocked=False)
    due = refund_sale(sale_id=sale.pk, wish=wish, by=otieno, now=NOW).tenders.get()
    client.force_login(otieno)
    address = f"/s/duka/payouts/{due.pk}"

    before = client.get("/inbox/duka/").content.decode()
    wrong = client.post(address, {"receipt": "no", "sale": "\u00b2"}, follow=True)
    for _ in range(2):
        client.post(address, {"receipt": "ukm9z9z9z9", "sale": sale.pk})

    assert "To be sent back" in before
    assert "Copy Safaricom" in wrong.content.decode()
    due.refresh_from_db()
    assert (due.mpesa_receipt, due.sent_by) == ("UKM9Z9Z9Z9", otieno)
    assert "To be sent back" not in client.get("/inbox/duka/").content.decode()
    assert "Sent back by M-Pesa: UKM9Z9Z9Z9" in client.get(page_of(sale)).content.decode()


# Customers


def test_a_customer_is_written_down_found_and_pays(
    client: Client, duka: Business, otieno: User, baraka: User
) -> None:
    client.force_login(otieno)
    made = client.post("/s/duka/customers/add", {"name": " Njeri  Wa ", "phone": "0712345678"})
    njeri = Customer.objects.get()
    one = f"/s/duka/customers/{njeri.pk}/"

    assert made.headers["Location"] == one
    assert (njeri.name, njeri.phone) == ("Njeri Wa", "254712345678")
    assert "Njeri Wa" in client.get("/s/duka/customers/", {"q": "0712"}).content.decode()
    assert "Njeri Wa" not in client.get("/s/duka/customers/", {"q": "Otis"}).content.decode()
    client.post(f"{one}limit", {"limit": "500"})
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=njeri.pk, key="one", by=baraka, now=NOW)
    assert "KES 180" in client.get(one).content.decode()
    for _ in range(2):
        client.post(f"{one}pay", {"key": KEY, "all": "180"})
    assert CustomerPayment.objects.get().amount_cents == 18_000
    page = client.get(one).content.decode()
    assert "KES 0" in page
    assert "Paid in cash" in page


@pytest.mark.parametrize(
    ("act", "fields", "sentence"),
    [
        ("pay", {"amount": "200"}, "Wanjiku owes KES 180."),
        ("pay", {"amount": "1.50"}, "Wanjiku owes KES 180."),
        ("pay", {"amount": ""}, "Write an amount in shillings"),
        ("limit", {"limit": "-5"}, "Write an amount in shillings"),
        ("limit", {"limit": "1000001"}, "A limit is from nothing to KES 1,000,000."),
    ],
)
def test_what_is_refused_to_a_customer_is_said_and_stays_typed(
    client: Client,
    duka: Business,
    otieno: User,
    wanjiku: Customer,
    act: str,
    fields: dict[str, str],
    sentence: str,
) -> None:
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="one", by=otieno, now=NOW)
    client.force_login(otieno)

    response = client.post(f"/s/duka/customers/{wanjiku.pk}/{act}", fields | {"key": KEY})

    assert response.status_code == 422
    assert refusals_in(response)[0].startswith(sentence)
    for name, value in fields.items():
        assert f'value="{value}"' in response.content.decode() or not value, name
    assert response.context["refused_at"] == act


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Write the customer's name"),
        ({"name": "x" * 61}, "Write the customer's name"),
        ({"name": "Juma", "phone": "12"}, "Write the phone as"),
    ],
)
def test_a_customer_who_cannot_be_written_down(
    at_counter: Client, fields: dict[str, str], sentence: str
) -> None:
    response = at_counter.post("/s/duka/customers/add", fields)

    assert response.status_code == 422
    assert refusals_in(response)[0].startswith(sentence)
    assert f'name="name" maxlength="60" value="{fields["name"]}"' in response.content.decode()


def test_a_name_is_one_customer_whatever_its_case(
    at_counter: Client, duka: Business, wanjiku: Customer
) -> None:
    at_counter.post("/s/duka/customers/add", {"name": "wanjiku", "phone": "0712345678"})

    wanjiku.refresh_from_db()
    assert (Customer.objects.count(), wanjiku.phone) == (1, "254712345678")


@pytest.mark.parametrize("act", ["", "pay", "limit", "forget"])
def test_a_customer_of_another_business_is_not_found(
    client: Client, duka: Business, act: str
) -> None:
    owner = make.amina()
    maji = make.a_business(slug="maji")
    theirs = add_customer(business=maji, name="Njeri", phone="", by=owner, now=NOW)
    client.force_login(owner)
    address = f"/s/duka/customers/{theirs.pk}/{act}"

    response = client.post(address, {"key": KEY}) if act else client.get(address)

    assert response.status_code == 404


def test_refunds_and_credit_of_another_business_are_not_found(
    client: Client, duka: Business, sold: Sale, otieno: User
) -> None:
    wish = Return(key=KEY, lines={sold.lines.get().pk: 1_000}, reason="Torn", is_restocked=False)
    due = refund_sale(sale_id=sold.pk, wish=wish, by=otieno, now=NOW).tenders.get()
    make.a_business(slug="maji")
    client.force_login(make.a_user("juma", maji=Role.OWNER))

    for slug in ("duka", "maji"):
        for way in ("refund", "credit", "cash"):
            assert client.post(f"/s/{slug}/sales/{sold.pk}/{way}").status_code == 404
        assert client.get(f"/s/{slug}/credit-notes/1/").status_code == 404
        assert client.post(f"/s/{slug}/payouts/{due.pk}", {"receipt": "UKM9"}).status_code == 404


def test_pages_ask_no_more_with_more_customers(
    client: Client, duka: Business, otieno: User, sold: Sale
) -> None:
    client.force_login(otieno)
    sale = make.a_sale(duka)

    def statements(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    addresses = ("/s/duka/customers/", page_of(sale), page_of(sold, "refund"))
    one = add_customer(business=duka, name="Customer 0", phone="", by=otieno, now=NOW)
    set_credit_limit(customer_id=one.pk, business=duka, cents=100)
    before = [statements(address) for address in addresses]
    Customer.objects.bulk_create(
        Customer(
            business=duka,
            name=f"Customer {number}",
            credit_limit_cents=100,
            added_by=otieno,
            added_at=NOW,
        )
        for number in range(1, 250)
    )

    assert [statements(address) for address in addresses] == before
    page = client.get("/s/duka/customers/").content.decode()
    assert page.count("<tr>") == 201
    assert "These are the first 200." in page
    assert len(page) < 100_000


def test_the_owner_erases_a_customer(client: Client, duka: Business, wanjiku: Customer) -> None:
    owner = make.amina()
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="one", by=owner, now=NOW)
    Customer.objects.update(phone="254700000101")
    client.force_login(owner)
    one = f"/s/duka/customers/{wanjiku.pk}/"

    owing = client.post(f"{one}forget")
    client.post(f"{one}pay", {"key": KEY, "all": "180"})
    for _ in range(2):
        done = client.post(f"{one}forget", follow=True)

    assert "has KES 180 open. Settle it first" in refusals_in(owing)[0]
    wanjiku.refresh_from_db()
    assert (wanjiku.name, wanjiku.phone, wanjiku.is_active) == (f"Erased {wanjiku.pk}", "", False)
    assert (wanjiku.erased_by, wanjiku.erased_at) == (owner, NOW)
    assert "254700000101" not in done.content.decode()
    assert "erased on 22 Nov 2026" in done.content.decode()
    again = client.post("/s/duka/customers/add", {"name": wanjiku.name})
    assert refusals_in(again)[0].startswith("Somebody who was erased")


def test_a_debt_paid_by_mpesa_is_called_so_in_the_inbox(
    client: Client, duka: Business, till: Till, baraka: User, wanjiku: Customer
) -> None:
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key=KEY, by=baraka, now=NOW)
    payment = make.a_payment(till)
    match_to_customer(payment_id=payment.pk, customer_id=wanjiku.pk, key=KEY, by=baraka, now=NOW)
    client.force_login(make.amina_of(duka))

    inbox = client.get("/inbox/duka/").content.decode()
    own = client.get(f"/payments/{payment.receipt}").content.decode()

    assert "taken off what a customer owes" in inbox
    assert "to be given back" not in inbox
    assert "KES 180 to what a customer owes" in own
