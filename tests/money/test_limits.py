"""How far each role goes, as delivered and as the owner set it."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from money.access import (
    ABILITIES,
    LIMITED,
    Ability,
    limit_of,
    limits_in,
    limits_of,
    rights_of,
)
from money.limits import (
    DELIVERED,
    IN_BASIS_POINTS,
    LABELS,
    MOST_BASIS_POINTS,
    Limit,
    widest,
)
from money.models import Business, Membership, Role, RoleLimit, StaffEvent, User
from tests.make import NOW, a_business, a_user, chebet

pytestmark = pytest.mark.django_db
KEPT = "money: what was done to staff and limits stays on record"


def set_to(business: Business, role: str, limit: Limit, most: int | None) -> RoleLimit:
    unit = "most_bp" if limit in IN_BASIS_POINTS else "most_cents"
    return RoleLimit.objects.create(
        business=business,
        role=role,
        limit=limit,
        set_by=a_user("amina"),
        set_at=NOW,
        **{unit: most},
    )


@pytest.mark.parametrize(
    ("role", "discount", "refund", "price", "difference", "pay_out"),
    [
        (Role.OWNER, None, None, None, None, None),
        (Role.MANAGER, 2_000, 1_000_000, 1_000, 200_000, 2_000_000),
        (Role.CASHIER, 500, 0, 0, 20_000, 200_000),
        (Role.LAUNDRY_ATTENDANT, 500, 0, 0, 20_000, 100_000),
        (Role.RIDER, 500, 0, 0, 20_000, 50_000),
        (Role.ACCOUNTANT, 0, 0, 0, 0, 0),
        (Role.AUDITOR, 0, 0, 0, 0, 0),
    ],
)
def test_limits_as_delivered(
    duka: Business,
    role: str,
    discount: int | None,
    refund: int | None,
    price: int | None,
    difference: int | None,
    pay_out: int | None,
) -> None:
    assert limits_of(a_user("person", duka=role), duka) == {
        Limit.DISCOUNT: discount,
        Limit.REFUND: refund,
        Limit.PRICE_OVERRIDE: price,
        Limit.CASH_DIFFERENCE: difference,
        Limit.PAY_OUT: pay_out,
    }


@pytest.mark.parametrize("limit", list(Limit))
@pytest.mark.parametrize(
    "roles", [(), (Role.OWNER,), (Role.AUDITOR,), (Role.CASHIER, Role.MANAGER), (Role.RIDER,)]
)
def test_rights_are_the_abilities_and_the_limit_by_one_statement(
    duka: Business, roles: tuple[str, ...], limit: Limit
) -> None:
    person = a_user("person")
    for role in roles:
        Membership.objects.create(user=person, business=duka, role=role)
    set_to(duka, Role.RIDER, limit, None)
    set_to(duka, Role.MANAGER, limit, 9_000)
    set_to(duka, Role.MANAGER, limit, 4_000)
    set_to(a_business(slug="maji"), Role.MANAGER, limit, 7_000)

    with CaptureQueriesContext(connection) as asked:
        abilities, most = rights_of(person, duka, limit)

    assert most == limit_of(person, duka, limit)
    assert abilities == frozenset().union(*(ABILITIES[role] for role in roles))
    assert len(asked) == 1


def test_a_superuser_has_every_right(duka: Business) -> None:
    root = a_user("root")
    root.is_superuser = True

    assert rights_of(root, duka, Limit.PRICE_OVERRIDE) == (frozenset(Ability), None)


def test_every_role_and_limit_is_delivered() -> None:
    assert set(DELIVERED) == set(Role)
    assert {role for role, limits in DELIVERED.items() if set(limits) != set(Limit)} == set()
    assert set(LABELS) == set(LIMITED) == set(Limit)


def test_what_is_delivered_is_in_range_and_of_use() -> None:
    """A role has nothing above 0 that its abilities give no use for."""
    delivered = [(role, limit, DELIVERED[role][limit]) for role in DELIVERED for limit in Limit]

    assert [row for row in delivered if row[2] and row[2] < 0] == []
    assert [
        (role, limit, most)
        for role, limit, most in delivered
        if most != 0 and LIMITED[limit] not in ABILITIES[role]
    ] == []
    assert [
        row for row in delivered if row[1] in IN_BASIS_POINTS and (row[2] or 0) > MOST_BASIS_POINTS
    ] == []


def test_the_newest_row_is_in_force(duka: Business) -> None:
    baraka = a_user("baraka", duka=Role.CASHIER)
    set_to(duka, Role.CASHIER, Limit.DISCOUNT, 1_000)
    set_to(duka, Role.CASHIER, Limit.DISCOUNT, 250)
    set_to(duka, Role.CASHIER, Limit.REFUND, 50_000)

    assert limit_of(baraka, duka, Limit.DISCOUNT) == 250
    assert limit_of(baraka, duka, Limit.REFUND) == 50_000
    assert limit_of(baraka, duka, Limit.PAY_OUT) == 200_000


def test_a_row_of_another_business_or_role_changes_nothing(duka: Business) -> None:
    baraka = a_user("baraka", duka=Role.CASHIER)
    set_to(a_business(slug="maji"), Role.CASHIER, Limit.DISCOUNT, 9_000)
    set_to(duka, Role.RIDER, Limit.DISCOUNT, 0)

    assert limit_of(baraka, duka, Limit.DISCOUNT) == 500


def test_no_limit_and_not_at_all_are_rows_too(duka: Business) -> None:
    person = a_user("person", duka=Role.MANAGER)
    set_to(duka, Role.MANAGER, Limit.REFUND, None)
    set_to(duka, Role.MANAGER, Limit.DISCOUNT, 0)

    assert limit_of(person, duka, Limit.REFUND) is None
    assert limit_of(person, duka, Limit.DISCOUNT) == 0
    assert limits_in(duka)[Role.MANAGER][Limit.REFUND] is None


def test_several_roles_go_as_far_as_the_widest(duka: Business) -> None:
    a_user("person", duka=Role.RIDER)
    person = a_user("person", duka=Role.CASHIER)
    set_to(duka, Role.RIDER, Limit.DISCOUNT, 800)

    assert limit_of(person, duka, Limit.DISCOUNT) == 800
    assert limit_of(person, duka, Limit.PAY_OUT) == 200_000

    set_to(duka, Role.RIDER, Limit.PAY_OUT, None)

    assert limit_of(person, duka, Limit.PAY_OUT) is None


def test_a_limit_without_the_ability_opens_nothing(duka: Business) -> None:
    rider = a_user("rider", duka=Role.RIDER)
    set_to(duka, Role.RIDER, Limit.REFUND, None)
    set_to(duka, Role.AUDITOR, Limit.DISCOUNT, 5_000)

    assert limit_of(rider, duka, Limit.REFUND) == 0
    assert limit_of(a_user("auditor", duka=Role.AUDITOR), duka, Limit.DISCOUNT) == 0


@pytest.mark.parametrize("limit", Limit)
def test_who_has_no_role_there_may_nothing_and_a_superuser_all(
    duka: Business, limit: Limit
) -> None:
    a_business(slug="maji")
    elsewhere = a_user("person", maji=Role.OWNER)

    assert limit_of(chebet(), duka, limit) == 0
    assert limit_of(elsewhere, duka, limit) == 0
    assert limit_of(User.objects.create_superuser("root"), duka, limit) is None


def test_two_queries_find_all_limits_and_a_long_history_adds_none(
    duka: Business, django_assert_num_queries
) -> None:
    person = a_user("person", duka=Role.CASHIER)
    for most in range(20):
        set_to(duka, Role.CASHIER, Limit.DISCOUNT, most)

    with django_assert_num_queries(2):
        assert limits_of(person, duka)[Limit.DISCOUNT] == 19


def refusal_of(sql: str) -> str:
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    return str(caught.value).splitlines()[0]


@pytest.fixture
def recorded(duka: Business) -> Business:
    """A business with a limit and a change of staff on record."""
    set_to(duka, Role.CASHIER, Limit.DISCOUNT, 250)
    baraka = a_user("baraka", duka=Role.CASHIER)
    StaffEvent.objects.create(business=duka, change="hired", person=baraka, by=baraka, at=NOW)
    return duka


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE money_rolelimit SET most_bp = 10000",
        "DELETE FROM money_rolelimit",
        "UPDATE money_staffevent SET detail = 'forged'",
        "DELETE FROM money_staffevent",
    ],
)
def test_what_was_set_and_done_stays_on_record(recorded: Business, sql: str) -> None:
    assert refusal_of(sql) == KEPT
    assert RoleLimit.objects.get().most_bp == 250
    assert StaffEvent.objects.get().detail == ""


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite alone replaces a row so")
@pytest.mark.parametrize("model", [RoleLimit, StaffEvent])
def test_insert_or_replace_does_not_walk_past(
    recorded: Business, model: type[RoleLimit | StaffEvent]
) -> None:
    table = model._meta.db_table
    before = list(model.objects.values_list())

    assert refusal_of(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}") == KEPT
    assert list(model.objects.values_list()) == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", ["money_rolelimit", "money_staffevent"])
def test_nothing_is_emptied(recorded: Business, table: str) -> None:
    connection.check_constraints()  # no table is truncated while checks wait

    assert refusal_of(f"TRUNCATE {table}") == KEPT


@pytest.mark.parametrize(
    ("limits", "most"),
    [([], 0), ([0], 0), ([5, 7], 7), ([5, None], None), ([None], None), ([0, 0], 0)],
)
def test_widest(limits: list[int | None], most: int | None) -> None:
    assert widest(limits) == most
