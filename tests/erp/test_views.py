"""The front door: where each person goes, what one sees when it goes wrong."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from pytest_django import Settings

from erp import urls, views
from money.models import Business, Membership, Role, User
from shops.actions.settle import take_cash
from tests import make
from tests.make import NOW


def failing(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret of ours")


urlpatterns = [*urls.urlpatterns, path("fails", failing)]
handler400, handler403, handler404, handler500 = (
    urls.handler400,
    urls.handler403,
    urls.handler404,
    urls.handler500,
)


@pytest.fixture
def duka(db: None) -> Business:
    return make.a_business(vat_registered_from=date(2024, 1, 1))


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(client: Client, *, is_staff: bool = False, **roles: str) -> Client:
    user = make.a_user("somebody", **roles)
    User.objects.filter(pk=user.pk).update(is_staff=is_staff)
    client.force_login(User.objects.get(pk=user.pk))
    return client


def sentence_of(response: Any) -> str:
    """Return the page's one sentence, after making sure that it is a page and shows no insides."""
    text = response.content.decode()
    assert "Traceback" not in text
    assert "secret" not in text
    return re.sub(r"<.*?>", "", re.findall(r"<p>(.*?)</p>", text)[0])


# Where each person goes


@pytest.mark.parametrize("role", [Role.CASHIER, Role.RIDER, Role.LAUNDRY_ATTENDANT])
def test_home_leads_who_sells_to_the_counter(client: Client, duka: Business, role: str) -> None:
    response = signed_in(client, duka=role).get("/")

    assert (response.status_code, response["Location"]) == (302, "/s/duka/")


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER, Role.ACCOUNTANT, Role.AUDITOR])
def test_home_leads_staff_to_the_days_takings(client: Client, duka: Business, role: str) -> None:
    response = signed_in(client, is_staff=True, duka=role).get("/")

    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_home_lets_who_sells_in_two_shops_choose(client: Client, duka: Business) -> None:
    make.a_business(slug="maji")
    make.a_business(slug="dobi")

    page = signed_in(client, duka=Role.RIDER, maji=Role.RIDER).get("/").content.decode()

    assert re.findall(r'href="(/s/[^"]*)"', page) == ["/s/duka/", "/s/maji/"]


def test_home_tells_a_stranger_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(make.chebet())

    assert sentence_of(client.get("/")) == (
        "You are signed in, but no business has given you a role. Ask the owner."
    )


@pytest.mark.parametrize("page", ["/", "/admin/", "/admin/shops/sale/"])
def test_who_is_signed_out_signs_in(client: Client, db: None, page: str) -> None:
    response = client.get(page)

    assert response.status_code == 302
    assert response["Location"].partition("?")[0] in {"/login", "/admin/login/"}


# Signing in and out


@pytest.fixture
def baraka(duka: Business) -> User:
    user = make.baraka()
    user.set_password("karibu")
    user.save()
    return user


def test_login_leads_back_where_one_came_from(client: Client, baraka: User) -> None:
    back = {"next": "/s/duka/"}
    page = client.get("/login", back).content.decode()

    response = client.post("/login", {"username": "baraka", "password": "karibu", **back})

    assert '<input type="hidden" name="next" value="/s/duka/">' in page
    assert response["Location"] == "/s/duka/"


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "baraka", "password": "wrong"},
        {"username": "nobody", "password": "karibu"},
        {"username": "bar\x00aka", "password": "karibu"},
        {"username": '"><script>', "password": ""},
    ],
)
def test_login_answers_a_wrong_one_with_a_sentence(
    client: Client, baraka: User, fields: dict[str, str]
) -> None:
    response = client.post("/login", fields)

    page = response.content.decode()
    assert re.findall(r'<p class="refusal" role="alert">(.*?)</p>', page) == [
        "That name and password do not belong together. Try again."
    ]
    assert "<script>" not in page
    assert "_auth_user_id" not in client.session


def test_login_refuses_who_left(client: Client, baraka: User) -> None:
    baraka.is_active = False
    baraka.save()

    client.post("/login", {"username": "baraka", "password": "karibu"})

    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("page", ["//evil.example/", "https://evil.example/", "javascript:x"])
def test_login_leads_to_no_other_house(client: Client, baraka: User, page: str) -> None:
    response = client.post("/login", {"username": "baraka", "password": "karibu", "next": page})

    assert response["Location"] == "/"


def test_logout_ends_the_session_and_takes_a_press(client: Client, baraka: User) -> None:
    client.force_login(baraka)

    by_link = client.get("/logout")
    by_press = client.post("/logout")

    assert (by_link.status_code, by_press["Location"]) == (405, "/login")
    assert "_auth_user_id" not in client.session


def test_who_left_is_out_at_once(client: Client, baraka: User) -> None:
    client.force_login(baraka)
    User.objects.update(is_active=False)

    assert client.get("/s/duka/")["Location"] == "/login?next=%2Fs%2Fduka%2F"


# Health and faults


def test_healthz_answers_without_a_database(client: Client) -> None:
    client.cookies["duka_8000"] = "a-session-that-nobody-looks-up"

    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Content-Type"] == "text/plain"


def test_not_found_is_a_sentence(client: Client, db: None) -> None:
    response = client.get("/nowhere/<script>")

    assert response.status_code == 404
    assert sentence_of(response) == ("This page does not exist, or is not one of your businesses.")


def test_a_host_that_is_not_ours_is_a_sentence(
    client: Client, db: None, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["duka.example"]

    response = client.get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert sentence_of(response) == "Go back, reload the page, try again."
    assert "evil.example" not in response.content.decode()


@pytest.mark.urls("tests.erp.test_views")
def test_our_mistake_is_a_sentence(db: None) -> None:
    response = Client(raise_request_exception=False).get("/fails")

    assert response.status_code == 500
    assert sentence_of(response) == (
        "Something went wrong here. Nothing was half done: go back, look whether the sale is"
        " there, and try again. If it stays, call the owner."
    )


def test_error_pages_need_no_database() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    answers = [
        views.bad_request(request),
        views.forbidden(request),
        views.not_found(request),
        views.broken(request),
        views.stale_form(request, "CSRF token missing: a secret"),
    ]

    assert [answer.status_code for answer in answers] == [400, 403, 404, 500, 403]
    assert [sentence_of(answer).partition(".")[0] for answer in answers] == [
        "Go back, reload the page, try again",
        "Your role does not allow this",
        "This page does not exist, or is not one of your businesses",
        "Something went wrong here",
        "You signed in or out since it was loaded",
    ]


def test_who_may_not_gets_a_sentence(client: Client, duka: Business) -> None:
    signed_in(client, is_staff=True, duka=Role.MANAGER)

    response = client.get("/admin/money/entry/")

    assert response.status_code == 403
    assert sentence_of(response) == "Your role does not allow this. Ask the owner."


def test_a_form_without_its_token_gets_a_sentence(baraka: User) -> None:
    response = Client(enforce_csrf_checks=True).post("/login", {"username": "baraka"})

    assert response.status_code == 403
    assert sentence_of(response) == (
        "You signed in or out since it was loaded. Nothing was done. Go back, reload, try again."
    )


# The owner's front page


def shown_by(page: str) -> dict[str, list[str]]:
    """Return business -> what its card shows: taken, cash, M-Pesa, unidentified."""
    cards = re.findall(r"<article>(.*?)</article>", page, re.DOTALL)
    return {
        re.findall(r"<h2>(.*?)</h2>", card)[0]: re.findall(r'<p class="taken">(.*?)</p>', card)
        + re.findall(r"<dd>(.*?)</dd>", card)
        for card in cards
    }


@pytest.fixture
def two_shops(duka: Business, at_noon: None) -> None:
    maji = make.a_business(slug="maji")
    for business in (duka, maji):
        make.a_session(business)
    for business in (duka, maji, maji):
        sale = make.a_sale(business)
        take_cash(sale_id=sale.pk, given_cents=20_000, by=sale.cashier, now=NOW)
    make.a_payment(make.a_till(duka), amount_cents=5_050)


def test_the_owner_sees_todays_takings(client: Client, two_shops: None) -> None:
    signed_in(client, is_staff=True, duka=Role.OWNER, maji=Role.OWNER)

    page = client.get("/admin/").content.decode()

    assert shown_by(page) == {
        "Amina duka": ["KES 230.50", "180", "50.50", '<a href="/inbox/duka/">1: 50.50</a>'],
        "Amina maji": ["KES 360", "360", "0", '<a href="/inbox/maji/">0</a>'],
    }
    assert re.findall(r'<p class="all">(.*?)</p>', page) == [
        "All businesses: <b>KES 590.50</b> today: cash 540, M-Pesa 50.50; unidentified 50.50."
    ]
    assert '<p class="day">Sunday, 22 November 2026</p>' in page
    assert re.findall(r'href="(/s/[^"]*)"', page) == ["/s/duka/", "/s/maji/"]


def test_the_owner_sees_warnings(client: Client, duka: Business, at_noon: None) -> None:
    make.a_request(make.a_till(duka), state="unknown")
    signed_in(client, is_staff=True, duka=Role.OWNER)

    page = client.get("/admin/").content.decode()

    assert re.findall(r'<p class="warning">(.*?)</p>', page) == [
        "1 payment requests have no answer from Safaricom yet."
    ]


@pytest.mark.parametrize(
    ("role", "links"),
    [
        (Role.OWNER, ["Counter", "Cash", "People", "Stock", "Sales", "Journal"]),
        (Role.MANAGER, ["Counter", "Cash", "People", "Stock"]),
        (Role.ACCOUNTANT, ["Cash", "People", "Stock", "Sales", "Journal"]),
        (Role.AUDITOR, ["Cash", "People", "Stock", "Sales", "Journal"]),
    ],
)
def test_takings_are_shown_with_the_links_that_the_role_may_follow(
    client: Client, two_shops: None, role: str, links: list[str]
) -> None:
    signed_in(client, is_staff=True, duka=role)

    page = client.get("/admin/").content.decode()

    found = re.findall(r'<p class="links">(.*?)</p>', page, re.DOTALL)
    addresses = re.findall(r'href="(.*?)"', found[0])
    assert list(shown_by(page)) == ["Amina duka"]
    assert re.findall(r">(\w+)</a>", found[0]) == links
    assert [client.get(address).status_code for address in addresses] == [200] * len(links)


def test_a_cashier_in_the_admin_sees_no_takings(client: Client, two_shops: None) -> None:
    signed_in(client, is_staff=True, duka=Role.CASHIER)

    page = client.get("/admin/").content.decode()

    assert shown_by(page) == {}
    assert "No business shows you its takings." in page


def test_a_cashier_has_no_admin(client: Client, duka: Business) -> None:
    signed_in(client, duka=Role.CASHIER)

    response = client.get("/admin/")

    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/admin/")


def test_a_cashier_at_the_admins_door_is_sent_home(client: Client, duka: Business) -> None:
    anonymous = client.get("/admin/login/?next=/admin/")
    signed_in(client, duka=Role.CASHIER)

    cashier = client.get("/admin/login/?next=/admin/")

    assert anonymous["Location"] == "/login?next=%2Fadmin%2F"
    assert cashier["Location"] == "/"


# The monitor's admin is written for Django 5 only.
@pytest.mark.filterwarnings("ignore:`request` must be added to the signature")
@pytest.mark.parametrize(
    "page",
    [
        "money/entry/",
        "money/account/",
        "money/business/",
        "money/taxperson/",
        "money/taxrate/",
        "money/user/",
        "mpesa/payment/",
        "mpesa/paymentrequest/",
        "mpesa/till/",
        "mpesa/inboundmessage/",
        "shops/sale/",
        "shops/product/",
        "huey_monitor/taskmodel/",
        "huey_monitor/signalinfomodel/",
    ],
)
def test_the_owner_opens_every_list(client: Client, two_shops: None, page: str) -> None:
    signed_in(client, is_staff=True, duka=Role.OWNER)

    response = client.get(f"/admin/{page}")

    assert response.status_code == 200
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', response.content.decode()) == []


def test_strays_are_shown_to_who_manages_every_business(client: Client, two_shops: None) -> None:
    signed_in(client, is_staff=True, duka=Role.OWNER)
    of_one = client.get("/admin/mpesa/stray/").status_code
    user = User.objects.get(pk=client.session["_auth_user_id"])
    for business in Business.objects.exclude(slug="duka"):
        Membership.objects.create(user=user, business=business, role=Role.OWNER)

    of_all = client.get("/admin/mpesa/stray/").status_code

    assert (of_one, of_all) == (403, 200)


def test_pages_load_nothing_from_elsewhere(client: Client, two_shops: None) -> None:
    pages = [client.get("/login"), client.get("/nowhere")]
    signed_in(client, is_staff=True, duka=Role.OWNER)
    pages.append(client.get("/admin/"))

    text = "".join(page.content.decode() for page in pages)
    assets = set(re.findall(r'"/static/([^"]*)"', text))
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', text) == []
    assert {asset for asset in assets if finders.find(asset) is None} == set()
