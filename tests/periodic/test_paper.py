"""A Report as a workbook and as CSV, read back."""

import csv as reader
from datetime import date, datetime
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from money.report import Column, Figure, Report, Row, Style
from periodic.paper import csv, workbook

CENTS = 9_007_199_254_740_993  # more than a float holds


@pytest.fixture
def report() -> Report:
    return Report(
        "ledger",
        "Ledger: of all [that] is very long, really long",
        "Amina duka",
        "Nov 2026",
        [Column("Day"), Column("Words"), Column("Amount", is_figures=True)],
        [
            Row(("Cash", None, None), Style.HEADING),
            Row((date(2026, 11, 22), "=1+1\x00\x07", Figure(-125_050)), level=1),
            Row((None, "Grüße, & <so>", Figure(5))),
            Row((None, "Closing", Figure(CENTS)), Style.GRAND),
        ],
        notes=["A note."],
        warnings=["It does not tie."],
    )


def test_a_workbook_holds_figures_days_and_no_formula(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"

    workbook.write(report, path)

    sheet = openpyxl.load_workbook(path).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert sheet.title == "Ledger of all that is very long"
    assert [sheet["A1"].value, sheet["A2"].value] == [report.title, "Amina duka · Nov 2026"]
    assert sheet["A3"].value == "It does not tie."
    assert rows[1] == ["Day", "Words", "Amount"]
    assert rows[3][0] == datetime(2026, 11, 22)  # noqa: DTZ001 a day of a sheet has no zone
    assert rows[3][1:] == ["=1+1", -1250.5]
    assert sheet["B7"].data_type == "s"
    assert rows[4][1:] == ["Grüße, & <so>", 0.05]
    assert sheet["C7"].number_format.startswith("#,##0.00")
    assert sheet.freeze_panes == "B6"
    assert rows[-1][0] == "A note."


def test_csv_is_for_programs(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"

    csv.write(report, path)

    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(reader.reader(file))
    assert rows == [
        ["Day", "Words", "Amount"],
        ["Cash", "", ""],
        ["2026-11-22", "'=1+1", "-1250.50"],
        ["", "Grüße, & <so>", "0.05"],
        ["", "Closing", "90071992547409.93"],
    ]


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (-1, "-0.01"), (100, "1.00"), (-99_999, "-999.99")]
)
def test_an_amount_is_exact(cents: int, text: str) -> None:
    assert csv.plain_amount(cents) == text
