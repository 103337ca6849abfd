"""Who works where: what the owner does to it, what is refused, and the trace that stays."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from money.actions import staff
from money.actions.passwords import LETTERS
from money.actions.sign_in import Door, TooManyTries, WrongNameOrPassword, sign_in
from money.actions.staff import (
    BadPerson,
    LastOwner,
    NoSuchPerson,
    NotManager,
    OwnRoles,
    Person,
    StaffRefused,
    WorksElsewhere,
)
from money.models import Business, Membership, Pin, Role, StaffChange, StaffEvent, User
from money.queries import left_of, people_to_take_on, staff_events, staff_of
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
WANJIRU = Person("Grace", "Wanjiru", "254712345678", "grace@example.com")
HERE = Door("10.0.0.1")


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


@pytest.fixture
def maji(duka: Business) -> Business:
    return make.a_business(slug="maji")


def hire(
    business: Business, by: User, username: str = "wanjiru", *roles: str, person: Person = WANJIRU
) -> tuple[User, str]:
    return staff.hire(
        business=business,
        username=username,
        person=person,
        roles=roles or [Role.CASHIER],
        by=by,
        at=NOW,
    )


def roles_of(user: User) -> list[tuple[str, str]]:
    rows = user.memberships.order_by("business__slug", "role")
    return list(rows.values_list("business__slug", "role"))


def trace(business: Business) -> list[tuple[str, str | None, str, str]]:
    """Return (change, person, detail, by), oldest first."""
    return [
        (e.change, e.person.username if e.person else None, e.detail, e.by.username)
        for e in reversed(staff_events(business))
    ]


# Hire


def test_a_person_is_hired_with_several_roles_and_a_first_password(
    duka: Business, amina: User
) -> None:
    user, password = hire(duka, amina, " Wanjiru ", Role.RIDER, Role.CASHIER)

    kept = User.objects.get(username="wanjiru")
    assert (kept.first_name, kept.last_name, kept.phone, kept.email) == (
        "Grace",
        "Wanjiru",
        "254712345678",
        "grace@example.com",
    )
    assert roles_of(user) == [("duka", "cashier"), ("duka", "rider")]
    assert kept.check_password(password)
    assert (kept.must_change_password, kept.is_staff, kept.is_superuser) == (True, False, False)
    assert trace(duka) == [("hired", "wanjiru", "Cashier, Rider", "amina")]
    assert StaffEvent.objects.get().at == NOW


def test_first_passwords_are_long_and_never_the_same(duka: Business, amina: User) -> None:
    made = [hire(duka, amina, f"person{n}")[1] for n in range(20)]

    assert len(set(made)) == 20
    assert {len(one.replace("-", "")) for one in made} == {12}
    assert set("".join(made)) <= {*LETTERS, "-"}


@pytest.mark.parametrize(
    ("username", "person", "roles"),
    [
        ("", WANJIRU, [Role.CASHIER]),
        ("two words", WANJIRU, [Role.CASHIER]),
        ("a" * 41, WANJIRU, [Role.CASHIER]),
        ("AMINA", WANJIRU, [Role.CASHIER]),
        ("wanjiru", Person(" "), [Role.CASHIER]),
        ("wanjiru", Person("G" * 61), [Role.CASHIER]),
        ("wanjiru", Person("Grace", email="grace"), [Role.CASHIER]),
        ("wanjiru", WANJIRU, []),
        ("wanjiru", WANJIRU, ["king"]),
    ],
)
def test_who_cannot_be_hired(
    duka: Business, amina: User, username: str, person: Person, roles: list[str]
) -> None:
    with pytest.raises(BadPerson):
        staff.hire(business=duka, username=username, person=person, roles=roles, by=amina, at=NOW)

    assert User.objects.count() == 1
    assert not StaffEvent.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_who_opens_the_admin_follows_the_roles(duka: Business, amina: User, role: Role) -> None:
    user, _ = hire(duka, amina, "wanjiru", role)
    opened = User.objects.get(pk=user.pk).is_staff
    staff.change_roles(business=duka, user_id=user.pk, roles=[Role.CASHIER], by=amina, at=NOW)

    assert opened == (role in {Role.OWNER, Role.MANAGER, Role.ACCOUNTANT, Role.AUDITOR})
    assert not User.objects.get(pk=user.pk).is_staff


# Only who manages

DEEDS: dict[str, Callable[[Business, User, User], object]] = {
    "hire": lambda duka, by, baraka: hire(duka, by),
    "take_on": lambda duka, by, baraka: staff.take_on(
        business=duka, user_id=make.a_user("halima").pk, roles=[Role.RIDER], by=by, at=NOW
    ),
    "roles": lambda duka, by, baraka: staff.change_roles(
        business=duka, user_id=baraka.pk, roles=[Role.OWNER], by=by, at=NOW
    ),
    "details": lambda duka, by, baraka: staff.change_details(
        business=duka, user_id=baraka.pk, person=WANJIRU, by=by, at=NOW
    ),
    "password": lambda duka, by, baraka: staff.reset_password(
        business=duka, user_id=baraka.pk, by=by, at=NOW
    ),
    "left": lambda duka, by, baraka: staff.let_go(business=duka, user_id=baraka.pk, by=by, at=NOW),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_who_does_not_manage_changes_nobody(
    duka: Business, maji: Business, role: Role, deed: str
) -> None:
    baraka, by = make.baraka(), make.a_user("other", duka=role, maji=Role.OWNER)
    make.a_user("halima", maji=Role.CASHIER)
    before = list(User.objects.values()), list(Membership.objects.values())

    with pytest.raises(NotManager):
        DEEDS[deed](duka, by, baraka)

    assert (list(User.objects.values()), list(Membership.objects.values())) == before
    assert not StaffEvent.objects.exists()


@pytest.mark.parametrize("deed", ["roles", "details", "password", "left"])
def test_a_person_of_another_business_is_nobody_here(
    duka: Business, maji: Business, amina: User, deed: str
) -> None:
    halima = make.a_user("halima", maji=Role.CASHIER)

    with pytest.raises(NoSuchPerson):
        DEEDS[deed](duka, amina, halima)


@pytest.mark.parametrize("deed", ["roles", "details", "password", "left"])
def test_an_owner_touches_no_superuser(duka: Business, amina: User, deed: str) -> None:
    root = make.a_user("root", duka=Role.CASHIER)
    User.objects.filter(pk=root.pk).update(is_superuser=True)

    with pytest.raises(NoSuchPerson):
        DEEDS[deed](duka, amina, root)


# Roles


def test_roles_are_changed_here_and_stay_elsewhere(
    duka: Business, maji: Business, amina: User
) -> None:
    baraka = make.a_user("baraka", duka=Role.CASHIER, maji=Role.RIDER)

    for _ in range(2):  # the second time nothing happens
        staff.change_roles(
            business=duka,
            user_id=baraka.pk,
            roles=[Role.MANAGER, Role.LAUNDRY_ATTENDANT],
            by=amina,
            at=NOW,
        )

    assert roles_of(baraka) == [
        ("duka", "laundry_attendant"),
        ("duka", "manager"),
        ("maji", "rider"),
    ]
    assert trace(duka) == [("roles", "baraka", "Cashier → Manager, Laundry attendant", "amina")]
    assert not StaffEvent.objects.filter(business=maji).exists()


@pytest.mark.parametrize("wanted", [[Role.OWNER, Role.CASHIER], [Role.CASHIER]])
def test_nobody_changes_the_own_roles(duka: Business, amina: User, wanted: list[str]) -> None:
    make.a_user("second", duka=Role.OWNER)

    with pytest.raises(OwnRoles):
        staff.change_roles(business=duka, user_id=amina.pk, roles=wanted, by=amina, at=NOW)
    with pytest.raises(OwnRoles):
        staff.let_go(business=duka, user_id=amina.pk, by=amina, at=NOW)

    assert roles_of(amina) == [("duka", "owner")]


def test_the_last_owner_stays(duka: Business, amina: User) -> None:
    root = User.objects.create_superuser("root")
    gone = make.a_user("gone", duka=Role.OWNER)
    User.objects.filter(pk=gone.pk).update(is_active=False)

    with pytest.raises(LastOwner):
        staff.change_roles(business=duka, user_id=amina.pk, roles=[Role.MANAGER], by=root, at=NOW)
    with pytest.raises(LastOwner):
        staff.let_go(business=duka, user_id=amina.pk, by=root, at=NOW)

    assert roles_of(amina) == [("duka", "owner")]


def test_a_second_owner_lets_the_first_go(duka: Business, amina: User) -> None:
    second = make.a_user("second", duka=Role.OWNER)

    staff.let_go(business=duka, user_id=amina.pk, by=second, at=NOW)

    assert roles_of(amina) == []
    with pytest.raises(NotManager):  # and does not come back to do the same
        staff.let_go(business=duka, user_id=second.pk, by=amina, at=NOW)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite in memory has one writer.")
@pytest.mark.django_db(transaction=True)
def test_two_owners_who_let_each_other_go_at_once_leave_one(duka: Business) -> None:
    pair = [make.a_user("first", duka=Role.OWNER), make.a_user("second", duka=Role.OWNER)]
    start, refused = threading.Barrier(2), []

    def go(by: User, other: User) -> None:
        start.wait()
        try:
            staff.let_go(business=duka, user_id=other.pk, by=by, at=NOW)
        except StaffRefused as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=two) for two in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert duka.memberships.filter(role=Role.OWNER).count() == 1


# Has left, and back again


def test_who_has_left_is_closed_everywhere_and_the_history_stays(
    duka: Business, amina: User
) -> None:
    baraka = make.with_a_pin("baraka", "2580")
    make.a_sale(duka)

    staff.let_go(business=duka, user_id=baraka.pk, by=amina, at=NOW)

    after = User.objects.get(pk=baraka.pk)
    assert (after.is_active, after.sessions_ended) == (False, 1)
    assert after.get_session_auth_hash() != baraka.get_session_auth_hash()
    assert roles_of(after) == []
    assert Pin.objects.get(user=after).hash == ""
    assert duka.sales.get().cashier == after
    assert list(left_of(duka)) == [after]
    assert trace(duka) == [
        ("pin_cleared", "baraka", "", "amina"),
        ("left", "baraka", "Cashier", "amina"),
    ]
    with pytest.raises(WrongNameOrPassword):
        sign_in(username="baraka", password="karibu", door=HERE, at=NOW)


def test_who_works_elsewhere_still_signs_in(duka: Business, maji: Business, amina: User) -> None:
    both = make.a_user("both", duka=Role.MANAGER, maji=Role.CASHIER)
    both.is_staff = True
    both.save()

    staff.let_go(business=duka, user_id=both.pk, by=amina, at=NOW)

    after = User.objects.get(pk=both.pk)
    assert (after.is_active, after.is_staff) == (True, False)
    assert roles_of(after) == [("maji", "cashier")]


def test_who_comes_back_has_a_new_first_password(duka: Business, amina: User) -> None:
    baraka = make.with_a_pin("baraka", "")
    staff.let_go(business=duka, user_id=baraka.pk, by=amina, at=NOW)

    user, password = staff.take_on(
        business=duka, user_id=baraka.pk, roles=[Role.RIDER], by=amina, at=NOW
    )

    assert (user.is_active, user.must_change_password) == (True, True)
    assert roles_of(user) == [("duka", "rider")]
    assert sign_in(username="baraka", password=password, door=HERE, at=NOW) == user
    assert trace(duka)[-1] == ("came_back", "baraka", "Rider", "amina")
    assert not User.objects.get(pk=baraka.pk).check_password("karibu")


def test_somebody_of_ones_other_business_keeps_the_password(duka: Business, maji: Business) -> None:
    owner = make.a_user("owner", duka=Role.OWNER, maji=Role.OWNER)
    halima = make.with_a_pin("halima", "", maji=Role.CASHIER)

    user, password = staff.take_on(
        business=duka, user_id=halima.pk, roles=[Role.CASHIER], by=owner, at=NOW
    )

    assert password == ""
    assert not user.must_change_password
    assert User.objects.get(pk=halima.pk).check_password("karibu")
    assert roles_of(user) == [("duka", "cashier"), ("maji", "cashier")]
    assert trace(duka) == [("hired", "halima", "Cashier", "owner")]


@pytest.mark.parametrize("kind", ["of others", "no role at all", "here", "superuser", "nobody"])
def test_whom_an_owner_does_not_take_on(
    duka: Business, maji: Business, amina: User, kind: str
) -> None:
    roles = {"of others": {"maji": Role.CASHIER}, "here": {"duka": Role.CASHIER}}
    person = make.a_user("person", **roles.get(kind, {}))
    if kind == "superuser":
        staff.hire(
            business=duka, username="gone", person=WANJIRU, roles=["rider"], by=amina, at=NOW
        )
        person = User.objects.get(username="gone")
        staff.let_go(business=duka, user_id=person.pk, by=amina, at=NOW)
        User.objects.filter(pk=person.pk).update(is_superuser=True)
    user_id = 0 if kind == "nobody" else person.pk
    assert user_id not in people_to_take_on(duka, amina).values_list("pk", flat=True)

    with pytest.raises(NoSuchPerson):
        staff.take_on(business=duka, user_id=user_id, roles=[Role.CASHIER], by=amina, at=NOW)


# Passwords and details


def test_a_reset_ends_sessions_and_opens_a_locked_name(duka: Business, amina: User) -> None:
    baraka = make.with_a_pin("baraka", "")
    for _ in range(10):
        with pytest.raises(WrongNameOrPassword):
            sign_in(username="baraka", password="wrong", door=HERE, at=NOW)
    with pytest.raises(TooManyTries):
        sign_in(username="baraka", password="karibu", door=HERE, at=NOW)

    password = staff.reset_password(business=duka, user_id=baraka.pk, by=amina, at=NOW)

    after = User.objects.get(pk=baraka.pk)
    assert after.must_change_password
    assert after.get_session_auth_hash() != baraka.get_session_auth_hash()
    assert sign_in(username="baraka", password=password, door=HERE, at=NOW) == after
    assert trace(duka) == [("password_reset", "baraka", "", "amina")]
    assert password not in str(list(StaffEvent.objects.values()))


def test_an_owner_resets_not_the_own_password(duka: Business, amina: User) -> None:
    with pytest.raises(OwnRoles):
        staff.reset_password(business=duka, user_id=amina.pk, by=amina, at=NOW)


def test_name_and_password_of_who_works_for_others_too_are_not_ones_own(
    duka: Business, maji: Business, amina: User
) -> None:
    both = make.a_user("both", duka=Role.CASHIER, maji=Role.OWNER)
    before = User.objects.filter(pk=both.pk).values().get()

    for deed in ("details", "password"):
        with pytest.raises(WorksElsewhere):
            DEEDS[deed](duka, amina, both)
    User.objects.filter(pk=both.pk).update(is_active=False)
    both.memberships.filter(business=duka).delete()
    StaffEvent.objects.create(business=duka, change=StaffChange.LEFT, person=both, by=amina, at=NOW)
    with pytest.raises(WorksElsewhere):
        staff.take_on(business=duka, user_id=both.pk, roles=[Role.CASHIER], by=amina, at=NOW)

    User.objects.filter(pk=both.pk).update(is_active=True)
    assert User.objects.filter(pk=both.pk).values().get() == before


def test_details_leave_a_trace_without_the_values(duka: Business, amina: User) -> None:
    baraka = make.baraka()

    for at in (NOW, NOW + timedelta(hours=1)):  # the second time nothing happens
        staff.change_details(business=duka, user_id=baraka.pk, person=WANJIRU, by=amina, at=at)

    after = User.objects.get(pk=baraka.pk)
    assert (after.username, after.first_name, after.phone) == ("baraka", "Grace", "254712345678")
    assert trace(duka) == [("details", "baraka", "name, phone, e-mail", "amina")]


def test_an_owner_writes_down_the_own_phone(duka: Business, maji: Business, amina: User) -> None:
    Membership.objects.create(user=amina, business=maji, role=Role.AUDITOR)

    staff.change_details(
        business=duka,
        user_id=amina.pk,
        person=Person("Amina", phone="254711111111"),
        by=amina,
        at=NOW,
    )

    assert User.objects.get(pk=amina.pk).phone == "254711111111"


def test_staff_are_listed_by_name_with_their_roles(duka: Business, maji: Business) -> None:
    zawadi = make.a_user("zawadi", duka=Role.RIDER)
    Membership.objects.create(user=zawadi, business=duka, role=Role.MANAGER)
    baraka = make.a_user("baraka", duka=Role.CASHIER, maji=Role.OWNER)

    assert staff_of(duka) == [
        (baraka, ["cashier"]),
        (zawadi, ["manager", "rider"]),
    ]
