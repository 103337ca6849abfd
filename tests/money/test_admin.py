"""The ground floor in the admin, asked by real requests: who sees what, and who may not."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from money.actions.journals import propose
from money.actions.periods import close_day
from money.admin import LineInline
from money.chart import Code
from money.models import (
    Account,
    Business,
    Entry,
    ExciseRate,
    Journal,
    Line,
    Membership,
    PeriodEvent,
    Role,
    TaxPerson,
    TaxRate,
    User,
)
from tests.make import NOW, a_business, a_user, an_entry

READERS = [Role.OWNER, Role.ACCOUNTANT, Role.AUDITOR]
OTHERS = [Role.MANAGER, Role.CASHIER, Role.LAUNDRY_ATTENDANT, Role.RIDER]
MODELS = [
    "entry",
    "account",
    "business",
    "journal",
    "periodevent",
    "taxperson",
    "taxrate",
    "exciserate",
    "user",
]


def signed_in(user: User) -> Client:
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def as_role(role: str, slug: str = "duka") -> Client:
    return signed_in(a_user(f"{role}-of-{slug}", **{slug: role}))


def page(model: str, view: str, *args: object) -> str:
    return reverse(f"admin:money_{model}_{view}", args=args)


def shown(client: Client, model: str) -> list[int]:
    """Return the ids that the list shows to the client."""
    response = client.get(page(model, "changelist"))
    assert response.status_code == 200
    return sorted(response.context["cl"].result_list.values_list("pk", flat=True))


def person_form(
    person: User | None = None, roles: Iterable[tuple[object, object, str]] = (), **changes: object
) -> dict[str, object]:
    """Return the fields of the person's page; `roles` are (membership id, business id, role)."""
    rows = list(roles)
    fields: dict[str, object] = {
        "username": person.username if person else "wanjiru",
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_active": "on",
        "usable_password": "true",
        "password1": "a-long-pass-4711",
        "password2": "a-long-pass-4711",
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": sum(bool(pk) for pk, _, _ in rows),
    }
    for index, (pk, business_id, role) in enumerate(rows):
        fields |= {
            f"memberships-{index}-id": pk,
            f"memberships-{index}-user": person.pk if person else "",
            f"memberships-{index}-business": business_id,
            f"memberships-{index}-role": role,
        }
    return fields | changes


def roles_of(person: User) -> list[tuple[str, str]]:
    rows = person.memberships.order_by("business__slug", "role")
    return list(rows.values_list("business__slug", "role"))


@pytest.fixture
def water(duka: Business) -> Business:
    return a_business(slug="maji")


@pytest.mark.parametrize("role", READERS)
def test_reader_sees_the_books_of_own_businesses_only(water: Business, role: Role) -> None:
    ours = an_entry(Business.objects.get(slug="duka"))
    theirs = an_entry(water)
    client = as_role(role)

    assert shown(client, "entry") == [ours.entry_id]
    assert set(
        Account.objects.filter(pk__in=shown(client, "account")).values_list(
            "business__slug", flat=True
        )
    ) == {"duka"}
    assert client.get(page("entry", "change", ours.entry_id)).status_code == 200
    assert client.get(page("entry", "change", theirs.entry_id)).status_code == 302


@pytest.mark.parametrize("role", READERS)
def test_reader_is_offered_own_businesses_to_filter_by(water: Business, role: Role) -> None:
    an_entry(Business.objects.get(slug="duka"))
    an_entry(water)

    text = as_role(role).get(page("entry", "changelist")).content.decode()

    assert "Amina maji" not in text
    assert "Amina duka" in text


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("model", MODELS)
def test_other_staff_are_refused(duka: Business, role: Role, model: str) -> None:
    assert as_role(role).get(page(model, "changelist")).status_code == 403


def test_person_who_is_no_staff_is_sent_to_sign_in(duka: Business) -> None:
    client = Client()
    client.force_login(a_user("amina", duka=Role.OWNER))

    response = client.get(page("entry", "changelist"))

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("admin:login"))


def test_superuser_sees_all_books(duka: Business, water: Business) -> None:
    posted = [an_entry(duka).entry_id, an_entry(water).entry_id]
    client = signed_in(User.objects.create_superuser("root"))

    assert shown(client, "entry") == posted
    assert shown(client, "taxperson") == [duka.tax_person_id]


@pytest.mark.parametrize("role", [*READERS, "superuser"])
@pytest.mark.parametrize("model", ["entry", "periodevent"])
def test_books_cannot_be_written_by_anybody(duka: Business, role: str, model: str) -> None:
    an_entry(duka)
    close_day(business=duka, day=date(2026, 11, 22), actor=None, at=NOW)
    client = (
        signed_in(User.objects.create_superuser("root")) if role == "superuser" else as_role(role)
    )
    pk = {"entry": Entry, "periodevent": PeriodEvent}[model].objects.get().pk
    before = list(Entry.objects.values()), list(PeriodEvent.objects.values())

    answers = [
        client.get(page(model, "add")),
        client.post(page(model, "add"), {"description": "forged", "name": "forged"}),
        client.post(page(model, "change", pk), {"description": "forged", "name": "forged"}),
        client.get(page(model, "delete", pk)),
        client.post(page(model, "delete", pk), {"post": "yes"}),
    ]
    client.post(
        page(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [pk], "post": "yes"},
    )

    assert [answer.status_code for answer in answers] == [403] * 5
    assert (
        list(Entry.objects.values()),
        list(PeriodEvent.objects.values()),
    ) == before


def test_entry_page_shows_debits_and_credits(duka: Business) -> None:
    posted = an_entry(duka, cents=125_050)
    client = as_role(Role.AUDITOR)

    lists = client.get(page("entry", "changelist")).content.decode()
    text = client.get(page("entry", "change", posted.entry_id)).content.decode()

    assert lists.count("1,250.50") == 1
    assert text.count("1,250.50") == 2
    inline = LineInline(Entry, admin.site)
    debit, credit = Line.objects.order_by("pk")
    assert (inline.debit(debit), inline.credit(debit)) == ("1,250.50", "")
    assert (inline.debit(credit), inline.credit(credit)) == ("", "1,250.50")


def test_account_list_shows_balances(duka: Business) -> None:
    an_entry(duka, cents=125_050)

    response = as_role(Role.AUDITOR).get(page("account", "changelist"), {"q": Code.SALES_RETAIL})

    assert "-1,250.50" in response.content.decode()


@pytest.mark.parametrize("role", [Role.OWNER, "superuser"])
def test_people_and_roles_are_changed_nowhere_in_the_admin(duka: Business, role: str) -> None:
    client = (
        signed_in(User.objects.create_superuser("root")) if role == "superuser" else as_role(role)
    )
    person = a_user("baraka", duka=Role.CASHIER)
    kept = person.memberships.get()
    rows = [(kept.pk, duka.pk, Role.CASHIER), ("", duka.pk, Role.OWNER)]
    passwords = {"usable_password": "true", "password1": "pass-4711-a", "password2": "pass-4711-a"}
    power: dict[str, Any] = {"is_superuser": "on", "is_staff": "on", "email": "b@x.ke"}
    before = list(User.objects.order_by("pk").values()), list(Membership.objects.values())

    answers = [
        client.get(page("user", "add")),
        client.post(page("user", "add"), person_form(roles=rows[1:])),
        client.post(page("user", "change", person.pk), person_form(person, rows, **power)),
        client.post(reverse("admin:auth_user_password_change", args=[person.pk]), passwords),
        client.post(page("user", "delete", person.pk), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    after = list(User.objects.order_by("pk").values()), list(Membership.objects.values())
    assert after == before


def test_the_admin_leads_to_where_people_are_changed(duka: Business, water: Business) -> None:
    client = as_role(Role.OWNER)
    person = a_user("baraka", duka=Role.CASHIER, maji=Role.RIDER)

    pages = [
        client.get(page("user", "changelist")).content.decode(),
        client.get(page("user", "change", person.pk)).content.decode(),
    ]

    for text in pages:
        assert 'href="/people/duka/"' in text
        assert "/people/maji/" not in text
        assert "Amina maji" not in text
    assert "Cashier" in pages[1]
    assert "Rider" not in pages[1]


def test_the_admins_own_password_page_is_the_one_of_all(duka: Business) -> None:
    assert as_role(Role.OWNER).get("/admin/password_change/").headers["Location"] == "/password"


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.AUDITOR, Role.MANAGER, Role.CASHIER])
def test_others_cannot_write_people(duka: Business, role: Role) -> None:
    person = a_user("baraka", duka=Role.CASHIER)
    client = as_role(role)

    answers = [
        client.get(page("user", "changelist")),
        client.get(page("user", "change", person.pk)),
        client.post(page("user", "change", person.pk), person_form(person, is_staff="on")),
        client.post(page("user", "add"), person_form()),
        client.post(reverse("admin:auth_user_password_change", args=[person.pk]), {}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert not User.objects.get(pk=person.pk).is_staff
    assert not User.objects.filter(username="wanjiru").exists()


@pytest.mark.parametrize("kind", ["stranger", "superuser", "superuser with a role"])
def test_owner_finds_no_people_of_others_and_no_superusers(
    duka: Business, water: Business, kind: str
) -> None:
    owner = as_role(Role.OWNER)
    roles = {"stranger": {"maji": Role.CASHIER}, "superuser with a role": {"duka": Role.CASHIER}}
    target = a_user("target", **roles.get(kind, {}))
    target.is_superuser = kind != "stranger"
    target.save()

    answer = owner.get(page("user", "change", target.pk))

    assert target.pk not in shown(owner, "user")
    # Without a word on whether it exists: to the front page.
    assert answer.status_code == 302


def business_form(business: Business, name: str) -> dict[str, str]:
    return {
        "name": name,
        "slug": "forged",
        "trade": "water",
        "address": "",
        "phone": "",
        "approval_above": "25,000",
    }


def test_owner_renames_a_business_but_not_its_slug(duka: Business) -> None:
    client = as_role(Role.OWNER)

    response = client.post(page("business", "change", duka.pk), business_form(duka, "Duka Mpya"))

    duka.refresh_from_db()
    assert response.status_code == 302
    assert (duka.name, duka.slug, duka.trade) == ("Duka Mpya", "duka", "retail")
    assert duka.approval_above_cents == 2_500_000


def test_auditor_there_cannot_change_it_by_being_owner_here(
    duka: Business, water: Business
) -> None:
    client = signed_in(a_user("amina", duka=Role.OWNER, maji=Role.AUDITOR))

    seen = shown(client, "business")
    answer = client.post(page("business", "change", water.pk), business_form(water, "Mine"))

    assert seen == [duka.pk, water.pk]
    assert answer.status_code == 403
    assert Business.objects.get(pk=water.pk).name == "Amina maji"


def test_business_is_neither_added_nor_deleted_in_the_admin(duka: Business) -> None:
    client = signed_in(User.objects.create_superuser("root"))

    answers = [
        client.post(page("business", "add"), business_form(duka, "New")),
        client.post(page("business", "delete", duka.pk), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert list(Business.objects.values_list("pk", flat=True)) == [duka.pk]


def test_owner_of_all_businesses_registers_the_tax_person_for_vat(duka: Business) -> None:
    client = as_role(Role.OWNER)
    url = page("taxperson", "change", duka.tax_person_id)

    client.post(
        url,
        {
            "name": "Amina",
            "kra_pin": "A001234567Z",
            "vat_registered_from": "2026-12-01",
            "year_ends_month": 12,
            "keep_years": 7,
        },
    )

    person = TaxPerson.objects.get()
    assert (person.name, str(person.vat_registered_from)) == ("Amina", "2026-12-01")


def test_owner_of_one_business_cannot_change_the_tax_person_of_two(
    duka: Business, water: Business
) -> None:
    client = as_role(Role.OWNER)

    answer = client.post(
        page("taxperson", "change", duka.tax_person_id), {"name": "X", "kra_pin": "A001234567Z"}
    )

    assert answer.status_code == 403
    assert TaxPerson.objects.get().name == "Amina Hassan"


def test_owner_does_not_see_the_tax_person_of_others(duka: Business) -> None:
    other = TaxPerson.objects.create(name="Otieno", kra_pin="A009999999Z")
    client = as_role(Role.OWNER)

    assert shown(client, "taxperson") == [duka.tax_person_id]
    assert client.get(page("taxperson", "change", other.pk)).status_code == 302


def test_owner_adds_a_tax_rate_and_changes_none(duka: Business) -> None:
    client = as_role(Role.OWNER)
    shipped = TaxRate.objects.get(tax_class="B", from_on="2021-01-01")

    added = client.post(
        page("taxrate", "add"), {"tax_class": "B", "from_on": "2027-07-01", "percent": "12.5"}
    )
    changed = client.post(
        page("taxrate", "change", shipped.pk),
        {"tax_class": "B", "from_on": "2021-01-01", "percent": "0.01"},
    )

    assert (added.status_code, changed.status_code) == (302, 403)
    assert TaxRate.objects.get(from_on="2027-07-01").rate_bp == 1_250
    assert TaxRate.objects.get(pk=shipped.pk).rate_bp == 1_600
    assert "12.5 %" in client.get(page("taxrate", "changelist")).content.decode()


@pytest.mark.parametrize("percent", ["", "sixteen", "-1", "100.01", "16.123"])
def test_tax_rate_that_cannot_be_gets_a_sentence(duka: Business, percent: str) -> None:
    client = as_role(Role.OWNER)
    before = TaxRate.objects.count()

    answer = client.post(
        page("taxrate", "add"), {"tax_class": "B", "from_on": "2027-07-01", "percent": percent}
    )

    assert (answer.status_code, TaxRate.objects.count()) == (200, before)


def test_owner_of_one_business_sets_no_rate_for_all(duka: Business) -> None:
    a_business(slug="maji")
    client = as_role(Role.OWNER)

    answer = client.post(
        page("taxrate", "add"), {"tax_class": "B", "from_on": "2027-07-01", "percent": "0"}
    )

    assert answer.status_code == 403


def test_filter_by_business_holds_where_only_another_has_rows(duka: Business) -> None:
    an_entry(duka)
    water = a_business(slug="maji")
    client = signed_in(a_user("amina", duka=Role.OWNER, maji=Role.OWNER))

    def shown(business: Business) -> int:
        address = page("entry", "changelist")
        answer = client.get(address, {"business__id__exact": business.pk})
        return int(answer.context["cl"].result_count)

    assert (shown(duka), shown(water)) == (1, 0)


# Accounts are opened and named, never changed otherwise


@pytest.mark.parametrize("role", [Role.OWNER, Role.ACCOUNTANT])
def test_keeper_opens_an_account_once(duka: Business, role: Role) -> None:
    client = as_role(role)
    fields = {"business": duka.pk, "code": "1100.1", "name": "Second till"}
    assert client.get(page("account", "add")).status_code == 200

    answers = [client.post(page("account", "add"), fields) for _ in range(2)]

    account = Account.objects.get(code="1100.1")
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (account.name, account.kind, account.business) == ("Second till", "asset", duka)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("7000", "A code is four digits such as 6140, or an account and a number: 1100.1."),
        ("6999.1", "There is no account 6999 to put 6999.1 under."),
        ("1000", "1000 is taken already: Cash drawer."),
    ],
)
def test_account_that_cannot_be_opened_gets_a_sentence(
    duka: Business, code: str, sentence: str
) -> None:
    before = Account.objects.count()

    answer = as_role(Role.OWNER).post(
        page("account", "add"), {"business": duka.pk, "code": code, "name": "New"}
    )

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert Account.objects.count() == before


def test_keeper_names_an_account_and_changes_nothing_else(duka: Business) -> None:
    account = Account.objects.get(code="1200")

    answer = as_role(Role.ACCOUNTANT).post(
        page("account", "change", account.pk),
        {"name": "Equity Bank, Thika", "code": "9999", "kind": "income", "business": 77},
    )

    account.refresh_from_db()
    assert answer.status_code == 302
    assert (account.name, account.code, account.kind, account.business_id) == (
        "Equity Bank, Thika",
        "1200",
        "asset",
        duka.pk,
    )


def test_account_is_deleted_by_nobody(duka: Business) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    account = Account.objects.get(code="1200")

    answer = client.post(page("account", "delete", account.pk), {"post": "yes"})

    assert answer.status_code == 403
    assert Account.objects.filter(pk=account.pk).exists()


def test_auditor_opens_and_names_no_account(duka: Business, water: Business) -> None:
    auditor = as_role(Role.AUDITOR)
    mixed = signed_in(a_user("amina", duka=Role.AUDITOR, maji=Role.OWNER))
    account = Account.objects.get(business=duka, code="1200")
    fields = {"business": duka.pk, "code": "1100.1", "name": "Mine"}

    answers = [
        auditor.post(page("account", "add"), fields),
        auditor.post(page("account", "change", account.pk), {"name": "Mine"}),
        mixed.post(page("account", "add"), fields),
        mixed.post(page("account", "change", account.pk), {"name": "Mine"}),
    ]

    # The form again, for who keeps other books: this business is no choice there.
    assert [answer.status_code for answer in answers] == [403, 403, 200, 403]
    assert not Account.objects.filter(name="Mine").exists()


# Journals, periods and excise rates


@pytest.fixture
def journal(duka: Business) -> Journal:
    return propose(
        business=duka,
        occurred_on=date(2026, 11, 22),
        description="Power of November",
        lines=[("6030", 5_000), ("1200", -5_000)],
        proposed_by=a_user("writer"),
        at=NOW,
        key="journal-one",
    )


@pytest.mark.parametrize("role", READERS)
def test_reader_finds_journals_and_is_led_to_their_pages(journal: Journal, role: Role) -> None:
    other = a_business(slug="maji")
    propose(
        business=other,
        occurred_on=date(2026, 11, 22),
        description="Theirs",
        lines=[("6030", 5_000), ("1200", -5_000)],
        proposed_by=a_user("writer"),
        at=NOW,
        key="journal-two",
    )
    client = as_role(role)

    text = client.get(page("journal", "change", journal.pk)).content.decode()

    assert shown(client, "journal") == [journal.pk]
    assert f'href="/books/journals/{journal.pk}/"' in text
    assert text.count("6030 Power") == 1
    assert client.post(page("journal", "change", journal.pk), {}).status_code == 403


@pytest.mark.parametrize("role", [Role.OWNER, Role.ACCOUNTANT])
def test_add_journal_leads_to_the_page_where_it_is_written(duka: Business, role: Role) -> None:
    client = as_role(role)

    answer = client.get(page("journal", "add"))

    assert page("journal", "add") in client.get(page("journal", "changelist")).content.decode()
    assert (answer.status_code, answer["Location"]) == (302, "/books/journals/new/")


def test_auditor_is_offered_no_journal_to_add(duka: Business) -> None:
    text = as_role(Role.AUDITOR).get(page("journal", "changelist")).content.decode()

    assert page("journal", "add") not in text


@pytest.mark.parametrize("model", ["entry", "account", "journal", "periodevent"])
def test_list_asks_no_more_for_more_rows(
    duka: Business, model: str, django_assert_max_num_queries: Any
) -> None:
    client = as_role(Role.OWNER)
    for number in range(25):
        an_entry(duka)
        close_day(business=duka, day=date(2026, 10, 1 + number), actor=None, at=NOW)

    with django_assert_max_num_queries(16):
        client.get(page(model, "changelist"))


def test_entry_and_account_lead_to_their_pages(duka: Business) -> None:
    posted = an_entry(duka)
    account = Account.objects.get(code=Code.CASH_DRAWER)
    client = as_role(Role.AUDITOR)

    entry = client.get(page("entry", "change", posted.entry_id)).content.decode()
    statement = client.get(page("account", "change", account.pk)).content.decode()

    assert f'href="/books/entry/{posted.entry_id}/"' in entry
    assert 'href="/books/account/?b=duka&amp;code=1000"' in statement


def test_owner_adds_an_excise_rate_per_litre(duka: Business) -> None:
    client = as_role(Role.OWNER)

    added = client.post(page("exciserate", "add"), {"from_on": "2027-07-01", "per_litre": "6.4134"})

    assert added.status_code == 302
    assert ExciseRate.objects.get(from_on="2027-07-01").cents_per_1000_litres == 641_340
    assert "KES 6.4134 per litre" in client.get(page("exciserate", "changelist")).content.decode()


@pytest.mark.parametrize("typed", ["", "six", "0", "-1", "6.123456", "99999", "1e3"])
def test_excise_rate_that_cannot_be_gets_a_sentence(duka: Business, typed: str) -> None:
    before = ExciseRate.objects.count()

    answer = as_role(Role.OWNER).post(
        page("exciserate", "add"), {"from_on": "2027-07-01", "per_litre": typed}
    )

    assert (answer.status_code, ExciseRate.objects.count()) == (200, before)


def test_owner_of_one_business_sets_no_excise_for_all(duka: Business, water: Business) -> None:
    answer = as_role(Role.OWNER).post(
        page("exciserate", "add"), {"from_on": "2027-07-01", "per_litre": "6"}
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("limit", ["", "lots", "-5"])
def test_limit_that_cannot_be_gets_a_sentence(duka: Business, limit: str) -> None:
    fields = business_form(duka, "Duka Mpya") | {"approval_above": limit}

    answer = as_role(Role.OWNER).post(page("business", "change", duka.pk), fields)

    duka.refresh_from_db()
    assert (answer.status_code, duka.name) == (200, "Amina duka")


def test_auditor_reads_the_page_of_a_business(duka: Business) -> None:
    text = as_role(Role.AUDITOR).get(page("business", "change", duka.pk)).content.decode()

    assert "10,000" in text


def test_auditor_reads_rates_and_closed_periods(duka: Business) -> None:
    event = close_day(business=duka, day=date(2026, 11, 22), actor=None, at=NOW)
    tax = TaxRate.objects.get(tax_class="B", from_on="2021-01-01")
    excise = ExciseRate.objects.get(from_on="2022-10-01")
    client = as_role(Role.AUDITOR)

    pages = [
        client.get(page(*where)).content.decode()
        for where in (
            ("periodevent", "change", event.pk),
            ("taxrate", "change", tax.pk),
            ("exciserate", "change", excise.pk),
        )
    ]

    assert 'href="/books/periods/duka/"' in pages[0]
    assert event.hash in pages[0]
    assert '<div class="readonly">16</div>' in pages[1]
    assert '<div class="readonly">6.41</div>' in pages[2]
