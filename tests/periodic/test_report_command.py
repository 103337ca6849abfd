"""`report` writes a statement into a file, and its exit code says what came of it."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from money.models import Business
from money.report import Figure, Period
from periodic import statements
from periodic.management.commands import report as command
from periodic.statements import TITLES, Asked, read
from tests.make import TODAY, a_business, an_entry
from tests.periodic.paper.reading import lines_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def duka() -> Business:
    business = a_business()
    for number in range(7):
        an_entry(business, cents=10_000 + number, occurred_on=date(2026, 11, 1 + number))
    return business


def run(name: str, out: Path, **changes: Any) -> None:
    told = {"business": "duka", "from": "2026-11-01", "to": "2026-11-30", "format": "json"}
    told |= changes
    told = {key: value for key, value in told.items() if value is not None}
    words = [part for key, value in told.items() for part in (f"--{key}", value)]
    call_command("report", name, *words, "--out", str(out))


@pytest.mark.parametrize("name", sorted(TITLES))
def test_each_statement_becomes_a_file(duka: Business, tmp_path: Path, name: str) -> None:
    run(name, tmp_path / "one.json", account="1000" if name == "account-statement" else None)

    told = json.loads((tmp_path / "one.json").read_text())
    assert told["name"] == name
    assert told["heads"][0]["hash"] == Business.objects.get().book.head_hash
    assert told["rows"]


def test_a_pdf_says_what_the_statement_says(duka: Business, tmp_path: Path) -> None:
    run("trial-balance", tmp_path / "one.pdf", format="pdf")

    lines = lines_of(tmp_path / "one.pdf")
    assert "1000 Cash drawer - 700.21 - 700.21" in lines
    assert f"Head of the book at entry 7: {duka.book.head_hash}" not in lines  # an old copy of it
    duka.book.refresh_from_db()
    assert f"Head of the book at entry 7: {duka.book.head_hash}" in lines


def test_all_businesses_are_one_statement(duka: Business, tmp_path: Path) -> None:
    an_entry(a_business(slug="maji"), cents=500_00)

    run("trial-balance", tmp_path / "one.json", business="all")

    told = json.loads((tmp_path / "one.json").read_text())
    assert [one["business"] for one in told["heads"]] == ["duka", "maji"]
    assert {"cents": 120_021} in [
        {"cents": cell["cents"]} for cell in told["rows"][0]["cells"] if isinstance(cell, dict)
    ]


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("trial-balance", {"business": "soko"}, "no business 'soko'. There are: duka."),
        ("trial-balance", {"to": "2026-10-31"}, "ends before it begins"),
        ("trial-balance", {"from": "yesterday"}, "Write the day after --from as a date"),
        ("account-statement", {}, "Name the account"),
        ("account-statement", {"account": "9999"}, "no account 9999"),
        ("vat-return", {"from": "2026-11-02"}, "one whole month"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    duka: Business, tmp_path: Path, name: str, changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refusal:
        run(name, tmp_path / "one.json", **changes)

    assert refusal.value.returncode == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_refused(duka: Business, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        run("trial-balance", tmp_path / "nowhere" / "one.json")


def test_what_does_not_tie_is_written_and_ends_with_3(
    duka: Business, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def untied(asked: Asked) -> Any:
        report, heads = read(asked)
        return replace(report, warnings=["It does not tie."]), heads

    monkeypatch.setattr(command, "read", untied)

    with pytest.raises(SystemExit) as ended:
        run("trial-balance", tmp_path / "one.json")

    assert ended.value.code == 3
    assert json.loads((tmp_path / "one.json").read_text())["warnings"] == ["It does not tie."]


@pytest.mark.parametrize(
    ("name", "codes"), [("general-ledger", ()), ("account-statement", ["1000"])]
)
def test_a_ledger_of_many_pages_is_the_ledger_of_one(
    duka: Business, monkeypatch: pytest.MonkeyPatch, name: str, codes: Any
) -> None:
    asked = Asked(name, [duka], Period(date(2026, 11, 1), TODAY), codes)
    whole, _ = read(asked)
    monkeypatch.setattr(statements, "LINES_OF_A_PAGE", 3)

    joined, _ = read(asked)

    assert joined == whole
    assert len([row for row in joined.rows if row.entry_id]) == (14 if not codes else 7)
    assert isinstance(joined.rows[-1].cells[-1], Figure)
