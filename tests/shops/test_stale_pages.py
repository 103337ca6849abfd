"""A page that was overtaken: what it shows is not what is owed now, and nobody pays by it."""

import pytest
from django.test import Client

from money.models import Business, User
from mpesa.models import Till
from shops.actions.credit import add_customer, set_credit_limit
from shops.actions.inbox import match_to_sale, undo_match
from shops.actions.settle import BadPart, take_cash
from shops.models import HeldCart, Sale, SaleState, Tender
from tests import make
from tests.make import NOW

KEY = "0123456789abcdef" * 2
SELL = "/s/duka/sell"


def a_cart(duka: Business, **but: str) -> dict[str, str]:
    product = make.a_product(duka)
    return {"key": KEY, "shown": "18000", f"line-{product.pk}": "1"} | but


def test_a_cart_that_was_rung_up_at_another_total_is_not_paid(
    at_counter: Client, duka: Business
) -> None:
    cart = a_cart(duka)
    at_counter.post(SELL, cart | {"pay": "later"})
    less = {"shown": "17500", "discount": "5", "discount_reason": "Staff"}

    answer = at_counter.post(SELL, cart | less | {"pay": "cash", "exact": "1"}, follow=True)

    assert "This cart was sold before" in answer.content.decode()
    assert (Sale.objects.get().state, Tender.objects.count()) == (SaleState.OPEN, 0)


@pytest.mark.parametrize("way", ["cash", "credit"])
def test_what_became_due_meanwhile_is_said_before_it_is_paid(
    at_counter: Client, duka: Business, till: Till, baraka: User, way: str
) -> None:
    sale, amina = make.a_sale(duka), make.amina_of(duka)
    customer = add_customer(business=duka, name="Wanjiku", phone="", by=baraka, now=NOW)
    set_credit_limit(customer_id=customer.pk, business=duka, cents=1_000_000)
    payment = make.a_payment(till, amount_cents=10_000)
    match_to_sale(payment_id=payment.pk, sale_id=sale.pk, key="match-1", by=amina, now=NOW)
    page = at_counter.get(f"/s/duka/sales/{sale.pk}/").content.decode()
    undo_match(allocation_id=payment.allocations.get().pk, reason="Wrong", by=amina, now=NOW)
    form = {"key": KEY, "due": "8000", "exact": "1", "customer": str(customer.pk)}

    answer = at_counter.post(f"/s/duka/sales/{sale.pk}/{way}", form)

    assert page.count('name="due" value="8000"') == 2
    assert answer.status_code == 422
    assert "KES 180 are due now. Tell the customer, then pay." in answer.content.decode()
    assert not Tender.objects.filter(taken_back_at=None).exists()
    at_counter.post(f"/s/duka/sales/{sale.pk}/{way}", form | {"due": "18000"})
    sale.refresh_from_db()
    assert sale.state == SaleState.PAID


def test_less_than_half_a_shilling_is_paid_by_no_coin(duka: Business, baraka: User) -> None:
    sale = make.a_sale(duka, product=make.a_product(duka, unit="kg", shillings=100), milli=4)

    with pytest.raises(BadPart, match=r"No coin pays KES 0\.40"):
        take_cash(sale_id=sale.pk, given_cents=0, by=baraka, now=NOW)


def test_a_cart_with_a_discount_above_the_limit_is_not_held(
    at_counter: Client, duka: Business
) -> None:
    cart = a_cart(duka, hold_name="Njeri", discount_reason="Staff")

    refused = at_counter.post("/s/duka/held/hold", cart | {"discount": "50 %"})
    held = at_counter.post("/s/duka/held/hold", cart | {"discount": "5 %"})

    assert (refused.status_code, held.status_code) == (422, 302)
    assert "You may give KES 9 off here" in refused.content.decode()
    assert HeldCart.objects.get().cart["discount"] == "5 %"


def test_a_cart_that_is_held_is_not_sold_from_an_old_page(
    at_counter: Client, duka: Business
) -> None:
    cart = a_cart(duka)
    at_counter.post("/s/duka/held/hold", cart | {"hold_name": "Njeri"})

    answer = at_counter.post(SELL, cart | {"pay": "cash", "exact": "1"})

    assert answer.status_code == 422
    assert "This cart is held." in answer.content.decode()
    assert not Sale.objects.exists()
