"""Daily figures: what a day came to, once, and caught up after a night that was missed."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from money.models import Business
from periodic.actions.figures import MOST_DAYS, take_figures
from periodic.models import DailyFigures
from tests import make
from tests.make import NOW, TODAY

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_business(vat_registered_from=date(2024, 1, 1))


def entry(business: Business, day: date, debit: str, credit: str, cents: int) -> None:
    make.an_entry(business, cents=cents, debit=debit, credit=credit, occurred_on=day)


def test_a_day_has_its_result_and_what_stood_at_its_end(duka: Business) -> None:
    entry(duka, YESTERDAY, "1000", "4040", 50_000)
    entry(duka, YESTERDAY, "5040", "1400", 30_000)
    entry(duka, YESTERDAY, "1400", "2000", 80_000)
    entry(duka, YESTERDAY, "1300", "4040", 7_000)
    entry(duka, YESTERDAY, "6070", "1010", 2_000)
    entry(duka, TODAY, "1000", "4040", 99_000)
    entry(duka, YESTERDAY - timedelta(days=9), "1200", "3000", 500_000)

    assert take_figures(business=duka, day=YESTERDAY, now=NOW) == 1

    row = DailyFigures.objects.get()
    assert (row.sales_cents, row.profit_cents) == (57_000, 25_000)
    assert (row.cash_cents, row.bank_cents, row.mpesa_cents) == (48_000, 500_000, 0)
    assert (row.stock_cents, row.customers_cents, row.suppliers_cents) == (50_000, 7_000, 80_000)


def test_a_day_is_taken_down_once(duka: Business) -> None:
    assert take_figures(business=duka, day=YESTERDAY, now=NOW) == 1
    entry(duka, YESTERDAY, "1000", "4040", 50_000)

    assert take_figures(business=duka, day=YESTERDAY, now=NOW) == 0

    assert DailyFigures.objects.get().sales_cents == 0


def test_dailyfigures_once_per_business_and_day(duka: Business) -> None:
    take_figures(business=duka, day=YESTERDAY, now=NOW)
    row = DailyFigures.objects.get()
    row.pk = None
    refusal = r"UNIQUE|dailyfigures_once_per_business_and_day"

    with pytest.raises(IntegrityError, match=refusal), transaction.atomic():
        row.save(force_insert=True)


def test_missed_nights_are_caught_up(duka: Business) -> None:
    take_figures(business=duka, day=YESTERDAY - timedelta(days=5), now=NOW)

    assert take_figures(business=duka, day=YESTERDAY, now=NOW) == 5
    later = YESTERDAY + timedelta(days=100)
    assert take_figures(business=duka, day=later, now=NOW) == MOST_DAYS


def test_each_business_has_its_own(duka: Business, capsys: pytest.CaptureFixture[str]) -> None:
    make.a_business(slug="maji")

    call_command("daily_figures")

    assert DailyFigures.objects.count() == 2
    assert "duka: 1 day is taken down" in capsys.readouterr().out
