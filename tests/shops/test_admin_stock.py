"""Purchases, moves and counts in the admin: read by who sees the books of their business."""

import pytest
from django.test import Client

from money.models import Business, User
from shops.actions.counts import close_count
from shops.models import Purchase, StockCount, StockMove
from tests import make
from tests.make import NOW


@pytest.fixture
def rows(duka: Business) -> dict[str, int]:
    make.stocked(make.a_product(duka), 3_000, 10_000)
    count = make.a_count(duka)
    make.counting(count, Maize_flour_2_kg=2_000)
    close_count(
        count_id=count.pk, business=duka, leaves_rest=False, by=make.amina_of(duka), now=NOW
    )
    models = (Purchase, StockMove, StockCount)
    return {model._meta.model_name or "": model._base_manager.latest("pk").pk for model in models}


def owner_of(slug: str) -> User:
    owner = make.a_user(f"owner-of-{slug}", **{slug: "owner"})
    owner.is_staff = True
    owner.save()
    return owner


def test_the_owner_reads_them_and_changes_nothing(client: Client, rows: dict[str, int]) -> None:
    client.force_login(owner_of("duka"))

    for name, pk in rows.items():
        listed = client.get(f"/admin/shops/{name}/")
        shown = client.get(f"/admin/shops/{name}/{pk}/change/")
        assert (listed.status_code, shown.status_code) == (200, 200)
        assert f"/admin/shops/{name}/{pk}/change/" in listed.content.decode()
        assert name != "stockmove" or "-33.33" in listed.content.decode()
        assert client.get(f"/admin/shops/{name}/add/").status_code == 403
        assert client.post(f"/admin/shops/{name}/{pk}/delete/").status_code == 403


def test_another_owner_finds_none(client: Client, rows: dict[str, int]) -> None:
    make.a_business(slug="maji")
    client.force_login(owner_of("maji"))

    for name, pk in rows.items():
        assert f"/{pk}/change/" not in client.get(f"/admin/shops/{name}/").content.decode()
        assert client.get(f"/admin/shops/{name}/{pk}/change/").status_code == 302
