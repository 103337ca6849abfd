"""The pages of people: the owner hires, changes and lets go; others look, or find nothing."""

import re
from typing import Any

import pytest
from django.test import Client

from money.access import limits_in
from money.limits import Limit
from money.models import Business, Role, RoleLimit, StaffEvent, User
from tests import make

PEOPLE = "/people/duka/"
WANJIRU = {
    "username": "wanjiru",
    "first_name": "Grace",
    "last_name": "Wanjiru",
    "phone": "0712 345 678",
    "role-cashier": "yes",
    "role-rider": "yes",
}


@pytest.fixture
def owner(duka: Business) -> Client:
    return client_of(make.amina())


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def of(user: User, deed: str = "") -> str:
    return f"{PEOPLE}staff/{user.pk}/{deed}"


def test_a_hire_shows_the_first_password_once(owner: Client) -> None:
    response = owner.post(f"{PEOPLE}new", WANJIRU)

    user = User.objects.get(username="wanjiru")
    shown = re.findall(r'id="first">([^<]+)<', response.content.decode())
    assert response.status_code == 200
    assert len(shown) == 1
    assert user.check_password(shown[0])
    assert user.phone == "254712345678"
    assert "no-store" in response["Cache-Control"]
    for page in (PEOPLE, of(user), f"{PEOPLE}new"):
        assert shown[0] not in owner.get(page).content.decode()
    assert shown[0] not in str(owner.session.items())
    assert "Hired: Grace Wanjiru" in text(owner.get(PEOPLE))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "12"}, "Write the phone as"),
        ({"username": "amina"}, "already"),
        ({"username": "a b"}, "no spaces"),
        ({"first_name": ""}, "first name"),
        ({"role-cashier": "", "role-rider": ""}, "at least one role"),
        ({"first_name": "\x00Gr\x00ace"}, ""),
    ],
)
def test_a_refused_hire_keeps_what_was_typed(
    owner: Client, changes: dict[str, str], words: str
) -> None:
    response = owner.post(f"{PEOPLE}new", WANJIRU | changes)

    if words:
        assert response.status_code == 422
        assert words in text(response)
        assert 'value="Wanjiru"' in response.content.decode()
        assert not User.objects.filter(username="wanjiru").exists()
    else:
        assert User.objects.get(username="wanjiru").first_name == "Grace"


def test_a_form_sent_twice_hires_once(owner: Client) -> None:
    owner.post(f"{PEOPLE}new", WANJIRU)

    response = owner.post(f"{PEOPLE}new", WANJIRU)

    assert response.status_code == 422
    assert User.objects.filter(username="wanjiru").count() == 1


def test_the_owner_changes_roles_and_details(owner: Client) -> None:
    baraka = make.baraka()

    owner.post(of(baraka, "roles"), {"role-manager": "yes", "role-rider": "yes"})
    owner.post(of(baraka, "details"), {"first_name": "Baraka", "phone": "0110345678"})

    assert set(baraka.memberships.values_list("role", flat=True)) == {"manager", "rider"}
    baraka.refresh_from_db()
    assert (baraka.is_staff, baraka.phone) == (True, "254110345678")
    page = text(owner.get(of(baraka)))
    assert "Cashier → Manager, Rider" in page
    assert "by Amina" in page


def test_a_person_leaves_and_comes_back(owner: Client) -> None:
    baraka = make.baraka()

    assert owner.post(of(baraka, "left")).status_code == 302
    gone = text(owner.get(PEOPLE))
    back = owner.get(of(baraka))
    response = owner.post(f"{PEOPLE}take-on", {"person": baraka.pk, "role-rider": "yes"})

    assert "Worked here before" in gone
    assert "Come back" in text(back)
    assert 'id="first"' in response.content.decode()
    assert list(baraka.memberships.values_list("role", flat=True)) == ["rider"]


def test_a_new_first_password_is_shown_once(owner: Client) -> None:
    baraka = make.baraka()

    response = owner.post(of(baraka, "password"))

    shown = re.findall(r'id="first">([^<]+)<', response.content.decode())
    assert User.objects.get(pk=baraka.pk).check_password(shown[0])


def test_somebody_of_the_other_business_is_offered_and_works_here(duka: Business) -> None:
    make.a_business(slug="maji")
    owner = client_of(make.a_user("owner", duka=Role.OWNER, maji=Role.OWNER))
    halima = make.a_user("halima", maji=Role.CASHIER)

    offered = owner.get(f"{PEOPLE}new").content.decode()
    response = owner.post(f"{PEOPLE}take-on", {"person": halima.pk, "role-cashier": "yes"})

    assert f'<option value="{halima.pk}">Halima (halima)</option>' in offered
    assert response["Location"] == PEOPLE
    assert set(halima.memberships.values_list("business__slug", flat=True)) == {"duka", "maji"}


@pytest.mark.parametrize("person", ["", "x", "0", "9" * 40, "٣"])
def test_nonsense_is_nobody_to_take_on(owner: Client, person: str) -> None:
    response = owner.post(f"{PEOPLE}take-on", {"person": person, "role-cashier": "yes"})

    assert response.status_code == 422


def test_an_owner_is_not_offered_to_change_the_own_roles(owner: Client) -> None:
    amina = User.objects.get(username="amina")

    page = owner.get(of(amina)).content.decode()

    assert "nobody changes the own" in page
    for deed in ("roles", "password", "left"):
        assert of(amina, deed) not in page
        response = owner.post(of(amina, deed), {"role-cashier": "yes"})
        assert response.status_code == 422
    assert list(amina.memberships.values_list("role", flat=True)) == ["owner"]


def test_who_works_for_others_too_is_not_offered_to_be_renamed(owner: Client) -> None:
    make.a_business(slug="maji")
    both = make.a_user("both", duka=Role.CASHIER, maji=Role.CASHIER)

    page = owner.get(of(both)).content.decode()

    assert "Amina maji" not in page
    for deed in ("details", "password"):
        assert of(both, deed) not in page
        assert owner.post(of(both, deed), {"first_name": "Mine"}).status_code == 422
    assert owner.post(of(both, "left")).status_code == 302


def test_a_person_of_another_business_has_no_page_here(owner: Client) -> None:
    make.a_business(slug="maji")
    halima = make.a_user("halima", maji=Role.CASHIER)

    for user_id in (halima.pk, 0, 10**30):
        assert owner.post(f"{PEOPLE}pins/{user_id}/clear").status_code == 422
        assert owner.get(f"{PEOPLE}staff/{user_id}/").status_code == 404
        assert owner.post(f"{PEOPLE}staff/{user_id}/left").status_code == 404


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ACCOUNTANT, Role.AUDITOR])
def test_who_looks_after_the_shop_sees_the_list_and_the_trace(owner: Client, role: Role) -> None:
    owner.post(f"{PEOPLE}new", WANJIRU)

    page = text(client_of(make.a_user("other", duka=role)).get(PEOPLE))

    assert "Grace Wanjiru Cashier, Rider" in page
    assert "Hired: Grace Wanjiru Cashier, Rider" in page
    assert "by Amina" in page
    assert "712345678" not in page
    for word in ("Open", "Hire ", "Limits"):
        assert word not in page.replace("Hired", "")


@pytest.mark.parametrize("role", [Role.CASHIER, Role.LAUNDRY_ATTENDANT, Role.RIDER])
def test_who_sells_sees_the_own_pin_alone(owner: Client, role: Role) -> None:
    owner.post(f"{PEOPLE}new", WANJIRU)

    page = text(client_of(make.a_user("other", duka=role)).get(PEOPLE))

    assert "Set PIN" in page
    assert "Wanjiru" not in page
    assert "What was done" not in page


# Limits


def card(role: str, **changes: str) -> dict[str, str]:
    """Return the fields of a card as it is delivered, with `changes`."""
    shown = {"discount": "5", "refund": "0", "price_override": "0"} | {
        "cash_difference": "200",
        "pay_out": "2,000",
    }
    fields = {"role": role} | shown
    fields |= {f"was-{name}": value for name, value in shown.items()}
    return fields | {name.replace("none_", "none-"): value for name, value in changes.items()}


def test_the_page_shows_what_is_in_force_and_saves_what_was_touched(
    owner: Client, duka: Business
) -> None:
    page = owner.get(f"{PEOPLE}limits").content.decode()
    fields = dict(re.findall(r'id="cashier-(\w+)" name="\w+" value="([^"]*)"', page))

    response = owner.post(
        f"{PEOPLE}limits", card("cashier", discount="7.5", pay_out="", none_pay_out="yes")
    )

    assert fields == {
        "discount": "5",
        "refund": "0",
        "price_override": "0",
        "cash_difference": "200",
        "pay_out": "2,000",
    }
    assert response.status_code == 302
    assert limits_in(duka)[Role.CASHIER][Limit.DISCOUNT] == 750
    assert limits_in(duka)[Role.CASHIER][Limit.PAY_OUT] is None
    assert RoleLimit.objects.count() == 2
    after = owner.get(f"{PEOPLE}limits").content.decode()
    assert 'name="none-pay_out" value="yes" checked' in after
    assert "7.50" in after


def test_what_another_owner_changed_meanwhile_is_not_set_back(
    owner: Client, duka: Business
) -> None:
    owner.post(f"{PEOPLE}limits", card("cashier", refund="500"))

    owner.post(f"{PEOPLE}limits", card("cashier", discount="3"))

    limits = limits_in(duka)[Role.CASHIER]
    assert (limits[Limit.REFUND], limits[Limit.DISCOUNT]) == (50_000, 300)


def test_as_delivered_is_offered_where_it_is_not(owner: Client, duka: Business) -> None:
    before = owner.get(f"{PEOPLE}limits").content.decode()
    owner.post(f"{PEOPLE}limits", card("cashier", discount="3"))
    between = owner.get(f"{PEOPLE}limits").content.decode()

    owner.post(f"{PEOPLE}limits", card("cashier") | {"delivered": "yes"})

    assert [page.count("As delivered") for page in (before, between)] == [0, 1]
    assert limits_in(duka)[Role.CASHIER][Limit.DISCOUNT] == 500


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (card("cashier", discount="lots"), "write percent"),
        (card("cashier", discount=""), "tick No limit"),
        (card("cashier", discount="101"), "from 0 to 100 %"),
        (card("cashier", pay_out="-5"), "write shillings"),
        (card("cashier", pay_out="700", none_pay_out="yes"), "not both"),
    ],
)
def test_what_is_no_limit_is_a_sentence_and_stays_typed(
    owner: Client, fields: dict[str, str], words: str
) -> None:
    response = owner.post(f"{PEOPLE}limits", fields)

    assert response.status_code == 422
    assert words in text(response)
    assert f'value="{fields["discount"]}"' in response.content.decode()
    assert not RoleLimit.objects.exists()


@pytest.mark.parametrize("role", ["owner", "auditor", "king", ""])
def test_a_role_without_limits_has_no_card_and_takes_none(owner: Client, role: str) -> None:
    page = owner.get(f"{PEOPLE}limits").content.decode()

    owner.post(f"{PEOPLE}limits", card(role, discount="1"))
    response = owner.post(f"{PEOPLE}limits", {"role": role, "delivered": "yes"})

    assert f'name="role" value="{role}"' not in page
    assert response.status_code == 422
    assert not RoleLimit.objects.exists()
    assert not StaffEvent.objects.exists()
