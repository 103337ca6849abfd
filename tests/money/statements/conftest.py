"""A second business, and a short way to post."""

from datetime import date
from itertools import count

import pytest

from money.actions.posting import post
from money.drafts import Draft, DraftLine, Posted
from money.models import Business, EntryKind
from tests.make import NOW, a_business
from tests.money.statements.year import Book

_numbers = count(1)


@pytest.fixture
def laundry(db: None) -> Business:
    return a_business(slug="laundry")


@pytest.fixture
def book(duka: Business) -> Book:
    """Post lines on a day, of duka unless another business is named."""

    def post_lines(
        on: str,
        *lines: DraftLine,
        business: Business | None = None,
        kind: str = EntryKind.FACT,
        description: str = "Told",
    ) -> Posted:
        draft = Draft(
            business=business or duka,
            key=f"told:{next(_numbers)}",
            occurred_on=date.fromisoformat(on),
            description=description,
            lines=lines,
            source="sale",
            kind=kind,
        )
        return post(draft, posted_at=NOW)

    return post_lines
