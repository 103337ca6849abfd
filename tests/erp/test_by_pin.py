"""A counter tablet in a browser: who is listed, what a PIN opens, when it is locked."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as the_settings
from django.test import Client
from pytest_django import Settings

from money.actions.own_pin import set_pin
from money.models import Business, Device, Pin, Role, User
from shops.actions.drawers import first_drawer
from shops.models import CashSession
from tests import make
from tests.make import NOW

PIN = "2580"
SWITCH, COUNTER, PEOPLE = "/people/switch", "/s/duka/", "/people/duka/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_business()


def somebody(username: str, pin: str = PIN, **roles: str) -> User:
    return make.with_a_pin(username, pin, **roles)


@pytest.fixture
def amina(duka: Business) -> User:
    make.amina()
    User.objects.filter(username="amina").update(is_superuser=True)
    return with_pin("amina")


def with_pin(username: str) -> User:
    user = User.objects.get(username=username)
    user.set_password("karibu")
    user.save()
    set_pin(user=user, password="karibu", pin=PIN, door=make.HERE, at=NOW)
    return user


@pytest.fixture
def baraka(duka: Business) -> User:
    return somebody("baraka")


@pytest.fixture
def tablet(amina: User) -> Client:
    """A browser that the owner made a counter, and left."""
    client = Client()
    client.force_login(amina)
    client.post(f"{PEOPLE}device", {"name": "Counter 1"})
    client.post("/logout")
    return client


def enter(client: Client, user: User, pin: str = PIN, back: str = "") -> Any:
    return client.post(SWITCH, {"who": user.pk, "pin": pin, "next": back})


def names_in(response: Any) -> list[str]:
    return re.findall(r"who=\d+[^>]*>([^<]*)</a>", response.content.decode())


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


# The device


def test_a_device_has_a_signed_cookie_that_scripts_cannot_read(
    amina: User, settings: Settings
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    client = Client()
    client.force_login(amina)

    response = client.post(f"{PEOPLE}device", {"name": "Counter 1"})

    cookie = response.cookies[the_settings.DEVICE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert Device.objects.get().token_digest not in cookie.value


def test_an_unknown_device_leads_to_the_password(client: Client, baraka: User) -> None:
    client.cookies[the_settings.DEVICE_COOKIE_NAME] = "forged:token:signature"

    for response in (client.get(SWITCH), enter(client, baraka)):
        assert response["Location"].startswith("/login")
    assert who(client) is None


def test_a_revoked_device_ends_what_a_pin_began_on_it(tablet: Client, baraka: User) -> None:
    enter(tablet, baraka)
    owner = Client()
    owner.force_login(User.objects.get(username="amina"))

    owner.post(f"{PEOPLE}devices/{Device.objects.get().pk}/revoke")

    assert tablet.get(COUNTER)["Location"].startswith("/login")
    assert who(tablet) is None
    assert tablet.get(SWITCH)["Location"].startswith("/login")


def test_a_session_without_its_device_is_ended(tablet: Client, baraka: User) -> None:
    enter(tablet, baraka)
    thief = Client()
    name = the_settings.SESSION_COOKIE_NAME
    thief.cookies[name] = tablet.cookies[name].value

    assert thief.get(COUNTER)["Location"].startswith("/login")


def test_a_pin_that_is_cleared_ends_its_session(tablet: Client, baraka: User) -> None:
    enter(tablet, baraka)
    owner = Client()
    owner.force_login(User.objects.get(username="amina"))

    owner.post(f"{PEOPLE}pins/{baraka.pk}/clear")

    assert tablet.get(COUNTER)["Location"].startswith("/login")
    assert "Last cleared by amina" in owner.get(PEOPLE).content.decode()


@pytest.mark.parametrize(
    "deed", ["device", "devices/1/revoke", "pins/1/clear"], ids=["make", "revoke", "clear"]
)
def test_a_cashier_has_neither_devices_nor_others_pins(
    client: Client, baraka: User, deed: str
) -> None:
    client.force_login(baraka)

    assert client.post(PEOPLE + deed, {"name": "Mine"}).status_code == 404
    page = client.get(PEOPLE).content.decode()
    assert "Set PIN" in page
    assert "Make this a counter" not in page
    assert "Whose PIN" not in page


# One's own PIN


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 302),
        ({"password": "wrong"}, 422),
        ({"again": "1471"}, 422),
        ({"pin": "1234", "again": "1234"}, 422),
    ],
)
def test_a_pin_is_set_after_the_own_password(
    client: Client, duka: Business, fields: dict[str, str], status: int
) -> None:
    client.force_login(somebody("baraka", pin=""))

    sent = {"password": "karibu", "pin": "1470", "again": "1470"} | fields
    response = client.post(f"{PEOPLE}pin", sent)

    assert response.status_code == status
    assert Pin.objects.exists() == (status == 302)
    assert "1470" not in response.content.decode()


# Switching


def test_names_of_this_business_with_a_pin_are_listed(tablet: Client, baraka: User) -> None:
    make.a_business(slug="maji")
    somebody("halima", maji=Role.CASHIER)
    somebody("nopin", pin="")

    assert names_in(tablet.get(SWITCH)) == ["Amina", "Baraka"]


def test_another_business_s_person_is_not_let_in(tablet: Client, baraka: User) -> None:
    make.a_business(slug="maji")
    halima = somebody("halima", maji=Role.CASHIER)

    assert enter(tablet, halima).status_code == 422
    assert who(tablet) is None


@pytest.mark.parametrize("number", ["", "x", "0", "-1", "9" * 40, "٣"])
def test_nonsense_is_nobody(tablet: Client, baraka: User, number: str) -> None:
    assert tablet.post(SWITCH, {"who": number, "pin": PIN}).status_code == 422


def test_a_pin_begins_a_session_of_its_own(tablet: Client, baraka: User) -> None:
    tablet.force_login(User.objects.get(username="amina"))
    session = tablet.session
    session["left"] = "something"
    session.save()
    before = session.session_key

    response = enter(tablet, baraka)

    assert response["Location"] == COUNTER
    after = tablet.session
    assert after.session_key != before
    assert "left" not in after
    assert not type(after)().exists(str(before))
    assert after["by_pin"] == Device.objects.get().pk
    assert who(tablet) == str(baraka.pk)
    assert tablet.get(COUNTER).status_code == 200


def test_a_wrong_pin_is_a_sentence_and_leaves_who_was_there(tablet: Client, baraka: User) -> None:
    enter(tablet, User.objects.get(username="amina"))
    said = [enter(tablet, baraka, "9999") for _ in range(5)]

    assert [response.status_code for response in said] == [422] * 5
    assert "do not belong together" in said[0].content.decode()
    assert "Wait 15 minutes" in said[4].content.decode()
    assert "9999" not in said[0].content.decode()
    assert who(tablet) != str(baraka.pk)


def test_a_password_unlocks_and_opens_everything_again(tablet: Client, baraka: User) -> None:
    amina = User.objects.get(username="amina")
    enter(tablet, amina)
    for _ in range(5):
        enter(tablet, amina, "9999")

    tablet.post("/login", {"username": "amina", "password": "karibu"})

    assert "by_pin" not in tablet.session
    assert tablet.get("/admin/").status_code == 200
    assert enter(tablet, amina).status_code == 302


@pytest.mark.parametrize(
    ("back", "target"),
    [
        ("/s/duka/?q=unga", "/s/duka/?q=unga"),
        ("/inbox/duka/", "/inbox/duka/"),
        ("https://evil.example/s/duka/", COUNTER),
        ("//evil.example/s/duka/", COUNTER),
        ("/\\evil.example", COUNTER),
        ("javascript:alert(1)", COUNTER),
        ("/s/maji/", COUNTER),
        ("/admin/", COUNTER),
        ("/nothing", COUNTER),
        ("", COUNTER),
    ],
)
def test_next_leads_to_a_page_of_the_counter_only(
    tablet: Client, baraka: User, back: str, target: str
) -> None:
    assert enter(tablet, baraka, back=back)["Location"] == target


# What a PIN opens


@pytest.mark.parametrize(
    "page",
    ["/admin/", "/admin/shops/sale/", "/books/", "/jobs/", "/operations/", PEOPLE, "/s/maji/"],
)
def test_a_pin_opens_neither_admin_nor_books_even_to_a_superuser(tablet: Client, page: str) -> None:
    make.a_business(slug="maji")
    enter(tablet, User.objects.get(username="amina"))

    response = tablet.get(page)

    assert response.status_code == 403
    assert "Sign in by password" in response.content.decode()


def test_a_pin_opens_the_drawer_of_the_device_and_no_other(tablet: Client, baraka: User) -> None:
    duka = Business.objects.get(slug="duka")
    maji = make.a_business(slug="maji")
    make.a_user("baraka", maji=Role.CASHIER)
    enter(tablet, baraka)
    drawer, theirs = first_drawer(duka), first_drawer(maji)
    fields = {"key": "0123456789abcdef", "n-100": "5", "source": "owner"}

    assert tablet.get("/cash/duka/").status_code == 200
    opened = tablet.post(f"/cash/duka/drawers/{drawer.pk}/open", fields)
    refused = tablet.post(f"/cash/maji/drawers/{theirs.pk}/open", fields)

    assert (opened.status_code, refused.status_code) == (302, 403)
    assert CashSession.objects.get().opened_by == baraka


def test_a_pin_changes_no_pin_and_no_device(tablet: Client) -> None:
    enter(tablet, User.objects.get(username="amina"))

    sent = {"password": "karibu", "pin": "1470", "again": "1470", "name": "Mine"}
    for deed in ("pin", "device", f"devices/{Device.objects.get().pk}/revoke"):
        assert tablet.post(PEOPLE + deed, sent).status_code == 403
    assert Device.objects.get().revoked_at is None


def test_the_front_page_is_the_counter(tablet: Client) -> None:
    enter(tablet, User.objects.get(username="amina"))

    assert tablet.get("/")["Location"] == COUNTER


# The lock


def test_an_idle_session_is_locked_and_leads_back(
    tablet: Client, baraka: User, clock: time_machine.Coordinates
) -> None:
    enter(tablet, baraka)
    clock.shift(timedelta(minutes=4, seconds=59))
    assert tablet.get(COUNTER).status_code == 200
    clock.shift(timedelta(minutes=5))

    response = tablet.get("/s/duka/?q=unga")

    assert response["Location"] == f"{SWITCH}?next=%2Fs%2Fduka%2F%3Fq%3Dunga"
    assert who(tablet) is None
    assert enter(tablet, baraka, back="/s/duka/?q=unga")["Location"] == "/s/duka/?q=unga"


def test_a_form_that_comes_too_late_is_refused_and_leads_to_its_page(
    tablet: Client, baraka: User, clock: time_machine.Coordinates
) -> None:
    enter(tablet, baraka)
    clock.shift(timedelta(minutes=5))

    response = tablet.post("/s/duka/sales/7/cash", {"given": "200"})

    assert response["Location"] == f"{SWITCH}?next=%2Fs%2Fduka%2Fsales%2F7%2F"


def test_a_page_that_asks_by_itself_keeps_nothing_open(
    tablet: Client, baraka: User, duka: Business, clock: time_machine.Coordinates
) -> None:
    sale = make.a_sale(duka)
    enter(tablet, baraka)
    state = f"/s/duka/sales/{sale.pk}/state"
    clock.shift(timedelta(minutes=4))
    assert tablet.get(state, headers={"HX-Request": "true"}).status_code == 200
    clock.shift(timedelta(minutes=1))

    response = tablet.get(state, headers={"HX-Request": "true"})

    assert response.status_code == 204
    assert response["HX-Redirect"].startswith(f"{SWITCH}?next=%2Fs%2Fduka%2Fsales%2F")


def test_taps_that_send_nothing_else_keep_it_open(
    tablet: Client, baraka: User, clock: time_machine.Coordinates
) -> None:
    enter(tablet, baraka)
    for _ in range(3):
        clock.shift(timedelta(minutes=4))
        assert tablet.get("/people/alive").status_code == 204

    assert tablet.get(COUNTER).status_code == 200


def test_no_lock_where_it_is_off_nor_for_a_password(
    tablet: Client, baraka: User, clock: time_machine.Coordinates, settings: Settings
) -> None:
    owner = Client()
    owner.force_login(User.objects.get(username="amina"))
    enter(tablet, baraka)
    settings.COUNTER_LOCK_MINUTES = 0
    clock.shift(timedelta(hours=2))

    assert tablet.get(COUNTER).status_code == 200
    assert owner.get(COUNTER).status_code == 200


def test_the_lock_button_locks_at_once(tablet: Client, baraka: User) -> None:
    enter(tablet, baraka)
    page = tablet.get(COUNTER).content.decode()
    assert 'id="lock"' in page
    assert "lock.js" in page
    assert "Sign out" not in page

    response = tablet.post("/people/lock", {"next": "/inbox/duka/"})

    assert response["Location"] == f"{SWITCH}?next=%2Finbox%2Fduka%2F"
    assert tablet.get(COUNTER)["Location"].startswith("/login")
