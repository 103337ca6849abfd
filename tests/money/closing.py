"""Short ways to close, lock and unlock in tests, and what a refusal must leave untouched."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import transaction

from money.actions.periods import (
    close_day,
    close_year,
    lock_month,
    unlock,
)
from money.chart import Code
from money.drafts import Draft
from money.models import (
    Book,
    Business,
    Entry,
    PeriodEvent,
)
from money.verification import verify_books
from tests.make import NOW, TODAY, chebet

YESTERDAY = date(2026, 11, 21)
OCTOBER = date(2026, 10, 31)
NEW_YEAR = datetime(2027, 1, 5, 9, tzinfo=UTC)
YEAR_END = date(2026, 12, 31)
WHY = "The power bill came late"


def dates_of(business: Business) -> tuple[date | None, date | None]:
    return Book.objects.values_list("closed_through", "locked_through").get(business=business)


def events_of(business: Business) -> list[tuple[int, str, date]]:
    rows = PeriodEvent.objects.filter(business=business).order_by("number")
    return list(rows.values_list("number", "change", "through_on"))


def closed(business: Business, day: date = TODAY, **changes: Any) -> PeriodEvent:
    facts: dict[str, Any] = {"business": business, "day": day, "actor": None, "at": NOW}
    return close_day(**(facts | changes))


def locked(business: Business, month: date = OCTOBER, **changes: Any) -> PeriodEvent:
    facts: dict[str, Any] = {"business": business, "month": month, "actor": None, "at": NOW}
    return lock_month(**(facts | changes))


def year_closed(business: Business, year_end: date = YEAR_END, **changes: Any) -> PeriodEvent:
    facts: dict[str, Any] = {"business": business, "year_end": year_end}
    facts |= {"actor": chebet(), "at": NEW_YEAR}
    return close_year(**(facts | changes))


def unlocked(business: Business, from_day: date, **changes: Any) -> PeriodEvent:
    facts: dict[str, Any] = {
        "business": business,
        "from_day": from_day,
        "actor": chebet(),
        "reason": WHY,
        "at": NOW,
    }
    return unlock(**(facts | changes))


def refusal(kind: type[Exception], call: Callable[..., object], *given: Any, **more: Any) -> str:
    """Return the sentence of a refusal, having seen that nothing was written."""

    def rows() -> list[object]:
        return [list(m.objects.order_by("pk").values_list()) for m in (Entry, Book, PeriodEvent)]

    before = rows()
    with pytest.raises(kind) as caught, transaction.atomic():
        call(*given, **more)
    assert rows() == before
    assert verify_books().is_ok
    return str(caught.value)


def a_draft(business: Business, day: date, **changes: Any) -> Draft:
    draft = Draft(
        business=business,
        key="sale:1",
        occurred_on=day,
        description="Sale 1",
        lines=[(Code.CASH_DRAWER, 100), (Code.SALES_RETAIL, -100)],
    )
    return replace(draft, **changes)
