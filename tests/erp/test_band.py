"""The band of missing workers: seldom asked, never in the way."""

import pytest
from django.db import OperationalError
from django.test import Client

from erp import band
from erp.band import Watch
from money.models import Business
from tests import make


def test_it_is_asked_once_in_a_while() -> None:
    asked = []
    watch = Watch(lambda: asked.append(1) or "No worker answers for work.")  # type: ignore[func-returns-value]

    said = {watch.sentence() for _ in range(50)}
    watch.kept_until = 0
    watch.sentence()

    assert (said, len(asked)) == ({"No worker answers for work."}, 2)


def test_a_database_that_is_away_costs_no_page() -> None:
    def away() -> str:
        raise OperationalError("gone")

    assert Watch(away).sentence() == ""


def test_while_one_asks_the_others_go_on() -> None:
    watch = Watch(lambda: "new")
    with watch._lock:
        assert watch.sentence() == ""


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_business()


@pytest.mark.parametrize("path", ["/s/duka/", "/admin/", "/books/", "/operations/"])
def test_every_page_of_staff_says_that_nobody_works(
    client: Client, duka: Business, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(band.watch, "kept_until", 0.0)
    monkeypatch.setattr(band.watch, "_sentence", "")
    client.force_login(make.amina())

    page = client.get(path).content.decode()

    assert page.count('class="band"') == 1
    assert "No worker answers for payments and work." in page


def test_who_is_not_signed_in_is_told_nothing(
    client: Client, duka: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(band.watch, "kept_until", 0.0)

    assert b'class="band"' not in client.get("/login").content
