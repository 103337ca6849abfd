"""The demo's year: made by the product's own actions, the same every time, closed in time."""

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import data, inventory
from django.core.management import call_command
from django.utils import timezone

from erp.demo import BOOKKEEPER, load_demo
from erp.demo_days import Year
from erp.demo_goods import FRESH
from erp.demo_year import load_year
from money.chart import Code
from money.models import Book, Business, Line, PeriodEvent, TaxPerson, User
from money.queries import balances
from money.report import Figure, Period, Report
from money.statements import STATEMENTS
from money.statements.vat import vat_return
from money.verification import verify_books
from mpesa.queries import unmatched_payments
from periodic.verification import verify_everything
from shops.models import (
    BatchLevel,
    BatchMove,
    CashMove,
    CashSession,
    LineStock,
    Loss,
    LossReason,
    Method,
    Purchase,
    PurchaseLine,
    Refund,
    Sale,
    SaleLine,
    StockMoveKind,
    Tender,
)
from shops.queries.batches import near_of
from shops.queries.goods import products_of, tiles_of
from tests.make import NOW, TODAY
from tests.once import made_once

# One worker loads the year once for all tests that only look at it.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo year")]
FIRST = TODAY - timedelta(days=365)


def load(now: datetime = NOW) -> None:
    load_demo()
    load_year(now=now, bookkeeper=User.objects.get(username=BOOKKEEPER))


def heads() -> dict[str, tuple[int, str]]:
    return {
        book.business.slug: (book.last_number, book.head_hash)
        for book in Book.objects.select_related("business")
    }


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the year for the whole module."""
    with made_once(django_db_blocker):
        with django_db_blocker.unblock():
            load()
        yield


@pytest.fixture
def year(loaded: None, db: None) -> list[Business]:
    return list(Business.objects.order_by("pk"))


def test_year_verifies_and_is_closed_but_for_the_last_days(year: list[Business]) -> None:
    report = verify_books()

    assert (report.findings, report.entries > 3_000) == ([], True)
    assert {(b.closed_through, b.locked_through) for b in Book.objects.all()} == {
        (TODAY - timedelta(days=2), date(2026, 9, 30))
    }
    assert PeriodEvent.objects.filter(change="year_closed", through_on="2025-12-31").count() == 3


def test_year_loaded_twice_is_the_same_year(year: list[Business]) -> None:
    first, events = heads(), PeriodEvent.objects.count()

    load(NOW + timedelta(days=3))

    assert (heads(), PeriodEvent.objects.count()) == (first, events)


def test_month_shows_what_a_shop_does(year: list[Business]) -> None:
    assert [outcome for outcome in verify_everything() if outcome.findings] == []
    assert set(Tender.objects.values_list("method", flat=True)) == set(Method.values)
    assert Refund.objects.exists()
    assert Sale.objects.filter(discount_cents__gt=0).exists()
    assert Purchase.objects.exists()
    assert CashSession.objects.exclude(variance_cents=0).exists()
    assert {"out", "drop"} <= set(CashMove.objects.values_list("kind", flat=True))


def test_month_keeps_batches_sells_them_in_time_and_writes_off_the_rest(
    year: list[Business],
) -> None:
    bought = PurchaseLine.objects.filter(batch__best_before__isnull=False)
    assert set(bought.values_list("item__product__name", flat=True)) == set(FRESH)
    assert not BatchLevel.objects.filter(batch__best_before=None).exists()

    sold = BatchMove.objects.filter(move__kind=StockMoveKind.SALE)
    days = sold.values_list("batch__best_before", "move__at")
    late = [day for day, at in days if day is None or day < timezone.localdate(at)]
    assert (len(days) > 50, late) == (True, [])
    lost = Loss.objects.filter(reason=LossReason.EXPIRED, note__contains="best before")
    assert lost.exclude(cost_cents=0).exists()


def test_month_leaves_one_batch_past_its_day_and_one_near_it(year: list[Business]) -> None:
    near = near_of(year, TODAY)[Business.objects.get(slug="duka").pk]

    names = {(row.level.batch.item.product.name, row.is_expired) for row in near}
    assert {("Yoghurt Vanilla 250 ml", True), ("Yoghurt Strawberry 250 ml", False)} <= names


def test_month_sells_a_bundle_off_the_shelf_of_its_parts(year: list[Business]) -> None:
    lines = SaleLine.objects.filter(name="Chai pack")
    parts = LineStock.objects.filter(line__in=lines).select_related("item__product", "line")

    assert lines.exists()
    assert Counter((part.item.product.name, part.line_id) for part in parts) == {
        (name, line.pk): 1 for line in lines for name in ("Sugar", "Tea leaves 250 g")
    }
    assert {part.item.product.tax_class for part in parts} == {line.tax_class for line in lines}


def test_month_has_yoghurts_on_one_tile(year: list[Business]) -> None:
    duka = Business.objects.get(slug="duka")
    tiles = tiles_of(duka, products_of(duka, TODAY), TODAY, opens_families=False)

    (tile,) = [tile for tile in tiles if tile.family]
    assert (str(tile.family), [row.variant for row in tile.variants]) == (
        "Yoghurt",
        ["Strawberry 250 ml", "Vanilla 250 ml", "Vanilla 500 ml"],
    )
    assert set(tile.variants) <= {
        line.product
        for line in SaleLine.objects.filter(product__family=tile.family).select_related("product")
    }


def test_year_leaves_the_inbox_and_today_alone(year: list[Business]) -> None:
    assert not unmatched_payments().exists()
    assert not Line.objects.filter(occurred_on__gte=TODAY).exists()


@pytest.mark.parametrize("slug", ["maji", "dobi", "duka"])
def test_year_is_believable(year: list[Business], slug: str) -> None:
    """Nothing that holds money or goods is ever in the red, and the owner lives on a profit."""
    holders = {"1000", "1100", "1200", "1400", "1410", "1420", "1430"}
    held = dict.fromkeys(holders, 0)
    lines = Line.objects.filter(account__business__slug=slug, account__code__in=holders)
    for _, code, cents in lines.order_by("entry_id", "pk").values_list(
        "entry_id", "account__code", "amount_cents"
    ):
        held[code] += cents
        assert held[code] >= 0, code


def figures(report: Report, label: str) -> list[int]:
    (row,) = [row for row in report.rows if row.cells[0] == label]
    return [cell.cents for cell in row.cells if isinstance(cell, Figure)]


def test_statements_of_the_year_tie_to_each_other(year: list[Business]) -> None:
    period = Period(date(2026, 1, 1), TODAY)
    reports = {
        name: function(businesses=year, period=period) for name, (_, function) in STATEMENTS.items()
    }

    assert [report.warnings for report in reports.values()] == [[], [], [], []]
    result = figures(reports["profit-and-loss"], "Result of the period")
    assert result == figures(reports["balance-sheet"], "Result of this financial year")
    assert result == figures(reports["cash-flow"], "Result of the period")
    assert result[0] > 0


def test_vat_of_a_month_is_what_was_settled(year: list[Business]) -> None:
    report = vat_return(tax_person=TaxPerson.objects.get(), month=date(2026, 9, 1))

    settled = Line.objects.filter(
        account__code=Code.VAT_DUE, occurred_on=date(2026, 9, 30)
    ).values_list("amount_cents", flat=True)
    assert figures(report, "VAT payable") == [-sum(settled)]
    assert report.warnings == []


def test_consolidated_year_owes_itself_nothing(year: list[Business]) -> None:
    owed = [balances(business).get(Code.BETWEEN_BUSINESSES, 0) for business in year]

    assert (sum(owed), [cents for cents in owed if cents]) == (0, [4_500_000, -4_500_000])


def test_two_years_of_one_business_have_the_same_figures(year: list[Business]) -> None:
    njeri = User.objects.get(username=BOOKKEEPER)

    one, two = (list(Year(year[0], njeri).entries(FIRST, TODAY)) for _ in range(2))

    assert one == two


def balances_in(entries: data.Entries) -> Iterator[tuple[str, int]]:
    found: dict[str, inventory.Inventory] = {}
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                found.setdefault(posting.account, inventory.Inventory()).add_position(posting)
    for account, holding in found.items():
        number = holding.get_currency_units("KES").number
        code = account.split(":")[-1].split("-")[0]
        yield code, int(number * 100)


@pytest.mark.parametrize("slug", ["maji", "dobi", "duka"])
def test_beancount_finds_the_demo_year_as_we_do(
    year: list[Business], slug: str, tmp_path: Path
) -> None:
    out = tmp_path / f"{slug}.beancount"
    call_command("export_beancount", "--business", slug, "--out", str(out), stdout=io.StringIO())

    check = [sys.executable, "-m", "beancount.scripts.check", str(out)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=120, check=False)
    entries, errors, _ = loader.load_file(str(out))

    assert (done.returncode, done.stdout + done.stderr, errors) == (0, "", [])
    theirs = {code: cents for code, cents in balances_in(entries) if cents}
    ours = {c: cents for c, cents in balances(Business.objects.get(slug=slug)).items() if cents}
    assert theirs == ours
