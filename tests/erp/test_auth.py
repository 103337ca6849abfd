"""Permissions in the admin follow from roles."""

import pytest
from django.contrib.auth.models import AnonymousUser, Permission

from erp.auth import PERMISSIONS, RoleBackend
from money.access import Ability
from money.models import Business, Membership, Role, User
from tests import make

pytestmark = pytest.mark.django_db

BOOKS, PRICES = PERMISSIONS[Ability.SEE_BOOKS], PERMISSIONS[Ability.SET_PRICES]
KEEPING, CLOSING = PERMISSIONS[Ability.KEEP_BOOKS], PERMISSIONS[Ability.CLOSE_DAYS]
EVERYTHING = BOOKS | PRICES | KEEPING | CLOSING | PERMISSIONS[Ability.MANAGE]


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        (Role.OWNER, EVERYTHING),
        (Role.MANAGER, PRICES | CLOSING),
        (Role.CASHIER, frozenset()),
        (Role.LAUNDRY_ATTENDANT, frozenset()),
        (Role.RIDER, frozenset()),
        (Role.ACCOUNTANT, BOOKS | KEEPING | CLOSING),
        (Role.AUDITOR, BOOKS),
    ],
)
def test_a_role_gives_its_permissions(role: str, permissions: frozenset[str]) -> None:
    make.a_business()

    user = make.a_user("somebody", duka=role)

    assert user.get_all_permissions() == permissions
    assert {name for name in EVERYTHING if user.has_perm(name)} == permissions
    assert user.has_module_perms("shops") == bool(permissions)


def test_roles_of_several_businesses_add_up() -> None:
    make.a_business()
    make.a_business(slug="maji")

    user = make.a_user("somebody", duka=Role.MANAGER, maji=Role.AUDITOR)

    assert user.get_all_permissions() == BOOKS | PRICES | CLOSING


def test_who_has_no_role_has_no_permission() -> None:
    assert make.chebet().get_all_permissions() == set()
    assert RoleBackend().get_all_permissions(AnonymousUser()) == set()


def test_who_left_has_no_permission() -> None:
    make.a_business()
    user = make.amina()
    user.is_active = False

    assert user.get_all_permissions() == set()
    assert not user.has_perm("shops.view_sale")


def test_no_role_gives_permission_for_a_single_row() -> None:
    business = make.a_business()

    assert not make.amina().has_perm("shops.view_sale", business)


def test_permissions_are_read_once_per_request(django_assert_num_queries: object) -> None:
    make.a_business()
    user = make.amina()
    user.get_all_permissions()
    Membership.objects.all().delete()

    assert user.get_all_permissions() == EVERYTHING
    assert User.objects.get(pk=user.pk).get_all_permissions() == set()


def test_a_superuser_may_everything() -> None:
    assert User(username="root", is_superuser=True).has_perm("shops.delete_sale")


def test_every_permission_that_a_role_gives_exists() -> None:
    rows = Permission.objects.values_list("content_type__app_label", "codename")

    # To close days is an ability of ours alone, which no model of Django's stands behind.
    assert EVERYTHING - CLOSING - {f"{app}.{name}" for app, name in rows} == set()


def test_nobody_may_write_the_books() -> None:
    frozen = (
        *("entry", "line", "journal", "journalline", "attachment", "periodevent"),
        *("sale", "saleline", "tender", "payment", "paymentrequest"),
    )

    assert {
        name
        for name in EVERYTHING
        for model in frozen
        if name.partition(".")[2] in {f"{verb}_{model}" for verb in ("add", "change", "delete")}
    } == set()


@pytest.mark.parametrize(("password", "username"), [("karibu", "amina"), ("wrong", None)])
def test_people_sign_in_by_password(password: str, username: str | None) -> None:
    make.a_business()
    user = make.amina()
    user.set_password("karibu")
    user.save()

    found = RoleBackend().authenticate(None, username="amina", password=password)

    assert (found.get_username() if found else None) == username


def test_who_left_does_not_sign_in() -> None:
    assert isinstance(make.a_business(), Business)
    user = make.amina()
    user.set_password("karibu")
    user.is_active = False
    user.save()

    assert RoleBackend().authenticate(None, username="amina", password="karibu") is None
