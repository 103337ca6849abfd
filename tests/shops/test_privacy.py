"""The right to erasure reaches the customers of the shops, by every door of it."""

from typing import Any

import pytest

from money.models import Business, User
from mpesa.actions.erasure import NotAllowed, NotYet, erase_person
from mpesa.actions.erasures import erase_all
from mpesa.models import Erasure, ErasureItem, ErasureRequest, ItemState
from shops.actions.credit import add_customer, sell_on_credit, set_credit_limit
from shops.actions.privacy import forget_customer
from shops.models import Customer
from tests import make
from tests.make import NOW

PHONE = "254700000101"


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


@pytest.fixture
def wanjiku(duka: Business, amina: User) -> Customer:
    return add_customer(business=duka, name="Wanjiku", phone=PHONE, by=amina, now=NOW)


def test_erasing_a_phone_forgets_its_customer(amina: User, wanjiku: Customer) -> None:
    erased = erase_person(phone=PHONE, by=amina, now=NOW)
    again = erase_person(phone=PHONE, by=amina, now=NOW)

    wanjiku.refresh_from_db()
    assert (wanjiku.name, wanjiku.phone) == (f"Erased {wanjiku.pk}", "")
    assert (wanjiku.erased_by, wanjiku.erased_at, wanjiku.is_active) == (amina, NOW, False)
    assert (erased.others, erased.is_nothing, again.is_nothing) == (1, False, True)
    assert not Erasure.objects.exists()


def test_the_job_forgets_customers_too(amina: User, wanjiku: Customer) -> None:
    request = ErasureRequest.objects.create(by=amina, asked_at=NOW)
    ErasureItem.objects.create(request=request, line=1, phone=PHONE)

    tally = erase_all(request_id=request.pk, tick=lambda done, total: None, now=NOW)

    wanjiku.refresh_from_db()
    assert (tally.erased, wanjiku.phone) == (1, "")
    assert ErasureItem.objects.get().state == ItemState.ERASED


def test_who_owes_is_not_forgotten_yet(duka: Business, amina: User, wanjiku: Customer) -> None:
    set_credit_limit(customer_id=wanjiku.pk, business=duka, cents=50_000)
    sale = make.a_sale(duka)
    sell_on_credit(sale_id=sale.pk, customer_id=wanjiku.pk, key="credit", by=amina, now=NOW)

    with pytest.raises(NotYet, match=f"^Customer {wanjiku.pk} of Amina duka has KES 180 open"):
        erase_person(phone=PHONE, by=amina, now=NOW)
    wanjiku.refresh_from_db()
    assert wanjiku.phone == PHONE


def test_another_owners_customer_stands_in_the_way(amina: User, wanjiku: Customer) -> None:
    theirs = make.a_business(slug="maji")
    add_customer(business=theirs, name="Wanjiku", phone=PHONE, by=amina, now=NOW)

    with pytest.raises(NotAllowed, match="Another business knows this phone too"):
        erase_person(phone=PHONE, by=amina, now=NOW)
    facts: dict[str, Any] = {"customer_id": wanjiku.pk, "business": wanjiku.business, "now": NOW}
    with pytest.raises(NotAllowed, match="Only who manages"):
        forget_customer(by=make.chebet(), **facts)
    assert Customer.objects.filter(phone=PHONE).count() == 2


def test_books_on_hold_forget_nobody(duka: Business, amina: User, wanjiku: Customer) -> None:
    duka.tax_person.held_from, duka.tax_person.hold_reason = NOW.date(), "A dispute"
    duka.tax_person.save()

    with pytest.raises(NotYet, match="on hold: A dispute"):
        forget_customer(customer_id=wanjiku.pk, business=duka, by=amina, now=NOW)


def test_a_name_that_somebody_typed_stands_in_nobodys_way(
    duka: Business, amina: User, wanjiku: Customer
) -> None:
    add_customer(business=duka, name=f"Erased {wanjiku.pk}", phone="", by=amina, now=NOW)

    forget_customer(customer_id=wanjiku.pk, business=duka, by=amina, now=NOW)

    wanjiku.refresh_from_db()
    assert (wanjiku.name, wanjiku.phone) == (f"Erased {wanjiku.pk}.", "")
