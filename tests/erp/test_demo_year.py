"""The demo's year: made by the product's own actions, the same every time, closed in time."""

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core import data, inventory
from django.core.management import call_command

from erp import demo_year
from erp.demo import BOOKKEEPER, load_demo
from erp.demo_days import Year
from erp.demo_year import load_year
from money.chart import Code
from money.models import Book, Business, Entry, EntryKind, Line, PeriodEvent, TaxPerson, User
from money.queries import balances
from money.report import Figure, Period, Report
from money.statements import STATEMENTS
from money.statements.vat import vat_return
from money.verification import verify_books
from tests.make import NOW, TODAY, an_entry

pytestmark = pytest.mark.django_db
FIRST = TODAY - timedelta(days=365)


def load(now: datetime = NOW) -> None:
    load_demo()
    load_year(now=now, bookkeeper=User.objects.get(username=BOOKKEEPER))


def heads() -> dict[str, tuple[int, str]]:
    return {
        book.business.slug: (book.last_number, book.head_hash)
        for book in Book.objects.select_related("business")
    }


@pytest.fixture
def year(db: None) -> list[Business]:
    load()
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


def test_year_that_was_interrupted_goes_on_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(Exception):
        pass

    calls = 0

    def dying(*args: Any, **kwargs: Any) -> object:
        nonlocal calls
        calls += 1
        if calls == 60:
            raise Killed
        return real(*args, **kwargs)

    real = demo_year.post_many
    monkeypatch.setattr(demo_year, "post_many", dying)
    with pytest.raises(Killed):
        load()
    monkeypatch.setattr(demo_year, "post_many", real)

    load(NOW + timedelta(days=1))

    assert verify_books().is_ok
    assert Entry.objects.filter(kind=EntryKind.OPENING).count() == 3
    assert not Entry.objects.filter(occurred_on__gte=TODAY).exists()


def test_year_keeps_out_of_books_that_are_in_use() -> None:
    load_demo()
    an_entry(Business.objects.get(slug="duka"))

    load_year(now=NOW, bookkeeper=User.objects.get(username=BOOKKEEPER))

    assert Entry.objects.count() == 1


def test_year_leaves_the_inbox_and_today_alone(year: list[Business]) -> None:
    assert not Line.objects.filter(account__code=Code.UNIDENTIFIED).exists()
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


@pytest.mark.parametrize("later", range(7))
def test_a_year_may_begin_on_any_day_of_the_week(year: list[Business], later: int) -> None:
    njeri = User.objects.get(username=BOOKKEEPER)
    first = FIRST + timedelta(days=later)

    for business in year:
        for draft in Year(business, njeri).entries(first, first + timedelta(days=8)):
            draft.refuse_unpostable()
