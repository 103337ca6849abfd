"""The owner sets how far a role goes: for good, with what it was before."""

from typing import Any

import pytest

from money.access import LIMITED, limit_of, limits_in
from money.actions.limits import LimitRefused, limits_for, set_as_delivered, set_limits
from money.limits import DELIVERED, Limit, said
from money.models import Business, Role, RoleLimit, StaffEvent, User
from money.queries import staff_events
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def amina(duka: Business) -> User:
    return make.amina()


def details(business: Business) -> list[str]:
    return [event.detail for event in reversed(staff_events(business))]


def test_limits_are_set_in_their_unit_with_a_trace(duka: Business, amina: User) -> None:
    wanted = {Limit.DISCOUNT: 750, Limit.PAY_OUT: None, Limit.REFUND: 0}

    changed = set_limits(business=duka, role=Role.CASHIER, wanted=wanted, by=amina, at=NOW)

    baraka = make.baraka()
    assert changed == [Limit.DISCOUNT, Limit.PAY_OUT]  # a refund was 0 before
    assert limit_of(baraka, duka, Limit.DISCOUNT) == 750
    assert limit_of(baraka, duka, Limit.PAY_OUT) is None
    assert list(RoleLimit.objects.order_by("pk").values_list("most_bp", "most_cents")) == [
        (750, None),
        (None, None),
    ]
    assert details(duka) == [
        "Cashier, Discount on a sale: 5 % → 7.50 %",
        "Cashier, Pay out of the drawer: KES 2,000 → no limit",
    ]
    assert {event.by for event in staff_events(duka)} == {amina}


def test_as_delivered_sets_all_of_a_role_back(duka: Business, amina: User) -> None:
    wanted = {Limit.DISCOUNT: 0, Limit.PAY_OUT: 5_000}
    set_limits(business=duka, role=Role.RIDER, wanted=wanted, by=amina, at=NOW)
    set_limits(business=duka, role=Role.CASHIER, wanted=wanted, by=amina, at=NOW)

    changed = set_as_delivered(business=duka, role=Role.RIDER, by=amina, at=NOW)

    assert changed == [Limit.DISCOUNT, Limit.PAY_OUT]
    assert limits_in(duka)[Role.RIDER] == DELIVERED["rider"]
    assert limits_in(duka)[Role.CASHIER][Limit.DISCOUNT] == 0
    assert set_as_delivered(business=duka, role=Role.RIDER, by=amina, at=NOW) == []


@pytest.mark.parametrize(
    ("role", "wanted"),
    [
        (Role.OWNER, {Limit.DISCOUNT: 0}),
        (Role.RIDER, {Limit.REFUND: 0}),
        (Role.AUDITOR, {Limit.DISCOUNT: 100}),
        ("king", {Limit.DISCOUNT: 0}),
        (Role.CASHIER, {Limit.DISCOUNT: 10_001}),
        (Role.CASHIER, {Limit.DISCOUNT: -1}),
        (Role.CASHIER, {Limit.DISCOUNT: 100, Limit.PAY_OUT: 10**12 + 1}),
    ],
)
def test_what_is_no_limit_is_refused_wholly(
    duka: Business, amina: User, role: str, wanted: dict[Limit, Any]
) -> None:
    with pytest.raises(LimitRefused):
        set_limits(business=duka, role=role, wanted=wanted, by=amina, at=NOW)

    assert not RoleLimit.objects.exists()
    assert not StaffEvent.objects.exists()


@pytest.mark.parametrize("role", [Role.OWNER, Role.AUDITOR, Role.ACCOUNTANT, "king"])
def test_a_role_without_limits_is_not_set_as_delivered(
    duka: Business, amina: User, role: str
) -> None:
    with pytest.raises(LimitRefused):
        set_as_delivered(business=duka, role=role, by=amina, at=NOW)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.OWNER])
def test_only_who_manages_sets_limits(duka: Business, role: Role) -> None:
    make.a_business(slug="maji")
    by = make.a_user("other", duka=role, maji=Role.OWNER)

    with pytest.raises(LimitRefused):
        set_limits(business=duka, role=Role.CASHIER, wanted={Limit.REFUND: None}, by=by, at=NOW)

    assert not RoleLimit.objects.exists()


def test_limits_of_a_role_are_those_it_has_a_use_for() -> None:
    assert limits_for(Role.CASHIER) == list(LIMITED)
    assert limits_for(Role.RIDER) == [limit for limit in LIMITED if limit != Limit.REFUND]
    assert limits_for(Role.AUDITOR) == limits_for(Role.OWNER) == limits_for("king") == []


@pytest.mark.parametrize(
    ("limit", "most", "words"),
    [
        (Limit.DISCOUNT, 500, "5 %"),
        (Limit.DISCOUNT, 0, "0 %"),
        (Limit.PAY_OUT, 200_050, "KES 2,000.50"),
        (Limit.REFUND, None, "no limit"),
    ],
)
def test_a_limit_in_words(limit: Limit, most: int | None, words: str) -> None:
    assert said(limit, most) == words
