"""The owner's daily report on paper: of one business, of three, and of more than a page holds."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from money.report import Figure, Row, Style
from periodic.daily_report import DayOfBusiness
from periodic.paper import pdf
from periodic.paper.owners_day import write_owners_day
from tests.periodic.paper.reading import IMPRINT, PRINTED_AT, a_statement, pages_of

DAY = date(2026, 11, 22)
HEADS = "Heads of the books"


def a_day(number: int, name: str = "") -> DayOfBusiness:
    return DayOfBusiness(
        slug=f"shop-{number}",
        name=name or f"Shop {number} of the estate",
        cash_cents=123_400 * number,
        mpesa_cents=765_400,
        drawer_cents=45_600,
        unmatched=1,
        unmatched_cents=25_000,
        last_number=number,
        head_hash=sha256(str(number).encode()).hexdigest(),
    )


def printed(rows: list[DayOfBusiness], folder: Path) -> list[list[str]]:
    """Return the lines of each page."""
    write_owners_day(rows, DAY, folder / "day.pdf", PRINTED_AT)
    pages = pages_of(folder / "day.pdf")
    return [[line.strip() for line in text.splitlines()] for text in pages]


def head_of(row: DayOfBusiness) -> list[str]:
    """Return a head as it stands below the table: its book and two lines to compare by eye."""
    groups = [row.head_hash[at : at + 8] for at in range(0, 64, 8)]
    return [
        f"{row.name}, entry {row.last_number}",
        " ".join(groups[:4]),
        " ".join(groups[4:]),
    ]


@pytest.mark.parametrize(("many", "pages"), [(1, 1), (3, 1), (12, 1), (13, 2), (45, 3)])
def test_no_head_is_torn_and_every_page_has_its_heading_and_counts_itself(
    many: int, pages: int, tmp_path: Path
) -> None:
    rows = [a_day(number) for number in range(1, many + 1)]

    found = printed(rows, tmp_path)

    assert len(found) == pages
    for number, lines in enumerate(found, start=1):
        assert f"Page {number} of {pages}" in lines
        assert any(line.startswith("Daily report, Sunday, 22 November 2026 · ") for line in lines)
        assert any(line.startswith("KES ") or line == HEADS for line in lines)
    for row in rows:
        wanted = head_of(row)
        (page,) = [lines for lines in found if wanted[0] in lines]
        at = page.index(wanted[0])
        assert page[at : at + 3] == wanted
        assert HEADS in page


def test_of_many_the_first_are_named_and_the_foot_is_cut_between_two(tmp_path: Path) -> None:
    first, *_ = printed([a_day(number) for number in range(1, 13)], tmp_path)

    named = [f"Shop {number} of the estate" for number in range(1, 4)]
    assert f"{', '.join(named)} and 9 more" in first
    assert f"Daily report, Sunday, 22 November 2026 · {named[0]}, {named[1]}, …" in first
    (heads,) = [line for line in first if line.startswith("Heads: ")]
    assert heads.endswith(f" {a_day(3).head_hash[:16]}, …")


def test_a_long_name_is_cut_where_there_is_no_other_place(tmp_path: Path) -> None:
    (lines,) = printed([a_day(1, "Mwangaza " * 12)], tmp_path)

    (foot,) = [line for line in lines if line.startswith("Daily report") and "·" in line]
    assert foot.endswith(" Mwang…")


@pytest.mark.parametrize("style", [Style.TOTAL, Style.GRAND])
def test_a_sum_never_stands_alone_on_a_page(style: Style, tmp_path: Path) -> None:
    last_pages = []
    for many in range(45, 55):
        rows = [Row((f"{number} Account", Figure(100))) for number in range(many)]
        rows.append(Row(("Together", Figure(many * 100)), style))
        pdf.write(a_statement(rows), tmp_path / "one.pdf", IMPRINT)
        last_pages.append(pages_of(tmp_path / "one.pdf")[-1])

    # One of them just fits on a page without its sum.
    assert any(text.count(" Account ") == 1 for text in last_pages)
    assert all(" Account " in text for text in last_pages)
