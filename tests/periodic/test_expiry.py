"""The owners are told once that a batch is near its day, and once that it is past it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from pytest_django import Settings

from money.models import Business
from periodic.actions.expiry import remind_of_expiry
from periodic.kinds_of_schedules import KINDS
from periodic.models import Mail
from shops.actions.parked import give_up_parked
from shops.models import Batch, SaleState, StockItem
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


@pytest.fixture
def milk(duka: Business) -> StockItem:
    """Six, best before in twenty days; a warning comes fourteen days before."""
    item = make.in_batches(make.counted(make.a_product(duka, name="Milk", tax_class="C")))
    make.a_delivery(item, 6_000, 6_000, code="M1", before=TODAY + 20 * A_DAY)
    return item


def told(duka: Business, days: int) -> list[str]:
    return remind_of_expiry(business=duka, now=NOW + days * A_DAY)


def test_each_batch_is_told_once_near_its_day_and_once_past_it(
    duka: Business, milk: StockItem
) -> None:
    assert [told(duka, days) for days in (0, 5)] == [[], []]
    assert told(duka, 6) == ["6 Milk, batch M1: best before 12 December 2026."]
    assert [told(duka, days) for days in (6, 7, 20)] == [[], [], []]
    assert told(duka, 21) == [
        "6 Milk, batch M1: past its best-before day, 12 December 2026. It is not sold: write off."
    ]
    assert told(duka, 22) == []

    mails = list(Mail.objects.order_by("pk"))
    assert [mail.subject for mail in mails] == ["Amina duka: goods that expire"] * 2
    assert "* 6 Milk, batch M1: best before 12 December 2026." in mails[0].body
    assert mails[0].to == "amina@duka.test"


def test_a_new_batch_is_told_by_itself(duka: Business, milk: StockItem) -> None:
    told(duka, 6)
    make.a_delivery(milk, 1_000, 1_000, code="M2", before=TODAY + 18 * A_DAY)

    assert told(duka, 6) == ["1 Milk, batch M2: best before 10 December 2026."]
    assert Mail.objects.count() == 2


def test_without_an_address_it_waits(duka: Business, milk: StockItem) -> None:
    amina = make.amina_of(duka)
    amina.email = ""
    amina.save()
    assert told(duka, 6) == []
    amina.email = "amina@duka.test"
    amina.save()
    assert len(told(duka, 6)) == 1


def test_many_are_counted_and_all_are_noted(duka: Business, milk: StockItem) -> None:
    for number in range(41):
        make.a_delivery(milk, 1_000, 1_000, code=f"N{number:02}", before=TODAY)

    lines = told(duka, 0)

    assert (len(lines), lines[-1]) == (41, "... and 1 more.")
    assert Batch.objects.filter(told_soon_at=NOW).count() == 41
    assert told(duka, 0) == []


def test_the_schedule_is_a_command_that_says_what_it_told(
    duka: Business, milk: StockItem, settings: Settings, capsys: Any
) -> None:
    settings.MAIL_IS_CONFIGURED = True
    for sentence in ("duka: 6 Milk, batch M1: best before", "duka: Nothing new expires."):
        with time_machine.travel(NOW + 6 * A_DAY, tick=False):
            call_command("expiry_reminder", "--business", "duka")
        assert sentence in capsys.readouterr().out


def test_without_mail_it_says_so_and_notes_nothing(
    duka: Business, milk: StockItem, settings: Settings
) -> None:
    settings.MAIL_IS_CONFIGURED = False
    said = KINDS["expiry_reminder"].work({"business": "duka"}, lambda *_: None, NOW + 6 * A_DAY)

    assert said == "Mail is not set up (MAIL_URL): nothing was written."
    assert not Batch.objects.exclude(told_soon_at=None).exists()


# Parked sales, by the hourly schedule of forgotten sessions


def hourly(days: int) -> str:
    kind = KINDS["close_expired_sessions"]
    return kind.work({}, lambda *_: None, NOW + days * A_DAY)


def test_the_hourly_schedule_gives_up_parked_sales(duka: Business, settings: Settings) -> None:
    settings.PARKED_SALE_DAYS = 3
    sale = make.a_sale(duka)

    assert hourly(2).endswith("Parked sales given up: 0.")
    assert hourly(4).endswith("Parked sales given up: 1.")
    sale.refresh_from_db()
    assert sale.state == SaleState.CANCELLED
    assert give_up_parked(now=NOW + 4 * A_DAY, after_days=3).sales == []


def test_the_hourly_schedule_says_what_waits(duka: Business, settings: Settings) -> None:
    till = make.a_till(duka)
    make.a_request(till, reference=make.a_sale(duka).reference)

    assert hourly(4).endswith("M-Pesa may still answer: 1.")
