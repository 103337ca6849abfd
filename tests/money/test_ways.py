"""The ways that lead to what needs a look: menu, front pages, a journal's later life."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine

from money.actions.corrections import reverse
from money.actions.journals import propose
from money.models import Business, Journal, Role, User
from tests.make import NOW, TODAY, a_business, a_user, amina
from tests.money.pages import SEERS, as_role, client_of, person, text_of


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def a_journal(business: Business, *, by: User, cents: int = 125_000) -> Journal:
    return propose(
        business=business,
        occurred_on=date(2026, 11, 20),
        description="Power of November",
        lines=[("6030", cents), ("2000", -cents)],
        proposed_by=by,
        at=NOW,
        key=f"by-hand-{cents}",
    )


@pytest.mark.parametrize("role", SEERS)
def test_the_menu_leads_to_the_vat_return_that_is_due(duka: Business, role: str) -> None:
    client = as_role(role)

    link = re.search(r'<a href="([^"]*)">VAT return</a>', client.get("/books/").content.decode())

    assert link
    page = client.get(link[1], follow=True)
    assert page.redirect_chain == [(f"/books/vat/{duka.tax_person_id}/2026-10/", 302)]
    assert "VAT return" in text_of(page)
    assert "October 2026" in text_of(page)
    assert f'href="{link[1]}" aria-current="page"' in page.content.decode()


def test_who_sees_half_a_tax_person_is_told(duka: Business) -> None:
    a_business(slug="maji")

    page = as_role(Role.ACCOUNTANT).get("/books/vat/", follow=True)

    assert page.redirect_chain == [("/books/", 302)]
    assert "is for who sees all businesses of a tax person" in text_of(page)


def test_a_journal_shows_that_its_entry_was_reversed_later(duka: Business) -> None:
    keeper = person(Role.ACCOUNTANT)
    journal = a_journal(duka, by=keeper)
    client, address = client_of(keeper), f"/books/journals/{journal.pk}/"
    before = text_of(client.get(address))

    undone = reverse(
        entry_id=journal.entry_id or 0,
        known_on=TODAY,
        reason="Not our bill",
        actor=keeper,
        posted_at=NOW,
    )

    after = client.get(address)
    assert "reversed" not in before
    assert f"Its entry is reversed by entry {undone.number} on 22 November 2026." in text_of(after)
    assert f"/books/entry/{undone.entry_id}/" in after.content.decode()


def test_the_admin_shows_journals_that_wait_for_a_second_person(duka: Business) -> None:
    duka.approval_above_cents = 100_000
    duka.save()
    a_business(slug="maji", vat_registered_from=None)
    owner, accountant = amina(), person(Role.ACCOUNTANT)
    a_journal(duka, by=accountant, cents=100_000)
    client = client_of(owner)
    quiet = client.get("/admin/").content.decode()

    a_journal(duka, by=accountant)

    page = client.get("/admin/").content.decode()
    warning = (
        '<p class="warning"><a href="/books/journals/">1 journal waits for a second person.</a></p>'
    )
    assert warning in page
    assert "second person" not in quiet
    stranger = a_user("njeri", maji=Role.OWNER)
    stranger.is_staff = True
    stranger.save()
    assert "second person" not in client_of(stranger).get("/admin/").content.decode()


def test_a_day_says_that_its_mail_would_reach_nobody(duka: Business) -> None:
    owner = amina()
    client, address = client_of(owner), "/books/day/duka/2026-11-22/"
    sentence = "No owner of Amina duka has an e-mail address: the mail of a closed day reaches"

    before = text_of(client.get(address))
    a_user("kiptoo", duka=Role.ACCOUNTANT)
    User.objects.filter(username="kiptoo").update(email="kiptoo@example.com")
    with_another = text_of(client.get(address))
    User.objects.filter(pk=owner.pk).update(email="amina@example.com")
    after = text_of(client.get(address))

    assert sentence in before
    assert sentence in with_another
    assert sentence not in after
