import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from money.models import Membership, Role
from mpesa.actions.inbound import keep_stray, understand
from mpesa.models import InboundMessage, Payment, PaymentRequest, Stray, Till
from tests.make import (
    NOW,
    TOKEN,
    a_business,
    a_callback,
    a_message,
    a_payment,
    a_request,
    a_till,
    a_user,
    amina,
    baraka,
)

MODELS = [Till, Payment, PaymentRequest, InboundMessage, Stray]


def address(model, page="changelist", *args):
    return reverse(f"admin:mpesa_{model._meta.model_name}_{page}", args=args)


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def a_stray():
    keep_stray(
        path="/cb/…/stk",
        body=a_callback(),
        address="10.0.0.1",
        reason="unknown address",
        received_at=NOW,
    )


def fill(till, number):
    """Give a till one row of each kind."""
    name = str(number)
    request = a_request(
        till, reference=f"sale:{name}", token=f"{TOKEN}{name}", checkout_request_id=f"ws_CO_{name}"
    )
    a_payment(till, request=request, receipt=f"UKM{number:07d}")
    body = a_callback(checkout_request_id=f"ws_CO_{name}0700000101")
    message = a_message(till, body=body, token="nobody")
    understand(message_id=message.pk, now=NOW)
    a_stray()


@pytest.fixture
def owner(shop, client):
    a_user("baraka")
    client.force_login(amina())
    fill(shop.till, 1)
    return client


@pytest.fixture
def other_till(shop):
    till = a_till(a_business(slug="maji"), number="9900502", shortcode="9900500")
    fill(till, 2)
    return till


@pytest.mark.parametrize("model", MODELS)
def test_owner_sees_lists_and_pages(owner, model):
    row = model.objects.get()

    answers = [owner.get(address(model)), owner.get(address(model, "change", row.pk))]

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("model", MODELS[1:])
def test_nothing_can_be_added_changed_or_deleted(owner, model):
    row = model.objects.get()
    before = model.objects.values().get()

    answers = [
        owner.post(address(model, "add"), {}),
        owner.post(address(model, "change", row.pk), {"state": "paid", "number": "12345"}),
        owner.post(address(model, "delete", row.pk), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert model.objects.values().get() == before


@pytest.mark.parametrize("model", MODELS[1:])
def test_lists_offer_no_action(owner, model):
    answer = owner.post(
        address(model),
        {"action": "delete_selected", "_selected_action": [model.objects.get().pk], "post": "yes"},
    )

    assert (answer.status_code, model.objects.count()) == (200, 1)


@pytest.mark.parametrize("model", MODELS[:-1])
def test_rows_of_other_businesses_are_hidden(owner, other_till, model):
    theirs = model.objects.order_by("-pk").first()

    listed = owner.get(address(model)).context["cl"].result_list
    page = owner.get(address(model, "change", theirs.pk))

    assert [row.pk for row in listed] == [model.objects.order_by("pk").first().pk]
    assert (page.status_code, page["Location"]) == (302, reverse("admin:index"))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("page", ["changelist", "change"])
def test_pages_show_no_phone_and_no_secret(owner, model, page):
    args = [model.objects.get().pk] if page == "change" else []

    shown = owner.get(address(model, page, *args)).content.decode()

    secrets = ["700000101", "secret-of-9900302", TOKEN, "ws_CO_1"]
    assert [secret for secret in secrets if secret in shown] == []


def test_pages_show_masked_phones_and_bodies(owner):
    request = text_of(owner.get(address(PaymentRequest)))
    message = text_of(owner.get(address(InboundMessage, "change", InboundMessage.objects.get().pk)))
    stray = text_of(owner.get(address(Stray, "change", Stray.objects.get().pk)))

    assert "2547…101" in request
    assert "ws_CO_…" in message
    assert "2547…101" in message
    assert "UKM5A1B2C3" in message
    assert "2547…101" in stray


def test_amounts_and_matches_are_shown(owner):
    shown = text_of(owner.get(address(Payment)))

    assert re.findall(r"UKM\w{7} Amina duka [\d.,]+|sale:\d", shown) == [
        "UKM0000001 Amina duka 180",
        "sale:1",
    ]


def test_a_payment_without_a_request_is_asked_for_by_nobody(shop, owner):
    a_payment(shop.till, receipt="UKM5A1B2C9", amount_cents=12_345)

    shown = text_of(owner.get(address(Payment)))

    assert re.findall(r"UKM5A1B2C9 Amina duka [\d.,]+", shown) == ["UKM5A1B2C9 Amina duka 123.45"]


def test_an_erased_body_says_so(owner):
    InboundMessage.objects.update(body=None)

    shown = text_of(owner.get(address(InboundMessage, "change", InboundMessage.objects.get().pk)))

    assert "(erased)" in shown


def test_a_body_is_escaped(shop, owner):
    message = a_message(shop.till, body=b"<script>alert(1)</script>\xff")

    shown = owner.get(address(InboundMessage, "change", message.pk)).content.decode()

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\ufffd" in shown


@pytest.mark.parametrize("model", MODELS)
def test_a_cashier_is_sent_to_sign_in(owner, client, model):
    client.force_login(baraka())

    answer = client.get(address(model))

    assert (answer.status_code, answer["Location"].partition("?")[0]) == (
        302,
        reverse("admin:login"),
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_cashier_whom_somebody_made_staff_is_refused(owner, client, model):
    person = baraka()
    person.is_staff = True
    person.save()
    client.force_login(person)

    assert client.get(address(model)).status_code == 403


@pytest.mark.parametrize(("model", "status"), zip(MODELS, [200, 200, 200, 403, 403], strict=True))
def test_an_accountant_sees_the_books_and_no_raw_messages(shop, owner, client, model, status):
    person = baraka()
    person.is_staff = True
    person.save()
    Membership.objects.create(user=person, business=shop.business, role=Role.ACCOUNTANT)
    client.force_login(person)

    assert client.get(address(model)).status_code == status


@pytest.mark.parametrize("model", MODELS)
def test_queries_do_not_grow_with_rows(shop, owner, model):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            owner.get(address(model))
        return len(captured)

    before = queries()
    for number in range(10, 16):
        fill(shop.till, number)

    assert queries() == before


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Till, "callback_secret__startswith"),
        (Till, "business__tills__callback_secret__startswith"),
        (PaymentRequest, "phone__startswith"),
        (PaymentRequest, "token_digest__startswith"),
        (PaymentRequest, "till__business__tills__callback_secret__startswith"),
        (PaymentRequest, "id__in"),
        (Payment, "request__phone__startswith"),
        (InboundMessage, "body__contains"),
        (InboundMessage, "till__callback_secret__startswith"),
        (Stray, "body__contains"),
    ],
)
def test_what_is_not_shown_cannot_be_spelled_out_by_filters(owner, model, lookup):
    answer = owner.get(address(model), {lookup: "1"})

    assert answer.status_code == 400


def test_filters_that_are_shown_work(owner):
    business = Till.objects.get().business_id

    answers = [
        owner.get(address(Payment), {"till__business__id__exact": business}),
        owner.get(address(PaymentRequest), {"state__exact": "paid"}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
