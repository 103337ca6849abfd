"""The ground floor in the admin, asked by real requests: who sees what, and who may not."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from money.admin import LineInline
from money.chart import Code
from money.models import (
    Account,
    Business,
    Entry,
    Line,
    Membership,
    Role,
    TaxPerson,
    TaxRate,
    User,
)
from tests.make import a_business, a_user, an_entry

READERS = [Role.OWNER, Role.ACCOUNTANT, Role.AUDITOR]
OTHERS = [Role.MANAGER, Role.CASHIER, Role.LAUNDRY_ATTENDANT, Role.RIDER]
MODELS = ["entry", "account", "business", "taxperson", "taxrate", "user"]


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
@pytest.mark.parametrize("model", ["entry", "account"])
def test_books_cannot_be_written_by_anybody(duka: Business, role: str, model: str) -> None:
    an_entry(duka)
    client = (
        signed_in(User.objects.create_superuser("root")) if role == "superuser" else as_role(role)
    )
    pk = {"entry": Entry, "account": Account}[model].objects.order_by("pk")[0].pk
    before = list(Entry.objects.values()), list(Account.objects.order_by("pk").values())

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
        list(Account.objects.order_by("pk").values()),
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


def test_owner_adds_a_person_with_a_role(duka: Business) -> None:
    client = as_role(Role.OWNER)

    response = client.post(page("user", "add"), person_form(roles=[("", duka.pk, Role.CASHIER)]))

    person = User.objects.get(username="wanjiru")
    assert response.status_code == 302
    assert response.headers["Location"] == page("user", "change", person.pk)
    assert roles_of(person) == [("duka", "cashier")]
    assert person.check_password("a-long-pass-4711")
    assert (person.is_staff, person.is_superuser) == (False, False)


def test_owner_finds_a_person_added_without_a_role(duka: Business) -> None:
    client = as_role(Role.OWNER)

    client.post(page("user", "add"), person_form())

    person = User.objects.get(username="wanjiru")
    assert client.get(page("user", "change", person.pk)).status_code == 200


def test_owner_gives_and_takes_roles_in_own_business(duka: Business) -> None:
    person = a_user("baraka", duka=Role.CASHIER)
    kept = person.memberships.get()
    client = as_role(Role.OWNER)

    client.post(
        page("user", "change", person.pk),
        person_form(
            person, [(kept.pk, duka.pk, Role.CASHIER), ("", duka.pk, Role.RIDER)], email="b@x.ke"
        ),
    )
    with_two = roles_of(person)
    rows = [(row.pk, duka.pk, row.role) for row in person.memberships.order_by("pk")]
    client.post(
        page("user", "change", person.pk),
        person_form(person, rows, **{"memberships-0-DELETE": "on"}),
    )

    assert with_two == [("duka", "cashier"), ("duka", "rider")]
    assert roles_of(person) == [("duka", "rider")]


def test_owner_sets_the_password_of_own_staff(duka: Business) -> None:
    person = a_user("baraka", duka=Role.CASHIER)
    passwords = {
        "usable_password": "true",
        "password1": "another-pass-4711",
        "password2": "another-pass-4711",
        "set-password": "yes",
    }

    response = as_role(Role.OWNER).post(
        reverse("admin:auth_user_password_change", args=[person.pk]), passwords
    )

    person.refresh_from_db()
    assert response.status_code == 302
    assert person.check_password("another-pass-4711")


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

    # A password page does not even tell whether there is such a person.
    assert [answer.status_code for answer in answers][:4] == [403] * 4
    assert answers[4].status_code in {403, 404}
    assert not User.objects.get(pk=person.pk).is_staff
    assert not User.objects.filter(username="wanjiru").exists()


@pytest.mark.parametrize("whom", ["self", "baraka", "new"])
def test_owner_cannot_make_a_superuser(duka: Business, whom: str) -> None:
    client = as_role(Role.OWNER)
    baraka = a_user("baraka", duka=Role.CASHIER)
    target = {"self": User.objects.get(username="owner-of-duka"), "baraka": baraka, "new": None}[
        whom
    ]
    url = page("user", "change", target.pk) if target else page("user", "add")
    power: dict[str, Any] = {"is_superuser": "on", "user_permissions": ["1"], "groups": ["1"]}

    response = client.post(url, person_form(target, **power))

    assert response.status_code == 302
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.filter(user_permissions__isnull=False).exists()


@pytest.mark.parametrize("whom", ["self", "baraka", "new"])
def test_owner_cannot_give_roles_in_a_business_of_others(
    duka: Business, water: Business, whom: str
) -> None:
    client = as_role(Role.OWNER)
    baraka = a_user("baraka", duka=Role.CASHIER)
    target = {"self": User.objects.get(username="owner-of-duka"), "baraka": baraka, "new": None}[
        whom
    ]
    url = page("user", "change", target.pk) if target else page("user", "add")

    response = client.post(url, person_form(target, [("", water.pk, Role.OWNER)]))

    assert response.status_code == 200  # the form again, with its error
    assert not Membership.objects.filter(business=water).exists()


def test_owner_cannot_move_a_role_into_a_business_of_others(
    duka: Business, water: Business
) -> None:
    client = as_role(Role.OWNER)
    me = User.objects.get(username="owner-of-duka")
    mine = me.memberships.get()

    client.post(page("user", "change", me.pk), person_form(me, [(mine.pk, water.pk, Role.OWNER)]))

    assert roles_of(me) == [("duka", "owner")]


def test_owner_cannot_touch_a_role_in_a_business_of_others(duka: Business, water: Business) -> None:
    shared = a_user("baraka", duka=Role.CASHIER, maji=Role.RIDER)
    foreign = shared.memberships.get(business=water)
    client = as_role(Role.OWNER)

    client.post(
        page("user", "change", shared.pk),
        person_form(shared, [(foreign.pk, duka.pk, Role.RIDER)], **{"memberships-0-DELETE": "on"}),
    )
    client.post(
        page("user", "change", shared.pk), person_form(shared, [(foreign.pk, duka.pk, Role.RIDER)])
    )

    assert roles_of(shared) == [("duka", "cashier"), ("maji", "rider")]
    text = client.get(page("user", "change", shared.pk)).content.decode()
    assert "Amina maji" not in text


def test_owner_cannot_take_over_a_person_with_roles_elsewhere(
    duka: Business, water: Business
) -> None:
    shared = a_user("baraka", duka=Role.CASHIER, maji=Role.OWNER)
    client = as_role(Role.OWNER)

    answer = client.post(
        reverse("admin:auth_user_password_change", args=[shared.pk]),
        {
            "usable_password": "true",
            "password1": "another-pass-4711",
            "password2": "another-pass-4711",
            "set-password": "yes",
        },
    )
    client.post(
        page("user", "change", shared.pk),
        person_form(shared, username="mine", email="me@x.ke", is_active="", is_staff="on"),
    )

    after = User.objects.get(pk=shared.pk)
    assert answer.status_code == 403
    assert (after.username, after.email, after.is_active, after.is_staff, after.password) == (
        "baraka",
        "",
        True,
        False,
        "",
    )


def test_owner_gives_a_role_to_a_person_with_roles_elsewhere(
    duka: Business, water: Business
) -> None:
    shared = a_user("baraka", duka=Role.CASHIER, maji=Role.OWNER)
    mine = shared.memberships.get(business=duka)
    client = as_role(Role.OWNER)

    client.post(
        page("user", "change", shared.pk),
        person_form(shared, [(mine.pk, duka.pk, Role.RIDER)]),
    )

    assert roles_of(shared) == [("duka", "rider"), ("maji", "owner")]


@pytest.mark.parametrize("kind", ["stranger", "superuser", "superuser with a role"])
def test_owner_finds_no_people_of_others_and_no_superusers(
    duka: Business, water: Business, kind: str
) -> None:
    owner = as_role(Role.OWNER)
    roles = {"stranger": {"maji": Role.CASHIER}, "superuser with a role": {"duka": Role.CASHIER}}
    target = a_user("target", **roles.get(kind, {}))
    target.is_superuser = kind != "stranger"
    target.save()

    answers = [
        owner.get(page("user", "change", target.pk)),
        owner.post(page("user", "change", target.pk), person_form(target, is_active="")),
        owner.get(reverse("admin:auth_user_password_change", args=[target.pk])),
    ]

    assert target.pk not in shown(owner, "user")
    # Without a word on whether it exists: to the front page, to the front page, not found.
    assert [answer.status_code for answer in answers] == [302, 302, 404]
    assert User.objects.get(pk=target.pk).is_active


def test_superuser_changes_everybody(duka: Business, water: Business) -> None:
    client = signed_in(User.objects.create_superuser("root"))
    shared = a_user("baraka", duka=Role.CASHIER, maji=Role.OWNER)

    client.post(
        page("user", "change", shared.pk), person_form(shared, email="b@x.ke", is_active="")
    )

    shared.refresh_from_db()
    assert (shared.email, shared.is_active) == ("b@x.ke", False)


def test_people_cannot_be_deleted_by_the_owner(duka: Business) -> None:
    person = a_user("baraka", duka=Role.CASHIER)

    answer = as_role(Role.OWNER).post(page("user", "delete", person.pk), {"post": "yes"})

    assert answer.status_code == 403
    assert User.objects.filter(pk=person.pk).exists()


def business_form(business: Business, name: str) -> dict[str, str]:
    return {"name": name, "slug": "forged", "trade": "water", "address": "", "phone": ""}


def test_owner_renames_a_business_but_not_its_slug(duka: Business) -> None:
    client = as_role(Role.OWNER)

    response = client.post(page("business", "change", duka.pk), business_form(duka, "Duka Mpya"))

    duka.refresh_from_db()
    assert response.status_code == 302
    assert (duka.name, duka.slug, duka.trade) == ("Duka Mpya", "duka", "retail")


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
        url, {"name": "Amina", "kra_pin": "A001234567Z", "vat_registered_from": "2026-12-01"}
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
