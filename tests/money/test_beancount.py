"""A second program reads our books: bean-check accepts them, to the cent, and sees tampering."""

import io
import subprocess
import sys
import tracemalloc
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Balance, Open, Transaction
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from money import beancount
from money.actions.books import open_account
from money.actions.posting import post, post_many
from money.beancount import account_name, amount, quoted, write_book
from money.chart import Code
from money.drafts import Draft, DraftLine
from money.models import Account, Book, Business, EntryKind, Line
from money.queries import balances
from tests.make import NOW, TODAY, a_business, an_entry
from tests.money.conftest import Tamper

BEAN_CHECK = Path(sys.executable).with_name("bean-check")
ODD = 'Baraka said "50\\" sugar"\nthen\tleft\r; #tag ^link {cost} 100 KES é ☃ 茶 \x07\u2028 it\'s'


def bean_check(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BEAN_CHECK), "--no-cache", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def export(tmp_path: Path, slug: str = "duka") -> Path:
    path = tmp_path / f"{slug}.beancount"
    call_command("export_beancount", business=slug, out=path)
    return path


@pytest.fixture
def varied(duka: Business) -> Business:
    """Every kind of entry, odd letters, sub-accounts, tax letters, a late one, a reversal."""
    Business.objects.filter(pk=duka.pk).update(name='Amina\'s "Duka"\nna Maji')
    duka.refresh_from_db()
    open_account(business=duka, code="1100.1", name="Second till (Buy Goods) №2")
    open_account(business=duka, code="6140", name="茶")
    an_entry(a_business(slug="maji"), cents=77)

    def draft(key: str, day: date, lines: list[DraftLine], **more: object) -> Draft:
        text = {"description": "A test entry"} | more
        return Draft(business=duka, key=key, occurred_on=day, lines=lines, **text)  # type: ignore[arg-type]

    opening: list[DraftLine] = [
        ("1000", 10**15 - 1),
        ("1100.1", 1),
        (Code.OPENING_BALANCES, -(10**15)),
    ]
    post(draft("opening", date(2025, 12, 31), opening, kind=EntryKind.OPENING), posted_at=NOW)
    sale: list[DraftLine] = [
        ("1100.1", 11_600),
        (Code.SALES_RETAIL, -10_000, "B"),
        (Code.OUTPUT_VAT, -1_600, "B"),
    ]
    first = post(draft('a "key"\\', date(2026, 1, 31), sale, description=ODD), posted_at=NOW)
    back: list[DraftLine] = [
        ("1100.1", -11_600),
        (Code.SALES_RETAIL, 10_000, "B"),
        (Code.OUTPUT_VAT, 1_600, "B"),
    ]
    post(
        draft("back", date(2026, 2, 28), back, reverses_id=first.entry_id, source="UKM5A1B2C3"),
        posted_at=NOW,
    )
    Book.objects.filter(business=duka).update(closed_through=date(2026, 10, 31))
    late: list[DraftLine] = [("6140", 5), (Code.CASH_DRAWER, -5)]
    post(draft("late", date(2026, 10, 30), late), posted_at=NOW)
    post(draft("adjusted", date(2026, 10, 30), late, kind=EntryKind.ADJUSTMENT), posted_at=NOW)
    closing: list[DraftLine] = [("6140", -10), (Code.RETAINED_EARNINGS, 10)]
    post(draft("closing", date(2026, 12, 31), closing, kind=EntryKind.CLOSING), posted_at=NOW)
    return duka


def test_bean_check_accepts_a_varied_book(varied: Business, tmp_path: Path) -> None:
    done = bean_check(export(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_beancount_comes_to_our_balances_to_the_cent(varied: Business, tmp_path: Path) -> None:
    entries, errors, options = loader.load_file(str(export(tmp_path)))

    codes = {one.account: one.meta["code"] for one in entries if isinstance(one, Open)}
    theirs: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            assert posting.units
            assert posting.units.number is not None
            theirs[codes[posting.account]] += posting.units.number
    ours = {code: Decimal(cents) / 100 for code, cents in balances(varied).items()}
    assert errors == []
    assert theirs == ours
    assert ours["1000"] == Decimal("9999999999999.89")
    assert (options["title"], options["operating_currency"]) == (varied.name, ["KES"])
    assert set(codes.values()) == set(
        Account.objects.filter(business=varied).values_list("code", flat=True)
    )


def test_each_entry_is_one_transaction_with_what_it_says(varied: Business, tmp_path: Path) -> None:
    entries, _, _ = loader.load_file(str(export(tmp_path)))

    found = {entry.meta["key"]: entry for entry in entries if isinstance(entry, Transaction)}
    ours = {entry.key: entry for entry in varied.entries.order_by("pk")}
    assert found.keys() == ours.keys()
    for key, entry in ours.items():
        meta = found[key].meta
        assert (found[key].date, meta["number"]) == (entry.occurred_on, entry.number)
        assert meta["hash"] == entry.hash
    assert found['a "key"\\'].narration == ODD.replace("\x07", " ")
    assert [(posting.meta or {}).get("tax") for posting in found['a "key"\\'].postings] == [
        None,
        "B",
        "B",
    ]
    assert (found["back"].meta["reverses"], found["back"].meta["source"]) == (2, "UKM5A1B2C3")
    assert (found["late"].date, found["late"].meta["late-for"]) == (TODAY, date(2026, 10, 30))
    assert {key: entry.meta.get("kind") for key, entry in found.items()} == {
        "opening": "opening",
        'a "key"\\': None,
        "back": None,
        "late": None,
        "adjusted": "adjustment",
        "closing": "closing",
    }


def test_each_account_is_held_to_its_movements_after_each_month_and_at_the_end(
    varied: Business, tmp_path: Path
) -> None:
    entries, _, _ = loader.load_file(str(export(tmp_path)))

    held = [entry for entry in entries if isinstance(entry, Balance)]
    till = sorted((entry.date, entry.amount.number) for entry in held if "1100x1" in entry.account)
    assert till == [
        (date(2026, 1, 1), Decimal("0.01")),
        (date(2026, 2, 1), Decimal("116.01")),
        (date(2026, 3, 1), Decimal("0.01")),
        (date(2027, 1, 1), Decimal("0.01")),
    ]
    assert {entry.tolerance for entry in held} == {Decimal(0)}
    assert len([entry for entry in held if entry.date == date(2027, 1, 1)]) >= len(
        Account.objects.filter(business=varied)
    )


# A cent more on a movement, a movement in another month, and lines that were altered or lost.
TAMPERED = [
    (
        "UPDATE money_movement SET debit_cents = debit_cents + 1"
        " WHERE account_id = {drawer} AND month_on = '2025-12-01'"
    ),
    (
        "UPDATE money_movement SET credit_cents = credit_cents + 1"
        " WHERE account_id = {drawer} AND month_on = '2026-11-01'"
    ),
    (
        "UPDATE money_movement SET month_on = '2026-09-01'"
        " WHERE account_id = {drawer} AND month_on = '2026-11-01'"
    ),
    "DELETE FROM money_movement WHERE account_id = {drawer} AND month_on = '2026-11-01'",
    (
        "UPDATE money_line SET amount_cents = amount_cents - 1"
        " WHERE account_id = {drawer} AND amount_cents > 0"
    ),
    "UPDATE money_line SET account_id = {bank} WHERE account_id = {drawer} AND amount_cents > 0",
    "UPDATE money_line SET account_id = {strange} WHERE account_id = {drawer}",
    "DELETE FROM money_line WHERE account_id = {drawer} AND amount_cents > 0",
    "DELETE FROM money_entry WHERE \"key\" = 'closing'",
]


@pytest.mark.parametrize("sql", TAMPERED)
def test_bean_check_sees_what_was_altered(
    varied: Business, tamper: Tamper, tmp_path: Path, sql: str
) -> None:
    strange = Account.objects.get(business__slug="maji", code="1000").pk
    ids = dict(Account.objects.filter(business=varied).values_list("code", "pk"))
    tamper(sql.format(drawer=ids["1000"], bank=ids["1200"], strange=strange))

    done = bean_check(export(tmp_path))

    assert done.returncode == 1
    assert done.stderr != ""


def test_an_empty_book_is_a_good_one(duka: Business, tmp_path: Path) -> None:
    path = export(tmp_path)

    assert bean_check(path).returncode == 0
    assert path.read_text().count(" open ") == Account.objects.filter(business=duka).count()


def test_the_export_needs_as_many_queries_and_little_memory_for_many_entries(
    duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beancount, "CHUNK", 200)

    def measured() -> tuple[int, int]:
        tracemalloc.start()
        with CaptureQueriesContext(connection) as queries:
            written = sum(len(line) for line in write_book(duka))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert written > 0
        return len(queries), peak

    def many(prefix: str, times: int) -> None:
        lines: list[DraftLine] = [(Code.CASH_DRAWER, 1), (Code.SALES_RETAIL, -1)]
        for start in range(0, times, 500):
            drafts = [
                Draft(
                    business=duka,
                    key=f"{prefix}:{number}",
                    occurred_on=TODAY,
                    description="A test entry",
                    lines=lines,
                )
                for number in range(start, start + 500)
            ]
            post_many(drafts, posted_at=NOW)

    many("few", 500)
    measured()
    few = measured()
    many("more", 4_500)
    lots = measured()

    assert lots[0] == few[0]
    # Ten times the entries; the buffers are full with the few already.
    assert lots[1] < 2 * few[1]
    assert Line.objects.count() == 10_000


def test_the_command_writes_to_standard_output(varied: Business, tmp_path: Path) -> None:
    out = io.StringIO()

    call_command("export_beancount", business="duka", stdout=out)

    assert out.getvalue() == export(tmp_path).read_text()
    assert list(tmp_path.iterdir()) == [tmp_path / "duka.beancount"]


def test_the_command_refuses_an_unknown_business(duka: Business) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("export_beancount", business="dukka")

    assert str(refusal.value) == "There is no business 'dukka'. There are: duka."
    assert refusal.value.returncode == 1


def test_the_command_says_when_the_file_cannot_be_written(duka: Business, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("export_beancount", business="duka", out=tmp_path / "no" / "such")

    assert str(refusal.value).startswith("The file cannot be written: ")


def test_an_export_that_fails_leaves_the_old_file(
    varied: Business, tamper: Tamper, tmp_path: Path
) -> None:
    path = export(tmp_path)
    before = path.read_text()
    path.with_name("duka.beancount.part").mkdir()

    with pytest.raises(CommandError):
        export(tmp_path)

    assert path.read_text() == before


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00 KES"),
        (5, "0.05 KES"),
        (-5, "-0.05 KES"),
        (-125_005, "-1250.05 KES"),
        (10**17 + 1, "1000000000000000.01 KES"),
    ],
)
def test_an_amount_has_two_decimals(cents: int, text: str) -> None:
    assert amount(cents) == text


@pytest.mark.parametrize(
    ("slug", "kind", "code", "name", "full"),
    [
        ("duka", "asset", "1000", "Cash drawer", "Assets:Duka:1000-Cash-drawer"),
        ("maji-2", "liability", "2000", "Owed (all)", "Liabilities:Maji-2:2000-Owed-all"),
        ("my_shop", "equity", "3000", "Owner's", "Equity:My-shop:3000-Owner-s"),
        ("2go", "income", "4000", "Sales: a", "Income:2go:4000-Sales-a"),
        ("-_-", "expense", "6140", "茶", "Expenses:Book:6140"),
        ("duka", "asset", "1100.1", "Till", "Assets:Duka:1100x1-Till"),
        ("duka", "asset", "1100", "1 Till", "Assets:Duka:1100-1-Till"),
    ],
)
def test_an_account_has_a_name_that_beancount_takes(
    slug: str, kind: str, code: str, name: str, full: str
) -> None:
    assert account_name(slug, kind, code, name) == full


@pytest.mark.parametrize(
    ("text", "string"),
    [
        ("plain", '"plain"'),
        ('a "b"', '"a \\"b\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("two\nlines", '"two\\nlines"'),
        ("nul\x00bell\x07", '"nul bell "'),
    ],
)
def test_text_is_quoted(text: str, string: str) -> None:
    assert quoted(text) == string
