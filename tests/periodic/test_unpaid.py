"""The owners are told what has been unpaid for a week: by customers, and to suppliers."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from pytest_django import Settings

from money.models import Business
from periodic.actions.reminders import remind_of_unpaid
from periodic.kinds_of_schedules import KINDS
from periodic.models import Mail
from shops.actions.credit import (
    add_customer,
    receive_from_customer,
    sell_on_credit,
    set_credit_limit,
)
from shops.actions.purchases import pay_supplier
from shops.models import Customer
from shops.queries.unpaid import Unpaid, oldest_open, owed_by_customers, owed_to_suppliers
from tests import make
from tests.make import NOW, TODAY

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture
def duka() -> Business:
    business = make.a_shop()
    owner = make.amina()
    owner.email = "amina@duka.test"
    owner.save()
    return business


def a_debtor(duka: Business, name: str, *days: int) -> Customer:
    """Return a customer who bought a sale of KES 180 on credit on each of the days after today."""
    by = make.a_user("baraka")
    customer = add_customer(business=duka, name=name, phone="", by=by, now=NOW)
    set_credit_limit(customer_id=customer.pk, business=duka, cents=10_000_000)
    for day in days:
        sell_on_credit(
            sale_id=make.a_sale(duka).pk,
            customer_id=customer.pk,
            key=f"credit-{name}-{day}",
            by=by,
            now=NOW + day * A_DAY,
        )
    return customer


def told(duka: Business, days: int) -> list[str]:
    at = NOW + days * A_DAY
    return remind_of_unpaid(business=duka, day=at.date(), now=at)


@pytest.mark.parametrize(
    ("owed", "day"), [(0, 3), (1, 3), (100, 3), (101, 2), (150, 2), (151, 1), (180, 1), (999, 1)]
)
def test_what_is_open_is_the_newest(owed: int, day: int) -> None:
    newest_first = [(date(2026, 11, 3), 100), (date(2026, 11, 2), 50), (date(2026, 11, 1), 30)]
    assert oldest_open(owed, newest_first) == date(2026, 11, day)
    assert oldest_open(owed, []) is None


def test_a_customer_is_late_since_the_oldest_part_that_is_open(duka: Business) -> None:
    wanjiku = a_debtor(duka, "Wanjiku", 0, 5)
    owed = wanjiku.tenders.first().amount_cents  # type: ignore[union-attr]
    assert owed_by_customers(duka) == [Unpaid("Wanjiku", 2 * owed, TODAY)]

    receive_from_customer(
        customer_id=wanjiku.pk,
        business=duka,
        key="debt-key-1",
        cents=owed,
        by=make.a_user("baraka"),
        now=NOW + 6 * A_DAY,
    )

    assert owed_by_customers(duka) == [Unpaid("Wanjiku", owed, TODAY + 5 * A_DAY)]


def test_customers_are_counted_and_not_named(duka: Business) -> None:
    a_debtor(duka, "Wanjiku", 0)
    a_debtor(duka, "Otieno", 20, 30)
    a_debtor(duka, "Fatuma", 33)

    assert told(duka, 6) == []
    assert told(duka, 7) == ["1 customer owes KES 180, the oldest part for 7 days."]
    assert told(duka, 35) == [
        "2 customers owe KES 540, the oldest part for 35 days.",
        "Of it KES 180 of 1 customer for over a month.",
    ]
    bodies = "".join(Mail.objects.values_list("body", flat=True))
    assert "KES 540" in bodies
    assert not any(name in bodies for name in ("Wanjiku", "Otieno", "Fatuma"))


def test_suppliers_are_named_until_they_are_paid(duka: Business) -> None:
    item = make.counted(make.a_product(duka, name="Flour"))
    kapa = make.a_supplier(duka)
    make.a_purchase(kapa, make.bought(item, 1_000, 250_050, tax_class="C"))
    paid = make.a_supplier(duka, name="Brookside")
    make.a_purchase(paid, make.bought(item, 1_000, 5_000, tax_class="C"), paid_from="1200")

    assert owed_to_suppliers(duka) == [Unpaid("Kapa Wholesalers", 250_050, TODAY)]
    assert told(duka, 8) == [
        "Kapa Wholesalers is owed KES 2,500.50, the oldest part for 8 days.",
    ]
    pay_supplier(
        supplier=kapa,
        amount_cents=250_050,
        paid_from="1200",
        paid_on=TODAY,
        note="",
        key="pay-kapa-1",
        by=make.amina_of(duka),
        now=NOW,
    )
    assert told(duka, 9) == []


def test_a_business_is_told_of_its_own_once_a_day(duka: Business) -> None:
    a_debtor(make.a_shop(slug="maji"), "Njeri", 0)
    a_debtor(duka, "Wanjiku", 0)

    assert told(duka, 8) == told(duka, 8) != []
    told(duka, 9)

    assert [mail.business for mail in Mail.objects.all()] == [duka, duka]


def test_the_schedule_is_a_command(duka: Business, settings: Settings, capsys: Any) -> None:
    settings.MAIL_IS_CONFIGURED = True
    a_debtor(duka, "Wanjiku", 0)
    for days, sentence in ((7, "duka: 1 customer owes KES 180"), (1, "duka: Nothing has been")):
        with time_machine.travel(NOW + days * A_DAY, tick=False):
            call_command("send_payment_reminders", "--business", "duka")
        assert sentence in capsys.readouterr().out


def test_without_mail_it_says_so(duka: Business, settings: Settings) -> None:
    settings.MAIL_IS_CONFIGURED = False
    kind = KINDS["send_payment_reminders"]

    assert "Mail is not set up" in kind.work({"business": "duka"}, lambda *_: None, NOW)
