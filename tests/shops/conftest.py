"""Amina's shop, registered for VAT, with a till, and Baraka signed in at its counter."""

from datetime import date

import pytest
from django.test import Client

from money.models import Business, User
from mpesa.models import Till
from tests import make


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_shop(vat_registered_from=date(2024, 1, 1))


@pytest.fixture
def till(duka: Business) -> Till:
    return make.a_till(duka)


@pytest.fixture
def baraka(duka: Business) -> User:
    return make.baraka()


@pytest.fixture
def at_counter(client: Client, baraka: User) -> Client:
    client.force_login(baraka)
    return client
