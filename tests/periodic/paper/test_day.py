"""The document of a day as a PDF: what the mail says in letters, with the heads of the books."""

from datetime import timedelta
from pathlib import Path

import pytest

from money.actions.periods import close_day
from money.day_close import day_document
from money.models import Business, PeriodEvent
from periodic.paper.day import write_day
from periodic.paper.imprint import Imprint
from periodic.statements import heads_of
from tests.make import NOW, TODAY, a_business, amina, an_entry
from tests.periodic.paper.reading import lines_of

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def duka() -> Business:
    business = a_business()
    an_entry(business, occurred_on=YESTERDAY, cents=123_450)
    return business


def printed(business: Business, folder: Path) -> list[str]:
    document = day_document(business=business, day=YESTERDAY)
    write_day(document, folder / "day.pdf", Imprint(NOW, heads_of([business])))
    return lines_of(folder / "day.pdf")


def test_a_closed_day_is_printed_with_its_figures_and_its_anchor(
    duka: Business, tmp_path: Path
) -> None:
    close_day(business=duka, day=YESTERDAY, actor=amina(), at=NOW)

    lines = printed(duka, tmp_path)

    anchor = PeriodEvent.objects.get().hash
    duka.book.refresh_from_db()
    assert f"Head of the book at entry 1: {duka.book.head_hash}" in lines
    assert "1000 Cash drawer 1,234.50 - 1,234.50" in lines
    assert "4040 Sales: retail goods 1,234.50" in lines
    assert "Closed 22 November 2026, 12:00 by Amina" in lines
    assert " ".join(anchor[at : at + 8] for at in range(0, 32, 8)) in lines
    assert "Page 1 of 1" in lines


def test_an_open_day_says_so(duka: Business, tmp_path: Path) -> None:
    assert "This day is not closed yet." in printed(duka, tmp_path)
