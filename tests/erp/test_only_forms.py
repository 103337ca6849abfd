"""An address that only takes a form, opened in a browser."""

import pytest
from django.test import Client

from erp.only_forms import SENTENCE
from tests import make

BROWSER = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def at_counter(db: None) -> Client:
    make.a_shop()
    client = Client()
    client.force_login(make.baraka())
    return client


def test_a_reload_gets_a_page_that_says_what_to_do(at_counter: Client) -> None:
    answer = at_counter.get("/s/duka/sell", headers={"Accept": BROWSER})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert SENTENCE in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


@pytest.mark.parametrize("accept", [None, "application/json"])
def test_a_program_gets_no_page(at_counter: Client, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}

    answer = at_counter.get("/s/duka/sell", headers=headers)

    assert (answer.status_code, answer.content) == (405, b"")
