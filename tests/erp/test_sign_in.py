"""The door: wrong passwords are counted, a first password opens one page alone."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings as the_settings
from django.test import Client
from pytest_django import Settings

from money.actions.sign_in import MOST_OF_NAME
from money.models import Role, StaffEvent, User
from tests import make
from tests.make import NOW

PAGE, COUNTER = "/password", "/s/duka/"
NEW = {"old": "karibu", "new": "soko-la-mji", "again": "soko-la-mji"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def baraka(db: None) -> User:
    make.a_business()
    return make.with_a_pin("baraka", "2580")


@pytest.fixture
def newcomer(baraka: User, client: Client) -> Client:
    """Somebody who has just signed in with a first password."""
    User.objects.update(must_change_password=True)
    sign_in(client)
    return client


def sign_in(client: Client, password: str = "karibu", address: str = "203.0.113.7") -> Any:
    fields = {"username": "baraka", "password": password}
    return client.post("/login", fields, REMOTE_ADDR=address)


def sentence(response: Any) -> str:
    page: str = response.content.decode()
    return page.partition('role="alert">')[2].partition("<")[0]


# Tries


def test_ten_wrong_ones_shut_the_door_to_strangers(client: Client, baraka: User) -> None:
    for _ in range(MOST_OF_NAME):
        assert "do not belong together" in sentence(sign_in(client, "wrong"))

    said = sentence(sign_in(client))

    assert said.startswith("Too many wrong passwords. Wait 15 minutes")
    assert "_auth_user_id" not in client.session


def test_a_stranger_does_not_shut_out_who_signed_in_here_before(baraka: User) -> None:
    own, stranger = Client(), Client()
    sign_in(own)
    own.post("/logout")
    for _ in range(MOST_OF_NAME + 5):
        sign_in(stranger, "wrong")

    assert sign_in(Client()).status_code == 200
    assert sign_in(own).status_code == 302


def test_the_cookie_is_signed_and_of_one_name_alone(baraka: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    make.with_a_pin("halima", "")
    browser = Client()
    cookie = sign_in(browser).cookies[the_settings.KNOWN_COOKIE_NAME]
    for _ in range(MOST_OF_NAME):
        Client().post("/login", {"username": "halima", "password": "wrong"})

    fields = {"username": "halima", "password": "karibu"}
    assert browser.post("/login", fields).status_code == 200
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert "baraka" not in cookie.value
    browser.cookies[the_settings.KNOWN_COOKIE_NAME] = cookie.value[:-1] + "x"
    for _ in range(MOST_OF_NAME):
        sign_in(browser, "wrong")
    assert sign_in(browser).status_code == 200


def test_a_tablet_remembers_twelve_people(baraka: User) -> None:
    tablet = Client()
    for number in range(14):
        make.with_a_pin(f"person{number}", "")
        tablet.post("/login", {"username": f"person{number}", "password": "karibu"})

    value = tablet.cookies[the_settings.KNOWN_COOKIE_NAME].value
    assert value.count(".") == 12
    assert len(value) < 1000


def test_the_admins_own_door_is_this_one(client: Client, baraka: User) -> None:
    fields = {"username": "baraka", "password": "karibu"}

    assert client.post("/admin/login/", fields)["Location"].startswith("/login")
    assert "_auth_user_id" not in client.session


# A first password


@pytest.mark.parametrize("page", ["/", COUNTER, "/people/duka/", "/inbox/duka/", "/admin/"])
def test_a_first_password_opens_one_page(newcomer: Client, page: str) -> None:
    assert newcomer.get(page)["Location"] == PAGE
    assert "The first one was given to you." in newcomer.get(PAGE).content.decode()


def test_a_first_password_sells_nothing(newcomer: Client) -> None:
    response = newcomer.post("/s/duka/sell", {}, headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Redirect"]) == (204, PAGE)
    assert newcomer.post("/s/duka/sell", {})["Location"] == PAGE


def test_it_is_changed_and_the_house_opens(newcomer: Client) -> None:
    elsewhere = Client()
    sign_in(elsewhere)

    assert newcomer.post(PAGE, NEW)["Location"] == "/"

    assert newcomer.get(COUNTER).status_code == 200
    assert elsewhere.get(COUNTER)["Location"].startswith("/login")
    assert sign_in(Client()).status_code == 200
    assert sign_in(Client(), "soko-la-mji").status_code == 302
    assert StaffEvent.objects.get().change == "password_changed"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"old": "wrong"}, "do not belong together"),
        ({"again": "other"}, "not the same"),
        ({"new": "1", "again": "1"}, "too short"),
        ({"new": "\x00\x00", "again": "\x00"}, "too short"),
    ],
)
def test_what_will_not_do_is_a_sentence(
    newcomer: Client, changes: dict[str, str], words: str
) -> None:
    response = newcomer.post(PAGE, NEW | changes)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert "soko-la-mji" not in response.content.decode()
    assert newcomer.get(COUNTER)["Location"] == PAGE


def test_who_is_signed_out_signs_in_first(client: Client, baraka: User) -> None:
    assert client.get(PAGE)["Location"] == f"/login?next={PAGE}"


def test_one_may_leave_without_changing_it(newcomer: Client) -> None:
    assert newcomer.post("/logout")["Location"] == "/login"


def test_a_pin_of_before_goes_on_opening_the_counter_and_no_password_page(baraka: User) -> None:
    tablet = Client()
    owner = make.with_a_pin("owner", "", duka=Role.OWNER)
    tablet.force_login(owner)
    tablet.post("/people/duka/device", {"name": "Counter 1"})
    tablet.post("/logout")
    User.objects.filter(pk=baraka.pk).update(must_change_password=True)

    tablet.post("/people/switch", {"who": baraka.pk, "pin": "2580"})

    assert tablet.get(COUNTER).status_code == 200
    assert tablet.get(PAGE).status_code == 403


# Sessions end


def test_who_has_left_is_out_at_once_by_password_and_by_pin(baraka: User) -> None:
    owner_user = make.with_a_pin("owner", "", duka=Role.OWNER)
    owner, by_password, tablet = Client(), Client(), Client()
    owner.force_login(owner_user)
    tablet.force_login(owner_user)
    tablet.post("/people/duka/device", {"name": "Counter 1"})
    tablet.post("/people/switch", {"who": baraka.pk, "pin": "2580"})
    sign_in(by_password)
    seen = [by_password.get(COUNTER).status_code, tablet.get(COUNTER).status_code]

    owner.post(f"/people/duka/staff/{baraka.pk}/left")

    assert seen == [200, 200]
    assert by_password.get(COUNTER)["Location"].startswith("/login")
    assert tablet.get(COUNTER)["Location"].startswith("/login")
    assert sign_in(Client()).status_code == 200
    # The device is a counter still: others switch on it.
    assert tablet.get("/people/switch").status_code == 200
