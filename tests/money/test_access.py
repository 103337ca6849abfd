import pytest

from money.access import ABILITIES, Ability, abilities_of, businesses_for, roles_with
from money.models import Business, Role, User
from tests.make import a_business, a_user, chebet

pytestmark = pytest.mark.django_db

MAY = {
    Role.OWNER: {
        *("sell", "see_books", "see_takings", "set_prices", "set_aside", "manage"),
        *("keep_books", "close_days", "unlock"),
        *("handle_cash", "see_expected_cash", "explain_cash", "see_cash", "refund"),
        *("keep_stock", "see_stock", "see_staff"),
    },
    Role.MANAGER: {
        *("sell", "see_takings", "set_prices", "set_aside", "close_days"),
        *("handle_cash", "see_expected_cash", "explain_cash", "see_cash", "refund"),
        *("keep_stock", "see_stock", "see_staff"),
    },
    Role.CASHIER: {"sell", "handle_cash", "refund", "see_stock"},
    Role.LAUNDRY_ATTENDANT: {"sell", "handle_cash"},
    Role.RIDER: {"sell", "handle_cash"},
    Role.ACCOUNTANT: {
        *("see_books", "see_takings", "keep_books", "close_days"),
        *("see_expected_cash", "see_cash", "see_stock", "see_staff"),
    },
    Role.AUDITOR: {
        *("see_books", "see_takings"),
        *("see_expected_cash", "see_cash", "see_stock", "see_staff"),
    },
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("ability", Ability)
def test_role_opens_exactly_its_abilities(duka: Business, role: Role, ability: Ability) -> None:
    a_business(slug="maji")
    person = a_user("person", duka=role)

    found = list(businesses_for(person, ability))

    assert found == ([duka] if ability in MAY[role] else [])


@pytest.mark.parametrize("role", Role)
def test_abilities_of_a_role(duka: Business, role: Role) -> None:
    person = a_user("person", duka=role)

    assert abilities_of(person) == MAY[role]


def test_abilities_of_several_roles_add_up(duka: Business) -> None:
    a_business(slug="maji")
    person = a_user("person", duka=Role.RIDER, maji=Role.AUDITOR)

    assert abilities_of(person) == MAY[Role.RIDER] | MAY[Role.AUDITOR]


def test_role_in_one_business_opens_no_other(duka: Business) -> None:
    water = a_business(slug="maji")
    person = a_user("person", duka=Role.CASHIER, maji=Role.OWNER)

    assert list(businesses_for(person, Ability.MANAGE)) == [water]
    assert list(businesses_for(person, Ability.SELL)) == [duka, water]


@pytest.mark.parametrize("ability", Ability)
def test_superuser_may_do_all_everywhere(duka: Business, ability: Ability) -> None:
    water = a_business(slug="maji")
    root = User.objects.create_superuser("root")

    assert list(businesses_for(root, ability)) == [duka, water]
    assert abilities_of(root) == set(Ability)


@pytest.mark.parametrize("ability", Ability)
def test_stranger_may_nothing(duka: Business, ability: Ability) -> None:
    stranger = chebet()

    assert list(businesses_for(stranger, ability)) == []
    assert abilities_of(stranger) == frozenset()


def test_roles_with_an_ability() -> None:
    assert roles_with(Ability.MANAGE) == [Role.OWNER]
    assert roles_with(Ability.SEE_BOOKS) == [Role.OWNER, Role.ACCOUNTANT, Role.AUDITOR]
    assert roles_with(Ability.KEEP_BOOKS) == [Role.OWNER, Role.ACCOUNTANT]
    assert roles_with(Ability.CLOSE_DAYS) == [Role.OWNER, Role.MANAGER, Role.ACCOUNTANT]
    assert roles_with(Ability.UNLOCK) == [Role.OWNER]


def test_every_role_has_its_abilities_written_down() -> None:
    assert set(ABILITIES) == set(Role)
